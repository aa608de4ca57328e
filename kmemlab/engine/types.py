"""The numbers and the storage that every room shares. The one place that knows whether storage is typed.

Compiled by mypyc, `vec[i64]` is an unboxed vector. With librt installed but nothing compiled, the same vectors
are used from plain Python. Without it (Pyodide), or with KMEMLAB_PURE=1 in the environment, they are lists.
"""

from __future__ import annotations

import os
from typing import Final

try:
    if os.environ.get("KMEMLAB_PURE"):
        raise ImportError("KMEMLAB_PURE asks for lists")
    from librt.vecs import vec as vec
    from mypy_extensions import i16 as i16
    from mypy_extensions import i32 as i32
    from mypy_extensions import i64 as i64
    from mypy_extensions import mypyc_attr as mypyc_attr
except ImportError:
    from ._store import i16 as i16
    from ._store import i32 as i32
    from ._store import i64 as i64
    from ._store import mypyc_attr as mypyc_attr
    from ._store import vec as vec  # type: ignore

MOST_OBJECTS: Final = 32767  # in a slab: their numbers have 16 bits, as 2.6.24's have in struct page

PAGE_SHIFT: Final = 12
PAGE_SIZE: Final = 4096
MAX_ORDER: Final = 10  # the largest block of the buddy allocator: 4 MiB
MAX_OBJECT: Final = PAGE_SIZE << MAX_ORDER
CACHE_LINE: Final = 64
POINTER: Final = 8

NONE: Final = -1  # no page, no object, no owner: what a NULL pointer is in the kernel
IN_USE: Final = -2  # stands in an object's freelist link while somebody has the object

ZERO_SIZE_PTR: Final = -16  # what kmalloc(0) gives: not NULL, and nobody may look behind it

GFP_KERNEL: Final = 0
GFP_ATOMIC: Final = 1  # may not sleep. There is nothing to wait for here: it fails when the others do
GFP_ACCOUNT: Final = 4  # charge this call, whatever it takes: kmemlab's own (marked.py), after __GFP_ACCOUNT of Linux 4.5
GFP_NOFAIL: Final = 2  # may not fail: a limit does not stop it. Where there is no page the kernel waits; here it is NULL

PAGE_OFFSET: Final = 0xFFFF810000000000  # x86-64 of 2007: added to an address only where a person reads it

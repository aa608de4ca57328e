"""Negative dentries: the kernel remembers what is not there. fs/dcache.c and fs/namei.c 2.6.23, facts 7.

A `stat` of a missing name takes a dentry (208 bytes) before it asks the file system, and the answer "no such file" stays in
it, on the list of unused dentries, until memory runs short. No descriptor holds it, and no exit frees it: anyone can make
as many as there is memory, and only the cache's container accounting stands in the way. A name of 36 characters or more does
not fit inside: it is kmalloc'ed, and kmalloc is paid by nobody.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .errors import KernelError
from .sites import NAME_SITE
from .types import NONE

if TYPE_CHECKING:
    from .machine import Machine

DENTRY: Final = "dentry"
INLINE_NAME: Final = 36  # DNAME_INLINE_LEN_MIN on 64 bits, the terminating NUL included (recollection)
SHORT_NAME: Final = 8  # characters of a name that `stat N` looks for
LONG_NAME: Final = 100  # and `stat -l N`: with its NUL in kmalloc-128


class Dcache:
    """The dentries that nobody uses.

    Attributes:
        negative: (address, address of the name or NONE) of each, the one unused for longest first.
    """

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.negative: list[tuple[int, int]] = []

    def stat_missing(self, length: int = SHORT_NAME) -> None:
        """Look for a name of `length` characters that nobody has looked for and that is not there (`real_lookup`, `d_alloc`).

        The dentry comes first, then the name; both are kept (order: 2.6.23 `d_alloc`, recollection).

        Raises:
            KernelError: ENOMEM, when there is no dentry or no memory for the name. (That it is not there is what the caller
                expected: a real stat says ENOENT.)
        """
        machine = self.machine
        dentry = machine.kmem_cache_alloc(DENTRY)
        if dentry == NONE:
            raise KernelError(errno.ENOMEM, "There was no dentry to be had: no memory, or the container's limit.")
        name = NONE
        if length + 1 > INLINE_NAME:
            name = machine.marked.kmalloc(NAME_SITE, length + 1)
            if name == NONE:
                machine.kmem_cache_free(dentry)  # it was never hashed, so no reader can have seen it
                raise KernelError(
                    errno.ENOMEM, f"There was no memory for a name of {length} characters{machine.marked.because()}."
                )
        self.negative.append((dentry, name))

    def prune(self, count: int) -> int:
        """Free the `count` dentries that were unused for longest (`prune_dcache`). Returns how many there were.

        The kernel does so when it runs out of pages, and on `echo 2 > /proc/sys/vm/drop_caches`; here only when it is told
        to (kmemlab's choice). They were hashed, so they go through RCU.
        """
        pruned = self.negative[:count]
        del self.negative[:count]
        for dentry, name in pruned:
            self.machine.rcu.free(DENTRY, dentry, name)
        return len(pruned)

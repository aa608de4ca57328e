"""The merging trap: which caches are another cache's name, and what `echo 1 > cache_account` then says. Facts 2.6, 1.4.

The cover letter's own example marks `filp`. On x86-64 a struct file takes 256 bytes, so a SLUB that merges made filp another
name of kmalloc-256, and kmalloc caches are refused. Three boots are asked, each on a machine of its own: as SLUB comes, with
slub_nomerge, and with kmemlab's own boot word slab_account= for the two of the letter's examples that merge.
"""

from __future__ import annotations

import errno
from dataclasses import asdict, dataclass
from typing import Any, Final

from .engine.machine import CACHES
from .shell import Machine

TRAP: Final = "slab_account=filp,mnt_cache"  # the boot that spares just the letter's two
NAMES: Final = [name for name, *_ in CACHES]


@dataclass(frozen=True)
class MergingRow:
    """What becomes of one cache.

    Attributes:
        cache: its name.
        merged_with: the other names of the same cache where caches merge; none, if it is a cache of its own.
        plain, nomerge, account: what `echo 1 > /sys/slab/CACHE/cache_account` says where caches merge, with slub_nomerge, and
            with slab_account=filp,mnt_cache: "1", or the errno's name.
        also: caches that are charged too, where caches merge, because they are the same cache.
    """

    cache: str
    merged_with: tuple[str, ...]
    plain: str
    nomerge: str
    account: str
    also: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return asdict(self)


def answer(machine: Machine, name: str) -> str:
    """Ask a machine to charge for a cache, and then no longer; what it said to the first."""
    number = machine.run(f"echo 1 > /sys/slab/{name}/cache_account").errno
    if number:
        return errno.errorcode[number]
    said = machine.run(f"cat /sys/slab/{name}/cache_account").out
    machine.run(f"echo 0 > /sys/slab/{name}/cache_account")
    return said


def merging_rows(slub: str = "2.6.24") -> list[MergingRow]:
    """Boot the three machines and ask each for each cache, in the order in which a machine makes them.

    Raises:
        KernelError: EINVAL for another era.
    """
    plain, nomerge, account = (Machine(slub=slub, memory="2M", boot=boot) for boot in ("", "slub_nomerge", TRAP))
    rows = []
    for name in NAMES:
        cache = plain.find_cache(name)
        others = tuple(each for each in (cache.name, *cache.aliases) if each != name)
        said = answer(plain, name)
        also = tuple(each for each in others if said == "1")
        rows.append(MergingRow(name, others, said, answer(nomerge, name), answer(account, name), also))
    return rows


def merging_lines(rows: list[MergingRow]) -> list[str]:
    """Return the rows as a Markdown table, which is readable as it stands."""
    lines = [
        f'| cache | merged with | `boot=""` | `slub_nomerge` | `{TRAP}` |',
        "|---|---|---|---|---|",
    ]
    for row in rows:
        merged = ", ".join(row.merged_with) or "(nothing)"
        plain = f"{row.plain}, and {' and '.join(row.also)} too" if row.also else row.plain
        lines.append(f"| {row.cache} | {merged} | {plain} | {row.nomerge} | {row.account} |")
    return lines

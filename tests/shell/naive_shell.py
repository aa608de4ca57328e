"""A naive model of the whole shell: what there is, as sets and dictionaries.

It knows containers, tasks, descriptors, users and who pays for which object; it does not know slabs' lists, pages, counters
or arrays, and uses nothing of the engine.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from engine.naive import FORKED

NO_LIMIT: Final = 2**63 - 1
FAULTS: Final = ("failslab", "fail_page_alloc", "fail_charge")  # the number that events have for each
# What one call that succeeds costs, kmalloc aside: facts 7. A fork also takes a vm_area_struct for each map.
BILL: Final[dict[str, dict[str, int]]] = {
    "open": {"filp": 1},
    "fork": dict.fromkeys(FORKED, 1),
    "mmap": {"vm_area_struct": 1},
    "touch": {"anon_vma": 1},
    "pipe": {"filp": 2, "inode_cache": 1, "dentry": 1},
    "socket": {"filp": 1, "sock_inode_cache": 1, "dentry": 1, "UNIX": 1},
    "socket -s": {"filp": 1, "sock_inode_cache": 1, "dentry": 1, "UNIX": 1, "skbuff_head_cache": 1},
    "sigqueue": {"sigqueue": 1},
    "timer": {"posix_timers_cache": 1, "sigqueue": 1},
    "flock": {"file_lock_cache": 1},
    "stat": {"dentry": 1},
    "softirq": {"filp": 1},
    "kthread": {"filp": 1},
}


Thing = tuple[str, int, int]  # cache, birth number of the slab, object


class Naive:
    """What there is, as far as a naive reader of the commands can tell."""

    def __init__(self) -> None:
        self.ident: dict[str, int] = {"": 0}  # path below the mount -> number that events have for it
        self.given = 1
        self.limit: dict[int, int] = {0: NO_LIMIT}
        self.usage: Counter[int] = Counter()
        self.failcnt: Counter[int] = Counter()
        self.where: dict[int, str] = {1: ""}
        self.files: dict[int, set[int]] = {1: set()}
        self.uids: dict[int, tuple[int, int, int]] = {1: (0, 0, 0)}  # real, effective, saved
        self.last_pid = 1
        self.accounted: set[str] = set()
        self.arrays: set[tuple[str, int]] = set()  # slabs born while their cache was accounted
        self.live: dict[Thing, tuple[int, int]] = {}  # object -> (owner, bytes), owner -1 for nobody
        self.maps: Counter[int] = Counter()
        self.touched: Counter[int] = Counter()
        self.objects: Counter[int] = Counter()  # live objects by owner
        self.owner: dict[int, int] = {0: 0}  # uid that a container's files belong to
        self.notify: set[int] = set()
        self.releasable: set[int] = set()
        self.agent = ""
        self.prefix = "kmem."  # of the files' names; "" under noprefix
        self.probability = [0, 0, 0]  # of each fault
        self.times = [1, 1, 1]
        self.interval = [1, 1, 1]
        self.marked: set[str] = set()  # call sites
        self.paid: list[tuple[str, int, int]] = []  # (call site, owner, bytes) of what marked calls gave
        self.by_hand: list[str] = []  # addresses

    def busy(self, path: str) -> bool:
        """A container with children, tasks or objects cannot go."""
        below = any(each.startswith(f"{path}/") for each in self.ident)
        return below or path in self.where.values() or self.objects[self.ident[path]] > 0

    def ready(self) -> set[int]:
        """Containers that the release agent is for: who asked for it, was used, and is not used any more."""
        asked = self.notify & self.releasable
        return {ident for path, ident in self.ident.items() if path and ident in asked and not self.busy(path)}

    def last_put(self, owner: int) -> None:
        """An object's reference went; the last one leaves a container that asked for the agent releasable."""
        if owner > 0 and owner in self.notify and not self.objects[owner]:
            self.releasable.add(owner)

    def made(self, path: str, uid: int = 0) -> None:
        """A container is made."""
        self.ident[path] = self.given
        self.limit[self.given] = NO_LIMIT
        self.owner[self.given] = uid
        self.given += 1

    def gone(self, path: str) -> None:
        """A container is removed."""
        ident = self.ident.pop(path)
        self.notify.discard(ident)
        self.releasable.discard(ident)
        self.releasable.add(self.ident[path.rpartition("/")[0]])

    def leave(self, pid: int, ends: bool = False) -> None:
        """A task leaves its container, which others may have looked at as releasable since."""
        path = self.where.pop(pid)
        ident = self.ident[path]
        if not ends or (ident in self.notify and path not in self.where.values()):
            self.releasable.add(ident)

"""Containers and objects in dicts and sets: who is where, who has what, who paid. It knows no slab and no page."""

from __future__ import annotations

from dataclasses import dataclass, field

SIZES = {
    "task_struct": 1824, "files_cache": 768, "fs_cache": 64, "sighand_cache": 2112, "signal_cache": 704,
    "mm_struct": 832, "pid": 64, "filp": 256,
}  # fmt: skip
FORKED = tuple(SIZES)[:-1]
ROOT = ""


@dataclass
class Naive:
    """The whole model."""

    where: dict[int, str] = field(default_factory=lambda: {1: ROOT})
    files: dict[int, dict[int, int]] = field(default_factory=lambda: {1: {}})
    made_of: dict[int, list[int]] = field(default_factory=lambda: {1: []})
    cache_of: dict[int, str] = field(default_factory=dict)  # of every live object
    payer: dict[int, str] = field(default_factory=dict)  # of every object that somebody pays
    usage: dict[str, int] = field(default_factory=lambda: {ROOT: 0})
    failcnt: dict[str, int] = field(default_factory=lambda: {ROOT: 0})
    limit: dict[str, int] = field(default_factory=lambda: {ROOT: 2**63 - 1})
    accounted: set[str] = field(default_factory=set)

    def fits(self, path: str, cache: str, more: int = 0) -> bool:
        return self.usage[path] + more + SIZES[cache] <= self.limit[path]

    def taken(self, address: int, cache: str, path: str, paid: bool) -> None:
        assert address not in self.cache_of, "handed out twice"
        self.cache_of[address] = cache
        if paid:
            self.payer[address] = path
            self.usage[path] += SIZES[cache]

    def freed(self, address: int) -> None:
        cache = self.cache_of.pop(address)
        if address in self.payer:
            self.usage[self.payer.pop(address)] -= SIZES[cache]

    def closed(self, pid: int, fd: int) -> None:
        address = self.files[pid].pop(fd)
        if not any(address in files.values() for files in self.files.values()):
            self.freed(address)

    def ended(self, pid: int) -> None:
        for fd in list(self.files[pid]):
            self.closed(pid, fd)
        for address in self.made_of.pop(pid):
            self.freed(address)
        del self.where[pid], self.files[pid]

    def busy(self, path: str) -> bool:
        children = any(each.startswith(f"{path}/") for each in self.usage)
        return children or path in self.where.values() or path in self.payer.values()

"""Rules of the walk: lines with something wrong in them. Each is refused with one errno, and does nothing."""

from __future__ import annotations

import errno
from collections.abc import Callable
from random import Random
from typing import Final

from .naive_rules import Walk
from .naive_walk import MOUNT

DEBUG: Final = "/sys/kernel/debug"


def spoiled(walk: Walk, chance: Random) -> None:
    """Type a line that would have been good but for one thing: it does nothing."""
    good = chance.choice(
        ("open 1", "fork", "mkdir /containers/z", "close all", "exit", "umount /containers", "prune all", "rcu")
    )
    pid = walk.pid(chance)
    line, status, number = chance.choice(
        (
            (f"{good} | cat", 2, errno.EINVAL), (f"{good} ; ps", 2, errno.EINVAL), (f"{good} &", 2, errno.EINVAL),
            (f"{good} > /tmp/x", 2, errno.EINVAL), (f"{good} > > x", 2, errno.EINVAL), (f"{good} 'x", 2, errno.EINVAL),
            (f"as 99999 {good}", 1, errno.ESRCH), (f"as {pid}@{walk.cpus} {good}", 1, errno.EINVAL),
            (f"as {pid}", 2, errno.EINVAL),
            (f"as {pid}@x {good}", 2, errno.EINVAL), (f"as -1 {good}", 2, errno.EINVAL),
            (f"as {pid} x{good}", 127, errno.ENOENT),
            (f"{good}{' ' * 4096}", 1, errno.E2BIG), (f"{good} \udcff", 1, errno.EINVAL), (good.upper(), 127, errno.ENOENT),
        )
    )  # fmt: skip
    before = walk.machine.state_hash() if chance.random() < 0.05 else ""
    result = walk.line(line, bare=True)
    assert (result.status, result.errno) == (status, number), (line[:80], result)
    assert not before or walk.machine.state_hash() == before


def bad_numbers(walk: Walk, chance: Random) -> None:
    """Give a command that counts what is no count; `close` and `kill` want other numbers."""
    verb = chance.choice(
        ("open", "fork", "stat", "prune", "mmap", "touch", "munmap", "pipe", "socket", "sigqueue", "timer", "flock", "mountns",
         "softirq", "kthread", "softirq -d", "kthread -d")
    )  # fmt: skip
    number = chance.choice(("0", "-1", "x", "1.5", "0x10", "1000001", "9" * 30, "''", "١", "1e3"))
    more = " filp" if verb == "kthread" else ""
    result = walk.line(f"{verb} {number}{more}", walk.pid(chance))
    assert (result.status, result.errno) == (2, errno.EINVAL), result


def bad_writes(walk: Walk, chance: Random) -> None:
    """Write to files what they do not take."""
    path, prefix = f"{MOUNT}{walk.path(chance)}", walk.naive.prefix
    line, expected = chance.choice(
        (
            (f"echo -n -1 > {path}/{prefix}limit", errno.EINVAL),
            (f"echo -n 0x10 > {path}/{prefix}failcnt", errno.EINVAL), (f"echo -n '1 2' > {path}/{prefix}limit", errno.EINVAL),
            (f"echo x > {path}/tasks", errno.EIO), (f"echo > {path}/tasks", errno.EIO),
            (f"echo 1 > {path}/releasable", errno.EINVAL),
            (f"echo -1 > {path}/tasks", errno.ESRCH), (f"echo 1 > {path}/nothing", errno.EACCES),
            (f"echo 1 > {path}", errno.EISDIR), (f"echo 1 > {path}/tasks/x", errno.ENOTDIR), (f"cat {path}", errno.EISDIR),
            (f"cat {path}/nothing", errno.ENOENT), (f"mkdir {path}/tasks", errno.EEXIST),
            (f"rmdir {path}/tasks", errno.ENOTDIR),
            (f"mkdir {path}/..", errno.EEXIST), (f"mkdir {path}/{'n' * 256}", errno.ENAMETOOLONG),
            (f"mv {path}/tasks {path}/x", errno.ENOTDIR), ("echo x > /sys/slab/filp/shrink", errno.EINVAL),
            ("echo x > /sys/slab/filp/cache_account", errno.EINVAL), ("echo 1 > /sys/slab/filp/objects", errno.EIO),
            ("echo 1 > /sys/slab/nothing/shrink", errno.ENOENT), (f"echo x > {DEBUG}/failslab/times", errno.EINVAL),
            ("echo 1 > /proc/slabinfo", errno.EIO), ("cat /proc/99999/comm", errno.ENOENT), ("mv / /x", errno.EBUSY),
            ("echo x > /proc/1/uid", errno.EINVAL), ("mount -t cgroup none /containers", errno.ENODEV),
            ("mount -t container none /nowhere", errno.ENOENT), ("umount /sys/slab", errno.EBUSY),
        )
    )  # fmt: skip
    walk.says(walk.line(line), expected)


SPOILED: Final[dict[str, Callable[[Walk, Random], None]]] = {
    "spoiled": spoiled, "bad_numbers": bad_numbers, "bad_writes": bad_writes,
}  # fmt: skip

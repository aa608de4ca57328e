"""Rules of the walk: users, who may do less than root, and names."""

from __future__ import annotations

import errno
from collections.abc import Callable
from random import Random
from typing import Final

from .naive_rules import Walk
from .naive_shell import NO_LIMIT
from .naive_walk import MOUNT, NAMES

USERS: Final = ("5", "6", "5 6 7", "6 5 5", "0 5 6", "0")


def user(walk: Walk, chance: Random) -> None:
    """Make a task another user's, by root's hand or its own."""
    pid, text = walk.pid(chance), chance.choice(USERS)
    who = chance.choice((1, pid))
    allowed = walk.naive.uids[who][1] == 0
    expected = errno.EACCES if not allowed else errno.EPERM if pid == 1 else 0
    if walk.says(walk.line(f"echo {text} > /proc/{pid}/uid", who), expected):
        numbers = [int(word) for word in text.split()]
        real, effective, saved = numbers * 3 if len(numbers) == 1 else numbers
        walk.naive.uids[pid] = (real, effective, saved)
    uids = " ".join(map(str, walk.naive.uids[pid]))
    assert walk.line(f"cat /proc/{pid}/uid", who).out == uids


def by_user(walk: Walk, chance: Random) -> None:
    """Do what not everybody may, as somebody."""
    chance.choice((user_limits, user_makes, user_removes, user_moves, user_kills, root_only))(walk, chance, walk.pid(chance))


def writes(walk: Walk, pid: int, path: str) -> bool:
    """Root and the owner may write."""
    naive = walk.naive
    return naive.uids[pid][1] in (0, naive.owner[naive.ident[path]])


def user_limits(walk: Walk, chance: Random, pid: int) -> None:
    """Set a limit, on a container of one's own."""
    path = walk.path(chance)
    may = writes(walk, pid, path)
    if may:
        walk.naive.limit[walk.naive.ident[path]] = NO_LIMIT
    walk.says(walk.line(f"echo -n {NO_LIMIT} > {MOUNT}{path}/{walk.naive.prefix}limit", pid), 0 if may else errno.EACCES)


def user_makes(walk: Walk, chance: Random, pid: int) -> None:
    """Make a container: it belongs to whoever makes it."""
    naive, above = walk.naive, walk.path(chance)
    if above.count("/") >= 3:
        return
    path = f"{above}/{chance.choice(NAMES)}"
    expected = errno.EEXIST if path in naive.ident else 0 if writes(walk, pid, above) else errno.EACCES
    if walk.makes(walk.line(f"mkdir {MOUNT}{path}", pid), expected):
        naive.made(path, naive.uids[pid][1])


def user_removes(walk: Walk, chance: Random, pid: int) -> None:
    """Remove a container: its parent must be one's own."""
    naive, path = walk.naive, walk.path(chance)
    if not path:
        walk.says(walk.line(f"rmdir {MOUNT}", pid), errno.EACCES if naive.uids[pid][1] else errno.EBUSY)
        return
    walk.settle()
    may = writes(walk, pid, path.rpartition("/")[0])
    expected = errno.EACCES if not may else errno.EBUSY if naive.busy(path) else 0
    if not expected:
        naive.gone(path)
    walk.says(walk.line(f"rmdir {MOUNT}{path}", pid), expected)


def user_moves(walk: Walk, chance: Random, pid: int) -> None:
    """Move a task: one's own, by effective uid, into a container of one's own. 0 is oneself."""
    naive, path = walk.naive, walk.path(chance)
    other = walk.pid(chance)
    word, target = chance.choice(((str(other), other), ("$$", pid), ("0", pid)))
    real, _, saved = naive.uids[target]
    own = word == "0" or naive.uids[pid][1] in (0, real, saved)  # by number a writer may not even move itself, if setuid
    expected = 0 if own and writes(walk, pid, path) else errno.EACCES
    if walk.says(walk.line(f"echo {word} > {MOUNT}{path}/tasks", pid), expected):
        walk.moved(target, path)


def user_kills(walk: Walk, chance: Random, pid: int) -> None:
    """Kill a task."""
    naive, target = walk.naive, walk.pid(chance)
    real, effective, _ = naive.uids[pid]
    may = effective == 0 or not {real, effective}.isdisjoint((naive.uids[target][0], naive.uids[target][2]))
    expected = 0 if may and target != 1 else errno.EPERM
    if walk.says(walk.line(f"kill {target}", pid), expected):
        walk.ended(target)


def root_only(walk: Walk, chance: Random, pid: int) -> None:
    """Mount, unmount, give away, switch: root's. For root each of these is refused for another reason, or changes nothing."""
    line, as_user, as_root = chance.choice(
        (
            (f"umount {MOUNT}/nothing", errno.EINVAL, errno.EINVAL),
            (f"mount -t container -o kmem none {MOUNT}", errno.EPERM, errno.EBUSY),
            ("mount -o remount,kmem /tmp", errno.EPERM, errno.EINVAL),
            ("chown 5 /tmp", errno.EPERM, errno.EPERM),
            ("echo 1 > /sys/slab/filp/shrink", errno.EACCES, 0),
            ("echo 0 > /sys/slab/kmalloc-64/cache_account", errno.EACCES, errno.EINVAL),
            ("mkdir /sys/slab/mine", errno.EACCES, errno.EPERM),
            ("rmdir /proc", errno.EACCES, errno.EBUSY),
        )
    )
    walk.says(walk.line(line, pid), as_user if walk.naive.uids[pid][1] else as_root)


def comm(walk: Walk, chance: Random) -> None:
    """Name a task, and read the name: 15 characters of it."""
    pid, name = walk.pid(chance), chance.choice(("sh", "nginx", "a-name-that-is-too-long"))
    walk.says(walk.line(f"echo {name} > /proc/{pid}/comm"), 0)
    assert walk.line(f"cat /proc/{pid}/comm").out == name[:15]
    assert walk.line(f"cat /proc/{pid}/cgroup").out.endswith(f":{walk.naive.where[pid] or '/'}")
    assert set(walk.line(f"ls /proc/{pid}/fd").out.split()) == {str(fd) for fd in walk.naive.files[pid]}


BY_USERS: Final[dict[str, Callable[[Walk, Random], None]]] = {"user": user, "by_user": by_user, "comm": comm}

"""Rules of the walk: what can be made to fail, other mounts, and what SLUB_DEBUG finds."""

from __future__ import annotations

import errno
from collections.abc import Callable
from random import Random
from typing import Final

from .naive_rules import Walk
from .naive_shell import FAULTS
from .naive_walk import MOUNT

DEBUG: Final = "/sys/kernel/debug"


# -- faults


def knobs(walk: Walk, chance: Random) -> None:
    """Have something refused though there is room; mostly for a while only."""
    number = chance.randrange(3)
    for knob, value in (
        ("times", chance.choice((0, 1, 3, -1))),
        ("interval", chance.choice((0, 1, 2))),
        ("probability", chance.choice((0, 10, 100))),
    ):
        turn(walk, number, knob, value)
    if number == 1:
        turn(walk, number, "min-order", chance.choice((0, 1)))
    if chance.random() < 0.6:
        calm(walk, chance)


def calm(walk: Walk, chance: Random) -> None:
    """Have nothing refused any more, after another line."""
    chance.choice((Walk.fork, Walk.open, Walk.mmap, Walk.socket, Walk.pipe, Walk.other, Walk.interrupt))(walk, chance)
    for number in range(3):
        if walk.naive.probability[number]:
            turn(walk, number, "probability", 0)


def turn(walk: Walk, number: int, knob: str, value: int) -> None:
    """Turn a knob."""
    naive = walk.naive
    walk.says(walk.line(f"echo {value} > {DEBUG}/{FAULTS[number]}/{knob}"), 0)
    known = {"times": naive.times, "probability": naive.probability, "interval": naive.interval}
    if knob in known:
        known[knob][number] = value
    assert walk.line(f"cat {DEBUG}/{FAULTS[number]}/{knob}").out == str(value)


# -- mounts


def views(walk: Walk, chance: Random) -> None:
    """Mount other hierarchies, and this one a second time, and take them away again: two dozen lines, so not often."""
    if chance.random() < 0.85:
        return
    naive = walk.naive
    noprefix = "" if naive.prefix else ",noprefix"
    walk.says(walk.line("mkdir /tmp/view"), 0)
    walk.says(walk.line(f"mount -t container -o kmem{noprefix} none /tmp/view"), 0)
    path = walk.path(chance)
    ident = naive.ident[path]
    assert walk.line(f"cat /tmp/view{path}/{naive.prefix}usage").out == str(naive.usage[ident])
    walk.says(walk.line("mount -t container -o cpuset none /tmp/view"), errno.EBUSY)
    walk.says(walk.line("rmdir /tmp/view"), errno.EBUSY)
    walk.says(walk.line("mv /tmp/view /tmp/other"), errno.EBUSY)
    walk.says(walk.line(f"mv /tmp/view{path}/tasks {MOUNT}{path}/x"), errno.EXDEV)
    walk.says(walk.line("umount /tmp/view"), 0)
    walk.says(walk.line("mount -t container -o cpuset,memory none /tmp/view"), 0)
    walk.says(walk.line("mkdir /tmp/view/a"), 0)
    pid = walk.pid(chance)
    walk.says(walk.line(f"echo {pid} > /tmp/view/a/tasks"), 0)
    walk.says(walk.line("rmdir /tmp/view/a"), errno.EBUSY)
    walk.says(walk.line("mount -o remount,cpuset,memory /tmp/view"), errno.EBUSY)
    walk.says(walk.line(f"echo {pid} > /tmp/view/tasks"), 0)
    assert walk.line("cat /tmp/view/a/tasks").out == ""
    walk.says(walk.line("rmdir /tmp/view/a"), 0)
    walk.says(walk.line("mount -o remount,cpuset /tmp/view"), 0)
    walk.says(walk.line("mv /tmp/view/tasks /tmp/view/x"), errno.ENOTDIR)
    walk.says(walk.line("umount /tmp/view"), 0)
    walk.says(walk.line("mv /tmp/view /tmp/other"), 0)
    walk.says(walk.line("rmdir /tmp/other"), 0)


def remount_options(walk: Walk, chance: Random) -> None:
    """Change a mount. Children refuse it, and the release agent is stored all the same."""
    naive = walk.naive
    noprefix = "" if naive.prefix else ",noprefix"
    other = ",noprefix" if naive.prefix else ""
    child = errno.EBUSY if set(naive.ident) != {""} else 0
    options, expected = chance.choice(
        (
            (f"kmem{noprefix}", child), (f"kmem{noprefix},release_agent=/bin/tidy", child), (f"kmem{other}", errno.EINVAL),
            (f"kmem{other},release_agent=/bin/no", errno.EINVAL), ("", errno.EINVAL), (",kmem", errno.EINVAL),
            ("kmen", errno.ENOENT), ("noprefix", errno.EINVAL), ("kmem,release_agent=a,release_agent=b", errno.EINVAL),
        )
    )  # fmt: skip
    walk.says(walk.line(f"mount -o remount,{options} {MOUNT}"), expected)
    walk.settle()
    if options.endswith("tidy"):
        naive.agent = "/bin/tidy"


# -- SLUB_DEBUG


def poke(walk: Walk, chance: Random) -> None:
    """Overwrite an object in use: nobody checks what is in it. Without SLUB_DEBUG, and where nothing is, it is refused."""
    known = sorted(walk.naive.live) if not walk.damaged else []
    if not known:
        walk.says(walk.line("poke filp 9999.0 1"), errno.ENOENT)
        return
    cache, slab, slot = chance.choice(known)
    allowed = 0 if walk.debugged else errno.EINVAL
    line, expected = chance.choice(
        (
            (f"poke {cache} {slab}.{slot} 1 0x2", allowed),
            (f"poke {cache} 99999.{slot} 1", errno.ENOENT),
            (f"poke {cache} {slab}.99999 1", errno.EINVAL),
            (f"poke {cache} {slab}.{slot} 256", errno.EINVAL),
            ("poke 0x1000000000000 1", errno.EFAULT),
        )
    )
    walk.says(walk.line(line), expected)


def validate(walk: Walk, chance: Random) -> None:
    """Have a cache checked: nothing is wrong until somebody breaks something."""
    cache = chance.choice(("filp", "dentry", "pid"))
    result = walk.line(f"echo 1 > /sys/slab/{cache}/validate")
    assert walk.got_all(result) or result.errno == errno.ENOMEM
    assert walk.damaged or "SLUB_DEBUG" not in result.hint
    walk.says(walk.line(f"echo 2 > /sys/slab/{cache}/validate"), errno.EINVAL)


def damage(walk: Walk, chance: Random) -> None:
    """Write behind an object in use, where the red zone is: `validate` reports it."""
    names = ("filp", "pid", "dentry")
    known = sorted(each for each in walk.naive.live if each[0] in names)
    if not walk.debugged or walk.damaged or not known or chance.random() < 0.8:
        return
    cache, slab, slot = chance.choice(known)
    size = {"filp": 216, "pid": 64, "dentry": 208}[cache]
    walk.says(walk.line(f"poke {cache} {slab}.{slot}+{size} 0x12"), 0)
    result = walk.line(f"echo 1 > /sys/slab/{cache}/validate")
    assert result.errno or "SLUB_DEBUG made" in result.hint
    walk.damaged = True
    if not result.errno:
        assert f"BUG {cache}: Redzone overwritten" in walk.line("dmesg").out


MORE: Final[dict[str, Callable[[Walk, Random], None]]] = {
    "knobs": knobs, "views": views, "remount_options": remount_options, "poke": poke, "validate": validate, "damage": damage,
}  # fmt: skip

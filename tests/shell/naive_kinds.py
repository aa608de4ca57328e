"""Rules of the walk: memory of the other kinds, by hand and at call sites, marked on machines that charge them."""

from __future__ import annotations

import errno
from collections.abc import Callable
from random import Random
from typing import Final

from kmemlab.engine.sites import SITES

from .naive_rules import Walk

SITES_DIR: Final = "/sys/kernel/debug/kmem_sites"
EXTENDED: Final = "cache,kmalloc,vmalloc,pages"


def by_hand(walk: Walk, chance: Random) -> None:
    """Take a little by hand; with few pages left, or much taken, give it back."""
    naive = walk.naive
    if len(naive.by_hand) > 3 or (naive.by_hand and chance.random() < 0.4):
        if chance.random() < 0.3:
            walk.says(walk.line("kfree all", walk.pid(chance)), 0)
            naive.by_hand = []
        else:
            address = naive.by_hand.pop(chance.randrange(len(naive.by_hand)))
            walk.says(walk.line(f"kfree {address}", walk.pid(chance)), 0)
        return
    call = chance.choice(("kmalloc 0", "kmalloc 64", "kmalloc 200", "kmalloc 3000", "vmalloc 1", "vmalloc 9000", "pages 0"))
    flag = chance.choice(("", " ACCOUNT"))
    result = walk.line(f"{call}{flag}", walk.pid(chance))
    if flag and walk.options["kinds"] == "cache":
        walk.says(result, errno.EINVAL)
    elif walk.got_all(result) and call != "kmalloc 0":
        naive.by_hand.append(result.out.partition(",")[0])


def mark(walk: Walk, chance: Random) -> None:
    """Mark a call site, or no longer; where caches are all that is charged it is refused."""
    site = chance.choice(sorted(SITES))
    on = chance.random() < 0.5
    result = walk.line(f"echo {int(on)} > {SITES_DIR}/{site}")
    if walk.says(result, errno.EINVAL if walk.options["kinds"] == "cache" else 0):
        (walk.naive.marked.add if on else walk.naive.marked.discard)(site)
    assert walk.line(f"cat {SITES_DIR}/{site}").out == str(int(site in walk.naive.marked))


def listed(walk: Walk, chance: Random) -> None:
    """The list of sites adds up to what is charged: every byte that a container pays is seen somewhere."""
    lines = walk.line("sites", walk.pid(chance)).out.splitlines()
    seen = int(lines[-1].split()[2].replace(",", ""))
    naive = walk.naive
    if not walk.damaged:
        assert seen == sum(size for owner, size in naive.live.values() if owner >= 0) + sum(each[2] for each in naive.paid)


def wrong(walk: Walk, chance: Random) -> None:
    """Lines of this kind with something wrong in them."""
    line, expected = chance.choice(
        (
            ("kmalloc", errno.EINVAL), ("kmalloc x", errno.EINVAL), ("kmalloc 64 account", errno.EINVAL),
            ("kmalloc 5000000", errno.EINVAL), ("pages 11", errno.EINVAL), ("vmalloc 0", errno.EINVAL),
            ("vmalloc 999999999", errno.ENOMEM), ("kfree", errno.EINVAL), ("kfree 0x5", errno.EINVAL),
            ("kfree 12", errno.EINVAL),
            ("sites 1", errno.EINVAL),
            (f"echo 2 > {SITES_DIR}/pte", errno.EINVAL), (f"echo 1 > {SITES_DIR}/open", errno.EACCES),
        )
    )  # fmt: skip
    walk.says(walk.line(line), expected)


BY_KIND: Final[dict[str, Callable[[Walk, Random], None]]] = {
    "by_hand": by_hand, "mark": mark, "listed": listed, "wrong": wrong,
}  # fmt: skip

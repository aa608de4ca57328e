"""What becomes of the objects that a cache has when `1` is written to its cache_account. The letter is silent about them.

Three choices, none of them sourced (facts 1.4); all are kmemlab's. A machine boots with one of them, `Profile.before_on`:

* "skip", the default: they belong to nobody for as long as they live, and so does every new object of a slab that was born
  before, for such a slab has no owner array. This is what a listener of v3's events can do without any help: it hears of a
  slab when it is born. The accounting is blind until those slabs are gone.
* "refuse": "1" is as strict as the letter makes "0": EBUSY while the cache has an object in use. Empty slabs that it keeps are
  given arrays, so from then on every object has an owner.
* "root": the root container pays for them: every slab is given an array, and every object in use is charged, or none is.
  Full slabs are on no list, so this walks all of memory, which the letter declines to do for "0" (`slabs_of`).
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .container_input import plural
from .errors import KernelError
from .slub_admin import slabs_of
from .types import IN_USE, i32

if TYPE_CHECKING:
    from .kmem_cache import KmemCache, Slab
    from .machine import Machine

SKIP: Final = "skip"
REFUSE: Final = "refuse"
ROOT: Final = "root"
CHOICES: Final = (SKIP, REFUSE, ROOT)


def take_over(machine: Machine, cache: KmemCache) -> int:
    """Do what the machine was booted to do with what a cache has, before its accounting begins; the bytes that root pays now.

    Raises:
        KernelError: EBUSY for an object in use ("refuse"). ENOMEM if the root's limit has no room for all ("root"), or if there
            is no memory for an owner array. No array stays then, and nobody is charged; failcnt counts refused allocations, so
            it does not move.
    """
    choice = machine.profile.before_on
    if choice == SKIP:
        return 0
    slabs = slabs_of(machine.slub, cache)
    live = sum(slab.live() for slab in slabs)
    if choice == REFUSE and live:
        raise KernelError(
            errno.EBUSY, f"{plural(live, 'object')} of {cache.name} from before would be nobody's: free them first."
        )
    root = machine.kmem_subsystem.root
    size = live * int(cache.size)
    if root.res.usage + size > root.res.limit:
        raise KernelError(errno.ENOMEM, f"The root container has no room for {size:,} bytes of {cache.name} from before.")
    give_arrays(machine, slabs)
    for slab in slabs:
        own(machine, slab)
    return size


def give_arrays(machine: Machine, slabs: list[Slab]) -> None:
    """Give every slab an owner array, or none.

    Raises:
        KernelError: ENOMEM.
    """
    given: list[Slab] = []
    for slab in slabs:
        if not machine.kmem.newpage(slab, machine.current.cpu):
            for earlier in reversed(given):
                machine.kmem.freepage(earlier, machine.current.cpu)
            raise KernelError(errno.ENOMEM, f"There was no memory for an owner array of {slab.cache.name}.")
        given.append(slab)


def own(machine: Machine, slab: Slab) -> None:
    """Let the root container own every object in use of a slab, and pay for it: counter, reference, owner."""
    root = machine.kmem_subsystem.root
    ident: i32 = 0  # the root's number
    for number in range(slab.cache.objects):
        if slab.link[number] == IN_USE:
            root.res.usage += int(slab.cache.size)  # it was asked for as a whole: the limit has room
            root.refs += 1
            slab.owners[number] = ident

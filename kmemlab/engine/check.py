"""`Machine.check()`: walk everything and compare. Not fast, and not meant to be: a test calls it after every operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .buddy import SLAB, STACK, Zone
from .check_held import check_held
from .check_hierarchies import check_hierarchies
from .check_marked import count_marked
from .errors import KernelError, require
from .kmem_cache import KmemCache, Slab
from .off_choice import check_off
from .slab import SlabAllocator
from .slab_check import check_slab_allocator
from .slub import Slub
from .slub_admin import slabs_of
from .slub_debug import UNKNOWN, SlabDebug, bytes_of, should_be
from .types import IN_USE, NONE, PAGE_SHIFT

if TYPE_CHECKING:
    from .machine import Machine


def check(machine: Machine) -> None:
    """Check pages, slabs, containers and tasks, in this order.

    Raises:
        CheckError: at the first invariant that does not hold.
    """
    check_pages(machine)
    paid: dict[int, int] = {}
    owned: dict[int, int] = {}
    arrays: set[int] = set()
    if isinstance(machine.slub, SlabAllocator):
        check_slab_allocator(machine.slub)
    for cache in machine.slub.caches:
        slabs = check_cache(machine, cache) if isinstance(machine.slub, Slub) else slabs_of(machine.slub, cache)
        for slab in slabs:
            if isinstance(machine.slub, Slub):
                check_slab(machine, slab)
            count_owners(machine, slab, paid, owned, arrays)
    count_marked(machine, paid, owned)
    check_hierarchies(machine)
    check_containers(machine, paid, owned)
    check_tasks(machine)
    check_held(machine)
    if machine.rss is not None:
        machine.rss.check()
    check_users(machine)
    check_off(machine)


def check_pages(machine: Machine) -> None:
    """Free blocks and runs in use tile memory; no two free buddies of an order stand side by side."""
    pages = machine.slub.pages
    runs = pages.runs_in_use()
    used = sum(1 << order for _, order, _ in runs)
    require(pages.nr_free == pages.nr_pages - used, "free pages = all pages - pages in use", [pages.nr_free, used])
    for pfn, order, user in runs:
        require(user > 0 and pfn % (1 << order) == 0, "a run in use has a user and is aligned", [pfn, order, user])
    if not isinstance(pages, Zone):
        return
    covered = bytearray(pages.nr_pages)
    spans = [(pfn, order) for pfn, order, _ in runs]
    for order, blocks in enumerate(pages.free_blocks()):
        for pfn in blocks:
            require(pages.free_order[pfn] == order, "a free block knows its order", [pfn, order])
            buddy = pfn ^ (1 << order)
            both = order < 10 and buddy < pages.nr_pages and pages.free_order[buddy] == order
            require(not both, "two free buddies have merged", [pfn, buddy, order])
            spans.append((pfn, order))
    for pfn, order in spans:
        require(not any(covered[pfn : pfn + (1 << order)]), "no page is in two runs", [pfn, order])
        covered[pfn : pfn + (1 << order)] = b"\1" * (1 << order)
    require(all(covered), "every page is free or in use", covered.find(0))


def check_users(machine: Machine) -> None:
    """Every run of slab pages is a slab's, every run of stack pages a task's, or of one that ended and waits for RCU.

    A stack may be in flight inside a fork.
    """
    pages = machine.slub.pages
    stacks = {int(task.stack) for task in machine.tasks.by_pid.values()}
    waiting = [int(each.stack) for each in machine.rcu.queue if each.stack != NONE]
    require(stacks.isdisjoint(waiting) and len(set(waiting)) == len(waiting), "a stack is one task's", waiting)
    stacks.update(waiting)
    for pfn in waiting:
        require(pages.user[pfn] == STACK, "a stack that waits has its pages", pfn)
    log = machine.log
    stopped = log is not None and log.stopped
    for pfn, order, user in pages.runs_in_use():
        if user == SLAB:
            slab = machine.slub.slab_of[pfn]
            require(stopped or (slab is not None and slab.pfn == pfn), "slab pages belong to a slab", [pfn, order])
        elif user == STACK:
            require(stopped or pfn in stacks, "stack pages belong to a task", [pfn, order])


def check_cache(machine: Machine, cache: KmemCache) -> list[Slab]:
    """The lists of a cache and the slabs in memory agree; returns the slabs."""
    slabs = slabs_of(machine.slub, cache)
    in_memory = sum(1 for each in machine.slub.slab_of if each is not None and each.cache is cache)
    require(
        len(slabs) == cache.nr_slabs and in_memory == cache.nr_slabs << cache.order,
        "nr_slabs is the number of slabs in memory",
        [cache.name, cache.nr_slabs, in_memory],
    )
    partial = cache.partial_list()
    require(len(partial) == cache.nr_partial, "nr_partial counts the partial list", [cache.name, cache.nr_partial])
    before: Slab | None = None
    for slab in partial:
        require(slab.before is before, "the partial list is linked both ways", [cache.name, slab.number])
        require(slab.freelist != NONE, "a partial slab has room", [cache.name, slab.number])
        before = slab
    require(cache.last_partial is before, "the tail is the last partial slab", cache.name)
    held = [cpu.slab for cpu in cache.cpu_slab if cpu.slab is not None]
    if cache.full is not None:
        free = [slab for slab in slabs if not slab.listed and not slab.frozen]
        loose = {int(slab.number) for slab in free if truly_used(slab) == cache.objects}
        tracked = [int(slab.number) for slab in cache.full]
        require(sorted(tracked) == sorted(loose), "a cache that tracks users lists its full slabs", [cache.name, tracked])
    for slab in slabs:
        on_list = sum(each is slab for each in partial)
        in_hand = sum(each is slab for each in held)
        around = [cache.name, slab.number, on_list, in_hand, slab.inuse]
        require(on_list + in_hand <= 1, "a slab is on one list at most", around)
        require(slab.listed == bool(on_list) and slab.frozen == bool(in_hand), "a slab knows its list", around)
        if not on_list and not in_hand:
            log = machine.log
            in_flight = log is not None and log.stopped and slab.inuse == 0
            require(in_flight or truly_used(slab) == cache.objects, "only a full slab is on no list", around)
    return slabs


def check_slab(machine: Machine, slab: Slab) -> None:
    """Every object is in use or on exactly one free list, and the counts say so."""
    cache = slab.cache
    pages = machine.slub.pages
    around = [cache.name, slab.number, slab.pfn, list(slab.link), slab.freelist, slab.inuse]
    require(
        pages.used_order[slab.pfn] == cache.order and pages.user[slab.pfn] == SLAB,
        "a slab has its pages",
        around,
    )
    on_page = slab.chain(slab.freelist)
    on_cpu = [number for cpu in cache.cpu_slab if cpu.slab is slab for number in slab.chain(cpu.freelist)]
    free = on_page + on_cpu
    wild = [link for link in map(int, slab.link) if not (0 <= link < cache.objects or link in (NONE, IN_USE))]
    require(not wild, "free lists stay in range", around)
    require(len(set(free)) == len(free) <= cache.objects, "free lists are acyclic and apart", around)
    require(all(0 <= number < cache.objects for number in free), "free lists stay in range", around)
    live = sum(link == IN_USE for link in slab.link)
    lost = set(slab.debug.lost) if slab.debug is not None else set()
    unlisted = {number for number in range(cache.objects) if slab.link[number] != IN_USE} - set(free)
    require(live + len(free) + len(lost) == cache.objects, "in use + free = objects", around)
    require(truly_used(slab) == cache.objects - len(on_page), "inuse counts all but the page's own list", around)
    require(lost == unlisted, "only what a check gave up is on no free list", [*around, sorted(lost)])
    if slab.debug is not None:
        check_contents(slab, slab.debug, around)


def check_contents(slab: Slab, debug: SlabDebug, around: list[object]) -> None:
    """What is kept of a debugged slab's bytes is what is wrong, and stale pointers are those of objects in use."""
    for at, byte in debug.wrong.items():
        kept = 0 <= at < bytes_of(slab) and should_be(slab, at) not in (byte, UNKNOWN)
        require(kept, "only a byte that is not what it should be is kept", [*around, at, byte])
    used = {number for number in range(slab.cache.objects) if slab.link[number] == IN_USE}
    require(set(debug.stale) <= used, "a stale free pointer is an object's in use", [*around, sorted(debug.stale)])


def truly_used(slab: Slab) -> int:
    """What `inuse` would be had nobody overwritten a free pointer."""
    return int(slab.inuse) - (slab.debug.miscount if slab.debug is not None else 0)


def count_owners(machine: Machine, slab: Slab, paid: dict[int, int], owned: dict[int, int], arrays: set[int]) -> None:
    """Add up what the owners of a slab pay; only objects in use have owners, and arrays are in memory once."""
    cache = slab.cache
    around = [cache.name, slab.number, list(slab.owners), list(slab.link)]
    if not slab.has_owners:
        require(len(slab.owners) == 0 and slab.array == NONE, "no array, no owners", around)
        return
    require(len(slab.owners) == cache.objects, "an owner array has a pointer for each object", around)
    if machine.kmem.kzalloc is not None:
        array = slab.array
        require(array >= 0 and array not in arrays, "every slab has an array of its own", around)
        arrays.add(array)
        home = machine.slub.slab_of[array >> PAGE_SHIFT]
        if home is not None:
            number = (array - home.s_mem) // home.cache.size
            require(home.link[number] == IN_USE, "an owner array is memory in use", around)
    for number, ident in enumerate(slab.owners):
        if ident != NONE:
            require(slab.link[number] == IN_USE, "only an object in use has an owner", around)
            paid[ident] = paid.get(ident, 0) + cache.size
            owned[ident] = owned.get(ident, 0) + 1


def check_containers(machine: Machine, paid: dict[int, int], owned: dict[int, int]) -> None:
    """Usage is what the owned objects add up to; references are owned objects, tasks and children."""
    subsystem = machine.kmem_subsystem
    for ident in owned:
        known = 0 <= ident < len(subsystem.owners) and subsystem.owners[ident] is not None
        require(known, "an owner exists", ident)
    members: dict[int, int] = {}
    for task in machine.tasks.by_pid.values():
        css = task.css[subsystem.index]
        members[id(css)] = members.get(id(css), 0) + 1
    for ident, group in enumerate(subsystem.owners):
        if group is None:
            continue
        container = group.container
        name = container.path if container is not None else "/"
        children = len(container.children) if container is not None else 0
        around = [name, group.res.usage, group.refs, paid.get(ident, 0), owned.get(ident, 0)]
        require(group.res.underflows == 0 <= group.res.usage, "nothing is uncharged twice", around)
        require(group.res.usage == paid.get(ident, 0), "usage = the sum of its objects' charges", around)
        refs = owned.get(ident, 0) + members.get(id(group), 0) + children
        require(group.refs == refs, "references = owned objects + tasks + children", around)
    for hierarchy in machine.containers.hierarchies:
        placed = [pid for container in hierarchy.root.walk() for pid in container.tasks]
        require(
            sorted(placed) == sorted(machine.tasks.by_pid),
            "every task is in one container of a hierarchy",
            placed,
        )
    for task in machine.tasks.by_pid.values():
        for container in task.containers.values():
            pays = all(task.css[each.index] is container.css[each.name] for each in container.hierarchy.subsystems)
            listed = container.tasks.get(task.pid) is task
            require(pays and listed, "a task pays where it is listed", [task.pid, container.path])


def check_tasks(machine: Machine) -> None:
    """What a task has open or was made of is in use, in the right cache, and its stack is its own."""
    pointed: dict[int, int] = {}
    for task in machine.tasks.by_pid.values():
        things = list(task.objects)
        for fd in task.open_files():
            address = task.files[fd]
            pointed[address] = pointed.get(address, 0) + 1
            things.append(("filp", address))
        for name, address in things:
            try:
                found = machine.slub.find(address).cache
                where = found.name
            except KernelError as error:
                found, where = None, str(error.strerror)
            good = found is machine.caches.get(name)
            require(good, "an object is in its cache, and in use", [task.pid, name, address, where])
        if task.stack != NONE:
            user = machine.slub.pages.user[task.stack]
            require(user == STACK, "a stack has its pages", [task.pid, task.stack])
        closed = [fd for fd in range(min(task.next_fd, len(task.files))) if task.files[fd] == NONE]
        require(not closed, "no descriptor below next_fd is free", [task.pid, closed])
    shared = {address: count for address, count in pointed.items() if count > 1}
    require(shared == machine.tasks.shared, "f_count is the number of descriptors", [shared, machine.tasks.shared])

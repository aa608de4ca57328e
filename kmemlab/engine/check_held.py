"""What is held outside the tables of tasks.py, checked: maps, signals, timers, locks, mounts, pipes, sockets, dentries, RCU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .check_marked import hold_by_hand
from .errors import KernelError, require
from .kmem_cache import KmemCache
from .mm import BUDDY_PAGE
from .sockets import Pipe
from .types import NONE

if TYPE_CHECKING:
    from .machine import Machine
    from .tasks import Tasks


def check_held(machine: Machine) -> None:
    """What is held is in use, in its cache, and held once; counts of sharers are right. What waits for RCU is live.

    Inside a command that was stopped, a child or a pipe may be half made: its objects are then nobody's yet.

    Raises:
        CheckError: at the first that is not so.
    """
    log = machine.log
    stopped = log is not None and log.stopped
    held: list[tuple[str, int]] = []
    pages: list[int] = []
    hold_maps(machine.tasks, held, pages, stopped)
    hold_belongings(machine.tasks, held, stopped)
    hold_behind(machine.tasks, held, pages, stopped)
    hold_by_hand(machine, held, pages)
    for dentry, name in machine.dcache.negative:
        held.append(("dentry", dentry))
        held.append(("kmalloc", name))
    for waiting in machine.rcu.queue:
        held.append((waiting.cache, waiting.address))
        held.append(("kmalloc", waiting.name))
    for kept in machine.interrupts.held.values():
        held += kept
    check_objects(machine, held)
    zone = machine.slub.pages
    if machine.rss is not None:
        pages += machine.rss.pages
    require(len(set(pages)) == len(pages), "a page taken as a page is somebody's alone", pages)
    for pfn in pages:
        require(zone.used_order[pfn] == 0 and zone.user[pfn] == BUDDY_PAGE, "a table or a buffer has its page", pfn)


def hold_maps(tasks: Tasks, held: list[tuple[str, int]], pages: list[int], stopped: bool) -> None:
    """Collect what maps hold; those touched come first, and an anon_vma knows how many share it."""
    sharers: dict[int, int] = {}
    for task in tasks.by_pid.values():
        for number, each in enumerate(task.maps):
            filled = number < task.touched
            good = (each.anon != NONE) == (each.table != NONE) == filled
            require(good, "touched maps come first, with anon_vma and page table", [task.pid, number])
            held.append(("vm_area_struct", each.vma))
            if filled:
                sharers[each.anon] = sharers.get(each.anon, 0) + 1
                pages.append(each.table)
            require(filled or not each.pages, "only a touched map has pages", [task.pid, number])
    held += [("anon_vma", address) for address in sharers]
    shared = {address: count for address, count in sharers.items() if count > 1}
    require(stopped or shared == tasks.anon_shared, "an anon_vma counts its maps", [shared, tasks.anon_shared])


def hold_belongings(tasks: Tasks, held: list[tuple[str, int]], stopped: bool) -> None:
    """Collect signals, timers, locks and mounts; a lock is on an open file, a namespace knows how many are in it."""
    members: dict[int, int] = {}
    for task in tasks.by_pid.values():
        held += [("sigqueue", address) for address in task.signals]
        for timer, signal in task.timers:
            held.append(("posix_timers_cache", timer))
            held.append(("sigqueue", signal))
        for file, lock in task.locks:
            require(stopped or file in task.files, "a lock is on an open file", [task.pid, file])
            held.append(("file_lock_cache", lock))
        if task.namespace is not None:
            count = members.get(id(task.namespace), 0) + 1
            members[id(task.namespace)] = count
            if count == 1:
                held += task.namespace.objects()
    for task in tasks.by_pid.values():
        if task.namespace is not None:
            good = stopped or members[id(task.namespace)] == task.namespace.users
            require(good, "a namespace counts its tasks", [task.pid, task.namespace.users])


def hold_behind(tasks: Tasks, held: list[tuple[str, int]], pages: list[int], stopped: bool) -> None:
    """Collect what is behind open files; a pipe or socket knows how many struct files lead to it."""
    files = {address for task in tasks.by_pid.values() for address in task.files if address != NONE}
    ends: dict[int, int] = {}
    for address, behind in tasks.behind.items():
        require(stopped or address in files, "what is behind a file is behind an open one", [behind.kind, address])
        count = ends.get(id(behind), 0) + 1
        ends[id(behind)] = count
        if count == 1:
            held += behind.objects()
            if isinstance(behind, Pipe):
                pages += behind.pages
    for behind in tasks.behind.values():
        require(stopped or ends[id(behind)] == behind.ends, "ends are the struct files that lead there", behind.kind)


def check_objects(machine: Machine, held: list[tuple[str, int]]) -> None:
    """Each is in use, in the cache it is said to be of, and nobody else's. An address NONE is nothing."""
    taken = {address for task in machine.tasks.by_pid.values() for address in task.files}
    for task in machine.tasks.by_pid.values():
        taken.update(address for _, address in task.objects)
    for name, address in held:
        if address == NONE:
            continue
        require(address not in taken, "nobody holds what another holds", [name, address])
        taken.add(address)
        try:
            found: KmemCache | None = machine.slub.find(address).cache
            where = name if found is None else found.name
        except KernelError as error:
            found, where = None, str(error.strerror)
        right = found is not None and (bool(found.family) if name == "kmalloc" else found is machine.caches.get(name))
        require(right, "what is held is in use, in its cache", [name, address, where])

"""Maps of a task, and page faults in them: mmap, munmap, and what fork and exit do with both. mm/mmap.c, mm/memory.c 2.6.23.

A map is a vm_area_struct. The first write into it takes an anon_vma, by which the kernel finds back who maps a page, and a
page table: a page straight from the buddy allocator, which v3 does not see at all (facts 7: "not covered by v3"). Every map
here is 2 MiB large with a gap to the next, so each has a page table page and an anon_vma of its own; the upper levels of the
page table are not modelled: they are small. Nor is the user's own page, which is no kernel memory, but on a machine with
`rss=True`: there each page fault takes one and charges it (rss.py). Kmemlab's choice, both.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .buddy import PAGES
from .errors import KernelError
from .sites import TABLE_SITE
from .types import NONE, i64

if TYPE_CHECKING:
    from .machine import Machine
    from .tasks import Task

VMA: Final = "vm_area_struct"
ANON_VMA: Final = "anon_vma"
MAX_MAP_COUNT: Final = 65536  # sysctl_max_map_count, facts 7
MAP_PAGES: Final = 512  # in 2 MiB
# What buddy.USERS calls pages that somebody takes as pages: page tables and pipe buffers.
BUDDY_PAGE: Final = PAGES


class Map:
    """A stretch of 2 MiB of a task's addresses.

    Attributes:
        vma: address of its vm_area_struct.
        anon: address of its anon_vma, NONE before the first fault. A child's map points at its parent's.
        table: its page table page, NONE before the first fault.
        pages: the user's own pages, oldest first; none on a machine without rss.
    """

    __slots__ = ("anon", "pages", "table", "vma")

    def __init__(self, vma: i64, anon: i64 = NONE, table: i64 = NONE) -> None:
        self.vma: i64 = vma
        self.anon: i64 = anon
        self.table: i64 = table
        self.pages: list[int] = []


def mmap(machine: Machine, task: Task) -> None:
    """Map 2 MiB more (`do_mmap_pgoff`): one vm_area_struct.

    Raises:
        KernelError: ENOMEM, without memory, at the container's limit, or with more than 65,536 maps.
    """
    if len(task.maps) > MAX_MAP_COUNT:
        raise KernelError(errno.ENOMEM, f"A task may have {MAX_MAP_COUNT:,} maps (vm.max_map_count).")
    vma = machine.kmem_cache_alloc(VMA)
    if vma == NONE:
        raise KernelError(errno.ENOMEM, "There was no vm_area_struct to be had: no memory, or the container's limit.")
    task.maps.append(Map(vma))


def touch(machine: Machine, task: Task) -> None:
    """Write into the oldest map that was not touched yet: a page fault.

    The page table comes first (`__pte_alloc`), then the anon_vma (`anon_vma_prepare` in `do_anonymous_page`; recollection).

    Raises:
        KernelError: EFAULT, if every map is touched: the kernel sends SIGSEGV. ENOMEM, if either cannot be had: the kernel
            answers VM_FAULT_OOM with SIGKILL and leaves the page table in place until then; that the fault is undone and
            the task lives on is kmemlab's choice.
    """
    if task.touched == len(task.maps):
        raise KernelError(errno.EFAULT, "Every map is touched: `mmap N` makes more.")
    table = machine.marked.alloc_pages(TABLE_SITE, 0, BUDDY_PAGE)
    if table == NONE:
        raise KernelError(errno.ENOMEM, f"There was no page for the page table{machine.marked.because()}.")
    anon = machine.kmem_cache_alloc(ANON_VMA)
    if anon == NONE:
        machine.slub.pages.free_pages(table, 0)
        raise KernelError(errno.ENOMEM, "There was no anon_vma to be had: no memory, or the container's limit.")
    faulted = task.maps[task.touched]
    if machine.rss is not None:
        try:
            faulted.pages = [machine.rss.fault_in(task)]
        except KernelError:
            machine.kmem_cache_free(anon)
            machine.slub.pages.free_pages(table, 0)
            raise
    faulted.anon = anon
    faulted.table = table
    task.touched += 1


def room(task: Task) -> int:
    """Count the pages that touched maps of a task still have room for."""
    return sum(MAP_PAGES - len(each.pages) for each in task.maps[: task.touched])


def fault(machine: Machine, task: Task) -> None:
    """Write into the next page of the oldest touched map that has one: a page fault that takes nothing but the page.

    Raises:
        KernelError: ENOSYS, on a machine without rss, where the user's pages are not modelled. EFAULT, if every page of every
            touched map is there. ENOMEM, as `Rss.fault_in`.
    """
    if machine.rss is None:
        raise KernelError(errno.ENOSYS, "This machine has no rss: boot one with rss=True, or `kmemlab sh --rss`.")
    for each in task.maps[: task.touched]:
        if len(each.pages) < MAP_PAGES:
            each.pages.append(machine.rss.fault_in(task))
            return
    raise KernelError(errno.EFAULT, "Every page of every touched map is there: `touch N` begins another map.")


def munmap(machine: Machine, task: Task) -> None:
    """Unmap the map that was made last (`do_munmap`): anon_vma, page table, vm_area_struct.

    Raises:
        KernelError: EINVAL, if the task has none. The kernel shrugs at an empty range (kmemlab's choice).
    """
    if not task.maps:
        raise KernelError(errno.EINVAL, f"Task {task.pid} has nothing mapped.")
    release(machine, task, [task.maps.pop()])
    task.touched = min(task.touched, len(task.maps))


def exit_mmap(machine: Machine, task: Task) -> None:
    """Unmap all (`exit_mmap`): maps are found by address, and addresses are given from the top down, so the newest is first."""
    maps = task.maps[::-1]
    task.maps = []
    task.touched = 0
    release(machine, task, maps)


def release(machine: Machine, task: Task, maps: list[Map]) -> None:
    """Free maps in this order: user pages (`unmap_vmas`), anon_vma and page table of each (`free_pgtables`), then every vma."""
    if machine.rss is not None:
        for each in maps:
            for page in each.pages:
                machine.rss.unmap(page)
            each.pages = []
    for each in maps:
        if each.anon != NONE:
            unlink_anon_vma(machine, each.anon)
            machine.slub.pages.free_pages(each.table, 0)
    for each in maps:
        machine.kmem_cache_free(each.vma)


def unlink_anon_vma(machine: Machine, anon: i64) -> None:
    """Take a map off its anon_vma; the last one frees it (`anon_vma_unlink`)."""
    shared = machine.tasks.anon_shared
    count = shared.get(anon, 1)
    if count > 2:
        shared[anon] = count - 1
    elif count == 2:
        del shared[anon]
    else:
        machine.kmem_cache_free(anon)


def dup_mmap(machine: Machine, child: Task, parent: Task) -> bool:
    """Copy every map for a child (`dup_mmap`): a vm_area_struct, the parent's anon_vma, a page table of its own.

    Returns False if something could not be had. The child then has what was copied, and `exit_mmap` frees it.
    """
    copies: list[Map] = []
    copied = True
    touched = 0
    for each in parent.maps[::-1]:
        vma = machine.kmem_cache_alloc(VMA)
        if vma == NONE:
            copied = False
            break
        copy = Map(vma)
        copies.append(copy)
        if each.anon == NONE:
            continue
        table = machine.marked.alloc_pages(TABLE_SITE, 0, BUDDY_PAGE)
        if table == NONE:
            copied = False
            break
        copy.anon = each.anon
        copy.table = table
        if machine.rss is not None:
            for page in each.pages:
                machine.rss.share(page)
            copy.pages = list(each.pages)
        touched += 1
        machine.tasks.anon_shared[each.anon] = machine.tasks.anon_shared.get(each.anon, 1) + 1
    child.maps = copies[::-1]
    child.touched = touched
    return copied

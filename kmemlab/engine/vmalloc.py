"""vmalloc: memory that is in one piece only in addresses. mm/vmalloc.c 2.6.23, by recollection.

An area is a struct vm_struct (kmalloc), an array of page pointers (kmalloc up to a page, vmalloc itself above that) and single
pages from the buddy allocator. Addresses are taken first-fit from VMALLOC_START on, and each area is followed by a guard page
that has an address and no memory: who runs off the end faults. Areas are charged by their pages alone (marked.py).
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Final

from .buddy import PAGES
from .errors import KernelError, invalid
from .types import NONE, PAGE_SHIFT, PAGE_SIZE, POINTER, i64

if TYPE_CHECKING:
    from .machine import Machine

VMALLOC_START: Final = 0xFFFFC20000000000 - 0xFFFF810000000000  # as an offset from PAGE_OFFSET, like every address here
VM_STRUCT: Final = 56  # bytes of a struct vm_struct on x86-64 (recollection)
SITE: Final = "vmalloc"


class Area:
    """One area (struct vm_struct).

    Attributes:
        address: where it begins; the guard page is behind its last page.
        count: how many pages it has, or is to have.
        record: address of its vm_struct.
        array: address of its page pointers: of kmalloc, or another area's.
        pages: its pages, in order.
    """

    __slots__ = ("address", "array", "count", "pages", "record")

    def __init__(self, address: int, count: int, record: int, array: int) -> None:
        self.address = address
        self.count = count
        self.record = record
        self.array = array
        self.pages: list[int] = []


class Vmalloc:
    """The areas of a machine, by address."""

    __slots__ = ("areas", "machine")

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.areas: dict[int, Area] = {}

    def vmalloc(self, size: int) -> i64:
        """Take `size` bytes in whole pages; charged if the call is marked. The address, NONE where there is no memory.

        In turn: vm_struct, array of pointers, the pages (`__vmalloc_node`). Nothing stays of a call that fails.

        Raises:
            KernelError: EINVAL below 1 byte. (One that is larger than memory gets NULL, as in the kernel.)
        """
        machine = self.machine
        before = machine.marked.failcnt()
        address = self.take(size)
        machine.marked.refused = address == NONE and machine.marked.failcnt() != before
        if address == NONE or not machine.marked.marks(SITE):
            return address
        if machine.marked.charge(SITE, address, len(self.areas[address].pages) * PAGE_SIZE):
            return address
        self.give(address)
        return NONE

    def take(self, size: int) -> i64:
        """Make an area; NONE if there is no memory for all of it."""
        if size < 1:
            raise invalid(f"vmalloc({size}): the size must be 1 byte or more")
        machine = self.machine
        count = (size + PAGE_SIZE - 1) >> PAGE_SHIFT
        if count > machine.slub.pages.nr_pages:
            return NONE
        cpu = machine.current.cpu
        record = machine.kmalloc.kmalloc(VM_STRUCT, cpu)
        if record == NONE:
            return NONE
        area = Area(self.hole(count), count, record, NONE)
        self.areas[area.address] = area  # it has its addresses before its array is looked for
        bytes_ = count * POINTER
        area.array = machine.kmalloc.kmalloc(bytes_, cpu) if bytes_ <= PAGE_SIZE else self.take(bytes_)
        while area.array != NONE and len(area.pages) < count:
            pfn = machine.slub.pages.alloc_pages(0, PAGES)
            if pfn == NONE:
                break
            area.pages.append(pfn)
        if len(area.pages) == count:
            return area.address
        self.give(area.address)
        return NONE

    def hole(self, count: int) -> int:
        """Find the lowest addresses with room for so many pages and their guard (`__get_vm_area_node`)."""
        at = VMALLOC_START
        for address in sorted(self.areas):
            if at + ((count + 1) << PAGE_SHIFT) <= address:
                break
            at = address + ((self.areas[address].count + 1) << PAGE_SHIFT)
        return at

    def vfree(self, address: int) -> None:
        """Give an area back: uncharge it, then pages first to last, array, vm_struct (`__vunmap`).

        Raises:
            KernelError: EINVAL, for an address where no area begins.
        """
        if address not in self.areas:
            raise KernelError(errno.EINVAL, f"no vmalloc area begins at {address:#x}")
        self.machine.marked.uncharge(address)
        self.give(address)

    def give(self, address: int) -> None:
        """Take an area apart, as far as it was made."""
        machine = self.machine
        area = self.areas[address]
        while area.pages:
            machine.slub.pages.free_pages(area.pages.pop(0), 0)
        array, area.array = area.array, NONE
        if array in self.areas:
            self.give(array)
        else:
            machine.kmalloc.kfree(array, machine.current.cpu)
        del self.areas[address]
        machine.kmalloc.kfree(area.record, machine.current.cpu)

    def state(self) -> list[Any]:
        """Return the areas as plain values, lowest first."""
        areas = [self.areas[address] for address in sorted(self.areas)]
        return [[area.address, area.record, area.array, list(area.pages)] for area in areas]

    def restore(self, saved: list[Any]) -> None:
        """Become what `state` said."""
        self.areas = {}
        for address, record, array, pages in saved:
            area = Area(address, len(pages), record, array)
            area.pages = list(pages)
            self.areas[address] = area

"""The frame's slab pages: every slab of the drawn cache, the lists they are on, and the cell that the event touches.

A cache may have tens of thousands of slabs, and an event touches one or two. So the rows are kept, and only those are read
again that the event log names, or that a cpu holds or held.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

from ..checkpoints import no_cyclic_garbage
from ..engine.events import SWITCHED, EventLog
from ..engine.kmem_cache import KmemCache, Slab
from ..engine.machine import Machine
from ..engine.off import FULL_LIST
from ..engine.slab_cache import SlabCache
from ..engine.slub_admin import slabs_of
from ..engine.types import NONE
from ..records import ContainerRow
from ..session import Session
from ..survey_slab import SHARED, Rest, named_arrays, resting_cells
from .moment import Moment

FEW = 500  # slabs are taken out of a long list one by one
FREE = -2  # what stands for the owner of a free cell
Row = dict[str, Any]


class SlabPages:
    """The rows of one cache's slabs, kept from frame to frame.

    Attributes:
        rows: by birth number, as a string. Frames hold them: they are replaced, never changed.
        slabs: the same slabs in the machine, by number.
    """

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.slabs: dict[int, Slab] = {}
        self._numbers: list[int] = []
        self._of: tuple[Machine, KmemCache] | None = None
        self._read = 0  # rows of the log that are in here
        self._held: list[int] = []  # slabs that were a cpu's

    def renew(self, machine: Machine, cache: KmemCache, log: EventLog) -> None:
        """Read again what was touched since the last time; everything, where that cannot be known."""
        held = {int(cpu.slab.number): int(cpu.freelist) for cpu in cache.cpu_slab if cpu.slab is not None}
        rests = resting_cells(cache) if isinstance(cache, SlabCache) else {}
        touched = self._touched(machine, cache, log)
        if touched is None:
            self.slabs = {int(slab.number): slab for slab in slabs_of(machine.slub, cache)}
            known, self.rows = self.rows if self._of == (machine, cache) else {}, {}
            with no_cyclic_garbage():
                for number, slab in self.slabs.items():
                    row = row_of(slab, held.get(number), rests.get(int(slab.pfn), ()))
                    before = known.get(str(number))
                    self.rows[str(number)] = before if before == row else row
            self._numbers = []
        else:
            self._renew_some(machine, cache, touched, held)
        self._numbers = self._numbers or sorted(self.slabs)
        self._of = (machine, cache)
        self._read = int(log.length)
        self._held = list(held)

    def _touched(self, machine: Machine, cache: KmemCache, log: EventLog) -> dict[int, int] | None:
        """Return the slabs that may have changed, with their first page; None if every slab may have.

        A machine that went back has other slabs than it had: one that nothing touched tells it. A SLUB_DEBUG cache is read
        whole: there a byte of an object may be overwritten, and no event says so. So is one of SLAB: objects move between
        slabs and arrays, and no event says that either.
        """
        length = int(log.length)
        if isinstance(cache, SlabCache):
            return None
        if self._of is None or self._of[0] is not machine or self._of[1] is not cache or cache.debug or length < self._read:
            return None
        if length - self._read > len(self.slabs):
            return None
        touched = {number: int(self.slabs[number].pfn) for number in self._held if number in self.slabs}
        index = log.numbers.get(cache.name, -1)
        for n in range(self._read, length):
            if log.cache[n] == index:
                if log.kind[n] == SWITCHED:
                    return None
                if log.slab[n] != NONE:
                    touched[int(log.slab[n])] = int(log.pfn[n])
        witness = next((slab for number, slab in self.slabs.items() if number not in touched), None)
        return touched if witness is not None and machine.slub.slab_of[witness.pfn] is witness else None

    def _renew_some(self, machine: Machine, cache: KmemCache, touched: dict[int, int], held: dict[int, int]) -> None:
        """Read these slabs again; one that is gone goes."""
        changed: dict[str, Row] = {}
        gone = set()
        for number, pfn in touched.items():
            slab = machine.slub.slab_of[pfn]
            if slab is not None and slab.cache is cache and slab.number == number:
                if number not in self.slabs:
                    self._numbers = []
                self.slabs[number] = slab
                row = row_of(slab, held.get(number))
                if self.rows.get(str(number)) != row:
                    changed[str(number)] = row
            elif self.slabs.pop(number, None) is not None:
                self._numbers = []
                gone.add(str(number))
        if gone:
            self.rows = {key: row for key, row in self.rows.items() if key not in gone}
        if changed:
            self.rows = self.rows.copy()
            self.rows.update(changed)

    def unlisted(self, listed: set[int]) -> list[int]:
        """Return the numbers of all other slabs, in order of birth."""
        if len(listed) > FEW:
            return [number for number in self._numbers if number not in listed]
        others = self._numbers.copy()
        for number in listed:
            del others[bisect_left(others, number)]
        return others


def row_of(slab: Slab, cpu_list: int | None, resting: tuple[Rest, ...] = ()) -> Row:
    """Return a slab as the frame has it; `cpu_list` is the first object of the list that a cpu has of it, None for no cpu's.

    Args:
        slab: which.
        cpu_list: first object of the list that a cpu has of it, None for no cpu's.
        resting: in SLAB its objects that are in arrays.
    """
    on_page = slab.chain(slab.freelist)
    free = on_page if cpu_list is None else slab.chain(cpu_list) + on_page
    free = [cell for cell, _, _ in resting] + free
    owners = list(slab.owners) if slab.has_owners else [-1] * int(slab.cache.objects)
    for cell in free:
        owners[cell] = FREE
    row: Row = {"pfn": int(slab.pfn), "inuse": slab.live(), "owners": owners, "array": slab.has_owners}
    if free:
        row["free"] = free
    if on_page and (cpu_list is not None or isinstance(slab.cache, SlabCache)):
        row["remote"] = len(on_page)
    if resting:
        row["resting"] = [list(each) for each in resting]
    return row


OTHERS = 32000  # the turn of a cell in the shared array: no cpu's


def turns(row: Mapping[str, Any]) -> list[int]:
    """Return when each cell's turn comes: 0 not free, k the k-th, -k freed by another cpu and not on the cpu's list yet."""
    turn = [0] * len(row["owners"])
    free = row.get("free", [])
    own = len(free) - row.get("remote", 0)
    for place, cell in enumerate(free, 1):
        turn[cell] = place if place <= own else -place
    rests = row.get("resting", [])
    for cell in free[own:] if rests else []:
        turn[cell] += own  # in a slab of SLAB the count begins anew
    for cell, whose, place in rests:
        turn[cell] = place if whose != SHARED else OTHERS
    return turn


def turned_back(row: Row, moment: Moment, slot: int) -> Row:
    """Return the row that the event touches as it is at this step."""
    state = moment.cell
    if not state:
        return row
    owners, free, remote = list(row["owners"]), list(row.get("free", [])), row.get("remote", 0)
    owners[slot] = FREE if state == "free" else -1
    made = {**row, "owners": owners}
    if state == "taken":
        made["inuse"] += 1
        place = free.index(slot)
        remote -= place >= len(free) - remote
        del free[place]
    elif state == "free":
        made["inuse"] -= 1
        free.insert(0, slot)
    rests = [each for each in row.get("resting", []) if each[0] != slot]
    for key, value in (("free", free), ("remote", remote), ("resting", rests)):
        made.pop(key, None)
        if value:
            made[key] = value
    return made


def lists_and_arrays(cache: SlabCache) -> dict[str, Any]:
    """Return what the frame's slabs have besides where the allocator is SLAB."""
    return {
        "full": [int(slab.number) for slab in cache.slabs_full.slabs()],
        "free": [int(slab.number) for slab in cache.slabs_free.slabs()],
        "arrays": [[name, int(array.avail), int(array.limit)] for name, array in named_arrays(cache)],
    }


def slab_pages(
    session: Session, moment: Moment, cache: KmemCache, containers: tuple[ContainerRow, ...], kept: SlabPages
) -> dict[str, Any]:
    """Return cache, slabs and mark.

    Args:
        session: where it stands.
        moment: the step that is shown.
        cache: whose slabs.
        containers: those that live.
        kept: what the last frame was drawn from; it is renewed.
    """
    machine = session.machine
    kept.renew(machine, cache, session.log)
    cpus = {str(n): int(cpu.slab.number) for n, cpu in enumerate(cache.cpu_slab) if cpu.slab is not None}
    partial = [int(slab.number) for slab in cache.partial_list()]
    of_slab = lists_and_arrays(cache) if isinstance(cache, SlabCache) else {}
    listed = {*cpus.values(), *partial, *of_slab.get("free", [])}
    rows, key = kept.rows, str(moment.slab)
    event = moment.event
    if event is not None and event.cache == cache.name and event.slot >= 0 and key in rows:
        row = turned_back(rows[key], moment, event.slot)
        if row is not rows[key]:
            rows = rows.copy()
            rows[key] = row
    made: dict[str, Any] = {
        "cache": {
            "name": cache.name, "size": int(cache.size), "objects": int(cache.objects), "order": int(cache.order),
            "accounted": machine.accounted(cache),
        },
        "slabs": {"rows": rows, "cpus": cpus, "partial": partial, "full": kept.unlisted(listed), **of_slab},
    }  # fmt: skip
    if machine.profile.off == FULL_LIST and not of_slab:
        made["slabs"]["listed"] = True
    if machine.patchset.word_toggle:
        made["cache"]["on"] = machine.patchset.toggle(True)
    mark = moment.mark(cache.name)
    if mark is not None:
        if moment.charged and event is not None:
            mark["owner"] = next((row.ident for row in containers if row.path == event.container), -1)
        made["mark"] = mark
        if mark["kind"] == "taken":
            cpu = next((cpu for cpu, number in cpus.items() if number == moment.slab), "")
            whose = f" of cpu {cpu}" if cpu else f" of slab {moment.slab}"
            made["slabs"]["note"] = f"slot {mark['slot']}{whose} is taken, nobody owns it yet"
    return made

"""The frame's slab pages: every slab of the drawn cache, the lists they are on, and the cell that the event touches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine.kmem_cache import KmemCache
from ..records import ContainerRow, SlabRow
from ..session import Session
from ..survey import slab_rows
from .moment import Moment


def slab_pages(session: Session, moment: Moment, cache: KmemCache, rows: tuple[ContainerRow, ...]) -> dict[str, Any]:
    """Return cache, slabs and mark; `rows` are the containers that live."""
    slabs = tuple(moment.slab_row(row) for row in slab_rows(session.machine, cache))
    paths = {path: ident for ident, path in session.machine.kmem_subsystem.paths.items()}
    paths |= {row.path: row.ident for row in rows}  # one that is gone may have had the same name
    drawn: dict[str, Any] = {}
    cpus: dict[str, int] = {}
    partial: list[int] = []
    full: list[int] = []
    mark = moment.mark(cache.name)
    for slab in slabs:
        owners, turn = cells(slab, paths)
        drawn[str(slab.number)] = {
            "pfn": slab.pfn, "inuse": slab.inuse, "owners": owners, "turn": turn, "array": slab.array,
        }  # fmt: skip
        kind, _, place = slab.where.partition(" ")
        if kind == "cpu":
            cpus[place] = slab.number
        else:
            (partial if kind == "partial" else full).append(slab.number)
    made: dict[str, Any] = {
        "cache": {
            "name": cache.name, "size": int(cache.size), "objects": int(cache.objects), "order": int(cache.order),
            "accounted": session.machine.accounted(cache),
        },
        "slabs": {"rows": drawn, "cpus": cpus, "partial": partial, "full": full},
    }  # fmt: skip
    if mark is not None:
        if moment.charged and moment.event is not None and moment.event.container is not None:
            mark["owner"] = paths.get(moment.event.container, -1)
        made["mark"] = mark
        if mark["kind"] == "taken":
            cpu = next((cpu for cpu, number in cpus.items() if number == moment.slab), "?")
            made["slabs"]["note"] = f"slot {mark['slot']} of cpu {cpu} is taken, nobody owns it yet"
    return made


def cells(slab: SlabRow, idents: Mapping[str, int]) -> tuple[list[int], list[int]]:
    """Return owners and turns of a slab's cells as the frame has them."""
    owners = [-1 if path is None else idents[path] for path in slab.owners]
    turn = [0] * slab.objects
    for place, cell in enumerate(slab.freelist, 1):
        owners[cell] = -2
        turn[cell] = -place if cell in slab.remote else place
    return owners, turn

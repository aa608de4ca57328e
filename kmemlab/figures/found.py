"""The slabs of a cache as text, by what leads to them: the twin of a lesson's slab pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..records import SlabRow
from .frame import owners_for
from .palette import Owner

NOTHING = "nothing"
LIVE, FREE, NEXT = "#", ".", ">"


def found_text(rows: Sequence[SlabRow], size: int, order: int, owners: Mapping[str, Owner] | None = None, left: int = 0) -> str:
    """Return the slabs by birth number: their cells, live objects, and through what each is found.

    Args:
        rows: slabs of one cache.
        size: bytes of a cell.
        order: of its pages.
        owners: letters of the containers; a cell that has an owner has its letter, any other live one "#".
        left: slabs that are not in `rows`, all of them full.
    """
    if not rows:
        return "No slab yet."
    name, each = rows[0].cache, rows[0].objects
    known = owners_for((path for row in rows for path in row.owners), owners)
    wide = max(1, *(len(owner.letter) for owner in known.values())) if known else 1
    numbers = " ".join(f"{n:x}"[-1].ljust(wide) for n in range(each))
    live = sum(row.inuse for row in rows) + left * each
    called = "files open" if name == "filp" else "objects in use"
    twin = [
        f"{name}: {size:,} bytes, {each} per slab, order {order}    {called}: {live:,}",
        f"slab  {numbers}  live  found through",
    ]
    for row in sorted(rows, key=lambda row: row.number):
        cells = " ".join(sign(row, n, known).ljust(wide) for n in range(row.objects))
        twin.append(f"{row.number:>4}  {cells}  {row.inuse:>4}  {NOTHING if row.where == 'full' else row.where}")
    if left:
        twin.append(f"... and {left:,} more, all full")
    paying = {path for row in rows for path in row.owners}
    payers = [f"{owner.letter} = {path}" for path, owner in known.items() if path in paying]
    return "\n".join([*twin, *([", ".join(payers)] if payers else [])])


def sign(row: SlabRow, cell: int, owners: Mapping[str, Owner]) -> str:
    """Return the sign of one cell: free, free and next to be handed out from this slab, or live."""
    if cell in row.freelist:
        return NEXT if row.freelist[0] == cell else FREE
    path = row.owners[cell]
    return LIVE if path is None else owners[path].letter


__all__ = ["found_text"]

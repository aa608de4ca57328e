"""The zoo's table, a line a run: what `kmemlab zoo` prints, and the text twin of its picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .zoo import Run

NOTHING: Final = "No bomb has gone off."


def share(run: Run) -> int:
    """Return how much of what is pinned some container pays, in percent."""
    return round(100 * run.pinned.accounted / run.pinned.total) if run.pinned.total else 0


def blind(runs: Sequence[Run]) -> list[str]:
    """Return the bombs that a limit did not stop, with how much of them is seen."""
    return [f"{each.name} ({share(each)} % seen)" for each in runs if each.limited and each.stopped_by == "memory"]


def zoo_text(runs: Sequence[Run], limit: int) -> str:
    """Return one line a run, and then which bombs the limit did not stop.

    Args:
        runs: in any order; `Run.kinds` says what their machines charge.
        limit: bytes that the container of the limited ones may use.
    """
    if not runs:
        return NOTHING
    lines = [
        f"{'bomb':<12} {'limit':>9} {'done':>6} {'stopped by':<15} {'pinned':>10} {'kmem_cache':>10} {'kmalloc':>9} "
        f"{'vmalloc':>7} {'pages':>10} {'accounted':>10} {'seen':>5} {'failcnt':>7} {'neighbour':>12}"
    ]
    for each in runs:
        held = each.pinned
        stop = f"{each.stopped_by} {each.errno}".strip()
        calls = f"{each.failed} of {each.ops}"
        lines.append(
            f"{each.name:<12} {limit if each.limited else 'none':>9} {each.ops_done:>6} {stop:<15} {held.total:>10} "
            f"{held.kmem_cache:>10} {held.kmalloc:>9} {held.vmalloc:>7} {held.pages:>10} {held.accounted:>10} "
            f"{share(each):>4}% {each.failcnt:>7} {calls:>12}"
        )
    lines.append(
        "neighbour: its calls that failed. kmalloc has the owner arrays in it. Free slots and page tails are nobody's."
    )
    missed = blind(runs)
    if missed:
        lines.append(f"Not stopped by the limit, for most of what they pin is not in kmem caches: {', '.join(missed)}.")
    return "\n".join(lines)

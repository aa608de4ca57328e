"""What a run of events adds up to: usage, refusals, slab bytes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from kmemlab.records import EventRow

MOST_POINTS: Final = 1500  # of one line; more cannot be seen

GIVES: Final = ("alloc", "switched", "charged-call")  # events after which a container pays more, or less
TAKES: Final = ("free", "uncharged", "uncharged-call")

Series = list[tuple[int, int]]


@dataclass
class Course:
    """What a run of events adds up to, each as steps (event, value after it).

    Attributes:
        usage: bytes charged, by container.
        refused: refused charges, by container.
        slab: bytes of slab pages.
        charged: bytes charged, all containers.
        first_refusal: event of the first refused charge, 0 if there was none.
        last: number of the last event.
    """

    usage: dict[str, Series] = field(default_factory=dict)
    refused: dict[str, Series] = field(default_factory=dict)
    slab: Series = field(default_factory=list)
    charged: Series = field(default_factory=list)
    first_refusal: int = 0
    last: int = 0


def _add(series: Series, event: int, amount: int) -> None:
    series.append((event, (series[-1][1] if series else 0) + amount))


def course(events: Sequence[EventRow]) -> Course:
    """Add up a run: allocs and frees to usage, refusals to failcnt, slab pages that come and go to slab bytes."""
    run = Course()
    for event in events:
        run.last = max(run.last, event.n)
        if event.kind in GIVES + TAKES and event.container is not None:
            amount = event.bytes if event.kind in GIVES else -event.bytes
            _add(run.usage.setdefault(event.container, []), event.n, amount)
            _add(run.charged, event.n, amount)
        elif event.kind in ("refused", "refused-call") and event.container is not None:
            _add(run.refused.setdefault(event.container, []), event.n, 1)
            run.first_refusal = run.first_refusal or event.n
        elif event.kind in ("newpage", "freepage"):
            _add(run.slab, event.n, event.bytes if event.kind == "newpage" else -event.bytes)
    return run


def value_at(series: Series, position: int) -> int:
    """Return the value of a series after event `position`."""
    return next((value for event, value in reversed(series) if event <= position), 0)


def split(series: Series, position: int, last: int) -> tuple[Series, Series]:
    """Cut a series at the position into what happened and what comes, both drawn up to their ends."""
    here = value_at(series, position)
    past = [(0, 0), *((event, value) for event, value in series if event <= position), (position, here)]
    after = [(event, value) for event, value in series if event > position]
    future = [(position, here), *after, (last, after[-1][1] if after else here)]
    return _thin(past), _thin(future)


def _thin(series: Series) -> Series:
    """Keep at most about MOST_POINTS, the ends among them."""
    stride = max(1, len(series) // MOST_POINTS)
    return [*series[:-1:stride], series[-1]]

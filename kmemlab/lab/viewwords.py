"""The sentences of the small widgets: each says in at most 64 characters what its picture shows at this step.

The lab's headline tells what a step did; a picture that stands alone is asked something else, and answers that. The numbers are
those of the frame that the picture is drawn from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from ..explain_story import short
from ..explain_words import LONGEST
from ..records import PageRow

Frame = Mapping[str, Any]


def fullest(*wordings: str) -> str:
    """Return the first wording that fits a line; the last one must."""
    return next((each for each in wordings if len(each) <= LONGEST), wordings[-1][:LONGEST])


def called(container: Mapping[str, Any]) -> str:
    """Name a container, a long one shortened."""
    return short(str(container["name"]), 16)


def chosen(frame: Frame) -> Mapping[str, Any] | None:
    """Return the selected container, None for none."""
    return next((each for each in frame["containers"] if each["id"] == frame.get("selected")), None)


def slabs_sentence(frame: Frame) -> str:
    """Say whose the objects are."""
    cache = frame.get("cache")
    if cache is None:
        return "There is no such cache."
    name = short(str(cache["name"]), 20)
    cells = [owner for row in frame["slabs"]["rows"].values() for owner in row["owners"] if owner != -2]
    one = chosen(frame)
    if not cells:
        return f"{name} has no object in use."
    if one is not None:
        mine = cells.count(one["id"])
        return fullest(
            f"{called(one)} owns {mine:,} of the {len(cells):,} {name} objects in use.",
            f"{called(one)} owns {mine:,} of {len(cells):,} {name} objects.",
        )
    nobody = cells.count(-1)
    if nobody == 0:
        return f"Each of the {len(cells):,} {name} objects in use has an owner."
    if nobody == len(cells):
        return f"Nobody owns the {len(cells):,} {name} objects in use."
    return f"Nobody owns {nobody:,} of the {len(cells):,} {name} objects in use."


def containers_sentence(frame: Frame, needed: int) -> str:
    """Say who is near the limit: the selected container, else the one that is refused or has least left.

    Args:
        frame: what is drawn.
        needed: bytes that this event asks for.
    """
    refused = next((each for each in frame["containers"] if "failcnt_before" in each), None)
    limited = [each for each in frame["containers"] if "limit" in each]
    one = chosen(frame) or refused or min(limited, key=lambda each: each["limit"] - each["usage"], default=None)
    if one is None:
        usage = sum(each["usage"] for each in frame["containers"])
        return f"Nobody has a limit. {usage:,} bytes are charged in all."
    if "limit" not in one:
        return f"{called(one)} pays {one['usage']:,} bytes and has no limit."
    left = one["limit"] - one["usage"]
    if "failcnt_before" in one:
        return f"{called(one)} is full: {max(left, 0):,} bytes left, {needed:,} needed."
    if left < 0:
        return f"{called(one)} is {-left:,} bytes over its limit."
    return f"{called(one)} has {left:,} of its {one['limit']:,} bytes left."


def flow_sentence(frame: Frame) -> str:
    """Say where the charged bytes go."""
    payers = [each for each in frame["containers"] if each["usage"]]
    total = sum(each["usage"] for each in payers)
    one = chosen(frame)
    if not total:
        return "No charge yet."
    if one is not None:
        return f"{called(one)} pays {one['usage']:,} of the {total:,} charged bytes."
    most = max(payers, key=lambda each: each["usage"])
    if len(payers) == 1:
        return f"{called(most)} pays all {total:,} charged bytes."
    return f"{len(payers)} containers pay {total:,} bytes, {called(most)} {most['usage']:,} of them."


def memory_sentence(pages: Sequence[PageRow]) -> str:
    """Say whether a larger order could still be served."""
    free = [row.order for row in pages if row.user == "free"]
    total = sum(1 << row.order for row in pages)
    if not free:
        return f"None of the {total:,} pages is free."
    count = sum(1 << order for order in free)
    return f"{count:,} of {total:,} pages are free; the largest block is order {max(free)}."


def timeline_sentence(frame: Frame, refusals: Sequence[int]) -> str:
    """Say when it got close, only of what has happened by now.

    Args:
        frame: what is drawn.
        refusals: the refused events of the whole history, ascending.
    """
    by_now = bisect_right(refusals, frame["position"])
    if not by_now:
        return f"No charge has been refused by event {frame['position']:,}."
    if by_now == 1:
        return f"One charge has been refused, at event {refusals[0]:,}."
    return f"{by_now:,} charges have been refused, the first at event {refusals[0]:,}."


def timeline_twin(frame: Frame, refusals: Sequence[int]) -> str:
    """Return usage of limit, and refusals by now, in words."""
    lines = [f"event {frame['position']:,}"]
    for each in frame["containers"]:
        limit = f"of {each['limit']:,}" if "limit" in each else "no limit"
        lines.append(f"{each['path']}  usage {each['usage']:,} {limit}  failcnt {each['failcnt']:,}")
    return "\n".join([*lines, timeline_sentence(frame, refusals)])

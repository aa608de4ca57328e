"""The path of one charge in the still picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from ..figures.palette import Tokens
from .sheet import PAD, WIDTH, Sheet, clip

Frame = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Letters:
    """Sizes of what a path is written in, in pixels, and of its two lines below each dot."""

    name: float
    value: float
    line: float


SMALL: Final = Letters(12.5, 11.3, 16)  # a lab's
LARGE: Final = Letters(13.5, 12.5, 17)


def path(sheet: Sheet, drawn: Frame | None, tokens: Tokens, top: float, letters: Letters = SMALL) -> float:
    """Draw the path of the charge: there on one lane, back on a second one, each undo under what it undoes."""
    if drawn is None:
        return top
    at_column, width = columns(drawn)
    lanes = {"forward": top + 14, "unwind": top + 72}
    at = {id(node): (at_column[node["col"]], lanes[node["lane"]]) for node in drawn["nodes"]}
    forward = sorted((node for node in drawn["nodes"] if node["lane"] == "forward"), key=lambda node: node["col"])
    back = sorted((node for node in drawn["nodes"] if node["lane"] == "unwind"), key=lambda node: -node["col"])
    for one, other in pairwise(forward):
        (x, y), (to, _) = at[id(one)], at[id(other)]
        walked = other["state"] in ("done", "now", "refused")
        sheet.line(
            f"M{x:g} {y:g}H{to:g}", tokens.ink if walked else tokens.line2, 2 if walked else 1.5, "" if walked else "2 4"
        )
    if back:
        (to, y2) = at[id(back[-1])]
        x = at_column[drawn.get("turn", back[0]["col"])]
        sheet.line(f"M{x:g} {lanes['forward']:g}V{y2 - 10:g}q0 10 -10 10H{to:g}", tokens.refused, 1.5, "2 4")
    for node in drawn["nodes"]:
        step(sheet, node, *at[id(node)], width[node["col"]], tokens, letters)
    return top + (118 if back else 62)


def columns(drawn: Frame) -> tuple[list[float], list[float]]:
    """Return where each column of the path begins and how wide it is: as its words need, over the whole width."""
    wide = [60.0] * max(1, drawn["columns"])
    for node in drawn["nodes"]:
        need = max(len(node["fn"]) * 8.1, len(node["value"]) * 6.8) + (36 if node["state"] == "refused" else 22)
        wide[node["col"]] = max(wide[node["col"]], need)
    room = WIDTH - 2 * PAD
    if sum(wide) > room:
        wide = [each * room / sum(wide) for each in wide]
    spare = (room - sum(wide)) / len(wide) if len(wide) > 3 else 0
    wide = [each + spare for each in wide]
    return [PAD + 6 + sum(wide[:column]) for column in range(len(wide))], wide


def step(sheet: Sheet, node: Frame, x: float, y: float, width: float, tokens: Tokens, letters: Letters) -> None:
    """Draw one function of the path: a dot, its name and its value."""
    state = node["state"]
    refused, never = state == "refused", state == "never"
    done = state in ("done", "now")
    colour = tokens.hush if never else tokens.refused if refused or node["lane"] == "unwind" else tokens.ink
    radius = 9 if refused else 7 if state == "now" else 5
    sheet.dot(x, y, radius, colour if done or refused else sheet.ground, colour)
    if refused:
        sheet.line(f"M{x - 3.5:g} {y - 3.5:g}l7 7m0 -7l-7 7", sheet.ground, 2)
    name = tokens.refused_text if refused else tokens.ink3 if never else tokens.ink
    left = x + (14 if refused else -6)  # the way back leaves straight down from the refusal
    room = width - (22 if refused else 8)
    value = tokens.refused_text if refused else tokens.ink2
    sheet.words(left, y + 22, clip(node["fn"], room, letters.name * 0.96), letters.name, name, 600)
    sheet.words(left, y + 22 + letters.line, clip(node["value"], room, letters.value * 0.91), letters.value, value)

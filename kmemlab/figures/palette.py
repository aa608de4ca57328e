"""The lab's colours: hue says who owns, vermilion says refused, ink says now. There is no fourth meaning.

Hues are Okabe and Ito's, which stay apart for colour-blind readers; every owner has a letter as well, so
no picture depends on colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import plotly.graph_objects as go

Theme = Literal["light", "dark"]

FONT: Final = "Inter, var(--jp-ui-font-family), system-ui, sans-serif"
FONT_SIZE: Final = 13

ROOT_HUE: Final = "reddish purple"
# The order in which containers below the root get their hues; the root's own comes last.
HUES: Final = ("sky blue", "bluish green", "orange", "yellow", "blue", ROOT_HUE)

# A container that is called by a colour is not painted in another: there is no red, which is what refuses.
NAMED: Final = {
    "blue": "sky blue", "green": "bluish green", "orange": "orange", "red": "orange", "yellow": "yellow",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shade:
    """One hue in one theme, as "#RRGGBB".

    Attributes:
        solid: of an owner that is selected.
        tint: of an owner that is not.
        text: of a letter on the tint, and of labels.
        on: of a letter on the solid.
    """

    solid: str
    tint: str
    text: str
    on: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme that belong to no owner, as "#RRGGBB".

    Attributes:
        canvas: background.
        raised: a hovered or selected row.
        line: hairlines and the track of a gauge.
        line2: outlines.
        ink: text, now, next, selected.
        ink2: secondary text.
        ink3: quiet text.
        hush: marks that are not text.
        none: in use, without an owner.
        none_text: text on `none`.
        refused: the mark of a refusal; never an owner.
        refused_tint: the ground of a refused amount.
        refused_text: words about a refusal.
    """

    canvas: str
    raised: str
    line: str
    line2: str
    ink: str
    ink2: str
    ink3: str
    hush: str
    none: str
    none_text: str
    refused: str
    refused_tint: str
    refused_text: str


TOKENS: Final[dict[Theme, Tokens]] = {
    "light": Tokens(
        canvas="#FCFCFB", raised="#F4F4F2", line="#E4E4E1", line2="#CFCFCB", ink="#17181A", ink2="#55585E",
        ink3="#696C72", hush="#B9BBBE", none="#E7E7E4", none_text="#5E6166",
        refused="#D55E00", refused_tint="#FCE9DC", refused_text="#A84600",
    ),
    "dark": Tokens(
        canvas="#131416", raised="#1B1D20", line="#2A2C30", line2="#3E4147", ink="#F3F3F0", ink2="#B2B5BA",
        ink3="#8E9197", hush="#5A5D63", none="#2B2D31", none_text="#A9ACB2",
        refused="#FF7A2B", refused_tint="#43220E", refused_text="#FFA36B",
    ),
}  # fmt: skip

SHADES: Final[dict[Theme, dict[str, Shade]]] = {
    "light": {
        "sky blue": Shade("#56B4E9", "#DCEFFA", "#0A5A88", "#14150F"),
        "bluish green": Shade("#009E73", "#D3EEE4", "#00614A", "#14150F"),
        "orange": Shade("#E69F00", "#FBEBC8", "#7A5200", "#14150F"),
        "yellow": Shade("#F0E442", "#FBF8CC", "#615A00", "#14150F"),
        "blue": Shade("#0072B2", "#D5E7F3", "#004D79", "#FFFFFF"),
        "reddish purple": Shade("#CC79A7", "#F5E3EC", "#8A3D66", "#14150F"),
    },
    "dark": {
        "sky blue": Shade("#56B4E9", "#17384C", "#A5DAF8", "#101108"),
        "bluish green": Shade("#13AE83", "#0E3C30", "#86E0C3", "#101108"),
        "orange": Shade("#E69F00", "#463308", "#FFD681", "#101108"),
        "yellow": Shade("#F0E442", "#403D0C", "#F6EE8C", "#101108"),
        "blue": Shade("#3C97D3", "#10314A", "#A0CFF0", "#101108"),
        "reddish purple": Shade("#CC79A7", "#462838", "#F0BAD6", "#101108"),
    },
}


def blend(ground: str, colour: str, share: float) -> str:
    """Return `share` (0 to 1) of `colour` laid over `ground`; all of them "#RRGGBB"."""
    pairs = ((int(ground[at : at + 2], 16), int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(under + (over - under) * share):02X}" for under, over in pairs)


@dataclass(frozen=True, slots=True)
class Owner:
    """How one container is drawn, the same in every picture.

    Attributes:
        path: of the container: "/bomb".
        name: the last part of the path; "root" for "/".
        letter: its mark in a cell; no two owners share one.
        hue: name of the hue, a key of `SHADES[theme]`.
        stripe: True from the second round of hues on: drawn with a diagonal stripe, and its mark has two letters.
    """

    path: str
    name: str
    letter: str
    hue: str
    stripe: bool

    def shade(self, theme: Theme) -> Shade:
        """Return the colours of this owner in `theme`."""
        return SHADES[theme][self.hue]

    def fill(self, theme: Theme, selected: str | None) -> str:
        """Return the colour of a cell: solid if its owner is selected, else the tint. Selection is saturation."""
        shade = self.shade(theme)
        return shade.solid if self.path == selected else shade.tint

    def mark(self, theme: Theme, selected: str | None) -> str:
        """Return the colour of a mark without a letter in it (a gauge, a line, a stream): at least 3:1 if solid.

        Not selected, it is half way to the canvas: a tint would be too faint for a thin mark.
        """
        solid = self.shade(theme).solid
        return solid if self.path == selected else blend(TOKENS[theme].canvas, solid, 0.55)


def name_of(path: str) -> str:
    """Return the last part of a container's path; the hierarchy's root is called "root"."""
    return path.rstrip("/").rpartition("/")[2] or "root"


def _free_letter(name: str, taken: set[str]) -> str:
    """First letter of the name, or the next free one of it, then the lowest free digit, then a number."""
    letters = [mark.upper() for mark in name if mark.isalnum()]
    digits = [str(number) for number in range(1, 10)]
    # Past nine clashes a mark of two figures is still better than two owners with one mark.
    spare = (str(number) for number in range(10, 10 + len(taken) + 1))
    return next(mark for mark in (*letters, *digits, *spare) if mark not in taken)


def _free_pair(name: str, taken: set[str]) -> str:
    """Return the first letter of the name with the next free one of it, then with a digit, then a number."""
    letters = [mark for mark in name if mark.isalnum()] or ["?"]
    first = letters[0].upper()
    pairs = [first + mark.lower() for mark in letters[1:]] + [f"{first}{digit}" for digit in range(10)]
    spare = (str(number) for number in range(10, 10 + len(taken) + 1))
    return next(mark for mark in (*pairs, *spare) if mark not in taken)


def _free_hue(name: str, owners: Mapping[str, Owner]) -> str:
    """Return the hue that a name asks for, if no owner has it, or the first that none has."""
    taken = {owner.hue for owner in owners.values()} | {ROOT_HUE}
    wanted = NAMED.get(name, "")
    return wanted if wanted and wanted not in taken else next(hue for hue in HUES if hue not in taken)


def assign_owners(paths: Iterable[str], known: Mapping[str, Owner] | None = None) -> dict[str, Owner]:
    """Give each container a letter and a hue, in the order of `paths`.

    Args:
        paths: of containers, in the order of their birth. Repeats are ignored.
        known: owners that keep what they have, so that a rmdir repaints nobody. A session passes its last answer.

    Returns:
        Owners by path, the known ones first. R and reddish purple are kept for the root, even if it is
        not among the paths: the root counts as one of the six owners that have a hue of their own and one letter. From the
        7th owner on, the 6th child of the root, the hues come again with a stripe, and the mark has two letters. A container
        that is called by a colour (NAMED) gets that one, if it is free.
    """
    owners = dict(known or {})
    taken = {owner.letter for owner in owners.values()} | {"R"}
    children = sum(path.strip("/") != "" for path in owners)
    for path in dict.fromkeys(paths):
        if path in owners:
            continue
        if not path.strip("/"):
            owners[path] = Owner(path, "root", "R", ROOT_HUE, stripe=False)
            continue
        name = name_of(path)
        # The root holds the plain reddish purple: the first round has five hues, each later one six.
        hue, stripe = (_free_hue(name, owners), False) if children < 5 else (HUES[(children - 5) % 6], True)
        letter = _free_pair(name, taken) if stripe else _free_letter(name, taken)
        taken.add(letter)
        owners[path] = Owner(path, name, letter, hue, stripe)
        children += 1
    return owners


@cache
def template(theme: Theme) -> go.layout.Template:
    """Return the Plotly template of one theme: no grid, no legend, no zoom, the lab's type and canvas.

    The canvas is opaque: Plotly counts a transparent one as dark and draws Sankey links nearly invisible.
    """
    tokens = TOKENS[theme]
    axis = {
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "fixedrange": True,
        "ticks": "",
        "tickfont": {"size": 11, "color": tokens.ink3},
        "color": tokens.ink2,
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": FONT_SIZE, "color": tokens.ink},
            "paper_bgcolor": tokens.canvas,
            "plot_bgcolor": tokens.canvas,
            "showlegend": False,
            "dragmode": False,
            "hovermode": "closest",
            "colorway": [SHADES[theme][hue].solid for hue in HUES],
            "hoverlabel": {
                "bgcolor": tokens.raised,
                "bordercolor": tokens.line2,
                "font": {"family": FONT, "size": 12, "color": tokens.ink},
            },
            "xaxis": axis,
            "yaxis": axis,
            "annotationdefaults": {"showarrow": False, "font": {"size": FONT_SIZE}},
        }
    )


__all__ = [
    "FONT",
    "HUES",
    "SHADES",
    "TOKENS",
    "Owner",
    "Shade",
    "Theme",
    "Tokens",
    "assign_owners",
    "blend",
    "name_of",
    "template",
]

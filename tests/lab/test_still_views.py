"""The still pictures of the small widgets: what their shapes and letters say is what the machine's records say."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from xml.etree import ElementTree

import pytest

from kmemlab import Lab, Session
from kmemlab.figures.palette import SHADES, TOKENS, Shade
from kmemlab.lab import BuddyView, ChargePath, ContainerView, FlowView, SlabView, Timeline
from kmemlab.lab.still import HUE_NAMES, MIME
from kmemlab.lab.still_slabs import ALONE
from kmemlab.lab.still_views import view_still
from kmemlab.scenarios import play

from .test_still import SVG, bundle, cells_of, parsed, words

MOST_CHARACTERS = 60_000  # of a picture with as many slabs as are drawn, each cell another owner's
LIGHT = TOKENS["light"]


def records(session: Session, name: str) -> list[dict[str, Any]]:
    return [row.to_dict() for row in session.records(name)]


@pytest.fixture
def bomb() -> Session:
    session = play("fd-bomb")
    session.seek(next(row["n"] for row in records(session, "events") if row["kind"] == "refused"))
    return session


def drawn(view: Lab) -> ElementTree.Element:
    text = bundle(view)[MIME]
    assert len(text) < MOST_CHARACTERS
    return parsed(text)


def closed(root: ElementTree.Element) -> Counter[tuple[str, str]]:
    """How many closed boxes of a fill there are in paths: cells, and slots of the array under them."""
    found: Counter[tuple[str, str]] = Counter()
    for path in root.iter(f"{SVG}path"):
        for width, height in re.findall(r"h([\d.]+)v([\d.]+)h-[\d.]+z", path.attrib["d"]):
            found[path.attrib["fill"], "cell" if width == height else "slot"] += 1
    return found


def shade_of(frame: dict[str, Any], name: str) -> Shade:
    return SHADES["light"][HUE_NAMES[next(each["hue"] for each in frame["containers"] if each["name"] == name)]]


def wanted_cells(session: Session, letters: dict[int, str]) -> dict[str, list[str]]:
    """The marks of each slab of filp by its label, from the state of the machine alone."""
    filp = next(each for each in session.machine.state()["caches"] if each["name"] == "filp")
    held = {cpu[0]: (place, cpu[1]) for place, cpu in enumerate(filp["cpus"]) if cpu}
    wanted = {}
    for slab in filp["slabs"]:
        number, chain = slab["number"], held.get(slab["number"], (0, []))[1]
        place = filp["partial"].index(number) + 1 if number in filp["partial"] else 0
        label = f"cpu {held[number][0]}" if number in held else f"{place}." if place else str(number)
        free = {cell: str(turn) for turn, cell in enumerate(chain, 1)}
        free |= {cell: f"({turn})" if number in held else str(turn) for turn, cell in enumerate(slab["free"], 1 + len(chain))}
        owners = slab.get("owners", [-1] * 16)
        wanted[label] = [free.get(cell, letters.get(owner, "–")) for cell, owner in enumerate(owners)]
    return wanted


@pytest.mark.parametrize("name", ["fd-bomb", "quiet", "off"])
def test_each_cell_of_a_slab_view_is_its_owners_or_has_its_turn(name: str) -> None:
    session = play(name)
    slabs = 0
    for tenth in range(11):
        session.seek(session.length * tenth // 10)
        view = SlabView(session)
        if view._sent.get("mark", {}).get("kind") == "taken":
            continue  # drawn before it goes back, and the state is that after it
        root = drawn(view)
        found = cells_of(root, ALONE)
        ruler = found.pop("cell", None)
        wanted = wanted_cells(session, {each["id"]: each["letter"] for each in view._sent["containers"]})
        full = sorted((label for label in wanted if label.isdecimal()), key=int)
        for label in full[ALONE.most :]:
            del wanted[label]
        assert found == wanted, (name, tenth)
        assert ruler == (list("0123456789abcdef") if wanted else None)
        left = [each for each in words(root) if re.match("and .* more", each)]
        assert left == [] if len(full) <= ALONE.most else left[0].startswith(f"and {len(full) - ALONE.most} more, ")
        slabs += len(found)
    assert slabs > 1


def test_the_selected_containers_cells_are_solid_and_the_array_under_them_too(bomb: Session) -> None:
    view = SlabView(bomb, select="bomb")
    solid = shade_of(view._sent, "bomb").solid
    rows = records(bomb, "slabs")
    full = sorted(row["number"] for row in rows if row["where"] == "full")
    owned = Counter(path for row in rows if row["number"] not in full[ALONE.most :] for path in row["owners"])
    boxes = closed(drawn(view))
    assert boxes[solid, "cell"] == boxes[solid, "slot"] == owned["/bomb"] > 16
    assert boxes[shade_of(view._sent, "web").tint, "cell"] == owned["/web"]
    assert boxes[LIGHT.refused_tint, "cell"] == 1
    told = words(drawn(view))
    assert any(each.endswith(" · 1 is the next free slot, then 2, 3, … · thin strip: the owner array") for each in told)
    assert any(each.startswith("B bomb · ") or " · B bomb · " in each for each in told)


def test_full_slabs_that_have_no_room_are_counted_with_their_owners() -> None:
    session = play("fd-bomb-free")
    view = SlabView(session)
    full = [row for row in records(session, "slabs") if row["where"] == "full"]
    rows = sorted(full, key=lambda row: int(row["number"]))[ALONE.most :]
    whose = Counter(path for row in rows for path in row["owners"])
    (path, count), total = whose.most_common(1)[0], whose.total()
    name = (path or "nobody's").strip("/")
    wanted = f"all {name}" if count == total else f"{count:,} of {total:,} objects {name}"
    assert f"and {len(rows):,} more, {wanted}" in words(drawn(view))


@pytest.mark.parametrize("select", [None, "bomb"])
def test_each_containers_gauge_is_as_long_as_its_usage(bomb: Session, select: str | None) -> None:
    view = ContainerView(bomb, select=select)
    root = drawn(view)
    rows = records(bomb, "containers")
    scale = max(max(row["usage"], row["limit"] or 0) for row in rows)
    boxes = [{name: each.attrib[name] for name in ("x", "width", "fill")} for each in root.iter(f"{SVG}rect")
             if each.attrib["height"] == "7"]  # fmt: skip
    assert len(boxes) == 2 * len(rows) > 4
    shown = words(root)
    for row, track, filled in zip(rows, boxes[::2], boxes[1::2], strict=True):
        name = row["path"].strip("/") or "root"
        reach = row["limit"] / scale if row["limit"] is not None else 1.0
        assert track["fill"] == LIGHT.line
        assert track["x"] == filled["x"]
        assert float(filled["width"]) * reach * scale == pytest.approx(float(track["width"]) * row["usage"], rel=1e-3)
        assert (filled["fill"] == shade_of(view._sent, name).solid) == (name == select)
        limit = "no limit" if row["limit"] is None else f"of {row['limit']:,}"
        assert f"{row['usage']:,} {limit}" in shown
        assert name in shown
    assert any(each.endswith("failcnt 0 → 1") for each in shown)


def test_a_path_turns_back_where_it_was_refused_and_undoes_what_was_done(bomb: Session) -> None:
    view = ChargePath(bomb)
    root = drawn(view)
    steps = view._sent["path"]["nodes"]
    dots = [each.attrib for each in root.iter(f"{SVG}circle")]
    shown = words(root)
    assert len(dots) == len(steps) > 8
    names = [each["fn"] for each in steps]
    assert [each for each in shown if each in names] == names
    assert shown[0] == "Refused. bomb has 192 bytes left and this file needs 256."
    assert "40,768 + 256 > 40,960" in shown
    (refused,) = [each for each in dots if each["r"] == "9"]
    assert refused["fill"] == LIGHT.refused
    undone = [each for each in dots if each["cy"] != refused["cy"]]
    assert len(undone) == sum(each["lane"] == "unwind" for each in steps) >= 3
    assert all(float(each["cx"]) < float(refused["cx"]) for each in undone)


@pytest.mark.parametrize("kind", [SlabView, ContainerView, ChargePath, FlowView, BuddyView, Timeline])
def test_whoever_cannot_see_the_picture_reads_its_twin(bomb: Session, kind: type[Lab]) -> None:
    view = kind(bomb)
    kept, twin = bundle(view), view._sent["twin"]
    assert twin.count("\n") > 2
    assert kept["text/plain"] == f"{view!r}\n{twin}"
    label = parsed(kept[MIME]).attrib["aria-label"]
    assert label.startswith(view._sent["sentence"])
    if kind in (SlabView, ContainerView, ChargePath):
        assert label == f"{view._sent['sentence']}\n{twin}"
    else:
        assert words(parsed(kept[MIME]))[1:] == twin.splitlines()


@pytest.mark.parametrize("kind", [SlabView, ContainerView, ChargePath])
def test_before_anything_has_happened_there_is_a_picture_or_words(kind: type[Lab]) -> None:
    view = kind(Session(memory="1M"))
    assert words(drawn(view))[0] == view._sent["sentence"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_largest_machine_is_a_small_picture(theme: str) -> None:
    session = Session(memory="64M", cpus=8)
    session.run("mount -t container -o kmem none /containers", "echo 1 > /sys/slab/filp/cache_account")
    for number in range(40):
        session.run(f"mkdir /containers/team{number}", "fork 1", f"echo {number + 2} > /containers/team{number}/tasks")
    for turn in range(12):
        for number in range(40):
            session.run(f"as {number + 2}@{number % 8} open 3", *([f"as {number + 2} close {turn}"] if turn % 2 else []))
    for view in (SlabView(session), ContainerView(session, select="team39"), SlabView(session, cache="kmalloc-8")):
        text = view_still(view._sent, theme)
        assert len(text) < MOST_CHARACTERS
        parsed(text)
    assert "team39" in words(parsed(view_still(ContainerView(session, select="team39")._sent)))


def test_behind_a_lessons_curtain_the_picture_has_its_words_only(bomb: Session) -> None:
    told = "This picture opens when prediction 02.3 is answered."
    frame = {"position": 1, "length": 2, "sentence": told, "curtain": {"number": "02.3", "words": told}}
    assert words(parsed(view_still(frame))) == [told]

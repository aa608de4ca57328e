"""The picture that a saved notebook keeps: small, well-formed, and with the machine's numbers in it."""

from __future__ import annotations

import re
import warnings
from typing import Any
from xml.etree import ElementTree

import pytest

from kmemlab import Lab, Session
from kmemlab.lab import Picture
from kmemlab.lab.controller import Controller
from kmemlab.lab.still import MIME, still
from kmemlab.lab.still_slabs import BESIDE, Places
from kmemlab.scenarios import SCENARIOS, play

MOST_BYTES = 100_000
# What is left of an SVG when GitHub has taken out what it does not trust is what these say.
PLAIN = {"svg", "rect", "path", "circle", "text", "tspan"}
UNLIMITED = 2**63 - 1
SVG = "{http://www.w3.org/2000/svg}"


def parsed(drawn: str) -> ElementTree.Element:
    assert len(drawn.encode()) < MOST_BYTES
    root = ElementTree.fromstring(drawn)
    for element in root.iter():
        assert element.tag.removeprefix("{http://www.w3.org/2000/svg}") in PLAIN
        for name, value in element.attrib.items():
            assert name not in ("style", "class", "id", "href"), name
            assert "url(" not in value
            assert not name.startswith("on")
    ground = root[0]
    assert ground.attrib["width"] == root.attrib["width"], "the page behind it may be white or dark"
    assert ground.attrib["height"] == root.attrib["height"]
    assert re.fullmatch("#[0-9A-F]{6}", ground.attrib["fill"])
    return root


def words(root: ElementTree.Element) -> list[str]:
    return [" ".join(element.itertext()) for element in root.iter() if element.tag.endswith("}text")]


def bundle(shown: Lab | Picture) -> dict[str, Any]:
    made = shown._repr_mimebundle_()
    assert made is not None
    return made[0]


def first_refusal(name: str) -> Session:
    session = play(name)
    controller = Controller(session)
    controller.do({"action": "first"})
    controller.do({"action": "mark", "by": 1})
    return session


def test_at_the_first_refusal_the_picture_has_the_machines_numbers_and_the_labs_sentence() -> None:
    session = first_refusal("fd-bomb")
    lab = Lab(session)
    shown = words(parsed(bundle(lab)[MIME]))
    assert shown[0] == "Refused. bomb has 192 bytes left and this file needs 256."
    state = session.machine.state()
    rows = state["containers"]["hierarchies"][0]["containers"]
    assert len(rows) == 4
    for row in rows:
        limit = row["kmem"]["limit"]
        assert f"{row['kmem']['usage']:,} " + ("no limit" if limit == UNLIMITED else f"of {limit:,}") in shown
        tasks = len(row["tasks"])
        failcnt = "failcnt 0 → 1" if row["path"] == "/bomb" else f"failcnt {row['kmem']['failcnt']}"
        assert any(each.startswith(f"{tasks} task") and each.endswith(failcnt) for each in shown), row["path"]
    assert "40,768 + 256 > 40,960" in shown
    filp = next(each for each in state["caches"] if each["name"] == "filp")
    for slab in filp["slabs"]:
        cpu = next((place for place, held in enumerate(filp["cpus"]) if held and held[0] == slab["number"]), None)
        if cpu is not None:
            assert f"cpu {cpu}" in shown
            assert any(each.startswith(f"{slab['number']} · ") for each in shown)


def test_one_reference_is_not_many_and_a_full_list_that_is_kept_is_said_to_be() -> None:
    session = Session(off="full-list")
    session.run(
        "mount -t container -o kmem none /containers", "mkdir /containers/blue", "echo 0 > /containers/blue/tasks", "open 40"
    )
    told = words(parsed(still(Controller(session).frame())))
    assert "1 ref" in " ".join(told) and "1 refs" not in " ".join(told)
    assert "2 slabs, on a list" in told


def test_the_live_widget_stands_beside_its_picture_in_one_output() -> None:
    session = first_refusal("fd-bomb")
    for shown in (Lab(session), Picture(session, "flow")):
        kept = bundle(shown)
        assert set(kept) == {"text/plain", "application/vnd.jupyter.widget-view+json", MIME}
        parsed(kept[MIME])


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_scenario_is_drawn_at_every_tenth_of_its_way(name: str, theme: str) -> None:
    session = play(name)
    controller = Controller(session)
    for tenth in range(11):
        controller.do({"action": "seek", "n": session.length * tenth // 10})
        frame = controller.frame()
        assert words(parsed(still(frame, theme)))[0] == (frame["sentence"] or "Nothing has happened yet.")


def test_a_hundred_thousand_objects_are_a_small_picture_too() -> None:
    session = Session(memory="256M", cpus=2)
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/a", "fork 1")
    session.run("echo 1 > /sys/slab/filp/cache_account", "echo 2 > /containers/a/tasks", "as 2 open 100000")
    session.run("as 2 close " + " ".join(str(fd) for fd in range(0, 4000, 3)))
    shown = words(parsed(bundle(Lab(session))[MIME]))
    assert any(each.startswith("and ") and each.endswith(" more") for each in shown), "what has no room is counted"
    usage = session.records("containers")[1].to_dict()["usage"]
    assert f"{usage:,} no limit" in shown


def test_a_page_of_512_objects_and_forty_containers_have_room() -> None:
    session = Session(memory="4M", cpus=8)
    session.run("mount -t container -o kmem none /containers", "echo 1 > /sys/slab/filp/cache_account")
    for number in range(40):
        session.run(f"mkdir /containers/team{number}", "fork 1", f"echo {number + 2} > /containers/team{number}/tasks")
        session.run(f"as {number + 2}@{number % 8} open 9")
    lab = Lab(session)
    lab.controller.do({"action": "select", "id": 40})
    shown = words(parsed(still(lab.controller.frame())))
    assert "and 32 more" in shown
    assert "team39" in shown, "the selected container is never left out"
    for cache in lab.session.machine.slub.caches:
        lab.controller.do({"action": "cache", "name": cache.name})
        parsed(still(lab.controller.frame()))


@pytest.mark.parametrize("name", ["<b>&'\"", "]]>", "a" * 200, "ünï→", "\u202eevil", "x\x01y", "x\x7fy\x9f"])
def test_a_hostile_name_is_a_name(name: str) -> None:
    session = Session(memory="1M")
    session.run("mount -t container -o kmem none /containers")
    session.run("mkdir /containers/plain")
    frame = Controller(session).frame()
    for row in frame["containers"]:
        row["name"] = row["name"] if row["name"] == "root" else name
    frame["sentence"] = name
    frame["scenario"]["title"] = name
    shown = words(parsed(still(frame)))
    assert any(each.startswith(re.sub("[\x00-\x08]", "�", name)[:8]) for each in shown)


def test_a_picture_that_cannot_be_drawn_takes_nothing_else_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(Session(memory="1M"))
    monkeypatch.setattr("kmemlab.lab.widget.still", lambda frame: frame["nothing"])
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        kept = bundle(lab)
    assert set(kept) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert len(told) == 1
    assert "KeyError: 'nothing'" in str(told[0].message)


def cells_of(root: ElementTree.Element, at: Places = BESIDE) -> dict[str, list[str]]:
    """The marks of each slab as they stand in the picture, from left to right, by the label that stands on their line."""
    lines: dict[tuple[float, bool], dict[float, str]] = {}
    labels: dict[tuple[float, bool], str] = {}
    for element in root.iter(f"{SVG}text"):
        marks = "".join(element.itertext())
        x = element.attrib.get("x", "")
        if element.attrib.get("text-anchor") == "middle":
            spans = [(float(span.attrib["x"]), span.text or "") for span in element.iter(f"{SVG}tspan")]
            for place, mark in spans or zip(map(float, x.split()), marks, strict=True):
                lines.setdefault((float(element.attrib["y"]), place >= at.full), {})[place] = mark
        elif float(x) >= at.lists:
            labels[float(element.attrib["y"]), float(x) >= at.full] = marks
    return {labels[line]: [mark for _, mark in sorted(at.items())] for line, at in lines.items() if line in labels}


def test_each_cell_has_the_letter_of_its_owner_and_the_place_in_the_freelist_that_the_machine_has() -> None:
    session = first_refusal("fd-bomb")
    lab = Lab(session)
    drawn = cells_of(parsed(bundle(lab)[MIME]))
    letters = {each["id"]: each["letter"] for each in lab._whole()["containers"]}
    filp = next(each for each in session.machine.state()["caches"] if each["name"] == "filp")
    held = {cpu[0]: (place, cpu[1]) for place, cpu in enumerate(filp["cpus"]) if cpu}
    compared = 0
    for slab in filp["slabs"]:
        number = slab["number"]
        if number in held:
            label, on_cpu = f"cpu {held[number][0]}", held[number][1]
        elif number in filp["partial"]:
            label, on_cpu = f"{filp['partial'].index(number) + 1}.", []
        else:
            label, on_cpu = str(number), []
        free = {cell: str(turn) for turn, cell in enumerate(on_cpu, 1)}
        free |= {cell: f"({turn})" if on_cpu else str(turn) for turn, cell in enumerate(slab["free"], 1 + len(on_cpu))}
        owners = slab.get("owners", [-1] * 16)
        wanted = [free.get(cell, letters.get(owner, "–")) for cell, owner in enumerate(owners)]
        mark = lab._whole()["mark"]
        if mark["slab"] == number:
            # The machine stands after the event, the picture at the refusal: the object is out and goes to the head later.
            assert drawn[label][mark["slot"]] == "✕"
            compared += 1
        elif label in drawn:
            assert drawn[label] == wanted, label
            compared += 1
    assert compared == len(filp["slabs"])

"""Knobs: each is driven by setting its `.value`, and what its handler raises is shown."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import ipywidgets
import pytest

from kmemlab import Session
from kmemlab.engine.errors import KernelError, invalid
from kmemlab.lab import Knob, SlabView, cpus_knob, era_knob, knob_row, limit_knob, size_knob


@pytest.fixture
def session() -> Session:
    session = Session(memory="2M", cpus=2)
    session.run(
        "mount -t container -o kmem none /containers",
        "mkdir /containers/blue",
        "echo -n 1024 > /containers/blue/kmem.limit",
        "echo 1 > /sys/slab/filp/cache_account",
        "fork",
        "echo 2 > /containers/blue/tasks",
        "as 2@1 open 9",
    )
    return session


def blue(session: Session) -> dict[str, Any]:
    return next(row.to_dict() for row in session.records("containers") if row.to_dict()["path"] == "/blue")


def test_the_limit_slider_tells_the_story_again_with_another_limit(session: Session) -> None:
    view = SlabView(session)
    knob = limit_knob(session, "blue")
    assert (knob.control.value, knob.control.max, knob.control.step) == (1024, 4096, 256)
    assert (blue(session)["usage"], blue(session)["failcnt"]) == (1024, 5)
    knob.control.value = 2048
    assert (blue(session)["limit"], blue(session)["usage"], blue(session)["failcnt"]) == (2048, 2048, 1)
    assert (knob.said, knob.error, knob.good) == ("", None, 2048)
    assert view.controller.session is session
    assert view.controller.look.step == len(session.records("steps"))
    session.machine.check()


def test_the_position_stays_when_the_story_is_told_again(session: Session) -> None:
    session.seek(7)
    limit_knob(session, "/blue", most=8192).control.value = 4096
    assert (session.position, blue(session)["limit"]) == (7, 4096)


def test_cpus_end_where_the_story_names_one_and_the_era_is_one_of_the_modelled(session: Session) -> None:
    cpus = cpus_knob(session)
    assert (cpus.control.min, cpus.control.value, cpus.control.max) == (2, 2, 4)
    cpus.control.value = 4
    assert session.machine.profile.cpus == 4
    assert len(session.machine.find_cache("filp").cpu_slab) == 4
    era = era_knob(session)
    era.control.value = "2.6.23"
    assert (session.machine.profile.slub, session.machine.profile.cpus) == ("2.6.23", 4)
    session.machine.check()


def test_the_size_slider_shows_the_cache_of_that_size_in_every_view(session: Session) -> None:
    one, two, other = SlabView(session), SlabView(session), SlabView(Session(memory="1M"))
    state = session.machine.state_hash()
    knob = size_knob(session)
    sizes = [label for label, _ in knob.control.options]
    assert sizes == sorted(sizes, key=lambda label: int(label.split()[0].replace(",", "")))
    knob.control.value = "sighand_cache"
    assert one.controller.frame()["cache"]["name"] == two.controller.frame()["cache"]["name"] == "sighand_cache"
    assert other.controller.frame()["cache"]["name"] == "filp"
    assert session.machine.state_hash() == state


def test_what_a_handler_raises_is_shown_and_the_control_goes_back(session: Session) -> None:
    def handler(value: int) -> None:
        session.run("as 2 open 1")
        session.seek(3)
        if value > 5:
            raise ValueError(f"<b>{value}</b> is too many")

    knob = Knob(ipywidgets.IntSlider(1, 0, 20), handler, session)
    knob.control.value = 5
    good, at = session.machine.state_hash(), session.position
    commands = list(session.commands)
    knob.control.value = 9
    assert knob.control.value == knob.good == 5
    assert knob.said == "ValueError: <b>9</b> is too many"
    assert isinstance(knob.error, ValueError)
    shown = knob._words.value
    assert "&lt;b&gt;9&lt;/b&gt; is too many" in shown
    assert "<b>" not in shown
    assert "<details>" in shown
    assert "Traceback" in shown
    assert "in handler" in shown
    assert knob._words.layout.display == ""
    assert (session.machine.state_hash(), session.position, session.commands) == (good, at, commands)
    knob.control.value = 4
    assert [knob.said, knob._words.value, knob.error, knob.good] == ["", "", None, 4]


def test_a_refused_command_counts_as_a_failure_in_the_shells_words(session: Session) -> None:
    before = session.machine.state_hash()
    knob = Knob(
        ipywidgets.Dropdown(options=["filp", "kmalloc-256"]),
        lambda name: session.run("open 1", f"echo 1 > /sys/slab/{name}/cache_account"),
        session,
    )
    knob.control.value = "kmalloc-256"
    assert knob.control.value == "filp"
    assert knob.said.startswith("sh: write error: Invalid argument. ")
    assert session.machine.state_hash() == before


def test_kmemlabs_own_errors_bring_their_sentence(session: Session) -> None:
    def handler(_: bool) -> None:
        raise invalid("choose a smaller one")

    knob = Knob(ipywidgets.Checkbox(value=False), handler)
    knob.control.value = True
    assert (knob.control.value, knob.said) == (False, "choose a smaller one")


def test_what_a_handler_says_is_shown_quietly(session: Session) -> None:
    knob = Knob(ipywidgets.IntText(1), lambda value: f"{value} it is")
    knob.control.value = 3
    assert knob.said == "3 it is"
    assert 'role="status"' in knob._words.value
    assert "<details>" not in knob._words.value


def test_a_row_has_the_knobs_that_were_asked_for(session: Session) -> None:
    row = knob_row(session, limit="blue", era=True, size=True)
    assert [knob.control.description for knob in row.children] == ["blue's limit", "SLUB of", "object size"]
    assert len(knob_row(session, limit=["blue", "root"], cpus=True).children) == 3
    with pytest.raises(KernelError, match="no container 'green'"):
        knob_row(session, limit="green")


def test_importing_kmemlab_or_its_lab_loads_no_ipywidgets() -> None:
    program = "import kmemlab, kmemlab.lab, sys; print('ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"

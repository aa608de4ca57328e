"""Five machines, one workload: who pays for making off possible is counted, the same every time."""

from __future__ import annotations

import json

import pytest

from kmemlab.cli.main import main
from kmemlab.engine.events import KINDS
from kmemlab.engine.machine import Machine
from kmemlab.engine.off import DESIGNS, WORKING
from kmemlab.records import ContainerRow, EventRow
from kmemlab.scenarios import play
from kmemlab.turning_off import kept_bytes, measure, off_lines, off_row, with_designs
from kmemlab.variants import variant

ROWS = {design: measure(design) for design in DESIGNS}


def test_only_the_letters_rule_refuses() -> None:
    assert {design: refused for design, (_, refused) in ROWS.items()} == {"empty": "EBUSY", **dict.fromkeys(WORKING, "")}


def test_a_walk_looks_at_every_page_record_of_the_machine_to_find_four_slabs() -> None:
    row = ROWS["walk"][0]
    assert (row.visited, row.found, row.kept, row.list_ops, row.compares) == ((1 << 30) // 4096, 4, 0, 0, 0)
    assert ROWS["charged-list"][0].visited == ROWS["full-list"][0].visited == 4


def test_drain_answers_with_its_first_event_and_is_done_with_the_last_free() -> None:
    row = ROWS["drain"][0]
    assert row.asked + 1 == row.answered < row.done  # the cpu holds a slab without objects: its array goes at once
    for design in ("full-list", "walk", "charged-list"):
        other = ROWS[design][0]
        assert other.asked == row.asked
        assert other.answered == other.done == row.asked + 40 + 4  # an event an object, one an array
        assert other.uncharged == 40


def test_drain_compares_once_an_alloc_and_once_a_free_until_it_is_done() -> None:
    assert ROWS["drain"][0].compares == 80 + 40 + 40


def test_what_is_kept_is_heads_and_what_the_arrays_grow_by() -> None:
    caches = len(Machine(memory="1M").slub.caches)
    assert ROWS["full-list"][0].kept == 16 * caches
    assert ROWS["charged-list"][0].kept == ROWS["drain"][0].kept == 16 * caches + 4 * (192 - 128)
    assert kept_bytes(Machine(memory="1M")) == 0


def test_the_command_prints_the_table_and_the_same_bytes_each_time(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for _ in range(2):
        assert main(["off"]) == 0
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert printed[0].splitlines()[: len(DESIGNS) + 1] == off_lines([ROWS[design] for design in DESIGNS])
    assert printed[0].splitlines()[-1].endswith("off: 5 designs, 40 files open, EBUSY by the letter")
    assert main(["off", "--json", "--files", "5", "--memory", "1M"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["design"] for each in told["designs"]] == list(DESIGNS)
    assert [each["visited"] for each in told["designs"]] == [0, 1, 256, 1, 1]


@pytest.mark.parametrize("arguments", [["--files", "0"], ["--files", "10001"], ["--memory", "5"]])
def test_what_cannot_be_measured_is_one_line_and_exit_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["off", *arguments]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_scenario_ends_in_the_refusal_and_goes_through_with_each_design() -> None:
    session = play("off")
    assert session.results[-1].errno == 16 and "40 objects in use" in session.results[-1].hint
    before = session.machine.state_hash()
    for made in with_designs(session):
        design = made.machine.profile.off
        assert (made.results[-1].errno != 0) == (design == "empty")
        row = off_row(made.machine)
        assert (row.done == -1) == (design == "drain") and row.design == design
        usage = {each.path: each.usage for each in made.records("containers") if isinstance(each, ContainerRow)}
        assert (usage["/web"] + usage["/db"] > 40 * 256) == (design in ("empty", "drain"))
        for n in range(made.length, made.length - 60, -1):
            made.seek(n)
            made.machine.check()
    assert session.machine.state_hash() != before or session.position < session.length


def test_the_usage_line_of_a_design_falls_when_off_pays_back() -> None:
    made = variant(play("off"), off="walk")
    rows = [row for row in made.records("events") if isinstance(row, EventRow)]
    assert sum(row.kind == "uncharged" for row in rows) == 40 and "uncharged" in KINDS
    paid = sum(row.bytes for row in rows if row.kind == "uncharged")
    assert paid == 40 * 256

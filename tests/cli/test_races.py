"""`kmemlab races` as a stranger meets it."""

from __future__ import annotations

import re

import pytest

from kmemlab.races.bugs import BUGS

from .test_contracts import as_json, kmemlab, one_line

LAST = re.compile(r"races: \d+ tasks?, \d+ steps?, [\d,]+ schedules?, [\d,]+ states?, ([\d,]+) violations?")


def last_line(text: str) -> str:
    """The number of violations in the last line."""
    found = LAST.fullmatch(text.splitlines()[-1])
    assert found
    return found[1]


def test_v3_is_clean_and_v2_tells_a_story() -> None:
    clean, wrong = kmemlab("races"), kmemlab("races", "--version", "v2")
    assert (clean.returncode, last_line(clean.stdout)) == (0, "0")
    assert (wrong.returncode, wrong.stderr) == (0, "")
    assert int(last_line(wrong.stdout).replace(",", "")) > 0
    assert "  11  charge        css_get               use of a freed container: css_get on /a\n" in wrong.stdout


def test_a_machines_patchset_says_which_charge_is_tried() -> None:
    tasks = ("--tasks", "charge,attach+rmdir")
    found = {
        name: kmemlab("races", "--patchset", name, *tasks) for name in ("v1", "v2", "v3", "v3,bare-assign", "v1,no-bare-assign")
    }
    assert [ran.returncode for ran in found.values()] == [0] * 5
    assert [last_line(ran.stdout) for ran in found.values()] == ["4", "0", "0", "4", "0"]
    assert found["v2"].stdout.startswith("patchset v2, the lookup is in an RCU read section")
    before = as_json("races", "--version", "v2", *tasks)
    after = as_json("races", "--patchset", "v1", *tasks)
    assert {**before, "seconds": 0} == {**after, "seconds": 0}


@pytest.mark.parametrize("options", [("--version", "v2"), ("--bug", "no-rcu")], ids=" ".join)
def test_a_patchset_and_another_way_to_say_it_are_too_much(options: tuple[str, str]) -> None:
    ran = kmemlab("races", "--patchset", "v1", *options)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "--patchset" in one_line(ran)


def test_v2_without_a_race_is_clean_too() -> None:
    ran = kmemlab("races", "--version", "v2", "--tasks", "charge,free,off")
    assert (ran.returncode, last_line(ran.stdout)) == (0, "0")


def test_every_bug_is_found_and_a_line_each() -> None:
    ran = kmemlab("races", "--bug", "all")
    *lines, last = ran.stdout.splitlines()
    assert ran.returncode == 0
    assert [line.split()[0] for line in lines] == list(BUGS)
    assert last == f"races: {len(BUGS)} bugs planted, {len(BUGS)} found"


def test_exit_1_where_a_planted_bug_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from kmemlab.cli.main import main
    from kmemlab.races.bugs import PLANTED, Bug
    from kmemlab.races.versions import V2, V3, scene

    monkeypatch.setitem(BUGS, "no-rcu", Bug("no-rcu", "None.", scene(V3)))
    assert main(["races", "--bug", "no-rcu"]) == 1
    monkeypatch.setattr("kmemlab.cli.races.PLANTED", (*PLANTED, BUGS["no-rcu"]))
    assert main(["races", "--bug", "all"]) == 1
    monkeypatch.setattr("kmemlab.cli.races.scene", lambda version, tasks, off: scene(V2, tasks))
    assert main(["races"]) == 1


def test_json_has_counts_and_stories() -> None:
    told = as_json("races", "--bug", "no-wait")
    assert (told["bug"], told["version"], told["expected"]) == ("no-wait", "v3", True)
    assert told["violations"] == sum(fault["schedules"] for fault in told["faults"]) > 0
    assert told["tasks"] == ["charge", "attach + rmdir"]
    assert all(len(step) == 3 for fault in told["faults"] for step in fault["story"])
    whole, less = as_json("races"), as_json("races", "--reduce")
    assert whole["faults"] == less["faults"] == []
    assert less["transitions"] < whole["transitions"]
    assert as_json("races", "--bug", "all")["missed"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tasks", "charge,<b>"], "There is no operation '<b>'"),
        (["--tasks", ""], "There is no operation ''"),
        (["--tasks", ",".join(["charge"] * 5)], "5 operations: take one to 4"),
        (["--bug", "no-wait", "--version", "v2"], "leave --tasks and --version out"),
        (["--bug", "all", "--tasks", "charge"], "leave --tasks and --version out"),
    ],
    ids=str,
)
def test_what_does_not_go_is_one_line_and_exit_2(arguments: list[str], words: str) -> None:
    assert words in one_line(kmemlab("races", *arguments))


def test_help_says_what_the_exit_status_means() -> None:
    told = kmemlab("races", "--help").stdout
    assert "Exit 0 if v3 is clean" in told
    assert all(name in re.sub(r"-\n +", "-", told) for name in BUGS)

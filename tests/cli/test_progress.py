"""`kmemlab progress`: what a learner's file claims is checked again here, and a claim alone is worth nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kmemlab import Session
from kmemlab.cli.main import main
from kmemlab.lessons import check, lesson_08, own_number, predict
from kmemlab.lessons.lesson_02 import machine
from kmemlab.lessons.table import Values


def reachable(cache: Any) -> int:
    return sum(slab.live for slab in cache.cpu_slabs + cache.partial)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ada.json"
    monkeypatch.setenv("KMEMLAB_PROGRESS", str(path))
    check("02.5", ["2:1", "2:3", "2:5", "2:8"])
    check("02.5", ["2:3", "2:5", "2:1", "2:8"])
    check("02.6", ["0:3", "1:4", "2:5", "2:6", "5:1"])
    check("02.8", reachable)
    session = Session(slub="2.6.24", cpus=1, boot="slub_nomerge", seed=7)
    session.run("open 40", "close 7 20")
    check("02.9", session)
    return path


def states(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    assert main(["progress", "--json", *arguments]) == 0
    answers = json.loads(capsys.readouterr().out)["answers"]
    return {each["number"]: each["state"] for each in answers}


def test_every_answer_is_checked_again_and_a_function_is_not_run(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["progress", str(kept)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[1:4] == ["02.5", "right", "2"]
    assert lines[-1] == "progress: 1 file, 4 answers, 2 right, 1 not run (code: run the notebooks)"
    assert states(capsys) == {"02.5": "right", "02.6": "not yet", "02.8": "not run", "02.9": "right"}, "by default one's own"


@pytest.mark.parametrize(("claim", "said"), [(True, "right"), (False, "not right yet")])
def test_code_is_neither_right_nor_wrong_whatever_the_file_claims(
    kept: Path, capsys: pytest.CaptureFixture[str], claim: bool, said: str
) -> None:
    saved = json.loads(kept.read_text())
    saved["checked"]["02.8"]["right"] = claim
    kept.write_text(json.dumps(saved))
    assert main(["progress", str(kept)]) == 0
    (row,) = [line for line in capsys.readouterr().out.splitlines() if " 02.8 " in line]
    assert " not run " in row
    assert row.endswith(f"Not checked here: its code is not run. The file says {said}; run the notebook to see.")


def test_a_claim_alone_is_worth_nothing(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = json.loads(kept.read_text())
    saved["checked"]["02.6"]["right"] = True
    saved["checked"]["02.9"]["session"] = machine("open 40").to_dict()
    kept.write_text(json.dumps(saved))
    found = states(capsys, str(kept))
    assert found["02.6"] == found["02.9"] == "not yet"


def test_a_session_of_another_seed_does_not_count(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert states(capsys, str(kept), "--seed", "7")["02.9"] == "right"
    assert states(capsys, str(kept), "--seed", "8")["02.9"] == "other seed"


def test_two_seeds_have_two_numbers_and_both_are_graded_from_their_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The seed is the session's, in the file: nobody has to say whose is whose, and the neighbour's number is not right."""
    own = Values(lambda case: own_number(case.number, case.seed, 1, 1000), "Yours is another number.", session="mine")
    monkeypatch.setitem(lesson_08.TABLE, "08.99", own)
    numbers = {"ada": own_number("08.99", 7, 1, 1000), "bob": own_number("08.99", 8, 1, 1000)}
    assert len(set(numbers.values())) == 2
    paths = []
    for who, answer, seed in (("ada", "ada", 7), ("bob", "bob", 8), ("cy", "ada", 8)):
        paths.append(str(tmp_path / f"{who}.json"))
        monkeypatch.setenv("KMEMLAB_PROGRESS", paths[-1])
        assert bool(check("08.99", numbers[answer], session=Session(seed=seed))) == (who != "cy")
    saved = json.loads(Path(paths[2]).read_text())
    saved["checked"]["08.99"]["right"] = True  # a claim
    Path(paths[2]).write_text(json.dumps(saved))
    assert main(["progress", "--json", *paths]) == 0
    answers = json.loads(capsys.readouterr().out)["answers"]
    assert [(Path(each["file"]).stem, each["state"]) for each in answers] == [
        ("ada", "right"), ("bob", "right"), ("cy", "not yet"),
    ]  # fmt: skip


def test_a_prediction_about_a_number_of_ones_own_is_held_against_that_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slots = {seed: min(slot for slot in (96, 128, 192) if slot >= own_number("08.5", seed, 65, 190)) for seed in range(1, 9)}
    one, other = next((a, b) for a in slots for b in slots if slots[a] != slots[b])
    paths = []
    for who, seed in (("ada", one), ("bob", other), ("cy", other)):
        paths.append(str(tmp_path / f"{who}.json"))
        monkeypatch.setenv("KMEMLAB_PROGRESS", paths[-1])
        predict("08.5", number="bytes", session=Session(seed=seed)).answer(slots[one if who == "cy" else seed])
    assert main(["progress", "--json", "--predicted", *paths]) == 0
    rows = json.loads(capsys.readouterr().out)["predicted"]
    told = {(each["answer"], each["right"]): each["count"] for each in rows}
    assert told == {(f"{slots[one]} bytes", True): 1, (f"{slots[other]} bytes", True): 1, (f"{slots[one]} bytes", False): 1}


def test_rows_that_cannot_be_read_say_so_and_take_nothing_with_them(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    saved = json.loads(kept.read_text())
    saved["checked"] |= {"98.1": {"answer": 1}, "junk": {}, "02.2": {"answer": 1}, "02.9": {"session": {"kmemlab_session": 1}}}
    kept.write_text(json.dumps(saved))
    found = states(capsys, str(kept))
    assert found["02.5"] == "right"
    assert {found[number] for number in ("98.1", "junk", "02.2", "02.9")} == {"unreadable"}


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"kmemlab_session": 1}'])
def test_a_foreign_file_is_refused_with_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None) -> None:
    path = tmp_path / "foreign.json"
    if text is not None:
        path.write_text(text)
    assert main(["progress", str(path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"kmemlab: {path}:1: expected a progress file, found ")
    assert said.count("\n") == 1


def test_one_foreign_file_takes_no_other_with_it(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign = tmp_path / "bob.json"
    foreign.write_text("{}")
    assert main(["progress", str(foreign), str(kept), str(tmp_path / "cy.json")]) == 2
    told = capsys.readouterr()
    assert told.out.splitlines()[-1] == "progress: 1 file, 4 answers, 2 right, 1 not run (code: run the notebooks)"
    assert told.err.splitlines() == [
        f"kmemlab: {foreign}:1: expected a progress file, found it has no kmemlab_progress",
        f"kmemlab: {tmp_path / 'cy.json'}:1: expected a progress file, found No such file or directory",
    ]


def test_of_several_learners_each_has_a_line_of_their_own(
    kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blank = tmp_path / "bob.json"
    blank.write_text('{"kmemlab_progress": 1}')
    assert main(["progress", str(kept), str(blank), "--seed", "8"]) == 0
    assert capsys.readouterr().out.splitlines()[-3:] == [
        f"{kept}  together: 1 right, 1 not yet, 1 not run, 1 other seed",
        f"{blank}  together: nothing",
        "progress: 2 files, 4 answers, 1 right, 1 not run (code: run the notebooks)",
    ]


def test_predictions_are_counted_and_a_mistake_that_many_share_is_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fates = ["It goes onto the partial list"] * 2 + ["It becomes the cpu slab, since it now has the oldest free cell"] * 2
    paths = []
    for who, fate in enumerate([*fates, "Cell 5 becomes free, but the slab stays on no list", 8]):
        rows = {"02.3": {"answer": fate}, "02.0": {"answer": "256 bytes"}, "02.7": {"answer": "D G"}, "99.1": {"answer": "x"}}
        rows["02.4"] = {"answer": "0:5" if who else "2:8"}
        paths.append(tmp_path / f"{who}.json")
        paths[-1].write_text(json.dumps({"kmemlab_progress": 1, "predicted": rows}))
    assert main(["progress", "--predicted", *map(str, paths)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "02.0", "  =   6  256 bytes",
        "02.3", "  !   2  It becomes the cpu slab, since it now has the oldest free cell",
        "  =   2  It goes onto the partial list", "      1  Cell 5 becomes free, but the slab stays on no list",
        "02.4", "  !   5  0:5", "  =   1  2:8",
        "02.7", "      6  D G",
        "predicted: 6 files, 4 questions; = is the machine's answer, ! is wrong and shared by many",
    ]  # fmt: skip
    assert main(["progress", "--predicted", "--json", str(paths[0])]) == 0
    told = json.loads(capsys.readouterr().out)["predicted"]
    assert {"number": "02.4", "answer": "2:8", "count": 1, "right": True} in told
    assert {"number": "02.7", "answer": "D G", "count": 1, "right": None} in told


def test_without_a_file_and_without_ones_own_it_says_what_to_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["progress"]) == 2
    assert "name a progress file" in capsys.readouterr().err

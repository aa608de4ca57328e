"""Nothing is lost: what a lab held is on disk, and the next Jupyter kernel offers it."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from kmemlab import Lab, Session
from kmemlab.lab import autosave
from kmemlab.lab.autosave import MOST_BYTES, MOST_FILES, SUFFIX
from kmemlab.session_file import write_whole

OWN = ("mount -t container -o kmem none /containers", "mkdir /containers/web", "fork 2", "as 2 open 5")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(autosave.VARIABLE, str(tmp_path / "kept"))
    monkeypatch.setattr(autosave, "_MADE", Counter())
    return tmp_path / "kept"


def restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is another process to the module."""
    monkeypatch.setattr(autosave, "PROCESS", autosave.PROCESS + "x")
    monkeypatch.setattr(autosave, "_MADE", Counter())


def ask(lab: Lab, action: str, **more: Any) -> dict[str, Any]:
    lab._heard(None, {"op": "do", "action": action, **more}, None)
    return lab._whole()


def typed(lab: Lab, *lines: str) -> Lab:
    for line in lines:
        ask(lab, "run", line=line)
    return lab


def fresh(**more: Any) -> Lab:
    return Lab(Session(memory="2M"), **more)


def files(home: Path) -> list[Path]:
    return sorted(home.iterdir()) if home.exists() else []


def test_after_a_restart_the_session_is_offered_and_comes_back_as_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = typed(fresh(), *OWN)
    ask(lab, "select", id=1)
    ask(lab, "event", by=-2)
    lab.controller.autosave.flush()  # type: ignore[union-attr]
    state, position = lab.session.machine.state_hash(), lab.session.position
    drawn = {name: value for name, value in lab._whole().items() if name in ("containers", "slabs", "path", "selected")}
    restart(monkeypatch)
    again = fresh()
    text = again._whole()["offer"]["text"]
    assert text.startswith("Your session of ")
    assert text.endswith(f": 4 commands, event {position}.")
    assert again.session.commands == [], "an offer opens nothing by itself"
    ask(again, "theme", name="dark")
    assert again._whole()["offer"]["text"] == text
    frame = ask(again, "reopen")
    assert "offer" not in frame
    assert again.session.machine.state_hash() == state
    assert {name: frame[name] for name in drawn} == drawn


def test_nothing_is_written_before_something_was_done_and_a_command_is_written_at_once(home: Path) -> None:
    lab = fresh()
    ask(lab, "theme", name="dark")
    ask(lab, "complete", line="op")
    assert files(home) == []
    typed(lab, "open 3")
    (file,) = files(home)
    assert json.loads(file.read_text())["commands"] == ["open 3"]
    assert Session.load(file).machine.state_hash() == lab.session.machine.state_hash(), "it is a session file"


def test_steps_are_written_seldom_and_the_last_one_when_the_process_ends(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = typed(fresh(), "open 30")
    written: list[object] = []

    def counted(target: Path, saved: dict[str, Any]) -> None:
        written.append(saved)
        write_whole(target, saved)

    monkeypatch.setattr(autosave, "write_whole", counted)
    for _ in range(20):
        ask(lab, "event", by=-1)
    assert written == []
    autosave.flush_all()
    assert len(written) == 1
    (file,) = files(home)
    assert json.loads(file.read_text())["position"] == lab.session.position == lab.session.length - 20
    autosave.flush_all()
    assert len(written) == 1


def test_two_labs_of_a_notebook_do_not_overwrite_each_other(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = fresh(), fresh()
    typed(one, "open 1")
    typed(two, "open 2")
    assert len(files(home)) == 2
    restart(monkeypatch)
    one, two = fresh(), fresh()
    ask(one, "reopen")
    ask(two, "reopen")
    assert (one.session.commands, two.session.commands) == (["open 1"], ["open 2"])
    typed(fresh(key="exercise 3"), "open 3")
    restart(monkeypatch)
    fresh()
    other = fresh(key="exercise 3")
    ask(other, "reopen")
    assert other.session.commands == ["open 3"], "a key finds its session wherever the lab stands"


def test_a_session_that_begins_as_it_was_left_is_not_offered_nor_one_of_this_process(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(fresh(key="a"), "open 1")
    assert "offer" not in fresh(key="a")._whole()
    restart(monkeypatch)
    same = Session(memory="2M")
    same.run("open 1")
    assert "offer" not in Lab(same, key="a")._whole()
    assert "offer" in fresh(key="a")._whole()


def test_while_a_session_is_on_offer_walking_about_does_not_overwrite_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(fresh(), "open 1", "open 2")
    (file,) = files(home)
    kept = file.read_bytes()
    restart(monkeypatch)
    walked = Lab(scenario="quiet", key=None)
    for action in ("step", "last", "back"):
        ask(walked, action)
    autosave.flush_all()
    assert file.read_bytes() == kept
    ask(walked, "forget")
    assert "offer" not in walked._whole()
    assert file.read_bytes() == kept, "to forget an offer deletes nothing"
    restart(monkeypatch)
    assert "offer" in fresh()._whole()


def test_how_much_is_ones_own_is_counted_from_where_the_lab_begins(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(scenario="quiet")
    ask(lab, "last")
    typed(lab, "fork 1")
    restart(monkeypatch)
    text = Lab(scenario="quiet")._whole()["offer"]["text"]
    assert f": 1 command, event {lab.session.position:,}." in text


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 50_000, b'{"kmemlab_session": 99}',
        b'{"kmemlab_session": 1, "commands": [1], "position": 0, "profile": {}}',
        b'{"kmemlab_session": 1, "commands": [], "position": 0, "profile": {}}',
        b'{"kmemlab_session": 1, "commands": [], "position": 0, "profile": {}, "autosaved": {"at": 1e99}}',
        b'{"kmemlab_session": 1, "commands": [], "position": 0, "profile": {}, "autosaved": {"at": "now"}}',
        b" " * (MOST_BYTES + 1),
    ],
    ids=range(12),
)  # fmt: skip
def test_a_file_that_is_no_session_is_left_out_with_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    typed(fresh(), "open 1")
    (file,) = files(home)
    file.write_bytes(content)
    restart(monkeypatch)
    lab = fresh()
    frame = ask(lab, "theme", name="light")
    assert "offer" not in frame
    assert frame["notice"]["text"].startswith("What was autosaved for this lab cannot be opened: ")
    assert frame["notice"]["text"].endswith(" It is left out.")
    frame = typed(lab, "open 2")._whole()
    assert "notice" not in frame
    assert json.loads(file.read_text())["commands"] == ["open 2"], "the next command writes a good one"


def test_what_looks_like_a_session_but_cannot_be_run_is_refused_and_nothing_changes(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(fresh(), "open 1")
    (file,) = files(home)
    saved = json.loads(file.read_text())
    for spoiled in ({"position": 10**9}, {"profile": {"cpus": -3}}, {"profile": {"slub": "../../etc"}}):
        file.write_text(json.dumps(saved | spoiled))
        restart(monkeypatch)
        lab = fresh()
        before = lab.session.machine.state_hash()
        assert "offer" in lab._whole()
        frame = ask(lab, "reopen")
        assert frame["notice"]["kind"] == "error"
        assert lab.session.machine.state_hash() == before


@pytest.mark.parametrize("how", ["full", "folder is a file"])
def test_a_disk_that_takes_nothing_is_told_once_and_the_work_goes_on(
    home: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    if how == "full":

        def full(*given: object) -> None:
            raise OSError(28, "No space left on device", "x")

        monkeypatch.setattr(autosave, "write_whole", full)
    else:
        home.write_text("a file")
    lab = typed(fresh(), "open 1")
    told = lab._whole()["notice"]["text"]
    assert told.startswith("This session is not autosaved: ")
    assert told.endswith(". ⋯ saves it as a file.")
    typed(lab, "open 2")
    assert "notice" not in lab._whole()
    assert lab.session.commands == ["open 1", "open 2"]


def test_a_write_that_is_cut_off_leaves_the_old_file_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = typed(fresh(), "open 1")
    (file,) = files(home)
    kept = file.read_bytes()

    def cut(*given: object, **more: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("kmemlab.session_file.json.dump", cut)
    typed(lab, "open 2")
    assert files(home) == [file], "no half file stays beside it"
    assert file.read_bytes() == kept


def test_the_folder_holds_a_bounded_number_of_files(home: Path) -> None:
    home.mkdir()
    for number in range(MOST_FILES + 10):
        old = home / f"old-{number}{SUFFIX}"
        old.write_text("{}")
        os.utime(old, (number, number))
    (home / "mine.txt").write_text("not ours")
    typed(fresh(), "open 1")
    kept = files(home)
    assert len(kept) == MOST_FILES + 1
    assert (home / "mine.txt").exists()
    assert not (home / f"old-0{SUFFIX}").exists()
    assert (home / f"old-{MOST_FILES + 9}{SUFFIX}").exists()


@pytest.mark.parametrize("value", ["off", "OFF", "0", "no"])
def test_it_can_be_switched_off(home: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    typed(fresh(autosave=False), "open 1")
    monkeypatch.setenv(autosave.VARIABLE, value)
    assert fresh(autosave=True).controller.autosave is None, "the environment has the last word"
    monkeypatch.delenv(autosave.VARIABLE)
    assert fresh().controller.autosave is None, "outside a Jupyter kernel nothing is kept unless it is asked for"
    assert files(home) == []


def test_asked_for_it_goes_to_the_readers_state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(autosave.VARIABLE)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    typed(fresh(autosave=True), "open 1")
    (file,) = (tmp_path / "kmemlab" / "autosave").iterdir()
    assert file.name.endswith(SUFFIX)
    assert (tmp_path / "kmemlab" / "autosave").stat().st_mode & 0o077 == 0, "nobody else reads it"

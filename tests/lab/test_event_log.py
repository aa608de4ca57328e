"""The event log: what the filter's words match, around the position; strange words match nothing and harm nothing."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab import Session
from kmemlab.lab import eventlog
from kmemlab.lab.controller import Controller
from kmemlab.lab.eventlog import AROUND, section
from kmemlab.scenarios import play


@pytest.fixture(scope="module")
def bomb() -> Session:
    return play("fd-bomb")


def matches(session: Session, row: dict[str, Any], word: str) -> bool:
    """Say whether a record has a word, by the names that a reader sees."""
    path = row["container"]
    names = {row["cache"].lower(), str(row["pid"]), errno.errorcode.get(row["errno"], "").lower()}
    if path is not None:
        names |= {path.lower(), path.rpartition("/")[2].lower() or "root"}
    names.add(session.cast.tasks.get(row["pid"], "").lower())
    typed = session.commands[row["command"] - 1].lower() if row["kind"] == "command" else ""
    said_no = word == "refused" and (row["kind"] == "nopage" or (row["kind"] == "command" and row["errno"] != 0))
    return row["kind"].startswith(word) or word in names or (bool(typed) and word in typed) or said_no


WORDS = [
    "refused",
    "alloc",
    "free",
    "filp",
    "bomb",
    "/web",
    "root",
    "10",
    "enomem",
    "ebusy",
    "command",
    "nginx",
    "xyz",
    "newpage",
]


@settings(max_examples=40, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS), max_size=3), part=st.floats(0, 1))
def test_the_log_shows_the_nearest_events_that_every_word_matches(bomb: Session, words: list[str], part: float) -> None:
    bomb.seek(bomb.length)
    rows = [row.to_dict() for row in bomb.records("events")]
    here = bomb.seek(int(part * bomb.length))
    wanted = [row["n"] for row in rows if all(matches(bomb, row, word) for word in words)]
    before, after = [n for n in wanted if n <= here][-AROUND:], [n for n in wanted if n > here][:AROUND]
    shown = section(bomb, " ".join(words), {})
    assert [int(n) for n in shown["rows"]] == before + after
    assert bool(shown["note"]) == (not shown["rows"])
    for n, row in shown["rows"].items():
        assert row["kind"] == rows[int(n) - 1]["kind"]


@pytest.mark.parametrize("junk", ["", "   ", "<b>", "'; drop", "x" * 10_000, "²", "٣", "\u0000", "1" * 400], ids=repr)
def test_any_text_is_a_filter(bomb: Session, junk: str) -> None:
    controller = Controller(bomb)
    controller.do({"action": "events", "filter": junk})
    frame = controller.frame()
    assert "notice" not in frame
    assert len(frame["log"]["filter"]) <= eventlog.LONGEST_FILTER
    controller.do({"action": "events"})
    assert "log" not in controller.frame()


def test_an_empty_machine_says_that_nothing_has_happened() -> None:
    session = Session(memory="2M")
    assert section(session, "", {}) == {"filter": "", "rows": {}, "note": "Nothing has happened yet."}


def test_a_command_is_listed_with_its_line_and_its_errno(bomb: Session) -> None:
    line = next(n for n, result in enumerate(bomb.results) if result.errno == errno.EBUSY)
    bomb.seek(bomb.ends[line])
    row = section(bomb, "ebusy command", {})["rows"][str(bomb.ends[line])]
    assert row["what"] == f"{bomb.commands[line]}: EBUSY"


def test_the_commands_of_a_container_are_those_that_name_its_directory() -> None:
    session = Session(memory="2M")
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/web", "mkdir /containers/webshop",
                "mkdir /containers/web/db", "echo -n 4096 > /containers/web/kmem.limit",
                "echo 1 > /sys/slab/filp/cache_account")  # fmt: skip
    controller = Controller(session)
    ident = {path: number for number, path in session.machine.kmem_subsystem.paths.items()}
    controller.do({"action": "commands", "id": ident["/web"]})
    given = controller.frame()["given"]
    assert given["text"].splitlines() == [session.commands[1], session.commands[3], session.commands[4]]
    assert given["words"] == "3 commands of web copied."
    controller.do({"action": "commands", "id": ident["/webshop"]})
    assert controller.frame()["given"]["words"] == "1 command of webshop copied."


def test_at_boot_the_rows_of_bomb_have_its_letter_and_its_task_a_name() -> None:
    session = play("fd-bomb")
    controller = Controller(session)
    session.seek(0)
    controller.do({"action": "events", "filter": "refused filp bomb"})
    rows = controller.frame()["log"]["rows"]
    assert rows
    assert {(row["owner"]["letter"], row["who"]) for row in rows.values()} == {("B", "fdbomb 10")}

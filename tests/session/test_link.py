"""A link restores a lab: the same machine at the same event; and a string that is no link is refused with one sentence."""

from __future__ import annotations

import base64
import dataclasses
import json
import random
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab import Session
from kmemlab.engine.errors import KernelError
from kmemlab.scenarios import SCENARIOS, play
from kmemlab.session_link import LONGEST, VERSION, checksum

LINES = st.lists(
    st.sampled_from(["open 3", "fork", "as 2 open 1", "close all", "mkdir /containers/a", "nonsense", "rmdir /é"]), max_size=12
)


def made(plain: bytes) -> str:
    """A link around these bytes."""
    deflated = zlib.compress(plain, 9)
    return VERSION + base64.urlsafe_b64encode(checksum(deflated) + deflated).decode().rstrip("=")


def refused(link: Any) -> str:
    """The sentence that it is refused with."""
    with pytest.raises(KernelError) as caught:
        Session.from_link(link)
    sentence = caught.value.strerror or ""
    assert sentence and "\n" not in sentence and len(sentence) < 200
    return sentence


@settings(max_examples=40, deadline=None)
@given(LINES, st.integers(0, 40), st.sampled_from(["2.6.23", "2.6.24"]))
def test_a_link_restores_machine_position_and_view(lines: list[str], position: int, slub: str) -> None:
    session = Session(memory="256K", slub=slub, cpus=2)
    session.run(*lines)
    session.seek(position)
    session.view = {"tab": "flow", "letters": {"/a": "A"}}
    other = Session.from_link(session.to_link())
    assert other.to_dict() == session.to_dict()
    assert other.machine.state_hash() == session.machine.state_hash()


@pytest.mark.parametrize("name", [name for name in SCENARIOS if "6.1" not in name])
def test_a_scenario_with_a_few_commands_more_is_a_short_link(name: str) -> None:
    session = play(name)
    session.run("fork", "open 3", "ps")
    link = session.to_link()
    assert len(link) < 300
    assert link.replace("-", "").replace("_", "").replace(".", "").isalnum()
    assert Session.from_link(link).machine.state_hash() == session.machine.state_hash()


def test_what_a_class_types_by_hand_is_under_1500_characters() -> None:
    chance = random.Random(5)
    session = Session(memory="2M")
    session.run(*[f"as 1 open {chance.randrange(1, 30)}" if n % 2 else f"mkdir /containers/team{n}" for n in range(120)])
    assert len(session.to_link()) < 1500


def test_a_history_that_is_too_long_is_refused_and_nothing_is_lost() -> None:
    chance = random.Random(5)
    session = Session(memory="256K")
    session.run(*[f"echo {chance.getrandbits(200)}" for _ in range(300)])
    before = session.to_dict()
    with pytest.raises(KernelError, match="save it as a file"):
        session.to_link()
    assert session.to_dict() == before


def test_strings_that_are_no_link_say_so() -> None:
    assert "no link" in refused("")
    assert "no link" in refused("hello")
    assert "no link" in refused(None)
    assert "newer" in refused("k2.abc")
    assert "too long" in refused(VERSION + "A" * (LONGEST + 1))
    assert "characters" in refused(VERSION + "!!")
    assert "checksum" in refused(VERSION + "AAAAAAAA")
    assert "more than" in refused(made(b'{"c":["' + b"a" * (2 << 20) + b'"]}'))
    assert "does not hold" in refused(made(b"[" * 100_000))
    assert "does not hold" in refused(made(b"not json"))
    assert "does not hold" in refused(made(b"[1]"))


@pytest.mark.parametrize(
    "short",
    [
        {"m": 3}, {"v": []}, {"c": "open 3"}, {"c": [3]}, {"p": -1}, {"p": "x"}, {"p": True}, {"p": 10**9}, {"n": -1}, {"n": 1},
        {"s": "../../etc", "n": 3}, {"s": "quiet", "n": 10**6}, {"s": 3}, {"m": {"memory": 1}}, {"m": {"slub": "9"}},
        {"m": {"unknown": 1}}, {"m": {"cpus": "2"}}, {"n": 1.5},
    ],
)  # fmt: skip
def test_a_link_with_a_wrong_session_in_it_is_refused(short: dict[str, Any]) -> None:
    refused(made(json.dumps(short).encode()))


def test_a_link_that_goes_on_from_a_scenario_which_types_something_else_now_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    link = play("quiet").to_link()
    other = dataclasses.replace(SCENARIOS["quiet"], commands=SCENARIOS["fd-bomb"].commands)
    monkeypatch.setitem(SCENARIOS, "quiet", other)
    assert "another version" in refused(link)


def test_a_link_to_the_bomb_as_it_was_before_its_servers_closed_files_is_refused() -> None:
    old = {"s": "fd-bomb", "n": 281, "h": 1, "v": {"scenario": "fd-bomb"}}
    assert refused(made(json.dumps(old).encode())) == (
        "This link goes on from fd-bomb as another version of kmemlab has it: save a file there instead."
    )


def test_a_good_link_with_one_character_changed_is_refused_or_means_the_same() -> None:
    session = play("quiet")
    link = session.to_link()
    chance = random.Random(1)
    for _ in range(300):
        at = chance.randrange(len(VERSION), len(link))
        other = chance.choice("ABCabc019-_ é%")
        bad = link[:at] + other + link[at + 1 :]
        if base64_of(bad) != base64_of(link):
            refused(bad)


def base64_of(link: str) -> bytes:
    """The bytes of a link's text, b"" where it has none: bits that base64 does not use may differ."""
    text = link[len(VERSION) :].strip()
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""

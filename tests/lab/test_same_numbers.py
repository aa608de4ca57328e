"""One number is one number: sentence, path, gauge, text twin, terminal and Machine.state() agree, at every step of an event.

A frame says what stands at a step inside an event, the machine stands after it. So an event's last step is held against the
machine, and its first one against the machine an event earlier: what is between has to get from one to the other by
the numbers that the sentences say.
"""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kmemlab import Session
from kmemlab.lab.controller import Controller
from kmemlab.lab.slabsection import turns as turns_of

RECIPE = (
    "mount -t container -o kmem none /containers",
    "mkdir /containers/web /containers/bomb",
    "fork 2",
    "open 16",  # one full slab of nobody: what is born later has an owner array
    "echo 1 > /sys/slab/filp/cache_account",
    "echo 2 > /containers/web/tasks",
    "echo 3 > /containers/bomb/tasks",
)
CPUS = st.sampled_from(("2@0", "2@1", "3@0", "3@1"))
COMMANDS = st.one_of(
    st.builds("as {} open {}".format, CPUS, st.integers(1, 24)),
    st.builds("as {} close {}".format, CPUS, st.sampled_from(("all", "0", "1-6", "3", "0-15"))),
    st.builds("as {} fork".format, CPUS),
    st.builds("echo -n {} > /containers/{}/kmem.limit".format, st.integers(0, 9000), st.sampled_from(("web", "bomb"))),
    st.builds("echo {} > /containers/{}/tasks".format, st.integers(1, 4), st.sampled_from(("web", "bomb"))),
    st.builds("echo 0 > /containers/{}/kmem.failcnt".format, st.sampled_from(("web", "bomb"))),
    st.sampled_from(("echo 1 > /sys/slab/sighand_cache/cache_account", "echo 1 > /sys/slab/filp/shrink", "kill 4", "open 4")),
    st.sampled_from(("echo 40 > /sys/kernel/debug/fail_charge/probability", "echo 5 > /sys/kernel/debug/failslab/probability")),
)
NO_LIMIT = 2**63 - 1


def number(text: str) -> int:
    return int(text.replace(",", ""))


def shown(controller: Controller) -> dict[str, dict[str, Any]]:
    """The gauges."""
    return {each["path"]: each for each in controller.frame()["containers"]}


def charged(state: dict[str, Any]) -> dict[str, dict[str, int]]:
    """The counters as the machine has them."""
    rows = state["containers"]["hierarchies"][0]["containers"] if state["containers"]["hierarchies"] else []
    return {row["path"]: row["kmem"] for row in rows}


def assert_gauges(gauges: dict[str, dict[str, Any]], state: dict[str, Any], event: int) -> None:
    machine = charged(state)
    if not machine:
        return
    assert set(gauges) == set(machine)
    for path, kmem in machine.items():
        one = gauges[path]
        found = (one["usage"], one.get("limit", NO_LIMIT), one["failcnt"], one["refs"])
        assert found == (kmem["usage"], kmem["limit"], kmem["failcnt"], kmem["refs"]), (event, path)


def assert_twin_is_the_picture(frame: dict[str, Any]) -> None:
    """The text twin and the drawn slabs: lists, objects in use, letters, next free ones; and their sum per container."""
    letters = {each["id"]: each["letter"] for each in frame["containers"]}
    slabs = frame["slabs"]
    where = {number: f"cpu {cpu}" for cpu, number in slabs["cpus"].items()}
    where |= {number: f"partial {place}" for place, number in enumerate(slabs["partial"], 1)}
    lines = [line for line in frame["twin"].splitlines() if re.match(r" *\d+  ", line)]
    assert len(lines) == len(slabs["rows"])
    for line in lines:
        told = re.fullmatch(r" *(\d+)  ([a-z]+(?: \d+)?) +(\d+) +(\d+)  (\S+) *([()\d ]*?)( +\? = .*)?", line)
        assert told, line
        ident, place, inuse, objects, owners, turns, _ = told.groups()
        row = slabs["rows"][ident]
        assert place == where.get(int(ident), "full")
        assert (int(inuse), int(objects)) == (row["inuse"], len(row["owners"]))
        assert int(inuse) == sum(owner != -2 for owner in row["owners"])
        signs = {-2: ".", -1: "–", **letters}
        mark = frame.get("mark", {})
        for slot, owner in enumerate(row["owners"]):
            taken = mark.get("kind") == "taken" and (mark["slab"], mark["slot"]) == (int(ident), slot)
            assert owners[slot] == ("?" if taken else signs.get(owner, owners[slot]))
        order = {turn: slot for slot, turn in enumerate(turns_of(row)) if turn}
        by_turn = [f"({order[-k]})" if -k in order else str(order[k]) for k in range(1, len(order) + 1)]
        assert turns.split() == by_turn


def assert_words_are_the_numbers(frame: dict[str, Any], before: dict[str, Any], after: dict[str, Any], name: str) -> int:
    """What sentence and path say of the shown step, against the gauge before and after the event. How much was compared."""
    sentence, compared = frame["sentence"], 0
    now = next((node for node in frame["path"]["nodes"] if node["k"] == frame["step"]), None)
    assert now is not None
    usage = {"before": before["usage"], "after": after["usage"]}
    if found := re.fullmatch(r"(\S+) pays ([\d,]+)(?: bytes)?: ([\d,]+) becomes ([\d,]+)\.", sentence):
        pays, then, becomes = (number(each) for each in found.groups()[1:])
        assert (found[1], then, becomes, pays) == (name, usage["before"], usage["after"], usage["after"] - usage["before"])
        assert now["value"] == f"{then:,} + {pays:,} = {becomes:,}"
        compared += 1
    if found := re.fullmatch(r"Refused\. (\S+) has ([\d,]+) bytes left and this \w+ needs ([\d,]+)\.", sentence):
        left, needs = number(found[2]), number(found[3])
        assert (found[1], usage["before"]) == (name, usage["after"])
        assert left == max(0, after["limit"] - usage["after"])
        assert now["value"] == f"{usage['after']:,} + {needs:,} > {after['limit']:,}"
        assert after["failcnt"] == before["failcnt"] + 1
        compared += 1
    for fn, sign in (("res_counter_uncharge", "−"), ("res_counter_charge", "+")):
        for node in frame["path"]["nodes"]:
            told = re.fullmatch(rf"([\d,]+) {re.escape(sign)} ([\d,]+) (=|>|≤) ([\d,]+)", node["value"])
            if node["fn"] == fn and told:
                assert number(told[1]) == usage["before"]
                assert number(told[4]) == (usage["after"] if told[3] == "=" else after["limit"])
                compared += 1
    reference = re.fullmatch(r"refs ([\d,]+) → ([\d,]+)", now["value"])
    if reference and now["fn"] in ("css_get", "css_put"):
        shown_refs = next(each["refs"] for each in frame["containers"] if each["name"] == name)
        assert shown_refs == number(reference[2])
        compared += 1
    return compared


def terminal(controller: Controller, path: str, file: str) -> int:
    controller.do({"action": "run", "line": f"cat /containers{path.rstrip('/')}/{file}"})
    answer = controller.frame()["terminal"]["history"][-1]
    assert answer["err"] == ""
    return int(answer["out"])


def assert_one_event(session: Session, n: int) -> int:
    """Walk event n function by function. Returns how many numbers of its words were compared."""
    controller = Controller(session)
    controller.do({"action": "twin", "on": True})
    session.seek(n - 1)
    earlier = session.machine.state()
    session.seek(n)
    state, event = session.machine.state(), session.records("events")[n - 1]
    controller.seek(n, 1)
    steps = controller.frame()["steps"]
    moving = event.to_dict()["kind"] in ("alloc", "free", "refused") and event.to_dict()["container"] is not None
    if moving:
        assert_gauges(shown(controller), earlier, n)
    compared = 0
    for step in range(1, steps + 1):
        controller.look.step = step
        frame = controller.frame()
        assert "notice" not in frame, frame["notice"]
        assert_twin_is_the_picture(frame)
        if moving:
            path = event.to_dict()["container"]
            compared += assert_words_are_the_numbers(
                frame, charged(earlier)[path], charged(state)[path], path.rpartition("/")[2] or "root"
            )
        if n < session.length:
            for each, one in shown(controller).items():
                told = [terminal(controller, each, f"kmem.{file}") for file in ("usage", "limit", "failcnt")]
                assert told == [one["usage"], one.get("limit", NO_LIMIT), one["failcnt"]], (n, step, each)
                if charged(state):
                    assert one.get("limit", NO_LIMIT) == charged(state)[each]["limit"]
    assert_gauges(shown(controller), state, n)
    assert session.machine.state() == state
    return compared


def session_of(lines: list[str]) -> Session:
    session = Session(memory="1M", cpus=2)
    session.run(*RECIPE, *lines)
    return session


@settings(max_examples=25, deadline=None)
@given(lines=st.lists(COMMANDS, min_size=1, max_size=10), places=st.lists(st.floats(0, 1), min_size=2, max_size=4))
def test_every_number_is_the_same_wherever_it_stands(lines: list[str], places: list[float]) -> None:
    session = session_of(lines)
    here = session.ends[len(RECIPE) - 1]
    for place in places:
        assert_one_event(session, here + 1 + int(place * (session.length - here - 1)))


def test_of_each_kind_of_event_the_words_hold_numbers_that_were_compared() -> None:
    session = session_of(
        ["echo -n 2000 > /containers/bomb/kmem.limit", "as 3 open 9", "as 2@1 open 4", "as 2 close 0", "as 3@1 close all"]
    )
    compared: dict[str, int] = {}
    for event in session.records("events")[session.ends[len(RECIPE) - 1] :]:
        row = event.to_dict()
        if row["container"] is not None:
            compared[row["kind"]] = compared.get(row["kind"], 0) + assert_one_event(session, row["n"])
    assert set(compared) == {"alloc", "refused", "free"}
    assert all(count > 9 for count in compared.values()), compared

"""Random lines typed at the whole shell, on machines of 64 pages, against the naive model of naive_shell.py.

An operation is one line that the shell ran, whether it did something or was refused. The state machine of hypothesis shrinks
what it finds; the walks without it make the million, on the interpreted engine: each is a seed, so a failure names the seed to
walk again, and the lines.
"""

from __future__ import annotations

import errno
from collections import Counter
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from kmemlab.commands import VERBS
from kmemlab.engine.events import KINDS
from kmemlab.shell import Machine

from .naive_kinds import BY_KIND, EXTENDED
from .naive_more import MORE
from .naive_rules import RULES as PLAIN
from .naive_rules import Walk
from .naive_shell import FAULTS
from .naive_spoiled import SPOILED
from .naive_users import BY_USERS

LINES = 2000  # of one walk
CHECKED = 10  # lines between two checks of every invariant of the machine
MILLION = 1_000_000
ERAS = ("2.6.23", "2.6.24")
PAYERS = ("current", "root", "none")
GRACES = ("now", "now", "grace")
BOOTS = ("slub_nomerge", "slub_nomerge", "", "slub_nomerge slub_debug=FZPU")  # one word each, merged, and with contents
RULES = {**PLAIN, **BY_USERS, **MORE, **SPOILED, **BY_KIND}

# `replay` belongs to the traces above the shell, and is there only if another test has imported them.
EXEMPT = {"replay"}

# What must have happened in some walk, or it tests less than it says: (command, errno).
MUST_HAPPEN = {
    ("mkdir", 0), ("mkdir", errno.ENOMEM), ("mkdir", errno.EEXIST), ("mkdir", errno.ENOENT),
    ("rmdir", 0), ("rmdir", errno.EBUSY), ("mv", 0),
    ("mv", errno.EEXIST), ("echo", errno.EINVAL), ("echo", errno.EBUSY), ("echo", errno.ESRCH), ("fork", 0),
    ("fork", errno.ENOMEM), ("open", 0), ("open", errno.ENFILE), ("exit", 0), ("exit", errno.EPERM), ("kill", 0),
    ("touch", errno.EFAULT), ("touch", errno.ENOMEM), ("munmap", errno.EINVAL), ("close", errno.EBADF), ("flock", errno.ENOLCK),
    ("umount", errno.EINVAL), ("softirq", 0), ("softirq", errno.ENOMEM), ("opne", errno.ENOENT), ("kill", errno.EPERM),
    ("echo", errno.EACCES), ("mkdir", errno.EACCES), ("rmdir", errno.EACCES), ("mount", errno.EBUSY), ("mount", errno.EPERM),
    ("poke", 0), ("poke", errno.EINVAL), ("mv", errno.EXDEV), ("pipe", errno.ENFILE), ("pipe", errno.ENOMEM),
    ("socket", errno.ENFILE), ("sigqueue", errno.EAGAIN), ("timer", errno.EAGAIN), ("stat", errno.ENOMEM), ("close", 0),
    ("as", errno.ESRCH), ("as", errno.EINVAL), ("rcu", 0), ("prune", 0), ("chown", 0), ("dmesg", 0),
    ("kmalloc", 0), ("kmalloc", errno.EINVAL), ("pages", 0), ("vmalloc", 0), ("vmalloc", errno.ENOMEM), ("kfree", 0),
    ("sites", 0),
}  # fmt: skip


def walk(seed: int, lines: int, strict: bool = False) -> Walk:
    """Type lines at a new machine until there are so many; the same seed types the same."""
    chance = Random(seed)
    found = Walk(
        chance.choice(ERAS), chance.choice((1, 2)), chance.choice(PAYERS), chance.choice(GRACES), chance.choice(BOOTS),
        EXTENDED if seed % 2 else "cache",
    )  # fmt: skip
    found.strict = strict
    names = list(RULES)
    steps = 0
    try:
        while found.counted < lines:
            RULES[chance.choice(names)](found, chance)
            steps += 1
            if steps % CHECKED == 0:
                found.machine.check()
                found.objects_agree()
        found.settle()
        found.machine.check()
    except Exception as error:  # a crash of the engine's, too
        lines_typed = "\n".join(line[:200].encode("ascii", "backslashreplace").decode() for line in found.lines)
        raise AssertionError(f"{found.options}\n{lines_typed}\nseed {seed}, line {found.counted}: {error}") from error
    return found


def again(found: Walk) -> None:
    """The same lines on another machine end in the same state, bit for bit."""
    other = Machine(**found.options)
    for line in found.lines:
        other.run(line)
    assert other.state_hash() == found.machine.state_hash()


def everything_happened(walks: list[Walk]) -> None:
    """Every command was typed, every kind of event and of fault seen, and every outcome that matters."""
    outcomes: Counter[tuple[str, int]] = Counter()
    seen: set[str] = set()
    for each in walks:
        outcomes += each.outcomes
        seen |= set(each.seen)
    typed = {name for name, _ in outcomes}
    assert set(VERBS) - typed - EXEMPT == set(), "a command without a rule: give it one in naive_rules.py"
    assert set(outcomes) >= MUST_HAPPEN, MUST_HAPPEN - set(outcomes)
    assert seen == {*KINDS, *FAULTS} - {"uncharged", "oops"}  # of another off (test_off.py), and the last of all (test_oops.py)
    assert any(each.damaged for each in walks)


class Lines(RuleBasedStateMachine):
    """The same rules, chosen by hypothesis, with every invariant after every rule."""

    @initialize(
        slub=st.sampled_from(ERAS),
        cpus=st.integers(1, 2),
        payer=st.sampled_from(PAYERS),
        rcu=st.sampled_from(GRACES),
        boot=st.sampled_from(BOOTS),
        kinds=st.sampled_from(("cache", EXTENDED)),
    )
    def boot(self, slub: str, cpus: int, payer: str, rcu: str, boot: str, kinds: str) -> None:
        self.walk = Walk(slub, cpus, payer, rcu, boot, kinds)
        self.walk.strict = True

    @rule(name=st.sampled_from(sorted(RULES)), chance=st.randoms(note_method_calls=False))
    def type(self, name: str, chance: Random) -> None:
        RULES[name](self.walk, chance)
        self.walk.machine.check()
        self.walk.objects_agree()

    def teardown(self) -> None:
        if hasattr(self, "walk"):
            again(self.walk)


def test_lines_chosen_by_hypothesis() -> None:
    run_state_machine_as_test(Lines, settings=settings(max_examples=30, stateful_step_count=40, deadline=None))


@pytest.mark.long
def test_many_lines_chosen_by_hypothesis() -> None:
    run_state_machine_as_test(Lines, settings=settings(max_examples=600, stateful_step_count=100, deadline=None))


@pytest.mark.parametrize("seed", range(6))
def test_a_walk_through_the_shell(seed: int) -> None:
    again(walk(seed, LINES, strict=True))


def test_a_few_walks_type_every_command_and_meet_every_outcome() -> None:
    everything_happened([walk(seed, LINES) for seed in range(100, 119)])


@pytest.mark.long
def test_a_million_lines() -> None:
    operations = 0
    walks: list[Walk] = []
    while operations < MILLION:
        seed = 1000 + len(walks)
        found = walk(seed, LINES, strict=seed % 10 == 0)
        again(found)
        assert sum(found.outcomes.values()) == found.counted == len(found.lines)
        operations += found.counted
        walks.append(found)
        found.forget()
    assert operations >= MILLION
    everything_happened(walks)

"""Random lines typed at the whole shell, on machines of 64 pages, against the naive model of naive_shell.py.

An operation is one line that the shell ran. The state machine of hypothesis shrinks what it finds; the walks without it make
the million: each is a seed, so a failure names the seed to walk again.
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
from kmemlab.shell import Machine

from .naive_shell import RULES, Walk

LINES = 2000  # of one walk
CHECKED = 10  # lines between two checks of every invariant of the machine
MILLION = 1_000_000
ERAS = ("2.6.23", "2.6.24")
PAYERS = ("current", "root", "none")

# What must have happened in some walk, or it tests less than it says: (command, errno).
MUST_HAPPEN = {
    ("mkdir", 0), ("mkdir", errno.EEXIST), ("mkdir", errno.ENOENT), ("rmdir", 0), ("rmdir", errno.EBUSY), ("mv", 0),
    ("mv", errno.EEXIST), ("echo", errno.EINVAL), ("echo", errno.EBUSY), ("echo", errno.ESRCH), ("fork", 0),
    ("fork", errno.ENOMEM), ("open", 0), ("open", errno.ENFILE), ("exit", 0), ("exit", errno.EPERM), ("kill", 0),
    ("touch", errno.EFAULT), ("touch", errno.ENOMEM), ("munmap", errno.EINVAL), ("close", errno.EBADF), ("flock", errno.ENOLCK),
    ("umount", errno.EINVAL), ("softirq", 0), ("softirq", errno.ENOMEM), ("opne", errno.ENOENT),
}  # fmt: skip


def walk(seed: int, lines: int, strict: bool = False) -> Walk:
    """Type lines at a new machine until there are so many; the same seed types the same."""
    chance = Random(seed)
    found = Walk(chance.choice(ERAS), chance.choice((1, 2)), chance.choice(PAYERS))
    found.strict = strict
    names = list(RULES)
    steps = 0
    try:
        while found.counted < lines:
            RULES[chance.choice(names)](found, chance)
            steps += 1
            if steps % CHECKED == 0:
                found.machine.check()
        found.machine.check()
    except AssertionError as error:
        last = "\n".join(found.lines[-12:])
        raise AssertionError(f"seed {seed}, line {found.counted}: {error}\n{last}") from error
    return found


def again(found: Walk) -> None:
    """The same lines on another machine end in the same state, bit for bit."""
    other = Machine(**found.options)
    for line in found.lines:
        other.run(line)
    assert other.state_hash() == found.machine.state_hash()


def everything_happened(outcomes: Counter[tuple[str, int]]) -> None:
    """Every command was typed, and every outcome that matters seen."""
    typed = {name for name, _ in outcomes}
    # `replay` belongs to the traces above the shell, and is there only if another test has imported them.
    assert set(VERBS) - typed - {"replay"} == set(), "a command without a rule: give it one in naive_shell.py"
    assert set(outcomes) >= MUST_HAPPEN, MUST_HAPPEN - set(outcomes)


class Lines(RuleBasedStateMachine):
    """The same rules, chosen by hypothesis, with every invariant after every rule."""

    @initialize(slub=st.sampled_from(ERAS), cpus=st.integers(1, 2), payer=st.sampled_from(PAYERS))
    def boot(self, slub: str, cpus: int, payer: str) -> None:
        self.walk = Walk(slub, cpus, payer)
        self.walk.strict = True

    @rule(name=st.sampled_from(sorted(RULES)), chance=st.integers(0, 2**16))
    def type(self, name: str, chance: int) -> None:
        RULES[name](self.walk, Random(chance))
        self.walk.machine.check()

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
    outcomes: Counter[tuple[str, int]] = Counter()
    for seed in range(100, 116):
        outcomes += walk(seed, LINES).outcomes
    everything_happened(outcomes)


@pytest.mark.long
def test_a_million_lines() -> None:
    operations = 0
    outcomes: Counter[tuple[str, int]] = Counter()
    seed = 1000
    while operations < MILLION:
        found = walk(seed, LINES, strict=seed % 10 == 0)
        again(found)
        operations += found.counted
        outcomes += found.outcomes
        seed += 1
    assert operations >= MILLION
    assert sum(outcomes.values()) == operations
    everything_happened(outcomes)

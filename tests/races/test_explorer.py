"""The explorer finds what running every schedule one by one finds, and its steps say truly what they touch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from kmemlab.races import Scene, explore, reduced, steps
from kmemlab.races.at import At
from kmemlab.races.bugs import BUGS, PLANTED
from kmemlab.races.explorer import enumerated
from kmemlab.races.operations import SAFE, attaching, charging, freeing, removing, toggle
from kmemlab.races.run import Stage
from kmemlab.races.steps import Made, Step, independent, perform, touch
from kmemlab.races.versions import OTHERS, V2, V3, scene


def one_by_one(what: Scene) -> tuple[int, dict[str, tuple[int, int]], set[str]]:
    """Run every schedule, merging nothing: how many, (how often, shortest) of each fault, and all that was told."""
    stage = Stage(what)
    schedules, faults, told = 0, dict[str, tuple[int, int]](), set[str]()
    todo: list[tuple[int, ...]] = [()]
    while todo:
        path = todo.pop()
        run = stage.run(path)
        ready = run.enabled()
        todo += [(*path, who) for who in ready]
        if not ready:
            schedules += 1
            told |= {line for _, _, line in run.story}
            if wrong := run.end():
                count, least = faults.get(wrong, (0, 1000))
                faults[wrong] = (count + 1, min(least, len(path)))
    return schedules, faults, told


TWO = [(V2, ("charge", "attach+rmdir")), (V3, ("charge", "attach+rmdir")), (V3, ("charge", "free")), (V3, ("free", "rmdir"))]


@pytest.mark.parametrize(("version", "tasks"), TWO, ids=str)
def test_going_through_every_schedule_finds_what_merging_states_finds(version: str, tasks: tuple[str, ...]) -> None:
    merged, all_of_them = explore(scene(version, tasks)), enumerated(Stage(scene(version, tasks)))
    assert (all_of_them.schedules, all_of_them.steps) == (merged.schedules, merged.steps)
    assert {fault.what: (fault.schedules, len(fault.path)) for fault in all_of_them.faults} == {
        fault.what: (fault.schedules, len(fault.path)) for fault in merged.faults
    }


def test_a_bound_on_the_changes_of_task_leaves_schedules_out_and_still_finds_the_race_of_v2() -> None:
    few = enumerated(Stage(scene(V2, ("charge", "attach+rmdir"))), most_changes=2)
    assert few.schedules < explore(scene(V2, ("charge", "attach+rmdir"))).schedules
    worst = few.shortest()
    assert worst is not None
    assert worst.what == "use of a freed container: css_get on /a"
    assert sum(one != other for one, other in pairwise(worst.path)) == 2


@pytest.mark.parametrize(("version", "tasks"), TWO, ids=str)
def test_merging_states_counts_what_running_each_schedule_counts(version: str, tasks: tuple[str, ...]) -> None:
    found = explore(scene(version, tasks))
    schedules, faults, _ = one_by_one(scene(version, tasks))
    assert found.schedules == schedules
    assert {fault.what: (fault.schedules, len(fault.path)) for fault in found.faults} == faults


def test_two_tasks_that_never_wait_have_the_binomial_number_of_schedules() -> None:
    found = explore(scene(V3, ("charge", "free")))
    assert (found.steps, found.schedules) == (7 + 4, 330)  # 11! / (7! 4!)


def test_both_ends_of_an_rmdir_are_among_the_schedules() -> None:
    _, faults, told = one_by_one(scene(V3, ("charge", "attach+rmdir")))
    assert not faults
    assert {"frees /a", "waits for 0 readers", "waits for 1 reader"} <= told
    assert any(line.startswith("-EBUSY: 1 object still refers to a") for line in told)


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
def test_without_orders_that_come_to_the_same_the_same_faults_are_found(bug: object) -> None:
    what = BUGS[getattr(bug, "name")].scene  # noqa: B009
    whole, less = explore(what), reduced(what)
    assert {fault.what for fault in less.faults} == {fault.what for fault in whole.faults}
    assert less.transitions <= whole.transitions


@pytest.mark.parametrize("version", [V2, V3])
@pytest.mark.parametrize(
    "tasks", [("charge", "attach+rmdir", "free"), ("charge", "off", "free"), ("charge", "attach", "rmdir")]
)
@pytest.mark.parametrize("limit", [None, 256])
def test_reduced_agrees_on_three_tasks_and_tries_fewer_steps(version: str, tasks: tuple[str, ...], limit: int | None) -> None:
    whole, less = explore(scene(version, tasks, limit)), reduced(scene(version, tasks, limit))
    assert {fault.what for fault in less.faults} == {fault.what for fault in whole.faults}
    assert less.transitions < whole.transitions


STEPS = (
    steps.TAKE, steps.READ_LOCK, steps.FIND, steps.GET, steps.CHARGE, steps.STORE, steps.READ_UNLOCK, steps.UNWIND,
    steps.OWNER, steps.UNCHARGE, steps.PUT, steps.GIVE, steps.SYNCHRONIZE,
)  # fmt: skip


def some_steps(chance: Random) -> Made:
    """A task of a few steps in an order that nobody would write."""
    begin: tuple[Step, ...] = chance.choice(((steps.TAKE, steps.FIND), (steps.FIND,), ()))
    order = (*begin, *chance.choices(STEPS, k=chance.randrange(2, 6)))
    return Made(lambda at: perform(at, *order))


def some_task(chance: Random) -> Made:
    """An operation, mostly one with its steps in a wrong order or one too few."""
    order = list(SAFE)
    for _ in range(chance.randrange(3)):
        order.insert(chance.randrange(6), order.pop(chance.randrange(6)))
    if chance.random() < 0.4:
        order.pop(chance.randrange(6))
    unwind, give, uncharge, put = steps.UNWIND, steps.GIVE, steps.UNCHARGE, steps.PUT
    refused = chance.choice(((unwind, give), (give, unwind), (give,), (unwind,)))
    return chance.choice((
        charging(*order, refused=refused), charging(*order, refused=refused), charging(*order, refused=refused),
        freeing(*chance.choice(((uncharge, put), (put, uncharge), (put,), (uncharge,)))),
        attaching(chance.choice(("/a", "/b")), *chance.choice(((), (steps.SYNCHRONIZE,))), pid=chance.choice((2, 3))),
        removing(chance.choice(("/a", "/b"))), toggle, some_steps(chance),
    ))  # fmt: skip


def word(chance: Random) -> Step:
    """A step function of a few shared variables: set, add, copy, wait for one, or raise at the sight of one."""
    to, source, number = chance.choice("xyz"), chance.choice("xyz"), chance.randrange(1, 3)

    def value(at: At, name: str) -> int:
        return at.objects.get(name, 0)

    def trap(at: At) -> None:
        if value(at, to) == number + 1:
            raise ValueError(f"{to} is {number + 1}")

    made = (
        Step(f"{to} = {number}", "set", lambda at: at.objects.update({to: number}), touch(write=to)),
        Step(f"{to} += {number}", "add", lambda at: at.objects.update({to: value(at, to) + number}), touch(write=to)),
        Step(f"{to} = {source}", "move", lambda at: at.objects.update({to: value(at, source)}), touch(source, to)),
        Step(f"wait for {to}", "wait", lambda at: None, touch(to), lambda at: value(at, to) >= number),
        Step(f"trap at {to}", "trap", trap, touch(to)),
    )
    return chance.choice(made)


def words(chance: Random) -> Made:
    """A task of a few of them."""
    order = [word(chance) for _ in range(chance.randrange(1, 5))]
    return Made(lambda at: perform(at, *order))


SEEDS = [*range(16), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(16, 200))]


@pytest.mark.parametrize("task", [some_task, words])
@pytest.mark.parametrize("seed", SEEDS)
def test_in_scenes_at_random_all_three_ways_find_the_same(seed: int, task: Callable[[Random], Made]) -> None:
    chance = Random(seed)
    tasks = tuple((f"task {number}", task(chance)) for number in range(chance.choice((2, 2, 3))))
    homes = tuple(chance.choice(("/a", "/b")) for _ in tasks)
    what = Scene(tasks, limit=chance.choice((None, 0, 256, 512)), homes=homes)
    whole, less = explore(what), reduced(what)
    assert {fault.what for fault in less.faults} == {fault.what for fault in whole.faults}
    assert less.transitions <= whole.transitions
    if all(fault.what.startswith(("deadlock", "broken", "an RCU")) for fault in whole.faults):  # nothing ended too soon
        assert less.states == whole.states, "sleep sets leave steps out, and no state"
    if whole.schedules < 1000:
        every = enumerated(Stage(what))
        assert every.schedules == whole.schedules
        assert {fault.what: (fault.schedules, len(fault.path)) for fault in every.faults} == {
            fault.what: (fault.schedules, len(fault.path)) for fault in whole.faults
        }


def after(stage: Stage, path: tuple[int, ...], first: int, second: int) -> str:
    """Do two more steps: the state, or what was trapped."""
    run = stage.run(path)
    run.step(first)
    if not run.wrong:
        assert second in run.enabled()
        run.step(second)
    return run.wrong or run.key()


@pytest.mark.parametrize(
    "what",
    [
        scene(V2),
        scene(V3, limit=256),
        scene(V3, ("charge", "charge", "attach+rmdir")),
        scene(V3, ("charge", "attach", "rmdir", "free")),
        BUGS["late-free"].scene,
        BUGS["store-first"].scene,
    ],
    ids=lambda what: "-".join(name for name, _ in what.tasks),
)
def test_steps_that_say_they_commute_do_in_every_state(what: Scene) -> None:
    stage = Stage(what)
    seen, pairs = set[str](), 0
    todo: list[tuple[int, ...]] = [()]
    while todo:
        path = todo.pop()
        run = stage.run(path)
        if run.key() in seen:
            continue
        seen.add(run.key())
        ready = run.enabled()
        touches = {who: run.touches(who) for who in ready}
        todo += [(*path, who) for who in ready]
        for one in ready:
            for other in ready:
                if one < other and independent(touches[one], touches[other]):
                    pairs += 1
                    ends = [after(stage, path, one, other), after(stage, path, other, one)]
                    assert ends[0] == ends[1], run.story
    assert pairs > 0 or len(what.tasks) == 1, len(seen)


@pytest.mark.parametrize("first", ["charge", *OTHERS])
def test_the_machine_is_whole_at_the_end_of_every_schedule_of_v3(first: str) -> None:
    for second in ("charge", *OTHERS):
        assert explore(scene(V3, (first, second))).violations == 0, second


@pytest.mark.long
def test_the_machine_is_whole_at_the_end_of_every_schedule_of_three_operations_of_v3() -> None:
    names = ("charge", *OTHERS)
    for tasks in ((one, two, three) for one in names for two in names for three in names):
        for limit in (None, 256):
            assert explore(scene(V3, tasks, limit)).violations == 0, (tasks, limit)


def test_a_shortest_schedule_changes_tasks_as_seldom_as_can_be() -> None:
    worst = explore(scene(V2, ("charge", "attach+rmdir"))).shortest()
    assert worst is not None
    assert worst.path == (0, 0, 1, 1, 1, 1, 1, 0)
    assert worst.what == worst.story[-1][2] == "use of a freed container: css_get on /a"

"""Who waits for readers, who leaves memory to them, and a reference that may fail."""

from __future__ import annotations

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.races import At, Scene, after_readers, explore, remove_later, tryget
from kmemlab.races.run import Stage
from kmemlab.races.steps import Steps


def looks(at: At) -> Steps:
    """Find in a read section, and try."""
    yield "find"
    at.read_lock()
    at.find()
    yield "try"
    had = tryget(at)
    at.read_unlock()
    at.told = f"{had}, {at.holding().refs}"


def goes(at: At) -> Steps:
    """Empty and remove, waiting for nobody."""
    yield "switch"
    at.switch(2, "/new")
    at.put_old(2)
    at.may_rmdir("/old")
    remove_later(at, "/old")


def waits(at: At) -> Steps:
    """Wait for readers."""
    yield "before"
    yield from after_readers(at, "after")


def test_a_reference_is_had_where_there_is_one_and_refused_where_there_is_none() -> None:
    stage = Stage(Scene((("looks", looks), ("goes", goes)), old=0, names=("old", "new")))
    assert stage.run((0, 0)).story[-1] == ("looks", "try", "True, 2")
    run = stage.run((0, 1, 0))
    assert run.story[-1] == ("looks", "try", "False, 0")
    assert run.enabled() == [-1], "the memory goes when the last reader has left"
    run.step(-1)
    assert run.end() == ""


def test_out_of_a_section_the_count_is_in_freed_memory() -> None:
    def bare(at: At) -> Steps:
        yield "find"
        at.find()
        yield "try"
        if tryget(at):
            at.unwind()

    (fault,) = explore(Scene((("bare", bare), ("goes", goes)), old=0, names=("old", "new"))).faults
    assert fault.what == "use of a freed container: css_tryget on /old"


def test_a_stop_after_readers_waits_for_those_who_read_when_it_began() -> None:
    stage = Stage(Scene((("looks", looks), ("waits", waits)), old=0))
    assert stage.run((0, 1)).enabled() == [0], "looks is in its section"
    assert stage.run((0, 1, 0)).enabled() == [1]
    assert stage.run((1, 0)).enabled() == [0, 1], "looks began later"


def test_containers_have_the_names_that_a_scene_gives_them() -> None:
    machine, _ = Scene((("looks", looks),), old=2, limit=1024, names=("old", "new")).boot()
    paths = sorted(machine.kmem_subsystem.paths.values())
    assert paths == ["/", "/new", "/old"]
    owner = machine.kmem_subsystem.owners[1]
    assert owner is not None and (owner.res.usage, owner.res.limit) == (512, 1024)
    with pytest.raises(KernelError, match="There is no container /c"):
        Stage(Scene((("goes", looks),))).run().actors[0].at.container("/c")

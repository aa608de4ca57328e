"""The letter's "pros", seen to fail without it: a bomb harms its neighbour unless its container has a limit."""

from __future__ import annotations

from kmemlab import Session

READY = (
    "mount -t container -o kmem none /dev/container",
    "mkdir /dev/container/web",
    "echo 1 > /sys/slab/task_struct/cache_account",
    "fork 2",
    "echo 2 > /dev/container/web/tasks",
)


def refused_to_the_neighbour(limit: int | None) -> bool:
    """Say whether task 3 is refused a file, with a fork bomb beside it in /web."""
    session = Session(memory="4M")
    session.run(*READY)
    if limit is not None:
        session.run(f"echo -n {limit} > /dev/container/web/kmem.limit")
    assert "refused" in str(session.run("as 2 fork 2000"))  # by the limit, or for want of memory
    session.machine.check()
    return "refused" in str(session.run("as 3 open 200"))


def test_a_fork_bomb_harms_its_neighbour_without_a_limit_and_not_with_one() -> None:
    assert refused_to_the_neighbour(None)
    assert not refused_to_the_neighbour(65536)

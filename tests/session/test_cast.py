"""A session knows everybody who ever appears in it, wherever one stands, and under the name that came last."""

from __future__ import annotations

from kmemlab import Session
from kmemlab.scenarios import SCENARIOS, play


def test_whoever_comes_renames_and_goes_is_known_at_boot() -> None:
    session = Session(memory="2M")
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/web", "fork 2", "echo nginx > /proc/3/comm")
    session.run(
        "as 3 exit", "rmdir /containers/web", "mkdir /containers/shop", "mv /containers/shop /containers/store", "fork 1"
    )
    session.seek(0)
    assert session.cast.containers == {0: "/", 1: "/web", 2: "/store"}
    assert session.cast.tasks == {1: "init", 2: "init", 3: "nginx", 4: "init"}


def test_a_scenario_is_known_as_walking_all_its_tasks_at_each_command_would_know_it() -> None:
    for name in ("fd-bomb", "quiet"):
        session = play(name)
        again = Session(**session.machine.profile.to_dict())
        tasks: dict[int, str] = {}
        for line in SCENARIOS[name].commands():
            again.run(line)
            tasks |= {pid: task.comm for pid, task in again.machine.tasks.by_pid.items()}
        assert session.cast.tasks == tasks


def test_a_pid_that_is_given_again_after_an_undo_has_the_new_name() -> None:
    session = Session(memory="2M")
    session.run("fork 1", "echo old > /proc/2/comm")
    session.undo()
    session.undo()
    session.run("fork 1")
    assert session.cast.tasks[2] == "init"
    session.run("echo new > /proc/2/comm")
    assert session.cast.tasks[2] == "new"

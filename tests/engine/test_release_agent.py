"""notify_on_release, releasable, release_agent: when the agent runs, and when not (facts 4.2, slub-2.6 section 7)."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.events import AGENT, KINDS

from .machines import Checked, errno_of

AGENT_PATH = "/sbin/agent"


@pytest.fixture
def watched(kmem: Checked) -> Checked:
    """As `kmem`, with an agent, and web asks for it. Task 2 is in web."""
    kmem.write("/containers/release_agent", AGENT_PATH + "\n")
    kmem.write("/containers/web/notify_on_release", "1\n")
    return kmem


def runs(machine: Checked) -> list[tuple[str, str]]:
    """Runs of the agent up to now; a command ends, as the workqueue runs then."""
    machine.do(machine.machine.command_ends, 0)
    return machine.machine.containers.released.runs


ONE_RUN = [(AGENT_PATH, "/web")]


def act(machine: Checked, *steps: str) -> None:
    """What a row of the tables below says: `attach 2 web`, `notify web 1`, `agent /x`, `end` (of a command)."""
    for step in steps:
        match step.split():
            case ["attach", pid, *name]:
                machine.attach(int(pid), "".join(name))
            case ["exit", pid]:
                machine.exit(int(pid))
            case ["fork", pid]:
                machine.fork(int(pid))
            case ["open", pid]:
                machine.open(int(pid))
            case ["close", pid]:
                machine.close(int(pid), 0)
            case ["mkdir", name]:
                machine.mkdir(name)
            case ["rmdir", name]:
                machine.rmdir(name)
            case ["notify", name, flag]:
                machine.write(f"/containers/{name}/notify_on_release", flag)
            case ["agent", *path]:
                machine.write("/containers/release_agent", "".join(path) + "\n")
            case ["end"]:
                runs(machine)
            case _:
                pytest.fail(step)


LEAVING = [
    ["exit 2"],
    ["attach 2"],
    ["mkdir web/x", "attach 2", "rmdir web/x"],
    ["open 2", "attach 2", "end", "close 2"],
    ["open 2", "attach 2", "close 2"],
    ["attach 2", "attach 2 web", "attach 2"],
]


@pytest.mark.parametrize("steps", LEAVING, ids=", ".join)
def test_the_agent_runs_once_with_the_path_when_the_last_user_goes(watched: Checked, steps: list[str]) -> None:
    act(watched, *steps)
    assert runs(watched) == ONE_RUN
    assert runs(watched) == ONE_RUN


STAYING = [
    ("somebody is left", ["fork 2", "exit 2"]),
    ("a child is left", ["mkdir web/x", "exit 2"]),
    ("an object is left", ["open 2", "attach 2"]),
    ("the last object goes and a task stays", ["open 2", "close 2"]),
    ("notify_on_release is 0", ["notify web 0", "exit 2"]),
    ("the flag was taken away while objects were left", ["open 2", "attach 2", "notify web 0", "close 2"]),
    ("it is removed first", ["attach 2", "rmdir web"]),
    ("no agent is set", ["agent", "exit 2"]),
    ("an agent is set only when it was released already", ["agent", "exit 2", "end", "agent /x"]),
    ("it was never used", ["mkdir y", "notify y 1"]),
    ("the flag is written after the user went", ["mkdir y", "attach 1 y", "attach 1", "notify y 1"]),
    ("it is the root", ["notify . 1", "mkdir y", "rmdir y"]),
]


@pytest.mark.parametrize("steps", [row[1] for row in STAYING], ids=[row[0] for row in STAYING])
def test_the_agent_does_not_run(watched: Checked, steps: list[str]) -> None:
    act(watched, *steps)
    assert runs(watched) == []


def test_a_flag_set_while_objects_are_left_is_early_enough(kmem: Checked) -> None:
    kmem.write("/containers/release_agent", AGENT_PATH)
    kmem.open(2)
    kmem.attach(2, "")
    kmem.write("/containers/web/notify_on_release", "1")
    assert runs(kmem) == []
    kmem.close(2, 0)
    assert runs(kmem) == ONE_RUN


def test_who_comes_back_while_objects_are_left_puts_it_off(watched: Checked) -> None:
    watched.open(2)
    watched.attach(2, "")
    assert runs(watched) == []
    watched.attach(2, "web")
    assert runs(watched) == []
    watched.close(2, 0)
    assert runs(watched) == []
    watched.exit(2)
    assert runs(watched) == ONE_RUN


def test_a_new_container_starts_at_0_whatever_its_parent_says(watched: Checked) -> None:
    watched.mkdir("web/x")
    assert watched.read("/containers/web/x/notify_on_release") == "0\n"
    assert watched.read("/containers/web/notify_on_release") == "1\n"


def test_the_path_starts_at_the_top_of_the_tree_wherever_that_is_mounted(watched: Checked) -> None:
    watched.do(watched.machine.tree.mount, "kmem", "/tmp")
    watched.mkdir("web/x")
    watched.write("/tmp/web/x/notify_on_release", "1")
    watched.write("/tmp/web/x/tasks", "2")
    watched.do(watched.machine.tree.umount, "/tmp")
    watched.do(watched.machine.tree.umount, "/containers")
    watched.exit(2)
    assert runs(watched) == [(AGENT_PATH, "/web/x")]


def test_a_run_is_an_event_that_names_the_container(watched: Checked) -> None:
    log = watched.machine.log
    assert log is not None
    watched.exit(2)
    runs(watched)
    row = log.length - 2  # before the command's end
    assert KINDS[log.kind[row]] == "agent" == KINDS[AGENT]
    assert watched.machine.kmem_subsystem.paths[int(log.owner[row])] == "/web"
    assert KINDS[:8] == ("newpage", "freepage", "alloc", "free", "refused", "nopage", "switched", "command")


def test_in_a_tree_without_kmem_the_event_names_nobody_but_the_run_does(kmem: Checked) -> None:
    kmem.do(kmem.machine.tree.mount, "cpuset,release_agent=/a", "/tmp")
    kmem.do(kmem.machine.tree.mkdir, "/tmp/set")
    kmem.write("/tmp/set/notify_on_release", "1")
    kmem.write("/tmp/set/tasks", "2")
    kmem.exit(2)
    assert runs(kmem) == [("/a", "/set")]
    log = kmem.machine.log
    assert log is not None
    assert (KINDS[log.kind[log.length - 2]], log.owner[log.length - 2]) == ("agent", -1)


def test_of_several_that_are_released_in_one_command_the_last_is_told_of_first(watched: Checked) -> None:
    watched.do(watched.machine.tree.mount, "cpuset,release_agent=/a", "/tmp")
    watched.do(watched.machine.tree.mkdir, "/tmp/set")
    watched.write("/tmp/set/notify_on_release", "1")
    watched.write("/tmp/set/tasks", "2")
    watched.exit(2)  # out of web, then out of set
    assert runs(watched) == [("/a", "/set"), (AGENT_PATH, "/web")]


@pytest.mark.parametrize("steps", [["exit 2"], ["open 2", "attach 2"]], ids=["queued", "draining"])
def test_who_waits_for_the_agent_still_waits_after_a_restore(watched: Checked, steps: list[str]) -> None:
    act(watched, *steps)
    saved = watched.machine.state()
    other = Checked()
    other.do(other.machine.restore, saved)
    assert other.machine.state() == saved
    for each in (watched, other):
        if 2 in each.machine.tasks.by_pid:
            each.close(2, 0)
        assert runs(each) == ONE_RUN
    assert other.machine.state_hash() == watched.machine.state_hash()


def test_who_was_told_of_is_not_told_of_again_after_a_restore(watched: Checked) -> None:
    watched.exit(2)
    assert runs(watched) == ONE_RUN
    other = Checked()
    other.do(other.machine.restore, watched.machine.state())
    assert other.machine.containers.released.queue == []
    assert runs(other) == ONE_RUN


# steps -> what releasable says
RELEASABLE: list[tuple[str, list[str], str]] = [
    ("nobody went", [], "0\n"),
    ("a task went elsewhere", ["attach 2"], "1\n"),
    ("a task ended", ["exit 2"], "1\n"),
    ("the flag was written again", ["attach 2", "notify web 1"], "0\n"),
    ("the flag was taken away", ["attach 2", "notify web 0"], "0\n"),
    ("a user went, but nobody asked", ["notify web 0", "attach 2"], "0\n"),
    ("the last object went, a task stays", ["open 2", "close 2"], "1\n"),
    ("the last object went, a child stays", ["mkdir web/x", "open 2", "close 2"], "1\n"),
    ("an object went, another stays", ["open 2", "open 2", "close 2"], "0\n"),
    ("an object came", ["open 2"], "0\n"),
    ("the flag was written again after the last object went", ["open 2", "close 2", "notify web 1"], "0\n"),
    ("a child went", ["mkdir web/x", "rmdir web/x"], "1\n"),
    ("a task of several ended", ["fork 2", "exit 2"], "0\n"),
]


@pytest.mark.parametrize(("steps", "said"), [row[1:] for row in RELEASABLE], ids=[row[0] for row in RELEASABLE])
def test_releasable_says_whether_a_user_went_since_the_flag_was_written(watched: Checked, steps: list[str], said: str) -> None:
    act(watched, *steps)
    assert watched.read("/containers/web/releasable") == said


def test_a_refused_charge_puts_its_reference_and_that_may_be_the_last(watched: Checked) -> None:
    watched.limit("web", 0)
    assert errno_of(watched.open, 2) == errno.ENFILE
    assert watched.read("/containers/web/releasable") == "1\n"
    assert runs(watched) == []


def test_objects_of_the_root_are_not_counted_so_it_is_not_releasable_by_them(watched: Checked) -> None:
    act(watched, "notify . 1", "open 1", "close 1")
    assert watched.read("/containers/releasable") == "0\n"


def test_that_the_last_object_went_is_part_of_the_state(watched: Checked) -> None:
    act(watched, "open 2", "close 2")
    other = Checked()
    other.do(other.machine.restore, watched.machine.state())
    assert other.read("/containers/web/releasable") == "1\n"
    assert other.machine.state_hash() == watched.machine.state_hash()


@pytest.mark.parametrize("text", ["1", "", "0\n"])
def test_releasable_cannot_be_written(watched: Checked, text: str) -> None:
    before = watched.machine.state_hash()
    assert errno_of(watched.write, "/containers/web/releasable", text) == errno.EINVAL
    assert watched.machine.state_hash() == before


@pytest.mark.parametrize(
    ("text", "said"),
    [("/a\n", "/a\n"), ("/a", "/a\n"), ("/a\n\n", "/a\n\n"), ("", "\n"), ("/a\0b", "/a\n"), ("x" * 4095, "x" * 4095 + "\n")],
)
def test_the_release_agent_is_stored_without_one_newline_and_shown_with_one(kmem: Checked, text: str, said: str) -> None:
    kmem.write("/containers/release_agent", text)
    assert kmem.read("/containers/release_agent") == said


def test_only_the_top_has_a_release_agent_and_it_is_shorter_than_a_page(kmem: Checked) -> None:
    assert errno_of(kmem.read, "/containers/web/release_agent") == errno.ENOENT
    assert "release_agent" not in kmem.machine.tree.listdir("/containers/web")
    before = kmem.machine.state_hash()
    assert errno_of(kmem.write, "/containers/release_agent", "x" * 4096) == errno.E2BIG
    assert kmem.machine.state_hash() == before
    kmem.mkdir("web/release_agent")  # the name is free there

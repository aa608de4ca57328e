"""Hierarchies, containers, tasks files: kernel/cgroup.c 2.6.24 before the renaming (facts 4.2, slub-2.6 7)."""

from __future__ import annotations

import csv
import errno
import gzip
import json

import pytest

from kmemlab.engine.container_input import parse_mount_options, parse_pid
from kmemlab.engine.containers import Container, Containers, Css, Subsystem
from kmemlab.engine.errors import KernelError
from kmemlab.engine.tasks import Task
from kmemlab.recordings import RECORDINGS

from .machines import Checked, errno_of

OWN = ["tasks", "notify_on_release", "releasable", "release_agent"]  # files of a root
FOUR = ["cpuset", "cpuacct", "kmem", "memory"]  # the subsystems that the recordings were made with


def recorded(name: str) -> list[dict[str, str]]:
    with gzip.open(RECORDINGS / "recordings" / name, "rt", newline="") as file:
        return list(csv.DictReader(file))


def recorded_text(cell: str) -> str:
    """A cell is a JSON string; `"c" x N` is N copies of c."""
    text, _, times = cell.partition('" x ')
    return str(json.loads(text + '"')) * int(times) if times else str(json.loads(cell))


@pytest.mark.parametrize("row", recorded("cgroup_mount_options-2.6.24.csv.gz"), ids=lambda row: row["options"])
def test_every_recorded_mount_option_is_read_as_the_kernel_read_it(row: dict[str, str]) -> None:
    data = None if row["options"].startswith("(no data") else recorded_text(row["options"])
    if row["result"] != "OK":
        assert errno_of(parse_mount_options, data, FOUR) == getattr(errno, row["result"])
        return
    made = parse_mount_options(data, FOUR)
    assert ("+".join(made.names), str(int(made.noprefix))) == (row["subsystems"], row["noprefix"])
    assert (made.release_agent or "(none)") == row["release_agent"]


WRITES = [row for row in recorded("cgroup_write_parse-2.6.24.csv.gz") if row["tasks_file"] != "(not run)"]


@pytest.mark.parametrize("row", WRITES, ids=lambda row: row["input_json"])
def test_every_recorded_write_to_tasks_is_read_as_the_kernel_read_it(row: dict[str, str]) -> None:
    text = recorded_text(row["input_json"])
    kind, *value = row["tasks_file"].split()
    if kind == "pid":
        assert parse_pid(text) == int(value[0])
    else:
        assert errno_of(parse_pid, text) == getattr(errno, kind)


class Fussy(Subsystem):
    """Refuses what it is told to, and remembers what it made and unmade."""

    def __init__(self, name: str, create: int = 0, attach: int = 0) -> None:
        super().__init__(name)
        self.refuses = create, attach
        self.told: list[str] = []

    def create(self, container: Container) -> Css | int:
        self.told.append(f"create {container.name}")
        return self.refuses[0] or Css()

    def destroy(self, css: Css) -> None:
        self.told.append("destroy")

    def can_attach(self, container: Container, task: Task) -> int:
        return self.refuses[1]


def world(*subsystems: Subsystem) -> tuple[Containers, Task]:
    """Containers with these subsystems, and one task."""
    containers = Containers()
    for each in subsystems:
        containers.register(each)
    task = Task(1, "init", 0)
    task.css = [each.root_css for each in subsystems]
    for css in task.css:
        css.refs += 1
    return containers, task


def test_the_same_subsystems_again_show_the_same_tree() -> None:
    containers, task = world(Fussy("a"), Fussy("b"))
    tree = containers.mount("a", [task])
    assert tree.subsystems == [containers.subsystems[0]]
    assert containers.mount("a", [task]) is tree


@pytest.mark.parametrize("options", ["a,b", "all", None, "a,noprefix"])
def test_a_subsystem_that_is_bound_elsewhere_is_busy(options: str | None) -> None:
    containers, task = world(Fussy("a"), Fussy("b"))
    containers.mount("a", [task])
    assert errno_of(containers.mount, options, [task]) == errno.EBUSY
    assert len(containers.hierarchies) == 1


def test_two_hierarchies_each_with_every_task() -> None:
    containers, task = world(Fussy("a"), Fussy("b"))
    one, two = containers.mount("a", [task]), containers.mount("b", [task])
    child = containers.mkdir(one.root, "x")
    containers.attach(child, task)
    assert (list(child.tasks), list(two.root.tasks), list(one.root.tasks)) == ([1], [1], [])
    assert task.css[0] is child.css["a"]
    assert task.css[1] is two.root.css["b"]


def test_a_subsystem_that_refuses_a_container_makes_the_others_unmake_theirs() -> None:
    first, second = Fussy("a"), Fussy("b", create=errno.ENOMEM)
    containers, task = world(first, second)
    root = containers.mount("all", [task]).root
    refs = {name: css.refs for name, css in root.css.items()}
    assert errno_of(containers.mkdir, root, "x") == errno.ENOMEM
    assert first.told == ["create x", "destroy"]
    assert (root.children, {name: css.refs for name, css in root.css.items()}) == ({}, refs)


def test_a_subsystem_can_veto_a_task_and_nothing_moves() -> None:
    containers, task = world(Fussy("a", attach=-errno.EPERM))
    root = containers.mount("a", [task]).root
    child = containers.mkdir(root, "x")
    assert errno_of(containers.attach, child, task) == errno.EPERM
    assert (list(root.tasks), child.css["a"].refs) == ([1], 0)


def test_being_attached_where_one_is_asks_nobody() -> None:
    containers, task = world(Fussy("a", attach=errno.EPERM))
    root = containers.mount("a", [task]).root
    containers.attach(root, task)
    assert list(root.tasks) == [1]


def test_umount_dissolves_a_tree_without_children_and_frees_the_subsystem_for_another_set() -> None:
    containers, task = world(Fussy("a"), Fussy("b"))
    containers.umount(containers.mount("a", [task]))
    assert (containers.hierarchies, task.containers) == ([], {})
    assert [each.name for each in containers.mount("all", [task]).subsystems] == ["a", "b"]


def test_a_tree_with_children_lives_on_unseen_and_is_found_again() -> None:
    containers, task = world(Fussy("a"))
    hierarchy = containers.mount("a", [task])
    child = containers.mkdir(hierarchy.root, "x")
    containers.umount(hierarchy)
    assert containers.mount("a", [task]).root.children == {"x": child}


def test_a_subsystem_that_overrides_nothing_has_no_files_and_lets_everyone_in() -> None:
    plain = Subsystem("a")
    containers, task = world(plain)
    child = containers.mkdir(containers.mount("a", [task]).root, "x")
    containers.attach(child, task)
    assert (plain.files(), list(child.tasks)) == ([], [1])
    assert errno_of(plain.read, child.css["a"], "f") == errno.EINVAL
    assert errno_of(plain.write, child.css["a"], "f", "") == errno.EINVAL


@pytest.mark.parametrize("what", ["task", "child", "object"])
def test_rmdir_is_busy_while_anything_refers_to_the_container_and_goes_when_it_is_gone(kmem: Checked, what: str) -> None:
    kmem.mkdir("box")
    if what == "child":
        kmem.mkdir("box/inner")
    else:
        kmem.attach(2, "box")
    if what == "object":
        kmem.open(2)
        kmem.attach(2, "web")
    before = kmem.machine.state_hash()
    with pytest.raises(KernelError) as refusal:
        kmem.rmdir("box")
    assert (refusal.value.errno, refusal.value.strerror) == (errno.EBUSY, f"1 {what} still refers to box.")
    assert kmem.machine.state_hash() == before
    match what:
        case "task":
            kmem.attach(2, "web")
        case "child":
            kmem.rmdir("box/inner")
        case "object":
            kmem.close(2, 0)
    kmem.rmdir("box")
    assert "box" not in kmem.machine.tree.listdir("/containers")


def test_the_root_cannot_be_removed(kmem: Checked) -> None:
    hierarchy = kmem.machine.kmem_subsystem.hierarchy
    assert hierarchy is not None
    assert errno_of(kmem.machine.containers.rmdir, hierarchy.root) == errno.EBUSY


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("web", errno.EEXIST),
        ("tasks", errno.EEXIST),
        ("kmem.usage", errno.EEXIST),
        (".", errno.EEXIST),
        ("..", errno.EEXIST),
        ("", errno.ENOENT),
        ("a/b", errno.EINVAL),
        ("a\nb", errno.EINVAL),
        ("a\0b", errno.EINVAL),
        ("x" * 256, errno.ENAMETOOLONG),
        ("é" * 128, errno.ENAMETOOLONG),
    ],
)
def test_a_name_that_cannot_be_is_refused(kmem: Checked, name: str, number: int) -> None:
    hierarchy = kmem.machine.kmem_subsystem.hierarchy
    assert hierarchy is not None
    before = kmem.machine.state_hash()
    assert errno_of(kmem.machine.containers.mkdir, hierarchy.root, name) == number
    assert kmem.machine.state_hash() == before


def test_the_longest_name_is_255_bytes(kmem: Checked) -> None:
    kmem.mkdir("x" * 255)
    assert kmem.machine.tree.listdir("/containers")[-1] == "x" * 255


def test_a_removed_container_takes_neither_tasks_nor_children(kmem: Checked) -> None:
    kmem.mkdir("gone")
    container = kmem.group("gone").container
    assert container is not None
    kmem.rmdir("gone")
    containers = kmem.machine.containers
    assert errno_of(containers.attach, container, kmem.machine.tasks.find(2)) == errno.ENODEV
    assert errno_of(containers.mkdir, container, "x") == errno.ENOENT


@pytest.mark.parametrize(("text", "there"), [("2", True), ("2 junk", True), ("0", False), ("", False)])
def test_tasks_takes_the_first_number_and_0_is_whoever_writes(kmem: Checked, text: str, there: bool) -> None:
    kmem.mkdir("box")
    kmem.as_task(1)
    if text:
        kmem.write("/containers/box/tasks", text)
    assert kmem.read("/containers/box/tasks") == {"": "", "0": "1\n"}.get(text, "2\n")
    assert (2 in kmem.machine.tasks.by_pid) and (kmem.read("/containers/web/tasks") == "2\n") != there


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", errno.EIO),
        ("abc", errno.EIO),
        ("+5", errno.EIO),
        ("99", errno.ESRCH),
        ("-1", errno.ESRCH),
        ("2".ljust(4096), errno.E2BIG),
    ],
)
def test_a_wrong_pid_is_refused_and_nothing_moves(kmem: Checked, text: str, number: int) -> None:
    before = kmem.machine.state_hash()
    assert errno_of(kmem.write, "/containers/web/tasks", text) == number
    assert kmem.machine.state_hash() == before


def test_tasks_lists_pids_ascending(kmem: Checked) -> None:
    pids = [kmem.fork() for _ in range(3)]
    for pid in reversed(pids):
        kmem.attach(pid, "web")
    assert kmem.read("/containers/web/tasks") == "2\n3\n4\n5\n"


def test_noprefix_drops_the_subsystem_from_the_file_names() -> None:
    machine = Checked()
    machine.do(machine.machine.tree.mount, "kmem,noprefix", "/containers")
    assert machine.machine.tree.listdir("/containers") == [*OWN, "usage", "limit", "failcnt"]
    machine.write("/containers/limit", "77")
    assert machine.read("/containers/limit") == "77\n"
    assert errno_of(machine.mkdir, "usage") == errno.EEXIST


def test_the_roots_counter_lives_on_over_umount_and_mount(kmem: Checked) -> None:
    kmem.open(1)
    kmem.attach(2, "")
    kmem.rmdir("web")
    kmem.do(kmem.machine.tree.umount, "/containers")
    kmem.open(1)
    kmem.mount()
    assert kmem.counter() == (2 * 256, 0)

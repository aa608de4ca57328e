"""Which subsystems are mounted where: mount, remount, umount, rename (facts 4.2, slub-2.6 section 7)."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.paths import point_above, renamed_points

from .machines import Checked, errno_of

ALL = ["cpuset", "cpuacct", "kmem", "memory"]


@pytest.fixture
def plain() -> Checked:
    """Nothing mounted; /tmp/a, /tmp/b and /tmp/c to mount on."""
    ready = Checked()
    for name in "abc":
        ready.do(ready.machine.tree.mkdir, f"/tmp/{name}")
    return ready


def mount(machine: Checked, options: str | None, point: str) -> None:
    machine.do(machine.machine.tree.mount, options, point)


def remount(machine: Checked, options: str | None, point: str) -> None:
    machine.do(machine.machine.tree.remount, options, point)


def rename(machine: Checked, old: str, new: str) -> None:
    machine.do(machine.machine.tree.rename, old, new)


def bound(machine: Checked, point: str) -> list[str]:
    return [each.name for each in machine.machine.tree.mounts[point].subsystems]


def refused(machine: Checked, number: int, operation: object, *arguments: object) -> None:
    """An operation says no with this errno and leaves nothing behind."""
    assert callable(operation)
    before = machine.machine.state_hash()
    assert errno_of(operation, machine, *arguments) == number
    assert machine.machine.state_hash() == before


# what is mounted at /tmp/a -> options at /tmp/b -> errno, or what is bound there then
MOUNTS: list[tuple[str | None, str | None, int | list[str]]] = [
    ("kmem", "kmem", ["kmem"]),
    ("kmem,memory", "memory,kmem", ["kmem", "memory"]),
    ("kmem,noprefix", "noprefix,kmem", ["kmem"]),
    ("kmem,release_agent=/a", "kmem,release_agent=/b", ["kmem"]),
    (None, "all", ALL),
    ("all", "cpuset,cpuacct,kmem,memory", ALL),
    ("kmem", "memory", ["memory"]),
    ("kmem", "kmem,memory", errno.EBUSY),
    ("kmem", None, errno.EBUSY),
    ("kmem", "all", errno.EBUSY),
    ("kmem,memory", "kmem", errno.EBUSY),
    ("kmem", "kmem,noprefix", errno.EBUSY),
    ("kmem,noprefix", "kmem", errno.EBUSY),
    ("kmem", "cpu", errno.ENOENT),
    ("kmem", "Kmem", errno.ENOENT),
    ("kmem", " kmem", errno.ENOENT),
    ("kmem", "kmem,ro", errno.ENOENT),
    ("kmem", "", errno.EINVAL),
    ("kmem", "kmem,", errno.EINVAL),
    ("kmem", "noprefix", errno.EINVAL),
    ("kmem", "release_agent=/a,kmem,release_agent=/b", errno.EINVAL),
]


@pytest.mark.parametrize(("first", "second", "then"), MOUNTS, ids=[f"{row[0]} then {row[1]}" for row in MOUNTS])
def test_a_second_mount_shows_the_same_tree_or_another_or_is_refused(
    plain: Checked, first: str | None, second: str | None, then: int | list[str]
) -> None:
    mount(plain, first, "/tmp/a")
    if isinstance(then, int):
        refused(plain, then, mount, second, "/tmp/b")
        return
    mount(plain, second, "/tmp/b")
    assert bound(plain, "/tmp/b") == then
    same = plain.machine.tree.mounts["/tmp/a"] is plain.machine.tree.mounts["/tmp/b"]
    assert same == (bound(plain, "/tmp/a") == then)


def test_the_release_agent_of_a_mount_that_shows_a_tree_again_is_not_looked_at(plain: Checked) -> None:
    mount(plain, "kmem,release_agent=/first", "/tmp/a")
    mount(plain, "kmem,release_agent=/second", "/tmp/b")
    assert plain.read("/tmp/b/release_agent") == "/first\n"


def test_a_mount_point_is_taken_once(plain: Checked) -> None:
    mount(plain, "kmem", "/tmp/a")
    refused(plain, errno.EBUSY, mount, "kmem", "/tmp/a")
    refused(plain, errno.EBUSY, mount, "memory", "/tmp")
    refused(plain, errno.EBUSY, mount, "memory", "/")


# at /tmp/a, where memory is bound elsewhere -> options -> errno, or what is bound then
REMOUNTS: list[tuple[str, str | None, int | list[str]]] = [
    ("kmem", "kmem", ["kmem"]),
    ("kmem", "kmem,cpuset", ["cpuset", "kmem"]),
    ("kmem,cpuset", "cpuset", ["cpuset"]),
    ("kmem", "cpuacct", ["cpuacct"]),
    ("kmem,noprefix", "cpuset,kmem,noprefix", ["cpuset", "kmem"]),
    ("kmem", "kmem,noprefix", errno.EINVAL),
    ("kmem,noprefix", "kmem", errno.EINVAL),
    ("kmem", "memory,noprefix", errno.EINVAL),
    ("kmem", "kmem,memory", errno.EBUSY),
    ("kmem", None, errno.EBUSY),
    ("kmem", "kmem,", errno.EINVAL),
    ("kmem", "cpu", errno.ENOENT),
]


@pytest.mark.parametrize(("first", "second", "then"), REMOUNTS, ids=[f"{row[0]} to {row[1]}" for row in REMOUNTS])
def test_a_remount_changes_the_set_or_is_refused(plain: Checked, first: str, second: str | None, then: int | list[str]) -> None:
    mount(plain, first, "/tmp/a")
    mount(plain, "memory", "/tmp/b")
    if isinstance(then, int):
        refused(plain, then, remount, second, "/tmp/a")
        return
    remount(plain, second, "/tmp/a")
    assert bound(plain, "/tmp/a") == then
    free = [name for name in ALL if name not in then and name != "memory"]
    if free:
        mount(plain, ",".join(free), "/tmp/c")
    assert plain.machine.containers.hierarchies[0].ident == 1


@pytest.mark.parametrize("options", ["kmem", "kmem,cpuset", "cpuset", "kmem,memory"])
def test_no_remount_while_there_are_children_but_the_release_agent_is_stored(plain: Checked, options: str) -> None:
    mount(plain, "kmem,release_agent=/old", "/tmp/a")
    mount(plain, "memory", "/tmp/b")
    plain.do(plain.machine.tree.mkdir, "/tmp/a/web")
    refused(plain, errno.EBUSY, remount, options, "/tmp/a")
    assert errno_of(remount, plain, options + ",release_agent=/new", "/tmp/a") == errno.EBUSY
    assert plain.read("/tmp/a/release_agent") == "/new\n"
    assert bound(plain, "/tmp/a") == ["kmem"]


@pytest.mark.parametrize("options", ["kmem,noprefix,release_agent=/new", "cpu,release_agent=/new"])
def test_a_remount_with_options_that_are_wrong_stores_nothing(plain: Checked, options: str) -> None:
    mount(plain, "kmem,release_agent=/old", "/tmp/a")
    assert errno_of(remount, plain, options, "/tmp/a") in (errno.EINVAL, errno.ENOENT)
    assert plain.read("/tmp/a/release_agent") == "/old\n"


def test_what_is_no_container_mount_cannot_be_remounted(plain: Checked) -> None:
    refused(plain, errno.EINVAL, remount, "kmem", "/tmp/a")
    refused(plain, errno.EINVAL, remount, "kmem", "/proc")
    refused(plain, errno.ENOENT, remount, "kmem", "/nope")


def test_a_subsystem_that_a_remount_lets_go_keeps_its_root_counter(kmem: Checked) -> None:
    kmem.open(1)
    kmem.attach(2, "")
    kmem.rmdir("web")
    remount(kmem, "cpuset", "/containers")
    kmem.open(2)
    assert kmem.machine.tree.listdir("/containers") == ["tasks", "notify_on_release", "releasable", "release_agent"]
    mount(kmem, "kmem", "/tmp")
    assert kmem.read("/tmp/kmem.usage") == f"{2 * 256}\n"


def test_umount_without_children_dissolves_and_with_children_hides(plain: Checked) -> None:
    mount(plain, "kmem", "/tmp/a")
    plain.do(plain.machine.tree.umount, "/tmp/a")
    assert plain.machine.containers.hierarchies == []
    mount(plain, "kmem,memory", "/tmp/a")
    plain.do(plain.machine.tree.mkdir, "/tmp/a/web")
    plain.do(plain.machine.tree.umount, "/tmp/a")
    refused(plain, errno.EBUSY, mount, "kmem", "/tmp/b")
    mount(plain, "kmem,memory", "/tmp/b")
    assert "web" in plain.machine.tree.listdir("/tmp/b")


def test_a_mount_with_another_inside_it_is_busy(plain: Checked) -> None:
    mount(plain, "kmem", "/tmp/a")
    plain.do(plain.machine.tree.mkdir, "/tmp/a/web")
    mount(plain, "memory", "/tmp/a/web")
    refused(plain, errno.EBUSY, lambda machine: machine.do(machine.machine.tree.umount, "/tmp/a"))
    plain.do(plain.machine.tree.umount, "/tmp/a/web")
    plain.do(plain.machine.tree.umount, "/tmp/a")


def test_a_container_that_something_is_mounted_on_can_be_removed_by_no_path(plain: Checked) -> None:
    tree = plain.machine.tree
    mount(plain, "kmem", "/tmp/a")
    mount(plain, "kmem", "/tmp/b")
    plain.do(tree.mkdir, "/tmp/a/web")
    mount(plain, "memory", "/tmp/a/web")
    for path in ("/tmp/a/web", "/tmp/b/web"):
        refused(plain, errno.EBUSY, lambda machine, path: machine.do(machine.machine.tree.rmdir, path), path)
        refused(plain, errno.EBUSY, rename, path, path + "2")
    plain.do(tree.umount, "/tmp/a/web")
    plain.do(tree.rmdir, "/tmp/b/web")


# /containers has web, with inner, and db; kmem there and at /tmp/b, memory at /tmp/c
RENAMES: list[tuple[str, str, int]] = [
    ("/containers/web", "/containers/www", 0),
    ("/containers/web/", "/containers/./www", 0),
    ("/containers/web", "/containers/web", 0),
    ("/containers/tasks", "/containers/jobs", errno.ENOTDIR),
    ("/containers/kmem.usage", "/containers/web", errno.ENOTDIR),
    ("/containers/web", "/containers/db", errno.EEXIST),
    ("/containers/web", "/containers/tasks", errno.EEXIST),
    ("/containers/web", "/containers/release_agent", errno.EEXIST),
    ("/containers/web", "/containers/db/web", errno.EIO),
    ("/containers/web/inner", "/containers/inner", errno.EIO),
    ("/containers/web/inner", "/containers/db", errno.EEXIST),  # a name that is taken is seen before another parent
    ("/containers/web/inner", "/containers/db/" + "x" * 256, errno.ENAMETOOLONG),
    ("/containers/web", "/containers/web/inner2", errno.EINVAL),
    ("/containers/web", "/tmp/b/www", errno.EXDEV),
    ("/containers/web", "/tmp/c/www", errno.EXDEV),
    ("/containers/web", "/tmp/www", errno.EXDEV),
    ("/tmp/a", "/containers/a", errno.EXDEV),
    ("/containers/nope", "/containers/www", errno.ENOENT),
    ("/containers/web", "/containers/nope/www", errno.ENOENT),
    ("/containers/web", "/containers/" + "x" * 256, errno.ENAMETOOLONG),
    ("/containers/web", "/containers/a\nb", errno.EINVAL),
    ("/containers/web", "/containers/..", errno.EBUSY),
    ("/containers", "/cont", errno.EBUSY),
    ("/tmp/c", "/tmp/d", errno.EBUSY),
    ("/sys", "/sysfs", errno.EBUSY),
    ("/", "/x", errno.EBUSY),
    ("/proc/1", "/proc/7", errno.EPERM),
    ("/sys/slab/filp", "/sys/slab/file", errno.EPERM),
    ("/tmp/a", "/tmp/new", 0),
    ("/tmp/a", "/dev/a", 0),
    ("/tmp/a", "/tmp/b", errno.EBUSY),
    ("/tmp/a", "/tmp/d", errno.EEXIST),
    ("/tmp/d", "/tmp/d/d", errno.EINVAL),
]


@pytest.mark.parametrize(("old", "new", "number"), RENAMES, ids=[f"{row[0]} to {row[1]}"[:60] for row in RENAMES])
def test_a_rename_keeps_the_parent_and_takes_no_name_that_is_there(plain: Checked, old: str, new: str, number: int) -> None:
    tree = plain.machine.tree
    mount(plain, "kmem", "/containers")
    for path in ("/containers/web", "/containers/web/inner", "/containers/db", "/tmp/d"):
        plain.do(tree.mkdir, path)
    mount(plain, "kmem", "/tmp/b")
    mount(plain, "memory", "/tmp/c")
    if number:
        refused(plain, number, rename, old, new)
        return
    below = tree.listdir(old)
    rename(plain, old, new)
    assert tree.listdir(new) == below
    if new != old:
        assert errno_of(tree.lookup, old) in (0, errno.ENOENT)


def test_a_renamed_container_is_the_same_one_in_its_place_under_its_new_path(kmem: Checked) -> None:
    kmem.mkdir("db")
    kmem.mkdir("web/inner")
    group, inner = kmem.group("web"), kmem.group("web/inner")
    kmem.open(2)
    rename(kmem, "/containers/web", "/containers/www")
    assert kmem.group("www") is group
    assert kmem.machine.tree.listdir("/containers")[-2:] == ["www", "db"]
    assert kmem.read("/proc/2/cgroup") == "kmem:/www\n"
    paths = kmem.machine.kmem_subsystem.paths
    assert (paths[int(group.ident)], paths[int(inner.ident)]) == ("/www", "/www/inner")
    kmem.close(2, 0)
    assert kmem.counter("www") == (0, 0)


def test_mount_points_move_with_the_directory_that_is_renamed(plain: Checked) -> None:
    tree = plain.machine.tree
    mount(plain, "kmem", "/tmp/a")
    mount(plain, "kmem", "/tmp/b")
    for path in ("/tmp/a/web", "/tmp/a/web/x"):
        plain.do(tree.mkdir, path)
    mount(plain, "memory", "/tmp/a/web/x")
    plain.do(tree.mkdir, "/tmp/a/web/x/deep")
    mount(plain, "cpuset", "/tmp/a/web/x/deep")
    rename(plain, "/tmp/b/web", "/tmp/b/www")
    assert list(tree.mounts) == ["/tmp/a", "/tmp/b", "/tmp/a/www/x", "/tmp/a/www/x/deep"]
    rename(plain, "/tmp", "/var")
    assert list(tree.mounts) == ["/var/a", "/var/b", "/var/a/www/x", "/var/a/www/x/deep"]


def test_the_mount_point_above_a_path_is_the_nearest() -> None:
    assert point_above(["/a", "/a/b", "/ab"], "/a/b/c") == "/a/b"
    assert point_above(["/a", "/a/b"], "/a/b") == "/a"
    assert point_above(["/a"], "/ab") == ""
    assert renamed_points(["/a", "/a/x", "/a/xy"], ["/a"], "/x", "/z") == {"/a": "/a", "/a/x": "/a/z", "/a/xy": "/a/xy"}


def test_proc_cgroup_has_a_line_for_each_hierarchy_newest_first_highest_subsystem_first(plain: Checked) -> None:
    mount(plain, "cpuset", "/tmp/a")
    mount(plain, "kmem,memory", "/tmp/b")
    plain.do(plain.machine.tree.mkdir, "/tmp/a/one")
    plain.do(plain.machine.tree.mkdir, "/tmp/b/two")
    plain.write("/tmp/a/one/tasks", "1")
    child = plain.fork()
    plain.write("/tmp/b/two/tasks", str(child))
    mount(plain, "cpuacct", "/tmp/c")
    assert plain.read("/proc/1/cgroup") == "cpuacct:/\nmemory,kmem:/\ncpuset:/one\n"
    assert plain.read(f"/proc/{child}/cgroup") == "cpuacct:/\nmemory,kmem:/two\ncpuset:/one\n"
    plain.do(plain.machine.tree.umount, "/tmp/c")
    assert plain.read("/proc/1/cgroup") == "memory,kmem:/\ncpuset:/one\n"


def test_proc_cgroups_gives_name_bits_and_number_of_containers(plain: Checked) -> None:
    header = "#subsys_name\thierarchy\tnum_cgroups\n"
    assert plain.read("/proc/cgroups") == header + "cpuset\t0\t1\ncpuacct\t0\t1\nkmem\t0\t1\nmemory\t0\t1\n"
    mount(plain, "kmem,memory", "/tmp/a")
    mount(plain, "cpuset", "/tmp/b")
    for path in ("/tmp/a/x", "/tmp/a/x/y"):
        plain.do(plain.machine.tree.mkdir, path)
    assert plain.read("/proc/cgroups") == header + "cpuset\t1\t1\ncpuacct\t0\t1\nkmem\t12\t3\nmemory\t12\t3\n"


def test_several_hierarchies_come_back_from_a_saved_state(plain: Checked) -> None:
    mount(plain, "cpuset,cpuacct,release_agent=/x", "/tmp/a")
    mount(plain, "kmem,memory,noprefix", "/tmp/b")
    for path in ("/tmp/a/one", "/tmp/b/two", "/tmp/b/two/three", "/tmp/b/gone"):
        plain.do(plain.machine.tree.mkdir, path)
    mount(plain, "cpuset,cpuacct", "/tmp/b/two/three")
    child = plain.fork()
    plain.write("/tmp/a/one/tasks", str(child))
    plain.write("/tmp/b/two/tasks", str(child))
    rename(plain, "/tmp/b/gone", "/tmp/b/lost")
    plain.do(plain.machine.tree.rmdir, "/tmp/b/lost")
    saved = plain.machine.state()
    other = Checked()
    other.do(other.machine.restore, saved)
    assert other.machine.state() == saved
    assert other.machine.kmem_subsystem.paths == plain.machine.kmem_subsystem.paths
    for each in (plain, other):
        each.exit(child)
        each.do(each.machine.tree.umount, "/tmp/b/two/three")
    assert other.machine.state_hash() == plain.machine.state_hash()

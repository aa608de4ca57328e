"""The trees a user sees: what is where, what a file says, and with which errno it says no (facts 2.6, 4.2)."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from kmemlab.engine.files import FileTree, canonical, name_of, parent_of
from kmemlab.engine.sysfs import ATTRIBUTES

from .machines import Checked, errno_of


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("/", "/"),
        ("", "/"),
        ("//a//b/", "/a/b"),
        ("/a/./b/../c", "/a/c"),
        ("/../..", "/"),
        ("a", "/a"),
    ],
)
def test_a_path_is_walked_from_the_root(path: str, clean: str) -> None:
    assert canonical(path) == clean


def test_a_name_of_dots_is_seen_as_it_is_written() -> None:
    assert (parent_of("/a/b/.."), name_of("/a/b/..")) == ("/a/b", "..")
    assert (parent_of("/a/"), name_of("/a/"), parent_of("a")) == ("/", "a", "/")


def test_the_root_has_what_the_lab_needs(machine: Checked) -> None:
    tree = machine.machine.tree
    assert tree.listdir("/") == ["containers", "dev", "proc", "sys", "tmp"]
    assert tree.listdir("/dev") == ["container"]
    assert tree.listdir("/sys/slab") == sorted(machine.machine.caches)


OPERATIONS: list[tuple[str, Callable[[FileTree], object], int]] = [
    ("read nothing", lambda tree: tree.read("/nope"), errno.ENOENT),
    ("read a directory", lambda tree: tree.read("/proc"), errno.EISDIR),
    ("read below a file", lambda tree: tree.read("/proc/version/x"), errno.ENOTDIR),
    ("allocators of a cache that tracks none", lambda tree: tree.read("/sys/slab/filp/alloc_calls"), errno.ENOSYS),
    ("freers of a cache that tracks none", lambda tree: tree.read("/sys/slab/filp/free_calls"), errno.ENOSYS),
    ("list a file", lambda tree: tree.listdir("/proc/version"), errno.ENOTDIR),
    ("write what is read-only", lambda tree: tree.write("/proc/buddyinfo", "1"), errno.EIO),
    ("write an attribute", lambda tree: tree.write("/sys/slab/filp/order", "1"), errno.EIO),
    ("write a directory", lambda tree: tree.write("/containers", "1"), errno.EISDIR),
    ("create a file", lambda tree: tree.write("/containers/web/notes", "1"), errno.EACCES),
    ("create in a directory that is not", lambda tree: tree.write("/no/such", "1"), errno.ENOENT),
    ("shrink by another word", lambda tree: tree.write("/sys/slab/filp/shrink", "0"), errno.EINVAL),
    ("validate by another word", lambda tree: tree.write("/sys/slab/filp/validate", "0"), errno.EINVAL),
    ("validate by no word", lambda tree: tree.write("/sys/slab/filp/validate", ""), errno.EINVAL),
    ("name a task nothing", lambda tree: tree.write("/proc/1/comm", "\n"), errno.EINVAL),
    ("make in /proc", lambda tree: tree.mkdir("/proc/x"), errno.EPERM),
    ("make in /sys/slab", lambda tree: tree.mkdir("/sys/slab/x"), errno.EPERM),
    ("make what is there", lambda tree: tree.mkdir("/containers/web"), errno.EEXIST),
    ("make a file's name", lambda tree: tree.mkdir("/containers/tasks"), errno.EEXIST),
    ("make below nothing", lambda tree: tree.mkdir("/a/b"), errno.ENOENT),
    ("make below a file", lambda tree: tree.mkdir("/proc/version/x"), errno.ENOTDIR),
    ("make with a newline", lambda tree: tree.mkdir("/tmp/a\nb"), errno.EINVAL),
    ("make the root", lambda tree: tree.mkdir("/"), errno.EEXIST),
    ("remove nothing", lambda tree: tree.rmdir("/tmp/x"), errno.ENOENT),
    ("remove a container that is not", lambda tree: tree.rmdir("/containers/x"), errno.ENOENT),
    ("remove a control file", lambda tree: tree.rmdir("/containers/tasks"), errno.ENOTDIR),
    ("remove in /proc", lambda tree: tree.rmdir("/proc/1"), errno.EPERM),
    ("remove a mount point", lambda tree: tree.rmdir("/containers"), errno.EBUSY),
    ("remove what the kernel mounted", lambda tree: tree.rmdir("/proc"), errno.EBUSY),
    ("remove above a mount point", lambda tree: tree.rmdir("/sys"), errno.ENOTEMPTY),
    ("remove what is not empty", lambda tree: tree.rmdir("/dev"), errno.ENOTEMPTY),
    ("remove the root", lambda tree: tree.rmdir("/"), errno.EBUSY),
    ("mount on nothing", lambda tree: tree.mount("kmem", "/c"), errno.ENOENT),
    ("mount on a file", lambda tree: tree.mount("kmem", "/proc/version"), errno.ENOTDIR),
    ("mount on a mount", lambda tree: tree.mount("kmem", "/containers"), errno.EBUSY),
    ("mount on /proc", lambda tree: tree.mount("kmem", "/proc"), errno.EBUSY),
    ("mount an unknown subsystem", lambda tree: tree.mount("kmm", "/tmp"), errno.ENOENT),
    ("mount no subsystem", lambda tree: tree.mount("", "/tmp"), errno.EINVAL),
    ("mount in another way", lambda tree: tree.mount("kmem,noprefix", "/tmp"), errno.EBUSY),
    ("unmount nothing", lambda tree: tree.umount("/tmp"), errno.EINVAL),
    ("unmount /proc", lambda tree: tree.umount("/proc"), errno.EBUSY),
]


@pytest.mark.parametrize(("operation", "number"), [row[1:] for row in OPERATIONS], ids=[row[0] for row in OPERATIONS])
def test_what_cannot_be_done_says_so_and_changes_nothing(
    kmem: Checked, operation: Callable[[FileTree], object], number: int
) -> None:
    before = kmem.machine.state_hash()
    assert errno_of(kmem.do, operation, kmem.machine.tree) == number
    assert kmem.machine.state_hash() == before


def test_a_directory_can_be_made_mounted_on_and_removed(machine: Checked) -> None:
    tree = machine.machine.tree
    machine.do(tree.mkdir, "/tmp/c")
    machine.do(tree.mount, "kmem", "/tmp/c/")
    own = ["tasks", "notify_on_release", "releasable", "release_agent"]
    assert tree.listdir("/tmp/c") == [*own, "kmem.usage", "kmem.limit", "kmem.failcnt"]
    assert errno_of(tree.rmdir, "/tmp/c") == errno.EBUSY
    machine.do(tree.umount, "/tmp/c")
    machine.do(tree.rmdir, "/tmp/c")
    assert tree.listdir("/tmp") == []


def test_a_tree_that_is_mounted_twice_is_one_tree(kmem: Checked) -> None:
    tree = kmem.machine.tree
    kmem.do(tree.mount, "kmem", "/tmp")
    kmem.do(tree.mkdir, "/tmp/db")
    assert tree.listdir("/containers") == tree.listdir("/tmp")
    kmem.do(tree.umount, "/tmp")
    assert "db" in tree.listdir("/containers")


def test_the_attributes_of_a_cache(machine: Checked) -> None:
    for _ in range(17):
        machine.open()
    assert machine.machine.tree.listdir("/sys/slab/filp") == list(ATTRIBUTES)
    said = {name: machine.read(f"/sys/slab/filp/{name}") for name in ATTRIBUTES if not name.endswith("_calls")}
    assert said == {
        "slab_size": "256\n", "object_size": "216\n", "objs_per_slab": "16\n", "order": "0\n", "objects": "32\n",
        "slabs": "2\n", "partial": "0\n", "cpu_slabs": "1\n", "ctor": "", "aliases": "0\n", "align": "0\n",
        "hwcache_align": "1\n", "reclaim_account": "0\n", "destroy_by_rcu": "0\n", "cache_account": "0\n",
        "sanity_checks": "0\n", "red_zone": "0\n", "poison": "0\n", "store_user": "0\n", "trace": "0\n",
        "validate": "", "shrink": "",
    }  # fmt: skip
    assert machine.read("/sys/slab/anon_vma/destroy_by_rcu") == "1\n"
    assert machine.read("/sys/slab/dentry/reclaim_account") == "1\n"
    assert machine.read("/sys/slab/anon_vma/ctor") != ""


def test_objects_counts_what_the_kernel_can_see_and_assumes_that_the_rest_is_full(machine: Checked) -> None:
    for _ in range(33):
        machine.open()
    for fd in (0, 1, 16):
        machine.close(1, fd)
    assert machine.read("/sys/slab/filp/objects") == f"{48 - 3}\n"  # the cpu's slab counts as wholly used
    assert machine.read("/sys/slab/filp/partial") == "2\n"


def test_writing_1_to_shrink_gives_empty_slabs_back(machine: Checked) -> None:
    machine.close(1, machine.open())
    assert machine.read("/sys/slab/filp/slabs") == "1\n"
    machine.write("/sys/slab/filp/shrink", "1\n")
    assert machine.read("/sys/slab/filp/slabs") == "0\n"


def test_slabinfo_has_a_line_for_each_cache_in_the_columns_of_2_6_24(machine: Checked) -> None:
    for _ in range(3):
        machine.open()
    lines = machine.read("/proc/slabinfo").splitlines()
    assert lines[0] == "slabinfo - version: 2.1"
    rows = {line.split()[0]: line.split() for line in lines[2:]}
    assert set(rows) == set(machine.machine.caches)
    assert rows["filp"][1:6] == ["16", "16", "256", "16", "1"]
    assert rows["filp"][-3:] == ["1", "1", "0"]


def test_buddyinfo_counts_free_blocks(machine: Checked) -> None:
    machine.open()
    counts = machine.read("/proc/buddyinfo").split()[4:]
    assert [int(count) for count in counts] == [1] * 8 + [0] * 3  # one page out of a block of 256


def test_proc_has_a_directory_for_each_task(kmem: Checked) -> None:
    tree = kmem.machine.tree
    kmem.open(2)
    assert tree.listdir("/proc") == ["1", "2", "buddyinfo", "cgroups", "slabinfo", "version"]
    assert tree.listdir("/proc/2/fd") == ["0"]
    assert kmem.read("/proc/2/cgroup") == "kmem:/web\n"
    assert kmem.read("/proc/self/cgroup") == "kmem:/web\n"
    assert "2.6.24" in kmem.read("/proc/version")


def test_proc_lists_tasks_by_number_and_not_as_text(machine: Checked) -> None:
    for _ in range(10):
        machine.fork()
    tasks = machine.machine.tree.listdir("/proc")[:-4]
    assert tasks == [str(pid) for pid in range(1, 12)]


@pytest.mark.parametrize(("text", "name"), [("nginx\n", "nginx"), ("a" * 20, "a" * 15), ("a\nb", "a")])
def test_a_task_can_be_named(kmem: Checked, text: str, name: str) -> None:
    kmem.write("/proc/2/comm", text)
    assert kmem.read("/proc/2/comm") == f"{name}\n"

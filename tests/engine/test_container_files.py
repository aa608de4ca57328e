"""The files of a container: who may write them, in which order they say no, and what a removed one says (slub-2.6 7)."""

from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from kmemlab.engine.container_files import ContainerDir
from kmemlab.engine.errors import KernelError
from kmemlab.engine.vfs import File

from .machines import Checked, errno_of

ALICE, BOB = 1000, 1001


@pytest.fixture
def users(kmem: Checked) -> Checked:
    """Tasks 2 and 3 are alice's, 4 is bob's; web is alice's; 5 runs for alice, set to her from root. db is root's."""
    kmem.attach(2, "")
    kmem.mkdir("db")
    for _ in range(3):
        kmem.fork()
    for pid, uids in ((2, f"{ALICE}"), (3, f"{ALICE}"), (4, f"{BOB}"), (5, f"{BOB} {ALICE} 0")):
        kmem.write(f"/proc/{pid}/uid", uids)
    kmem.do(kmem.machine.tree.chown, "/containers/web", ALICE)
    return kmem


# who, uids of task 9 -> errno of `echo 9 > /containers/web/tasks`
MOVES: list[tuple[int, str, int]] = [
    (1, "0", 0),
    (1, "77", 0),
    (2, f"{ALICE}", 0),
    (2, f"{ALICE} {BOB} {BOB}", 0),
    (2, f"{BOB} {BOB} {ALICE}", 0),
    (2, f"{BOB} {ALICE} {BOB}", errno.EACCES),
    (2, f"{BOB}", errno.EACCES),
    (2, "0", errno.EACCES),
    (5, f"{ALICE}", 0),
    (5, f"{BOB}", errno.EACCES),
    (4, f"{BOB}", errno.EACCES),
]


@pytest.mark.parametrize(("writer", "uids", "number"), MOVES)
def test_who_is_not_root_moves_tasks_whose_uid_or_saved_uid_is_his_euid(
    users: Checked, writer: int, uids: str, number: int
) -> None:
    pid = users.fork()
    users.write(f"/proc/{pid}/uid", uids)
    users.as_task(writer)
    before = users.machine.state_hash()
    assert errno_of(users.attach, pid, "web") == number
    if number:
        assert users.machine.state_hash() == before
    else:
        assert str(pid) in users.read("/containers/web/tasks").split()


def test_0_is_the_writer_and_asks_for_no_uid(users: Checked) -> None:
    users.write("/proc/2/uid", f"{BOB} {ALICE} {BOB}")
    users.as_task(2)
    assert errno_of(users.attach, 2, "web") == errno.EACCES
    users.write("/containers/web/tasks", "0")
    assert users.read("/containers/web/tasks") == "2\n"


# what a task does -> errno for alice in her web, for alice in root's db, for root
DOINGS: list[tuple[str, Callable[[Checked, str], object], int, int]] = [
    ("mkdir", lambda m, d: m.do(m.machine.tree.mkdir, f"{d}/x"), 0, errno.EACCES),
    ("mkdir of what is there", lambda m, d: m.do(m.machine.tree.mkdir, f"{d}/old"), errno.EEXIST, errno.EEXIST),
    ("rmdir", lambda m, d: m.do(m.machine.tree.rmdir, f"{d}/old"), 0, errno.EACCES),
    ("rmdir of nothing", lambda m, d: m.do(m.machine.tree.rmdir, f"{d}/x"), errno.ENOENT, errno.ENOENT),
    ("rmdir of a file", lambda m, d: m.do(m.machine.tree.rmdir, f"{d}/tasks"), errno.ENOTDIR, errno.EACCES),
    ("rename", lambda m, d: m.do(m.machine.tree.rename, f"{d}/old", f"{d}/new"), 0, errno.EACCES),
    ("limit", lambda m, d: m.write(f"{d}/kmem.limit", "1"), 0, errno.EACCES),
    ("notify", lambda m, d: m.write(f"{d}/notify_on_release", "1"), 0, errno.EACCES),
    ("tasks", lambda m, d: m.write(f"{d}/tasks", "2"), 0, errno.EACCES),
    ("a child's limit", lambda m, d: m.write(f"{d}/old/kmem.limit", "1"), errno.EACCES, errno.EACCES),
    ("read", lambda m, d: m.read(f"{d}/kmem.limit"), 0, 0),
    ("release_agent", lambda m, d: m.write("/containers/release_agent", "/x"), errno.EACCES, errno.EACCES),
    ("accounting", lambda m, d: m.write("/sys/slab/filp/cache_account", "0"), errno.EACCES, errno.EACCES),
    ("mkdir in /tmp", lambda m, d: m.do(m.machine.tree.mkdir, "/tmp/x"), 0, 0),
    ("mkdir in /", lambda m, d: m.do(m.machine.tree.mkdir, "/x"), errno.EACCES, errno.EACCES),
    ("mkdir in /proc", lambda m, d: m.do(m.machine.tree.mkdir, "/proc/x"), errno.EACCES, errno.EACCES),
    ("mount", lambda m, d: m.do(m.machine.tree.mount, "memory", "/tmp"), errno.EPERM, errno.EPERM),
    ("remount", lambda m, d: m.do(m.machine.tree.remount, "kmem", "/containers"), errno.EPERM, errno.EPERM),
    ("umount", lambda m, d: m.do(m.machine.tree.umount, "/containers"), errno.EPERM, errno.EPERM),
    ("chown", lambda m, d: m.do(m.machine.tree.chown, d, ALICE), errno.EPERM, errno.EPERM),
    ("own name", lambda m, d: m.write("/proc/2/comm", "alice"), 0, 0),
    ("another's name", lambda m, d: m.write("/proc/4/comm", "alice"), errno.EACCES, errno.EACCES),
    ("uid", lambda m, d: m.write("/proc/2/uid", "0"), errno.EACCES, errno.EACCES),
]


@pytest.mark.parametrize("where", ["web", "db"])
@pytest.mark.parametrize(("do", "hers", "roots"), [row[1:] for row in DOINGS], ids=[row[0] for row in DOINGS])
def test_who_is_not_root_writes_only_what_is_his_and_reads_everything(
    users: Checked, do: Callable[[Checked, str], object], hers: int, roots: int, where: str
) -> None:
    users.as_task(1)
    for name in ("web", "db"):
        users.mkdir(f"{name}/old")
    users.as_task(2)
    before = users.machine.state_hash()
    number = hers if where == "web" else roots
    assert errno_of(do, users, f"/containers/{where}") == number
    if number:
        assert users.machine.state_hash() == before


def test_a_container_belongs_to_whoever_makes_it(users: Checked) -> None:
    users.as_task(2)
    users.mkdir("web/hers")
    users.write("/containers/web/hers/kmem.limit", "5")
    users.as_task(4)
    assert errno_of(users.write, "/containers/web/hers/kmem.limit", "6") == errno.EACCES
    assert users.read("/containers/web/hers/kmem.limit") == "5\n"


def test_a_container_belongs_to_the_effective_user_of_its_maker(users: Checked) -> None:
    users.do(users.machine.tree.chown, "/containers/web", ALICE)
    users.as_task(5)  # bob's, but runs for alice
    users.mkdir("web/hers")
    users.as_task(2)
    users.write("/containers/web/hers/kmem.limit", "5")
    assert users.read("/containers/web/hers/kmem.limit") == "5\n"


def test_what_is_below_a_container_that_is_given_away_stays_whose_it_is(users: Checked) -> None:
    users.as_task(1)
    users.mkdir("db/inner")
    users.do(users.machine.tree.chown, "/containers/db", ALICE)
    users.as_task(2)
    users.write("/containers/db/kmem.limit", "5")
    before = users.machine.state_hash()
    assert errno_of(users.write, "/containers/db/inner/kmem.limit", "5") == errno.EACCES
    assert users.machine.state_hash() == before


def test_who_renames_may_write_where_it_goes_too(users: Checked) -> None:
    users.as_task(2)
    tree = users.machine.tree
    users.do(tree.mkdir, "/tmp/hers")
    before = users.machine.state_hash()
    assert errno_of(users.do, tree.rename, "/tmp/hers", "/dev/hers") == errno.EACCES
    assert users.machine.state_hash() == before
    users.do(tree.rename, "/tmp/hers", "/tmp/still-hers")


def test_a_tasks_name_belongs_to_its_effective_user(users: Checked) -> None:
    users.as_task(2)
    users.write("/proc/5/comm", "for-alice")
    users.as_task(4)
    assert errno_of(users.write, "/proc/5/comm", "bobs") == errno.EACCES
    assert users.read("/proc/5/comm") == "for-alice\n"


FLAGS: list[tuple[str, str]] = [
    ("1\n", "1\n"),
    ("007", "1\n"),
    ("2x", "1\n"),
    ("x2", "0\n"),
    ("0", "0\n"),
    ("-1", "0\n"),  # a sign is no digit to simple_strtoul
    ("", "0\n"),
    ("\0" + "1", "0\n"),
    (str(1 << 64), "0\n"),  # an unsigned long wraps
    (str((1 << 64) + 1), "1\n"),
]


@pytest.mark.parametrize(("text", "said"), FLAGS, ids=[repr(row[0]) for row in FLAGS])
def test_a_flag_is_a_decimal_number_of_64_bits_that_is_not_0(kmem: Checked, text: str, said: str) -> None:
    path = "/containers/web/notify_on_release"
    kmem.write(path, "0" if said == "1\n" else "1")
    kmem.write(path, text)
    assert kmem.read(path) == said


@pytest.mark.parametrize("name", ["tasks", "notify_on_release", "release_agent"])
def test_a_write_is_measured_in_bytes(kmem: Checked, name: str) -> None:
    before = kmem.machine.state_hash()
    assert errno_of(kmem.write, f"/containers/{name}", "\u00e9" * 2048) == errno.E2BIG
    assert kmem.machine.state_hash() == before
    assert errno_of(kmem.write, f"/containers/{name}", "\u00e9" * 2047 + "x") == (errno.EIO if name == "tasks" else 0)


def test_only_a_container_can_be_given_away(kmem: Checked) -> None:
    tree = kmem.machine.tree
    for path, number in (("/tmp", errno.EPERM), ("/containers/tasks", errno.EPERM), ("/nope", errno.ENOENT)):
        assert errno_of(kmem.do, tree.chown, path, 1) == number


UIDS: list[tuple[str, str | int]] = [
    ("1000\n", "1000 1000 1000\n"),
    ("1 2 3", "1 2 3\n"),
    ("4294967294", "4294967294 4294967294 4294967294\n"),
    ("4294967295", errno.EINVAL),
    ("", errno.EINVAL),
    ("-1", errno.EINVAL),
    ("1 2", errno.EINVAL),
    ("1 2 3 4", errno.EINVAL),
    ("root", errno.EINVAL),
    ("1 x 3", errno.EINVAL),
    ("9" * 30, errno.EINVAL),
]


@pytest.mark.parametrize(("text", "then"), UIDS)
def test_a_task_is_given_one_uid_or_three(kmem: Checked, text: str, then: str | int) -> None:
    before = kmem.machine.state_hash()
    if isinstance(then, int):
        assert errno_of(kmem.write, "/proc/2/uid", text) == then
        assert kmem.machine.state_hash() == before
    else:
        kmem.write("/proc/2/uid", text)
        assert kmem.read("/proc/2/uid") == then


def test_init_stays_roots_and_a_child_is_its_parents(kmem: Checked) -> None:
    assert errno_of(kmem.write, "/proc/1/uid", "7") == errno.EPERM
    kmem.write("/proc/2/uid", "1 2 3")
    child = kmem.fork(2)
    assert kmem.read(f"/proc/{child}/uid") == "1 2 3\n"


def test_users_and_owners_come_back_from_a_saved_state(users: Checked) -> None:
    saved = users.machine.state()
    other = Checked()
    other.do(other.machine.restore, saved)
    assert other.machine.state() == saved
    other.as_task(2)
    other.attach(2, "web")
    assert errno_of(other.attach, 4, "web") == errno.EACCES


FILES = ["tasks", "notify_on_release", "releasable", "kmem.usage", "kmem.limit", "kmem.failcnt"]


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_open_when_its_container_was_removed_says_enodev(kmem: Checked, name: str) -> None:
    kmem.mkdir("gone")
    file = kmem.machine.tree.lookup(f"/containers/gone/{name}")
    assert isinstance(file, File)
    kmem.rmdir("gone")
    before = kmem.machine.state_hash()
    assert errno_of(file.read) == errno_of(file.write, "1") == errno_of(file.write, "") == errno.ENODEV
    assert errno_of(file.write, "x" * 4096) == (errno.ENODEV if name.startswith("kmem") else errno.E2BIG)
    assert kmem.machine.state_hash() == before


def test_tasks_says_no_in_the_kernels_order(users: Checked) -> None:
    """Too long, removed, no number, no such task, not yours: each row has all that follow wrong too."""
    users.as_task(1)
    users.mkdir("web/gone")
    gone = users.machine.tree.lookup("/containers/web/gone")
    assert isinstance(gone, ContainerDir)
    users.rmdir("web/gone")
    users.as_task(2)
    web = users.machine.tree.lookup("/containers/web")
    assert isinstance(web, ContainerDir)
    assert errno_of(gone.write_tasks, "x" * 4096) == errno.E2BIG
    assert errno_of(gone.write_tasks, "x") == errno.ENODEV
    assert errno_of(web.write_tasks, "x") == errno.EIO
    assert errno_of(web.write_tasks, "99") == errno.ESRCH
    assert errno_of(web.write_tasks, "4") == errno.EACCES
    assert errno_of(web.write_tasks, "3") == 0


def test_being_there_already_is_success_for_those_who_may_and_eacces_for_others(users: Checked) -> None:
    users.as_task(1)
    users.attach(4, "web")
    users.attach(4, "web")
    users.as_task(2)
    assert errno_of(users.attach, 4, "web") == errno.EACCES


def test_a_directory_that_is_held_is_as_stale_as_its_container(kmem: Checked) -> None:
    kmem.mkdir("gone")
    held = kmem.machine.tree.directory("/containers/gone")
    kmem.rmdir("gone")
    with pytest.raises(KernelError) as refusal:
        held.mkdir("x")
    assert refusal.value.errno == errno.ENOENT

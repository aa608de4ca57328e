"""The rss sibling: a page fault charges a page, the last to unmap it pays back who was charged, hierarchies stay apart."""

from __future__ import annotations

import errno
import json
from collections import Counter
from random import Random
from typing import Any

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.session import Session
from kmemlab.shell import Machine

PAGE = 4096
OWN = ("mount -t container -o kmem none /containers", "mkdir /rss", "mount -t container -o rss none /rss")
SHARED = ("mkdir /rss", "mount -t container -o kmem,rss none /rss")


def ready(*lines: str, **more: Any) -> Machine:
    """A machine with rss on its own hierarchy at /rss, and task 2 in /rss/a."""
    machine = Machine(**{"memory": "4M", "rss": True, **more})
    for line in (*OWN, "mkdir /rss/a", "mkdir /rss/b", "fork", "echo 2 > /rss/a/tasks", "as 2 mmap 4", *lines):
        assert machine.run(line).errno == 0, line
        machine.check()
    return machine


def said(machine: Machine, path: str) -> int:
    return int(machine.tree.read(path))


def run(machine: Machine, line: str) -> int:
    """Run a command; its errno. Every invariant holds after it."""
    number = machine.run(line).errno
    machine.check()
    return number


def without_failcnt(machine: Machine) -> dict[str, Any]:
    state = machine.state()
    for row in [
        state["rss"]["root"],
        *(each.get("rss", {}) for h in state["containers"]["hierarchies"] for each in h["containers"]),
    ]:
        row["failcnt"] = 0
    return state


# -- the default machine has none


def test_a_machine_has_no_rss_unless_it_is_asked_for() -> None:
    machine = Machine()
    assert "rss" not in machine.containers.names()
    assert "rss" not in machine.state() and "rss" not in machine.profile.to_dict()
    assert machine.run("fault 1").errno == errno.ENOSYS
    assert machine.run("mount -t container -o rss none /containers").errno == errno.ENOENT
    with pytest.raises((KernelError, TypeError)):  # the compiled engine never gets as far as the sentence
        Machine(rss=1)


# -- a fault charges a page


def test_a_page_fault_charges_4096_bytes_and_takes_a_page() -> None:
    machine = ready()
    free = machine.slub.pages.nr_free
    assert run(machine, "as 2 touch 1") == 0
    table_and_page = free - machine.slub.pages.nr_free - 1  # the anon_vma's slab is the third
    assert (said(machine, "/rss/a/rss.usage"), table_and_page) == (PAGE, 2)
    free = machine.slub.pages.nr_free
    assert run(machine, "as 2 fault 10") == 0
    assert (said(machine, "/rss/a/rss.usage"), free - machine.slub.pages.nr_free) == (11 * PAGE, 10)
    assert said(machine, "/rss/rss.usage") == 0  # charges never climb


def test_at_the_limit_the_fault_fails_failcnt_counts_and_nothing_else_changes() -> None:
    machine = ready("as 2 touch 1", "echo -n 3K > /rss/a/rss.limit")
    assert said(machine, "/rss/a/rss.limit") == PAGE  # rounded up to a page
    for line in ("as 2 fault 1", "as 2 touch 1"):
        before, failed = without_failcnt(machine), said(machine, "/rss/a/rss.failcnt")
        assert run(machine, line) == errno.ENOMEM
        after = without_failcnt(machine)
        for each in (before, after):  # the anon_vma that came and went may have moved its cache's slabs
            del each["caches"]
        assert after == before
        assert said(machine, "/rss/a/rss.failcnt") == failed + 1


def test_an_exact_fit_is_charged_and_one_page_more_is_not() -> None:
    machine = ready("as 2 touch 1", "echo -n 16K > /rss/a/rss.limit")
    assert run(machine, "as 2 fault 3") == 0
    assert run(machine, "as 2 fault 1") == errno.ENOMEM
    assert (said(machine, "/rss/a/rss.usage"), said(machine, "/rss/a/rss.failcnt")) == (16384, 1)


def test_without_a_free_page_no_limit_was_hit() -> None:
    machine = ready("as 2 touch 1", memory="256K")
    assert run(machine, "as 2 fault 60") == errno.ENOMEM
    assert said(machine, "/rss/a/rss.failcnt") == 0


@pytest.mark.parametrize(("text", "limit"), [("8K", 8192), ("1M", 1 << 20), ("5000", 8192), ("0x1000", PAGE)])
def test_a_limit_may_have_a_suffix_and_is_rounded_up_to_a_page(text: str, limit: int) -> None:
    machine = ready(f"echo -n {text} > /rss/a/rss.limit")
    assert said(machine, "/rss/a/rss.limit") == limit


@pytest.mark.parametrize("line", ["echo 8K > /rss/a/rss.limit", "echo -n x > /rss/a/rss.limit", "echo -n 0 > /rss/a/rss.usage"])
def test_what_is_no_limit_is_refused_and_nothing_changes(line: str) -> None:
    machine = ready()
    before = machine.state_hash()
    assert run(machine, line) == errno.EINVAL
    assert machine.state_hash() == before


def test_a_map_has_512_pages() -> None:
    machine = ready("as 2 touch 1")
    before = machine.state_hash()
    assert run(machine, "as 2 fault 512") == errno.EFAULT
    assert machine.state_hash() == before
    assert run(machine, "as 2 fault 511") == 0
    assert run(machine, "as 2 fault 1") == errno.EFAULT


# -- who is paid back


@pytest.mark.parametrize("end", ["as 2 munmap 4", "as 2 exit"])
def test_unmapping_pays_back_who_was_charged_wherever_the_task_is_by_then(end: str) -> None:
    machine = ready("as 2 touch 2", "as 2 fault 3", "echo 2 > /rss/b/tasks", "as 2 fault 1")
    assert (said(machine, "/rss/a/rss.usage"), said(machine, "/rss/b/rss.usage")) == (5 * PAGE, PAGE)
    assert run(machine, "rmdir /rss/a") == errno.EBUSY
    assert "5 pages still refer to a" in machine.run("rmdir /rss/a").hint
    assert run(machine, end) == 0
    assert (said(machine, "/rss/a/rss.usage"), said(machine, "/rss/b/rss.usage")) == (0, 0)
    assert run(machine, "rmdir /rss/a") == 0


def test_a_child_shares_the_pages_and_the_last_to_unmap_pays_back() -> None:
    machine = ready("as 2 touch 1", "as 2 fault 2", "as 2 fork", "echo 3 > /rss/b/tasks")
    assert said(machine, "/rss/a/rss.usage") == 3 * PAGE
    assert run(machine, "as 2 exit") == 0
    assert (said(machine, "/rss/a/rss.usage"), said(machine, "/rss/b/rss.usage")) == (3 * PAGE, 0)
    assert run(machine, "as 3 exit") == 0
    assert said(machine, "/rss/a/rss.usage") == 0


def test_the_release_agent_runs_when_the_last_page_goes() -> None:
    machine = ready(
        "echo /agent > /rss/release_agent", "echo 1 > /rss/a/notify_on_release", "as 2 touch 1", "echo 2 > /rss/b/tasks"
    )
    assert machine.containers.released.runs == []
    assert run(machine, "as 2 munmap 4") == 0
    assert machine.containers.released.runs == [("/agent", "/a")]


# -- hierarchies


def test_a_task_has_a_container_in_each_hierarchy() -> None:
    machine = ready("mkdir /containers/web", "echo 2 > /containers/web/tasks", "echo 1 > /sys/slab/anon_vma/cache_account")
    assert machine.run("cat /proc/2/cgroup").out == "rss:/a\nkmem:/web"
    assert run(machine, "as 2 touch 1") == 0
    assert (said(machine, "/rss/a/rss.usage"), said(machine, "/containers/web/kmem.usage")) == (PAGE, 32)
    assert run(machine, "echo -n 0 > /containers/web/kmem.limit") == 0
    assert run(machine, "as 2 touch 1") == errno.ENOMEM  # kmem says no, and rss is not asked
    assert (said(machine, "/rss/a/rss.failcnt"), said(machine, "/containers/web/kmem.failcnt")) == (0, 1)
    assert run(machine, "as 2 fault 1") == 0  # takes no object


def test_a_subsystem_is_bound_to_one_hierarchy() -> None:
    machine = ready("mkdir /more")
    for options in ("rss", "kmem", "all"):
        shared = options in ("rss", "kmem")  # the same set again is the same hierarchy
        assert run(machine, f"mount -t container -o {options} none /more") == (0 if shared else errno.EBUSY)
        if shared:
            assert run(machine, "umount /more") == 0
    before = machine.state_hash()
    assert run(machine, "mount -t container -o kmem,rss none /more") == errno.EBUSY
    assert machine.state_hash() == before


def test_both_on_one_hierarchy_have_one_tree_and_two_counters() -> None:
    machine = Machine(memory="4M", rss=True)
    more = ("mkdir /rss/a", "fork", "echo 2 > /rss/a/tasks", "echo 1 > /sys/slab/vm_area_struct/cache_account", "as 2 mmap 1")
    for line in (*SHARED, *more, "as 2 touch 1", "as 2 fault 4", "echo 2 > /rss/tasks"):
        assert run(machine, line) == 0
    assert (said(machine, "/rss/a/rss.usage"), said(machine, "/rss/a/kmem.usage")) == (5 * PAGE, 176)
    assert "1 object and 5 pages still refer to a" in machine.run("rmdir /rss/a").hint
    assert run(machine, "as 2 munmap 1") == 0
    assert run(machine, "rmdir /rss/a") == 0


def test_what_the_root_was_charged_lives_on_without_a_mount() -> None:
    machine = Machine(memory="4M", rss=True)
    for line in ("mmap 1", "touch 1", "mkdir /rss", "mount -t container -o rss none /rss"):
        assert run(machine, line) == 0
    assert said(machine, "/rss/rss.usage") == PAGE
    for line in ("umount /rss", "fault 1", "mount -t container -o kmem,rss none /rss"):
        assert run(machine, line) == 0
    assert said(machine, "/rss/rss.usage") == 2 * PAGE


def test_records_name_the_hierarchy() -> None:
    session = Session(memory="4M", rss=True)
    session.run(*OWN, "mkdir /rss/web /containers/web", "fork", "echo 2 > /rss/web/tasks", "as 2 mmap 1", "as 2 touch 1")
    found = {(row["mounts"][0], row["path"]): row for row in (each.to_dict() for each in session.records("hierarchies"))}
    assert set(found) == {(point, path) for point in ("/containers", "/rss") for path in ("/", "/web")}
    assert found["/rss", "/web"]["subsystems"] == ("rss",)
    assert found["/rss", "/web"]["counters"] == (("rss", PAGE, None, 0, 2),)
    assert (found["/rss", "/web"]["tasks"], found["/containers", "/web"]["tasks"]) == ((2,), ())
    assert [row.to_dict()["path"] for row in session.records("containers")] == ["/", "/web"]


# -- to and fro


def test_the_way_back_and_a_saved_session_have_the_pages(tmp_path: Any) -> None:
    session = Session(memory="4M", rss=True, checkpoint_bytes=0)
    lines = [*OWN, "mkdir /rss/a", "fork", "echo 2 > /rss/a/tasks", "as 2 mmap 2", "as 2 touch 2", "as 2 fault 7", "as 2 fork"]
    hashes = []
    for line in lines:
        session.run(line)
        hashes.append((session.position, session.machine.state_hash()))
    for position, value in reversed(hashes):
        session.seek(position)
        assert session.machine.state_hash() == value
    session.seek(hashes[-1][0])
    session.save(tmp_path / "s.json")
    again = Session.load(tmp_path / "s.json")
    assert again.machine.state_hash() == hashes[-1][1]
    assert json.loads((tmp_path / "s.json").read_text())["profile"]["rss"] is True


# -- against a naive model


class Naive:
    """Who pays for which page, and which tasks have it mapped: nothing else."""

    def __init__(self) -> None:
        self.where = {1: "/"}
        self.limit: dict[str, int] = {"/": 1 << 62}
        self.failcnt: Counter[str] = Counter()
        self.payer: dict[int, str] = {}  # a page's name -> path
        self.maps: dict[int, list[list[int]]] = {1: []}  # pid -> pages of each map, in order; an untouched one is []
        self.born = 0

    def usage(self, path: str) -> int:
        held = {page for maps in self.maps.values() for each in maps for page in each}
        return PAGE * sum(self.payer[page] == path for page in held)

    def fault(self, pid: int, at: int) -> bool:
        path = self.where[pid]
        if self.usage(path) + PAGE > self.limit[path]:
            self.failcnt[path] += 1
            return False
        self.born += 1
        self.payer[self.born] = path
        self.maps[pid][at].append(self.born)
        return True


def walk(machine: Machine, chance: Random, lines: int, point: str) -> None:
    """Type lines at random, and compare every counter and every refusal with the naive model."""
    naive = Naive()
    last = 1
    for _ in range(lines):
        pid = chance.choice(list(naive.where))
        path = chance.choice(list(naive.limit))
        maps = naive.maps[pid]
        touched = sum(bool(each) for each in maps)
        what = chance.choice(("mkdir", "rmdir", "limit", "attach", "fork", "exit", "mmap", "touch", "fault", "fault", "munmap"))
        expected = 0
        if what == "mkdir":
            new = chance.choice(("/a", "/b", "/a/c"))
            parent = new.rpartition("/")[0] or "/"
            expected = errno.EEXIST if new in naive.limit else errno.ENOENT if parent not in naive.limit else 0
            line = f"mkdir {point}{new}"
            if not expected:
                naive.limit[new], naive.failcnt[new] = 1 << 62, 0
        elif what == "rmdir" and path != "/":
            below = any(each.startswith(f"{path}/") for each in naive.limit)
            busy = below or path in naive.where.values() or naive.usage(path)
            expected, line = (errno.EBUSY if busy else 0), f"rmdir {point}{path}"
            if not busy:
                del naive.limit[path]
        elif what == "limit" and path != "/":
            pages = chance.randrange(8)
            naive.limit[path], line = (
                pages * PAGE,
                f"echo -n {pages * PAGE - chance.randrange(2) * bool(pages)} > {point}{path}/rss.limit",
            )
        elif what == "attach":
            naive.where[pid], line = path, f"echo {pid} > {point}{path}/tasks"
        elif what == "fork" and len(naive.where) < 6:
            last += 1
            naive.where[last], naive.maps[last], line = naive.where[pid], [list(each) for each in maps], f"as {pid} fork"
        elif what == "exit" and pid != 1:
            del naive.where[pid], naive.maps[pid]
            line = f"as {pid} exit"
        elif what == "touch":
            expected = errno.EFAULT if touched == len(maps) else 0 if naive.fault(pid, touched) else errno.ENOMEM
            line = f"as {pid} touch 1"
        elif what == "fault":
            expected = errno.EFAULT if not touched else 0 if naive.fault(pid, 0) else errno.ENOMEM
            line = f"as {pid} fault 1"
        elif what == "munmap":
            expected, line = (0 if maps else errno.EINVAL), f"as {pid} munmap 1"
            if maps:
                maps.pop()
        else:
            maps.append([])
            line = f"as {pid} mmap 1"
        number = run(machine, line)
        assert number == expected, line
        for each in naive.limit:
            seen = tuple(said(machine, f"{point}{'' if each == '/' else each}/rss.{name}") for name in ("usage", "failcnt"))
            assert seen == (naive.usage(each), naive.failcnt[each]), (line, each)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("mounts", [OWN, SHARED], ids=["own", "shared"])
def test_random_lines_agree_with_a_naive_model_and_can_be_restored(mounts: tuple[str, ...], seed: int) -> None:
    machine = Machine(memory="2M", rss=True)
    for line in mounts:
        machine.run(line)
    walk(machine, Random(seed), 150, "/rss")
    state, value = machine.state(), machine.state_hash()
    other = Machine(memory="2M", rss=True)
    other.restore(json.loads(json.dumps(state)))
    other.check()
    assert other.state_hash() == value


@pytest.mark.parametrize("broken", ["usage", "refs", "maps", "page"])
def test_check_bites(broken: str) -> None:
    machine = ready("as 2 touch 1", "as 2 fault 2")
    assert machine.rss is not None
    group = machine.rss.groups()[1]
    if broken == "usage":
        group.res.usage += PAGE
    elif broken == "refs":
        group.refs += 1
    elif broken == "maps":
        next(iter(machine.rss.pages.values())).maps += 1
    else:
        machine.tasks.find(2).maps[0].pages.pop()
    with pytest.raises(AssertionError):
        machine.check()

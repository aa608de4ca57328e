"""A naive model of the whole shell, and a walk that types lines at it and at the machine and compares.

The model is sets and dictionaries. It knows containers, tasks, descriptors and who pays for which object; it does not know
slabs' lists, pages, counters or arrays, and uses nothing of the engine to predict. What it is told is the event log: an object
that came must be charged to whom the model says, a free must pay back whoever paid, a refusal must be by a limit that the
object would have crossed, and a command that fails for want of memory must have met a page that could not be had.
"""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, Final

from engine.machines import without_failcnt

from kmemlab.engine.events import ALLOC, FREE, FREEPAGE, NEWPAGE, NOPAGE, REFUSED, SWITCHED
from kmemlab.shell import Machine, Result

MOUNT: Final = "/containers"
NO_LIMIT: Final = 2**63 - 1
SWITCHABLE: Final = ("filp", "dentry", "task_struct", "vm_area_struct", "sigqueue", "pid", "mm_struct", "mnt_cache", "anon_vma")
NAMES: Final = ("a", "b", "c")
LIMITS: Final = (0, 255, 256, 700, 4000, 20_000, 65_536, NO_LIMIT)
WANT: Final = {errno.ENOMEM, errno.ENFILE, errno.EAGAIN, errno.ENOBUFS, errno.ENOLCK}  # how a call says that it got no object

Thing = tuple[str, int, int]  # cache, birth number of the slab, object


class Naive:
    """What there is, as far as a naive reader of the commands can tell."""

    def __init__(self) -> None:
        self.ident: dict[str, int] = {"": 0}  # path below the mount -> number that events have for it
        self.given = 1
        self.limit: dict[int, int] = {0: NO_LIMIT}
        self.usage: Counter[int] = Counter()
        self.failcnt: Counter[int] = Counter()
        self.where: dict[int, str] = {1: ""}
        self.files: Counter[int] = Counter()
        self.last_pid = 1
        self.accounted: set[str] = set()
        self.arrays: set[tuple[str, int]] = set()  # slabs born while their cache was accounted
        self.live: dict[Thing, tuple[int, int]] = {}  # object -> (owner, bytes), owner -1 for nobody
        self.maps: Counter[int] = Counter()
        self.touched: Counter[int] = Counter()

    def busy(self, path: str) -> bool:
        """A container with children, tasks or objects cannot go."""
        below = any(each.startswith(f"{path}/") for each in self.ident)
        return below or path in self.where.values() or any(owner == self.ident[path] for owner, _ in self.live.values())


def one_call(line: str) -> bool:
    """Whether a line is one system call: of several, those before the refused one have done their work."""
    name, *more = line.split() or [""]
    return name not in ("softirq", "kthread") and more[-1:] in ([], ["1"])


class Walk:
    """A machine of 64 pages and the model of it. Every rule below types one line; `counted` says how many there were."""

    def __init__(self, slub: str, cpus: int, irq_payer: str = "current") -> None:
        self.options = {"slub": slub, "cpus": cpus, "memory": "256K", "irq_payer": irq_payer}
        self.machine = Machine(**self.options)
        self.lines: list[str] = []
        self.naive = Naive()
        self.payer: set[int] = set()
        self.forced = False
        self.no_page = self.was_refused = False
        self.strict = False  # compare the state after a refusal with the state before: a quarter of the speed
        self.outcomes: Counter[tuple[str, int]] = Counter()  # (command, errno)
        self.line("mount -t container -o kmem none /containers")

    @property
    def counted(self) -> int:
        """Lines typed."""
        return len(self.lines)

    # -- one line, and what the event log says of it

    def line(self, text: str, pid: int = 1, payers: set[int] | None = None, forced: bool = False) -> Result:
        """Type a line; every event of it is one that the model expects."""
        naive = self.naive
        self.payer = {naive.ident[naive.where[pid]]} if payers is None else payers
        self.forced = forced
        self.no_page = self.was_refused = False
        log = self.machine.log
        assert log is not None
        before = int(log.length)
        typed = text if pid == 1 else f"as {pid} {text}"
        self.lines.append(typed)
        kept = self.kept() if self.strict else None
        result = self.machine.run(typed)
        self.outcomes[(text.split() or [""])[0], result.errno] += 1
        for n in range(before, int(log.length)):
            thing = (log.names[log.cache[n]], int(log.slab[n]), int(log.slot[n]))
            self.happened(int(log.kind[n]), thing, int(log.owner[n]), int(log.size[n]))
        self.counters_agree()
        if kept is not None and result.status and (one_call(text) or result.errno not in WANT):
            assert self.kept() == kept, "a refusal leaves what was there"
        return result

    def kept(self) -> dict[str, Any]:
        """What a refused call leaves as it was: all but failcnt, empty slabs, and the mark of the last reference put.

        An object that was charged and had to go again put the container's reference: css_put marks it releasable.
        """
        state = without_failcnt(self.machine.state())
        for hierarchy in state["containers"]["hierarchies"]:
            hierarchy["containers"] = [{**row, "releasable": False} for row in hierarchy["containers"]]
        return state

    def happened(self, kind: int, thing: Thing, owner: int, size: int) -> None:
        """Take an event into the model, which must have room for it."""
        naive = self.naive
        home = thing[:2]
        if kind == ALLOC:
            assert thing not in naive.live, "an object is given out once"
            assert owner in (self.payer if home in naive.arrays else {-1}), "the current task's container pays, or nobody"
            naive.live[thing] = (owner, size)
            if owner >= 0:
                naive.usage[owner] += size
                over = naive.usage[owner] > naive.limit[owner]
                assert not over or self.forced, "nothing is charged above the limit"
                naive.failcnt[owner] += over
        elif kind == FREE:
            assert naive.live.pop(thing) == (owner, size), "whoever paid is paid back"
            if owner >= 0:
                naive.usage[owner] -= size
        elif kind == REFUSED:
            assert owner in self.payer and home in naive.arrays
            assert naive.usage[owner] + size > naive.limit[owner], "a limit refuses only what it does not hold"
            naive.failcnt[owner] += 1
            self.was_refused = True
        elif kind == NEWPAGE:
            naive.arrays.discard(home)
            if thing[0] in naive.accounted:
                naive.arrays.add(home)
        elif kind == FREEPAGE:
            assert not any(each[:2] == home for each in naive.live), "only a slab without objects goes"
            naive.arrays.discard(home)
        elif kind == NOPAGE:
            self.no_page = True
        elif kind == SWITCHED:
            assert (thing[2] == 1) != (thing[0] in naive.accounted)
            if thing[2]:
                naive.accounted.add(thing[0])
            else:
                naive.accounted.remove(thing[0])
                naive.arrays = {each for each in naive.arrays if each[0] != thing[0]}

    def counters_agree(self) -> None:
        """Every counter says what the model says."""
        naive = self.naive
        groups = self.machine.kmem_subsystem.owners
        for ident in naive.ident.values():
            group = groups[ident]
            assert group is not None
            said = (group.res.usage, group.res.limit, group.res.failcnt)
            assert said == (naive.usage[ident], naive.limit[ident], naive.failcnt[ident])

    def says(self, result: Result, *expected: int) -> bool:
        """The errno is one of those; True for success."""
        assert result.errno in expected, (self.lines[-1], result.errno, result.err, expected)
        assert (result.status == 0) == (result.errno == 0)
        return result.errno == 0

    def got_all(self, result: Result, *more: int) -> bool:
        """A call that takes objects succeeds, unless a limit or a missing page stopped it."""
        if result.errno in more:
            return False
        assert result.errno == 0 or result.errno in WANT, (self.lines[-1], result.err)
        few = int(self.machine.slub.pages.nr_free) < 16  # a stack or a table of pages fails without an event of its own
        assert result.errno == 0 or self.was_refused or self.no_page or few, "who says no has a reason"
        assert result.errno or not self.was_refused or self.forced, "a refusal is passed on"
        return result.errno == 0

    # -- choices

    def pid(self, chance: Random) -> int:
        """Some task."""
        return chance.choice(sorted(self.naive.where))

    def path(self, chance: Random, there: bool = True) -> str:
        """Some container's path: one that exists, or one that may not."""
        if there:
            return chance.choice(sorted(self.naive.ident))
        parent = chance.choice([*sorted(self.naive.ident), "nowhere"])
        return f"{parent}/{chance.choice(NAMES)}" if parent.count("/") < 3 else f"/{chance.choice(NAMES)}"

    # -- containers

    def mkdir(self, chance: Random) -> None:
        """Make a container."""
        path = self.path(chance, there=False)
        parent = path.rpartition("/")[0]
        known = self.naive.ident
        expected = errno.ENOENT if parent not in known else errno.EEXIST if path in known else 0
        if self.says(self.line(f"mkdir {MOUNT}{path}" if path[0] == "/" else f"mkdir {MOUNT}/{path}"), expected):
            known[path] = self.naive.given
            self.naive.limit[self.naive.given] = NO_LIMIT
            self.naive.given += 1

    def rmdir(self, chance: Random) -> None:
        """Remove a container, the mount's root never."""
        path = self.path(chance)
        if not path:
            path = f"/{chance.choice(NAMES)}"
        expected = errno.ENOENT if path not in self.naive.ident else errno.EBUSY if self.naive.busy(path) else 0
        if not expected:
            del self.naive.ident[path]  # the counters are compared when the line has run
        self.says(self.line(f"rmdir {MOUNT}{path}"), expected)

    def mv(self, chance: Random) -> None:
        """Rename a container within its parent."""
        old = self.path(chance) or "/nothing"
        new = f"{old.rpartition('/')[0]}/{chance.choice(NAMES)}"
        known = self.naive.ident
        expected = errno.ENOENT if old not in known else errno.EEXIST if new in known and new != old else 0
        if self.says(self.line(f"mv {MOUNT}{old} {MOUNT}{new}"), expected) and new != old:

            def moved(path: str) -> str:
                return new + path[len(old) :] if path == old or path.startswith(f"{old}/") else path

            self.naive.ident = {moved(path): ident for path, ident in known.items()}
            self.naive.where = {pid: moved(path) for pid, path in self.naive.where.items()}

    def attach(self, chance: Random) -> None:
        """Put a task into a container."""
        path, pid = self.path(chance), chance.choice([self.pid(chance), self.naive.last_pid + 7])
        if self.says(self.line(f"echo {pid} > {MOUNT}{path}/tasks"), 0 if pid in self.naive.where else errno.ESRCH):
            self.naive.where[pid] = path

    def limit(self, chance: Random) -> None:
        """Set a limit; the newline of a plain echo is refused."""
        path, value, plain = self.path(chance), chance.choice(LIMITS), chance.random() < 0.2
        line = f"echo {'' if plain else '-n '}{value} > {MOUNT}{path}/kmem.limit"
        if not plain:
            self.naive.limit[self.naive.ident[path]] = value
        self.says(self.line(line), errno.EINVAL if plain else 0)

    def failcnt(self, chance: Random) -> None:
        """Set failcnt."""
        path, value = self.path(chance), chance.choice((0, 0, 5))
        self.says(self.rewritten(path, value), 0)

    def rewritten(self, path: str, value: int) -> Result:
        """Write failcnt: the model first, since the counters are compared after every line."""
        self.naive.failcnt[self.naive.ident[path]] = value
        return self.line(f"echo -n {value} > {MOUNT}{path}/kmem.failcnt")

    def switch(self, chance: Random) -> None:
        """Account a cache or stop it."""
        cache, on = chance.choice([*SWITCHABLE, "kmalloc-64"]), chance.random() < 0.7
        live = any(each[0] == cache for each in self.naive.live)
        expected = 0
        if cache.startswith("kmalloc"):
            expected = errno.EINVAL
        elif not on and cache in self.naive.accounted and live:
            expected = errno.EBUSY
        self.says(self.line(f"echo {int(on)} > /sys/slab/{cache}/cache_account"), expected)
        assert expected or (cache in self.naive.accounted) == on

    def release(self, chance: Random) -> None:
        """Turn notify_on_release; set the agent."""
        if chance.random() < 0.3:
            self.says(self.line(f"echo /sbin/agent > {MOUNT}/release_agent"), 0)
        else:
            self.says(self.line(f"echo {chance.randrange(2)} > {MOUNT}{self.path(chance)}/notify_on_release"), 0)

    def chown(self, chance: Random) -> None:
        """Give a container's files to a user; root, who types here, may still do everything."""
        self.says(self.line(f"chown {chance.choice((0, 5))} {MOUNT}{self.path(chance)}"), 0)

    def remount(self, chance: Random) -> None:
        """Take the mount away and bring it back: a tree with children is kept, the root's counter in any case."""
        self.says(self.line(f"umount {MOUNT}"), 0)
        self.says(self.line(f"umount {MOUNT}"), errno.EINVAL)
        if set(self.naive.ident) == {""}:
            self.naive.where = dict.fromkeys(self.naive.where, "")
        self.says(self.line(f"mount -t container -o kmem none {MOUNT}"), 0)

    # -- reading

    def cat(self, chance: Random) -> None:
        """Read a file of a container: it says what the model says."""
        path = self.path(chance)
        ident = self.naive.ident[path]
        inside = sorted(pid for pid, where in self.naive.where.items() if where == path)
        for name, said in (
            ("kmem.usage", [self.naive.usage[ident]]),
            ("kmem.limit", [self.naive.limit[ident]]),
            ("kmem.failcnt", [self.naive.failcnt[ident]]),
            ("tasks", inside),
        ):
            result = self.line(f"cat {MOUNT}{path}/{name}")
            assert result.errno == 0
            assert sorted(map(int, result.out.split())) == said, (path, name)

    def ls(self, chance: Random) -> None:
        """List a container: its children are there, beside its files."""
        path = self.path(chance)
        result = self.line(f"ls {MOUNT}{path}")
        children = {each.rpartition("/")[2] for each in self.naive.ident if each and each.rpartition("/")[0] == path}
        assert children == set(result.out.split()) & set(NAMES)

    def ps(self, chance: Random) -> None:
        """List the tasks: who is where with how many files."""
        rows = [row.split() for row in self.line("ps").out.splitlines()[1:]]
        said = {int(row[0]): (int(row[3]), row[4].rstrip("/") if row[4] != "-" else "") for row in rows}
        assert said == {pid: (self.naive.files[pid], where) for pid, where in self.naive.where.items()}

    def help(self, chance: Random) -> None:
        """Ask for help, about anything."""
        verb = chance.choice(("", "help", "help open", "man mount", "man kmem.limit", "dmesg", "mount"))
        assert self.line(verb).status == 0

    def nonsense(self, chance: Random) -> None:
        """Type what means nothing, or too much."""
        line, status = chance.choice(
            [
                ("opne 3", 127), ("open", 2), ("open x", 2), ("open -1", 2), ("close 999", 1), ("fork 0x1", 2), ("cat /no", 1),
                ("echo 1 > /no/where", 1), ("ls /no", 1), ("mkdir", 2), ("as 99999 ps", 1), ("as x ps", 2), ("echo 'a", 2),
                ("ps | cat", 2), ("kill x", 2), ("exit", 1), ("rmdir /sys", 1), ("softirq", 2),
                (f"mount -t container -o nothing none {MOUNT}", 1), ("x" * 5000, 1), ("poke filp 0.0 1", 1), ("mmap x", 2),
                (f"echo -n 12z > {MOUNT}/kmem.limit", 1), (f"echo 3 > {MOUNT}/kmem.usage", 1),
                ("echo 7 > /sys/slab/filp/cache_account", 1),
            ]
        )  # fmt: skip
        result = self.line(line)
        assert (result.status != 0) == (status != 0) and result.errno and result.err, (line, result.status, result.err)

    # -- tasks

    def fork(self, chance: Random) -> None:
        """Make a child, in its parent's container, with its files."""
        pid = self.pid(chance)
        result = self.line("fork", pid)
        if len(self.naive.where) > 12:
            self.end(chance)
        if self.got_all(result):
            child = int(result.out)
            assert child not in self.naive.where
            self.naive.where[child] = self.naive.where[pid]
            for held in (self.naive.files, self.naive.maps, self.naive.touched):
                held[child] = held[pid]
            self.naive.last_pid = child

    def end(self, chance: Random) -> None:
        """End a task, by its own hand or by init's."""
        pid = self.pid(chance)
        gone = pid not in self.naive.where
        line, who = ("exit", pid) if chance.random() < 0.5 else (f"kill {pid}", 1)
        if self.says(self.line(line, who), errno.EPERM if pid == 1 else errno.ESRCH if gone else 0):
            for held in (self.naive.files, self.naive.maps, self.naive.touched, self.naive.where):
                held.pop(pid, None)

    def open(self, chance: Random) -> None:
        """Open files: as many descriptors as came."""
        pid, count = self.pid(chance), chance.choice((1, 1, 3, 20))
        self.got_all(self.line(f"open {count}", pid))
        self.recount(pid, count)

    def recount(self, pid: int, most: int) -> None:
        """Take over how many descriptors a task has; all of `most` if nothing failed, none more in any case."""
        now = len(self.machine.tasks.by_pid[pid].open_files())
        more = now - self.naive.files[pid]
        assert 0 <= more <= most and (more == most or self.was_refused or self.no_page), "descriptors that came"
        self.naive.files[pid] = now

    def close(self, chance: Random) -> None:
        """Close all of a task's files, or its first."""
        pid = self.pid(chance)
        if chance.random() < 0.5:
            self.says(self.line("close all", pid), 0)
            self.naive.files[pid] = 0
        elif self.naive.files[pid]:
            first = self.machine.tasks.by_pid[pid].open_files()[0]
            self.says(self.line(f"close {first}", pid), 0)
            self.naive.files[pid] -= 1
        else:
            self.says(self.line("close 0", pid), errno.EBADF)

    def pipe(self, chance: Random) -> None:
        """Make pipes."""
        pid, count = self.pid(chance), chance.choice((1, 2))
        result = self.line(f"pipe {chance.choice(('', '-f '))}{count}", pid)
        self.got_all(result)
        self.naive.files[pid] = len(self.machine.tasks.by_pid[pid].open_files())

    def socket(self, chance: Random) -> None:
        """Make sockets."""
        pid = self.pid(chance)
        self.got_all(self.line(f"socket {chance.choice(('', '-s '))}1", pid))
        self.naive.files[pid] = len(self.machine.tasks.by_pid[pid].open_files())

    def mmap(self, chance: Random) -> None:
        """Map, and write into the map."""
        pid = self.pid(chance)
        maps = self.naive.maps
        if chance.random() < 0.5:
            if self.got_all(self.line("mmap 1", pid)):
                maps[pid] += 1
        elif maps[pid] > self.naive.touched[pid]:
            if self.got_all(self.line("touch 1", pid)):
                self.naive.touched[pid] += 1
        else:
            self.says(self.line("touch 1", pid), errno.EFAULT)

    def munmap(self, chance: Random) -> None:
        """Unmap the last map."""
        pid = self.pid(chance)
        maps, touched = self.naive.maps, self.naive.touched
        if self.says(self.line("munmap 1", pid), 0 if maps[pid] else errno.EINVAL):
            maps[pid] -= 1
            touched[pid] = min(touched[pid], maps[pid])

    def other(self, chance: Random) -> None:
        """Signals, timers, locks, mount namespaces, names that are not there."""
        pid = self.pid(chance)
        line = chance.choice(("sigqueue 1", "timer 1", "flock 1", "mountns 2", "stat 2", "stat -l 1"))
        more = (errno.EBADF,) if line == "flock 1" and not self.naive.files[pid] else ()
        self.got_all(self.line(line, pid), *more)

    def reclaim(self, chance: Random) -> None:
        """Give back what nobody needs."""
        line = chance.choice(
            ("prune all", "prune 2", "rcu", "echo 1 > /sys/slab/filp/shrink", "echo 1 > /sys/slab/dentry/shrink")
        )
        self.says(self.line(line), 0)

    def interrupt(self, chance: Random) -> None:
        """Allocate where no task asked: the policy says who pays."""
        pid = self.pid(chance)
        current = self.naive.ident[self.naive.where[pid]]
        payers = {"current": {current, 0}, "root": {0}, "none": {-1}}[str(self.options["irq_payer"])]
        flag = chance.choice(("", "-n "))
        verb = chance.choice(("softirq", "kthread"))
        if chance.random() < 0.4:
            result = self.line(f"{verb} -d 3", pid, payers)
            assert result.errno in (0, errno.EINVAL)
        else:
            self.got_all(self.line(f"{verb} {flag}2 filp", pid, payers, forced=bool(flag)))


RULES: Final[dict[str, Callable[[Walk, Random], None]]] = {
    name: getattr(Walk, name)
    for name in (
        "mkdir", "rmdir", "mv", "attach", "limit", "failcnt", "switch", "release", "chown", "remount", "cat", "ls", "ps",
        "help", "nonsense", "fork", "end", "open", "close", "pipe", "socket", "mmap", "munmap", "other", "reclaim", "interrupt",
    )
}  # fmt: skip

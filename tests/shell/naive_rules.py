"""The rules of the walk: each types a line or a few, chosen by chance, and says what the naive model expects."""

from __future__ import annotations

import errno
from collections.abc import Callable
from random import Random
from typing import Final

from kmemlab.shell import Result

from .naive_walk import MOUNT, NAMES, Typist

SWITCHABLE: Final = ("filp", "dentry", "task_struct", "vm_area_struct", "sigqueue", "pid", "mm_struct", "mnt_cache", "anon_vma")
LIMITS: Final = (0, 255, 256, 700, 4000, 20_000, 65_536, 2**63 - 1)


class Walk(Typist):
    """Whoever walks through the shell."""

    # -- containers

    def mkdir(self, chance: Random) -> None:
        """Make a container."""
        path = self.path(chance, there=False)
        parent = path.rpartition("/")[0]
        known = self.naive.ident
        expected = errno.ENOENT if parent not in known else errno.EEXIST if path in known else 0
        if self.makes(self.line(f"mkdir {MOUNT}{path}" if path[0] == "/" else f"mkdir {MOUNT}/{path}"), expected):
            self.naive.made(path)

    def rmdir(self, chance: Random) -> None:
        """Remove a container, the mount's root never."""
        path = self.path(chance)
        if not path:
            path = f"/{chance.choice(NAMES)}"
        expected = errno.ENOENT if path not in self.naive.ident else errno.EBUSY if self.naive.busy(path) else 0
        self.settle()
        if not expected:
            self.naive.gone(path)  # the counters are compared when the line has run
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
            self.moved(pid, path)

    def moved(self, pid: int, path: str) -> None:
        """A task is in another container; in the same one nothing has happened."""
        if self.naive.where[pid] != path:
            self.naive.leave(pid)
            self.naive.where[pid] = path

    def limit(self, chance: Random) -> None:
        """Set a limit; the newline of a plain echo is refused, and an echo of nothing leaves the limit alone."""
        path, value, plain = self.path(chance), chance.choice(LIMITS), chance.random() < 0.2
        file = f"{MOUNT}{path}/{self.naive.prefix}limit"
        self.says(self.line(f"echo -n > {file}"), 0)
        line = f"echo {'' if plain else '-n '}{value} > {file}"
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
        return self.line(f"echo -n {value} > {MOUNT}{path}/{self.naive.prefix}failcnt")

    def switch(self, chance: Random) -> None:
        """Account a cache or stop it."""
        typed, on = chance.choice([*SWITCHABLE, "kmalloc-64"]), chance.random() < 0.7
        cache = self.called[typed]
        live = any(each[0] == cache for each in self.naive.live)
        expected = 0
        if self.in_kmalloc(typed):
            expected = errno.EINVAL
        elif not on and cache in self.naive.accounted and live:
            expected = errno.EBUSY
        file = f"/sys/slab/{typed}/cache_account"
        self.says(self.line(f"echo {int(on)} > {file}"), expected)
        assert expected or (cache in self.naive.accounted) == on
        assert self.line(f"cat {file}").out == str(int(cache in self.naive.accounted))

    def release(self, chance: Random) -> None:
        """Turn notify_on_release; set the agent."""
        path, value = self.path(chance), chance.choice(("0", "1", "1", "x"))
        ident = self.naive.ident[path]
        if chance.random() < 0.3:
            agent = chance.choice(("/sbin/agent", "/bin/tidy", "''"))
            self.says(self.line(f"echo {agent} > {MOUNT}/release_agent"), 0)
            self.settle()
            self.naive.agent = agent.strip("'")
        else:
            self.says(self.line(f"echo {value} > {MOUNT}{path}/notify_on_release"), 0)
            self.naive.releasable.discard(ident)
            (self.naive.notify.add if value == "1" else self.naive.notify.discard)(ident)

    def chown(self, chance: Random) -> None:
        """Give a container's files to a user; root, who types here, may still do everything."""
        path, uid = self.path(chance), chance.choice((0, 5, 6))
        self.says(self.line(f"chown {uid} {MOUNT}{path}"), 0)
        self.naive.owner[self.naive.ident[path]] = uid

    def remount(self, chance: Random) -> None:
        """Take the mount away and bring it back: a tree with children is kept, the root's counter in any case."""
        naive = self.naive
        self.says(self.line(f"umount {MOUNT}"), 0)
        self.says(self.line(f"umount {MOUNT}"), errno.EINVAL)
        kept = set(naive.ident) != {""}
        prefix, agent = chance.choice(("", "kmem.", "kmem.")), chance.choice(("", "/sbin/agent"))
        options = ",".join(["kmem", *(["noprefix"] if not prefix else []), *([f"release_agent={agent}"] if agent else [])])
        other = kept and prefix != naive.prefix
        self.says(self.line(f"mount -t container -o {options} none {MOUNT}"), errno.EBUSY if other else 0)
        if other:
            options = "kmem,noprefix" if prefix else "kmem"
            self.says(self.line(f"mount -t container -o {options} none {MOUNT}"), 0)
        if not kept:
            self.settle()
            naive.where = dict.fromkeys(naive.where, "")
            naive.agent, naive.prefix = agent, prefix
            naive.owner[0] = 0
            naive.notify.discard(0)
            naive.releasable.discard(0)

    def last_object(self, chance: Random) -> None:
        """Let a container's last object go after its last task: only then is it the release agent's."""
        naive, pid, path = self.naive, self.pid(chance), self.path(chance)
        self.says(self.line("echo 1 > /sys/slab/sigqueue/cache_account"), errno.EINVAL if self.in_kmalloc("sigqueue") else 0)
        for there in (path, ""):
            self.says(self.line(f"echo {pid} > {MOUNT}{there}/tasks"), 0)
            self.moved(pid, there)
            self.got_all(self.line("sigqueue 1", pid))
        self.says(self.line(f"echo 1 > {MOUNT}{path}/notify_on_release"), 0)
        naive.releasable.discard(naive.ident[path])
        naive.notify.add(naive.ident[path])
        if pid != 1:
            self.says(self.line("exit", pid), 0)
            self.ended(pid)
        said = self.line(f"cat {MOUNT}{path}/releasable").out
        assert said == str(int(naive.ident[path] in naive.releasable))

    def in_kmalloc(self, cache: str) -> bool:
        """Whether a cache was merged into one of kmalloc's, which cannot be accounted."""
        return self.called[cache].startswith("kmalloc")

    # -- reading

    def cat(self, chance: Random) -> None:
        """Read a file of a container: it says what the model says."""
        naive = self.naive
        path = self.path(chance)
        ident = naive.ident[path]
        inside = sorted(pid for pid, where in naive.where.items() if where == path)
        notify = ident in naive.notify
        files = {
            f"{naive.prefix}usage": [naive.usage[ident]],
            f"{naive.prefix}limit": [naive.limit[ident]],
            f"{naive.prefix}failcnt": [naive.failcnt[ident]],
            "tasks": inside,
            "notify_on_release": [int(notify)],
            "releasable": [int(notify and ident in naive.releasable)],
        }
        for name in chance.sample(sorted(files), 3):
            result = self.line(f"cat {MOUNT}{path}/{name}")
            assert result.errno == 0
            assert sorted(map(int, result.out.split())) == files[name], (path, name)
        result = self.line(f"cat {MOUNT}{path}/release_agent")
        assert (result.out, result.errno) == (("", errno.ENOENT) if path else (naive.agent, 0))

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
        assert said == {pid: (len(self.naive.files[pid]), where) for pid, where in self.naive.where.items()}

    def cost(self, chance: Random) -> None:
        """Ask what nobody is charged for: the states of all containers, and 8 bytes a page of 4 KiB, are among it."""
        lines = self.line(chance.choice(("cost", "cost all"))).out.splitlines()
        told = dict(line.rsplit(": ", 1) for line in lines if ": " in line and line[0] in "ps")
        if not self.debugged:  # where kmalloc-64 has 64 bytes
            assert told["states of containers"] == f"{64 * len(self.naive.ident):,}"

    def help(self, chance: Random) -> None:
        """Ask for help, about anything."""
        verb = chance.choice(
            ("", "# a remark", "help", "help open", "man mount", "man kmem.limit", "dmesg", "mount", "echo a 'b c'")
        )
        result = self.line(verb, bare=True)
        assert result.status == 0
        assert result.err == ""
        if verb == "dmesg":
            assert bool(result.out) <= self.damaged

    def nonsense(self, chance: Random) -> None:
        """Type what means nothing, or too much."""
        line, status = chance.choice(
            [
                ("opne 3", 127), ("open", 2), ("open x", 2), ("open -1", 2), ("close 999", 1), ("fork 0x1", 2), ("cat /no", 1),
                ("echo 1 > /no/where", 1), ("ls /no", 1), ("mkdir", 2), ("as 99999 ps", 1), ("as x ps", 2), ("echo 'a", 2),
                ("ps | cat", 2), ("kill x", 2), ("exit", 1), ("rmdir /sys", 1), ("softirq", 2),
                (f"mount -t container -o nothing none {MOUNT}", 1), ("x" * 5000, 1), ("poke nothing 0.0 1", 1), ("mmap x", 2),
                (f"echo -n 12z > {MOUNT}/{self.naive.prefix}limit", 1), (f"echo 3 > {MOUNT}/{self.naive.prefix}usage", 1),
                ("echo 7 > /sys/slab/filp/cache_account", 1),
            ]
        )  # fmt: skip
        result = self.line(line, bare=True)
        assert result.status == status and result.errno and result.err, (line, result.status, result.err)

    # -- tasks

    def fork(self, chance: Random) -> None:
        """Make a child, in its parent's container, with its files."""
        pid = self.pid(chance)
        self.forked_by = pid
        result = self.line("fork", pid)
        if self.got_all(result):
            child = int(result.out)
            assert child == self.naive.last_pid + 1
            self.naive.where[child] = self.naive.where[pid]
            self.naive.files[child] = set(self.naive.files[pid])
            self.naive.maps[child] = self.naive.maps[pid]
            self.naive.touched[child] = self.naive.touched[pid]
            self.naive.uids[child] = self.naive.uids[pid]
            self.naive.last_pid = child
        if len(self.naive.where) > 12:
            self.end(chance)

    def end(self, chance: Random) -> None:
        """End a task, by its own hand or by init's."""
        pid = self.pid(chance)
        gone = pid not in self.naive.where
        line, who = ("exit", pid) if chance.random() < 0.5 else (f"kill {pid}", 1)
        if self.says(self.line(line, who), errno.EPERM if pid == 1 else errno.ESRCH if gone else 0):
            self.ended(pid)

    def ended(self, pid: int) -> None:
        """A task is gone."""
        self.naive.leave(pid, ends=True)
        del self.naive.files[pid], self.naive.maps[pid], self.naive.touched[pid], self.naive.uids[pid]

    def open(self, chance: Random) -> None:
        """Open files: as many descriptors as came."""
        pid, count = self.pid(chance), chance.choice((1, 1, 3, 20))
        self.came_with(self.line(f"open {count}", pid), pid, count, 1)

    def came_with(self, result: Result, pid: int, count: int, each: int) -> None:
        """Take over the descriptors that `count` calls gave, `each` a call: the lowest that were free."""
        had = self.naive.files[pid]
        now = set(self.machine.tasks.by_pid[pid].open_files())
        more = len(now) - len(had)
        free = (fd for fd in range(len(now) + 1) if fd not in had)
        assert now == had | {next(free) for _ in range(more)}, "the lowest free descriptors"
        assert self.got_all(result) == (more == count * each)
        assert more % each == 0
        if result.errno and count > 1:
            refused = count - more // each
            assert result.err.endswith(f"({refused} of {count} refused)"), result.err
        self.naive.files[pid] = now

    def close(self, chance: Random) -> None:
        """Close all of a task's files, one, a run of them, or one that is not open."""
        pid = self.pid(chance)
        had = self.naive.files[pid]
        fd = chance.choice([*sorted(had), 99])
        words = chance.choice(("all", f"{fd}", f"{fd}", f"{fd} {fd + 1}", f"{fd}-{fd + 2}", f"{fd} {fd}"))
        asked = [fd] if words == str(fd) else [fd, fd] if words == f"{fd} {fd}" else [fd, fd + 1]
        if words == "all":
            asked = sorted(had)
        elif "-" in words:
            asked = [fd, fd + 1, fd + 2]
        there = set(asked) <= had and len(set(asked)) == len(asked)
        if self.says(self.line(f"close {words}", pid), 0 if there else errno.EBADF):
            self.naive.files[pid] = had - set(asked)

    def pipe(self, chance: Random) -> None:
        """Make pipes."""
        pid, count = self.pid(chance), chance.choice((1, 2))
        self.came_with(self.line(f"pipe {chance.choice(('', '-f '))}{count}", pid), pid, count, 2)

    def socket(self, chance: Random) -> None:
        """Make sockets."""
        pid, count = self.pid(chance), chance.choice((1, 3))
        self.came_with(self.line(f"socket {chance.choice(('', '-s '))}{count}", pid), pid, count, 1)

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

    def page_fault(self, chance: Random) -> None:
        """Fault the user's pages in: these machines have no rss (tests/engine/test_rss.py has a walk of those that do)."""
        self.says(self.line("fault 1", self.pid(chance)), errno.ENOSYS)

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
        result = self.line(line, pid)
        if line == "flock 1" and not self.naive.files[pid]:
            self.says(result, errno.EBADF)
        else:
            self.got_all(result)

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
        "mkdir", "rmdir", "mv", "attach", "limit", "failcnt", "switch", "release", "last_object",
        "chown", "remount", "cat", "ls", "ps",
        "cost", "help", "nonsense", "fork", "end", "open", "close", "pipe", "socket", "mmap", "munmap", "page_fault", "other",
        "reclaim", "interrupt",
    )
}  # fmt: skip

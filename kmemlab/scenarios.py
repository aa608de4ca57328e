"""Ready-made sessions: a profile and the commands that are typed for you."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .engine.errors import invalid
from .session import Session
from .zoo_stories import stories

POINT = "/containers"
CACHES = ("filp", "sighand_cache", "anon_vma", "mnt_cache")
WEB, DB, BOMB = 65536, 49152, 40960
BEFORE = 144  # files of a bomb: a few less than its limit has room for
BOMB_SITES = ("pipe_buffer", "pipe_inode_info", "pte")  # where the pipe bomb's memory comes from, beside caches
PIECE = 500  # operations of a recorded trace in one command


@dataclass(frozen=True)
class Scenario:
    """A session that somebody prepared.

    Attributes:
        name: what `Lab(scenario=...)` calls it.
        title: what the picker shows.
        commands: makes the command lines, the same ones every time.
        profile: keywords of the machine.
        cache: the cache to look at.
    """

    name: str
    title: str
    commands: Callable[[], Iterator[str]]
    profile: dict[str, Any] = field(default_factory=dict)
    cache: str = "filp"


def recipe(limits: dict[str, int]) -> Iterator[str]:
    """Type what the cover letter says "to play with it": mount, make containers, set limits, mark caches."""
    yield f"mount -t container -o kmem none {POINT}"
    for name in limits:
        yield f"mkdir {POINT}/{name}"
    for name, limit in limits.items():
        if limit:
            yield f"echo -n {limit} > {POINT}/{name}/kmem.limit"
    for cache in CACHES:
        yield f"echo 1 > /sys/slab/{cache}/cache_account"


class Crowd:
    """Servers that open and close files at random, the same way every time.

    Attributes:
        files: the open descriptors of each pid.
        aims: pid -> about how many it likes to have.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.files: dict[int, set[int]] = {}
        self.aims: dict[int, int] = {}

    def join(self, pid: int, aim: int) -> None:
        """Let a task take part."""
        self.files[pid] = set()
        self.aims[pid] = aim

    def command(self) -> str:
        """Return what happens next: one open or one close of any file, on one cpu."""
        pid = self.random.choice(list(self.aims))
        files, aim = self.files[pid], self.aims[pid]
        cpu = self.random.randrange(2)
        if not files or self.random.random() < (0.72 if len(files) < aim else 0.38):
            files.add(next(fd for fd in range(len(files) + 1) if fd not in files))  # the lowest free one, as open does
            return f"as {pid}@{cpu} open 1"
        return self.closing(pid, cpu)

    def closing(self, pid: int, cpu: int) -> str:
        """Return the close of any file of a task that has one."""
        fd = self.random.choice(sorted(self.files[pid]))
        self.files[pid].remove(fd)
        return f"as {pid}@{cpu} close {fd}"


def shells(*homes: str) -> Iterator[str]:
    """Fork one shell for each home, pids 2, 3, ...; before accounting, so nobody pays for them."""
    yield f"fork {len(homes)}"
    for pid in range(2, 2 + len(homes)):
        yield f"echo sh > /proc/{pid}/comm"


def people(crowd: Crowd, first: int, web: int, db: int) -> Iterator[str]:
    """Move the shells in, and let them start nginx in web (three tasks) and postgres in db (two); they pay for their own."""
    pid = first
    for shell, name, home, count, aim in ((2, "nginx", "web", 3, web), (3, "postgres", "db", 2, db)):
        yield f"echo {shell} > {POINT}/{home}/tasks"
        yield f"as {shell} fork {count}"
        for _ in range(count):
            yield f"echo {name} > /proc/{pid}/comm"
            crowd.join(pid, aim)
            pid += 1


def quiet() -> Iterator[str]:
    """Two containers that stay within their limits."""
    crowd = Crowd(7)
    yield from shells("web", "db")
    yield from recipe({"web": WEB, "db": DB})
    yield from people(crowd, 4, web=15, db=13)
    for _ in range(240):
        yield crowd.command()


def bomb(limit: int, tries: int) -> Iterator[str]:
    """Two quiet containers and a third with a task that opens files and never closes one.

    Shortly before it meets its limit the servers close a file each: slabs that were full, of several owners, are partial again.
    """
    crowd = Crowd(115)
    yield "open 16"  # before accounting: these belong to nobody
    yield from shells("web", "db", "bomb")
    yield from recipe({"web": WEB, "db": DB, "bomb": limit})
    yield from people(crowd, 5, web=13, db=11)
    for _ in range(50):
        yield crowd.command()
    yield "echo 0 > /sys/slab/filp/cache_account"
    yield "echo 1 > /sys/slab/kmalloc-256/cache_account"
    yield f"echo 4 > {POINT}/bomb/tasks"
    yield "as 4 fork"
    yield "echo fdbomb > /proc/10/comm"
    for part in (BEFORE, tries - BEFORE):
        left = part
        while left > 0:
            burst = min(left, crowd.random.randrange(4, 24))
            yield f"as 10@{int(crowd.random.random() < 0.93)} open {burst}"
            left -= burst
            for _ in range(crowd.random.randrange(1, 5)):
                yield crowd.command()
        if part == BEFORE:
            yield from (crowd.closing(pid, pid % 2) for pid in (5, 8, 6, 9))


def bomb_limited() -> Iterator[str]:
    """The bomb with a limit: it is refused, the others are not."""
    yield from bomb(BOMB, 600)
    yield "as 10 close all"
    yield f"rmdir {POINT}/bomb"
    yield "as 10 exit"
    yield "as 4 exit"
    yield f"rmdir {POINT}/bomb"


def bomb_unlimited() -> Iterator[str]:
    """The bomb without: it takes every page of a small machine, and then nobody can open a file."""
    yield from bomb(0, 600)
    yield "as 10 open 9000"
    yield "as 5 open 20"
    yield "cat /proc/buddyinfo"


def merged() -> Iterator[str]:
    """Follow the letter on a kernel that merges caches: its own example is refused, and the files are nobody's.

    `variant(session, boot="slub_nomerge")` types the same on a kernel that does not.
    """
    yield f"mount -t container -o kmem none {POINT}"
    yield f"mkdir {POINT}/web"
    yield f"echo -n 4096 > {POINT}/web/kmem.limit"
    yield "fork"
    yield f"echo 2 > {POINT}/web/tasks"
    for cache in ("filp", "mnt_cache", "pid", "skbuff_head_cache", "dentry", "sighand_cache", "UNIX"):
        yield f"echo 1 > /sys/slab/{cache}/cache_account"
    yield "cat /sys/slab/filp/aliases"
    for _ in range(5):
        yield "as 2 open 4"
    yield f"cat {POINT}/web/kmem.usage {POINT}/web/kmem.failcnt"
    yield "as 2 close all"
    yield "as 2 fork"  # pays for the signal_cache too where it is another name of UNIX
    yield f"cat {POINT}/web/kmem.usage"


def resident(shared: bool) -> Callable[[], Iterator[str]]:
    """Return the commands of a task that is stopped twice: for the memory it touches by rss, for the kernel's by kmem.

    With `shared` both subsystems are on one hierarchy, and a container has both limits. Without, each has a hierarchy of its
    own: two tasks share a kmem container and have an rss container each.
    """

    def commands() -> Iterator[str]:
        tree = "/rss"
        yield f"mkdir {tree}"
        if shared:
            yield f"mount -t container -o kmem,rss none {tree}"
            yield f"mount -t container -o kmem none {POINT}"  # busy: a subsystem is in one hierarchy
        else:
            yield f"mount -t container -o kmem none {POINT}"
            yield f"mount -t container -o rss none {tree}"
            yield f"mkdir {POINT}/web"
        yield f"mkdir {tree}/web {tree}/hog"
        yield "fork 2"
        yield "echo nginx > /proc/2/comm"
        yield "echo hog > /proc/3/comm"
        homes = {2: f"{tree}/web", 3: f"{tree}/hog"}
        for pid, home in homes.items():
            yield f"echo {pid} > {home}/tasks"
            if not shared:
                yield f"echo {pid} > {POINT}/web/tasks"
        yield f"echo -n 128K > {tree}/hog/rss.limit"
        yield f"echo -n 1000 > {tree}/hog/kmem.limit" if shared else f"echo -n 1400 > {POINT}/web/kmem.limit"
        yield "echo 1 > /sys/slab/vm_area_struct/cache_account"
        yield "echo 1 > /sys/slab/anon_vma/cache_account"
        for pid in homes:
            yield f"as {pid} mmap 2"
            yield f"as {pid} touch 1"
        yield "as 2 fault 20"
        for _ in range(5):
            yield "as 3 fault 8"  # the last of them meets rss.limit
        yield "as 3 fork"  # shares its pages: nobody pays twice
        yield "as 3 mmap 4"  # meets kmem.limit
        yield "as 2 fault 8"
        yield "cat /proc/3/cgroup"
        yield f"echo 3 > {tree}/web/tasks"  # its pages stay where they were charged
        yield f"rmdir {tree}/hog"
        yield "as 3 exit"
        yield "as 4 exit"
        yield f"rmdir {tree}/hog"

    return commands


def pipe_bomb(*sites: str) -> Callable[[], Iterator[str]]:
    """Return a bomb of full pipes and page tables, with call sites marked or none: what the controller sees, and what not."""

    def commands() -> Iterator[str]:
        yield from shells("web", "bomb")
        yield from recipe({"web": WEB, "bomb": 2 * BOMB})
        for cache in ("dentry", "inode_cache", "vm_area_struct"):
            yield f"echo 1 > /sys/slab/{cache}/cache_account"
        yield f"echo 2 > {POINT}/web/tasks"
        yield f"echo 3 > {POINT}/bomb/tasks"
        yield "echo pipebomb > /proc/3/comm"
        for site in sites:
            yield f"echo 1 > /sys/kernel/debug/kmem_sites/{site}"
        yield "as 3 pipe -f 1"  # 64 KiB: is it on the bill?
        yield f"cat {POINT}/bomb/kmem.usage"
        yield "sites"
        for _ in range(14):
            yield "as 3 pipe -f 1"
            yield "as 2 open 1"
        yield "as 3 close all"
        yield "as 3 mmap 40"
        for _ in range(40):
            yield "as 3 touch 1"  # a page table each
        yield "as 2 close 0"
        yield "sites"
        yield "cat /proc/buddyinfo"
        yield "as 3 exit"
        yield f"rmdir {POINT}/bomb"

    return commands


def recorded(name: str, limit: int) -> Callable[[], Iterator[str]]:
    """Return the commands that play a shipped trace, a piece at a time."""

    def commands() -> Iterator[str]:
        from .traces.verb import trace_named

        trace = trace_named(name)
        yield f"mount -t container -o kmem none {POINT}"
        homes = sorted({path for path in trace.meta.get("pid_cgroup", {}).values() if path != "/"})
        for path in folders(homes):
            yield f"mkdir {POINT}{path}"
        for path in homes if limit else []:
            yield f"echo -n {limit} > {POINT}{path}/kmem.limit"
        yield f"replay {name} start"
        for _ in range(0, len(trace.columns[0]), PIECE):
            yield f"replay {name} {PIECE}"

    return commands


def folders(paths: list[str]) -> list[str]:
    """List the paths and every folder above them, parents first."""
    found: dict[str, None] = {}
    for path in paths:
        names = path.strip("/").split("/")
        for depth in range(len(names)):
            found["/" + "/".join(names[: depth + 1])] = None
    return list(found)


def turned_off() -> Iterator[str]:
    """Forty files of two containers, and then off: refused by the letter's rule, as full slabs are on no list."""
    yield from shells("web", "db")
    yield from recipe({"web": WEB, "db": DB})
    yield from people(Crowd(7), 4, web=15, db=13)
    for number in range(8):
        yield f"as 4@{number % 2} open 4"
        yield f"as 7@{(number + 1) % 2} open 2"
    yield "as 4 close 24-31"
    yield "cat /sys/slab/filp/cache_account"
    yield "echo 0 > /sys/slab/filp/cache_account"


SMALL = {"memory": "4M", "cpus": 2}
SCENARIOS: dict[str, Scenario] = {
    each.name: each
    for each in (
        Scenario("quiet", "Two quiet containers", quiet, SMALL),
        Scenario("fd-bomb", "An fd bomb with a limit", bomb_limited, SMALL),
        Scenario("fd-bomb-free", "The same bomb without a limit", bomb_unlimited, {"memory": "2M", "cpus": 2}),
        Scenario("merging", "The letter's example on a SLUB that merges", merged, {**SMALL, "boot": ""}, "kmalloc-256"),
        Scenario(
            "rss", "Pages and kernel memory, a hierarchy for each", resident(False), {**SMALL, "rss": True}, "vm_area_struct"
        ),
        Scenario(
            "rss-shared", "Pages and kernel memory on one hierarchy", resident(True), {**SMALL, "rss": True}, "vm_area_struct"
        ),
        Scenario("off", "Turning accounting off", turned_off, SMALL),
        Scenario("pipe-bomb", "Pipes and page tables, which the controller does not see", pipe_bomb(), SMALL),
        Scenario(
            "pipe-bomb-marked",
            "The same with three call sites marked",
            pipe_bomb(*BOMB_SITES),
            {**SMALL, "kinds": "cache,kmalloc,vmalloc,pages"},
        ),
        Scenario("fd-6.1", "An fd bomb recorded on Linux 6.1", recorded("fd", 0), {"arrays": "free"}),
        Scenario("fd-6.1-limit", "The recorded bomb with a limit of 1 MiB", recorded("fd", 1 << 20), {"arrays": "free"}),
        Scenario(
            "mix-6.1", "Three containers recorded on Linux 6.1, 1 MiB each", recorded("mix3", 1 << 20), {"arrays": "free"}
        ),
        *(Scenario(*each) for each in stories()),
    )
}


def play(name: str) -> Session:
    """Return a session that has run a scenario to its end.

    Raises:
        KernelError: EINVAL, for a name that there is not.
    """
    scenario = SCENARIOS.get(name)
    if scenario is None:
        raise invalid(f"there is no scenario {name!r}: choose one of {', '.join(SCENARIOS)}")
    session = Session(**scenario.profile)
    session.run(*scenario.commands())
    session.view = {"scenario": name, "cache": scenario.cache}
    return session

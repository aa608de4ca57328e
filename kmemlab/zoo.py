"""The zoo: what one process without privileges can pin, bomb by bomb, and how much of it the controller of v3 sees.

Each bomb repeats one call on a machine of 64 MiB until 16 MiB of it are gone, 20,000 calls are made, or it is refused; a
neighbour in a container of its own works on meanwhile. Every cache that lets itself be accounted is accounted. What a process
of 2007 could pin: facts 7. Limits on numbers (RLIMIT_NOFILE and its like) are lifted: what stops a bomb is memory, or its
container.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from random import Random

from .engine.errors import invalid
from .engine.sites import SITES, kind_of
from .engine.types import PAGE_SIZE
from .shell import Machine, Result
from .survey import all_slab_rows, container_rows

MEMORY = 64 << 20
MOST_PAGES = (16 << 20) // PAGE_SIZE
MOST_OPS = 20_000
PATIENCE = 8  # calls of the bomb between two of the neighbour
POINT = "/containers"


@dataclass(frozen=True)
class Bomb:
    """One way to pin kernel memory.

    Attributes:
        name: what `--scenario` calls it.
        calls: the commands of one operation, in order.
        what: one operation in words.
        before: commands that go before the first.
        growing: the command takes the number of operations so far, and pins them all at once.
    """

    name: str
    calls: tuple[str, ...]
    what: str
    before: tuple[str, ...] = ()
    growing: int = 0


BOMBS = (
    Bomb("fd", ("open 1",), "open a file: a struct file"),
    Bomb("fork", ("fork 1",), "fork: a task_struct and its six companions, and two pages of stack"),
    Bomb("dentry", ("stat 1",), "ask for a name that is not there: a negative dentry"),
    Bomb("dentry-long", ("stat -l 1",), "the same with a name of 100 characters: a dentry, and kmalloc for the name"),
    Bomb("vma", ("mmap 1",), "map memory: a vm_area_struct"),
    Bomb("page-table", ("mmap 1", "touch 1"), "map 2 MiB and touch them: a vm_area_struct, an anon_vma, a page table"),
    Bomb("sigqueue", ("sigqueue 1",), "queue a blocked signal: a sigqueue"),
    Bomb("timer", ("timer 1",), "make a posix timer: a posix_timers_cache and a sigqueue"),
    Bomb(
        "mount",
        ("mountns {n}",),
        "a larger mount namespace in the old one's place: a mnt_cache a mount, twice while both are there",
        growing=500,
    ),
    Bomb("flock", ("flock 1",), "lock a range of a file: a file_lock", before=("open 1",)),
    Bomb("pipe", ("pipe -f 1",), "make a pipe and fill it: two struct files, inode, dentry, kmalloc, 16 pages"),
    Bomb("socket", ("socket -s 1",), "make a socket with a message in it: four objects, kmalloc for the bytes"),
)


@dataclass(frozen=True)
class Pinned:
    """Bytes in use, by kind: objects as large as their slots, pages whole. Free slots and page tails are not in it.

    Attributes:
        accounted: the bytes that some container pays; part of the other four's sum.
        kmem_cache, kmalloc, vmalloc, pages: objects of caches with a name; of kmalloc, the owner arrays among them; pages of
            vmalloc areas, which no bomb here takes; other pages straight from the buddy allocator.
    """

    accounted: int = 0
    kmem_cache: int = 0
    kmalloc: int = 0
    vmalloc: int = 0
    pages: int = 0

    @property
    def total(self) -> int:
        """Return the sum of the four kinds."""
        return self.kmem_cache + self.kmalloc + self.vmalloc + self.pages

    def since(self, before: Pinned) -> Pinned:
        """Return what came since then."""
        return Pinned(**{name: value - getattr(before, name) for name, value in asdict(self).items()})


def pinned(machine: Machine) -> Pinned:
    """Count every byte in use of a machine."""
    kinds = {"kmem_cache": 0, "kmalloc": 0}
    slab_pages = 0
    for row in all_slab_rows(machine):
        cache = machine.caches[row.cache]
        kinds["kmalloc" if row.cache.startswith("kmalloc-") else "kmem_cache"] += row.inuse * int(cache.size)
        slab_pages += 1 << cache.order
    pages = machine.slub.pages
    used = int(pages.nr_pages - pages.nr_free) - slab_pages
    accounted = sum(row.usage for row in container_rows(machine))
    areas = sum(len(area.pages) for area in machine.vmalloc.areas.values())
    return Pinned(int(accounted), vmalloc=areas * PAGE_SIZE, pages=(used - areas) * PAGE_SIZE, **kinds)


@dataclass
class Neighbour:
    """Somebody else's work: opens, maps, pipes and children that come and go, the same way every time.

    Attributes:
        machine, pid: where and who.
        random: decides what comes next.
        ops, failed: calls made, and those that were refused.
    """

    machine: Machine
    pid: int
    random: Random
    ops: int = 0
    failed: int = 0
    todo: list[str] = field(default_factory=list)

    def call(self, line: str, pid: int = 0) -> Result:
        """Make a call, and count it."""
        result = self.machine.run(f"as {pid or self.pid} {line}")
        self.ops += 1
        self.failed += result.errno != 0
        return result

    def work(self) -> None:
        """Do one thing from its beginning to its end, so that nothing is left of it."""
        kind = self.random.randrange(4)
        if kind == 0:
            self.call("open 1")
            self.call("close all")
        elif kind == 1:
            self.call("pipe 1")
            self.call("close all")
        elif kind == 2:
            if not self.call("mmap 1").errno:
                self.call("touch 1")
                self.call("munmap 1")
        else:
            child = self.call("fork 1")
            if not child.errno:
                self.call("exit", int(child.out))


@dataclass(frozen=True)
class Run:
    """What a bomb came to.

    Attributes:
        name, limited: which bomb, and whether its container had a limit.
        ops_done: operations that were done whole.
        stopped_by: limit (the container refused), memory (16 MiB are gone, or there is no page), end (20,000 are done).
        errno: the error's name of the call that was refused, "" for none.
        pinned: what the bomb holds in the end, by kind.
        failcnt: of the bomb's container.
        ops, failed: the neighbour's calls.
        pages_taken, largest_order: what the whole machine has less, and the largest order that it can still serve.
        kinds: what the machine charges: with more than cache every call site of these kinds is marked.
    """

    name: str
    limited: bool
    ops_done: int
    stopped_by: str
    errno: str
    pinned: Pinned
    failcnt: int
    ops: int
    failed: int
    pages_taken: int
    largest_order: int
    kinds: str = "cache"

    def to_dict(self) -> dict[str, object]:
        """Return the row of `kmemlab zoo --json`."""
        row = asdict(self)
        row["neighbour"] = {"ops": row.pop("ops"), "failed": row.pop("failed")}
        return row


def prepare(
    limit: int | None, kinds: str = "cache", part: int = 1, boot: Callable[..., Machine] = Machine
) -> tuple[Machine, int, int]:
    """Boot, and put a bomber and a neighbour into containers. Returns their pids, too.

    Every cache that can be is accounted, every call site of the other kinds that are charged is marked.

    Raises:
        KernelError: EINVAL, for kinds that there are not.
    """
    machine = boot(memory=MEMORY // part, kinds=kinds)
    machine.run(f"mount -t container -o kmem none {POINT}")
    for cache in sorted(cache for cache in machine.caches if not cache.startswith("kmalloc-")):  # kmalloc's refuse
        machine.run(f"echo 1 > /sys/slab/{cache}/cache_account")
    for site in SITES:
        if kind_of(site) in machine.marked.kinds:
            machine.run(f"echo 1 > /sys/kernel/debug/kmem_sites/{site}")
    pids = []
    for name, comm in (("bomb", "bomber"), ("web", "nginx")):
        machine.run(f"mkdir {POINT}/{name}")
        pids.append(int(machine.run("fork 1").out))
        machine.run(f"echo {comm} > /proc/{pids[-1]}/comm")
        machine.run(f"echo {pids[-1]} > {POINT}/{name}/tasks")
    if limit is not None:
        machine.run(f"echo -n {limit} > {POINT}/bomb/kmem.limit")
    return machine, pids[0], pids[1]


def explode(
    bomb: Bomb,
    limit: int | None,
    seed: int = 1,
    watch: Callable[[Machine], None] = lambda machine: None,
    kinds: str = "cache",
    part: int = 1,
    boot: Callable[..., Machine] = Machine,
) -> Run:
    """Let a bomb go off in a container, with or without a limit.

    Args:
        bomb: which.
        limit: bytes that the container may use; None for no limit.
        seed: of the neighbour.
        watch: sees the machine in the end.
        kinds: what the machine charges, as `Profile.kinds`.
        part: memory, what is to be gone of it and the most calls are that part of the zoo's; the neighbour works more often.
        boot: makes the machine.

    Raises:
        KernelError: EINVAL, for kinds that there are not.
        CheckError: if an invariant of the machine is broken in the end.
    """
    machine, bomber, other = prepare(limit, kinds, part, boot)
    neighbour = Neighbour(machine, other, Random(seed))
    for _ in range(8):
        neighbour.work()  # its slabs are there before anything is counted
    neighbour.ops = neighbour.failed = 0
    owner = machine.kmem_subsystem.owners[1]  # bomb was made first
    assert owner is not None
    before, free = pinned(machine), machine.slub.pages.nr_free
    for line in bomb.before:
        machine.run(f"as {bomber} {line}")
    done, refusal, stopped = 0, 0, "end"
    for n, calls in operations(bomb, part):
        for line in calls:
            refusal = machine.run(f"as {bomber} {line}").errno
            if refusal:
                break
        if refusal:
            stopped = "limit" if owner.res.failcnt else "memory"
            break
        done = n
        if n % max(2, PATIENCE // part) == 0 or bomb.growing:
            neighbour.work()
        if free - machine.slub.pages.nr_free >= MOST_PAGES // part:
            stopped = "memory"
            break
    machine.check()
    watch(machine)
    blocks = machine.slub.pages.free_blocks()
    return Run(
        bomb.name, limit is not None, done, stopped, errno.errorcode.get(refusal, ""), pinned(machine).since(before),
        int(owner.res.failcnt), neighbour.ops, neighbour.failed, int(free - machine.slub.pages.nr_free),
        max((order for order, each in enumerate(blocks) if each), default=-1), kinds,
    )  # fmt: skip


def operations(bomb: Bomb, part: int = 1) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield how many operations there are after each, and its commands."""
    step = max(1, bomb.growing // part)
    for n in range(step, MOST_OPS // part + 1, step):
        yield n, tuple(line.format(n=n) for line in bomb.calls)


def chosen(names: list[str]) -> list[Bomb]:
    """Return the bombs of some names; all, for none.

    Raises:
        KernelError: EINVAL, for a name that there is not.
    """
    known = {bomb.name: bomb for bomb in BOMBS}
    for name in names:
        if name not in known:
            raise invalid(f"there is no bomb {name!r} in the zoo: choose of {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)] or list(BOMBS)

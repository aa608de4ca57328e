"""One simulated kernel: boots from a Profile, owns every part, and is the one door to them.

Everything that changes goes through a method here or through the file tree. The machine is deterministic: the same
profile and the same commands give the same state, bit for bit. To reset it, boot another one.
"""

from __future__ import annotations

import errno
import hashlib
import json
from typing import Any

from .allocators import boot_allocator, create_cache
from .before_on import take_over
from .boot_caches import CACHES as CACHES
from .buddy import PageSource, Zone
from .by_hand import ByHand
from .check import check
from .containers import Containers, Subsystem
from .dcache import Dcache
from .errors import KernelError
from .events import COMMAND, SWITCHED, EventLog
from .files import FileTree
from .irq import Interrupts
from .kmem import KmemSubsystem
from .kmem_cache import KmemCache
from .lowest_run import LowestRun
from .marked import Marked
from .notify import SlabNotifier
from .off import FULL_LIST
from .off_choice import choose
from .oops import Crash
from .patchset import V3, Patchset
from .profiles import Profile, account_names, known_names, parse_size
from .rcu import GRACE, Rcu
from .recursion import controller
from .rss import Rss, RssSubsystem
from .sites import read_kinds
from .slab_admin import off_slab
from .slab_cache import SlabCache
from .slub_admin import live_objects
from .state import restore, state
from .state_memory import StateMemory
from .syscalls import sys_open
from .tasks import Current, Task, Tasks
from .types import GFP_KERNEL, NONE, PAGE_SHIFT, i64, mypyc_attr
from .vmalloc import Vmalloc


@mypyc_attr(allow_interpreted_subclasses=True)
class Guest:
    """State of a program above (a replayed trace, say) that belongs to the machine's: saved and restored with it."""

    def state(self) -> Any:
        """Return plain JSON values; None before it has begun."""
        raise NotImplementedError

    def restore(self, saved: Any) -> None:
        """Become what `state()` said; None is what it was at boot."""
        raise NotImplementedError


@mypyc_attr(allow_interpreted_subclasses=True)
class Machine:
    """A machine.

    Attributes:
        profile: what it booted from.
        log: its events; `log.length` is the position.
        slub: its allocator, SLUB or SLAB.
        kmalloc, tasks, containers, kmem, notifier, rcu, dcache, interrupts, tree, patchset, crash: its other parts.
        marked, vmalloc, by_hand: the kinds of memory beyond caches.
        rss: None without it.
        current: who runs, and on which cpu.
        guests: what programs above keep that must go back and forth with the machine, by name.

    Example:
        >>> machine = Machine(memory="2M")
        >>> machine.open(machine.tasks.find(1))
        0
    """

    def __init__(
        self,
        slub: str = "2.6.24",
        cpus: int = 1,
        boot: str = "slub_nomerge",
        memory: str | int = "64M",
        seed: int = 0,
        **more: Any,
    ) -> None:
        known = {
            "arrays": "memory", "rcu": "now", "irq_payer": "current", "rss": False, "off": "empty", "patchset": V3,
            "before_on": "skip", "kinds": "cache", "allocator": "slub", "pages": "buddy", "log": True, "caches": True,
        }  # fmt: skip
        for name in more:
            if name not in known:
                raise TypeError(f"Machine() has no option {name!r}; it has slub, cpus, boot, memory, seed, {', '.join(known)}")
        options = {**known, **more}
        self.profile = Profile(
            slub, cpus, parse_size(memory), boot, seed, options["arrays"],
            options["rcu"], options["irq_payer"], rss=options["rss"], off=options["off"], before_on=options["before_on"],
            patchset=options["patchset"], kinds=options["kinds"], allocator=options["allocator"],
        )  # fmt: skip
        self.log: EventLog | None = EventLog() if options["log"] else None
        nr_pages = self.profile.memory >> PAGE_SHIFT
        pages: PageSource = Zone(nr_pages) if options["pages"] == "buddy" else LowestRun(nr_pages)
        self.slub, self.kmalloc = boot_allocator(self.profile, pages, self.log)
        self.caches: dict[str, KmemCache] = {cache.name: cache for cache in self.slub.caches}
        if options["caches"]:
            for name, size, align, flags, ctor in CACHES:
                self.create_cache(name, size, align, flags, ctor)
            known_names(account_names(boot), [name for name, *_ in CACHES])
        self.patchset = Patchset(self.profile.patchset)
        self.containers = Containers()
        self.kmem_subsystem = KmemSubsystem()
        compiled_in = [Subsystem("cpuset"), Subsystem("cpuacct"), self.kmem_subsystem, Subsystem("memory")]
        compiled_in.sort(key=lambda each: self.patchset.late_register and each is self.kmem_subsystem)
        self.rss: Rss | None = Rss(self, RssSubsystem()) if self.profile.rss else None
        if self.rss is not None:
            compiled_in.append(self.rss.subsystem)  # after those of the recordings, kmem too: its create cannot fail
        for subsystem in compiled_in:
            self.containers.register(subsystem)  # in the order of the recordings; all but kmem and rss have no files
        self.tasks = Tasks(self)
        self.current = Current(self.tasks.boot(), 0)
        in_memory = self.profile.arrays == "memory"
        kmalloc, kfree = (self.kmalloc.kmalloc, self.kmalloc.kfree) if in_memory else (None, None)
        kmem = controller(boot, self.kmem_subsystem, self.current, kmalloc, kfree, self.slub.printk)
        self.notifier = SlabNotifier()
        self.kmem = choose(self.profile.off, kmem, self.slub, self.notifier)
        self.notifier.wired = self.patchset.wired_hooks
        if in_memory:
            self.kmem_subsystem.memory = StateMemory(self.kmalloc, self.current, self.patchset.null_create)
        self.crash = self.containers.crash = Crash(self.current, self.slub.printk, self.log)
        self.marked = Marked(self, read_kinds(self.profile.kinds))
        self.vmalloc = Vmalloc(self)
        self.by_hand = ByHand(self)
        self.rcu = Rcu(self, self.profile.rcu == GRACE)
        self.dcache = Dcache(self)
        self.interrupts = Interrupts(self, self.profile.irq_payer)
        self.slub.faults.current = self.current
        self.slub.faults.seed(seed)
        self.tree = FileTree(self)
        self.guests: dict[str, Guest] = {}
        self.run_as(1)

    # -- who runs

    def run_as(self, pid: int, cpu: int | None = None) -> Task:
        """Make a task the current one. A task runs on cpu `pid % cpus` unless told otherwise (kmemlab's choice).

        Raises:
            KernelError: ESRCH for no such task, EINVAL for no such cpu.
        """
        task = self.tasks.find(pid)
        where = pid % self.profile.cpus if cpu is None else cpu
        if not 0 <= where < self.profile.cpus:
            raise KernelError(errno.EINVAL, f"there is no cpu {where}: this machine has {self.profile.cpus}")
        self.current.task = task
        self.current.cpu = where
        self.slub.pid = pid
        if self.log is not None:
            self.log.pid = pid
        return task

    def command_ends(self, number: int) -> None:
        """Log the end of a command: an event like any other, so that every command moves the position.

        Before it release agents run, as they did from a workqueue.
        """
        self.containers.released.run(self.log)
        if self.log is not None:
            self.log.add(COMMAND, "", NONE, NONE, NONE, NONE, 0, number, NONE)

    # -- caches and objects

    def create_cache(self, name: str, size: int, align: int = 0, flags: int = 0, ctor: bool = False) -> KmemCache:
        """Make a cache.

        Raises:
            KernelError: as `kmem_cache_create`.
        """
        cache = create_cache(self.slub, self.profile, name, size, align, flags, ctor)
        self.caches[name] = cache
        return cache

    def find_cache(self, name: str) -> KmemCache:
        """Return a cache.

        Raises:
            KernelError: ENOENT.
        """
        cache = self.caches.get(name)
        if cache is None:
            raise KernelError(errno.ENOENT, f"there is no cache {name}: `ls /sys/slab` lists them")
        return cache

    def kmem_cache_alloc(self, name: str, gfp: int = GFP_KERNEL) -> i64:
        """Take an object on the current cpu for the current task; its address, or NONE.

        With GFP_NOFAIL no limit refuses it: what does not fit is charged all the same, and failcnt counts that it did not.

        Raises:
            KernelError: ENOENT for no such cache.
        """
        if gfp:
            self.current.gfp = gfp
            try:
                return self.slub.kmem_cache_alloc(self.find_cache(name), self.current.cpu)
            finally:
                self.current.gfp = GFP_KERNEL
        return self.slub.kmem_cache_alloc(self.find_cache(name), self.current.cpu)

    def kmem_cache_free(self, address: i64) -> None:
        """Give an object back on the current cpu.

        Raises:
            KernelError: EINVAL for a wrong address or a double free.
        """
        self.slub.kmem_cache_free(address, self.current.cpu)

    def account(self, cache: KmemCache, on: bool) -> None:
        """Switch accounting of a cache on or off; what it is already is no change.

        Raises:
            KernelError: EINVAL for kmalloc caches; EBUSY for off while objects live (`Profile.off`: empty); as `take_over`.
        """
        was = self.accounted(cache)
        if was and not on and isinstance(cache, SlabCache):
            off_slab(self.notifier, cache, self.kmem, self.profile.off == FULL_LIST)
        else:
            self.kmem.may_switch(cache, on, 0 if on else live_objects(self.slub, cache))
        if on != was:
            taken = take_over(self, cache) if on else 0
            self.notifier.switch(cache, self.kmem, on)
            if self.log is not None:
                self.log.add(SWITCHED, cache.name, NONE, NONE, int(on), 0 if taken else NONE, taken, 0, NONE)

    def accounted(self, cache: KmemCache) -> bool:
        """Say whether objects of a cache are charged."""
        return self.kmem in cache.listeners

    # -- system calls of the current task

    def open(self, task: Task) -> int:
        """Open one file; see `sys_open`."""
        return sys_open(self, task)

    def close(self, task: Task, fd: int) -> None:
        """Close one descriptor; see `Tasks.close`."""
        self.tasks.close(task, fd)

    def fork(self, task: Task) -> Task:
        """Make a child; see `Tasks.fork`."""
        return self.tasks.fork(task)

    def exit(self, task: Task) -> None:
        """End a task; see `Tasks.exit`. If it ran, init runs now."""
        self.tasks.exit(task)
        if self.current.task is task:
            self.run_as(1)

    # -- looking at all of it

    def check(self) -> None:
        """Walk everything; every invariant holds.

        Raises:
            CheckError: with what is broken, where, and the state around it.
        """
        check(self)

    def state(self) -> dict[str, Any]:
        """Return everything that makes this machine what it is, as plain JSON values in one canonical order."""
        return state(self)

    def state_hash(self) -> str:
        """Return the sha256 of `state()`: equal for equal machines."""
        text = json.dumps(self.state(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def restore(self, saved: dict[str, Any]) -> None:
        """Become what `state()` of a machine of the same profile said."""
        restore(self, saved)

"""The manual: each command and file in plain words."""

from __future__ import annotations

from . import man_kinds, man_more
from .engine.faults import FAULTS, KNOBS
from .engine.sites import SITES

PAGES: dict[str, str] = {
    "cache_account": """\
/sys/slab/CACHE/cache_account

"Charge the container of whoever asks for an object of this cache."

Write 1 and each new object costs the container of the task that allocates it the cache's slab_size. The object's slab
gets an array with one pointer an object, and the pointer says who paid; whoever frees the object later, that container
gets the bytes back. If the container's kmem.limit would be passed, the object is refused and its failcnt goes up by one.

Write 0 to stop. That is possible only while the cache has no objects in use (Device or resource busy): to stop means to
give every object's bytes back, and full slabs are on no list, so their objects cannot be found.

With patchset="v1" the words are on and off, kmemlab's choice: "1" and "0" came with v2.

kmalloc caches say Invalid argument: their callers are not known by cache.

Objects that were there before the 1 stay unpaid, and so do new ones on slabs from before it, which have no array
(kmemlab's choice; the letter is silent). That is before_on="skip". A machine booted with before_on="refuse" says Device
or resource busy while the cache has objects in use, and gives the empty slabs arrays. With before_on="root" every slab gets
one and the root container pays for all that was there, or the 1 is refused (Cannot allocate memory).""",
    "containers": """\
mount -t container -o kmem none /containers

A container is a directory. mkdir makes one, `echo PID > tasks` puts a task in, a fork is born where its parent is. What a
task was charged before it moved stays with the old container. rmdir says Device or resource busy while tasks, child
containers or paid objects are left. Counters are flat: a child's bytes do not count in its parent.

A task has a user: `echo 1000 > /proc/PID/uid`. Root (0) may do all. Others read everything, write only in containers that
are theirs (`man chown`), and move only tasks of their own user.""",
    "release_agent": """\
notify_on_release, releasable, release_agent

Write 1 to notify_on_release, and when the container's last task, child container and paid object are gone the kernel runs
the program that release_agent in the top directory names, with the container's path: /web. The path starts at the top of the
tree, wherever that is mounted. Here the run is logged as an event when the command ends (kmemlab's choice: there are no
programs), and a line says so. A new container starts with 0, whatever its parent has (2.6.24). releasable says 1 once a user
has gone since notify_on_release was written; it can only be read.""",
    "uid": """\
/proc/PID/uid

kmemlab's own file: real, effective and saved user of a task. Root writes one number for all three, or three. A child has
its parent's. What a task may do goes by the effective one. init stays root's.""",
    "cgroups": """\
/proc/cgroups, /proc/PID/cgroup

/proc/cgroups has a line for each subsystem: its name, the subsystems of its hierarchy as bits (cpuset 1, cpuacct 2, kmem 4,
memory 8, rss 16 where there is one; 0: not mounted), and how many containers that has. /proc/PID/cgroup has a line for each
hierarchy, the newest first: its subsystems, the highest first, and the path of the task's container.""",
    "kmem.limit": """\
kmem.limit, kmem.usage, kmem.failcnt

Bytes that may be charged, bytes that are, and charges that were refused. Write plain digits without a newline, so use
`echo -n 65536 > kmem.limit`: the counter of 2007 takes the newline for junk (Invalid argument), and 1M too. A write of no
bytes is 0, but `echo -n > kmem.limit` makes no write: the limit stays. A limit may be below usage: what is there stays,
nothing new fits. kmem.failcnt can be written, kmem.usage cannot.""",
    "slabs": """\
/sys/slab/CACHE/

slab_size      bytes an object costs             objs_per_slab  objects in a slab
slabs          slabs there are                   cpu_slabs      slabs that cpus have in hand
partial        slabs on the partial list         objects        as the kernel counts: a cpu's slab as wholly used
shrink         write 1: empty slabs go back, the partial list is sorted
validate       write 1: contents are checked, see `man validate`
cache_account  see `man cache_account`

There is no file for full slabs, because nothing in the kernel leads to one.""",
    "slabinfo": """\
/proc/slabinfo

One line for each cache: objects that count as in use, objects, bytes of one, objects and pages of a slab; then how the arrays
of SLAB are tuned, and slabs. With SLUB there are no arrays (zeros) and the file is read-only. On a machine booted with
allocator=slab, `echo filp 8 4 0 > /proc/slabinfo` gives filp arrays of 8 objects for each cpu, moved 4 at a time, and none that
cpus share; what rested in the old ones goes back into slabs. Out of range: Invalid argument (SLAB of 2007 said nothing).
Objects that rest in an array count as in use here: to their slab they are. There /sys/slab/CACHE has only cache_account and
shrink: SLAB had no such directory, it is kmemlab's own.""",
    "validate": """\
/sys/slab/CACHE/validate, sanity_checks, red_zone, poison, store_user, trace, alloc_calls, free_calls

Write 1 to validate: every cpu lets go of its slab, and each slab that can be found is checked, full ones only where users are
tracked. What is wrong is put right and both are in `dmesg`, so a second validate finds nothing. Anything else: Invalid
argument. Kernels with slub_debug=FZPU on their boot line (or slub_debug=FZPU,CACHE) have something to check:

F sanity_checks  lists and counts, at each alloc and free      U store_user  who allocated, who freed: alloc_calls, free_calls
Z red_zone       a word behind the object, cc in use, bb free  T trace       every alloc and free goes to dmesg
P poison         a free object is 6b 6b ... a5, padding is 5a

Each can be written: 1 sets it, anything else clears it. red_zone, poison and store_user make objects larger, so they say
Device or resource busy while the cache has a slab, be it an empty one: free the objects, then write 1 to shrink. alloc_calls
and free_calls count the objects in use by pid (the kernel by calling function); Function not implemented without store_user.

Found at alloc: the slab counts as used up, and another is taken. Found at free: the object is not freed, ever.""",
    "faults": """\
/sys/kernel/debug/failslab, fail_page_alloc, fail_charge: probability, interval, times, space

Fault injection, with the knobs of 2.6.24 (its document mounts debugfs on /debug). A request is refused although it could be
had: an object of a slab cache or an owner array (failslab), pages of the buddy allocator (fail_page_alloc), a charge that
fits (fail_charge, kmemlab's own; failcnt goes up, as for any refused charge). `echo 100 > .../failslab/probability` makes the
next one fail, and no more: times is 1 at boot.

probability  percent of the requests that fail, 0 is off     interval   only every so many-th request may fail
times        faults that may still happen, -1: no end        space      what is asked for safely first: bytes; for pages, pages
min-order    of fail_page_alloc: smaller orders never fail. 1 at boot, so write 0 to lose single pages too

space is spent first, then interval counts, then chance decides: the same every time for a machine's seed. Only a fault takes
one of times. A command that met faults says so, and none is a limit or want of memory. Anything but a decimal number: Invalid
argument (kmemlab's choice; the kernel took it for 0).""",
    "as": "as PID[@CPU] COMMAND\n\nLet another task run the command, on a cpu you choose: `as 7 open 3`, `as 7@1 close all`.",
    "open": """\
open N

The task that runs opens a file N times, each in the lowest free descriptor. Every open takes one struct file from the cache
filp; all N are tried, also after a refusal. A refused one says Too many open files in system: open of 2007 has no other
word for it, whether memory was short or a container's limit was hit. Prints descriptors and cells (in hexadecimal).""",
    "close": """\
close FD... | FD-FD | all

Close descriptors: `close 5`, `close 0-9 12`, `close all`. If one of them is not open, none is closed.""",
    "fork": """\
fork [N]

Make N children of the task that runs, in the same containers, with the same files open. Each takes a task_struct and a
stack of two pages, then files_cache, fs_cache, sighand_cache, signal_cache, mm_struct and pid; if one cannot be had, those
before it go back (Cannot allocate memory). Prints the pids.""",
    "exit": "exit\n\nThe task that runs ends: `as 7 exit`. Its files are closed, its objects freed, last first. init cannot.",
    "kill": "kill PID\n\nEnd another task: root anyone's, a user their own (Operation not permitted). init stays.",
    "mount": """\
mount -t container -o kmem none DIR

Make the container tree visible at DIR, an empty directory such as /containers or /dev/container. Options name subsystems
(cpuset, cpuacct, kmem, memory), or all, which is also what no options mean; noprefix; release_agent=PATH. The same
subsystems again show the same tree. A subsystem is in one tree at most: in another set it is busy (Device or resource busy).
Of the four only kmem counts anything here; the others have a state and no files. `mount` alone lists mounts.

mount -o remount,OPTIONS DIR

Give the tree at DIR another set of subsystems, or another release_agent. That is possible only while it has no child
containers, though a release_agent= is kept even then. noprefix cannot change (Invalid argument).""",
    "mv": """\
mv OLD NEW

Rename a directory; in a container tree, a container. It keeps its parent (another one: Input/output error), only directories
have this (a file: Not a directory), and NEW must not be there (File exists), also not as a directory to move into.""",
    "chown": """\
chown UID DIR

Give a container's directory and its files, not those below it, to a user, who may then write its files, make containers in
it, and move tasks of his own into it. Only root can.""",
    "umount": "umount DIR\n\nTake a mount away. With containers in it the tree lives on unseen; the next mount shows it again.",
    "mkdir": "mkdir DIR...\n\nMake a directory; in a container tree, a container (Cannot allocate memory without).",
    "rmdir": "rmdir DIR...\n\nRemove a directory; in a container tree, a container without tasks, children and paid objects.",
    "ls": "ls [DIR]\n\nList a directory.",
    "cat": "cat FILE...\n\nPrint files: `cat /proc/buddyinfo`, `cat /containers/bomb/kmem.usage`.",
    "echo": """\
echo [-n] TEXT [> FILE]

Print, or write to a file. With -n there is no newline at the end; `echo -n > FILE` opens the file and writes
nothing, so it stays as it is. $$ is the pid of the task that runs.""",
    "ps": "ps\n\nList tasks with parent, name, open files and container. `echo NAME > /proc/PID/comm` names one.",
    "help": "help [COMMAND]\n\nList the commands, or explain one.",
    "man": "man TOPIC\n\nExplain a command or a file.",
    **man_more.PAGES,
    **man_kinds.PAGES,
}  # fmt: skip


def page(topic: str, usage: dict[str, str]) -> str:
    """Return the page of a topic; for a path the page of its last name."""
    name = topic.rstrip("/").rpartition("/")[2] or topic
    if name in ("notify_on_release", "releasable"):
        name = "release_agent"
    if name in ("sanity_checks", "red_zone", "poison", "store_user", "trace", "alloc_calls", "free_calls", "slub_debug"):
        name = "validate"
    if name in (*FAULTS, *KNOBS, "min-order", "debug"):
        name = "faults"
    if name == "cgroup":
        name = "cgroups"
    if name in ("kmem.usage", "kmem.failcnt", "usage", "limit", "failcnt"):
        name = "kmem.limit"
    if name in SITES or name == "kmem_sites":
        name = "sites"
    if name in PAGES:
        return PAGES[name]
    if name in usage:
        return usage[name]
    return f"No manual entry for {topic}. There is: {', '.join(sorted(PAGES))}"

"""The manual: each command and file in plain words."""

from __future__ import annotations

PAGES: dict[str, str] = {
    "cache_account": """\
/sys/slab/CACHE/cache_account

"Charge the container of whoever asks for an object of this cache."

Write 1 and each new object costs the container of the task that allocates it the cache's slab_size. The object's slab
gets an array with one pointer an object, and the pointer says who paid; whoever frees the object later, that container
gets the bytes back. If the container's kmem.limit would be passed, the object is refused and its failcnt goes up by one.

Write 0 to stop. That is possible only while the cache has no objects in use (Device or resource busy): to stop means to
give every object's bytes back, and full slabs are on no list, so their objects cannot be found.

kmalloc caches say Invalid argument: their callers are not known by cache.

Objects that were there before the 1 stay unpaid, and so do new ones on slabs from before it, which have no array
(kmemlab's choice; the letter is silent).""",
    "containers": """\
mount -t container -o kmem none /containers

A container is a directory. mkdir makes one, `echo PID > tasks` puts a task in, a fork is born where its parent is. What a
task was charged before it moved stays with the old container. rmdir says Device or resource busy while tasks, child
containers or paid objects are left. Counters are flat: a child's bytes do not count in its parent.""",
    "kmem.limit": """\
kmem.limit, kmem.usage, kmem.failcnt

Bytes that may be charged, bytes that are, and charges that were refused. Write plain digits without a newline, so use
`echo -n 65536 > kmem.limit`: the counter of 2007 takes the newline for junk (Invalid argument), and 1M too. An empty write
is 0. A limit may be below usage: what is there stays, nothing new fits. kmem.failcnt can be written, kmem.usage cannot.""",
    "slabs": """\
/sys/slab/CACHE/

slab_size      bytes an object costs             objs_per_slab  objects in a slab
slabs          slabs there are                   cpu_slabs      slabs that cpus have in hand
partial        slabs on the partial list         objects        as the kernel counts: a cpu's slab as wholly used
shrink         write 1: empty slabs go back, the partial list is sorted
cache_account  see `man cache_account`

There is no file for full slabs, because nothing in the kernel leads to one.""",
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
    "kill": "kill PID\n\nEnd another task.",
    "mount": """\
mount -t container -o kmem none DIR

Make the container tree visible at DIR, an empty directory such as /containers or /dev/container. Options name subsystems
(kmem), or all, noprefix, release_agent=PATH. The same subsystems again show the same tree. `mount` alone lists mounts.""",
    "umount": "umount DIR\n\nTake a mount away. With containers in it the tree lives on unseen; the next mount shows it again.",
    "mkdir": "mkdir DIR...\n\nMake a directory; in a container tree, a container.",
    "rmdir": "rmdir DIR...\n\nRemove a directory; in a container tree, a container without tasks, children and paid objects.",
    "ls": "ls [DIR]\n\nList a directory.",
    "cat": "cat FILE...\n\nPrint files: `cat /proc/buddyinfo`, `cat /containers/bomb/kmem.usage`.",
    "echo": """\
echo [-n] TEXT [> FILE]

Print, or write to a file. With -n there is no newline at the end. $$ is the pid of the task that runs.""",
    "ps": "ps\n\nList tasks with parent, name, open files and container. `echo NAME > /proc/PID/comm` names one.",
    "help": "help [COMMAND]\n\nList the commands, or explain one.",
    "man": "man TOPIC\n\nExplain a command or a file.",
}  # fmt: skip


def page(topic: str, usage: dict[str, str]) -> str:
    """Return the page of a topic; for a path the page of its last name."""
    name = topic.rstrip("/").rpartition("/")[2] or topic
    if name in ("kmem.usage", "kmem.failcnt", "usage", "limit", "failcnt"):
        name = "kmem.limit"
    if name in PAGES:
        return PAGES[name]
    if name in usage:
        return usage[name]
    return f"No manual entry for {topic}. There is: {', '.join(sorted(PAGES))}"

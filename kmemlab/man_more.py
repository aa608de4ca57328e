"""The manual, continued: the commands of verbs_more.py, and what they have in common."""

from __future__ import annotations

PAGES: dict[str, str] = {
    "stat": """\
stat [-l] N

Look for N names that are not there. The kernel remembers each "no such file" in a dentry (208 bytes) that no descriptor
holds and no exit frees: a negative dentry. With -l the names have 100 characters and do not fit into the dentry, so each
takes 128 bytes of kmalloc more, which nobody pays. `prune` gives them back. No memory: Cannot allocate memory.""",
    "prune": """\
prune N|all

Free the N dentries that were unused for longest, as the kernel does when pages run short. It does not do so by itself here
(kmemlab's choice).""",
    "rcu": """\
rcu

End a grace period. A machine booted with rcu="grace" keeps until then a closed struct file, a pruned dentry, and of a task
that ended pid, task_struct and stack: allocated, and charged to whoever paid. On a machine with rcu="now" nothing ever waits.
The real kernel ends one by itself every few milliseconds (kmemlab's choice: only this command does).""",
    "cost": """\
cost [all]

Say what nobody is charged for, cache by cache: slabs without an object in use that SLUB keeps, free slots of the others, what
is left behind the last object of a slab, and owner arrays, with the share of a slab that one takes (25 % for anon_vma, 1.2 %
for mm_struct). Below stand a pointer for each page of memory (8 bytes, in struct page) and the states of containers. With `all`
also caches that have no slab. kmemlab's own command; it changes nothing.""",
    "mmap": """\
mmap N

Map 2 MiB N times: a vm_area_struct each. `touch` fills them, `munmap` and exit give them back, fork copies them. No memory,
a limit, or more than 65,536 maps: Cannot allocate memory.""",
    "touch": """\
touch N

Write into N maps that were not touched yet, oldest first: N page faults. Each takes a page for the page table, straight from
the buddy allocator and paid by nobody, then an anon_vma. If there is none the fault is undone (Cannot allocate memory); the
kernel would kill the task here (kmemlab's choice). With fewer untouched maps: Bad address. On a machine with rss each also
takes and charges the user's own page: `man fault`.""",
    "fault": """\
fault N

Write into N more pages of the maps that `touch` began: N page faults, each of one page of user memory (4,096 bytes), charged to
the task's container in the hierarchy of rss. A map has 512 pages. Only on a machine with the rss subsystem (`kmemlab sh --rss`,
Session(rss=True)); elsewhere the user's pages are not modelled: Function not implemented. rss.limit, rss.usage and rss.failcnt
are as kmem's, but the limit may end in K, M or G and is rounded up to a page. At the limit: Cannot allocate memory; the kernel
of 2007 would reclaim first and then kill a task of the container (that it does not is kmemlab's choice). A child shares its
parent's pages, who faulted them in goes on paying, and the last to unmap a page pays that container back. With fewer pages: Bad
address.""",
    "munmap": "munmap N\n\nUnmap the N maps that were made last: of each the anon_vma, its page table, its vm_area_struct.",
    "pipe": """\
pipe [-f] N

Make N pipes, two descriptors each. A pipe takes a struct file, an inode, 728 bytes of kmalloc, a dentry, another struct
file. With -f 64 KiB are written into each and nobody reads: 16 pages that no container pays. No struct file, inode or
kmalloc: Too many open files in system; no dentry or page: Cannot allocate memory. A refused pipe leaves nothing behind.""",
    "socket": """\
socket [-s] N

Make N UNIX sockets: a sock_inode_cache, a UNIX, a struct file and a dentry each. With -s a message of 512 bytes waits in each:
a skbuff_head_cache, and 1,024 bytes of kmalloc that nobody pays. No inode or struct file: Too many open files in system; no
UNIX or dentry: Cannot allocate memory; no message: No buffer space available. A refused socket leaves nothing behind.""",
    "sigqueue": """\
sigqueue N

Send the task N real-time signals that it blocks: a sigqueue each, until it exits. Without one: Resource temporarily
unavailable.""",
    "timer": """\
timer N

Make N posix timers: a posix_timers_cache each, and the sigqueue it will send. They end with the task. Without either:
Resource temporarily unavailable.""",
    "flock": """\
flock N

Lock N ranges of the task's first open file. The kernel takes three file_locks for each and gives two back at once, so the
last lock under a limit needs room for two, itself and the request: No locks available. Closing the file frees them.
Without an open file: Bad file descriptor.""",
    "mountns": """\
mountns N

Give the task a mount namespace of its own with N mounts: a mnt_cache each, and 8 bytes of kmalloc for its device's name.
Children share it, the last task in it frees it. All N or none: Cannot allocate memory.""",
    "softirq": """\
softirq [-n] N [CACHE] | -d N

Allocate N objects, packets (skbuff_head_cache) if you do not say, in an interrupt that comes while a task runs: `as 7
softirq 3`. Who pays is how the machine was booted, kmemlab's choice: irq_payer="current" charges the task that happened
to run, "root" the root container, "none" nobody. A limit stops it as it stops others (GFP_ATOMIC); with -n it may not fail
(NOFAIL) and is charged over the limit, and failcnt counts it. -d N frees the N oldest. Refused: Cannot allocate memory.""",
    "kthread": """\
kthread [-n] N CACHE | -d N

Allocate N objects in a kernel thread, which lives in the root container and pays there; on a machine booted with
irq_payer="none" nobody pays. -n and -d as in `man softirq`.""",
    "poke": """\
poke ADDRESS[+OFFSET] BYTE... | CACHE SLAB.OBJECT[+OFFSET] BYTE...

Overwrite kernel memory, as a bug in the kernel would: `poke kmalloc-16 0.0+16 0x12` writes one byte behind the first object of
the first kmalloc-16 slab, into its red zone. kmemlab's own command. Only slabs of SLUB_DEBUG caches have contents here, so boot
with slub_debug=FZPU; elsewhere it is refused, as is a free pointer that would give an object a second owner (Invalid argument),
and what is in no slab (Bad address). The checks find it at the next alloc or free of that object, or when asked (`man
validate`). A write into an object in use is its owner's business: no check sees it.""",
    "dmesg": """\
dmesg

Print the kernel's log, its newest 1,000 lines: what the checks of SLUB_DEBUG found ("BUG ..."), what they put right
("FIX ..."), and what a traced cache does. A command that caused reports says how many.""",
}  # fmt: skip

"""The table of sentences: each kind of step is produced by a machine, through the shell, and says exactly this.

Nothing is said that is not in the table, and with the longest names and the largest numbers nothing is cut.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import kmemlab
from kmemlab import Session
from kmemlab.commands import VERBS
from kmemlab.explain_story import split
from kmemlab.explain_table import TABLE
from kmemlab.explain_told import abbreviated, fields, told
from kmemlab.explain_words import LONGEST, SOURCES
from kmemlab.lab.controller import Controller
from kmemlab.lessons.charging import charge_with
from kmemlab.lessons.lesson_05 import LIMITED, swapped
from kmemlab.records import EventRow, StepRow

# Keywords of a machine (`charge`: somebody's own charge), and commands, each with what it makes the explanations
# say for the first time: kind of step, sentence.
Story = tuple[dict[str, Any], list[tuple[str, dict[str, str]]]]
STORIES: list[Story] = [
    (
        {"before_on": "root"},
        [
            ("open 3", {"opened": "init has 3 open files more: one struct file each."}),
            ("echo 1 > /sys/slab/filp/cache_account", {"taken over": "Root pays 768 bytes for the filp from before."}),
        ],
    ),
    (
        {"kinds": "cache,kmalloc,vmalloc,pages"},
        [
            (
                "echo 1 > /sys/kernel/debug/kmem_sites/pipe_buffer",
                {"site marked": "Each call of pipe_buffer is charged from now on."},
            ),
            (
                "pipe -f 1",
                {
                    "call marked": "pipe_buffer is marked: its call of alloc_pages is charged.",
                    "payer kept": "root pays for it until it is freed, by whomever.",
                },
            ),
            ("close all", {"payer found": "root paid for it, whoever frees it."}),
            (
                "echo 0 > /sys/kernel/debug/kmem_sites/pipe_buffer",
                {"site unmarked": "Calls of pipe_buffer are not charged any more."},
            ),
            ("kmalloc 64", {"by hand": "Taken by hand, and nobody pays: kmalloc."}),
            (
                "kmalloc 64 ACCOUNT",
                {
                    "call marked by hand": "kmalloc() carries the accounting flag: it is charged.",
                    "by hand, charged": "Taken by hand, and charged: kmalloc.",
                },
            ),
            ("kfree all", {"given back": "Back, and to whoever paid: 2 pieces."}),
            ("mount -t container -o kmem none /containers", {}),
            ("echo -n 100 > /containers/kmem.limit", {}),
            (
                "kmalloc 200 ACCOUNT",
                {
                    "refused call": "Refused. root has 100 bytes left; this needs 256.",
                    "memory back": "The memory goes back. Nobody paid for it.",
                },
            ),
        ],
    ),
    (
        {"rss": True},
        [
            ("mmap 1", {"mapped": "init has 1 map of 2 MiB more, without a page yet."}),
            ("touch 1", {"touched": "init wrote into 1 map: pages came only now."}),
            ("fault 3", {"faulted": "init faulted 3 pages in: 4,096 bytes each."}),
        ],
    ),
    (
        {},
        [
            (
                "open 3",
                {
                    "call open": "init asks for one more open file.",
                    "pages split": "filp has no room. The page allocator: order 9 split to 0.",
                    "slab born": "No slab has room: page 0 becomes slab 0.",
                    "taken": "filp hands out slab 0, slot 0. Nobody owns it yet.",
                    "unaccounted": "Nobody listens to filp: nobody pays.",
                    "opened": "init has 3 open files more: one struct file each.",
                },
            ),
            ("open 1", {"opened one": "init has one more open file, and its struct file."}),
            (
                "echo 1 > /sys/slab/filp/cache_account",
                {
                    "call echo": "init writes to cache_account of filp.",
                    "cache marked": "From now on each new filp object is charged to its owner.",
                },
            ),
            ("open 1", {"born before": "Its slab is older than accounting: no array, nobody pays."}),
            (
                "close 0",
                {
                    "call close": "init closes a file.",
                    "freed": "filp slab 0, slot 0 is no longer needed.",
                    "freed of nobody": "It had no owner: nobody gets anything back.",
                    "closed": "What init closed went back to whoever paid for it.",
                },
            ),
            ("close all", {}),
            (
                "echo 1 > /sys/slab/filp/shrink",
                {
                    "slab empty, no array": "Slab 0 is empty: its page goes back.",
                    "page free": "Page 0 is free, and joins its buddy if that is.",
                    "shrunk": "filp: empty slabs went back, the fullest partial is first.",
                },
            ),
            (
                "open 40",
                {
                    "pages whole": "kmalloc-128 is full: a block of order 0 is taken whole.",
                    "array made": "128 bytes for its owner array, charged to nobody.",
                    "notifier": "filp is accountable, so the notifier asks the controller first.",
                    "lookup": "Under the RCU read lock: task 1 lives in root.",
                    "reference": "A reference on root keeps it alive while it pays.",
                    "charged": "root pays 256 bytes: 0 becomes 256.",
                    "stored": "Slot 0 of the owner array now says root.",
                },
            ),
            (
                "close all",
                {
                    "owner read": "The array says who paid: root, whoever frees it.",
                    "uncharged": "root gets 256 bytes back: 10,240 becomes 9,984.",
                    "reference less": "root has 256 bytes back, and one reference less to wait for.",
                    "slab empty": "Slab 1 is empty: its page and owner array go back.",
                },
            ),
            ("echo 1 > /sys/slab/filp/shrink", {}),
            (
                "echo 0 > /sys/slab/filp/cache_account",
                {"cache unmarked": "filp has no objects: nobody is charged for it any more."},
            ),
        ],
    ),
    (
        {},
        [
            ("mount -t container -o kmem none /containers", {"mounted": "A container tree is mounted on /containers."}),
            ("mkdir /containers/web", {"container made": "web is a container: no task, no limit yet."}),
            ("mkdir /containers/bomb", {}),
            ("echo 1 > /sys/slab/filp/cache_account", {}),
            (
                "fork 2",
                {
                    "call fork": "init forks: a child needs objects of its own.",
                    "forked more": "2 tasks are born in the container of their parent.",
                },
            ),
            ("echo fdbomb > /proc/2/comm", {"named": "Task 2 is called fdbomb now."}),
            ("echo dbserver > /proc/3/comm", {}),
            ("mkdir /containers/a /containers/b", {"containers made": "2 containers are made: no task, no limit yet."}),
            (
                "rmdir /containers/a /containers/b",
                {"containers gone": "2 containers are gone: nothing referred to them any more."},
            ),
            ("mkdir /containers/c", {}),
            ("mv /containers/c /containers/d", {"renamed": "c is called d now. Who paid still pays."}),
            ("chown 1000 /containers/d", {"given away": "User 1000 may now write the files of d."}),
            ("rmdir /containers/d", {"container gone": "d is gone: nothing referred to it any more."}),
            ("mkdir /plain", {"directory made": "plain is a plain directory: a tree can be mounted on it."}),
            ("mount -t container -o cpuset none /plain", {}),
            ("echo 3 > /plain/tasks", {"joined": "dbserver now lives in root: no matter to kmem."}),
            ("umount /plain", {"unmounted": "/plain is no mount any more: its container files are gone."}),
            ("rmdir /plain", {"directory gone": "The directory plain is gone."}),
            ("echo 2 > /containers/bomb/tasks", {"attached": "fdbomb now lives in bomb, which pays for what it takes next."}),
            ("echo -n 1024 > /containers/bomb/kmem.limit", {"limit": "bomb may hold 1,024 bytes of kernel objects."}),
            ("as 2 open 4", {}),
            (
                "as 2 open 9",
                {
                    "refused file": "Refused. bomb has 0 bytes left and this file needs 256.",
                    "reference back": "The reference is given back: 6 to 5.",
                    "notifier says no": "The notifier says −ENOMEM: the allocator must undo its work.",
                    "unwound": "The object goes back. It had no owner, so nothing is uncharged.",
                    "call fails open": "open() fails with ENFILE. Only failcnt remembers.",
                    "never stored": "The owner is stored only after the charge.",
                    "no: some": "Refused. 9 of 9 times open() said ENFILE.",
                },
            ),
            ("as 2 close 0", {}),
            (
                "echo 1 > /sys/slab/kmalloc-256/cache_account",
                {"no: kmalloc": "Refused. Who calls a kmalloc cache is not known by cache."},
            ),
            (
                "echo 0 > /sys/slab/filp/cache_account",
                {"no: in use": "Refused. filp has 3 objects in use; full slabs are on no list."},
            ),
            ("rmdir /containers/bomb", {"no: why": "Refused. 1 task and 3 objects still refer to bomb."}),
            ("echo 2 > /containers/web/tasks", {"moved": "fdbomb now lives in web. What it opened before stays with bomb."}),
            ("as 2 close 1", {"closed elsewhere": "web closed it, but bomb gets the 256 bytes back: bomb owned it."}),
            (
                "echo -n 100 > /containers/bomb/kmem.limit",
                {"limit below": "bomb holds more than 100 bytes: it gets nothing new."},
            ),
            ("echo -n 0 > /containers/bomb/kmem.failcnt", {"failcnt set": "bomb counts its refusals from 0 on."}),
            ("echo 1 > /containers/web/notify_on_release", {"notify on": "Once nobody uses web, its release agent would run."}),
            ("echo 0 > /containers/web/notify_on_release", {"notify off": "No release agent would run for web any more."}),
            ("echo 1 > /containers/web/notify_on_release", {}),
            (
                "echo /sbin/agent > /containers/release_agent",
                {"agent named": "/sbin/agent would run for a container that nobody uses."},
            ),
            ("echo 1000 > /proc/3/uid", {"other user": "Task 3 is user 1000's now."}),
            (
                "kill 2",
                {
                    "call kill": "init ends a task, which gives back what it held.",
                    "freed elsewhere": "root freed it, but bomb gets the 256 bytes back: bomb owned it.",
                    "agent": "Nobody uses web any more: its release agent would run.",
                    "ended": "Task 2 has ended: what it held goes back to who paid.",
                },
            ),
            ("as 3 exit", {"call exit": "dbserver ends, and gives back what it held."}),
            ("mkdir", {"no: usage": "Refused. `man mkdir` says how mkdir is written."}),
            ("opne 1", {"no: unknown": "Refused. No command is called opne: see `help`."}),
            ("mkdir /containers/web", {}),
            ("cat /proc/version", {"only read": "cat only reads: nothing in the machine has changed."}),
            ("echo hello", {"only printed": "echo only prints: nothing in the machine has changed."}),
            ("echo -n > /sys/slab/filp/trace", {"not written": "There was nothing to write, so trace is what it was."}),
            ("# nothing", {"nothing typed": "Nothing was asked, and nothing has changed."}),
            ("echo 0 > /sys/slab/filp/trace", {"written": "trace of filp is 0 now."}),
        ],
    ),
    (
        {},
        [
            ("mount -t container -o kmem,release_agent=/sbin/agent none /containers", {}),
            (
                "mount -o remount,kmem,release_agent=/sbin/other /containers",
                {"remounted": "The tree on /containers has other options now."},
            ),
            ("echo -n zzz > /containers/release_agent", {}),
            ("fork", {"forked": "Task 2 is born in the container of its parent."}),
            ("hello", {"call": "init runs hello."}),
        ],
    ),
    (
        {},
        [
            ("mount -t container -o kmem none /containers", {}),
            ("mkdir /containers/bomb", {}),
            ("fork", {}),
            ("echo fdbomb > /proc/2/comm", {}),
            ("echo 2 > /containers/bomb/tasks", {}),
            ("echo 1 > /sys/slab/sigqueue/cache_account", {}),
            ("echo 1 > /sys/slab/file_lock_cache/cache_account", {}),
            ("as 2 open 1", {}),
            (
                "as 2 flock 1",
                {"call flock": "fdbomb locks a range of a file.", "locked": "fdbomb holds 1 lock more: a file_lock each."},
            ),
            (
                "as 2 sigqueue 1",
                {
                    "call sigqueue": "fdbomb gets a signal that it blocks.",
                    "queued": "1 signal more for fdbomb: a sigqueue each.",
                },
            ),
            (
                "as 2 stat 3",
                {
                    "call stat": "fdbomb looks for a name that is not there.",
                    "looked for": "A negative dentry remembers each of 3 names not found.",
                },
            ),
            (
                "prune 1",
                {
                    "call prune": "Memory is wanted: unused dentries are given up.",
                    "pruned": "Given up, and back to whoever paid: 1 dentry.",
                },
            ),
            (
                "as 2 mmap 2",
                {"call mmap": "fdbomb maps two more MiB.", "mapped": "fdbomb has 2 maps of 2 MiB more, without a page yet."},
            ),
            (
                "as 2 touch 1",
                {
                    "call touch": "fdbomb writes where no page is: a page fault.",
                    "touched": "fdbomb wrote into 1 map: pages came only now.",
                },
            ),
            (
                "as 2 munmap 1",
                {"call munmap": "fdbomb gives a map back.", "unmapped": "fdbomb gave 1 map of 2 MiB back, with all pages."},
            ),
            ("as 2 pipe 1", {"call pipe": "fdbomb makes a pipe.", "piped": "fdbomb has 1 pipe more: two struct files each."}),
            (
                "as 2 socket 1",
                {"call socket": "fdbomb makes a socket.", "sockets": "fdbomb has 1 socket more: one struct file each."},
            ),
            ("as 2 timer 2", {"call timer": "fdbomb makes a timer.", "timers": "fdbomb has 2 timers more: a k_itimer each."}),
            (
                "as 2 mountns 3",
                {
                    "call mountns": "fdbomb gets mounts of its own.",
                    "mounts": "fdbomb has 3 mounts of its own: a vfsmount each.",
                },
            ),
            ("echo -n 160 > /containers/bomb/kmem.limit", {}),
            (
                "as 2 flock 1",
                {
                    "refused object": "Refused. bomb has 0 bytes left and this object needs 184.",
                    "call fails flock": "flock() says ENOLCK, unless this was only the spare lock.",
                    "no": "Refused. flock said ENOLCK: No locks available.",
                },
            ),
            ("as 2 sigqueue 1", {"call fails": "sigqueue() fails with EAGAIN. Only failcnt remembers."}),
        ],
    ),
    (
        {},
        [
            ("mount -t container -o kmem none /containers", {}),
            ("mkdir /containers/web", {}),
            ("mkdir /containers/bomb", {}),
            ("echo 1 > /sys/slab/filp/cache_account", {}),
            ("fork 2", {}),
            ("echo fdbomb > /proc/2/comm", {}),
            ("echo dbserver > /proc/3/comm", {}),
            ("echo 1 > /sys/slab/skbuff_head_cache/cache_account", {}),
            (
                "as 2 softirq 2",
                {
                    "call softirq": "fdbomb runs, and an interrupt comes.",
                    "interrupt": "An interrupt took 2 objects of skbuff_head_cache.",
                },
            ),
            ("softirq -d 1", {"kernel freed": "The kernel gave its oldest back: 1 object."}),
            (
                "kthread 2 filp",
                {
                    "call kthread": "A kernel thread runs: it is no task's, and stands in the root.",
                    "kernel thread": "A kernel thread took 2 objects of filp.",
                },
            ),
            ("echo 2 > /containers/bomb/tasks", {}),
            ("echo -n 10 > /containers/bomb/kmem.limit", {}),
            ("as 2 softirq -n 1", {"charged by force": "NOFAIL: bomb pays over its limit, and failcnt counts it."}),
        ],
    ),
    (
        {"arrays": "free", "memory": "64M"},
        [
            ("mount -t container -o kmem none /containers", {}),
            (
                "replay fd start",
                {
                    "call replay": "init does what it did in the recorded trace.",
                    "replay begins": "The trace fd is ready: its first operation comes next.",
                },
            ),
            ("replay fd 5", {"replayed": "The trace has come to 5 of 82,043 operations."}),
        ],
    ),
    (
        {"patchset": "v1", "memory": "2M"},
        [
            ("mount -t container -o kmem none /containers", {}),
            ("mkdir /containers/bomb", {}),
            ("echo -n 512 > /containers/bomb/kmem.limit", {}),
            ("fork", {}),
            ("echo 2 > /containers/bomb/tasks", {}),
            (
                "echo on > /sys/slab/filp/cache_account",
                {"cache marked": "From now on each new filp object is charged to its owner."},
            ),
            (
                "as 2 open 3",
                {
                    "wired hook": "filp is accountable: SLUB calls the controller by its name.",
                    "bare lookup": "No read lock: task 2 is in bomb, if nobody moves it now.",
                    "hook says no": "The controller says −ENOMEM: the allocator must undo its work.",
                },
            ),
            ("echo 100 > /sys/kernel/debug/failslab/probability", {}),
            (
                "mkdir /containers/web",
                {
                    "state asked for": "web is to be: kmem is asked for its state of it.",
                    "state is NULL": "kmem's create returns NULL: no state, and no error pointer.",
                    "NULL passes": "The caller asks IS_ERR. NULL is no error pointer: it passes.",
                    "oops": "A write to the state that is not there, at address 0: oops.",
                    "halted": "The kernel halts. Only going back in time helps now.",
                    "crashed": "The kernel crashed in mkdir: dmesg has what it said.",
                },
            ),
            ("ls /containers", {"no: halted": "Refused. The machine has halted: go back, or boot another."}),
        ],
    ),
    (
        {"irq_payer": "none"},
        [
            ("echo 1 > /sys/slab/skbuff_head_cache/cache_account", {}),
            ("softirq 1", {"nobody asked": "irq_payer=none: nobody asked for it, so nobody pays."}),
        ],
    ),
    (
        {"rcu": "grace"},
        [
            ("mount -t container -o kmem none /containers", {}),
            ("mkdir /containers/web", {}),
            ("mkdir /containers/bomb", {}),
            ("echo 1 > /sys/slab/filp/cache_account", {}),
            ("fork 2", {}),
            ("echo fdbomb > /proc/2/comm", {}),
            ("echo dbserver > /proc/3/comm", {}),
            ("open 2", {}),
            ("close 0", {"closed, waits": "What init closed waits for the grace period to end."}),
            ("as 2 exit", {"ended, waits": "Task 2 has ended: part waits for the grace period's end."}),
            (
                "rcu",
                {
                    "call rcu": "A grace period ends: what waited for it is freed.",
                    "grace period": "The grace period has ended: 3 objects freed.",
                },
            ),
        ],
    ),
    (
        {"boot": "slub_debug=FZPU"},
        [
            ("open 1", {}),
            ("timer 1", {}),
            ("poke filp 0.0+216 0x12", {"poked": "Somebody wrote 0x12 behind filp slab 0 object 0."}),
            (
                "poke posix_timers_cache 0.0+1 1 2 3 4",
                {"poked, long": "Somebody wrote where nobody should: the checks may find it."},
            ),
            ("echo 1 > /sys/slab/filp/validate", {"validated, reports": "filp's slabs were checked: 2 reports, in dmesg."}),
            ("echo 1 > /sys/slab/filp/validate", {"validated": "filp's slabs were checked: nothing is wrong."}),
        ],
    ),
    (
        {},
        [
            (
                "echo 0 > /sys/kernel/debug/fail_page_alloc/min-order",
                {"knob turned": "Fault injection: min-order of fail_page_alloc is 0."},
            ),
            ("echo 100 > /sys/kernel/debug/failslab/probability", {}),
            (
                "open 1",
                {
                    "fault, object": "failslab was injected: no filp, though there is room.",
                    "fault, NULL": "The caller gets NULL: no limit was hit, memory is not out.",
                },
            ),
            ("echo 100 > /sys/kernel/debug/fail_page_alloc/probability", {}),
            (
                "open 1",
                {
                    "fault, page": "fail_page_alloc was injected: a page is refused.",
                    "fault, no page": "fail_page_alloc was injected: no page for filp.",
                    "nothing came": "The caller gets NULL. No failcnt moves: no limit was hit.",
                },
            ),
            ("echo 1 > /sys/kernel/debug/fail_page_alloc/times", {}),
            ("fork", {"fault, pages": "fail_page_alloc was injected: 2 pages are refused."}),
        ],
    ),
    (
        {},
        [
            ("echo 1 > /sys/slab/filp/cache_account", {}),
            ("echo 100 > /sys/kernel/debug/fail_charge/probability", {}),
            ("open 1", {"refused by fault": "fail_charge was injected: refused, though it fits the limit."}),
        ],
    ),
    (
        {},
        [
            ("echo 1 > /sys/slab/filp/cache_account", {}),
            ("echo 2 > /sys/kernel/debug/failslab/interval", {}),
            ("echo 100 > /sys/kernel/debug/failslab/probability", {}),
            (
                "open 1",
                {
                    "page had": "Page 0 could be had, and was taken.",
                    "fault, no array": "failslab was injected: no owner array, so no slab.",
                },
            ),
        ],
    ),
    (
        {"memory": "128K"},
        [
            ("open 600", {"no page": "No page is left for filp. This is no limit: memory is out."}),
        ],
    ),
    (
        {"memory": "136K"},
        [
            ("echo 1 > /sys/slab/filp/cache_account", {}),
            ("open 600", {"no array": "No memory for its owner array: the page goes back."}),
        ],
    ),
    (
        {"off": "walk"},
        [
            ("echo 1 > /sys/slab/filp/cache_account", {}),
            ("open 3", {}),
            (
                "echo 0 > /sys/slab/filp/cache_account",
                {
                    "off found": "Off found slab 0, slot 0: root pays for it.",
                    "uncharged": "root gets 256 bytes back: 768 becomes 512.",
                    "cache off": "filp is off, and nobody is charged for it any more.",
                },
            ),
        ],
    ),
    (
        {"off": "drain"},
        [
            ("echo 1 > /sys/slab/filp/cache_account", {}),
            ("open 3", {}),
            (
                "echo 0 > /sys/slab/filp/cache_account",
                {"cache drains": "filp is off: what is charged drains as it is freed."},
            ),
        ],
    ),
    (
        {"charge": swapped},
        [
            *((line, {}) for line in LIMITED),
            ("open 1", {"stored early": "Slot 0 says blue already, and nothing has been charged yet."}),
            ("open 3", {"unwound with an owner": "It goes back, and its owner gets 256 bytes it never paid."}),
        ],
    ),
]

# The sentences of the design, word for word: kind of step, its values, the sentence.
DESIGNED: list[tuple[str, dict[str, str | int], str]] = [
    ("cache marked", {"cache": "filp"}, "From now on each new filp object is charged to its owner."),
    ("taken", {"cache": "filp", "slab": 17, "slot": 14}, "filp hands out slab 17, slot 14. Nobody owns it yet."),
    ("notifier", {"cache": "filp"}, "filp is accountable, so the notifier asks the controller first."),
    ("lookup", {"pid": "232", "where": "bomb"}, "Under the RCU read lock: task 232 lives in bomb."),
    ("reference", {"where": "bomb"}, "A reference on bomb keeps it alive while it pays."),
    (
        "charged", {"where": "bomb", "bytes": 256, "before": 40512, "after": 40768},
        "bomb pays 256 bytes: 40,512 becomes 40,768.",
    ),
    (
        "refused file", {"where": "bomb", "left": 192, "bytes": 256},
        "Refused. bomb has 192 bytes left and this file needs 256.",
    ),
    ("unwound", {}, "The object goes back. It had no owner, so nothing is uncharged."),
    (
        "closed elsewhere", {"here": "db", "where": "web", "bytes": 256},
        "db closed it, but web gets the 256 bytes back: web owned it.",
    ),
    ("slab empty", {"slab": 6}, "Slab 6 is empty: its page and owner array go back."),
    ("slab born", {"pfn": "318", "slab": 17}, "No slab has room: page 318 becomes slab 17."),
    (
        "moved", {"who": "fdbomb", "where": "web", "old": "bomb"},
        "fdbomb now lives in web. What it opened before stays with bomb.",
    ),
]  # fmt: skip

# The most that a value can be: a name of 255 characters, 16 GiB of memory, the highest limit ...
NAME = "production-" * 23 + "ab"
MOST: dict[str, str | int] = {
    **dict.fromkeys(("cache", "file", "here", "name", "old", "value", "where", "who"), NAME),
    "site": "pipe_inode_info",
    "verb": max(VERBS, key=len), "error": "ENAMETOOLONG", "fault": "fail_page_alloc", "knob": "probability",
    "pid": "4194304", "uid": "4294967295", "pfn": "4194303", "things": "1,000,000 open files",
    "bad": "1,000,000", "all": "1,000,000",
    "slab": 4_194_303, "slot": 511, "order": 10, "from_": 10, "left": 8_191, "bytes": 8_192, "count": 1_000_000,
    "before": 17_179_869_184, "after": 17_179_869_184, "text": "17,179,869,184 of 17,179,869,184 operations",
}  # fmt: skip
OTHERWISE: dict[str, dict[str, str | int]] = {
    "limit": {"bytes": (1 << 63) - 1}, "limit below": {"bytes": (1 << 63) - 1}, "failcnt set": {"count": (1 << 63) - 1},
    "array made": {"bytes": 4_096}, "no: in use": {"count": "17,179,869 objects"}, "poked": {"text": "x" * (LONGEST - 1)},
    "no: why": {"text": "x" * (LONGEST - 9)}, "no": {"text": "Resource temporarily unavailable"},
    "containers gone": {"count": 2_048}, "containers made": {"count": 2_048}, "looked for": {"things": "1,000,000 names"},
    "mapped": {"things": "1,000,000 maps"}, "unmapped": {"things": "1,000,000 maps"}, "no: some": {"error": "ENOBUFS"},
    "replayed": {"text": "100,000,000 of 100,000,000 operations"},
}  # fmt: skip


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every (kind, sentence) that is told while the test runs."""
    heard: list[tuple[str, str]] = []

    def listen(kind: str, values: dict[str, str | int]) -> str:
        sentence = told(kind, values)
        heard.append((kind, sentence))
        return sentence

    monkeypatch.setattr("kmemlab.explain_story.told", listen)
    monkeypatch.setitem(VERBS, "hello", lambda shell, args: VERBS["open"](shell, ["1"]))  # one that the table does not know
    return heard


def worth_a_look(session: Session, first: int) -> Iterator[int]:
    """Yield the events from one on that differ in more than numbers from those before."""
    seen: set[tuple[object, ...]] = set()
    for row in session.records("events")[first:]:
        assert isinstance(row, EventRow)
        looks = (row.kind, row.cache, row.pfn < 0, row.container)
        if looks not in seen:
            seen.add(looks)
            yield row.n


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story[1][-1][0])
def test_a_machine_produces_each_sentence(story: Story, said: list[tuple[str, str]]) -> None:
    keywords, lines = story
    machine = {"memory": "2M", **keywords}
    charge = machine.pop("charge", None)  # a function in the place of the machine's own
    session = Session(**machine) if charge is None else charge_with(Session(**machine), charge)
    for line, sentences in lines:
        first = session.length
        session.run(line)
        said.clear()
        for n in list(worth_a_look(session, first)):
            session.seek(n)
            steps = session.records("steps")
            assert steps
            for step in steps:
                assert isinstance(step, StepRow)
                assert (step.sentence, step.source) in {(words, TABLE[kind].source) for kind, words in said}
        session.seek(session.length)
        for kind, sentence in sentences.items():
            assert (kind, sentence) in said, line


def test_no_kind_of_step_is_without_a_machine_that_produces_it() -> None:
    produced = {kind for _, lines in STORIES for _, sentences in lines for kind in sentences}
    assert produced | {"boot"} == set(TABLE)


def test_at_boot_nothing_has_happened_yet() -> None:
    frame = Controller(Session(memory="2M")).frame()
    assert frame["sentence"] == "The machine has booted. Nothing has happened yet."
    assert (frame["refused"], frame["refusal"]) == (False, False)


@pytest.mark.parametrize(("kind", "values", "sentence"), DESIGNED)
def test_the_designed_sentences_are_word_for_word(kind: str, values: dict[str, str | int], sentence: str) -> None:
    assert told(kind, values) == sentence


@pytest.mark.parametrize("kind", TABLE)
def test_with_the_longest_names_and_largest_numbers_a_sentence_still_fits(kind: str) -> None:
    needed = set().union(*(fields(words) for words in TABLE[kind].words))
    values = {name: value for name, value in {**MOST, **OTHERWISE.get(kind, {})}.items() if name in needed}
    assert set(values) == needed
    sentence = told(kind, values)
    assert len(sentence) <= LONGEST
    assert "…" not in sentence


def test_a_value_that_is_no_name_is_never_cut() -> None:
    with pytest.raises(ValueError, match="no: why: no wording fits"):
        told("no: why", {"text": "x" * LONGEST})


@pytest.mark.parametrize("kind", [kind for kind, row in TABLE.items() if "cache" in fields(row.words[0])])
def test_no_name_of_a_cache_is_shortened(kind: str) -> None:
    small: dict[str, str | int] = {**MOST, "slab": 999, "slot": 63, "things": "100 objects", "count": "1,000 objects"}
    for cache in Session(memory="2M").machine.slub.caches:
        assert cache.name in told(kind, {**small, "cache": cache.name, "fault": "failslab"})


@pytest.mark.parametrize(
    ("name", "most", "short"),
    [
        ("web", 8, "web"),
        ("/a/deep/folder/web", 8, "web"),
        ("production-web-17", 12, "produc~eb-17"),
        ("/containers/production-web-17/", 8, "prod~-17"),
    ],
)
def test_a_path_is_shortened_to_its_name_and_a_name_to_its_ends(name: str, most: int, short: str) -> None:
    assert abbreviated(name, most) == short
    assert len(short) <= most


def test_long_names_of_containers_and_tasks_are_never_cut_off() -> None:
    session = Session(memory="2M")
    one, other = f"/containers/{NAME[:200]}1", f"/containers/{NAME[:200]}2"
    session.run(
        "mount -t container -o kmem none /containers", f"mkdir {one}", f"mkdir {other}",
        "echo 1 > /sys/slab/filp/cache_account", "fork",
        "echo a_task_with_a_name > /proc/2/comm", f"echo 2 > {one}/tasks", f"echo -n 1000 > {one}/kmem.limit",
        "as 2 open 5", f"rmdir {one}", f"echo 2 > {other}/tasks", "as 2 close 0", f"mv {one} /containers/web", f"cat {one}",
        f"{NAME} 1",
    )  # fmt: skip
    for n in range(1, session.length + 1):
        session.seek(n)
        for step in session.records("steps"):
            sentence = str(step.to_dict()["sentence"])
            assert len(sentence) <= LONGEST
            assert "…" not in sentence
    session.seek(session.ends[10])
    assert (
        session.records("steps")[-1].to_dict()["sentence"] == "a_tas~_a_n is in produ~-pr2 now. Its files stay with produ~-pr1."
    )


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("echo -n 9223372036854775807 > {bomb}/kmem.limit", "bomb may hold 9,223,372,036,854,775,807 bytes of kernel objects."),
        ("echo -n 0 > {bomb}/kmem.limit", "bomb may hold 0 bytes of kernel objects."),
        ("echo -n > {bomb}/kmem.limit", "There was nothing to write, so kmem.limit is what it was."),
        ("echo 2 > {bomb}/tasks", "init now lives in bomb, which pays for what it takes next."),
        ("echo 0 > {bomb}/tasks", "init now lives in bomb, which pays for what it takes next."),
        ("as 2 echo $$ > {bomb}/../bomb/tasks", "init now lives in bomb, which pays for what it takes next."),
        ("echo 'a b' > /proc/2/comm", "Task 2 is called a b now."),
        ("mkdir /containers/" + "n" * 255, "nnnnnnnn~nnnnnnn is a container: no task, no limit yet."),
        ("x" * 4000, "Refused. No command is called xxxxxxxx~xxxxxxx: see `help`."),
        ("x" * 5000, "Refused. A line has at most 4096 characters."),
        ("echo 'never closed", "Refused. echo said EINVAL: Invalid argument."),
        ("", "Nothing was asked, and nothing has changed."),
    ],
    ids=lambda text: text[:40],
)
def test_what_somebody_may_type_is_told_too(line: str, sentence: str) -> None:
    session = Session(memory="2M")
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/bomb", "fork")
    session.run(line.replace("{bomb}", "/containers/bomb"))
    assert session.records("steps")[-1].to_dict()["sentence"] == sentence


@pytest.mark.parametrize(
    ("line", "words", "target"),
    [
        ("as 2@1 echo -n 5 > /a/b", ["echo", "-n", "5"], "/a/b"),
        ("echo 'two words'>/c", ["echo", "two words"], "/c"),
        ("echo 'never closed", ["echo", "'never", "closed"], ""),
        ("", [], ""),
    ],
)
def test_a_command_is_split_as_the_shell_splits_it(line: str, words: list[str], target: str) -> None:
    assert split(line) == (words, target)


# -- the table is the only place


ROOMS = sorted(Path(kmemlab.__file__).parent.glob("explain*.py"))


def strings(tree: ast.AST) -> Iterator[str]:
    """Yield every string of a file but its docstrings; of an f-string what is fixed."""
    pieces = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    pieces |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if id(node) in pieces:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def stray(text: str) -> list[str]:
    """List the sentences in a file."""
    return [each for each in strings(ast.parse(text)) if " " in each.strip() and each.endswith(".")]


@pytest.mark.parametrize("room", [room for room in ROOMS if room.stem != "explain_table"], ids=lambda room: room.name)
def test_no_sentence_stands_outside_the_table(room: Path) -> None:
    assert stray(room.read_text()) == []
    made = [node for node in ast.walk(ast.parse(room.read_text())) if isinstance(node, ast.Call)]
    makers = [node for node in made if isinstance(node.func, ast.Name) and node.func.id == "StepRow"]
    assert not makers or room.stem == "explain_story"
    for maker in makers:
        assert "told(kind, values)" in [ast.unparse(each) for each in maker.args]


def test_a_stray_sentence_would_be_found() -> None:
    assert stray('"""Docs are none."""\nx = f"{who} opens a file."\ny = "refs 1"') == ["0 opens a file."]


@pytest.mark.parametrize("kind", TABLE)
def test_each_sentence_says_where_it_comes_from(kind: str) -> None:
    source = TABLE[kind].source
    assert source in SOURCES or re.fullmatch(r"\w+, [\w/.-]+\.c( 2\.6\.(23|24|33))?", source), source


# -- commands that were refused


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("kill 1", "Refused. Init may not exit: the kernel would panic."),
        ("mkdir /containers/web", "Refused. There is a web already."),
        ("open x", "Refused. N is 1 to 1,000,000."),
        ("mount -t container -o kmm none /plain", "Refused. No subsystem is called kmm. Did you mean kmem?"),
    ],
)
def test_a_refused_command_is_marked_as_a_refusal(line: str, sentence: str) -> None:
    session = Session(memory="2M")
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/web", "mkdir /plain", line)
    (step,) = session.records("steps")
    assert isinstance(step, StepRow)
    assert (step.sentence, step.state) == (sentence, "refused")
    frame = Controller(session).frame()
    assert (frame["sentence"], frame["refused"], frame["refusal"]) == (sentence, True, True)
    assert "turn" not in frame["path"]


def test_a_refusal_is_the_step_that_says_no_and_only_that() -> None:
    session, file = Session(memory="2M"), "/containers/kmem.limit"
    session.run(
        "echo 1 > /sys/slab/filp/cache_account", "mount -t container -o kmem none /containers", f"echo -n 0 > {file}", "open 1"
    )
    refused = next(row.to_dict()["n"] for row in session.records("events") if row.to_dict()["kind"] == "refused")
    controller = Controller(session)
    controller.seek(refused)
    marks = []
    for controller.look.step in range(1, 11):
        frame = controller.frame()
        marks.append((frame["refused"], frame["refusal"]))
    assert marks == [(False, False)] * 5 + [(True, True)] + [(True, False)] * 4
    session.run("close all", f"echo -n 9 > {file}")
    controller.seek(session.length)
    assert (controller.frame()["refused"], controller.frame()["refusal"]) == (False, False)

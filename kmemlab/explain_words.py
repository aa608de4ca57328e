"""Sources of the explanations, short and where to read them in full; what a call says when there is no object for it."""

from __future__ import annotations

LONGEST = 64
LETTER = "v3 letter"
NOTIFIERS = "v3 letter, notifiers"
RCU = "v3 letter, rcu-safe"
V1 = "v3 letter, from v.1"
V2 = "v3 letter, from v.2"
COUNTER = "res_counter, first form"
SLUB = "mm/slub.c 2.6.24"
ARRAY = "owner array, OpenVZ's way"
INJECTED = "lib/fault-inject.c 2.6.24"
SHELL = "the shell"
CHOICE = "kmemlab's choice"

# Where each short source can be read in full.
SOURCES = {
    LETTER: "Pavel Emelyanov's cover letter of v3, September 2007: cache_account, what it refuses, and why",
    NOTIFIERS: 'Cover letter of v3: "introduced generic notifiers for slub"; the events are recollection (facts 1.2)',
    RCU: 'Cover letter of v3: "make container-to-object assignment in rcu-safe section" (facts 1.1, 1.2)',
    V1: "Cover letter of v3, what changed since v.1; what v.1 did in detail is not recorded (docs/versions.md)",
    V2: 'Cover letter of v3, what changed since v.2: "introduced generic notifiers for slub" (docs/versions.md)',
    COUNTER: "res_counter_charge, kernel/res_counter.c: -mm of September 2007, committed as e552b661706 (facts 4.3)",
    ARRAY: "OpenVZ 042stab061.9, mm/slub.c: slub_ubs, one pointer for each object of a slab (facts 1.3)",
    "css_get, kernel/cgroup.c": "css_get, include/linux/cgroup.h and kernel/cgroup.c 2.6.24 (facts 4.2)",
    "css_put, kernel/cgroup.c": "css_put, include/linux/cgroup.h and kernel/cgroup.c 2.6.24 (facts 4.2)",
    "free hook, NULL owner": "OpenVZ's free hook in slab_free: a NULL owner is left alone (facts 1.3)",
    f"slab_alloc, {SLUB}": "slab_alloc and __slab_alloc, mm/slub.c 2.6.24 (facts 2.5), checked slot by slot against recordings",
    f"slab_free, {SLUB}": "slab_free and __slab_free, mm/slub.c 2.6.24 (facts 2.5), checked slot by slot against recordings",
    f"new_slab, {SLUB}": "new_slab and allocate_slab, mm/slub.c 2.6.24 (facts 2.5)",
    f"discard_slab, {SLUB}": "discard_slab, called from __slab_free, mm/slub.c 2.6.24 (facts 2.5)",
    "facts 1.4": "Objects born before accounting have no owner and are skipped at free (facts 1.4)",
    INJECTED: "should_fail, lib/fault-inject.c 2.6.24 (Documentation/fault-injection); failslab with SLUB is kmemlab's choice",
    SHELL: "What the shell was told; the file or system call behind it is named in `man`",
    CHOICE: "No kernel of 2007 has this: kmemlab's choice, told in the docstring of its room and in `man`",
    "boot": "kmem_cache_init, mm/slub.c: every kmalloc cache is there, and no page is in use",
}

# What a call says when there is no object of a cache ("": of any other).
ERRNOS = {
    "open": {"": "ENFILE"},
    "pipe": {"": "ENFILE", "dentry": "ENOMEM"},
    "socket": {"": "ENFILE", "UNIX": "ENOMEM", "dentry": "ENOMEM", "skbuff_head_cache": "ENOBUFS"},
    "sigqueue": {"": "EAGAIN"},
    "timer": {"": "EAGAIN"},
    "flock": {"": "ENOLCK"},
}

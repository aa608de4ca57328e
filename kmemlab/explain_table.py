"""Every sentence of the explanations, in one table: kind of step, its words, where they come from.

A row may have several wordings, the fullest first: with long names or large numbers a shorter one is taken, so that no sentence
is ever cut. Sentences have at most 64 characters: a screen does not jump from one to the next.
"""

from __future__ import annotations

from dataclasses import dataclass

from .explain_words import ARRAY, CHOICE, COUNTER, INJECTED, LETTER, NOTIFIERS, RCU, SHELL, SLUB, V1, V2


@dataclass(frozen=True)
class Row:
    """What one kind of step says.

    Attributes:
        words: wordings, the fullest first; `{name}` stands for a value of the step.
        source: kernel function and version, fact section, or "kmemlab's choice".
        model: True where the kernel's own way is not known, and this is kmemlab's choice.
    """

    words: tuple[str, ...]
    source: str
    model: bool = False


def row(*words: str, source: str, model: bool = False) -> Row:
    """Make a row."""
    return Row(words, source, model)


GET = "css_get, kernel/cgroup.c"
PUT = "css_put, kernel/cgroup.c"
HOOK = "free hook, NULL owner"
CGROUP = "kernel/cgroup.c 2.6.24"
CGROUP_CREATE = f"cgroup_create, {CGROUP}"

TABLE: dict[str, Row] = {
    "boot": row("The machine has booted. Nothing has happened yet.", source="boot"),
    # -- how it began: the system call, or what else made the kernel run
    "call open": row("{who} asks for one more open file.", source="sys_open, fs/open.c 2.6.23"),
    "call close": row("{who} closes a file.", source="sys_close, fs/open.c 2.6.23"),
    "call fork": row("{who} forks: a child needs objects of its own.", source="do_fork, kernel/fork.c 2.6.23"),
    "call exit": row("{who} ends, and gives back what it held.", source="do_exit, kernel/exit.c 2.6.23"),
    "call kill": row("{who} ends a task, which gives back what it held.", source="sys_kill, kernel/signal.c 2.6.23"),
    "call stat": row("{who} looks for a name that is not there.", source="vfs_stat, fs/stat.c 2.6.23"),
    "call prune": row("Memory is wanted: unused dentries are given up.", source="prune_dcache, fs/dcache.c 2.6.23"),
    "call rcu": row("A grace period ends: what waited for it is freed.", source="call_rcu, kernel/rcupdate.c 2.6.23"),
    "call mmap": row("{who} maps two more MiB.", source="do_mmap_pgoff, mm/mmap.c 2.6.23"),
    "call touch": row("{who} writes where no page is: a page fault.", source="handle_mm_fault, mm/memory.c 2.6.23"),
    "call munmap": row("{who} gives a map back.", source="do_munmap, mm/mmap.c 2.6.23"),
    "call pipe": row("{who} makes a pipe.", source="do_pipe, fs/pipe.c 2.6.23"),
    "call socket": row("{who} makes a socket.", source="sys_socket, net/socket.c 2.6.23"),
    "call sigqueue": row("{who} gets a signal that it blocks.", source="send_signal, kernel/signal.c 2.6.23"),
    "call timer": row("{who} makes a timer.", source="sys_timer_create, kernel/posix-timers.c 2.6.23"),
    "call flock": row("{who} locks a range of a file.", source="fcntl_setlk, fs/locks.c 2.6.23"),
    "call mountns": row("{who} gets mounts of its own.", source="copy_tree, fs/namespace.c 2.6.23"),
    "call softirq": row("{who} runs, and an interrupt comes.", source="__do_softirq, kernel/softirq.c 2.6.23"),
    "call kthread": row(
        "A kernel thread runs: it is no task's, and stands in the root.", source="kthread, kernel/kthread.c 2.6.23"
    ),
    "call echo": row(
        "{who} writes to {file} of {name}.", "{who} writes to {file}.", source="sys_write, fs/read_write.c 2.6.23"
    ),
    "call replay": row("{who} does what it did in the recorded trace.", source=CHOICE),
    "call": row("{who} runs {verb}.", source=SHELL),
    # -- an object taken, and the five steps of its charge
    "taken": row(
        "{cache} hands out slab {slab}, slot {slot}. Nobody owns it yet.",
        "{cache}: slab {slab}, slot {slot} is out, with no owner yet.",
        source=f"slab_alloc, {SLUB}",
    ),
    "notifier": row(
        "{cache} is accountable, so the notifier asks the controller first.",
        "{cache} is accountable: the notifier asks the controller.",
        "{cache} is accountable: the controller is asked.",
        source=NOTIFIERS,
    ),
    "wired hook": row(
        "{cache} is accountable: SLUB calls the controller by its name.",
        "{cache} is accountable: SLUB calls the controller.",
        source=V2,
    ),
    "hook says no": row("The controller says −ENOMEM: the allocator must undo its work.", source=V2),
    "bare lookup": row(
        "No read lock: task {pid} is in {where}, if nobody moves it now.",
        "No read lock: task {pid} was in {where} a moment ago.",
        source=V1,
    ),
    "lookup": row("Under the RCU read lock: task {pid} lives in {where}.", source=RCU),
    "reference": row("A reference on {where} keeps it alive while it pays.", source=GET),
    "charged": row(
        "{where} pays {bytes} bytes: {before} becomes {after}.",
        "{where} pays {bytes}: {before} becomes {after}.",
        source=COUNTER,
    ),
    "charged by force": row("NOFAIL: {where} pays over its limit, and failcnt counts it.", source=COUNTER, model=True),
    "stored": row("Slot {slot} of the owner array now says {where}.", source=ARRAY, model=True),
    "stored early": row(
        "Slot {slot} says {where} already, and nothing has been charged yet.",
        "Slot {slot} says {where} already, before the charge.",
        source=CHOICE,
        model=True,
    ),
    "unaccounted": row("Nobody listens to {cache}: nobody pays.", source=LETTER),
    "born before": row("Its slab is older than accounting: no array, nobody pays.", source="facts 1.4", model=True),
    "nobody asked": row("irq_payer=none: nobody asked for it, so nobody pays.", source=CHOICE, model=True),
    # -- a charge refused, and each step undone
    "refused file": row(
        "Refused. {where} has {left} bytes left and this file needs {bytes}.",
        "Refused. {where} has {left} bytes left; this needs {bytes}.",
        source=COUNTER,
    ),
    "refused object": row(
        "Refused. {where} has {left} bytes left and this object needs {bytes}.",
        "Refused. {where} has {left} bytes left; this needs {bytes}.",
        source=COUNTER,
    ),
    "refused by fault": row("fail_charge was injected: refused, though it fits the limit.", source=COUNTER, model=True),
    "reference back": row("The reference is given back: {before} to {after}.", source=PUT),
    "notifier says no": row("The notifier says −ENOMEM: the allocator must undo its work.", source=NOTIFIERS),
    "unwound": row("The object goes back. It had no owner, so nothing is uncharged.", source=HOOK, model=True),
    "unwound with an owner": row(
        "The object goes back, and its owner gets {bytes} bytes that it never paid.",
        "It goes back, and its owner gets {bytes} bytes it never paid.",
        source=HOOK,
        model=True,
    ),
    "call fails": row("{verb}() fails with {error}. Only failcnt remembers.", source=LETTER),
    "call fails open": row("{verb}() fails with {error}. Only failcnt remembers.", source="path_lookup_open, fs/namei.c"),
    "call fails flock": row(
        "flock() says ENOLCK, unless this was only the spare lock.", source="fcntl_setlk, fs/locks.c 2.6.23"
    ),
    "never stored": row("The owner is stored only after the charge.", source=ARRAY, model=True),
    # -- a call charged: kmemlab's own extension
    "call marked": row(
        "{site} is marked: its call of {verb} is charged.", "{site}: a marked call is charged.", source=CHOICE, model=True
    ),
    "call marked by hand": row("{verb}() carries the accounting flag: it is charged.", source=CHOICE, model=True),
    "payer kept": row("{where} pays for it until it is freed, by whomever.", source=CHOICE, model=True),
    "refused call": row("Refused. {where} has {left} bytes left; this needs {bytes}.", source=COUNTER),
    "memory back": row("The memory goes back. Nobody paid for it.", source=CHOICE, model=True),
    "payer found": row("{where} paid for it, whoever frees it.", source=CHOICE, model=True),
    # -- an object freed
    "freed": row(
        "{cache} slab {slab}, slot {slot} is no longer needed.",
        "{cache}: slab {slab}, slot {slot} is given back.",
        source=f"slab_free, {SLUB}",
    ),
    "freed of nobody": row("It had no owner: nobody gets anything back.", source=HOOK, model=True),
    "owner read": row("The array says who paid: {where}, whoever frees it.", source=ARRAY, model=True),
    "uncharged": row(
        "{where} gets {bytes} bytes back: {before} becomes {after}.",
        "{where} gets {bytes} back: {before} becomes {after}.",
        source=COUNTER,
    ),
    "closed elsewhere": row(
        "{here} closed it, but {where} gets the {bytes} bytes back: {where} owned it.",
        "{here} closed it, but {where} gets {bytes} back: it paid.",
        source=ARRAY,
    ),
    "freed elsewhere": row(
        "{here} freed it, but {where} gets the {bytes} bytes back: {where} owned it.",
        "{here} freed it, but {where} gets {bytes} back: it paid.",
        source=ARRAY,
    ),
    "reference less": row(
        "{where} has {bytes} bytes back, and one reference less to wait for.",
        "{where} has {bytes} bytes back, and one reference less.",
        source=PUT,
    ),
    # -- slabs and pages
    "pages split": row(
        "{cache} has no room. The page allocator: order {from_} split to {order}.",
        "{cache} is full: a block of order {from_} is split to {order}.",
        source="__rmqueue, mm/page_alloc.c 2.6.23",
    ),
    "pages whole": row(
        "{cache} has no room. The page allocator: straight from order {order}.",
        "{cache} is full: a block of order {order} is taken whole.",
        source="__rmqueue, mm/page_alloc.c 2.6.23",
    ),
    "array made": row("{bytes} bytes for its owner array, charged to nobody.", source=ARRAY, model=True),
    "slab born": row("No slab has room: page {pfn} becomes slab {slab}.", source=f"new_slab, {SLUB}"),
    "slab empty": row("Slab {slab} is empty: its page and owner array go back.", source=f"discard_slab, {SLUB}"),
    "slab empty, no array": row("Slab {slab} is empty: its page goes back.", source=f"discard_slab, {SLUB}"),
    "page free": row("Page {pfn} is free, and joins its buddy if that is.", source="__free_one_page, mm/page_alloc.c 2.6.23"),
    "no page": row(
        "No page is left for {cache}. This is no limit: memory is out.",
        "No page is left for {cache}: memory is out.",
        source=f"allocate_slab, {SLUB}",
    ),
    "page had": row("Page {pfn} could be had, and was taken.", source=f"allocate_slab, {SLUB}"),
    "no array": row("No memory for its owner array: the page goes back.", source=ARRAY, model=True),
    "nothing came": row("The caller gets NULL. No failcnt moves: no limit was hit.", source=f"__slab_alloc, {SLUB}"),
    # -- faults
    "fault, object": row(
        "{fault} was injected: no {cache}, though there is room.",
        "{fault} was injected: no {cache}.",
        source=INJECTED,
        model=True,
    ),
    "fault, page": row("{fault} was injected: a page is refused.", source=INJECTED),
    "fault, pages": row("{fault} was injected: {count} pages are refused.", source=INJECTED),
    "fault, NULL": row("The caller gets NULL: no limit was hit, memory is not out.", source=INJECTED),
    "fault, no page": row("{fault} was injected: no page for {cache}.", source=INJECTED),
    "fault, no array": row("{fault} was injected: no owner array, so no slab.", source=INJECTED, model=True),
    # -- a kernel that crashes
    "state asked for": row("{where} is to be: {name} is asked for its state of it.", source=CGROUP_CREATE),
    "state is NULL": row("{name}'s create returns NULL: no state, and no error pointer.", source=V1),
    "NULL passes": row("The caller asks IS_ERR. NULL is no error pointer: it passes.", source=CGROUP_CREATE),
    "oops": row("A write to the state that is not there, at address 0: oops.", source=CGROUP_CREATE),
    "halted": row("The kernel halts. Only going back in time helps now.", source=CHOICE, model=True),
    # -- accounting switched, an agent run
    "taken over": row(
        "Root pays {bytes} bytes for the {cache} from before.",
        "Root pays {bytes} bytes for those from before.",
        source=CHOICE,
        model=True,
    ),
    "cache marked": row(
        "From now on each new {cache} object is charged to its owner.",
        "From now on each new {cache} object is charged.",
        source=LETTER,
    ),
    "cache unmarked": row(
        "{cache} has no objects: nobody is charged for it any more.",
        "{cache} has no objects: its charging ends.",
        source=LETTER,
    ),
    "cache off": row(
        "{cache} is off, and nobody is charged for it any more.",
        "{cache} is off: nobody is charged for it.",
        source=CHOICE,
        model=True,
    ),
    "cache drains": row(
        "{cache} is off: what is charged drains as it is freed.",
        "{cache} is off. What is charged drains.",
        source=CHOICE,
        model=True,
    ),
    "off found": row("Off found slab {slab}, slot {slot}: {where} pays for it.", source=CHOICE, model=True),
    "agent": row(
        "Nobody uses {where} any more: its release agent would run.", source=f"cgroup_release_agent, {CGROUP}", model=True
    ),
    # -- a command has ended well: containers
    "mounted": row("A container tree is mounted on {file}.", source=f"cgroup_get_sb, {CGROUP}"),
    "remounted": row("The tree on {file} has other options now.", source=f"cgroup_remount, {CGROUP}"),
    "unmounted": row("{file} is no mount any more: its container files are gone.", source=f"cgroup_kill_sb, {CGROUP}"),
    "container made": row("{where} is a container: no task, no limit yet.", source=CGROUP_CREATE),
    "containers made": row("{count} containers are made: no task, no limit yet.", source=CGROUP_CREATE),
    "container gone": row("{where} is gone: nothing referred to it any more.", source=f"cgroup_rmdir, {CGROUP}"),
    "containers gone": row("{count} containers are gone: nothing referred to them any more.", source=f"cgroup_rmdir, {CGROUP}"),
    "directory made": row("{where} is a plain directory: a tree can be mounted on it.", source="sys_mkdir, fs/namei.c 2.6.23"),
    "directory gone": row("The directory {where} is gone.", source="sys_rmdir, fs/namei.c 2.6.23"),
    "renamed": row("{old} is called {where} now. Who paid still pays.", source=f"cgroup_rename, {CGROUP}"),
    "given away": row("User {uid} may now write the files of {where}.", source="sys_chown, fs/open.c 2.6.23"),
    "moved": row(
        "{who} now lives in {where}. What it opened before stays with {old}.",
        "{who} now lives in {where}. Its old files stay with {old}.",
        "{who} is in {where} now. Its files stay with {old}.",
        source=f"attach_task, {CGROUP}",
    ),
    "attached": row(
        "{who} now lives in {where}, which pays for what it takes next.",
        "{who} now lives in {where}, which pays from now on.",
        source=f"attach_task, {CGROUP}",
    ),
    "joined": row("{who} now lives in {where}: no matter to kmem.", source=f"attach_task, {CGROUP}"),
    "limit": row(
        "{where} may hold {bytes} bytes of kernel objects.",
        "{where} may hold {bytes} bytes.",
        source=COUNTER,
    ),
    "limit below": row(
        "{where} holds more than {bytes} bytes: it gets nothing new.",
        "{where} is over its limit: it gets nothing new.",
        source=COUNTER,
    ),
    "failcnt set": row("{where} counts its refusals from {count} on.", source=COUNTER),
    "notify on": row("Once nobody uses {where}, its release agent would run.", source=f"check_for_release, {CGROUP}"),
    "notify off": row("No release agent would run for {where} any more.", source=f"check_for_release, {CGROUP}"),
    "agent named": row("{value} would run for a container that nobody uses.", source=f"cgroup_release_agent, {CGROUP}"),
    # -- a command has ended well: caches
    "shrunk": row(
        "{cache}: empty slabs went back, the fullest partial is first.",
        "{cache}: empty slabs are gone, partial ones sorted.",
        source=f"kmem_cache_shrink, {SLUB}",
    ),
    "validated": row("{cache}'s slabs were checked: nothing is wrong.", source=f"validate_slab_cache, {SLUB}"),
    "validated, reports": row("{cache}'s slabs were checked: {things}, in dmesg.", source=f"validate_slab_cache, {SLUB}"),
    "site marked": row("Each call of {name} is charged from now on.", source=CHOICE, model=True),
    "site unmarked": row("Calls of {name} are not charged any more.", source=CHOICE, model=True),
    "by hand": row("Taken by hand, and nobody pays: {verb}.", source=CHOICE, model=True),
    "by hand, charged": row("Taken by hand, and charged: {verb}.", source=CHOICE, model=True),
    "given back": row("Back, and to whoever paid: {things}.", source=CHOICE, model=True),
    "poked": row("{text}.", source=CHOICE, model=True),
    "poked, long": row("Somebody wrote where nobody should: the checks may find it.", source=CHOICE, model=True),
    "knob turned": row("Fault injection: {knob} of {fault} is {value}.", "{fault}: {knob} is {value}.", source=INJECTED),
    # -- a command has ended well: tasks
    "forked": row("Task {pid} is born in the container of its parent.", source="do_fork, kernel/fork.c 2.6.23"),
    "forked more": row("{count} tasks are born in the container of their parent.", source="do_fork, kernel/fork.c 2.6.23"),
    "ended": row("Task {pid} has ended: what it held goes back to who paid.", source="do_exit, kernel/exit.c 2.6.23"),
    "ended, waits": row(
        "Task {pid} has ended: part waits for the grace period's end.", source="call_rcu, kernel/rcupdate.c 2.6.23"
    ),
    "named": row("Task {pid} is called {who} now.", source="comm_write, fs/proc/base.c 2.6.33"),
    "other user": row("Task {pid} is user {value}'s now.", source=CHOICE, model=True),
    "opened": row(
        "{who} has {things} more: one struct file each.",
        source="get_empty_filp, fs/file_table.c 2.6.23",
    ),
    "opened one": row("{who} has one more open file, and its struct file.", source="get_empty_filp, fs/file_table.c 2.6.23"),
    "closed": row("What {who} closed went back to whoever paid for it.", source="__fput, fs/file_table.c 2.6.23"),
    "closed, waits": row("What {who} closed waits for the grace period to end.", source="call_rcu, kernel/rcupdate.c 2.6.23"),
    "looked for": row("A negative dentry remembers each of {things} not found.", source="d_alloc, fs/dcache.c 2.6.23"),
    "pruned": row("Given up, and back to whoever paid: {things}.", source="prune_dcache, fs/dcache.c 2.6.23"),
    "grace period": row("The grace period has ended: {things} freed.", source="call_rcu, kernel/rcupdate.c 2.6.23"),
    "mapped": row("{who} has {things} of 2 MiB more, without a page yet.", source="do_mmap_pgoff, mm/mmap.c 2.6.23"),
    "touched": row("{who} wrote into {things}: pages came only now.", source="handle_mm_fault, mm/memory.c 2.6.23"),
    "faulted": row("{who} faulted {things} in: 4,096 bytes each.", source="do_anonymous_page, mm/memory.c 2.6.23"),
    "unmapped": row("{who} gave {things} of 2 MiB back, with all pages.", source="do_munmap, mm/mmap.c 2.6.23"),
    "piped": row("{who} has {things} more: two struct files each.", source="do_pipe, fs/pipe.c 2.6.23"),
    "sockets": row("{who} has {things} more: one struct file each.", source="sys_socket, net/socket.c 2.6.23"),
    "queued": row("{things} more for {who}: a sigqueue each.", source="send_signal, kernel/signal.c 2.6.23"),
    "timers": row("{who} has {things} more: a k_itimer each.", source="sys_timer_create, kernel/posix-timers.c 2.6.23"),
    "locked": row("{who} holds {things} more: a file_lock each.", source="fcntl_setlk, fs/locks.c 2.6.23"),
    "mounts": row("{who} has {things} of its own: a vfsmount each.", source="copy_tree, fs/namespace.c 2.6.23"),
    "interrupt": row("An interrupt took {things} of {cache}.", source="__do_softirq, kernel/softirq.c 2.6.23"),
    "kernel thread": row("A kernel thread took {things} of {cache}.", source="kthread, kernel/kthread.c 2.6.23"),
    "kernel freed": row("The kernel gave its oldest back: {things}.", source=CHOICE),
    "replay begins": row("The trace {name} is ready: its first operation comes next.", source=CHOICE),
    "replayed": row("The trace has come to {text}.", source=CHOICE),
    # -- a command that changes nothing
    "only read": row("{verb} only reads: nothing in the machine has changed.", source=SHELL),
    "only printed": row("echo only prints: nothing in the machine has changed.", source=SHELL),
    "not written": row("There was nothing to write, so {file} is what it was.", source=SHELL),
    "nothing typed": row("Nothing was asked, and nothing has changed.", source=SHELL),
    "written": row("{file} of {name} is {value} now.", source="sys_write, fs/read_write.c 2.6.23"),
    # -- a command refused
    "crashed": row("The kernel crashed in {verb}: dmesg has what it said.", source=SHELL),
    "no: halted": row("Refused. The machine has halted: go back, or boot another.", source=CHOICE, model=True),
    "no: some": row("Refused. {bad} of {all} times {verb}() said {error}.", source=SHELL),
    "no: in use": row(
        "Refused. {cache} has {count} in use; full slabs are on no list.",
        "Refused. {cache} has {count} in use.",
        source=LETTER,
    ),
    "no: kmalloc": row("Refused. Who calls a kmalloc cache is not known by cache.", source=LETTER),
    "no: usage": row("Refused. `man {verb}` says how {verb} is written.", source=SHELL),
    "no: unknown": row("Refused. No command is called {name}: see `help`.", source=SHELL),
    "no: why": row("Refused. {text}", source=SHELL),
    "no": row("Refused. {verb} said {error}: {text}.", "Refused. {verb} said {error}.", source=SHELL),
}

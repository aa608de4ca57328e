"""Call sites: where the kernel of the model asks for memory that is no object of a named cache, and the words for the kinds.

The cover letter counts four kinds of kernel memory: kmem_cache objects, kmalloc, vmalloc and pages; its patches charge the
first. That a *call* carries the wish to be charged is how Linux 4.5 did it in 2016 (`__GFP_ACCOUNT`, facts 2.9); which calls
of 2007 there are to mark is this table. Functions are 2.6.23's, by recollection; names are kmemlab's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .errors import invalid
from .kmem_cache import KMALLOC
from .types import NONE, PAGE_SHIFT, PAGE_SIZE

if TYPE_CHECKING:
    from .machine import Machine

KINDS: Final = ("cache", "kmalloc", "vmalloc", "pages")

STACK_SITE: Final = "kernel_stack"
TABLE_SITE: Final = "pte"
BUFFER_SITE: Final = "pipe_buffer"
PIPE_SITE: Final = "pipe_inode_info"
SKB_SITE: Final = "skb_data"
NSPROXY_SITE: Final = "nsproxy"
SPACE_SITE: Final = "mnt_namespace"
DEVICE_SITE: Final = "mnt_devname"
NAME_SITE: Final = "d_name"

# name: (kind, the function that calls, what for)
SITES: Final = {
    STACK_SITE: ("pages", "alloc_thread_info", "a task's stack, two pages"),
    TABLE_SITE: ("pages", "pte_alloc_one", "a page table"),
    BUFFER_SITE: ("pages", "pipe_write", "what was written into a pipe and not read"),
    PIPE_SITE: ("kmalloc", "alloc_pipe_info", "a struct pipe_inode_info"),
    SKB_SITE: ("kmalloc", "__alloc_skb", "the data of a message"),
    NSPROXY_SITE: ("kmalloc", "clone_nsproxy", "a struct nsproxy"),
    SPACE_SITE: ("kmalloc", "dup_mnt_ns", "a struct mnt_namespace"),
    DEVICE_SITE: ("kmalloc", "alloc_vfsmnt", "the name of a mount's device"),
    NAME_SITE: ("kmalloc", "d_alloc", "a name too long for its dentry"),
}

# Calls that somebody makes by hand (by_hand.py): there is nothing to mark, each call says for itself.
BY_HAND: Final = ("kmalloc", "vmalloc", "pages")


def kind_of(site: str) -> str:
    """Say which kind of memory a call site, or a call by hand, takes."""
    return SITES[site][0] if site in SITES else site


def read_kinds(text: str) -> tuple[str, ...]:
    """Read `kinds=`: words apart by commas, "cache" among them; in the order of KINDS.

    Raises:
        KernelError: EINVAL for another word, for one that is there twice, and without "cache".
    """
    words = text.split(",")
    for word in words:
        if word not in KINDS or words.count(word) > 1:
            raise invalid(f"kinds={text!r}: write cache, then kmalloc, vmalloc and pages as you like, with commas between")
    if "cache" not in words:
        raise invalid(f"kinds={text!r}: cache must be among them, it is what the patchset charges")
    return tuple(word for word in KINDS if word in words)


def held_by_site(machine: Machine) -> dict[str, list[int]]:
    """List the addresses of what each call site has given out and nobody has freed; what was called by hand comes last.

    Nothing is counted while the machine runs: who holds what is looked up in tasks, pipes, sockets, mounts and dentries.
    """
    held: dict[str, list[int]] = {name: [] for name in (*SITES, *BY_HAND)}
    spaces: list[int] = []
    for task in machine.tasks.by_pid.values():
        if task.stack != NONE:
            held[STACK_SITE].append(task.stack << PAGE_SHIFT)
        held[TABLE_SITE] += [each.table << PAGE_SHIFT for each in task.maps if each.table != NONE]
        namespace = task.namespace
        if namespace is not None and namespace.space not in spaces:
            spaces.append(namespace.space)
            held[NSPROXY_SITE].append(namespace.nsproxy)
            held[SPACE_SITE].append(namespace.space)
            held[DEVICE_SITE] += [name for _, name in namespace.mounts if name != NONE]
    hold_behind(machine, held)
    held[NAME_SITE] += [name for _, name in machine.dcache.negative if name != NONE]
    for waiting in machine.rcu.queue:
        if waiting.name != NONE:
            held[NAME_SITE].append(waiting.name)
        if waiting.stack != NONE:
            held[STACK_SITE].append(waiting.stack << PAGE_SHIFT)
    for address, call, _ in machine.by_hand.held:
        held[call].append(address)
    return held


def hold_behind(machine: Machine, held: dict[str, list[int]]) -> None:
    """List what pipes and sockets have, each once however many struct files lead to it."""
    seen: list[int] = []
    for behind in machine.tasks.behind.values():
        if behind.inode in seen:
            continue
        seen.append(behind.inode)
        for site, addresses in behind.calls():
            held[site] += addresses


def bytes_at(machine: Machine, address: int) -> int:
    """Say what an address of one of the kinds takes of memory: s->size of a kmalloc object, whole pages of anything else."""
    if address < 0:
        return 0
    area = machine.vmalloc.areas.get(address)
    if area is not None:
        return len(area.pages) * PAGE_SIZE
    pfn = address >> PAGE_SHIFT
    slab = machine.slub.slab_of[pfn]
    if slab is not None:
        return int(slab.cache.size)
    order: int = machine.slub.pages.used_order[pfn]
    return PAGE_SIZE << order


def is_seen(machine: Machine, address: int) -> bool:
    """Say whether somebody's container pays for an address."""
    if address in machine.marked.paid:
        return True
    slab = machine.slub.slab_of[address >> PAGE_SHIFT] if address not in machine.vmalloc.areas else None
    if slab is None or not slab.has_owners:
        return False
    owner: int = slab.owners[(address - slab.s_mem) // slab.cache.size]
    return owner != NONE


def cache_objects(machine: Machine) -> tuple[int, int, int]:
    """Count the objects of named caches: how many there are, the bytes that somebody pays for, and those nobody pays for.

    kmalloc caches are left out: what is in them is a call site's, or an owner array.
    """
    count = seen = unseen = 0
    last = None
    for slab in machine.slub.slab_of:
        if slab is None or slab is last or slab.cache.family & KMALLOC:
            continue
        last = slab
        live = slab.live()
        owned = sum(1 for owner in slab.owners if owner != NONE)
        count += live
        seen += owned * int(slab.cache.size)
        unseen += (live - owned) * int(slab.cache.size)
    return count, seen, unseen

"""Kind slab-geometry: order, objects and array cache limits of SLAB, as a 6.1 with SLAB gave them in /proc/slabinfo.

The recording has names and sizes only. Flags come by name from the same kernel series under SLUB (facts 2.10), as does
the size that was asked for where it is not the size recorded and decides.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ..engine.geometry import DESTROY_BY_RCU, RECLAIM_ACCOUNT
from ..engine.slab_geometry import array_limits, layout_6_1
from ..recordings import number, read_rows
from .walk import Checked

COLUMNS = [
    "cache", "object_size_slabinfo", "objs_per_slab", "pages_per_slab", "order", "limit", "batchcount", "sharedfactor",
]  # fmt: skip
NAME: Final = re.compile(r"geometry-(?P<kernel>[0-9.]+)-SLAB-(?P<cpus>[0-9]+)cpu-")
MODELLED: Final = "6.1."
ASKED: Final = {"fs_cache": 56}  # bytes asked for, where fewer than the size make a slab's list move out of its objects

RECLAIM: Final = frozenset({
    "bdev_cache", "buffer_head", "dax_cache", "dentry", "dquot", "ext4_allocation_context", "ext4_extent_status",
    "ext4_fc_dentry_update", "ext4_free_data", "ext4_inode_cache", "ext4_io_end", "ext4_pending_reservation",
    "ext4_prealloc_space", "fscrypt_info", "fsverity_info", "inode_cache", "jbd2_journal_handle", "jbd2_journal_head",
    "jbd2_revoke_record_s", "jbd2_revoke_table_s", "jbd2_transaction_s", "mbcache", "proc_inode_cache", "radix_tree_node",
    "sock_inode_cache",
})  # fmt: skip
RCU: Final = frozenset({
    "MPTCP", "MPTCPv6", "TCP", "TCPv6", "anon_vma", "bio-192", "bio-256", "jbd2_journal_head", "request_sock_TCP",
    "request_sock_TCPv6", "request_sock_subflow_v4", "request_sock_subflow_v6", "sighand_cache", "tw_sock_TCP",
    "tw_sock_TCPv6",
})  # fmt: skip
CTOR: Final = frozenset({
    "anon_vma", "bdev_cache", "dax_cache", "ext4_inode_cache", "hugetlbfs_inode_cache", "iint_cache", "inode_cache",
    "mqueue_inode_cache", "proc_inode_cache", "radix_tree_node", "shmem_inode_cache", "sighand_cache", "sock_inode_cache",
    "userfaultfd_ctx_cache",
})  # fmt: skip


def flags_of(cache: str) -> int:
    """Return the flags that decide a slab's layout."""
    reclaim = cache in RECLAIM or cache.startswith("kmalloc-rcl-")
    return (RECLAIM_ACCOUNT if reclaim else 0) | (DESTROY_BY_RCU if cache in RCU else 0)


def check(path: Path, checked: Checked) -> Checked:
    """Lay every cache out again."""
    named = NAME.match(path.name)
    if named is None:
        return checked.skip("its name does not say which kernel and how many cpus: geometry-KERNEL-SLAB-Ncpu-...")
    checked.kernel = named["kernel"]
    if not checked.kernel.startswith(MODELLED):
        return checked.skip(f"the geometry of SLAB is that of 6.1; {checked.kernel} is not modelled")
    cpus = int(named["cpus"])
    with checked:
        for line, row in read_rows(path, COLUMNS):
            size = number(path, line, "object_size_slabinfo", row["object_size_slabinfo"])
            cache = row["cache"]
            made = layout_6_1(size, ASKED.get(cache, size), flags_of(cache), cache in CTOR)
            got = [made.objects, 1 << made.order, made.order, *array_limits(size, cpus)]
            pairs = list(zip(COLUMNS[2:], got, strict=True))
            checked.count(all(checked.compare(line, column, row[column], str(value)) for column, value in pairs))
    return checked

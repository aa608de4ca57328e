"""The slab caches that a machine makes at boot besides kmalloc's, with the sizes that the kernel's own headers give."""

from __future__ import annotations

from typing import Final

from .geometry import DESTROY_BY_RCU, HWCACHE_ALIGN, RECLAIM_ACCOUNT

HW: Final = HWCACHE_ALIGN
RCU: Final = DESTROY_BY_RCU
RECLAIM: Final = RECLAIM_ACCOUNT

# (name, bytes, align, flags, constructor): x86-64, compiled from the v2.6.23 headers, facts 2.7.
CACHES: Final = (
    ("task_struct", 1824, 16, 0, False),
    ("sighand_cache", 2088, 0, HW | RCU, True),
    ("signal_cache", 704, 0, HW, False),
    ("files_cache", 768, 0, HW, False),
    ("fs_cache", 64, 0, HW, False),
    ("mm_struct", 832, 0, HW, False),
    ("vm_area_struct", 176, 0, 0, False),
    ("anon_vma", 24, 0, RCU, True),
    ("filp", 216, 0, HW, False),
    ("dentry", 208, 0, RECLAIM, False),
    ("inode_cache", 536, 0, RECLAIM, True),
    ("proc_inode_cache", 568, 0, RECLAIM, True),
    ("ext3_inode_cache", 736, 0, RECLAIM, True),
    ("shmem_inode_cache", 760, 0, 0, True),
    ("sock_inode_cache", 616, 0, HW | RECLAIM, True),
    ("TCP", 1568, 0, HW, False),
    ("UDP", 760, 0, HW, False),
    ("UNIX", 688, 0, HW, False),
    ("skbuff_head_cache", 192, 0, HW, False),
    ("mnt_cache", 208, 0, HW, False),
    ("sigqueue", 160, 0, 0, False),
    ("posix_timers_cache", 168, 0, 0, False),
    ("file_lock_cache", 176, 0, 0, True),
    ("fasync_cache", 24, 0, 0, False),
    ("pid", 64, 0, 0, False),
    ("buffer_head", 104, 0, RECLAIM, False),
    ("uid_cache", 64, 0, HW, False),
)

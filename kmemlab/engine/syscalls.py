"""What a task asks for, and what that makes the kernel allocate: open and close of one file. fs/namei.c, fs/open.c 2.6.23.

The file itself is there already, with its dentry and inode, so an open takes one `struct file` from the cache `filp`, and
nothing else. Limits on the number of files (RLIMIT_NOFILE, fs.file-max) are lifted: what stops a bomb is memory, or a
container (kmemlab's choice).
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .errors import KernelError
from .types import NONE, i64

if TYPE_CHECKING:
    from .machine import Machine
    from .tasks import Task

FILP: Final = "filp"


def sys_open(machine: Machine, task: Task) -> int:
    """Open a file; returns the lowest free descriptor.

    Raises:
        KernelError: ENFILE, if there is no struct file to be had, for want of memory or of a limit: `open` of the 2007 eras
            says so for both (`path_lookup_open`, fs/namei.c).
    """
    address = machine.kmem_cache_alloc(FILP)
    if address == NONE:
        raise KernelError(errno.ENFILE, "There was no struct file to be had: no memory, or the container's limit.")
    return install(task, address)


def install(task: Task, address: i64) -> int:
    """Put a struct file behind the lowest free descriptor, and return that (`get_unused_fd`, `fd_install`)."""
    files = task.files
    fd = task.next_fd
    while fd < len(files) and files[fd] != NONE:
        fd += 1
    if fd == len(files):
        files.append(address)
    else:
        files[fd] = address
    task.next_fd = fd + 1
    return fd

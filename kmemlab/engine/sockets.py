"""Files with something behind them: pipes and UNIX sockets. fs/pipe.c, net/socket.c, net/unix/af_unix.c 2.6.23, facts 7.

A pipe costs two struct files, an inode, a dentry, 728 bytes of kmalloc, and up to 16 pages of what was written and not read:
most of it is seen by nobody's container. A socket costs a struct file, a sock_inode_cache, a dentry and a UNIX; a message that
waits in it a skbuff_head_cache and kmalloc. The orders of allocation and the errnos are 2.6.23's, by recollection;
2.6.24 makes a pipe's inode and dentry before its first struct file. Their dentries are never hashed, so they do not wait
for a grace period (`d_free`); struct files do.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from .errors import KernelError
from .mm import BUDDY_PAGE
from .sites import BUFFER_SITE, PIPE_SITE, SKB_SITE
from .syscalls import FILP, install
from .types import NONE, PAGE_SHIFT, i64, mypyc_attr

if TYPE_CHECKING:
    from .machine import Machine
    from .tasks import Task

DENTRY: Final = "dentry"
PIPE: Final = "pipe"
INODE: Final = "inode_cache"
PIPE_INFO: Final = 728  # bytes of a struct pipe_inode_info on x86-64, facts 2.7
PIPE_BUFFERS: Final = 16
SOCKET_INODE: Final = "sock_inode_cache"
UNIX: Final = "UNIX"
SKB: Final = "skbuff_head_cache"
MESSAGE: Final = 512  # bytes of the message that `socket -s` leaves unread (kmemlab's choice)
SHARED_INFO: Final = 312  # struct skb_shared_info behind the data, facts 2.7


@mypyc_attr(allow_interpreted_subclasses=True)
class Behind:
    """What is behind a struct file: an inode and a dentry, for a start.

    Attributes:
        kind: "pipe" or "socket"; inode_cache: where its inode is from.
        ends: struct files that lead here.
        inode, dentry: addresses.
    """

    def __init__(self, kind: str, inode_cache: str) -> None:
        self.kind = kind
        self.inode_cache = inode_cache
        self.ends: int = 0
        self.inode: i64 = NONE
        self.dentry: i64 = NONE

    def release(self, machine: Machine) -> None:
        """Let go of what the file system keeps for it, when the last struct file is closed (f_op->release)."""

    def dput(self, machine: Machine) -> None:
        """Free inode and dentry, in this order (`d_kill`: `dentry_iput`, then `d_free`)."""
        machine.kmem_cache_free(self.inode)
        machine.kmem_cache_free(self.dentry)

    def objects(self) -> list[tuple[str, int]]:
        """List (cache, address) of all that is allocated for it; "kmalloc" for no cache of its own."""
        return [(self.inode_cache, self.inode), (DENTRY, self.dentry)]

    def calls(self) -> list[tuple[str, list[int]]]:
        """List (call site, addresses) of what is no object of a named cache (sites.py)."""
        return []

    def fields(self) -> list[list[int]]:
        """Return its own addresses as plain values, for `restore_fields`."""
        return []

    def restore_fields(self, saved: list[list[int]]) -> None:
        """Become what `fields` said."""


class Pipe(Behind):
    """A pipe (struct pipe_inode_info).

    Attributes:
        info: address of the pipe_inode_info, of kmalloc.
        pages: page numbers of what was written and not read, one for each buffer.
    """

    def __init__(self) -> None:
        super().__init__(PIPE, INODE)
        self.info: i64 = NONE
        self.pages: list[int] = []

    def release(self, machine: Machine) -> None:
        """Free the buffers, first to last, and the pipe_inode_info (`free_pipe_info`)."""
        for pfn in self.pages:
            machine.slub.pages.free_pages(pfn, 0)
        self.pages = []
        machine.kmalloc.kfree(self.info, machine.current.cpu)

    def objects(self) -> list[tuple[str, int]]:
        """List (cache, address)."""
        return [*super().objects(), ("kmalloc", self.info)]

    def calls(self) -> list[tuple[str, list[int]]]:
        """List the pipe_inode_info and the buffers."""
        return [(PIPE_SITE, [self.info]), (BUFFER_SITE, [pfn << PAGE_SHIFT for pfn in self.pages])]

    def fields(self) -> list[list[int]]:
        """Return info and pages."""
        return [[self.info], list(self.pages)]

    def restore_fields(self, saved: list[list[int]]) -> None:
        """Become what `fields` said."""
        self.info = saved[0][0]
        self.pages = list(saved[1])


class Socket(Behind):
    """A UNIX socket.

    Attributes:
        sk: address of its struct unix_sock.
        queue: (skbuff_head_cache, kmalloc) addresses of messages nobody has read, oldest first.
    """

    def __init__(self) -> None:
        super().__init__("socket", SOCKET_INODE)
        self.sk: i64 = NONE
        self.queue: list[tuple[int, int]] = []

    def release(self, machine: Machine) -> None:
        """Drop unread messages, data before head (`kfree_skb`), then the sock (`unix_release_sock`)."""
        for head, data in self.queue:
            machine.kmalloc.kfree(data, machine.current.cpu)
            machine.kmem_cache_free(head)
        self.queue = []
        machine.kmem_cache_free(self.sk)

    def objects(self) -> list[tuple[str, int]]:
        """List (cache, address)."""
        messages = [each for head, data in self.queue for each in ((SKB, head), ("kmalloc", data))]
        return [*super().objects(), (UNIX, self.sk), *messages]

    def calls(self) -> list[tuple[str, list[int]]]:
        """List the data of the messages."""
        return [(SKB_SITE, [data for _, data in self.queue])]

    def fields(self) -> list[list[int]]:
        """Return sk and messages."""
        return [[self.sk], *[[head, data] for head, data in self.queue]]

    def restore_fields(self, saved: list[list[int]]) -> None:
        """Become what `fields` said."""
        self.sk = saved[0][0]
        self.queue = [(head, data) for head, data in saved[1:]]


def make_behind(kind: str) -> Behind:
    """Make an empty one of a kind, to be restored."""
    return Pipe() if kind == PIPE else Socket()


def refuse(number: int, thing: str) -> KernelError:
    """Make the complaint that there is no `thing`."""
    return KernelError(number, f"There was no {thing} to be had: no memory, or the container's limit.")


def fput(machine: Machine, address: i64, behind: Behind) -> None:
    """Free a struct file and, with the last one, what is behind it (`__fput`: release, `file_free`, `dput`)."""
    behind.ends -= 1
    if behind.ends == 0:
        behind.release(machine)
    machine.rcu.free(FILP, address)
    if behind.ends == 0:
        behind.dput(machine)


def sys_pipe(machine: Machine, task: Task, fill: bool = False) -> tuple[int, int]:
    """Make a pipe (`do_pipe`); returns the descriptors of its reading and its writing end.

    In turn: struct file of the writing end, inode, pipe_inode_info, dentry (`create_write_pipe`), struct file of the reading
    end. With `fill` 64 KiB are written into it: 16 pages (`pipe_write`). A write that finds no page would write less; here
    the pipe is then taken down (kmemlab's choice).

    Raises:
        KernelError: ENFILE, for want of a struct file, the inode or the pipe_inode_info; ENOMEM, of the dentry or a page.
    """
    write = machine.kmem_cache_alloc(FILP)
    if write == NONE:
        raise refuse(errno.ENFILE, "struct file")
    pipe = Pipe()
    pipe.inode = machine.kmem_cache_alloc(INODE)
    if pipe.inode == NONE:
        machine.rcu.free(FILP, write)
        raise refuse(errno.ENFILE, "inode")
    pipe.info = machine.marked.kmalloc(PIPE_SITE, PIPE_INFO)
    if pipe.info == NONE:
        machine.kmem_cache_free(pipe.inode)
        machine.rcu.free(FILP, write)
        raise refuse(errno.ENFILE, "pipe_inode_info")
    pipe.dentry = machine.kmem_cache_alloc(DENTRY)
    if pipe.dentry == NONE:
        pipe.release(machine)
        machine.kmem_cache_free(pipe.inode)
        machine.rcu.free(FILP, write)
        raise refuse(errno.ENOMEM, "dentry")
    read = machine.kmem_cache_alloc(FILP)
    if read == NONE:
        pipe.release(machine)  # free_write_pipe
        pipe.dput(machine)
        machine.rcu.free(FILP, write)
        raise refuse(errno.ENFILE, "struct file")
    pipe.ends = 2
    while fill and len(pipe.pages) < PIPE_BUFFERS:
        page = machine.marked.alloc_pages(BUFFER_SITE, 0, BUDDY_PAGE)
        if page == NONE:
            why = f"There was no page for buffer {len(pipe.pages)} of the pipe{machine.marked.because()}."
            fput(machine, read, pipe)
            fput(machine, write, pipe)  # the last end takes the buffers along
            raise KernelError(errno.ENOMEM, why)
        pipe.pages.append(page)
    machine.tasks.behind[read] = machine.tasks.behind[write] = pipe
    return install(task, read), install(task, write)


def sys_socket(machine: Machine, task: Task, send: bool = False) -> int:
    """Make a UNIX socket (`sys_socket`, `unix_create`); returns its descriptor.

    In turn: sock_inode_cache (`sock_alloc`), UNIX (`sk_alloc`), struct file and dentry (`sock_alloc_fd`, `sock_attach_fd`).
    With `send` a message waits in it that nobody reads: skbuff_head_cache, then its data (`__alloc_skb`).

    Raises:
        KernelError: ENFILE, for want of the inode or the struct file; ENOMEM, of the UNIX or the dentry; ENOBUFS, of the
            message (`sock_alloc_send_pskb`); the socket is then taken down again (kmemlab's choice).
    """
    socket = Socket()
    socket.inode = machine.kmem_cache_alloc(SOCKET_INODE)
    if socket.inode == NONE:
        raise refuse(errno.ENFILE, "socket inode")
    socket.sk = machine.kmem_cache_alloc(UNIX)
    if socket.sk == NONE:
        machine.kmem_cache_free(socket.inode)
        raise refuse(errno.ENOMEM, "UNIX")
    address = machine.kmem_cache_alloc(FILP)
    if address == NONE:
        socket.release(machine)
        machine.kmem_cache_free(socket.inode)
        raise refuse(errno.ENFILE, "struct file")
    socket.dentry = machine.kmem_cache_alloc(DENTRY)
    if socket.dentry == NONE:
        machine.rcu.free(FILP, address)
        socket.release(machine)
        machine.kmem_cache_free(socket.inode)
        raise refuse(errno.ENOMEM, "dentry")
    socket.ends = 1
    if send and not queue_message(machine, socket):
        fput(machine, address, socket)
        raise KernelError(errno.ENOBUFS, "There was no sk_buff to be had: no memory, or the container's limit.")
    machine.tasks.behind[address] = socket
    return install(task, address)


def queue_message(machine: Machine, socket: Socket) -> bool:
    """Queue a message of 512 bytes. False if there is no memory for it; nothing has changed then."""
    head = machine.kmem_cache_alloc(SKB)
    if head == NONE:
        return False
    data = machine.marked.kmalloc(SKB_SITE, MESSAGE + SHARED_INFO)
    if data == NONE:
        machine.kmem_cache_free(head)
        return False
    socket.queue.append((head, data))
    return True

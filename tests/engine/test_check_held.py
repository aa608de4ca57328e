"""check() sees what is wrong with maps, signals, timers, locks, mounts, pipes, sockets, dentries and interrupts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kmemlab.engine.errors import CheckError
from kmemlab.engine.irq import PACKET, SOFTIRQ
from kmemlab.engine.machine import Machine
from kmemlab.engine.mm import Map
from kmemlab.engine.sockets import Pipe, Socket
from kmemlab.engine.types import GFP_ATOMIC, NONE

from . import test_irq_payer, test_mm, test_signals, test_sockets
from .faulty import ready
from .machines import Checked


def everything(machine: Checked) -> None:
    test_mm.three_maps_two_touched(machine)
    test_sockets.one_of_each(machine)
    test_signals.one_of_each(machine)
    test_irq_payer.packet(machine)


def behind(kernel: Machine, kind: type) -> Pipe | Socket:
    found = [each for each in kernel.tasks.behind.values() if isinstance(each, kind)]
    assert isinstance(found[-1], Pipe | Socket)
    return found[-1]


def free_a_vma(kernel: Machine) -> None:
    kernel.kmem_cache_free(kernel.current.task.maps[0].vma)


def forget_a_table(kernel: Machine) -> None:
    kernel.current.task.maps[0].table = NONE


def free_a_table(kernel: Machine) -> None:
    kernel.slub.pages.free_pages(kernel.current.task.maps[0].table, 0)


def share_a_table(kernel: Machine) -> None:
    kernel.current.task.maps[0].table = kernel.current.task.maps[1].table


def miscount_touched(kernel: Machine) -> None:
    kernel.current.task.touched -= 1


def miscount_anon(kernel: Machine) -> None:
    kernel.tasks.anon_shared[kernel.current.task.maps[0].anon] = 2


def map_a_file(kernel: Machine) -> None:
    kernel.current.task.maps.append(Map(kernel.kmem_cache_alloc("dentry")))


def take_a_signal_twice(kernel: Machine) -> None:
    kernel.current.task.signals.append(kernel.current.task.timers[0][1])


def free_a_timer(kernel: Machine) -> None:
    kernel.kmem_cache_free(kernel.current.task.timers[0][0])


def lock_what_is_closed(kernel: Machine) -> None:
    kernel.current.task.locks[0] = (1, kernel.current.task.locks[0][1])


def miscount_members(kernel: Machine) -> None:
    assert kernel.current.task.namespace is not None
    kernel.current.task.namespace.users += 1


def lose_a_mounts_name(kernel: Machine) -> None:
    assert kernel.current.task.namespace is not None
    kernel.kmalloc.kfree(kernel.current.task.namespace.mounts[0][1], 0)


def miscount_ends(kernel: Machine) -> None:
    behind(kernel, Pipe).ends -= 1


def leave_a_pipe_behind(kernel: Machine) -> None:
    kernel.tasks.behind[12345] = behind(kernel, Pipe)


def free_a_sock(kernel: Machine) -> None:
    socket = behind(kernel, Socket)
    assert isinstance(socket, Socket)
    kernel.kmem_cache_free(socket.sk)


def swap_inode_and_dentry(kernel: Machine) -> None:
    socket = behind(kernel, Socket)
    socket.inode, socket.dentry = socket.dentry, socket.inode


def free_a_dentry(kernel: Machine) -> None:
    kernel.kmem_cache_free(kernel.dcache.negative[0][0])


def free_a_packet(kernel: Machine) -> None:
    kernel.kmem_cache_free(kernel.interrupts.held[SOFTIRQ][0][1])


def free_the_name_of_a_dentry(kernel: Machine) -> None:
    name = next(name for _, name in kernel.dcache.negative if name != NONE)
    kernel.kmalloc.kfree(name, 0)


def free_the_newest_packet(kernel: Machine) -> None:
    kernel.interrupts.alloc(SOFTIRQ, PACKET, GFP_ATOMIC)
    held = kernel.interrupts.held[SOFTIRQ]
    assert len(held) > 1
    kernel.kmem_cache_free(held[-1][1])


def free_the_last_buffer_of_a_pipe(kernel: Machine) -> None:
    pipe = behind(kernel, Pipe)
    assert isinstance(pipe, Pipe) and len(pipe.pages) > 1
    kernel.slub.pages.free_pages(pipe.pages[-1], 0)


def one_end_too_many(kernel: Machine) -> None:
    behind(kernel, Socket).ends += 1


BROKEN: list[tuple[Callable[[Machine], None], str]] = [
    (free_a_vma, "in use"),
    (forget_a_table, "touched maps come first"),
    (free_a_table, "a table or a buffer has its page"),
    (share_a_table, "somebody's alone"),
    (miscount_touched, "touched maps come first"),
    (miscount_anon, "an anon_vma counts its maps"),
    (map_a_file, "in its cache"),
    (take_a_signal_twice, "nobody holds what another holds"),
    (free_a_timer, "in use"),
    (lock_what_is_closed, "a lock is on an open file"),
    (miscount_members, "a namespace counts its tasks"),
    (lose_a_mounts_name, "in use"),
    (miscount_ends, "ends are the struct files"),
    (leave_a_pipe_behind, "behind an open one"),
    (free_a_sock, "in use"),
    (swap_inode_and_dentry, "in its cache"),
    (free_a_dentry, "in use"),
    (free_a_packet, "in use"),
    (free_the_name_of_a_dentry, "in use"),
    (free_the_newest_packet, "in use"),
    (free_the_last_buffer_of_a_pipe, "a table or a buffer has its page"),
    (one_end_too_many, "ends are the struct files"),
]


@pytest.mark.parametrize(("broken", "rule"), BROKEN, ids=[row[0].__name__ for row in BROKEN])
def test_check_finds(broken: Callable[[Machine], None], rule: str) -> None:
    machine = ready(everything)
    machine.machine.check()
    broken(machine.machine)
    with pytest.raises(CheckError, match=rule):
        machine.machine.check()


def test_all_of_it_is_restored_and_goes_on() -> None:
    machine = ready(everything)
    saved = machine.machine.state()
    other = Checked()
    other.machine.restore(saved)
    assert other.machine.state() == saved
    for each in (machine, other):
        each.exit(2)
    assert other.machine.state() == machine.machine.state()

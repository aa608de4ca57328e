"""/sys/slab/CACHE/cache_account: what may be switched when (cover letter; facts 1.1, 1.4)."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.errors import KernelError

from .machines import Checked, errno_of

ACCOUNT = "/sys/slab/filp/cache_account"


def test_1_switches_on_and_0_off_the_newline_of_echo_does_no_harm(machine: Checked) -> None:
    cache = machine.machine.find_cache("filp")
    for text, on in [("1\n", True), ("1", True), ("0\n", False), ("0", False), ("10", True), ("0x1", False)]:
        machine.write(ACCOUNT, text)
        assert machine.machine.accounted(cache) == on
        assert machine.read(ACCOUNT) == f"{int(on)}\n"


@pytest.mark.parametrize("text", ["", "\n", "2", "on", " 1", "-1", "yes"])
def test_other_text_is_refused(machine: Checked, text: str) -> None:
    machine.write(ACCOUNT, "1")
    assert errno_of(machine.write, ACCOUNT, text) == errno.EINVAL
    assert machine.read(ACCOUNT) == "1\n"


def test_every_kmalloc_cache_is_refused_on_and_off(machine: Checked) -> None:
    caches = [cache for cache in machine.machine.slub.caches if cache.family]
    assert len(caches) >= 11
    before = machine.machine.state_hash()
    for cache in caches:
        for text in "10":
            assert errno_of(machine.write, f"/sys/slab/{cache.name}/cache_account", text) == errno.EINVAL
    assert machine.machine.state_hash() == before


def test_every_other_cache_can_be_switched(machine: Checked) -> None:
    caches = [each for each in machine.machine.slub.caches if not each.family]
    assert len(caches) >= 10
    for cache in caches:
        machine.account(cache.name)
        assert machine.machine.accounted(cache)


def test_off_is_busy_while_one_object_is_in_use(kmem: Checked) -> None:
    for _ in range(20):
        kmem.open(2)
    for fd in range(19):
        kmem.close(2, fd)
    before = kmem.machine.state_hash()
    with pytest.raises(KernelError) as refusal:
        kmem.account("filp", False)
    assert refusal.value.errno == errno.EBUSY
    assert "filp has 1 object" in str(refusal.value)
    assert str(refusal.value).endswith("Full slabs are on no list, so they cannot be uncharged.")
    assert kmem.machine.state_hash() == before
    kmem.close(2, 19)
    kmem.account("filp", False)
    assert not kmem.machine.accounted(kmem.machine.find_cache("filp"))


def test_objects_that_nobody_paid_keep_it_busy_too(machine: Checked) -> None:
    machine.mount()
    machine.open()
    machine.account("filp")
    assert errno_of(machine.account, "filp", False) == errno.EBUSY


def test_off_where_it_is_off_is_no_change_even_with_objects(machine: Checked) -> None:
    machine.open()
    before = machine.machine.state_hash()
    machine.account("filp", False)
    assert machine.machine.state_hash() == before


def test_the_switch_is_an_event_once(kmem: Checked) -> None:
    log = kmem.machine.log
    assert log is not None
    before = log.length
    kmem.account("filp", True)
    assert log.length == before
    kmem.account("filp", False)
    assert log.length == before + 1


def test_objects_from_before_stay_unpaid_and_so_do_new_ones_on_their_slab(machine: Checked) -> None:
    machine.mount()
    machine.open()
    machine.account("filp")
    for _ in range(15):
        machine.open()
    assert machine.counter() == (0, 0)
    machine.open()  # the sixteenth was the slab's last: this one is on a slab with an array
    assert machine.counter() == (256, 0)
    for fd in range(17):
        machine.close(1, fd)
    assert machine.counter() == (0, 0)


def test_what_is_free_when_it_is_switched_off_is_paid_again_when_it_is_on_again(kmem: Checked) -> None:
    kmem.close(2, kmem.open(2))
    kmem.account("filp", False)
    kmem.account("filp")
    kmem.open(2)  # on the slab that lost its array
    assert kmem.counter("web") == (0, 0)
    kmem.close(2, 0)
    kmem.shrink(kmem.machine.find_cache("filp"))
    kmem.open(2)
    assert kmem.counter("web") == (256, 0)


def test_without_the_file_system_mounted_the_root_pays(machine: Checked) -> None:
    machine.account("filp")
    machine.open()
    assert machine.machine.kmem_subsystem.root.res.usage == 256
    machine.mount()
    assert machine.counter() == (256, 0)

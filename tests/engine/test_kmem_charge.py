"""Who pays: the charge, the refusal and what it undoes, frees by others, tasks that move (facts 1.2 to 1.4)."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.errors import KernelError
from kmemlab.engine.kmem import CHARGE, FIND, GET, PUT, STORE, UNCHARGE, UNWIND, limit_or_none
from kmemlab.engine.res_counter import NO_LIMIT

from .machines import Checked, errno_of, without_failcnt

FILE = 256  # s->size of filp: what one open file costs


def test_each_object_costs_the_size_of_the_cache_and_one_reference(kmem: Checked) -> None:
    refs = kmem.group("web").refs
    for _ in range(3):
        kmem.open(2)
    assert (kmem.counter("web"), kmem.group("web").refs) == ((3 * FILE, 0), refs + 3)


def test_charges_never_climb(kmem: Checked) -> None:
    kmem.mkdir("web/php")
    kmem.attach(2, "web/php")
    kmem.open(2)
    assert [kmem.counter(name) for name in ("web/php", "web", "")] == [(FILE, 0), (0, 0), (0, 0)]


def test_whoever_frees_the_object_the_container_that_paid_is_paid_back(kmem: Checked) -> None:
    kmem.mkdir("db")
    kmem.open(2)
    child = kmem.fork(2)
    kmem.attach(child, "db")
    kmem.close(2, 0)
    assert kmem.counter("web") == (FILE, 0)  # the child has it open still
    kmem.close(child, 0)
    assert (kmem.counter("web"), kmem.counter("db")) == ((0, 0), (0, 0))


def test_charges_do_not_move_with_the_task(kmem: Checked) -> None:
    kmem.mkdir("db")
    kmem.open(2)
    kmem.attach(2, "db")
    assert (kmem.counter("web"), kmem.counter("db")) == ((FILE, 0), (0, 0))
    kmem.open(2)
    assert (kmem.counter("web"), kmem.counter("db")) == ((FILE, 0), (FILE, 0))
    kmem.exit(2)
    assert (kmem.counter("web"), kmem.counter("db")) == ((0, 0), (0, 0))


def test_the_last_object_that_fits_fits_exactly(kmem: Checked) -> None:
    kmem.limit("web", 2 * FILE)
    assert [errno_of(kmem.open, 2) for _ in range(3)] == [0, 0, errno.ENFILE]
    assert kmem.counter("web") == (2 * FILE, 1)


def test_one_byte_less_and_the_last_object_does_not_fit(kmem: Checked) -> None:
    kmem.limit("web", 2 * FILE - 1)
    assert [errno_of(kmem.open, 2) for _ in range(2)] == [0, errno.ENFILE]
    assert kmem.counter("web") == (FILE, 1)


def test_a_refused_open_changes_nothing_but_failcnt_and_the_slab_that_was_made_for_it(kmem: Checked) -> None:
    kmem.limit("web", 0)
    kmem.as_task(2)
    before = without_failcnt(kmem.machine.state())
    assert errno_of(kmem.open, 2) == errno.ENFILE
    assert without_failcnt(kmem.machine.state()) == before
    assert kmem.counter("web") == (0, 1)
    assert kmem.machine.find_cache("filp").nr_slabs == 1
    exact = kmem.machine.state()
    assert errno_of(kmem.open, 2) == errno.ENFILE
    exact["containers"]["hierarchies"][0]["containers"][1]["kmem"]["failcnt"] = 2
    assert kmem.machine.state() == exact


def test_a_neighbour_does_not_feel_the_limit(kmem: Checked) -> None:
    kmem.limit("web", 0)
    assert (errno_of(kmem.open, 2), errno_of(kmem.open, 1)) == (errno.ENFILE, 0)
    assert (kmem.counter("web"), kmem.counter("")) == ((0, 1), (FILE, 0))


def test_a_limit_below_usage_takes_nothing_away_and_lets_nothing_in(kmem: Checked) -> None:
    for _ in range(3):
        kmem.open(2)
    kmem.limit("web", FILE)
    assert errno_of(kmem.open, 2) == errno.ENFILE
    kmem.close(2, 0)
    kmem.close(2, 1)
    assert errno_of(kmem.open, 2) == errno.ENFILE
    kmem.close(2, 2)
    assert errno_of(kmem.open, 2) == 0


def test_failcnt_can_be_set_back_and_usage_cannot_be_written(kmem: Checked) -> None:
    kmem.limit("web", 0)
    errno_of(kmem.open, 2)
    kmem.write("/containers/web/kmem.failcnt", "0")
    assert kmem.counter("web") == (0, 0)
    assert errno_of(kmem.write, "/containers/web/kmem.usage", "0") == errno.EINVAL


def test_the_steps_of_a_charge_come_in_the_order_of_the_fact_sheet(kmem: Checked) -> None:
    kmem.machine.kmem.tracing = True
    web = kmem.group("web").ident
    refs = kmem.group("web").refs
    kmem.open(2)
    assert kmem.machine.kmem.steps == [(FIND, 2, web), (GET, refs, refs + 1), (CHARGE, 0, FILE), (STORE, 0, web)]
    kmem.close(2, 0)
    assert kmem.machine.kmem.steps == [(UNCHARGE, FILE, 0), (PUT, refs + 1, refs)]


def test_the_steps_of_a_refusal_end_before_the_owner_is_stored(kmem: Checked) -> None:
    kmem.machine.kmem.tracing = True
    kmem.limit("web", 0)
    refs = kmem.group("web").refs
    errno_of(kmem.open, 2)
    assert kmem.machine.kmem.steps[1:] == [(GET, refs, refs + 1), (CHARGE, 0, -1), (UNWIND, refs + 1, refs)]
    assert kmem.machine.kmem.refused_for == kmem.group("web").ident


def test_a_fork_is_charged_where_it_is_born_and_gives_all_back_when_its_last_object_is_refused() -> None:
    kmem = Checked()
    kmem.mount()
    kmem.mkdir("web")
    names = ("task_struct", "files_cache", "fs_cache", "sighand_cache", "signal_cache", "mm_struct", "pid")
    for name in names:
        kmem.account(name)
    kmem.attach(kmem.fork(), "web")
    cost = sum(int(kmem.machine.find_cache(name).size) for name in names)
    child = kmem.fork(2)
    assert kmem.counter("web") == (cost, 0)
    kmem.exit(child)
    kmem.limit("web", cost - 1)
    kmem.as_task(2)
    before = without_failcnt(kmem.machine.state())
    with pytest.raises(KernelError, match="could not get its pid"):
        kmem.fork(2)
    assert without_failcnt(kmem.machine.state()) == before
    assert kmem.counter("web") == (0, 1)


def test_an_owner_number_is_never_used_again(kmem: Checked) -> None:
    kmem.mkdir("box")
    first = kmem.group("box").ident
    kmem.rmdir("box")
    kmem.mkdir("box")
    assert kmem.group("box").ident == first + 1


def test_a_new_container_has_no_limit(kmem: Checked) -> None:
    assert kmem.read("/containers/web/kmem.limit") == f"{NO_LIMIT}\n"
    assert limit_or_none(kmem.group("web")) is None
    kmem.limit("web", 5)
    assert limit_or_none(kmem.group("web")) == 5

"""The slab notifier: who hears what, in which order, and what a refusal undoes (cover letter; facts 1.2, 1.3)."""

from __future__ import annotations

import errno

import pytest

from kmemlab.engine.kmem_cache import KmemCache, Slab
from kmemlab.engine.notify import SlabListener
from kmemlab.engine.types import NONE

from .machines import Checked, errno_of


class Scribe(SlabListener):
    """Writes down what it hears, with its name in front; refuses what it is told to refuse."""

    def __init__(self, name: str, heard: list[str], refuses: str = "") -> None:
        super().__init__()
        self.name = name
        self.heard = heard
        self.refuses = refuses

    def newpage(self, slab: Slab, cpu: int) -> bool:
        self.heard.append(f"{self.name} newpage")
        return self.refuses != "newpage"

    def freepage(self, slab: Slab, cpu: int) -> None:
        self.heard.append(f"{self.name} freepage")

    def alloc(self, slab: Slab, number: int) -> bool:
        self.heard.append(f"{self.name} alloc {number}")
        return self.refuses != "alloc"

    def free(self, slab: Slab, number: int) -> None:
        self.heard.append(f"{self.name} free {number}")

    def switched(self, cache: KmemCache, on: bool) -> None:
        self.heard.append(f"{self.name} {cache.name} {'on' if on else 'off'}")


def listening(machine: Checked, *refusals: str) -> tuple[KmemCache, list[str]]:
    """A cache of four objects a slab that listeners a, b ... hear; each refuses what its word says."""
    heard: list[str] = []
    cache = machine.create("thing", 1024)
    for name, refuses in zip("abc", refusals, strict=False):
        scribe = Scribe(name, heard, refuses)
        machine.machine.notifier.register(scribe)
        machine.machine.notifier.switch(cache, scribe, True)
    heard.clear()
    return cache, heard


def test_listeners_hear_what_comes_in_order_and_what_goes_in_reverse(bare: Checked) -> None:
    cache, heard = listening(bare, "", "")
    first = bare.take(cache, 5)[0]
    bare.free(first)
    assert heard[:4] == ["a newpage", "b newpage", "a alloc 0", "b alloc 0"]
    assert heard[-2:] == ["b free 0", "a free 0"]
    for number in (1, 2, 3):
        bare.free(first + 1024 * number)
    assert heard[-2:] == ["b freepage", "a freepage"]


def test_a_cache_that_nobody_asked_about_is_not_heard(bare: Checked) -> None:
    _, heard = listening(bare, "")
    bare.alloc(bare.create("quiet", 1024))
    assert heard == []


def test_a_refused_object_goes_back_and_the_earlier_listeners_hear_it_go_last_first(bare: Checked) -> None:
    cache, heard = listening(bare, "", "", "alloc")
    assert bare.alloc(cache) == NONE
    assert heard[3:] == ["a alloc 0", "b alloc 0", "c alloc 0", "b free 0", "a free 0"]
    assert cache.nr_slabs == 1  # the slab that was made for it stays
    assert bare.slab(0).live() == 0


def test_after_a_refusal_the_same_object_is_next(bare: Checked) -> None:
    heard: list[str] = []
    cache = bare.create("thing", 1024)
    scribe = Scribe("a", heard)
    bare.machine.notifier.register(scribe)
    bare.machine.notifier.switch(cache, scribe, True)
    scribe.refuses = "alloc"
    assert bare.alloc(cache) == NONE
    scribe.refuses = ""
    assert bare.place(bare.alloc(cache)) == (0, 0)


def test_refused_pages_go_back_and_the_earlier_listeners_hear_them_go_last_first(bare: Checked) -> None:
    cache, heard = listening(bare, "", "", "newpage")
    before = bare.machine.slub.pages.nr_free
    assert bare.alloc(cache) == NONE
    assert heard == ["a newpage", "b newpage", "c newpage", "b freepage", "a freepage"]
    assert (bare.machine.slub.pages.nr_free, cache.nr_slabs, cache.births) == (before, 0, 0)


def test_switching_tells_the_listener_once(bare: Checked) -> None:
    cache, heard = listening(bare, "")
    (scribe,) = cache.listeners
    for on in (True, False, False, True):
        bare.machine.notifier.switch(cache, scribe, on)
    assert heard == ["a thing off", "a thing on"]


def test_listeners_are_told_in_the_order_of_their_registration_not_of_their_switching(bare: Checked) -> None:
    cache, heard = listening(bare, "", "")
    first = cache.listeners[0]
    bare.machine.notifier.switch(cache, first, False)
    bare.machine.notifier.switch(cache, first, True)
    heard.clear()
    bare.alloc(cache)
    assert heard[:2] == ["a newpage", "b newpage"]


def test_a_listener_registers_once_and_before_it_listens(bare: Checked) -> None:
    notifier = bare.machine.notifier
    scribe = Scribe("a", [])
    cache = bare.create("thing", 1024)
    assert errno_of(notifier.switch, cache, scribe, True) == errno.ENOENT
    notifier.register(scribe)
    assert errno_of(notifier.register, scribe) == errno.EEXIST
    notifier.switch(cache, scribe, True)
    notifier.unregister(scribe, bare.machine.slub.caches)
    assert (cache.listeners, scribe in notifier.registered) == ([], False)


def test_a_listener_that_refuses_behind_the_controller_makes_it_uncharge(kmem: Checked) -> None:
    heard: list[str] = []
    late = Scribe("late", heard, "alloc")
    kmem.machine.notifier.register(late)
    kmem.machine.notifier.switch(kmem.machine.find_cache("filp"), late, True)
    refs = kmem.group("web").refs
    with pytest.raises(OSError, match="no struct file"):
        kmem.open(2)
    assert (kmem.counter("web"), kmem.group("web").refs) == ((0, 0), refs)


def test_the_base_class_refuses_nothing(bare: Checked) -> None:
    quiet = SlabListener()
    cache = bare.create("thing", 1024)
    bare.machine.notifier.register(quiet)
    bare.machine.notifier.switch(cache, quiet, True)
    address = bare.alloc(cache)
    bare.free(address)
    assert (bare.place(address), quiet.refused_for) == ((0, 0), NONE)


class Silent(SlabListener):
    """Refuses, and never calls the base class: that is how one writes it the first time."""

    def __init__(self) -> None:
        self.asked = 0

    def alloc(self, slab: Slab, number: int) -> bool:
        self.asked += 1
        return False


def test_a_listener_need_not_call_the_base_class(bare: Checked) -> None:
    silent = Silent()
    cache = bare.create("thing", 1024)
    bare.machine.notifier.register(silent)
    bare.machine.notifier.switch(cache, silent, True)
    assert bare.alloc(cache) == NONE
    assert (silent.asked, silent.refused_for) == (1, NONE)

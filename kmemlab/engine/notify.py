"""The slab event notifier: what the allocator tells others, and what they may refuse.

The patchset's "generic notifiers for slub" (cover letter, changes from v.2; facts 1.2). The allocator knows that
somebody listens and nothing about who: containers are never named here. Listeners are told in the order in which they
registered; when one refuses, those before it are told, last first, that the object is gone again.
"""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from .errors import KernelError
from .types import NONE, i64, mypyc_attr

if TYPE_CHECKING:
    from .kmem_cache import KmemCache, Slab


@mypyc_attr(allow_interpreted_subclasses=True)
class SlabListener:
    """Derive from this and override what you want to hear.

    Attributes:
        refused_for: after a refusal, the number of whoever it was refused to: the event log shows it.
    """

    refused_for: i64 = NONE  # here, so that a class of one's own need not call ours

    def newpage(self, slab: Slab, cpu: i64) -> bool:
        """Hear that the cache took pages for a slab. False sends them back and fails the allocation."""
        return True

    def freepage(self, slab: Slab, cpu: i64) -> None:
        """Hear that a slab without objects is about to give its pages back."""

    def alloc(self, slab: Slab, number: i64) -> bool:
        """Hear that object `number` was taken. False sends it back; the caller gets NULL."""
        return True

    def free(self, slab: Slab, number: i64) -> None:
        """Hear that object `number` is about to be free. This cannot be refused."""

    def switched(self, cache: KmemCache, on: bool) -> None:
        """Hear that events of this cache now reach this listener, or no longer do."""


class SlabNotifier:
    """Who listens, in order of registration, and to which caches.

    The events themselves are dispatched by the functions below from `cache.listeners`, a list that is empty for a
    cache nobody asked about: an unwatched cache pays one test.

    Attributes:
        registered: the listeners.
        wired: nobody comes or goes any more: the allocator calls those that are there by name (v1 and v2, patchset.py).
    """

    def __init__(self) -> None:
        self.registered: list[SlabListener] = []
        self.wired = False

    def register(self, listener: SlabListener) -> None:
        """Add a listener. It hears nothing until it is switched on for a cache.

        Raises:
            KernelError: EEXIST, if it is registered already; ENOSYS, where hooks are wired.
        """
        if listener in self.registered:
            raise KernelError(errno.EEXIST, "this listener is registered already")
        self.must_be_generic()
        self.registered.append(listener)

    def unregister(self, listener: SlabListener, caches: list[KmemCache]) -> None:
        """Switch a listener off everywhere and forget it.

        Raises:
            KernelError: ENOSYS, where hooks are wired.
        """
        self.must_be_generic()
        for cache in caches:
            self.switch(cache, listener, False)
        self.registered.remove(listener)

    def must_be_generic(self) -> None:
        """Let listeners come and go, if there is a list of them.

        Raises:
            KernelError: ENOSYS, where hooks are wired: the list came with v3 (cover letter, changes from v.2).
        """
        if self.wired:
            raise KernelError(errno.ENOSYS, "Before v3 the allocator calls the controller by name: nobody else can listen.")

    def switch(self, cache: KmemCache, listener: SlabListener, on: bool) -> None:
        """Let a registered listener hear the events of one cache, or stop it. The same again is no change.

        Raises:
            KernelError: ENOENT, if the listener never registered.
        """
        if listener not in self.registered:
            raise KernelError(errno.ENOENT, "register the listener first")
        if on == (listener in cache.listeners):
            return
        cache.listeners = [each for each in self.registered if (on if each is listener else each in cache.listeners)]
        listener.switched(cache, on)


def notify_newpage(cache: KmemCache, slab: Slab, cpu: i64) -> bool:
    """Tell of new pages; on a refusal the earlier listeners hear `freepage`, last first."""
    told = 0
    for listener in cache.listeners:
        if not listener.newpage(slab, cpu):
            for earlier in reversed(cache.listeners[:told]):
                earlier.freepage(slab, cpu)
            return False
        told += 1
    return True


def notify_freepage(cache: KmemCache, slab: Slab, cpu: i64) -> None:
    """Tell of pages that go, the last listener first: what was set up last is taken down first."""
    for listener in reversed(cache.listeners):
        listener.freepage(slab, cpu)


def notify_alloc(cache: KmemCache, slab: Slab, number: i64) -> SlabListener | None:
    """Tell of an object taken. Returns the listener that refused, after the earlier ones heard `free`."""
    told = 0
    for listener in cache.listeners:
        if not listener.alloc(slab, number):
            for earlier in reversed(cache.listeners[:told]):
                earlier.free(slab, number)
            return listener
        told += 1
    return None


def notify_free(cache: KmemCache, slab: Slab, number: i64) -> None:
    """Tell of an object that goes, the last listener first."""
    if len(cache.listeners) == 1:
        cache.listeners[0].free(slab, number)
        return
    for listener in reversed(cache.listeners):
        listener.free(slab, number)

"""A listener of the learner's own, on the machine of a session."""

from __future__ import annotations

from typing import TypeVar

from ..engine.notify import SlabListener
from ..session import Session

L = TypeVar("L", bound=SlabListener)


def listen(session: Session, listener: L, cache: str = "filp") -> L:
    """Register a listener and let it hear the events of one cache; returns the listener.

    It hears what is run from now on. A step back runs commands again, and it hears those again, too.

    Raises:
        KernelError: ENOENT for a cache that there is not, ENOSYS where the machine's patchset has no notifier (before v3).

    Example:
        >>> ear = listen(session, Ear())
    """
    found = session.machine.find_cache(cache)
    if listener not in session.machine.notifier.registered:
        session.machine.notifier.register(listener)
    session.machine.notifier.switch(found, listener, True)
    return listener

"""/sys/kernel/debug/kmem_sites: one file for each call site, "1" where its calls carry the accounting flag. kmemlab's own.

`ls` shows the directory where the machine charges more than caches (`kinds=`, marked.py); elsewhere a write says why not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .errors import invalid
from .sites import SITES
from .vfs import Dir, File, Node

if TYPE_CHECKING:
    from .machine import Machine

SITES_DIR: Final = "kmem_sites"


class SitesDir(Dir):
    """The directory."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def names(self) -> list[str]:
        """Name the call sites."""
        return list(SITES)

    def get(self, name: str) -> Node | None:
        """Find a call site's file."""
        if name not in SITES:
            return None
        return File(lambda: f"{int(name in self.machine.marked.on)}\n", lambda text: self.store(name, text))

    def store(self, name: str, text: str) -> None:
        """Mark a call site, or no longer.

        Raises:
            KernelError: EINVAL, for anything but 0 and 1, and where this kind of memory is not charged.
        """
        word = text.strip()
        if word not in ("0", "1"):
            raise invalid(f"{name} is 1 (its calls are charged) or 0.")
        self.machine.marked.mark(name, word == "1")

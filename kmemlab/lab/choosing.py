"""What is looked at: cache, container, object, page, tab, and how the page wants it drawn."""

from __future__ import annotations

from ..figures import room_for
from ..records import SlabRow
from .pictures import TABS
from .walking import Walker


class Chooser(Walker):
    """Chooses; the machine stays as it is."""

    def do_cache(self, name: str) -> None:
        """Draw the slabs of another cache."""
        self.session.machine.find_cache(name)
        self.look.cache = name
        self.look.object = None
        self.look.page = -1

    def do_select(self, id: int | None = None) -> None:  # noqa: A002 (the contract's name)
        """Select a container, or none."""
        paths = self.session.machine.kmem_subsystem.paths
        self.look.selected = "" if id is None else paths[int(id)]

    def do_object(self, slab: int | None = None, slot: int | None = None) -> None:
        """Choose an object of the drawn cache, or none."""
        self.look.object = None if slab is None or slot is None else (int(slab), int(slot))
        rows = self.session.records("slabs", self.look.cache) if self.look.object is not None else ()
        self.look.page = next((row.pfn for row in rows if isinstance(row, SlabRow) and row.number == slab), -1)

    def do_page(self, pfn: int | None = None) -> None:
        """Choose a page, or none; if a slab has it, its cache is drawn."""
        slub = self.session.machine.slub
        page = -1 if pfn is None else int(pfn)
        if page >= slub.pages.nr_pages:
            raise ValueError(f"there is no page {page}: this machine has {slub.pages.nr_pages:,}")
        slab = slub.slab_of[page] if page >= 0 else None
        if slab is not None and slab.cache.name != self.look.cache:
            self.do_cache(slab.cache.name)
        self.look.page = page

    def do_tab(self, name: str, size: str = "", width: int = 0) -> None:
        """Show another picture, drawn for the stage's size, if the page says it."""
        if name not in dict(TABS):
            raise ValueError(f"there is no tab {name!r}")
        self.look.tab = name
        if size:
            self.do_room(size, width)

    def do_draw(self) -> None:
        """Draw again: where a play stops, the picture may be an older one."""

    def do_room(self, size: str, width: int) -> None:
        """Lay figures out for the lab's size (L, M or S) and the stage's width in pixels."""
        self.look.room = room_for(str(size), int(width))

    def do_tip(self, slab: int, slot: int) -> None:
        """Say where an object of the drawn cache is and who took it."""
        self.look.tip = (int(slab), int(slot))

    def do_twin(self, on: bool) -> None:
        """Tell the slab pages in text, too, or no longer; a figure always comes with its twin."""
        self.look.twin = bool(on)

    def do_theme(self, name: str) -> None:
        """Draw figures for a light or a dark page."""
        self.look.theme = "dark" if name == "dark" else "light"

"""Rows made by hand: an fd bomb beside two quiet containers."""

from __future__ import annotations

from kmemlab.records import ContainerRow, EventRow, FlowRow, PageRow, SlabRow, StepRow

CONTAINERS = [
    ContainerRow("/", 0, None, 0, 4, ((1, "init"),), 0),
    ContainerRow("/web", 17_856, 65_536, 0, 52, tuple((200 + n, "nginx") for n in range(5)), 1),
    ContainerRow("/db", 8_064, 49_152, 0, 20, ((220, "postgres"),), 2),
    ContainerRow("/bomb", 40_768, 40_960, 1, 155, ((231, "sh"), (232, "fdbomb")), 3),
]

_LETTERS = {"B": "/bomb", "W": "/web", "D": "/db", "?": None, ".": None}


def slab(number: int, where: str, marks: str, freelist: tuple[int, ...] = (), remote: tuple[int, ...] = ()) -> SlabRow:
    """One slab of filp, its cells written as in the text twin."""
    owners = tuple(_LETTERS[mark] for mark in marks)
    free = len(freelist)
    return SlabRow("filp", 300 + number, 0, where, len(marks) - free, len(marks), owners, freelist, remote, number, array=True)


SLABS = [
    slab(0, "full", "????????????????"),
    slab(5, "full", "DWWDWBDDDDWWBWWD"),
    slab(4, "partial 1", "WWWWW.WWW.WBWWWW", (9, 5)),
    slab(6, "partial 2", "WWWWWB.WWWWBDWBD", (6,)),
    slab(17, "cpu 1", "BBBBBBWBBDBBBB?.", (15,)),
    slab(15, "cpu 0", "BWW.WBWWW.......", (3, 9, 10, 11, 12, 13, 14, 15), (15,)),
]

FLOW = [
    FlowRow("nginx", "/web", "filp", 0, 11_520, False, "full, on no list"),
    FlowRow("sh", "/web", "sighand_cache", 1, 6_336, False, "partial"),
    FlowRow("postgres", "/db", "filp", 0, 3_840, False, "cpu slab"),
    FlowRow("", "/db", "filp", 0, 256, False, "cpu slab"),
    FlowRow("fdbomb", "/bomb", "filp", 0, 38_656, False, "full, on no list"),
    FlowRow("sh", "/bomb", "sighand_cache", 1, 2_112, False, "partial"),
    FlowRow("", None, "filp", 0, 4_096, False, "full, on no list"),
    FlowRow("", None, "filp", 0, 2_816, False, "cpu slab", free=True),
    FlowRow("fdbomb", "/bomb", "filp", -1, 256, True),
]

STEPS = [
    StepRow("open()", "fdbomb, task 232", "forward", "", "fdbomb asks for one more open file.", "", False, "done"),
    StepRow("kmem_cache_alloc", "slab 17, slot 14", "forward", "", "Nobody owns it yet.", "", False, "done"),
    StepRow("css_get", "refs 154 → 155", "forward", "", "A reference keeps it alive.", "", False, "done"),
    StepRow("res_counter_charge", "40,768 + 256 > 40,960", "forward", "", "Refused.", "", False, "refused"),
    StepRow("store owner", "slot 14 → B", "forward", "", "", "", True, "never"),
    StepRow("css_put", "refs 155 → 154", "unwind", "css_get", "Given back.", "", False, "done"),
    StepRow("kmem_cache_free", "owner NULL", "unwind", "kmem_cache_alloc", "Back.", "", False, "done"),
    StepRow("NULL", "open() says ENFILE", "unwind", "open()", "ENFILE.", "", False, "done"),
]

PAGES = [
    PageRow(0, 4, "kernel"),
    PageRow(16, 0, "slab", "filp", (("/bomb", 12), ("/web", 4)), 16, 0),
    PageRow(17, 0, "stack"),
    PageRow(18, 1, "slab", "sighand_cache", (("/web", 3),), 3, 1),
    PageRow(20, 2, "kmalloc-large"),
    PageRow(24, 3, "free"),
    PageRow(32, 5, "free"),
]


def event(n: int, kind: str, container: str | None = None, size: int = 256, errno: int = 0) -> EventRow:
    return EventRow(n, n, kind, 232, container, "filp", 17, 0, size, errno)


EVENTS = [
    event(1, "newpage", size=4096),
    event(2, "alloc", "/web"),
    event(3, "alloc", "/bomb"),
    event(4, "alloc", "/bomb"),
    event(5, "refused", "/bomb", errno=-12),
    event(6, "free", "/web"),
    event(7, "refused", "/bomb", errno=-12),
    event(8, "command", size=0),
    event(9, "freepage", size=4096),
]

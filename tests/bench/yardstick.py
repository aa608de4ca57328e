"""reference.c, compiled and called: the same trace in C, from the same free lists, in caches ruled the same way."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from mix import CONTAINERS, Mix, geometry

from kmemlab.engine.machine import Machine

SOURCE = Path(__file__).with_name("reference.c")


def compile_c() -> Any:
    """Compile and load it; None where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    made = Path(tempfile.mkdtemp(prefix="kmemlab-bench-")) / "reference.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", str(made), str(SOURCE)], check=True)
    library = ctypes.CDLL(str(made))
    library.boot.restype = ctypes.c_void_p
    library.boot.argtypes = [ctypes.c_int64]
    library.failcnt.restype = ctypes.c_int64
    library.failcnt.argtypes = [ctypes.c_void_p, ctypes.c_int]
    library.shut_down.argtypes = [ctypes.c_void_p]
    library.free_block.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    library.make_cache.argtypes = [ctypes.c_void_p, *[ctypes.c_int] * 4]
    library.set_limit.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int64]
    library.replay.argtypes = [*[ctypes.c_void_p] * 5, ctypes.c_int64]
    return library


class Reference:
    """One machine in C, about to replay a trace; made from an engine's machine that has not begun with it."""

    def __init__(self, library: Any, machine: Machine, mix: Mix, limits: list[int]) -> None:
        self.library = library
        self.mix = mix
        self.memory = library.boot(int(machine.slub.pages.nr_pages))
        for order, blocks in enumerate(machine.slub.pages.free_blocks()):
            for pfn in reversed(blocks):
                library.free_block(self.memory, int(pfn), order)
        for n, (size, order, objects) in enumerate(geometry(machine)):
            library.make_cache(self.memory, n, size, order, objects)
        for n, limit in enumerate(limits):
            library.set_limit(self.memory, n, limit)
        self.address = (ctypes.c_int64 * mix.slots)(*[-1] * mix.slots)
        self.done = 0

    def run(self, count: int) -> float:
        """Take the next events; seconds of CPU time."""
        columns = [column.buffer_info()[0] + 4 * self.done for column in (self.mix.thing, self.mix.task, self.mix.slot)]
        start = time.process_time()
        self.library.replay(self.memory, *columns, self.address, count)
        self.done += count
        return time.process_time() - start

    def result(self) -> tuple[list[int], list[int]]:
        """Return every object's address, -1 for none, and each container's failcnt."""
        return list(self.address), [self.library.failcnt(self.memory, n) for n in range(CONTAINERS)]

    def close(self) -> None:
        """Give the memory back."""
        self.library.shut_down(self.memory)

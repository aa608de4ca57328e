"""The zoo's bombs as scenarios: what `kmemlab zoo` types, on a machine of a 32nd of the size, to be stepped through.

Memory (2 MiB), what is to be gone of it (512 KiB), the container's limit (32 KiB) and the most calls are a 32nd of the zoo's,
so that a bomb meets the same end within some hundreds of commands: where the zoo's is refused by its container, this one is.
The commands are not written down here. A bomb goes off once, by `kmemlab.zoo`, and what was typed is the story.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

from .shell import Machine, Result
from .zoo import BOMBS, MEMORY, POINT, Bomb, Run, explode

PART: Final = 32
LIMIT: Final = (1 << 20) // PART
PROFILE: Final[dict[str, Any]] = {"memory": MEMORY // PART}
SHOWN: Final = {  # the cache that is drawn first: the one that most of a bomb's objects are of
    "fd": "filp", "fork": "task_struct", "dentry": "dentry", "dentry-long": "dentry", "vma": "vm_area_struct",
    "page-table": "vm_area_struct", "sigqueue": "sigqueue", "timer": "posix_timers_cache", "mount": "mnt_cache",
    "flock": "file_lock_cache", "pipe": "filp", "socket": "sock_inode_cache",
}  # fmt: skip


class Noting(Machine):
    """A machine that keeps what is typed at it.

    Attributes:
        lines: every command line, in order.
    """

    def __init__(self, *args: Any, **keywords: Any) -> None:
        self.lines: list[str] = []
        super().__init__(*args, **keywords)

    def run(self, line: str) -> Result:
        """Keep a command line, and run it."""
        self.lines.append(line)
        return super().run(line)


@cache
def told(bomb: Bomb) -> tuple[Run, tuple[str, ...]]:
    """Let a bomb go off on the small machine; returns what it came to, and every line that was typed."""
    machines: list[Noting] = []

    def boot(**keywords: Any) -> Machine:
        machines.append(Noting(**keywords))
        return machines[-1]

    run = explode(bomb, LIMIT, part=PART, boot=boot)
    return run, tuple(machines[0].lines)


def story(bomb: Bomb) -> Callable[[], Iterator[str]]:
    """Return the commands of a bomb's scenario: it goes off, the neighbour works on, and what is left of the bomber is told."""

    def commands() -> Iterator[str]:
        _, lines = told(bomb)
        yield from lines
        yield "as 3 open 4"  # nginx, after the end of the bomb
        yield "as 3 close all"
        for name in ("bomb", "web"):
            yield f"cat {POINT}/{name}/kmem.usage {POINT}/{name}/kmem.failcnt"
        yield "sites"  # what nobody is charged for
        yield "as 2 exit"
        yield f"rmdir {POINT}/bomb"  # refused where something outlives its maker

    return commands


def stories() -> Iterator[tuple[str, str, Callable[[], Iterator[str]], dict[str, Any], str]]:
    """Yield name, title, commands, machine and cache of each bomb's scenario."""
    for bomb in BOMBS:
        yield f"zoo-{bomb.name}", f"Zoo: {bomb.name} bomb at 1/{PART}", story(bomb), PROFILE, SHOWN[bomb.name]

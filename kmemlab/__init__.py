"""kmemlab: learn and explore how a kernel accounts its own memory.

The names here are loaded when they are first used, so that `import kmemlab` costs nothing and needs no notebook.

Example:
    >>> from kmemlab import Session
    >>> Session(memory="2M").run("open 3")
    fd 0-2: slab 0 cells 0-2
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.notify import SlabListener
    from .lab import Lab
    from .session import Session
    from .shell import Machine, Result

__version__ = "0.1.0"

_HOMES = {
    "Lab": ".lab",
    "Machine": ".shell",
    "Result": ".shell",
    "Session": ".session",
    "SlabListener": ".engine.notify",
}

__all__ = ["Lab", "Machine", "Result", "Session", "SlabListener", "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kmemlab' has no attribute {name!r}")
    import_module(".traces.verb", __name__)  # so that a session knows the command `replay`
    return getattr(import_module(_HOMES[name], __name__), name)


def __dir__() -> list[str]:
    return __all__

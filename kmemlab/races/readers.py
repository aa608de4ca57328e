"""What is done for readers of RCU by those who take something away from them, and a reference that may fail.

Both ways of taking a container away are here: to wait until whoever reads has left (`after_readers`), and to go on at once and
leave its memory to a grace period (`remove_later`). The second needs a reader who looks before it takes (`tryget`).
Documentation/RCU/rcuref.txt 2.6.24 has the pair for reference counts; in this form the containers of 2007 had neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .steps import Step, Steps

if TYPE_CHECKING:
    from .at import At


def after_readers(at: At, name: str) -> Steps:
    """Stop before a step until everybody who reads now has left: `yield from after_readers(at, "check")` (synchronize_rcu)."""
    at.synchronize()
    yield Step(name, name, nothing, None, lambda at: at.grace.over(at.number))


def nothing(at: At) -> None:
    """Do nothing: what comes after the stop is the step."""


def tryget(at: At) -> bool:
    """Take a reference on the container in hand if it still has one, and say whether (css_tryget; atomic_inc_not_zero).

    Raises:
        UseAfterFreeError: if its memory was freed.
    """
    group = at.look("css_tryget")
    if not group.refs:
        at.told = f"gets no reference on {at.path_of(group)}: it has none left"
        return False
    at.get()
    return True


def remove_later(at: At, path: str) -> None:
    """Take a container away now, and leave its memory until a grace period is over (call_rcu)."""
    group = at.container(path).css["kmem"]
    ident = at.machine.kmem_subsystem.number(group)
    kept = at.machine.kmem_subsystem.owners[ident]
    assert kept is not None
    at.remove(path)
    at.grace.kept[ident] = kept

    def free() -> None:
        del at.grace.kept[ident]

    at.grace.call_rcu(f"frees the memory of {path}", free)
    at.told = f"removes {path}, its memory to be freed by call_rcu"

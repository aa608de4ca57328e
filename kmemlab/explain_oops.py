"""What a kernel did that wrote to address 0: container_create, function by function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .engine.oops import FAULTED
from .engine.state_memory import STATE_SIZE
from .explain_story import Story, begin, name_of
from .records import EventRow

if TYPE_CHECKING:
    from .session import Session


def tell_oops(session: Session, event: EventRow, story: Story) -> None:
    """A subsystem's create said NULL, and its caller took that for a state."""
    crash = session.machine.crash
    where, name = name_of(crash.path), crash.subsystem
    begin(session, event, story)
    story.go("state asked for", "container_create", f"{name} for {where}", name=name, where=where)
    value = f"no {STATE_SIZE} bytes: NULL" if name == "kmem" else "NULL"
    story.go("state is NULL", f"{name}_create", value, name=name)
    story.go("NULL passes", "IS_ERR", "IS_ERR(NULL) is 0")
    story.go("oops", FAULTED, "css->container, address 0", state="refused")
    story.go("halted", "panic", crash.trace[-1].partition(": ")[2])

"""notify_on_release: a program that is run when a container's last user has gone. cgroup.c 2.6.24: facts 4.2, slub-2.6 7.

The kernel puts the container on a list and runs the agent from a workqueue, with the path below the hierarchy's root. Here
the workqueue runs when a command ends, and running means: it is noted, and logged as an event (kmemlab's choice; there are
no programs to run). Without a release_agent the kernel's exec of "" fails, so nothing is noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .events import AGENT
from .types import NONE

if TYPE_CHECKING:
    from .events import EventLog
    from .hierarchy import Container


class ReleaseList:
    """Containers on their way to the release agent.

    Attributes:
        queue: wait for the workqueue, the newest first: the kernel adds to the head of `release_list` and takes from it
            (`check_for_release`, `cgroup_release_agent` 2.6.29; that 2.6.24 did so: recollection).
        draining: have notify_on_release and nobody in them, but objects whose last css_put the agent is to follow. It is
            looked at when a command ends, so that the charge path knows nothing of agents: of several whose last object
            goes in one command, whoever began to wait last is the newest (kmemlab's choice). It can be made anew from
            the rest (`drain`), so it is no part of the state.
        runs: (agent, container's path) of every run, oldest first.
    """

    def __init__(self) -> None:
        self.queue: list[Container] = []
        self.draining: list[Container] = []
        self.runs: list[tuple[str, str]] = []

    def look(self, container: Container) -> None:
        """Queue a container that nobody uses any more (`check_for_release`)."""
        if container.parent is None or not container.notify_on_release or container.tasks or container.children:
            return
        if container.held():
            if container not in self.draining:
                self.draining.append(container)
        elif container.releasable and container not in self.queue:
            self.queue.insert(0, container)

    def forget(self, container: Container) -> None:
        """Take a removed container off the lists."""
        self.queue = [each for each in self.queue if each is not container]
        self.draining = [each for each in self.draining if each is not container]

    def drain(self) -> None:
        """Queue what has lost its last object (`css_put` has made it releasable), drop from `draining` what has users again."""
        waiting, self.draining = self.draining, []
        for container in waiting:
            self.look(container)

    def run(self, log: EventLog | None) -> None:
        """Run the agent for each that waits. Raises Stopped where the log is to stop."""
        if self.draining:
            self.drain()
        while self.queue:
            container = self.queue.pop(0)
            agent = container.hierarchy.release_agent
            if agent:
                self.runs.append((agent, container.path))
                if log is not None:
                    log.add(AGENT, "", NONE, NONE, NONE, number_of(container), 0, 0, NONE)


def number_of(container: Container) -> int:
    """Return the number that the event log knows a container by, NONE in a hierarchy without kmem."""
    for subsystem in container.hierarchy.subsystems:
        number = subsystem.number(container.css[subsystem.name])
        if number != NONE:
            return number
    return NONE

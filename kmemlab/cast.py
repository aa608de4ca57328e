"""Who ever appears in a session: at boot nobody knows bomb yet, but the recorded events that come are bomb's."""

from __future__ import annotations

from .engine.machine import Machine


class Cast:
    """Names over the whole of a session, also of those who are gone or not yet there where one stands.

    Attributes:
        containers: path by number. A number that is given again after an undo is the newest one's.
        tasks: comm by pid, the newest one's as well.
    """

    def __init__(self) -> None:
        self.containers: dict[int, str] = {}
        self.tasks: dict[int, str] = {}
        self._newest = 0  # the pid that the last new task had

    def forget(self) -> None:
        """Commands were taken back: a pid may be given again, to somebody with another name."""
        self._newest = 0

    def meet(self, machine: Machine, line: str = "") -> None:
        """Note everyone who is there now; called at the end of each command that is run for the first time.

        Tasks are walked only where one was made or got another name: a thousand of them at each command would cost more than
        the command.
        """
        self.containers.update(machine.kmem_subsystem.paths)
        newest = next(reversed(machine.tasks.by_pid))
        if newest == self._newest and "comm" not in line:
            return
        self._newest = newest
        for pid, task in machine.tasks.by_pid.items():
            self.tasks[pid] = task.comm

"""The door: a shell over the machine's file trees. One grammar, `[as PID[@CPU]] verb args`; errors as a real shell prints them.

A command is one line of text. What it does goes through system calls and files only, and when it says no the machine is as
it was. Redirections take no `struct file`: otherwise every count of a lesson would be off by the shell's own.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from . import verbs
from .commands import OPERATORS, VERBS, CommandError, hint_of, is_number, redirected, refused, words_for, words_of
from .engine.errors import KernelError
from .engine.machine import Machine as Kernel
from .engine.oops import HALTED
from .engine.recursion import traps_of

LONGEST_LINE = 4096
WITHOUT_KERNEL = frozenset(("dmesg", "help", "man"))  # what is said of a machine that has halted, too: its console, the manual
LOOKING = frozenset(("cat", "cost", "dmesg", "ls", "ps", "help", "man", "sites"))  # commands that only read


@dataclass(frozen=True)
class Result:
    """What a command printed.

    Attributes:
        out, err: lines for the two outputs, without a last newline.
        errno: the kernel's error number, 0 if nothing was refused.
        hint: one quiet line of kmemlab's own that says why, "" where there is nothing to add.
        status: the exit status: 0, 1, 2 for wrong usage, 127 for no such command.
        events: how many events the command caused, its own end included.
    """

    out: str = ""
    err: str = ""
    errno: int = 0
    hint: str = ""
    status: int = 0
    events: int = 0


assert verbs.VERBS is VERBS  # importing them is what registers the commands


class Shell:
    """A shell on one machine."""

    def __init__(self, machine: Kernel) -> None:
        self.machine = machine
        self.target = ""  # where the output of the command that runs is redirected to

    def run(self, line: str) -> Result:
        """Run one command.

        It never raises for what was typed: the Result says no. Raises Stopped where the event log is to stop.
        """
        machine = self.machine
        log = machine.log
        before = log.length if log is not None else 0
        if log is not None:
            log.command += 1
        runs = len(machine.containers.released.runs)
        reports = machine.slub.printk.reports
        injected = machine.slub.faults.injected()
        traps = traps_of(machine)
        out, refusal = "", None
        try:
            out = self.execute(line)
        except CommandError as error:
            refusal = error
        except KernelError as error:
            name = line.split()[0] if line.split() else "sh"
            refusal = refused(name, error)
        machine.run_as(1)
        machine.command_ends(refusal.number if refusal else 0)
        events = (log.length - before) if log is not None else 0
        told = [f"release agent {agent} would run with {path}" for agent, path in machine.containers.released.runs[runs:]]
        reports = machine.slub.printk.reports - reports
        if reports:
            told.append(f"SLUB_DEBUG made {reports:,} report{'' if reports == 1 else 's'}: `dmesg` prints them")
        if traps_of(machine) != traps:
            told.append("owner arrays needed owner arrays, and were trapped: `dmesg` prints the stack")
        met = [now - then for now, then in zip(machine.slub.faults.injected(), injected, strict=True)]
        hint, by_fault = hint_of(refusal.number if refusal else 0, refusal.hint if refusal else "", log, before, met)
        told = by_fault + told
        if refusal is None:
            return Result(out.rstrip("\n"), hint="; ".join(told), events=events)
        words, _, printed = refusal.words.partition("\0")
        hint = "; ".join([hint, *told] if hint else told)
        return Result(printed.rstrip("\n"), words, refusal.number, hint, refusal.status, events)

    def look(self, line: str) -> Result | None:
        """Run a command that only reads, now, without an event and without a change; None if it is not one."""
        try:
            words, target = parse(line)
        except CommandError:
            return None
        verb = words[2] if words[:1] == ["as"] and len(words) > 2 else words[0] if words else ""
        if verb not in LOOKING or target:
            return None
        current = self.machine.current
        task, cpu = current.task, current.cpu
        try:
            return Result(self.execute(line).rstrip("\n"))
        except CommandError as error:
            printed, _, out = error.words.partition("\0")
            return Result(out.rstrip("\n"), printed, error.number, error.hint, error.status)
        finally:
            current.task, current.cpu = task, cpu
            if self.machine.log is not None:
                self.machine.log.pid = task.pid

    def execute(self, line: str) -> str:
        """Parse and run; returns what is printed.

        Raises:
            CommandError, KernelError: what the command said no with.
        """
        words, self.target = parse(line)
        if not words:
            return ""
        words = self.switch_task(words)
        name, *args = words
        if name not in VERBS:
            near = get_close_matches(name, VERBS, 1, 0.6)
            hint = f"Did you mean {near[0]}? `help` lists all." if near else "`help` lists all commands."
            raise CommandError(f"sh: {name}: not found", errno.ENOENT, hint, 127)
        if self.target and name != "echo":
            raise CommandError("sh: only echo can be redirected here", errno.EINVAL, "`echo TEXT > FILE` writes to a file.", 2)
        if self.machine.crash.halted and name not in WITHOUT_KERNEL:
            raise CommandError(f"sh: {words_for(errno.EHOSTDOWN)}", errno.EHOSTDOWN, HALTED)
        pid = str(self.machine.current.task.pid)
        return VERBS[name](self, [arg.replace("$$", pid) for arg in args])

    def switch_task(self, words: list[str]) -> list[str]:
        """Take `as PID[@CPU]` off the front and let that task run."""
        if words[0] != "as":
            return words
        if len(words) < 3:
            raise CommandError("sh: usage: as PID[@CPU] COMMAND", errno.EINVAL, "as 7 open 3: task 7 opens three files.", 2)
        pid, at, cpu = words[1].partition("@")
        if not is_number(pid) or (at and not is_number(cpu)):
            raise CommandError(f"sh: as: {words[1]}: not a pid", errno.EINVAL, "`ps` lists the tasks.", 2)
        try:
            self.machine.run_as(int(pid), int(cpu) if at else None)
        except KernelError as error:
            raise CommandError(f"sh: as {words[1]}: {error.shell_words}", error.errno or 0, error.strerror or "") from None
        return words[2:]


class Machine(Kernel):
    """A machine with a shell: `Machine().run("open 3")`. Keywords as the engine's machine has them."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.shell = Shell(self)

    def run(self, line: str) -> Result:
        """Run one command at the shell."""
        return self.shell.run(line)


def parse(line: str) -> tuple[list[str], str]:
    """Split a line into words and the file that `>` sends the output to, "" for none.

    Raises:
        CommandError: for a line that is too long, an open quote, or anything of a real shell that is not here.
    """
    if len(line) > LONGEST_LINE:
        raise CommandError("sh: Argument list too long", errno.E2BIG, f"A line has at most {LONGEST_LINE} characters.")
    try:
        line.encode()
    except UnicodeEncodeError:
        raise CommandError(f"sh: {words_for(errno.EINVAL)}", errno.EINVAL, "A command is UTF-8 text.") from None
    try:
        words = words_of(line)
    except ValueError:
        raise CommandError("sh: syntax error: unterminated quoted string", errno.EINVAL, status=2) from None
    if words and words[0].startswith("#"):
        return [], ""
    words, target = redirected(words)
    stray = [word for word in words if word and set(word) <= OPERATORS]
    if stray or (target and set(target) <= OPERATORS):
        sign = stray[0] if stray else target
        raise CommandError(
            f'sh: syntax error: unexpected "{sign}"', errno.EINVAL, "One command a line; only `echo TEXT > FILE`.", 2
        )
    return words, target

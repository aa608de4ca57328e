"""What a command did, told at its end: what changed, that nothing did, or why it was refused."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

from .commands import echoed
from .engine.container_files import ContainerDir
from .engine.container_input import parse_flag, plural
from .engine.errors import KernelError
from .engine.events import ALLOC
from .engine.irq import PACKET
from .engine.kmem import KmemContainer
from .engine.types import NONE
from .explain_faults import is_knob, turned
from .explain_marked import SITES_DIR
from .explain_story import Story, comm, line_of, name_of, short, split
from .explain_table import TABLE
from .explain_words import LONGEST
from .records import EventRow

if TYPE_CHECKING:
    from .engine.containers import Container
    from .session import Session
    from .shell import Result

Told = tuple[str, dict[str, str | int]]  # kind of step, values of its sentence
LOOKING = ("cat", "cost", "dmesg", "ls", "ps", "help", "man", "sites")
COUNTED = {  # commands that do something N times: kind of step, what N counts
    "stat": ("looked for", "name"), "mmap": ("mapped", "map"), "touch": ("touched", "map"), "munmap": ("unmapped", "map"),
    "fault": ("faulted", "page"),
    "pipe": ("piped", "pipe"), "socket": ("sockets", "socket"), "sigqueue": ("queued", "signal"), "timer": ("timers", "timer"),
    "flock": ("locked", "lock"), "mountns": ("mounts", "mount"), "open": ("opened", "open file"),
}  # fmt: skip
SOME_REFUSED = re.compile(r"\(([\d,]+) of ([\d,]+) refused\)")
IN_USE = re.compile(r"(\S+) has ([\d,]+ objects?) in use")
USAGE, NOT_FOUND = 2, 127  # exit statuses
HERE = re.compile(r"(?:^|\s)as\s+(\d+)")


def tell_command(session: Session, event: EventRow, story: Story) -> None:
    """A command has ended."""
    line = line_of(session, event)
    words, target = split(line)
    verb = words[0] if words else "sh"
    result = session.results[event.command - 1] if event.command <= len(session.results) else None
    if result is not None and result.err:
        kind, values = refusal(line, verb, target, result)
        story.go(kind, verb, result.err, state="refused", **values)
        return
    kind, values = done(session, event, words, target, result)
    story.go(kind, verb, line, state="done", **values)


def refusal(line: str, verb: str, target: str, result: Result) -> Told:
    """Say why a command was refused: in the refused call's own sentence where that is short enough."""
    error = errno.errorcode.get(result.errno, str(result.errno))
    some = SOME_REFUSED.search(result.err)
    in_use = IN_USE.match(result.hint)
    if result.errno == errno.EHOSTDOWN:
        return "no: halted", {}
    if result.err.startswith("Kernel panic"):
        return "crashed", {"verb": verb}
    if some:
        return "no: some", {"bad": some[1], "all": some[2], "verb": verb, "error": error}
    if result.status == NOT_FOUND:
        return "no: unknown", {"name": verb}
    if result.status == USAGE and verb in result.err and "usage" in result.err:
        return "no: usage", {"verb": verb}
    if in_use and target.endswith("/cache_account"):
        return "no: in use", {"cache": in_use[1], "count": in_use[2]}
    if target.endswith("/cache_account") and result.hint.startswith("kmalloc caches"):
        return "no: kmalloc", {}
    why = result.hint.partition("; ")[0]
    why += "" if not why or why[-1] in ".?" else "."
    if why and len(TABLE["no: why"].words[0].format(text=why)) <= LONGEST:
        first = why.partition(" ")[0]
        return "no: why", {"text": why if first in line else why[0].upper() + why[1:]}  # a name keeps its small letter
    return "no", {"verb": short(verb), "error": error, "text": os.strerror(result.errno)}


def done(session: Session, event: EventRow, words: list[str], target: str, result: Result | None) -> Told:
    """Say what a command that went well has done."""
    if not words or words[0].startswith("#"):
        return "nothing typed", {}
    verb, *args = words
    if verb in LOOKING or words == ["mount"]:
        return "only read", {"verb": verb}
    if verb == "echo":
        text = echoed(args)
        if target and not text:
            return "not written", {"file": name_of(target)}
        return written(session, event, text.removesuffix("\n"), target, result) if target else ("only printed", {})
    if verb in ("mount", "umount", "mkdir", "rmdir", "mv", "chown"):
        return tree(session, verb, args)
    return tasks(session, event, verb, args, result)


def in_tree(session: Session, path: str) -> bool:
    """Say whether a path is below a mount of containers."""
    return any(path.startswith(f"{point.rstrip('/')}/") for point in session.machine.tree.mounts)


def tree(session: Session, verb: str, args: list[str]) -> Told:
    """Mounts, and directories that may be containers."""
    path = args[-1]
    where = name_of(path)
    if verb == "mount":
        again = any("remount" in word.split(",") for word in args)
        return "remounted" if again else "mounted", {"file": path}
    if verb == "umount":
        return "unmounted", {"file": path}
    if verb == "mv":
        return "renamed", {"old": name_of(args[0]), "where": where}
    if verb == "chown":
        return "given away", {"uid": args[0], "where": where}
    end = "made" if verb == "mkdir" else "gone"
    if not in_tree(session, path):
        return f"directory {end}", {"where": where}
    if len(args) > 1:
        return f"containers {end}", {"count": len(args)}
    return f"container {end}", {"where": where}


def written(session: Session, event: EventRow, text: str, path: str, result: Result | None) -> Told:
    """Files that were written."""
    folder, _, file = path.rpartition("/")
    container = container_at(session, folder)
    where = name_of(folder if container is None else container.path)
    group = container.css.get("kmem") if container is not None else None
    if not isinstance(group, KmemContainer):
        group = None
    text = text.replace("$$", str(actor(session, event)))
    if path.startswith(SITES_DIR):
        return "site marked" if text.strip() == "1" else "site unmarked", {"name": file}
    if is_knob(path):
        fault, knob = turned(path)
        return "knob turned", {"fault": fault, "knob": knob, "value": text}
    match file:
        case "cache_account":
            return "cache marked" if session.machine.patchset.read_toggle(text) else "cache unmarked", {"cache": where}
        case "shrink":
            return "shrunk", {"cache": where}
        case "validate":
            reports = re.search(r"SLUB_DEBUG made ([\d,]+) report", result.hint) if result is not None else None
            if reports is None:
                return "validated", {"cache": where}
            return "validated, reports", {"cache": where, "things": many(int(reports[1].replace(",", "")), "report")}
        case "tasks" if container is not None:
            return moved(session, event, text, container)
        case "notify_on_release":
            return "notify on" if parse_flag(text) else "notify off", {"where": where}
        case "release_agent":
            return "agent named", {"value": text}
        case "comm":
            return "named", {"pid": where, "who": text}
        case "uid":
            return "other user", {"pid": where, "value": text.partition(" ")[0]}
    if group is not None and file in ("kmem.limit", "limit"):
        return "limit below" if group.res.usage > group.res.limit else "limit", {"where": where, "bytes": int(group.res.limit)}
    if group is not None and file in ("kmem.failcnt", "failcnt"):
        return "failcnt set", {"where": where, "count": int(group.res.failcnt)}
    return "written", {"file": file, "name": where, "value": text}


def container_at(session: Session, folder: str) -> Container | None:
    """Return the container whose directory this is; None for any other."""
    try:
        node = session.machine.tree.lookup(folder)
    except KernelError:
        return None
    return node.container if isinstance(node, ContainerDir) else None


def moved(session: Session, event: EventRow, text: str, container: Container) -> Told:
    """A task attached to a container: what it opened before stays with whoever paid for it, if that is another."""
    machine, log = session.machine, session.log
    number = text.strip()
    pid = int(number) if number.isdigit() and int(number) else actor(session, event)
    values: dict[str, str | int] = {"who": comm(session, pid), "where": name_of(container.path)}
    task = machine.tasks.by_pid.get(pid)
    group = container.css.get("kmem")
    filp = log.numbers.get("filp", -1)
    if not isinstance(group, KmemContainer):
        return "joined", values
    if task is None or not task.open_files():
        return "attached", values
    for n in range(event.n - 2, -1, -1):
        if log.who[n] == pid and log.kind[n] == ALLOC and log.cache[n] == filp:
            owner = int(log.owner[n])
            old = machine.kmem_subsystem.owners[owner] if owner != NONE else None
            if old is None or old is group or not old.res.usage:
                break
            return "moved", {**values, "old": name_of(machine.kmem_subsystem.paths[owner])}
    return "attached", values


def many(count: int, word: str, words: str = "") -> str:
    """Say "2 maps", "1 map", "nothing"."""
    return plural(count, word, words) or "nothing"


def actor(session: Session, event: EventRow) -> int:
    """Return the task that ran the command: the one that `as` names, or init."""
    named = HERE.match(line_of(session, event).strip())
    return int(named[1]) if named else 1


def tasks(session: Session, event: EventRow, verb: str, args: list[str], result: Result | None) -> Told:
    """What tasks and the kernel did."""
    pid = actor(session, event)
    who = comm(session, pid)
    out = result.out if result is not None else ""
    waits = session.machine.rcu.grace
    numbers = [int(each) for each in args if each.isdigit() and each.isascii()]
    count = numbers[0] if numbers else 1
    printed = int(number[0].replace(",", "")) if (number := re.match(r"[\d,]+", out)) else 0
    if verb in COUNTED and (verb, count) != ("open", 1):
        kind, thing = COUNTED[verb]
        return kind, {"who": who, "things": many(count, thing)}
    match verb:
        case "open":
            return "opened one", {"who": who}
        case "fork":
            pids = out.split()
            return ("forked more", {"count": len(pids)}) if len(pids) != 1 else ("forked", {"pid": pids[0]})
        case "exit" | "kill":
            return "ended, waits" if waits else "ended", {"pid": args[0] if args else str(pid)}
        case "close":
            return "closed, waits" if waits else "closed", {"who": who}
        case "prune":
            return "pruned", {"things": many(printed, "dentry", "dentries")}
        case "rcu":
            return "grace period", {"things": many(printed, "object")}
        case "softirq" | "kthread":
            if "-d" in args:
                return "kernel freed", {"things": many(printed, "object")}
            cache = args[-1] if not args[-1].isdigit() else PACKET
            return "interrupt" if verb == "softirq" else "kernel thread", {"things": many(count, "object"), "cache": cache}
        case "kmalloc" | "pages" | "vmalloc":
            return "by hand, charged" if "ACCOUNT" in args else "by hand", {"verb": verb}
        case "kfree":
            return "given back", {"things": many(printed, "piece")}
        case "poke":
            text = out.partition(":")[0]
            return ("poked", {"text": f"S{text[1:]}"}) if len(text) < LONGEST else ("poked, long", {})
        case "replay":
            if args[-1] == "start":
                return "replay begins", {"name": args[0]}
            return "replayed", {"text": out.partition("\n")[0]}
    return "call", {"who": who, "verb": verb}

"""The machine's switches: the same commands on a machine with one thing different.

Each switch is a field of `Profile`; its choices say in one sentence what they are, and where that is not plain, whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from ..engine.errors import invalid
from ..engine.profiles import DEFAULTS, Profile
from ..session import Session
from ..variants import variant


@dataclass(frozen=True)
class Switch:
    """One thing that can be different about a machine.

    Attributes:
        name: the field of Profile.
        label: what the card calls it.
        choices: value and sentence, in the order of the list.
    """

    name: str
    label: str
    choices: tuple[tuple[Any, str], ...]


SWITCHES: Final = (
    Switch(
        "allocator",
        "Allocator",
        (
            ("slub", "A slab in each cpu's hand, and a list of those with room."),
            ("slab", "The older one: free objects rest in arrays; full, partial and free slabs are listed."),
        ),
    ),
    Switch(
        "slub",
        "SLUB of",
        (
            ("2.6.24", "A slab that gains room goes to the end of the partial list; five are kept."),
            ("2.6.23", "A slab that gains room goes to the head of the partial list; two are kept."),
        ),
    ),
    Switch(
        "boot",
        "Merging",
        (
            ("slub_nomerge", "Each cache is one of its own (slub_nomerge)."),
            ("", "Caches of one size are one: filp is kmalloc-256, and refuses."),
            ("slab_account=filp,mnt_cache", "Only filp and mnt_cache are kept apart (slab_account=, kmemlab's own)."),
            ("slub_nomerge kmalloc_account", "kmalloc caches may be accounted, and need each other's arrays (kmemlab's own)."),
            ("slub_nomerge slub_debug=U", "Owners of objects are noted, so full slabs are on a list (slub_debug=U)."),
        ),
    ),
    Switch(
        "cpus",
        "Cpus",
        (
            (1, "One slab in hand for each cache."),
            (2, "Each cpu has a slab of its own in hand."),
            (4, "Each of four cpus has a slab of its own in hand."),
        ),
    ),
    Switch(
        "rcu",
        "RCU",
        (
            ("now", "A freed file goes back to its slab at once."),
            ("grace", "A freed file goes back when a grace period ends."),
        ),
    ),
    Switch(
        "irq_payer",
        "Interrupts",
        (
            ("current", "Whoever runs pays for what an interrupt allocates."),
            ("root", "The root container pays for interrupts."),
            ("none", "Nobody pays for interrupts."),
        ),
    ),
    Switch(
        "patchset",
        "Patchset",
        (
            ("v3", "Generic notifiers, error pointers, RCU-safe lookups, 1 and 0."),
            ("v2", "SLUB calls the controller by name: no other listener can register."),
            ("v1,no-word-toggle", "As v2; create returns NULL, and the lookup has no read section."),
            ("v3,null-create", "create returns NULL: a mkdir without memory crashes the kernel."),
        ),
    ),
    Switch(
        "kinds",
        "Charged",
        (
            ("cache", "Objects of caches that are switched on, as the letter says."),
            ("cache,kmalloc,vmalloc,pages", "Calls that are marked, too: kmemlab's own extension (`sites`)."),
        ),
    ),
    Switch(
        "off",
        "Turning off",
        (
            ("empty", "Refused while an object lives: the letter's rule."),
            ("full-list", "Full slabs are kept on a list, so off finds every object."),
            ("walk", "Off looks at every page of memory."),
            ("drain", "Off answers at once; what is charged drains as it is freed."),
            ("charged-list", "Each cache lists the slabs that have an owner array."),
        ),
    ),
    Switch(
        "before_on",
        "Older objects",
        (
            ("skip", "They belong to nobody, and are never charged."),
            ("refuse", "On is refused while the cache has objects."),
            ("root", "They are charged to the root container."),
        ),
    ),
    Switch(
        "rss",
        "RSS sibling",
        (
            (False, "Only kmem is registered."),
            (True, "A second subsystem on the same counters charges a page for each page fault."),
        ),
    ),
)


def switches_of(profile: Profile) -> list[dict[str, Any]]:
    """Return the switches of a machine, each with what it stands at; a value that is no choice is one here."""
    known = {field.name for field in fields(Profile)}
    rows: list[dict[str, Any]] = []
    for switch in SWITCHES:
        if switch.name not in known:
            continue
        value = getattr(profile, switch.name)
        choices = [[*choice] for choice in switch.choices]
        if value not in (choice[0] for choice in choices):
            choices.insert(0, [value, "As this machine was booted."])
        rows.append({"name": switch.name, "label": switch.label, "value": value, "choices": choices})
    return rows


def changed(session: Session, changes: Mapping[str, Any]) -> Session:
    """Return a session that has run the same commands on a machine with these changes.

    Raises:
        KernelError: EINVAL for a switch that there is not, or a machine that cannot be booted; or if nothing is different.
    """
    profile = {**DEFAULTS, **session.machine.profile.to_dict()}
    known = {switch.name for switch in SWITCHES}
    for name in changes:
        if name not in known:
            raise invalid(f"a machine has no switch {name!r}")
    if all(profile[name] == value for name, value in changes.items()):
        raise invalid("Nothing is different about this machine: choose another value first.")
    return variant(session, **dict(changes))

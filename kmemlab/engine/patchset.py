"""Which version of the patchset a machine runs: v1, v2 or v3, and each difference between them as a switch of its own.

The mails could not be had: all that is known of v1 and v2 are the lines of the cover letter's change log. Each line that
changes what a machine does is one switch, named for the old way; what the old way was in detail is the letter's where its
words say so, and kmemlab's choice where they do not (docs/versions.md grades each).
"""

from __future__ import annotations

from typing import Final

from .errors import invalid

V1: Final = "v1"
V2: Final = "v2"
V3: Final = "v3"

NULL_CREATE: Final = "null-create"
BARE_ASSIGN: Final = "bare-assign"
WORD_TOGGLE: Final = "word-toggle"
LATE_REGISTER: Final = "late-register"
WIRED_HOOKS: Final = "wired-hooks"

# Switch -> the line of the letter's change log that ended it.
SWITCHES: Final = {
    NULL_CREATE: "return ERR_PTR from ->create callback, not NULL",
    BARE_ASSIGN: "make container-to-object assignment in rcu-safe section",
    WORD_TOGGLE: 'make turning accounting on and off with "1" and "0"',
    LATE_REGISTER: "fixed Paul's comment about subsystem registration",
    WIRED_HOOKS: "introduced generic notifiers for slub",
}
# Version -> the switches that are on in it.
VERSIONS: Final[dict[str, tuple[str, ...]]] = {
    V1: (NULL_CREATE, BARE_ASSIGN, WORD_TOGGLE, LATE_REGISTER, WIRED_HOOKS),
    V2: (WIRED_HOOKS,),
    V3: (),
}


class Patchset:
    """What the words "v3", "v1" or "v3,null-create" or "v1,no-wired-hooks" come to.

    Attributes:
        null_create: kmem's create returns NULL where there is no memory; else an error pointer.
        bare_assign: the container of an object is looked up outside an RCU read section; else inside one.
        word_toggle: cache_account takes and shows "on" and "off" (the words are kmemlab's choice); else "1" and "0".
        late_register: kmem registers at run time, behind the subsystems that are compiled in (kmemlab's choice); else is one.
        wired_hooks: the allocator calls the controller by its name, and nobody else can listen; else generic notifiers.
    """

    __slots__ = ("bare_assign", "late_register", "null_create", "wired_hooks", "word_toggle")

    def __init__(self, words: str) -> None:
        on = switches(words)
        self.null_create = NULL_CREATE in on
        self.bare_assign = BARE_ASSIGN in on
        self.word_toggle = WORD_TOGGLE in on
        self.late_register = LATE_REGISTER in on
        self.wired_hooks = WIRED_HOOKS in on

    def toggle(self, on: bool) -> str:
        """Return what cache_account shows, and what is written to it."""
        if self.word_toggle:
            return "on" if on else "off"
        return "1" if on else "0"

    def read_toggle(self, text: str) -> bool:
        """Read what was written to cache_account: "1" and "0" by the first character, so the newline of echo does no harm.

        Raises:
            KernelError: EINVAL for other text (kmemlab's choice, facts 8.3).
        """
        said = text.strip() if self.word_toggle else text[:1]
        for on in (True, False):
            if said == self.toggle(on):
                return on
        if self.word_toggle:
            raise invalid('This is v1: write "on" or "off".')
        raise invalid('Write "1" to charge for this cache, or "0" to stop.')


def switches(words: str) -> set[str]:
    """Read a version and, behind commas, switches to turn on or, with "no-" before them, off; the last word about one holds.

    Raises:
        KernelError: EINVAL for a version or a switch that there is not.
    """
    version, *changes = words.split(",")
    if version not in VERSIONS:
        raise invalid(f"patchset={words!r}: begin with v1, v2 or v3, as in v3,{NULL_CREATE}")
    on = set(VERSIONS[version])
    for word in changes:
        name = word.removeprefix("no-")
        if name not in SWITCHES:
            raise invalid(
                f"patchset={words!r}: {word!r} is no switch; there are {', '.join(SWITCHES)}, each also with no- before it"
            )
        if word == name:
            on.add(name)
        else:
            on.discard(name)
    return on

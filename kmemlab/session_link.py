"""A session as a short string that can be put into a link, a mail or an exercise: `Session.to_link()`, `Session.from_link()`.

`k1.` and then, in the URL-safe alphabet of base64: four bytes of checksum and the deflated JSON of the session. What a scenario
typed is not repeated: its name, how many of its commands stand, and a checksum of those, since a later kmemlab may type others.
It is data only: nothing in it is run but commands of the shell, on a machine of its own. Format and limits: kmemlab's choice.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from typing import Any, Final

from .engine.errors import invalid
from .engine.profiles import DEFAULTS
from .session_file import FORMAT, what_is_wrong

VERSION: Final = "k1."
LONGEST: Final = 6000  # characters: what mail programs and servers carry unharmed; a class example has under 1,500
MOST_BYTES: Final = 1 << 20  # of JSON: more is no link that `pack` made
CHECKSUM: Final = 4


def pack(saved: dict[str, Any]) -> str:
    """Make the string of what `Session.to_dict` gave.

    Raises:
        KernelError: EINVAL, if the history is too long for a link.
    """
    changed = {key: value for key, value in saved["profile"].items() if DEFAULTS[key] != value}
    commands = saved["commands"]
    name = saved["view"].get("scenario", "")
    same = 0
    if isinstance(name, str) and name:
        for mine, theirs in zip(commands, typed(name), strict=False):
            if mine != theirs:
                break
            same += 1
    short = {
        "p": saved["position"], "m": changed, "v": saved["view"], "c": commands[same:],
        "s": name if same else "", "n": same, "h": sum_of(commands[:same]) if same else 0,
    }  # fmt: skip
    text = json.dumps({key: value for key, value in short.items() if value}, separators=(",", ":"), sort_keys=True).encode()
    deflated = zlib.compress(text, 9)
    link = VERSION + base64.urlsafe_b64encode(checksum(deflated) + deflated).decode("ascii").rstrip("=")
    if len(link) > LONGEST:
        raise invalid(f"This history is too long for a link ({len(link):,} characters): save it as a file.")
    return link


def unpack(link: str) -> dict[str, Any]:
    """Return what `Session.from_dict` takes.

    Raises:
        KernelError: EINVAL, for anything that `pack` did not make, with one sentence that says what is wrong with it.
    """
    if not isinstance(link, str) or not link.strip().startswith(VERSION):
        newer = isinstance(link, str) and link[:1] == "k" and link[1:2].isdigit() and "." in link[:5]
        raise invalid(
            "This link was made by a newer kmemlab: update to open it." if newer else "This is no link of a kmemlab session."
        )
    short = unfold(link.strip()[len(VERSION) :])
    profile, view, commands = short.get("m", {}), short.get("v", {}), short.get("c", [])
    name, same, position = short.get("s", ""), short.get("n", 0), short.get("p", 0)
    if not isinstance(profile, dict) or not isinstance(view, dict) or not isinstance(name, str) or type(same) is not int:
        raise invalid("This link does not hold a session.")
    first = typed(name) if same else []
    if same < 0 or (same and not first):
        raise invalid(f"This link goes on from a scenario that is not here: {name[:20]!r}.")
    if same > len(first) or (same and sum_of(first[:same]) != short.get("h")):
        raise invalid(f"This link goes on from {name} as another version of kmemlab has it: save a file there instead.")
    saved = {
        "kmemlab_session": FORMAT,
        "profile": {**DEFAULTS, **profile},
        "commands": [*first[:same], *commands] if isinstance(commands, list) else None,
        "position": position,
        "view": view,
    }
    problem = what_is_wrong(saved)
    if problem:
        raise invalid(f"This link does not hold a session: expected {problem[0]}, found {problem[1]}.")
    return saved


def unfold(text: str) -> dict[str, Any]:
    """Decode, compare the checksum, inflate no more than MOST_BYTES, read the JSON.

    Raises:
        KernelError: EINVAL, at the first of these that fails.
    """
    if len(text) > LONGEST:
        raise invalid(f"This link is too long: {len(text):,} characters, at most {LONGEST:,}.")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise invalid("This link holds characters that no link has: copy it again, whole.") from None
    if len(data) <= CHECKSUM or checksum(data[CHECKSUM:]) != data[:CHECKSUM]:
        raise invalid("This link is damaged: its checksum is wrong. Copy it again, whole.")
    inflate = zlib.decompressobj()
    try:
        plain = inflate.decompress(data[CHECKSUM:], MOST_BYTES)
        if inflate.unconsumed_tail or not inflate.eof:
            raise invalid("This link holds more than a session can have.")
        short = json.loads(plain)
    except (zlib.error, ValueError, RecursionError):
        raise invalid("This link does not hold a session.") from None
    if not isinstance(short, dict):
        raise invalid("This link does not hold a session.")
    return short


def typed(name: str) -> list[str]:
    """List what a scenario types, [] for one that there is not."""
    from .scenarios import SCENARIOS  # it makes sessions: loaded when a link is, or the two would wait for each other

    return list(SCENARIOS[name].commands()) if name in SCENARIOS else []


def sum_of(commands: list[str]) -> int:
    """CRC-32 of command lines."""
    return zlib.crc32("\n".join(commands).encode())


def checksum(data: bytes) -> bytes:
    """CRC-32 of the deflated JSON: against a link that lost its end, not against malice."""
    return zlib.crc32(data).to_bytes(CHECKSUM, "big")

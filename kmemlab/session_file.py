"""The session file: its format, how it is written so that an old one is never half lost, what is wrong with a foreign one."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from .engine.profiles import Profile

FORMAT = 1
PROFILE = [field.name for field in fields(Profile)]


def write_whole(target: Path, saved: Mapping[str, Any]) -> None:
    """Write beside `target`, then take its place: an old file stays whole until the new one is.

    Raises:
        OSError: if it cannot be written; `filename` is the target.
    """
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from None
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(saved, file, indent=1)
            file.write("\n")
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def what_is_wrong(saved: Any) -> tuple[str, str] | None:
    """Say what a session file should hold and does not; None if it is one."""
    if not isinstance(saved, dict) or not isinstance(saved.get("kmemlab_session"), int):
        return "a kmemlab session", "something else"
    if isinstance(saved["kmemlab_session"], bool) or saved["kmemlab_session"] < 1:
        return f"a session of format {FORMAT}", f"format {saved['kmemlab_session']}"
    if saved["kmemlab_session"] > FORMAT:
        return f"a session of format {FORMAT}", f"format {saved['kmemlab_session']}: update kmemlab to read it"
    commands = saved.get("commands")
    if not isinstance(commands, list) or not all(isinstance(each, str) for each in commands):
        return "commands, a list of lines", repr(commands)[:40]
    if not isinstance(saved.get("position"), int) or isinstance(saved["position"], bool):
        return "position, a number", repr(saved.get("position"))[:40]
    if saved["position"] < 0:
        return "position, 0 or more", str(saved["position"])
    if not isinstance(saved.get("profile"), dict) or not isinstance(saved.get("view", {}), dict):
        return "profile and view, objects", "something else"
    unknown = [str(key) for key in saved["profile"] if key not in PROFILE]
    if unknown:
        return f"a profile of {', '.join(PROFILE)}", unknown[0][:40]
    return None

"""Progress: what somebody predicted and solved, in one small JSON file of theirs.

It is kept where a page shows the notebook to somebody, in `~/.local/state/kmemlab/progress.json` ($XDG_STATE_HOME counts): a
folder of notebooks may be read-only, and git would see it there. KMEMLAB_PROGRESS names another file, or is `off`. Nothing in
here raises into anybody's work: what cannot be read or written is said in one sentence.

    {"kmemlab_progress": 1,
     "predicted": {"02.1": {"answer": "256 bytes"}},
     "checked": {"02.5": {"right": true, "tries": 2, "answer": ["2:3", ...], "session": {...}}}}

A prediction about a session with a `seed` of its own has that, too.
`answer` is what was given, as text where JSON has no word for it; `session` is that of the exercise, as a session file has it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

from ..notebook import attended
from ..session_file import write_whole

VARIABLE: Final = "KMEMLAB_PROGRESS"
FORMAT: Final = 1
MOST_BYTES: Final = 4_000_000
MOST_ANSWER: Final = 20_000  # characters


def file() -> Path | None:
    """Return the progress file, None where nothing is kept."""
    return place() if os.environ.get(VARIABLE, "").strip() or attended() else None


def place() -> Path | None:
    """Return where somebody's progress file stands, whoever asks; None where it is switched off."""
    named = os.environ.get(VARIABLE, "").strip()
    if named.lower() in ("off", "no", "0"):
        return None
    if named:
        return Path(named).expanduser()
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state else Path.home() / ".local" / "state") / "kmemlab" / "progress.json"


def empty() -> dict[str, Any]:
    """Return the progress of somebody who begins."""
    return {"kmemlab_progress": FORMAT, "predicted": {}, "checked": {}}


def read(path: Path) -> dict[str, Any]:
    """Read a progress file.

    Raises:
        ValueError: with one sentence, for a file that is none.
        OSError: if it cannot be read; FileNotFoundError if there is none.
    """
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path} is larger than {MOST_BYTES:,} bytes: kmemlab did not write it")
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError(f"{path} is no progress file: it is not JSON") from None
    if not isinstance(saved, dict) or not isinstance(saved.get("kmemlab_progress"), int):
        raise ValueError(f"{path} is no progress file: it has no kmemlab_progress")
    if saved["kmemlab_progress"] > FORMAT:
        raise ValueError(f"{path} was written by a newer kmemlab: update kmemlab to read it")
    for part in ("predicted", "checked"):
        rows = saved.setdefault(part, {})
        if not isinstance(rows, dict) or not all(isinstance(row, dict) for row in rows.values()):
            raise ValueError(f"{path} is no progress file: {part} is no table of answers")
    return saved


def load() -> tuple[dict[str, Any], str]:
    """Return the progress, and a sentence about a file that could not be read: that one is put aside, not lost."""
    path = file()
    if path is None:
        return empty(), ""
    try:
        return read(path), ""
    except FileNotFoundError:
        return empty(), ""
    except OSError as error:
        return empty(), f"Your progress could not be read: {path}: {error.strerror}."
    except ValueError as error:
        return empty(), f"{error}. {put_aside(path)}"


def put_aside(path: Path) -> str:
    """Rename a file that is not understood, so that the next write does not take its place; says where it is."""
    number = 1
    while (aside := path.with_name(f"{path.name}.unread-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
    except OSError as error:
        return f"It could not be put aside ({error.strerror}), so nothing is kept."
    return f"It is kept as {aside.name}, and a new one begins."


def note(part: str, number: str, row: dict[str, Any]) -> str:
    """Keep a row, in place of an older one of the same number; returns a sentence if something is wrong, else "".

    The file is read again first: another notebook may have written to it.
    """
    path = file()
    if path is None:
        return ""
    saved, trouble = load()
    if path.exists() and trouble:
        return trouble  # unread and not put aside: it is not ours to replace
    saved[part][number] = row
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, saved)
    except (OSError, TypeError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return f"Your progress could not be kept in {path}: {reason}."
    return trouble


def forget(part: str, number: str) -> str:
    """Take a row away, if it is there; returns a sentence if something is wrong, else ""."""
    saved, trouble = load()
    path = file()
    if path is None or number not in saved[part]:
        return trouble
    del saved[part][number]
    try:
        write_whole(path, saved)
    except OSError as error:
        return f"Your progress could not be kept in {path}: {error.strerror}."
    return trouble


def kept(part: str, number: str) -> tuple[dict[str, Any], str]:
    """Return what is kept under a number, {} for nothing, and a sentence about a file that could not be read."""
    saved, trouble = load()
    return saved[part].get(number, {}), trouble

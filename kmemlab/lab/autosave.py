"""What a lab holds, kept on disk, and offered again when the Jupyter kernel was restarted and its cell is run again.

One session file for each lab, in the reader's own state folder: beside the notebook it would be in the way of git, and a folder
of notebooks may be read-only. A lab is known by its notebook and its cell, or by the key that it was given. Nothing in here
raises into anybody's work: what cannot be written or read is said once, as a notice. All of this is kmemlab's choice.
"""

from __future__ import annotations

import asyncio
import atexit
import hashlib
import json
import os
import re
import time
import uuid
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakSet

from ..notebook import jupyter_shell
from ..session import Session
from ..session_file import what_is_wrong, write_whole

if TYPE_CHECKING:
    from .controller import Controller

VARIABLE: Final = "KMEMLAB_AUTOSAVE"  # off, or the folder of the files
SUFFIX: Final = ".kmemlab.json"
MOST_FILES: Final = 64
MOST_BYTES: Final = 4_000_000  # of one file
REST_SECONDS: Final = 3.0  # between two writes of where one stands; a command is written at once
PASSIVE: Final = frozenset(("theme", "complete"))  # what the page asks for by itself
PROCESS: Final = uuid.uuid4().hex  # this Jupyter kernel, not the one before it

_MADE: Counter[str] = Counter()  # labs by place, in this process


def folder(asked: bool | None) -> Path | None:
    """Return where autosaves go, None for nowhere.

    Args:
        asked: what `Lab(autosave=)` was given. None: yes in a Jupyter kernel, no elsewhere.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if asked is False or named.lower() in ("off", "no", "0"):
        return None
    if named:
        return Path(named).expanduser()
    if asked is None and jupyter_shell() is None:
        return None
    state = os.environ.get("XDG_STATE_HOME", "")
    return (Path(state) if state else Path.home() / ".local" / "state") / "kmemlab" / "autosave"


def place_of(key: str | None) -> str:
    """Return a name for a lab that its cell has again after a restart of the Jupyter kernel.

    Without a key it is the cell and the number of the lab in one run of it; where the front end does not tell the cell, the
    number of the lab in this process.
    """
    notebook = os.environ.get("JPY_SESSION_NAME") or str(Path.cwd())
    if key is not None:
        return f"{notebook}\n{key}"
    try:
        parent = jupyter_shell().get_parent()
        cell, run = str(parent["metadata"]["cellId"]), str(parent["header"]["msg_id"])
    except Exception:  # no Jupyter kernel, or one that does not tell
        cell = run = ""
    made = f"{notebook}\n{cell}\n{run}"
    _MADE[made] += 1
    return f"{notebook}\n\n{cell}\n{_MADE[made]}"


def file_of(home: Path, place: str) -> Path:
    """Return the file of a place: something to recognize the notebook by, and a checksum of all of it."""
    notebook = Path(place.partition("\n")[0]).stem
    readable = re.sub(r"[^A-Za-z0-9-]+", "-", notebook)[:40].strip("-") or "lab"
    return home / f"{readable}-{hashlib.sha256(place.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}{SUFFIX}"


class Autosave:
    """The autosave of one lab.

    Attributes:
        file: where it is written.
        offer: a sentence about the session that an earlier Jupyter kernel left here, "" for none.
    """

    def __init__(self, file: Path, controller: Controller) -> None:
        self.file = file
        self.offer = ""
        self._offered: dict[str, Any] = {}
        self._trouble = ""
        self._told = False
        self._session = controller.session
        self._heard = self._written = mark(controller)
        self._pending: Controller | None = None
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._find(controller.session)
        _OPEN.add(self)

    @classmethod
    def make(cls, controller: Controller, asked: bool | None, key: str | None) -> Autosave | None:
        """Return the autosave of a new lab, None if there is to be none."""
        try:
            home = folder(asked)
            return None if home is None else cls(file_of(home, place_of(key)), controller)
        except (OSError, RuntimeError):  # no working directory, no home
            return None

    # -- what an earlier Jupyter kernel left

    def _find(self, fresh: Session) -> None:
        """Look for a session of an earlier process that is not where this lab begins anyway."""
        try:
            if self.file.stat().st_size > MOST_BYTES:
                raise ValueError(f"it is larger than {MOST_BYTES:,} bytes")
            saved = json.loads(self.file.read_bytes())
            problem = what_is_wrong(saved)
            if problem:
                raise ValueError(f"expected {problem[0]}, found {problem[1]}")
            about = saved.get("autosaved")
            if not isinstance(about, dict):
                raise ValueError("it does not say when it was made")
            when = datetime.fromtimestamp(about["at"])
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            self._trouble = f"What was autosaved for this lab cannot be opened: {why}. It is left out."
            return
        if about.get("process") == PROCESS or (saved["commands"], saved["position"]) == (fresh.commands, fresh.position):
            return
        self._offered = saved
        self.offer = sentence(saved, fresh, when)

    def take(self) -> str:
        """Return the session that is offered, as text, and end the offer."""
        text = json.dumps(self._offered)
        self.forget()
        return text

    def forget(self) -> None:
        """End the offer. The file stays until this lab writes its own."""
        self.offer = ""
        self._offered = {}

    # -- writing

    def listen(self, action: object) -> None:
        """Hear that something was asked for: what went wrong before has been read."""
        if action not in PASSIVE:
            self._trouble = ""

    def note(self, controller: Controller, action: object = None) -> bool:
        """Hear that the lab did something: a command is written at once, a place when it has rested a little.

        Returns:
            Whether there is something to tell that no frame has told.
        """
        told = self._trouble
        self._note(controller, action)
        return self._trouble not in (told, "")

    def _note(self, controller: Controller, action: object) -> None:
        now = mark(controller)
        if action == "forget":
            self._written = now  # the file stays until something is done here
        ran = controller.session is not self._session or now[0] != self._heard[0]
        if now == self._written or (self.offer and not ran):
            return  # walking about does not take the place of a session that is still on offer
        self._session, self._heard = controller.session, now
        self._pending = controller
        wait = 0.0 if ran else self._last + REST_SECONDS - time.monotonic()
        if wait <= 0:
            self.flush()
        elif self._timer is None:
            try:
                self._timer = asyncio.get_running_loop().call_later(wait, self.flush)
            except RuntimeError:
                return  # no loop, no Jupyter kernel: the next action or the end of the process writes it

    def flush(self) -> None:
        """Write what is not written yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        controller, self._pending = self._pending, None
        if controller is None:
            return
        session = controller.session
        self._last = time.monotonic()
        self._written = mark(controller)
        try:
            if sum(map(len, session.commands)) > MOST_BYTES // 2:
                raise ValueError("its commands are too long")
            controller.keep_view()
            new = not self.file.exists()
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(self.file, {**session.to_dict(), "autosaved": {"at": int(time.time()), "process": PROCESS}})
            if new:
                prune(self.file.parent)
        except (OSError, ValueError, TypeError) as error:
            if not self._told:
                why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                self._trouble = f"This session is not autosaved: {why}. ⋯ saves it as a file."
            self._told = True

    def tell(self, frame: dict[str, Any]) -> None:
        """Add to a frame what is offered, and what went wrong."""
        if self.offer:
            frame["offer"] = {"text": self.offer}
        if self._trouble and "notice" not in frame:
            frame["notice"] = {"kind": "info", "text": self._trouble}


def mark(controller: Controller) -> tuple[int, int, str, str, str]:
    """Return what is worth writing when it changes: what happened, where one stands, and what a session keeps of the look."""
    session, look = controller.session, controller.look
    return session.history, session.position, look.cache, look.selected, look.tab


def sentence(saved: dict[str, Any], fresh: Session, when: datetime) -> str:
    """Say what is offered: when it was, how much of it is the reader's own, and where it stood."""
    commands = saved["commands"]
    same = 0
    for mine, theirs in zip(commands, fresh.commands, strict=False):
        if mine != theirs:
            break
        same += 1
    own = len(commands) - same
    day = "" if when.date() == datetime.now().date() else f"{when:%d %B}, "
    typed = f"{own:,} command{'s' * (own != 1)}, " if own else ""
    return f"Your session of {day}{when:%H:%M}: {typed}event {saved['position']:,}."


def prune(home: Path) -> None:
    """Keep the newest MOST_FILES autosaves."""
    files = sorted(home.glob(f"*{SUFFIX}"), key=lambda file: file.stat().st_mtime, reverse=True)
    for old in files[MOST_FILES:]:
        old.unlink(missing_ok=True)


_OPEN: WeakSet[Autosave] = WeakSet()


@atexit.register
def flush_all() -> None:
    """Write what still waits when the Jupyter kernel ends in order."""
    for each in list(_OPEN):
        each.flush()

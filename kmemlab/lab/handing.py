"""What leaves the lab and comes back: links, files, pictures, a container's commands, an earlier session."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from pathlib import Path
from typing import Any

from ..engine.errors import KernelError
from ..figures import assign_owners
from ..figures.palette import name_of
from ..recordings import ForeignFileError
from ..session import Session
from ..survey import container_rows
from .autosave import Autosave
from .binder import binder_address
from .look import saved_owners
from .still import still
from .walking import Walker


class Giver(Walker):
    """Hands things over in `look.given`, for one answer.

    Attributes:
        autosave: what keeps this lab's session, None for nothing.
    """

    autosave: Autosave | None

    def frame(self) -> dict[str, Any]:
        """Return the newest frame."""
        raise NotImplementedError

    def do_share(self) -> None:
        """Hand a link over; a file, where the history is too long for one."""
        self.keep_view()
        try:
            link = self.session.to_link()
        except KernelError:
            self.do_save()
            self.look.notice = ("info", "Saved as a file: the link would be too long.")
            return
        self.look.given = {
            "kind": "link", "text": link, "words": f"Link copied. It opens this machine at event {self.session.position:,}.",
        }  # fmt: skip

    def do_binder(self) -> None:
        """Hand an address over that opens this moment on Binder; say what is missing, where there is none."""
        self.keep_view()
        try:
            address = binder_address(self.session.to_link())
        except KernelError as error:
            self.look.notice = ("info", error.strerror or str(error))
            return
        self.look.given = {
            "kind": "link",
            "text": address,
            "words": "Binder link copied. It opens this machine in any browser.",
        }

    def do_picture(self) -> None:
        """Hand the whole lab over as a picture, an SVG."""
        self.look.given = {"kind": "picture", "text": still(self.frame(), self.look.theme)}

    def do_save(self) -> None:
        """Hand a session file over."""
        self.keep_view()
        self.look.given = {"kind": "file", "text": json.dumps(self.session.to_dict(), indent=1)}

    def do_open(self, text: str) -> None:
        """Open a link, or what a session file holds. What is neither is refused, and the session stays."""
        text = str(text).strip()
        try:
            session = from_file(text) if text.startswith("{") else Session.from_link(text)
        except KernelError as error:
            self.look.notice = ("error", error.strerror or str(error))
        except (ForeignFileError, ValueError, RecursionError) as error:
            self.look.notice = ("error", f"This is no session file: {error}.")
        else:
            self.open(session)

    def do_reopen(self) -> None:
        """Open the session that is offered: what this lab held before the Jupyter kernel was restarted."""
        if self.autosave is not None and self.autosave.offer:
            self.do_open(self.autosave.take())

    def do_forget(self) -> None:
        """Offer that session no more."""
        if self.autosave is not None:
            self.autosave.forget()

    def keep_view(self) -> None:
        """Note in the session what is looked at: it goes into links and files."""
        look = self.look
        looked: dict[str, Any] = {
            "scenario": look.scenario, "cache": look.cache, "selected": look.selected, "tab": look.tab,
            "letters": self.own_letters(),
        }  # fmt: skip
        kept = {name: value for name, value in self.session.view.items() if name not in looked}
        self.session.view = kept | {name: value for name, value in looked.items() if value}

    def own_letters(self) -> dict[str, list[Any]]:
        """Return the letters that whoever opens this moment would not give by himself; {} for none, as a rule."""
        owners = self.look.owners
        paths = [row.path for row in container_rows(self.session.machine)]
        return {} if assign_owners(paths) == owners else saved_owners(owners)

    def do_commands(self, id: int) -> None:  # noqa: A002 (the contract's name)
        """Hand over the commands so far that name a container's directory, or something in it."""
        session, machine = self.session, self.session.machine
        path = machine.kmem_subsystem.paths[int(id)].rstrip("/")
        points = [point for point, hierarchy in machine.tree.mounts.items() if hierarchy is machine.kmem_subsystem.hierarchy]
        named = re.compile("|".join(rf"{re.escape(point + path)}(?![^/\s'\"])" for point in points) or "(?!)")
        done = session.commands[: bisect_right(session.ends, session.position)]
        lines = [line for line in done if named.search(line)]
        count = f"{len(lines)} command{'' if len(lines) == 1 else 's'}"
        name = name_of(path)
        if lines:
            self.look.given = {"kind": "text", "text": "\n".join(lines), "words": f"{count} of {name} copied."}
        else:
            self.look.notice = ("info", f"No command so far names {name}.")


def from_file(text: str) -> Session:
    """Make the session of what a session file holds."""
    return Session.from_dict(json.loads(text), Path("the file"))

"""The Binder form of a link: an address that opens a session in any browser, on a server that Binder makes for it.

mybinder.org builds the repository (binder/ has its configuration) and then opens `urlpath` on the server. Ours is a page that
Voila serves there: the notebook of `kmemlab app`, with the link in its own address, where `opened()` reads it. Binder's form
of an address: /v2/gh/OWNER/NAME/REF?urlpath=..., with ?, = and & of the inner address encoded once more.
"""

from __future__ import annotations

import configparser
import os
import re
import tomllib
from pathlib import Path
from typing import Final
from urllib.parse import quote

from ..engine.errors import invalid

SERVER: Final = "https://mybinder.org"
PAGE: Final = "voila/render/kmemlab/lab/page/lab.ipynb"  # in the repository
LONGEST: Final = 7500  # characters: proxies take request lines of 8 KiB
HOME: Final = Path(__file__).parents[2]  # of a checkout; of an installed package the folder it lies in
NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*)/[A-Za-z0-9._-]+")
REMOTE: Final = re.compile(r"(?:https?://(?:[^/@]*@)?|ssh://git@|git@)github\.com[:/](?P<name>[^/]+/[^/]+?)(?:\.git)?/?")
VARIABLE: Final = "KMEMLAB_REPOSITORY"
UNSET: Final = (
    'No Binder link: kmemlab does not know its repository. Write repository = "OWNER/NAME" under [tool.kmemlab] in'
    f" pyproject.toml, or set {VARIABLE}=OWNER/NAME."
)


def binder_address(link: str, home: Path = HOME) -> str:
    """Return the address of a link on Binder.

    Args:
        link: what `Session.to_link` gave.
        home: folder of the repository.

    Raises:
        KernelError: EINVAL, where no repository is set, or the address would be too long for a server.
    """
    name = repository(home)
    if not name:
        raise invalid(UNSET)
    return address(name, link)


def address(name: str, link: str, ref: str = "HEAD") -> str:
    """Return the address that opens a link in a repository, "OWNER/NAME", on Binder.

    Raises:
        KernelError: EINVAL, for a name that is none, or an address that would be too long for a server.
    """
    if not NAME.fullmatch(name):
        raise invalid(f"The repository is written OWNER/NAME, not {name[:40]!r}.")
    inner = f"{PAGE}?kmemlab={quote(link, safe='')}"
    made = f"{SERVER}/v2/gh/{name}/{quote(ref, safe='')}?urlpath={quote(inner, safe='')}"
    if len(made) > LONGEST:
        raise invalid(f"This history is too long for a Binder link ({len(made):,} characters): save it as a file.")
    return made


def repository(home: Path = HOME) -> str:
    """Return OWNER/NAME of the repository on GitHub, "" for an unknown one.

    The environment is asked first, then pyproject.toml, then git; on Binder, where kmemlab is installed, Binder.
    """
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE]
    try:
        written = tomllib.loads((home / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["kmemlab"]["repository"]
    except (OSError, ValueError, KeyError, TypeError):
        # Not a checkout of ours: what git says there is somebody else's.
        asked = os.environ.get("BINDER_REQUEST", "").split("/")
        return "/".join(asked[2:4]) if asked[:2] == ["v2", "gh"] else ""
    return written if isinstance(written, str) and written else remote(home)


def remote(home: Path) -> str:
    """Return OWNER/NAME of the remote `origin` (else of the first on GitHub) in the git configuration of a checkout."""
    folder = home / ".git"
    try:
        if folder.is_file():  # a worktree: the file names its folder, whose commondir leads to the repository's own
            folder = (home / folder.read_text(encoding="utf-8").partition("gitdir:")[2].strip()).resolve()
            common = folder / "commondir"
            folder = (folder / common.read_text(encoding="utf-8").strip()).resolve() if common.exists() else folder
        read = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
        read.read_string((folder / "config").read_text(encoding="utf-8"))
    except (OSError, ValueError, configparser.Error):
        return ""
    sections = sorted(
        (each for each in read.sections() if each.startswith('remote "')), key=lambda each: each != 'remote "origin"'
    )
    for section in sections:
        found = REMOTE.fullmatch((read.get(section, "url", fallback="") or "").strip())
        if found and NAME.fullmatch(found["name"]):
            return found["name"]
    return ""

"""The Binder form of a link: what a stranger's browser opens leads back to the very session."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from kmemlab import Session
from kmemlab.engine.errors import KernelError
from kmemlab.lab import opened
from kmemlab.lab.binder import LONGEST, PAGE, VARIABLE, address, binder_address, repository
from kmemlab.lab.controller import Controller
from kmemlab.session_link import LONGEST as LONGEST_LINK

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (VARIABLE, "BINDER_REQUEST"):
        monkeypatch.delenv(name, raising=False)


def checkout(folder: Path, written: str = "", config: str | None = None) -> Path:
    (folder / "pyproject.toml").write_text(f'[tool.kmemlab]\nrepository = "{written}"\n')
    if config is not None:
        (folder / ".git").mkdir()
        (folder / ".git" / "config").write_text(config)
    return folder


def test_the_address_leads_through_binder_to_the_page_and_the_page_opens_the_session() -> None:
    session = Session(memory="2M")
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/web", "open 9")
    session.seek(session.length - 2)
    outer = urlsplit(address("somebody/kmemlab", session.to_link()))
    assert (outer.scheme, outer.netloc, outer.path) == ("https", "mybinder.org", "/v2/gh/somebody/kmemlab/HEAD")
    (inner,) = parse_qs(outer.query)["urlpath"]
    page = urlsplit(inner)
    assert page.path == PAGE
    lab = opened(page.query)
    assert lab.session.machine.state_hash() == session.machine.state_hash()
    assert lab.session.position == session.position


def test_the_page_is_in_the_repository_and_binder_installs_what_serves_it() -> None:
    file = ROOT / PAGE.removeprefix("voila/render/")
    source = "".join("".join(cell["source"]) for cell in json.loads(file.read_text())["cells"])
    assert source == "from kmemlab.lab import opened\n\nopened()"
    assert "\nvoila==" in (ROOT / "binder" / "requirements.txt").read_text()


def test_the_longest_link_has_a_binder_form_and_a_longer_address_is_refused() -> None:
    name = f"{'o' * 39}/{'n' * 100}"
    assert len(address(name, "k1." + "A" * (LONGEST_LINK - 3))) <= LONGEST
    with pytest.raises(KernelError, match="too long for a Binder link"):
        address(name, "k1." + "A" * LONGEST)


@pytest.mark.parametrize("name", ["", "kmemlab", "a/b/c", "a/b?x", "../..", "a b/c", "-a/b", "https://github.com/a/b"])
def test_what_is_no_repository_is_refused(name: str) -> None:
    with pytest.raises(KernelError, match="OWNER/NAME"):
        address(name, "k1.abc")


def test_the_repository_is_what_the_project_says(tmp_path: Path) -> None:
    assert repository(checkout(tmp_path, "somebody/kmemlab", '[remote "origin"]\nurl = git@github.com:other/fork.git\n')) == (
        "somebody/kmemlab"
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/somebody/kmemlab.git", "somebody/kmemlab"),
        ("https://github.com/somebody/kmemlab", "somebody/kmemlab"),
        ("https://user:secret@github.com/somebody/kmemlab.git", "somebody/kmemlab"),
        ("git@github.com:somebody/kmem.lab.git", "somebody/kmem.lab"),
        ("ssh://git@github.com/somebody/kmemlab.git", "somebody/kmemlab"),
        ("https://gitlab.com/somebody/kmemlab.git", ""),
        ("https://github.com.evil.org/somebody/kmemlab.git", ""),
        ("/srv/git/kmemlab.git", ""),
    ],
)
def test_else_it_is_where_git_fetches_from(tmp_path: Path, url: str, name: str) -> None:
    assert (
        repository(checkout(tmp_path, "", f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {url}\n\tfetch = +a:b\n'))
        == name
    )


def test_a_worktree_finds_its_repository(tmp_path: Path) -> None:
    main, tree = tmp_path / "main", tmp_path / "tree"
    (main / ".git" / "worktrees" / "tree").mkdir(parents=True)
    (main / ".git" / "config").write_text('[remote "upstream"]\nurl = https://github.com/somebody/kmemlab\n')
    (main / ".git" / "worktrees" / "tree" / "commondir").write_text("../..\n")
    tree.mkdir()
    checkout(tree)
    (tree / ".git").write_text(f"gitdir: {main}/.git/worktrees/tree\n")
    assert repository(tree) == "somebody/kmemlab"


def test_an_installed_kmemlab_is_told_by_its_environment_or_by_binder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert repository(tmp_path) == ""
    monkeypatch.setenv("BINDER_REQUEST", "v2/gh/somebody/kmemlab/HEAD")
    assert repository(tmp_path) == "somebody/kmemlab"
    monkeypatch.setenv(VARIABLE, "other/place")
    assert repository(tmp_path) == "other/place"
    assert repository(checkout(tmp_path, "somebody/kmemlab")) == "other/place"


@pytest.mark.parametrize("broken", ["", "[", "not toml = = ", '[remote "origin"]\nurl\n'])
def test_where_nothing_is_known_the_reader_is_told_what_to_set(tmp_path: Path, broken: str) -> None:
    home = checkout(tmp_path, "", broken)
    with pytest.raises(KernelError, match=r'Write repository = "OWNER/NAME" under \[tool\.kmemlab\] in pyproject\.toml'):
        binder_address("k1.abc", home)
    (home / "pyproject.toml").write_text(broken)
    assert repository(home) == ""


def test_the_lab_hands_it_over_or_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    session = Session(memory="2M")
    session.run("open 3")
    controller = Controller(session)
    monkeypatch.setattr("kmemlab.lab.binder.repository", lambda home: "somebody/kmemlab")
    controller.do({"action": "binder"})
    given = controller.frame()["given"]
    assert given["kind"] == "link"
    assert given["text"].startswith("https://mybinder.org/v2/gh/somebody/kmemlab/HEAD?urlpath=voila%2Frender%2F")
    monkeypatch.setattr("kmemlab.lab.binder.repository", lambda home: "")
    controller.do({"action": "binder"})
    frame = controller.frame()
    assert "given" not in frame
    assert frame["notice"]["text"].startswith("No Binder link: ")


def test_the_project_names_no_repository_that_is_not_one() -> None:
    written = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["kmemlab"]["repository"]
    assert written == "" or address(written, "k1.abc")

"""A figure becomes a file; what is missing for that is said with the way to get it."""

from __future__ import annotations

import asyncio
import errno
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest

from kmemlab import Session
from kmemlab.figures import ExportError, assign_owners, flow_figure, write_image
from kmemlab.figures.export import chromium
from kmemlab.survey_bytes import flow_rows

needs_chromium = pytest.mark.skipif(chromium() is None, reason="no Chromium")


@pytest.fixture(scope="module")
def figure() -> go.Figure:
    session = Session(memory="2M")
    session.run("mount -t container -o kmem none /containers", "mkdir /containers/web", "fork 1")
    session.run("echo 2 > /containers/web/tasks", "echo 1 > /sys/slab/filp/cache_account", "as 2 open 9")
    return flow_figure(flow_rows(session.machine, session.log), assign_owners(["/", "/web"]), "/web", "light")


@pytest.mark.browser
@needs_chromium
def test_an_svg_holds_the_figures_words_and_asks_nobody_for_anything(figure: go.Figure, tmp_path: Path) -> None:
    write_image(figure, tmp_path / "flow.svg")
    root = ElementTree.parse(tmp_path / "flow.svg").getroot()
    words = " ".join("".join(each.itertext()) for each in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "web" in words
    assert "2,304" in words
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not (name.endswith("href") and value.startswith("http")), value
    assert [each.name for each in tmp_path.iterdir()] == ["flow.svg"]


def pixels(png: bytes) -> bytes:
    """What a PNG's chunks of picture hold, unpacked."""
    at, packed = 8, b""
    while at < len(png):
        size = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            packed += png[at + 8 : at + 8 + size]
        at += 12 + size
    return zlib.decompress(packed)


@pytest.mark.browser
@needs_chromium
def test_a_png_has_the_pixels_asked_for_inside_a_running_loop_too(figure: go.Figure, tmp_path: Path) -> None:
    async def in_a_notebook() -> None:
        write_image(figure, tmp_path / "flow.png", width=500, height=300, scale=3)

    # In a thread of its own: a browser test that ran before leaves its loop in this one.
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(lambda: asyncio.run(in_a_notebook())).result()
    data = (tmp_path / "flow.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (1500, 900)
    assert len(set(pixels(data))) > 20, "it is not blank"


@pytest.mark.parametrize("name", ["flow.gif", "flow", "flow.svg.exe"])
def test_another_ending_is_refused(figure: go.Figure, tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match=r"written as \.svg, \.png or \.pdf") as refused:
        write_image(figure, tmp_path / name)
    assert refused.value.errno == errno.EINVAL
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [{"width": 0}, {"height": -1}, {"scale": -2}])
def test_a_size_of_nothing_is_refused(figure: go.Figure, tmp_path: Path, size: dict[str, int]) -> None:
    with pytest.raises(ExportError, match="at least one pixel"):
        write_image(figure, tmp_path / "a.png", **size)


def test_without_kaleido_the_command_to_install_it_is_said(
    figure: go.Figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(OSError, match=r"python -m pip install 'kmemlab\[export\]'") as refused:
        write_image(figure, tmp_path / "a.png")
    assert refused.value.errno == errno.ENOENT


def test_without_a_chromium_that_is_said(figure: go.Figure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "nowhere"))
    with pytest.raises(ExportError, match=r"no Chromium was found at .*nowhere: install one, or set CHROMIUM"):
        write_image(figure, tmp_path / "a.png")
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ExportError, match=r"no Chromium was found: install one, or set CHROMIUM"):
        write_image(figure, tmp_path / "a.png")


@pytest.mark.browser
@needs_chromium
def test_a_folder_that_is_not_there_is_an_ordinary_error_and_leaves_nothing(figure: go.Figure, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_image(figure, tmp_path / "no" / "a.svg")
    assert list(tmp_path.iterdir()) == []

"""A figure as a file, SVG, PNG or PDF, drawn by the Chromium of this machine: `pip install 'kmemlab[export]'`.

Kaleido hands the figure to a headless Chromium with the plotly.js that is installed. Nothing is fetched: no MathJax, no CDN.
"""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any, Final

FORMATS: Final = ("svg", "png", "pdf")
WIDTH: Final = 848  # pixels: what the figures are laid out for
PATIENCE: Final = 90  # seconds for one picture
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


class ExportError(OSError):
    """A picture that cannot be written: what is missing, and how to get it."""


def chromium() -> str | None:
    """Return the browser that draws: $CHROMIUM, or the first that is installed; None for none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


def write_image(figure: Any, path: str | Path, width: int = WIDTH, height: int | None = None, scale: float = 0) -> None:
    """Write a figure to a file; the ending of its name says as what.

    Args:
        figure: a Plotly figure, as all functions of `kmemlab.figures` make them.
        path: ends in .svg, .png or .pdf. An old file stays whole until the new one is.
        width: pixels.
        height: pixels; by default what the figure asks for.
        scale: of the pixels in a PNG: 0 is 2 for a PNG, so that it is sharp in print, and 1 for the others.

    Raises:
        ExportError: EINVAL for another ending or a size of nothing; ENOENT where kaleido or a Chromium is not installed, EIO
            where it does not draw.
        OSError: if the file cannot be written.
    """
    target = Path(path)
    ending = target.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise ExportError(errno.EINVAL, f"a picture is written as .svg, .png or .pdf, not as {target.suffix or 'no ending'}")
    if width < 1 or (height is not None and height < 1) or scale < 0:
        raise ExportError(errno.EINVAL, "a picture has at least one pixel each way")
    try:
        import kaleido
    except ImportError:
        raise ExportError(errno.ENOENT, "kaleido is not installed: python -m pip install 'kmemlab[export]'") from None
    browser = chromium()
    if browser is None or not os.access(browser, os.X_OK):
        raise ExportError(
            errno.ENOENT, f"no Chromium was found{f' at {browser}' if browser else ''}: install one, or set CHROMIUM"
        )
    options = {"format": ending, "width": width, "scale": scale or (2 if ending == "png" else 1)}
    if height is not None:
        options["height"] = height
    try:
        drawn = kaleido.calc_fig_sync(figure, opts=options, kopts={"path": browser, "mathjax": False, "timeout": PATIENCE})
    except Exception as error:
        raise ExportError(errno.EIO, f"Chromium could not draw this figure: {type(error).__name__}: {error}") from error
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        partial.write_bytes(drawn)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)

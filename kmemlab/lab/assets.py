"""The page's side of the lab as one module and one style sheet: joined from js/*.js, fonts put in.

anywidget takes one ES module. Ours are written as several, which import each other by name; here they are put one
after the other in the order of their imports, without import lines and the word export. No bundler, nothing to build.
"""

from __future__ import annotations

import base64
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import\s*\{[^}]*\}\s*from\s*"\./([\w-]+\.js)";?[ \t]*$', re.MULTILINE | re.DOTALL)
SHEETS = (
    "tokens", "root", "bar", "headline", "columns", "stage", "foot", "sizes", "narrow", "views", "instruments", "predict",
    "compare", "machine", "race", "oops", "asking",
)  # fmt: skip
EXPORT = re.compile(r"^export (?=function|async function|const|class|let)", re.MULTILINE)
URL = re.compile(r"url\((fonts/[\w.-]+)\)")


@cache
def module(entry: str = "lab.js") -> str:
    """Return the module that starts at `entry` and all it imports."""
    sources: dict[str, str] = {}
    needs: dict[str, set[str]] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name in sources:
            continue
        sources[name] = (HERE / "js" / name).read_text(encoding="utf-8")
        needs[name] = set(IMPORT.findall(sources[name]))
        waiting += needs[name]
    parts = []
    for name in TopologicalSorter({key: sorted(value) for key, value in needs.items()}).static_order():
        text = EXPORT.sub("", IMPORT.sub("", sources[name]))
        parts.append(f"// ---- {name}\n{text}")
    return "\n".join(parts)


@cache
def style() -> str:
    """Return the style sheets, in the order in which a later one may overrule an earlier one, with the fonts inside."""

    def inline(found: re.Match[str]) -> str:
        data = base64.b64encode((HERE / found[1]).read_bytes()).decode()
        return f"url(data:font/woff2;base64,{data})"

    sheets = [(HERE / "css" / f"{name}.css").read_text(encoding="utf-8") for name in SHEETS]
    return URL.sub(inline, "\n".join(sheets))

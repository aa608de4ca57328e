"""`opened()`: the lab that a page's address asks for. What `kmemlab app` and a Binder link show."""

from __future__ import annotations

import os
from urllib.parse import parse_qs

from ..engine.errors import KernelError
from .widget import Lab

LINK = "kmemlab"  # ?kmemlab=k1.… opens a link
SCENARIO = "scenario"  # ?scenario=quiet begins one


def opened(query: str | None = None) -> Lab:
    """Return the lab of an address; one that cannot be opened is said as a notice in the lab that opens by default.

    Args:
        query: what follows the ? of the address; by default Voila's (the variable QUERY_STRING of its Jupyter kernels).
    """
    asked = parse_qs(os.environ.get("QUERY_STRING", "") if query is None else query)
    link, scenario = asked.get(LINK, [""])[0], asked.get(SCENARIO, [""])[0]
    try:
        if link:
            return Lab(link=link)
        return Lab(scenario=scenario or None)
    except KernelError as error:
        lab = Lab()
        lab.controller.look.notice = ("error", error.strerror or str(error))
        lab.refresh()
        return lab

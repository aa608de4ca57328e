"""Whether there is a Jupyter kernel around us, and whether somebody sits before it. Loads nothing."""

from __future__ import annotations

import os
import sys
from typing import Any


def jupyter_shell() -> Any:
    """Return IPython's shell if it is that of a Jupyter kernel, else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell if hasattr(shell, "kernel") else None


def attended() -> bool:
    """Say whether a page shows this notebook to somebody: a Jupyter server names the notebook of a kernel, nbclient does not.

    JupyterLite has no server; its Python runs in the page itself.
    """
    return jupyter_shell() is not None and ("JPY_SESSION_NAME" in os.environ or sys.platform == "emscripten")

"""The lab alone on a page, served by Voila on this machine, in the foreground: what `kmemlab app` becomes."""

from __future__ import annotations

import argparse
import importlib.util
import secrets
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlencode

from .server import PAGE, LabServer, port_is_free, serve

# What JupyterLab's widgets and pictures need in the page; the rest of an environment's extensions stays out of it.
EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget", "jupyterlab-plotly"]
INSTALL = "python -m pip install 'kmemlab[app]'"


class AppServer(LabServer):
    """One Voila. It has a template of ours, so that nothing is fetched from outside."""

    answers = "voila/static/voila.js"
    keeps = False

    def command(self, root: Path, port: int) -> list[str]:
        """Return the program and its arguments."""
        return [
            sys.executable, "-m", "voila", str(root / "lab.ipynb"), "--no-browser", "--Voila.ip=127.0.0.1",
            f"--Voila.port={port}", "--Voila.port_retries=0", f"--Voila.token={self.token}",
            "--VoilaConfiguration.template=kmemlab", f"--VoilaConfiguration.extension_allowlist={EXTENSIONS}",
            "--VoilaConfiguration.allow_template_override=NO",
            # A page that is closed ends its Jupyter kernel with a POST that carries no XSRF token: with the check it stays for
            # ever. Nothing else is posted here, and whoever would forge one must guess the kernel's UUID.
            "--Voila.tornado_settings={'disable_check_xsrf': True}",
        ]  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 0 then, 2 if the port is taken or Voila is not there, 1 if it fails."""
    parser = argparse.ArgumentParser(prog="kmemlab app", description="Show the lab alone on a page of its own.")
    parser.add_argument("--port", type=int, default=8866)
    parser.add_argument("--token", default="")
    parser.add_argument("--scenario", default="")
    parser.add_argument("--browser", action="store_true")
    arguments = parser.parse_args(argv)
    if importlib.util.find_spec("voila") is None:
        print(f"kmemlab: the app needs Voila, which is not installed: {INSTALL}", file=sys.stderr)
        return 2
    if not port_is_free(arguments.port):
        print(f"kmemlab: port {arguments.port} is taken: choose another, kmemlab app --port 8899", file=sys.stderr)
        return 2
    token = arguments.token or secrets.token_hex(16)
    asked = {"scenario": arguments.scenario} if arguments.scenario else {}
    with tempfile.TemporaryDirectory(prefix="kmemlab-") as home:
        return serve(lambda: AppServer(PAGE, Path(home), arguments.port, token), f"?{urlencode({**asked, 'token': token})}",
                     arguments.browser)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())

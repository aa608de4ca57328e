"""A JupyterLab server on this machine, in the foreground: what `make lab` starts and what the browser tests drive.

It asks nobody outside for news or updates, and takes its settings from a folder of its own.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType

from ..build import stale

FIRST = "00-first-light.ipynb"
PAGE = Path(__file__).parent / "page"  # the lab alone, for Voila: a notebook and a template
PATIENCE = 120.0  # seconds until a server that does not answer is given up

SETTINGS: Mapping[str, object] = {
    "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
}
# Jupytext is there to make the lessons. In a learner's JupyterLab it would write back to their text.
WITHOUT_JUPYTEXT: Mapping[str, object] = {
    "labconfig/page_config.json": {"disabledExtensions": {"jupyterlab-jupytext": True}},
}


class LabServer:
    """One server process.

    Attributes:
        url: where it answers, without a slash at the end.
        token: what lets a browser in.

    `compiled` is a folder that `kmemlab.build` made; Jupyter kernels then use the engine in it.
    """

    answers = "api/status"  # what is asked for to see that it answers
    keeps = True  # autosaves are kept in the folder `home`, which stays
    paths = (PAGE,)  # where Jupyter finds more than in the environment

    def __init__(
        self,
        root: Path,
        home: Path,
        port: int,
        token: str,
        settings: Mapping[str, object] | None = None,
        compiled: Path | None = None,
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.token = token
        home.mkdir(parents=True, exist_ok=True)
        environment = dict(os.environ, JUPYTER_PREFER_ENV_PATH="1")
        if compiled is not None and not stale(compiled):
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(compiled), os.environ.get("PYTHONPATH", "")]))
        for name, folder in {
            "JUPYTER_CONFIG_DIR": "config",
            "JUPYTER_DATA_DIR": "data",
            "JUPYTER_RUNTIME_DIR": "runtime",
            "IPYTHONDIR": "ipython",
            "JUPYTERLAB_SETTINGS_DIR": "settings",
            "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        }.items():
            (home / folder).mkdir(exist_ok=True)
            environment[name] = str(home / folder)
        if self.keeps:
            environment.setdefault("KMEMLAB_AUTOSAVE", str(home / "autosave"))
        environment["JUPYTER_PATH"] = os.pathsep.join(filter(None, [*map(str, self.paths), os.environ.get("JUPYTER_PATH", "")]))
        written = {f"settings/{name}": value for name, value in {**SETTINGS, **(settings or {})}.items()}
        written |= {f"config/{name}": value for name, value in WITHOUT_JUPYTEXT.items()}
        for name, value in written.items():
            file = home / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(value), encoding="utf-8")
        command = self.command(root, port)
        self.log = home / "server.log"
        with self.log.open("wb") as log:
            # A group of its own: a Ctrl-C in the terminal reaches us, and we end it in order.
            self.process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def command(self, root: Path, port: int) -> list[str]:
        """Return the program and its arguments."""
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={root}",
            "--ServerApp.terminals_enabled=False", "--LabApp.expose_app_in_browser=True",
            "--ServerApp.jpserver_extensions={'jupyterlab_jupytext': False}",  # as WITHOUT_JUPYTEXT
            "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
        ]  # fmt: skip
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.append("--allow-root")
        return command

    def wait_until_ready(self) -> None:
        """Return when the server answers.

        Raises:
            RuntimeError: if it ends or stays silent; the text is the end of its log.
        """
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/{self.answers}?token={self.token}", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise RuntimeError(self.log.read_text(encoding="utf-8", errors="replace")[-3000:])

    def stop(self) -> None:
        """End the server and every Jupyter kernel it started."""
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def port_is_free(port: int) -> bool:
    """Say whether a server could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Make:
    """The make that started us, if one did: it passes a SIGTERM on, but no SIGINT, and says nothing when it is killed.

    While it answers a SIGINT it waits for its children with the signal blocked: that can be read, on Linux.
    """

    def __init__(self) -> None:
        self.pid = os.getppid()
        self.is_make = self._status().startswith(("Name:\tmake\n", "Name:\tgmake\n"))
        self._seen = False

    def _status(self) -> str:
        try:
            return Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""

    def wants_an_end(self) -> bool:
        """Say whether it is gone, or was found interrupted twice running (it blocks signals for a moment when it forks)."""
        if not self.is_make:
            return False
        if os.getppid() != self.pid:
            return True
        blocked = [line.split()[1] for line in self._status().splitlines() if line.startswith("SigBlk:")]
        before, self._seen = self._seen, bool(blocked) and bool(int(blocked[0], 16) >> (signal.SIGINT - 1) & 1)
        return before and self._seen


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 0 then, 2 if the port is taken, 1 if the server fails."""
    parser = argparse.ArgumentParser(description="Open kmemlab's notebooks in JupyterLab.")
    parser.add_argument("--root", type=Path, required=True, help="folder of the notebooks")
    parser.add_argument("--home", type=Path, required=True, help="folder for the server's own files")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--token", default="")
    parser.add_argument("--compiled", type=Path, help="folder of the compiled engine, if there is one")
    parser.add_argument("--browser", action="store_true", help="open a browser too")
    arguments = parser.parse_args(argv)
    if not port_is_free(arguments.port):
        print(f"kmemlab: port {arguments.port} is taken: choose another, make lab PORT=8899", file=sys.stderr)
        return 2

    compiled = arguments.compiled.resolve() if arguments.compiled is not None else None
    token = arguments.token or secrets.token_hex(16)

    def start() -> LabServer:
        return LabServer(arguments.root.resolve(), arguments.home.resolve(), arguments.port, token, compiled=compiled)

    return serve(start, f"lab/tree/{FIRST}?token={token}", arguments.browser)


def serve(start: Callable[[], LabServer], place: str, browser: bool) -> int:
    """Start a server, say when it is ready, and wait until it is to end; 0 then, 1 if it fails.

    Args:
        start: starts it.
        place: what is opened there, with the token.
        browser: open a browser too.
    """

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(0)

    leaving = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # SIGHUP: somebody closes the terminal
    for number in leaving:
        signal.signal(number, leave)
    make = Make()
    server = start()
    try:
        server.wait_until_ready()
        print(f"kmemlab: ready {server.url}/{place}", flush=True)
        if browser:
            webbrowser.open(f"{server.url}/{place}")
        while server.process.poll() is None and not make.wants_an_end():
            time.sleep(0.25)
        return 1 if server.process.returncode else 0
    except RuntimeError as error:
        print(f"kmemlab: the server did not start\n{error}", file=sys.stderr)
        return 1
    finally:
        for number in leaving:
            signal.signal(number, signal.SIG_IGN)
        server.stop()


if __name__ == "__main__":
    sys.exit(main())

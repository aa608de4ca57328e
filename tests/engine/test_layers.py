"""Nothing flows back up: the engine knows nothing but itself, and `import kmemlab` costs nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import kmemlab

HOME = Path(kmemlab.__file__).parent
ROOMS = sorted((HOME / "engine").glob("*.py"))
MOST_LINES = 300
HEAVY = ("plotly", "ipywidgets", "networkx", "anywidget", "numpy", "IPython")


def imported(room: Path) -> set[tuple[int, str]]:
    """(level, module) of every import of a file, those inside functions too."""
    found: set[tuple[int, str]] = set()
    for node in ast.walk(ast.parse(room.read_text())):
        if isinstance(node, ast.Import):
            found.update((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add((node.level, node.module or ""))
    return found


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_of_the_engine_imports_the_standard_library_and_its_neighbours(room: Path) -> None:
    names = {each.stem for each in ROOMS}
    for level, module in imported(room):
        top = module.partition(".")[0]
        if level:
            assert level == 1, f"{room.name} reaches above the engine: {module}"
            assert top in names
        elif top in ("librt", "mypy_extensions"):
            assert room.name == "types.py", f"{room.name} imports {module}: only types.py knows the storage"
        else:
            assert top in sys.stdlib_module_names, f"{room.name} imports {module}"


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_of_the_engine_can_be_read_in_one_sitting(room: Path) -> None:
    assert len(room.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize(
    "layer",
    [
        "verify",
        "traces",
        "races",
        "lessons",
        "cli",
        "shell.py",
        "commands.py",
        "verbs.py",
        "session.py",
        "survey.py",
        "explain.py",
    ],
)
def test_no_layer_below_the_lab_imports_pictures_or_the_lab(layer: str) -> None:
    above = HOME / layer
    rooms = sorted(above.glob("*.py")) if above.is_dir() else [above]
    if layer == "lessons":
        rooms.remove(above / "__init__.py")  # the package's page has `predict`, which is a widget of the lab in a notebook
    for room in rooms:
        for level, module in imported(room):
            first = module.partition(".")[0]
            assert first not in HEAVY
            assert not (level and first in ("lab", "figures", "share")), f"{room.name} imports {module}"


@pytest.mark.parametrize("room", sorted((HOME / "races").glob("*.py")), ids=lambda room: room.name)
def test_the_races_know_the_engine_and_nothing_else_of_the_house(room: Path) -> None:
    for level, module in imported(room):
        if level == 2:
            assert module.partition(".")[0] == "engine", f"{room.name} imports {module}"
        elif not level:
            assert module.partition(".")[0] in sys.stdlib_module_names, f"{room.name} imports {module}"
    assert len(room.read_text().splitlines()) <= MOST_LINES


def loaded_by(code: str) -> set[str]:
    """Modules that a fresh interpreter has after running some code."""
    program = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=HOME.parent)
    return set(ran.stdout.split())


@pytest.mark.parametrize(
    "code",
    [
        "import kmemlab",
        "from kmemlab import Machine; Machine(memory='1M').run('open')",
        "from kmemlab import Session; Session(memory='1M')",
    ],
)
def test_the_library_loads_no_notebook_and_no_picture(code: str) -> None:
    loaded = loaded_by(code)
    assert "kmemlab" in loaded
    assert not [name for name in HEAVY if name in loaded]


def test_import_alone_boots_nothing() -> None:
    assert "kmemlab.engine.machine" not in loaded_by("import kmemlab")


def test_what_the_package_promises_is_there() -> None:
    assert set(kmemlab.__all__) <= set(dir(kmemlab))
    with pytest.raises(AttributeError, match="has no attribute 'Nope'"):
        kmemlab.Nope  # noqa: B018

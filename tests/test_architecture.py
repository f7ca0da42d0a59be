"""The house stands: imports point to the ground, rooms are small, doors have one key."""

import ast
import graphlib
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_cnn.settings import PROJECT_FOLDER

FLOORS = (
    *("errors", "settings", "records", "metrics", "native_output", "native_memory", "attempts"),
    *("locks", "json_files", "storage", "access"),
    *("ink", "models", "hands", "data", "expressions", "evaluation", "runs", "training", "batch"),
    *("api", "cli", "ui"),
    *("__main__", "Home", "pages", "app"),
)
"""Each imports only from itself and from those before it."""

ONLY_HERE = {
    "streamlit": {"ui", "Home", "pages", "app"},
    "streamlit_drawable_canvas": {"ui/canvas"},
    "altair": {"ui/charts", "ui/matrix_charts"},
    "fastapi": {"api"},
    "fastapi_offline": {"api"},
    "tensorflow": {"models", "training"},
    "keras": {"models", "training"},
    "ai_edge_litert": {"models/classifier"},
    "ray": {"batch/on_ray"},
    "mlflow": {"training/mlflow_tracker"},
    "tensorboard": {"training/tensorboard_tracker"},
    "onnx": {"training/onnx_copy"},
    "onnxruntime": {"training/onnx_copy"},
    "psutil": {"training/job_processes", "training/jobs", "training/free_memory", "access"},
    "filelock": {"locks"},
    "tempfile": {"storage"},
    "shutil": {"storage"},
}
"""What each heavy or dangerous package is imported by."""

ON_THE_DISK = {"fsync", "rename", "mkstemp", "unlink", "rmtree", "utime"}
"""Calls that only `storage` makes."""
UNLINKS = {"runs/new_run"}
"""Who removes a file of its own that nobody else reads."""

FILES = sorted(
    path
    for path in [
        PROJECT_FOLDER / "Home.py",
        PROJECT_FOLDER / "app.py",
        *(PROJECT_FOLDER / "pages").glob("*.py"),
        *(PROJECT_FOLDER / "mnist_cnn").rglob("*.py"),
    ]
    if path.name != "__init__.py"
)


def room(path: Path) -> str:
    """A file's name in the tables above, like `storage`, `ui/charts` or `pages`."""
    inside = path.relative_to(PROJECT_FOLDER).with_suffix("")
    return "/".join(inside.parts[1:]) if inside.parts[0] == "mnist_cnn" else inside.parts[0]


def folder(name: str) -> str:
    return name.split("/", maxsplit=1)[0]


TREES = {path: ast.parse(path.read_text()) for path in FILES}
BY_ROOM = {room(path): path for path in FILES if path.is_relative_to(PROJECT_FOLDER / "mnist_cnn")}


def imported(path: Path) -> set[str]:
    """The modules that a file imports, at its top or inside its functions."""
    modules = set()
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


def rooms_imported(path: Path) -> set[str]:
    names = {"/".join(m.split(".")[1:]) for m in imported(path) if m.startswith("mnist_cnn.")}
    return {name for name in names if name in BY_ROOM}


@pytest.mark.parametrize("path", FILES, ids=room)
def test_imports_point_to_the_ground(path: Path) -> None:
    mine = FLOORS.index(folder(room(path)))
    for name in rooms_imported(path):
        assert FLOORS.index(folder(name)) <= mine, f"{room(path)} imports {name}"


def test_no_room_leads_back_to_itself() -> None:
    doors = {room(path): rooms_imported(path) for path in BY_ROOM.values()}
    list(graphlib.TopologicalSorter(doors).static_order())  # raises CycleError, naming the circle


@pytest.mark.parametrize("path", FILES, ids=room)
def test_packages_have_their_importers(path: Path) -> None:
    mine = room(path)
    for module in imported(path):
        rooms = ONLY_HERE.get(module.split(".")[0])
        assert rooms is None or mine in rooms or folder(mine) in rooms, f"{mine}: {module}"


@pytest.mark.parametrize("path", FILES, ids=room)
def test_only_storage_renames_syncs_and_removes(path: Path) -> None:
    mine = room(path)
    called = {
        node.func.attr
        for node in ast.walk(TREES[path])
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and (node.func.attr != "rename" or node.args)  # pandas names its columns by keyword
    }
    allowed = ON_THE_DISK if mine == "storage" else {"unlink"} if mine in UNLINKS else set()
    assert not called & (ON_THE_DISK - allowed)
    text = path.read_text()
    assert mine == "storage" or ("os.replace" not in text and ".tmp" not in text)


@pytest.mark.parametrize("path", FILES, ids=room)
def test_only_settings_reads_the_environment(path: Path) -> None:
    words = ("os.environ", "os.getenv", "getenv(")
    if room(path) != "settings":
        assert not any(word in path.read_text() for word in words)


def lengths() -> dict[str, int]:
    return {
        str(path.relative_to(PROJECT_FOLDER)): len(path.read_text().splitlines()) for path in FILES
    }


def test_files_are_small() -> None:
    known = lengths()
    del known["mnist_cnn/data/glyphs.py"]  # templates
    assert {name: lines for name, lines in known.items() if lines > 250} == {}
    assert statistics.median(known.values()) <= 110


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", FILES, ids=room)
def test_functions_are_short(path: Path) -> None:
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(TREES[path])}
    assert {name: lines for name, lines in long.items() if lines > 40} == {}


@pytest.mark.parametrize(
    "path", [p for p in FILES if folder(room(p)) in ("Home", "pages", "app")], ids=lambda p: p.name
)
def test_pages_are_stories_of_about_a_hundred_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 110


def test_folders_have_no_second_floor() -> None:
    deep = {path.parent for path in FILES if len(path.relative_to(PROJECT_FOLDER).parts) > 3}
    assert deep == {PROJECT_FOLDER / "mnist_cnn" / "batch" / "inputs"}
    for path in (PROJECT_FOLDER / "mnist_cnn").rglob("__init__.py"):
        assert path.read_text() == "", "start-up lives by late imports"


ARRAYS = re.compile(r"NDArray|FloatArray|\bStrokes?\b|ClassLabels|Scores")
SHAPE = re.compile(r"\(([a-z…]+|\d+)(, ?[a-z…+ \d]+)*,?\)|shape")


def public_with_arrays(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The name and docstring of whatever public takes or gives arrays, or holds them."""
    for node in ast.iter_child_nodes(tree):
        if getattr(node, "name", "_").startswith("_"):
            continue
        if isinstance(node, ast.ClassDef):
            kinds = [a.annotation for a in node.body if isinstance(a, ast.AnnAssign)]
            yield from public_with_arrays(node)
        else:
            own = [*node.args.args, *node.args.kwonlyargs]
            kinds = [*(a.annotation for a in own), node.returns]
        if any(ARRAYS.search(ast.unparse(kind)) for kind in kinds if kind):
            yield node.name, ast.get_docstring(node) or ""


@pytest.mark.parametrize("path", BY_ROOM.values(), ids=room)
def test_public_docstrings_state_the_shapes_of_arrays(path: Path) -> None:
    found = dict(public_with_arrays(TREES[path]))
    assert [name for name, docstring in found.items() if not SHAPE.search(docstring)] == []

"""Imports point down, and each heavy package has one room."""

import ast
from pathlib import Path

import pytest

from mnist_cnn.settings import PROJECT_FOLDER

FLOORS = {
    0: ["errors", "settings", "records", "quiet", "glyphs"],
    1: [
        "strokes",
        "images",
        "image_stacks",
        "augmentation",
        "synthesis",
        "recipes",
        "muon",
        "tensorflow_loader",
        "network",
        "datasets",
        "metrics",
        "access",
        "arithmetic",
        "sheet",
        "pieces",
        "line_shape",
        "lattice",
    ],
    2: ["runs", "diary", "classifier", "evaluation", "corrections", "training_data", "inputs"],
    3: [
        "gate",
        "registry",
        "jobs",
        "forecast",
        "report",
        "explain",
        "stress",
        "training",
        "serving",
        "importing",
        "batch",
        "batch_on_ray",
        "test_sets",
        "reader",
    ],
    4: ["cli", "ui", "api"],
    5: ["__main__", "Home", "pages", "app"],
}
SAME_FLOOR = {
    ("images", "strokes"): "images of strokes are images",
    ("image_stacks", "images"): "many at once take the same road as one",
    ("synthesis", "images"): "generated drawings take the one road to (28, 28)",
    ("datasets", "images"): "data sets take the one road to (28, 28)",
    ("datasets", "strokes"): "one of the data sets is pen strokes",
    ("recipes", "augmentation"): "a recipe holds the amounts of augmentation",
    ("network", "recipes"): "a recipe describes the network",
    ("classifier", "runs"): "a classifier is loaded from a run",
    ("evaluation", "runs"): "a run keeps what it answered",
    ("evaluation", "classifier"): "what is evaluated is a classifier",
    ("corrections", "runs"): "both write what must last",
    ("training_data", "corrections"): "networks learn from what people put right",
    ("batch_on_ray", "batch"): "it is the same reading, elsewhere",
    ("pieces", "images"): "a group of pieces takes the one road to (28, 28)",
    ("pieces", "strokes"): "most pieces are strokes",
    ("line_shape", "pieces"): "a line is made of them",
    ("lattice", "pieces"): "a group is made of them",
    ("diary", "runs"): "a diary is written into a run's folder",
    ("registry", "gate"): "promotion asks the gate",
    ("jobs", "registry"): "both keep others from writing at the same time",
    ("report", "registry"): "a report says what people call a run",
    ("serving", "reader"): "two networks read lines together",
    ("serving", "registry"): "who answered before is in its log",
    ("training", "gate"): "a network from elsewhere reads the canary",
    ("importing", "training"): "it becomes a run as one that was trained here does",
    ("training", "registry"): "the first run is promoted",
    ("ui", "ui"): "one folder",
    ("__main__", "cli"): "the command line starts here",
}
ONLY_HERE = {
    "streamlit": {"ui", "Home", "pages", "app"},
    "fastapi": {"api"},
    "fastapi_offline": {"api"},
    "streamlit_drawable_canvas": {"ui"},
    "altair": {"ui/charts"},
    "tensorflow": {"network", "muon", "training"},
    "keras": {"network", "muon", "tensorflow_loader", "training"},
    "ai_edge_litert": {"classifier"},
    "ray": {"batch_on_ray"},
    "psutil": {"jobs", "access"},
    "filelock": {"registry", "jobs"},
}
FILES = [
    path
    for path in [
        PROJECT_FOLDER / "Home.py",
        PROJECT_FOLDER / "app.py",
        *(PROJECT_FOLDER / "pages").glob("*.py"),
        *(PROJECT_FOLDER / "mnist_cnn").rglob("*.py"),
    ]
    if path.parent.name != "mnist_cnn" or path.name != "__init__.py"
]


def room(path: Path) -> str:
    """A file's name in the tables above, like `strokes`, `ui/charts` or `pages`."""
    inside = path.relative_to(PROJECT_FOLDER).with_suffix("")
    if inside.parts[0] == "mnist_cnn":
        return "/".join(inside.parts[1:])
    return inside.parts[0]


def floor(name: str) -> int:
    first = name.split("/", maxsplit=1)[0]
    return next(number for number, rooms in FLOORS.items() if first in rooms)


def imported(path: Path) -> set[str]:
    """The modules that a file imports, at its top or inside its functions."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


@pytest.mark.parametrize("path", FILES, ids=room)
def test_imports_point_down(path: Path) -> None:
    mine = room(path)
    for module in imported(path):
        parts = module.split(".")
        if parts[0] != "mnist_cnn" or len(parts) < 2:
            continue
        theirs = parts[1]
        if (mine.split("/")[0], theirs) not in SAME_FLOOR and theirs != mine:
            assert floor(theirs) < floor(mine), f"{mine} imports {theirs}, which is not below it"


@pytest.mark.parametrize("path", FILES, ids=room)
def test_heavy_packages_have_one_importer(path: Path) -> None:
    mine = room(path)
    for module in imported(path):
        rooms = ONLY_HERE.get(module.split(".")[0])
        assert rooms is None or mine in rooms or mine.split("/")[0] in rooms, f"{mine}: {module}"


@pytest.mark.parametrize("path", FILES, ids=room)
def test_only_settings_reads_the_environment(path: Path) -> None:
    words = ("os.environ", "os.getenv", "getenv(")
    if room(path) != "settings":
        assert not any(word in path.read_text() for word in words)


@pytest.mark.parametrize("path", [p for p in FILES if floor(room(p)) == 5], ids=lambda p: p.name)
def test_pages_are_stories_of_about_a_hundred_lines(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 110

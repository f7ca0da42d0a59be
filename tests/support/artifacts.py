"""Runs and data that tests need."""

import json
from pathlib import Path

import pytest

from mnist_cnn.runs import store
from mnist_cnn.runs.new_run import NewRun
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import PROJECT_FOLDER, data_folder


def needs(name: str) -> Path:
    """A file of the data folder; the test is skipped, saying so, where it is not there."""
    path = data_folder() / name
    if not path.exists():
        pytest.skip(f"{name} is not in {data_folder()}; set MNIST_CNN_DATA to where it is")
    return path


def another_run(number: int = 1, kind: str = "digits", **changes: object) -> Run:
    """A copy of the shipped run of a kind in the current artifacts; files to change by name, as
    bytes."""
    shipped = PROJECT_FOLDER / "artifacts"
    pointers = json.loads((shipped / "production.json").read_bytes())
    source = shipped / "runs" / pointers[store.POINTERS[kind]]
    new_run = NewRun(f"20270101-0000{number:02d}-aaaaaa")
    for path in source.iterdir():
        if path.name != "run.json":
            content = changes.get(path.name.replace(".", "_"), path.read_bytes())
            assert isinstance(content, bytes)
            new_run.write(path.name, content)
    manifest = json.loads((source / "run.json").read_bytes())
    facts = {k: v for k, v in manifest.items() if k not in ("schema", "id", "sha256", "name")}
    return new_run.finish(**facts)

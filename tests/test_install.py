"""`pip install .` gives the command `digits`, with the runs that ship."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.settings import PROJECT_FOLDER, VERSION
from tests.support.drawings import SEVEN

SHIPPED = ("mnist_cnn", "artifacts", "pyproject.toml", "README.md", "LICENSE", "requirements.txt")


def tracked(folder: str) -> list[str]:
    command = ["git", "-C", str(PROJECT_FOLDER), "ls-files", folder]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode or not found.stdout:
        pytest.skip("this is no git checkout")
    return found.stdout.splitlines()


def test_the_runs_that_ship_take_at_most_6_mb() -> None:
    files = tracked("artifacts")
    assert sum((PROJECT_FOLDER / name).stat().st_size for name in files) <= 6_000_000


def test_the_package_brings_the_runs_that_are_in_the_repository() -> None:
    project = tomllib.loads((PROJECT_FOLDER / "pyproject.toml").read_text())
    listed = project["tool"]["setuptools"]["package-data"]["mnist_cnn.shipped"]
    runs = {name.split("/")[2] for name in tracked("artifacts/runs")}
    assert set(listed) == {"production.json", *(f"runs/{run}/*" for run in runs)}


def test_the_package_lists_its_folders() -> None:
    project = tomllib.loads((PROJECT_FOLDER / "pyproject.toml").read_text())
    folders = {
        ".".join(path.parent.relative_to(PROJECT_FOLDER).parts)
        for path in (PROJECT_FOLDER / "mnist_cnn").rglob("__init__.py")
    }
    assert set(project["tool"]["setuptools"]["packages"]) == folders | {"mnist_cnn.shipped"}


@pytest.mark.slow
def test_an_installed_command_reads_a_digit(tmp_path: Path) -> None:
    source, site = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    for name in SHIPPED:
        path = PROJECT_FOLDER / name
        (shutil.copytree if path.is_dir() else shutil.copy)(path, source / name)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(site), str(source)], check=True, timeout=120)
    pixels = (255 * np.pad(rasterize(SEVEN), 30)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "seven.png")
    own = {"PYTHONPATH": str(site), "XDG_DATA_HOME": str(tmp_path / "home"), "HOME": str(tmp_path)}
    env = {k: v for k, v in os.environ.items() if k != "MNIST_CNN_ARTIFACTS"} | own
    digits = [sys.executable, str(site / "bin" / "digits")]

    def run(*arguments: str) -> str:
        return subprocess.run(
            [*digits, *arguments], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
        ).stdout

    assert run("--version") == f"digits {VERSION}\n"
    answer = json.loads(run("predict", "seven.png"))
    assert (answer["file"], answer["digit"]) == ("seven.png", 7)
    assert (tmp_path / "home" / "mnist_cnn" / "production.json").exists()

"""What the tests share: a drawn seven, temporary artifacts, and where real data may be."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import browser
import hypothesis
import numpy as np
import pytest
from playwright.sync_api import Browser, sync_playwright

from mnist_cnn import runs
from mnist_cnn.classifier import Classifier, load_classifier
from mnist_cnn.runs import Run
from mnist_cnn.settings import PROJECT_FOLDER, data_folder

hypothesis.settings.register_profile("unhurried", deadline=None)  # machines are shared
hypothesis.settings.load_profile("unhurried")

SEVEN = (np.array([[80, 60], [150, 56], [215, 60], [190, 115], [155, 180], [135, 235]], float),)


NO_BROWSER = "Browser tests were skipped: there is no Chromium. On Debian: apt-get install chromium"


def canvas_json(*strokes: np.ndarray) -> dict:
    """What the drawable canvas sends for strokes drawn through these points."""
    return {"version": "7.4.0", "objects": [canvas_path(stroke) for stroke in strokes]}


def canvas_path(points: np.ndarray) -> dict:
    first, last = points[0].tolist(), points[-1].tolist()
    commands: list[list] = [["M", *first]]
    for here, after in zip(points[1:-1].tolist(), points[2:].tolist(), strict=True):
        commands.append(["Q", *here, (here[0] + after[0]) / 2, (here[1] + after[1]) / 2])
    commands.append(["L", *last])
    return {"type": "Path", "path": commands}


def needs(name: str) -> Path:
    """A file of the data folder; the test is skipped, saying so, where it is not there."""
    path = data_folder() / name
    if not path.exists():
        pytest.skip(f"{name} is not in {data_folder()}; set MNIST_CNN_DATA to where it is")
    return path


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty artifacts folder of this test's own."""
    folder = tmp_path / "artifacts"
    monkeypatch.setenv("MNIST_CNN_ARTIFACTS", str(folder))
    return folder


@pytest.fixture
def shipped_copy(artifacts: Path) -> Path:
    """An artifacts folder of this test's own that holds the runs that are in production."""
    shipped = PROJECT_FOLDER / "artifacts"
    for run_id in json.loads((shipped / "production.json").read_bytes()).values():
        shutil.copytree(shipped / "runs" / run_id, artifacts / "runs" / run_id)
    shutil.copy(shipped / "production.json", artifacts)
    return artifacts


def another_run(number: int = 1, **changes: object) -> Run:
    """A copy of the shipped run in the current artifacts; files to change by name, as bytes."""
    shipped = PROJECT_FOLDER / "artifacts"
    source = shipped / "runs" / json.loads((shipped / "production.json").read_bytes())["run"]
    new_run = runs.NewRun(f"20270101-0000{number:02d}-aaaaaa")
    for path in source.iterdir():
        if path.name != "run.json":
            content = changes.get(path.name.replace(".", "_"), path.read_bytes())
            assert isinstance(content, bytes)
            new_run.write(path.name, content)
    manifest = json.loads((source / "run.json").read_bytes())
    facts = {k: v for k, v in manifest.items() if k not in ("schema", "id", "sha256", "name")}
    return new_run.finish(**facts)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser; without one the test is skipped, saying so."""
    with sync_playwright() as playwright:
        launched = browser.launch(playwright)
        if launched is None:
            pytest.skip(NO_BROWSER)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def classifier() -> Classifier:
    """The network that the repository ships."""
    return load_classifier(runs.production_run())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says at the very end why tests were skipped."""
    reasons = {report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])}
    for reason in sorted(reasons):
        terminalreporter.write_line(reason)

"""What the tests share: a drawn seven, temporary artifacts, and where real data may be."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from playwright.sync_api import Browser, sync_playwright

from mnist_cnn.data import download
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser
from tests.support.browser import NO_BROWSER
from tests.support.fault_table import FaultTable, note_rows
from tests.support.web_server import WebRequests, serving

hypothesis.settings.register_profile("unhurried", deadline=None)  # machines are shared
hypothesis.settings.load_profile("unhurried")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", type=Path, help="where to write which test met which fault")


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--faults")
    if path and not hasattr(config, "workerinput"):  # the processes of xdist report to this one
        config.pluginmanager.register(FaultTable(path))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    note_rows(items)


@pytest.fixture(autouse=True)
def same_main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that runs within a test takes the name `__main__`; processes that a later test spawns
    would begin with it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


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


@pytest.fixture
def only_bundled_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No data set but the one that comes with a package: trainings measure on that alone."""
    monkeypatch.setenv("MNIST_CNN_DATA", str(tmp_path / "no data"))


@pytest.fixture
def empty_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that is not there yet; downloads do not wait between their tries."""
    monkeypatch.setenv("MNIST_CNN_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    return tmp_path / "data"


@pytest.fixture
def web_requests() -> WebRequests:
    """How the server answers, and what it was asked for."""
    return WebRequests()


@pytest.fixture
def server(tmp_path: Path, web_requests: WebRequests) -> Iterator[tuple[str, Path]]:
    """A web server on loopback, and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    with serving(folder, web_requests) as url:
        yield url, folder


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
    return load_classifier(store.production_run())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says at the very end why tests were skipped."""
    reasons = {report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])}
    for reason in sorted(reasons):
        terminalreporter.write_line(reason)

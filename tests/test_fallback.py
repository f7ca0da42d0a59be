"""Where the run in production is damaged another answers, and every client learns of it."""

from pathlib import Path

import httpx
import pytest

from mnist_cnn.runs import registry, serving, store
from mnist_cnn.runs.store import Run
from tests.support.api_server import serve
from tests.support.artifacts import another_run
from tests.support.commands import lines, run
from tests.support.drawings import seven_png

pytestmark = pytest.mark.slow


@pytest.fixture
def damaged(shipped_copy: Path) -> Run:
    """The run in production, whose network cannot be loaded any more."""
    newer = another_run()
    registry.promote(newer.id, by="a test")
    (newer.folder / "model.tflite").write_bytes(b"broken")
    serving.forget()
    return newer


@pytest.mark.fault(28, 32)
def test_the_api_says_so(damaged: Run, shipped_copy: Path, tmp_path: Path) -> None:
    (first,) = {p.before for p in registry.promotions()}
    sentence = f"Run {damaged.id}, in production, is damaged; run {first} answers for it."
    files = {"file": ("seven.png", seven_png())}
    env = {"MNIST_CNN_ARTIFACTS": str(shipped_copy)}
    with serve(tmp_path / "log", **env) as server, httpx.Client(base_url=server.url) as client:
        for answer in (
            client.get("/health").json(),
            client.post("/predict", files=files).json(),
            client.post("/predict/batch", files=files).json()[0],
            client.post("/read", files=files).json(),
        ):
            assert answer["fallback"] == sentence
        assert client.get("/health").json()["run"] == first
        registry.roll_back(by="a test")
        assert "fallback" not in client.get("/health").json()
        assert "fallback" not in client.post("/predict", files=files).json()


@pytest.mark.fault(28)
def test_the_command_line_says_so(damaged: Run, tmp_path: Path) -> None:
    (tmp_path / "seven.png").write_bytes(seven_png())
    done = run("predict", tmp_path / "seven.png")
    assert lines(done)[0]["digit"] == 7
    assert f"Run {store.production_id()}, in production, is damaged" in done.stderr

"""Trainings that are told to MLflow and TensorBoard, by a real server and TensorBoard's reader."""

import importlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import pytest

from mnist_cnn.errors import BadInput
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.tensorflow_loader import load_tensorflow
from mnist_cnn.runs import store
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.training import tracked, trackers
from tests.support import pages

RUN = "20261127-232226-c1d2f8"

SERVER_NEEDS = ("mlflow", "flask", "flask_cors", "sqlalchemy", "alembic", "huey", "aiohttp")


@pytest.fixture
def a_run(artifacts: Path) -> store.Run:
    """The smallest run that ships, as a training has just left it."""
    shutil.copytree(PROJECT_FOLDER / "artifacts" / "runs" / RUN, artifacts / "runs" / RUN)
    return store.open_run(RUN)


@pytest.fixture(scope="module")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server on loopback; the test is skipped where its packages are not installed."""
    if missing := [name for name in SERVER_NEEDS if find_spec(name) is None]:
        pytest.skip(f"{missing[0]} is not installed; `pip install -r requirements-dev.txt`")
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "--artifacts-destination", str(folder)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with open(folder / "log", "wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, start_new_session=True,
            env={**os.environ, **quiet},
        )  # fmt: skip
    url, end = f"http://127.0.0.1:{port}", time.monotonic() + 240
    try:
        while not _answers(url):
            assert server.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.3)
        yield url
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/health", timeout=2):
            return True
    except (URLError, OSError):
        return False


def tell(names: list[str], run: store.Run) -> list[str]:
    """Follows a training that is over, from its begin; the sentences that were said."""
    said: list[str] = []
    with trackers.told(names, PRESETS["quick"], run.id, "mine", said.append):
        pass
    return said


@pytest.mark.slow
def test_mlflow_has_all_of_a_training(
    mlflow_server: str, a_run: store.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own
        from mlflow import MlflowClient

        assert tell(["mlflow"], a_run) == []
        client = MlflowClient(mlflow_server)
        experiment = client.get_experiment_by_name("digits")
        (run,) = client.search_runs([experiment.experiment_id])
        history = client.get_metric_history(run.info.run_id, "val_accuracy")
        listed = {f.path for f in client.list_artifacts(run.info.run_id, "model")}
        kept = client.download_artifacts(run.info.run_id, "model/model.keras", str(tmp_path))
        card = Path(client.download_artifacts(run.info.run_id, "MODEL_CARD.md", str(tmp_path)))
        matrices = client.list_artifacts(run.info.run_id, "confusion")
    assert run.info.status == "FINISHED" and run.info.run_name == "mine"
    assert run.data.tags["digits.run"] == a_run.id
    assert run.data.params["optimizer"] == PRESETS["quick"].optimizer
    assert run.data.params["augmentation.rotation"] == "0.0"
    assert run.data.metrics["mnist-test/accuracy"] == pytest.approx(
        a_run.evaluation["datasets"]["mnist-test"]["accuracy"]
    )
    rows = a_run.read("history.csv").decode().splitlines()[1:]
    assert [metric.step for metric in history] == list(range(1, len(rows) + 1)) and rows
    assert len(matrices) == len(rows)
    assert {"model/model.keras", "model/model.tflite"} <= listed
    assert Path(kept).read_bytes() == a_run.read("model.keras")
    assert "# Model card" in card.read_text()


@pytest.mark.slow
def test_tensorboard_reads_all_of_a_training(a_run: store.Run, artifacts: Path) -> None:
    pytest.importorskip("tensorboard")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        load_tensorflow()  # as a training has when it begins
        importlib.import_module("tensorflow")
        assert tell(["tensorboard"], a_run) == []
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        found = EventAccumulator(str(artifacts / "tensorboard" / a_run.id)).Reload()
        tags = found.Tags()["tensors"]
        steps = [event.step for event in found.Tensors("val_loss")]
        picture = found.Tensors("confusion")[0].tensor_proto.string_val
    assert {"loss", "accuracy", "val_accuracy", "learning_rate"} <= set(tags)
    assert {"mnist-test/accuracy", "settings", "model card"} <= set(tags)
    assert steps == [1] and picture[2].startswith(b"\x89PNG")


def test_a_server_that_is_gone_costs_a_sentence_and_nothing_else(
    a_run: store.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    began = time.monotonic()
    (said,) = tell(["mlflow"], a_run)
    assert said.startswith("Training goes on without mlflow: 127.0.0.1:9 does not answer")
    assert time.monotonic() - began < 5
    assert store.open_run(RUN).id == RUN


@pytest.mark.parametrize(
    "address",
    [
        *("http://user:secret@127.0.0.1:9/x", "http://user:secret@host x:y/", "http://"),
        *("http://user:sec/secret@127.0.0.1", "http://[secret", "https://127.0.0.1:99999"),
        "http://user:secret@" + 70 * "x" + ".invalid",
    ],
)
def test_an_odd_address_costs_a_sentence_without_its_password(
    a_run: store.Run, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    (said,) = tell(["mlflow"], a_run)
    assert said.startswith("Training goes on without mlflow: ") and "secret" not in said


def test_a_tracker_that_fails_halfway_is_left_out_and_the_others_go_on(
    a_run: store.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Kept:
        def __init__(self) -> None:
            self.heard: list[object] = []

        def begin(self, tracked) -> None:
            self.heard.append(tracked.name)

        def epoch(self, number, metrics, picture) -> None:
            self.heard.append(number)

        def end(self, run, stopped) -> None:
            self.heard.append(run.id)

    class Broken(Kept):
        def epoch(self, number, metrics, picture) -> None:
            raise ConnectionResetError("http://user:secret@there/ went dead")

    made = {"mlflow": Broken(), "tensorboard": Kept()}
    monkeypatch.setattr(trackers, "_tracker", made.__getitem__)
    assert tell(["mlflow", "tensorboard"], a_run) == [
        "Training goes on without mlflow: http://there/ went dead."
    ]
    assert made["tensorboard"].heard == ["mine", 1, RUN]
    assert made["mlflow"].heard == ["mine"]


def test_what_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(trackers, "find_spec", lambda name: object())
    assert trackers.chosen(None, said.append) == []
    assert trackers.chosen("tensorboard", said.append) == ["tensorboard"]
    assert trackers.available() == ["tensorboard"]
    with pytest.raises(BadInput, match="set MLFLOW_TRACKING_URI"):
        trackers.chosen("mlflow", said.append)
    with pytest.raises(BadInput, match="got 'wandb'"):
        trackers.chosen("wandb", said.append)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert trackers.chosen(None, said.append) == ["mlflow"] and said == []
    assert trackers.chosen("none", said.append) == []
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match=r"pip install -r requirements-tracking\.txt"):
        trackers.chosen("tensorboard", said.append)
    assert trackers.chosen(None, said.append) == [] and "requirements-tracking" in said[0]


def test_parameters_name_nothing_of_this_machine() -> None:
    known = tracked.parameters(PRESETS["best"])
    assert known["preset"] == "best" and "," in known["data"]
    assert not any("/" in str(value) or "\\" in str(value) for value in known.values())


def test_a_matrix_is_a_picture_of_its_shares() -> None:
    picture = tracked.matrix_picture([[3, 1], [0, 0]], cell=2)
    assert picture.shape == (4, 4) and picture[0, 0] == round(255 * (1 - np.sqrt(0.75)))
    assert picture[0, 2] == 128 and (picture[2:] == 255).all()


def test_the_page_offers_a_tracker_only_where_there_is_one(
    artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_cnn.ui.auth.actor", lambda: "a test")
    monkeypatch.setattr(trackers, "available", lambda: [])
    app = pages.page("3_Train.py")
    assert not [group for group in app.button_group if group.label == "Also log to"]
    monkeypatch.setattr(trackers, "available", lambda: ["mlflow", "tensorboard"])
    app.run()
    assert not any("--log-to" in code.value for code in app.code)
    (group,) = (group for group in app.button_group if group.label == "Also log to")
    group.set_value(["mlflow", "tensorboard"]).run()
    assert any("--log-to mlflow,tensorboard" in code.value for code in app.code)

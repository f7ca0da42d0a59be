"""A training as MLflow keeps it, by its own client."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.runs.model_card import model_card
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import set_up_mlflow, tracking_experiment
from mnist_cnn.training.tracked import Tracked, scores

MODEL_FILES = ("model.keras", "model.tflite", "calibration.json")

RECORDS = ("config.json", "evaluation.json", "history.csv", "confusion.json", "run.json")

LINK = "digits.run"
"""The tag that names the run in Digits."""


class MlflowTracker:
    """One run of an experiment on a server."""

    def __init__(self, server: str) -> None:
        set_up_mlflow()
        from mlflow import MlflowClient  # slow to import

        self._client = MlflowClient(server)
        self._run = ""

    def begin(self, tracked: Tracked) -> None:
        from mlflow.entities import Param

        name = tracking_experiment()
        known = self._client.get_experiment_by_name(name)
        experiment = known.experiment_id if known else self._client.create_experiment(name)
        said = f"Run `{tracked.run_id}` in Digits: `python -m mnist_cnn runs show {tracked.run_id}`"
        tags = {LINK: tracked.run_id, "mlflow.note.content": said}
        run = self._client.create_run(experiment, run_name=tracked.name, tags=tags)
        self._run = run.info.run_id
        params = [Param(key, str(value)[:500]) for key, value in tracked.parameters.items()]
        self._client.log_batch(self._run, params=params)

    def epoch(self, number: int, metrics: dict[str, float], picture: NDArray[np.uint8]) -> None:
        """An epoch's numbers, and its confusion matrix as a picture of shape (height, width)."""
        self._log(metrics, number)
        self._client.log_image(self._run, picture, f"confusion/epoch-{number:03d}.png")

    def end(self, run: Run | None, stopped: bool) -> None:
        if run is not None:
            self._log(scores(run), 0)
            self._client.log_text(self._run, model_card(run), "MODEL_CARD.md")
            for names, place in ((MODEL_FILES, "model"), (RECORDS, "run")):
                for name in names:
                    if (run.folder / name).is_file():
                        self._client.log_artifact(self._run, str(run.folder / name), place)
        status = "FINISHED" if run is not None else "KILLED" if stopped else "FAILED"
        self._client.set_terminated(self._run, status)

    def _log(self, values: dict[str, float], step: int) -> None:
        import time

        from mlflow.entities import Metric

        now = int(1000 * time.time())
        found: list[Any] = [Metric(key, value, now, step) for key, value in values.items()]
        self._client.log_batch(self._run, metrics=found)

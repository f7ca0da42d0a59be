"""A training as TensorBoard shows it, by TensorFlow's own summaries."""

from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_cnn.runs.model_card import model_card
from mnist_cnn.runs.store import Run
from mnist_cnn.training.tracked import Tracked, scores


class TensorboardTracker:
    """A folder of event files for each run."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)

    def begin(self, tracked: Tracked) -> None:
        from tensorboard.plugins.hparams import api

        self._writer = tf.summary.create_file_writer(str(self._folder / tracked.run_id))
        table = ["| setting | value |", "|---|---|"]
        table += [f"| {key} | {value} |" for key, value in tracked.parameters.items()]
        with self._writer.as_default(step=0):
            tf.summary.text("run", f"{tracked.name}: run {tracked.run_id} in Digits")
            tf.summary.text("settings", "\n".join(table))
            api.hparams({key: _plain(value) for key, value in tracked.parameters.items()})
        self._writer.flush()

    def epoch(self, number: int, metrics: dict[str, float], picture: NDArray[np.uint8]) -> None:
        """An epoch's numbers, and its confusion matrix as a picture of shape (height, width)."""
        with self._writer.as_default(step=number):
            for name, value in metrics.items():
                tf.summary.scalar(name, value)
            tf.summary.image("confusion", picture[None, ..., None])
        self._writer.flush()

    def end(self, run: Run | None, stopped: bool) -> None:
        with self._writer.as_default(step=0):
            for name, value in scores(run).items() if run else ():
                tf.summary.scalar(name, value)
            if run is not None:
                tf.summary.text("model card", model_card(run))
                tf.summary.text("network", f"`{run.folder.name}/model.keras`")
        self._writer.close()


def _plain(value: object) -> str | float | int | bool:
    return value if isinstance(value, str | float | int | bool) else str(value)

"""One training run, from a recipe to a whole run folder."""

import csv
import io
import json
import math
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_cnn import datasets, evaluation, metrics, network, runs
from mnist_cnn.augmentation import augmented
from mnist_cnn.classifier import Calibration, Classifier
from mnist_cnn.errors import DataMissing, TrainingFailed
from mnist_cnn.evaluation import Readings
from mnist_cnn.recipes import STILL, Recipe
from mnist_cnn.records import Dataset, FloatArray
from mnist_cnn.runs import NewRun, Run
from mnist_cnn.settings import PROJECT_FOLDER, data_folder
from mnist_cnn.training_data import NOT_A_DIGIT, TrainingData, prepare

WARM_UP = 0.2
"""The share of all batches over which the learning rate rises; then it falls as a cosine."""


@dataclass(frozen=True)
class Report:
    """Where a run is: told as it goes."""

    phase: str
    epoch: int = 0
    epochs: int = 0
    share: float = 0.0
    facts: dict[str, float] | None = None


Listener = Callable[[Report], None]


def train(recipe: Recipe, name: str = "", tell: Listener = lambda report: None) -> Run:
    """Trains, calibrates, exports and measures a network, and saves it as a run.

    The first run goes into production. An interrupted run leaves nothing behind.

    Raises:
        DataMissing: a data set is neither here nor to be downloaded.
        TrainingFailed: the loss is no number any more.
        StorageFailed: the disk is full, or may not be written to.
    """
    new_run = NewRun()
    try:
        run = _train(recipe, name, new_run, tell)
    except BaseException:  # also for Ctrl-C: what is half done goes away
        new_run.discard()
        raise
    if runs.production_id() is None:
        runs.promote(run.id)
    return run


def _train(recipe: Recipe, name: str, new_run: NewRun, tell: Listener) -> Run:
    started = time.monotonic()
    tell(Report("preparing data"))
    data = prepare(recipe, lambda done, total: tell(_download_report(done, total)))
    new_run.write("config.json", _config(recipe, data))
    keras.utils.set_random_seed(recipe.seed)
    model = network.build(recipe.architecture)
    seconds = fit(model, recipe, data, _Diary(new_run, recipe, tell))
    tell(Report("measuring", recipe.epochs, recipe.epochs, 1.0))
    model = network.without_training_state(model, recipe.architecture)
    calibration = _calibration(model, data)
    new_run.write("calibration.json", calibration.as_dict())
    new_run.write("model.keras", network.keras_file(model))
    new_run.write("model.tflite", network.export_litert(model))
    new_run.write("evaluation.json", _evaluation(new_run, model, calibration))
    return new_run.finish(
        name=name,
        preset=recipe.preset,
        parameters=model.count_params(),
        training_seconds=round(seconds, 1),
        total_seconds=round(time.monotonic() - started, 1),
        peak_memory_mb=_peak_memory_mb(),
    )


def fit(
    model: keras.Model, recipe: Recipe, data: TrainingData, *callbacks: keras.callbacks.Callback
) -> float:
    """Trains in place; the seconds it took, validation included."""
    batches = Batches(recipe, data)
    model.compile(
        keras.optimizers.AdamW(
            OneCycle(recipe.learning_rate, recipe.epochs * len(batches)),
            weight_decay=recipe.weight_decay,
        ),
        network.loss,
        metrics=[network.accuracy],
        jit_compile=False,
    )
    begun = time.monotonic()
    model.fit(
        batches,
        epochs=recipe.epochs,
        validation_data=_validation(data),
        validation_batch_size=500,
        verbose=0,
        callbacks=list(callbacks),
    )
    return time.monotonic() - begun


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The recipe's images, drawn anew each epoch and augmented batch by batch."""

    def __init__(self, recipe: Recipe, data: TrainingData) -> None:
        super().__init__()
        self._recipe, self._data = recipe, data
        self._epoch = 0
        self._draw()

    def __len__(self) -> int:
        return math.ceil(self._data.images_per_epoch / self._recipe.batch_size)

    def __getitem__(self, index: int) -> tuple[FloatArray, NDArray[np.int64]]:
        size = self._recipe.batch_size
        rows = slice(index * size, (index + 1) * size)
        images, labels = self._data.batch(self._owners[rows], self._rows[rows])
        calm = self._epoch >= self._recipe.epochs - self._recipe.calm_epochs
        if calm or self._recipe.augmentation == STILL:
            return images[..., None].astype(np.float32) / 255, labels
        random = np.random.default_rng([self._recipe.seed, self._epoch, index])
        return augmented(images, self._recipe.augmentation, random)[..., None], labels

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._draw()

    def _draw(self) -> None:
        random = np.random.default_rng([self._recipe.seed, self._epoch])
        self._owners, self._rows = self._data.epoch(random)


class OneCycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """A straight rise, then half a cosine down to zero. Smith, Super-convergence, 2018."""

    def __init__(self, peak: float, steps: int) -> None:
        self._peak, self._steps = peak, steps

    def __call__(self, step: Any) -> Any:
        share = tf.cast(step, tf.float32) / self._steps
        falling = 0.5 * (1 + tf.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))
        return self._peak * tf.where(share < WARM_UP, share / WARM_UP, falling)


class _Diary(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps `history.csv` and `progress.json` while the network learns."""

    def __init__(self, new_run: NewRun, recipe: Recipe, tell: Listener) -> None:
        super().__init__()
        self._run, self._recipe, self._tell = new_run, recipe, tell
        self._rows: list[dict[str, float]] = []
        self._last_told = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch, self._begun = epoch, time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if not math.isfinite(logs["loss"]):
            raise TrainingFailed(
                f"The loss is no number any more in epoch {self._epoch + 1}; please try a "
                f"learning rate below {self._recipe.learning_rate:g}."
            )
        if time.monotonic() - self._last_told > 0.5:
            batches = self.params["steps"]
            self._report((batch + 1) / batches, {"loss": logs["loss"]})

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        row = {
            "epoch": epoch + 1,
            "loss": logs["loss"],
            "accuracy": logs["accuracy"],
            "learning_rate": float(self.model.optimizer.learning_rate),
            "seconds": time.monotonic() - self._begun,
        }
        row |= {key: value for key, value in logs.items() if key.startswith("val_")}
        self._rows.append({key: round(float(value), 6) for key, value in row.items()})
        text = io.StringIO()
        writer = csv.DictWriter(text, list(self._rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(self._rows)
        self._run.write("history.csv", text.getvalue())
        self._report(1.0, self._rows[-1])

    def _report(self, share_of_epoch: float, facts: dict[str, float]) -> None:
        self._last_told = time.monotonic()
        share = (self._epoch + share_of_epoch) / self._recipe.epochs
        report = Report("training", self._epoch + 1, self._recipe.epochs, share, facts)
        self._tell(report)
        heartbeat = {"pid": os.getpid(), "updated": time.time()}
        self._run.write("progress.json", heartbeat | vars(report))


def _validation(data: TrainingData) -> tuple[FloatArray, NDArray[np.int64]]:
    """Every validation image with its label, what is no digit among them."""
    none = data.validation_not_digits
    parts = [*data.validation.values(), (none, np.full(len(none), NOT_A_DIGIT))]
    images = np.concatenate([images for images, _ in parts])
    labels = np.concatenate([labels for _, labels in parts])
    return images[..., None].astype(np.float32) / 255, labels


def _calibration(model: keras.Model, data: TrainingData) -> Calibration:
    return evaluation.calibrate(
        Readings(network.logits_of(model, images), labels)
        for images, labels in data.validation.values()
    )


def test_sets() -> list[Dataset]:
    """Every test set that is on this machine; nothing is downloaded for it."""
    found = [datasets.load_bundled_digits().test]
    folder = data_folder()
    try:
        if (folder / "mnist.npz").exists():
            found.insert(0, datasets.load_mnist().test)
        if (folder / "pen_digits.jsonl.gz").exists():
            drawings = datasets.load_pen_digits().test
            found.insert(1, datasets.framed_drawings("pen-digits-test", drawings))
    except DataMissing as error:
        print(error, file=sys.stderr)
    return found


def _evaluation(new_run: NewRun, model: keras.Model, calibration: Calibration) -> dict[str, Any]:
    """Scores on every test set, and how far LiteRT strays from Keras; writes predictions.npz."""
    classifier = Classifier((new_run.folder / "model.tflite").read_bytes(), calibration)
    results, difference = {}, 0.0
    arrays: dict[str, Any] = {}
    for dataset in test_sets():
        logits = evaluation.read(classifier, dataset.images)
        results[dataset.name] = Readings(logits, dataset.labels).scores(calibration)
        by_keras = metrics.softmax(network.logits_of(model, dataset.images))
        difference = max(difference, float(np.abs(by_keras - metrics.softmax(logits)).max()))
        arrays[f"{dataset.name}-logits"] = logits.astype(np.float16)
        arrays[f"{dataset.name}-labels"] = dataset.labels.astype(np.uint8)
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    new_run.write("predictions.npz", packed.getvalue())
    return {"datasets": results, "keras_litert_difference": difference}


def _config(recipe: Recipe, data: TrainingData) -> dict[str, Any]:
    packages = ("tensorflow", "keras", "numpy", "scipy", "pillow", "ai-edge-litert")
    versions = {name: metadata.version(name) for name in packages}
    return {
        "recipe": json.loads(json.dumps(recipe.as_dict())),
        "command": "python -m mnist_cnn " + " ".join(sys.argv[1:]),
        "data": data.description,
        "versions": {"python": platform.python_version(), **versions},
        "commit": _commit(),
    }


def _commit() -> str | None:
    """The commit of this code, or None outside a checkout."""
    try:
        command = ["git", "-C", str(PROJECT_FOLDER), "rev-parse", "HEAD"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5)
        return answer.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def _peak_memory_mb() -> int | None:
    """The greatest memory this process held, or None on Windows, which does not keep it."""
    try:
        import resource
    except ImportError:
        return None
    unit = 1024 if sys.platform == "darwin" else 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit // 1024


def _download_report(done: int, total: int) -> Report:
    return Report("downloading", share=done / total if total else 0.0)

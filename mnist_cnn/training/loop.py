"""One training run, from a recipe to a whole run folder."""

import math
import time
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mnist_cnn import metrics
from mnist_cnn.errors import TrainingFailed
from mnist_cnn.models import network
from mnist_cnn.models.muon import Muon
from mnist_cnn.models.recipe_options import check
from mnist_cnn.models.recipes import Architecture, Recipe
from mnist_cnn.models.surroundings import with_channels
from mnist_cnn.models.tensorflow_loader import give_back_freed_memory
from mnist_cnn.runs.new_run import NewRun
from mnist_cnn.runs.snapshots import SNAPSHOTS
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import machine
from mnist_cnn.training import fine_tuning, watched
from mnist_cnn.training.batches import Batches, Schedule
from mnist_cnn.training.fault_hook import reached
from mnist_cnn.training.pools import Labelled, TrainingData, Validation
from mnist_cnn.training.progress import ProgressListener, ProgressWriter, Stop, peak_memory_mb
from mnist_cnn.training.saving import compact_finite, describe, write_measured
from mnist_cnn.training.snapshot_taker import SnapshotTaker
from mnist_cnn.training.training_data import prepare


def train(
    recipe: Recipe,
    new_run: NewRun,
    tell: ProgressListener = lambda progress: None,
    stop: Stop | None = None,
) -> Run:
    """Trains, calibrates, exports and measures a network, and saves it as a run.

    Asked to stop, it ends after its batch and keeps what it
    has learnt, as a run whose status is "stopped"; interrupted, it leaves nothing behind.

    Raises:
        BadInput: the recipe cannot be trained.
        DataMissing: a data set is neither here nor to be downloaded.
        TrainingFailed: the loss is no number any more, weights are too large, or memory ran out.
        StorageFailed: the disk is full, or may not be written to.
    """
    try:
        with ProgressWriter(new_run, check(recipe).epochs, tell) as writer:
            facts = _trained(recipe, new_run, writer, stop or Stop())
        reached("manifest")
        return new_run.finish(preset=recipe.preset, **facts)
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        new_run.discard()
        raise TrainingFailed(
            "The machine ran out of memory; please choose a smaller batch size, fewer images or a "
            "smaller network."
        ) from error
    except BaseException:  # also for Ctrl-C: what is half done goes away
        new_run.discard()
        raise


def _trained(recipe: Recipe, new_run: NewRun, writer: ProgressWriter, stop: Stop) -> dict[str, Any]:
    """Fills the run's folder; the facts for its manifest."""
    started = time.monotonic()
    model, validation, seconds = _learned(recipe, new_run, writer, stop)
    status = "stopped" if stop.asked else "finished"
    give_back_freed_memory()  # of the images that it learned from
    writer.phase("measuring")
    model = compact_finite(model, recipe)
    write_measured(new_run, model, validation, recipe.kind, weights="float16")
    return {
        "status": status,
        "kind": recipe.kind,
        "parameters": model.count_params(),
        "training_seconds": round(seconds, 1),
        "total_seconds": round(time.monotonic() - started, 1),
        "peak_memory_mb": peak_memory_mb(),
        "machine": machine(),
    }


def _learned(
    recipe: Recipe, new_run: NewRun, writer: ProgressWriter, stop: Stop
) -> tuple[keras.Model, Validation, float]:
    """The trained network, what to calibrate it by, and the seconds that it learned for."""
    writer.phase("preparing data")
    give_back_freed_memory()  # of what the start of TensorFlow alone needed
    reached("data")
    data = prepare(recipe, writer.downloading)
    give_back_freed_memory()
    writer.phase("building", 0.0)
    reached("build")
    new_run.write("config.json", describe(recipe, data))
    keras.utils.set_random_seed(recipe.seed)
    model = fine_tuning.resumed(recipe) if recipe.start else network.build(recipe.architecture)
    stop.learning = True
    stop.check()
    taken = SnapshotTaker(model, recipe.snapshots, recipe.epochs)
    seconds = fit(model, recipe, data, _Watcher(model, writer, recipe, data, stop), taken)
    if content := taken.content():
        new_run.write(SNAPSHOTS, content)
    validation = Validation(list(data.validation.values()), data.validation_letters)
    return model, validation, seconds


def fit(
    model: keras.Model, recipe: Recipe, data: TrainingData, *callbacks: keras.callbacks.Callback
) -> float:
    """Trains in place, all branches at once; the seconds it took."""
    batches = Batches(recipe, data)
    rate = Schedule(recipe.schedule, recipe.learning_rate, recipe.epochs * len(batches))
    learner = network.learner(model)
    learner.compile(
        _optimizer(recipe, rate),
        network.loss,  # the mean over the branches; each is to learn as if it were alone
        loss_weights=float(recipe.architecture.branches),
        metrics=[network.accuracy],
        jit_compile=False,
    )
    begun = time.monotonic()
    learner.fit(batches, epochs=recipe.epochs, verbose=0, callbacks=list(callbacks))
    batches.forget()
    return time.monotonic() - begun


def _optimizer(recipe: Recipe, rate: "Schedule") -> keras.optimizers.Optimizer:
    decay = recipe.weight_decay
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=decay)
    if recipe.optimizer == "rmsprop":
        return keras.optimizers.RMSprop(rate, weight_decay=decay)
    if recipe.optimizer == "muon":
        return Muon(rate, weight_decay=decay, adam_weight_decay=decay)
    return keras.optimizers.AdamW(rate, weight_decay=decay)


class _Watcher(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes the writer while the network learns, validates it, and ends it when asked to."""

    def __init__(
        self,
        whole: keras.Model,
        writer: ProgressWriter,
        recipe: Recipe,
        data: TrainingData,
        stop: Stop,
    ) -> None:
        super().__init__()
        self._whole, self._writer, self._stop = whole, writer, stop
        self._recipe, self._data, self._read_last = recipe, data, 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch, self._begun = epoch, time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._stop.check()
        if not math.isfinite(logs["loss"]):
            raise TrainingFailed(
                f"The loss is no number any more in epoch {self._epoch + 1}; please try a "
                f"learning rate below {self._recipe.learning_rate:g}."
            )
        steps, size = self.params["steps"], self._recipe.batch_size
        self._writer.batch(self._epoch, batch, steps, size, **self._facts(logs))
        if time.monotonic() - self._read_last > watched.EVERY:
            self._read_drawings()
        if self._stop.asked:
            self.model.stop_training = True

    def _read_drawings(self) -> None:
        watched.answer(self._writer.folder, partial(network.logits_of, self._whole))
        self._read_last = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        outputs = self._recipe.architecture.outputs
        images, labels = _validation(self._data, self._recipe.architecture)
        if self._recipe.start:  # what goes on from a known network is looked at less closely
            images, labels = images[::4], labels[::4]
        logits = network.logits_of(self._whole, images)
        known = labels != outputs
        row = {
            "epoch": epoch + 1,
            **self._facts(logs),
            "val_loss": float(np.mean(network.loss(labels, logits))),
            "val_accuracy": float(np.mean(network.accuracy(labels, logits))),
            "seconds": time.monotonic() - self._begun,
        }
        read = logits[known].argmax(axis=1)
        matrix = metrics.confusion_matrix(labels[known], read, outputs)
        self._writer.epoch(row, matrix.tolist())
        self._writer.validation_errors(images[known, ..., 0], labels[known], read)
        self._read_drawings()
        reached("epoch")

    def _facts(self, logs: dict[str, float]) -> dict[str, float]:
        """How far the branches are in the mean, and the learning rate."""
        return {
            "loss": logs["loss"] / self._recipe.architecture.branches,
            "accuracy": logs["accuracy"],
            "learning_rate": float(self.model.optimizer.learning_rate),
        }


def _validation(data: TrainingData, architecture: Architecture) -> Labelled:
    """Every validation image (n, 28, 28, channels) with its label, what is no digit among them."""
    none = np.concatenate([data.validation_not_digits, data.validation_letters])
    parts = [*data.validation.values(), (none, np.full(len(none), architecture.outputs))]
    images = np.concatenate([with_channels(images, architecture.channels) for images, _ in parts])
    labels = np.concatenate([labels for _, labels in parts])
    return images, labels

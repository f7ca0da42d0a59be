"""One training run, from a recipe to a whole run folder."""

import io
import json
import math
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from importlib import metadata
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_cnn import datasets, evaluation, gate, metrics, network, registry, runs
from mnist_cnn.augmentation import augmented
from mnist_cnn.classifier import INT8, Calibration, Classifier
from mnist_cnn.diary import Diary, Listener, Stop, peak_memory_mb
from mnist_cnn.errors import BadNetwork, RunError, TrainingFailed
from mnist_cnn.evaluation import Readings
from mnist_cnn.muon import Muon
from mnist_cnn.recipes import STILL, Recipe
from mnist_cnn.records import Dataset, FloatArray
from mnist_cnn.runs import NewRun, Run
from mnist_cnn.settings import PROJECT_FOLDER, machine
from mnist_cnn.tensorflow_loader import give_back_freed_memory
from mnist_cnn.training_data import TrainingData, operators_test, prepare

Labelled = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Images (n, 28, 28) and their labels (n,)."""

WARM_UP = 0.2
"""The share of all batches over which a one-cycle's learning rate rises; then it falls."""

LEAST_IMPORTED = 0.5
"""The share of plainly written digits that a network from elsewhere must read to become a run."""


def train(
    recipe: Recipe,
    new_run: NewRun,
    tell: Listener = lambda progress: None,
    stop: Stop | None = None,
) -> Run:
    """Trains, calibrates, exports and measures a network, and saves it as a run.

    The first run goes into production. Asked to stop, it ends after its batch and keeps what it
    has learnt, as a run whose status is "stopped"; interrupted, it leaves nothing behind.

    Raises:
        BadInput: the recipe cannot be trained.
        DataMissing: a data set is neither here nor to be downloaded.
        TrainingFailed: the loss is no number any more, weights are too large, or memory ran out.
        StorageFailed: the disk is full, or may not be written to.
    """
    try:
        with Diary(new_run, recipe.check().epochs, tell) as diary:
            facts = _trained(recipe, new_run, diary, stop or Stop())
        run = new_run.finish(preset=recipe.preset, **facts)
    except (MemoryError, tf.errors.ResourceExhaustedError) as error:
        new_run.discard()
        raise TrainingFailed(
            "The machine ran out of memory; please choose a smaller batch size, fewer images or a "
            "smaller network."
        ) from error
    except BaseException:  # also for Ctrl-C: what is half done goes away
        new_run.discard()
        raise
    if runs.production_id(run.kind) is None:
        _promote_first(run)
    return run


def _promote_first(run: Run) -> None:
    try:
        registry.promote(run.id, by="the first run")
    except RunError as error:
        print(error, file=sys.stderr)


def _trained(recipe: Recipe, new_run: NewRun, diary: Diary, stop: Stop) -> dict[str, Any]:
    """Fills the run's folder; the facts for its manifest."""
    started = time.monotonic()
    model, validation, seconds = _learned(recipe, new_run, diary, stop)
    give_back_freed_memory()  # of the images that it learned from
    diary.phase("measuring")
    model = _compact(model, recipe)
    _write_measured(new_run, model, validation, recipe.kind, weights="float16")
    return {
        "status": "stopped" if stop.asked else "finished",
        "kind": recipe.kind,
        "parameters": model.count_params(),
        "training_seconds": round(seconds, 1),
        "total_seconds": round(time.monotonic() - started, 1),
        "peak_memory_mb": peak_memory_mb(),
        "machine": machine(),
    }


def _learned(
    recipe: Recipe, new_run: NewRun, diary: Diary, stop: Stop
) -> tuple[keras.Model, list[Labelled], float]:
    """The trained network, what to calibrate it by, and the seconds that it learned for."""
    diary.phase("preparing data")
    data = prepare(recipe, lambda done, total: diary.phase("downloading", done / (total or 1)))
    give_back_freed_memory()
    diary.phase("building", 0.0)
    new_run.write("config.json", _config(recipe, data))
    keras.utils.set_random_seed(recipe.seed)
    model = network.build(recipe.architecture)
    stop.learning = True
    stop.check()
    seconds = fit(model, recipe, data, _Watcher(model, diary, recipe, data, stop))
    return model, list(data.validation.values()), seconds


def _compact(model: keras.Model, recipe: Recipe) -> keras.Model:
    kept = network.compact(model, recipe.architecture)
    if not network.is_finite(kept):
        raise TrainingFailed(
            "The network's weights have grown too large to be kept; please try a learning rate "
            f"below {recipe.learning_rate:g}."
        )
    return kept


def save_imported(model: keras.Model, new_run: NewRun) -> Run:
    """A network that was trained elsewhere, calibrated and measured here, as a run.

    Raises:
        BadNetwork: it reads hardly any plainly written digit.
    """
    try:
        _check_reads(model)
        new_run.write("config.json", {"recipe": None, "command": "", "versions": _versions()})
        sets = datasets.local_validation_sets()
        _write_measured(new_run, model, [(found.images, found.labels) for found in sets])
        return new_run.finish(
            preset="imported",
            status="finished",
            parameters=model.count_params(),
            training_seconds=0,
            machine=machine(),
        )
    except BaseException:
        new_run.discard()
        raise


def _check_reads(model: keras.Model) -> None:
    images, labels = gate.canary()

    def share(images: FloatArray) -> float:
        answers = np.asarray(model(images[..., None]))
        return float((answers.argmax(axis=1) == labels).mean())

    read = share(images)
    if read < LEAST_IMPORTED:
        hint = ""
        if share(255 * images) >= LEAST_IMPORTED:
            hint = " It seems to expect pixels of 0 to 255: please put a Rescaling(255) first."
        elif share(1 - images) >= LEAST_IMPORTED:
            hint = " It seems to expect black ink on white; here ink is white on black."
        raise BadNetwork(f"it reads {read:.0%} of {len(labels)} plainly written digits.{hint}")


def _write_measured(
    new_run: NewRun,
    model: keras.Model,
    validation: Iterable[Labelled],
    kind: str = "digits",
    weights: network.Weights = "float32",
) -> None:
    """The network, its calibration, and its scores on every test set that is here."""
    new_run.write("model.keras", network.keras_file(model))
    exported = network.export_litert(model, weights)
    new_run.write("model.tflite", exported)
    rounded = network.export_litert(model, "int8")
    new_run.write(INT8, rounded)
    uncalibrated = Classifier(exported, Calibration(), new_run.id, kind)
    calibration = evaluation.calibrate(
        Readings(evaluation.read(uncalibrated, images), labels) for images, labels in validation
    )
    new_run.write("calibration.json", calibration.as_dict())
    classifier = Classifier(exported, calibration, new_run.id, kind)
    int8 = Classifier(rounded, calibration, new_run.id, kind)
    sets = datasets.local_test_sets()
    give_back_freed_memory()  # of what they were taken from
    if kind == "symbols":
        sets.append(operators_test())
    new_run.write("evaluation.json", _evaluation(new_run, model, classifier, int8, sets))


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


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """The recipe's images, drawn anew for each branch and epoch and augmented batch by batch.

    A batch is float32 (n, branches, 28, 28, 1) in [0, 1] and its labels (n, branches).

    Two threads prepare them. With one, Keras' default, TensorFlow tunes how many batches it
    prepares ahead, and an epoch's end often waits for seconds until that tuner wakes up.
    """

    def __init__(self, recipe: Recipe, data: TrainingData) -> None:
        super().__init__(workers=2)
        self._recipe, self._data = recipe, data
        self._epoch = 0
        self._draw()

    def __len__(self) -> int:
        return math.ceil(self._data.images_per_epoch / self._recipe.batch_size)

    def __getitem__(self, index: int) -> tuple[FloatArray, NDArray[np.int64]]:
        size = self._recipe.batch_size
        part = slice(index * size, (index + 1) * size)
        random = np.random.default_rng([self._recipe.seed, self._epoch, index])
        shown, labels = [], []
        for owners, rows in self._draws:
            images, known = self._data.batch(owners[part], rows[part])
            shown.append(self._augmented(images, random))
            labels.append(known)
        return np.stack(shown, axis=1)[..., None], np.stack(labels, axis=1)

    def _augmented(self, images: NDArray[np.uint8], random: np.random.Generator) -> FloatArray:
        calm = self._epoch >= self._recipe.epochs - self._recipe.calm_epochs
        if calm or self._recipe.augmentation == STILL:
            return images.astype(np.float32) / 255
        return augmented(images, self._recipe.augmentation, random)

    def on_epoch_end(self) -> None:
        self._epoch += 1
        self._draw()

    def forget(self) -> None:
        """Lets go of the images, since TensorFlow never lets go of what it drew them from."""
        self._data = replace(self._data, pools=[])

    def _draw(self) -> None:
        random = np.random.default_rng([self._recipe.seed, self._epoch])
        branches = range(self._recipe.architecture.branches)
        self._draws = [self._data.epoch(random, branch) for branch in branches]


class Schedule(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
    """The learning rate over all batches of a run.

    "one-cycle" rises in a straight line, then falls to zero as half a cosine (Smith,
    Super-convergence, 2018); "cosine" only falls; "constant" stays.
    """

    def __init__(self, kind: str, peak: float, steps: int) -> None:
        self._kind, self._peak, self._steps = kind, peak, steps

    def __call__(self, step: Any) -> Any:
        if self._kind == "constant":
            return tf.constant(self._peak, tf.float32)
        share = tf.cast(step, tf.float32) / self._steps
        rise = WARM_UP if self._kind == "one-cycle" else 0.0
        falling = 0.5 * (1 + tf.cos(math.pi * (share - rise) / (1 - rise)))
        return self._peak * tf.where(share < rise, share / (rise or 1.0), falling)


class _Watcher(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes the diary while the network learns, validates it, and ends it when asked to."""

    def __init__(
        self, whole: keras.Model, diary: Diary, recipe: Recipe, data: TrainingData, stop: Stop
    ) -> None:
        super().__init__()
        self._whole, self._diary, self._stop = whole, diary, stop
        self._recipe, self._data = recipe, data

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
        self._diary.batch(self._epoch, batch, steps, size, **self._facts(logs))
        if self._stop.asked:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        outputs = self._recipe.architecture.outputs
        images, labels = _validation(self._data, outputs)
        logits = network.logits_of(self._whole, images)
        known = labels != outputs
        row = {
            "epoch": epoch + 1,
            **self._facts(logs),
            "val_loss": float(np.mean(network.loss(labels, logits))),
            "val_accuracy": float(np.mean(network.accuracy(labels, logits))),
            "seconds": time.monotonic() - self._begun,
        }
        matrix = metrics.confusion_matrix(labels[known], logits[known].argmax(axis=1), outputs)
        self._diary.epoch(row, matrix.tolist())

    def _facts(self, logs: dict[str, float]) -> dict[str, float]:
        """How far the branches are in the mean, and the learning rate."""
        return {
            "loss": logs["loss"] / self._recipe.architecture.branches,
            "accuracy": logs["accuracy"],
            "learning_rate": float(self.model.optimizer.learning_rate),
        }


def _validation(data: TrainingData, none_label: int) -> Labelled:
    """Every validation image with its label, what is no digit among them."""
    none = data.validation_not_digits
    parts = [*data.validation.values(), (none, np.full(len(none), none_label))]
    images = np.concatenate([images for images, _ in parts])
    labels = np.concatenate([labels for _, labels in parts])
    return images, labels


def _evaluation(
    new_run: NewRun,
    model: keras.Model,
    classifier: Classifier,
    int8: Classifier,
    sets: list[Dataset],
) -> dict[str, Any]:
    """Scores on every test set, how far LiteRT strays from Keras, and how often its int8 copy
    reads something else; writes predictions.npz."""
    results, difference, others, total = {}, 0.0, 0, 0
    arrays: dict[str, Any] = {}
    for dataset in sets:
        logits = evaluation.read(classifier, dataset.images)
        results[dataset.name] = Readings(logits, dataset.labels).scores(classifier.calibration)
        difference = max(difference, _difference(model, classifier, dataset.images))
        by_int8 = evaluation.read(int8, dataset.images)
        others += int((by_int8.argmax(axis=1) != logits.argmax(axis=1)).sum())
        total += len(dataset)
        arrays[f"{dataset.name}-logits"] = logits.astype(np.float16)
        arrays[f"{dataset.name}-labels"] = dataset.labels.astype(np.uint8)
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    new_run.write(evaluation.PREDICTIONS, packed.getvalue())
    return {
        "datasets": results,
        "keras_litert_difference": difference,
        "int8_reads_otherwise": others / max(total, 1),
    }


def _difference(model: keras.Model, classifier: Classifier, images: NDArray[np.uint8]) -> float:
    """The greatest between a probability by Keras and the same by LiteRT, on a thousand images."""
    some = images[:1000]
    by_keras = metrics.softmax(network.logits_of(model, some, batch_size=20))
    by_litert = metrics.softmax(classifier.first_look(some.astype(np.float32) / 255))
    return float(np.abs(by_keras - by_litert).max())


def _config(recipe: Recipe, data: TrainingData) -> dict[str, Any]:
    return {
        "recipe": json.loads(json.dumps(recipe.as_dict())),
        "command": f"python -m mnist_cnn {shlex.join(sys.argv[1:])}",
        "data": data.description,
        "versions": _versions(),
        "commit": _commit(),
    }


def _versions() -> dict[str, str]:
    packages = ("tensorflow", "keras", "numpy", "scipy", "pillow", "ai-edge-litert")
    found = {name: metadata.version(name) for name in packages}
    return {"python": platform.python_version(), **found}


def _commit() -> str | None:
    """The commit of this code, or None outside a checkout."""
    try:
        command = ["git", "-C", str(PROJECT_FOLDER), "rev-parse", "HEAD"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5)
        return answer.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None

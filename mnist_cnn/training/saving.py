"""What a trained network leaves in its run's folder: itself, its calibration, its scores."""

import io
import json
import platform
import shlex
import subprocess
import sys
from importlib import metadata
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mnist_cnn import metrics
from mnist_cnn.data import canary, local_sets
from mnist_cnn.errors import BadNetwork, TrainingFailed
from mnist_cnn.evaluation import scores
from mnist_cnn.evaluation.scores import LabelledLogits
from mnist_cnn.models import adapting, export, network
from mnist_cnn.models.calibration import Calibration
from mnist_cnn.models.classifier import INT8, Classifier
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.models.tensorflow_loader import give_back_freed_memory
from mnist_cnn.records import Dataset, FloatArray
from mnist_cnn.runs import predictions
from mnist_cnn.runs.new_run import NewRun
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import PROJECT_FOLDER, machine
from mnist_cnn.training.fault_hook import reached
from mnist_cnn.training.pools import TrainingData, Validation
from mnist_cnn.training.training_data import operators_test

MIN_IMPORTED = 0.5
"""The share of plainly written digits that a network from elsewhere must read to become a run."""

WAYS = [
    (scale, offset, transposed)
    for transposed in (False, True)
    for scale, offset in ((1, 0), (255, 0), (-1, 1), (-255, 255), (2, -1), (-2, 1))
]
"""How networks from elsewhere may have learnt to see: scale · x + offset, rows for columns."""

CLEARLY = 0.1
"""So much more of the digits must be read in another way than as they are."""


def compact_finite(model: keras.Model, recipe: Recipe) -> keras.Model:
    kept = export.compact(model, recipe.architecture)
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
        model = _as_it_learnt(model)
        new_run.write("config.json", {"recipe": None, "command": "", "versions": _versions()})
        sets = local_sets.local_validation_sets()
        validation = Validation([(found.images, found.labels) for found in sets])
        write_measured(new_run, model, validation)
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


def _as_it_learnt(model: keras.Model) -> keras.Model:
    """The network shown pictures as it learnt to see them, which digits that everybody can read
    tell: on which scale, ink dark or light, rows and columns exchanged or not.

    Raises:
        BadNetwork: it reads hardly any of them in whatever way.
    """
    images, labels = canary.canary()

    def share(way: tuple[float, float, bool]) -> float:
        shown = way[0] * (images.transpose(0, 2, 1) if way[2] else images) + way[1]
        return float((adapting.predicted(model, shown) == labels).mean())

    shares = {way: share(way) for way in WAYS}
    best = max(shares, key=lambda way: shares[way])
    as_is = shares[WAYS[0]]
    if shares[best] < MIN_IMPORTED:
        raise BadNetwork(f"it reads {as_is:.0%} of {len(labels)} plainly written digits.")
    if as_is >= max(MIN_IMPORTED, shares[best] - CLEARLY):
        return model
    return adapting.seen_as(model, *best)


def write_measured(
    new_run: NewRun,
    model: keras.Model,
    validation: Validation,
    kind: str = "digits",
    weights: export.Weights = "float32",
) -> None:
    """The network, its calibration, and its scores on every test set that is here."""
    new_run.write("model.keras", export.keras_file(model))
    reached("export")
    exported = export.export_litert(model, weights)
    new_run.write("model.tflite", exported)
    rounded = export.export_litert(model, "int8")
    new_run.write(INT8, rounded)
    reached("calibrate")
    uncalibrated = Classifier(exported, Calibration(), new_run.id, kind)
    readings = [
        LabelledLogits(scores.compute_logits(uncalibrated, images), labels)
        for images, labels in validation.collections
    ]
    letters = scores.compute_logits(uncalibrated, validation.letters)
    calibration = scores.calibrate(readings, letters)
    new_run.write("calibration.json", calibration.as_dict())
    reached("measure")
    classifier = Classifier(exported, calibration, new_run.id, kind)
    int8 = Classifier(rounded, calibration, new_run.id, kind)
    sets = local_sets.local_test_sets()
    give_back_freed_memory()  # of what they were taken from
    if kind == "symbols":
        sets.append(operators_test())
    new_run.write("evaluation.json", _evaluation(new_run, model, classifier, int8, sets))


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
        kept = _as_kept(scores.compute_logits(classifier, dataset.images))
        logits = kept.astype(np.float32)
        results[dataset.name] = LabelledLogits(logits, dataset.labels).scores(
            classifier.calibration
        )
        difference = max(difference, _difference(model, classifier, dataset.images))
        by_int8 = scores.compute_logits(int8, dataset.images)
        others += int((by_int8.argmax(axis=1) != logits.argmax(axis=1)).sum())
        total += len(dataset)
        arrays[f"{dataset.name}-logits"] = kept
        arrays[f"{dataset.name}-labels"] = dataset.labels.astype(np.uint8)
    packed = io.BytesIO()
    np.savez_compressed(packed, **arrays)
    new_run.write(predictions.PREDICTIONS, packed.getvalue())
    return {
        "datasets": results,
        "keras_litert_difference": difference,
        "int8_reads_otherwise": others / max(total, 1),
    }


def _as_kept(logits: FloatArray) -> FloatArray:
    """What predictions.npz holds and is scored, at half precision where that loses little."""
    return logits.astype(np.float16) if np.abs(logits).max(initial=0) < 1000 else logits


def _difference(model: keras.Model, classifier: Classifier, images: NDArray[np.uint8]) -> float:
    """The greatest between a probability by Keras and by LiteRT, on 200 images of a set."""
    some = images[:: max(1, len(images) // 200)]
    by_keras = metrics.softmax(network.logits_of(model, some, batch_size=20))
    by_litert = metrics.softmax(classifier.raw_logits(some.astype(np.float32) / 255))
    return float(np.abs(by_keras - by_litert).max())


def describe(recipe: Recipe, data: TrainingData) -> dict[str, Any]:
    return {
        "recipe": json.loads(json.dumps(recipe.as_dict())),
        "command": f"python -m mnist_cnn {shlex.join(_without_trackers(sys.argv[1:]))}",
        "data": data.description,
        "versions": _versions(),
        "commit": _commit(),
    }


def _without_trackers(words: list[str]) -> list[str]:
    """A command without where else it was logged, which concerns one machine alone."""
    pairs = zip(["", *words], words, strict=False)
    return [w for before, w in pairs if before != "--log-to" and not w.startswith("--log-to")]


def _versions() -> dict[str, str]:
    packages = ("tensorflow", "keras", "numpy", "scipy", "pillow", "ai-edge-litert")
    found = {name: metadata.version(name) for name in packages}
    return {"python": platform.python_version(), **found}


def _commit() -> str | None:
    """The commit of this code, marked where files differ from it; None outside a checkout."""
    try:
        about = ("--always", "--dirty", "--abbrev=40", "--exclude=*")
        command = ["git", "-C", str(PROJECT_FOLDER), "describe", *about]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5)
        return answer.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None

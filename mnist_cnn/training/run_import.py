"""A run that was exported elsewhere, taken in: of its ZIP the Keras network alone is loaded.

Its LiteRT files are made anew from that, which gives the very same bytes where Keras, TensorFlow
and this program are of the same versions. What it says of its scores is believed where it reads
what lies on this machine as it says it did.
"""

import time
from typing import Any

import keras
import numpy as np

from mnist_cnn.data import local_sets
from mnist_cnn.errors import BadNetwork, RunDamaged, RunRefused, StorageFailed
from mnist_cnn.evaluation import scores
from mnist_cnn.evaluation.scores import LabelledLogits
from mnist_cnn.models import export, untrusted
from mnist_cnn.models.classes import CHANNELS, CLASSES
from mnist_cnn.models.classifier import INT8, Classifier
from mnist_cnn.models.numpy_network import NumpyNetwork
from mnist_cnn.records import Dataset
from mnist_cnn.runs import gate, loading, notes, predictions, run_zips, snapshots, store, trash
from mnist_cnn.runs.new_run import NewRun
from mnist_cnn.runs.run_zips import UnpackedRun
from mnist_cnn.runs.store import Run
from mnist_cnn.storage import scratch_folder, write_atomically
from mnist_cnn.training.model_files import MAX_PARAMETERS, check_file

BUNDLED = "bundled-digits-test"
"""The test set that every machine has; it is read again as a whole."""

READ_AGAIN = (BUNDLED, "mnist-test")
"""The test sets that its answers are compared on, where they are on this machine."""

LOOKED_AT = 500
"""Images of a test set that are read again."""

MAX_IMAGES = 100_000
"""Of a test set whose answers are taken in."""

AGREES = 0.99
"""The share of them whose digit must be the one that was saved: the last bits may differ between
machines."""

NAMED = 0.001
"""How far an accuracy may lie from the one that the saved predictions give."""


AHEAD_SECONDS = 366 * 86_400
"""How far a clock elsewhere may be ahead: every later run here sorts after those there are."""


def saved(content: bytes, name: str = "") -> str:
    """Takes in the ZIP of a run, under the id that it has; that id.

    Raises:
        BadNetwork: it is no whole exported run, a run of that id is here, or it is not what it
            says.
    """
    found = run_zips.unpacked(content)
    run_id = str(found.manifest["id"])
    if run_id in store.list_all() or run_id in trash.deleted():
        raise BadNetwork(
            f"run {run_id} is on this machine already (`python -m mnist_cnn runs show {run_id}`, "
            f"or `runs restore {run_id}` where it was deleted)."
        )
    if run_id[:8] > time.strftime("%Y%m%d", time.gmtime(time.time() + AHEAD_SECONDS)):
        raise BadNetwork(f"run {run_id} is to have been begun years from now.")
    kind = str(found.manifest.get("kind", "digits"))
    litert = _litert(_network(found, kind), found)
    said = {key: str(found.notes.get(key) or "")[:2000] for key in ("name", "note")}
    try:
        new_run = NewRun(run_id, str(found.manifest.get("name", "")), said["note"])
    except StorageFailed as error:
        raise BadNetwork(f"a run {run_id} is being made here; please try again.") from error
    try:
        for file, kept in {**found.files, **litert}.items():
            new_run.write(file, kept)
        _check(Run(run_id, new_run.folder, found.manifest | {"sha256": new_run.sums()}))
        run = new_run.finish(**_facts(found.manifest))
    except BaseException:
        new_run.discard()
        raise
    tags = found.notes.get("tags")
    tags = tuple(str(tag)[:80] for tag in tags[:20]) if isinstance(tags, list) else ()
    notes.annotate(run.id, name=(name or said["name"])[:80], note=said["note"], tags=tags)
    return run.id


def _facts(manifest: dict[str, Any]) -> dict[str, Any]:
    ours = ("schema", "id", "name", "note", "sha256")
    return {key: value for key, value in manifest.items() if key not in ours}


def _network(found: UnpackedRun, kind: str) -> keras.Model:
    if kind not in CLASSES:
        raise BadNetwork(f"it reads {kind!r:.40}; expected one of {', '.join(CLASSES)}.")
    with scratch_folder() as folder:
        content = found.files["model.keras"]
        check_file(content, "its model.keras")
        path = folder / "model.keras"
        write_atomically(path, content)
        model = untrusted.load_as_it_is(path, MAX_PARAMETERS)
    channels = CHANNELS if kind == "symbols" else 1
    expected = (None, 28, 28, channels), (None, CLASSES[kind])
    if (model.input_shape, model.output_shape) != expected:
        raise BadNetwork(
            f"its network goes from {model.input_shape} to {model.output_shape}; a reader of "
            f"{kind} from {expected[0]} to {expected[1]}."
        )
    return model


def _litert(model: keras.Model, found: UnpackedRun) -> dict[str, bytes]:
    """Its LiteRT files as this machine makes them."""
    weights: export.Weights = "float32" if found.manifest.get("preset") == "imported" else "float16"
    made = {"model.tflite": export.export_litert(model, weights)}
    if INT8 in found.files:
        made[INT8] = export.export_litert(model, "int8")
    return made


def _check(run: Run) -> None:
    """The gate, and whether what it says of its scores is so.

    Raises:
        BadNetwork: it does not pass, or says what is not so.
    """
    try:
        gate.check(run, None)
        _check_snapshots(run)
        _check_scores(run)
    except (RunRefused, RunDamaged) as error:
        raise BadNetwork(str(error)) from error


def _check_snapshots(run: Run) -> None:
    if snapshots.SNAPSHOTS in run.manifest["sha256"]:
        snapshots.load(run, NumpyNetwork.read(run.read("model.keras")))


def _check_scores(run: Run) -> None:
    classifier = loading.load_classifier(run)
    known = predictions.saved_logits(run)
    said = run.evaluation["datasets"]
    if known.keys() != said.keys() or BUNDLED not in said:
        raise BadNetwork(
            "its evaluation.json and predictions.npz tell of other test sets than each other, or "
            f"not of {BUNDLED}."
        )
    for name, claimed in known.items():
        _check_shape(name, claimed, CLASSES[run.kind])
        if not abs(claimed.right.mean() - said[name]["accuracy"]) <= NAMED:
            raise BadNetwork(f"its score on {name} is not what its predictions.npz gives.")
    for name in READ_AGAIN:
        if name in known and (dataset := local_sets.local_test_set(name)):
            _read_again(classifier, dataset, known[name])


def _check_shape(name: str, claimed: LabelledLogits, classes: int) -> None:
    count = claimed.labels.size
    if (
        claimed.labels.shape != (count,)
        or claimed.logits.shape != (count, classes)
        or not 0 < count <= MAX_IMAGES
        or not np.isfinite(claimed.logits).all()
        or not ((claimed.labels >= 0) & (claimed.labels < classes)).all()
    ):
        raise BadNetwork(
            f"its predictions.npz holds for {name[:40]} other arrays than logits (n, {classes}) "
            f"and labels (n,), n from 1 to {MAX_IMAGES:,}."
        )


def _read_again(classifier: Classifier, dataset: Dataset, claimed: LabelledLogits) -> None:
    if not np.array_equal(claimed.labels, dataset.labels):
        raise BadNetwork(f"the labels in its predictions.npz are not those of {dataset.name}.")
    step = 1 if dataset.name == BUNDLED else max(1, len(dataset) // LOOKED_AT)
    logits = scores.compute_logits(classifier, dataset.images[::step])
    same = logits.argmax(axis=1) == claimed.logits[::step].argmax(axis=1)
    if same.mean() < AGREES:
        raise BadNetwork(f"on {dataset.name} it answers otherwise than its predictions.npz says.")

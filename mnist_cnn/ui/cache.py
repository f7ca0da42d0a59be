"""What the server keeps between reruns, one line each."""

import gc
from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_cnn.data import labelled_sets
from mnist_cnn.errors import BadNetwork
from mnist_cnn.evaluation import explain, scores
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.evaluation.scores import LabelledLogits
from mnist_cnn.hands.hand import TaughtDrawing
from mnist_cnn.models.numpy_network import NumpyNetwork
from mnist_cnn.runs import predictions as saved
from mnist_cnn.runs import serving, store, surveys
from mnist_cnn.runs import snapshots as saved_snapshots
from mnist_cnn.runs.snapshots import Snapshots
from mnist_cnn.runs.store import Run
from mnist_cnn.ui.kept_while_used import kept_while_used


@st.cache_resource(show_spinner=False)
def settle_imports() -> None:
    """Once, when all is imported: Streamlit collects garbage after every rerun before it sends
    the page its last changes, and need not search what imports have made each time. What killed
    processes left unfinished goes away too."""
    from mnist_cnn.training import jobs  # after the first page was shown

    jobs.tidy_up()
    surveys.tidy_up()
    gc.collect()
    gc.freeze()


@st.cache_data(show_spinner=False)
def sample_digits() -> NDArray[np.uint8]:
    """One real digit of each kind, uint8 (10, 28, 28)."""
    from mnist_cnn.data import bundled_digits

    return bundled_digits.one_of_each()


@st.cache_data(show_spinner=False, max_entries=20)
def saved_logits(run_id: str, folder: str) -> dict[str, LabelledLogits]:
    """What a run answered to its test sets; `folder` tells artifacts folders apart."""
    return saved.saved_logits(store.open_run(run_id))


def predictions(run: Run) -> dict[str, LabelledPredictions]:
    """The same as calibrated probabilities, per test set."""
    calibration = serving.classifier_of(run).calibration
    logits = saved_logits(run.id, str(run.folder))
    return {name: LabelledPredictions.of(own, calibration) for name, own in logits.items()}


def predictions_on(run: Run, name: str) -> LabelledPredictions | None:
    """What a run makes of a test set: as it was saved, or read now where it is a person's own."""
    if name in (known := predictions(run)):
        return known[name]
    logits = _own_logits(run.id, str(run.folder), name, labelled_sets.version(name))
    calibration = serving.classifier_of(run).calibration
    return LabelledPredictions.of(logits, calibration) if logits else None


@st.cache_data(show_spinner="Reading them …", max_entries=20)
def _own_logits(run_id: str, folder: str, name: str, version: int) -> LabelledLogits | None:
    found = labelled_sets.load(name)
    if not found or not len(found):
        return None
    classifier = serving.classifier_of(store.open_run(run_id))
    return LabelledLogits(scores.compute_logits(classifier, found.images), found.labels)


def test_images(name: str) -> NDArray[np.uint8] | None:
    """The images of a test set that is on this machine: uint8 (n, 28, 28), the same for all, not
    to be written to."""
    try:
        return _images(name, labelled_sets.version(name))
    except LookupError:
        return None


def digits_alone(drawings: Sequence[TaughtDrawing]) -> list[int | None]:
    """What the network in production takes drawings for without any hand."""
    images = np.stack([drawing.image for drawing in drawings])
    return _digits_of(images, serving.production_classifier().run_id)


@st.cache_data(show_spinner=False, max_entries=50)
def _digits_of(images: NDArray[np.uint8], run_id: str) -> list[int | None]:
    network = serving.production_classifier()
    return [p.digit for p in network.predict_many(images.astype(np.float32) / 255)]


def numpy_network(run_id: str, folder: str) -> NumpyNetwork:
    """A run's network, to look into.

    Raises:
        BadNetwork: it cannot be read or computed here.
        RunDamaged: the file is not the run's.
    """
    network, trouble = network_or_trouble(run_id, folder)
    if network is None:
        raise BadNetwork(trouble)
    return network


@kept_while_used(max_entries=3)
def network_or_trouble(run_id: str, folder: str) -> tuple[NumpyNetwork | None, str]:
    """A run's network that can read an image, or why it cannot."""
    content = store.open_run(run_id).read("model.keras")
    try:
        network = NumpyNetwork.read(content)
        network.logits(np.zeros((1, 28, 28), np.float32))
    except BadNetwork as error:
        return None, str(error)
    return network, ""


@kept_while_used(max_entries=2)
def snapshots(run_id: str, folder: str) -> Snapshots | None:
    """The copies that a run kept while it learned."""
    return saved_snapshots.load(store.open_run(run_id), numpy_network(run_id, folder))


def forget_images() -> None:
    """They are looked for anew."""
    _images.clear()
    nearest_training_digits.clear()


@kept_while_used(max_entries=5)
def _images(name: str, version: int) -> NDArray[np.uint8]:
    with st.spinner("Fetching the pictures …"):
        found = labelled_sets.load(name)
    if found is None:
        raise LookupError
    images = found.images.view()
    images.flags.writeable = False
    return images


@st.cache_data(show_spinner="Looking for its like …", max_entries=200)
def nearest_training_digits(
    name: str, row: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]] | None:
    """The training images that look most like a digit of a test set, uint8 (k, 28, 28), and their
    labels (k,)."""
    from mnist_cnn.data import local_sets

    images, training = test_images(name), local_sets.local_training_set(name)
    if images is None or training is None:
        return None
    rows = explain.nearest(images[row], training.images)
    return training.images[rows], training.labels[rows]

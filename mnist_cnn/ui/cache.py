"""What the server keeps between reruns, one line each."""

import gc

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_cnn import evaluation, explain, runs, serving, test_sets
from mnist_cnn.evaluation import Readings
from mnist_cnn.explain import Answers
from mnist_cnn.runs import Run


@st.cache_resource(show_spinner=False)
def settle_imports() -> None:
    """Once, when all is imported: Streamlit collects garbage after every rerun before it sends
    the page its last changes, and need not search what imports have made each time."""
    gc.collect()
    gc.freeze()


@st.cache_data(show_spinner=False)
def sample_digits() -> NDArray[np.uint8]:
    """One real digit of each kind, uint8 (10, 28, 28)."""
    from mnist_cnn import datasets

    return datasets.one_of_each()


@st.cache_data(show_spinner=False, max_entries=20)
def saved_readings(run_id: str, folder: str) -> dict[str, Readings]:
    """What a run answered to its test sets; `folder` tells artifacts folders apart."""
    return evaluation.saved_readings(runs.open_run(run_id))


def answers(run: Run) -> dict[str, Answers]:
    """The same as calibrated probabilities, per test set."""
    calibration = serving.classifier_of(run).calibration
    saved = saved_readings(run.id, str(run.folder))
    return {name: Answers.of(readings, calibration) for name, readings in saved.items()}


def answers_to(run: Run, name: str) -> Answers | None:
    """What a run makes of a test set: as it was saved, or read now where it is a person's own."""
    if name in (saved := answers(run)):
        return saved[name]
    readings = _own_readings(run.id, str(run.folder), name, test_sets.version(name))
    return Answers.of(readings, serving.classifier_of(run).calibration) if readings else None


@st.cache_data(show_spinner="Reading them …", max_entries=20)
def _own_readings(run_id: str, folder: str, name: str, version: int) -> Readings | None:
    found = test_sets.load(name)
    if not found or not len(found):
        return None
    classifier = serving.classifier_of(runs.open_run(run_id))
    return Readings(evaluation.read(classifier, found.images), found.labels)


def test_images(name: str) -> NDArray[np.uint8] | None:
    """The images of a test set that is on this machine."""
    return _images(name, test_sets.version(name))


def forget_images() -> None:
    """They are looked for anew."""
    _images.clear()


@st.cache_data(show_spinner="Fetching the pictures …", max_entries=5)
def _images(name: str, version: int) -> NDArray[np.uint8] | None:
    found = test_sets.load(name)
    return found.images if found else None


@st.cache_data(show_spinner="Looking for its like …", max_entries=200)
def nearest_training_digits(
    name: str, row: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]] | None:
    """The training images that look most like a digit of a test set, and their labels."""
    from mnist_cnn import datasets

    images, training = test_images(name), datasets.local_training_set(name)
    if images is None or training is None:
        return None
    rows = explain.nearest(images[row], training.images)
    return training.images[rows], training.labels[rows]

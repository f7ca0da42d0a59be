"""The test digits behind what is inside: which excite a map most, and where each lies."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_cnn.data import local_sets
from mnist_cnn.errors import RunDamaged
from mnist_cnn.evaluation import inside
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.evaluation.inside import Layer
from mnist_cnn.evaluation.neighbours import DigitMap
from mnist_cnn.evaluation.survey import Survey
from mnist_cnn.records import FloatArray
from mnist_cnn.runs import store, surveys
from mnist_cnn.runs.predictions import PREDICTIONS
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import cache, layout, survey_work
from mnist_cnn.ui.kept_while_used import kept_while_used
from mnist_cnn.ui.survey_work import SurveyWork

Images = NDArray[np.uint8]
Box = tuple[float, float, float, float] | None

MNIST, BUNDLED = "mnist-test", "bundled-digits-test"
PER_SECOND = 500
"""Digits that are looked at in a second, roughly, on two cores of 2020."""


@dataclass(frozen=True)
class Surveyed:
    """What a run's network makes of a test set; rows count as in its images."""

    name: str
    predictions: LabelledPredictions
    survey: Survey
    plane: DigitMap

    @property
    def images(self) -> Images:
        """uint8 (n, 28, 28); they are kept once for all pages."""
        found = cache.test_images(self.name)
        assert found is not None
        return found


class _NotKnown(Exception):
    """Nothing is known yet."""


def test_set(run: Run) -> str:
    """MNIST's, where its pictures are on this machine and whole, else the bundled digits."""
    return MNIST if local_sets.is_here(MNIST) and cache.test_images(MNIST) is not None else BUNDLED


@kept_while_used(max_entries=2)
def _known(run_id: str, folder: str, name: str) -> Surveyed:
    """As it was kept, or as it was just found."""
    run = store.open_run(run_id)
    work = survey_work.find((run_id, folder, name))
    result = work.result if work else None
    if result is None and not surveys.is_kept(run, name):
        raise _NotKnown
    images, predictions = cache.test_images(name), cache.predictions_on(run, name)
    if images is None or predictions is None:
        raise _NotKnown
    if len(predictions.labels) != len(images):
        raise RunDamaged(
            f"Run {run_id} answered {len(predictions.labels):,} digits of {name}, of which there "
            f"are {len(images):,} here: its answers belong to other digits."
        )
    kept = result or surveys.load(run, name, len(images))
    if kept is None:
        raise _NotKnown
    return Surveyed(name, predictions, *kept)


def known(run: Run) -> Surveyed | None:
    """What is known already, or nothing.

    Raises:
        RunDamaged: what the run answered cannot be read, or belongs to other digits.
    """
    try:
        return _known(*_key(run))
    except _NotKnown:
        return None


def _key(run: Run) -> survey_work.Key:
    return run.id, str(run.folder), test_set(run)


def computed(run: Run) -> Surveyed | None:
    """What is known of them; where that is nothing yet, it is found out, and how far it is is
    shown.

    Raises:
        BadNetwork: the run's network cannot be looked into.
        RunDamaged: what the run answered cannot be read, or belongs to other digits.
    """
    key = _key(run)
    if key[2] == BUNDLED and local_sets.is_here(MNIST):
        st.caption("MNIST's file on this machine cannot be read: these are the bundled digits.")
    if (found := known(run)) is not None:
        return found
    images = cache.test_images(key[2])
    if images is None:
        return None
    if survey_work.is_gone(key, run):
        survey_work.forget(key)
    work = survey_work.find(key)
    if work is None:
        cache.numpy_network(run.id, str(run.folder))
        work = survey_work.begin(key, SurveyWork(run, key[2], len(images)))
    if work.share < 1.0:
        _progress(work)
        return None
    if work.trouble:
        st.info(layout.plain(work.trouble), icon=":material/info:")
        st.button("Try again", icon=":material/refresh:", on_click=survey_work.forget, args=(key,))
    return known(run)


@st.fragment(run_every=0.7)
def _progress(work: SurveyWork) -> None:
    st.progress(min(work.share, 1.0), work.words)
    if work.share == 1.0:
        st.rerun()


def offer_survey(run: Run) -> None:
    """Where nothing is known yet: looks at the test digits, if one wants."""
    if known(run) is not None:
        return
    if st.session_state.get("survey wanted"):
        computed(run)
        return
    images = cache.test_images(test_set(run))
    seconds = 5 + len(images if images is not None else ()) // PER_SECOND
    st.button(
        f"Find the test digits that excite it most (about {seconds} s, once)",
        icon=":material/image_search:",
        on_click=st.session_state.update,
        args=({"survey wanted": True},),
    )


def exciting(
    run: Run, layer: Layer, number: int
) -> tuple[NDArray[np.uint8], list[str], list[Box]] | None:
    """The test digits that excite a map most, uint8 (k, 28, 28), the addresses of their close-ups,
    and where in them.

    Raises:
        RunDamaged: what the run answered cannot be read, or belongs to other digits.
    """
    found = known(run)
    if found is None:
        return None
    own = np.flatnonzero(found.survey.layers == layer.node)
    if number >= len(own):
        return None
    network, images = cache.numpy_network(run.id, str(run.folder)), found.images
    rows = found.survey.exciting[own[number]]
    boxes: list[Box] = []
    for row in rows.tolist():
        outputs = network.outputs(_shown(images[row : row + 1]))
        boxes.append(inside.maps_of(network, [layer], outputs)[0].looks_at(number))
    saved = PREDICTIONS in run.manifest["sha256"]
    links = [close_up(run, found.name, row) if saved else "" for row in rows.tolist()]
    return images[rows], links, boxes


def _shown(images: Images) -> FloatArray:
    return images.astype(np.float32) / 255


def close_up(run: Run, name: str, row: int) -> str:
    """The address of a test digit's close-up."""
    return f"Confusion_matrix?run={run.id}&data={name}&image={row}"

"""The test digits behind what is inside: which excite a map most, and where each lies."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_cnn.data import local_sets
from mnist_cnn.errors import DigitsError
from mnist_cnn.evaluation import inside, neighbours, survey
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.evaluation.inside import Layer
from mnist_cnn.evaluation.neighbours import DigitMap
from mnist_cnn.evaluation.survey import Survey
from mnist_cnn.models.numpy_network import NumpyNetwork
from mnist_cnn.records import FloatArray
from mnist_cnn.runs import surveys
from mnist_cnn.runs.predictions import PREDICTIONS
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import cache

Images = NDArray[np.uint8]
Box = tuple[float, float, float, float]

BUNDLED = "bundled-digits-test"
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


def test_set(run: Run) -> str:
    """MNIST's, where its pictures are on this machine, else the bundled digits."""
    here = not local_sets.to_download([local_sets.COLLECTIONS["mnist-test"]])
    return "mnist-test" if here else BUNDLED


@st.cache_resource(show_spinner=False, max_entries=2)
def _known(run_id: str, folder: str, name: str, _run: Run) -> Surveyed | None:
    """As it was kept."""
    images, predictions = cache.test_images(name), cache.predictions_on(_run, name)
    if images is None or predictions is None:
        return None
    kept = surveys.load(_run, name, len(images))
    if kept is None:
        raise LookupError
    return Surveyed(name, predictions, *kept)


def known(run: Run) -> Surveyed | None:
    """What is known already, or nothing."""
    name = test_set(run)
    try:
        return _known(run.id, str(run.folder), name, run)
    except LookupError:
        return None


class _Work(threading.Thread):
    """Looks at every test digit, whatever the page does meanwhile, and keeps what was found."""

    def __init__(self, run: Run, name: str, network: NumpyNetwork, images: Images) -> None:
        super().__init__(daemon=True)
        self.share, self.trouble, self.began = 0.0, "", time.monotonic()
        self.count = len(images)
        self._given = run, name, network, images

    @property
    def words(self) -> str:
        """How far it is."""
        left = (time.monotonic() - self.began) * (1 - self.share) / max(self.share, 1e-3)
        told = f" {left:.0f} s" if 0.03 < self.share < 0.8 else ""
        return f"Looking at {self.count:,} test digits, once …{told}"

    def run(self) -> None:
        run, name, network, images = self._given
        try:
            found = survey.survey(network, inside.layers_of(network), images, self._tell)
            surveys.keep(run, name, found, neighbours.lay_out(found.features))
        except DigitsError as error:
            self.trouble = str(error)
        self.share = 1.0

    def _tell(self, share: float) -> None:
        self.share = 0.8 * share


@st.cache_resource(show_spinner=False, max_entries=4)
def _work(run_id: str, folder: str, name: str, _given: Callable[[], _Work]) -> _Work:
    work = _given()
    work.start()
    return work


def computed(run: Run) -> Surveyed | None:
    """What is known of them; where that is nothing yet, it is found out, and how far it is is
    shown."""
    if (found := known(run)) is not None:
        return found
    name = test_set(run)
    images = cache.test_images(name)
    if images is None:
        return None
    network = cache.numpy_network(run.id, str(run.folder))
    work = _work(run.id, str(run.folder), name, lambda: _Work(run, name, network, images))
    if work.share == 1.0:
        _work.clear()
        if work.trouble:
            st.info(work.trouble, icon=":material/info:")
        return known(run)
    _progress(work)
    return None


@st.fragment(run_every=0.7)
def _progress(work: _Work) -> None:
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
    and where in them."""
    found = known(run)
    if found is None:
        return None
    network = cache.numpy_network(run.id, str(run.folder))
    images = found.images
    at = 0
    sizes = {name: out.shape[-1] for name, out in network.outputs(_shown(images[:1])).items()}
    for other in inside.layers_of(network):
        if other.node == layer.node:
            break
        at += sizes[other.node]
    rows = found.survey.exciting[at + number]
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

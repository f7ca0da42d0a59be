"""What the page that looks inside shows at a moment: a run, a drawing, and all that it becomes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_cnn.errors import BadNetwork, DigitsError
from mnist_cnn.evaluation import evidence, inside
from mnist_cnn.evaluation.evidence import PlaceEvidence
from mnist_cnn.evaluation.inside import Layer, LayerMaps
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.models.numpy_network import NumpyNetwork, Outputs
from mnist_cnn.models.pipeline import predict_strokes
from mnist_cnn.records import FloatArray, PredictionResult, Stroke
from mnist_cnn.runs import serving
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import cache, layout

CANVAS = "inside"


@dataclass(frozen=True)
class Look:
    """One drawing, strokes (points, 2), in one run. `trouble` says why its network cannot be looked
    into, where it cannot: then there are no maps."""

    run: Run
    classifier: Classifier
    network: NumpyNetwork | None
    trouble: str
    strokes: tuple[Stroke, ...]
    result: PredictionResult | None

    @classmethod
    def at(cls, run: Run, strokes: Sequence[Stroke]) -> "Look":
        """The drawing, strokes of (points, 2), as the run's network sees it.

        Raises:
            RunDamaged: the run cannot be read.
        """
        classifier = serving.classifier_of(run)
        result = predict_strokes(classifier, strokes) if strokes else None
        network, trouble = None, ""
        try:
            network = cache.numpy_network(run.id, str(run.folder))
        except DigitsError as error:
            why = layout.plain(str(error))
            trouble = f"{why} What it answers and its evidence by covering are still here."
        return cls(run, classifier, network, trouble, tuple(strokes), result)

    def with_network(self, network: NumpyNetwork) -> "Look":
        """The same drawing in other weights."""
        return replace(self, network=network)

    @property
    def image(self) -> FloatArray:
        """(28, 28) in [0, 1]; all zeros for a blank drawing."""
        return self.result.image if self.result else np.zeros((28, 28), np.float32)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """(28, 28): the same in 256 steps."""
        return np.round(255 * self.image).astype(np.uint8)

    @property
    def blank(self) -> bool:
        return not self.image.any()

    @cached_property
    def outputs(self) -> Outputs:
        """What every layer gives."""
        if not self.network:
            raise BadNetwork(self.trouble)
        return self.network.outputs(self.image[None])

    @cached_property
    def logits(self) -> FloatArray:
        """(10,): what the network itself says at first sight."""
        if self.network:
            return np.asarray(self.outputs[self.network.end][0])
        return np.asarray(self.classifier.raw_logits(self.image[None])[0])

    @property
    def likeliest(self) -> list[int]:
        """The ten digits, the likeliest first: as it was answered, else by the logits."""
        answered = self.result.prediction.likeliest if self.result else []
        return answered or np.argsort(-self.logits, kind="stable").tolist()

    @cached_property
    def layers(self) -> list[Layer]:
        return inside.layers_of(self.network) if self.network else []

    def maps(self, branch: str) -> list[LayerMaps]:
        """Those of one of the networks side by side, and of what joins them."""
        assert self.network
        shown = [layer for layer in self.layers if layer.branch in (branch, "")]
        return inside.maps_of(self.network, shown, self.outputs)

    @cached_property
    def evidence(self) -> PlaceEvidence | None:
        """Exact, where behind the last maps all is linear."""
        if self.network and evidence.is_exact(self.network, self.outputs):
            return evidence.exact_evidence(self.network, self.outputs)
        return None


def branch_choice(look: Look) -> str:
    """Which of the networks side by side is looked into; nothing where there is one."""
    names = inside.branches(look.layers)
    if len(names) < 2:
        return names[0] if names else ""
    picked: str = st.segmented_control(
        "Branch",
        names,
        default=names[0],
        required=True,
        format_func=lambda name: layout.plain(name.replace("_", " ").capitalize()),
        key="branch",
        bind="query-params",
        help="The run is several networks side by side, whose logits are averaged.",
    )
    return picked

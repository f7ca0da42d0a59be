"""What a network makes of many labelled digits: which of them excite each map most, and where each
lies in the space of its last features."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.errors import BadNetwork
from mnist_cnn.evaluation.inside import Layer
from mnist_cnn.models.numpy_network import NumpyNetwork
from mnist_cnn.records import FloatArray

AT_ONCE, THREADS = 25, 2
KEPT = 8
"""Digits that are remembered for each map."""
LARGEST = 6e4
"""What half a float can still hold."""
MAX_FEATURES = 512
"""Where the last layer takes more numbers than that, its own answers are the features."""


@dataclass(frozen=True)
class Survey:
    """`features` (n, numbers): what the last layer sees of each digit. `exciting` (maps, 8): for
    each map of each layer, one after another, the rows of the digits that excite it most; `layers`
    (maps,): whose maps they are."""

    features: NDArray[np.float16]
    exciting: NDArray[np.int32]
    layers: NDArray[np.str_]


def features_of(network: NumpyNetwork) -> list[str]:
    """The nodes whose outputs side by side are the last features: what the last dense layers of
    the branches take."""
    last = [network.end]
    if network.by_name[network.end].kind == "Average":
        last = list(network.by_name[network.end].inputs)
    return [
        n.inputs[0] if (n := network.by_name[name]).kind == "Dense" else n.name for name in last
    ]


def features(network: NumpyNetwork, outputs: dict[str, FloatArray]) -> FloatArray:
    """(n, numbers): the last features of (n, …) outputs."""
    own = [outputs[name] for name in features_of(network)]
    joined = np.concatenate([part.reshape(len(part), -1) for part in own], axis=1)
    return joined if joined.shape[1] <= MAX_FEATURES else outputs[network.end]


def survey(
    network: NumpyNetwork,
    layers: Sequence[Layer],
    images: NDArray[np.uint8],
    progress: Callable[[float], None] = lambda share: None,
) -> Survey:
    """Puts every image, uint8 (n, 28, 28), through. `progress` is told the share that is done.

    Raises:
        BadNetwork: a layer cannot be computed, or gives what is neither maps nor numbers.
    """
    wanted = {network.end, *features_of(network), *(layer.node for layer in layers)}

    def look(start: int) -> tuple[NDArray[np.float16], list[NDArray[np.float16]]]:
        shown = images[start : start + AT_ONCE].astype(np.float32) / 255
        outputs = network.outputs(shown, wanted)
        own = _halves(features(network, outputs))
        return own, [_halves(_peaks(layer, outputs[layer.node])) for layer in layers]

    starts = range(0, len(images), AT_ONCE)
    found: list[NDArray[np.float16]] = []
    peaks: list[list[NDArray[np.float16]]] = []
    with ThreadPoolExecutor(THREADS) as pool:
        for number, (own, peak) in enumerate(pool.map(look, starts), 1):
            found.append(own)
            peaks.append(peak)
            progress(number / len(starts))
    strongest = np.concatenate([np.concatenate(peak, axis=1) for peak in peaks])
    order = np.argsort(-strongest.astype(np.float32), axis=0, kind="stable")[:KEPT]
    counts = [peak.shape[1] for peak in peaks[0]]
    names = np.repeat(np.array([layer.node for layer in layers], np.str_), counts)
    return Survey(np.concatenate(found), order.T.astype(np.int32), names)


def _peaks(layer: Layer, out: FloatArray) -> FloatArray:
    """(n, maps): the strongest answer of each map, either sign."""
    if out.ndim not in (2, 4):
        raise BadNetwork(f"{layer.title} gives neither maps nor numbers.")
    return np.asarray(np.abs(out).max(axis=(1, 2)) if out.ndim == 4 else np.abs(out))


def _halves(values: FloatArray) -> NDArray[np.float16]:
    return np.nan_to_num(values).clip(-LARGEST, LARGEST).astype(np.float16)

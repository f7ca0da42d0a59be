"""What a network makes of many labelled digits: which of them excite each map most, and where each
lies in the space of its last features."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.evaluation.inside import Layer
from mnist_cnn.models.numpy_network import NumpyNetwork
from mnist_cnn.records import FloatArray

AT_ONCE, THREADS = 100, 2
KEPT = 8
"""Digits that are remembered for each map."""
MAX_FEATURES = 512
"""Where the last layer takes more numbers than that, its own answers are the features."""


@dataclass(frozen=True)
class Survey:
    """`features` (n, numbers): what the last layer sees of each digit. `exciting` (maps, 8): for
    each map of each layer, one after another, the rows of the digits that excite it most."""

    features: NDArray[np.float16]
    exciting: NDArray[np.int32]


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
    """Puts every image, uint8 (n, 28, 28), through. `progress` is told the share that is done."""

    def look(start: int) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        outputs = network.outputs(images[start : start + AT_ONCE].astype(np.float32) / 255)
        own = [np.abs(outputs[layer.node]) for layer in layers]
        peaks = [o.max(axis=(1, 2)) if o.ndim == 4 else o for o in own]
        told = np.minimum(np.concatenate(peaks, axis=1), 6e4)
        return features(network, outputs).astype(np.float16), told.astype(np.float16)

    starts = range(0, len(images), AT_ONCE)
    found, peaks = [], []
    with ThreadPoolExecutor(THREADS) as pool:
        for number, (own, peak) in enumerate(pool.map(look, starts), 1):
            found.append(own)
            peaks.append(peak)
            progress(number / len(starts))
    order = np.argsort(-np.concatenate(peaks).astype(np.float32), axis=0, kind="stable")[:KEPT]
    return Survey(np.concatenate(found), order.T.astype(np.int32))

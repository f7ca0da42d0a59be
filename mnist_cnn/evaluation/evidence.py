"""Which places of an image speak for a digit and which against it: exactly, where a network's last
layers are linear, since a logit is then a sum over the places of the last maps."""

from dataclasses import dataclass

import numpy as np

from mnist_cnn.models.keras_file import Node
from mnist_cnn.models.numpy_network import NumpyNetwork, Outputs, Sight
from mnist_cnn.records import FloatArray

AT_ONCE = 64
"""Places whose share is computed together."""


@dataclass(frozen=True)
class PlaceEvidence:
    """`places` (height, width, 10) and `rest` (10,), what the biases say of any image, add up to
    the logits; `maps` (maps, 10) and `rest` do so too. `names` (maps): of each the layer and its
    number there."""

    places: FloatArray
    maps: FloatArray
    rest: FloatArray
    sight: Sight
    names: list[tuple[str, int]]

    @property
    def logits(self) -> FloatArray:
        """(10,): what all places say."""
        return np.asarray(self.places.sum(axis=(0, 1)) + self.rest)

    def against(self, digit: int, other: int) -> tuple[FloatArray, float]:
        """(height, width): how much each place speaks for a digit rather than another, and what
        the rest does; they add up to the difference of their logits."""
        places = self.places[..., digit] - self.places[..., other]
        return places, float(self.rest[digit] - self.rest[other])

    def of(self, digit: int) -> tuple[FloatArray, float]:
        """(height, width): how much each place adds to a digit's logit, less what it adds to the
        mean of all; and what the rest does."""
        places = self.places[..., digit] - self.places.mean(axis=-1)
        return places, float(self.rest[digit] - self.rest.mean())


def is_exact(network: NumpyNetwork, outputs: Outputs) -> bool:
    """Whether behind the last maps of a network all is linear, and where they look is known."""
    fronts = network.linear_end[0]
    shapes = [outputs[name].shape for name in fronts]
    sights = network.sights(_sides(outputs))
    turned = {sights[name].turned if name in sights else None for name in fronts}
    maps = all(len(shape) == 4 for shape in shapes) and len(turned) == 1 and None not in turned
    return maps and len({shape[1:3] for shape in shapes}) == 1 and shapes[0][1:3] != (1, 1)


def exact_evidence(network: NumpyNetwork, outputs: Outputs) -> PlaceEvidence:
    """What each place of the last maps adds to the logits of the first image put through: each is
    put through the linear end alone, all others being zero."""
    fronts, tail = network.linear_end
    last: Outputs = {name: outputs[name][:1].astype(np.float64) for name in fronts}
    height, width = last[fronts[0]].shape[1:3]
    rest = _end(network, {name: 0 * own for name, own in last.items()}, tail)[0]
    masks = np.eye(height * width).reshape(-1, height, width, 1)
    places = [
        _end(network, {name: own * some for name, own in last.items()}, tail) - rest
        for some in np.array_split(masks, -(-len(masks) // AT_ONCE))
    ]
    maps = []
    for name, own in last.items():
        masks = np.eye(own.shape[3])[:, None, None, :]
        for alone in np.array_split(masks, -(-len(masks) // AT_ONCE)):
            given = {n: (o * alone if n == name else np.repeat(0 * o, len(alone), 0))
                     for n, o in last.items()}  # fmt: skip
            maps.append(_end(network, given, tail) - rest)
    sight = network.sights(_sides(outputs))[fronts[0]]
    shares = np.concatenate(places).reshape(height, width, -1)
    names = [(name, number) for name, own in last.items() for number in range(own.shape[3])]
    return PlaceEvidence(
        shares.swapaxes(0, 1) if sight.turned else shares,
        np.concatenate(maps),
        rest,
        sight,
        names,
    )


def _sides(outputs: Outputs) -> dict[str, int]:
    return {name: out.shape[1] for name, out in outputs.items() if out.ndim == 4}


def _end(network: NumpyNetwork, given: Outputs, tail: list[Node]) -> FloatArray:
    return np.asarray(network.continued(given, tail, [network.end])[network.end])

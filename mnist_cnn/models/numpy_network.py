"""A network that says what all of its layers make of an image: read from its `.keras` file, and put
through in NumPy, for where TensorFlow is not to be loaded and its maps are wanted."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mnist_cnn.errors import BadNetwork
from mnist_cnn.models.keras_file import Node, Weights, read_keras
from mnist_cnn.models.numpy_layers import LINEAR, ONE, SEVERAL, Array, padding, reach
from mnist_cnn.models.surroundings import with_channels
from mnist_cnn.records import FloatArray

Outputs = dict[str, Array]
"""By its node's name what a layer gives, (n, …)."""

PIXELWISE = {
    "Rescaling", "Identity", "Activation", "ReLU", "BatchNormalization", "Dropout", "GaussianNoise",
}  # fmt: skip
"""Layers that leave each pixel in its place, whatever the shape."""


@dataclass(frozen=True)
class Sight:
    """What one place of a map looks at: place i has its middle at pixel `start + i * step` and
    sees `field` pixels a side; `turned` where the map's rows are the image's columns."""

    start: float = 0.0
    step: float = 1.0
    field: int = 1
    turned: bool = False

    def box(self, place: int) -> tuple[float, float]:
        """The pixels' edges between which place i looks, within the frame's 28."""
        middle = self.start + place * self.step + 0.5
        return max(0.0, middle - self.field / 2), min(28.0, middle + self.field / 2)


Flat = tuple[Sight, tuple[int, ...]]
"""The image in another shape than (28, 28, 1), and the shape."""


@dataclass(frozen=True)
class NumpyNetwork:
    """The layers in an order in which each follows those it takes from, and the last one's name."""

    nodes: tuple[Node, ...]
    end: str

    @classmethod
    def read(cls, content: bytes) -> "NumpyNetwork":
        """The network of a `.keras` file.

        Raises:
            BadNetwork: it cannot be read, or has a layer that is not known here.
        """
        nodes, end = read_keras(content)
        unknown = {node.kind for node in nodes} - ONE.keys() - SEVERAL.keys()
        if unknown:
            raise BadNetwork(f"It has a layer that cannot be looked into here: {min(unknown)}.")
        return cls(tuple(nodes), end)

    @cached_property
    def by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def outputs(self, images: FloatArray, wanted: Collection[str] | None = None) -> Outputs:
        """What every layer gives for float32 (n, 28, 28) in [0, 1]; the last are the logits. Where
        some are `wanted`, others are dropped when no layer needs them any more.

        Raises:
            BadNetwork: a layer cannot be computed here.
        """
        channels = self._channels
        shown = images if images.ndim == 4 else with_channels(images, channels)
        return self.continued({"image": shown.astype(np.float32)}, self.nodes[1:], wanted)

    def logits(self, images: FloatArray) -> FloatArray:
        """(n, 10) for float32 (n, 28, 28) in [0, 1]."""
        return self.outputs(images, [self.end])[self.end]

    def continued(
        self, known: Outputs, nodes: Iterable[Node], wanted: Collection[str] | None = None
    ) -> Outputs:
        """What is known, and what these layers make of it; or of it what is `wanted`."""
        outputs, nodes = dict(known), list(nodes)
        last = {name: node.name for node in nodes for name in node.inputs}
        for node in nodes:
            given = [outputs[name] for name in node.inputs]
            try:
                if node.kind in SEVERAL:
                    outputs[node.name] = SEVERAL[node.kind](node.config, given)
                else:
                    outputs[node.name] = ONE[node.kind](node.config, node.weights, given[0])
            except (LookupError, ValueError, TypeError) as error:
                raise BadNetwork(
                    f"Its layer {node.name} cannot be looked into here ({error})."
                ) from error
            for name in set(node.inputs) if wanted is not None else ():
                if last[name] == node.name and name not in (wanted or ()):
                    del outputs[name]
        return outputs

    def with_weights(self, weights: Sequence[Weights]) -> "NumpyNetwork":
        """The same layers with other weights, (layers, …) in the order of those that have some.

        Raises:
            BadNetwork: they are not those of this network.
        """
        own = [node for node in self.nodes if node.weights]
        shapes = [[w.shape for w in node.weights] for node in own]
        if shapes != [[w.shape for w in layer] for layer in weights]:
            raise BadNetwork("The weights are those of another network.")
        given = dict(zip((node.name for node in own), weights, strict=True))
        nodes = (replace(n, weights=given.get(n.name, n.weights)) for n in self.nodes)
        return NumpyNetwork(tuple(nodes), self.end)

    @cached_property
    def linear_end(self) -> tuple[list[str], list[Node]]:
        """The last layers behind which all is linear, and those that come after them."""
        wanted, tail, fronts = {self.end}, [], []
        for node in reversed(self.nodes):
            if node.name not in wanted:
                continue
            if node.inputs and is_linear(node):
                tail.append(node)
                wanted |= set(node.inputs)
            else:
                fronts.append(node.name)
        return fronts[::-1], tail[::-1]

    def sights(self, sides: Mapping[str, int]) -> dict[str, Sight]:
        """What the places of each layer's maps see, as far as they are maps; `sides` are their
        heights."""
        seen = {"image": Sight()}
        flat: dict[str, Flat] = {}
        for node in self.nodes[1:]:
            before = next((name for name in node.inputs if name in seen or name in flat), "")
            if before in flat or (before in seen and node.kind in ("Reshape", "Flatten")):
                own = _reshaped(node, flat.get(before) or (seen[before], (28, 28, 1)))
                if own and own[1][:2] == (28, 28) and node.name in sides:
                    seen[node.name] = own[0]
                elif own:
                    flat[node.name] = own
            elif before and node.name in sides:
                seen[node.name] = _sight(node, seen[before], sides[before])
        return seen

    @property
    def _channels(self) -> int:
        first = next((n for n in self.nodes if n.kind == "Conv2D"), None)
        direct = first is not None and first.inputs == ("image",)
        return int(first.weights[0].shape[2]) if first and direct else 1


def is_linear(node: Node) -> bool:
    """Whether it only adds up and multiplies by weights."""
    return node.kind in LINEAR and node.config.get("activation", "linear") in (None, "linear")


def _reshaped(node: Node, before: Flat) -> Flat | None:
    """The image's pixels in another shape, as far as they are still each for itself."""
    sight, shape = before
    if replace(sight, turned=False) != Sight():
        return None
    if node.kind == "Permute":
        dims = [dim - 1 for dim in node.config["dims"]]
        sides = [dim for dim in dims if shape[dim] == 28]
        turned = sight.turned != (sides != sorted(sides))
        return replace(sight, turned=turned), tuple(shape[dim] for dim in dims)
    if node.kind == "Flatten":
        return sight, (784,)
    if node.kind == "Reshape":
        target = tuple(node.config["target_shape"])
        whole = tuple(-784 // math.prod(target) if side == -1 else side for side in target)
        return (sight, whole) if math.prod(whole) == 784 else None
    return before if node.kind in PIXELWISE else None


def _sight(node: Node, before: Sight, side: int) -> Sight:
    """What a place sees of a layer whose input's places see so much and are so many a side."""
    if node.kind == "Permute":
        return replace(before, turned=before.turned != (tuple(node.config["dims"]) == (2, 1, 3)))
    if node.kind == "ZeroPadding2D":
        return replace(before, start=before.start - node.config["padding"][0][0] * before.step)
    if node.kind == "Cropping2D":
        return replace(before, start=before.start + node.config["cropping"][0][0] * before.step)
    if "Conv2D" in node.kind:
        kernel = reach(node.config, node.weights[0].shape[:2])
        strides = tuple(node.config["strides"])
    elif node.kind in ("MaxPooling2D", "AveragePooling2D"):
        kernel = tuple(node.config["pool_size"])
        strides = tuple(node.config.get("strides") or kernel)
    else:
        return before
    added = padding(node.config, (side, side), kernel, strides)[0][0]
    return replace(
        before,
        start=before.start + ((kernel[0] - 1) / 2 - added) * before.step,
        step=before.step * strides[0],
        field=round(before.field + (kernel[0] - 1) * before.step),
    )

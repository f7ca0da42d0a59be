"""The inner maps of a network for one image, named by what they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mnist_cnn.errors import BadNetwork
from mnist_cnn.models.keras_file import Node
from mnist_cnn.models.numpy_layers import windows
from mnist_cnn.models.numpy_network import NumpyNetwork, Outputs, Sight
from mnist_cnn.records import FloatArray

TITLES = {
    "Conv2D": "Convolution",
    "SeparableConv2D": "Separable convolution",
    "DepthwiseConv2D": "Depthwise convolution",
    "MaxPooling2D": "Max pooling",
    "AveragePooling2D": "Average pooling",
    "GlobalAveragePooling2D": "Global average pooling",
    "GlobalMaxPooling2D": "Global max pooling",
    "Dense": "Dense layer",
    "Add": "Sum",
    "Average": "Mean",
    "Multiply": "Product",
    "Maximum": "Maximum",
    "Subtract": "Difference",
    "Concatenate": "Joined maps",
}
"""The layers that are shown, in the field's words."""

WITHIN = {
    "BatchNormalization", "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Dropout",
    "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout", "Identity",
    "ActivityRegularization",
}  # fmt: skip
"""What belongs to the layer before it: its maps are shown as they leave the last of these."""


@dataclass(frozen=True)
class Layer:
    """One layer that is shown: `node` gives its maps, `source` has its kernels, and `before` is
    whose maps it takes, or nothing where that is the image."""

    title: str
    kind: str
    branch: str
    node: str
    source: Node
    before: "Layer | None"

    @property
    def key(self) -> str:
        """Its name in an address."""
        return self.node


@dataclass(frozen=True)
class LayerMaps:
    """What a layer makes of one image: float (height, width, maps), numbers being 1 × 1, and what
    of the image a place sees, where that is known."""

    layer: Layer
    maps: FloatArray
    sight: Sight | None

    @property
    def size(self) -> str:
        """`12 × 12, 32 maps`, or `64 numbers`."""
        height, width, count = self.maps.shape
        if height == width == 1:
            return f"{count} numbers"
        return f"{height} × {width}, {count} maps"

    @property
    def name(self) -> str:
        return f"{self.layer.title}, {self.size}"

    def strongest_first(self) -> list[int]:
        """The maps by their greatest answer, either sign."""
        return np.argsort(-np.abs(self.maps).max(axis=(0, 1)), kind="stable").tolist()

    def peak(self, number: int) -> tuple[int, int]:
        """Row and column of a map's strongest answer."""
        own = np.abs(self.maps[..., number])
        row, column = np.unravel_index(int(own.argmax()), own.shape)
        return int(row), int(column)

    @property
    def field(self) -> int:
        """How many of the image's 28 pixels a side a place sees; all where that is not known."""
        return min(self.sight.field, 28) if self.sight else 28

    def looks_at(self, number: int) -> tuple[float, float, float, float] | None:
        """Left, top, right, bottom in the image's pixels of what that place sees, or nothing where
        that is not known."""
        row, column = self.peak(number)
        if self.maps.shape[:2] == (1, 1):
            return 0.0, 0.0, 28.0, 28.0
        if self.sight is None:
            return None
        if self.sight.turned:
            row, column = column, row
        (top, bottom), (left, right) = self.sight.box(row), self.sight.box(column)
        return left, top, right, bottom


@dataclass(frozen=True)
class Part:
    """A map of the layer before as one map takes it at its strongest place: which one, what it adds
    there, its kernel (height, width), and what the kernel lies upon, of the same shape."""

    number: int
    adds: float
    kernel: FloatArray
    under: FloatArray


def layers_of(network: NumpyNetwork) -> list[Layer]:
    """Those that are shown, in their order."""
    takers: dict[str, list[Node]] = {}
    for node in network.nodes:
        for name in node.inputs:
            takers.setdefault(name, []).append(node)
    counts: dict[tuple[str, str], int] = {}
    found: dict[str, Layer] = {}
    shown: list[Layer] = []
    for node in network.nodes:
        before = found.get(node.inputs[0]) if node.inputs else None
        if node.kind not in TITLES:
            if before:
                found[node.name] = before
            continue
        last = node.name
        while len(after := takers.get(last, [])) == 1 and after[0].kind in WITHIN:
            last = after[0].name
        at = (node.branch, node.kind)
        counts[at] = counts.get(at, 0) + 1
        title = _title(network, node, last, counts[at])
        layer = Layer(title, node.kind, node.branch.split("/")[0], last, node, before)
        found[node.name] = layer
        shown.append(layer)
    return shown


def _title(network: NumpyNetwork, node: Node, last: str, number: int) -> str:
    if last == network.end:
        return "Mean of the branches" if node.kind == "Average" else "Logits"
    ends = {n for name in [network.end] for n in network.by_name[name].inputs}
    if node.branch and last in ends:
        return "Logits of the branch"
    alone = sum(n.kind == node.kind and n.branch == node.branch for n in network.nodes) == 1
    return TITLES[node.kind] if alone else f"{TITLES[node.kind]} {number}"


def branches(layers: Sequence[Layer]) -> list[str]:
    """The networks side by side, or none where there is one."""
    return [name for name in dict.fromkeys(layer.branch for layer in layers) if name]


def maps_of(network: NumpyNetwork, layers: Sequence[Layer], outputs: Outputs) -> list[LayerMaps]:
    """What the layers make of the first image that was put through.

    Raises:
        BadNetwork: a layer gives what is neither maps nor numbers.
    """
    sides = {name: out.shape[1] for name, out in outputs.items() if out.ndim == 4}
    sights = network.sights(sides)
    made = []
    for layer in layers:
        out = outputs[layer.node][0]
        if out.ndim not in (1, 3):
            raise BadNetwork(f"{layer.title} gives neither maps nor numbers.")
        maps = out[None, None] if out.ndim == 1 else out
        made.append(LayerMaps(layer, maps, sights.get(layer.node)))
    return made


def parts(
    network: NumpyNetwork, layer: LayerMaps, number: int, outputs: Outputs, count: int = 6
) -> list[Part]:
    """What makes a map of a convolution answer most where it does: the maps of the layer before
    that add most there, before bias and activation, either sign."""
    source = layer.layer.source
    if source.kind not in ("Conv2D", "DepthwiseConv2D"):
        return []
    kernel = source.weights[0]
    row, column = layer.peak(number)
    given = outputs[source.inputs[0]][0]
    under = _under(source, given, row, column)
    if source.kind == "DepthwiseConv2D":
        own = number // kernel.shape[3]
        taken = kernel[:, :, own, number % kernel.shape[3]]
        return [Part(own, float((taken * under[..., own]).sum()), taken, under[..., own])]
    adds = (kernel[..., number] * under).sum(axis=(0, 1))
    order = np.argsort(-np.abs(adds), kind="stable")[:count]
    return [
        Part(int(i), float(adds[i]), kernel[:, :, i, number], under[..., i]) for i in order.tolist()
    ]


def _under(source: Node, given: FloatArray, row: int, column: int) -> FloatArray:
    """(kernel height, kernel width, maps): what lies under a kernel at one place."""
    seen = windows(source.config, given[None], source.weights[0].shape[:2])
    return np.asarray(seen[0, row, column].transpose(1, 2, 0))

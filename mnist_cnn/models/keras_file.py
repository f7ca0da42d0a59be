"""What a `.keras` file says of its network, read without Keras: layers, who feeds whom, weights."""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.errors import BadNetwork

Weights = tuple[NDArray[np.float32], ...]
Config = Mapping[str, Any]
CONTAINERS = ("Functional", "Sequential", "Model")

SNAKES = {
    "PReLU": "p_re_lu", "ReLU": "re_lu", "LeakyReLU": "leaky_re_lu", "ELU": "elu",
}  # fmt: skip
"""What Keras calls the weights of layers whose names hold capitals in a row."""


@dataclass(frozen=True)
class Node:
    """One layer where it is used: its kind, settings, weights of any shape, and whose outputs it
    takes. The name of one in a branch begins with the branch's: `branch_1/conv2d`."""

    name: str
    kind: str
    config: Config
    inputs: tuple[str, ...]
    weights: Weights = ()

    @property
    def branch(self) -> str:
        """The network within the network that it belongs to, or nothing."""
        return self.name.rpartition("/")[0]


def read_keras(content: bytes) -> tuple[list[Node], str]:
    """The layers in an order in which each follows those it takes from, and the last one's name.

    Raises:
        BadNetwork: the file is damaged, or describes its network in another way.
    """
    import h5py  # comes with Keras, and is slow to import

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            description = json.loads(archive.read("config.json"))
            weights = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(weights, "r") as file:
            nodes, ends = _flattened(description, "", ["image"], file)
        return [Node("image", "InputLayer", {}, ()), *nodes], ends[0]
    except (KeyError, ValueError, TypeError, LookupError, OSError, zipfile.BadZipFile) as error:
        raise BadNetwork(f"The network's file cannot be read ({error}).") from error


def _flattened(
    described: Config, prefix: str, given: list[str], file: Any
) -> tuple[list[Node], list[str]]:
    """The layers of a network, those of networks within it among them, and what it gives."""
    layers = described["config"]["layers"]
    places = dict(zip((id(layer) for layer in layers), _places(layers), strict=True))
    known: dict[tuple[str, int], str] = {}
    nodes: list[Node] = []
    inputs = iter(given)
    last = given
    for layer in layers:
        kind, name = layer["class_name"], layer["config"]["name"]
        if kind == "InputLayer":
            known[name, 0] = next(inputs)
            continue
        for number, taken in enumerate(_taken(layer, known, last)):
            own = f"{prefix}{name}" + (f"#{number}" if number else "")
            place = file["layers"].get(places[id(layer)], {})
            if kind in CONTAINERS:
                inner, last = _flattened(layer, f"{own}/", taken, place)
                nodes += inner
            else:
                nodes.append(Node(own, kind, layer["config"], tuple(taken), _weights(place)))
                last = [own]
            known[name, number] = last[0]
    if ends := described["config"].get("output_layers"):
        ends = [ends] if isinstance(ends[0], str) else ends
        networks = (layer for layer in layers if layer["class_name"] in ("Functional", "Model"))
        own_nodes = {layer["config"]["name"] for layer in networks}
        # Keras counts a network's own node too, but only here.
        last = [known[name, number - (name in own_nodes)] for name, number, *_ in ends]
    return nodes, last


def _taken(layer: Config, known: Mapping[tuple[str, int], str], last: list[str]) -> list[list[str]]:
    """For each use of a layer whose outputs it takes; in a plain stack those of the one before."""
    uses = layer.get("inbound_nodes")
    if not uses:
        return [last]
    return [
        [known[name, int(number)] for name, number, *_ in _histories(use["args"])] for use in uses
    ]


def _histories(value: Any) -> Iterator[list[Any]]:
    """Where the tensors among a call's arguments come from."""
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]["keras_history"]
        else:
            yield from _histories(list(value.values()))
    elif isinstance(value, list):
        for item in value:
            yield from _histories(item)


def _places(layers: list[Config]) -> Iterator[str]:
    """Where the weights of each layer lie: its kind, and the how manieth of its kind it is."""
    seen: dict[str, int] = {}
    for layer in layers:
        kind = layer["class_name"]
        name = "functional" if kind == "Model" else SNAKES.get(kind, _snake(kind))
        number = seen[name] = seen.get(name, -1) + 1
        yield f"{name}_{number}" if number else name


def _snake(name: str) -> str:
    """`BatchNormalization` as Keras writes it, `batch_normalization`; `Conv2D` is `conv2d`."""
    parts = ""
    for before, letter in zip(" " + name, name, strict=False):
        starts = letter.isupper() and before.islower()
        parts += ("_" if starts else "") + letter.lower()
    return parts


def _weights(place: Any) -> Weights:
    held = place.get("vars", {})
    return tuple(np.asarray(held[str(number)], np.float32) for number in range(len(held)))

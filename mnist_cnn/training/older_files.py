"""Keras files of several years as today's Keras reads them: a copy, with another description."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from mnist_cnn.errors import BadNetwork

Config = dict[str, Any]

FIRST, LAST = "channels_first", "channels_last"

EITHER_WAY = {
    "InputLayer", "Conv2D", "MaxPooling2D", "AveragePooling2D", "ZeroPadding2D", "Dropout",
    "SpatialDropout2D", "Activation", "ReLU", "LeakyReLU", "ELU", "BatchNormalization", "Flatten",
    "Dense", "GaussianNoise", "GaussianDropout", "GlobalAveragePooling2D", "GlobalMaxPooling2D",
}  # fmt: skip
"""Layers whose weights are the same whether channels come first or last."""


def modern_copy(content: bytes, folder: Path) -> Path:
    """A network's file as a copy in `folder`, described as today's Keras has it.

    HDF5 gets its own name, whatever it was called; a first layer that says what it takes gets an
    input layer; channels go last, where nothing else than their order changes.

    Raises:
        BadNetwork: its channels come first, and it is no plain sequence.
    """
    if content.startswith(b"PK"):
        copy = folder / "network.keras"
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(copy, "w") as new:
            for name in old.namelist():
                member = old.read(name)
                new.writestr(name, _rewritten(member) if name == "config.json" else member)
        return copy
    import h5py

    copy = folder / "network.h5"
    copy.write_bytes(content)
    with h5py.File(copy, "r+") as file:
        file.attrs["model_config"] = _rewritten(file.attrs["model_config"]).decode()
        if file.attrs.get("backend") in ("theano", b"theano"):
            file["model_weights"].visititems(_flip)
    return copy


def _flip(_: str, item: Any) -> None:
    """Theano turns kernels by half a turn before it lays them over an image."""
    if getattr(item, "ndim", 0) == 4:
        item[...] = item[...][::-1, ::-1]


def _rewritten(content: str | bytes) -> bytes:
    return json.dumps(modern(json.loads(content))).encode()


def modern(config: Config) -> Config:
    """The description of a network as today's Keras has it.

    Raises:
        BadNetwork: its channels come first, and it is no plain sequence.
    """
    for layer in _layers(config):
        axis = layer["config"].get("axis")
        if layer["class_name"] == "BatchNormalization" and isinstance(axis, list):
            layer["config"]["axis"] = axis[0]
    if config.get("class_name") == "Sequential":
        if isinstance(config["config"], list):
            config["config"] = {"name": "sequential", "layers": config["config"]}
        layers = config["config"]["layers"]
        shape = layers[0]["config"].pop("batch_input_shape", None) if layers else None
        if shape and layers[0]["class_name"] != "InputLayer":
            said = {"batch_shape": shape, "dtype": "float32", "name": "image"}
            layers.insert(0, {"class_name": "InputLayer", "config": said})
        elif shape:
            layers[0]["config"].setdefault("batch_shape", shape)
    if any(layer["config"].get("data_format") == FIRST for layer in _layers(config)):
        _channels_last(config)
    return config


def _layers(config: Config) -> list[Config]:
    """All layers of a network, those of networks within it too."""
    inside = config.get("config", config)
    found: list[Config] = []
    for layer in inside if isinstance(inside, list) else inside.get("layers", []):
        nested = isinstance(layer.get("config"), dict) and "layers" in layer["config"]
        found += _layers(layer) if nested else [layer]
    return [layer for layer in found if isinstance(layer.get("config"), dict)]


def _channels_last(config: Config) -> None:
    """Puts channels behind rows and columns; where a sequence is made flat, its values go back
    to the order that the layer behind them has learnt."""
    layers = config["config"]["layers"] if config.get("class_name") == "Sequential" else []
    unknown = sorted({layer["class_name"] for layer in layers} - EITHER_WAY - {"Reshape"})
    if not layers or unknown:
        raise BadNetwork(
            "its channels come first, which is adapted in a plain sequence of layers only"
            + (f", without {', '.join(unknown)}" if unknown else "")
            + "; please save it with data_format='channels_last'."
        )
    changed: list[Config] = []
    for layer in layers:
        name, values = layer["class_name"], layer["config"]
        for key in ("batch_shape", "batch_input_shape", "target_shape"):
            shape = values.get(key)
            if isinstance(shape, list) and len(shape) - key.startswith("batch") == 3:
                values[key] = [*shape[:-3], *shape[-2:], shape[-3]]
        if name == "BatchNormalization" and values.get("axis") == 1:
            values["axis"] = -1
        if name == "Flatten" and values.get("data_format") != FIRST:
            dims = {"name": f"{values.get('name', 'flatten')}_order", "dims": [3, 1, 2]}
            changed.append({"module": "keras.layers", "class_name": "Permute", "config": dims})
        if "data_format" in values:
            values["data_format"] = LAST
        changed.append(layer)
    config["config"]["layers"] = changed

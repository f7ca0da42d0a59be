"""Looks through a Keras file before anything of it is loaded."""

import json
import math
import zipfile
from pathlib import Path
from typing import Any

from mnist_cnn.errors import BadNetwork

MAX_FILE = 64 * 1024 * 1024

MAX_CONFIG = 1024 * 1024

MAX_DEPTH = 40

MAX_UNITS = 4096

MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}

LAYERS = {
    "Activation", "ActivityRegularization", "Add", "AlphaDropout", "Average", "AveragePooling2D",
    "BatchNormalization", "CenterCrop", "Concatenate", "Conv2D", "Cropping2D", "Dense",
    "DepthwiseConv2D", "Dropout", "ELU", "Flatten", "GaussianDropout", "GaussianNoise",
    "GlobalAveragePooling2D", "GlobalMaxPooling2D", "Identity", "InputLayer", "LayerNormalization",
    "LeakyReLU", "MaxPooling2D", "Maximum", "Multiply", "Normalization", "PReLU", "Permute",
    "RandomBrightness", "RandomContrast", "RandomFlip", "RandomRotation", "RandomTranslation",
    "RandomZoom", "ReLU", "Rescaling", "Reshape", "Resizing", "SeparableConv2D", "Softmax",
    "SpatialDropout2D", "Subtract", "ZeroPadding2D",
}  # fmt: skip
"""What a network may be built of; nothing among these runs code that the file brings along."""

PARTS = {
    "Functional", "Sequential", "Model", "DTypePolicy", "Policy", "__keras_tensor__", "__tuple__",
    "Constant", "Ones", "Zeros", "RandomNormal", "RandomUniform", "TruncatedNormal",
    "VarianceScaling", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal",
    "LecunUniform", "Orthogonal", "L1", "L2", "L1L2", "MaxNorm", "NonNeg", "UnitNorm",
}  # fmt: skip
"""What else a description names: containers, initializers, regularizers, constraints."""


def check_file(path: Path) -> None:
    """Passes a file that can be tried: a `.keras` or `.h5` network of the layers that are known.

    Raises:
        BadNetwork: says what is wrong with it.
    """
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            magic = file.read(8)
    except OSError as error:
        raise BadNetwork(f"{path} cannot be read: {error.strerror}.") from error
    if size > MAX_FILE:
        raise BadNetwork(
            f"{path} has {size / 2**20:,.0f} MB; at most {MAX_FILE // 2**20} are taken."
        )
    if magic.startswith(b"PK"):
        config = _keras_config(path)
    elif magic == b"\x89HDF\r\n\x1a\n":
        config = _h5_config(path)
    else:
        raise BadNetwork(f"{path} is no Keras network; expected a `.keras` file or a legacy `.h5`.")
    _check_config(_parsed(config, path), path)


def _keras_config(path: Path) -> bytes:
    """The description inside a `.keras` file, which is a ZIP of three."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if set(names) != MEMBERS or len(names) != len(MEMBERS):
                raise BadNetwork(
                    f"{path} holds {', '.join(sorted(names)[:5]) or 'nothing'}; a `.keras` file "
                    f"holds {', '.join(sorted(MEMBERS))} and nothing else."
                )
            if sum(member.file_size for member in members) > MAX_FILE:
                raise BadNetwork(f"{path} unpacks to more than {MAX_FILE // 2**20} MB.")
            if archive.getinfo("config.json").file_size > MAX_CONFIG:
                raise BadNetwork(f"{path} describes its layers in more than 1 MB.")
            if damaged := archive.testzip():
                raise BadNetwork(f"{path} is damaged: {damaged} fails its check sum.")
            return archive.read("config.json")
    # A ZIP can be broken in as many ways as zipfile has exceptions for.
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ) as e:
        raise BadNetwork(f"{path} is damaged or cut short; please save or copy it again.") from e


def _h5_config(path: Path) -> bytes:
    """The description inside an `.h5` file; what it stores is looked at without being read."""
    import h5py  # comes with Keras, and is slow to import

    total = 0

    def leads_outside(name: str, kind: Any) -> str | None:
        return name if isinstance(kind, h5py.ExternalLink | h5py.SoftLink) else None

    def lies_outside(name: str, item: Any) -> str | None:
        nonlocal total
        if not isinstance(item, h5py.Dataset):
            return None
        total += math.prod(item.shape or ()) * item.dtype.itemsize
        return name if item.external or item.is_virtual else None

    try:
        with h5py.File(path, "r") as file:
            outside = file.visititems_links(leads_outside) or file.visititems(lies_outside)
            config = file.attrs.get("model_config")
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise BadNetwork(
            f"{path} is damaged or cut short; please save or copy it again."
        ) from error
    if outside:
        raise BadNetwork(f"{path} links to something outside itself ({outside[:60]}).")
    if total > MAX_FILE:
        raise BadNetwork(f"{path} unpacks to more than {MAX_FILE // 2**20} MB.")
    if config is None:
        raise BadNetwork(
            f"{path} holds weights without the network they belong to; please save the whole "
            "model with `model.save(…)`."
        )
    content = config.encode() if isinstance(config, str) else bytes(config)
    if len(content) > MAX_CONFIG:
        raise BadNetwork(f"{path} describes its layers in more than 1 MB.")
    return content


def _parsed(content: bytes, path: Path) -> dict[str, Any]:
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadNetwork(f"{path} describes its layers in what is no JSON.") from error
    if not isinstance(config, dict):
        raise BadNetwork(f"{path} does not describe a network.")
    return config


def _check_config(config: dict[str, Any], path: Path) -> None:
    """Every layer is one that is known, of a size that is meant. How it was trained is not read."""
    what_is_loaded = {k: v for k, v in config.items() if k != "compile_config"}
    waiting: list[tuple[Any, int]] = [(what_is_loaded, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise BadNetwork(f"{path} describes its layers too deeply.")
        if isinstance(value, list):
            waiting += [(item, depth + 1) for item in value]
        if not isinstance(value, dict):
            continue
        _check_object(value, path)
        waiting += [(item, depth + 1) for item in value.values()]


def _check_object(value: dict[str, Any], path: Path) -> None:
    name, module = value.get("class_name"), value.get("module")
    if value.get("registered_name") not in (None, name):
        raise BadNetwork(f"{path} has a part of its own, {value['registered_name']!r:.60}.")
    if module is not None and str(module).split(".")[0] not in ("keras", "builtins"):
        raise BadNetwork(f"{path} asks for the module {module!r:.60}; only Keras' own are loaded.")
    if name is not None and str(name) not in LAYERS | PARTS:
        raise BadNetwork(
            f"{path} has a part {name!r:.60}, which is not among those that are loaded: "
            f"{', '.join(sorted(LAYERS))}."
        )
    for key in ("units", "filters", "height", "width"):
        size = value.get(key)
        if size is not None and not (isinstance(size, int) and 0 < size <= MAX_UNITS):
            raise BadNetwork(f"{path} has a layer of {size!r:.20} {key}; at most {MAX_UNITS}.")

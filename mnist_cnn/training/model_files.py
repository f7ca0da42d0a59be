"""Looks through a Keras file before anything of it is loaded."""

import io
import json
import math
import zipfile
import zlib
from pathlib import Path
from typing import Any

from mnist_cnn.errors import BadNetwork

MAX_FILE = 64 * 1024 * 1024

MAX_PARAMETERS = 5_000_000
"""Weights of a network that is taken in."""

MAX_CONFIG = 1024 * 1024

MAX_DEPTH = 40

MAX_UNITS = 4096

HDF5 = b"\x89HDF\r\n\x1a\n"

UNREADABLE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, RuntimeError, AttributeError),
    *(NotImplementedError, OverflowError, MemoryError, RecursionError),
)
"""What a broken file makes of those who read it."""

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


def read_file(path: Path) -> bytes:
    """The whole of a file that may be a Keras network; it is read once, so that what is checked is
    what is loaded.

    Raises:
        BadNetwork: it cannot be read, or is too large.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError as error:
        raise BadNetwork(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_FILE:
        raise BadNetwork(f"{path} is larger than {MAX_FILE // 2**20} MB, the most that is taken.")
    return content


def check_file(content: bytes, path: str) -> None:
    """Passes what can be tried: a `.keras` or `.h5` network of the layers that are known.

    Args:
        content: the whole file.
        path: what it is called in messages.

    Raises:
        BadNetwork: says what is wrong with it.
    """
    if content.startswith(b"PK"):
        config = _keras_config(content, path)
    elif content.startswith(HDF5):
        config = _h5_config(content, path)
    else:
        raise BadNetwork(f"{path} is no Keras network; expected a `.keras` file or a legacy `.h5`.")
    _check_config(_parsed(config, path), path)


def _keras_config(content: bytes, path: str) -> bytes:
    """The description inside a `.keras` file, which is a ZIP of three."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
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
            _check_weights(archive.read("model.weights.h5"), path)
            return archive.read("config.json")
    # A ZIP can be broken in as many ways as zipfile has exceptions for.
    except (zipfile.BadZipFile, zlib.error, *UNREADABLE) as error:
        raise _damaged(path) from error


def _h5_config(content: bytes, path: str) -> bytes:
    """The description inside an `.h5` file."""
    config = _check_weights(content, path)
    if not isinstance(config, str | bytes):
        raise BadNetwork(
            f"{path} holds weights without the network they belong to; please save the whole "
            "model with `model.save(…)`."
        )
    described = config if isinstance(config, bytes) else config.encode(errors="replace")
    if len(described) > MAX_CONFIG:
        raise BadNetwork(f"{path} describes its layers in more than 1 MB.")
    return described


def _check_weights(content: bytes, path: str) -> Any:
    """What HDF5 stores is looked at without being read, since little may unpack to much; gives
    what it holds as the description of a network."""
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
        with h5py.File(io.BytesIO(content), "r") as file:
            outside = file.visititems_links(leads_outside) or file.visititems(lies_outside)
            found = file.attrs.get("model_config")
    except UNREADABLE as error:
        raise _damaged(path) from error
    if outside:
        raise BadNetwork(f"{path} links to something outside itself ({outside[:60]}).")
    if total > MAX_FILE:
        raise BadNetwork(
            f"{path} unpacks to more than {MAX_FILE // 2**20} MB: its weights to "
            f"{total / 2**20:,.0f} MB."
        )
    return found


def _damaged(path: str) -> BadNetwork:
    return BadNetwork(f"{path} is damaged or cut short; please save or copy it again.")


def _parsed(content: bytes, path: str) -> dict[str, Any]:
    try:
        config = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadNetwork(f"{path} describes its layers in what is no JSON.") from error
    if not isinstance(config, dict):
        raise BadNetwork(f"{path} does not describe a network.")
    return config


def _check_config(config: dict[str, Any], path: str) -> None:
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


def _check_object(value: dict[str, Any], path: str) -> None:
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

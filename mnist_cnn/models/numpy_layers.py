"""What each kind of Keras' layers does to its inputs, in NumPy: (n, height, width, channels)."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.models.keras_file import Config, Weights

Array = NDArray[np.floating[Any]]
Pair = tuple[int, int]


def activated(name: Any, x: Array) -> Array:
    """`x` of any shape after an activation function.

    Raises:
        KeyError: it is not known here.
    """
    if isinstance(name, dict):
        name = name.get("config", name)
    return ACTIVATIONS["linear" if name is None else name](x)


def _softmax(x: Array) -> Array:
    raised = np.exp(x - x.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * (1 + np.tanh(0.5 * x)))


def _gelu(x: Array) -> Array:
    from scipy import special

    return np.asarray(0.5 * x * (1 + special.erf(x / math.sqrt(2))))


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x < 0, 0.2 * x, x),
    "elu": lambda x: np.where(x < 0, np.expm1(np.minimum(x, 0)), x),
    "selu": lambda x: (
        1.0507009873554805 * np.where(x < 0, 1.6732632423543772 * np.expm1(np.minimum(x, 0)), x)
    ),
    "gelu": _gelu,
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "softmax": _softmax,
    "softplus": lambda x: np.logaddexp(x, 0),
    "silu": lambda x: x * _sigmoid(x),
    "swish": lambda x: x * _sigmoid(x),
}


def padding(config: Config, size: Sequence[int], kernel: Pair, strides: Pair) -> list[Pair]:
    """Pixels that are added before and behind (height, width), as TensorFlow adds them."""
    if config["padding"] != "same":
        return [(0, 0), (0, 0)]
    added = []
    for length, window, step in zip(size, kernel, strides, strict=True):
        lacking = max((math.ceil(length / step) - 1) * step + window - length, 0)
        added.append((lacking // 2, lacking - lacking // 2))
    return added


def reach(config: Config, kernel: Pair) -> Pair:
    """How far a kernel reaches, with the gaps that dilation leaves in it."""
    gaps = config.get("dilation_rate") or (1, 1)
    return 1 + (kernel[0] - 1) * gaps[0], 1 + (kernel[1] - 1) * gaps[1]


def windows(config: Config, x: Array, kernel: Pair, fill: float = 0.0) -> Array:
    """(n, height, width, channels, kernel height, kernel width): what each place looks at."""
    if config.get("data_format") == "channels_first":
        raise KeyError("channels_first")
    whole = reach(config, kernel)
    strides = tuple(config.get("strides") or kernel)
    gaps = config.get("dilation_rate") or (1, 1)
    added = padding(config, x.shape[1:3], whole, (strides[0], strides[1]))
    if added != [(0, 0), (0, 0)]:
        x = np.pad(x, [(0, 0), *added, (0, 0)], constant_values=fill)
    seen = np.lib.stride_tricks.sliding_window_view(x, whole, axis=(1, 2))
    return seen[:, :: strides[0], :: strides[1], :, :: gaps[0], :: gaps[1]]


def _conv(config: Config, weights: Weights, x: Array) -> Array:
    kernel, *bias = weights
    if config.get("groups", 1) != 1:
        raise KeyError("groups")
    seen = windows(config, x, kernel.shape[:2]).transpose(0, 1, 2, 4, 5, 3)
    shape = seen.shape[:3]
    out = seen.reshape(math.prod(shape), -1) @ kernel.reshape(-1, kernel.shape[-1])
    return activated(config["activation"], (out + bias[0] if bias else out).reshape(*shape, -1))


def _depthwise(config: Config, weights: Weights, x: Array) -> Array:
    kernel, *bias = weights
    seen = windows(config, x, kernel.shape[:2])
    out = np.einsum("nyxcij,ijcm->nyxcm", seen, kernel, optimize=True)
    out = out.reshape(*out.shape[:3], -1)
    return activated(config["activation"], out + bias[0] if bias else out)


def _separable(config: Config, weights: Weights, x: Array) -> Array:
    each, mixed, *bias = weights
    plain = {**config, "activation": "linear"}
    one = {**config, "strides": (1, 1), "padding": "valid", "dilation_rate": (1, 1)}
    return _conv(one, (mixed, *bias), _depthwise(plain, (each,), x))


def _dense(config: Config, weights: Weights, x: Array) -> Array:
    kernel, *bias = weights
    out = x @ kernel
    return activated(config["activation"], out + bias[0] if bias else out)


def _batch_norm(config: Config, weights: Weights, x: Array) -> Array:
    held = iter(weights)
    scale = next(held) if config.get("scale", True) else 1.0
    shift = next(held) if config.get("center", True) else 0.0
    mean, variance = held
    factor = scale / np.sqrt(variance + config["epsilon"])
    if config.get("axis", -1) not in (-1, x.ndim - 1, [x.ndim - 1]):
        raise KeyError("axis")
    return np.asarray(x * factor + (shift - mean * factor))


def _max_pool(config: Config, weights: Weights, x: Array) -> Array:
    return windows(config, x, tuple(config["pool_size"]), -np.inf).max(axis=(-2, -1))


def _average_pool(config: Config, weights: Weights, x: Array) -> Array:
    size = tuple(config["pool_size"])
    inside = windows(config, np.ones((1, *x.shape[1:3], 1), x.dtype), size).sum(axis=(-2, -1))
    return np.asarray(windows(config, x, size).sum(axis=(-2, -1)) / inside)


def _global(pool: Callable[..., Any]) -> Callable[[Config, Weights, Array], Array]:
    def pooled(config: Config, weights: Weights, x: Array) -> Array:
        return np.asarray(pool(x, axis=(1, 2), keepdims=bool(config.get("keepdims"))))

    return pooled


def _relu(config: Config, weights: Weights, x: Array) -> Array:
    slope, most = config.get("negative_slope") or 0.0, config.get("max_value")
    bound = config.get("threshold") or 0.0
    out = np.where(x >= bound, x, slope * (x - bound))
    return np.asarray(out if most is None else np.minimum(out, most))


def _p_relu(config: Config, weights: Weights, x: Array) -> Array:
    return np.where(x < 0, weights[0] * x, x)


def _leaky(config: Config, weights: Weights, x: Array) -> Array:
    return np.where(x < 0, config.get("negative_slope", 0.3) * x, x)


def _zero_padding(config: Config, weights: Weights, x: Array) -> Array:
    return np.pad(x, [(0, 0), *config["padding"], (0, 0)])


def _cropping(config: Config, weights: Weights, x: Array) -> Array:
    (top, bottom), (left, right) = config["cropping"]
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def _permute(config: Config, weights: Weights, x: Array) -> Array:
    return x.transpose(0, *config["dims"])


def _kept(config: Config, weights: Weights, x: Array) -> Array:
    return x


def _rescaling(config: Config, weights: Weights, x: Array) -> Array:
    return np.asarray(x * config["scale"] + config["offset"])


ONE: dict[str, Callable[[Config, Weights, Array], Array]] = {
    "Conv2D": _conv,
    "DepthwiseConv2D": _depthwise,
    "SeparableConv2D": _separable,
    "Dense": _dense,
    "BatchNormalization": _batch_norm,
    "Activation": lambda config, weights, x: activated(config["activation"], x),
    "ReLU": _relu,
    "LeakyReLU": _leaky,
    "PReLU": _p_relu,
    "ELU": lambda c, w, x: np.where(x < 0, c.get("alpha", 1.0) * np.expm1(np.minimum(x, 0)), x),
    "Softmax": lambda config, weights, x: _softmax(x),
    "MaxPooling2D": _max_pool,
    "AveragePooling2D": _average_pool,
    "GlobalAveragePooling2D": _global(np.mean),
    "GlobalMaxPooling2D": _global(np.max),
    "Flatten": lambda config, weights, x: x.reshape(len(x), -1),
    "Reshape": lambda config, weights, x: x.reshape(len(x), *config["target_shape"]),
    "Permute": _permute,
    "Rescaling": _rescaling,
    "ZeroPadding2D": _zero_padding,
    "Cropping2D": _cropping,
    **dict.fromkeys(
        (
            *("InputLayer", "Identity", "ActivityRegularization", "Dropout", "SpatialDropout2D"),
            *("GaussianDropout", "GaussianNoise", "AlphaDropout"),
        ),
        _kept,
    ),
}
"""Layers of one input."""

SEVERAL: Mapping[str, Callable[[Config, Sequence[Array]], Array]] = {
    "Add": lambda config, xs: np.sum(xs, axis=0),
    "Average": lambda config, xs: np.mean(xs, axis=0),
    "Subtract": lambda config, xs: xs[0] - xs[1],
    "Multiply": lambda config, xs: np.prod(xs, axis=0),
    "Maximum": lambda config, xs: np.max(xs, axis=0),
    "Concatenate": lambda config, xs: np.concatenate(xs, axis=config.get("axis", -1)),
}
"""Layers of several."""

LINEAR = {
    "Conv2D", "DepthwiseConv2D", "SeparableConv2D", "Dense", "BatchNormalization", "Activation",
    "AveragePooling2D", "GlobalAveragePooling2D", "Flatten", "Reshape", "Permute", "Rescaling",
    "ZeroPadding2D", "Cropping2D", "Identity", "ActivityRegularization", "Dropout",
    "SpatialDropout2D", "GaussianDropout", "GaussianNoise", "AlphaDropout", "Add", "Average",
    "Subtract", "Concatenate",
}  # fmt: skip
"""Layers that only add up and multiply by weights, unless they end in an activation."""

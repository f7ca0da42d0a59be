"""How a Keras network leaves for serving: compact, as a `.keras` file, as LiteRT."""

import io
import zipfile
from itertools import pairwise
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from mnist_cnn.models.network import branches, build
from mnist_cnn.models.recipes import Architecture
from mnist_cnn.native_output import native_output_hidden
from mnist_cnn.storage import scratch_folder

Weights = Literal["float32", "float16", "int8"]
"""How a LiteRT file keeps them."""


def compact(model: keras.Model, architecture: Architecture) -> keras.Model:
    """The same network of Keras' own layers, with neither optimizer nor loss, at half precision.

    Batch normalisation's scales go into the kernels before it, then all is rounded: so LiteRT,
    which has no batch normalisation, keeps the very same numbers in half of the space. What lies
    beyond half precision's 65,504 becomes infinite.
    """
    kept = build(architecture, layers.BatchNormalization)
    kept.set_weights(model.get_weights())
    for branch in branches(kept):
        for before, after in pairwise(branch.layers):
            if isinstance(after, layers.BatchNormalization):
                _move_scales(before, after)
    with np.errstate(over="ignore"):
        for weight in kept.weights:
            if weight.name != "moving_variance":  # what brings the scale to exactly one
                weight.assign(np.asarray(weight).astype(np.float16))
    return kept


def _move_scales(convolution: layers.Layer, norm: layers.BatchNormalization) -> None:
    (kernel,) = convolution.get_weights()
    gamma, beta, mean, variance = norm.get_weights()
    scale = gamma / np.sqrt(variance + norm.epsilon)
    depthwise = isinstance(convolution, layers.DepthwiseConv2D)
    convolution.set_weights([kernel * (scale[:, None] if depthwise else scale)])
    ones = np.ones_like(scale)
    norm.set_weights([ones, beta - mean * scale, 0 * ones, ones - norm.epsilon])


def keras_file(model: keras.Model) -> bytes:
    """The network as a `.keras` file, deflated, which Keras reads but does not write."""
    deflated = io.BytesIO()
    with scratch_folder() as folder:
        path = folder / "model.keras"
        model.save(path)
        with (
            zipfile.ZipFile(path) as stored,
            zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for name in stored.namelist():
                archive.writestr(name, stored.read(name))
    return deflated.getvalue()


def export_litert(model: keras.Model, weights: Weights = "float32") -> bytes:
    """The network as a LiteRT flat buffer with a free batch dimension.

    Args:
        weights: "float16" keeps them in half of the space and works with them as "float32" does.
            "int8" keeps them in a byte each, and rounds what they are multiplied with to a byte
            too, image by image: several times faster, with hardly other answers.
    """
    smaller: dict[str, Any] = {"optimizations": [tf.lite.Optimize.DEFAULT]}
    half = smaller | {"target_spec": {"supported_types": [tf.float16]}}
    kept = {"float32": {}, "float16": half, "int8": smaller}[weights]
    with scratch_folder() as folder, native_output_hidden():
        path = folder / "model.tflite"
        model.export(path, format="litert", verbose=False, **kept)
        return path.read_bytes()

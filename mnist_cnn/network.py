"""The Keras networks: how they are built, what they learn from, how they leave for serving."""

import io
import logging
import tempfile
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from numpy.typing import NDArray

from mnist_cnn.errors import BadNetwork
from mnist_cnn.quiet import native_output_hidden
from mnist_cnn.recipes import Architecture
from mnist_cnn.records import FloatArray

logging.getLogger("tensorflow").setLevel(logging.ERROR)

Weights = Literal["float32", "float16", "int8"]
"""How a LiteRT file keeps them."""


class FusedBatchNormalization(layers.BatchNormalization):  # type: ignore[misc]
    """Keras' batch normalisation of channels, whose training step is one operation of TensorFlow.

    Keras composes the same of many, which take nearly half of the time of a small network on a CPU.
    """

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: None = None) -> tf.Tensor:
        if not training:
            return super().call(inputs, training=False)
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs,
            self.gamma,
            self.beta,
            self.moving_mean,
            self.moving_variance,
            self.epsilon,
            exponential_avg_factor=1 - self.momentum,
        )
        self.moving_mean.assign(mean)
        self.moving_variance.assign(variance)
        return outputs


def build(
    architecture: Architecture, batch_norm: type[layers.Layer] = FusedBatchNormalization
) -> keras.Model:
    """A Keras model from (28, 28, 1) in [0, 1] to logits, ten for digits.

    Several branches are models within it, and it answers the mean of their logits.
    """
    if architecture.branches == 1:
        return _branch(architecture, batch_norm, "digits")
    names = [f"branch_{number + 1}" for number in range(architecture.branches)]
    inputs = keras.Input((28, 28, 1), name="image")
    logits = [_branch(architecture, batch_norm, name)(inputs) for name in names]
    return keras.Model(inputs, layers.Average(name="logits")(logits), name="digits")


def branches(model: keras.Model) -> list[keras.Model]:
    """The models whose logits it averages; itself where there is nothing to average."""
    return [layer for layer in model.layers if isinstance(layer, keras.Model)] or [model]


def learner(model: keras.Model) -> keras.Model:
    """Its branches with an image for each: from (branches, 28, 28, 1) to (branches, 10) logits."""
    parts = branches(model)
    inputs = keras.Input((len(parts), 28, 28, 1), name="images")
    logits = [part(inputs[:, number]) for number, part in enumerate(parts)]
    return keras.Model(inputs, ops.stack(logits, axis=1))


def _branch(architecture: Architecture, batch_norm: type[layers.Layer], name: str) -> keras.Model:
    inputs = x = keras.Input((28, 28, 1), name="image")
    kernel, padding = 5, architecture.padding
    for filters, stride in zip(architecture.filters, architecture.strides, strict=True):
        x = layers.Conv2D(filters, kernel, stride, padding, use_bias=False)(x)
        x = batch_norm(momentum=0.95)(x)
        x = layers.Activation("relu")(x)
        kernel, padding = 3, "same"
    if architecture.head == "depthwise":
        x = layers.DepthwiseConv2D(x.shape[1], use_bias=False)(x)
        x = batch_norm(momentum=0.95)(x)
    x = layers.Flatten()(x)
    x = layers.Dropout(architecture.dropout)(x)
    return keras.Model(inputs, layers.Dense(architecture.outputs, name="logits")(x), name=name)


def loss(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy over ten digits (or more symbols) and "none", whose logit is fixed at zero.

    So a network with ten outputs can say none of them: it pushes all ten below zero. The
    log-odds of being a digit at all are then logsumexp(logits).
    """
    return keras.losses.sparse_categorical_crossentropy(
        labels, _with_none(logits), from_logits=True
    )


def accuracy(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Share read right, "no digit" counting as an eleventh answer."""
    return keras.metrics.sparse_categorical_accuracy(labels, _with_none(logits))


def logits_of(model: keras.Model, images: NDArray[np.uint8], batch_size: int = 100) -> FloatArray:
    """(n, 10) logits of uint8 (n, 28, 28)."""
    parts = [
        model(images[start : start + batch_size, :, :, None].astype(np.float32) / 255)
        for start in range(0, len(images), batch_size)
    ]
    return np.concatenate([np.asarray(part) for part in parts])


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


def is_finite(model: keras.Model) -> bool:
    """Whether all of its weights are numbers."""
    return all(np.isfinite(weights).all() for weights in model.get_weights())


def keras_file(model: keras.Model) -> bytes:
    """The network as a `.keras` file, deflated, which Keras reads but does not write."""
    deflated = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        with (
            zipfile.ZipFile(path) as stored,
            zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for name in stored.namelist():
                archive.writestr(name, stored.read(name))
    return deflated.getvalue()


def load_untrusted(path: Path, most_parameters: int) -> keras.Model:
    """A Keras file from elsewhere as a network from (28, 28, 1) to ten logits.

    Raises:
        BadNetwork: it cannot be loaded, has other shapes, or holds what is no number.
    """
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    # Keras answers a file it does not understand with whatever went wrong in its depths.
    except Exception as error:
        first = str(error).strip().splitlines()
        raise BadNetwork(
            f"Keras cannot load it ({first[0][:200] if first else error!r})."
        ) from error
    if model.input_shape != (None, 28, 28, 1) or model.output_shape != (None, 10):
        raise BadNetwork(
            f"it maps {model.input_shape} to {model.output_shape}; expected (None, 28, 28, 1) to "
            "(None, 10)."
        )
    if model.count_params() > most_parameters:
        raise BadNetwork(
            f"it has {model.count_params():,} parameters; at most {most_parameters:,}."
        )
    if not is_finite(model):
        raise BadNetwork("some of its weights are no numbers.")
    return _without_softmax(model)


def _without_softmax(model: keras.Model) -> keras.Model:
    """The network up to its logits."""
    last = model.layers[-1]
    softmax = getattr(last, "activation", None) is keras.activations.softmax
    if isinstance(last, layers.Softmax) or (softmax and isinstance(last, layers.Activation)):
        return keras.Model(model.inputs, last.input)
    if softmax:
        last.activation = keras.activations.linear
    return model


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
    with tempfile.TemporaryDirectory() as folder, native_output_hidden():
        path = Path(folder) / "model.tflite"
        model.export(path, format="litert", verbose=False, **kept)
        return path.read_bytes()


def _with_none(logits: tf.Tensor) -> tf.Tensor:
    return ops.pad(logits, [[0, 0]] * (len(logits.shape) - 1) + [[0, 1]])

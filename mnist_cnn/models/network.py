"""The Keras networks: how they are built and what they learn from."""

import logging

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops
from numpy.typing import NDArray

from mnist_cnn.models.recipes import Architecture
from mnist_cnn.models.surroundings import with_channels
from mnist_cnn.records import FloatArray

logging.getLogger("tensorflow").setLevel(logging.ERROR)


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
    """A Keras model from (28, 28, 1) in [0, 1] to logits, ten for digits; a symbol has three
    channels.

    Several branches are models within it, and it answers the mean of their logits.
    """
    if architecture.branches == 1:
        return _branch(architecture, batch_norm, "digits")
    names = [f"branch_{number + 1}" for number in range(architecture.branches)]
    inputs = keras.Input((28, 28, architecture.channels), name="image")
    logits = [_branch(architecture, batch_norm, name)(inputs) for name in names]
    return keras.Model(inputs, layers.Average(name="logits")(logits), name="digits")


def resumed(architecture: Architecture, weights: list[NDArray[np.floating]]) -> keras.Model:
    """A network that goes on from another one's weights, each of its own shape. Its batch
    normalisation stays as it was, since a little fine-tuning says nothing new of it.

    Raises:
        ValueError: they are those of another architecture.
    """
    model = build(architecture, layers.BatchNormalization)
    model.set_weights(weights)
    for branch in branches(model):
        for layer in branch.layers:
            layer.trainable = not isinstance(layer, layers.BatchNormalization)
    return model


def branches(model: keras.Model) -> list[keras.Model]:
    """The models whose logits it averages; itself where there is nothing to average."""
    return [layer for layer in model.layers if isinstance(layer, keras.Model)] or [model]


def learner(model: keras.Model) -> keras.Model:
    """Its branches with an image for each: from (branches, 28, 28, channels) to (branches, 10)
    logits."""
    parts = branches(model)
    inputs = keras.Input((len(parts), *model.input_shape[1:]), name="images")
    logits = [part(inputs[:, number]) for number, part in enumerate(parts)]
    return keras.Model(inputs, ops.stack(logits, axis=1))


def _branch(architecture: Architecture, batch_norm: type[layers.Layer], name: str) -> keras.Model:
    inputs = x = keras.Input((28, 28, architecture.channels), name="image")
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
    shown = with_channels(images, model.input_shape[-1])
    parts = [
        model.predict_on_batch(shown[start : start + batch_size].astype(np.float32) / 255)
        for start in range(0, len(images), batch_size)
    ]
    return np.concatenate(parts)


def is_finite(model: keras.Model) -> bool:
    """Whether all of its weights are numbers."""
    return all(np.isfinite(weights).all() for weights in model.get_weights())


def _with_none(logits: tf.Tensor) -> tf.Tensor:
    return ops.pad(logits, [[0, 0]] * (len(logits.shape) - 1) + [[0, 1]])

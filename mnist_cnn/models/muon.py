"""Muon (Jordan and others, 2024) for networks of convolutions."""

import keras
import tensorflow as tf
from keras import ops


class Muon(keras.optimizers.Muon):  # type: ignore[misc]
    """Keras' Muon with a convolution's kernel as a matrix, from a patch of its input to a filter.

    So a step moves all filters of a layer in directions of their own. What is no such matrix (a
    convolution of one channel, a depthwise one, biases and scales) or gives the logits learns by
    AdamW at the same rate.
    """

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        return len(variable.shape) != 4 or 1 in variable.shape[2:]

    def _muon_update_step(
        self, gradient: tf.Tensor, variable: keras.Variable, lr: tf.Tensor, m: keras.Variable
    ) -> None:
        self.assign(m, self.momentum * m + gradient)
        ahead = ops.reshape(gradient + self.momentum * m, (-1, variable.shape[-1]))
        step = self.lr_adjust(lr * self.zeropower_via_newtonschulz5(ahead, self.ns_steps))
        self.assign_sub(variable, ops.reshape(step, variable.shape))

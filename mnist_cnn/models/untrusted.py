"""A Keras file from elsewhere as a network, as far as it is one."""

from pathlib import Path

import keras
from keras import layers

from mnist_cnn.errors import BadNetwork
from mnist_cnn.models.network import is_finite


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

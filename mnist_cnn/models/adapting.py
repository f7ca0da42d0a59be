"""Networks from elsewhere as networks from (28, 28, 1) to ten logits, where no guess is needed."""

from collections.abc import Callable

import keras
import numpy as np
from keras import layers

from mnist_cnn.errors import BadNetwork

ONLY_IN_TRAINING = (
    layers.GaussianNoise, layers.GaussianDropout,
    layers.AlphaDropout, layers.RandomRotation, layers.RandomZoom, layers.RandomTranslation,
    layers.RandomFlip, layers.RandomContrast, layers.RandomBrightness,
)  # fmt: skip
"""Layers that do nothing once a network is trained, and leave no export without them."""

PROBABILITIES = (
    keras.activations.softmax, keras.activations.sigmoid, keras.activations.log_softmax,
)  # fmt: skip
"""What turns logits into what can be read; the order of the digits stays."""

CLASSES = {
    1: "a single number",
    26: "the letters of EMNIST",
    27: "the letters of EMNIST",
    36: "digits and letters",
    37: "the letters of EMNIST",
    47: "the classes of EMNIST Balanced, digits and letters",
    62: "the classes of EMNIST ByClass, digits and letters",
}
"""What networks with another number of outputs usually tell apart."""


def adapted(model: keras.Model) -> keras.Model:
    """The same network from a picture (28, 28, 1) to ten logits, as it answers when trained.

    Raises:
        BadNetwork: it takes something else than a picture of 28 × 28, or tells other classes apart.
    """
    _check_outputs(model)
    image = keras.Input((28, 28, 1), name="image")
    given = _as_taken(image, model)
    plain = _as_trained(model)
    if plain.input_shape == (None, 28, 28, 1):
        return _without_probabilities(plain)
    return keras.Model(image, _without_probabilities(plain)(given), name="digits")


def _check_outputs(model: keras.Model) -> None:
    given, told = model.input_shape, model.output_shape
    if isinstance(given, list | dict) or isinstance(told, list | dict):
        raise BadNetwork("it has several inputs or outputs; expected one picture and ten digits.")
    if told[1:] != (10,):
        known = CLASSES.get(told[-1] or 0, "") if len(told) == 2 else ""
        what = f"{told[-1]} outputs, usually {known}" if known else f"outputs of shape {told}"
        raise BadNetwork(f"it has {what}; expected (None, 10), one for each digit from 0 to 9.")


def _as_taken(image: keras.KerasTensor, model: keras.Model) -> keras.KerasTensor:
    """A picture in the shape that the network takes."""
    shape = tuple(model.input_shape[1:])
    if shape in ((784,), (28, 28), (1, 28, 28), (784, 1), (1, 784)):
        return layers.Reshape(shape, name="as_taken")(image)
    if len(shape) == 3 and shape[:2] in ((28, 28), (None, None)) and shape[2] in (1, 3, None):
        return layers.Concatenate(name="grey")([image] * 3) if shape[2] == 3 else image
    raise BadNetwork(
        f"it takes {model.input_shape}; expected pictures of 28 × 28 pixels: (None, 28, 28, 1), "
        "(None, 28, 28) or (None, 784)."
    )


def _as_trained(model: keras.Model) -> keras.Model:
    """The network without what only works while it learns."""

    def still(layer: layers.Layer) -> layers.Layer:
        return layers.Activation("linear", name=layer.name) if _only_learns(layer) else _copy(layer)

    if not any(map(_only_learns, _all_layers(model))):
        return model
    return _cloned(model, still, recursive=True)


def _only_learns(layer: layers.Layer) -> bool:
    return isinstance(layer, ONLY_IN_TRAINING)


def _cloned(
    model: keras.Model, clone: Callable[[layers.Layer], layers.Layer], recursive: bool
) -> keras.Model:
    """The network, each layer as it is given back; where it is not `recursive`, networks within it
    are layers too."""
    made = keras.models.clone_model(model, clone_function=clone, recursive=recursive)
    made.set_weights(model.get_weights())
    return made


def _copy(layer: layers.Layer) -> layers.Layer:
    return layer.__class__.from_config(layer.get_config())


def _all_layers(model: keras.Model) -> list[layers.Layer]:
    """Its layers, those of networks within it too."""
    inside = [layer for layer in model.layers if isinstance(layer, keras.Model)]
    return [*model.layers, *(layer for part in inside for layer in _all_layers(part))]


def _without_probabilities(model: keras.Model) -> keras.Model:
    """The network up to its logits, also where a network within it ends in probabilities."""
    last = model.layers[-1]
    if isinstance(last, keras.Model):
        plain = _without_probabilities(last)
        if plain is last:
            return model
        return _cloned(model, lambda x: plain if x is last else _copy(x), recursive=False)
    if isinstance(last, layers.Softmax):
        return keras.Model(model.inputs[0], last.input)
    if getattr(last, "activation", None) in PROBABILITIES:
        last.activation = keras.activations.linear
    return model


def seen_as(model: keras.Model, scale: float, offset: float, transposed: bool) -> keras.Model:
    """A network that is shown scale · x + offset for a picture x (28, 28, 1) in [0, 1], and its
    columns for rows."""
    image = keras.Input((28, 28, 1), name="image")
    shown = layers.Permute((2, 1, 3), name="turned_over")(image) if transposed else image
    if (scale, offset) != (1, 0):
        shown = layers.Rescaling(scale, offset, name="as_learnt")(shown)
    return keras.Model(image, model(shown), name="digits")


def predicted(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """The digits (n,) that a network reads in (n, 28, 28) in [0, 1]."""
    return np.asarray(model(images[..., None], training=False)).argmax(axis=1)

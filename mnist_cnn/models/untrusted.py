"""A Keras file from elsewhere as a network, as far as it is one."""

import contextlib
import json
import zipfile
from pathlib import Path

import keras

from mnist_cnn.errors import BadNetwork
from mnist_cnn.models.adapting import adapted
from mnist_cnn.models.network import is_finite


def load_untrusted(path: Path, most_parameters: int) -> keras.Model:
    """A Keras file from elsewhere as a network from (28, 28, 1) to ten logits.

    Raises:
        BadNetwork: it cannot be loaded, has other shapes, or holds what is no number.
    """
    model = load_as_it_is(path, most_parameters)
    try:
        return adapted(model)
    except BadNetwork:
        raise
    # The same: a network that was never built fails wherever it is first looked at.
    except Exception as error:
        raise BadNetwork(f"it cannot be adapted ({_first_line(error)}).") from error


def load_as_it_is(path: Path, most_parameters: int) -> keras.Model:
    """A Keras file from elsewhere as the network in it.

    Raises:
        BadNetwork: it cannot be loaded, is too large, or holds what is no number.
    """
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    # Keras answers a file it does not understand with whatever went wrong in its depths.
    except Exception as error:
        ours, why = keras.__version__, _first_line(error)
        raise BadNetwork(f"Keras {ours} cannot load it{_saved_by(path)} ({why}).") from error
    if model.count_params() > most_parameters:
        raise BadNetwork(
            f"it has {model.count_params():,} parameters; at most {most_parameters:,}."
        )
    if not is_finite(model):
        raise BadNetwork("some of its weights are no numbers.")
    return model


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else repr(error)


def _saved_by(path: Path) -> str:
    """Which Keras a file is from, where it says so: a newer one may know more."""
    with contextlib.suppress(OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError):
        with zipfile.ZipFile(path) as archive:
            told = json.loads(archive.read("metadata.json"))["keras_version"]
        return f", which Keras {str(told)[:20]} saved"
    return ""

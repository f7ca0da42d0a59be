"""What a network of symbols is shown: a symbol, and what stands around it on its line."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.ink.normalize import FRAME
from mnist_cnn.models.classes import CHANNELS
from mnist_cnn.records import FloatArray

Images = TypeVar("Images", NDArray[np.uint8], FloatArray)

LINE_HEIGHT = FRAME // 2 - 4
"""Of digits on their line, in pixels: half of what they are by themselves."""


def alone(images: Images) -> Images:
    """(n, 28, 28, 3) of images (n, 28, 28): each on a line where nothing else stands."""
    shown = np.zeros((*images.shape, CHANNELS), images.dtype)
    shown[..., 0] = images
    halves = images.reshape(len(images), FRAME // 2, 2, FRAME // 2, 2).mean(axis=(2, 4))
    quarter = FRAME // 4
    shown[:, quarter:-quarter, quarter:-quarter, 1] = halves
    return shown


def with_channels(images: Images, channels: int) -> Images:
    """(n, 28, 28, channels) of images (n, 28, 28), or of such as have their channels already."""
    if images.ndim == 4:
        return images
    return images[..., None] if channels == 1 else alone(images)

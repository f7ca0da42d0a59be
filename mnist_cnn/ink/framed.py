"""Small pictures that are framed as MNIST's digits are: what the longer road would make of them."""

import numpy as np

from mnist_cnn.ink.extract import strongest
from mnist_cnn.ink.normalize import DIGIT, FAINTEST, FAINTEST_LARGE, FRAME
from mnist_cnn.records import FloatArray

LEAST_CONTRAST = 0.5

PLACES = np.arange(FRAME, dtype=np.float32) + np.float32(0.5)

SLACK = 1e-3
"""Where the centre of mass is so near to a pixel's edge, rounding decides; the longer road does."""

SURFACE = 0.6

RIM, EDGE = np.ones((2, FRAME, FRAME), np.bool_)
RIM[3:-3, 3:-3] = EDGE[1:-1, 1:-1] = False

MOST_ON_RIM = 40
"""With so few pixels of ink on the rim, of 300, what it says of paper and grain is as without."""


def framed_digit(grey: FloatArray) -> FloatArray | None:
    """The image (28, 28) that `extract_ink` and `normalize` make of a grey picture, to the last
    bit, where that is easily told: light ink on bare black, in MNIST's place and size, strokes and
    no surface, one symbol. None where it is anything else.

    Args:
        grey: float32 (height, width), 0 for black to 1 for white.
    """
    if grey.shape != (FRAME, FRAME) or grey[EDGE].any():
        return None
    contrast = strongest(grey)
    if contrast < LEAST_CONTRAST or np.count_nonzero(grey[RIM]) > MOST_ON_RIM:
        return None
    image = np.clip(grey / contrast, 0, 1, dtype=np.float32)
    rows, columns = image.max(axis=1), image.max(axis=0)
    within, strong = (
        [np.flatnonzero(profile > least) for profile in (rows, columns)]
        for least in (FAINTEST, FAINTEST_LARGE)
    )
    height, width = (found[-1] - found[0] + 1 for found in within)
    if max(height, width) != DIGIT:
        return None
    (top, left), (bottom, right) = ([found[end] for found in within] for end in (0, -1))
    image[:top] = image[bottom + 1 :] = image[:, :left] = image[:, right + 1 :] = 0
    if (np.diff(np.flatnonzero(columns > 0.3)) > 2).any() or not _in_the_middle(image):
        return None
    area = np.prod([found[-1] - found[0] + 1 for found in strong])
    return None if np.count_nonzero(image > FAINTEST_LARGE) > SURFACE * area else image


def _in_the_middle(image: FloatArray) -> bool:
    """Whether its centre of mass lies in pixel (14, 14), and surely so."""
    mass = image.sum()
    centre_y, centre_x = image.sum(axis=1) @ PLACES / mass, image.sum(axis=0) @ PLACES / mass
    low, high = FRAME // 2 + SLACK, FRAME // 2 + 1 - SLACK
    return bool(low < centre_y < high and low < centre_x < high)

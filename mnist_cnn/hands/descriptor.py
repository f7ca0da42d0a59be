"""What a digit looks like, as few numbers: near each other where one person means the same digit.

Oriented gradients (Dalal and Triggs, 2005) of the (28, 28) image and the network's logits, turned
by a shrunken linear discriminant that was fitted on many writers (Rao, 1948): what differs between
two sevens of one person counts little, what differs between a person's digits counts much.
"""

import io
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.records import FloatArray

PROJECTION_FILE = Path(__file__).with_name("projection.npz")

ORIENTATIONS, CELLS, CELL = 8, 7, 4
"""Directions of a gradient; cells a side, and the pixels a side of each."""

LARGEST_LOGIT = 25.0


def describe(images: FloatArray, logits: FloatArray) -> NDArray[np.float32]:
    """(n, 24) for (n, 28, 28) in [0, 1] and the ten logits (n, 10) of each."""
    return np.asarray(raw_descriptors(images, logits) @ _projection(), np.float32)


def raw_descriptors(images: FloatArray, logits: FloatArray) -> NDArray[np.float32]:
    """(n, 402): what the projection is fitted on and applied to."""
    clipped = np.clip(logits, -LARGEST_LOGIT, LARGEST_LOGIT)
    return np.concatenate([_oriented_gradients(images), clipped], axis=1).astype(np.float32)


def _oriented_gradients(images: FloatArray) -> NDArray[np.float32]:
    """(n, 392), of length one each: the square root of the gradients' strength in every cell by
    direction."""
    blur, pool = _blur(0.7), _blur(1.6)[CELL // 2 :: CELL]
    smooth = blur @ np.asarray(images, np.float32) @ blur.T
    down, right = np.zeros_like(smooth), np.zeros_like(smooth)
    down[:, 1:-1] = smooth[:, 2:] - smooth[:, :-2]
    right[:, :, 1:-1] = smooth[:, :, 2:] - smooth[:, :, :-2]
    along = np.empty((len(images), ORIENTATIONS, *smooth.shape[1:]), np.float32)
    for number, angle in enumerate(np.arange(ORIENTATIONS // 2) * (2 * np.pi / ORIENTATIONS)):
        strength = np.float32(np.cos(angle)) * right + np.float32(np.sin(angle)) * down
        np.maximum(strength, 0, out=along[:, number])
        np.maximum(-strength, 0, out=along[:, number + ORIENTATIONS // 2])
    roots = np.sqrt(pool @ along @ pool.T).reshape(len(images), -1)
    return np.asarray(roots / np.maximum(np.linalg.norm(roots, axis=1, keepdims=True), 1e-9))


@cache
def _blur(sigma: float) -> NDArray[np.float32]:
    """(28, 28): what, times a column of pixels, gives the column blurred by a Gaussian."""
    apart = np.arange(28)[:, None] - np.arange(28)[None, :]
    weights = np.exp(-(apart**2) / (2 * sigma**2))
    return np.asarray(weights / (sigma * np.sqrt(2 * np.pi)), np.float32)


@cache
def _projection() -> NDArray[np.float32]:
    """(402, 24), as `fitted_projection` made it of the writers that may be learned from."""
    with np.load(io.BytesIO(PROJECTION_FILE.read_bytes()), allow_pickle=False) as file:
        return np.asarray(file["projection"], np.float32)

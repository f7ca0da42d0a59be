"""What tells one collection from another, however it was stored."""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.records import Drawing


def checksum(*arrays: NDArray[np.generic]) -> str:
    """SHA-256 over the arrays' shapes, types and values, however they were stored."""
    return checksum_of_each(arrays)


def checksum_of_each(arrays: Iterable[NDArray[np.generic]]) -> str:
    """The same of arrays of any shape, `(n, …)`, that need not all be in memory at once."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def drawings_checksum(drawings: Iterable[Drawing]) -> str:
    """SHA-256 over the labels, writers and points of drawings."""
    digest = hashlib.sha256()
    for drawing in drawings:
        digest.update(f"{drawing.label} {drawing.writer} {len(drawing.strokes)}".encode())
        for stroke in drawing.strokes:
            digest.update(f"{stroke.shape}".encode() + stroke.astype(np.float64).tobytes())
    return digest.hexdigest()

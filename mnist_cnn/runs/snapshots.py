"""Small copies of a network from while it learned, in one file of its run: a byte a weight."""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mnist_cnn.errors import BadNetwork, RunDamaged
from mnist_cnn.models.keras_file import Weights
from mnist_cnn.models.numpy_network import NumpyNetwork
from mnist_cnn.records import FloatArray
from mnist_cnn.runs.store import Run

SNAPSHOTS = "snapshots.npz"

MAX_BYTES = 3_000_000
"""What the copies of a run may come to."""


_DAMAGE = (
    ValueError, TypeError, LookupError, StopIteration, OSError, EOFError, zipfile.BadZipFile,
    BadNetwork,
)  # fmt: skip
"""What NumPy answers a broken file with, and the network weights that are not its own."""


@dataclass(frozen=True)
class Snapshots:
    """`batches` (n,): after how many each copy was taken, `total` in all; the networks."""

    batches: list[int]
    total: int
    networks: list[NumpyNetwork]


def planned(count: int, total: int, weights: int) -> list[int]:
    """After which batches of `total` copies of so many weights are taken: at first before any, then
    ever more seldom, the last at the end; fewer where they would not fit into `MAX_BYTES`."""
    count = min(count, MAX_BYTES // max(weights, 1))
    if count < 2:
        return []
    for points in range(count - 1, 4 * count):  # at the beginning several fall on one batch
        spread = np.unique(np.rint(np.geomspace(1, max(total, 1), points)).astype(int))
        if len(spread) >= count - 1:
            break
    return sorted({0, *spread.tolist()[: count - 2], max(total, 1)})


def rounded(weights: Sequence[FloatArray]) -> list[FloatArray]:
    """Of arrays of any shape each kernel as bytes (…, filters) and scales (filters,), everything
    else as it is."""
    kept: list[FloatArray] = []
    for own in weights:
        if own.ndim < 2:
            kept.append(np.asarray(own, np.float32))
            continue
        scale = np.abs(own).max(axis=tuple(range(own.ndim - 1))) / 127
        scale = np.asarray(np.maximum(scale, 1e-12), np.float32)
        kept += [np.rint(own / scale).astype(np.int8), scale]
    return kept


def packed(batches: Sequence[int], total: int, copies: Sequence[Sequence[FloatArray]]) -> bytes:
    """The file: of each copy what `rounded` made of its weights, arrays of any shape."""
    stacked = [np.stack(same) for same in zip(*copies, strict=True)]
    file = io.BytesIO()
    arrays: dict[str, Any] = {f"w{number:04d}": array for number, array in enumerate(stacked)}
    np.savez_compressed(file, batches=np.asarray(batches), total=np.asarray(total), **arrays)
    return file.getvalue()


def load(run: Run, network: NumpyNetwork) -> Snapshots | None:
    """The copies that a run kept, as networks like its own; nothing where it kept none.

    Raises:
        RunDamaged: the file cannot be used.
    """
    if SNAPSHOTS not in run.manifest["sha256"]:
        return None
    content = run.read(SNAPSHOTS)
    try:
        with np.load(io.BytesIO(content)) as arrays:
            names = sorted(name for name in arrays.files if name.startswith("w"))
            flat = [arrays[name] for name in names]
            batches, total = arrays["batches"].tolist(), int(arrays["total"])
        networks = [_network(network, [own[i] for own in flat]) for i in range(len(batches))]
        if not networks:
            raise ValueError("it holds none")
    except _DAMAGE as error:
        raise RunDamaged(f"Run {run.id} is damaged: {SNAPSHOTS} cannot be used.") from error
    return Snapshots(batches, total, networks)


def _network(network: NumpyNetwork, kept: Sequence[FloatArray]) -> NumpyNetwork:
    flat = iter(kept)
    given: list[Weights] = []
    for node in network.nodes:
        if not node.weights:
            continue
        own = []
        for weight in node.weights:
            values = next(flat)
            own.append(values if weight.ndim < 2 else values * next(flat))
        given.append(tuple(np.asarray(values, np.float32) for values in own))
    return network.with_weights(given)

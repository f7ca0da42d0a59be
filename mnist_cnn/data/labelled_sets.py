"""Every labelled collection on this machine that runs can be measured on.

Beside the test sets that networks are measured on when they are saved, these are a person's own:
the corrections with what the kept hands were taught, as trainings and the gate take them, and
labelled batches that were kept.

    artifacts/test_sets/<name>.npz      images uint8 (n, 28, 28) and labels
"""

import io
import re
import tokenize
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data import corrections, local_sets
from mnist_cnn.data.corrections import Correction
from mnist_cnn.data.download import UNREADABLE
from mnist_cnn.errors import BadInput
from mnist_cnn.records import Dataset
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.storage import write_atomically

CORRECTIONS, UNSEEN_CORRECTIONS = "corrections", "corrections-unseen"

RESERVED = (*local_sets.TEST_SETS, CORRECTIONS, UNSEEN_CORRECTIONS)

NAME = re.compile(r"[\w][\w .()-]{0,59}")


def own() -> list[str]:
    """The names of a person's own collections."""
    known = corrections.with_hands()
    names = [CORRECTIONS] if known else []
    names += [UNSEEN_CORRECTIONS] if any(c.held_out for c in known) else []
    kept = (path.stem for path in _folder().glob("*.npz"))
    return names + sorted(name for name in kept if NAME.fullmatch(name))  # none is in the making


def load(name: str) -> Dataset | None:
    """A collection by its name, or None where it is not on this machine or damaged."""
    if name in local_sets.TEST_SETS:
        return local_sets.local_test_set(name)
    if name == CORRECTIONS:
        return corrections.dataset(corrections.with_hands(), name)
    if name == UNSEEN_CORRECTIONS:
        return corrections.dataset([c for c in corrections.with_hands() if c.held_out], name)
    return _kept(name)


def digits_of(name: str) -> list[Correction]:
    """A person's own collection digit by digit, uint8 (28, 28), with strokes (points, 2) where it
    was drawn.

    Raises:
        BadInput: there is none of that name, or nothing in it.
    """
    if name in (CORRECTIONS, UNSEEN_CORRECTIONS):
        known = corrections.with_hands()
        if chosen := [c for c in known if c.held_out or name == CORRECTIONS]:
            return chosen
        raise BadInput(f"The collection {name} is empty: nothing was put right here yet.")
    found = _kept(name)
    if found is None:
        raise BadInput(
            f"There is no collection {name[:60]!r} here; `python -m mnist_cnn datasets` lists "
            "those there are."
        )
    pairs = zip(found.labels, found.images, strict=True)
    return [Correction(int(label), image) for label, image in pairs]


def version(name: str) -> int:
    """Changes whenever the collection does."""
    if name in (CORRECTIONS, UNSEEN_CORRECTIONS):
        return hash(corrections.version_with_hands())
    try:
        return _path(name).stat().st_mtime_ns
    except (OSError, ValueError):
        return 0


def keep(name: str, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    """Keeps a labelled collection under a name; an earlier one of that name is replaced.

    Args:
        images: uint8 (n, 28, 28).
        labels: (n,) digits.

    Raises:
        BadInput: the name cannot be taken.
        StorageFailed: the disk is full, or may not be written to.
    """
    if not NAME.fullmatch(name) or name in RESERVED:
        raise BadInput(
            f"A test set cannot be called {name[:60]!r}; please use up to 60 letters, digits, "
            f"spaces and .-() and none of {', '.join(RESERVED)}."
        )
    packed = io.BytesIO()
    np.savez_compressed(packed, images=images, labels=labels.astype(np.uint8))
    write_atomically(_path(name), packed.getvalue())


def _kept(name: str) -> Dataset | None:
    if not NAME.fullmatch(name):
        return None
    try:
        with open(_path(name), "rb") as file, np.load(file, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"].astype(np.int64)
    except (*UNREADABLE, tokenize.TokenError):
        return None
    whole = (
        labels.ndim == 1
        and not (labels > 9).any()
        and images.shape == (len(labels), 28, 28)
        and images.dtype == np.uint8
    )
    return Dataset(name, images, labels, "a batch that was kept", "", "") if whole else None


def _folder() -> Path:
    return artifacts_folder() / "test_sets"


def _path(name: str) -> Path:
    return _folder() / f"{name}.npz"

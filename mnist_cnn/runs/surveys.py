"""What runs make of a test set, kept beside them once it was computed: `cache/` may go any time."""

import contextlib
import hashlib
import io
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mnist_cnn.errors import DigitsError, StorageFailed
from mnist_cnn.evaluation.neighbours import DigitMap
from mnist_cnn.evaluation.survey import Survey
from mnist_cnn.runs import store
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.storage import make_folder, remove_file, write_atomically

Kept = tuple[Survey, DigitMap]

VERSION = 2
"""Of the files; those of others are not read."""


def load(run: Run, test_set: str, count: int) -> Kept | None:
    """What was kept for a test set of so many digits; nothing where the file is missing, damaged or
    of another network."""
    try:
        return unpacked(_path(run, test_set).read_bytes(), count)
    except OSError:
        return None


def packed(survey: Survey, plane: DigitMap) -> bytes:
    """As it is kept."""
    file = io.BytesIO()
    np.savez(file, **asdict(survey), **asdict(plane))
    return file.getvalue()


def unpacked(content: bytes, count: int) -> Kept | None:
    """What was packed for so many digits; nothing where that is damaged or of others."""
    try:
        with np.load(io.BytesIO(content)) as arrays:
            survey = Survey(arrays["features"], arrays["exciting"], arrays["layers"])
            names = DigitMap.__dataclass_fields__
            plane = DigitMap(**{name: arrays[name] for name in names})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    fits = len(survey.features) == len(plane.dots) == count
    fits = fits and len(survey.layers) == len(survey.exciting)
    rows = (survey.exciting, plane.landmarks)
    inside = all(len(own) and own.min() >= 0 and own.max() < count for own in rows)
    return (survey, plane) if fits and inside else None


def keep(run: Run, test_set: str, content: bytes) -> None:
    """Writes what was packed, where the disk lets it: without it all is computed again."""
    with contextlib.suppress(StorageFailed):
        make_folder(_path(run, test_set).parent)
        write_atomically(_path(run, test_set), content)


def is_kept(run: Run, test_set: str) -> bool:
    """Whether there is a file, whole or not."""
    return _path(run, test_set).is_file()


def tidy_up() -> None:
    """Removes what was kept of runs that are gone, and by earlier versions."""
    with contextlib.suppress(DigitsError, OSError):
        runs = [run for run in store.list_all().values() if isinstance(run, Run)]
        known = {_mark(run) for run in runs}
        for path in _folder().glob("survey-*.npz"):
            if not any(path.name.startswith(mark) for mark in known):
                remove_file(path)


def _folder() -> Path:
    return artifacts_folder() / "cache"


def _mark(run: Run) -> str:
    network = run.manifest["sha256"].get("model.keras", "")
    return f"survey-{VERSION}-{network[:16]}-"


def _path(run: Run, test_set: str) -> Path:
    name = hashlib.sha256(test_set.encode()).hexdigest()[:8]
    return _folder() / f"{_mark(run)}{name}.npz"

"""What runs make of a test set, kept beside them once it was computed: `cache/` may go any time."""

import contextlib
import hashlib
import io
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mnist_cnn.errors import StorageFailed
from mnist_cnn.evaluation.neighbours import DigitMap
from mnist_cnn.evaluation.survey import Survey
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.storage import make_folder, write_atomically

Kept = tuple[Survey, DigitMap]


def load(run: Run, test_set: str, count: int) -> Kept | None:
    """What was kept for a test set of so many digits; nothing where the file is missing, damaged or
    of another network."""
    try:
        with np.load(io.BytesIO(_path(run, test_set).read_bytes())) as arrays:
            survey = Survey(arrays["features"], arrays["exciting"])
            names = DigitMap.__dataclass_fields__
            plane = DigitMap(**{name: arrays[name] for name in names})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    fits = len(survey.features) == len(plane.dots) == count
    rows = (survey.exciting, plane.landmarks)
    inside = all(len(own) and own.min() >= 0 and own.max() < count for own in rows)
    return (survey, plane) if fits and inside else None


def keep(run: Run, test_set: str, survey: Survey, plane: DigitMap) -> None:
    """Writes it, where the disk lets it: without it all is computed again."""
    file = io.BytesIO()
    np.savez(file, features=survey.features, exciting=survey.exciting, **asdict(plane))
    with contextlib.suppress(StorageFailed):
        make_folder(_path(run, test_set).parent)
        write_atomically(_path(run, test_set), file.getvalue())


def _path(run: Run, test_set: str) -> Path:
    network = run.manifest["sha256"].get("model.keras", "")
    mark = hashlib.sha256(f"{network} {test_set}".encode()).hexdigest()[:16]
    return artifacts_folder() / "cache" / f"survey-{mark}.npz"

"""Drawings that people watch a network learn to read.

artifacts/runs/<id>/drawing-<mark>.json    the drawing; from the page that shows it
artifacts/runs/<id>/answers-<mark>.json    what it was read as, every few seconds; by the training

Both go when the run is whole.
"""

import base64
import contextlib
import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_cnn import metrics
from mnist_cnn.errors import StorageFailed
from mnist_cnn.json_files import read_json
from mnist_cnn.records import FloatArray
from mnist_cnn.runs.store import new_folder
from mnist_cnn.storage import remove_file, write_json_quickly

MAX_WATCHED = 16
"""How many drawings a training reads at most, the latest."""

MEASURED = "evaluation.json"
"""What is there once a network learns no more."""

EVERY = 2.0
"""Seconds between two answers."""


@dataclass(frozen=True)
class Answer:
    """What the network of a moment reads, with its probability."""

    digit: int
    probability: float


def watch(run_id: str, image: FloatArray, still: bool = True) -> list[Answer]:
    """Has a training read a normalized (28, 28) image of 0…1 from now on. Its answers so far, the
    latest last: of those that follow one another with the same digit, only the last.

    Args:
        still: whether it learns; afterwards there are only the answers of before.
    """
    folder = new_folder(run_id)
    pixels = np.round(255 * image).astype(np.uint8).tobytes()
    mark = hashlib.sha256(pixels).hexdigest()[:12]
    path = folder / f"drawing-{mark}.json"
    if still and not path.exists() and not (folder / MEASURED).exists():
        for oldest in _watched(folder)[MAX_WATCHED - 1 :]:
            with contextlib.suppress(StorageFailed):  # more are kept then
                remove_file(oldest)
        write_json_quickly(path, {"image": base64.b64encode(pixels).decode()})
    answers = read_json(folder / f"answers-{mark}.json").get("answers", [])
    return [Answer(**answer) for answer in answers]


def answer(folder: Path, read: Callable[[NDArray[np.uint8]], FloatArray]) -> None:
    """Reads every drawing that is watched in a run's folder.

    Args:
        read: the logits (n, classes) of uint8 (n, 28, 28) images.
    """
    paths = _watched(folder)[:MAX_WATCHED]
    images = {path.stem.split("-")[1]: _pixels(path) for path in paths}
    drawings = {mark: image for mark, image in images.items() if len(image) == 28 * 28}
    if not drawings:
        return
    pixels = b"".join(drawings.values())
    probabilities = metrics.softmax(read(np.frombuffer(pixels, np.uint8).reshape(-1, 28, 28)))
    for mark, row in zip(drawings, probabilities, strict=True):
        path = folder / f"answers-{mark}.json"
        new = asdict(Answer(int(row.argmax()), float(row.max())))
        known = read_json(path).get("answers", [])
        if known and known[-1]["digit"] == new["digit"]:
            known.pop()
        write_json_quickly(path, {"answers": [*known, new]})


def _watched(folder: Path) -> list[Path]:
    """The drawings, the latest first."""
    found = {}
    for path in folder.glob("drawing-*.json"):
        with contextlib.suppress(OSError):  # another page took its place
            found[path] = path.stat().st_mtime_ns
    return sorted(found, key=lambda path: -found[path])


def _pixels(path: Path) -> bytes:
    """Nothing where the file is cut short."""
    try:
        return base64.b64decode(str(read_json(path).get("image", "")))
    except ValueError:
        return b""

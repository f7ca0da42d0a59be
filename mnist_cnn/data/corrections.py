"""What people have put right: kept one by one, learned from, and measured on.

    artifacts/corrections.jsonl     a line per correction: the label, the image, its strokes

The file only grows. The last line about an image counts, and one without a label takes the
correction back. One image in five, told by its content, is never learned from but measured on.
"""

import base64
import contextlib
import hashlib
import json
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.errors import BadInput, StorageFailed
from mnist_cnn.hands import kept_hands
from mnist_cnn.records import Dataset, Stroke
from mnist_cnn.settings import MAX_CORRECTIONS_BYTES, artifacts_folder
from mnist_cnn.storage import append_lines

HELD_OUT = 5
"""One image in so many is only measured on."""

MAX_POINTS = 2000
"""Drawings with more are kept as images alone."""


@dataclass(frozen=True)
class Correction:
    """What a person says that an image shows: uint8 (28, 28), with its strokes where there are any.

    `read` is what run `run_id` took it for.
    """

    label: int
    image: NDArray[np.uint8]
    strokes: tuple[Stroke, ...] = ()
    read: int | None = None
    run_id: str = ""

    @property
    def id(self) -> str:
        """The same for the same image."""
        return hashlib.sha256(self.image.tobytes()).hexdigest()[:16]

    @property
    def held_out(self) -> bool:
        return int(self.id, 16) % HELD_OUT == 0


def add(corrections: Sequence[Correction]) -> None:
    """Keeps corrections; once this returns they outlive a power cut. Twice the same counts once.

    Raises:
        BadInput: a label is no digit, or an image has another shape; none is kept then.
        StorageFailed: the disk is full, or may not be written to, or there are too many.
    """
    for correction in corrections:
        if not 0 <= correction.label <= 9:
            raise BadInput(f"A correction is a digit from 0 to 9; got {correction.label}.")
        if correction.image.shape != (28, 28) or correction.image.dtype != np.uint8:
            raise BadInput(
                f"A correction's image has 28 × 28 pixels; got {correction.image.shape}."
            )
    _append([_as_row(correction) for correction in corrections])


def take_back(correction: Correction) -> None:
    """Forgets what was said of an image.

    Raises:
        StorageFailed: the disk is full, or may not be written to.
    """
    _append([{"id": correction.id, "label": None, "when": _now()}])


def load() -> tuple[Correction, ...]:
    """Every correction that counts, in the order in which their images came first. Lines that
    cannot be read are passed over."""
    return _loaded(_path(), _state())


def with_hands() -> tuple[Correction, ...]:
    """The corrections, and what the hands that are kept on this machine were taught; of an image
    that is in both, what was put right counts."""
    return _joined(_path(), *version_with_hands())


@lru_cache(maxsize=2)
def _joined(path: Path, own: int, hands: int) -> tuple[Correction, ...]:
    """The corrections and the hands of these versions."""
    known = (*_of_hands(), *_loaded(path, _state()))
    return tuple({correction.id: correction for correction in known}.values())


def _of_hands() -> Iterator[Correction]:
    for name in kept_hands.names():
        with contextlib.suppress(BadInput):
            for drawing in kept_hands.load(name)[0]:
                yield Correction(drawing.label, drawing.image, drawing.strokes)


def dataset(corrections: Iterable[Correction], name: str = "corrections") -> Dataset:
    """Corrections as labelled images."""
    some = list(corrections)
    images = [correction.image for correction in some]
    return Dataset(
        name,
        np.stack(images) if images else np.zeros((0, 28, 28), np.uint8),
        np.array([correction.label for correction in some], np.int64),
        "what people put right and taught here",
        "",
        "",
    )


def version() -> int:
    """Changes whenever a correction is kept or taken back."""
    return hash(_state())


def version_with_hands() -> tuple[int, int]:
    """Changes whenever a correction or a kept hand does."""
    return version(), kept_hands.version()


@dataclass
class _Parsed:
    """What the first `size` bytes of the file said, which end in `tail`."""

    size: int = 0
    tail: bytes = b""
    found: dict[str, Correction | None] = field(default_factory=dict)


_parsed: dict[Path, _Parsed] = {}

_parsing = threading.Lock()


@lru_cache(maxsize=2)
def _loaded(path: Path, state: tuple[int, int]) -> tuple[Correction, ...]:
    """What the file says in this state; of one that has grown, only what is new is parsed."""
    size, _ = state
    with _parsing:
        known = _parsed.get(path, _Parsed())
        try:
            with open(path, "rb") as file:
                file.seek(max(0, known.size - len(known.tail)))
                if known.size > size or file.read(len(known.tail)) != known.tail:
                    known = _Parsed()  # it is another file than it was
                    file.seek(0)
                content = file.read(size - known.size)
        except OSError:
            return ()
        content = content[: content.rfind(b"\n") + 1]  # a line that is not whole counts later
        _parse(content, known.found)
        known.size, known.tail = known.size + len(content), (known.tail + content)[-2000:]
        _parsed[path] = known
        return tuple(correction for correction in known.found.values() if correction)


def _parse(content: bytes, found: dict[str, Correction | None]) -> None:
    for line in content.splitlines():
        try:
            row = json.loads(line)
            found[str(row["id"])] = None if row["label"] is None else _of_row(row)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue


def _state() -> tuple[int, int]:
    """The file's size in bytes, and when it was written."""
    try:
        found = _path().stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _path() -> Path:
    return artifacts_folder() / "corrections.jsonl"


def _append(rows: list[dict[str, Any]]) -> None:
    path = _path()
    lines = [json.dumps(row, separators=(",", ":")) for row in rows]
    size = _state()[0] + sum(len(line) + 1 for line in lines)
    if size > MAX_CORRECTIONS_BYTES:
        raise StorageFailed(
            f"{path} would reach {size / 1e6:,.0f} MB; please train with these corrections "
            "and move the file away. What came now was not kept."
        )
    append_lines(path, lines)


def _as_row(correction: Correction) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": correction.id,
        "label": correction.label,
        "when": _now(),
        "read": correction.read,
        "run": correction.run_id,
        "image": base64.b64encode(correction.image.tobytes()).decode(),
    }
    if 0 < sum(map(len, correction.strokes)) <= MAX_POINTS:
        row["strokes"] = [stroke.round(1).tolist() for stroke in correction.strokes]
    return row


def _of_row(row: dict[str, Any]) -> Correction:
    image = np.frombuffer(base64.b64decode(row["image"]), np.uint8).reshape(28, 28)
    label = int(row["label"])
    if not 0 <= label <= 9:
        raise ValueError(f"{label} is no digit")
    strokes = tuple(np.array(stroke, np.float64) for stroke in row.get("strokes", []))
    return Correction(label, image, strokes, row.get("read"), str(row.get("run", "")))


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())

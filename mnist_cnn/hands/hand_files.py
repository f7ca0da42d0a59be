"""Hands as files: `my-hand.json`, which outlives a new network, since it holds strokes.

    {"format": "digits-hand", "version": 1, "drawings": [{"label": 7, "strokes": [[[x, y], …], …]},
     {"label": 3, "image": "<784 bytes, base64>"}, …]}

x and y are in thousandths of the drawing's longer side, y growing downwards; what came as a picture
is kept as its (28, 28) image.
"""

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from mnist_cnn.errors import BadInput, BadStrokes
from mnist_cnn.hands.hand import TaughtDrawing
from mnist_cnn.ink.strokes import checked_strokes, on_grid
from mnist_cnn.records import Drawing
from mnist_cnn.settings import MAX_HAND_UPLOAD_MB

FORMAT, VERSION = "digits-hand", 1

MAX_HAND_BYTES = MAX_HAND_UPLOAD_MB * 1024 * 1024

MAX_DRAWINGS = 500


def packed(drawings: Sequence[TaughtDrawing]) -> bytes:
    """The content of a hand's file."""
    rows = [_as_row(drawing) for drawing in drawings]
    whole = {"format": FORMAT, "version": VERSION, "drawings": rows}
    return json.dumps(whole, separators=(",", ":")).encode()


def unpacked(content: bytes) -> tuple[list[TaughtDrawing], list[str]]:
    """The drawings of a hand's file; and of each that cannot be used, why, in a sentence.

    Raises:
        BadInput: it is no hand's file, one of another version, cut off, or too large.
    """
    if len(content) > MAX_HAND_BYTES:
        raise BadInput(
            f"This hand has {len(content) / 1e6:,.0f} MB; at most {MAX_HAND_BYTES / 1e6:.0f} MB "
            "are read."
        )
    try:
        whole = json.loads(content)
        if whole["format"] != FORMAT or not isinstance(whole["drawings"], list):
            raise ValueError
        version, rows = whole["version"], whole["drawings"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(
            "This is no hand, or it was cut off; please give a my-hand.json that was downloaded "
            "here."
        ) from error
    if version != VERSION:
        raise BadInput(
            f"This hand has version {str(version)[:20]}; version {VERSION} is read. Please teach "
            "it anew, or update Digits."
        )
    return checked(enumerate(rows, start=1), _of_row)


def of_drawings(
    rows: Iterable[tuple[int, Drawing | BadStrokes]],
) -> tuple[list[TaughtDrawing], list[str]]:
    """The same from the lines of a strokes file, strokes of (points, 2), with their numbers."""
    return checked(rows, _of_drawing)


def checked(rows: Iterable[tuple[int, Any]], convert: Any) -> tuple[list[TaughtDrawing], list[str]]:
    """What could be converted, no drawing twice; and what could not, in words."""
    found: dict[bytes, TaughtDrawing] = {}
    complaints = []
    for number, row in rows:
        try:
            drawing = convert(row)
            if not drawing.image.any():
                raise ValueError("it holds no ink")
        except (ValueError, TypeError, KeyError, OverflowError, BadStrokes) as error:
            complaints.append(f"Drawing {number} was left out: {_reason(error)}.")
            continue
        if len(found) >= MAX_DRAWINGS:
            complaints.append(f"Only the first {MAX_DRAWINGS} drawings were taken.")
            break
        found[drawing.image.tobytes()] = drawing
    return list(found.values()), complaints


def _reason(error: Exception) -> str:
    text = str(error).rstrip(".")
    return "it lacks a label or its strokes" if isinstance(error, KeyError) else text[:200]


def _of_drawing(row: Drawing | BadStrokes) -> TaughtDrawing:
    if isinstance(row, BadStrokes):
        raise row
    return TaughtDrawing.of_strokes(_digit(row.label), row.strokes)


def _of_row(row: Any) -> TaughtDrawing:
    if not isinstance(row, dict):
        raise ValueError("it is no drawing")
    label = _digit(row["label"])
    if "strokes" in row:
        strokes = checked_strokes(row["strokes"])
        if not any(map(len, strokes)):
            raise ValueError("it holds no strokes")
        return TaughtDrawing.of_strokes(label, strokes)
    pixels = np.frombuffer(base64.b64decode(row["image"], validate=True), np.uint8)
    if pixels.size != 28 * 28:
        raise ValueError("its image has not 28 × 28 pixels")
    return TaughtDrawing(label, pixels.reshape(28, 28))


def _digit(label: object) -> int:
    text = str(label)
    if len(text) != 1 or text not in "0123456789":
        raise ValueError(f"its label {text[:20]!r} is no digit from 0 to 9")
    return int(text)


def _as_row(drawing: TaughtDrawing) -> dict[str, Any]:
    if drawing.strokes:
        kept = on_grid(drawing.strokes)
        return {"label": drawing.label, "strokes": [s.astype(int).tolist() for s in kept]}
    return {
        "label": drawing.label,
        "image": base64.b64encode(drawing.image.tobytes()).decode(),
    }

"""A drawing as a few letters, short enough for a page's address."""

import base64
import binascii
from collections.abc import Sequence

import numpy as np

from mnist_cnn.errors import BadStrokes
from mnist_cnn.records import Stroke

SIDE = 250
"""The longer side of a drawing in units; one of its 20 pixels has more than twelve."""

APART = 3
"""Units between two points that are kept."""

MAX_LETTERS = 6000


def packed(strokes: Sequence[Stroke]) -> str:
    """Strokes, (points, 2) in any unit, as letters that an address may hold: the longer the
    coarser, and none where even that were more than `MAX_LETTERS`."""
    points = np.concatenate([np.zeros((0, 2)), *strokes])
    if not len(points):
        return ""
    corner = points.min(axis=0)
    scale = SIDE / max(float(np.ptp(points, axis=0).max()), 1e-9)
    small = [np.rint((stroke - corner) * scale).astype(np.uint8) for stroke in strokes]
    apart, kept = APART, [stroke for stroke in small if len(stroke)]
    while apart < 2 * SIDE:
        kept = [_thinned(stroke, apart) for stroke in kept]
        if sum(2 + own.size for own in kept) <= MAX_LETTERS * 3 // 4:
            content = b"".join(len(own).to_bytes(2, "big") + own.tobytes() for own in kept)
            return base64.urlsafe_b64encode(content).decode().rstrip("=")
        apart *= 2
    return ""


def unpacked(letters: str) -> tuple[Stroke, ...]:
    """The strokes, (points, 2), that `packed` made letters of.

    Raises:
        BadStrokes: they are cut short, or no drawing.
    """
    wrong = BadStrokes("The drawing in this address cannot be read; please draw it again.")
    if len(letters) > MAX_LETTERS:
        raise wrong
    try:
        content = base64.b64decode(letters + "=" * (-len(letters) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong from error
    strokes, at = [], 0
    while at < len(content):
        size = 2 * int.from_bytes(content[at : at + 2], "big")
        points = content[at + 2 : at + 2 + size]
        if not points or len(points) != size:
            raise wrong
        strokes.append(np.frombuffer(points, np.uint8).reshape(-1, 2).astype(np.float64))
        at += 2 + size
    return tuple(strokes)


def _thinned(points: np.ndarray, apart: int) -> np.ndarray:
    """(points, 2) without those that lie close to the one kept before; the ends stay."""
    kept = [0]
    for index in range(1, len(points)):
        away = points[index].astype(int) - points[kept[-1]]
        if index == len(points) - 1 or float(np.hypot(*away)) >= apart:
            kept.append(index)
    return points[kept]

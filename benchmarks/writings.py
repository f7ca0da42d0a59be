"""Numbers and expressions to be read: composed of single digits, or as people wrote them whole."""

import gzip
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.records import Drawing, Stroke
from mnist_cnn.settings import data_folder

GAPS = {"wide": (0.3, 0.6), "narrow": (0.05, 0.3), "touching": (-0.06, 0.05)}
"""Between neighbours, in heights of the digits, from the middle of the pen's line."""

PEN = 0.1
"""Width of the pen in pictures, in heights of the digits; ink touches where a gap is less."""


@dataclass(frozen=True)
class Writing:
    """Strokes with what they say, and which strokes each symbol was meant to have."""

    strokes: tuple[Stroke, ...]
    text: str
    groups: tuple[tuple[str, frozenset[int]], ...]


def number(
    drawings: Sequence[Drawing], gap: str, random: np.random.Generator, pen: float = 0.0
) -> Writing:
    """Two to six digits of one writer in a row, on one line."""
    writers = sorted({drawing.writer or "" for drawing in drawings})
    writer = writers[int(random.integers(len(writers)))]
    own = [drawing for drawing in drawings if drawing.writer == writer]
    strokes: list[Stroke] = []
    groups, right = [], 0.0
    for index in random.integers(len(own), size=int(random.integers(2, 7))):
        drawing = own[int(index)]
        points = np.concatenate(drawing.strokes)
        height = max(float(np.ptp(points[:, 1])), 0.3 * float(np.ptp(points[:, 0])))
        scale = random.uniform(0.9, 1.1) / height
        corner = points.min(axis=0)
        down = random.normal(0, 0.05)
        members = range(len(strokes), len(strokes) + len(drawing.strokes))
        strokes += [100 * ((s - corner) * scale + [right, down]) for s in drawing.strokes]
        groups.append((drawing.label or "", frozenset(members)))
        right += float(np.ptp(points[:, 0])) * scale + pen + random.uniform(*GAPS[gap])
    return Writing(tuple(strokes), "".join(label for label, _ in groups), tuple(groups))


def expressions() -> Iterator[Writing]:
    path = data_folder() / "expressions.jsonl.gz"
    if not path.exists():
        return
    with gzip.open(path, "rt") as lines:
        for text in lines:
            row = json.loads(text)
            strokes = tuple(np.asarray(stroke, np.float64)[:, :2] for stroke in row["strokes"])
            groups = tuple((s["label"], frozenset(s["strokes"])) for s in row["symbols"])
            yield Writing(strokes, row["label"], groups)


def as_image(writing: Writing) -> np.ndarray:
    """The writing as a picture would have it: 10 px of pen at 100 px of height."""
    points = np.concatenate(writing.strokes)
    extent = float(np.ptp(points, axis=0).max())
    ink = rasterize(writing.strokes, 10 / extent)  # 160 px on the longer side
    return ink if extent < 200 else _larger(writing.strokes, extent)


def _larger(strokes: Sequence[Stroke], extent: float) -> np.ndarray:
    """`rasterize` at a pixel a unit, for writing wider than it makes pictures."""
    points = np.concatenate(strokes)
    corner = points.min(axis=0) - 10
    width, height = (np.ptp(points, axis=0) + 20).astype(int)
    image = Image.new("L", (int(width), int(height)))
    draw = ImageDraw.Draw(image)
    for stroke in strokes:
        path = [tuple(point) for point in (stroke - corner).tolist()]
        draw.line(path, fill=255, width=10, joint="curve")
        for x, y in path:
            draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=255)
    return np.asarray(image, np.float32) / 255

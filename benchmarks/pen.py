"""Digits of writers that no network learns from, as the ink of a pen in any size."""

import functools
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from mnist_cnn.data import unipen
from mnist_cnn.records import Drawing, FloatArray, Stroke

FINER = 4
"""Ink is drawn so many times larger and made smaller, so that its edge is smooth."""

MIN_STEPS = 25
"""A tablet's steps are at most the 25th part of a digit's longer side."""

ILLEGIBLE = frozenset(
    (
        *(54, 386, 540, 563, 589, 597, 598, 608, 617, 627),
        *(796, 889, 900, 911, 914, 937, 941, 1131, 1304, 1334),
        *(1441, 1671, 1678, 1700, 1710, 1727, 1728, 1752, 1845),
    )
)
"""Places of digits whose label no person would be sure of: strokes are lost, or it is wrong, or a
seven is written like a one. Found by looking at all of them."""

MIN_HOLE = 0.003
"""Smaller holes, as shares of the square that the ink stands in, are accidents of the pen."""

Maker = Callable[[Drawing, np.random.Generator], bytes]
"""Makes the file of a picture of a digit."""


Kind = TypeVar("Kind")


def named(makers: dict[str, Kind], name: str) -> Callable[[Kind], Kind]:
    """Keeps what it decorates under a name."""

    def add(maker: Kind) -> Kind:
        makers[name] = maker
        return maker

    return add


@functools.cache
def test_digits() -> dict[int, list[Drawing]]:
    """UNIPEN's digits by the writers of its test part, by digit, but for those that people
    cannot read and those of tablets so coarse that their steps would show."""
    found: dict[int, list[Drawing]] = {digit: [] for digit in range(10)}
    for number, drawing in enumerate(unipen.load_unipen("digits").test):
        if _is_fine(drawing) and number not in ILLEGIBLE:
            found[int(drawing.label or "")].append(drawing)
    return found


def _is_fine(drawing: Drawing) -> bool:
    points = np.concatenate(drawing.strokes)
    steps = np.abs(np.concatenate([np.diff(stroke, axis=0) for stroke in drawing.strokes]))
    small = np.percentile(steps[steps > 0], 5)
    return bool(np.ptp(points, axis=0).max() >= MIN_STEPS * small)


def ink(strokes: Sequence[Stroke], size: float, pen: float) -> FloatArray:
    """What a round pen leaves: float32 (height, width), 0 to 1, cut to the ink.

    Args:
        strokes: each (points, 2), in any unit.
        size: of the longer side, in pixels.
        pen: its width in pixels.
    """
    points = np.concatenate(strokes)
    corner = points.min(axis=0)
    extent = float((points.max(axis=0) - corner).max()) or 1.0
    scale = FINER * max(1.0, size - pen) / extent
    radius = FINER * pen / 2
    paths = [(smooth(stroke) - corner) * scale + radius for stroke in strokes if len(stroke)]
    sides = np.ceil((points.max(axis=0) - corner) * scale / FINER + pen).astype(int)
    image = Image.new("L", (int(sides[0]) * FINER, int(sides[1]) * FINER))
    draw = ImageDraw.Draw(image)
    for path in paths:
        if len(path) > 1:
            draw.line(path.ravel().tolist(), fill=255, width=max(1, round(2 * radius)))
        for x, y in path.tolist():
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(image.reduce(FINER), np.float32) / 255


def smooth(stroke: Stroke) -> Stroke:
    """A stroke (points, 2) whose corners are rounded a little, as a hand writes between the points
    of a slow tablet (Chaikin, 1974)."""
    reach = 0.03 * float(np.ptp(stroke, axis=0).max())
    for _ in range(2):
        if len(stroke) < 3:
            break
        steps = np.diff(stroke, axis=0)
        lengths = np.hypot(steps[:, 0], steps[:, 1])
        cuts = np.minimum(0.25, reach / np.maximum(lengths, 1e-9))[:, None] * steps
        pairs = np.stack([stroke[:-1] + cuts, stroke[1:] - cuts], axis=1).reshape(-1, 2)
        stroke = np.concatenate([stroke[:1], pairs, stroke[-1:]])
    return stroke


def legible_pen(strokes: Sequence[Stroke], widest: float, narrowest: float = 0.06) -> float:
    """The broadest pen up to `widest` that leaves open what is open, such as the loops of an
    eight: widths are shares of the longer side."""
    open_holes = num_holes(ink(strokes, 100, 100 * narrowest))
    for pen in np.arange(widest, narrowest, -0.01):
        if num_holes(ink(strokes, 100, 100 * float(pen))) >= open_holes:
            return float(pen)
    return narrowest


def num_holes(mask: FloatArray) -> int:
    """How many patches of paper the ink of (height, width) encloses."""
    patches, _ = ndimage.label(np.pad(mask, 1) < 0.5)
    sizes = np.bincount(patches.ravel())[2:]  # the first patch is what surrounds it
    return int((sizes > MIN_HOLE * max(mask.shape) ** 2).sum())


def write(
    paper: FloatArray,
    mask: FloatArray,
    colour: Sequence[float],
    centre: tuple[float, float],
) -> None:
    """Puts ink onto paper, in place.

    Args:
        paper: float32 (height, width, channels), 0 to 1.
        mask: (height, width) of the ink, 0 to 1.
        colour: of each channel, 0 to 1.
        centre: where the middle of the ink comes, y and x in pixels. It is moved where the ink
            would leave the paper.
    """
    tops = [
        int(np.clip(round(middle - length / 2), 0, max(0, whole - length)))
        for middle, length, whole in zip(centre, mask.shape, paper.shape, strict=False)
    ]
    place = paper[tops[0] : tops[0] + mask.shape[0], tops[1] : tops[1] + mask.shape[1]]
    cover = mask[: place.shape[0], : place.shape[1], None]
    place += cover * (np.asarray(colour, np.float32) - place)


def inked(
    paper: FloatArray,
    mask: FloatArray,
    random: np.random.Generator,
    colour: Sequence[float],
    away: float = 0.08,
) -> None:
    """Puts ink near the middle of the paper, in place; `away` is how far from it at most, as a
    share of the paper's sides."""
    row, column = (random.uniform(0.5 - away, 0.5 + away) * side for side in paper.shape[:2])
    write(paper, mask, colour, (row, column))

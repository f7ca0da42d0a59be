"""A drawing again with another pen and a slightly other hand."""

import math
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.records import Drawing, Stroke

T = TypeVar("T")

Random = np.random.Generator

Strokes = tuple[Stroke, ...]

THINNEST, THICKEST = 0.02, 0.30
"""Pen widths from hairline to marker, as shares of the drawing's longer side."""


def one_of(some: Sequence[T], random: Random) -> T:
    """Any of them, each equally likely."""
    return some[int(random.integers(len(some)))]


def rewritten(
    drawings: Sequence[Drawing], count: int, random: Random, thickest: float = THICKEST
) -> NDArray[np.uint8]:
    """uint8 (count, 28, 28): drawings in turn, each with another pen and a slightly other hand."""
    return collect(
        count,
        lambda index: frame(
            vary_hand(drawings[index % len(drawings)].strokes, random), random, thickest
        ),
    )


def collect(count: int, draw: Callable[[int], NDArray[np.float32]]) -> NDArray[np.uint8]:
    """Images drawn one by one: uint8 (count, 28, 28), of what `draw` gives as (28, 28) in [0,
    1]."""
    images = np.zeros((count, 28, 28), np.uint8)
    for index in range(count):
        images[index] = np.round(draw(index) * 255)
    return images


def frame(strokes: Strokes, random: Random, thickest: float = THICKEST) -> NDArray[np.float32]:
    """Strokes, each (points, 2), with a pen of random width: float32 (28, 28) in [0, 1]."""
    return normalize_strokes(strokes, random_pen_width(random, thickest))


def random_pen_width(random: Random, thickest: float = THICKEST) -> float:
    """Fine pens more often than broad ones, but not by much."""
    return float(THINNEST + (thickest - THINNEST) * random.random() ** 1.5)


def vary_hand(strokes: Strokes, random: Random, turned: float = 1.0) -> Strokes:
    """A smooth warp, slant, turn and stretch of the whole; strokes slipped and trimmed a bit.

    Strokes are (points, 2), in any unit; they come back about 1 wide or high. `turned` multiplies
    turn and slant.
    """
    points = np.concatenate(strokes)
    corner, size = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-9)
    angle, slant = turned * random.normal(0, [math.radians(7), 0.15])
    stretch = math.exp(random.normal(0, 0.12))
    matrix = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    matrix = matrix @ np.array([[stretch, 0], [slant, 1 / stretch]])
    waves = random.normal(0, random.uniform(0.01, 0.05), (2, 4))
    phases = random.uniform(0, 2 * math.pi, (2, 4))

    def moved(stroke: Stroke) -> Stroke:
        unit = (_trimmed(stroke, random) - corner) / size
        angles = unit[:, [0, 1, 0, 1]] * [2.5, 2.5, 5, 5]
        warp = np.stack([np.sin(angles + p) @ w for w, p in zip(waves, phases, strict=True)], 1)
        return np.asarray((unit + warp) @ matrix + random.normal(0, 0.02, 2))

    return tuple(moved(stroke) for stroke in strokes)


def _trimmed(stroke: Stroke, random: Random) -> Stroke:
    """Sometimes without its first or last moments, as of a pen that touched late or left early."""
    late, early = (random.random(2) < 0.25) * random.uniform(0, 0.1, 2) * len(stroke)
    kept = stroke[int(late) : len(stroke) - int(early)]
    return kept if len(kept) > 1 else stroke

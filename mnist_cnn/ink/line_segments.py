"""Straight pieces of lines in a picture."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]

STEEPEST = 0.15
"""How many pixels a line rises or falls at most in one."""

BOX = np.ones((3, 3), bool)


@dataclass(frozen=True, eq=False)
class Segment:
    """A straight piece of a line that runs from left to right: where it begins and ends, its
    pixels (height, width) at `place`, and how thick it is, all in pixels."""

    start: tuple[int, float]
    end: tuple[int, float]
    place: tuple[slice, slice]
    pixels: Mask
    thickness: float


def thickest(thickness: float) -> float:
    """How thick a line may get that is so thick in the middle."""
    return 1.6 * thickness + 1


def column_runs(mask: Mask) -> NDArray[np.int32]:
    """(height, width): how many pixels of the mask stand in the column's run through each."""
    height, width = mask.shape
    edges = np.diff(np.pad(mask.T, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    columns, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    steps = np.zeros((width, height + 1), np.int32)
    steps[columns, starts] += (ends - starts).astype(np.int32)
    steps[columns, ends] -= (ends - starts).astype(np.int32)
    return np.asarray(steps.cumsum(axis=1)[:, :-1].T, np.int32)


def find_segments(mask: Mask, runs: NDArray[np.int32], shortest: int) -> list[Segment]:
    """The straight pieces of a mask (height, width) that run from left to right, at least so long
    in pixels, from left to right; `runs` are its column runs."""
    reached = ndimage.maximum_filter(mask, (3, 1))  # a slight slope is a flight of steps
    lengths = column_runs(reached.T).T
    level = mask & (lengths >= shortest)
    pieces, _ = ndimage.label(ndimage.maximum_filter(level, 3), BOX)
    found = []
    for number, place in enumerate(ndimage.find_objects(pieces), 1):
        pixels = (pieces[place] == number) & level[place]
        if segment := _segment(place, pixels, runs[place], shortest):
            found.append(segment)
    return sorted(found, key=lambda segment: segment.start)


def _segment(
    place: tuple[slice, slice], pixels: Mask, runs: NDArray[np.int32], shortest: int
) -> Segment | None:
    """A piece that is thin and straight, without what crosses or touches it; `pixels` and `runs`
    are (height, width)."""
    columns = np.where(pixels, runs, 0).max(axis=0)
    thickness = float(np.median(columns[columns > 0]))
    pixels = pixels & (runs <= thickest(thickness))
    y, x = np.nonzero(pixels)
    length = np.ptp(x) + 1
    if length < shortest or thickness > 0.25 * length:
        return None
    slope, height = np.polyfit(x, y, 1)
    if abs(slope) > STEEPEST:
        return None
    strays = np.abs(slope * x + height - y)
    if np.quantile(strays, 0.9) > 0.5 * thickness + 1.5 + 0.004 * length:
        return None
    top, left = place[0].start, place[1].start
    first, last = int(x.min()), int(x.max())
    return Segment(
        (left + first, float(top + height + slope * first)),
        (left + last + 1, float(top + height + slope * last)),
        place,
        pixels,
        thickness,
    )

"""Long straight lines in a picture: of ruled and squared paper, boxes, combs and frames."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Mask = NDArray[np.bool_]

SHORTEST = 1 / 16
"""The shortest piece of a line, as a share of the picture's shorter side."""

LONG, LONG_FROM_RIM = 0.6, 0.3
"""A line is at least so long, as a share of the picture; where it comes from the rim, so long."""

STEEPEST = 0.15
"""How many pixels a line rises or falls at most in one."""

FINE = 0.025
"""A printed line is at most so thick, as a share of its length, where it stands alone."""

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


class _Direction:
    """What runs from left to right in a mask."""

    def __init__(self, mask: Mask) -> None:
        self.mask = mask
        self.runs = _column_runs(mask)
        shortest = max(12, round(SHORTEST * min(mask.shape)))
        self.segments = _segments(mask, self.runs, shortest)
        self.chains = _chains(self.segments, mask.shape[1])
        self.lines: list[Segment] = []

    def choose(self, crossed: bool) -> None:
        """Takes for lines what comes from the rim, is thinner than a pen's stroke so long, or runs
        beside another, as the sides of a box do where lines also cross them."""
        self.lines = [
            segment
            for chain in self.chains
            if _from_rim(chain, self.mask.shape[1])
            or _is_fine(chain)
            or (crossed and _has_peers(chain, self.chains))
            for segment in chain
        ]

    def pixels(self) -> Mask:
        """Those of the lines, but for where ink crosses them: there the column's run is longer."""
        found = np.zeros_like(self.mask)
        for line in self.lines:
            run = self.runs[line.place]
            found[line.place] |= line.pixels & (run <= _thickest(line.thickness))
        return found


def rulings(mask: Mask) -> tuple[Mask, float]:
    """The pixels of long straight lines, level or upright within a few degrees: of those that
    come from the rim or cross most of the picture, and of what connects them. Ink that crosses a
    line is left out, and so is a lonely upright stroke, which may be a 1. And how thick they are.

    Args:
        mask: (height, width), True where something is drawn.
    """
    level, upright = _Direction(mask), _Direction(mask.T)
    level.choose(crossed=bool(upright.chains))
    upright.choose(crossed=bool(level.chains))
    found = level.pixels() | upright.pixels().T
    for _ in range(2 if found.any() else 0):  # first the sides of boxes, then what these connect
        near = ndimage.maximum_filter(found, 7)
        thickness = np.median([line.thickness for line in level.lines + upright.lines])
        _add_connecting(level, near, _thickest(thickness))
        _add_connecting(upright, near.T, _thickest(thickness))
        found = level.pixels() | upright.pixels().T
    lines = level.lines + upright.lines
    return found, float(np.median([line.thickness for line in lines])) if lines else 0.0


def _thickest(thickness: float) -> float:
    """How thick a line may get that is so thick in the middle."""
    return 1.6 * thickness + 1


def _column_runs(mask: Mask) -> NDArray[np.int32]:
    """(height, width): how many pixels of the mask stand in the column's run through each."""
    height, width = mask.shape
    edges = np.diff(np.pad(mask.T, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    columns, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    steps = np.zeros((width, height + 1), np.int32)
    steps[columns, starts] += (ends - starts).astype(np.int32)
    steps[columns, ends] -= (ends - starts).astype(np.int32)
    return np.asarray(steps.cumsum(axis=1)[:, :-1].T, np.int32)


def _segments(mask: Mask, runs: NDArray[np.int32], shortest: int) -> list[Segment]:
    """The straight pieces that run from left to right, from left to right."""
    reached = ndimage.maximum_filter(mask, (3, 1))  # a slight slope is a flight of steps
    lengths = _column_runs(reached.T).T
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
    pixels = pixels & (runs <= _thickest(thickness))
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


def _chains(segments: list[Segment], width: int) -> list[list[Segment]]:
    """Segments that continue each other, where they make a long line."""
    left, chains = list(segments), []
    while left:
        chain = [left.pop(0)]
        for segment in list(left):
            if _continues(chain, segment):
                chain.append(segment)
                left.remove(segment)
        span = chain[-1].end[0] - chain[0].start[0]
        covered = sum(segment.end[0] - segment.start[0] for segment in chain)
        share = LONG_FROM_RIM if _from_rim(chain, width) else LONG
        if span >= share * width and covered >= 0.5 * span:
            chains.append(chain)
    return chains


def _continues(chain: list[Segment], segment: Segment) -> bool:
    (x, y), last = chain[0].start, chain[-1]
    slope = (last.end[1] - y) / max(1, last.end[0] - x)
    gap = segment.start[0] - last.end[0]
    expected = last.end[1] + gap * (slope if abs(slope) < STEEPEST else 0)
    thin, thick = sorted((last.thickness, segment.thickness))
    near = abs(segment.start[1] - expected) <= 2 + 0.5 * thick + 0.02 * max(0, gap)
    return gap > -3 and near and thick <= _thickest(thin)


def _from_rim(chain: list[Segment], width: int) -> bool:
    return chain[0].start[0] <= 2 or chain[-1].end[0] >= width - 2


def _is_fine(chain: list[Segment]) -> bool:
    length = chain[-1].end[0] - chain[0].start[0]
    return max(segment.thickness for segment in chain) <= FINE * length


def _has_peers(chain: list[Segment], chains: list[list[Segment]]) -> bool:
    """Whether another line, hardly thinner, runs beside it."""
    left, right = chain[0].start[0], chain[-1].end[0]
    return any(
        min(right, other[-1].end[0]) - max(left, other[0].start[0]) > 0.8 * (right - left)
        and chain[0].thickness <= _thickest(other[0].thickness)
        for other in chains
        if other is not chain
    )


def _add_connecting(direction: _Direction, near: Mask, thickest: float) -> None:
    """Segments as thin as lines, with both ends at one, are lines too, as the sides of a box."""
    height, width = near.shape

    def at_line(x: int, y: float) -> bool:
        return bool(near[min(max(0, round(y)), height - 1), min(max(0, x), width - 1)])

    for segment in direction.segments:
        if (
            segment not in direction.lines
            and segment.thickness <= thickest
            and at_line(segment.start[0] - 3, segment.start[1])
            and at_line(segment.end[0] + 2, segment.end[1])
        ):
            direction.lines.append(segment)

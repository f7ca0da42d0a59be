"""Long straight lines in a picture: of ruled and squared paper, boxes, combs and frames."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnist_cnn.ink.line_segments import (
    BOX,
    STEEPEST,
    Mask,
    Segment,
    column_runs,
    find_segments,
    thickest,
)

SHORTEST = 1 / 16
"""The shortest piece of a line, as a share of the picture's shorter side."""

LONG, LONG_FROM_RIM = 0.6, 0.3
"""A line is at least so long, as a share of the picture; where it comes from the rim, so long."""

GAP = 12
"""Pixels that a line may be broken by."""

SIDE, HOLLOW = 0.75, 0.5
"""How much of each side of its box a frame covers at least, and of all of it at most."""

TEETH, ALIKE = 4, 3
"""A comb has so many teeth at least, whose ends differ by so many pixels at most."""

FINE = 0.025
"""A printed line is at most so thick, as a share of its length, where it stands alone."""


class _Direction:
    """What runs from left to right in a mask."""

    def __init__(self, mask: Mask) -> None:
        self.mask = mask
        self.runs = column_runs(mask)
        shortest = max(12, round(SHORTEST * min(mask.shape)))
        self.segments = find_segments(mask, self.runs, shortest)
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
            found[line.place] |= line.pixels & (run <= thickest(line.thickness))
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
    found = level.pixels() | upright.pixels().T | _frames(mask, level.runs, upright.runs.T)
    for _ in range(2 if found.any() else 0):  # first the sides of boxes, then what these connect
        near = ndimage.maximum_filter(found, 7)
        thickness = [line.thickness for line in level.lines + upright.lines]
        most = thickest(float(np.median(thickness))) if thickness else 0.0
        _add_connecting(level, near, most)
        _add_connecting(upright, near.T, most)
        _add_teeth(upright, near.T, most)
        found |= level.pixels() | upright.pixels().T
    lines = level.lines + upright.lines
    return found, float(np.median([line.thickness for line in lines])) if lines else 0.0


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
    return -3 < gap <= GAP + 3 * thick and near and thick <= thickest(thin)


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
        and chain[0].thickness <= thickest(other[0].thickness)
        for other in chains
        if other is not chain
    )


def _frames(mask: Mask, runs: NDArray[np.int32], runs_across: NDArray[np.int32]) -> Mask:
    """The sides of frames, closed on all four, whatever else touches them: `runs` and
    `runs_across` are the lengths of columns and rows of ink, (height, width)."""
    found = np.zeros_like(mask)
    pieces, _ = ndimage.label(mask, BOX)
    for number, place in enumerate(ndimage.find_objects(pieces), 1):
        rows, columns = place
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if min(height, width) < 12:
            continue
        piece = pieces[place] == number
        band = 3 + round(0.06 * min(height, width))
        ends = slice(0, band), slice(-band, None)
        sides = [piece[end].any(axis=0).mean() for end in ends]
        sides += [piece[:, end].any(axis=1).mean() for end in ends]
        if min(sides) < SIDE or piece.mean() > HOLLOW:
            continue
        inner, across = runs[place], runs_across[place]
        for end in ends:
            found[place][end] |= _side(piece[end], inner[end])
            found[place][:, end] |= _side(piece[:, end].T, across[:, end].T).T
    return found


def _side(ink: Mask, runs: NDArray[np.int32]) -> Mask:
    """Of a frame's side (height, width), what is no thicker than where it is best covered."""
    row = ink.sum(axis=1).argmax()
    return np.asarray(ink & (runs <= thickest(float(np.median(runs[row][ink[row]])))))


def _add_connecting(direction: _Direction, near: Mask, most: float) -> None:
    """Segments as thin as lines, with both ends at one, are lines too, as the sides of a box."""
    height, width = near.shape

    def at_line(x: int, y: float) -> bool:
        return bool(near[_inside(y, height), _inside(x, width)])

    for segment in direction.segments:
        if (
            segment not in direction.lines
            and segment.thickness <= most
            and at_line(segment.start[0] - 3, segment.start[1])
            and at_line(segment.end[0] + 2, segment.end[1])
        ):
            direction.lines.append(segment)


def _add_teeth(direction: _Direction, near: Mask, most: float) -> None:
    """Those of a comb: thin, alike, and several, with one end at a line."""
    teeth = [
        segment
        for segment in direction.segments
        if segment not in direction.lines
        and segment.thickness <= most
        and near[_inside(segment.end[1], near.shape[0]), _inside(segment.end[0] + 2, near.shape[1])]
    ]
    for tooth in teeth:
        alike = [
            other
            for other in teeth
            if max(abs(other.start[0] - tooth.start[0]), abs(other.end[0] - tooth.end[0])) <= ALIKE
        ]
        if len(alike) >= TEETH:
            direction.lines.append(tooth)


def _inside(place: float, length: int) -> int:
    return min(max(0, round(place)), length - 1)

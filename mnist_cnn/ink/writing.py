"""Where in a picture something is written, whatever else lies around it."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mnist_cnn.ink.contrast import Contrast, local_contrast
from mnist_cnn.ink.extract import strongest
from mnist_cnn.ink.rulings import rulings
from mnist_cnn.ink.written import Box, Writing
from mnist_cnn.records import FloatArray

Mask = NDArray[np.bool_]

SMALLEST = 0.02
"""Writing is at least so large, as a share of the picture's shorter side."""

LIGHTEST = 1 / 60
"""A piece has at least so much ink, as a share of the heaviest."""

NEAR = 0.12
"""Pieces belong together whose gap is at most this share of the larger one's size."""

SOLID = 0.66
"""What fills more of its box is a blot, unless it is as slim as a 1."""

MOST_PIECES, MOST_GROUPS = 300, 6

NEIGHBOURS = np.ones((3, 3), bool)


def find_writings(grey: FloatArray) -> list[Writing]:
    """Whatever may be a digit in a picture: a few groups of strokes in either polarity.

    The paper is known by what lies around each stroke, so that a desk around a note, bars, frames
    and shadows are none of its business. What touches the rim, long straight lines, blots, and what
    ink of the other polarity encloses (the hole of a 0) are left out.

    Args:
        grey: float32 (height, width), 0 for black to 1 for white.
    """
    sides = [local_contrast(grey, dark) for dark in (True, False)]
    found = []
    for one, other in (sides, sides[::-1]):
        if one:
            found += _of_polarity(one, other.mask if other else None)
    return found


def _of_polarity(contrast: Contrast, opposite: Mask | None) -> list[Writing]:
    """What stands in one polarity; on lined paper also without all that is as thin as its lines."""
    lines, thickness = rulings(contrast.mask)
    masks = [contrast.mask & ~lines]
    if thickness:
        masks.append(_thicker(masks[0], thickness))
    found = []
    for mask in masks:
        pieces, groups = _grouped(contrast, mask, opposite)
        for box, group in groups:
            ink, breadth = _ink(contrast, pieces, group, box), _breadth(pieces, group, box)
            found.append(Writing(ink, box, contrast.dark, breadth))
    return found


def _ink(contrast: Contrast, pieces: NDArray[np.int32], group: list[int], box: Box) -> FloatArray:
    """Of some pieces, with the soft rim around them."""
    left, top, right, bottom = box
    part = np.s_[max(0, top - 4) : bottom + 4, max(0, left - 4) : right + 4]
    kept = ndimage.binary_dilation(np.isin(pieces[part], group), NEIGHBOURS, 2)
    difference = np.where(kept, contrast.difference[part], 0)
    darkest = strongest(difference)
    floor = min(2.5 * contrast.noise, 0.4 * darkest)
    return np.clip((difference - floor) / max(darkest - floor, 1e-6), 0, 1, dtype=np.float32)


def pieces_inside(
    contrast: Contrast, mask: Mask, most: int = MOST_PIECES
) -> tuple[NDArray[np.int32], NDArray[np.intp]]:
    """The connected pieces of a mask (height, width), numbered from 1, zero elsewhere; and the
    numbers of those that are no specks and do not touch the rim, (n,), at most so many."""
    pieces, _ = ndimage.label(mask, NEIGHBOURS)
    boxes = _boxes(pieces)
    sizes = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    weights = np.bincount(pieces.ravel(), np.clip(contrast.difference, 0, None).ravel())[1:]
    height, width = mask.shape
    inside = (boxes[:, :2] > 0).all(axis=1) & (boxes[:, 2] < width) & (boxes[:, 3] < height)
    some = np.flatnonzero(inside & (sizes >= 3))
    some = some[np.argsort(-weights[some])[:most]]
    return pieces, some[weights[some] > LIGHTEST * weights[some].max(initial=0.0)] + 1


def _boxes(pieces: NDArray[np.int32]) -> NDArray[np.intp]:
    """(pieces, 4): left, top, right, bottom."""
    places = ndimage.find_objects(pieces)
    edges = [(x.start, y.start, x.stop, y.stop) for y, x in places]
    return np.array(edges, np.intp).reshape(-1, 4)


def _grouped(
    contrast: Contrast, mask: Mask, opposite: Mask | None
) -> tuple[NDArray[np.int32], list[tuple[Box, list[int]]]]:
    """The numbered pieces of a mask, (height, width), and those that belong together."""
    pieces, inside = pieces_inside(contrast, mask)
    boxes, places = _boxes(pieces), ndimage.find_objects(pieces)
    kept = np.array(
        [n for n in inside if not _is_none(pieces, int(n), places[n - 1], opposite)], np.intp
    )
    smallest = max(8, SMALLEST * min(mask.shape))
    groups = []
    for group in _neighbours(pieces, kept, boxes[kept - 1]):
        numbers = kept[group]
        some = boxes[numbers - 1]
        edges = (*some[:, :2].min(axis=0), *some[:, 2:].max(axis=0))
        left, top, right, bottom = (int(edge) for edge in edges)
        if max(right - left, bottom - top) >= smallest:
            groups.append(((left, top, right, bottom), numbers.tolist()))
    groups.sort(key=lambda found: -max(found[0][2] - found[0][0], found[0][3] - found[0][1]))
    return pieces, groups[:MOST_GROUPS]


def _is_none(
    pieces: NDArray[np.int32], number: int, place: tuple[slice, slice], opposite: Mask | None
) -> bool:
    """Whether a piece is a blot, or what ink of the other polarity encloses."""
    rows, columns = place
    height, width = rows.stop - rows.start, columns.stop - columns.start
    around = np.s_[
        max(0, rows.start - 4) : rows.stop + 4, max(0, columns.start - 4) : columns.stop + 4
    ]
    piece = pieces[around] == number
    if piece.sum() > SOLID * height * width and width > 0.5 * height:
        return True
    if opposite is None:
        return False
    whole = ndimage.binary_fill_holes(piece)
    ring = ndimage.binary_dilation(whole, NEIGHBOURS, 3) & ~ndimage.binary_dilation(
        whole, NEIGHBOURS
    )
    return bool(ring.any() and opposite[around][ring].mean() > 0.85)


def _neighbours(
    pieces: NDArray[np.int32], numbers: NDArray[np.intp], boxes: NDArray[np.intp]
) -> list[NDArray[np.intp]]:
    """Which pieces nearly touch, directly or by way of others, by their boxes (n, 4); a piece
    within another's box only where their ink does."""
    if not len(boxes):
        return []
    sizes = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    starts = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    ends = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    near = (starts - ends).max(axis=2) <= NEAR * np.maximum(sizes[:, None], sizes[None, :])
    within = (starts == boxes[None, :, :2]).all(axis=2) & (ends == boxes[None, :, 2:]).all(axis=2)
    within &= sizes[:, None] > sizes[None, :]
    for outer, inner in np.argwhere(within):
        gap = _gap(pieces, numbers[outer], numbers[inner], boxes[inner])
        near[outer, inner] = near[inner, outer] = gap <= NEAR * sizes[inner]
    reached = near | np.eye(len(near), dtype=bool)
    while (further := np.linalg.matrix_power(reached.astype(float), 2) > 0).sum() > reached.sum():
        reached = further
    return [np.flatnonzero(row) for row in np.unique(reached, axis=0)]


def _gap(pieces: NDArray[np.int32], outer: int, inner: int, box: NDArray[np.intp]) -> float:
    """How many pixels lie between a piece and another in whose box it is."""
    left, top, right, bottom = box
    margin = max(right - left, bottom - top)
    part = pieces[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin]
    if not (part == outer).any():
        return float(margin)
    return float(ndimage.distance_transform_edt(part != outer)[part == inner].min())


def _thicker(mask: Mask, thickness: float) -> Mask:
    """The parts of a mask that are thicker than lines are: on squared paper, what a pen wrote."""
    side = round(thickness) + 2
    core = ndimage.maximum_filter(ndimage.minimum_filter(mask, side), side + 2)
    return np.asarray(core & mask)


def _breadth(pieces: NDArray[np.int32], group: list[int], box: Box) -> float:
    """How broad the strokes of some pieces are, in pixels, where they are broadest."""
    left, top, right, bottom = box
    inside = np.pad(np.isin(pieces[top:bottom, left:right], group), 1)
    return 2 * float(ndimage.distance_transform_edt(inside).max())

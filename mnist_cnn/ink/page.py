"""All that is written on a page, without its lines, its frame and what lies around it."""

from pathlib import Path

import numpy as np
from scipy import ndimage

from mnist_cnn.ink.contrast import Contrast, local_contrast
from mnist_cnn.ink.decode import decode_image
from mnist_cnn.ink.extract import extract_ink, strongest
from mnist_cnn.ink.normalize import FAINTEST_LARGE
from mnist_cnn.ink.picture import LOOKED_INTO, Picture
from mnist_cnn.ink.rulings import rulings
from mnist_cnn.ink.writing import pieces_inside
from mnist_cnn.records import FloatArray

MOST_PIECES = 4_000


def read_image(source: bytes | Path) -> FloatArray:
    """What is written in an image file: ink, float32 (height, width) in [0, 1], white on black.

    Polarity, uneven paper, noise, ruled lines and frames are taken care of. A blank image gives
    zeros.

    Raises:
        BadImage: it cannot be decoded.
    """
    return page_ink(decode_image(source))


def page_ink(grey: FloatArray, ink: FloatArray | None = None) -> FloatArray:
    """The same of a grey picture: float32 (height, width), 0 for black to 1 for white; its ink,
    where that is known already, is given back where there is nothing else in the picture."""
    ink = extract_ink(grey) if ink is None else ink
    if min(grey.shape) < LOOKED_INTO:
        return ink
    seen = Picture.of(grey, ink)
    if seen.is_plain and not rulings(ink > FAINTEST_LARGE)[0].any():
        return ink
    dark = seen.dark != seen.is_surface  # what looks like a surface is the paper itself
    contrast = local_contrast(grey, dark)
    written = _writing(contrast) if contrast else ink
    return written if written.any() else ink


def _writing(contrast: Contrast) -> FloatArray:
    """The ink that is no line, does not touch the rim, and is no remainder of a line."""
    lines, thickness = rulings(contrast.mask)
    pieces, kept = pieces_inside(contrast, contrast.mask & ~lines, MOST_PIECES)
    at_line = np.unique(pieces[ndimage.maximum_filter(lines, 5)])
    places = ndimage.find_objects(pieces)
    remainder = 3 * thickness + 2
    is_kept = np.zeros(len(places) + 1, bool)
    is_kept[kept] = True
    for number in at_line[at_line > 0]:
        rows, columns = places[number - 1]
        if max(rows.stop - rows.start, columns.stop - columns.start) <= remainder:
            is_kept[number] = False
    near = ndimage.maximum_filter(is_kept[pieces], 3) & ~(lines & ~is_kept[pieces])
    difference = np.where(near, contrast.difference, 0)
    darkest = strongest(difference)
    floor = min(2.5 * contrast.noise, 0.4 * darkest)
    return np.clip((difference - floor) / max(darkest - floor, 1e-6), 0, 1, dtype=np.float32)

"""A picture as it is first seen: all of its ink as one drawing."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_cnn.ink.extract import extract_ink
from mnist_cnn.ink.normalize import FAINTEST_LARGE, normalize, to_uint8
from mnist_cnn.ink.symbol_count import count_symbols
from mnist_cnn.ink.written import Box, Writing, is_flat, two_levels
from mnist_cnn.records import FloatArray, Part

SIDE = 640
"""A closer look is taken at so many pixels a side at most."""

LOOKED_INTO = 40
"""Smaller pictures, in pixels on their shorter side, have room for one digit and nothing else."""

FULL = 0.6
"""What fills more of its box is a surface, unless it is as slim as a 1."""


@dataclass(frozen=True)
class Picture:
    """The normalized image (28, 28) of all ink in a picture, and how many symbols stand in it side
    by side; `grey`, (height, width), for a closer look, and the ink's box in it; whether the ink
    is dark, lies at the rim, or is a surface, not strokes."""

    image: FloatArray
    symbols: int
    grey: FloatArray | NDArray[np.uint8]
    box: Box
    dark: bool
    at_rim: bool
    is_surface: bool

    @classmethod
    def of(cls, grey: FloatArray, ink: FloatArray | None = None) -> "Picture":
        """Of a grey picture: float32 (height, width), 0 for black to 1 for white, and of its ink
        (height, width), where that is known already."""
        ink = extract_ink(grey) if ink is None else ink
        box = _ink_box(ink)
        return cls(
            normalize(ink),
            count_symbols(ink),
            grey,
            box,
            _is_dark(grey, ink),
            max(ink[0].max(), ink[-1].max(), ink[:, 0].max(), ink[:, -1].max()) > FAINTEST_LARGE,
            _is_surface(ink, box),
        )

    def compact(self) -> "Picture":
        """The same in little memory: grey as uint8, of at most `SIDE` pixels a side."""
        if self.grey.dtype == np.uint8:
            return self
        small = to_uint8(_reduced(self.grey))
        scale = small.shape[1] / self.grey.shape[1]
        left, top, right, bottom = (round(scale * edge) for edge in self.box)
        return replace(self, grey=small, box=(left, top, right, bottom))

    @property
    def is_plain(self) -> bool:
        """Whether it is a drawing with nothing around it."""
        return not self.at_rim and not self.is_surface

    def writings(self) -> list[Writing]:
        """Whatever in it may be the digit: all ink together first, unless that is a surface or
        several symbols; alone where there is nothing else. Of a compact picture."""
        from mnist_cnn.ink.writing import find_writings  # SciPy, which strokes need none of

        grey = self.grey.astype(np.float32) / 255
        drawn = self.image.any() and self.symbols == 1
        bare = self.is_plain or (not self.is_surface and is_flat(grey))
        whole = [Writing(self.image, self.box, self.dark, is_plain=bare)] if drawn else []
        found = find_writings(grey) if min(grey.shape) >= LOOKED_INTO else []
        alike = [one for one in found if one.dark == self.dark]
        if self.is_plain and all(_same(self.box, one.box) for one in alike):
            return whole
        if self.is_surface and found:
            whole = []
        return [*whole, *found, *two_levels(grey)]

    def part_of(self, box: Box) -> Part:
        """A box in shares of the picture's sides."""
        height, width = self.grey.shape
        left, top, right, bottom = box
        return left / width, top / height, right / width, bottom / height


def _ink_box(ink: FloatArray) -> Box:
    """Of the ink (height, width) in pixels; zeros where there is none."""
    by_row, by_column = ink.max(axis=1), ink.max(axis=0)
    faintest = FAINTEST_LARGE * by_row.max()
    rows, columns = np.flatnonzero(by_row > faintest), np.flatnonzero(by_column > faintest)
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def _same(box: Box, other: Box) -> bool:
    """Whether two boxes differ by little of their size."""
    size = max(box[2] - box[0], box[3] - box[1])
    return all(abs(one - two) <= 0.05 * size + 2 for one, two in zip(box, other, strict=True))


def _is_dark(grey: FloatArray, ink: FloatArray) -> bool:
    """Whether the strongest ink (height, width) is darker than the picture."""
    at, step = ink.argmax(), max(1, min(ink.shape) // 32)
    return bool(ink.flat[at] > 0 and grey.flat[at] < grey[::step, ::step].mean())


def _is_surface(ink: FloatArray, box: Box) -> bool:
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    filled = np.count_nonzero(ink[top:bottom, left:right] > FAINTEST_LARGE)
    return bool(filled > FULL * width * height and width > 0.5 * height)


def _reduced(grey: NDArray[Any]) -> FloatArray:
    if max(grey.shape) <= SIDE:
        return grey
    picture = Image.fromarray(grey)
    picture.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=None)
    return np.asarray(picture)

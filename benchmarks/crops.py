"""Digits cut out to the ink, as data sets and people's programs hand them on."""

import io

import numpy as np
from PIL import Image
from scipy import ndimage

from benchmarks import papers, pen
from benchmarks.pen import Maker, named
from mnist_cnn.records import Drawing, FloatArray

TIGHT: dict[str, Maker] = {}
"""Crops of pictures, by what they show."""

CUT: dict[str, Maker] = {}
"""Small images without a margin, by their form."""

MOST_STRETCHED = 2.2
"""Beyond so much a one would fill its box."""


def _in_polarity(cover: FloatArray, random: np.random.Generator, bit: bool = False) -> bytes:
    """A grey PNG of the ink, dark on light or light on dark, in one bit a pixel at times."""
    grey = cover if random.random() < 0.5 else 1 - cover
    image = Image.fromarray(papers.to_bytes(grey))
    file = io.BytesIO()
    (image.convert("1") if bit and random.random() < 0.3 else image).save(file, "PNG")
    return file.getvalue()


def _large(drawing: Drawing, random: np.random.Generator, widest: float = 0.18) -> FloatArray:
    """The ink of a thin to broad pen, 256 px on its longer side."""
    wanted = random.uniform(0.06, widest)
    return pen.ink(drawing.strokes, 256, 256 * pen.legible_pen(drawing.strokes, wanted))


def _shrunk(ink: FloatArray, height: int, width: int) -> FloatArray:
    """The mean ink in each of (height, width) pixels."""
    image = Image.fromarray(papers.to_bytes(ink))
    small = image.resize((width, height), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / 255


def _centred(ink: FloatArray, side: int) -> FloatArray:
    """(side, side): the ink with its proportions, from rim to rim of its longer side."""
    scale = side / max(ink.shape)
    height, width = (max(1, min(side, round(length * scale))) for length in ink.shape)
    image = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    image[top : top + height, left : left + width] = _shrunk(ink, height, width)
    return image


def _stretched(ink: FloatArray, side: int) -> FloatArray:
    """(side, side): the ink stretched to its box, as far as it stays legible."""
    long = max(ink.shape)
    height, width = (
        side if long <= MOST_STRETCHED * length else round(side * MOST_STRETCHED * length / long)
        for length in ink.shape
    )
    image = np.zeros((side, side), np.float32)
    top, left = (side - height) // 2, (side - width) // 2
    image[top : top + height, left : left + width] = _shrunk(ink, height, width)
    return image


@named(CUT, "cut: 16 × 16 in grey")
def _grey_16(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _in_polarity(_centred(_large(drawing, random), 16), random)


@named(CUT, "cut: 16 × 16, stretched, black and white")
def _binary_16(drawing: Drawing, random: np.random.Generator) -> bytes:
    ink = _stretched(_large(drawing, random, 0.14), 16)
    return _in_polarity((ink > random.uniform(0.3, 0.45)).astype(np.float32), random, bit=True)


@named(CUT, "cut: 32 × 32, black and white")
def _binary_32(drawing: Drawing, random: np.random.Generator) -> bytes:
    ink = _centred(_large(drawing, random), 32)
    return _in_polarity((ink > random.uniform(0.3, 0.5)).astype(np.float32), random, bit=True)


@named(CUT, "cut: 8 × 8, counts of 0 to 16")
def _counts(drawing: Drawing, random: np.random.Generator) -> bytes:
    counts = np.zeros((8, 8), np.float32)
    holes = pen.num_holes(pen.ink(drawing.strokes, 100, 6))
    for width in (random.uniform(0.06, 0.14), 0.1, 0.07, 0.13):
        bits = _centred(pen.ink(drawing.strokes, 256, 256 * width), 32) > 0.4
        counts = bits.reshape(8, 4, 8, 4).mean(axis=(1, 3), dtype=np.float32)
        if pen.num_holes(ndimage.zoom(counts, 8, order=1)) >= holes:
            break  # as many loops as were written
    return _in_polarity(counts, random)


@named(CUT, "cut: 60 to 130 px")
def _larger(drawing: Drawing, random: np.random.Generator) -> bytes:
    size = float(random.integers(60, 131))
    width = pen.legible_pen(drawing.strokes, random.uniform(0.04, 0.2), 0.04)
    return _in_polarity(pen.ink(drawing.strokes, size, max(2.0, size * width)), random)


def _cropped(
    drawing: Drawing,
    random: np.random.Generator,
    pens: tuple[float, float],
    ground: papers.Colour,
    colour: papers.Colour,
) -> bytes:
    """A crop of 60 to 220 px whose rim the ink touches or just passes on two sides or more."""
    size = random.uniform(60, 220)
    width = size * pen.legible_pen(drawing.strokes, random.uniform(*pens))
    cover = pen.ink(drawing.strokes, size, width)
    lost = [round(random.uniform(0, 0.3) * width) for _ in range(4)]
    cover = cover[lost[0] : cover.shape[0] - lost[1], lost[2] : cover.shape[1] - lost[3]]
    room = max(0, round(cover.shape[0] * random.uniform(0.45, 0.7)) - cover.shape[1])
    left = round(room * random.uniform(0, 1))
    paper = papers.plain(cover.shape[0], cover.shape[1] + room, ground)
    pen.write(paper, cover, colour, (cover.shape[0] / 2, left + cover.shape[1] / 2))
    return papers.png(paper)


@named(TIGHT, "tight crop that touches the rim")
def _tight(drawing: Drawing, random: np.random.Generator) -> bytes:
    white = papers.near(random, (0.98, 0.98, 0.98), 0.02)
    return _cropped(drawing, random, (0.06, 0.12), white, papers.near(random, (0.05, 0.05, 0.06)))


@named(TIGHT, "tight crop, white on black, broad")
def _tight_board(drawing: Drawing, random: np.random.Generator) -> bytes:
    black, white = (0.08, 0.08, 0.08), (0.93, 0.93, 0.93)
    ground, colour = papers.near(random, black), papers.near(random, white)
    return _cropped(drawing, random, (0.13, 0.22), ground, colour)

"""Pictures of one digit in the situations in which people bring them."""

import functools
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks import papers, pen
from benchmarks.crops import CUT, TIGHT
from benchmarks.forms import BLACK, FORMS, scanned, sketch
from benchmarks.pen import Maker, inked, named
from benchmarks.photos import PHOTOS
from mnist_cnn.records import Drawing, Stroke

PAGES: dict[str, Maker] = {}
"""Clean drawings and scans, by what they show."""

TURNED = "turned by 90° without EXIF"
"""Where "not a digit" is right too."""

EUROPEAN = "European or open form"


@dataclass(frozen=True)
class Picture:
    """A file that shows one digit."""

    content: bytes
    digit: int


@named(PAGES, "small digit in the corner of a large page")
def _corner(drawing: Drawing, random: np.random.Generator) -> bytes:
    height, width = int(random.integers(800, 1500)), int(random.integers(800, 1500))
    page = papers.plain(height, width, (1, 1, 1))
    size = random.uniform(36, 90)
    mask = pen.ink(drawing.strokes, size, max(2.5, size * random.uniform(0.06, 0.1)))
    from_rim = [random.uniform(0.02, 0.08) * side + size / 2 for side in (height, width)]
    down, right = random.integers(2, size=2)
    row = height - from_rim[0] if down else from_rim[0]
    column = width - from_rim[1] if right else from_rim[1]
    pen.write(page, mask, BLACK, (row, column))
    return scanned(page, random)


@named(PAGES, "two-pixel pen on a large canvas")
def _hairline(drawing: Drawing, random: np.random.Generator) -> bytes:
    height, width = (int(side) for side in random.integers(1000, 2000, size=2))
    canvas = papers.plain(height, width, (1, 1, 1))
    size = min(height, width) * random.uniform(0.4, 0.8)
    inked(canvas, pen.ink(drawing.strokes, size, random.uniform(1.6, 3)), random, BLACK)
    return papers.png(canvas)


@named(PAGES, "very broad marker")
def _marker(drawing: Drawing, random: np.random.Generator) -> bytes:
    return papers.png(sketch(drawing, random, (1, 1, 1), BLACK, (0.14, 0.2)))


@named(PAGES, "JPEG quality 5")
def _coarse(drawing: Drawing, random: np.random.Generator) -> bytes:
    paper = sketch(drawing, random, papers.near(random, (0.97, 0.97, 0.97), 0.03), BLACK)
    return papers.jpeg(paper, int(random.integers(4, 9)))


@named(PAGES, TURNED)
def _turned(drawing: Drawing, random: np.random.Generator) -> bytes:
    paper = sketch(drawing, random, (1, 1, 1), BLACK)
    turned = np.rot90(paper, random.choice([1, 3]))
    return papers.jpeg(turned, int(random.integers(70, 96)))


def _crossed(drawing: Drawing, random: np.random.Generator) -> Drawing:
    """A seven with a bar through its middle, as it is written in much of Europe."""
    stroke = drawing.strokes[0]
    places = np.linspace(0, len(stroke) - 1, 300)
    x, y = (np.interp(places, np.arange(len(stroke)), along) for along in stroke.T)
    height = np.ptp(y)
    row = y.min() + height * random.uniform(0.45, 0.6)
    middle, half = x[np.argmin(np.abs(y - row))], height * random.uniform(0.15, 0.25)
    rise = height * random.uniform(0, 0.06)
    bar: Stroke = np.array([[middle - half, row + rise], [middle + half, row - rise]])
    return Drawing((*drawing.strokes, bar), drawing.label, drawing.writer)


def _is_open(four: Drawing) -> bool:
    """Whether a four is of two strokes whose tops do not meet."""
    if len(four.strokes) != 2:
        return False
    first, second = (stroke[np.argmin(stroke[:, 1])] for stroke in four.strokes)
    height = np.ptp(np.concatenate(four.strokes)[:, 1])
    return bool(np.hypot(*(first - second)) > 0.35 * height)


def _hooked(drawing: Drawing, random: np.random.Generator) -> Drawing:
    """A one that begins with a long upstroke, as it is written in much of Europe."""
    first, *others = drawing.strokes
    height = np.ptp(first[:, 1])
    start = first[0] + height * np.array([-random.uniform(0.25, 0.45), random.uniform(0.2, 0.5)])
    return Drawing((np.vstack([start, first]), *others), drawing.label, drawing.writer)


@functools.cache
def open_fours() -> list[Drawing]:
    """Fours in two strokes whose tops do not meet."""
    return [drawing for drawing in pen.test_digits()[4] if _is_open(drawing)]


@functools.cache
def _european_forms() -> tuple[list[Drawing], ...]:
    """Ones to be hooked, bare ones, open fours, sevens to be crossed, and nines."""
    digits = pen.test_digits()
    bare = [d for d in digits[1] if len(d.strokes) == 1 and np.argmin(d.strokes[0][:, 1]) == 0]
    return (
        bare,
        bare,
        open_fours(),
        [d for d in digits[7] if len(d.strokes) == 1],
        digits[9],
    )


def european(random: np.random.Generator, number: int) -> Drawing:
    """One of these five forms in turn."""
    form = number % 5
    forms = _european_forms()[form]
    drawing = forms[int(random.integers(len(forms)))]
    change = {0: _hooked, 3: _crossed}.get(form)
    return change(drawing, random) if change else drawing


@named(PAGES, EUROPEAN)
def _plain(drawing: Drawing, random: np.random.Generator) -> bytes:
    return scanned(sketch(drawing, random, (1, 1, 1), BLACK), random)


SITUATIONS: dict[str, Maker] = {**PHOTOS, **FORMS, **TIGHT, **PAGES}
"""What makes a picture of a digit, by what it shows."""


def pictures(name: str, each: int) -> Iterator[Picture]:
    """So many pictures of a situation or of a form of cut digits, all digits alike often; the
    same ones each time."""
    seed = zlib.crc32(name.encode())
    random, make = np.random.default_rng(seed), {**SITUATIONS, **CUT}[name]
    for number in range(each):
        alike = pen.test_digits()[(seed + number) % 10]
        drawing = alike[int(random.integers(len(alike)))]
        if name == EUROPEAN:
            drawing = european(random, number)
        yield Picture(make(drawing, random), int(drawing.label or ""))

"""Numbers and sums that people wrote whole, as pictures of a line."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from benchmarks import papers, pen
from benchmarks.forms import BLACK, scanned
from benchmarks.papers import one_of
from benchmarks.pen import Maker, named
from benchmarks.photos import INKS, LINES, WHITE
from benchmarks.writings import expressions
from mnist_cnn.data import unipen
from mnist_cnn.records import Drawing, FloatArray

NUMBERS: dict[str, Maker] = {}
"""What makes a picture of a number, by what it is written on."""

SUMS = "sums, on all of these"

LONGEST_SUM = 16
"""In symbols: what still fits a picture legibly."""


@dataclass(frozen=True)
class LinePicture:
    """A file that shows one line of writing."""

    content: bytes
    text: str


def _ink(drawing: Drawing, random: np.random.Generator) -> tuple[FloatArray, float]:
    """The ink of a line that fits a picture of 300 to 1,200 px, and the height of its symbols."""
    width, height = np.ptp(np.concatenate(drawing.strokes), axis=0)
    tall = min(random.uniform(40, 110), 1050 * height / max(width, height))
    mask = pen.ink(drawing.strokes, tall * max(width, height) / height, tall * _pen(random))
    return mask, float(tall)


def _pen(random: np.random.Generator) -> float:
    """The pen's width in heights of the symbols."""
    return random.uniform(0.05, 0.09)


def _sides(
    mask: FloatArray, tall: float, random: np.random.Generator, least: float = 0.3
) -> tuple[int, int]:
    """Height and width of a picture with room around the ink."""
    height, width = (
        side + 2 * tall * random.uniform(least, least + 0.6) for side in mask.shape[:2]
    )
    return round(height), int(np.clip(width, 300, 1200))


def _middle(paper: FloatArray) -> tuple[float, float]:
    return paper.shape[0] / 2, paper.shape[1] / 2


@named(NUMBERS, "numbers on plain paper")
def _plain(drawing: Drawing, random: np.random.Generator) -> bytes:
    mask, tall = _ink(drawing, random)
    paper = papers.plain(*_sides(mask, tall, random), (1, 1, 1))
    if random.random() < 0.5:
        pen.write(paper, mask, BLACK, _middle(paper))
        return scanned(paper, random)
    paper *= np.asarray(papers.near(random, WHITE), np.float32)
    pen.write(paper, mask, one_of(random, INKS), _middle(paper))
    return papers.camera(paper, random, blur=0.9)


def _photographed(
    drawing: Drawing, random: np.random.Generator, squared: bool, gaps: tuple[float, float]
) -> bytes:
    """On ruled or squared paper whose lines are so many heights of the symbols apart."""
    mask, tall = _ink(drawing, random)
    height, width = (round(side * papers.AROUND) for side in _sides(mask, tall, random))
    scene = papers.plain(height, width, papers.near(random, WHITE))
    gap = max(10.0, tall * random.uniform(*gaps))
    colour, thick = one_of(random, LINES), random.uniform(1, 1.8)
    for axis in (0, 1) if squared else (0,):
        papers.rule(scene, papers.evenly(random, gap, scene.shape[axis]), thick, colour, axis)
    pen.write(scene, mask, one_of(random, INKS), _middle(scene))
    return papers.camera(papers.seen_askew(scene, random, 2, 0.01), random, blur=0.9)


@named(NUMBERS, "numbers on ruled paper")
def _ruled(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _photographed(drawing, random, False, (0.6, 1.5))


@named(NUMBERS, "numbers on squared paper")
def _squared(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _photographed(drawing, random, True, (0.35, 0.9))


@named(NUMBERS, "numbers underlined")
def _underlined(drawing: Drawing, random: np.random.Generator) -> bytes:
    mask, tall = _ink(drawing, random)
    paper = papers.plain(*_sides(mask, tall, random, 0.45), (1, 1, 1))
    pen.write(paper, mask, BLACK, _middle(paper))
    row = (paper.shape[0] + mask.shape[0]) / 2 + tall * random.uniform(0.12, 0.25)
    left, right = ((paper.shape[1] + side * mask.shape[1]) / 2 for side in (-1, 1))
    ends = [left + tall * random.uniform(-0.2, 0.1), right + tall * random.uniform(-0.1, 0.2)]
    rise = (ends[1] - ends[0]) * random.uniform(-0.012, 0.012)
    line = np.array([[ends[0], row], [ends[1], row + rise]])
    ink = pen.ink([line], ends[1] - ends[0], max(2.0, tall * _pen(random)))
    pen.write(paper, ink, BLACK, (row + rise / 2, sum(ends) / 2))
    return scanned(paper, random)


@named(NUMBERS, "numbers framed")
def _framed(drawing: Drawing, random: np.random.Generator) -> bytes:
    mask, tall = _ink(drawing, random)
    paper = papers.plain(*_sides(mask, tall, random, 0.45), (1, 1, 1))
    pen.write(paper, mask, BLACK, _middle(paper))
    free = [(whole - inked) / 2 for whole, inked in zip(paper.shape, mask.shape, strict=False)]
    edge = [round(min(room - 4, random.uniform(0.5, 0.9) * room)) for room in free]
    thick = max(1, round(tall * random.uniform(0.02, 0.06)))
    inside = paper[edge[0] : -edge[0], edge[1] : -edge[1]]
    colour = one_of(random, (BLACK, (0.4, 0.4, 0.42)))
    inside[:thick] = inside[-thick:] = colour
    inside[:, :thick] = inside[:, -thick:] = colour
    return scanned(paper, random)


def _is_legible(drawing: Drawing) -> bool:
    """Whether a number of two symbols or more stands on one line. Fractions such as 6/8 are left
    out: an upright slash and a one are told apart by longer texts only."""
    text = (drawing.label or "").replace(" ", "")
    width, height = np.ptp(np.concatenate(drawing.strokes), axis=0)
    is_fraction = "/" in text and len(text) < 5
    return bool(len(text) > 1 and not is_fraction and width > 0.3 * len(text) * height)


def _written(name: str) -> list[Drawing]:
    if name == SUMS:
        found = [writing for writing in expressions() if len(writing.groups) <= LONGEST_SUM]
        return [Drawing(writing.strokes, writing.text) for writing in found]
    return [drawing for drawing in unipen.load_unipen("numbers").test if _is_legible(drawing)]


def number_pictures(name: str, each: int) -> Iterator[LinePicture]:
    """So many pictures of numbers by unseen writers, or of sums: none, where those are not in the
    data folder."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    drawings, makers = _written(name), list(NUMBERS.values())
    for number in range(each if drawings else 0):
        drawing = drawings[int(random.integers(len(drawings)))]
        make = makers[number % len(makers)] if name == SUMS else NUMBERS[name]
        yield LinePicture(make(drawing, random), drawing.label or "")

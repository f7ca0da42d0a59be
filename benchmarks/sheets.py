"""Sheets of many digits, and a page of text, as pictures."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks import papers, pen
from benchmarks.forms import BLACK, scanned
from benchmarks.papers import one_of
from benchmarks.pen import named
from benchmarks.photos import INKS, LINES, WHITE
from benchmarks.situations import open_fours
from mnist_cnn.records import Drawing, FloatArray

Place = tuple[float, float]

NUM_WORDS = 400
"""On a page of text."""


@dataclass(frozen=True)
class SheetPicture:
    """A file that shows digits in rows, and which, in reading order."""

    content: bytes
    digits: tuple[int, ...]


@dataclass
class Sheet:
    """Paper that is being written on, and what stands on it so far."""

    paper: FloatArray
    random: np.random.Generator
    colour: papers.Colour = BLACK
    thick: float = 0.09
    digits: list[int] = field(default_factory=list)

    def put(self, drawing: Drawing, centre: Place, size: float) -> None:
        """Writes a digit, `size` px on its longer side; `centre` is y and x in pixels."""
        mask = pen.ink(drawing.strokes, size, max(2.5, size * self.thick))
        pen.write(self.paper, mask, self.colour, centre)
        self.digits.append(int(drawing.label or ""))

    def picture(self, content: bytes | None = None) -> SheetPicture:
        return SheetPicture(content or scanned(self.paper, self.random), tuple(self.digits))


SheetMaker = Callable[[np.random.Generator], SheetPicture]

SHEETS: dict[str, SheetMaker] = {}
"""What makes a sheet, by what the digits stand in."""


def _any(random: np.random.Generator) -> Drawing:
    alike = pen.test_digits()[int(random.integers(10))]
    return alike[int(random.integers(len(alike)))]


def _blank(random: np.random.Generator, height: float, width: float) -> Sheet:
    paper = papers.plain(round(height), round(width), (1, 1, 1))
    return Sheet(paper, random, thick=random.uniform(0.06, 0.11))


def _box(paper: FloatArray, top: float, left: float, sides: Place, thick: int) -> None:
    """Prints a box, in place; its height and width in pixels."""
    inside = paper[round(top) : round(top + sides[0]), round(left) : round(left + sides[1])]
    inside[:thick] = inside[-thick:] = BLACK
    inside[:, :thick] = inside[:, -thick:] = BLACK


def _moved(random: np.random.Generator, middle: Place, by: float) -> Place:
    return middle[0] + random.uniform(-by, by), middle[1] + random.uniform(-by, by)


@named(SHEETS, "digits in separate boxes")
def _boxes(random: np.random.Generator) -> SheetPicture:
    rows, columns = int(random.integers(1, 4)), int(random.integers(6, 11))
    tall = random.uniform(60, 95)
    wide, gap, rim = tall * random.uniform(0.85, 1.1), tall * random.uniform(0.25, 0.5), 0.4 * tall
    sheet = _blank(random, rows * (tall + gap) + rim, columns * (wide + gap) + rim)
    thick = int(random.integers(1, 4))
    for row in range(rows):
        for column in range(columns):
            top, left = rim + row * (tall + gap), rim + column * (wide + gap)
            _box(sheet.paper, top, left, (tall, wide), thick)
            middle = _moved(random, (top + tall / 2, left + wide / 2), 0.06 * tall)
            sheet.put(_any(random), middle, min(tall, wide) * random.uniform(0.5, 0.68))
    return sheet.picture()


@named(SHEETS, "digits in a comb")
def _comb(random: np.random.Generator) -> SheetPicture:
    rows, columns = int(random.integers(1, 3)), int(random.integers(6, 11))
    wide = random.uniform(60, 95)
    tall, rim = wide * random.uniform(1.2, 1.5), 0.4 * wide
    sheet = _blank(random, rows * tall + rim, columns * wide + 2 * rim)
    thick, tooth = int(random.integers(1, 4)), wide * random.uniform(0.25, 0.45)
    for row in range(rows):
        foot = rim / 2 + (row + 1) * tall - 0.1 * wide
        line = slice(round(foot), round(foot) + thick)
        sheet.paper[line, round(rim) : round(rim + columns * wide)] = BLACK
        for column in range(columns + 1):
            left = round(rim + column * wide)
            sheet.paper[round(foot - tooth) : line.stop, left : left + thick] = BLACK
        for column in range(columns):
            size = wide * random.uniform(0.55, 0.75)
            middle = (foot - size / 2 - wide * random.uniform(0.12, 0.25), 0.0)
            sheet.put(_any(random), (middle[0], rim + (column + 0.5) * wide), size)
    return sheet.picture()


def _grid(random: np.random.Generator, sizes: Place, moved: float) -> SheetPicture:
    """Digits as high as so many cells, in cells that share their lines."""
    rows, columns = int(random.integers(2, 6)), int(random.integers(6, 11))
    cell, rim = random.uniform(60, 95), random.uniform(20, 40)
    sheet = _blank(random, rows * cell + 2 * rim, columns * cell + 2 * rim)
    thick = int(random.integers(1, 4))
    for row in range(rows):
        for column in range(columns):
            _box(sheet.paper, rim + row * cell, rim + column * cell, (cell + thick,) * 2, thick)
    for row in range(rows):
        for column in range(columns):
            middle = (rim + (row + 0.5) * cell, rim + (column + 0.5) * cell)
            drawing, size = _any(random), cell * random.uniform(*sizes)
            width, height = np.ptp(np.concatenate(drawing.strokes), axis=0)
            size *= 0.85 if width > height else 1  # they touch the lines, not each other
            sheet.put(drawing, _moved(random, middle, moved * cell), size)
    return sheet.picture()


@named(SHEETS, "digits inside a grid")
def _grid_inside(random: np.random.Generator) -> SheetPicture:
    return _grid(random, (0.5, 0.7), 0.08)


@named(SHEETS, "digits in a grid that they touch")
def _grid_touched(random: np.random.Generator) -> SheetPicture:
    return _grid(random, (0.85, 1.0), 0.02)


def _in_rows(sheet: Sheet, next_digit: Callable[[], Drawing], rim: float, pitch: Place) -> None:
    """Fills a sheet with rows; `pitch` is from row to row and from digit to digit, in pixels."""
    random = sheet.random
    height, width = sheet.paper.shape[:2]
    for row in np.arange(rim + pitch[0] / 2, height - rim - pitch[0] / 2 + 1, pitch[0]):
        for column in np.arange(rim + pitch[1] / 2, width - rim - pitch[1] / 2 + 1, pitch[1]):
            size = min(pitch) * random.uniform(0.55, 0.72)
            sheet.put(next_digit(), _moved(random, (row, column), 0.05 * min(pitch)), size)


@named(SHEETS, "open fours among others")
def _open_fours(random: np.random.Generator) -> SheetPicture:
    fours, pitch = open_fours(), random.uniform(75, 110)
    rows, columns = int(random.integers(1, 4)), int(random.integers(6, 11))
    sheet = _blank(random, rows * pitch * 1.2 + 40, columns * pitch + 40)

    def four_or_other() -> Drawing:
        four = random.random() < 0.6
        return fours[int(random.integers(len(fours)))] if four else _any(random)

    _in_rows(sheet, four_or_other, 20, (pitch * 1.2, pitch))
    return sheet.picture()


@named(SHEETS, "rows on ruled paper")
def _ruled(random: np.random.Generator) -> SheetPicture:
    gap = random.uniform(26, 44)
    rows, columns = int(random.integers(2, 5)), int(random.integers(6, 11))
    pitch = 2.1 * gap * random.uniform(1.0, 1.2)
    sheet = _blank(random, (3 * rows + 2) * gap, columns * pitch + 2 * gap)
    sheet.colour, sheet.thick = one_of(random, INKS), random.uniform(0.05, 0.09)
    places = [gap * number for number in range(1, 3 * rows + 2)]
    papers.rule(sheet.paper, places, random.uniform(1, 2), one_of(random, LINES))
    for row in range(rows):
        for column in range(columns):
            size = gap * random.uniform(1.5, 1.95)
            foot = gap * (3 * row + 4) - gap * random.uniform(0, 0.15)
            sheet.put(_any(random), (foot - size / 2, gap + (column + 0.5) * pitch), size)
    photographed = random.random() < 0.5
    return sheet.picture(papers.camera(sheet.paper, random) if photographed else None)


@named(SHEETS, "rows on paper, photographed askew on a table")
def _askew(random: np.random.Generator) -> SheetPicture:
    rows, columns = int(random.integers(3, 7)), int(random.integers(5, 9))
    pitch = random.uniform(80, 110)
    sheet = _blank(random, rows * pitch * 1.15 + pitch, columns * pitch + pitch)
    sheet.paper *= np.asarray(papers.near(random, WHITE), np.float32)
    sheet.colour = one_of(random, INKS)
    _in_rows(sheet, lambda: _any(random), pitch / 2, (1.15 * pitch, pitch))
    return sheet.picture(papers.camera(_on_table(sheet.paper, random), random))


def _on_table(page: FloatArray, random: np.random.Generator) -> FloatArray:
    """A page lying on a table, turned and seen from one side."""
    height, width = page.shape[:2]
    sides = [side * random.uniform(1.25, 1.4) for side in (height, width)]
    desks = ((0.32, 0.2, 0.12), (0.2, 0.17, 0.16), (0.55, 0.42, 0.3))
    table = papers.plain(round(sides[0]), round(sides[1]), one_of(random, desks))
    corners = papers.turned(papers.rectangle(height, width), random.uniform(-6, 6))
    corners += random.uniform(-0.035, 0.035, (4, 2)) * [width, height]
    corners += [(sides[1] - width) / 2, (sides[0] - height) / 2]
    return papers.lay(table, page, [(x, y) for x, y in corners.tolist()])


def text_page(random: np.random.Generator) -> bytes:
    """A photographed page of several hundred printed words, none of them a number."""
    page = Image.new("RGB", (1500, 1900), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(20)
    x = left = 260.0
    y = 300.0
    for _ in range(NUM_WORDS):
        pairs = random.integers((20, 5), size=(int(random.integers(1, 5)), 2))
        word = "".join("bcdfghjklmnpqrstvwxz"[c] + "aeiou"[v] for c, v in pairs) + " "
        if x + draw.textlength(word, font) > page.width - left:
            x, y = left, y + 34
        draw.text((x, y), word, (25, 25, 30), font)
        x += draw.textlength(word, font)
    paper = np.asarray(page, np.float32) / 255 * np.asarray(papers.near(random, WHITE), np.float32)
    return papers.camera(papers.seen_askew(paper, random, 2, 0.01), random, blur=0.8)


def sheets(name: str, count: int) -> Iterator[SheetPicture]:
    """So many sheets of a kind; the same ones each time."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    for _ in range(count):
        yield SHEETS[name](random)

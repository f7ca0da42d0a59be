"""Digits in forms and on screens, as scanners and screenshots show them."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks import papers, pen
from benchmarks.papers import one_of
from benchmarks.pen import Maker, inked, named
from mnist_cnn.records import Drawing, FloatArray

FORMS: dict[str, Maker] = {}
"""By what they show."""

BLACK = (0.04, 0.04, 0.05)


def scanned(paper: FloatArray, random: np.random.Generator) -> bytes:
    """A clean PNG, or one with a scanner's slight grain."""
    if random.random() < 0.3:
        paper = paper + random.normal(0, random.uniform(0.004, 0.02), paper.shape)
    return papers.png(paper)


@dataclass(frozen=True)
class Cell:
    """A printed box: its lines at `rim`, a share of the picture's side, from the picture's edge;
    which of them are left; and the digit's size, as shares of the box, and place in it."""

    rim: float = 0.0
    sides: str = "tblr"
    sizes: tuple[float, float] = (0.5, 0.72)
    away: float = 0.05


def _cell(drawing: Drawing, random: np.random.Generator, cell: Cell) -> bytes:
    side = int(random.integers(80, 240))
    paper = papers.plain(side, side, (1, 1, 1))
    thick = max(1, round(side * random.uniform(0.01, 0.03)))
    colour = one_of(random, (BLACK, BLACK, (0.35, 0.35, 0.38)))
    start = round(cell.rim * side)
    end = side - start
    box = paper[start:end, start:end]
    for name, place in (
        ("t", box[:thick]),
        ("b", box[-thick:]),
        ("l", box[:, :thick]),
        ("r", box[:, -thick:]),
    ):
        if name in cell.sides:
            place[:] = colour
    size = (end - start) * random.uniform(*cell.sizes)
    width = size * pen.legible_pen(drawing.strokes, random.uniform(0.07, 0.13))
    inked(paper, pen.ink(drawing.strokes, size, width), random, BLACK, cell.away)
    return scanned(paper, random)


@named(FORMS, "form cell, box inside the picture")
def _cell_margin(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _cell(drawing, random, Cell(random.uniform(0.05, 0.14)))


@named(FORMS, "form cell, box on the picture edge")
def _cell_edge(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _cell(drawing, random, Cell())


@named(FORMS, "form cell, two sides of the box left")
def _cell_part(drawing: Drawing, random: np.random.Generator) -> bytes:
    sides = str(random.choice(["tl", "tr", "bl", "br", "lr"]))
    return _cell(drawing, random, Cell(random.choice([0.0, 0.0, 0.02]), sides))


@named(FORMS, "form cell, digit touches the box")
def _cell_touch(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _cell(drawing, random, Cell(random.uniform(0.06, 0.1), sizes=(0.88, 1.02), away=0.08))


@named(FORMS, "digit above a printed line")
def _underline(drawing: Drawing, random: np.random.Generator) -> bytes:
    side = int(random.integers(110, 320))
    paper = papers.plain(side, side, (1, 1, 1))
    width = pen.legible_pen(drawing.strokes, random.uniform(0.06, 0.12))
    mask = pen.ink(drawing.strokes, side * random.uniform(0.5, 0.65), side * 0.6 * width)
    middle = random.uniform(0.4, 0.6) * side
    top = random.uniform(0.04, 0.16) * side
    pen.write(paper, mask, BLACK, (top + mask.shape[0] / 2, middle))
    thick = max(1, round(side * random.uniform(0.006, 0.018)))
    row = round(top + mask.shape[0] + thick + side * random.uniform(0.02, 0.1))
    ends = [round(random.uniform(0, 0.15) * side), round(random.uniform(0.85, 1) * side)]
    paper[row : row + thick, ends[0] : ends[1]] = BLACK
    return scanned(paper, random)


@named(FORMS, "digit on a grey field in a white page")
def _grey_field(drawing: Drawing, random: np.random.Generator) -> bytes:
    side = int(random.integers(90, 260))
    paper = papers.plain(side, side, (1, 1, 1))
    rim = round(side * random.uniform(0.08, 0.18))
    paper[rim:-rim, rim:-rim] = papers.near(random, (0.86, 0.86, 0.86), 0.06)
    size = (side - 2 * rim) * random.uniform(0.5, 0.8)
    width = pen.legible_pen(drawing.strokes, random.uniform(0.06, 0.12))
    inked(paper, pen.ink(drawing.strokes, size, size * width), random, BLACK, 0.03)
    return scanned(paper, random)


def sketch(
    drawing: Drawing,
    random: np.random.Generator,
    ground: papers.Colour,
    colour: papers.Colour,
    pens: tuple[float, float] = (0.05, 0.13),
) -> FloatArray:
    """A drawing of a paint program, of 200 to 480 px."""
    side = int(random.integers(200, 480))
    paper = papers.plain(side, side, ground)
    size = side * random.uniform(0.45, 0.8)
    width = pen.legible_pen(drawing.strokes, random.uniform(*pens), 0.04)
    inked(paper, pen.ink(drawing.strokes, size, size * width), random, colour)
    return paper


@named(FORMS, "yellow highlighter on white")
def _yellow(drawing: Drawing, random: np.random.Generator) -> bytes:
    yellow = (random.uniform(0.96, 1), random.uniform(0.84, 0.96), random.uniform(0.1, 0.4))
    return papers.png(sketch(drawing, random, (1, 1, 1), yellow, (0.08, 0.14)))


@named(FORMS, "light blue ink on white")
def _light_blue(drawing: Drawing, random: np.random.Generator) -> bytes:
    white = papers.near(random, (0.96, 0.96, 0.96), 0.03)
    blue = papers.near(random, (0.54, 0.71, 0.9), 0.06)
    return papers.camera(sketch(drawing, random, white, blue), random, 0.1, 0.8, 0.012)


@named(FORMS, "red on black")
def _red(drawing: Drawing, random: np.random.Generator) -> bytes:
    red = (random.uniform(0.7, 1), random.uniform(0, 0.15), random.uniform(0, 0.15))
    return papers.png(sketch(drawing, random, (0, 0, 0), red))


@named(FORMS, "blue on black")
def _blue(drawing: Drawing, random: np.random.Generator) -> bytes:
    blue = (random.uniform(0, 0.12), random.uniform(0, 0.2), random.uniform(0.7, 1))
    return papers.png(sketch(drawing, random, (0, 0, 0), blue))


def _words(
    paper: FloatArray, place: tuple[float, float], text: str, size: float, grey: float
) -> None:
    """Prints words with their middle left at a place (x and y in pixels), in place."""
    layer = Image.new("L", (paper.shape[1], paper.shape[0]))
    font = ImageFont.load_default(max(8, size))
    ImageDraw.Draw(layer).text(place, text, 255, font, anchor="lm")
    paper += np.asarray(layer, np.float32)[..., None] / 255 * (np.float32(grey) - paper)


@named(FORMS, "screenshot of a dark notes app with its bars")
def _dark_app(drawing: Drawing, random: np.random.Generator) -> bytes:
    width = int(random.choice([360, 390, 540, 720]))
    height = round(width * random.uniform(1.9, 2.2))
    screen = papers.plain(height, width, papers.near(random, (0.07, 0.07, 0.08), 0.03))
    top, bottom = (round(height * random.uniform(0.07, 0.11)) for _ in range(2))
    screen[:top] = screen[-bottom:] = papers.near(random, (0.13, 0.14, 0.15), 0.03)
    title = str(random.choice(["< Notes", "Sketch", "< All notes", "Untitled"]))
    _words(screen, (0.05 * width, top / 2), title, width / 24, random.uniform(0.6, 0.9))
    middle = (height - bottom / 2, width * random.choice([0.5, 0.5, 0.86]))
    radius = bottom * random.uniform(0.2, 0.35)
    button = papers.ellipse(height, width, middle, (radius, radius), 0.05)
    blue = papers.near(random, (0.33, 0.52, 0.95), 0.1)
    screen += button * (np.asarray(blue, np.float32) - screen)
    size = width * random.uniform(0.45, 0.75)
    inked(
        screen,
        pen.ink(drawing.strokes, size, size * random.uniform(0.05, 0.09)),
        random,
        (0.95, 0.95, 0.95),
    )
    return papers.png(screen)


@named(FORMS, "screenshot of a paint program with its toolbar")
def _paint_window(drawing: Drawing, random: np.random.Generator) -> bytes:
    width = int(random.integers(640, 1100))
    height = round(width * random.uniform(0.62, 0.8))
    screen = papers.plain(height, width, (1, 1, 1))
    top, bottom = (round(height * random.uniform(*share)) for share in ((0.07, 0.13), (0.03, 0.05)))
    screen[:top] = screen[-bottom:] = papers.near(random, (0.92, 0.92, 0.93), 0.03)
    colours = ((0.1, 0.1, 0.1), (0.75, 0.1, 0.1), (0.1, 0.4, 0.8), (0.2, 0.6, 0.2), (0.9, 0.8, 0.2))
    button = round(top * random.uniform(0.4, 0.6))
    for number in range(int(random.integers(2, 6))):
        left, row = 10 + round(1.25 * button * number), (top - button) // 2
        screen[row : row + button, left : left + button] = colours[number]
    size = height * random.uniform(0.3, 0.6)
    inked(screen, pen.ink(drawing.strokes, size, size * random.uniform(0.03, 0.08)), random, BLACK)
    return papers.png(screen)


def _transparent(drawing: Drawing, random: np.random.Generator, ink: float, ground: float) -> bytes:
    """Strokes on transparency, whose colour, which nobody sees, is `ground`."""
    cover = sketch(drawing, random, (0, 0, 0), (1, 1, 1))[..., :1]
    colour = np.where(cover > 0, np.float32(ink), np.float32(ground))
    return papers.png(np.concatenate([np.repeat(colour, 3, axis=2), cover], axis=2))


@named(FORMS, "white strokes on transparency")
def _white_sketch(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _transparent(drawing, random, 1, float(random.integers(2)))


@named(FORMS, "black strokes on transparency")
def _black_sketch(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _transparent(drawing, random, 0, 0)


@named(FORMS, "black strokes on transparent white")
def _black_on_clear(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _transparent(drawing, random, 0, 1)

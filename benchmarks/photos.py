"""Digits on paper and boards, as people photograph them."""

import numpy as np
from scipy import ndimage

from benchmarks import papers, pen
from benchmarks.papers import one_of
from benchmarks.pen import Maker, inked, named
from mnist_cnn.records import Drawing, FloatArray

PHOTOS: dict[str, Maker] = {}
"""By what they show."""

WHITE = (0.93, 0.92, 0.89)
INKS = ((0.05, 0.07, 0.3), (0.08, 0.08, 0.09), (0.1, 0.15, 0.5), (0.2, 0.2, 0.24))
LINES = ((0.62, 0.72, 0.86), (0.7, 0.76, 0.84), (0.74, 0.74, 0.76), (0.65, 0.8, 0.76))


def frame(random: np.random.Generator, low: int = 480, high: int = 1000) -> tuple[int, int]:
    """The height and width of a photograph, upright, lying or square."""
    side = int(random.integers(low, high))
    shape = random.choice([1.0, 4 / 3, 3 / 4])
    return (round(side * shape), side) if shape <= 1 else (side, round(side / shape))


def _scene(random: np.random.Generator, colour: papers.Colour = WHITE) -> FloatArray:
    height, width = (round(side * papers.AROUND) for side in frame(random))
    return papers.plain(height, width, papers.near(random, colour))


def _ruled(drawing: Drawing, random: np.random.Generator, gaps: float, rows: float) -> bytes:
    """A digit so many line distances high, where so many rows would fill the photograph."""
    scene = _scene(random)
    side = min(scene.shape[:2]) / papers.AROUND
    gap = side / rows
    rows_at = papers.evenly(random, gap, scene.shape[0])
    papers.rule(scene, rows_at, random.uniform(1, 2), one_of(random, LINES))
    if random.random() < 0.5:
        place = scene.shape[1] * random.uniform(0.16, 0.22)
        papers.rule(scene, [place], random.uniform(1, 2), (0.88, 0.6, 0.6), 1)
    size = gaps * gap
    width = size * random.uniform(0.04, 0.08)
    inked(scene, pen.ink(drawing.strokes, size, max(2.5, width)), random, one_of(random, INKS))
    return papers.camera(papers.seen_askew(scene, random), random)


@named(PHOTOS, "ruled paper, digit over several lines")
def _ruled_big(drawing: Drawing, random: np.random.Generator) -> bytes:
    rows = random.uniform(9, 18)
    return _ruled(drawing, random, random.uniform(0.32, 0.6) * rows, rows)


@named(PHOTOS, "ruled paper, digit one and a half lines high")
def _ruled_small(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _ruled(drawing, random, random.uniform(1.2, 2.0), random.uniform(7, 12))


def _squared(
    drawing: Drawing, random: np.random.Generator, lines: papers.Colour, inks: papers.Colour
) -> bytes:
    scene = _scene(random)
    side = min(scene.shape[:2]) / papers.AROUND
    gap = side / random.uniform(12, 26)
    width, colour = random.uniform(1, 1.8), papers.near(random, lines)
    for axis in (0, 1):
        places = papers.evenly(random, gap, scene.shape[axis])
        papers.rule(scene, places, width, colour, axis)
    size = side * random.uniform(0.25, 0.6)
    width = max(3.0, size * random.uniform(0.04, 0.08))
    inked(scene, pen.ink(drawing.strokes, size, width), random, papers.near(random, inks))
    return papers.camera(papers.seen_askew(scene, random), random)


@named(PHOTOS, "squared paper")
def _squared_light(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _squared(drawing, random, one_of(random, LINES), one_of(random, INKS))


@named(PHOTOS, "squared paper with dark lines, pencil-grey ink")
def _squared_dark(drawing: Drawing, random: np.random.Generator) -> bytes:
    return _squared(drawing, random, (0.52, 0.53, 0.56), (0.2, 0.2, 0.21))


@named(PHOTOS, "thin hard pencil, photographed")
def _pencil(drawing: Drawing, random: np.random.Generator) -> bytes:
    height, width = (round(side * papers.AROUND) for side in frame(random, 700, 1100))
    scene = papers.plain(height, width, papers.near(random, WHITE))
    size = min(height, width) / papers.AROUND * random.uniform(0.3, 0.6)
    grey = papers.near(random, (0.55, 0.55, 0.56))
    inked(scene, pen.ink(drawing.strokes, size, random.uniform(2, 3.5)), random, grey)
    return papers.camera(papers.seen_askew(scene, random), random, blur=0.8, grain=0.012)


def _board(random: np.random.Generator) -> FloatArray:
    height, width = frame(random)
    return papers.plain(height, width, papers.near(random, (0.86, 0.88, 0.89)))


def _marker(
    board: FloatArray, drawing: Drawing, random: np.random.Generator, colour: papers.Colour
) -> None:
    size = min(board.shape[:2]) * random.uniform(0.3, 0.6)
    inked(
        board,
        pen.ink(drawing.strokes, size, size * random.uniform(0.035, 0.07)),
        random,
        colour,
        0.06,
    )


@named(PHOTOS, "green marker on a whiteboard with glare")
def _glare(drawing: Drawing, random: np.random.Generator) -> bytes:
    board = _board(random)
    height, width = board.shape[:2]
    _marker(board, drawing, random, papers.near(random, (0.05, 0.45, 0.16), 0.1))
    for _ in range(int(random.integers(1, 3))):
        centre = (random.uniform(0, 0.4) * height, random.uniform(0, 1) * width)
        radii = (random.uniform(0.08, 0.2) * height, random.uniform(0.08, 0.2) * width)
        spot = papers.ellipse(height, width, centre, radii, random.uniform(0.05, 0.8))
        board += random.uniform(0.3, 0.55) * spot * (1 - board)
    return papers.camera(board, random)


@named(PHOTOS, "whiteboard with its frame and a pen in the tray")
def _framed(drawing: Drawing, random: np.random.Generator) -> bytes:
    board = _board(random)
    height, width = board.shape[:2]
    colours = ((0.05, 0.14, 0.55), (0.1, 0.1, 0.1), (0.65, 0.1, 0.1), (0.05, 0.4, 0.15))
    _marker(board, drawing, random, one_of(random, colours))
    top, tray = (round(random.uniform(0.03, 0.09) * height) for _ in range(2))
    board[:top] = papers.near(random, (0.45, 0.46, 0.46))
    board[-tray:] = papers.near(random, (0.28, 0.28, 0.28))
    if random.random() < 0.4:
        board[:, : round(random.uniform(0.02, 0.06) * width)] = (0.42, 0.42, 0.43)
    for _ in range(int(random.integers(1, 3))):
        left, long = random.uniform(0.05, 0.8) * width, random.uniform(0.08, 0.16) * width
        thick = max(3, round(tray * random.uniform(0.2, 0.4)))
        rows = slice(height - tray - thick // 2, height - tray + thick // 2 + 1)
        board[rows, round(left) : round(left + long)] = one_of(random, colours)
    return papers.camera(board, random)


@named(PHOTOS, "chalk on a blackboard with wiped patches")
def _blackboard(drawing: Drawing, random: np.random.Generator) -> bytes:
    height, width = frame(random)
    colour = one_of(random, ((0.13, 0.23, 0.18), (0.15, 0.16, 0.17)))
    board = papers.plain(height, width, colour)
    for _ in range(int(random.integers(2, 6))):
        centre = (random.uniform(0, 1) * height, random.uniform(0, 1) * width)
        radii = (random.uniform(0.05, 0.12) * height, random.uniform(0.1, 0.25) * width)
        wiped = papers.ellipse(height, width, centre, radii, random.uniform(0.05, 0.9))
        board += random.uniform(0.05, 0.13) * wiped
    size = min(height, width) * random.uniform(0.35, 0.65)
    mask = pen.ink(drawing.strokes, size, size * random.uniform(0.04, 0.08))
    grain = ndimage.gaussian_filter(random.normal(0, 1, mask.shape), 0.8)
    mask = mask * np.clip(0.88 + random.uniform(0.1, 0.5) * grain, 0.3, 1).astype(np.float32)
    middle = [random.uniform(0.42, 0.58) * side for side in (height, width)]
    pen.write(board, mask, papers.near(random, (0.88, 0.89, 0.85)), (middle[0], middle[1]))
    return papers.camera(board, random)


@named(PHOTOS, "black bars left and right")
def _letterbox(drawing: Drawing, random: np.random.Generator) -> bytes:
    side = int(random.integers(320, 720))
    shown = papers.plain(side, side, papers.near(random, WHITE))
    size = side * random.uniform(0.3, 0.55)
    width = size * random.uniform(0.05, 0.09)
    inked(shown, pen.ink(drawing.strokes, size, width), random, one_of(random, INKS), 0.04)
    shown = papers.lit(shown, random)
    shown += random.normal(0, random.uniform(0.003, 0.015), shown.shape).astype(np.float32)
    bar = round(side * random.uniform(0.08, 0.2))
    if random.random() < 0.75:
        shown[:, :bar] = shown[:, -bar:] = 0
    else:
        shown[:bar] = shown[-bar:] = 0
    return papers.jpeg(shown, int(random.integers(60, 96)))


def _note_on(
    drawing: Drawing, random: np.random.Generator, desk: papers.Colour, colour: papers.Colour
) -> bytes:
    height, width = frame(random)
    table = papers.plain(height, width, papers.near(random, desk))
    table *= (1 + random.uniform(0, 0.05) * _wood(height, width, random))[..., None]
    side = min(height, width) * random.uniform(0.5, 0.75)
    tall = side * random.uniform(0.8, 1.1)
    note = papers.plain(round(tall), round(side), papers.near(random, colour))
    size = min(tall, side) * random.uniform(0.4, 0.65)
    inked(
        note,
        pen.ink(drawing.strokes, size, size * random.uniform(0.04, 0.08)),
        random,
        one_of(random, INKS),
    )
    corners = papers.turned(papers.rectangle(tall, side), random.uniform(-7, 7))
    corners += random.uniform(-0.03, 0.03, (4, 2)) * side
    free = [width - side, height - tall]
    corners += [random.uniform(0.25, 0.75) * max(0, room) for room in free]
    laid = papers.lay(table, note, [(x, y) for x, y in corners.tolist()])
    return papers.camera(laid, random)


def _wood(height: int, width: int, random: np.random.Generator) -> FloatArray:
    """The grain of a table: (height, width), about -1 to 1, long in one direction."""
    coarse = random.normal(0, 1, (height, width // 8 + 1)).astype(np.float32)
    streaks = ndimage.gaussian_filter(coarse, (2, 12)) * 6
    return np.repeat(streaks, 8, axis=1)[:, :width]


@named(PHOTOS, "a note lying on a dark desk")
def _dark_desk(drawing: Drawing, random: np.random.Generator) -> bytes:
    desks = ((0.32, 0.2, 0.12), (0.2, 0.17, 0.16), (0.4, 0.27, 0.17))
    return _note_on(drawing, random, one_of(random, desks), WHITE)


@named(PHOTOS, "a yellow sticky note on a light desk")
def _yellow_note(drawing: Drawing, random: np.random.Generator) -> bytes:
    desks = ((0.72, 0.68, 0.63), (0.78, 0.72, 0.62), (0.66, 0.66, 0.67))
    return _note_on(drawing, random, one_of(random, desks), (0.95, 0.9, 0.45))


@named(PHOTOS, "paper with two punched holes")
def _punched(drawing: Drawing, random: np.random.Generator) -> bytes:
    scene = _scene(random)
    height, width = scene.shape[:2]
    rim = (1 - 1 / papers.AROUND) / 2
    size = min(height, width) / papers.AROUND * random.uniform(0.25, 0.5)
    inked(
        scene,
        pen.ink(drawing.strokes, size, size * random.uniform(0.04, 0.08)),
        random,
        one_of(random, INKS),
    )
    radius = min(height, width) * random.uniform(0.012, 0.025)
    along, colour = random.uniform(0.08, 0.16), np.float32(random.uniform(0.15, 0.35))
    for place in (0.5 - along, 0.5 + along):
        centre = (place * height, (rim + random.uniform(0.05, 0.07)) * width)
        hole = papers.ellipse(height, width, centre, (radius, radius), 0.15)
        scene += hole * (colour - scene)
    return papers.camera(papers.seen_askew(scene, random), random)

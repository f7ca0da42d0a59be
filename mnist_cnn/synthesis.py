"""Training images made from what there is: other pens, photographs, and what is no digit."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate, ndimage

from mnist_cnn.glyphs import HANDS, LIKE_OPERATORS, NOT_DIGITS, OPERATORS, parsed
from mnist_cnn.images import ink, normalize, normalize_strokes
from mnist_cnn.records import SYMBOLS, Drawing, Stroke

Random = np.random.Generator
Strokes = tuple[Stroke, ...]

THINNEST, THICKEST = 0.02, 0.30
"""Pen widths from hairline to marker, as shares of the drawing's longer side."""

MOST_CORNERS = 10
"""Strokes of fewer points have their corners there; curves are drawn out to more."""


def rewritten(drawings: Sequence[Drawing], count: int, random: Random) -> NDArray[np.uint8]:
    """uint8 (count, 28, 28): drawings in turn, each with another pen and a slightly other hand."""
    return _collected(
        count,
        lambda index: _framed(_other_hand(drawings[index % len(drawings)].strokes, random), random),
    )


def sketched(labels: NDArray[np.int64], random: Random) -> NDArray[np.uint8]:
    """uint8 (n, 28, 28): digits 0 to 9, each in one of the ways that people write it."""

    def draw(index: int) -> NDArray[np.float32]:
        ways = HANDS[str(labels[index])]
        template = ways[int(random.integers(len(ways)))]
        strokes = _loosened(_sketched(template, random), random, apart=0.4)
        return _framed(_other_hand(strokes, random), random)

    return _collected(len(labels), draw)


def operators(labels: NDArray[np.int64], random: Random) -> NDArray[np.uint8]:
    """uint8 (n, 28, 28): the signs of arithmetic, labels being their places in `SYMBOLS`."""

    def draw(index: int) -> NDArray[np.float32]:
        strokes = operator(SYMBOLS[labels[index]], random)
        if SYMBOLS[labels[index]] == ".":  # smaller than any pen is broad
            return normalize_strokes(strokes, random.uniform(0.5, 3))
        return _framed(strokes, random, thickest=0.2)

    return _collected(len(labels), draw)


def operator(sign: str, random: Random) -> Strokes:
    """A sign of arithmetic in somebody's hand, in units of a tenth of its size or so."""
    ways = OPERATORS[sign]
    template = ways[int(random.integers(len(ways)))]
    slip = {".": 0.05, "/": 0.3, "-": 0.15, "=": 0.15}.get(sign, 0.3)
    strokes = _sketched(template, random, slip)
    if sign != ".":
        strokes = _hooked(_loosened(strokes, random), random)
    return _other_hand(strokes, random, turned=0.8)


def _loosened(strokes: Strokes, random: Random, apart: float = 0.6) -> Strokes:
    """Each stroke of several is longer or shorter than meant, and put down beside its place, so
    many units from it or so."""
    if len(strokes) == 1:
        return strokes
    return tuple(
        middle + (stroke - middle) * math.exp(random.normal(0, 0.2)) + random.normal(0, apart, 2)
        for stroke in strokes
        for middle in [stroke.mean(axis=0)]
    )


def _hooked(strokes: Strokes, random: Random) -> Strokes:
    """Now and then a stroke begins or ends in a small hook, where the pen came down or left."""

    def hook(at: Stroke, towards: Stroke) -> Stroke:
        along = (towards - at) / max(float(np.hypot(*(towards - at))), 1e-9)
        across = np.array([-along[1], along[0]]) * random.choice([-1, 1])
        return at + random.uniform(0.2, 0.9) * (across + random.uniform(0, 0.8) * along)

    def changed(stroke: Stroke) -> Stroke:
        if len(stroke) < 2 or float(np.ptp(stroke, axis=0).max()) < 3:
            return stroke
        first = [hook(stroke[0], stroke[1])] if random.random() < 0.15 else []
        last = [hook(stroke[-1], stroke[-2])] if random.random() < 0.15 else []
        return np.stack([*first, *stroke, *last])

    return tuple(changed(stroke) for stroke in strokes)


def not_symbols(drawings: Sequence[Drawing], count: int, random: Random) -> NDArray[np.uint8]:
    """uint8 (count, 28, 28): letters, doodles, neighbours taken together, mirrored digits."""
    letters = [name for name in NOT_DIGITS if name not in LIKE_OPERATORS]
    upright = [d for d in drawings if d.label not in ("1", "7")]
    kinds: list[tuple[float, Callable[[], Strokes]]] = [
        (0.35, lambda: _glyph(random, letters)),
        (0.45, lambda: _neighbours(drawings, random)),
        (0.10, lambda: _turned_digit(upright, random)),
        (0.06, lambda: _scribble(random)),
        (0.04, lambda: _overwritten(drawings, random)),
    ]
    shares = np.array([share for share, _ in kinds])

    def draw(_: int) -> NDArray[np.float32]:
        make = kinds[random.choice(len(kinds), p=shares)][1]
        return _framed(make(), random, thickest=0.16)

    return _collected(count, draw)


def _neighbours(drawings: Sequence[Drawing], random: Random) -> Strokes:
    """Two symbols of a line taken for one, or one with a piece of the next."""
    first = _random_symbol(drawings, random)
    second = list(_random_symbol(drawings, random))
    if len(second) > 1 and random.random() < 0.5:
        second.pop(int(random.integers(len(second))))
    return _in_a_row([first, tuple(second)], random)


def _random_symbol(drawings: Sequence[Drawing], random: Random) -> Strokes:
    """A digit, or less often a sign, about as high as it stands in a line of height 1."""
    if random.random() < 0.7:
        return _scaled(_random_digit(drawings, random), random.uniform(0.85, 1.15))
    sign = SYMBOLS[int(random.integers(10, len(SYMBOLS) - 2))]  # neither dot nor slash
    height = {"-": 0.1, "=": 0.3, "(": 1.2, ")": 1.2}.get(sign, 0.6)
    return _scaled(operator(sign, random), height * random.uniform(0.8, 1.2))


def _scaled(strokes: Strokes, height: float) -> Strokes:
    points = np.concatenate(strokes)
    corner, size = points.min(axis=0), np.ptp(points, axis=0)
    scale = height / max(float(size[1]), 0.2 * float(size[0]), 1e-9)
    return tuple((stroke - corner) * scale for stroke in strokes)


def _in_a_row(symbols: Sequence[Strokes], random: Random) -> Strokes:
    """Symbols beside each other, their middles at one height, from touching to wide apart."""
    row: list[Stroke] = []
    right = 0.0
    for strokes in symbols:
        points = np.concatenate(strokes)
        size = np.ptp(points, axis=0)
        down = -size[1] / 2 + random.normal(0, 0.06)
        row += [stroke - points.min(axis=0) + [right, down] for stroke in strokes]
        right += float(size[0]) + random.uniform(-0.05, 0.4)
    return tuple(row)


def redrawn(images: NDArray[np.uint8], random: Random) -> NDArray[np.uint8]:
    """uint8 (n, 28, 28): scanned digits reduced to their skeleton, then drawn with an even pen."""
    some = range(0, len(images), 500)  # thinning holds many copies of what it works on
    skeletons = (shape for i in some for shape in _thinned(_doubled(images[i : i + 500])))

    def draw(_: int) -> NDArray[np.float32]:
        radius = 20 * _pen_width(random)
        distance = ndimage.distance_transform_edt(~np.pad(next(skeletons), 8))
        return normalize(np.clip(radius + 0.5 - distance, 0, 1).astype(np.float32))

    return _collected(len(images), draw)


def photographed(images: NDArray[np.uint8], random: Random) -> NDArray[np.uint8]:
    """uint8 (n, 28, 28): as `read_image` and `normalize` give digits back from noisy grey paper."""

    def photograph(index: int) -> NDArray[np.float32]:
        paper = random.uniform(0.35, 1.0)
        contrast = random.uniform(0.25, 0.95) * paper
        digit = np.pad(images[index].astype(np.float32) / 255, int(random.integers(0, 8)))
        enlarged = ndimage.zoom(digit, random.uniform(1, 3), order=1)
        blurred = ndimage.gaussian_filter(enlarged, random.uniform(0, 0.8))
        lamp = _slope(blurred.shape, random) * 0.15
        grain = random.normal(0, random.uniform(0, 0.4) * contrast, blurred.shape)
        grey = np.clip(paper + lamp - contrast * blurred + grain, 0, 1).astype(np.float32)
        frame = normalize(ink(grey if random.random() < 0.7 else 1 - grey))
        return frame if frame.any() else images[index] / np.float32(255)

    return _collected(len(images), photograph)


def not_digits(drawings: Sequence[Drawing], count: int, random: Random) -> NDArray[np.uint8]:
    """uint8 (count, 28, 28): letters, signs, doodles, several symbols at once, mirrored digits.

    Args:
        drawings: labelled digits, the raw material of the last two kinds.
    """
    kinds: list[tuple[float, Callable[[], Strokes]]] = [
        (0.55, lambda: _glyph(random)),
        (0.15, lambda: _side_by_side(drawings, random)),
        (0.18, lambda: _turned_digit(drawings, random)),
        (0.07, lambda: _scribble(random)),
        (0.05, lambda: _overwritten(drawings, random)),
    ]
    shares = np.array([share for share, _ in kinds])

    def draw(_: int) -> NDArray[np.float32]:
        make = kinds[random.choice(len(kinds), p=shares)][1]
        return _framed(make(), random, thickest=0.16)

    return _collected(count, draw)


def _collected(count: int, draw: Callable[[int], NDArray[np.float32]]) -> NDArray[np.uint8]:
    images = np.zeros((count, 28, 28), np.uint8)
    for index in range(count):
        images[index] = np.round(draw(index) * 255)
    return images


def _framed(strokes: Strokes, random: Random, thickest: float = THICKEST) -> NDArray[np.float32]:
    return normalize_strokes(strokes, _pen_width(random, thickest))


def _pen_width(random: Random, thickest: float = THICKEST) -> float:
    """Fine pens more often than broad ones, but not by much."""
    return float(THINNEST + (thickest - THINNEST) * random.random() ** 1.5)


def _other_hand(strokes: Strokes, random: Random, turned: float = 1.0) -> Strokes:
    """A smooth warp, slant, turn and stretch of the whole; strokes slipped and trimmed a bit.

    `turned` multiplies turn and slant.
    """
    points = np.concatenate(strokes)
    corner, size = points.min(axis=0), max(float(np.ptp(points, axis=0).max()), 1e-9)
    angle, slant = turned * random.normal(0, [math.radians(7), 0.15])
    stretch = math.exp(random.normal(0, 0.12))
    matrix = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    matrix = matrix @ np.array([[stretch, 0], [slant, 1 / stretch]])
    waves = random.normal(0, random.uniform(0.01, 0.05), (2, 4))
    phases = random.uniform(0, 2 * math.pi, (2, 4))

    def moved(stroke: Stroke) -> Stroke:
        unit = (_trimmed(stroke, random) - corner) / size
        angles = unit[:, [0, 1, 0, 1]] * [2.5, 2.5, 5, 5]
        warp = np.stack([np.sin(angles + p) @ w for w, p in zip(waves, phases, strict=True)], 1)
        return np.asarray((unit + warp) @ matrix + random.normal(0, 0.02, 2))

    return tuple(moved(stroke) for stroke in strokes)


def _trimmed(stroke: Stroke, random: Random) -> Stroke:
    """Sometimes without its first or last moments, as of a pen that touched late or left early."""
    late, early = (random.random(2) < 0.25) * random.uniform(0, 0.1, 2) * len(stroke)
    kept = stroke[int(late) : len(stroke) - int(early)]
    return kept if len(kept) > 1 else stroke


def _glyph(random: Random, names: Sequence[str] = tuple(NOT_DIGITS)) -> Strokes:
    name = names[int(random.integers(len(names)))]
    return _other_hand(_sketched(NOT_DIGITS[name], random), random)


def _sketched(template: str, random: Random, slip: float = 0.45) -> Strokes:
    """A template's strokes with every point slipped a little, curves drawn out."""
    strokes = []
    for smooth, points in parsed(template):
        slipped = np.array(points) + random.normal(0, slip, (len(points), 2))
        strokes.append(_unsteady(_curve(slipped, smooth), random))
    return tuple(strokes)


def _unsteady(stroke: Stroke, random: Random) -> Stroke:
    """Half of all strokes become straight pieces of a unit or two, joined askew. Strokes that are
    ruled or round throughout are the generator's own: a network would know a sign by them."""
    steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    if len(stroke) < 2 or steps[-1] <= 0 or random.random() < 0.5:
        return stroke
    corners = steps if len(stroke) < MOST_CORNERS else steps[[0, -1]]
    between = random.uniform(0, steps[-1], int(steps[-1] / random.uniform(0.8, 2.2)))
    at = np.sort(np.concatenate([corners, between]))
    points = np.stack([np.interp(at, steps, stroke[:, axis]) for axis in (0, 1)], axis=1)
    slip = random.uniform(0, 0.25) * min(1.0, steps[-1] / 5)
    return np.asarray(points + random.normal(0, slip, points.shape))


def _curve(points: Stroke, smooth: bool) -> Stroke:
    if not smooth or len(points) < 3:
        return points
    steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T) + 1e-6)])
    curve = interpolate.PchipInterpolator if len(points) < 4 else interpolate.CubicSpline
    return np.asarray(curve(steps, points)(np.linspace(0, steps[-1], 10 * len(points))))


def _side_by_side(drawings: Sequence[Drawing], random: Random) -> Strokes:
    """Two to four digits or letters in a row."""
    row: list[Stroke] = []
    right = 0.0
    for _ in range(int(random.choice([2, 3, 4], p=[0.6, 0.3, 0.1]))):
        strokes = _random_digit(drawings, random) if random.random() < 0.6 else _glyph(random)
        points = np.concatenate(strokes)
        height = max(float(np.ptp(points[:, 1])), 0.3 * float(np.ptp(points[:, 0])), 1e-9)
        scale = random.uniform(0.8, 1.2) / height
        left = points.min(axis=0)
        row += [(stroke - left) * scale + [right, random.normal(0, 0.08)] for stroke in strokes]
        right += float(np.ptp(points[:, 0])) * scale + random.uniform(0.08, 0.5)
    return tuple(row)


def _overwritten(drawings: Sequence[Drawing], random: Random) -> Strokes:
    """Two things written over each other, or a digit that was crossed out."""
    strokes = list(_random_digit(drawings, random))
    points = np.concatenate(strokes)
    corner, size = points.min(axis=0), np.ptp(points, axis=0)
    over = _random_digit(drawings, random) if random.random() < 0.5 else _scribble(random)
    other = np.concatenate(over)
    fit = size / np.maximum(np.ptp(other, axis=0), 1e-9)
    strokes += [(stroke - other.min(axis=0)) * fit + corner for stroke in over]
    return tuple(strokes)


MIRRORED = {"3": "xt", "4": "xyt", "6": "x", "7": "xyt", "9": "x"}
QUARTER_TURNED = ("1", "2", "3", "4", "5", "7", "8")
"""Digits that are none any more when mirrored in x or y or turned by half (t), and when turned
by a quarter."""


def _turned_digit(drawings: Sequence[Drawing], random: Random) -> Strokes:
    while True:
        drawing = drawings[int(random.integers(len(drawings)))]
        ways = MIRRORED.get(drawing.label or "", "") + "q" * (drawing.label in QUARTER_TURNED)
        if ways:
            break
    way = ways[int(random.integers(len(ways)))]
    quarter = [[0, 1], [-1, 0]] if random.random() < 0.5 else [[0, -1], [1, 0]]
    matrix = {"x": [[-1, 0], [0, 1]], "y": [[1, 0], [0, -1]], "t": [[-1, 0], [0, -1]]}
    turned = tuple(stroke @ np.array(matrix.get(way, quarter)) for stroke in drawing.strokes)
    return _other_hand(turned, random)


def _random_digit(drawings: Sequence[Drawing], random: Random) -> Strokes:
    return _other_hand(drawings[int(random.integers(len(drawings)))].strokes, random)


def _scribble(random: Random) -> Strokes:
    """One to three wandering curves, or a tangle of straight lines."""
    if random.random() < 0.3:
        return (random.random((int(random.integers(5, 14)), 2)),)
    strokes = []
    for _ in range(int(random.integers(1, 4))):
        steps = np.cumsum(random.normal(0, 0.3, (int(random.integers(6, 16)), 2)), axis=0)
        strokes.append(_curve(steps, smooth=True))
    return tuple(strokes)


def _slope(shape: tuple[int, ...], random: Random) -> NDArray[np.float64]:
    """A brightness between -1 and 1 that falls evenly across the picture."""
    angle = random.uniform(0, 2 * math.pi)
    y, x = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    return random.random() * (math.cos(angle) * x + math.sin(angle) * y)


def _doubled(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray(ndimage.zoom(images.astype(np.float32) / 255, (1, 2, 2), order=1) > 0.45)


def _thinned(shapes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Skeletons one pixel wide of many shapes at once: bool (n, height, width).

    Zhang and Suen, A fast parallel algorithm for thinning digital patterns, 1984.
    """
    shapes = np.pad(shapes, ((0, 0), (1, 1), (1, 1)))
    inner = shapes[:, 1:-1, 1:-1]
    height, width = inner.shape[1:]
    around = [(0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0), (0, 0)]
    for _ in range(30):
        before = np.count_nonzero(inner)
        for first in (True, False):
            n = [shapes[:, y : y + height, x : x + width] for y, x in around]
            neighbours = sum(p.astype(np.int8) for p in n)
            changes = sum((~a & b).astype(np.int8) for a, b in zip(n, n[1:] + n[:1], strict=True))
            north, east, south, west = n[0], n[2], n[4], n[6]
            if first:
                spare = ~(north & east & south) & ~(east & south & west)
            else:
                spare = ~(north & east & west) & ~(north & south & west)
            inner &= ~((neighbours >= 2) & (neighbours <= 6) & (changes == 1) & spare)
        if np.count_nonzero(inner) == before:
            break
    return inner.copy()

"""Digits and signs of arithmetic drawn from templates, each time a little differently."""

import math

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data.glyphs import HANDS, OPERATORS, parsed
from mnist_cnn.data.handwriting import Random, Strokes, collect, frame, one_of, vary_hand
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.records import Stroke

MAX_CORNERS = 10
"""Strokes of fewer points have their corners there; curves are drawn out to more."""


def sketched(labels: NDArray[np.int64], random: Random) -> NDArray[np.uint8]:
    """uint8 (n, 28, 28): digits 0 to 9, each in one of the ways that people write it."""

    def draw(index: int) -> NDArray[np.float32]:
        ways = HANDS[str(labels[index])]
        template = one_of(ways, random)
        strokes = _loosened(sketch(template, random), random, apart=0.4)
        return frame(vary_hand(strokes, random), random)

    return collect(len(labels), draw)


def operators(labels: NDArray[np.int64], random: Random) -> NDArray[np.uint8]:
    """uint8 (n, 28, 28): the signs of arithmetic, labels being their places in `SYMBOLS`."""

    def draw(index: int) -> NDArray[np.float32]:
        strokes = operator(SYMBOLS[labels[index]], random)
        if SYMBOLS[labels[index]] == ".":  # smaller than any pen is broad
            return normalize_strokes(strokes, random.uniform(0.5, 3))
        return frame(strokes, random, thickest=0.2)

    return collect(len(labels), draw)


def operator(sign: str, random: Random) -> Strokes:
    """A sign of arithmetic in somebody's hand: strokes (points, 2), about 1 on the longer side."""
    ways = OPERATORS[sign]
    template = one_of(ways, random)
    slip = {".": 0.05, "/": 0.3, "-": 0.15, "=": 0.15}.get(sign, 0.3)
    strokes = sketch(template, random, slip)
    if sign != ".":
        strokes = _hooked(_loosened(strokes, random), random)
    return vary_hand(strokes, random, turned=0.8)


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


def sketch(template: str, random: Random, slip: float = 0.45) -> Strokes:
    """A template's strokes, (points, 2) in its own units of a tenth of its size, with every point
    slipped a little and curves drawn out."""
    strokes = []
    for smooth, points in parsed(template):
        slipped = np.array(points) + random.normal(0, slip, (len(points), 2))
        strokes.append(_unsteady(smooth_curve(slipped, smooth), random))
    return tuple(strokes)


def _unsteady(stroke: Stroke, random: Random) -> Stroke:
    """Half of all strokes become straight pieces of a unit or two, joined askew. Strokes that are
    ruled or round throughout are the generator's own: a network would know a sign by them."""
    steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(stroke, axis=0).T))])
    if len(stroke) < 2 or steps[-1] <= 0 or random.random() < 0.5:
        return stroke
    corners = steps if len(stroke) < MAX_CORNERS else steps[[0, -1]]
    between = random.uniform(0, steps[-1], int(steps[-1] / random.uniform(0.8, 2.2)))
    at = np.sort(np.concatenate([corners, between]))
    points = np.stack([np.interp(at, steps, stroke[:, axis]) for axis in (0, 1)], axis=1)
    slip = random.uniform(0, 0.25) * min(1.0, steps[-1] / 5)
    return np.asarray(points + random.normal(0, slip, points.shape))


def smooth_curve(points: Stroke, smooth: bool) -> Stroke:
    """A curve through points (n, 2), as ten times as many; themselves where it is not `smooth`."""
    if not smooth or len(points) < 3:
        return points
    from scipy import interpolate  # 20 MB that a server need not hold

    steps = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T) + 1e-6)])
    curve = interpolate.PchipInterpolator if len(points) < 4 else interpolate.CubicSpline
    return np.asarray(curve(steps, points)(np.linspace(0, steps[-1], 10 * len(points))))

"""Pen strokes: from the canvas, and to an image."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from mnist_cnn.errors import BadStrokes
from mnist_cnn.records import FloatArray, Stroke
from mnist_cnn.settings import MAX_POINTS, MAX_STROKES

PEN_WIDTH = 0.12
"""Width of the pen as a share of the longer side of what was written. MNIST's own digits
have 0.10 to 0.16."""

RASTER_SIDE = 160
"""Longer side of a rasterized drawing in pixels: eight for each pixel of the (28, 28) frame."""

LEAST_EXTENT = 1e-200
"""What extends less has none: its pixels could not be counted."""

CURVE_STEPS = 3
"""Straight pieces in place of one quadratic curve of the canvas, which spans a few pixels."""


def from_canvas(drawing: Mapping[str, Any] | None) -> tuple[Stroke, ...]:
    """The strokes of a drawable canvas' JSON, each of shape (points, 2) in canvas pixels.

    Objects that the canvas' edit mode moved, scaled or turned come out as they are seen.

    Raises:
        BadStrokes: what came is no drawing, holds numbers that are not finite, or is larger
            than `MAX_STROKES` and `MAX_POINTS` allow.
    """
    objects = drawing.get("objects") or [] if isinstance(drawing, Mapping) else drawing or []
    known = isinstance(drawing, Mapping | None) and not isinstance(objects, str)
    if not known or not isinstance(objects, Sequence):
        raise BadStrokes("The drawing has no list of objects; please clear it and draw again.")
    paths = [o for o in objects if isinstance(o, Mapping) and isinstance(o.get("path"), Sequence)]
    paths = [p for p in paths if p["path"]]
    check_size(len(paths), sum(len(p["path"]) for p in paths))
    try:
        return tuple(_placed(_flattened(path["path"]), path) for path in paths)
    except (TypeError, ValueError, LookupError, OverflowError, RecursionError) as error:
        raise BadStrokes(
            f"The drawing could not be read ({error}); please clear it and draw again."
        ) from error


def rasterize(strokes: Sequence[Stroke], pen_width: float = PEN_WIDTH) -> FloatArray:
    """White ink on black: shape (height, width), 0 or 1, `RASTER_SIDE` px on the longer side.

    The pen is round and `pen_width` times as wide as the longer side of what was written,
    so neither the screen nor the canvas' brush matters. Strokes that have no extent at all
    are no writing, and give an image with no ink.
    """
    corner, extent = _bounds(strokes)
    if extent == 0.0:
        return np.zeros((1, 1), np.float32)
    pixels = RASTER_SIDE / (extent * (1 + pen_width))
    radius = pen_width * extent * pixels / 2
    margin = radius + 2
    paths = [_thinned((stroke - corner) * pixels + margin) for stroke in strokes if len(stroke)]
    size = np.ceil(np.max([p.max(axis=0) for p in paths], axis=0) + margin).astype(int)
    image = Image.new("L", (int(size[0]), int(size[1])))
    draw = ImageDraw.Draw(image)
    for path in paths:
        if len(path) > 1:
            draw.line(path.ravel().tolist(), fill=1, width=max(1, round(2 * radius)))
        for x, y in path.tolist():
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=1)
    return np.asarray(image, np.float32)


GRID = 1000
"""How many units the longer side of a kept drawing has."""


def on_grid(strokes: Sequence[Stroke]) -> tuple[Stroke, ...]:
    """Strokes (points, 2) as files keep them: the longer side is `GRID` units, points are whole
    ones. Of what lies on the grid already nothing changes, so that a drawing that was kept looks as
    it did."""
    corner, size = _bounds(strokes)
    return tuple((GRID * (stroke - corner) / (size or 1.0)).round() for stroke in strokes)


def extent(strokes: Sequence[Stroke]) -> float:
    """The longer side of what was written, strokes of (points, 2), in their own unit; 0 for
    nothing."""
    return _bounds(strokes)[1]


def _bounds(strokes: Sequence[Stroke]) -> tuple[Stroke, float]:
    written = [stroke for stroke in strokes if len(stroke)]
    if not written:
        return np.zeros(2), 0.0
    points = np.concatenate(written)
    corner = points.min(axis=0)
    longer = float((points.max(axis=0) - corner).max())
    return corner, longer if longer > LEAST_EXTENT else 0.0


def _thinned(path: Stroke, step: float = 1.5) -> Stroke:
    """Without the points that lie closer than `step` px to the one kept before."""
    kept = [0]
    last_x, last_y = path[0]
    for index, (x, y) in enumerate(path.tolist()):
        if abs(x - last_x) + abs(y - last_y) >= step:
            kept.append(index)
            last_x, last_y = x, y
    if kept[-1] != len(path) - 1:
        kept.append(len(path) - 1)
    return path[kept]


def checked_stroke(stroke: Stroke) -> Stroke:
    """A stroke as (points, 2); what else there was of each point is left out.

    Raises:
        ValueError: it is none, or a coordinate is not finite or beyond 1e9.
    """
    if stroke.size == 0:
        return np.zeros((0, 2))
    if stroke.ndim != 2 or stroke.shape[1] < 2:
        raise ValueError(f"a stroke is a list of [x, y], but one has the shape {stroke.shape}")
    if not np.isfinite(stroke).all():
        raise ValueError("a coordinate is not a finite number")
    if np.abs(stroke).max() > 1e9:
        raise ValueError("a coordinate is larger than 1e9")
    return stroke[:, :2]


def checked_strokes(rows: Sequence[Any]) -> tuple[Stroke, ...]:
    """Strokes of (points, 2) from lists of points; so many that they would take long are refused
    before they are looked at.

    Raises:
        BadStrokes: there are too many.
        ValueError: one is none.
    """
    check_size(len(rows), sum(len(row) for row in rows if isinstance(row, list)))
    return tuple(checked_stroke(np.asarray(row, np.float64)) for row in rows)


def check_size(num_strokes: int, num_points: int) -> None:
    if num_strokes > MAX_STROKES or num_points > MAX_POINTS:
        raise BadStrokes(
            f"The drawing has {num_strokes:,} strokes and {num_points:,} points; at most "
            f"{MAX_STROKES:,} and {MAX_POINTS:,} are read. Please clear it and draw again"
        )


def _flattened(commands: Sequence[Sequence[Any]]) -> Stroke:
    """The points of an SVG-like path of M, L and Q commands."""
    points: list[tuple[float, float]] = []
    for command in commands:
        kind, *numbers = command
        values = [float(n) for n in numbers]
        if kind == "Q" and points:
            (x0, y0), (cx, cy, x1, y1) = points[-1], values
            for step in range(1, CURVE_STEPS + 1):
                t = step / CURVE_STEPS
                a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
                points.append((a * x0 + b * cx + c * x1, a * y0 + b * cy + c * y1))
        else:
            points.append((values[-2], values[-1]))
    return checked_stroke(np.asarray(points, np.float64))


def _placed(stroke: Stroke, placement: Mapping[str, Any]) -> Stroke:
    """The stroke where the canvas shows it: scaled and turned about its centre, then moved."""
    if "left" not in placement or "top" not in placement:
        return stroke
    scale = [
        float(placement.get("scaleX", 1)) * (-1 if placement.get("flipX") else 1),
        float(placement.get("scaleY", 1)) * (-1 if placement.get("flipY") else 1),
    ]
    angle = math.radians(float(placement.get("angle", 0)))
    if scale == [1, 1] and angle == 0:
        turn = np.eye(2)
    else:
        cos, sin = math.cos(angle), math.sin(angle)
        turn = np.array([[cos, sin], [-sin, cos]])
    centre = (stroke.min(axis=0) + stroke.max(axis=0)) / 2
    target = np.array([float(placement["left"]), float(placement["top"])])
    return checked_stroke((stroke - centre) * scale @ turn + target)

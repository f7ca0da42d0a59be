"""Writing as tests need it: a seven, plain lines of symbols, and what a canvas sends."""

import io

import numpy as np
from PIL import Image

from mnist_cnn.data.glyphs import DIGITS, OPERATORS, parsed
from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.records import Stroke

SEVEN = (np.array([[80, 60], [150, 56], [215, 60], [190, 115], [155, 180], [135, 235]], float),)


def canvas_json(*strokes: np.ndarray) -> dict:
    """What the drawable canvas sends for strokes drawn through these points."""
    return {"version": "7.4.0", "objects": [canvas_path(stroke) for stroke in strokes]}


def canvas_path(points: np.ndarray) -> dict:
    first, last = points[0].tolist(), points[-1].tolist()
    commands: list[list] = [["M", *first]]
    for here, after in zip(points[1:-1].tolist(), points[2:].tolist(), strict=True):
        commands.append(["Q", *here, (here[0] + after[0]) / 2, (here[1] + after[1]) / 2])
    commands.append(["L", *last])
    return {"type": "Path", "path": commands}


def seven_png() -> bytes:
    file = io.BytesIO()
    Image.fromarray((255 * np.pad(rasterize(SEVEN), 30)).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


HEIGHTS = {"-": 0.4, "=": 3, "+": 6, "×": 6, "÷": 6, "(": 12, ")": 12, ".": 0.6, "/": 11}


LOW = {".": 9.4, "-": 5, "=": 3.5, "+": 2, "×": 2, "÷": 2, "(": -1, ")": -1}


def written(text: str, at: float = 0.0, scale: float = 8.0) -> list[Stroke]:
    """Plain handwriting, a symbol beside the other."""
    strokes: list[Stroke] = []
    for sign in text:
        digits = [template for label, template in DIGITS if label == sign]
        template = digits[0] if digits else OPERATORS[sign][0]
        own = [np.array(points) for _, points in parsed(template)]
        points = np.concatenate(own)
        corner, size = points.min(axis=0), np.ptp(points, axis=0)
        high = HEIGHTS.get(sign, 10) / max(size[1], 0.01 if sign == "." else 1)
        wide = 6 / size[0] if sign in "-=" else high if sign != "-" else 1
        for stroke in own:
            moved = (stroke - corner) * [wide, high] + [at, LOW.get(sign, 0)]
            strokes.append(scale * moved)
        at += size[0] * wide + 2.5
    return strokes

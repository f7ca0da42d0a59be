"""A photographed or scanned sheet of digits, cut into its digits in reading order."""

import io
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from statistics import fmean, median

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from mnist_cnn.records import FloatArray

MANY = 4
"""So many digits at least make a picture a sheet."""

SMALLEST = 56
"""Pictures that are no larger on their shorter side show one digit."""

MOST = 4_000
"""More pieces of ink are no lines of digits, and are not looked at one by one."""

SURE, UNSURE = "#0b6bcb", "#c2410c"

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


def lines_on(ink: FloatArray) -> list[list[Box]]:
    """The pieces of ink on a sheet, line after line, each from left to right. Those that stand
    above each other are one piece; specks are left out. Of more than `MOST`, in one heap.

    Args:
        ink: float32 (height, width), 0 for paper to 1 for ink.
    """
    found, _ = ndimage.label(ink > 0.25 * ink.max(initial=0.0), np.ones((3, 3)))
    slices = ndimage.find_objects(found)
    boxes = [(s[1].start, s[0].start, s[1].stop, s[0].stop) for s in slices]
    if not boxes:
        return []
    tall = height_of(boxes)
    boxes = [box for box in boxes if max(box[2] - box[0], box[3] - box[1]) >= 0.15 * tall]
    if len(boxes) > MOST:
        return [boxes]
    return [_merged(line) for line in _lines(boxes, tall)]


def count_pieces(ink: FloatArray) -> int:
    """How many pieces of ink lie on a sheet, (height, width)."""
    return sum(map(len, lines_on(ink)))


def height_of(boxes: Sequence[Box]) -> float:
    """How high digits are, in pixels, among boxes of which some are specks and bars."""
    heights = np.array([bottom - top for _, top, _, bottom in boxes])
    return float(np.median(heights[heights >= 0.4 * np.quantile(heights, 0.9)]))


def cut(ink: FloatArray, box: Box) -> FloatArray:
    """The ink inside a box, of (height, width): a view, not a copy."""
    left, top, right, bottom = box
    return ink[top:bottom, left:right]


def annotated(ink: FloatArray, marks: Iterable[tuple[Box, str, bool]]) -> bytes:
    """A PNG of the ink, (height, width) in [0, 1], black on white, with a box and a text at each
    mark: blue where it is sure, orange where not."""
    paper = Image.fromarray(np.round(255 * (1 - ink)).astype(np.uint8)).convert("RGB")
    draw = ImageDraw.Draw(paper)
    for (left, top, right, bottom), text, is_sure in marks:
        colour = SURE if is_sure else UNSURE
        draw.rectangle((left - 2, top - 2, right + 1, bottom + 1), outline=colour)
        size = max(11, (bottom - top) // 3)
        draw.text((left, top - 3), text, colour, ImageFont.load_default(size), anchor="lb")
    file = io.BytesIO()
    paper.save(file, "PNG")
    return file.getvalue()


def _lines(boxes: list[Box], height: float) -> list[list[Box]]:
    """Boxes grouped into lines of writing, from top to bottom; each box joins the line whose
    last digits stand at its height, so that a line may slope."""
    lines: list[_Line] = []
    whole = [box for box in boxes if box[3] - box[1] >= 0.5 * height]
    parts = [box for box in boxes if box[3] - box[1] < 0.5 * height]
    for box in sorted(whole, key=lambda b: b[0]):
        near = [line for line in lines if abs(_middle(box) - line.end) < 0.6 * height]
        if near:
            min(near, key=lambda line: abs(_middle(box) - line.end)).add(box)
        else:
            lines.append(_Line(box))
    for box in parts:  # a bar or a dot goes to the line that is nearest
        if lines:
            min(lines, key=lambda line: abs(_middle(box) - line.middle_near(box[0]))).add(box)
    return [line.boxes for line in sorted(lines, key=lambda line: _top(line.boxes))]


class _Line:
    """Boxes of a line; `end` is the height at which its last digits run."""

    def __init__(self, box: Box) -> None:
        self.boxes: list[Box] = []
        self._middles: list[tuple[int, float]] = []
        self.add(box)

    def add(self, box: Box) -> None:
        self.boxes.append(box)
        insort(self._middles, (box[0], _middle(box)))
        self.end = fmean(map(_middle, self.boxes[-3:]))

    def middle_near(self, x: int) -> float:
        """The height at which it runs at this place."""
        at = bisect_left(self._middles, (x, 0.0))
        around = self._middles[max(0, at - 3) : at + 3]
        return fmean(middle for _, middle in sorted(around, key=lambda own: abs(own[0] - x))[:3])


def _top(line: list[Box]) -> float:
    return median(map(_middle, line))


def _middle(box: Box) -> float:
    return (box[1] + box[3]) / 2


def _merged(line: list[Box]) -> list[Box]:
    """The pieces of a line from left to right, such as stand above each other as one."""
    pieces: list[Box] = []
    for box in sorted(line, key=lambda b: (b[0] + b[2]) / 2):
        if pieces:
            last = pieces[-1]
            shared = min(last[2], box[2]) - max(last[0], box[0])
            if shared > 0.5 * min(last[2] - last[0], box[2] - box[0]):
                pieces[-1] = (
                    min(last[0], box[0]),
                    min(last[1], box[1]),
                    max(last[2], box[2]),
                    max(last[3], box[3]),
                )
                continue
        pieces.append(box)
    return pieces

"""The digits of a sheet: the network says which pieces of ink are one, and which are two."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.results import Result
from mnist_cnn.ink import sheet
from mnist_cnn.ink.normalize import normalize
from mnist_cnn.ink.sheet import Box
from mnist_cnn.metrics import log_sum_exp
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.records import FloatArray, Prediction

MOST_JOINED = 3
"""So many pieces make a digit at most."""

WIDEST = 1.2
"""How wide a digit is at most, in heights of digits."""

JOINING, APART = 4.0, 30.0
"""What it costs to join two pieces, in nats, and that for each height of a digit between them."""

BEST, WORST = 8.0, -6.0
"""Evidence of a digit counts between these, in nats."""

MANY, MIN_DIGITS = 40, 0.4
"""Where so many pieces have a smaller share of digits among them, it is no sheet of digits."""

MOST = 2_000
"""So many digits on a sheet are read."""


@dataclass(frozen=True)
class _Group:
    """Pieces `first` to before `end` of a line, or a part of one, as one digit."""

    first: int
    end: int
    boxes: tuple[Box, ...]


def read_sheet(item: Item, classifier: Classifier) -> list[Result]:
    """The digits on an item's sheet, line after line, each from left to right; none where there
    are too few to make one."""
    ink = np.asarray(item.sheet, np.float32) / 255
    lines = sheet.lines_on(ink)
    count = sum(map(len, lines))
    if count > MOST:
        return [Result(Item(item.name, error=_no_sheet(count)), None)]
    results: list[Result] = []
    tall = sheet.height_of([box for line in lines for box in line])
    for line in lines:
        for box, image, prediction in _digits_of(ink, line, tall, classifier):
            name = f"{item.name} #{len(results) + 1}"
            results.append(Result(Item(name, image, box=box), prediction))
    digits = sum(result.status in ("ok", "unsure") for result in results)
    if digits < sheet.MANY and len(results) < MANY:
        return []
    if len(results) >= MANY and digits < MIN_DIGITS * len(results):
        return [Result(Item(item.name, error=_no_sheet(count, digits)), None)]
    return results


def _no_sheet(pieces: int, digits: int | None = None) -> str:
    of_these = "" if digits is None else f", and only {digits:,} of them look like digits"
    return (
        f"It shows {pieces:,} pieces of writing{of_these}: a page of text is no sheet of digits. "
        "Please cut out the part with the digits."
    )


def _digits_of(
    ink: FloatArray, line: Sequence[Box], tall: float, classifier: Classifier
) -> list[tuple[Box, FloatArray, Prediction]]:
    """The digits of a line in the likeliest grouping of its pieces: box, image (28, 28), answer."""
    groups = _groups(ink, line, tall)
    images = np.stack([normalize(sheet.cut(ink, box)) for group in groups for box in group.boxes])
    logits = classifier.compute_logits(images)
    evidence = np.clip(log_sum_exp(logits), WORST, BEST)
    starts = np.cumsum([0, *(len(group.boxes) for group in groups)])
    scores = [
        (group.end - group.first) * float(evidence[start : start + len(group.boxes)].mean())
        - _joining(line[group.first : group.end], tall)
        for group, start in zip(groups, starts, strict=False)
    ]
    best: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    for end in range(1, len(line) + 1):
        best.append(
            max(
                (best[group.first][0] + score, (*best[group.first][1], number))
                for number, (group, score) in enumerate(zip(groups, scores, strict=True))
                if group.end == end
            )
        )
    rows = [
        row
        for number in best[-1][1]
        for row in range(starts[number], starts[number] + len(groups[number].boxes))
    ]
    boxes = [box for group in groups for box in group.boxes]
    return [(boxes[row], images[row], classifier.calibration.verdict(logits[row])) for row in rows]


def _joining(pieces: Sequence[Box], tall: float) -> float:
    """What it costs to take pieces for one digit, the more the further they are apart."""
    gaps = [max(0, after[0] - before[2]) / tall for before, after in pairwise(pieces)]
    return sum(JOINING + APART * gap for gap in gaps)


def _groups(ink: FloatArray, line: Sequence[Box], tall: float) -> list[_Group]:
    """Every piece by itself, neighbours that may be one digit, and wide pieces cut in two."""
    found = []
    for first in range(len(line)):
        for end in range(first + 1, min(first + MOST_JOINED, len(line)) + 1):
            box = _around(line[first:end])
            if end == first + 1 or box[2] - box[0] <= WIDEST * tall:
                found.append(_Group(first, end, (box,)))
        left, top, right, bottom = line[first]
        if right - left > WIDEST * tall:
            for place in _thin_places(sheet.cut(ink, line[first])):
                parts = (left, top, left + place, bottom), (left + place, top, right, bottom)
                found.append(_Group(first, first + 1, parts))
    return found


def _thin_places(ink: FloatArray) -> NDArray[np.intp]:
    """Where a piece (height, width) may be cut in two: a few columns with the least ink."""
    width = ink.shape[1]
    columns = np.arange(width // 4, 3 * width // 4)
    profile = ink.sum(axis=0)[columns]
    return columns[np.argsort(profile, kind="stable")[:: max(1, len(columns) // 4)][:3]]


def _around(boxes: Sequence[Box]) -> Box:
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)

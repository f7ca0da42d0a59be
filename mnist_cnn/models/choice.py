"""Which piece of writing in a picture is the digit: the network has the word."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mnist_cnn.ink.normalize import normalize
from mnist_cnn.ink.symbol_count import TALL
from mnist_cnn.ink.written import Box, Writing
from mnist_cnn.metrics import log_sum_exp
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.records import FloatArray, Prediction

SIZE_WEIGHT = 3.0
"""What size is worth, in nats of evidence over the logarithm of the share of the largest."""

SURROUNDED = 4.0
"""What ink with something around it loses, in nats: it was not told from its surroundings."""

CLOSE = 4.0
"""Where another digit is behind by fewer nats, the answer is unsure."""

TURNED_EVIDENCE, TURNED_CONFIDENCE = 4.0, 0.9
"""What a turned picture has to show to be read: some letters are digits that lie on their side."""

BROAD = 0.25
"""No stroke is broader than this share of what it belongs to."""

SLIVER = 0.35
"""What lies within other ink and is smaller than this share of it is the paper between its
strokes."""


@dataclass(frozen=True)
class Look:
    """A piece of writing as the network sees it: the image (28, 28), and what it says of it."""

    writing: Writing
    image: FloatArray
    prediction: Prediction
    evidence: float
    turned: int = 0

    @property
    def is_digit(self) -> bool:
        return self.prediction.status in ("ok", "unsure")

    @property
    def predicted(self) -> int | None:
        return self.prediction.digit


def choose(classifier: Classifier, writings: Sequence[Writing]) -> list[Look]:
    """The piece of writing that is the digit, and then the other pieces, likeliest first.

    Where none is read, the largest is turned by 90° both ways. A digit that another one comes near
    to is unsure, and so is a turned one.

    Args:
        writings: at least one, with ink.
    """
    looks = _without_paper(_looks(classifier, writings))
    largest = max(look.writing.size for look in looks)
    looks.sort(key=lambda look: (not look.is_digit, -_score(look, largest)))
    best = looks[0]
    if not best.is_digit:
        upright = max(looks, key=lambda look: look.writing.size)
        if turned := _turned(classifier, upright):
            return [turned, *(look for look in looks if look is not upright)]
        return looks
    rivals = [look for look in looks if look.is_digit and look.predicted != best.predicted]
    if any(_score(look, largest) > _score(best, largest) - CLOSE for look in rivals):
        best = replace(best, prediction=replace(best.prediction, status="unsure"))
    return [best, *looks[1:]]


def elsewhere(looks: Sequence[Look]) -> list[Look]:
    """Those digits among the others that are in another place than the first, each once, and in
    its polarity where it was told from what surrounds it."""
    best = looks[0].writing
    places = [looks[0]]
    for look in looks[1:]:
        if best.breadth and look.writing.dark != best.dark:
            continue
        box = look.writing.box
        apart = all(_share(box, p.writing.box) + _share(p.writing.box, box) < 0.5 for p in places)
        if look.is_digit and apart:
            places.append(look)
    return places[1:]


def beside(looks: Sequence[Look], digits_only: bool) -> list[Look]:
    """Those of the others that stand beside the first as the next symbol of a number would."""
    best = looks[0].writing
    left, top, right, bottom = best.box
    found = []
    for look in looks[1:]:
        a, b, c, d = look.writing.box
        apart = a >= right or c <= left
        level = min(bottom, d) - max(top, b) > 0.5 * min(bottom - top, d - b)
        tall = d - b >= TALL * (bottom - top)
        alike = look.writing.dark == best.dark and look.writing.breadth > 0
        if apart and level and tall and alike and (look.is_digit or not digits_only):
            found.append(look)
    return found


def _looks(classifier: Classifier, writings: Sequence[Writing], turned: int = 0) -> list[Look]:
    images = np.stack([normalize(np.rot90(writing.ink, turned // 90)) for writing in writings])
    logits = classifier.compute_logits(images)
    evidence = log_sum_exp(logits)
    return [
        Look(writing, image, classifier.calibration.verdict(answer), float(of_it), turned)
        for writing, image, answer, of_it in zip(writings, images, logits, evidence, strict=True)
    ]


def _score(look: Look, largest: int) -> float:
    size = SIZE_WEIGHT * float(np.log(max(look.writing.size, 1) / max(largest, 1)))
    return look.evidence + size - SURROUNDED * (not look.writing.is_plain)


def _turned(classifier: Classifier, look: Look) -> Look | None:
    """What a piece of writing shows when it is turned by 90°, if that is a plain digit."""
    ways = [_looks(classifier, [look.writing], turned)[0] for turned in (90, 270)]
    best = max(ways, key=lambda way: way.evidence)
    if best.evidence < TURNED_EVIDENCE or best.prediction.confidence < TURNED_CONFIDENCE:
        return None
    return replace(best, prediction=replace(best.prediction, status="unsure"))


def _without_paper(looks: list[Look]) -> list[Look]:
    """Without what looks like writing, but is the paper between or around the strokes of other
    writing, of opposite polarity."""
    written = [look for look in looks if not any(_is_paper_of(look, other) for other in looks)]
    return written or looks


def _is_paper_of(look: Look, other: Look) -> bool:
    """Of two in one place, ink is the narrower, unless it is a sliver of the other."""
    one, ink = look.writing, other.writing
    if one.dark == ink.dark or not one.breadth or not ink.breadth:
        return False
    if one.size > ink.size:
        around = _share(ink.box, one.box) > 0.6 and ink.size > 0.25 * one.size
        return around and one.breadth > max(2 * ink.breadth, BROAD * one.size)
    overlap = _share(one.box, ink.box)
    if one.size < SLIVER * ink.size:
        return overlap > 0 and ink.breadth < BROAD * ink.size
    said = other.is_digit or not look.is_digit
    return said and overlap > 0.6 and ink.breadth <= 2 * one.breadth


def _share(box: Box, other: Box) -> float:
    """How much of a box lies within another."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return max(width, 0) * max(height, 0) / max((box[2] - box[0]) * (box[3] - box[1]), 1)

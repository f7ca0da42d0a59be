"""Numbers and equations: which strokes belong together, what each symbol is, and the text.

    strokes or pieces of ink → candidates → one batch through the network → best segmentation

What a candidate scores is the network's word for it, and how well it suits its place on the line.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.expressions.lattice import Candidate, Segmentation, best_segmentations, candidates
from mnist_cnn.expressions.line import UNKNOWN, Line, Symbol
from mnist_cnn.expressions.line_shape import DOT_LIKELY, Geometry, line_height, num_lines
from mnist_cnn.expressions.pieces import Piece, box_of, course_of, framed, pieces_of_ink
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.metrics import softmax
from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.models.classifier import Classifier, LineNetworks
from mnist_cnn.records import FloatArray, Stroke

MAX_PIECES = 120

NONE_FROM = 0.98
"""How likely a candidate is none of the symbols before it is called that."""

ONE, SLASH, POINT, OPENING, CLOSING = (SYMBOLS.index(sign) for sign in "1/.()")

SLASH_LEANS, LEAN_SPREAD = 14.0, 3.0
"""Degrees by which a straight stroke leans that is as likely a slash as a one."""

BOWS = {ONE: (0.0, 0.035), OPENING: (-0.15, 0.1), CLOSING: (0.15, 0.1)}
"""How far a stroke of each usually bows, and the spread of that: ones as MNIST and the writers of
the pen digits have them, brackets as they are generated."""

NETWORK_WEIGHT = 0.5
"""What the network's word weighs beside the bow: both look at one and the same stroke."""

NUM_REFINED = 6
"""The found of so many segmentations get a second opinion."""


def read_strokes_line(strokes: Sequence[Stroke], networks: LineNetworks) -> Line:
    """What was written with a pen, on one line: strokes (points, 2) in any unit."""
    pieces = [Piece(box_of(stroke), stroke) for stroke in strokes if len(stroke)]
    return _read(pieces, networks)


def read_ink_line(ink: FloatArray, networks: LineNetworks) -> Line:
    """What a picture shows, on one line: ink (height, width), 0 for paper and greater for ink."""
    return _read(pieces_of_ink(ink), networks)


def read_symbol(strokes: Sequence[Stroke], networks: LineNetworks) -> str:
    """What all these strokes, each (points, 2), are as one symbol on its own, with no line to sit
    on."""
    image = normalize_strokes(strokes)[None]
    log_probs = _log_probabilities(networks.symbols, networks.symbols.compute_logits(image))
    if len(strokes) == 1:
        _rescore_thin_strokes(log_probs[0], Piece(box_of(strokes[0]), strokes[0]))
    log_probs = _second_opinion(
        log_probs, _log_probabilities(networks.digits, networks.digits.compute_logits(image))
    )
    return SYMBOLS[int(log_probs[0, : len(SYMBOLS)].argmax())]


def _read(pieces: Sequence[Piece], networks: LineNetworks) -> Line:
    began = time.perf_counter()
    run_id = networks.symbols.run_id
    if not pieces:
        return Line("", (), trouble="There is nothing to read yet.", run_id=run_id)
    if len(pieces) > MAX_PIECES:
        message = f"There are {len(pieces)} strokes; at most {MAX_PIECES} are read at once."
        return Line("", (), trouble=message, run_id=run_id)
    height = line_height(pieces)
    order = sorted(range(len(pieces)), key=lambda n: (pieces[n].box[0] + pieces[n].box[2]) / 2)
    line = Geometry(pieces, height)
    found = candidates(pieces, order, height, [line.is_dot(piece.box) for piece in pieces])
    images = np.stack([framed([pieces[n] for n in g.members], height) for g in found])
    fits = np.stack([line.scores(candidate.box) for candidate in found])
    log_probs = _log_probabilities(networks.symbols, networks.symbols.raw_logits(images))
    for candidate, log_prob in zip(found, log_probs, strict=True):
        if len(candidate.members) == 1:
            _rescore_thin_strokes(log_prob, pieces[candidate.members[0]])
    segmentations = best_segmentations(_judged(found, log_probs, fits), len(pieces), height)
    numbers = {candidate.members: number for number, candidate in enumerate(found)}
    asked = sorted(
        {
            numbers[g.members]
            for segmentation in segmentations[:NUM_REFINED]
            for g, _ in segmentation.steps
        }
    )
    again = _log_probabilities(networks.digits, networks.digits.raw_logits(images[asked]))
    log_probs[asked] = _second_opinion(log_probs[asked], again)
    judged = _judged(found, log_probs, fits)
    segmentations = best_segmentations(judged, len(pieces), height)
    return _line(segmentations, judged, pieces, run_id, time.perf_counter() - began)


def _log_probabilities(classifier: Classifier, logits: FloatArray) -> NDArray[np.float64]:
    """The logarithm of each class' probability, that of "none" last: (n, classes + 1)."""
    with_none = np.concatenate([logits, np.zeros((len(logits), 1), np.float32)], axis=1)
    return np.log(softmax(with_none, classifier.calibration.temperature) + 1e-9)


def _rescore_thin_strokes(log_prob: NDArray[np.float64], piece: Piece) -> None:
    """In place: a piece that bends evenly is the likelier a one the less it bows, and else a
    bracket; a straight one's chance to be a one or a slash is shared out by its lean."""
    course = course_of(piece)
    if course and course.even:
        signs = list(BOWS)
        usual, spread = np.array([BOWS[sign] for sign in signs]).T
        any_of_them = np.logaddexp.reduce(log_prob[signs])
        off = ((course.bow - usual) / spread) ** 2 / 2
        likely = NETWORK_WEIGHT * log_prob[signs] - off - np.log(spread)
        log_prob[signs] = likely + any_of_them - np.logaddexp.reduce(likely)
    if course and course.straight:
        either = np.logaddexp(log_prob[ONE], log_prob[SLASH])
        beyond = (course.lean - SLASH_LEANS) / LEAN_SPREAD
        log_prob[SLASH] = either - np.logaddexp(0, -beyond)
        log_prob[ONE] = either - np.logaddexp(0, beyond)


def _second_opinion(
    log_probs: NDArray[np.float64], of_digits: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How likely a candidate is a digit stays as it was; which digit, both networks say."""
    own = log_probs[:, :10]
    either = np.logaddexp.reduce(own, axis=1, keepdims=True)
    which = (own - either + of_digits[:, :10]) / 2
    which -= np.logaddexp.reduce(which, axis=1, keepdims=True)
    return np.concatenate([which + either, log_probs[:, 10:]], axis=1)


def _judged(
    found: Sequence[Candidate], log_probs: NDArray[np.float64], fits: NDArray[np.float64]
) -> list[Candidate]:
    """The found with their scores: what they look like, and how that suits their place."""
    judged = []
    for candidate, log_prob, fit in zip(found, log_probs, fits, strict=True):
        scores = log_prob + fit
        if candidate.is_dot:
            scores[POINT] = max(log_prob[POINT], DOT_LIKELY) + fit[POINT]
        judged.append(replace(candidate, scores=scores))
    return judged


def _line(
    segmentations: "list[Segmentation]",
    found: list[Candidate],
    pieces: Sequence[Piece],
    run_id: str,
    seconds: float,
) -> Line:
    best = segmentations[0]
    symbols = tuple(_symbol(candidate, chosen) for candidate, chosen in best.steps)
    text = "".join(symbol.text for symbol in symbols)
    others = [segmentation for segmentation in segmentations[1:] if segmentation.text != best.text]
    used = {candidate.members for candidate, _ in best.steps}
    tried = sorted(
        (g for g in found if g.members not in used), key=lambda g: -float(g.scores[:-1].max())
    )
    rejected = tuple(_symbol(g, int(g.scores[:-1].argmax())) for g in tried[:12])
    trouble = _trouble(symbols, pieces)
    second, margin = (others[0].text, best.score - others[0].score) if others else ("", math.inf)
    return Line(text, symbols, second, margin, rejected, trouble, run_id, seconds)


def _symbol(candidate: Candidate, chosen: int) -> Symbol:
    likeliest = np.argsort(-candidate.scores[:-1])[:5]
    shares = softmax(candidate.scores)
    alternatives = tuple((SYMBOLS[k], float(shares[k])) for k in likeliest)
    none = float(np.exp(candidate.scores[-1]))
    text, confidence = SYMBOLS[chosen], float(shares[chosen])
    if none > NONE_FROM:
        text, confidence = UNKNOWN, none
    return Symbol(text, confidence, candidate.box, candidate.members, alternatives)


def _trouble(symbols: Sequence[Symbol], pieces: Sequence[Piece]) -> str:
    """What keeps a line from being read, in words."""
    if num_lines(pieces) > 1:
        return "I see more than one line of writing; please write on one line."
    unknown = [place for place, symbol in enumerate(symbols, 1) if symbol.text == UNKNOWN]
    if not unknown:
        return ""
    if len(unknown) == len(symbols):
        return "I see no digit here. I read digits and + − × ÷ = ( ) . /."
    which = ", ".join(map(str, unknown))
    many = len(unknown) > 1
    return (
        f"I read digits and + − × ÷ = ( ) . /; the {'symbols' if many else 'symbol'} at "
        f"{'places' if many else 'place'} {which} {'are' if many else 'is'} neither."
    )

"""Numbers and equations: which strokes belong together, what each symbol is, and the text.

    strokes or pieces of ink → layout → runs → candidates → network → best segmentation → places

A run is what is read as one line. The network sees each candidate in its surroundings.
"""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.expressions.cuts import cut_apart
from mnist_cnn.expressions.grammar import costs_between
from mnist_cnn.expressions.lattice import (
    BEGINNING,
    Candidate,
    Segmentation,
    best_segmentations,
    candidates,
)
from mnist_cnn.expressions.layout import Part, layout_of
from mnist_cnn.expressions.line import Line
from mnist_cnn.expressions.line_shape import LineCourse, in_order
from mnist_cnn.expressions.marks import text_of
from mnist_cnn.expressions.pieces import Piece, box_of, pieces_of_ink
from mnist_cnn.expressions.places import by_place
from mnist_cnn.expressions.symbol import Symbol
from mnist_cnn.expressions.views import LineViews
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.metrics import softmax
from mnist_cnn.models.classes import SYMBOLS, UNKNOWN
from mnist_cnn.models.classifier import Classifier, LineNetworks
from mnist_cnn.records import FloatArray, Stroke

MAX_PIECES = 120

NONE_FROM = 0.98
"""How likely a candidate is none of the symbols before it is called that."""

MAX_REJECTED = 12

MAX_AREA = 5_000
"""The area that pieces take at most, in squares as high as a digit; a line has a hundred or two."""

BEYOND_MEASURE = "Some strokes are far larger than the others; please write all in one size."

NOWHERE = (0.0, 0.0, 0.0, 0.0)

READ = "digits and + − × ÷ = ( ) . / : % $"

STRUCK = "This looks struck out; please clear it and write it again."

NUM_REFINED = 6
"""The candidates of so many segmentations get a second opinion."""

SECOND_OPINION = 0.5
"""What the network of digits weighs where it is asked which digit."""


def read_strokes_line(strokes: Sequence[Stroke], networks: LineNetworks) -> Line:
    """What was written with a pen: strokes (points, 2) in any unit."""
    pieces = [Piece(box_of(stroke), stroke) for stroke in strokes if len(stroke)]
    return _read(pieces, networks)


def read_ink_line(ink: FloatArray, networks: LineNetworks) -> Line:
    """What a picture shows: ink (height, width), 0 for paper and greater for ink."""
    return _read(cut_apart(pieces_of_ink(ink)), networks)


def read_symbol(strokes: Sequence[Stroke], networks: LineNetworks) -> str:
    """What all these strokes, each (points, 2), are as one symbol on its own, with no line to sit
    on."""
    image = normalize_strokes(strokes)[None]
    log_probs = _log_probabilities(networks.symbols, networks.symbols.compute_logits(image))
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
    layout = layout_of(pieces)
    if any(_is_beyond_measure(part, pieces) for part in layout.parts):
        return Line("", (), trouble=BEYOND_MEASURE, run_id=run_id)
    runs = [_run_or_mark(part, pieces, networks) for part in layout.parts]
    symbols = tuple(symbol for run in runs for symbol in run.symbols)
    close = min(range(len(runs)), key=lambda n: runs[n].margin, default=0)
    margin = runs[close].margin if runs else math.inf
    others = [_spelt(run.second) if n == close else run.symbols for n, run in enumerate(runs)]
    rejected = tuple(symbol for run in runs for symbol in run.rejected)
    trouble = STRUCK if layout.struck else _trouble([s for s in symbols if s.strokes])
    return Line(
        text_of(symbols),
        symbols,
        text_of([s for run in others for s in run]) if math.isfinite(margin) else "",
        margin,
        rejected[:MAX_REJECTED],
        trouble,
        run_id,
        time.perf_counter() - began,
    )


def _is_beyond_measure(part: Part, pieces: Sequence[Piece]) -> bool:
    """Whether some pieces of a run are so much larger than its digits that no line is like that."""
    sides = ((pieces[n].width / part.height, pieces[n].height / part.height) for n in part.members)
    return not part.mark and sum((1 + width) * (1 + height) for width, height in sides) > MAX_AREA


def _run_or_mark(part: Part, pieces: Sequence[Piece], networks: LineNetworks) -> Line:
    if not part.mark:
        return _read_run([pieces[n] for n in part.members], part, networks)
    box = pieces[part.members[0]].box if part.members else NOWHERE
    return Line(part.mark, (Symbol(part.mark, 1.0, box, part.members, mark=True),), margin=math.inf)


def _spelt(text: str) -> tuple[Symbol, ...]:
    return tuple(Symbol(sign, 1.0, NOWHERE, ()) for sign in text)


def _read_run(pieces: Sequence[Piece], part: Part, networks: LineNetworks) -> Line:
    """One run, its pieces numbered as in the whole."""
    found = candidates(pieces, in_order(pieces), part.height)
    views = LineViews(pieces, part.height, LineCourse(pieces, part.height))
    shown = np.stack([views.of(candidate.members, candidate.box) for candidate in found])
    log_probs = _log_probabilities(networks.symbols, networks.symbols.raw_logits(shown))
    segmentations = best_segmentations(_judged(found, log_probs), len(pieces))
    numbers = {candidate.members: number for number, candidate in enumerate(found)}
    asked = sorted(
        {numbers[g.members] for way in segmentations[:NUM_REFINED] for g, _ in way.steps}
    )
    again = _log_probabilities(networks.digits, networks.digits.raw_logits(shown[asked, ..., 0]))
    log_probs[asked] = _second_opinion(log_probs[asked], again)
    judged = _judged(found, log_probs)
    return _best(best_segmentations(judged, len(pieces)), judged, part)


def _log_probabilities(classifier: Classifier, logits: FloatArray) -> NDArray[np.float64]:
    """The logarithm of each class' probability, that of "none" last: (n, classes + 1)."""
    with_none = np.concatenate([logits, np.zeros((len(logits), 1), np.float32)], axis=1)
    return np.log(softmax(with_none, classifier.calibration.temperature) + 1e-9)


def _second_opinion(
    log_probs: NDArray[np.float64], of_digits: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How likely a candidate is a digit stays as it was; which digit, both networks say."""
    own = log_probs[:, :10]
    either = np.logaddexp.reduce(own, axis=1, keepdims=True)
    which = (1 - SECOND_OPINION) * (own - either) + SECOND_OPINION * of_digits[:, :10]
    which -= np.logaddexp.reduce(which, axis=1, keepdims=True)
    return np.concatenate([which + either, log_probs[:, 10:]], axis=1)


def _judged(found: Sequence[Candidate], log_probs: NDArray[np.float64]) -> list[Candidate]:
    return [replace(c, scores=scores) for c, scores in zip(found, log_probs, strict=True)]


def _best(segmentations: Sequence[Segmentation], found: Sequence[Candidate], part: Part) -> Line:
    best = segmentations[0]
    symbols = by_place(
        [_symbol(g, chosen, part.members) for g, chosen in _heeding_neighbours(best.steps)]
    )
    text = "".join(symbol.text for symbol in symbols)
    used = {candidate.members for candidate, _ in best.steps}
    tried = sorted(
        (g for g in found if g.members not in used), key=lambda g: -float(g.scores[:-1].max())
    )
    rejected = tuple(_symbol(g, int(g.scores[:-1].argmax()), part.members) for g in tried)
    others = [way for way in segmentations[1:] if way.text != best.text]
    second, margin = (others[0].text, best.score - others[0].score) if others else ("", math.inf)
    return Line(text, symbols, second, margin, rejected[:MAX_REJECTED])


def _heeding_neighbours(
    steps: Sequence[tuple[Candidate, int]],
) -> Iterable[tuple[Candidate, int]]:
    """The candidates with what their classes cost between their neighbours."""
    line = BEGINNING
    for place, (candidate, chosen) in enumerate(steps):
        after = steps[place + 1][1] if place + 1 < len(steps) else None
        costs = np.append(costs_between(line, after), 0.0)
        yield replace(candidate, scores=candidate.scores - costs + costs[chosen]), chosen
        line, _ = line.followed_by(chosen)


def _symbol(candidate: Candidate, chosen: int, numbers: Sequence[int]) -> Symbol:
    likeliest = np.argsort(-candidate.scores[:-1])[:5]
    shares = softmax(candidate.scores)
    alternatives = tuple((SYMBOLS[k], float(shares[k])) for k in likeliest)
    none = float(np.exp(candidate.scores[-1]))
    text, confidence = SYMBOLS[chosen], float(shares[chosen])
    if none > NONE_FROM:
        text, confidence = UNKNOWN, none
    strokes = tuple(numbers[member] for member in candidate.members)
    return Symbol(text, confidence, candidate.box, strokes, alternatives)


def _trouble(symbols: Sequence[Symbol]) -> str:
    """What keeps a line from being read, in words."""
    unknown = [place for place, symbol in enumerate(symbols, 1) if symbol.text == UNKNOWN]
    if not unknown:
        return ""
    if len(unknown) == len(symbols):
        return f"I see no digit here. I read {READ}."
    which = ", ".join(map(str, unknown))
    many = len(unknown) > 1
    return (
        f"I read {READ}; the {'symbols' if many else 'symbol'} at "
        f"{'places' if many else 'place'} {which} {'are' if many else 'is'} neither."
    )

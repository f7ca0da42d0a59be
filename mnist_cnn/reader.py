"""Numbers and equations: which strokes belong together, what each symbol is, and the text.

    strokes or pieces of ink → candidate groups → one batch through the network → best path

What a group scores is the network's answer to it, and how well it suits its place on the line.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.arithmetic import evaluate
from mnist_cnn.classifier import Classifier
from mnist_cnn.errors import BadExpression
from mnist_cnn.images import normalize_strokes
from mnist_cnn.lattice import Group, Path, best_paths, candidates
from mnist_cnn.line_shape import DOT_LIKELY, Geometry, line_height, num_lines
from mnist_cnn.metrics import softmax
from mnist_cnn.pieces import Box, Piece, box_of, course_of, framed, pieces_of_ink
from mnist_cnn.records import SYMBOLS, FloatArray, Stroke

MOST_PIECES = 120
UNKNOWN = "?"
NONE_FROM = 0.98
"""How likely a group is none of the symbols before it is called that."""
ONE, SLASH, POINT, OPENING, CLOSING = (SYMBOLS.index(sign) for sign in "1/.()")
SLASH_LEANS, LEAN_SPREAD = 14.0, 3.0
"""Degrees by which a straight stroke leans that is as likely a slash as a one."""
BOWS = {ONE: (0.0, 0.035), OPENING: (-0.15, 0.1), CLOSING: (0.15, 0.1)}
"""How far a stroke of each usually bows, and the spread of that: ones as MNIST and the writers of
the pen digits have them, brackets as they are generated."""
HALF_HEARD = 0.5
"""What the network's word weighs beside the bow: both look at one and the same stroke."""
ASKED_AGAIN = 6
"""The groups of so many paths get a second opinion."""


@dataclass(frozen=True)
class Symbol:
    """One symbol as read: `strokes` are the numbers of its strokes or pieces, `alternatives`
    what else it could be, the likeliest first."""

    text: str
    confidence: float
    box: Box
    strokes: tuple[int, ...]
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Line:
    """A number or an equation as read, with what came second and what was tried in vain."""

    text: str
    symbols: tuple[Symbol, ...]
    second: str = ""
    margin: float = 0.0
    rejected: tuple[Symbol, ...] = ()
    trouble: str = ""
    run_id: str = ""
    seconds: float = 0.0

    @cached_property
    def value(self) -> str | None:
        """What the expression comes to, exactly; None where it comes to nothing."""
        try:
            return None if self.trouble else evaluate(self.text).exact
        except BadExpression:
            return None

    @cached_property
    def remark(self) -> str:
        """What is wrong with it, in words; nothing where it has a value."""
        if self.trouble:
            return self.trouble
        try:
            evaluate(self.text)
        except BadExpression as error:
            return str(error)
        return ""

    def as_dict(self) -> dict[str, Any]:
        """The form that the command line and the API answer with."""
        symbols = [
            {
                "text": symbol.text,
                "confidence": round(symbol.confidence, 4),
                "box": [round(edge, 2) for edge in symbol.box],
                "strokes": list(symbol.strokes),
            }
            for symbol in self.symbols
        ]
        return {
            "text": self.text,
            "value": self.value,
            "symbols": symbols,
            "second": self.second,
            "message": self.remark,
        }


@dataclass(frozen=True)
class Networks:
    """Who reads the groups: a network that knows all symbols, and for those that it takes for
    digits a second opinion from one that knows digits only, and better."""

    symbols: Classifier
    digits: Classifier


def read_strokes_line(strokes: Sequence[Stroke], networks: Networks) -> Line:
    """What was written with a pen, on one line."""
    pieces = [Piece(box_of(stroke), stroke) for stroke in strokes if len(stroke)]
    return _read(pieces, networks)


def read_ink_line(ink: FloatArray, networks: Networks) -> Line:
    """What a picture shows, on one line; `ink` is 0 for paper and greater for ink."""
    return _read(pieces_of_ink(ink), networks)


def read_symbol(strokes: Sequence[Stroke], networks: Networks) -> str:
    """What all these strokes are as one symbol on its own, with no line to sit on."""
    image = normalize_strokes(strokes)[None]
    answers = _answers(networks.symbols, networks.symbols.logits(image))
    if len(strokes) == 1:
        _tell_slim_ones_apart(answers[0], Piece(box_of(strokes[0]), strokes[0]))
    answers = _second_opinion(answers, _answers(networks.digits, networks.digits.logits(image)))
    return SYMBOLS[int(answers[0, : len(SYMBOLS)].argmax())]


def corrected(line: Line, place: int, text: str) -> Line:
    """The line with one symbol replaced by what a person says it is."""
    symbols = list(line.symbols)
    symbols[place] = replace(symbols[place], text=text, confidence=1.0)
    known = all(symbol.text != UNKNOWN for symbol in symbols)
    return replace(
        line,
        text="".join(symbol.text for symbol in symbols),
        symbols=tuple(symbols),
        trouble="" if known else line.trouble,
    )


def _read(pieces: Sequence[Piece], networks: Networks) -> Line:
    began = time.perf_counter()
    run_id = networks.symbols.run_id
    if not pieces:
        return Line("", (), trouble="There is nothing to read yet.", run_id=run_id)
    if len(pieces) > MOST_PIECES:
        message = f"There are {len(pieces)} strokes; at most {MOST_PIECES} are read at once."
        return Line("", (), trouble=message, run_id=run_id)
    height = line_height(pieces)
    order = sorted(range(len(pieces)), key=lambda n: (pieces[n].box[0] + pieces[n].box[2]) / 2)
    line = Geometry(pieces, height)
    groups = candidates(pieces, order, height, [line.is_dot(piece.box) for piece in pieces])
    images = np.stack([framed([pieces[n] for n in g.members], height) for g in groups])
    fits = np.stack([line.scores(group.box) for group in groups])
    answers = _answers(networks.symbols, networks.symbols.first_look(images))
    for group, answer in zip(groups, answers, strict=True):
        if len(group.members) == 1:
            _tell_slim_ones_apart(answer, pieces[group.members[0]])
    paths = best_paths(_judged(groups, answers, fits), len(pieces), height)
    numbers = {group.members: number for number, group in enumerate(groups)}
    asked = sorted({numbers[g.members] for path in paths[:ASKED_AGAIN] for g, _ in path.steps})
    again = _answers(networks.digits, networks.digits.first_look(images[asked]))
    answers[asked] = _second_opinion(answers[asked], again)
    judged = _judged(groups, answers, fits)
    paths = best_paths(judged, len(pieces), height)
    return _line(paths, judged, pieces, run_id, time.perf_counter() - began)


def _answers(classifier: Classifier, logits: FloatArray) -> NDArray[np.float64]:
    """The logarithm of each class' probability, that of "none" last: (n, classes + 1)."""
    with_none = np.concatenate([logits, np.zeros((len(logits), 1), np.float32)], axis=1)
    return np.log(softmax(with_none, classifier.calibration.temperature) + 1e-9)


def _tell_slim_ones_apart(answer: NDArray[np.float64], piece: Piece) -> None:
    """In place: a piece that bends evenly is the likelier a one the less it bows, and else a
    bracket; a straight one's chance to be a one or a slash is shared out by its lean."""
    course = course_of(piece)
    if course and course.even:
        signs = list(BOWS)
        usual, spread = np.array([BOWS[sign] for sign in signs]).T
        any_of_them = np.logaddexp.reduce(answer[signs])
        off = ((course.bow - usual) / spread) ** 2 / 2
        likely = HALF_HEARD * answer[signs] - off - np.log(spread)
        answer[signs] = likely + any_of_them - np.logaddexp.reduce(likely)
    if course and course.straight:
        either = np.logaddexp(answer[ONE], answer[SLASH])
        beyond = (course.lean - SLASH_LEANS) / LEAN_SPREAD
        answer[SLASH] = either - np.logaddexp(0, -beyond)
        answer[ONE] = either - np.logaddexp(0, beyond)


def _second_opinion(
    answers: NDArray[np.float64], of_digits: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How likely a group is a digit stays as it was; which digit, both networks say."""
    own = answers[:, :10]
    either = np.logaddexp.reduce(own, axis=1, keepdims=True)
    which = (own - either + of_digits[:, :10]) / 2
    which -= np.logaddexp.reduce(which, axis=1, keepdims=True)
    return np.concatenate([which + either, answers[:, 10:]], axis=1)


def _judged(
    groups: Sequence[Group], answers: NDArray[np.float64], fits: NDArray[np.float64]
) -> list[Group]:
    """The groups with their scores: what they look like, and how that suits their place."""
    judged = []
    for group, answer, fit in zip(groups, answers, fits, strict=True):
        scores = answer + fit
        if group.is_dot:
            scores[POINT] = max(answer[POINT], DOT_LIKELY) + fit[POINT]
        judged.append(replace(group, scores=scores))
    return judged


def _line(
    paths: "list[Path]", groups: list[Group], pieces: Sequence[Piece], run_id: str, seconds: float
) -> Line:
    best = paths[0]
    symbols = tuple(_symbol(group, chosen) for group, chosen in best.steps)
    text = "".join(symbol.text for symbol in symbols)
    others = [path for path in paths[1:] if path.text != best.text]
    used = {group.members for group, _ in best.steps}
    tried = sorted(
        (g for g in groups if g.members not in used), key=lambda g: -float(g.scores[:-1].max())
    )
    rejected = tuple(_symbol(g, int(g.scores[:-1].argmax())) for g in tried[:12])
    trouble = _trouble(symbols, pieces)
    second, margin = (others[0].text, best.score - others[0].score) if others else ("", math.inf)
    return Line(text, symbols, second, margin, rejected, trouble, run_id, seconds)


def _symbol(group: Group, chosen: int) -> Symbol:
    likeliest = np.argsort(-group.scores[:-1])[:5]
    shares = softmax(group.scores)
    alternatives = tuple((SYMBOLS[k], float(shares[k])) for k in likeliest)
    none = float(np.exp(group.scores[-1]))
    text, confidence = SYMBOLS[chosen], float(shares[chosen])
    if none > NONE_FROM:
        text, confidence = UNKNOWN, none
    return Symbol(text, confidence, group.box, group.members, alternatives)


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

"""Numbers and equations: which strokes belong together, what each symbol is, and the text.

    strokes or pieces of ink → candidate groups → one batch through the network → best path

A path through the candidates is judged by the network's answer to each group, by how the group
sits on its line (`_SHAPES`), by the gaps, and by what may follow what. Strokes are ordered by
their place and not by when they were written, so that a bar may be added last.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.arithmetic import evaluate
from mnist_cnn.classifier import Classifier
from mnist_cnn.errors import BadExpression
from mnist_cnn.images import normalize, normalize_strokes
from mnist_cnn.metrics import softmax
from mnist_cnn.records import SYMBOLS, FloatArray, Stroke
from mnist_cnn.strokes import PEN_WIDTH

MOST_PIECES = 120
MOST_IN_A_SYMBOL = 4
UNKNOWN = "?"
PEN_OF_LINE = 0.08
"""Width of the pen at least, as a share of the line's height: a dot becomes a dot."""
BEAM = 24
ASKED_AGAIN = 6
"""The groups of so many paths get a second opinion."""
CHOICES = 4
"""Answers of the network that are followed for each group."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, in the unit of what was written."""


@dataclass(frozen=True)
class Piece:
    """A stroke, or a connected piece of ink (a picture as large as its box), and its box."""

    box: Box
    ink: Any
    is_stroke: bool = True

    @property
    def width(self) -> float:
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]


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
    pieces = [Piece(_box_of(stroke), stroke) for stroke in strokes if len(stroke)]
    return _read(pieces, networks)


def read_ink_line(ink: FloatArray, networks: Networks) -> Line:
    """What a picture shows, on one line; `ink` is 0 for paper and greater for ink."""
    return _read(_pieces_of(ink), networks)


def read_symbol(strokes: Sequence[Stroke], networks: Networks) -> str:
    """What all these strokes are as one symbol on its own, with no line to sit on."""
    image = normalize_strokes(strokes)[None]
    answers = _answers(networks.symbols, image)
    best = int(_second_opinion(networks.digits, image, answers)[0, : len(SYMBOLS)].argmax())
    return SYMBOLS[best]


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


@dataclass(frozen=True)
class _Group:
    """Neighbouring pieces that may be one symbol: where they begin and end in their order.

    `gap` is the widest between its pieces, in heights of the line, below zero where they overlap;
    `has_dot` says whether one of several is no larger than a dot.
    """

    begin: int
    end: int
    box: Box
    members: tuple[int, ...]
    gap: float = 0.0
    has_dot: bool = False
    scores: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), compare=False)


def _read(pieces: Sequence[Piece], networks: Networks) -> Line:
    began = time.perf_counter()
    run_id = networks.symbols.run_id
    if not pieces:
        return Line("", (), trouble="There is nothing to read yet.", run_id=run_id)
    if len(pieces) > MOST_PIECES:
        message = f"There are {len(pieces)} strokes; at most {MOST_PIECES} are read at once."
        return Line("", (), trouble=message, run_id=run_id)
    height = _line_height(pieces)
    order = sorted(range(len(pieces)), key=lambda n: (pieces[n].box[0] + pieces[n].box[2]) / 2)
    line = _Geometry(pieces, height)
    groups = _candidates(pieces, order, height)
    images = np.stack([_framed([pieces[n] for n in g.members], height) for g in groups])
    fits = np.stack([line.scores(group.box) for group in groups])
    answers = _answers(networks.symbols, images)
    paths = _best_paths(_judged(groups, answers, fits), len(pieces), height)
    numbers = {group.members: number for number, group in enumerate(groups)}
    asked = sorted({numbers[g.members] for path in paths[:ASKED_AGAIN] for g, _ in path.steps})
    answers[asked] = _second_opinion(networks.digits, images[asked], answers[asked])
    judged = _judged(groups, answers, fits)
    paths = _best_paths(judged, len(pieces), height)
    return _line(paths, judged, pieces, run_id, time.perf_counter() - began)


def _answers(classifier: Classifier, images: FloatArray) -> NDArray[np.float64]:
    """The logarithm of each class' probability, that of "none" last: (n, classes + 1)."""
    logits = classifier.first_look(images)
    with_none = np.concatenate([logits, np.zeros((len(logits), 1), np.float32)], axis=1)
    return np.log(softmax(with_none, classifier.calibration.temperature) + 1e-9)


def _second_opinion(
    digits: Classifier, images: FloatArray, answers: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How likely a group is a digit stays as it was; which digit, both networks say."""
    own = answers[:, :10]
    either = np.logaddexp.reduce(own, axis=1, keepdims=True)
    which = (own - either + _answers(digits, images)[:, :10]) / 2
    which -= np.logaddexp.reduce(which, axis=1, keepdims=True)
    return np.concatenate([which + either, answers[:, 10:]], axis=1)


def _judged(
    groups: Sequence[_Group], answers: NDArray[np.float64], fits: NDArray[np.float64]
) -> list[_Group]:
    return [replace(g, scores=a + f) for g, a, f in zip(groups, answers, fits, strict=True)]


def _line(
    paths: "list[_Path]", groups: list[_Group], pieces: Sequence[Piece], run_id: str, seconds: float
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


def _symbol(group: _Group, chosen: int) -> Symbol:
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
    if _num_lines(pieces) > 1:
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


# what may belong together


def _candidates(pieces: Sequence[Piece], order: Sequence[int], height: float) -> list[_Group]:
    """Every run of up to four neighbours that is no wider than a symbol and has no wide gap."""
    groups = []
    for begin in range(len(order)):
        box = pieces[order[begin]].box
        gap = -1.0
        for end in range(begin + 1, min(begin + MOST_IN_A_SYMBOL, len(order)) + 1):
            added = pieces[order[end - 1]].box
            alone = end == begin + 1
            if not alone:
                gap = max(gap, (added[0] - box[2]) / height)
            if gap > 0.4:
                break
            box = _union(box, added)
            if not alone and box[2] - box[0] > 1.7 * height:
                continue
            members = tuple(sorted(order[begin:end]))
            sizes = (max(pieces[n].width, pieces[n].height) for n in members)
            has_dot = not alone and min(sizes) < LARGEST_DOT * height
            groups.append(_Group(begin, end, box, members, gap, has_dot))
    return groups


def _framed(pieces: Sequence[Piece], height: float) -> FloatArray:
    """What the network sees of some pieces: float32 (28, 28)."""
    box = pieces[0].box
    for piece in pieces[1:]:
        box = _union(box, piece.box)
    if pieces[0].is_stroke:
        size = max(box[2] - box[0], box[3] - box[1], 1e-9)
        pen = min(max(PEN_WIDTH, PEN_OF_LINE * height / size), 3.0)
        return normalize_strokes([_with_extent(p.ink, height) for p in pieces], pen)
    left, top = int(box[0]), int(box[1])
    canvas = np.zeros((int(box[3]) - top, int(box[2]) - left), np.float32)
    for piece in pieces:
        x, y = int(piece.box[0]) - left, int(piece.box[1]) - top
        part = canvas[y : y + piece.ink.shape[0], x : x + piece.ink.shape[1]]
        np.maximum(part, piece.ink, out=part)
    return normalize(canvas)


def _with_extent(stroke: Stroke, height: float) -> Stroke:
    """A tap of the pen has no extent; as a tiny stroke it is a dot."""
    if len(stroke) > 1 and np.ptp(stroke, axis=0).max() > 0:
        return stroke
    return np.concatenate([stroke[:1], stroke[:1] + 0.03 * height])


# how a symbol sits on its line


def _line_height(pieces: Sequence[Piece]) -> float:
    """How high the digits are: the median of the tall pieces' heights."""
    heights = np.array([piece.height for piece in pieces])
    widths = np.array([piece.width for piece in pieces])
    tallest = float(np.quantile(heights, 0.9))
    tall = heights[heights >= 0.5 * tallest]
    height = float(np.median(tall)) if len(tall) else 0.0
    return max(height, 0.4 * float(np.median(widths)), 1e-6)


_SHAPES: dict[str, tuple[float, float, float, float]] = {
    "+": (0.60, 0.35, 0.60, 0.35),
    "-": (0.10, 0.80, 0.55, 0.45),
    "×": (0.55, 0.35, 0.55, 0.35),
    "÷": (0.55, 0.40, 0.60, 0.40),
    "=": (0.28, 0.45, 0.60, 0.40),
    "(": (1.30, 0.25, 0.35, 0.40),
    ")": (1.30, 0.25, 0.35, 0.40),
    ".": (0.10, 0.60, 0.10, 0.60),
    "/": (1.15, 0.30, 0.60, 0.50),
    "1": (0.95, 0.25, 0.25, 0.70),
}
"""Usual height and width in heights of the line, each with the spread of its logarithm."""
_DIGIT_SHAPE = (0.95, 0.25, 0.62, 0.40)
_MIDDLES: dict[str, tuple[float, float]] = {".": (0.45, 0.15), "-": (0.0, 0.20), "=": (0.0, 0.20)}
"""How far below the line's middle, in heights of the line, and the spread of that."""
_USUAL_MIDDLE = (0.0, 0.22)
GEOMETRY_WEIGHT = 0.34
FLOOR = 0.3
"""Differences below this share of the line's height do not count."""
NONE_FROM = 0.98
"""How likely a group is none of the symbols before it is called that."""


class _Geometry:
    """Where the line runs, and how well a box suits each symbol there."""

    def __init__(self, pieces: Sequence[Piece], height: float) -> None:
        self._height = height
        tall = [p for p in pieces if p.height >= 0.6 * height] or list(pieces)
        self._x = np.array([(p.box[0] + p.box[2]) / 2 for p in tall])
        self._y = np.array([(p.box[1] + p.box[3]) / 2 for p in tall])
        names = list(SYMBOLS)
        self._shapes = np.array([_SHAPES.get(name, _DIGIT_SHAPE) for name in names])
        self._middles = np.array([_MIDDLES.get(name, _USUAL_MIDDLE) for name in names])

    def scores(self, box: Box) -> NDArray[np.float64]:
        """A log-likelihood for each symbol, and for none of them."""
        height = max((box[3] - box[1]) / self._height, FLOOR)
        width = max((box[2] - box[0]) / self._height, FLOOR)
        shape = self._shapes
        off = ((np.log(height) - np.log(np.maximum(shape[:, 0], FLOOR))) / shape[:, 1]) ** 2
        off += ((np.log(width) - np.log(np.maximum(shape[:, 2], FLOOR))) / shape[:, 3]) ** 2
        middle = ((box[1] + box[3]) / 2 - self._middle_at((box[0] + box[2]) / 2)) / self._height
        off += ((middle - self._middles[:, 0]) / self._middles[:, 1]) ** 2
        fit = -GEOMETRY_WEIGHT * np.minimum(off, 30) / 2
        return np.append(fit, 0.0)

    def _middle_at(self, x: float) -> float:
        """The height of the line's middle there: the median of the nearest tall pieces'."""
        nearest = np.argsort(np.abs(self._x - x))[:5]
        return float(np.median(self._y[nearest]))


def _num_lines(pieces: Sequence[Piece]) -> int:
    """How many lines of writing there are, where tall pieces stand clear above each other."""
    height = _line_height(pieces)
    tall = sorted((p.box[1], p.box[3]) for p in pieces if p.height >= 0.5 * height)
    lines, bottom = 0, -math.inf
    for upper, lower in tall:
        if upper > bottom + 0.15 * height:
            lines += 1
        bottom = max(bottom, lower)
    return max(lines, 1)


# what may follow what


def _kind(text: str) -> str:
    """d for digits, the sign itself else, with ÷ and / as ×."""
    if text.isdigit():
        return "d"
    return "×" if text in "÷/" else text


FOLLOWS: dict[str, str] = {
    "^": "d(-.+",
    "d": "d.+-×=)",
    ".": "d",
    "+": "d(.",
    "-": "d(.",
    "×": "d(-.",
    "=": "d-(.",
    "(": "d(-.",
    ")": "+-×=)",
}
"""What usually comes after what; ^ is the beginning."""
UNUSUAL = 6.0
CLOSES_NOTHING = 2.0
JOINING_COSTS = 0.17
GAP_COSTS, TOUCHING = 20.0, 0.03
"""Strokes of one symbol overlap from left to right, or nearly so."""
DOT_COSTS, LARGEST_DOT = 3.0, 0.22
"""Only ÷ has dots."""
OVERLAP_COSTS, OVERLAP_FREE = 2.5, 0.22


@dataclass(frozen=True)
class _Path:
    """A reading of the first so many pieces."""

    score: float
    steps: tuple[tuple[_Group, int], ...] = ()
    last: str = "^"
    opened: int = 0
    equals: int = 0

    @property
    def text(self) -> str:
        return "".join(SYMBOLS[chosen] for _, chosen in self.steps)


def _best_paths(groups: Sequence[_Group], count: int, height: float) -> list[_Path]:
    """The best readings of all pieces, the best first. A beam search from left to right."""
    at: list[list[_Path]] = [[] for _ in range(count + 1)]
    at[0] = [_Path(0.0)]
    starting: list[list[_Group]] = [[] for _ in range(count)]
    for group in groups:
        starting[group.begin].append(group)
    for begin in range(count):
        at[begin] = _kept(at[begin])
        for group in starting[begin]:
            inside = _cost_inside(group)
            chosen = np.argsort(-group.scores[:-1])[:CHOICES].tolist()
            for path in at[begin]:
                between = _cost_between(path, group, height)
                for choice in chosen:
                    at[group.end].append(_extended(path, group, choice, inside + between))
    finished = [
        _Path(p.score - CLOSES_NOTHING * p.opened, p.steps, p.last, p.opened) for p in at[count]
    ]
    return sorted(finished, key=lambda path: -path.score)[:BEAM]


def _kept(paths: list[_Path]) -> list[_Path]:
    return sorted(paths, key=lambda path: -path.score)[:BEAM]


def _extended(path: _Path, group: _Group, choice: int, cost: float) -> _Path:
    kind = _kind(SYMBOLS[choice])
    if group.has_dot and SYMBOLS[choice] != "÷":
        cost += DOT_COSTS
    opened, equals = path.opened, path.equals
    if kind not in FOLLOWS[path.last]:
        cost += UNUSUAL
    if kind == "(":
        opened += 1
    elif kind == ")":
        cost += CLOSES_NOTHING if opened == 0 else 0
        opened = max(0, opened - 1)
    elif kind == "=":
        cost += UNUSUAL if equals else 0
        equals += 1
    num_pieces = len(group.members)
    score = path.score + num_pieces * float(group.scores[choice]) - cost
    steps = (*path.steps, (group, choice))
    return _Path(score, steps, kind, opened, equals)


def _cost_inside(group: _Group) -> float:
    apart = max(0.0, group.gap + TOUCHING)
    return JOINING_COSTS * (len(group.members) - 1) + GAP_COSTS * apart


def _cost_between(path: _Path, group: _Group, height: float) -> float:
    """Symbols stand beside each other: what overlaps most likely belongs together."""
    if not path.steps:
        return 0.0
    before = path.steps[-1][0].box
    narrower = max(min(before[2] - before[0], group.box[2] - group.box[0]), 0.1 * height)
    overlap = (before[2] - group.box[0]) / narrower
    return OVERLAP_COSTS * max(0.0, min(overlap, 1.0) - OVERLAP_FREE)


# pieces of ink


def _pieces_of(ink: FloatArray) -> list[Piece]:
    """The connected pieces of a picture's ink, specks left out."""
    from scipy import ndimage  # slow to import, and strokes need none of it

    found, _ = ndimage.label(ink > 0.25 * ink.max(initial=0.0), np.ones((3, 3)))
    boxes = ndimage.find_objects(found)
    pieces = []
    for number, (rows, columns) in enumerate(boxes, 1):
        mask = found[rows, columns] == number
        left, top, right, bottom = columns.start, rows.start, columns.stop, rows.stop
        part = np.where(mask, ink[rows, columns], 0).astype(np.float32)
        pieces.append(
            Piece((float(left), float(top), float(right), float(bottom)), part, is_stroke=False)
        )
    if not pieces:
        return []
    tallest = max(max(piece.height, piece.width) for piece in pieces)
    return [p for p in pieces if max(p.height, p.width) >= 0.05 * tallest]


def _box_of(stroke: Stroke) -> Box:
    (left, top), (right, bottom) = stroke.min(axis=0), stroke.max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def _union(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])

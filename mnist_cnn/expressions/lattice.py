"""Which pieces of a line belong together: every candidate for a symbol, and the best segmentation.

A segmentation is judged by its candidates' scores, by the gaps, and by what may follow what.
Pieces are ordered by their place and not by when they were written, so that a bar may be added
last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.expressions.pieces import Box, Piece, union
from mnist_cnn.models.classes import SYMBOLS

MAX_IN_A_SYMBOL = 4

BEAM = 12

CHOICES, FARTHEST = 4, 12.0
"""Classes that are followed for each candidate, and how far behind the best they are at most, in
nats: grammar and place cannot make up for more."""


@dataclass(frozen=True)
class Candidate:
    """Neighbouring pieces that may be one symbol: where they begin and end in their order.

    `gap` is the widest between its pieces, in heights of the line, below zero where they overlap;
    `has_dot` says whether one of them is as small and low as a point or a comma, and `hangs`
    whether such a one lies below all the others. `scores` are log-likelihoods, of shape (classes
    + 1,), that of "none" last.
    """

    begin: int
    end: int
    box: Box
    members: tuple[int, ...]
    gap: float = 0.0
    has_dot: bool = False
    hangs: bool = False
    scores: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), compare=False)

    @property
    def is_dot(self) -> bool:
        """Whether its only piece may be a point."""
        return self.has_dot and len(self.members) == 1


def candidates(
    pieces: Sequence[Piece], order: Sequence[int], height: float, dots: Sequence[bool]
) -> list[Candidate]:
    """Every run of up to four neighbours that is no wider than a symbol and has no wide gap.

    `dots` says of each piece whether it may be a point.
    """
    found = []
    for begin in range(len(order)):
        box = pieces[order[begin]].box
        gap = -1.0
        for end in range(begin + 1, min(begin + MAX_IN_A_SYMBOL, len(order)) + 1):
            added = pieces[order[end - 1]].box
            alone = end == begin + 1
            if not alone:
                gap = max(gap, (added[0] - box[2]) / height)
            if gap > 0.4:
                break
            box = union(box, added)
            if not alone and box[2] - box[0] > 1.7 * height:
                continue
            members = tuple(sorted(order[begin:end]))
            low = [n for n in members if dots[n]]
            hangs = any(_hangs(n, members, pieces, height) for n in low)
            found.append(Candidate(begin, end, box, members, gap, bool(low), hangs))
    return found


def _hangs(number: int, members: Sequence[int], pieces: Sequence[Piece], height: float) -> bool:
    """Whether a piece begins where the others of its candidate end, or below."""
    others = [pieces[n].box[3] for n in members if n != number]
    return bool(others) and pieces[number].box[1] > max(others) - HANGING * height


def _kind(text: str) -> str:
    """d for digits, the sign itself else, with ÷ and / as ×."""
    if text.isdigit():
        return "d"
    return "×" if text in "÷/" else text


KINDS = [_kind(symbol) for symbol in SYMBOLS]

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

RARE = 3.0
"""A number that begins with a point, or behind a sign with a zero that no point follows."""

CLOSES_NOTHING = 2.0

JOINING_COSTS = 0.17

GAP_COSTS, TOUCHING = 20.0, 0.03
"""Strokes of one symbol overlap from left to right, or nearly so."""

DOT_COSTS, HANGING_COSTS = 1.0, 8.0
"""Only ÷ has dots; and nothing but ÷ and = a small piece that hangs below the rest of it."""

HANGING = 0.15
"""How far above the others' lower end it begins at most, in heights of the line."""

OVERLAP_COSTS, OVERLAP_FREE = 2.5, 0.22

UNDER_EDGE = 0.3
"""How far from its neighbour's middle a point stands at least, in widths of that."""


@dataclass(frozen=True)
class Segmentation:
    """How the first so many pieces belong together, and what they are.

    `number` is what it ends in, as far as that matters: nothing, "d" for digits, "0" for a zero
    behind a sign, "." for a number with a point.
    """

    score: float
    steps: tuple[tuple[Candidate, int], ...] = ()
    last: str = "^"
    opened: int = 0
    equals: int = 0
    number: str = ""

    @property
    def text(self) -> str:
        return "".join(SYMBOLS[chosen] for _, chosen in self.steps)


def best_segmentations(found: Sequence[Candidate], count: int, height: float) -> list[Segmentation]:
    """The best segmentations of all pieces, the best first. A beam search from left to right."""
    at: list[list[Segmentation]] = [[] for _ in range(count + 1)]
    at[0] = [Segmentation(0.0)]
    starting: list[list[Candidate]] = [[] for _ in range(count)]
    for candidate in found:
        starting[candidate.begin].append(candidate)
    for begin in range(count):
        at[begin] = _kept(at[begin])
        for candidate in starting[begin]:
            inside = _cost_inside(candidate)
            chosen = _choices(candidate.scores[:-1])
            for segmentation in at[begin]:
                between = _cost_between(segmentation, candidate, height)
                for choice in chosen:
                    at[candidate.end].append(
                        _extended(segmentation, candidate, choice, inside + between)
                    )
    finished = [
        replace(segmentation, score=segmentation.score - _cost_of_end(segmentation))
        for segmentation in at[count]
    ]
    return _kept(finished)


def _choices(scores: NDArray[np.float64]) -> list[int]:
    """The classes to follow, the best first."""
    best, *others = np.argsort(-scores)[:CHOICES].tolist()
    return [best, *(k for k in others if scores[k] > scores[best] - FARTHEST)]


def _kept(segmentations: list[Segmentation]) -> list[Segmentation]:
    return sorted(segmentations, key=lambda segmentation: -segmentation.score)[:BEAM]


def _extended(
    segmentation: Segmentation, candidate: Candidate, choice: int, cost: float
) -> Segmentation:
    kind = KINDS[choice]
    num_pieces = len(candidate.members)
    if candidate.has_dot and num_pieces > 1 and SYMBOLS[choice] not in "÷=":
        cost += HANGING_COSTS if candidate.hangs else DOT_COSTS
    opened, equals = segmentation.opened, segmentation.equals
    if kind not in FOLLOWS[segmentation.last]:
        cost += UNUSUAL
    number, costs = _number_after(segmentation, SYMBOLS[choice])
    cost += costs
    if kind == "(":
        opened += 1
    elif kind == ")":
        cost += CLOSES_NOTHING if opened == 0 else 0
        opened = max(0, opened - 1)
    elif kind == "=":
        cost += UNUSUAL if equals else 0
        equals += 1
    score = segmentation.score + num_pieces * float(candidate.scores[choice]) - cost
    steps = (*segmentation.steps, (candidate, choice))
    return Segmentation(score, steps, kind, opened, equals, number)


def _number_after(segmentation: Segmentation, symbol: str) -> tuple[str, float]:
    """What number a segmentation ends in with one more symbol, and what it costs to write it so."""
    if symbol == ".":
        return ".", {"": RARE, ".": UNUSUAL}.get(segmentation.number, 0.0)
    if not symbol.isdigit():
        return "", 0.0
    if segmentation.number == "":
        return "0" if symbol == "0" and segmentation.steps else "d", 0.0
    return ("d", RARE) if segmentation.number == "0" else (segmentation.number, 0.0)


def _cost_of_end(segmentation: Segmentation) -> float:
    """Brackets that stay open, and behind an equals sign a result that does not end."""
    broken_off = segmentation.equals and segmentation.last not in "d)="
    return CLOSES_NOTHING * segmentation.opened + (UNUSUAL if broken_off else 0.0)


def _cost_inside(candidate: Candidate) -> float:
    apart = max(0.0, candidate.gap + TOUCHING)
    return JOINING_COSTS * (len(candidate.members) - 1) + GAP_COSTS * apart


def _cost_between(segmentation: Segmentation, candidate: Candidate, height: float) -> float:
    """Symbols stand beside each other: what overlaps most likely belongs together. A point may
    stand under its neighbour's edge."""
    if not segmentation.steps:
        return 0.0
    last = segmentation.steps[-1][0]
    before = last.box
    if candidate.is_dot or last.is_dot:
        apart = (candidate.box[0] + candidate.box[2] - before[0] - before[2]) / 2
        if apart > UNDER_EDGE * max(before[2] - before[0], candidate.box[2] - candidate.box[0]):
            return 0.0
    narrower = max(min(before[2] - before[0], candidate.box[2] - candidate.box[0]), 0.1 * height)
    overlap = (before[2] - candidate.box[0]) / narrower
    return OVERLAP_COSTS * max(0.0, min(overlap, 1.0) - OVERLAP_FREE)

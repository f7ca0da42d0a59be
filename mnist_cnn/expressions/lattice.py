"""Which pieces of a line belong together: every candidate for a symbol, and the best segmentation.

Pieces are ordered by their place and not by when they were written, so that a bar may be added
last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.expressions.grammar import LineSoFar
from mnist_cnn.expressions.pieces import Box, Piece, union
from mnist_cnn.models.classes import SYMBOLS

MAX_IN_A_SYMBOL = 4

WIDEST, WIDEST_GAP = 1.7, 0.4
"""Of a symbol of several pieces, and between them, in heights of the line."""

BEAM = 12

CHOICES, FARTHEST = 4, 12.0
"""Classes that are followed for each candidate, and how far behind the best they are at most, in
nats: grammar cannot make up for more."""


@dataclass(frozen=True)
class Candidate:
    """Neighbouring pieces that may be one symbol: where they begin and end in their order.

    `scores` are log-probabilities, of shape (classes + 1,), that of "none" last.
    """

    begin: int
    end: int
    box: Box
    members: tuple[int, ...]
    scores: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0), compare=False)


def candidates(pieces: Sequence[Piece], order: Sequence[int], height: float) -> list[Candidate]:
    """Every run of up to four neighbours that is no wider than a symbol and has no wide gap."""
    found = []
    for begin in range(len(order)):
        box = pieces[order[begin]].box
        for end in range(begin + 1, min(begin + MAX_IN_A_SYMBOL, len(order)) + 1):
            added = pieces[order[end - 1]].box
            if added[0] - box[2] > WIDEST_GAP * height:
                break
            box = union(box, added)
            if end == begin + 1 or box[2] - box[0] <= WIDEST * height:
                found.append(Candidate(begin, end, box, tuple(sorted(order[begin:end]))))
    return found


BEGINNING = LineSoFar()


@dataclass(frozen=True)
class Segmentation:
    """How the first so many pieces belong together, and what they are.

    The score adds up, over all pieces, the log-probability of the symbol that each belongs to, less
    what is unusual: so ways with few symbols and with many are compared fairly.
    """

    score: float
    steps: tuple[tuple[Candidate, int], ...] = ()
    line: LineSoFar = BEGINNING

    @property
    def text(self) -> str:
        return "".join(SYMBOLS[chosen] for _, chosen in self.steps)


def best_segmentations(found: Sequence[Candidate], count: int) -> list[Segmentation]:
    """The best segmentations of all pieces, the best first. A beam search from left to right."""
    at: list[list[Segmentation]] = [[] for _ in range(count + 1)]
    at[0] = [Segmentation(0.0)]
    starting: list[list[Candidate]] = [[] for _ in range(count)]
    for candidate in found:
        starting[candidate.begin].append(candidate)
    for begin in range(count):
        at[begin] = _kept(at[begin])
        for candidate in starting[begin]:
            chosen = _choices(candidate.scores[:-1])
            at[candidate.end] += [
                _extended(segmentation, candidate, choice)
                for segmentation in at[begin]
                for choice in chosen
            ]
    finished = [replace(way, score=way.score - way.line.cost_of_end) for way in at[count]]
    return _kept(finished)


def _choices(scores: NDArray[np.float64]) -> list[int]:
    """The classes that are worth following, the likeliest first."""
    likeliest = np.argsort(-scores)[:CHOICES]
    best = scores[likeliest[0]]
    return [int(choice) for choice in likeliest if scores[choice] >= best - FARTHEST]


def _kept(segmentations: list[Segmentation]) -> list[Segmentation]:
    """The best of them, one of each text."""
    kept: dict[str, Segmentation] = {}
    for segmentation in sorted(segmentations, key=lambda s: -s.score):
        kept.setdefault(segmentation.text, segmentation)
        if len(kept) == BEAM:
            break
    return list(kept.values())


def _extended(segmentation: Segmentation, candidate: Candidate, choice: int) -> Segmentation:
    line, cost = segmentation.line.followed_by(choice)
    score = segmentation.score + len(candidate.members) * float(candidate.scores[choice]) - cost
    return Segmentation(score, (*segmentation.steps, (candidate, choice)), line)

"""What follows from comparing runs on the same images, in a sentence or two."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_cnn import metrics
from mnist_cnn.metrics import Comparison

ENOUGH = 0.01
"""Where a difference of more than this share could hide, more images are needed."""


@dataclass(frozen=True)
class Contender:
    """A run in a comparison: whether it read each image right, (n,), and what one image takes."""

    title: str
    right: NDArray[np.bool_]
    milliseconds: float
    live: bool = False


def therefore(contenders: Sequence[Contender], test_set: str) -> str:
    """Which of at least two runs to keep, as far as their images can show: the most accurate
    against the next."""
    ordered = sorted(contenders, key=lambda run: (-int(run.right.sum()), not run.live))
    best, next_best = ordered[:2]
    result = metrics.compare(next_best.right, best.right)
    known = result.p_value < 0.05
    words = _better(best, next_best, result, test_set) if known else _equal(best, next_best, result)
    if len(ordered) == 2:
        return words
    return f"The two most accurate of {len(ordered)}: {words[0].lower()}{words[1:]}"


def _better(best: Contender, other: Contender, result: Comparison, test_set: str) -> str:
    low, high = (100 * end for end in result.interval)
    advice = f"prefer {best.title}"
    if best.live:
        advice = f"keep {best.title}"
    elif other.live:
        advice = f"{best.title} could replace it"
    return (
        f"**{best.title} is better** than {other.title} by {100 * result.difference:.2f} points "
        f"({low:.2f} to {high:.2f}) on {test_set} and {_speed(best, other)}: {advice}."
    )


def _equal(a: Contender, b: Contender, result: Comparison) -> str:
    right_a, right_b = int(a.right.sum()), int(b.right.sum())
    counts = f"both read {right_a:,} right"
    if right_a != right_b:
        counts = f"{a.title} reads {right_a:,} of them right, {b.title} {right_b:,}"
    low, high = result.interval
    hidden = max(abs(low), abs(high), 3 / result.total)  # the rule of three where none differ
    words = f"These {result.total:,} images **cannot tell {a.title} and {b.title} apart**: {counts}"
    if hidden > ENOUGH:
        return (
            f"{words}. A difference of up to {100 * min(hidden, 1):.0f} points could hide in "
            + ("so few; more are needed.")
        )
    return (
        f"{words}, so the difference is below {100 * hidden:.2f} points. "
        f"{a.title} is {_speed(a, b)}."
    )


def _speed(a: Contender, b: Contender) -> str:
    """How fast `a` is beside `b`."""
    times = f"({a.milliseconds:.2f} against {b.milliseconds:.2f} ms)"
    ratio = b.milliseconds / a.milliseconds
    if 0.8 < ratio < 1.25:
        return f"about as fast {times}"
    factor = max(ratio, 1 / ratio)
    often = f"{factor:.0f}" if factor >= 2 else f"{factor:.1f}"
    return f"{often} times {'faster' if ratio > 1 else 'slower'} {times}"

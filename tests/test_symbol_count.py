"""A drawing is rasterized once: its symbols are counted from its strokes."""

import itertools

import numpy as np
import pytest

from mnist_cnn.data.pen_digits import load_pen_digits
from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.ink.symbol_count import count_symbols, count_written_symbols
from tests.support.artifacts import needs
from tests.support.drawings import SEVEN, written

HAIRLINE = 0.02


@pytest.mark.parametrize(("text", "count"), [("7", 1), ("42", 2), ("2026", 4), ("=", 1), ("1", 1)])
def test_symbols_are_counted_from_strokes(text: str, count: int) -> None:
    strokes = written(text)
    assert count_written_symbols(strokes) == count
    assert count_written_symbols([0.01 * stroke - 7 for stroke in strokes]) == count


def test_nothing_and_a_tap_are_counted() -> None:
    assert count_written_symbols([]) == 0
    assert count_written_symbols([np.zeros((0, 2))]) == 0
    assert count_written_symbols([np.array([[3.0, 4.0]])]) == 1
    assert count_written_symbols([*SEVEN, SEVEN[0] + [400, 0]]) == 2


@pytest.mark.data
def test_they_are_as_many_as_in_the_picture_of_a_thin_pen() -> None:
    needs("pen_digits.jsonl.gz")
    drawings = load_pen_digits().validation
    pairs = [
        (*one.strokes, *(np.add(stroke, [350 + 10 * (number % 20), 0]) for stroke in other.strokes))
        for number, (one, other) in enumerate(itertools.pairwise(drawings[:300]))
    ]
    for lines in ([drawing.strokes for drawing in drawings], pairs):
        same = [
            count_written_symbols(line) == count_symbols(rasterize(line, HAIRLINE))
            for line in lines
        ]
        assert np.mean(same) >= 0.97

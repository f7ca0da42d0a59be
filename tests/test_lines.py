"""Lines that are put together from single symbols, and what a network is shown of them."""

import numpy as np

from mnist_cnn.data.line_texts import line_text
from mnist_cnn.data.lines import Hand, written_line
from mnist_cnn.data.splits import WriterSplits
from mnist_cnn.expressions.line_shape import LineCourse, line_height
from mnist_cnn.expressions.pieces import Piece, box_of
from mnist_cnn.expressions.views import LineViews
from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.models.surroundings import alone, with_channels
from mnist_cnn.records import Drawing
from mnist_cnn.training import line_pools
from mnist_cnn.training.sources import Sources
from tests.support.drawings import written
from tests.support.hands import digit

NOBODY = Hand({}, {})


def test_texts_hold_only_what_is_known() -> None:
    random = np.random.default_rng(0)
    texts = [line_text(random) for _ in range(500)]
    assert set("".join(texts)) <= set(SYMBOLS + "^ ·")
    assert set("".join(texts)) >= set("0123456789+-×÷=()./:%$")


def test_a_line_has_its_symbols_from_left_to_right() -> None:
    line = written_line(NOBODY, np.random.default_rng(0), "12+7=19")
    assert line.text == "12+7=19"
    boxes = [np.concatenate([line.strokes[n] for n in own]) for _, own in line.symbols]
    middles = [float(points[:, 0].mean()) for points in boxes]
    assert middles == sorted(middles)
    assert sorted(n for _, own in line.symbols for n in own) == list(range(len(line.strokes)))


def test_a_power_is_small_and_above() -> None:
    line = written_line(NOBODY, np.random.default_rng(0), "2^3")
    two, three = (np.concatenate([line.strokes[n] for n in own]) for _, own in line.symbols)
    assert np.ptp(three[:, 1]) < np.ptp(two[:, 1])
    assert three[:, 1].mean() < two[:, 1].mean()


def test_the_same_seed_writes_the_same_line() -> None:
    one, two = (written_line(NOBODY, np.random.default_rng(3)) for _ in range(2))
    assert one.text == two.text
    assert all(np.array_equal(a, b) for a, b in zip(one.strokes, two.strokes, strict=True))


def test_a_view_shows_a_symbol_and_what_stands_around_it() -> None:
    strokes = written("141")
    pieces = [Piece(box_of(stroke), stroke) for stroke in strokes]
    height = line_height(pieces)
    views = LineViews(pieces, height, LineCourse(pieces, height))
    first, last = (views.of((n,), pieces[n].box) for n in (0, len(pieces) - 1))
    assert first.shape == (28, 28, 3) and 0.7 <= first[..., 1].max() <= 1
    assert first[:, :14, 2].sum() == 0 < first[:, 14:, 2].sum()  # the others stand to its right
    assert last[:, 14:, 2].sum() == 0 < last[:, :14, 2].sum()


def test_where_nothing_stands_around_it() -> None:
    images = np.random.default_rng(0).random((2, 28, 28))
    shown = alone(images)
    assert np.array_equal(shown[..., 0], images) and not shown[..., 2].any()
    assert np.isclose(4 * shown[..., 1].sum(), images.sum())
    assert with_channels(images, 1).shape == (2, 28, 28, 1)
    assert with_channels(shown, 3) is shown


def test_a_pictured_line_knows_whose_ink_each_piece_is() -> None:
    random = np.random.default_rng(0)
    line = written_line(NOBODY, random, "1 2 3")
    pieces, meant = line_pools._pictured(line, random)
    assert sorted(meant.values()) == ["1", "2", "3"]
    numbers = sorted(number for members in meant for number in members)
    assert numbers == list(range(len(pieces)))
    middles = {symbol: pieces[min(members)].box[0] for members, symbol in meant.items()}
    assert middles["1"] < middles["2"] < middles["3"]


def test_groups_of_lines_are_right_and_wrong_ones() -> None:
    drawings = [
        Drawing(digit(label, seed), str(label), "w") for label in range(10) for seed in (0, 1)
    ]
    sources = Sources(pen=WriterSplits(drawings, drawings, []))
    pool = line_pools.lines_pool(300, sources, np.random.default_rng(0))
    assert pool.images.shape == (300, 28, 28, 3) and pool.per_epoch == 300
    wrong = int((pool.labels == len(SYMBOLS)).sum())
    assert 90 < wrong < 210
    images, labels = line_pools.lines_validation(50, sources, np.random.default_rng(0))
    assert len(images) == 50 and labels.max() < len(SYMBOLS)

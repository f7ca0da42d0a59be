"""How writing lies on the page, and what a line of it is."""

import itertools

import numpy as np
import pytest

from mnist_cnn.expressions.arithmetic import evaluate, latex
from mnist_cnn.expressions.cuts import cut_apart
from mnist_cnn.expressions.layout import layout_of, run_around
from mnist_cnn.expressions.line import Line, corrected
from mnist_cnn.expressions.marks import text_of
from mnist_cnn.expressions.meaning import kind_of, letter_at
from mnist_cnn.expressions.pieces import Box, Piece, box_of, pieces_of_ink
from mnist_cnn.expressions.places import by_place
from mnist_cnn.expressions.symbol import Symbol
from mnist_cnn.records import Stroke
from tests.support.drawings import written


def bar(left: float, right: float, y: float) -> Stroke:
    return np.array([(left, y), ((left + right) / 2, y + 1), (right, y)])


def moved(text: str, x: float, y: float) -> list[Stroke]:
    return [stroke + np.array([x, y]) for stroke in written(text)]


def found(*strokes: Stroke) -> list[str | int]:
    """The parts of a layout: marks, and how many pieces each run has."""
    layout = layout_of([Piece(box_of(stroke), stroke) for stroke in strokes])
    return [part.mark or len(part.members) for part in layout.parts]


def test_a_line_is_one_run() -> None:
    for text in ("42", "12+7=19", "8÷2", "(2+3)×4", "1.5-0.7", "="):
        assert found(*written(text)) == [len(written(text))]


def test_lines_are_read_one_by_one() -> None:
    assert found(*moved("27", 0, 0), *moved("34", 0, 150)) == [3, "\n", 3]


def test_a_sum_in_a_column_is_one_sum() -> None:
    column = [*moved("27", 30, 0), *moved("+15", 0, 110), bar(0, 170, 215), *moved("42", 30, 240)]
    assert found(*column) == [3, "\n", 5, "=", 4]


def marked(*texts: str) -> tuple[Symbol, ...]:
    """The symbols of runs, and of marks, which stand alone."""
    return tuple(
        Symbol(sign, 1.0, (0, 0, 1, 1), (0,), mark=text in ("\n", "=", "(", ")", "/"))
        for text in texts
        for sign in text
    )


def read_so(*texts: str) -> str:
    return text_of(marked(*texts))


def test_lines_above_a_bar_are_one_sum_where_their_signs_say_so() -> None:
    assert read_so("27", "\n", "+15", "=", "42") == "27+15=42"
    assert read_so("12", "\n", "13", "\n", "+14", "=", "39") == "12+13+14=39"
    assert read_so("12", "\n", "13", "=", "25") == "12\n13=25"
    assert read_so("12", "\n", "34") == "12\n34"


def test_what_a_fraction_divides_is_divided_by_all_of_it() -> None:
    half = ("(", "1", ")", "/", "(", "2", ")")
    assert read_so("3+", *half) == "3+(1)/(2)"
    assert read_so("6÷", *half) == "6÷((1)/(2))" and line("6÷((1)/(2))").value == "12"
    assert read_so(*half) == "(1)/(2)"
    symbols = marked("6+", *half)
    assert corrected(Line(text_of(symbols), symbols), 1, "÷").value == "12"
    symbols = marked("27", "\n", "715", "=", "42")
    assert corrected(Line(text_of(symbols), symbols), 3, "+").value == "42"


def test_a_fraction_over_a_bar() -> None:
    half = [*moved("1", 20, 0), bar(0, 60, 100), *moved("2", 5, 115)]
    assert found(*half) == ["(", 1, ")", "/", "(", 2, ")"]
    whole = [*moved("3+", 0, 60), *(stroke + np.array([160, 0]) for stroke in half)]
    assert found(*whole) == [3, "(", 1, ")", "/", "(", 2, ")"]


def test_the_run_around_a_symbol_has_the_height_of_its_line() -> None:
    strokes = [*moved("1", 60, 0), bar(40, 140, 120), *moved("2", 60, 140), *moved("+", 200, 90)]
    pieces = [Piece(box_of(stroke), stroke) for stroke in strokes]
    last = len(strokes) - 1
    run = run_around([last - 1, last], pieces)
    alone = run_around([0], [pieces[last - 1], pieces[last]])
    assert set(run.members) == {last - 1, last} and run.height > alone.height > 0
    assert run_around([0, last], pieces).height == 0


def test_a_frame_and_an_underline_are_left_out() -> None:
    frame = np.array([(-30, -30), (200, -30), (200, 120), (-30, 120), (-30, -30)], float)
    dense = np.concatenate([np.linspace(a, b, 20) for a, b in itertools.pairwise(frame)])
    assert found(*written("42"), dense) == [4]
    assert found(*written("42"), bar(-5, 160, 95)) == [4]


def test_a_slashed_zero_is_no_frame() -> None:
    angles = np.linspace(0, 2 * np.pi, 40)
    zero = np.stack([30 * np.cos(angles), 50 * np.sin(angles)], axis=1)
    assert found(zero, np.array([(10.0, -20), (-10, 20)])) == [2]


def test_what_was_struck_out_is_told() -> None:
    strokes = [*written("38"), np.array([(-10.0, 20), (170, 70)])]
    assert layout_of([Piece(box_of(stroke), stroke) for stroke in strokes]).struck
    plain = written("44+7=3")
    assert not layout_of([Piece(box_of(stroke), stroke) for stroke in plain]).struck


def ring(width: int) -> np.ndarray:
    """A zero of ink, 40 pixels high."""
    y, x = np.mgrid[-1:1:40j, -1 : 1 : complex(width)]
    away = np.hypot(x, y)
    return ((away > 0.75) & (away <= 1)).astype(np.float32)


def test_symbols_that_touch_are_cut_apart() -> None:
    two = np.maximum(np.pad(ring(26), ((0, 0), (0, 24))), np.pad(ring(26), ((0, 0), (24, 0))))
    one = np.pad(ring(26), ((0, 0), (60, 0)))
    pieces = pieces_of_ink(np.pad(np.concatenate([two, one], axis=1), 5))
    assert len(pieces) == 2
    parts = cut_apart(pieces)
    assert [round(part.width) for part in parts] == pytest.approx([24] * 3, abs=3)
    assert sum(part.ink.sum() for part in parts) == two.sum() + one.sum()
    assert cut_apart([]) == []


def test_what_is_narrow_or_flat_stays_whole() -> None:
    bar = np.pad(np.ones((3, 60), np.float32), ((20, 17), (5, 5)))
    ink = np.pad(np.concatenate([ring(26), bar], axis=1), 5)
    pieces = pieces_of_ink(ink)
    assert len(cut_apart(pieces)) == len(pieces) == 2


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("0612345678", "a phone number"),
        ("555-0123", "a phone number"),
        ("(202)555-0143", "a phone number"),
        ("1-800-555-0199", "a phone number"),
        ("12/03/2024", "a date"),
        ("12.03.2024", "a date"),
        ("2024-03-12", "a date"),
        ("31-12-24", "a date"),
        ("50-30-10", ""),
        ("99/33/11", ""),
        ("12:30", "a time"),
        ("12:30-10:15=", "a sum of times"),
        ("12:30-10:15=2:15", "a sum of times"),
        ("1:2", "a ratio"),
        ("$5.99", "a price"),
        ("50%", "per cent"),
        ("1.234.567", "a number in groups of three digits"),
        ("007", "a number that begins with a zero"),
        ("42", ""),
        ("1/2", ""),
        ("3.14", ""),
        ("12-7", ""),
        ("12+7=19", ""),
    ],
)
def test_what_a_line_is(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_an_x_that_multiplies_nothing_is_a_letter() -> None:
    assert [letter_at(text) for text in ("×+2=5", "3×+2=5", "3×4", "2+×=3")] == [1, 2, 0, 3]


def line(text: str, confidence: float = 1.0) -> Line:
    symbols = tuple(
        Symbol(sign, confidence, (10.0 * n, 0.0, 10.0 * n + 8, 10.0), (n,))
        for n, sign in enumerate(text)
    )
    return Line(text, symbols)


def test_only_what_was_understood_has_a_value() -> None:
    assert line("12+7").value == "19"
    assert line("3+(1)/(2)").value == "3.5"
    assert line("555-0123").value is None and line("555-0123").remark == "A phone number."
    assert line("×+2=5").value is None and "letter" in line("×+2=5").remark
    doubtful = line("12+7", confidence=0.4)
    assert doubtful.value is None and "Is symbol 1 a 1?" in doubtful.remark


def symbol(text: str, box: Box) -> Symbol:
    return Symbol(text, 1.0, box, (0,))


def test_small_digits_above_are_powers() -> None:
    base, after = symbol("2", (0, 0, 60, 100)), symbol("-", (120, 50, 160, 52))
    powers = [symbol("1", (65, -20, 75, 30)), symbol("0", (80, -20, 100, 30))]
    assert "".join(s.text for s in by_place([base, *powers, after])) == "2^10-"
    beside = symbol("3", (65, 5, 110, 98))
    assert "".join(s.text for s in by_place([base, beside])) == "23"
    four = symbol("4", (110, 0, 160, 100))
    assert "".join(s.text for s in by_place([base, *powers, four])) == "2^(10)4"
    assert "follows without a sign" in line("2^(10)4").remark
    minus = symbol("-", (62, 10, 68, 12))
    assert "".join(s.text for s in by_place([base, minus, *powers])) == "2^-10"
    plus = symbol("+", (105, -10, 125, 15))
    one = symbol("1", (130, -20, 140, 30))
    assert "".join(s.text for s in by_place([base, *powers, plus, one])) == "2^(10+1)"
    assert latex("2^(10+1)") == "2^{10+1}" and line("2^(2+1)").value == "8"
    far = symbol("3", (130, -20, 150, 30))
    assert "".join(s.text for s in by_place([base, far])) == "23"


def test_only_decimals_are_rounded_to() -> None:
    assert evaluate("1÷3=0.33").rounded and evaluate("-1÷3=-0.33").holds
    assert not evaluate("3=10÷3.3").holds and not evaluate("1=3/2.9").holds


def test_a_point_half_way_up_multiplies() -> None:
    three, four = symbol("3", (0, 0, 50, 100)), symbol("4", (80, 0, 140, 100))
    for y, text in ((50, "3·4"), (95, "3.4")):
        point = symbol(".", (60, y - 3, 66, y + 3))
        assert "".join(s.text for s in by_place([three, point, four])) == text
    assert line("3·4").value == "12"


def root(left: float, right: float) -> Stroke:
    return np.array([(left, 55), (left + 10, 50), (left + 22, 95), (left + 40, -10), (right, -12)])


def test_a_root_covers_what_stands_under_it() -> None:
    assert found(root(0, 170), *moved("16", 45, 0)) == ["√", "(", 2, ")"]
    around = [*moved("2+", -180, 0), root(0, 170), *moved("16", 45, 0), *moved("=", 200, 0)]
    assert found(*around) == [4, "√", "(", 2, ")", 2]


def test_a_wide_root_is_no_frame() -> None:
    assert found(root(0, 600), *moved("123456", 45, 0))[0] == "√"


def test_tops_and_brackets_are_no_roots() -> None:
    for text in ("7777", "5555", "75-57", "(2×3)×7"):
        assert found(*written(text)) == [len(written(text))]

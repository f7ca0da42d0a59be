"""Lines of writing: what belongs together, in whatever order it was written."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnist_cnn.expressions import reader
from mnist_cnn.expressions.lattice import Candidate, best_segmentations
from mnist_cnn.expressions.line import corrected
from mnist_cnn.ink.extract import extract_ink
from mnist_cnn.models import classifier
from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.runs import serving
from tests.support.commands import run as run_command
from tests.support.drawings import SEVEN, written


@pytest.fixture(scope="module")
def symbols() -> classifier.LineNetworks:
    """The shipped networks that read lines together."""
    return serving.line_networks()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", "7"),
        ("42", "42"),
        ("2026", "2026"),
        ("12+7=", "19"),
        ("12+7=19", "19"),
        ("3×4=12", "12"),
        ("(2+3)×4", "20"),
        ("8÷2-1", "3"),
        ("3.5+1", "4.5"),
    ],
)
def test_plain_writing_is_read(symbols: classifier.LineNetworks, text: str, value: str) -> None:
    line = reader.read_strokes_line(written(text), symbols)
    assert (line.text, line.value) == (text, value)
    assert [symbol.text for symbol in line.symbols] == list(text)
    numbers = sorted(n for symbol in line.symbols for n in symbol.strokes)
    assert numbers == list(range(len(written(text))))


def test_the_order_of_writing_does_not_matter(symbols: classifier.LineNetworks) -> None:
    strokes = written("54÷2=")
    expected = reader.read_strokes_line(strokes, symbols)
    assert expected.text == "54÷2="
    for seed in range(5):
        mixed = strokes.copy()
        random.Random(seed).shuffle(mixed)
        assert reader.read_strokes_line(mixed, symbols).text == expected.text


def test_size_and_place_do_not_matter(symbols: classifier.LineNetworks) -> None:
    for scale in (0.01, 1, 300):
        assert reader.read_strokes_line(written("12+7", scale=scale), symbols).text == "12+7"


def test_a_crossed_seven_is_one_symbol(symbols: classifier.LineNetworks) -> None:
    seven = [8 * np.array(p) for p in ([(0, 0.0), (7, 0), (3, 10)], [(2, 5.0), (7, 5)])]
    line = reader.read_strokes_line([*seven, *written("1", at=12)], symbols)
    assert line.text == "71"
    assert line.symbols[0].strokes == (0, 1)


def picture(text: str) -> np.ndarray:
    """The same writing as grey ink on paper."""
    strokes = [stroke + 40 for stroke in written(text)]
    width, height = np.concatenate(strokes).max(axis=0).astype(int) + 40
    image = Image.new("L", (int(width), int(height)), 225)
    draw = ImageDraw.Draw(image)
    for stroke in strokes:
        draw.line([tuple(p) for p in stroke.tolist()], fill=60, width=8, joint="curve")
        for x, y in stroke.tolist():
            draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=60)
    return np.asarray(image, np.float32) / 255


def test_a_picture_is_read_as_strokes_are(symbols: classifier.LineNetworks) -> None:
    for text in ("42", "12+7=", "8÷2"):
        assert reader.read_ink_line(extract_ink(picture(text)), symbols).text == text


def test_what_cannot_be_read_is_said(symbols: classifier.LineNetworks) -> None:
    assert "nothing to read" in reader.read_strokes_line([], symbols).remark
    assert "nothing to read" in reader.read_ink_line(np.zeros((50, 90), np.float32), symbols).remark
    many = reader.read_strokes_line([SEVEN[0] + 3 * n for n in range(500)], symbols)
    assert "500 strokes; at most" in many.remark and many.value is None
    angles = np.linspace(0, 40, 200)
    scribble = np.stack([np.cos(angles) * angles, np.sin(1.7 * angles) * angles], 1) * 3
    read = reader.read_strokes_line([scribble], symbols)
    assert read.value is None and "?" in read.text and "I read digits" in read.remark
    dot = reader.read_strokes_line([np.array([[50.0, 50]])], symbols)
    assert dot.value is None


def moved(text: str, x: float, y: float, scale: float = 8.0) -> list[np.ndarray]:
    return [stroke + np.array([x, y]) for stroke in written(text, scale=scale)]


def bar(left: float, right: float, y: float) -> np.ndarray:
    return np.array([(left, y), ((left + right) / 2, y + 1), (right, y)])


def test_fractions_powers_lines_and_columns_are_read(symbols: classifier.LineNetworks) -> None:
    half = [*moved("1", 190, 0), bar(165, 230, 100), *moved("2", 170, 115)]
    read = reader.read_strokes_line([*moved("3+", 0, 60), *half], symbols)
    assert (read.text, read.value) == ("3+(1)/(2)", "3.5")
    power = [*written("2"), *moved("3", 62, -30, 4), *moved("-1=", 110, 0)]
    read = reader.read_strokes_line(power, symbols)
    assert (read.text, read.value, read.answer) == ("2^3-1=", "7", "7")
    two = reader.read_strokes_line([*moved("27", 0, 0), *moved("34", 0, 170)], symbols)
    assert (two.text, two.value) == ("27\n34", None) and two.remark == "2 lines: 27, 34."
    column = [*moved("27", 60, 0), *moved("+15", 0, 110), bar(0, 200, 215), *moved("42", 60, 240)]
    read = reader.read_strokes_line(column, symbols)
    assert (read.text, read.value) == ("27+15=42", "42")


def test_strokes_beyond_measure_take_no_memory(symbols: classifier.LineNetworks) -> None:
    wide = np.array([(0.0, 0.0), (5e8, 9e8), (1e9, 0.0)])
    for text in ("12", "1234567890123456"):
        read = reader.read_strokes_line([*written(text), wide], symbols)
        assert read.value is None and read.trouble
    assert "far larger" in read.trouble


@pytest.mark.parametrize("size", [3, 4])
def test_a_speck_in_a_picture_is_a_sentence(symbols: classifier.LineNetworks, size: int) -> None:
    for shape in ((28, 28), (200, 300)):
        ink = np.zeros(shape, np.float32)
        ink[10 : 10 + size, 10 : 10 + size] = np.maximum(np.eye(size), np.eye(size)[::-1])
        assert reader.read_ink_line(ink, symbols).run_id


def test_whatever_is_drawn_has_an_answer_or_a_sentence(symbols: classifier.LineNetworks) -> None:
    random_numbers = np.random.default_rng(0)
    for _ in range(200):
        strokes = []
        for _ in range(int(random_numbers.integers(1, 9))):
            size = random_numbers.choice([0.0, 1, 30, 300], 2)
            points = random_numbers.random((int(random_numbers.integers(1, 9)), 2)) * size
            strokes.append(points + random_numbers.random(2) * 300)
        line = reader.read_strokes_line(strokes, symbols)
        assert line.value is not None or line.remark


def test_a_correction_changes_the_value(symbols: classifier.LineNetworks) -> None:
    line = corrected(reader.read_strokes_line(written("12+7="), symbols), 1, "3")
    assert (line.text, line.value) == ("13+7=", "20")
    assert line.symbols[1].confidence == 1.0


def test_the_command_agrees(symbols: classifier.LineNetworks, tmp_path: Path) -> None:
    row = {"strokes": [stroke.tolist() for stroke in written("12+7=")]}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    done = run_command("read", "--strokes", tmp_path / "a.jsonl")
    assert done.returncode == 0
    answer = json.loads(done.stdout)
    assert (answer["text"], answer["value"]) == ("12+7=", "19")
    here = reader.read_strokes_line(written("12+7="), symbols).as_dict()
    assert answer == {"line": 1, **json.loads(json.dumps(here))}


@pytest.mark.parametrize("mark", ["point", "comma", "comma under an overhang"])
def test_a_decimal_comma_is_a_point(symbols: classifier.LineNetworks, mark: str) -> None:
    strokes = [*written("3"), *written("5", at=12)]
    left, bottom = np.concatenate(written("3")).max(axis=0)
    height = float(np.ptp(np.concatenate(strokes)[:, 1]))
    at = {"point": 0.15, "comma": 0.15, "comma under an overhang": -0.02}[mark]
    size = 0.05 if mark == "point" else 0.4
    tick = np.array([[0.35, 0], [0.2, 0.6], [0.0, 1.0]]) * size * height
    tick += [left + at * height, bottom - 0.3 * size * height]
    assert reader.read_strokes_line([*strokes, tick], symbols).text == "3.5"


def test_a_small_low_zero_is_no_point(symbols: classifier.LineNetworks) -> None:
    (zero,) = written("0", scale=4.2)
    strokes = [*written("4"), zero + np.array([85, 40]), *written("7", at=16)]
    assert reader.read_strokes_line(strokes, symbols).text == "407"


SLIM = {
    "an angular opening bracket": ([(30, 0), (8, 30), (6, 70), (28, 100)], "("),
    "an angular closing bracket": ([(0, 0), (22, 30), (24, 70), (2, 100)], ")"),
    "a one": ([(10, 0), (10, 100)], "1"),
    "an unsteady one": ([(10, 0), (13, 30), (12, 60), (10, 100)], "1"),
    "a slash": ([(50, 0), (24, 52), (0, 100)], "/"),
}


@pytest.mark.parametrize("name", SLIM)
def test_slim_strokes_are_told_apart_by_bow_and_lean(
    symbols: classifier.LineNetworks, name: str
) -> None:
    points, sign = SLIM[name]
    assert reader.read_symbol([np.array(points, float)], symbols) == sign


COMMA = np.array([(76.0, 76.0), (46.0, 102.0)])
"""Slanting, wider than it is high, and begun under a zero's edge."""


def test_a_comma_under_the_line_is_a_point_and_no_tail_of_the_zero_before_it(
    symbols: classifier.LineNetworks,
) -> None:
    zero, *rest = written("071")
    strokes = [zero, COMMA, *(np.add(stroke, (24.0, 0.0)) for stroke in rest)]
    line = reader.read_strokes_line(strokes, symbols)
    assert line.text == "0.71"


def score(text: str) -> float:
    """How well a text is written, whatever it looks like."""
    groups = []
    for place, symbol in enumerate(text):
        scores = np.full(len(SYMBOLS) + 1, -99.0)
        scores[SYMBOLS.index(symbol)] = 0.0
        box = (2.0 * place, 0.0, 2.0 * place + 1, 1.0)
        groups.append(Candidate(place, place + 1, box, (place,), scores))
    best = best_segmentations(groups, len(text))[0]
    assert best.text == text
    return best.score


@pytest.mark.parametrize(
    ("usual", "unusual"),
    [
        ("1.25", "1..25"),
        ("3×0.5", "3×=05"),
        ("1+2=3", "1+2=3-"),
        ("(1+2)", "(1+2"),
        ("1+2=3", "1=2=3"),
        ("12:30", "12:+30"),
    ],
)
def test_some_texts_are_rarer_than_others(usual: str, unusual: str) -> None:
    assert score(usual) == 0
    assert score(unusual) < 0


@pytest.mark.parametrize(
    "text", ["1+", "1+2=", "0.05", "-3", "(202)555-0143", "12.03.2024", "$5.99", "50%", "4--3"]
)
def test_what_people_write_costs_nothing(text: str) -> None:
    assert score(text) == 0

"""Numbers and equations without a browser: where the answer stands, what a symbol can be, and what
becomes of what is put right."""

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_cnn.data import corrections, symbol_corrections
from mnist_cnn.errors import StorageFailed
from mnist_cnn.expressions.line import Line
from mnist_cnn.expressions.reader import read_strokes_line
from mnist_cnn.expressions.symbol import Symbol
from mnist_cnn.ink.strokes import from_canvas
from mnist_cnn.models.classes import SYMBOLS, UNKNOWN
from mnist_cnn.ui import auth, line_answer, line_picture, line_tapping, my_hand
from mnist_cnn.ui.line_corrections import Change
from tests.support.drawings import canvas_json, written
from tests.support.pages import button, buttons, page, words

PAGE = "1_Numbers_and_equations.py"
CANVAS = "line canvas 0 700"


def line(text: str, x: float = 20, y: float = 80, size: float = 60) -> Line:
    """Symbols of that size side by side, its left upper corner at (x, y)."""
    boxes = [(x + n * size, y, x + (n + 0.7) * size, y + size) for n in range(len(text))]
    return Line(text, tuple(Symbol(t, 0.93, boxes[n], (n,)) for n, t in enumerate(text)))


@pytest.mark.parametrize(
    ("asked", "where"),
    [
        (line("1+2="), "behind"),
        (line("1+2=", size=110), "behind"),  # smaller
        (line("99×99=", y=20, size=110), "below"),
        (line("99×99=", y=120, size=110), "above"),
        (line("1÷3=", x=400, y=20, size=70), "below"),
    ],
)
def test_the_answer_stands_where_there_is_room(asked: Line, where: str) -> None:
    answer = line_answer.placed(asked, 700, 240)
    assert answer and answer["text"] == asked.answer
    size, x, y = (float(answer[key]) for key in ("size", "x", "y"))
    ends = x + line_answer.WIDE * size * len(asked.answer)
    top, sign = y - line_answer.HIGH * size, asked.symbols[-1].box
    assert x >= 0 and ends <= 700 and top >= 0 and y <= 240
    assert size * line_answer.HIGH <= sign[3] - sign[1] + 1
    beyond = {"behind": x > sign[2], "below": top > sign[3], "above": y < sign[1]}
    assert [place for place, holds in beyond.items() if holds] == [where]


@pytest.mark.parametrize("unasked", [line("12+7"), line("1+2=3"), line("1+2=", y=0, size=240)])
def test_no_answer_where_none_is_asked_for_or_fits(unasked: Line) -> None:
    assert line_answer.placed(unasked, 700, 240) is None


def test_every_symbol_is_a_button_with_its_choices() -> None:
    read = line("1<2")
    assert line_picture.names(read)[1] == "Symbol 2: <, 93 % sure"
    picture = line_picture.drawn(read, written("1"))
    assert picture.count('role="button" tabindex="0"') == 3
    assert 'aria-label="Symbol 2: &lt;, 93 % sure"' in picture
    seven = Symbol("7", 0.6, (0, 0, 1, 1), (0,), (("7", 0.6), (UNKNOWN, 0.3), ("1", 0.1)))
    likeliest, others = line_tapping.choices(seven)
    assert likeliest == ["7", "1"]
    assert sorted([*likeliest, *others, UNKNOWN]) == sorted(SYMBOLS)


@pytest.mark.parametrize("elsewhere", [True, False])
def test_the_picture_shows_the_answer_that_no_canvas_shows(elsewhere: bool) -> None:
    picture = line_picture.drawn(line("9×9="), np.ones((9, 9)), answered=elsewhere)
    assert (">81<" in picture) is not elsewhere


def draw(app: AppTest, text: str) -> AppTest:
    drawing = {"raw": canvas_json(*written(text)), "data": None}
    app.session_state[CANVAS] = {"drawing": drawing, "backgroundFit": None}
    return app.run()


def shown(app: AppTest, name: str) -> dict:
    """What a component of the page was told last."""
    return next(
        json.loads(found.proto.json)
        for found in app.get("bidi_component")
        if found.proto.component_name == name
    )


@pytest.fixture
def app(shipped_copy: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page, on which the first symbol of `1+7` was said to be a 4."""
    monkeypatch.setattr(auth, "actor", lambda: "the owner")
    app = draw(page(PAGE), "1+7")
    networks = my_hand.line_networks()
    one = read_strokes_line(from_canvas(canvas_json(*written("1+7"))), networks).symbols[0]
    app.session_state["put right in lines"] = [Change((one.strokes, one.box), "4", "1")]
    return app


def test_what_is_put_right_is_learnt_stays_and_can_be_taken_back(app: AppTest) -> None:
    draw(app.run(), "1+7=")  # written on
    assert app.code[0].value == "4+7=11"
    assert shown(app, "digits.canvas")["answer"]["text"] == "11"
    assert [(kept.label, len(kept.strokes)) for kept in corrections.load()] == [(4, 1)]
    (symbol,) = symbol_corrections.load()
    assert (symbol.text, symbol.read, len(symbol.members)) == ("4", "1", 1)
    assert len(symbol.strokes) == len(written("1+7"))
    assert len(app.session_state["my hand"].drawings) == 1
    button(app, "Take back 1 → 4").click().run()
    assert app.code[0].value == "1+7=8" and not app.exception
    assert corrections.load() == symbol_corrections.load() == ()
    assert not app.session_state["my hand"].drawings
    assert not [label for label in buttons(app) if label.startswith("Take back")]


def test_a_sign_that_is_put_right_is_kept_with_its_line(app: AppTest) -> None:
    (one,) = app.session_state["put right in lines"]
    plus = read_strokes_line(from_canvas(canvas_json(*written("1+7"))), my_hand.line_networks())
    ink = plus.symbols[1].strokes, plus.symbols[1].box
    app.session_state["put right in lines"] = [one, Change(ink, "÷", "+")]
    app.run()
    assert [found.text for found in symbol_corrections.load()] == ["4", "÷"]
    assert [kept.label for kept in corrections.load()] == [4] and not app.exception


def test_what_cannot_be_kept_counts_all_the_same(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StorageFailed("The disk is full.")

    monkeypatch.setattr(corrections, "add", full)
    app.run()
    assert "The disk is full." in words(app) and app.code[0].value == "4+7"

"""My handwriting without a browser: what it brings, a look through, files, the owner's part."""

import json
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_cnn.data import corrections
from mnist_cnn.hands import hand_files, kept_hands
from mnist_cnn.hands.hand import TaughtDrawing
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.ui import auth
from mnist_cnn.ui.my_hand import SessionHand
from tests.support import hands as written
from tests.support.drawings import SEVEN, canvas_json
from tests.support.pages import button, buttons, page, words

PAGE = "7_My_handwriting.py"


@pytest.fixture(autouse=True)
def own_artifacts(shipped_copy: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(auth, "actor", lambda: "the owner")
    return shipped_copy


def drawings(count: int, odd: bool = True) -> list[TaughtDrawing]:
    return [
        TaughtDrawing.of_strokes(label, written.digit(label, seed, odd))
        for seed in range(count)
        for label in range(10)
    ]


def with_hand(taught: list[TaughtDrawing]) -> AppTest:
    app = page(PAGE)
    hand = SessionHand()
    hand.teach(taught)
    app.session_state["my hand"] = hand
    app.run()
    assert not app.exception
    return app


def test_an_empty_page_invites_and_says_what_becomes_of_the_drawings() -> None:
    app = page(PAGE)
    assert "Read me with my hand" in app.toggle[0].label and app.toggle[0].disabled
    assert "stay in this session's memory" in words(app)
    assert "Skip it" in buttons(app)


def test_one_of_each_says_what_a_second_would_tell() -> None:
    assert "Write each digit a second time" in words(with_hand(drawings(1)))


def test_before_and_after_stand_with_their_interval() -> None:
    said = words(with_hand(drawings(3)))
    assert "of 30 drawings are read right" in said and "95 % interval" in said


def test_a_plain_hand_is_read_perfectly_already() -> None:
    assert "You are read perfectly already" in words(with_hand(drawings(3, odd=False)))


def test_a_drawing_can_be_relabelled_and_deleted() -> None:
    app = with_hand(drawings(1))
    hand: SessionHand = app.session_state["my hand"]
    first = next(iter(hand.drawings.values()))
    app.session_state["hand opened"] = first.image.tobytes()
    app.run()
    group = next(group for group in app.button_group if group.label == "It is a")
    group.set_value(7).run()
    assert hand.drawings[first.image.tobytes()].label == 7
    button(app, "Delete").click().run()
    assert len(hand.drawings) == 9 and not app.exception
    button(app, "Forget all of it").click().run()
    assert not hand.drawings and not app.exception


def test_a_hand_is_brought_back_and_what_is_wrong_with_it_is_said() -> None:
    content = json.loads(hand_files.packed(drawings(1)))
    content["drawings"].append({"label": "<b>", "strokes": []})
    app = page(PAGE)
    app.file_uploader[0].set_value(("my-hand.json", json.dumps(content).encode(), "text/json"))
    app.run()
    assert len(app.session_state["my hand"].drawings) == 10
    said = " ".join(e.value for e in (*app.success, *app.warning))
    assert "10 drawings were taken in" in said and "Drawing 11 was left out" in said
    app.file_uploader[0].set_value(("other.json", b"{", "text/json")).run()
    assert any("This is no hand" in warning.value for warning in app.warning)
    assert len(app.session_state["my hand"].drawings) == 10


def test_the_switch_turns_it_off() -> None:
    app = with_hand(drawings(1))
    app.toggle[0].set_value(False).run()
    assert app.session_state["my hand"].on is False


def test_the_owner_keeps_a_hand_under_a_name() -> None:
    app = with_hand(drawings(1))
    next(field for field in app.text_input if field.label == "Keep mine as").set_value("Me")
    button(app, "Keep").click().run()
    assert kept_hands.names() == ["Me"] and len(kept_hands.load("Me")[0]) == 10


def test_the_network_is_taught_only_where_there_is_something_to_learn() -> None:
    app = page(PAGE)
    app.session_state["teach the network"] = True
    app.run()
    assert button(app, "Teach the network").disabled
    kept_hands.keep("Me", drawings(1))
    app.run()
    assert not button(app, "Teach the network").disabled


def test_the_owner_looks_through_the_corrections() -> None:
    drawing = drawings(1)[0]
    corrections.add([corrections.Correction(8, drawing.image, drawing.strokes)])
    app = page(PAGE)
    app.session_state["corrections kept"] = True
    app.session_state["corrections opened"] = drawing.image.tobytes()
    app.run()
    next(group for group in app.button_group if group.label == "It is a").set_value(0).run()
    assert [c.label for c in corrections.load()] == [0]
    button(app, "Delete").click().run()
    assert corrections.load() == () and not app.exception


def test_a_correction_on_home_is_learnt_at_once_and_can_be_taken_back() -> None:
    app = AppTest.from_file(str(PROJECT_FOLDER / "Home.py"), default_timeout=60).run()
    raw = {"raw": canvas_json(*SEVEN), "data": None}
    app.session_state["home canvas 0 420"] = {"drawing": raw, "backgroundFit": None}
    app.run()
    pills = next(group for group in app.button_group if group.label.startswith("Wrong?"))
    pills.set_value(1).run()
    assert [d.label for d in app.session_state["my hand"].drawings.values()] == [1]
    assert [c.label for c in corrections.load()] == [1]
    pills = next(group for group in app.button_group if group.label.startswith("Wrong?"))
    pills.set_value(None).run()
    assert not app.session_state["my hand"].drawings
    np.testing.assert_equal(len(corrections.load()), 0)

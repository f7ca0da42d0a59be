"""My handwriting without a browser: what it brings, a look through, files, the owner's part."""

import errno
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import ButtonGroup

from mnist_cnn.data import corrections, journal
from mnist_cnn.hands import hand_files, kept_hands
from mnist_cnn.hands.hand import TaughtDrawing
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.ui import auth
from mnist_cnn.ui.my_hand import SessionHand
from tests.support import hands as written
from tests.support.drawings import SEVEN, canvas_json
from tests.support.faults import REMOVALS, failing_disk
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
    assert "they are gone when you close or reload the page" in words(app)
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
    labels(app).set_value(7).run()
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
    app = page(PAGE)
    next(field for field in app.text_input if field.label == "Keep mine as").set_value("Me")
    button(app, "Keep").click().run()
    assert "no drawing to keep" in words(app) and len(kept_hands.load("Me")[0]) == 10
    app = with_hand(drawings(2)[10:])
    next(field for field in app.text_input if field.label == "Keep mine as").set_value("Me")
    for _ in range(2):
        button(app, "Keep").click().run()
        assert "has 20 drawings now" in words(app) and len(kept_hands.load("Me")[0]) == 20
    app.session_state["teach the network"] = True
    button(app.run(), "Keep my").click().run()
    assert not app.exception and len(kept_hands.load("my hand")[0]) == 10


def test_the_network_is_taught_only_where_there_is_something_to_learn() -> None:
    app = page(PAGE)
    app.session_state["teach the network"] = True
    app.run()
    assert button(app, "Teach the network").disabled
    kept_hands.keep("Me", drawings(1))
    app.run()
    assert not button(app, "Teach the network").disabled


def labels(app: AppTest) -> ButtonGroup:
    """Of the drawing that is looked at from close up."""
    return next(group for group in app.button_group if group.label == "It is a")


@pytest.fixture
def with_correction() -> AppTest:
    """A correction to an 8, looked at from close up."""
    drawing = drawings(1)[0]
    corrections.add([corrections.Correction(8, drawing.image, drawing.strokes)])
    app = page(PAGE)
    app.session_state["corrections kept"] = True
    app.session_state["corrections opened"] = drawing.image.tobytes()
    return app.run()


def test_the_owner_looks_through_the_corrections(with_correction: AppTest) -> None:
    app = with_correction
    labels(app).set_value(0).run()
    assert [c.label for c in corrections.load()] == [0] and labels(app).value == 0
    button(app, "Delete").click().run()
    assert corrections.load() == () and not app.exception


CHANGES: dict[str, Callable[[AppTest], object]] = {
    "relabelled": lambda app: labels(app).set_value(0).run(),
    "deleted": lambda app: button(app, "Delete").click().run(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_full_disk_is_said_where_a_correction_is_changed(
    with_correction: AppTest, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    app = with_correction
    with failing_disk(monkeypatch, 0, errno.ENOSPC) as disk:
        CHANGES[change](app)
        assert disk.met
    assert not app.exception and ["No space left" in e.value for e in app.error] == [True]
    assert not app.run().error


@pytest.mark.parametrize("change", CHANGES)
def test_a_correction_that_cannot_be_changed_stays_as_it_was(
    with_correction: AppTest, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    app = with_correction
    with monkeypatch.context() as patch:
        patch.setattr(journal, "MAX_CORRECTIONS_BYTES", 1)
        CHANGES[change](app)
    assert not app.exception and ["would reach" in e.value for e in app.error] == [True]
    assert [c.label for c in corrections.load()] == [8] and labels(app).value == 8
    CHANGES[change](app)
    assert [c.label for c in corrections.load()] == ([0] if change == "relabelled" else [])
    assert not app.error


def test_a_kept_hand_that_cannot_be_deleted_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    kept_hands.keep("Me", drawings(1))
    app = page(PAGE)
    with failing_disk(monkeypatch, 0, errno.EROFS, REMOVALS) as disk:
        app.button(key="delete hand Me").click().run()
        assert disk.met
    assert not app.exception and ["Read-only" in w.value for w in app.warning] == [True]
    assert len(kept_hands.load("Me")[0]) == 10
    app.button(key="delete hand Me").click().run()
    assert kept_hands.names() == [] and not app.warning


def test_loading_a_hand_that_was_deleted_meanwhile_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_hands, "names", lambda: ["Me"])
    app = with_hand(drawings(1))
    app.button(key="load hand Me").click().run()
    assert not app.exception and "There is no hand called 'Me' here." in words(app)
    assert len(app.session_state["my hand"].drawings) == 10


def corrected_to_one() -> AppTest:
    """Home with a seven of which somebody says that it is a one."""
    app = AppTest.from_file(str(PROJECT_FOLDER / "Home.py"), default_timeout=60).run()
    raw = {"raw": canvas_json(*SEVEN), "data": None}
    app.session_state["home canvas 0 420"] = {"drawing": raw, "backgroundFit": None}
    app.run()
    pills(app).set_value(1).run()
    return app


def pills(app: AppTest) -> ButtonGroup:
    return next(group for group in app.button_group if group.label.startswith("Wrong?"))


def test_a_correction_on_home_is_learnt_at_once_and_can_be_taken_back() -> None:
    app = corrected_to_one()
    assert [d.label for d in app.session_state["my hand"].drawings.values()] == [1]
    assert [c.label for c in corrections.load()] == [1]
    pills(app).set_value(None).run()
    assert not app.session_state["my hand"].drawings
    np.testing.assert_equal(len(corrections.load()), 0)


def test_a_full_hand_lets_the_oldest_go_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hand_files, "MAX_DRAWINGS", 15)
    hand, twenty = SessionHand(), drawings(2)
    assert hand.teach(twenty[:10]) == 0 and hand.teach(twenty[10:]) == 5
    assert [drawing.label for drawing in hand.drawings.values()] == [5, 6, 7, 8, 9, *range(10)]
    kept_hands.keep("Me", drawings(3)[20:])
    app = with_hand(twenty)
    app.button(key="load hand Me").click().run()
    assert "10 oldest gave way" in words(app)


def test_without_a_run_a_digit_is_written_and_the_page_says_what_is_missing(
    own_artifacts: Path,
) -> None:
    (own_artifacts / "production.json").unlink()
    app = page(PAGE)
    app.session_state["hand written"] = drawings(1)[:1]
    app.run()
    assert not app.exception and "production" in words(app)


def test_a_second_click_on_skip_does_nothing() -> None:
    app = page(PAGE)
    app.session_state["hand asked"] = [3]
    skip = button(app, "Skip it")
    skip.click().run()
    skip.click().run()
    assert not app.exception and "Write them once more" in buttons(app)


def test_a_correction_that_the_hand_has_forgotten_is_not_shown_as_kept() -> None:
    app = corrected_to_one()
    app.main.button_group[0].set_value("Upload").run()
    app.session_state["my hand"].forget_all()
    app.main.button_group[0].set_value("Draw").run()
    assert pills(app).value is None and not app.session_state["my hand"].drawings


def test_a_drawing_is_seen_from_close_up_in_both_lists() -> None:
    drawing = drawings(1)[0]
    corrections.add([corrections.Correction(8, drawing.image, drawing.strokes)])
    app = with_hand([drawing])
    app.session_state["corrections kept"] = True
    for name in ("corrections", "hand"):
        app.session_state[f"{name} opened"] = drawing.image.tobytes()
    app.run()
    assert not app.exception and len([b for b in app.button if b.label == "Delete"]) == 2

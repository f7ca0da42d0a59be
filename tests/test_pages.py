"""The pages without a browser: what they say, also when something is wrong."""

import io
import json
import re
import shlex
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from mnist_cnn.attempts import Attempts
from mnist_cnn.data import canary, corrections
from mnist_cnn.data.corrections import Correction
from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.models.recipe_settings import MAX_BRANCHES
from mnist_cnn.records import Prediction
from mnist_cnn.runs import registry, serving, store
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.ui import auth, cache
from mnist_cnn.ui.verdict import in_words
from tests.support.artifacts import another_run
from tests.support.drawings import SEVEN, canvas_json, canvas_path, seven_png
from tests.support.pages import button, buttons, page, words


def home(drawing: dict | None = None) -> AppTest:
    app = AppTest.from_file(str(PROJECT_FOLDER / "Home.py"), default_timeout=20).run()
    if drawing is not None:
        app.session_state["home canvas 0 420"] = {
            "drawing": {"raw": drawing, "data": None},
            "backgroundFit": None,
        }
        app.run()
    assert not app.exception
    return app


def answer(app: AppTest) -> str:
    """The large digit."""
    shown = next(e.proto.body for e in app.get("html") if 'aria-label="Answer"' in e.proto.body)
    return re.search(r'aria-label="Answer"[^>]*>(.)<', shown).group(1)


def press(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def invites(app: AppTest) -> bool:
    return any("Draw a digit in the box" in caption.value for caption in app.caption)


def upload(content: bytes, name: str = "digit.png") -> AppTest:
    app = home()
    app.main.button_group[0].set_value("Upload").run()
    app.file_uploader[0].upload(name, content).run()
    assert not app.exception
    return app


def test_an_empty_canvas_invites_and_does_not_predict() -> None:
    app = home()
    assert invites(app) and answer(app) == "–"
    assert not app.error


def test_a_drawn_seven_is_read() -> None:
    app = home(canvas_json(*SEVEN))
    assert answer(app) == "7"


@pytest.mark.fault(47)
def test_a_strangers_correction_is_not_kept(shipped_copy: Path) -> None:
    app = home(canvas_json(*SEVEN))
    pills = next(group for group in app.button_group if group.label.startswith("Wrong?"))
    pills.set_value(1).run()
    assert not app.exception
    assert any("Only the owner" in caption.value for caption in app.caption)
    assert corrections.load() == ()


def test_undo_takes_back_a_stroke_and_clear_can_be_undone() -> None:
    app = home(canvas_json(*SEVEN, np.array([[20, 20], [30, 30], [40, 20]], float)))
    press(app, "Undo")
    assert answer(app) == "7"
    press(app, "Clear")
    assert invites(app) and answer(app) == "–"
    press(app, "Clear")
    press(app, "Undo")
    assert answer(app) == "7"


def test_a_correction_stays_where_one_looks_at_something_else_meanwhile(shipped_copy: Path) -> None:
    app = home(canvas_json(*SEVEN))
    pills = next(group for group in app.button_group if group.label.startswith("Wrong?"))
    pills.set_value(1).run()
    for way in ("Upload", "Draw"):
        app.main.button_group[0].set_value(way).run()
    assert [own.label for own in app.session_state["my hand"].drawings.values()] == [1]
    pills = next(group for group in app.button_group if group.label.startswith("Wrong?"))
    assert pills.value == 1


def test_predict_on_a_button() -> None:
    app = home(canvas_json(*SEVEN))
    app.toggle[0].set_value(False).run()
    assert invites(app) and answer(app) == "–"
    press(app, "Predict")
    assert answer(app) == "7"
    pills = next(group for group in app.button_group if group.label.startswith("Wrong?"))
    pills.set_value(1).run()
    assert answer(app) == "7" and app.session_state["my hand"].drawings


@pytest.mark.fault(21)
def test_a_dot_is_too_little_ink() -> None:
    app = home(canvas_json(np.array([[100, 100], [100.04, 100]], float)))
    assert "too little ink" in app.info[0].value


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    "drawing",
    [
        {"objects": [{"path": [["M", "a", "b"]]}]},
        {"objects": [canvas_path(SEVEN[0])] * 2_001},
        {"objects": "none"},
    ],
)
def test_a_broken_drawing_is_a_sentence_and_clear_still_works(drawing: dict) -> None:
    app = home(drawing)
    assert "clear it and draw again" in app.error[0].value
    press(app, "Clear")
    assert not app.error


@pytest.mark.fault(20)
def test_coordinates_outside_the_canvas_are_read() -> None:
    app = home(canvas_json(*[stroke * 3 - 200 for stroke in SEVEN]))
    assert answer(app) == "7"


def test_an_uploaded_seven_is_read() -> None:
    assert answer(upload(seven_png())) == "7"


@pytest.mark.fault(15, 16)
@pytest.mark.parametrize("content", [b"", b"<html>", seven_png()[:300]])
def test_a_bad_upload_is_a_sentence(content: bytes) -> None:
    app = upload(content)
    assert len(app.error) == 1


@pytest.mark.fault(17)
def test_of_an_animation_it_is_said_that_the_first_frame_was_read() -> None:
    file, first = io.BytesIO(), Image.open(io.BytesIO(seven_png()))
    first.save(file, "GIF", save_all=True, append_images=[first.point([0] * 256)])
    app = upload(file.getvalue())
    assert answer(app) == "7"
    assert any("the first was read" in caption.value for caption in app.caption)


def test_without_a_run_the_page_says_how_to_get_one(artifacts: Path) -> None:
    app = home(canvas_json(*SEVEN))
    assert app.error[0].value.startswith("No run is in production")


@pytest.mark.fault(28)
def test_a_damaged_run_is_a_sentence_and_a_promotion_mends_it(shipped_copy: Path) -> None:
    broken = store.production_run()
    (broken.folder / "model.tflite").write_bytes(b"broken")
    serving.forget()
    app = home(canvas_json(*SEVEN))
    assert "is damaged" in app.error[0].value
    registry.promote(another_run().id, by="a test")
    app.run()
    assert not app.error
    assert answer(app) == "7"


@pytest.mark.fault(28, 32)
def test_where_production_is_damaged_the_run_before_it_answers(shipped_copy: Path) -> None:
    before, newer = store.production_run(), another_run()
    registry.promote(newer.id, by="a test")
    (newer.folder / "model.tflite").write_bytes(b"broken")
    serving.forget()
    app = home(canvas_json(*SEVEN))
    assert answer(app) == "7"
    assert f"run {before.id} answers for it" in app.warning[0].value


def test_sure_is_never_said_of_three_in_four() -> None:
    words = {
        confidence: in_words(Prediction("ok", 3, confidence, (0.0,) * 3 + (confidence, *[0.0] * 6)))
        for confidence in (0.741, 0.96, 0.9995)
    }
    assert words[0.741] == ("Probably", "74.1% confident")
    assert words[0.96][0] == "Sure"
    assert words[0.9995] == ("Certain", "over 99.9% confident")


@pytest.mark.fault(18)
def test_what_is_no_digit_has_no_bars() -> None:
    angles = np.linspace(0, 40, 200)
    scribble = np.stack([np.cos(angles) * angles, np.sin(1.7 * angles) * angles], 1) * 3 + 140
    app = home(canvas_json(scribble))
    assert answer(app) == "–"
    bars = app.get("vega_lite_chart")[0]
    assert "7 0%" in bars.proto.alt


@pytest.mark.fault(21)
def test_several_digits_in_a_picture_lead_to_the_page_for_them() -> None:
    ink = np.concatenate([np.pad(rasterize(SEVEN), 20)] * 2, axis=1)
    file = io.BytesIO()
    Image.fromarray((255 * (1 - ink)).astype(np.uint8)).save(file, "PNG")
    app = upload(file.getvalue())
    press(app, "Read it as a number")
    assert not app.exception
    assert any("77" in markdown.value for markdown in app.main.markdown)


def test_a_sample_is_put_on_the_canvas_and_another_run_reads_the_drawings_again() -> None:
    app = home()
    press(app, "a crossed 7")
    assert not app.exception
    drawn = app.session_state["home drawing"].objects
    assert len(drawn) == 2
    app = home(canvas_json(*SEVEN))
    assert len(app.session_state["past drawings"]) == 1


def test_the_runs_page_shows_the_shipped_run(shipped_copy: Path) -> None:
    app = page("4_Training_runs.py")
    assert app.subheader[0].value == "best"
    assert store.production_id() in [str(value) for value in app.dataframe[0].value["Run"]]
    app.query_params["run"] = "gone"
    app.run()
    assert not app.exception
    assert "There is no run 'gone'" in app.warning[0].value


def test_two_picked_runs_are_compared(shipped_copy: Path) -> None:
    another_run()
    app = page("4_Training_runs.py")
    app.session_state["runs"] = {"selection": {"rows": [0, 1], "columns": []}}
    app.run()
    assert not app.exception
    assert app.subheader[0].value == "2 runs side by side"


@pytest.mark.fault(33)
def test_damaged_and_unfinished_runs_are_rows_too(shipped_copy: Path) -> None:
    (another_run(1).folder / "run.json").write_text("[]")
    (another_run(2).folder / "evaluation.json").write_text("{}")
    app = page("4_Training_runs.py")
    rows = app.dataframe[0].value
    assert sorted(rows["Status"]) == ["damaged", "damaged", "finished", "finished"]


def test_the_runs_page_without_runs_says_how_to_begin(artifacts: Path) -> None:
    assert page("4_Training_runs.py").info[0].value.startswith("No run yet")


def test_a_stranger_may_look_and_nothing_else(shipped_copy: Path) -> None:
    another_run()
    app = page("4_Training_runs.py")
    assert not {"Promote", "Archive", "Yes, delete it"} & set(buttons(app))
    assert "the link that the server printed" in words(app)
    assert "Start" not in buttons(page("3_Train.py"))


@pytest.mark.fault(69)
@pytest.mark.parametrize("way", ["key", "password"])
def test_key_and_password_unlock_and_guessing_is_slowed_down_but_never_shut(
    shipped_copy: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(auth, "time", SimpleNamespace(sleep=waited.append))
    attempts = Attempts(lambda: sum(waited))
    here = SimpleNamespace(
        delay=lambda _: attempts.delay(None), succeeded=lambda _: attempts.succeeded(None)
    )
    monkeypatch.setattr(auth, "ATTEMPTS", here)  # AppTest comes from no address
    monkeypatch.setenv("MNIST_CNN_KEY", "battery staple " * 2)
    app = page("3_Train.py")
    assert "the link that the server printed when it started" in words(app)
    app.secrets["access"] = {"password": "correct horse"}
    app.run()

    def unlock(given: str) -> None:
        label = "Key or password"
        next(field for field in app.text_input if field.label == label).set_value(given)
        next(button for button in app.button if button.label == "Unlock").click().run()
        assert not app.exception

    for _ in range(6):
        unlock("wrong")
        assert app.error[0].value == "That is not the key or password."
    assert waited == pytest.approx([0.5, 1, 2], rel=0.1)
    assert "Start" not in buttons(app)
    unlock({"key": "battery staple " * 2, "password": "correct horse"}[way])
    assert waited[3] == pytest.approx(4, rel=0.1) and "Start" in buttons(app)
    assert button(app, "Lock this browser")
    app.secrets["access"] = {"password": "another"}
    app.run()
    assert ("Start" in buttons(app)) == (way == "key")


def test_settings_change_the_command_and_the_network(shipped_copy: Path) -> None:
    app = page("3_Train.py")
    assert app.code[0].value == "python -m mnist_cnn train --preset quick"
    next(s for s in app.slider if s.label.startswith("Depth")).set_value(5).run()
    next(s for s in app.slider if s.label == "Branches").set_value(2).run()
    next(n for n in app.number_input if n.label == "Epochs").set_value(3).run()
    assert not app.exception
    assert app.code[0].value == (
        "python -m mnist_cnn train --preset quick --epochs 3 --filters 16,32,64,64,64 "
        "--strides 2,2,1,1,1 --branches 2"
    )
    assert "in 2 branches" in " ".join(caption.value for caption in app.caption)


def test_the_augmented_digits_need_no_file_that_may_be_gone(shipped_copy: Path) -> None:
    (picture,) = page("3_Train.py").image
    assert picture.value[0].startswith("data:image/png;base64,")


def test_a_run_that_reads_symbols_is_shown_too(shipped_copy: Path) -> None:
    app = page("4_Training_runs.py", run=str(store.production_id("symbols")))
    assert not app.error and app.subheader[0].value == "symbols"
    live = {"Live (digits)", "Live (equations)"}
    assert set(app.dataframe[0].value["In production"]) == live


def test_the_command_can_be_copied_with_its_name_and_note(shipped_copy: Path) -> None:
    app = page("3_Train.py")
    next(field for field in app.text_input if field.label == "Name").set_value("Ada's run").run()
    words = shlex.split(app.code[0].value)
    assert words[-2:] == ["--name", "Ada's run"]


def test_an_earlier_run_fills_the_form_in(shipped_copy: Path) -> None:
    app = page("3_Train.py", **{"from": str(store.production_id())})
    assert "--preset best" in app.code[0].value
    app = page("3_Train.py", **{"from": "gone"})
    assert "There is no run" in app.error[0].value


def test_an_earlier_run_may_lie_beyond_what_the_form_offers(shipped_copy: Path) -> None:
    config = store.production_run().config
    config["recipe"] |= {"epochs": 300, "batch_size": 4096, "learning_rate": 2.0}
    config["recipe"]["architecture"]["branches"] = MAX_BRANCHES
    run = another_run(config_json=json.dumps(config).encode())
    command = page("3_Train.py", **{"from": run.id}).code[0].value
    for option in (
        "--epochs 300",
        "--batch-size 4096",
        "--learning-rate 2",
        f"--branches {MAX_BRANCHES}",
    ):
        assert option in command


@pytest.mark.fault(19)
@pytest.mark.slow
@pytest.mark.parametrize("cell", ["", "49", "4", "xx", "²3", "999"])
@pytest.mark.parametrize("image", ["", "2130", "-1", "10000000", "x"])
def test_the_confusion_page_takes_any_address(shipped_copy: Path, cell: str, image: str) -> None:
    app = page("5_Confusion_matrix.py", cell=cell, image=image)
    assert not app.error
    shown = " ".join(text.value for text in app.markdown)
    assert ("**4 taken for 9**" in shown) == (cell == "49")
    assert ("**Image #2130**" in shown) == (image == "2130")


def test_the_confusion_page_needs_no_data(
    shipped_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_CNN_DATA", str(tmp_path))
    cache.forget_images()
    app = page("5_Confusion_matrix.py", cell="99", image="2130")
    assert "are not on this machine" in app.info[0].value
    cache.forget_images()


def test_own_corrections_are_a_test_set(shipped_copy: Path) -> None:
    images = [np.round(255 * image).astype(np.uint8) for image in canary.canary()[0][:12]]
    labels = canary.canary()[1][:12].tolist()
    pairs = zip(images, labels, strict=True)
    corrections.add([Correction(label, image) for image, label in pairs])
    app = page("5_Confusion_matrix.py", data="corrections")
    assert not app.error and app.selectbox[1].value == "corrections"
    assert sum(app.dataframe[0].value["support"]) == 12
    app = page("5_Confusion_matrix.py", data="corrections-unseen")
    assert not app.error


def test_the_confusion_page_without_runs_says_so(artifacts: Path) -> None:
    assert page("5_Confusion_matrix.py").info[0].value.startswith("No run yet")


def test_runs_to_compare_ship_with_the_repository() -> None:
    app = page("6_Compare_models.py")
    assert not app.error
    assert "reads" in " ".join(text.value for text in app.markdown)


@pytest.mark.slow
def test_two_runs_are_compared_in_words(shipped_copy: Path) -> None:
    assert "please train another" in page("6_Compare_models.py").info[0].value
    another_run()
    app = page("6_Compare_models.py", image="2130")
    assert not app.error
    words = " ".join(text.value for text in app.markdown)
    assert "These 10,000 images **cannot tell best, 28 Nov and best, 1 Jan apart**" in words
    assert "**Image #2130**" in words
    drawing = {"raw": canvas_json(*SEVEN), "data": None}
    app.session_state["compare canvas 0 280"] = {"drawing": drawing, "backgroundFit": None}
    app.run()
    assert not app.exception
    assert sum(text.value.startswith("**7** · ") for text in app.markdown) == 2


@pytest.mark.fault(66)
def test_a_canvas_message_that_is_no_drawing_is_a_sentence_and_the_session_goes_on() -> None:
    app = AppTest.from_file(str(PROJECT_FOLDER / "Home.py"), default_timeout=60).run()
    deep: list = []
    for _ in range(900):
        deep = [deep]
    odd = [5, "x", [1], {"raw": 5}, {"raw": "x"}, {"raw": {"objects": {"a": 1}}}]
    odd += [{"raw": {"objects": [{"path": deep}]}}, {"raw": {"objects": [{"path": [["M", deep]]}]}}]
    for drawing in odd:
        key = f"home canvas {app.session_state['home drawing'].generation} 420"
        app.session_state[key] = {"drawing": drawing, "backgroundFit": None}
        app.run()
        assert not app.exception, drawing
        assert [e.value for e in app.error] and "please" in app.error[0].value, drawing


HOSTILE = "../../etc/<script>alert(1)</script>[x](//a.example)\n# b" + "9" * 4096


@pytest.mark.fault(19, 12)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("3_Train.py", ["from", "preset", "epochs"]),
        ("4_Training_runs.py", ["run"]),
        ("5_Confusion_matrix.py", ["run", "data", "cell", "image"]),
        ("6_Compare_models.py", ["runs", "image", "data"]),
    ],
)
def test_a_page_takes_any_address(name: str, parameters: list[str]) -> None:
    app = page(name, **dict.fromkeys(parameters, HOSTILE))
    told = [*app.markdown, *app.caption, *app.error, *app.warning, *app.info]
    assert not any(HOSTILE[10:60] in found.value for found in told)


def test_how_one_wants_to_draw_outlives_a_look_at_something_else() -> None:
    app = home()
    app.toggle(key="live").set_value(False).run()
    next(g for g in app.button_group if g.label == "Pen").set_value("Broad").run()
    for way in ("Upload", "Draw"):
        app.main.button_group[0].set_value(way).run()
    assert app.toggle(key="live").value is False
    assert next(g for g in app.button_group if g.label == "Pen").value == "Broad"

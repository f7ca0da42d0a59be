"""Look inside without a browser, and what it rests on: links, snapshots, a survey, odd files."""

import hashlib
import json
import os
import sys
import time
import weakref
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_cnn.data.bundled_digits import load_bundled_digits
from mnist_cnn.errors import BadNetwork, BadStrokes, RunDamaged
from mnist_cnn.evaluation import inside, neighbours, survey
from mnist_cnn.ink import stroke_links
from mnist_cnn.ink.normalize import normalize_strokes
from mnist_cnn.models import numpy_network
from mnist_cnn.models.numpy_network import NumpyNetwork
from mnist_cnn.runs import serving, snapshots, store, survey_child, surveys
from mnist_cnn.runs.snapshots import SNAPSHOTS
from mnist_cnn.ui import cache, kept_while_used, layer_view, layout, survey_work, test_digits
from mnist_cnn.ui.looking import Look
from tests.support.artifacts import another_run
from tests.support.commands import wait_for
from tests.support.drawings import SEVEN, canvas_json
from tests.support.pages import button, page, words

PAGE = "8_Look_inside.py"
CANVAS = "inside canvas 0 260"


@pytest.fixture(autouse=True)
def nothing_cached() -> None:
    cache.network_or_trouble.clear()
    cache.snapshots.clear()
    survey_work._works.clear()
    test_digits._known.clear()


def network() -> NumpyNetwork:
    return NumpyNetwork.read(store.production_run().read("model.keras"))


def flat(own: NumpyNetwork) -> list[np.ndarray]:
    return [weight for node in own.nodes for weight in node.weights]


def kept_by(own: NumpyNetwork) -> bytes:
    """A file of two snapshots: of nothing learnt, and of all of it."""
    rng = np.random.default_rng(0)
    random = [rng.uniform(0.01, 0.02, w.shape).astype(np.float32) for w in flat(own)]
    copies = [snapshots.rounded(weights) for weights in (random, flat(own))]
    return snapshots.packed([0, 430], 430, copies)


def run_that_kept(content: bytes) -> store.Run:
    """A copy of the shipped run with such a file of snapshots."""
    run = another_run()
    (run.folder / SNAPSHOTS).write_bytes(content)
    manifest = json.loads((run.folder / "run.json").read_bytes())
    manifest["sha256"][SNAPSHOTS] = hashlib.sha256(content).hexdigest()
    (run.folder / "run.json").write_text(json.dumps(manifest))
    return store.open_run(run.id)


def with_seven(see: str, **query: str) -> AppTest:
    app = page(PAGE, see=see, **query)
    drawing = {"raw": canvas_json(*SEVEN), "data": None}
    app.session_state[CANVAS] = {"drawing": drawing, "backgroundFit": None}
    app.run()
    assert not app.exception
    return app


def test_a_drawing_goes_into_an_address_and_comes_back() -> None:
    letters = stroke_links.packed(SEVEN)
    back = stroke_links.unpacked(letters)
    assert len(back) == len(SEVEN) and len(letters) < 200
    assert np.abs(normalize_strokes(back) - normalize_strokes(SEVEN)).mean() < 0.02
    rng = np.random.default_rng(0)
    long = stroke_links.packed([rng.uniform(0, 900, (6000, 2)).cumsum(axis=0)[::-1]])
    wild = stroke_links.packed([rng.uniform(0, 900, (6000, 2))])
    assert 0 < len(wild) <= stroke_links.MAX_LETTERS and stroke_links.unpacked(long)
    assert stroke_links.unpacked(wild)
    assert stroke_links.packed(1000 * SEVEN) == ""
    assert stroke_links.packed([]) == "" and stroke_links.unpacked("") == ()


@pytest.mark.parametrize("letters", ["é", "AAAA", "AAUBAg", "A" * 7000, "//8", "AAA="])
def test_what_is_no_drawing_in_an_address_is_told(letters: str) -> None:
    with pytest.raises(BadStrokes, match="draw it again"):
        stroke_links.unpacked(letters)


def test_snapshots_lie_densely_at_first_and_fit_into_their_file() -> None:
    batches = snapshots.planned(16, 430, 64_000)
    assert batches[:4] == [0, 1, 2, 3] and batches[-1] == 430 and len(batches) == 16
    assert snapshots.planned(16, 3, 1) == [0, 1, 2, 3]
    assert len(snapshots.planned(64, 10_000, 300_000)) <= 10
    assert snapshots.planned(0, 430, 64_000) == []


def test_snapshots_read_nearly_as_the_network_does(shipped_copy: Path) -> None:
    own = network()
    assert snapshots.load(store.production_run(), own) is None
    kept = snapshots.load(run_that_kept(kept_by(own)), own)
    assert kept and kept.batches == [0, 430]
    images = load_bundled_digits().test.images[:50].astype(np.float32) / 255
    same = kept.networks[1].logits(images).argmax(axis=1) == own.logits(images).argmax(axis=1)
    assert same.mean() > 0.95


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_damaged_snapshots_are_told_in_a_sentence(shipped_copy: Path, share: float) -> None:
    own = network()
    run = run_that_kept(kept_by(own)[: int(share * 10_000)])
    with pytest.raises(RunDamaged, match=r"snapshots\.npz cannot be used"):
        snapshots.load(run, own)


def test_a_survey_finds_what_excites_a_map_and_where_digits_lie(shipped_copy: Path) -> None:
    own, run = network(), store.production_run()
    digits = load_bundled_digits().test
    layers, shares = inside.layers_of(own), []
    found = survey.survey(own, layers, digits.images, shares.append)
    assert shares[-1] == 1.0
    outputs = own.outputs(digits.images.astype(np.float32) / 255)
    strongest = outputs[layers[0].node].max(axis=(1, 2))[:, 3]
    assert strongest[found.exciting[3, 0]] == pytest.approx(strongest.max(), rel=1e-3)
    plane = neighbours.lay_out(found.features)
    again = plane.place(found.features[:5].astype(np.float32))
    assert again == pytest.approx(plane.dots[:5], abs=0.02)
    near = [plane.nearest(f, found.features, 4) for f in found.features[:40].astype(np.float32)]
    same = [(digits.labels[rows] == digits.labels[i]).mean() for i, rows in enumerate(near)]
    assert np.mean(same) > 0.9
    surveys.keep(run, digits.name, surveys.packed(found, plane))
    loaded = surveys.load(run, digits.name, len(digits))
    assert loaded and (loaded[0].exciting == found.exciting).all()
    assert surveys.load(run, digits.name, 7) is None
    (path,) = (shipped_copy / "cache").iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    assert surveys.load(run, digits.name, len(digits)) is None
    surveys.tidy_up()
    assert path.exists()
    gone = path.with_name("survey-1-of a run that is gone.npz")
    path.rename(gone)
    surveys.tidy_up()
    assert not gone.exists()


class Slow(survey_work.SurveyWork):
    """Its work is done where `run` is called."""

    def start(self) -> None:
        self.run()


def test_a_survey_that_cannot_be_kept_is_shown_all_the_same(
    shipped_copy: Path, only_bundled_digits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shipped_copy / "cache").write_text("no folder")
    monkeypatch.setattr(test_digits, "SurveyWork", Slow)
    run = store.production_run()
    assert test_digits.known(run) is None
    found = test_digits.computed(run)
    assert found and len(found.plane.dots) == len(found.images) == len(found.predictions.labels)
    assert test_digits.known(run) is found


def test_a_survey_whose_folder_was_emptied_is_made_again(
    shipped_copy: Path, only_bundled_digits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_digits, "SurveyWork", Slow)
    run = store.production_run()
    assert test_digits.computed(run)
    for path in (shipped_copy / "cache").iterdir():
        path.unlink()
    test_digits._known.clear()
    assert test_digits.known(run) is None and test_digits.computed(run)


@pytest.mark.parametrize(
    ("name", "python", "said"),
    [
        ("no such set", sys.executable, "no digits no such set on this machine"),
        ("bundled-digits-test", "false", "before it was through (code 1)"),
        ("bundled-digits-test", "/no/python", "could not be looked at"),
    ],
)
def test_a_survey_that_fails_says_so_and_ends(
    shipped_copy: Path, monkeypatch: pytest.MonkeyPatch, name: str, python: str, said: str
) -> None:
    monkeypatch.setattr(sys, "executable", python)
    work = survey_work.SurveyWork(store.production_run(), name, 300)
    work.run()
    assert work.share == 1.0 and said in work.trouble and work.result is None


def test_a_network_that_cannot_be_surveyed_says_so(
    shipped_copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "nice", lambda by: by)
    for error in (BadNetwork("It is odd."), ZeroDivisionError("odd")):
        monkeypatch.setattr(survey, "survey", Mock(side_effect=error))
        target = shipped_copy / "survey.npz"
        survey_child._in_the_child(store.production_id(), "bundled-digits-test", target)
        assert "odd" in json.loads(capsys.readouterr().out)["trouble"] and not target.exists()


def test_what_nobody_asks_for_any_more_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_while_used, "SECONDS", 0.3)
    made: list[int] = []

    @kept_while_used.kept_while_used(max_entries=2)
    def image(number: int) -> np.ndarray:
        made.append(number)
        return np.full(3, number)

    held = weakref.ref(image(1))
    assert image(1) is held() and made == [1]
    for _ in range(8):
        time.sleep(0.1)
        assert image(1) is held()
    image(2), image(3)
    assert held() is None and image(1)[0] == 1 and made == [1, 2, 3, 1]
    held = weakref.ref(image(1))
    wait_for(lambda: held() is None, 5)


def test_answers_that_half_floats_cannot_hold_are_cut(shipped_copy: Path) -> None:
    own = network()
    huge = own.with_weights([tuple(30 * w for w in n.weights) for n in own.nodes if n.weights])
    images = load_bundled_digits().test.images[:60]
    found = survey.survey(huge, inside.layers_of(huge), images)
    assert np.isfinite(found.features).all()
    assert np.isfinite(neighbours.lay_out(found.features).dots).all()


def test_answers_of_other_digits_are_damage(
    shipped_copy: Path, only_bundled_digits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.production_run()
    few = load_bundled_digits().test.images[:7]
    monkeypatch.setattr(surveys, "is_kept", lambda *given: True)
    monkeypatch.setattr(cache, "test_images", lambda name: few)
    with pytest.raises(RunDamaged, match="belong to other digits"):
        test_digits.known(run)


def test_a_torn_mnist_leaves_the_bundled_digits(
    shipped_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_CNN_DATA", str(tmp_path))
    cache.forget_images()
    (tmp_path / "mnist.npz").write_bytes(b"torn")
    assert test_digits.test_set(store.production_run()) == test_digits.BUNDLED
    cache.forget_images()


def test_each_section_says_what_it_shows(shipped_copy: Path, only_bundled_digits: None) -> None:
    app = page(PAGE)
    assert "Draw a digit" in words(app) and not app.error
    app = with_seven("Why this digit", map="branch_1/activation_14:3")
    assert "It holds **7** for" in words(app) and "Exact, not estimated" in words(app)
    assert "these say most: branch " in words(app) and ", map " in words(app)
    app.segmented_control(key="see").set_value("How it learned").run()
    assert "kept no snapshots" in words(app)
    app.segmented_control(key="see").set_value("Layer by layer").run()
    assert button(app, "Find the test digits") and not app.exception


def test_the_slider_goes_from_random_weights_to_the_end(shipped_copy: Path) -> None:
    app = with_seven("How it learned", run=run_that_kept(kept_by(network())).id)
    assert "It reads your drawing as a **7** from batch 430 on" in words(app)
    assert app.select_slider(key="snapshot").value == 0
    app.select_slider(key="snapshot").set_value(1).run()
    assert not app.exception and app.query_params["step"] == "1"
    (address,) = [code.value for code in app.code]
    assert "step=1" in address and "see=How+it+learned" in address


def test_play_goes_on_and_writes_where_it_is(shipped_copy: Path) -> None:
    app = with_seven("How it learned", run=run_that_kept(kept_by(network())).id)
    button(app, "Play").click().run()
    assert app.query_params["step"] == "1" and app.session_state["snapshot"] == 1
    assert "step=1" in app.code[0].value and not app.session_state["snapshots play"]


def test_a_network_that_cannot_be_looked_into_still_has_its_evidence(shipped_copy: Path) -> None:
    run = another_run(model_keras=b"PK torn")
    app = with_seven("Layer by layer", run=run.id)
    assert "cannot be read" in words(app) and "are still here" in words(app)
    app.segmented_control(key="see").set_value("Why this digit").run()
    assert "Estimated" in words(app)


def test_a_network_that_reads_but_cannot_be_computed_too(
    shipped_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise ValueError("of another size")

    monkeypatch.setitem(numpy_network.ONE, "Dense", fail)
    app = with_seven("Layer by layer")
    assert "cannot be looked into here" in words(app) and "are still here" in words(app)
    app.segmented_control(key="see").set_value("Why this digit").run()
    assert "Estimated: this network cannot be looked into" in words(app)


def test_damaged_answers_leave_the_maps(
    shipped_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*given: object) -> None:
        raise RunDamaged("Its answers are <torn>.")

    monkeypatch.setattr(test_digits, "known", fail)
    run, own = store.production_run(), network()
    layers = inside.layers_of(own)
    look = Look.at(run, SEVEN)
    maps = inside.maps_of(own, layers[:1], look.outputs)
    shown = layer_view._detail(look, maps, (layers[0].key, 0), exciting=True)
    assert "Map 0 of" in shown and "&lt;torn&gt;" in shown
    assert "torn" not in layer_view._detail(look, maps, (layers[0].key, 0), exciting=False)
    app = with_seven("Layer by layer", map=f"{layers[0].key}:0")
    assert not app.error


def test_a_link_reproduces_the_drawing_or_says_that_it_cannot(shipped_copy: Path) -> None:
    app = page(PAGE, see="Why this digit", ink=stroke_links.packed(SEVEN))
    drawing = app.session_state["inside drawing"]
    assert len(drawing.objects or drawing.initial) == len(SEVEN)
    app = page(PAGE, ink="no drawing")
    assert "draw it again" in words(app)


def test_no_run_at_all_leads_to_train(artifacts: Path) -> None:
    serving.forget()
    assert "No run yet" in words(page(PAGE))


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("9", 9), ("10", None), ("", None), ("²", None), ("9" * 5000, None)],
)
def test_numbers_in_addresses(text: str, number: int | None) -> None:
    assert layout.number_in(text, 10) == number

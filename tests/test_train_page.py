"""The page that trains, without a browser: what it says before, while and after."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_cnn.errors import BadInput, RunRefused
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.recipe_options import arguments, check, with_options
from mnist_cnn.runs import notes, registry, store
from mnist_cnn.runs.new_run import NewRun
from mnist_cnn.training import (
    data_needed,
    free_memory,
    job_files,
    job_processes,
    jobs,
    progress_files,
    watched,
)
from mnist_cnn.training.job_files import Job
from mnist_cnn.training.progress import ProgressWriter
from mnist_cnn.ui import auth, end_card, start_bar, visitors
from tests.support import pages
from tests.support.artifacts import another_run
from tests.support.pages import button, buttons, words

TO_4 = np.eye(10)[[4]]
OFFLINE = "mnist.npz is not in /home/ada/data and could not be downloaded from https://x.org/m.npz"


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "actor", lambda: "a test")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What was to be trained; nothing is."""
    begun: list[list[str]] = []
    monkeypatch.setattr(jobs, "start", lambda words, who: begun.append(list(words)))
    return begun


def page(**query: str) -> AppTest:
    return pages.page("3_Train.py", **query)


def ended_job(state: str, reason: str = "", run_id: str = "20270101-000009-aaaaaa") -> Job:
    command = ("train", "--preset", "quick", "--name", "mine")
    now = time.time()
    job = Job(run_id, command, "anna", now - 30, 1, 0.0, "elsewhere", state, reason, now)
    job_files.save_job(job)
    return job


def test_each_preset_has_a_card_that_chooses_it_and_the_address_remembers(
    shipped_copy: Path, owner: None
) -> None:
    app = page()
    for preset in PRESETS:
        button(app, preset).click().run()
        assert not app.exception and not app.error
        assert app.code[0].value == f"python -m mnist_cnn train --preset {preset}"
        assert app.query_params["preset"] == preset
    assert page(preset="best").code[0].value.endswith("--preset best")
    assert page(preset="nonsense").code[0].value.endswith("--preset quick")


@pytest.mark.parametrize("preset", PRESETS)
def test_where_nothing_is_downloaded_yet_each_preset_says_what_it_needs(
    shipped_copy: Path, owner: None, monkeypatch: pytest.MonkeyPatch, preset: str
) -> None:
    monkeypatch.setenv("MNIST_CNN_DATA", str(shipped_copy / "nothing"))
    said = words(page(preset=preset))
    assert "on this machine.** Start downloads" in said
    assert ("UNIPEN" in said) == ("unipen" in PRESETS[preset].data)


def on_mnist() -> str:
    """What the run in production reads of MNIST."""
    return f"{store.production_run().evaluation['datasets']['mnist-test']['accuracy']:.2%}"


def test_a_card_says_what_a_preset_brings_and_takes(shipped_copy: Path) -> None:
    said = words(page())
    assert f"The best for digits: {on_mnist()} of MNIST." in said
    assert "Learns from MNIST and 160 more people. Takes " in said


def test_start_trains_what_is_shown_under_its_name(
    shipped_copy: Path, owner: None, started: list[list[str]]
) -> None:
    app = page()
    next(field for field in app.text_input if field.label == "Name").set_value("mine").run()
    button(app, "Start").click().run()
    assert started == [["--preset", "quick", "--name", "mine"]]


def test_without_the_data_one_click_trains_on_those_that_are_here(
    shipped_copy: Path, only_bundled_digits: None, owner: None, started: list[list[str]]
) -> None:
    app = page()
    assert "MNIST is not on this machine" in words(app)
    button(app, start_bar.INSTEAD).click().run()
    given = dict(zip(started[0][::2], started[0][1::2], strict=True))
    recipe = check(with_options(PRESETS["quick"], given))
    assert recipe.data == ("bundled-digits",) and recipe.epochs == data_needed.MIN_EPOCHS


def test_with_the_data_nothing_is_said_of_downloads(
    shipped_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: None
) -> None:
    (tmp_path / "mnist.npz").write_bytes(b"")
    monkeypatch.setenv("MNIST_CNN_DATA", str(tmp_path))
    assert start_bar.INSTEAD not in buttons(page())
    missing = ("pen-digits", "unipen", "swiss-numbers")
    assert data_needed.to_download(PRESETS["standard"]) == missing


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_can_do_without_a_download(preset: str) -> None:
    recipe = check(data_needed.without_download(PRESETS[preset]))
    assert data_needed.to_download(recipe) == ()
    assert "--data" in arguments(recipe)
    mixed = replace(PRESETS[preset], data=("mnist", "corrections"))
    assert data_needed.without_download(mixed).data == ("bundled-digits", "corrections")


def test_a_training_that_failed_for_want_of_data_offers_the_same(
    shipped_copy: Path, owner: None, started: list[list[str]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (tmp_path / "mnist.npz").write_bytes(b"")
    monkeypatch.setenv("MNIST_CNN_DATA", str(tmp_path))
    ended_job("failed", OFFLINE)
    app = page()
    assert app.error[0].value == OFFLINE
    button(app, start_bar.INSTEAD).click().run()
    assert started[0][-2:] == ["--name", "mine"] and "bundled-digits" in started[0]


def test_stopping_before_it_learnt_anything_is_no_error(shipped_copy: Path, owner: None) -> None:
    ended_job("stopped", "It was stopped before it had learnt anything.")
    app = page()
    assert not app.error and "before it had learnt" in app.info[0].value


def test_a_stranger_sees_no_places_of_this_server(shipped_copy: Path) -> None:
    ended_job("failed", OFFLINE)
    app = page()
    assert "/home/ada" not in words(app)
    assert "https://x.org/m.npz" in app.error[0].value
    assert "only the owner starts trainings" in app.main.markdown[0].value
    assert "Start" not in buttons(app) and start_bar.INSTEAD not in buttons(app)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("in /home/ada/x.npz, please", "in …, please"),
        (r"C:\Users\ada\x.npz is", "… is"),
        ("~/.cache/mnist_cnn is", "… is"),
        ('File "/srv/app/x.py", line 3', 'File "…", line 3'),
        ("epoch 1/6, 3 / 4, and/or", "epoch 1/6, 3 / 4, and/or"),
        ("https://x.org/a/b", "https://x.org/a/b"),
    ],
)
def test_paths_are_masked_and_nothing_else(text: str, shown: str) -> None:
    assert visitors.without_paths(text) == shown


def finished_run(shipped: Callable[[], store.Run]) -> store.Run:
    run = shipped()
    ended_job("finished", run_id=run.id)
    return run


def test_the_end_card_compares_with_the_run_that_answers(shipped_copy: Path, owner: None) -> None:
    run = finished_run(another_run)
    app = page()
    shown = {metric.label: metric.value for metric in app.metric}
    assert shown["mnist (10,000)"] == on_mnist()
    assert "Only this run reads 0, only *best* 0." in words(app)
    button(app, "Let it answer").click().run()
    assert store.production_id() == run.id
    assert "It answers from the next drawing on" in words(app)


def test_what_the_gate_refuses_is_said_with_a_field_for_the_reason(
    shipped_copy: Path, owner: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished_run(another_run)

    def refuse(run_id: str, by: str, reason: str = "") -> None:
        raise RunRefused("It is worse.", reason_helps=True)

    monkeypatch.setattr(registry, "promote", refuse)
    app = page()
    button(app, "Let it answer").click().run()
    assert app.error[0].value == "It is worse."
    assert "Reason to promote it all the same" in [field.label for field in app.text_input]


def test_train_longer_fills_the_form_in(shipped_copy: Path, owner: None) -> None:
    run = finished_run(another_run)
    app = page()
    epochs = 2 * store.production_run().config["recipe"]["epochs"]
    button(app, f"Train longer ({epochs} epochs)").click().run()
    assert app.query_params["from"] == run.id
    assert f"--epochs {epochs}" in " ".join(code.value for code in app.code)
    button(app, "Begin from a preset instead").click().run()
    assert "from" not in app.query_params


def test_the_differences_are_those_of_the_saved_answers(shipped_copy: Path) -> None:
    found = end_card.scores(another_run(), store.production_run())
    assert [score.name for score in found][:2] == ["mnist-test", "pen-digits-test"]
    assert found[0].against and found[0].against.difference == 0
    assert end_card.scores(another_run(2), None)[0].against is None


def test_names_differ(shipped_copy: Path) -> None:
    assert notes.distinct_name("quick") == "quick"
    assert notes.distinct_name("best") == "best 2"
    notes.annotate(another_run().id, name="best 2")
    assert notes.distinct_name("best") == notes.distinct_name("best 2") == "best 3"


def test_the_digits_that_are_still_misread_can_be_seen_while_it_learns(artifacts: Path) -> None:
    new = NewRun()
    images = np.arange(20 * 784, dtype=np.uint32).astype(np.uint8).reshape(20, 28, 28)
    labels = np.arange(20) % 10
    predicted = np.where(np.arange(20) % 2, labels, 9 - labels)
    with ProgressWriter(new, 1) as writer:
        writer.validation_errors(images, labels, predicted)
        shown = progress_files.validation_errors(new.id)
    assert [(error.label, error.predicted) for error in shown[:2]] == [(0, 9), (2, 7)]
    assert (shown[1].image == images[2]).all() and len(shown) == 10
    assert progress_files.validation_errors("gone") == []
    run = new.finish()
    assert "validation_errors.json" not in run.manifest["sha256"]
    assert set(run.manifest["phases"]) == {"starting"}


def test_a_drawing_is_read_while_it_learns(artifacts: Path) -> None:
    new, image = NewRun(), np.eye(28)
    (new.folder / "drawing-broken.json").write_text('{"image": "AAAA"}')
    with ProgressWriter(new, 2) as writer:
        assert watched.watch(new.id, image) == []
        for scores in (TO_4, 9 * TO_4, 9 * TO_4[:, ::-1]):
            watched.answer(writer.folder, lambda images, found=scores: found)  # type: ignore[misc]
        answers = watched.watch(new.id, image)
    assert [answer.digit for answer in answers] == [4, 5]
    assert answers[0].probability > 0.99
    assert not [name for name in new.finish().manifest["sha256"] if "drawing" in name]
    assert not list(new.folder.glob("answers-*"))


def test_the_latest_drawings_are_watched_and_none_once_a_training_ends(artifacts: Path) -> None:
    new = NewRun()
    drawings = [np.eye(28, k=k) for k in range(-10, 10)]
    with ProgressWriter(new, 2) as writer:
        for drawing in drawings:
            watched.watch(new.id, drawing)
        assert len(list(new.folder.glob("drawing-*"))) == watched.MAX_WATCHED
        watched.answer(writer.folder, lambda images: np.repeat(TO_4, len(images), axis=0))
        assert watched.watch(new.id, drawings[-1])[0].digit == 4
    new.write(watched.MEASURED, {})
    for path in new.folder.glob("drawing-*"):
        path.unlink()
    assert watched.watch(new.id, drawings[-1]) and not list(new.folder.glob("drawing-*"))


@pytest.mark.fault(72, 48)
def test_little_memory_is_said_before_start_and_what_to_do(
    shipped_copy: Path, owner: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(free_memory, "free_memory_mb", lambda: 800)
    app = page(preset="best")
    held = store.production_run().manifest["peak_memory_mb"]
    (said,) = [warning.value for warning in app.warning if "Little memory" in warning.value]
    assert f"800 MB are free, and a training of *best* held up to {held:,} MB" in said
    assert "Please choose *quick* or *standard*" in said and "may end it" in said
    assert not button(app, "Start").disabled, "it may do all the same"
    monkeypatch.setattr(free_memory, "free_memory_mb", lambda: 250)
    app = page(preset="best")
    assert "will most likely end it soon after Start" in app.error[0].value
    assert not button(app, "Start").disabled, "what is free is only estimated"
    monkeypatch.setattr(free_memory, "free_memory_mb", lambda: 8_000)
    assert "Little memory" not in words(page(preset="best"))


@pytest.mark.fault(72)
def test_the_limit_of_a_container_counts(tmp_path: Path) -> None:
    machine = free_memory.free_memory_mb(tmp_path)
    assert machine > 0
    for name, value in (
        ("memory.max", "1000000000"),
        ("memory.current", "700000000"),
        ("memory.stat", "anon 1\ninactive_file 60000000\nactive_file 40000000"),
    ):
        (tmp_path / name).write_text(value)
    assert free_memory.free_memory_mb(tmp_path) == min(400, machine)
    (tmp_path / "memory.max").write_text("max")
    (tmp_path / "memory").mkdir()
    for name, value in (
        ("memory.limit_in_bytes", "690000000"),
        ("memory.usage_in_bytes", "500000000"),
        ("memory.stat", "total_inactive_file 0\ntotal_active_file 20000000\nactive_file 9"),
    ):
        (tmp_path / "memory" / name).write_text(value)
    assert free_memory.free_memory_mb(tmp_path) == min(210, machine)
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712")
    assert free_memory.free_memory_mb(tmp_path) >= machine * 0.5


def test_a_recipe_without_data_is_refused() -> None:
    with pytest.raises(BadInput, match="names no data set"):
        check(with_options(PRESETS["quick"], {"--data": ""}))


def test_what_the_address_says_of_epochs_may_be_anything(shipped_copy: Path, owner: None) -> None:
    run = store.production_id()
    for odd in ("5" * 5000, "-1", "x", "²"):
        assert not page(**{"from": run, "epochs": odd}).exception


def test_a_training_on_another_machine_lives_until_it_is_silent(artifacts: Path) -> None:
    job = replace(ended_job("running"), begun=time.time())
    assert job_processes.is_alive(job), "it has not written anything yet"
    assert not job_processes.is_alive(replace(job, begun=time.time() - 100))

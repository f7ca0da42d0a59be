"""The network itself is taught: what it learns, what it keeps, and what the gate refuses."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_cnn.data import corrections
from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import BadInput, RunRefused
from mnist_cnn.evaluation import scores
from mnist_cnn.hands import kept_hands
from mnist_cnn.hands.hand import TaughtDrawing
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.recipe_options import arguments, with_options
from mnist_cnn.models.recipes import Pools
from mnist_cnn.runs import gate, registry, store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.runs.new_run import NewRun, new_id
from mnist_cnn.runs.store import Run
from mnist_cnn.training import data_needed, fine_tuning
from tests.support import hands as written

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("only_bundled_digits")]

EPOCHS = 8
REHEARSED = Pools(scanned=1_000, sketched=300, corrected=2_000)
"""Fewer than people's own, to be quick."""


def trained(recipe) -> Run:
    from mnist_cnn.training.loop import train

    return train(recipe, NewRun(new_id()))


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Artifacts with a small network in production that has learned from the bundled digits."""
    folder = tmp_path_factory.mktemp("start") / "artifacts"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_CNN_ARTIFACTS", str(folder))
        patch.setenv("MNIST_CNN_DATA", str(folder / "no data"))
        recipe = replace(data_needed.without_download(PRESETS["quick"]), epochs=EPOCHS)
        registry.promote(trained(recipe).id, by="a test")
    return folder


@pytest.fixture
def start(artifacts: Path, trained_once: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The run of `trained_once`, in artifacts of this test's own."""
    monkeypatch.setattr(fine_tuning, "REHEARSED", REHEARSED)
    shutil.copytree(trained_once, artifacts)
    return store.production_run()


def drawn(label: int, seed: int, says: int | None = None) -> Correction:
    drawing = TaughtDrawing.of_strokes(label, written.digit(label, seed, odd=True))
    return Correction(label if says is None else says, drawing.image, drawing.strokes)


def held_out_right(run: Run) -> float:
    known = [c for c in corrections.with_hands() if c.held_out]
    found = corrections.dataset(known)
    logits = scores.compute_logits(load_classifier(run), found.images)
    return float((logits.argmax(axis=1) == found.labels).mean())


def test_it_learns_a_hand_and_does_not_forget(start: Run) -> None:
    corrections.add([drawn(label, seed) for label in range(10) for seed in range(6)])
    kept_hands.keep("mine", [TaughtDrawing(c.label, c.image, c.strokes) for c in (drawn(0, 99),)])
    assert len(corrections.with_hands()) == 61
    before = held_out_right(start)
    run = trained(fine_tuning.recipe_for(start))
    assert held_out_right(run) > before
    assert run.start == start.id and gate.worse_than(run, start.id) == []
    registry.promote(run.id, by="a test")
    assert store.production_id() == run.id


POISONS: dict[str, Callable[[int, int], Correction]] = {
    "all wrong": lambda label, seed: drawn(label, seed, (label + 1) % 10),
    "one class": lambda label, seed: drawn(label, seed, 3),
    "another writer's labels": lambda label, seed: drawn(label, seed, (7 * label + seed) % 10),
    "a thousand near copies": lambda label, seed: drawn(7, 10 * seed + label, 1),
}


@pytest.mark.fault(41, 47)
@pytest.mark.parametrize("kind", POISONS)
def test_poisoned_corrections_do_not_get_past_the_gate(start: Run, kind: str) -> None:
    corrections.add([POISONS[kind](label, seed) for label in range(10) for seed in range(30)])
    run = trained(fine_tuning.recipe_for(start))
    with pytest.raises(RunRefused, match=r"worse than|plainly written|do not fit"):
        registry.promote(run.id, by="a test")
    assert store.production_id() == start.id


@pytest.mark.fault(47)
def test_a_thousand_copies_of_one_image_count_once(artifacts: Path) -> None:
    corrections.add([drawn(7, 0, 1)] * 1000)
    assert len(corrections.with_hands()) == 1


def test_its_command_makes_it_again(start: Run) -> None:
    recipe = fine_tuning.recipe_for(start)
    words = arguments(recipe)
    given = dict(zip(words[::2], words[1::2], strict=True))
    assert with_options(PRESETS[given["--preset"]], given) == recipe
    assert given["--start"] == start.id and "corrections" in given["--data"]


def test_another_architecture_is_refused(start: Run) -> None:
    other = replace(PRESETS["quick"].architecture, filters=(8, 16))
    with pytest.raises(BadInput, match="another network"):
        fine_tuning.resumed(
            replace(PRESETS["quick"], start=start.id, architecture=replace(other, strides=(2, 2)))
        )

"""What people put right outlives everything, counts once, and is learned from in part only."""

import multiprocessing
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mnist_cnn.data import bundled_digits, corrections, labelled_sets
from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import BadInput, StorageFailed
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.runs import store
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.training.training_data import prepare
from tests.support.commands import TRAIN, WELL
from tests.support.commands import run as run_command
from tests.support.drawings import SEVEN


@pytest.fixture(autouse=True)
def artifacts(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("MNIST_CNN_ARTIFACTS", str(tmp_path / "artifacts"))
    return tmp_path / "artifacts"


def some(count: int, label: int = 7, strokes=()) -> list[Correction]:
    random = np.random.default_rng(count)
    images = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
    return [Correction(label, image, strokes, 1, "a run") for image in images]


def test_what_was_kept_comes_back() -> None:
    (kept,) = some(1, strokes=SEVEN)
    corrections.add([kept])
    (found,) = corrections.load()
    assert (found.label, found.read, found.run_id, found.id) == (7, 1, "a run", kept.id)
    assert (found.image == kept.image).all()
    assert all(np.allclose(a, b, atol=0.05) for a, b in zip(found.strokes, SEVEN, strict=True))


@pytest.mark.fault(47)
def test_the_same_image_counts_once_and_its_last_label() -> None:
    (first,) = some(1, label=7)
    corrections.add([first])
    corrections.add([first])
    corrections.add([Correction(3, first.image)])
    assert [c.label for c in corrections.load()] == [3]
    corrections.take_back(first)
    assert corrections.load() == ()


@pytest.mark.fault(47)
@pytest.mark.parametrize("label", [-1, 10, 255])
def test_what_is_no_digit_is_refused_and_nothing_kept(label: int) -> None:
    good, bad = some(2)
    with pytest.raises(BadInput, match=str(label)):
        corrections.add([good, Correction(label, bad.image)])
    assert corrections.load() == ()


def test_another_shape_is_refused() -> None:
    with pytest.raises(BadInput, match="28 × 28"):
        corrections.add([Correction(1, np.zeros((27, 28), np.uint8))])


KEEPS_ONE = """
import numpy as np
from mnist_cnn.data import corrections
corrections.add([corrections.Correction(5, np.full((28, 28), 9, np.uint8))])
print("kept", flush=True)
import time; time.sleep(60)
"""


@pytest.mark.fault(47)
def test_what_was_acknowledged_outlives_a_kill() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KEEPS_ONE], cwd=PROJECT_FOLDER, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "kept\n"
        os.kill(process.pid, signal.SIGKILL)
    assert [c.label for c in corrections.load()] == [5]


@pytest.mark.fault(47)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_damaged_lines_cost_themselves_alone(artifacts: Path, damage: bytes) -> None:
    (artifacts / "corrections.jsonl").unlink(missing_ok=True)
    first, second = some(2)
    corrections.add([first])
    with open(artifacts / "corrections.jsonl", "ab") as file:
        file.write(damage)
    corrections.add([second])
    assert {first.id, second.id} <= {c.id for c in corrections.load()}


def _keep_many(number: int) -> None:
    for correction in some(20 + number):
        corrections.add([correction])


@pytest.mark.fault(47)
@pytest.mark.slow
def test_several_servers_keep_at_once() -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_keep_many, args=(number,)) for number in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert len(corrections.load()) == 20 + 21 + 22


def test_a_file_that_cannot_be_written_is_said(artifacts: Path) -> None:
    artifacts.parent.mkdir(exist_ok=True)
    artifacts.write_text("a file where the folder should be")
    with pytest.raises(StorageFailed, match="could not be written"):
        corrections.add(some(1))


@pytest.mark.fault(47, 41)
def test_too_many_are_refused(monkeypatch) -> None:
    corrections.add(some(3))
    size = corrections._path().stat().st_size
    monkeypatch.setattr(corrections, "MAX_CORRECTIONS_BYTES", 2 * size)
    with pytest.raises(StorageFailed, match="not kept"):
        corrections.add(some(8))
    assert len(corrections.load()) == 3
    corrections.add(some(2))
    assert len(corrections.load()) == 5


@pytest.mark.fault(41)
def test_corrections_of_one_class_are_learned_from() -> None:
    corrections.add(some(30, label=7))
    recipe = replace(PRESETS["quick"], data=("bundled-digits", "corrections"))
    pool = next(pool for pool in prepare(recipe).pools if pool.name == "corrections")
    assert set(pool.labels) == {7}


@pytest.mark.fault(47)
def test_one_in_five_is_never_learned_from() -> None:
    known = some(200)
    corrections.add(known)
    recipe = PRESETS["quick"]
    recipe = type(recipe)(**{**recipe.__dict__, "data": ("bundled-digits", "corrections")})
    pool = next(pool for pool in prepare(recipe).pools if pool.name == "corrections")
    unseen = {c.image.tobytes() for c in known if c.held_out}
    assert 20 < len(unseen) < 60
    assert not unseen & {image.tobytes() for image in pool.images}
    assert len(pool.labels) == 10 * (200 - len(unseen))
    assert len(labelled_sets.load(labelled_sets.UNSEEN_CORRECTIONS)) == len(unseen)


@pytest.mark.fault(41)
def test_nothing_to_learn_from_is_said() -> None:
    recipe = PRESETS["quick"]
    recipe = type(recipe)(**{**recipe.__dict__, "data": ("bundled-digits", "corrections")})
    with pytest.raises(BadInput, match="no corrections"):
        prepare(recipe)


def test_thousands_are_parsed_once() -> None:
    corrections.add(some(5000))
    assert len(corrections.load()) == 5000
    assert corrections.load() is corrections.load()


def test_one_more_does_not_parse_all_anew(artifacts: Path, monkeypatch) -> None:
    corrections.add(some(300))
    assert len(corrections.load()) == 300
    parsed: list[object] = []
    read = corrections._of_row
    monkeypatch.setattr(corrections, "_of_row", lambda row: parsed.append(row) or read(row))
    (one,) = some(1, label=3)
    corrections.add([one])
    assert len(corrections.load()) == 301 and len(parsed) == 1
    corrections.take_back(one)
    assert len(corrections.load()) == 300 and len(parsed) == 1
    path = artifacts / "corrections.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-2]))  # cut off, and written on
    corrections.add([Correction(4, one.image)])
    assert [c.label for c in corrections.load()][-1] == 4 and len(corrections.load()) == 301


@pytest.mark.fault(41, 47)
@pytest.mark.slow
def test_a_run_that_learned_from_lies_stays_out_of_production(
    artifacts: Path, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("MNIST_CNN_DATA", str(tmp_path / "no data"))
    learn = [*TRAIN, *WELL]
    good = run_command(*learn).stdout.splitlines()[-1]
    digits = bundled_digits.load_bundled_digits().train
    lies = zip((digits.labels[:150] + 1) % 10, digits.images[:150], strict=True)
    corrections.add([Correction(int(lie), image) for lie, image in lies])
    learn[learn.index("bundled-digits")] = "bundled-digits,corrections"
    bad = run_command(*learn, timeout=300).stdout.splitlines()[-1]
    assert store.open_run(bad).config["data"]["images_per_epoch"]["corrections"] > 1000
    answer = run_command("promote", bad)
    assert answer.returncode == 2 and answer.stderr.count("\n") == 1
    assert store.production_id() == good

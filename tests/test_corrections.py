"""What people put right outlives everything, counts once, and is learned from in part only."""

import json
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

from mnist_cnn.data import (
    bundled_digits,
    corrections,
    journal,
    labelled_sets,
    symbol_corrections,
)
from mnist_cnn.data.corrections import Correction
from mnist_cnn.data.symbol_corrections import SymbolCorrection
from mnist_cnn.errors import BadInput, StorageFailed
from mnist_cnn.models.classes import SYMBOLS
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.recipes import Pools
from mnist_cnn.runs import store
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.training import line_pools, training_data
from mnist_cnn.training.training_data import prepare
from tests.support.commands import TRAIN, WELL
from tests.support.commands import run as run_command
from tests.support.drawings import SEVEN, written


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
def test_too_many_are_refused(artifacts: Path, monkeypatch) -> None:
    corrections.add(some(3))
    size = (artifacts / "corrections.jsonl").stat().st_size
    monkeypatch.setattr(journal, "MAX_CORRECTIONS_BYTES", 2 * size)
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


def test_nothing_to_calibrate_by_is_said() -> None:
    corrections.add(some(30))
    with pytest.raises(BadInput, match="no digits to calibrate a network by"):
        prepare(replace(PRESETS["quick"], data=("corrections",)))


def test_thousands_are_parsed_once() -> None:
    corrections.add(some(5000))
    assert len(corrections.load()) == 5000
    assert corrections.load() is corrections.load()


def test_one_more_does_not_parse_all_anew(artifacts: Path, monkeypatch) -> None:
    corrections.add(some(300))
    assert len(corrections.load()) == 300
    parsed: list[object] = []
    read = json.loads
    monkeypatch.setattr(journal.json, "loads", lambda line: parsed.append(line) or read(line))
    (one,) = some(1, label=3)
    corrections.add([one])
    assert len(corrections.load()) == 301 and len(parsed) == 1
    corrections.take_back(one)
    assert len(corrections.load()) == 300 and len(parsed) == 2
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


def test_symbols_of_lines_are_kept_with_their_line_and_learned_from(artifacts: Path) -> None:
    line = tuple(written("12+7"))
    (plus,) = [SymbolCorrection("÷", line, (2, 3), "+", "a run")]
    symbol_corrections.add(plus)
    symbol_corrections.add(plus)
    with open(artifacts / "symbols.jsonl", "a") as file:
        file.write('{"id": "x", "label": "÷", "strokes": [[]], "members": [0]}\n{"id": 1}\n')
    (found,) = symbol_corrections.load()
    assert (found.text, found.members, found.id) == ("÷", (2, 3), plus.id)
    pool = line_pools.corrected_pool([found], 4, np.random.default_rng(0))
    assert pool.images.shape == (4, 28, 28, 3) and pool.images.reshape(4, -1).max(axis=1).all()
    assert [SYMBOLS[label] for label in pool.labels] == ["÷"] * 4
    recipe = replace(PRESETS["symbols"], data=("corrections",), pools=Pools(0, 0, corrected=30))
    assert {"corrections of lines": 10}.items() <= prepare(recipe).description[
        "images_per_epoch"
    ].items()
    symbol_corrections.take_back(plus)
    assert symbol_corrections.load() == ()


def test_digits_of_lines_are_held_out_as_digits_are(artifacts: Path) -> None:
    line = tuple(stroke + 0.033 for stroke in written("1203456789"))
    drawn = [SymbolCorrection("7", line, (n,), height=80.26) for n in range(len(line))]
    assert all(symbol_corrections.add(symbol) for symbol in drawn)
    kept = symbol_corrections.load()
    assert {symbol.height for symbol in kept} == {80.3}
    told = [symbol.held_out for symbol in kept]
    assert told == [Correction(7, symbol.framed(), symbol.own).held_out for symbol in drawn]
    assert True in told and False in told
    assert not any(replace(symbol, text="÷").held_out for symbol in kept)
    too_long = replace(drawn[0], strokes=(np.zeros((7000, 2)),))
    assert not symbol_corrections.add(too_long)
    recipe = replace(PRESETS["symbols"], data=("corrections",), pools=Pools(0, 0, corrected=9000))
    (pool,) = training_data._corrected_pools(recipe, np.random.default_rng(0))
    assert len(pool.labels) == training_data.MAX_REPEATED * told.count(False)


def test_a_symbol_beside_a_fraction_is_seen_at_the_size_of_its_line(artifacts: Path) -> None:
    line = tuple(written("+"))
    small, large = (
        line_pools.corrected_pool(
            [SymbolCorrection("+", line, (0, 1), height=height)], 1, np.random.default_rng(0)
        )
        for height in (0.0, 200.0)
    )
    assert (small.images != large.images).any()


@pytest.mark.parametrize(("text", "members"), [("?", (0,)), ("ab", (0,)), ("+", ()), ("+", (9,))])
def test_what_is_no_symbol_of_a_line_is_refused(text: str, members: tuple[int, ...]) -> None:
    with pytest.raises(BadInput, match="A symbol is"):
        symbol_corrections.add(SymbolCorrection(text, tuple(written("1+1")), members))
    assert symbol_corrections.load() == ()

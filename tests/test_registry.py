"""Promotion, its gate and its log; labels, archive and trash; and what goes wrong meanwhile."""

import errno
import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_cnn.data import canary
from mnist_cnn.errors import (
    DigitsError,
    RunDamaged,
    RunError,
    RunNotFound,
    RunRefused,
)
from mnist_cnn.models.calibration import calibration_of
from mnist_cnn.runs import gate, notes, registry, serving, store, trash
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support.artifacts import another_run


def worse(accuracy: float = 0.9) -> bytes:
    """The shipped run's evaluation with less accuracy on MNIST."""
    evaluation = store.production_run().evaluation
    evaluation["datasets"]["mnist-test"]["accuracy"] = accuracy
    return json.dumps(evaluation).encode()


def test_promotions_are_logged_and_rolled_back(shipped_copy: Path) -> None:
    first = store.production_id()
    second, third = another_run(1).id, another_run(2).id
    registry.promote(second, by="anna")
    registry.promote(third, by="ben")
    assert registry.roll_back(by="cleo").after == second
    assert registry.roll_back(by="cleo").after == first == store.production_id()
    with pytest.raises(RunNotFound, match="no earlier run"):
        registry.roll_back(by="cleo")
    log = [(entry.before, entry.after, entry.by) for entry in registry.promotions()]
    assert log == [
        (first, second, "anna"),
        (second, third, "ben"),
        (third, second, "cleo"),
        (second, first, "cleo"),
    ]


def test_a_roll_back_undoes_the_last_promotion_whichever_kind(shipped_copy: Path) -> None:
    digits, symbols = store.production_id(), store.production_id("symbols")
    other_digits = another_run(1).id
    registry.promote(other_digits, by="anna")
    other_symbols = another_run(2, kind="symbols").id
    registry.promote(other_symbols, by="anna")
    undone = registry.roll_back(by="ben")
    assert (undone.kind, undone.before, undone.after) == ("symbols", other_symbols, symbols)
    assert store.production_id("symbols") == symbols
    assert store.production_id() == other_digits
    assert registry.roll_back(by="ben").kind == "digits"
    assert (store.production_id(), store.production_id("symbols")) == (digits, symbols)


def test_the_first_of_its_kind_cannot_be_rolled_back(shipped_copy: Path) -> None:
    (shipped_copy / "production.json").write_text("{}")
    first = another_run(1).id
    registry.promote(first, by="anna")
    with pytest.raises(RunNotFound, match=r"first of its kind \(digits\)"):
        registry.roll_back(by="ben")
    assert store.production_id() == first


@pytest.mark.fault(41)
def test_a_worse_run_needs_a_reason_which_is_logged(shipped_copy: Path) -> None:
    run = another_run(evaluation_json=worse())
    with pytest.raises(RunRefused, match=r"mnist-test 90\.00% against .* give a reason"):
        registry.promote(run.id, by="anna")
    assert store.production_id() != run.id
    registry.promote(run.id, by="anna", reason="to show the class")
    assert registry.promotions()[-1].reason == "to show the class"


@pytest.mark.fault(28)
@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("name", ["model.keras", "model.tflite", "evaluation.json"])
def test_a_cut_file_is_not_promoted(shipped_copy: Path, name: str, share: float) -> None:
    run, before = another_run(), store.production_id()
    content = (run.folder / name).read_bytes()
    (run.folder / name).write_bytes(content[: int(share * len(content))])
    with pytest.raises(RunDamaged, match="not the file it was saved with"):
        registry.promote(run.id, by="anna", reason="never mind")
    assert store.production_id() == before


@pytest.mark.fault(28, 31)
def test_a_flipped_byte_is_not_promoted(shipped_copy: Path) -> None:
    run = another_run()
    content = bytearray((run.folder / "model.keras").read_bytes())
    content[len(content) // 2] ^= 1
    (run.folder / "model.keras").write_bytes(content)
    with pytest.raises(RunDamaged):
        registry.promote(run.id, by="anna")


NONSENSE: dict[str, Callable[[Any], Any]] = {
    "not a number": lambda logits: logits * np.nan,
    "constant": lambda logits: logits * 0,
    "swapped labels": lambda logits: logits[:, ::-1],
    "nine outputs": lambda logits: logits[:, :9],
    "eleven outputs": lambda logits: logits @ np.eye(10, 11, dtype=np.float32),
}


@pytest.mark.fault(30)
@pytest.mark.slow
@pytest.mark.parametrize("kind", NONSENSE)
def test_a_network_that_answers_nonsense_is_refused(shipped_copy: Path, kind: str) -> None:
    import keras

    from mnist_cnn.models import export

    shipped = store.production_run()
    model = keras.models.load_model(shipped.folder / "model.keras", compile=False)
    model = keras.Model(model.inputs, NONSENSE[kind](model.outputs[0]))
    run = another_run(model_tflite=export.export_litert(model))
    with pytest.raises((RunRefused, RunDamaged)):
        registry.promote(run.id, by="anna", reason="never mind")
    assert store.production_id() == shipped.id


NUMBERS = {"temperature": 1, "min_evidence": 0, "min_confidence": 0.5}


@pytest.mark.fault(61, 30)
@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("number", ["NaN", "1e9", "1e999", "-1e999", '"x"', "null", "true", "[1]"])
def test_numbers_that_make_no_verdict_are_damage(name: str, number: str) -> None:
    assert calibration_of(NUMBERS, "a run").min_confidence == 0.5
    with pytest.raises(RunDamaged, match=name):
        calibration_of(NUMBERS | {name: json.loads(number)}, "a run")


@pytest.mark.fault(61, 30)
@pytest.mark.parametrize("odd", [("temperature", -1), ("temperature", 0), ("min_evidence", 500)])
def test_a_run_whose_verdicts_are_nonsense_is_not_promoted(
    shipped_copy: Path, odd: tuple[str, float]
) -> None:
    live = store.production_run()
    run = another_run(calibration_json=json.dumps({**live.calibration, odd[0]: odd[1]}).encode())
    with pytest.raises((RunDamaged, RunRefused)):
        registry.promote(run.id, by="anna", reason="never mind")
    assert store.production_id() == live.id


def test_the_shipped_run_reads_the_whole_canary() -> None:
    images, labels = canary.canary()
    assert len(labels) >= 50
    answers = load_classifier(store.production_run()).compute_logits(images).argmax(axis=1)
    assert (answers == labels).all()


def test_labels_lie_beside_the_run(shipped_copy: Path) -> None:
    run = another_run()
    files = sorted(path.name for path in run.folder.iterdir())
    notes.annotate(run.id, name="Ada's", note="thin pens", tags=("thin", "try"))
    notes.annotate(run.id, archived=True)
    assert notes.notes_of(run.id) == notes.RunNotes("Ada's", "thin pens", ("thin", "try"), True)
    assert notes.name_of(run) == "Ada's"
    assert sorted(path.name for path in run.folder.iterdir()) == files
    (shipped_copy / "labels" / f"{run.id}.json").write_text('{"tags": 5, "name": ["x"], "z": 1}')
    assert notes.notes_of(run.id).tags == ()


@pytest.mark.fault(35)
def test_the_run_in_production_cannot_be_deleted_and_others_come_back(shipped_copy: Path) -> None:
    live, run = str(store.production_id()), another_run()
    with pytest.raises(RunError, match="promote another run first"):
        trash.delete(live)
    trash.delete(run.id)
    assert [entry.id for entry in store.list_runs()] == [live]
    with pytest.raises(RunNotFound):
        registry.promote(run.id, by="anna")
    assert trash.restore(run.id).id == run.id
    assert trash.deleted() == []


@pytest.mark.fault(68, 46)
def test_a_clock_that_is_ahead_empties_no_trash(
    shipped_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = (another_run(number).id for number in range(1, 4))
    now = [time.time()]
    monkeypatch.setattr(trash.time, "gmtime", lambda: time.localtime(now[0]))
    trash.delete(first)
    for other in others:
        now[0] += 40 * 86_400
        trash.delete(other)
    assert set(trash.deleted()) == {first, *others}
    for _ in range(trash.DAYS_IN_TRASH - 2):
        now[0] += 86_400
        trash.restore(others[0])
        trash.delete(others[0])
    assert first in trash.deleted()
    now[0] += 86_400
    trash.delete(trash.restore(others[0]).id)
    assert set(trash.deleted()) == set(others)
    (shipped_copy / "trash" / "days.json").write_text('{"counted": {"x": "y"}}')
    trash.delete(trash.restore(others[0]).id)
    assert set(trash.deleted()) == set(others)


@pytest.mark.fault(33)
def test_a_damaged_run_can_be_deleted(shipped_copy: Path) -> None:
    run, before = another_run(), len(store.list_all())
    (run.folder / "run.json").write_text("[]")
    trash.delete(run.id)
    assert len(store.list_all()) == before - 1


@pytest.mark.fault(44)
@pytest.mark.slow
def test_fifty_promotions_at_once_leave_one_winner_and_a_whole_log(shipped_copy: Path) -> None:
    candidates = [another_run(1).id, another_run(2).id]
    code = (
        "import sys; from mnist_cnn.runs import registry\n"
        "for _ in range(10): registry.promote(sys.argv[1], by='anna')"
    )
    workers = [
        subprocess.Popen([sys.executable, "-c", code, candidates[n % 2]], cwd=PROJECT_FOLDER)
        for n in range(5)
    ]
    assert [worker.wait(120) for worker in workers] == [0] * 5
    log = registry.promotions()
    assert len(log) == 50
    assert all(later.before == earlier.after for earlier, later in itertools.pairwise(log))
    assert store.production_id() == log[-1].after


@pytest.mark.fault(44, 35)
def test_of_a_promotion_and_a_deletion_at_once_one_wins(shipped_copy: Path) -> None:
    first = store.production_id()
    for number in range(4):
        run = another_run(number)
        at_once: list[Callable[[], object]] = [
            lambda run_id=run.id: registry.promote(run_id, by="anna"),
            lambda run_id=run.id: trash.delete(run_id),
        ]
        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(change).exception() for change in at_once[:: 1 - 2 * (number % 2)]]
        lost = [error for error in done if error]
        assert len(lost) == 1 and isinstance(lost[0], RunNotFound | RunError)
        deleted = run.id in trash.deleted()
        assert (store.production_id() == run.id) != deleted
        load_classifier(store.production_run())
        if not deleted:
            assert registry.roll_back(by="anna").after == first


@pytest.mark.fault(32)
def test_where_a_newer_version_wrote_the_run_in_production_the_one_before_answers(
    shipped_copy: Path,
) -> None:
    before, run = store.production_id(), another_run()
    registry.promote(run.id, by="anna")
    (run.folder / "run.json").write_text(json.dumps({**run.manifest, "schema": 99}))
    serving.forget()
    assert serving.production_classifier().run_id == before
    with pytest.raises(RunDamaged, match="schema"):
        store.open_run(run.id)


ACTIONS: dict[str, Callable[[str], object]] = {
    "promote": lambda run_id: registry.promote(run_id, by="anna"),
    "label": lambda run_id: notes.annotate(run_id, note="new"),
    "delete": trash.delete,
}


@pytest.mark.fault(43)
def test_a_folder_that_may_only_be_read_still_answers(shipped_copy: Path, monkeypatch) -> None:
    run = another_run()

    def refused(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", refused)
    for action in ACTIONS.values():
        with pytest.raises(DigitsError):
            action(run.id)
    monkeypatch.undo()
    assert store.production_run().config


@pytest.mark.parametrize("start", ["20260101-000000-000000", "another"])
def test_a_run_that_goes_on_from_any_run_still_faces_the_one_in_production(
    shipped_copy: Path, start: str
) -> None:
    """Its start is deleted, or is as bad as itself."""
    live = store.production_run()
    evaluation = live.evaluation
    evaluation["datasets"]["mnist-test"]["accuracy"] = 0.9
    bad = json.dumps(evaluation).encode()
    if start == "another":
        start = another_run(5, evaluation_json=bad).id
    config = live.config
    config["recipe"]["start"] = start
    run = another_run(6, evaluation_json=bad, config_json=json.dumps(config).encode())
    assert any("mnist-test" in words for words in gate.worse_than(run, live.id))


def test_whoever_gives_roll_back_as_a_reason_promotes_all_the_same(shipped_copy: Path) -> None:
    first = store.production_id()
    second = another_run(1, evaluation_json=worse()).id
    registry.promote(second, "anna", reason=registry.ROLL_BACK)
    assert registry.last_promotion().after == second
    assert registry.roll_back("ben").after == first
    assert registry.last_promotion() is None


def test_a_roll_back_of_before_its_mark_is_one_still(shipped_copy: Path) -> None:
    second = another_run(1).id
    registry.promote(second, "anna")
    registry.roll_back("ben")
    log = shipped_copy / "promotions.jsonl"
    old = [json.loads(line) for line in log.read_text().splitlines()]
    lines = [json.dumps({k: v for k, v in entry.items() if k != "undoes"}) for entry in old]
    log.write_text("\n".join(lines) + "\n")
    assert registry.promotions()[-1].rolled_back


def test_a_note_can_be_taken_away(shipped_copy: Path) -> None:
    run = another_run(1)
    run = replace(run, manifest=run.manifest | {"note": "the first of all"})
    assert notes.note_of(run) == "the first of all"
    labels = shipped_copy / "labels" / f"{run.id}.json"
    labels.parent.mkdir(exist_ok=True)
    labels.write_text('{"name": "", "note": "", "tags": ["a"], "archived": false}')
    assert notes.note_of(run) == "the first of all", "so files of before say that there is none"
    notes.annotate(run.id, note="another")
    assert notes.note_of(run) == "another"
    notes.annotate(run.id, note="")
    notes.annotate(run.id, archived=True)
    assert notes.note_of(run) == ""


def test_a_deleted_run_that_was_copied_back_can_be_deleted_again(shipped_copy: Path) -> None:
    run = another_run(1)
    trash.delete(run.id)
    shutil.copytree(shipped_copy / "trash" / run.id, run.folder)
    with pytest.raises(RunError, match="among the runs already"):
        trash.restore(run.id)
    trash.delete(run.id)
    assert trash.restore(run.id).id == run.id

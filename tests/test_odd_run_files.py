"""Whole but odd files cost the run whose they are; all others are shown as ever."""

import json
import time
from pathlib import Path

import pytest

from mnist_cnn.errors import RunDamaged
from mnist_cnn.runs import registry, report, store
from mnist_cnn.training import job_files, jobs
from mnist_cnn.training.progress import TrainingProgress
from mnist_cnn.ui import run_differences, runs_table
from tests.support.artifacts import another_run
from tests.support.pages import page

DEEP = b'{"datasets": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"

ODD: dict[str, list[bytes]] = {
    "evaluation.json": [
        DEEP,
        b"null",
        b"[]",
        b"{}",
        b'{"datasets": []}',
        b'{"datasets": {"mnist-test": null}}',
        b'{"datasets": {"mnist-test": {"accuracy": NaN, "accuracy_95": [0, 1], "ece": 0}}}',
        b'{"datasets": {"mnist-test": {"accuracy": "x", "accuracy_95": [0, 1], "ece": 0}}}',
        b'{"datasets": {"mnist-test": {"accuracy": 1e999, "accuracy_95": [0, 1], "ece": 0}}}',
        b'{"datasets": {"mnist-test": {"accuracy": 0.9, "accuracy_95": [0], "ece": 0}}}',
    ],
    "config.json": [
        DEEP,
        b"null",
        b'{"recipe": []}',
        b'{"data": {"sets": 5}}',
        b'{"data": null}',
        b'{"command": "\\ud800"}',
    ],
    "calibration.json": [DEEP, b"null", b"[1]", b'{"temperature": NaN}'],
    "history.csv": [b"", b"epoch\n1\n", b"val_accuracy\nx\n"],
}

MANIFESTS = [
    *(DEEP, b"null", b"", b'{"sha256": []}', b'{"sha256": {"a": 5}}', b'{"name": "\\ud800"}'),
    b'{"peak_memory_mb": "lots"}',
]

JOBS = [DEEP, b"null", b"{}", b'{"command": 5}', b'{"id": 5, "command": [5]}']

PROMOTIONS = [
    b'{"when": "", "before": null, "after": "", "by": "", "reason": "", "kind": []}',
    b"[]",
]


@pytest.fixture
def odd_runs(shipped_copy: Path) -> list[str]:
    """A run of each kind of oddness, and odd records of trainings."""
    files = [(name, content) for name, contents in ODD.items() for content in contents]
    runs = [another_run(n, **{f.replace(".", "_"): c}) for n, (f, c) in enumerate(files)]
    good = {"schema": 1, "id": "x", "sha256": {}}
    odd = [*MANIFESTS]
    odd += [json.dumps({**good, key: []}).encode() for key in ("name", "status", "parameters")]
    odd += [json.dumps({**good, "training_seconds": "long"}).encode()]
    for number, content in enumerate(odd):
        folder = shipped_copy / "runs" / f"20270102-0000{number:02d}-aaaaaa"
        folder.mkdir()
        (folder / "run.json").write_bytes(content)
    (shipped_copy / "promotions.jsonl").write_bytes(b"\n".join(PROMOTIONS) + b"\n")
    job_files.jobs_folder().mkdir()
    for number, content in enumerate(JOBS):
        job_files.job_path(f"20270103-0000{number:02d}-aaaaaa", "json").write_bytes(content)
    assert len(runs) == len(files)
    return [*(run.id for run in runs), *(f"20270102-0000{n:02d}-aaaaaa" for n in range(len(odd)))]


@pytest.mark.fault(62, 33)
def test_odd_runs_are_damaged_and_the_others_are_not(odd_runs: list[str]) -> None:
    live = store.production_run()
    said = {row["run"]: row for row in registry.summaries()}
    assert "damaged" not in said[live.id]
    assert jobs.latest() is None and jobs.running() is None
    table = runs_table.with_details(runs_table.all_rows())
    status = dict(zip(table["Run"], table["Status"], strict=True))
    assert status[live.id] == "finished"
    assert [run_id for run_id in odd_runs if status[run_id] != "damaged"] == []
    assert status["20270101-000000-aaaaaa"] == "damaged"
    for run_id in odd_runs[-3:]:
        with pytest.raises(RunDamaged, match=run_id):
            registry.promote(run_id, by="anna", reason="never mind")


@pytest.mark.fault(34)
def test_a_log_of_fifty_megabytes_is_read_from_its_end(artifacts: Path) -> None:
    job = job_files.Job("20270101-000000-aaaaaa", ("train",), "anna", 0, 0, 0, "here", "failed")
    job_files.save_job(job)
    with open(job_files.job_path(job.id, "log"), "wb") as log:
        log.truncate(50_000_000)
        log.seek(0, 2)
        log.write(b"the end")
    began = time.perf_counter()
    assert job_files.log_tail(job).endswith("the end")
    assert time.perf_counter() - began < 0.5


@pytest.mark.fault(62)
def test_every_page_shows_the_others(odd_runs: list[str]) -> None:
    live = store.production_run().id
    for name in (
        "3_Train.py",
        "4_Training_runs.py",
        "5_Confusion_matrix.py",
        "6_Compare_models.py",
    ):
        app = page(name)
        assert not app.exception, name
    for run_id in (live, odd_runs[0], odd_runs[-1]):
        assert not page("4_Training_runs.py", run=run_id).exception


@pytest.mark.fault(62)
def test_a_training_of_no_known_state_is_none(artifacts: Path) -> None:
    job = job_files.Job("20270101-000000-aaaaaa", ("train",), "anna", 0, 0, 0, "here", "paused")
    job_files.save_job(job)
    assert job_files.load_job(job.id) is None


@pytest.mark.fault(62)
def test_of_odd_progress_only_what_makes_sense_counts() -> None:
    odd = {"phase": 5, "epoch": "x", "batch": 3, "share": float("nan"), "phase_seconds": [1]}
    assert TrainingProgress.of(odd | {"more": 1}) == TrainingProgress(batch=3)


def test_a_network_from_elsewhere_has_no_curves_and_is_not_damaged(shipped_copy: Path) -> None:
    """It has neither recipe nor history, as `import` leaves it."""
    run = another_run(config_json=b'{"recipe": null, "command": ""}')
    manifest = json.loads((run.folder / "run.json").read_bytes())
    for name in ("history.csv", "curve.csv", "confusion.json"):
        del manifest["sha256"][name]
        (run.folder / name).unlink()
    (run.folder / "run.json").write_text(json.dumps(manifest))
    table = runs_table.with_details(runs_table.all_rows())
    (row,) = table[table["Run"] == run.id].to_dict("records")
    assert row["Status"] == "finished" and row["mnist-test (%)"] > 99 and row["Learning"] == []
    assert "How it learned" not in report.page(store.open_run(run.id))
    app = page("4_Training_runs.py", runs=[run.id, store.production_run().id])
    assert not app.exception
    assert len(run_differences.differing([run.config.get("recipe") or {}, {"epochs": 3}])) == 1

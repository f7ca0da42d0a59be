import json
import time
from pathlib import Path

import pytest

from mnist_cnn.errors import RunDamaged, RunNotFound, StorageFailed
from mnist_cnn.runs import new_run, store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.runs.new_run import NewRun
from mnist_cnn.runs.store import Run


def finished() -> store.Run:
    new_run = NewRun()
    new_run.write("config.json", {"note": "a run without a network"})
    return new_run.finish(preset="quick")


def test_a_run_is_one_once_its_manifest_is_there(artifacts: Path) -> None:
    new_run = NewRun()
    new_run.write("config.json", {})
    assert store.list_runs() == []
    with pytest.raises(RunNotFound):
        store.open_run(new_run.id)
    run = new_run.finish(preset="quick")
    assert [r.id for r in store.list_runs()] == [run.id]
    assert store.open_run(run.id).config == {}


def test_what_pages_write_meanwhile_is_no_part_of_a_run(artifacts: Path) -> None:
    new_run = NewRun()
    new_run.write("config.json", {})
    for name in ("drawing-1.json", ".tmp-1-drawing-1.json"):
        (new_run.folder / name).write_text("{}")
    assert set(new_run.sums()) == {"config.json"}


@pytest.mark.fault(46)
def test_ids_sort_by_time_and_never_repeat(artifacts: Path) -> None:
    ids = [NewRun().id for _ in range(50)]
    assert ids == sorted(set(ids))
    assert all(store.RUN_ID.fullmatch(run_id) for run_id in ids)


@pytest.mark.fault(12)
@pytest.mark.parametrize(
    "run_id",
    ["", "../../etc", "20261122-141503-3f9a1c/..", "C:\\", "CON", "😀", "x" * 10_000, "\0"],
)
def test_an_id_that_is_none_is_not_found(artifacts: Path, run_id: str) -> None:
    with pytest.raises(RunNotFound):
        store.open_run(run_id)


@pytest.mark.fault(31)
def test_a_changed_file_is_damage(artifacts: Path) -> None:
    run = finished()
    (run.folder / "config.json").write_text('{"note": "changed"}')
    with pytest.raises(RunDamaged, match="not the file it was saved with"):
        store.open_run(run.id).read("config.json")


@pytest.mark.fault(33, 32)
@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"schema": 99, "sha256": {}}', "\xff"])
def test_a_broken_manifest_is_damage_and_the_list_goes_on(artifacts: Path, manifest: str) -> None:
    good, bad = finished(), finished()
    (bad.folder / "run.json").write_text(manifest)
    with pytest.raises(RunDamaged):
        store.open_run(bad.id)
    assert [run.id for run in store.list_runs()] == [good.id]


@pytest.mark.fault(46)
def test_ids_sort_even_where_the_clock_was_set_back(
    artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [NewRun("20361122-141503-3f9a1c").id, NewRun().id]
    assert made[1].startswith("20361122-141504-")
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + 20 * 365 * 86_400)
    made.append(NewRun().id)
    monkeypatch.setattr("time.time", lambda: now - 86_400)
    made.append(NewRun().id)
    assert made == sorted(made)
    NewRun("99999999-999999-aaaaaa")
    assert store.RUN_ID.fullmatch(new_run.new_id())


@pytest.mark.fault(33)
@pytest.mark.parametrize(
    "fault", ["no run.json", "empty run.json", "no config", "no history", "unknown key"]
)
def test_damaged_folders_are_listed_and_the_others_too(artifacts: Path, fault: str) -> None:
    good, bad = finished(), finished()
    manifest = bad.folder / "run.json"
    if fault == "no run.json":
        manifest.unlink()
    elif fault == "empty run.json":
        manifest.write_bytes(b"")
    elif fault == "unknown key":
        manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "colour": "green"}))
    else:
        (bad.folder / "config.json").unlink()
    listed = store.list_all()
    assert good.id in [run.id for run in listed.values() if isinstance(run, Run)]
    assert len(listed) == (1 if fault == "no run.json" else 2)
    assert sum(isinstance(run, RunDamaged) for run in listed.values()) == (
        fault == "empty run.json"
    )


@pytest.mark.parametrize("pointer", [None, "", "[]", '{"run": 5}', '{"run": "gone"}'])
def test_without_a_production_run_it_is_said_how_to_get_one(
    artifacts: Path, pointer: str | None
) -> None:
    artifacts.mkdir()
    if pointer is not None:
        (artifacts / "production.json").write_text(pointer)
    with pytest.raises(RunNotFound, match="python -m mnist_cnn"):
        store.production_run()


@pytest.mark.fault(43)
def test_a_place_that_cannot_be_written_is_said_so(artifacts: Path) -> None:
    artifacts.parent.mkdir(exist_ok=True)
    artifacts.write_text("a file where the folder should be")
    with pytest.raises(StorageFailed, match="Nothing was changed"):
        NewRun()


def test_the_shipped_run_is_whole_small_and_good() -> None:
    run = store.production_run()
    for name in run.manifest["sha256"]:
        run.read(name)
    assert sum(path.stat().st_size for path in run.folder.iterdir()) < 2_000_000
    assert run.evaluation["datasets"]["mnist-test"]["accuracy"] >= 0.995
    assert run.evaluation["keras_litert_difference"] < 1e-3


@pytest.mark.fault(28)
@pytest.mark.parametrize("size", [0, 100, 10_000])
def test_a_cut_network_is_damage(shipped_copy: Path, size: int) -> None:
    run = store.production_run()
    path = run.folder / "model.tflite"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(RunDamaged, match=r"model\.tflite is not the file"):
        load_classifier(run)

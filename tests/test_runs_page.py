"""The page of all runs, without a browser: failed trainings, many at once, thousands of rows."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnist_cnn.errors import JobError, RunNotFound
from mnist_cnn.runs import notes, store, trash
from mnist_cnn.training import job_files, jobs
from mnist_cnn.ui import auth, run_rows, run_transfer, runs_table
from tests.support import pages
from tests.support.artifacts import another_run
from tests.support.pages import button, buttons, words
from tests.test_train_page import ended_job

FAILED = "20270101-000009-aaaaaa"


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "actor", lambda: "a test")


def page(**query: str) -> AppTest:
    return pages.page("4_Training_runs.py", **query)


def tick(app: AppTest, *rows: int) -> None:
    ticks = app.session_state.get("ticks", 0)
    key = f"runs {ticks}" if ticks else "runs"
    app.session_state[key] = {"selection": {"rows": list(rows), "columns": []}}
    app.run()
    assert not app.exception


def test_a_failed_training_shows_why_and_can_be_deleted_and_brought_back(
    shipped_copy: Path, owner: None
) -> None:
    ended_job("failed", "The disk is full.")
    (shipped_copy / "jobs" / f"{FAILED}.log").write_text("what it printed")
    app = page()
    tick(app, 0)
    assert app.error[0].value == "The disk is full."
    shown = " ".join(code.value for code in app.code)
    assert "train --preset quick --name mine" in shown and "what it printed" in shown
    button(app, "Yes, delete it").click().run()
    assert not app.exception and not app.error
    assert jobs.find(FAILED) is None and trash.deleted() == [FAILED]
    assert app.subheader[0].value == "best", "no other row is ticked now"
    button(app, f"Restore {FAILED}").click().run()
    assert jobs.find(FAILED).reason == "The disk is full."
    assert job_files.log_tail(jobs.find(FAILED)) == "what it printed"
    assert trash.deleted() == []


def test_a_training_that_runs_is_not_deleted(artifacts: Path) -> None:
    ended_job("running")
    with pytest.raises(JobError, match="please stop it first"):
        trash.delete_job(FAILED)
    with pytest.raises(RunNotFound):
        trash.delete_job("../../etc")
    with pytest.raises(RunNotFound):
        trash.restore_any("../../etc")


def test_several_are_deleted_and_brought_back_at_once(shipped_copy: Path, owner: None) -> None:
    one, two = another_run(1).id, another_run(2).id
    ended_job("failed", "The disk is full.")
    app = page()
    tick(app, 0, 1, 2)
    button(app, "Yes, delete 3").click().run()
    assert sorted(trash.deleted()) == [one, two, FAILED]
    next(m for m in app.multiselect if m.label == "Bring back").set_value([one, FAILED]).run()
    button(app, "Bring them back").click().run()
    assert not app.exception and trash.deleted() == [two]
    assert store.open_run(one).id == one and jobs.find(FAILED)


def test_several_are_archived_and_what_is_live_stays(shipped_copy: Path, owner: None) -> None:
    run = another_run(1)
    app = page()
    tick(app, 0, 1)
    button(app, "Archive 1").click().run()
    assert notes.notes_of(run.id).archived
    assert run.id not in list(app.dataframe[0].value["Run"])


def test_a_stranger_sees_no_places_of_this_server(shipped_copy: Path) -> None:
    ended_job("failed", "/home/ada/mnist.npz is not there.")
    app = page()
    assert "/home" not in " ".join(map(str, app.dataframe[0].value["Note"]))
    tick(app, 0)
    assert app.error[0].value == "… is not there."
    assert not {"Promote", "Yes, delete it"} & set(buttons(app))
    assert "only the owner promotes" in words(app)


def test_columns_can_be_chosen_and_the_address_remembers(shipped_copy: Path) -> None:
    app = page()
    assert list(app.dataframe[0].value)[:5] == list(runs_table.FIRST[:5])
    next(m for m in app.multiselect if m.label == "Columns").set_value(["Preset"]).run()
    assert list(app.dataframe[0].value) == ["In production", "Name", "Run", "Preset"]
    app = page(columns="Data")
    assert list(app.dataframe[0].value) == ["In production", "Name", "Run", "Data"]


@pytest.mark.parametrize("by", runs_table.GROUPS)
def test_runs_can_be_grouped(shipped_copy: Path, by: str) -> None:
    another_run()
    app = page()
    next(s for s in app.selectbox if s.label == "Group by").set_value(by).run()
    assert not app.exception
    made = app.dataframe[0].value
    best = store.production_run().evaluation["datasets"]["mnist-test"]["accuracy"]
    assert sum(made["Runs"]) == 3 and max(made["mnist-test (%)"]) == pytest.approx(100 * best)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Of the processor's time on a slow machine; what stands beside it does not count."""
    began = time.process_time()
    yield
    assert time.process_time() - began < seconds


@pytest.mark.fault(71, 34)
def test_five_thousand_runs_are_a_table_in_pages_within_a_second(shipped_copy: Path) -> None:
    source = store.production_run().folder / "run.json"
    for number in range(5000):
        folder = shipped_copy / "runs" / f"20260101-{number:06d}-aaaaaa"
        folder.mkdir()
        shutil.copyfile(source, folder / "run.json")
    with at_most(4):
        found = runs_table.filtered(runs_table.all_rows(), "004999", [], [], False)
    with at_most(1):
        runs_table.all_rows()
    assert list(found["Run"]) == ["20260101-004999-aaaaaa"]
    train = pages.page("3_Train.py")
    with at_most(4):
        train.run()
    app = page()
    assert len(app.dataframe[0].value) == runs_table.PAGE
    assert "5,002 runs" in words(app)


def test_a_damaged_run_can_be_deleted(shipped_copy: Path, owner: None) -> None:
    run = another_run(1)
    (run.folder / "run.json").write_text("[]")
    app = page()
    tick(app, 0)
    assert "is damaged" in app.warning[0].value
    button(app, "Yes, delete it").click().run()
    assert trash.deleted() == [run.id] and not app.exception


def test_an_address_leads_to_no_other_file(shipped_copy: Path) -> None:
    app = page(run="../labels/x")
    assert "There is no run" in app.warning[0].value


@pytest.mark.fault(35)
def test_a_run_that_is_deleted_while_it_is_shown_is_said_to_be_gone(
    shipped_copy: Path, owner: None
) -> None:
    run = another_run(1)
    app = page(run=run.id)
    trash.delete(run.id)
    app.run()
    assert not app.exception and "There is no run" in app.warning[0].value
    live = str(store.production_id())
    assert "Delete" not in pages.buttons(page(run=live))


@pytest.mark.fault(67)
@pytest.mark.parametrize(
    "asked", ["[x](http://a.example)", "![a](//b.example/c.png)", "www.d.example"]
)
def test_what_the_address_says_is_no_markdown(shipped_copy: Path, asked: str) -> None:
    (warning,) = [w.value for w in page(run=asked).warning]
    assert "There is no run" in warning
    assert not set("[]()!/.") & set(warning.split("'")[1])


def test_the_owner_adds_a_run_or_reads_why_not(
    artifacts: Path, owner: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page()
    assert button(app, "Add").disabled, "there is no run yet, and one may be added"
    app.file_uploader[0].upload("mine.zip", b"PK", "application/zip").run()
    button(app, "Add").click().run()
    assert any("mine.zip is no exported run" in error.value for error in app.error)
    monkeypatch.setattr(run_transfer, "import_run", lambda path: another_run(3).id)
    button(app, "Add").click().run()
    assert not app.exception and app.subheader[0].value == "best"


def test_a_visitor_adds_no_run(shipped_copy: Path) -> None:
    assert "Add" not in buttons(page())


def test_a_run_is_compared_with_the_one_of_its_kind(shipped_copy: Path) -> None:
    table = page().dataframe[0].value
    differences = [name for name in table if name.endswith("against the live one")]
    live = table[table["In production"] != ""]
    assert differences and len(live) == 2
    assert (live[differences].fillna(0) == 0).all(axis=None)


def test_a_run_that_was_mended_is_whole_again(shipped_copy: Path) -> None:
    run = store.production_run()
    path = run.folder / "evaluation.json"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    assert run_rows.details(run.id)["Status"] == "damaged"
    path.write_bytes(whole)
    assert "Status" not in run_rows.details(run.id)

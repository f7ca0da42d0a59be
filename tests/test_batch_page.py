"""The Batch page: what was read can be corrected, and its numbers agree with each other."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser, Page, expect
from streamlit.testing.v1 import AppTest

from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.results import Result, Summary
from mnist_cnn.data import bundled_digits, corrections
from mnist_cnn.records import BLANK, Prediction
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.ui import batch_view
from mnist_cnn.ui.batch_session import NONE, VIEWS, Batch
from tests.support import browser, pages
from tests.support.browser import click_button, settled
from tests.support.pages import button

EXAMPLE = PROJECT_FOLDER / "examples" / "batch"

expect.set_options(timeout=30_000)


def predicted(digit: int | None, status: str = "ok", top: int = 0) -> Prediction:
    likeliest = top if digit is None else digit
    probabilities = tuple(0.91 if k == likeliest else 0.01 for k in range(10))
    return Prediction(status, digit, 0.91, probabilities)  # type: ignore[arg-type]


def batch() -> Batch:
    """A right three, an eight taken for 3, an unsure five, an eight that is none, a blank, an
    error and an unlabelled one."""
    image = np.zeros((28, 28), np.uint8)
    kinds = [
        (3, predicted(3)),
        (8, predicted(3)),
        (5, predicted(5, "unsure")),
        (8, predicted(None, "not_a_digit", top=8)),
        (1, BLANK),
        (4, None),
        (None, predicted(7)),
    ]
    results = [
        Result(Item(f"{n}.png", image if read else None, label, "" if read else "bad"), read)
        for n, (label, read) in enumerate(kinds)
    ]
    return Batch(results=results, whole=True, seconds=1)


def counts(done: Batch) -> dict[str, int]:
    return {name: int(done.columns.view(name).sum()) for name in VIEWS}


def test_every_number_follows_one_definition() -> None:
    done = batch()
    for row, digit in [(None, None), (3, 8), (4, 7), (5, 4), (0, 8), (3, None)]:
        if row is not None:
            done.correct(row, digit)
        total = Summary()
        for result in done.corrected():
            total.add(result)
        columns, shown = done.columns, counts(done)
        assert shown["Unsure"] == total.unsure and shown["No digit"] == total.not_digits
        assert shown["Errors"] == total.errors and shown["Corrected"] == len(done.corrections)
        assert columns.right.sum() == total.right and columns.labelled.sum() == total.labelled
        assert shown["Wrong"] == total.labelled - total.right
        assert columns.matrix.sum() == total.labelled
        assert np.trace(columns.matrix[:, :10]) == total.right


def test_no_digit_is_not_right_and_a_correction_counts() -> None:
    done = batch()
    expected = {"All": 7, "Unsure": 1, "No digit": 2, "Wrong": 3, "Errors": 1, "Corrected": 0}
    assert counts(done) == expected
    assert done.columns.matrix[8, 10] == 1 and done.columns.in_cell((8, NONE)).nonzero()[0] == [3]
    done.correct(3, 8)
    assert counts(done)["Wrong"] == 2 and counts(done)["No digit"] == 1
    row = list(done.corrected())[3].row
    assert (row["digit"], row["status"], row["confidence"]) == (8, "corrected", None)
    done.correct(3, None)
    assert counts(done) == expected


@pytest.mark.fault(25)
def test_a_batch_on_the_page_has_a_last_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_view, "MAX_ROWS", 5)
    done = Batch()
    batch_view.read(iter(batch().results), 7, done)
    assert len(done.results) == 5 and not done.whole


def test_the_reasons_of_errors_are_a_file() -> None:
    assert batch_view._errors(batch()).split() == ["ImageId,item,error", "6,5.png,bad"]


def test_ten_thousand_results_are_counted_at_once() -> None:
    done = batch()
    done.results = [replace(done.results[n % 7]) for n in range(10_000)]
    assert done.columns.view("All").sum() == 10_000
    began = time.perf_counter()
    done.correct(3, 8)
    counts(done), done.columns.matrix
    assert time.perf_counter() - began < 0.2


@pytest.mark.fault(19, 67)
@pytest.mark.parametrize("form", ["Table", "Gallery"])
@pytest.mark.parametrize(
    "name",
    ["<script>x</script>", "![a](//b.example/c)", "../../x", "\u202e7.png", "a\n# b", "x" * 4096],
)
def test_a_name_is_text_wherever_it_is_shown(form: str, name: str) -> None:
    app = pages.page("2_Batch.py")
    done = batch()
    for number in (1, 5):  # one that was read, and one that says why it was not
        result = done.results[number]
        done.results[number] = replace(result, item=replace(result.item, name=name))
    done.opened = 1
    app.session_state["batch"] = done
    app.session_state["batch form"] = form
    app.run()
    assert not app.exception
    shown = " ".join(found.value for found in (*app.markdown, *app.caption, *app.warning))
    assert not re.search(r"(?<!\\)[<\[](script|a\])|\n#", shown)


def example() -> AppTest:
    app = pages.page("2_Batch.py")
    button(app, "Try an example").click().run()
    assert not app.exception
    return app


def metrics_of(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def pick(app: AppTest, label: str, option: str | int | None) -> AppTest:
    group = next(found for found in app.button_group if found.label == label)
    group.set_value(option).run()
    assert not app.exception
    return app


def table(app: AppTest) -> pd.DataFrame:
    return app.data_editor[0].value


def type_digit(app: AppTest, item: str, digit: int | None) -> AppTest:
    place = table(app).index[table(app)["item"] == item][0]
    edits = {"edited_rows": {int(place): {"digit": digit}}, "added_rows": [], "deleted_rows": []}
    app.session_state[app.data_editor[0].key or ""] = edits
    app.run()
    assert not app.exception
    return app


def test_the_empty_page_invites() -> None:
    app = pages.page("2_Batch.py")
    words = " ".join(element.value for element in app.markdown)
    assert "What can be dropped" in words and "What counts as a label" in words
    assert button(app, "Read them").disabled and not button(app, "Try an example").disabled


def test_a_row_without_an_answer_is_corrected_and_taken_back() -> None:
    app = example()
    before = metrics_of(app)
    assert before["No digit"] == "1" and app.session_state["batch"].results[15].digit is None
    type_digit(pick(app, "Show", "No digit"), "digits/4/4.png", 4)
    assert app.info[0].value == "There is none like that."
    after = metrics_of(app)
    assert after["No digit"] == "0" and after["Corrected"] == "1"
    assert after["Accuracy"] > before["Accuracy"]
    pick(app, "Show", "Corrected")
    assert table(app)["status"].tolist() == ["corrected"] and table(app)["digit"].tolist() == [4]
    assert any("1 correction by hand" in caption.value for caption in app.caption)
    type_digit(app, "digits/4/4.png", None)
    assert metrics_of(app) == before


def test_several_edits_of_one_table_go_to_their_rows() -> None:
    app = pick(example(), "Show", "Wrong")
    items = table(app)["item"].tolist()
    assert len(items) == 3
    type_digit(app, items[1], 4)  # its row leaves the list, and others move up
    app.run()
    assert table(app)["item"].tolist() == [items[0], *items[2:]]
    assert list(app.session_state["batch"].corrections.values()) == [4]
    type_digit(app, items[0], 2)
    assert table(app)["item"].tolist() == items[2:]
    button(app, "Undo all").click().run()
    assert table(app)["item"].tolist() == items and "Corrected" not in metrics_of(app)


def test_views_carry_their_counts() -> None:
    app = example()
    group = next(found for found in app.button_group if found.label == "Show")
    shown = metrics_of(app)
    assert f"Unsure ({shown['Unsure']})" in group.options
    assert f"No digit ({shown['No digit']})" in group.options
    assert f"All ({shown['Read']})" in group.options


def test_a_cell_of_the_matrix_filters_the_list() -> None:
    app = example()
    cell = {"true": 5, "predicted": "3"}
    app.session_state["batch matrix 0"] = {"selection": {"cell": [cell]}}
    app.run()
    assert table(app)["item"].tolist() == ["digits/5/3.png"]
    button(app, "Filter: 5 taken for 3 ✕").click().run()
    assert len(table(app)) == 50


def test_pages_are_turned() -> None:
    app = example()
    assert any(caption.value == "Page 1 of 2" for caption in app.caption)
    assert button(app, "Previous").disabled
    button(app, "Next").click().run()
    assert any(caption.value == "Page 2 of 2" for caption in app.caption)
    assert len(table(app)) == 71 - 50


def test_the_gallery_corrects(shipped_copy: Path) -> None:
    app = pick(pick(example(), "As", "Gallery"), "Show", "No digit")
    button(app, "4 → –").click().run()
    pick(app, "Wrong? Tap what it is", 4)
    assert metrics_of(app)["No digit"] == "0"
    assert app.session_state["batch"].corrections == {15: 4}
    pick(app, "Wrong? Tap what it is", None)
    assert metrics_of(app)["No digit"] == "1"


def dropped(name: str, content: bytes) -> AppTest:
    app = pages.page("2_Batch.py")
    app.file_uploader[0].upload(name, content, "text/csv").run()
    button(app, "Read them").click().run()
    assert not app.exception
    return app


def test_a_label_in_doubt_is_asked_for_and_chosen() -> None:
    ten = bundled_digits.one_of_each()
    rows = [",".join(map(str, [n, *image.ravel()])) for n, image in enumerate(ten)]
    app = dropped("ten.csv", "\n".join(rows).encode())
    said = app.warning[0].value.replace("\\", "")
    assert "ten.csv: It has 785 columns without names" in said
    app.selectbox(key="table label").set_value("first")
    button(app, "Read them").click().run()
    assert metrics_of(app)["Accuracy"] == "100.00%" and not app.warning


def test_tables_that_are_turned_over_are_offered_to_be_read_so() -> None:
    ten = bundled_digits.one_of_each().transpose(0, 2, 1)
    header = ",".join(["label", *(f"pixel{n}" for n in range(784))])
    rows = [",".join(map(str, [n, *image.ravel()])) for n, image in enumerate(ten)]
    app = dropped("ten.csv", "\n".join([header, *rows]).encode())
    assert "turned over, rows and columns exchanged, 0%" in app.warning[0].value
    button(app, "Read them so").click().run()
    assert metrics_of(app)["Accuracy"] == "100.00%" and not app.warning
    assert app.toggle(key="table transposed").value


def test_the_example_comes_along() -> None:
    files = sorted(EXAMPLE.iterdir())
    assert [path.name for path in files] == ["digits.zip", "sheet.png"]
    assert sum(path.stat().st_size for path in files) < 150_000
    status = Counter(result.status for result in example().session_state["batch"].results)
    assert status["ok"] >= 60 and status["unsure"] >= 2 and status["not_a_digit"] == 1


@pytest.fixture
def page(chromium: Browser, tmp_path: Path, shipped_copy: Path) -> Iterator[Page]:
    with browser.server(tmp_path / "log") as server:
        opened = chromium.new_page(viewport={"width": 1280, "height": 1400})
        opened.goto(f"{server.url}/Batch{browser.OWNER}")
        click_button(opened, "Try an example")
        expect(opened.get_by_text("labelled digits are right")).to_be_visible()
        yield opened
        opened.close()


def type_first(page: Page, *keys: str) -> None:
    """Into the cell of the first row's digit. After a click elsewhere on the page, the first one
    into the table may only give it the focus."""
    settled(page)
    for x in (130, 20):
        page.get_by_test_id("stDataFrame").click(position={"x": x, "y": 55})
        page.wait_for_timeout(500)
    for key in ("ArrowRight", "ArrowRight", *keys):
        page.wait_for_timeout(400)
        page.keyboard.press(key)
    settled(page)


@pytest.mark.browser
def test_a_row_without_an_answer_is_corrected_by_hand(page: Page) -> None:
    page.get_by_role("radio", name="No digit (1)").click()
    type_first(page, "Enter", "4", "Enter")
    expect(page.get_by_text("1 correction by hand")).to_be_visible()
    page.get_by_role("radio", name="Corrected (1)").click()
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert "digits/4/4.png,4,,corrected,4," in lines
    click_button(page, "Keep them for training")
    expect(page.get_by_text("1 correction saved")).to_be_visible()
    (kept,) = corrections.load()
    assert (kept.label, kept.read) == (4, None)
    type_first(page, "Delete")
    expect(page.get_by_text("1 correction by hand")).to_have_count(0)
    page.get_by_role("radio", name="No digit (1)").click()
    expect(page.get_by_text("There is none like that")).to_have_count(0)


@pytest.mark.browser
def test_nothing_scrolls_sideways_on_a_phone(chromium: Browser, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert (
        page.evaluate(
            "Math.max(...[...document.querySelectorAll('[data-testid=stMain] *')]"
            ".filter(e => !e.closest('[data-testid=stDataFrame]'))"
            ".map(e => e.getBoundingClientRect().right))"
        )
        <= 391
    )

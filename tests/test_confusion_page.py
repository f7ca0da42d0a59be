"""The page that shows what a run gets wrong, mostly without a browser."""

import errno
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from playwright.sync_api import Browser, expect
from streamlit.testing.v1 import AppTest

from mnist_cnn.data import corrections
from mnist_cnn.data.corrections import Correction
from mnist_cnn.runs import notes, store
from mnist_cnn.ui import auth, cache, label_doubts, layout, matrix_charts, run_names
from tests.support import browser, pages
from tests.support.artifacts import another_run, needs
from tests.support.faults import failing_disk
from tests.support.pages import button, words


def page(**query: str) -> AppTest:
    return pages.page("5_Confusion_matrix.py", **query)


def luminance(colour: str) -> float:
    """WCAG 2.2's definition, channel by channel."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def faded(colour: str) -> str:
    """As the browser draws a dimmed square over the page."""
    pairs = [[int(c[at : at + 2], 16) for at in (1, 3, 5)] for c in (colour, matrix_charts.PAPER)]
    mixed = [
        round(matrix_charts.DIMMED * top + (1 - matrix_charts.DIMMED) * bottom)
        for top, bottom in zip(*pairs, strict=True)
    ]
    return "#" + bytes(mixed).hex()


@pytest.mark.parametrize("stops", [matrix_charts.MISTAKES, matrix_charts.CHANGES])
def test_numbers_are_legible_on_every_colour_dimmed_or_not(stops: tuple[str, ...]) -> None:
    cells = pd.DataFrame({"heat": np.linspace(0, 1, 201)})
    ink = {True: matrix_charts.DARK, False: matrix_charts.LIGHT}
    for cell in matrix_charts.with_colours(cells, stops).itertuples():
        assert contrast(cell.colour, ink[cell.dark]) >= 4.5
        assert contrast(faded(cell.colour), ink[cell.dark_dimmed]) >= 4.5


def test_zeros_are_legible_too() -> None:
    square = matrix_charts.MISTAKES[0]
    assert contrast(square, matrix_charts.FAINT) >= 4.5
    assert contrast(faded(square), matrix_charts.FAINT) >= 4.5


def test_a_selection_dims_squares_and_never_numbers() -> None:
    cells = layout.matrix_cells(np.diag(np.arange(1, 11)).tolist())
    squares, numbers = matrix_charts.confusion_matrix(cells).to_dict()["layer"]
    assert squares["encoding"]["opacity"]["condition"]["param"] == "cell"
    assert "opacity" not in numbers["encoding"]


def test_runs_are_called_by_name_and_day_and_the_live_one_is_marked(shipped_copy: Path) -> None:
    live = store.production_run()
    assert run_names.with_live([live]) == {live.id: "best, 28 Nov (live)"}
    assert page().selectbox[0].options == ["best, 28 Nov (live)"]
    twin, other = another_run(1), another_run(2)
    notes.annotate(twin.id, name="twin")
    notes.annotate(other.id, name="twin")
    assert run_names.short([live, twin]) == {live.id: "best", twin.id: "twin"}
    assert run_names.short([twin, other])[twin.id].startswith("twin, 1 Jan, ")


def test_without_a_cell_the_page_offers_the_most_confused_ones(shipped_copy: Path) -> None:
    app = page()
    assert "Click a cell of the matrix" in words(app)
    offer = next(b for b in app.button if "→" in b.label)
    true, predicted = offer.label[0], offer.label[4]
    offer.click().run()
    assert not app.exception
    assert f"**{true} taken for {predicted}**" in words(app)
    assert app.query_params["cell"] == true + predicted


def test_a_cell_that_is_empty_says_so(shipped_copy: Path) -> None:
    app = page(cell="08")
    assert "**0 taken for 8**: not once." in words(app)
    assert "There is no such digit" not in words(app)


def test_a_cell_of_many_shows_some_and_then_more(shipped_copy: Path) -> None:
    needs("mnist.npz")
    app = page(cell="33")

    def shown() -> int:
        return sum(text.value.startswith("#") for text in app.caption)

    assert shown() == 12
    next(b for b in app.button if b.label.startswith("Show 24 more of")).click().run()
    assert shown() == 36


def test_scores_stand_below_in_a_tab_of_their_own(shipped_copy: Path) -> None:
    app = page()
    labels = [tab.label for tab in app.tabs]
    assert labels[:3] == ["The cell", "Hardest errors", "Suspected label errors"]
    assert labels[3:] == ["Scores", "Calibration", "Robustness", "Epoch by epoch"]
    assert sum(app.dataframe[0].value["support"]) == 10_000


def test_a_page_without_runs_leads_to_training(artifacts: Path) -> None:
    assert "less than a minute" in page().info[0].value


def test_robustness_without_pictures_says_what_it_needs(
    shipped_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_CNN_DATA", str(tmp_path))
    st.cache_data.clear()
    cache.forget_images()
    app = page(part="Robustness")
    assert "The curve needs the pictures of mnist-test" in words(app)
    assert "Draw a digit and move the slider." in words(app)
    st.cache_data.clear()
    cache.forget_images()


@pytest.fixture
def owner(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "actor", lambda: "the owner")


@pytest.mark.usefixtures("owner")
def test_learn_from_this_keeps_the_digit_with_its_own_label_and_undo_takes_it_back(
    shipped_copy: Path,
) -> None:
    needs("mnist.npz")
    app = page(image="2130")
    button(app, "Learn from this").click().run()
    (kept,) = corrections.load()
    assert (kept.label, kept.read, kept.run_id) == (4, 9, store.production_id())
    assert "Saved as a **4** (1 saved)." in words(app)
    button(app, "Undo").click().run()
    assert not app.exception
    assert corrections.load() == ()
    assert "Saved as" not in words(app)


@pytest.mark.usefixtures("owner")
def test_a_wrong_label_is_kept_as_what_the_person_says(shipped_copy: Path) -> None:
    needs("mnist.npz")
    app = page(image="2130")
    which = next(group for group in app.button_group if group.label == "Which digit is it?")
    assert "4" not in which.options
    which.select(9).run()
    assert not app.exception
    assert [kept.label for kept in corrections.load()] == [9]
    assert "Saved as a **9** (1 saved)." in words(app)


def test_what_a_correction_of_a_test_image_does_is_said() -> None:
    blank = np.zeros((28, 28), np.uint8)
    marked = [Correction(1, np.full_like(blank, shade)) for shade in range(40)]
    learnt = next(one for one in marked if not one.held_out)
    measured = next(one for one in marked if one.held_out)
    assert "looks a little better on mnist-test than it is" in label_doubts.saved(
        learnt, "mnist-test"
    )
    assert label_doubts.saved(learnt, "my batch").endswith("*Train* can learn from it.")
    assert "only measured on" in label_doubts.saved(measured, "mnist-test")


@pytest.mark.usefixtures("owner")
def test_a_full_disk_is_said(shipped_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs("mnist.npz")
    app = page(image="2130")
    with failing_disk(monkeypatch, 0, errno.ENOSPC):
        button(app, "Learn from this").click().run()
    assert not app.exception
    assert "No space left" in app.error[0].value


def test_a_visitor_looks_and_keeps_nothing(
    shipped_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs("mnist.npz")
    monkeypatch.setattr(auth, "actor", lambda: None)
    app = page(image="2130")
    assert "**Image #2130**" in words(app)
    assert "Learn from this" not in [b.label for b in app.button]


def test_charts_go_into_json(shipped_copy: Path) -> None:
    cells = layout.difference_cells(np.eye(10, dtype=np.int64), np.ones((10, 10), np.int64))
    assert json.dumps(matrix_charts.matrix_difference(cells).to_dict())


def test_the_address_names_the_run_by_its_id(shipped_copy: Path) -> None:
    live, other = store.production_id(), another_run().id
    assert page(run=other).selectbox[0].value == other
    assert page(run="gone").selectbox[0].value == live
    app = page()
    app.selectbox[0].select(other).run()
    assert app.query_params["run"] == other


@pytest.mark.browser
def test_undo_of_a_wrong_label_stays_undone(
    shipped_copy: Path, tmp_path: Path, chromium: Browser
) -> None:
    needs("mnist.npz")
    with browser.server(tmp_path / "log", MNIST_CNN_ARTIFACTS=str(shipped_copy)) as server:
        phone = chromium.new_page(viewport={"width": 390, "height": 844})
        phone.goto(f"{server.url}/Confusion_matrix?cell=49&image=2130{browser.OWNER}")
        phone.get_by_role("button", name="This label is wrong").click(timeout=30_000)
        phone.get_by_role("radio", name="9", exact=True).click()
        expect(phone.get_by_text("Saved as a 9 (1 saved)")).to_be_visible(timeout=30_000)
        phone.get_by_role("button", name="Undo").click()
        learn = phone.get_by_role("button", name="Learn from this")
        expect(learn).to_be_visible(timeout=30_000)
        phone.wait_for_timeout(500)
        expect(learn).to_be_visible()
        assert corrections.load() == ()
        phone.keyboard.press("Escape")
        expect(phone.get_by_role("dialog")).to_have_count(0)
        expect(phone).to_have_url(re.compile(r"\?cell=49$"))
        wide = "document.documentElement.scrollWidth"
        assert phone.evaluate(wide) == 390
        phone.close()


def test_shares_are_whole_percents_from_ten_on() -> None:
    cells = layout.matrix_cells([[1000, 0], [3, 97]], "% of row")
    assert cells["label"].tolist() == ["100", "0", "3", "97"]


def test_a_damaged_run_costs_no_other_runs_close_up(shipped_copy: Path) -> None:
    run = store.production_run()
    another_run(1, predictions_npz=b"PK cut short")
    found = page(run=run.id, image="3")
    assert not found.exception
    assert not any("damaged" in error.value for error in found.error)

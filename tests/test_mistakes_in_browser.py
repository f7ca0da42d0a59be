"""Mistakes as a person looks at them: click a cell, see its digits, send the link on."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.evaluation.robustness import CORRUPTIONS
from mnist_cnn.runs import notes, store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.runs.predictions import saved_logits
from tests.support import browser
from tests.support.artifacts import another_run, needs

pytestmark = pytest.mark.browser

expect.set_options(timeout=30_000)


def predictions() -> LabelledPredictions:
    run = store.production_run()
    readings = saved_logits(run)["mnist-test"]
    return LabelledPredictions.of(readings, load_classifier(run).calibration)


def click_cell(page: Page, true: int, read: int) -> None:
    page.locator(f'[aria-label^="Predicted digit: {read}; True digit: {true};"]').first.click(
        force=True
    )


@pytest.mark.data
def test_a_click_on_a_cell_shows_its_digits_and_the_link_shows_them_too(
    shipped_copy: Path, tmp_path: Path, chromium: Browser
) -> None:
    needs("mnist.npz")
    another_run()
    known = predictions()
    true, read, count = known.confused_pairs()[0]
    rows = known.in_cell(true, read)
    with browser.server(tmp_path / "log", MNIST_CNN_ARTIFACTS=str(shipped_copy)) as server:
        page = chromium.new_page(viewport={"width": 1280, "height": 1200})
        page.goto(f"{server.url}/Confusion_matrix")
        click_cell(page, true, read)
        expect(
            page.get_by_text(f"{true} taken for {read}, the most confident first")
        ).to_be_visible()
        numbers = page.get_by_text(re.compile(r"^#\d+ · \d+%$"))
        expect(numbers).to_have_count(count)
        shown = [int(text[1:].split(" ")[0]) for text in numbers.all_inner_texts()]
        assert shown == rows.tolist()

        page.get_by_role("button", name=f"{true} → {read}").first.click()
        expect(page.get_by_text(f"Image #{rows[0]}")).to_be_visible()
        expect(page.get_by_text("The training digits that look most like it")).to_be_visible()

        colleague = chromium.new_context().new_page()
        colleague.goto(page.url)
        expect(
            colleague.get_by_text(f"{true} taken for {read}, the most confident first")
        ).to_be_visible()
        expect(colleague.get_by_text(f"Image #{rows[0]}")).to_be_visible()


def test_back_shows_the_run_that_the_address_names(
    shipped_copy: Path, tmp_path: Path, chromium: Browser
) -> None:
    other = another_run()
    notes.annotate(other.id, name="other")
    live = store.production_id()
    with browser.server(tmp_path / "log", MNIST_CNN_ARTIFACTS=str(shipped_copy)) as server:
        page = chromium.new_page(viewport={"width": 1280, "height": 1200})
        page.goto(f"{server.url}/Confusion_matrix?run={live}")
        box = page.get_by_role("combobox", name=re.compile("Run"))
        expect(box).to_have_value(re.compile(r"\(live\)"))
        box.click()
        page.get_by_role("option", name=re.compile("^other")).click()
        expect(page).to_have_url(re.compile(other.id))
        expect(box).to_have_value(re.compile("other"))
        page.go_back()
        expect(box).to_have_value(re.compile(r"\(live\)"))


@pytest.mark.data
def test_a_stress_test_draws_its_curve_and_its_table(
    shipped_copy: Path, tmp_path: Path, chromium: Browser
) -> None:
    needs("mnist.npz")
    with browser.server(tmp_path / "log", MNIST_CNN_ARTIFACTS=str(shipped_copy)) as server:
        page = chromium.new_page(viewport={"width": 1280, "height": 1200})
        page.goto(f"{server.url}/Confusion_matrix")
        page.get_by_role("tab", name="Robustness").click()
        browser.click_button(page, "Noise")
        expect(page.get_by_text("A digit of your own: noise")).to_be_visible()
        measure = page.get_by_role("button", name="Run the test")
        expect(measure).to_have_count(1)
        measure.click()
        for amount in CORRUPTIONS["Noise"].amounts:
            point = page.locator(f'[aria-label^="Noise (of the contrast): {amount:g};"]')
            expect(point.first).to_be_attached()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        page.close()

"""Numbers, equations and batches as a person tries them, in a real Chromium."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_cnn.data import corrections
from tests.support import browser
from tests.support.browser import click_button, draw, draw_by_finger, on_canvas, settled
from tests.support.drawings import seven_png, written
from tests.support.files import zipped

pytestmark = pytest.mark.browser

expect.set_options(timeout=30_000)


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[browser.Server]:
    with browser.server(tmp_path_factory.mktemp("numbers") / "log") as started:
        yield started


@pytest.fixture(params=["desktop", "phone"])
def page(request, chromium: Browser, server: browser.Server) -> Iterator[Page]:
    phone = request.param == "phone"
    size = {"width": 360, "height": 740} if phone else {"width": 1280, "height": 900}
    agent = "Mozilla/5.0 (Linux; Android 14) Mobile" if phone else None
    context = chromium.new_context(
        viewport=size, has_touch=phone, is_mobile=phone, user_agent=agent
    )
    opened = context.new_page()
    opened.goto(f"{server.url}/Numbers_and_equations")
    opened.locator(browser.CANVAS).wait_for(timeout=30_000)
    opened.wait_for_timeout(500)
    yield opened
    context.close()


def hand(page: Page):
    """Draws with a finger or the mouse, lifting it for a moment after each stroke."""
    one = draw_by_finger if page.evaluate("navigator.maxTouchPoints") else draw

    def write(page: Page, strokes: list) -> None:
        for stroke in strokes:
            one(page, [stroke])
            page.wait_for_timeout(150)

    return write


def reads(page: Page, text: str) -> None:
    expect(page.locator("code").first).to_have_text(text)
    expect(page.get_by_role("button", name=f"Symbol 1: {text[0]}")).to_be_visible()


def test_an_equation_stroke_by_stroke_is_worked_out(page: Page) -> None:
    strokes = on_canvas(page, written("12+7="))
    hand(page)(page, strokes[:1])
    reads(page, "1")
    hand(page)(page, strokes[1:])
    reads(page, "12+7=19")
    expect(page.get_by_role("heading", name="12+7=19")).to_be_visible()
    answer = page.locator(".answer:not([hidden]) text")
    expect(answer).to_have_text("19")
    expect(answer).to_have_css("pointer-events", "none")
    canvas, place = browser.canvas_box(page), answer.bounding_box()
    assert canvas and place and place["x"] + place["width"] <= canvas["x"] + canvas["width"]
    click_button(page, "Undo")
    expect(answer).to_have_count(0)
    click_button(page, "Undo")
    reads(page, "12+7")
    click_button(page, "Clear")
    expect(page.get_by_text("Write a number or an equation")).to_be_visible()


def test_a_five_whose_bar_comes_last_and_a_crossed_seven(page: Page) -> None:
    bar, body = written("5")
    seven = [8 * np.array(p) + [85, 0] for p in ([(0, 0.0), (7, 0), (3, 10)], [(2, 5.0), (7, 5)])]
    body_first = [np.concatenate([bar[1:], body]), *seven, bar[:2]]
    hand(page)(page, on_canvas(page, body_first))
    reads(page, "57")


def test_a_symbol_is_put_right(page: Page) -> None:
    """By mouse or finger, a little beside its box; then by keys."""
    hand(page)(page, on_canvas(page, written("1+7=")))
    reads(page, "1+7=8")
    one = page.get_by_role("button", name="Symbol 1: ")
    one.scroll_into_view_if_needed()
    box, choices = one.bounding_box(), page.get_by_role("group", name="It is …")
    assert box
    at = box["x"] + box["width"] / 2, box["y"] + box["height"] + 5
    (page.touchscreen.tap if page.evaluate("navigator.maxTouchPoints") else page.mouse.click)(*at)
    expect(one).to_have_attribute("aria-expanded", "true")
    choices.get_by_role("button", name="4", exact=True).click()
    expect(page.get_by_role("heading", name="4+7=11")).to_be_visible()
    expect(page.locator(".answer:not([hidden]) text")).to_have_text("11")
    expect(choices).to_be_hidden()
    page.get_by_role("button", name="Take back 1 → 4").click()
    reads(page, "1+7=8")
    one.focus()
    page.keyboard.press("Enter")
    expect(choices.get_by_role("button", name="1", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(choices).to_be_hidden()
    expect(one).to_be_focused()


def put_right_first(page: Page, digit: str) -> None:
    """Types into the cell of the first row's digit."""
    page.get_by_test_id("stDataFrame").click(position={"x": 20, "y": 55})
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        page.wait_for_timeout(500)
        page.keyboard.press(key)
    cell = page.locator("#portal input")
    expect(cell).to_be_visible()
    cell.fill(digit)
    page.keyboard.press("Enter")


def exported(page: Page) -> list[str]:
    """The lines of the batch as CSV."""
    settled(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    return Path(download.value.path()).read_text().splitlines()


def test_a_zip_is_read_and_taken_away(
    chromium: Browser, server: browser.Server, tmp_path: Path
) -> None:
    members = [(f"7/{number}.png", seven_png()) for number in range(40)]
    (tmp_path / "a.zip").write_bytes(zipped(*members, ("7/bad.png", b"no")))
    page = chromium.new_page(viewport={"width": 1280, "height": 1400})
    page.goto(f"{server.url}/Batch")
    page.locator("input[type=file]").set_input_files(tmp_path / "a.zip")
    expect(page.get_by_role("button", name="Read them")).to_be_enabled()
    click_button(page, "Read them")
    expect(page.get_by_text("40 of 40 labelled digits are right")).to_be_visible()
    for _ in range(2):  # after an undo the same may be typed again
        put_right_first(page, "3")
        expect(page.get_by_text("1 correction by hand")).to_be_visible()
        assert exported(page)[1].startswith("7/0.png,3,")
        click_button(page, "Undo all of that")
        page.wait_for_timeout(1500)  # what was typed does not come back
        expect(page.get_by_text("correction by hand")).to_have_count(0)
    rows = exported(page)
    assert rows[0] == "item,digit,confidence,status,label,error"
    assert rows[1].startswith("7/0.png,7,") and rows[-1].startswith("7/bad.png,,")
    page.close()


def test_a_closed_tab_ends_its_batch(
    chromium: Browser, server: browser.Server, tmp_path: Path
) -> None:
    row = ",".join(["0"] * 300 + ["255"] * 60 + ["0"] * 424)
    (tmp_path / "many.csv").write_text(f"{row}\n" * 60_000)  # far more than five seconds' work
    page = chromium.new_page()
    page.goto(f"{server.url}/Batch")
    page.locator("input[type=file]").set_input_files(tmp_path / "many.csv")
    expect(page.get_by_role("button", name="Read them")).to_be_enabled()
    click_button(page, "Read them")
    expect(page.get_by_text("per second")).to_be_visible()
    page.close()
    process = psutil.Process(server.pid)

    def busy() -> float:
        """The share of a core that the server takes for a second."""
        return process.cpu_percent(interval=1) / 100

    for _ in range(5):
        if busy() < 0.2:
            break
    assert busy() < 0.2
    assert not process.children()


def test_corrections_and_a_labelled_batch_are_kept(
    chromium: Browser, tmp_path: Path, shipped_copy: Path
) -> None:
    members = [(f"{number % 2 + 7}/{number}.png", seven_png()) for number in range(40)]
    (tmp_path / "a.zip").write_bytes(zipped(*members))
    with browser.server(tmp_path / "log") as server:
        page = chromium.new_page(viewport={"width": 1280, "height": 1400})
        browser.open_page(page, f"{server.url}/{browser.OWNER}")
        draw(page, browser.SEVEN)
        browser.wait_for_answer(page, "7")
        page.get_by_role("radio", name="1", exact=True).click()
        expect(page.get_by_text("Saved as a 1 (1 saved)")).to_be_visible()
        page.get_by_role("radio", name="1", exact=True).click()
        expect(page.get_by_text("Taken back")).to_be_visible()
        assert corrections.load() == ()
        page.get_by_role("radio", name="7", exact=True).click()
        expect(page.get_by_text("Saved as a 7 (1 saved)")).to_be_visible()
        (kept,) = corrections.load()
        assert (kept.label, kept.read, len(kept.strokes)) == (7, 7, 1)

        page.goto(f"{server.url}/Batch")
        page.locator("input[type=file]").set_input_files(tmp_path / "a.zip")
        expect(page.get_by_role("button", name="Read them")).to_be_enabled()
        click_button(page, "Read them")
        expect(page.get_by_text("20 of 40 labelled digits are right")).to_be_visible()
        page.get_by_role("button", name="Keep", exact=True).click()
        page.get_by_role("link", name="40 digits kept").click()
        expect(
            page.locator('[aria-label^="Predicted digit: 7; True digit: 8;"]').first
        ).to_be_attached()
        expect(page.get_by_text("read right: 20 of 40").first).to_be_attached()
        page.close()


def test_two_digits_on_the_first_page_are_handed_on(
    chromium: Browser, server: browser.Server
) -> None:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    browser.open_page(page, server.url)
    draw(page, [[(60, 60), (100, 60), (80, 200)], [(190, 60), (190, 130), (190, 200)]])
    click_button(page, "Read it as a number")
    reads(page, "71")
    page.close()

"""The canvas: every corner takes ink, keys draw too, and a screen reader hears its name."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_cnn.data import corrections
from tests.support import browser
from tests.support.browser import (
    PHONE,
    SEVEN,
    click_button,
    draw,
    draw_by_finger,
    open_page,
    scaled,
    wait_for_answer,
)

pytestmark = [pytest.mark.slow, pytest.mark.browser]

INK = """([x, y]) => {
  const hosts = [...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')];
  const canvas = hosts.map(h => h.shadowRoot?.querySelector('.dc-canvas.lower-canvas'))
    .find(c => c);
  const ratio = canvas.width / canvas.clientWidth;
  return canvas.getContext('2d').getImageData(x * ratio, y * ratio, 1, 1).data[0];
}"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with browser.server(tmp_path_factory.mktemp("server") / "log") as server:
        yield server.url


@pytest.fixture(params=["desktop", "phone"])
def page(chromium: Browser, url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    phone = request.param == "phone"
    opened = chromium.new_page(**(PHONE if phone else {"viewport": {"width": 1280, "height": 800}}))
    open_page(opened, url)
    opened.wait_for_timeout(700)  # a phone tells its width, and the canvas takes it
    yield opened
    opened.close()


def stroke_at(page: Page, start: tuple[float, float]) -> None:
    """A short stroke downwards, by a finger or by a mouse that jumps there."""
    points = [[start, (start[0], start[1] + 40)]]
    (draw_by_finger if page.viewport_size["width"] < 640 else draw)(page, points)


def test_the_corner_that_the_toolbar_lay_on_takes_ink(page: Page) -> None:
    box = browser.canvas_box(page)
    width = box["width"]
    taken = 0
    for y in (3, 10, 18, 27):
        starts = [(width - 135 + 17 * number, y) for number in range(8)]
        for start in starts:
            stroke_at(page, start)
        taken += sum(page.evaluate(INK, [x, y + 20]) > 0 for x, y in starts)
        page.wait_for_timeout(400)
        click_button(page, "Clear")
        page.wait_for_timeout(400)
    assert taken == 32


def test_keys_draw_and_correct(
    chromium: Browser, artifacts: Path, shipped_copy: Path, tmp_path: Path
) -> None:
    with browser.server(tmp_path / "log", MNIST_CNN_ARTIFACTS=str(artifacts)) as server:
        page = chromium.new_page()
        open_page(page, f"{server.url}/{browser.OWNER}")
        area = page.get_by_role("application")
        assert str(area.get_attribute("aria-label")).startswith("Drawing area. ")
        area.focus()
        keys = ["Space", *["ArrowDown"] * 14, "Space"]
        for key in keys:
            page.keyboard.press(key)
        wait_for_answer(page, "1")
        page.keyboard.press("7")
        expect(page.get_by_text("Saved as a 7 (1 saved)")).to_be_visible()
        assert [correction.label for correction in corrections.load()] == [7]
        page.keyboard.press("Backspace")
        wait_for_answer(page, "–")
        page.close()


def test_a_phone_shows_canvas_answer_bars_and_correction_at_once(
    chromium: Browser, url: str
) -> None:
    page = chromium.new_page(**PHONE)
    open_page(page, url)
    page.wait_for_timeout(700)
    box = browser.canvas_box(page)
    assert box["width"] == PHONE["viewport"]["width"] - 32
    draw_by_finger(page, scaled(SEVEN, box["width"]))
    wait_for_answer(page, "7")
    page.evaluate("scrollTo(0, 0)")
    last = page.get_by_role("radio", name="9", exact=True).bounding_box()
    assert last["y"] + last["height"] <= PHONE["viewport"]["height"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()

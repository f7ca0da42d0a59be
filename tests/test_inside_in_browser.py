"""Look inside as a person uses it: draw, tap a map, ask why, send the link on."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.support import browser
from tests.support.browser import SEVEN, draw, wait_for_answer

pytestmark = pytest.mark.browser

expect.set_options(timeout=30_000)


def test_a_drawing_is_followed_through_the_network(tmp_path: Path, chromium: Browser) -> None:
    data = str(tmp_path / "no data")
    with browser.server(tmp_path / "log", MNIST_CNN_DATA=data) as server:
        page = chromium.new_page(viewport={"width": 1280, "height": 1200})
        browser.open_page(page, f"{server.url}/Look_inside")
        draw(page, SEVEN)
        wait_for_answer(page, "7")
        layers = page.locator(".map-sheet section")
        expect(layers).to_have_count(10)
        first = layers.first.get_by_role("button").first
        first.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        detail = page.locator(".map-sheet .detail")
        expect(detail).to_contain_text("of Convolution 1, 24 × 24, 16 maps")
        expect(detail).to_contain_text("5 × 5")
        page.get_by_text("Why this digit").click()
        expect(page.get_by_text("It holds 7 for")).to_be_visible()
        expect(page.get_by_role("img", name="The drawing; blue speaks for 7")).to_be_visible()
        page.get_by_role("button", name="Link to this view").click()
        address = page.get_by_test_id("stCode").inner_text().strip()

        colleague = chromium.new_page(viewport={"width": 1280, "height": 1200})
        colleague.goto(address)
        wait_for_answer(colleague, "7")
        expect(colleague.get_by_text("It holds 7 for")).to_be_visible()
        colleague.close()

        page.get_by_role("tab", name="Layer by layer").or_(
            page.get_by_text("Layer by layer")
        ).first.click()
        page.get_by_role("button", name="Find the test digits that excite it most").click()
        exciting = page.locator(".map-sheet .detail a").first
        expect(exciting).to_be_visible(timeout=120_000)
        page.evaluate("window.sameSession = true")
        exciting.click()
        expect(page).to_have_url(re.compile("Confusion_matrix.*image="))
        expect(page.get_by_text(re.compile(r"^Image #\d+"))).to_be_visible()
        assert page.evaluate("window.sameSession"), "the page was not loaded anew"
        page.close()

"""A hand that is taught on a phone, and a second visitor who notices nothing."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support import browser, hands

pytestmark = pytest.mark.browser


def write_on_home(page: Page, label: int, seed: int) -> str:
    """What is read of a digit in this hand, once the page has settled."""
    expect(page.locator(browser.CANVAS)).to_have_count(1)
    browser.settled(page)
    browser.click_button(page, "Clear")
    browser.settled(page)
    box = browser.canvas_box(page)
    browser.draw_by_finger(page, hands.on_screen(label, box["width"], seed))
    page.wait_for_timeout(1200)
    return browser.answer(page)


def test_a_hand_is_taught_on_a_phone_and_read_by_nobody_else(
    chromium: Browser, shipped_copy: Path, tmp_path: Path
) -> None:
    seconds = 30_000
    with browser.server(tmp_path / "log") as server:
        phone = chromium.new_context(**browser.PHONE).new_page()
        browser.open_page(phone, server.url)
        assert write_on_home(phone, 0, 9) != "0" and write_on_home(phone, 1, 9) != "1"
        browser.open_page(phone, f"{server.url}/My_handwriting")
        hands.teach(phone, browser.draw_by_finger)
        expect(phone.get_by_text("Done. Without your hand")).to_be_visible(timeout=seconds)
        expect(phone.get_by_text("Write each digit a second")).to_be_visible(timeout=seconds)
        phone.get_by_text("Try it on Home").click()
        for label in (0, 1, 9):
            assert write_on_home(phone, label, 9) == str(label)
        expect(phone.get_by_text("with your hand (10 drawings)")).to_be_visible(timeout=seconds)
        other = chromium.new_context(**browser.PHONE).new_page()
        browser.open_page(other, server.url)
        assert write_on_home(other, 0, 9) != "0"
        assert other.get_by_text("with your hand").count() == 0


def test_skip_take_back_and_a_slip_of_the_pen(
    chromium: Browser, shipped_copy: Path, tmp_path: Path
) -> None:
    with browser.server(tmp_path / "log") as server:
        page = chromium.new_page()
        browser.open_page(page, f"{server.url}/My_handwriting")
        asked = page.get_by_label("Asked for")
        first = asked.inner_text()
        browser.draw(page, [[(150, 150), (152, 151)]])
        expect(page.get_by_text("too little ink")).to_be_visible()
        assert asked.inner_text() == first
        browser.click_button(page, "Skip it")
        expect(asked).not_to_have_text(first)
        second = asked.inner_text()
        page.wait_for_timeout(400)
        hands.teach(page, browser.draw, 1)
        expect(page.get_by_text("1 of 10 digits written")).to_be_visible()
        browser.click_button(page, "Take the last back")
        expect(asked).to_have_text(second)
        expect(page.get_by_text("0 of 10 digits written")).to_be_visible()


def test_from_a_correction_on_a_phone_the_next_digit_still_comes_by_itself(
    chromium: Browser, shipped_copy: Path, tmp_path: Path
) -> None:
    """The page before must not keep what happens on the next page's canvas."""
    with browser.server(tmp_path / "log") as server:
        phone = chromium.new_context(**browser.PHONE).new_page()
        browser.open_page(phone, f"{server.url}/{browser.OWNER}")
        write_on_home(phone, 0, 9)
        phone.get_by_role("radio", name="0", exact=True).tap()
        phone.get_by_text("Teach it now").tap()
        expect(phone.get_by_label("Asked for")).to_be_visible(timeout=30_000)
        expect(phone.locator(browser.CANVAS)).to_have_count(1)
        phone.wait_for_timeout(1000)
        hands.teach(phone, browser.draw_by_finger, 1)
        expect(phone.get_by_text("1 of 10 digits written")).to_be_visible()

"""Nothing on a page of ours keeps people out, as far as axe-core can tell."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from mnist_cnn.ink import stroke_links
from tests.support import browser, drawings
from tests.support.browser import OWNER, PHONE, SEVEN, draw, draw_by_finger, wait_for_answer

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PAGES = (
    "",
    "Numbers_and_equations",
    "Batch",
    "Train",
    "Training_runs",
    "Confusion_matrix",
    "Compare_models",
    "My_handwriting",
    "Look_inside",
    f"Look_inside?see=Why+this+digit&ink={stroke_links.packed(drawings.SEVEN)}",
)
STREAMLITS_OWN = {("color-contrast", "st-emotion-cache")}
"""Findings of Streamlit's own widgets, such as the white words of a multiselect's chips: the rule,
and what is in the markup of theirs and of nothing of ours."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with browser.server(tmp_path_factory.mktemp("server") / "log") as server:
        yield server.url


def serious(page: Page) -> list[str]:
    """What axe-core finds serious or critical, less what is Streamlit's own."""
    return [
        f"{found['id']}: {node['html'][:120]}"
        for found in Axe().run(page).response["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
        if not any(found["id"] == rule and own in node["html"] for rule, own in STREAMLITS_OWN)
    ]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("device", ["desktop", "phone"])
def test_no_serious_finding_of_ours(chromium: Browser, url: str, device: str, path: str) -> None:
    look = PHONE if device == "phone" else {"viewport": {"width": 1280, "height": 800}}
    page = chromium.new_page(**look)
    page.goto(f"{url}/{path}{OWNER}")
    page.get_by_test_id("stMain").wait_for()
    page.wait_for_timeout(2500)
    browser.settled(page)  # what is being made anew is faded
    if not path:
        (draw_by_finger if device == "phone" else draw)(page, SEVEN)
        wait_for_answer(page, "7")
    if "ink=" in path:
        page.locator(".figure-of-ours").wait_for()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "sideways"
    page.close()


def test_words_on_the_accent_are_dark(chromium: Browser, url: str) -> None:
    page = chromium.new_page()
    page.goto(f"{url}/Train{OWNER}")
    button = page.get_by_role("button", name="Start", exact=True)
    button.wait_for()
    colour = button.locator("p").evaluate("words => getComputedStyle(words).color")
    assert colour == "rgb(14, 17, 23)"
    page.close()

"""How fast Look inside answers pen, keys and clicks, for `benchmarks/pages.py`."""

import functools
import itertools
import random
import time
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page

from benchmarks.medians import median_ms
from mnist_cnn.runs import store
from mnist_cnn.runs.snapshots import SNAPSHOTS
from tests.support import browser

MAPS_DRAWN = """old => { const now = document.querySelector('.map-sheet .tiles')
?.style.getPropertyValue('--sprite'); return now && now !== old; }"""
EVIDENCE_DRAWN = """old => { const now = document.querySelector('.figure-of-ours')?.innerHTML;
return now && now !== old; }"""


def looked_inside(page: Page, mark: str, changed: str) -> float:
    """Seconds from pen-up until what a section shows of the drawing is another."""
    old = page.evaluate(mark)
    ends = [(random.uniform(30, 230), random.uniform(30, 230)) for _ in range(3)]
    browser.draw(page, [ends])
    began = time.perf_counter()
    page.wait_for_function(changed, arg=old)
    return time.perf_counter() - began


def stepped(page: Page, way: str) -> float:
    """Seconds from an arrow key on the slider over snapshots until the maps of then are there."""
    mark = "document.querySelector('.map-sheet .tiles').style.getPropertyValue('--sprite')"
    old = page.evaluate(mark)
    page.get_by_role("slider").last.focus()
    began = time.perf_counter()
    page.keyboard.press(way)
    page.wait_for_function(MAPS_DRAWN, arg=old)
    return time.perf_counter() - began


def there_and_back(page: Page, measure: Callable[[Page, str], float]) -> Callable[[], float]:
    """The measure with one arrow key and the other in turn: the ends are never run into."""
    ways = itertools.cycle(("ArrowRight", "ArrowLeft"))
    return lambda: measure(page, next(ways))


def dots_drawn(page: Page) -> float:
    """Seconds from the choice of the section until the dots are drawn."""
    page.get_by_text("Why this digit").click()
    page.locator(".digit-plane").wait_for(state="detached")
    began = time.perf_counter()
    page.get_by_text("Among others").click()
    page.wait_for_function("document.querySelector('.digit-plane canvas')?.width > 300")
    return time.perf_counter() - began


def dot_clicked(page: Page, way: str) -> float:
    """Seconds from Enter on the next dot in the way of an arrow key until the digit is shown."""
    plane = page.locator(".digit-plane canvas")
    plane.focus()
    page.keyboard.press(way)
    old = page.url
    began = time.perf_counter()
    page.keyboard.press("Enter")
    page.wait_for_function("old => location.href !== old", arg=old)
    row = parse_qs(urlsplit(page.url).query)["image"][0]
    page.get_by_text(f"Test digit #{row}").wait_for()
    return time.perf_counter() - began


def inside(page: Page, url: str, times: int) -> Iterator[tuple[str, float, float]]:
    """Look inside, in the run in production; the slider in one that keeps snapshots, if any."""
    browser.open_page(page, f"{url}/Look_inside")
    browser.draw(page, browser.SEVEN)
    page.locator(".map-sheet").wait_for()
    sprite = "document.querySelector('.map-sheet .tiles')?.style.getPropertyValue('--sprite')"
    measure = functools.partial(looked_inside, page, sprite, MAPS_DRAWN)
    yield "Look inside, pen-up → maps of all layers", median_ms(times, measure), 700
    page.get_by_text("Why this digit").click()
    page.locator(".figure-of-ours").wait_for()
    inner = "document.querySelector('.figure-of-ours')?.innerHTML"
    measure = functools.partial(looked_inside, page, inner, EVIDENCE_DRAWN)
    yield "Look inside, pen-up → evidence", median_ms(times, measure), 700
    page.get_by_text("Among others").click()
    page.locator(".digit-plane").wait_for(timeout=600_000)
    yield "Look inside, the plane of digits", median_ms(times, lambda: dots_drawn(page)), 1500
    yield "Look inside, a click on a dot", median_ms(times, there_and_back(page, dot_clicked)), 400
    kept = [run.id for run in store.list_runs() if SNAPSHOTS in run.manifest["sha256"]]
    if kept:
        browser.open_page(page, f"{url}/Look_inside?see=How+it+learned&run={kept[0]}")
        browser.draw(page, browser.SEVEN)
        page.locator(".map-sheet").wait_for()
        yield (
            "Look inside, a step of the slider",
            median_ms(times, there_and_back(page, stepped)),
            300,
        )

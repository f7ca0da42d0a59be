"""How fast the pages are, in Chromium. Prints a Markdown table.

    python -m benchmarks.pages [--times 9]

Pages are opened by their address, in a browser that has seen the dashboard before.
"""

import functools
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.clicks_inside import inside
from benchmarks.medians import median_ms
from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from mnist_cnn.data import mnist
from mnist_cnn.evaluation import robustness
from mnist_cnn.runs import serving, store
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.training import jobs
from tests.support import browser
from tests.support.artifacts import another_run

CELL = '[aria-label^="Predicted digit: {}; True digit: {};"]'
PAINTED = {
    "": browser.CANVAS,
    "Numbers_and_equations": browser.CANVAS,
    "Batch": "[data-testid=stFileUploader]",
    "Train": "[class*='st-key-primary']",
    "Training_runs": "[data-testid=stDataFrame]",
    "Confusion_matrix": CELL.format(7, 2),
    "Compare_models": browser.CANVAS,
    "My_handwriting": browser.CANVAS,
    "Look_inside": browser.CANVAS,
}
"""What each page is about, by its address."""
MANY = 5000
"""Runs in the table that is timed."""
ON_SCREEN = "mark => document.querySelector(mark)?.getBoundingClientRect().width > 0"
DIGITS_OF_CELL = """() => [...document.querySelectorAll('p')].some(
    p => p.innerText.startsWith('2 taken for 7')
) && [...document.querySelectorAll('button')].some(b => b.innerText.includes('2 → 7'))"""


def painted(page: Page, url: str, mark: str) -> float:
    """Seconds from the navigation until something is on screen, looked for in every frame."""
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_function(ON_SCREEN, arg=mark)
    return time.perf_counter() - began


def clicked(page: Page, url: str) -> float:
    """Seconds from the click on a cell until its digits are on screen."""
    painted(page, url, CELL.format(7, 2))
    page.wait_for_timeout(700)
    began = time.perf_counter()
    page.locator(CELL.format(7, 2)).first.click(force=True)
    page.wait_for_function(DIGITS_OF_CELL)
    return time.perf_counter() - began


def robustness_seconds(kind: str, images: int) -> float:
    """What a curve costs on so many images: seconds for one setting."""
    test = mnist.load_mnist().test
    classifier = serving.classifier_of(store.production_run(), int8=True)
    rows = np.random.default_rng(0).permutation(len(test))[:images]
    began = time.perf_counter()
    points = list(robustness.accuracy_curve(classifier, test.images[rows], test.labels[rows], kind))
    return (time.perf_counter() - began) / len(points)


def in_canvases(page: Page, url: str, mark: str) -> float:
    """The same for what lies in a canvas, where a selector of the page does not reach."""
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(mark).first.wait_for()
    return time.perf_counter() - began


def first_paints(page: Page, url: str, times: int) -> Iterator[tuple[str, float, float]]:
    for name, mark in PAINTED.items():
        show = in_canvases if mark == browser.CANVAS else painted
        value = median_ms(times, functools.partial(show, page, f"{url}/{name}", mark))
        yield f"{name.replace('_', ' ') or 'Home'}, first paint", value, 1000


def mistakes(page: Page, url: str, times: int) -> Iterator[tuple[str, float, float]]:
    confusion = f"{url}/Confusion_matrix"
    yield "click on a cell → its digits", median_ms(times, lambda: clicked(page, confusion)), 400
    four = [str(store.production_id()), *(another_run(number).id for number in (1, 2, 3))]
    compare = f"{url}/Compare_models?" + "&".join(f"runs={run}" for run in four)
    paint = median_ms(times, lambda: in_canvases(page, compare, browser.CANVAS))
    yield "Compare models with four runs, first paint", paint, 1500


def ended(page: Page, url: str) -> float:
    """Seconds from a training's last file until its end card is on screen."""
    job = jobs.start(["--preset", "quick", "--data", "bundled-digits"], "a benchmark")
    page.goto(f"{url}/Train")
    while not (store.new_folder(job.id) / "run.json").exists():
        page.wait_for_timeout(5)
    began = time.perf_counter()
    page.get_by_text("All about this run").wait_for()
    return time.perf_counter() - began


def end_cards(page: Page, url: str, times: int) -> Iterator[tuple[str, float, float]]:
    yield "run whole → its end card", median_ms(times, lambda: ended(page, url)), 1000


def many_runs(page: Page, url: str, times: int, count: int) -> Iterator[tuple[str, float, float]]:
    """A table of so many runs, all but a few of which are links to one."""
    source = store.production_run()
    for number in range(count):
        folder = store.new_folder(f"20260101-{number:06d}-{number:06x}")
        folder.mkdir(parents=True)
        for path in source.folder.iterdir():
            (folder / path.name).hardlink_to(path)
    mark = PAINTED["Training_runs"]
    value = median_ms(times, lambda: painted(page, f"{url}/Training_runs", mark))
    yield f"Training runs, a table of {count:,}", value, 1000


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--images", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=MANY)
    options = shortened(parser.parse_args(), times=2, images=250, runs=200)
    times, images = options.times, options.images
    print("| medians | measured | at most |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        artifacts = Path(name) / "artifacts"
        shutil.copytree(PROJECT_FOLDER / "artifacts", artifacts)
        os.environ["MNIST_CNN_ARTIFACTS"] = str(artifacts)
        with browser.server(Path(name) / "log") as server:
            chromium = browser.launch(playwright)
            assert chromium
            page = chromium.new_page(viewport={"width": 1280, "height": 1200})
            browser.unlock(page, server.url)
            for rows in (
                first_paints(page, server.url, times),
                inside(page, server.url, times),
                mistakes(page, server.url, times),
                end_cards(page, server.url, times),
                many_runs(page, server.url, times, options.runs),
            ):
                for what, value, most in rows:
                    print(f"| {what} | {value:.0f} ms | {most:,.0f} ms |", flush=True)
            chromium.close()
        for kind in robustness.CORRUPTIONS:
            twenty = 20 * robustness_seconds(kind, images) * 2000 / images
            print(f"| robustness: {kind}, 2,000 images × 20 settings | {twenty:.1f} s | 5 s |")
    print(f"\n{times} times each, {os.cpu_count()} cores, Python {platform.python_version()}.")


if __name__ == "__main__":
    main()

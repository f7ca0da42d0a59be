"""How fast the pages about mistakes are, in Chromium. Prints a Markdown table.

    python -m benchmarks.pages [--times 9]

Pages are opened by their address, in a browser that has seen the dashboard before.
"""

import os
import platform
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from mnist_cnn.data import mnist
from mnist_cnn.evaluation import robustness
from mnist_cnn.runs import serving, store
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser
from tests.support.artifacts import another_run

CELL = '[aria-label^="Predicted digit: {}; True digit: {};"]'
ON_SCREEN = "mark => document.querySelector(mark)?.getBoundingClientRect().width > 0"
DIGITS_OF_CELL = """() => [...document.querySelectorAll('p')].some(
    p => p.innerText.startsWith('2 taken for 7')
) && [...document.querySelectorAll('button')].some(b => b.innerText.includes('2 → 7'))"""


def median_ms(times: int, measure: Callable[[], float]) -> float:
    measure()  # the first one loads packages and fills caches
    return 1000 * statistics.median(measure() for _ in range(times))


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


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--times", type=int, default=9)
    parser.add_argument("--images", type=int, default=2000)
    options = shortened(parser.parse_args(), times=2, images=250)
    times, images = options.times, options.images
    print("| medians | measured | at most |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        artifacts = Path(name) / "artifacts"
        shutil.copytree(PROJECT_FOLDER / "artifacts", artifacts)
        os.environ["MNIST_CNN_ARTIFACTS"] = str(artifacts)
        four = [str(store.production_id()), *(another_run(number).id for number in (1, 2, 3))]
        with browser.server(Path(name) / "log") as server:
            chromium = browser.launch(playwright)
            assert chromium
            page = chromium.new_page(viewport={"width": 1280, "height": 1200})
            confusion = f"{server.url}/Confusion_matrix"
            value = median_ms(times, lambda: painted(page, confusion, CELL.format(7, 2)))
            print(
                f"| confusion page, 10,000 predictions, first paint | {value:.0f} ms | 1,000 ms |"
            )
            value = median_ms(times, lambda: clicked(page, confusion))
            print(f"| click on a cell → its digits | {value:.0f} ms | 400 ms |")
            compare = f"{server.url}/Compare_models?" + "&".join(f"runs={r}" for r in four)
            value = median_ms(times, lambda: painted(page, compare, CELL.format(7, 2)))
            print(f"| compare page with four runs, first paint | {value:.0f} ms | 1,500 ms |")
            chromium.close()
        for kind in robustness.CORRUPTIONS:
            twenty = 20 * robustness_seconds(kind, images) * 2000 / images
            print(f"| robustness: {kind}, 2,000 images × 20 settings | {twenty:.1f} s | 5 s |")
    print(f"\n{times} times each, {os.cpu_count()} cores, Python {platform.python_version()}.")


if __name__ == "__main__":
    main()

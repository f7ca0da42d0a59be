"""How fast a drawing is read, and how much memory that takes, beside the app that tutorials teach.

    python -m benchmarks.live [--strokes 40] [--many 500]

Both apps run the network in production, on this machine, in turn. Prints a Markdown table.
"""

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.models.pipeline import predict_strokes
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser

STROKES = [
    [(80, 60), (150, 56), (215, 60), (190, 115), (155, 180), (135, 235)],
    [(90, 90), (140, 50), (190, 90), (170, 150), (90, 230), (200, 230)],
    [(140, 40), (90, 90), (80, 170), (130, 230), (190, 180), (180, 90), (140, 45)],
    [(140, 40), (138, 120), (142, 180), (140, 240)],
]
OURS, NAIVE = "Home.py", "benchmarks/naive_app.py"
BARS = """[...document.querySelectorAll('svg path[aria-label]')]
    .map(bar => bar.getAttribute('aria-label')).join()"""
WATCH = """() => {
    const seen = () => SEEN;
    const watched = {before: seen(), penUp: 0, changed: 0};
    window.watched = watched;
    document.addEventListener('pointerup', () => watched.penUp = performance.now(),
                              {capture: true, once: true});
    const observer = new MutationObserver(() => {
        if (watched.penUp && seen() !== watched.before) {
            watched.changed = performance.now();
            observer.disconnect();
        }
    });
    observer.observe(document, {subtree: true, childList: true, attributes: true});
}"""


def milliseconds(function: Callable[[], object], times: int) -> float:
    function()
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        spent.append(time.perf_counter() - began)
    return 1000 * statistics.median(spent)


def in_the_server(classifier: Classifier, model_path: Path) -> tuple[float, float]:
    """Strokes → ten probabilities, ours, and the same network by `model.predict`: ms each."""
    strokes = [np.array(STROKES[0], float)]
    ours = milliseconds(lambda: predict_strokes(classifier, strokes), 300)
    import keras

    model = keras.models.load_model(model_path, compile=False)
    image = predict_strokes(classifier, strokes).image[None, :, :, None]
    return ours, milliseconds(lambda: model.predict(image, verbose=0), 50)


def pen_up_to(seen: str, page: Page, stroke: Sequence[tuple[float, float]]) -> float:
    """From the end of a stroke to a change of what a JavaScript expression sees: ms."""
    page.evaluate(WATCH.replace("SEEN", seen))
    browser.draw(page, [stroke])
    page.wait_for_function("() => window.watched.changed > 0", timeout=20_000)
    spent = page.evaluate("() => window.watched.changed - window.watched.penUp")
    page.wait_for_timeout(350)
    return float(spent)


def strokes_in_turn(chromium: Browser, urls: dict[str, str], count: int) -> dict[str, list[float]]:
    """Digits of one stroke on each app in turn, where it has a Clear each on an empty canvas."""
    spent: dict[str, list[float]] = {app: [] for app in urls}
    pages = {app: chromium.new_page(viewport={"width": 1280, "height": 900}) for app in urls}
    for app, url in urls.items():
        browser.open_page(pages[app], url)
    for drawing in range(-1, count):
        for app, page in pages.items():
            spent_ms = pen_up_to(BARS, page, STROKES[drawing % len(STROKES)])
            spent[app] += [spent_ms] if drawing >= 0 else []  # the first is for warming up
            clear = page.locator("button").filter(has_text="Clear")
            if clear.count():
                clear.click()
                page.wait_for_timeout(700)  # an empty canvas, and a page that has settled
    for page in pages.values():
        page.close()
    return spent


def first_answer(chromium: Browser, app: str, folder: Path) -> float:
    """From the start of a new server process to the first answer on screen: seconds."""
    began = time.perf_counter()
    with browser.server(folder / "start.log", PROJECT_FOLDER / app) as server:
        page = chromium.new_page(viewport={"width": 1280, "height": 900})
        page.goto(server.url)
        page.locator(browser.CANVAS).wait_for(timeout=60_000)
        while page.locator("[aria-label=Answer]").count() == 0:
            page.wait_for_timeout(20)
        answered = False
        while not answered:  # a canvas takes strokes a moment after it is shown
            browser.draw(page, [STROKES[0]])
            for _ in range(30):
                answered = browser.answer(page) != "–"
                if answered:
                    break
                page.wait_for_timeout(20)
        spent = time.perf_counter() - began
        page.close()
    return spent


def memory_mb(pid: int) -> float:
    return psutil.Process(pid).memory_info().rss / 2**20


def drawings(chromium: Browser, url: str, pid: int, marks: list[int]) -> list[float]:
    """Memory of the server after so many drawings in one session: MB."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    found = []
    browser.open_page(page, url)
    for number in range(1, marks[-1] + 1):
        browser.draw(page, [STROKES[number % len(STROKES)]])
        page.wait_for_timeout(230)  # nearer strokes would be read as one
        if number % 25 == 0:  # a new visitor
            page.reload()
            browser.open_page(page, url)
        if number in marks:
            found.append(memory_mb(pid))
    page.close()
    return found


def in_the_browser(
    chromium: Browser, folder: Path, options: argparse.Namespace
) -> Iterator[tuple[str, str, float, float]]:
    """What, its unit, ours and the naive app's."""
    both = {app: PROJECT_FOLDER / app for app in (OURS, NAIVE)}
    start = {
        app: [first_answer(chromium, app, folder) for _ in range(options.starts)] for app in both
    }
    yield "new process → first answer on screen", "s", *medians(start)
    with (
        browser.server(folder / "ours.log", both[OURS]) as ours,
        browser.server(folder / "naive.log", both[NAIVE]) as naive,
    ):
        urls = {OURS: ours.url, NAIVE: naive.url}
        strokes = strokes_in_turn(chromium, urls, options.strokes)
    yield "pen-up → changed bars on screen", "ms", *medians(strokes)
    memory = {}
    for app, script in both.items():
        with browser.server(folder / "memory.log", script) as server:
            memory[app] = drawings(chromium, server.url, server.pid, [options.drawings])
    yield f"memory of the server after {options.drawings} drawings", "MB", *medians(memory)


def medians(values: dict[str, list[float]]) -> tuple[float, float]:
    return statistics.median(values[OURS]), statistics.median(values[NAIVE])


def growth(chromium: Browser, folder: Path, many: int) -> str:
    marks = sorted({many // 10, many // 2, many})
    with browser.server(folder / "growth.log", PROJECT_FOLDER / OURS) as server:
        memory = drawings(chromium, server.url, server.pid, marks)
    said = ", ".join(f"{m:.0f} MB after {n}" for n, m in zip(marks, memory, strict=True))
    return f"Memory of this app: {said} drawings."


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--strokes", type=int, default=40, help="timed strokes on each app")
    parser.add_argument("--many", type=int, default=500, help="drawings for the growth of memory")
    parser.add_argument("--starts", type=int, default=3, help="new processes of each app")
    parser.add_argument("--drawings", type=int, default=50, help="for the memory of each app")
    options = shortened(parser.parse_args(), strokes=3, many=20, starts=1, drawings=10)
    run = store.production_run()
    model_path = run.folder / "model.keras"
    os.environ |= {"NAIVE_MODEL": str(model_path), "TF_CPP_MIN_LOG_LEVEL": "3"}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        chromium = browser.launch(playwright)
        assert chromium, "no Chromium here"
        rows = list(in_the_browser(chromium, Path(folder), options))
        grown = growth(chromium, Path(folder), options.many)
    in_server = in_the_server(load_classifier(run), model_path)
    rows.insert(0, ("strokes → ten probabilities, in the server", "ms", *in_server))
    print("| medians of one run | this app | the naive way | ratio |\n|---|---|---|---|")
    for what, unit, ours, naive in rows:
        print(f"| {what} | {ours:.3g} {unit} | {naive:.3g} {unit} | {ours / naive:.3f} |")
    print(f"\n{grown} {options.strokes} strokes each, {os.cpu_count()} cores,")
    print(f"Python {platform.python_version()}, run {run.id}.")


if __name__ == "__main__":
    main()

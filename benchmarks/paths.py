"""Films three first-timers' paths through the dashboard, step by step, to be looked at.

    python -m benchmarks.paths [--output FOLDER] [--quick]

    corners    on a phone: from every corner → wrong → corrected → saved → taken back
    training   on a laptop: train → watch → compare → let it answer → roll back
    batch      a ZIP of 500 → two wrong → put right → kept → confusion matrix

Each step waits for what its person waits for, so that a dead end ends the film, and prints the
seconds that it took. The artifacts are a copy.
"""

import io
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.options import parser as quick_parser
from mnist_cnn.data import bundled_digits
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser
from tests.support.browser import PHONE, SEVEN, click_button, draw_by_finger, open_page, scaled
from tests.support.files import zipped

LAPTOP = {"viewport": {"width": 1280, "height": 800}}
TRAINING_SECONDS = 180
CORNERS = ((0.03, 0.03), (0.97, 0.03), (0.03, 0.9), (0.97, 0.9))
"""As shares of the canvas' side."""


class Film:
    """The screen after each step, with the seconds that it took."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self._folder, self._frames = page, folder, list[Image.Image]()
        folder.mkdir(parents=True, exist_ok=True)
        self._began = time.perf_counter()

    def step(self, words: str) -> None:
        seconds = time.perf_counter() - self._began
        self.page.wait_for_timeout(700)  # what is left of an animation
        shot = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        number = len(self._frames) + 1
        shot.save(self._folder / f"{number:02d} {words}.png")
        self._frames.append(shot.resize((round(shot.width * 600 / shot.height), 600)))
        print(f"| {self._folder.name} | {number}. {words} | {seconds:.1f} s |", flush=True)
        self._began = time.perf_counter()

    def save(self) -> None:
        first, *others = self._frames
        first.save(
            self._folder.with_suffix(".gif"),
            save_all=True,
            append_images=others,
            duration=1500,
            loop=0,
        )


def corners(film: Film, url: str) -> None:
    page = film.page
    open_page(page, url)
    page.wait_for_timeout(700)
    film.step("the first sight")
    box = page.locator(browser.CANVAS).bounding_box()
    assert box
    side = box["width"]
    for number, (x, y) in enumerate(CORNERS, 1):
        start = (x * side, y * side)
        draw_by_finger(page, [[start, (side / 2, side / 2)]])
        page.wait_for_timeout(500)
        film.step(f"a stroke from corner {number}")
    click_button(page, "Clear")
    page.wait_for_timeout(500)
    draw_by_finger(page, scaled(SEVEN, side))
    browser.wait_for_answer(page, "7")
    film.step("a seven is read")
    page.get_by_role("radio", name="1", exact=True).click()
    page.get_by_text("Saved as a 1").wait_for()
    film.step("it was a one and is saved as one")
    page.get_by_role("radio", name="1", exact=True).click()
    page.get_by_text("Taken back").wait_for()
    film.step("taken back")


def batch(film: Film, url: str) -> None:
    page = film.page
    digits = bundled_digits.load_bundled_digits().train
    rows = np.arange(500) % len(digits)
    labels = digits.labels[rows].copy()
    labels[:2] = (labels[:2] + 1) % 10
    members = [
        (f"{label}/{number}.png", png(digits.images[row]))
        for number, (row, label) in enumerate(zip(rows, labels, strict=True))
    ]
    page.goto(f"{url}/Batch")
    page.locator("input[type=file]").wait_for(state="attached")
    film.step("the empty page")
    upload = {"name": "digits.zip", "mimeType": "application/zip", "buffer": zipped(*members)}
    page.locator("input[type=file]").set_input_files(upload)
    page.get_by_role("button", name="Read them").click()
    page.get_by_text("Accuracy").first.wait_for()
    film.step("five hundred are read")
    page.get_by_text("Wrong", exact=False).first.click()
    film.step("those that are wrong")


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(255 - image).save(file, "PNG")
    return file.getvalue()


def training(film: Film, url: str) -> None:
    page = film.page
    page.goto(f"{url}/Train")
    page.get_by_role("button", name="Start", exact=True).wait_for()
    film.step("the presets")


PATHS: dict[str, tuple[dict, Callable[[Film, str], None]]] = {
    "corners": (PHONE, corners),
    "training": (LAPTOP, training),
    "batch": (LAPTOP, batch),
}


def walk(chromium: Browser, name: str, folder: Path) -> None:
    look, path = PATHS[name]
    with tempfile.TemporaryDirectory() as scratch:
        artifacts = Path(scratch) / "artifacts"
        shutil.copytree(PROJECT_FOLDER / "artifacts", artifacts)
        environment = {"MNIST_CNN_ARTIFACTS": str(artifacts), "MNIST_CNN_DATA": scratch}
        with browser.server(Path(scratch) / "log", **environment) as server:
            page = chromium.new_page(**look)
            page.set_default_timeout(60_000)
            film = Film(page, folder / name)
            path(film, server.url)
            film.save()
            page.close()


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="default: thrown away")
    parser.add_argument("paths", nargs="*", choices=[*PATHS, []], default=[])
    options = parser.parse_args()
    print("| path | step | after |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        chromium = browser.launch(playwright)
        assert chromium, browser.NO_BROWSER
        for name in options.paths or (["corners"] if options.quick else PATHS):
            walk(chromium, name, options.output or Path(scratch))
        chromium.close()


if __name__ == "__main__":
    main()

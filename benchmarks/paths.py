"""Films three first-timers' paths through the dashboard, step by step, to be looked at.

    python -m benchmarks.paths [--output FOLDER] [--quick]

    corners    on a phone: from every corner → wrong → corrected → saved → taken back
    training   on a laptop: train → watch → compare → let it answer → roll back
    batch      a ZIP of 500 → two wrong → put right → kept → confusion matrix

Each step waits for what its person waits for, so that a dead end ends the film, and prints the
seconds that it took. The artifacts are a copy.
"""

import io
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from benchmarks.options import parser as quick_parser
from mnist_cnn.data import bundled_digits
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser
from tests.support.browser import (
    OWNER,
    PHONE,
    SEVEN,
    click_button,
    draw,
    draw_by_finger,
    open_page,
    scaled,
)
from tests.support.files import zipped

LAPTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
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
    open_page(page, f"{url}/{OWNER}")
    page.wait_for_timeout(700)
    film.step("the first sight")
    box = browser.canvas_box(page)
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
    page.goto(f"{url}/Batch{OWNER}")
    page.get_by_role("button", name="Try an example").wait_for()
    film.step("the empty page")
    upload: FilePayload = {
        "name": "digits.zip",
        "mimeType": "application/zip",
        "buffer": five_hundred(),
    }
    page.locator("input[type=file]").set_input_files(upload)
    click_button(page, "Read them")
    page.get_by_text("labelled digits are right").wait_for()
    film.step("five hundred are read")
    page.get_by_role("radio", name=re.compile(r"Wrong \(")).click()
    page.get_by_role("radio", name="Gallery").click()
    tiles = page.get_by_role("button", name=re.compile(r"^\d → "))
    tiles.first.wait_for()
    film.step("those that are wrong, as pictures")
    for number in (1, 2):
        label = tiles.first.inner_text()[0]
        tiles.first.click()
        page.get_by_text("Wrong? Tap what it is").wait_for()
        page.wait_for_timeout(500)
        film.step(f"wrong one {number} from close up")
        page.get_by_role("radio", name=label, exact=True).click()
        page.get_by_text(f"{number} correction").first.wait_for()
        film.step(f"wrong one {number} is put right")
    page.get_by_label("Keep it as a test set called").fill("my hand")
    page.get_by_role("button", name="Keep", exact=True).click()
    link = page.get_by_role("link", name=re.compile("digits kept"))
    link.wait_for()
    film.step("kept as a test set")
    link.click()
    page.get_by_text("read right:").wait_for()
    film.step("its confusion matrix")


def five_hundred() -> bytes:
    """A ZIP of 500 of the bundled test digits, in folders named by their labels."""
    digits = bundled_digits.load_bundled_digits().test
    members = []
    for number in range(500):
        row = number % len(digits)
        file = io.BytesIO()
        Image.fromarray(255 - digits.images[row]).save(file, "PNG")
        members.append((f"{digits.labels[row]}/{number}.png", file.getvalue()))
    return zipped(*members)


def training(film: Film, url: str) -> None:
    page = film.page
    open_page(page, f"{url}/{OWNER}")
    draw(page, scaled(SEVEN, 420))
    browser.wait_for_answer(page, "7")
    page.get_by_role("link", name="Train").first.click()
    page.get_by_role("button", name="Start", exact=True).wait_for()
    film.step("the presets")
    page.get_by_role("button", name="quick", exact=True).click()
    page.get_by_label("Name").fill("my first")
    page.keyboard.press("Enter")
    page.wait_for_timeout(500)
    click_button(page, "Start")
    page.get_by_text("begun by somebody with the key").wait_for()
    film.step("it has begun")
    page.get_by_text("to it by now").wait_for()
    film.step("it learns, and reads one's own drawing")
    answer = page.get_by_role("button", name="Let it answer")
    answer.wait_for(timeout=1000 * TRAINING_SECONDS)
    film.step("it is done")
    page.get_by_role("link", name="Compare", exact=True).click()
    page.get_by_role("heading", name="Compare models").wait_for()
    page.locator("canvas, svg.marks").first.wait_for()
    film.step("compared with the one in production")
    page.go_back()
    answer.click()
    reason = page.get_by_label("Reason to promote it all the same")
    reason.wait_for()
    film.step("it is worse, and asks for a reason")
    reason.fill("to see how it does")
    page.keyboard.press("Enter")
    click_button(page, "Promote all the same")
    page.get_by_text("answers from the next drawing on").first.wait_for()
    film.step("it answers now")
    page.get_by_role("link", name="All about this run").click()
    back = page.get_by_role("button", name=re.compile("^Roll back"))
    back.wait_for()
    film.step("the run, and the way back")
    back.click()
    back.wait_for(state="detached")
    film.step("rolled back")


PATHS: dict[str, tuple[dict[str, Any], Callable[[Film, str], None]]] = {
    "corners": (PHONE, corners),
    "training": (LAPTOP, training),
    "batch": (LAPTOP, batch),
}


def walk(chromium: Browser, name: str, folder: Path) -> None:
    look, path = PATHS[name]
    with tempfile.TemporaryDirectory() as scratch:
        artifacts = Path(scratch) / "artifacts"
        shutil.copytree(PROJECT_FOLDER / "artifacts", artifacts)
        home = PROJECT_FOLDER / "Home.py"
        environment = {"MNIST_CNN_ARTIFACTS": str(artifacts)}
        with browser.server(Path(scratch) / "log", home, **environment) as server:
            page = chromium.new_page(**look)
            page.set_default_timeout(60_000)
            film = Film(page, folder / name)
            try:
                path(film, server.url)
            except PlaywrightError:
                film.step("a dead end")
                raise
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

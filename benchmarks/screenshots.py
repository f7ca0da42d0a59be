"""Makes the pictures of README.md again, from the dashboard as it is.

    python -m benchmarks.screenshots [--quick]

docs/demo.gif shows a digit that is drawn and recognised, docs/hand.gif a hand that is taught on a
phone, docs/pages/*.png a page each. With --quick
they are made in a folder that is thrown away.
"""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import FloatRect, Page, sync_playwright

from benchmarks.options import parser as quick_parser
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser, hands
from tests.support.browser import OWNER, SEVEN, draw, on_canvas, open_page, scaled
from tests.support.drawings import written

VIEW = {"width": 1280, "height": 800}
THUMBNAIL = 640
"""Pixels of a page's picture in width."""
FRAME = 560
"""Pixels of the film in width."""
PHONE_FRAME = 260
"""The same on a phone."""
SETTLED = 1500
"""Milliseconds after which charts have come to rest."""


def canvas(page: Page) -> FloatRect:
    """Where the canvas stands on the page, in pixels."""
    return browser.canvas_box(page)


def home(page: Page, url: str) -> None:
    open_page(page, f"{url}/{OWNER}")
    draw(page, scaled(SEVEN, canvas(page)["width"]))
    browser.wait_for_answer(page, "7")


def numbers(page: Page, url: str) -> None:
    open_page(page, f"{url}/Numbers_and_equations")
    draw(page, scaled(on_canvas(page, written("12+7=")), 220))
    page.get_by_text("12+7=19").first.wait_for()


def batch(page: Page, url: str) -> None:
    page.goto(f"{url}/Batch{OWNER}")
    browser.click_button(page, "Try an example")
    page.get_by_text("labelled digits are right").wait_for()


def plain(name: str, waits_for: str) -> Callable[[Page, str], None]:
    """A page that shows what it is without being touched."""

    def show(page: Page, url: str) -> None:
        page.goto(f"{url}/{name}{OWNER}")
        page.locator(waits_for).first.wait_for(timeout=30_000)

    return show


def hand(page: Page, url: str) -> None:
    open_page(page, f"{url}/My_handwriting")
    hands.teach(page, browser.draw, 4)


def inside(page: Page, url: str) -> None:
    open_page(page, f"{url}/Look_inside")
    draw(page, SEVEN)
    page.locator(".map-sheet section").nth(3).wait_for()


PAGES: dict[str, Callable[[Page, str], None]] = {
    "home": home,
    "numbers": numbers,
    "batch": batch,
    "train": plain("Train", "[class*=st-key-primary]"),
    "runs": plain("Training_runs", "[data-testid=stDataFrame]"),
    "confusion": plain("Confusion_matrix", "canvas, svg.marks"),
    "compare": plain("Compare_models", "canvas, svg.marks"),
    "hand": hand,
    "inside": inside,
}


def picture(page: Page, width: int) -> Image.Image:
    shot = Image.open(io.BytesIO(page.screenshot()))
    small = shot.convert("RGB").resize((width, round(width * shot.height / shot.width)))
    return small.quantize(128, dither=Image.Dither.NONE)


def film(page: Page, url: str) -> list[Image.Image]:
    """A seven as it is drawn, point by point, until it is recognised."""
    open_page(page, f"{url}/{OWNER}")
    frames = [picture(page, FRAME)]
    box = canvas(page)
    ((x, y), *rest), *_ = scaled(SEVEN, box["width"])
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.down()
    for to_x, to_y in rest:
        page.mouse.move(box["x"] + to_x, box["y"] + to_y, steps=6)
        frames.append(picture(page, FRAME))
    page.mouse.up()
    browser.wait_for_answer(page, "7")
    page.wait_for_timeout(SETTLED)
    return [*frames, picture(page, FRAME)]


def film_of_a_hand(page: Page, url: str) -> list[Image.Image]:
    """On a phone: a crossed zero is no digit; ten digits are taught; it is a 0."""
    frames = []

    def look(page: Page) -> None:
        page.wait_for_timeout(350)
        frames.append(picture(page, PHONE_FRAME))

    def write_a_zero() -> None:
        box = canvas(page)
        browser.draw_by_finger(page, hands.on_screen(0, box["width"], 9))
        page.wait_for_timeout(SETTLED)
        look(page)

    open_page(page, f"{url}/{OWNER}")
    write_a_zero()
    browser.click_button(page, "Clear")
    open_page(page, f"{url}/My_handwriting")
    hands.teach(page, browser.draw_by_finger, 10, look)
    page.get_by_text("Try it on Home").click()
    page.locator(browser.CANVAS).wait_for()
    page.wait_for_timeout(SETTLED)
    write_a_zero()
    return frames


def save_film(frames: list[Image.Image], path: Path, each: int = 180) -> None:
    durations = [900, *[each] * (len(frames) - 2), 3000]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0)


def main() -> None:
    parser = quick_parser(__doc__)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        docs = Path(scratch) if options.quick else PROJECT_FOLDER / "docs"
        (docs / "pages").mkdir(exist_ok=True)
        chromium = browser.launch(playwright)
        assert chromium, browser.NO_BROWSER
        with browser.server(Path(scratch) / "log") as server:
            for name, show in PAGES.items():
                page = chromium.new_page(viewport=VIEW)  # type: ignore[arg-type]
                show(page, server.url)
                page.wait_for_timeout(SETTLED)
                picture(page, THUMBNAIL).save(docs / "pages" / f"{name}.png", optimize=True)
                page.close()
            save_film(film(chromium.new_page(viewport=VIEW), server.url), docs / "demo.gif")  # type: ignore[arg-type]
            phone = chromium.new_page(**browser.PHONE)  # type: ignore[arg-type]
            save_film(film_of_a_hand(phone, server.url), docs / "hand.gif", each=450)
        chromium.close()
        for path in sorted([*docs.glob("*.gif"), *(docs / "pages").glob("*.png")]):
            print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

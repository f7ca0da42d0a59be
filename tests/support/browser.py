"""A real Chromium, a real server, and a hand that draws with a mouse or a finger."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, FloatRect, Page, Playwright, expect
from playwright.sync_api import Error as PlaywrightError

from mnist_cnn.settings import PROJECT_FOLDER

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NO_BROWSER = "Browser tests were skipped: there is no Chromium. On Debian: apt-get install chromium"
CANVAS = "canvas.upper-canvas"
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
    "user_agent": "Mozilla/5.0 (Linux; Android 15; Pixel 9) Mobile Safari/537.36",
}
"""What makes a page of Chromium one of a telephone."""
FINGER_STEP = 12
"""Pixels between two places where a finger is felt."""
SEVEN = [[(80, 60), (150, 56), (215, 60), (190, 115), (155, 180), (135, 235)]]


def launch(playwright: Playwright, *flags: str) -> Browser | None:
    """The system's Chromium, else Playwright's own, else None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for found in map(shutil.which, names) if found), None)
    try:
        return playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
    except PlaywrightError:
        return None


KEY = "key-of-the-tests-servers"
OWNER = f"#key={KEY}"
"""Behind an address it makes the browser one of the owner's, from then on."""


@dataclass(frozen=True)
class Server:
    url: str
    pid: int


@contextmanager
def server(
    log: Path,
    script: Path = PROJECT_FOLDER / "Home.py",
    more: Sequence[str] = ("--server.address", "127.0.0.1"),
    healthy: str = "/_stcore/health",
    **env: str,
) -> Iterator[Server]:
    """`streamlit run` on a free port, answering."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    options = ["--server.port", str(port), *more]
    with open(log, "w") as output:
        process = subprocess.Popen(
            [*command, *options, "--server.headless", "true"],
            cwd=script.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | {"MNIST_CNN_KEY": KEY} | env,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_healthy(url, process, path=healthy)
        yield Server(url, process.pid)
    finally:
        process.terminate()
        process.wait(20)


def wait_until_healthy(
    url: str, process: subprocess.Popen, seconds: float = 60, path: str = "/_stcore/health"
) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}{path}", timeout=2):
                return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("the server did not come up")


def open_page(page: Page, url: str) -> None:
    page.goto(url)
    # A phone tells its width a moment late: for that moment there are two, the first one going.
    expect(page.locator(CANVAS)).to_have_count(1, timeout=30_000)
    page.wait_for_timeout(300)  # the canvas takes strokes a moment after it is shown


def unlock(page: Page, url: str) -> None:
    """Makes the page's browser one of the owner's, before anything else."""
    page.goto(f"{url}/{OWNER}")
    expect(page.get_by_role("button", name="Lock this browser")).to_be_attached(timeout=60_000)


def draw(page: Page, strokes: Sequence[Sequence[tuple[float, float]]]) -> None:
    """With the mouse, one stroke after the other."""
    box = canvas_box(page)
    for (x, y), *rest in strokes:
        page.mouse.move(box["x"] + x, box["y"] + y)
        page.mouse.down()
        for to_x, to_y in rest:
            page.mouse.move(box["x"] + to_x, box["y"] + to_y, steps=4)
        page.mouse.up()


def draw_by_finger(page: Page, strokes: Sequence[Sequence[tuple[float, float]]]) -> None:
    box = canvas_box(page)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *at: tuple[float, float]) -> None:
        points = [{"x": box["x"] + x, "y": box["y"] + y} for x, y in at]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for first, *rest in strokes:
        touch("touchStart", first)
        last = np.array(first)
        for point in rest:
            way = np.array(point) - last
            for share in np.linspace(0, 1, 2 + int(np.hypot(*way) / FINGER_STEP))[1:]:
                touch("touchMove", tuple((last + share * way).tolist()))
            last = np.array(point)
        touch("touchEnd")


def canvas_box(page: Page, seconds: float = 10) -> FloatRect:
    """Where the canvas lies, once it has a place: while a page is made anew, it has none, or the
    one of before stands beside it."""
    expect(page.locator(CANVAS)).to_have_count(1)
    page.locator(CANVAS).scroll_into_view_if_needed()
    end = time.monotonic() + seconds
    while not (box := page.locator(CANVAS).bounding_box()):
        assert time.monotonic() < end, "the canvas has no place on the page"
        page.wait_for_timeout(50)
    return box


def click_button(page: Page, text: str) -> None:
    """One of the page's own buttons that can be pressed; the canvas' toolbar has some of the same
    names, and one that goes away may still be there, disabled."""
    page.locator("button:enabled").filter(has_text=text).click()


def answer(page: Page) -> str:
    """The large digit on the page."""
    return page.get_by_label("Answer", exact=True).inner_text()


def settled(page: Page) -> None:
    """Waits until a page that was acted on is whole again: what is clicked meanwhile is lost."""
    page.wait_for_timeout(700)
    state = page.get_by_test_id("stApp")
    expect(state).to_have_attribute("data-test-script-state", "notRunning", timeout=30_000)


def wait_for_answer(page: Page, expected: str, seconds: float = 15) -> None:
    page.wait_for_function(
        "want => document.querySelector('[aria-label=Answer]')?.innerText === want",
        arg=expected,
        timeout=1000 * seconds,
    )


def on_canvas(page: Page, strokes: list[np.ndarray]) -> list[list[tuple[float, float]]]:
    """Strokes laid into the canvas' middle, as large as they fit."""
    box = canvas_box(page)
    points = np.concatenate(strokes)
    corner, size = points.min(axis=0), np.ptp(points, axis=0)
    scale = min((box["width"] - 40) / size[0], (box["height"] - 75) / size[1])
    laid = [(stroke - corner) * scale + [20, 50] for stroke in strokes]
    return [[(float(x), float(y)) for x, y in stroke] for stroke in laid]


def scaled(
    strokes: Sequence[Sequence[tuple[float, float]]], width: float
) -> list[list[tuple[float, float]]]:
    """Strokes that were meant for a canvas of 280 pixels, for one of another width."""
    times = width / 280
    return [[(times * x, times * y) for x, y in stroke] for stroke in strokes]

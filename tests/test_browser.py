"""What a visitor sees: real strokes in a real Chromium on the real server."""

import gzip
import io
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from mnist_cnn.data import bundled_digits
from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.runs import store
from tests.support import browser
from tests.support.browser import (
    NO_BROWSER,
    SEVEN,
    click_button,
    draw,
    draw_by_finger,
    open_page,
    wait_for_answer,
)
from tests.support.commands import wait_for
from tests.support.drawings import SEVEN as STROKES
from tests.support.drawings import seven_png, written

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def video(tmp_path_factory) -> Path:
    """What the camera films: a seven on paper, a frame of raw video."""
    path = tmp_path_factory.mktemp("camera") / "seven.y4m"
    pixels = np.full((480, 640), 200, np.uint8)
    seven = rasterize(STROKES)
    height, width = seven.shape
    pixels[100 : 100 + 2 * height, 200 : 200 + 2 * width] -= np.kron(
        150 * seven, np.ones((2, 2))
    ).astype(np.uint8)
    chroma = bytes([128]) * (320 * 240 * 2)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F10:1 C420\nFRAME\n" + pixels.tobytes() + chroma)
    return path


@pytest.fixture(scope="module")
def chromium(video: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = browser.launch(
            playwright,
            "--use-fake-ui-for-media-stream",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={video}",
        )
        if launched is None:
            assert os.environ.get("CI") != "true", NO_BROWSER
            pytest.skip(NO_BROWSER)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("server") / "server.log"


@pytest.fixture(scope="module")
def server(log: Path) -> Iterator[browser.Server]:
    with browser.server(log) as started:
        yield started
    said = [line for line in log.read_text().splitlines() if line.strip()]
    expected = (
        r"Uvicorn server started|You can now view|URL: http|Stopping|The owner's key|#key=KEY"
    )
    assert [line for line in said if not re.search(expected, line)] == []


@pytest.fixture(params=["desktop", "phone"])
def page(request, chromium: Browser, server: browser.Server) -> Iterator[Page]:
    """The home page, wide or on a phone; nothing may be said in the browser's console."""
    phone = request.param == "phone"
    size = {"width": 360, "height": 740} if phone else {"width": 1280, "height": 900}
    context = chromium.new_context(viewport=size, has_touch=phone, is_mobile=phone)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    open_page(page, server.url)
    yield page
    context.close()
    assert [words for words in said if not words.startswith("[DOM] Password")] == []


def hand(page: Page):
    return draw_by_finger if page.evaluate("navigator.maxTouchPoints") else draw


def test_a_seven_is_read_and_its_bars_sum_to_one(page: Page) -> None:
    page.get_by_text("Draw a digit in the box, or try").wait_for()
    hand(page)(page, SEVEN)
    wait_for_answer(page, "7")
    page.get_by_text("The same as a table").click()
    page.locator("table td").last.wait_for()
    cells = page.locator("table td").all_inner_texts()
    shares = [float(cell.rstrip("%")) for cell in cells if cell.endswith("%")]
    assert len(shares) == 10
    assert sum(shares) == pytest.approx(100, abs=0.06)
    assert max(range(10), key=shares.__getitem__) == 7


def test_undo_and_clear(page: Page) -> None:
    hand(page)(page, SEVEN)
    wait_for_answer(page, "7")
    hand(page)(page, [[(75, 240), (140, 245), (210, 240)]])
    page.wait_for_function(
        "() => document.querySelector('[aria-label=Answer]').innerText !== '7'", timeout=15_000
    )
    click_button(page, "Undo")
    wait_for_answer(page, "7")
    click_button(page, "Clear")
    wait_for_answer(page, "–")
    page.get_by_text("Draw a digit in the box, or try").wait_for()
    click_button(page, "Undo")
    wait_for_answer(page, "7")


def test_a_drawing_outlives_a_change_of_page(page: Page) -> None:
    hand(page)(page, SEVEN)
    wait_for_answer(page, "7")
    page.get_by_role("link", name="Read by best").click()
    page.get_by_text(f"Run {store.production_id()} · begun").wait_for()
    page.go_back()
    page.locator(browser.CANVAS).wait_for()
    wait_for_answer(page, "7")


def test_an_uploaded_png_is_read_and_a_bad_one_explained(page: Page) -> None:
    page.get_by_role("radio", name="Upload").or_(
        page.get_by_role("button", name="Upload", exact=True)
    ).first.click()
    chooser = page.locator("input[type=file]")
    chooser.set_input_files({"name": "7.png", "mimeType": "image/png", "buffer": seven_png()})
    wait_for_answer(page, "7")
    chooser.set_input_files({"name": "7.png", "mimeType": "image/png", "buffer": b"<html>"})
    page.get_by_text("The file is not an image that can be read here").wait_for()


def test_another_part_of_a_picture_is_tapped_dragged_or_reached_by_keys(page: Page) -> None:
    page.get_by_role("radio", name="Upload").or_(
        page.get_by_role("button", name="Upload", exact=True)
    ).first.click()
    strokes = [*written("2", 0), *written("7", 20)]
    file = io.BytesIO()
    Image.fromarray((255 * np.pad(rasterize(strokes, 0.05), 30)).astype(np.uint8)).save(file, "PNG")
    picture = {"name": "27.png", "mimeType": "image/png", "buffer": file.getvalue()}
    page.locator("input[type=file]").set_input_files(picture)
    svg = page.locator(".picture-part svg")
    box = svg.bounding_box()
    assert box
    if page.evaluate("navigator.maxTouchPoints"):
        (svg.locator(".piece").first).tap()
    else:
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.99, box["y"] + box["height"] - 2, steps=4)
        page.mouse.up()
    wait_for_answer(page, "7")
    click_button(page, "Read all of it")
    choose = page.get_by_role("button", name="Choose a part")
    choose.focus()
    choose.press("Enter")
    for keys in (["ArrowLeft"] * 9, ["ArrowUp"] * 9, ["Shift+ArrowDown"] * 17):
        for key in keys:
            page.keyboard.press(key)
    page.keyboard.press("Enter")
    wait_for_answer(page, "2")


def test_a_photographed_seven_is_read(page: Page) -> None:
    page.get_by_role("radio", name="Camera").or_(
        page.get_by_role("button", name="Camera", exact=True)
    ).first.click()
    page.wait_for_function("() => document.querySelector('video')?.currentTime > 0")
    click_button(page, "Take photo")
    wait_for_answer(page, "7")


def test_predict_waits_for_its_button(page: Page) -> None:
    page.get_by_text("Read each stroke as I draw").click()
    page.get_by_role("button", name="Predict").wait_for()
    hand(page)(page, SEVEN)
    page.wait_for_timeout(800)
    assert browser.answer(page) == "–"
    click_button(page, "Predict")
    wait_for_answer(page, "7")


@pytest.mark.fault(27)
def test_a_batch_whose_tab_is_closed_is_read_no_further(
    chromium: Browser, server: browser.Server
) -> None:
    """All of it would take the processors some twenty seconds."""
    ten = bundled_digits.one_of_each().reshape(10, 784)
    lines = "".join(",".join(map(str, row)) + "\n" for row in ten.tolist())
    table = gzip.compress(lines.encode() * 10_000, 1)
    page = chromium.new_page()
    page.goto(f"{server.url}/Batch")
    dropped = {"name": "a.csv.gz", "mimeType": "application/gzip", "buffer": table}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([dropped])
    click_button(page, "Read them")
    expect(page.get_by_text(re.compile(r"of about [\d,]+ · "))).to_be_visible(timeout=60_000)
    process = psutil.Process(server.pid)
    before = computed(process)
    page.close()
    wait_for(lambda: computed(process) + 0.05 > computed(process, after=1.5), 60)
    assert computed(process) - before < 6


def computed(process: psutil.Process, after: float = 0) -> float:
    """Seconds that a process has computed for."""
    time.sleep(after)
    return sum(process.cpu_times()[:2])


def test_tensorflow_is_not_in_the_web_process(page: Page, server: browser.Server) -> None:
    hand(page)(page, SEVEN)
    wait_for_answer(page, "7")
    maps = Path(f"/proc/{server.pid}/maps")
    if not maps.exists():
        pytest.skip("which libraries a process holds is read from /proc")
    loaded = maps.read_text()
    assert "ai_edge_litert" in loaded
    assert "/tensorflow/" not in loaded


def test_on_a_phone_the_menu_gives_way_to_the_page_that_was_tapped(
    chromium: Browser, server: browser.Server
) -> None:
    page = chromium.new_page(**browser.PHONE)
    page.goto(server.url)
    page.get_by_test_id("stExpandSidebarButton").tap()
    menu = page.get_by_test_id("stSidebar")
    menu.get_by_role("link", name="Batch", exact=True).tap()
    expect(page.get_by_role("heading", name="Batch")).to_be_visible()
    expect(menu).to_have_attribute("data-collapsed", "true")
    page.close()

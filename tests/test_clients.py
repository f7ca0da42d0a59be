"""Programs that use the API, as they come with it, and many servers behind one address."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from playwright.sync_api import Browser, expect

from mnist_cnn.runs import registry, store
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser
from tests.support.api_server import free_port, serve
from tests.support.artifacts import another_run
from tests.support.browser import SEVEN, draw, open_page, wait_for_answer
from tests.support.drawings import seven_png
from tests.support.nginx import nginx_before

pytestmark = pytest.mark.slow

EXAMPLES = PROJECT_FOLDER / "examples"


@pytest.fixture(scope="module")
def page_origin() -> Iterator[str]:
    """Where the example page is served from."""
    quiet = type("Quiet", (SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(quiet, directory=EXAMPLES)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory, page_origin: str) -> Iterator[browser.Server]:
    log = tmp_path_factory.mktemp("clients") / "log"
    with serve(log, MNIST_CNN_ORIGINS=page_origin) as started:
        yield started


@pytest.fixture
def seven(tmp_path: Path) -> Path:
    path = tmp_path / "seven.png"
    path.write_bytes(seven_png())
    return path


def test_a_server_that_is_not_there_is_said_in_one_line(seven: Path) -> None:
    command = [sys.executable, EXAMPLES / "predict.py", f"http://127.0.0.1:{free_port()}", seven]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 1 and answer.stderr.startswith("No server answers at http://")
    assert answer.stderr.count("\n") == 1


def test_curl(server: browser.Server, seven: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("there is no curl")
    command = [EXAMPLES / "predict.sh", seven, server.url]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.startswith('{"digit":7,')


def test_python(server: browser.Server, seven: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"no")
    answer = subprocess.run(
        [sys.executable, EXAMPLES / "predict.py", seven, tmp_path / "bad.png"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"DIGITS_URL": server.url},
    )
    assert re.fullmatch(rf"{seven}: 7 \(\d+\.\d%, ok\)\n", answer.stdout)
    assert "is not an image" in answer.stderr


def test_a_page_of_its_own(server: browser.Server, page_origin: str, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(f"{page_origin}/draw.html?api={server.url}")
    box = page.locator("canvas").bounding_box()
    assert box
    (first, *rest), *_ = SEVEN
    page.mouse.move(box["x"] + first[0], box["y"] + first[1])
    page.mouse.down()
    for x, y in rest:
        page.mouse.move(box["x"] + x, box["y"] + y, steps=5)
    page.mouse.up()
    expect(page.get_by_label("Answer")).to_have_text("7", timeout=15_000)
    page.close()


def test_the_dashboard_and_the_documentation_of_that_server(
    server: browser.Server, chromium: Browser
) -> None:
    page = chromium.new_page()
    open_page(page, server.url)
    draw(page, SEVEN)
    wait_for_answer(page, "7")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/docs")
    expect(page.get_by_text("Read one digit")).to_be_visible(timeout=15_000)
    assert all(url.startswith((server.url, "data:", "blob:")) for url in asked)
    page.close()


@pytest.fixture
def two_servers(shipped_copy: Path, tmp_path: Path) -> Iterator[str]:
    """The address of nginx, as `deploy/nginx.conf` has it, before two servers."""
    shared = {"MNIST_CNN_ARTIFACTS": str(shipped_copy)}
    with (
        serve(tmp_path / "1.log", **shared) as one,
        serve(tmp_path / "2.log", **shared) as two,
        nginx_before(tmp_path, one.url[7:], two.url[7:]) as url,
    ):
        yield url


def test_two_servers_behind_nginx(two_servers: str, tmp_path: Path, chromium: Browser) -> None:
    with httpx.Client(base_url=two_servers, timeout=30) as client:
        for _ in range(10):
            answer = client.post("/predict", files={"file": ("7.png", seven_png())})
            assert answer.json()["digit"] == 7
        for number in (1, 2):
            assert "POST /predict" in (tmp_path / f"{number}.log").read_text()
        registry.promote(another_run().id, by="a test")
        answers = [client.get("/health").json()["run"] for _ in range(6)]
        assert set(answers) == {store.production_id()}
    page = chromium.new_page()
    open_page(page, two_servers)
    draw(page, SEVEN)
    wait_for_answer(page, "7")
    page.goto(f"{two_servers}/Train")
    expect(page.get_by_text("You can look around and watch")).to_be_visible(timeout=15_000)
    page.close()

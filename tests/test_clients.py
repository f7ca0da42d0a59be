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
from httpx import MockTransport
from playwright.sync_api import Browser, expect

from examples import client
from examples.client import Client, DigitsError, Table
from mnist_cnn.runs import registry, store
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser
from tests.support.api_server import free_port, serve
from tests.support.artifacts import another_run
from tests.support.browser import SEVEN, draw, open_page, wait_for_answer
from tests.support.drawings import seven_png
from tests.support.nginx import WEBSOCKETS, nginx, nginx_before

pytestmark = pytest.mark.slow

EXAMPLES = PROJECT_FOLDER / "examples"
TOKEN = "a token of the tests"


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
    with serve(log, MNIST_CNN_ORIGINS=page_origin, MNIST_CNN_TOKEN=TOKEN) as started:
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
        check=False,
        env=os.environ | {"DIGITS_URL": server.url},
    )
    assert answer.returncode == 1, "one of them could not be read"
    assert re.fullmatch(rf"{seven}: 7 \(\d+\.\d%, ok\)\n", answer.stdout)
    assert "is not an image" in answer.stderr


def test_the_typed_client(server: browser.Server, seven: Path) -> None:
    with Client(server.url, TOKEN) as digits:
        assert digits.health() == store.production_id() in [run.run for run in digits.runs()]
        of_file, of_bytes = digits.predict(seven), digits.predict(seven.read_bytes())
        assert of_file == of_bytes and of_file.digit == 7 and len(of_file.probabilities) == 10
        assert digits.predict(SEVEN).digit == 7
        line = digits.read(SEVEN)
        assert line.text == line.symbols[0].text == "7"
        rows = "\n".join(["label," + ",".join(map(str, range(784))), "5" + ",0" * 784])
        table = ("ten.csv", rows.encode())
        first, bad, last = digits.batch([seven, ("a.png", b"no"), table])
        assert first == of_file
        assert isinstance(bad, DigitsError) and bad.code == "not_an_image"
        assert isinstance(last, Table) and last.items[0].label == 5
        with pytest.raises(DigitsError, match="There is no such run") as refused:
            digits.promote("gone")
        assert (refused.value.status, refused.value.code) == (404, "run_not_found")
        with pytest.raises(DigitsError, match="The body is no drawing"):
            digits.predict([])
        with Client(server.url) as stranger, pytest.raises(DigitsError, match="needs `Auth"):
            stranger.promote("gone")


def test_the_typed_client_comes_again_and_says_where_nobody_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(client.time, "sleep", waited.append)
    busy = {"error": {"code": "busy", "message": "Please try again."}}
    answers = [httpx.Response(429, json=busy, headers={"Retry-After": "2"})] * 9
    answers[1] = httpx.Response(200, json={"run": "a"})
    told = iter(answers)
    digits = Client()
    digits._http = httpx.Client(base_url="http://x", transport=MockTransport(lambda _: next(told)))
    assert digits.health() == "a" and waited == [2]
    with pytest.raises(DigitsError, match="Please try again"):
        digits.health()
    digits._http = httpx.Client(
        base_url="http://x", transport=MockTransport(lambda _: httpx.Response(502, text="<html>"))
    )
    with pytest.raises(DigitsError, match="status 502 and no reason"):
        digits.health()
    for odd in (httpx.Response(200, text="<html>"), httpx.Response(200, json=["x"])):
        busy_until = httpx.Response(429, headers={"Retry-After": "Fri, 27 Nov 2026 23:59:59 GMT"})
        told = iter([busy_until, odd] + [odd] * 3)
        transport = MockTransport(lambda _, told=told: next(told))
        digits._http = httpx.Client(base_url="http://x", transport=transport)
        for ask in (digits.health, digits.runs, lambda: digits.predict(b""), digits.read):
            arguments = [b""] if ask == digits.read else []
            with pytest.raises(DigitsError, match="no answer of Digits") as failed:
                ask(*arguments)
            assert (failed.value.code, failed.value.status) == ("unknown", 200)
        assert waited.pop() == 1
    with Client(f"http://127.0.0.1:{free_port()}") as nobody, pytest.raises(DigitsError) as failed:
        nobody.health()
    assert failed.value.code == "no_server" and "No server answers at http" in str(failed.value)


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


BELOW_A_PATH = """
events { worker_connections 256; }
http {
    SETTINGS
    server { listen PORT; server_name keeps.localhost;
             location /digits/ { proxy_pass http://ROOT_PATH; }
             location /pages/ { proxy_pass http://BASE_PATH; } }
    server { listen PORT; server_name strips.localhost;
             location /digits/ { proxy_pass http://ROOT_PATH/; }
             location /pages/ { proxy_pass http://BASE_PATH/; } }
}
"""


@pytest.fixture
def below_a_path(tmp_path: Path) -> Iterator[list[str]]:
    """Addresses below which a server is, by either start and behind a proxy of either manner."""
    base = ("--server.address", "127.0.0.1", "--server.baseUrlPath", "pages")
    app = PROJECT_FOLDER / "app.py"
    with (
        serve(tmp_path / "1.log", options=["--root-path", "/digits"]) as one,
        browser.server(tmp_path / "2.log", app, base, "/pages/_stcore/health") as two,
    ):
        text = BELOW_A_PATH.replace("SETTINGS", WEBSOCKETS)
        text = text.replace("ROOT_PATH", one.url[7:]).replace("BASE_PATH", two.url[7:])
        with nginx(tmp_path / "nginx", text, healthy="/digits/health") as url:
            port = url.rpartition(":")[2]
            names = ("keeps", "strips")
            yield [f"http://{n}.localhost:{port}/{p}" for n in names for p in ("digits", "pages")]


def test_everything_works_below_a_path(below_a_path: list[str], chromium: Browser) -> None:
    context = chromium.new_context()
    pages = [context.new_page() for _ in below_a_path]
    for page, url in zip(pages, below_a_path, strict=True):
        page.goto(f"{url}/Numbers_and_equations", wait_until="commit")
    for url in below_a_path:
        root, host = url.replace(url.split("/")[2].split(":")[0], "127.0.0.1"), url.split("/")[2]
        with httpx.Client(headers={"Host": host}, timeout=30) as client:
            assert client.get(f"{root}/health").json()["status"] == "ready"
            answer = client.post(f"{root}/predict", files={"file": ("7.png", seven_png())})
            assert answer.json()["digit"] == 7
            path = "/" + url.split("/")[3]
            links = re.findall(
                r'(?:src|href|url)(?:=|: )["\'](/[^"\']+)', client.get(f"{root}/docs").text
            )
            assert links and all(link.startswith(f"{path}/") for link in links)
            for link in links:
                assert client.get(f"{root}{link.removeprefix(path)}").status_code == 200
            assert client.get(f"{root}/openapi.json").json()["servers"] == [{"url": path}]
            assert client.get(f"{root}/_stcore/metrics").status_code == 404
    for page, url in zip(pages, below_a_path, strict=True):
        expect(page.locator(browser.CANVAS)).to_have_count(1, timeout=60_000)
        assert page.url == f"{url}/Numbers_and_equations"
        page.get_by_role("link", name="Train").first.click()
    for page, url in zip(pages, below_a_path, strict=True):
        expect(page.get_by_text("You can look around")).to_be_visible(timeout=60_000)
        assert page.url == f"{url}/Train"
        logo = page.get_by_test_id("stSidebarHeader").locator("img").first
        assert logo.evaluate("image => image.complete && image.naturalWidth > 0")
    context.close()

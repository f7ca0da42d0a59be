"""The API over real HTTP: what it answers, and what it survives."""

import asyncio
import gzip
import io
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import httpx
import numpy as np
import psutil
import pytest
from fastapi import HTTPException
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.datastructures import UploadFile

from mnist_cnn.api import limits, tables
from mnist_cnn.api.app import api_paths
from mnist_cnn.api.routes import router
from mnist_cnn.batch.inputs.choices import Choices
from mnist_cnn.data import bundled_digits
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.models.pipeline import predict_image
from mnist_cnn.runs import serving, store
from mnist_cnn.settings import MAX_FILE_BYTES, PROJECT_FOLDER
from tests.support import browser
from tests.support.api_server import serve
from tests.support.artifacts import another_run
from tests.support.browser import Server
from tests.support.drawings import SEVEN, seven_png

JSON_BODY = {"Content-Type": "application/json"}

TOKEN = "a token of the tests"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("api") / "server.log"
    with serve(log, MNIST_CNN_TOKEN=TOKEN) as started:
        yield started
    assert "Traceback" not in log.read_text(errors="strict")


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as opened:
        yield opened


def post(client: httpx.Client, content: bytes, name: str = "7.png") -> httpx.Response:
    return client.post("/predict", files={"file": (name, content)})


def error(answer: httpx.Response) -> str:
    """The code of an error, which has the one shape and no traceback in it."""
    assert answer.status_code < 500
    body = answer.json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message"}
    assert "Traceback" not in body["error"]["message"]
    return body["error"]["code"]


def test_a_seven_is_a_seven(client: httpx.Client) -> None:
    answer = post(client, seven_png())
    assert answer.status_code == 200
    assert answer.text.startswith('{"digit":7,')
    body = answer.json()
    assert body["status"] == "ok" and body["run"] == store.production_id()
    assert sum(body["probabilities"]) == pytest.approx(1, abs=1e-4)


def test_the_api_and_the_command_line_agree(client: httpx.Client) -> None:
    here = predict_image(serving.production_classifier(), seven_png()).as_dict()
    assert here == {k: v for k, v in post(client, seven_png()).json().items() if k != "run"}


def test_the_root_is_the_dashboard(client: httpx.Client) -> None:
    assert "<html" in client.get("/").text
    assert client.get("/_stcore/health").text == "ok"


def test_health_and_runs(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ready", "run": store.production_id()}
    assert (client.head("/health").status_code, client.head("/health").content) == (200, b"")
    for path in ("/_stcore/metrics", "/_stcore/agent/openapi.json"):
        assert client.get(path).status_code == 404
    listed = {entry["run"]: entry for entry in client.get("/runs").json()}
    assert {store.production_id(), store.production_id("symbols")} < set(listed)
    entry = listed[store.production_id()]
    assert entry["production"] and entry["accuracy"]["mnist-test"] > 0.99
    assert client.get("/runs", params={"offset": 1}).json() == list(listed.values())[1:]
    shown = client.get(f"/runs/{entry['run']}").json()
    assert shown["evaluation"]["datasets"]


def test_a_batch_keeps_its_order_and_its_errors(client: httpx.Client) -> None:
    files = [("file", ("a.png", seven_png())), ("file", ("b.png", b"x")), ("file", ("c.png", b""))]
    answer = client.post("/predict/batch", files=[*files, files[0]])
    first, second, third, last = answer.json()
    assert first == last and first["digit"] == 7
    assert second["error"]["code"] == "not_an_image"
    assert third["error"]["code"] == "image_empty"


def test_a_batch_reads_tables(client: httpx.Client) -> None:
    ten = bundled_digits.one_of_each()
    rows = [",".join(map(str, [n, *image.ravel()])) for n, image in enumerate(ten)]
    content = "\n".join(rows).encode()
    files = [("file", ("ten.csv", content)), ("file", ("7.png", seven_png()))]
    asked, seven = client.post("/predict/batch", files=files).json()
    assert "please choose it: first, last or none" in asked["error"]["message"]
    table, _ = client.post("/predict/batch", files=files, params={"label": "first"}).json()
    misplaced = client.post("/predict/batch", files=files, data={"label": "first"})
    assert "`label` belongs in the address" in misplaced.json()["error"]["message"]
    assert seven["digit"] == 7 and table["run"] == seven["run"] and table["suggestion"] is None
    assert table["summary"]["accuracy"] == 1 and table["items"][3]["label"] == 3
    images = io.BytesIO()
    np.save(images, ten.transpose(0, 2, 1))
    labels = io.BytesIO()
    np.save(labels, np.arange(10))
    both = [("file", ("x.npy", images.getvalue())), ("file", ("y.npy", labels.getvalue()))]
    table, beside = client.post("/predict/batch", files=both).json()
    assert "turned over" in table["suggestion"] and beside["items"] == []
    table, _ = client.post("/predict/batch", files=both, params={"transposed": True}).json()
    assert table["summary"]["right"] == 10


def test_a_gzipped_table_is_read_as_the_table(client: httpx.Client) -> None:
    ten = bundled_digits.one_of_each()
    rows = [",".join(map(str, [n, *image.ravel()])) for n, image in enumerate(ten)]
    content = "\n".join(rows).encode()
    idx = b"\0\0\x08\x03" + np.array([10, 28, 28], ">i4").tobytes() + ten.tobytes()
    files = [("file", (f"{n}.gz", gzip.compress(c))) for n, c in enumerate((content, idx))]
    table, array = client.post("/predict/batch?label=first", files=files).json()
    assert table["summary"]["accuracy"] == 1 and len(array["items"]) == 10


def test_labels_that_belong_to_nothing_are_said(client: httpx.Client) -> None:
    labels = io.BytesIO()
    np.save(labels, np.arange(10))
    files = [("file", ("y.npy", labels.getvalue()))]
    (alone,) = client.post("/predict/batch", files=files).json()
    assert "labels" in alone["error"]["message"]
    images = io.BytesIO()
    np.save(images, bundled_digits.one_of_each())
    files.append(("file", ("x.npy", images.getvalue())))
    used, digits = client.post("/predict/batch", files=files).json()
    assert used["items"] == [] and digits["summary"]["labelled"] == 10


def test_the_rows_of_all_tables_of_a_request_are_counted(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 15)
    images = io.BytesIO()
    np.save(images, bundled_digits.one_of_each())
    files = [UploadFile(io.BytesIO(images.getvalue()), filename="long" * 200) for _ in range(2)]
    together = tables.TablesOfRequest(files, Choices())

    async def here() -> bool:
        return False

    async def both() -> list[dict]:
        return [await together.entry(file, classifier, here) for file in files]

    first, second = asyncio.run(both())
    assert len(first["items"]) == 10 and len(json.dumps(first["items"][0])) < 600
    assert "more than 15 rows" in second["error"]["message"]


def test_strokes_without_end_are_refused_before_they_are_looked_at(client: httpx.Client) -> None:
    begun = time.process_time()
    body = b'{"strokes": [' + b"[[1, 2]]," * 150_000 + b"[[1, 2]]]}"
    answer = client.post("/predict", content=body, headers=JSON_BODY)
    assert answer.status_code == 422 and "150,001 strokes" in answer.json()["error"]["message"]
    longer = client.post("/read", content=body * 2, headers=JSON_BODY)
    assert longer.status_code == 422 and "longer than 2 MB" in longer.json()["error"]["message"]
    assert time.process_time() - begun < 3


def test_a_head_has_what_a_get_has_but_the_body(client: httpx.Client) -> None:
    for path in ("/health", "/runs", "/docs"):
        head = client.head(path)
        assert head.status_code == 200 and head.content == b""
        assert head.headers["content-length"] == client.get(path).headers["content-length"]
    assert client.head("/predict").status_code == 405


@pytest.mark.fault(4)
def test_strokes_are_read_as_pictures_are(client: httpx.Client) -> None:
    strokes = {"strokes": [stroke.tolist() for stroke in SEVEN]}
    assert client.post("/predict", json=strokes).json()["digit"] == 7
    assert client.post("/read", json=strokes).json()["text"] == "7"
    for body in ({"strokes": []}, {"strokes": [[["a", 1]]]}, ["strokes"]):
        answer = client.post("/predict", json=body)
        assert answer.status_code == 422 and error(answer) == "bad_strokes"
        assert answer.json()["error"]["message"].startswith("The body is no drawing: ")
    assert client.post("/predict", json={}).status_code == 415


def test_the_documentation_needs_no_other_server(client: httpx.Client) -> None:
    page = client.get("/docs").text
    assert "http://" not in page and "https://" not in page
    assert client.get("/docs-assets/swagger-ui-bundle.js").status_code == 200
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/predict", "/predict/batch", "/health", "/runs"} <= set(paths)


@pytest.mark.slow
def test_a_promoted_run_answers_the_next_request(shipped_copy: Path, tmp_path: Path) -> None:
    other = another_run()
    environment = {"MNIST_CNN_ARTIFACTS": str(shipped_copy), "MNIST_CNN_TOKEN": TOKEN}
    with (
        serve(tmp_path / "log", **environment) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        assert post(client, seven_png()).json()["run"] != other.id
        owner = {"Authorization": f"Bearer {TOKEN}"}
        promoted = client.post(f"/runs/{other.id}/promote", headers=owner)
        assert promoted.json() == {"run": other.id, "production": True}
        assert post(client, seven_png()).json()["run"] == other.id


@pytest.mark.slow
def test_without_a_run_it_says_so(artifacts: Path, tmp_path: Path) -> None:
    started = serve(tmp_path / "log", patience=10, MNIST_CNN_ARTIFACTS=str(artifacts))
    with pytest.raises(AssertionError, match="did not come up"), started:
        pass
    assert "Application startup complete" in (tmp_path / "log").read_text()


# 1, 3 to 6: bodies that are no form


@pytest.mark.fault(1, 3, 4, 6)
@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"", 415),
        ({"content-type": "application/json"}, b"[" * 100_000, 415),
        ({"content-type": "application/json"}, b'{"pixels": [NaN, 1e999]}', 415),
        ({"content-type": "application/x-www-form-urlencoded"}, b"file=7", 415),
        ({"content-type": "multipart/form-data"}, b"", 400),
        ({"content-type": "multipart/form-data; boundary=x"}, b"", 400),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x\r\n", 400),
        ({"content-type": "multipart/form-data; boundary=" + "x" * 5000}, b"--x--", 400),
        ({"content-type": 'multipart/form-data; boundary="\xff"'.encode("latin1")}, b"--x--", 400),
    ],
)
def test_a_body_that_is_no_form(client: httpx.Client, headers, body: bytes, status: int) -> None:
    answer = client.post("/predict", headers=headers, content=body)
    assert answer.status_code == status
    error(answer)


POINTS = b'{"strokes": [[[1, 1], [%s, 2]]]}'


@pytest.mark.fault(3, 4, 5, 6)
@pytest.mark.parametrize(
    "body",
    [
        b'{"strokes": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        *(POINTS % value for value in (b"NaN", b"1e999", b'"x"', b"null", b"[2]", b"9" * 5000)),
        b'{"strokes": [[[1, 1], [2]]]}',
        b'{"strokes": [[[1, 1], [2, 2]]], "strokes": []}',
        b'{"strokes": [[[1, 1], [2, 2]]], "label": "\\ud800"',
        (POINTS % b"2").decode().encode("utf-16"),
        b"\xff\xfe" + POINTS % b"2",
    ],
    ids=lambda body: repr(body[:50]),
)
def test_a_drawing_that_is_none_is_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/predict", headers={"content-type": "application/json"}, content=body)
    assert answer.status_code in (415, 422)
    error(answer)


@pytest.mark.fault(1, 6)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=2000),
    st.sampled_from(
        ["application/json", "text/plain", "multipart/form-data; boundary=b", "image/png", ""]
    ),
)
def test_any_body_of_any_type_is_refused_in_words(client, body: bytes, kind: str) -> None:
    error(client.post("/predict", headers={"content-type": kind}, content=body))


@pytest.mark.fault(15)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=500),
    st.sampled_from(
        [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"\xff\xd8\xff", b"RIFF0000WEBP"]
    ),
)
def test_any_file_is_read_or_refused_in_words(client, body: bytes, magic: bytes) -> None:
    answer = post(client, magic + body)
    if answer.status_code != 200:
        error(answer)


# 2: large bodies


@pytest.mark.fault(2)
def test_a_large_body_is_refused_before_it_is_sent(server: Server, client: httpx.Client) -> None:
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    answer = raw(server, head + b"Content-Length: 1000000000\r\n\r\n")
    assert b" 413 " in answer.splitlines()[0]
    assert b'"body_too_large"' in answer


@pytest.mark.fault(2)
def test_a_large_body_without_a_length_is_cut_off(server: Server) -> None:
    before = psutil.Process(server.pid).memory_info().rss
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="7.png"\r\n\r\n'
        while sent < 10**9:
            sent += 2**16
            yield bytes(2**16)

    headers = {"content-type": "multipart/form-data; boundary=b"}
    try:
        answer = httpx.post(f"{server.url}/predict", content=endless(), headers=headers, timeout=30)
        assert error(answer) == "body_too_large"
    except httpx.TransportError:
        pass  # it hung up while we were still sending
    assert sent < 10 * MAX_FILE_BYTES
    assert psutil.Process(server.pid).memory_info().rss - before < 150e6


# 7: odd forms


def part(name: str, content: bytes, filename: str = "7.png") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n\r\n'
    return head.encode() + content + b"\r\n"


@pytest.mark.fault(7)
@pytest.mark.parametrize(
    "body",
    [
        part("file", b"x") * 10_000 + b"--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="file"; x="' + b"x" * 10**6 + b'"\r\n\r\n',
        part("file", b"x"),
        b"\r\n" * 2_500_000 + part("file", b"x") + b"--b--\r\n",
        part("file", b"x") * 2 + b"--b--\r\n",
        b"--b\r\n\r\nx\r\n--b--\r\n",
    ],
    ids=["10,000 parts", "1 MB header", "no end", "5 MB preamble", "two files", "no name"],
)
def test_an_odd_form_is_refused_at_little_cost(
    server: Server, client: httpx.Client, body: bytes
) -> None:
    before = sum(psutil.Process(server.pid).cpu_times()[:2])
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post("/predict", headers=headers, content=body)
    assert answer.status_code in (400, 413, 415)
    error(answer)
    assert sum(psutil.Process(server.pid).cpu_times()[:2]) - before < 0.2


# 8: slow clients


@pytest.mark.fault(8)
@pytest.mark.slow
@pytest.mark.fault(8)
@pytest.mark.fault(55)
def test_slow_clients_do_not_keep_others_waiting(server: Server, client: httpx.Client) -> None:
    """They have no place among those that are read, since their bodies are not here."""
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    begun = part("file", b"").removesuffix(b"\r\n")
    slow = [socket.create_connection(connection(server)) for _ in range(200)]
    try:
        for sock in slow:
            sock.sendall(head + b"Content-Length: 1000\r\n\r\n" + begun)
        for _ in range(3):
            for sock in slow:
                sock.sendall(b"-")
            time.sleep(0.5)
            assert client.get("/health", timeout=1).status_code == 200
        assert post(client, seven_png()).json()["digit"] == 7
    finally:
        for sock in slow:
            sock.close()


@pytest.mark.fault(8)
def test_a_body_that_does_not_come_is_not_awaited_for_ever() -> None:
    async def slow() -> None:
        async def receive() -> dict:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b"-", "more_body": True}

        body = limits.Body(receive, 1000, 0.05, limits.BytesInFlight(10_000))
        while True:
            await body.receive()

    with pytest.raises(HTTPException) as refused:
        asyncio.run(slow())
    assert refused.value.status_code == 408


# 9 and 12: paths, hosts and run ids


@pytest.mark.fault(9)
@pytest.mark.parametrize(
    "target",
    ["//predict", "/%2e%2e%2fpredict", "/..\\predict", "/runs/%00", "/runs/..%2f..%2fetc%2fpasswd"],
)
def test_odd_paths(server: Server, target: str) -> None:
    answer = raw(server, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert int(answer.split()[1]) in (400, 404, 405)
    assert b"Traceback" not in answer and b"root:" not in answer


ODD_PATHS = [
    "//runs/{run}/promote",
    "/runs//{run}/promote",
    "/runs/{run}/promote/",
    "/./runs/{run}/promote",
    "/runs/x/../{run}/promote",
    "/%72uns/{run}/promote",
    "/runs/{run}%2fpromote",
    "/RUNS/{run}/promote",
    "/runs/{run}/promote;x",
    "/runs/{run}/promote?x=/health",
    "http://x/runs/{run}/promote",
    "/health/../runs/{run}/promote",
    "/runs/{run}/promote%00",
    "/runs\\{run}\\promote",
]


@pytest.mark.fault(9, 10)
@pytest.mark.parametrize("path", ODD_PATHS)
def test_no_odd_path_promotes_without_the_token(server: Server, path: str) -> None:
    target = path.format(run=store.production_id("symbols"))
    head = f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
    head += "Connection: close\r\n\r\n"
    answer = raw(server, head.encode())
    assert int(answer.split()[1]) in (307, 400, 401, 403, 404, 405)
    assert b'"production"' not in answer and b"Traceback" not in answer


@pytest.mark.fault(9)
@pytest.mark.parametrize("host", ["a/?x=", "a b", "x" * 300, "a@b"])
def test_a_host_that_is_none_is_refused(server: Server, host: str) -> None:
    for target in ("/health", f"http://{host.replace(' ', '')}/health"):
        head = f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        assert raw(server, head.encode()).split()[1] in (b"400", b"404")


OPENING = (
    "GET /_stcore/stream HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Host: {}\r\nOrigin: {}\r\n\r\n"
)
"""The head that asks for the dashboard's websocket."""


@pytest.mark.fault(9)
@pytest.mark.fault(59)
def test_a_websocket_of_a_foreign_page_is_refused_at_once(server: Server) -> None:
    for host, origin, status in (
        ("localhost:1", "http://localhost:1", b"101"),
        ("localhost:1", "http://localhost:2", b"403"),
        ("localhost:1", "http://swallowed.example", b"403"),
        ("rebound.example", "http://rebound.example", b"403"),
    ):
        began = time.monotonic()
        with socket.create_connection(connection(server), timeout=5) as sock:
            sock.sendall(OPENING.format(host, origin).encode())
            assert sock.recv(4096).split()[1] == status
        assert time.monotonic() - began < 3


@pytest.mark.fault(9)
@pytest.mark.parametrize(
    "frames",
    [b"", b"\x81\x85\0\0\0\0hello", b"\x88\x82\0\0\0\0\x03\xe8\x81\x85\0\0\0\0hello", b"\xff\xff"],
    ids=["none", "text", "text after its end", "no frame"],
)
def test_a_websocket_that_ends_oddly_is_no_error(server: Server, frames: bytes) -> None:
    """The server's log shows no traceback in the end."""
    with socket.create_connection(connection(server), timeout=20) as sock:
        sock.sendall(OPENING.format("localhost:1", "http://localhost:1").encode())
        assert sock.recv(65_536).split()[1] == b"101"
        sock.sendall(frames)
        while frames and sock.recv(65_536):  # until the server ends it
            pass


@pytest.mark.fault(12)
@pytest.mark.parametrize("run", ["C:\\", "CON", "x" * 10_000, "😀", "20260101-000000-zzzzzz", "."])
def test_a_run_that_is_not_there(client: httpx.Client, run: str) -> None:
    answer = client.get(f"/runs/{run}")
    if run == ".":  # is the list
        assert answer.status_code in (200, 307)
        return
    assert (answer.status_code, error(answer)) == (404, "run_not_found")
    assert answer.json()["error"]["message"] == "There is no such run."


@pytest.mark.fault(12)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=60))
def test_any_run_id_is_refused_in_words(client: httpx.Client, run: str) -> None:
    answer = client.get(f"/runs/{quote(run, safe='')}")
    assert answer.status_code in (200, 307, 308, 400, 404)


@pytest.mark.fault(12)
def test_a_link_among_the_runs_is_none(shipped_copy: Path, tmp_path: Path) -> None:
    secret = tmp_path / "20260101-000000-abcdef"
    secret.mkdir()
    (secret / "run.json").write_text(json.dumps({"schema": 1, "sha256": {}, "secret": "yes"}))
    (shipped_copy / "runs" / secret.name).symlink_to(secret)
    with serve(tmp_path / "log", MNIST_CNN_ARTIFACTS=str(shipped_copy)) as server:
        answer = httpx.get(f"{server.url}/runs/{secret.name}")
    assert answer.status_code == 404 and "yes" not in answer.text


# 10: methods, and who may change anything


def api_routes() -> list[APIRoute]:
    return [
        route for route in router.routes if isinstance(route, APIRoute) and route.include_in_schema
    ]


@pytest.mark.fault(10)
def test_every_route_is_served_beside_the_dashboard(client: httpx.Client) -> None:
    for route in api_routes():
        path = route.path.replace("{run}", "x")
        assert client.request("PATCH", path).status_code == 405, path
        assert any(path == p or path.startswith(p.split("{")[0]) for p in api_paths())


@pytest.mark.fault(10)
@pytest.mark.parametrize("method", ["PUT", "TRACE", "DELETE", "PATCH", "BREW", "OPTIONS"])
def test_other_methods_are_refused(client: httpx.Client, method: str) -> None:
    for route in api_routes():
        answer = client.request(method, route.path.replace("{run}", "x"))
        known = method == "HEAD" and route.path == "/health"  # as checks of load balancers ask
        assert answer.status_code == 200 if known else answer.status_code in (400, 405)


@pytest.mark.slow
@pytest.mark.fault(69)
def test_a_token_that_could_be_guessed_is_refused_at_start(tmp_path: Path) -> None:
    started = serve(tmp_path / "log", MNIST_CNN_TOKEN="x" * 15)
    with pytest.raises(AssertionError, match="did not come up"), started:
        pass
    told = (tmp_path / "log").read_text()
    assert "Digits did not start: MNIST_CNN_TOKEN has 15 characters" in told
    assert "Traceback" not in told


READS_ONLY = {"/predict", "/predict/batch", "/read"}


@pytest.mark.fault(69)
@pytest.mark.fault(10)
def test_every_route_that_changes_anything_asks_for_the_token(client: httpx.Client) -> None:
    changing = [r for r in api_routes() if r.methods - {"GET", "HEAD"} and r.path not in READS_ONLY]
    assert changing
    for route in changing:
        path = route.path.replace("{run}", str(store.production_id()))
        for shown in ("", "Bearer", "Bearer wrong", TOKEN[:-1], "Basic " + TOKEN):
            answer = client.post(path, headers={"Authorization": shown} if shown else {})
            assert (answer.status_code, error(answer)) == (401, "unauthorized")
        assert answer.elapsed.total_seconds() > 0.4  # the fourth wrong one waits


@pytest.mark.fault(10)
@pytest.mark.slow
def test_without_a_token_configured_nobody_may(tmp_path: Path) -> None:
    with serve(tmp_path / "log", MNIST_CNN_TOKEN="") as server:
        for shown in ("Bearer", "Bearer x"):
            path = f"{server.url}/runs/{store.production_id()}/promote"
            assert httpx.post(path, headers={"Authorization": shown}).status_code == 401


# 11: many at once


def timed(client: httpx.Client) -> float:
    """Seconds that one prediction takes."""
    began = time.perf_counter()
    assert post(client, seven_png()).json()["digit"] == 7
    return time.perf_counter() - began


@pytest.mark.slow
@pytest.mark.fault(11)
def test_many_at_once_are_answered_or_asked_to_come_again(
    server: Server, client: httpx.Client
) -> None:
    batch = [("file", ("7.png", seven_png()))] * 1000

    def one(_: int) -> httpx.Response:
        files = {"file": ("7.png", seven_png())}
        return httpx.post(f"{server.url}/predict", files=files, timeout=120)

    alone = np.percentile([timed(client) for _ in range(20)], 95)
    with ThreadPoolExecutor(50) as pool, httpx.Client(base_url=server.url, timeout=120) as other:
        many = pool.submit(lambda: other.post("/predict/batch", files=batch))
        answers = list(pool.map(one, range(100)))
        beside = [timed(other) for _ in range(20) if not many.done()]
        assert len(many.result().json()) == 1000
    for answer in answers:
        assert answer.status_code in (200, 429)
        assert answer.status_code == 200 or answer.headers["retry-after"] == "1"
    assert sum(answer.status_code == 200 for answer in answers) >= 50
    assert not beside or np.percentile(beside, 95) < max(0.2, 10 * alone), "a machine may be busy"


@pytest.mark.fault(25)
def test_a_table_has_a_last_row(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_ROWS", 20)
    table = UploadFile(io.BytesIO((",".join(["0"] * 784) + "\n").encode() * 30), filename="a.csv")

    async def gone() -> bool:
        return False

    request = tables.TablesOfRequest([table], Choices("none", False, False))
    entry = asyncio.run(request.entry(table, classifier, gone))
    assert "more than 20 rows" in entry["error"]["message"]


@pytest.mark.fault(5)
def test_a_batch_has_an_end(client: httpx.Client) -> None:
    files = [("file", ("7.png", b"x"))] * 1001
    answer = client.post("/predict/batch", files=files)
    assert answer.status_code == 400
    assert "1000" in answer.json()["error"]["message"]


# 13: clients that leave


@pytest.mark.fault(13)
def test_clients_that_leave_cost_nothing(server: Server, client: httpx.Client) -> None:
    process = psutil.Process(server.pid)
    open_before = process.num_fds()
    head = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\n"
    body = part("file", bytes(3_000_000))
    for _ in range(20):
        with socket.create_connection(connection(server)) as sock:
            sock.sendall(head + b"Content-Length: 5000000\r\n\r\n" + body)
        with socket.create_connection(connection(server)) as sock:
            sock.sendall(head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    assert client.get("/health", timeout=1).status_code == 200
    end = time.monotonic() + 15
    while process.num_fds() > open_before + 3 and time.monotonic() < end:
        time.sleep(0.1)
    assert process.num_fds() <= open_before + 3


@pytest.mark.fault(13)
def test_work_for_a_client_that_left_stops(server: Server, client: httpx.Client) -> None:
    process = psutil.Process(server.pid)
    before = sum(process.cpu_times()[:2])
    few = [("file", ("7.png", seven_png()))] * 40
    assert client.post("/predict/batch", files=few).status_code == 200
    expected = 10 * (sum(process.cpu_times()[:2]) - before)
    body = part("file", seven_png()) * 400 + b"--b--\r\n"
    head = b"POST /predict/batch HTTP/1.1\r\nHost: x\r\n"
    head += b"Content-Type: multipart/form-data; boundary=b\r\n"
    before = spent = sum(process.cpu_times()[:2])
    with socket.create_connection(connection(server)) as sock:
        sock.sendall(head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    while (now := cpu_soon(process)) - spent > 0.02:
        spent = now
    assert now - before < 0.6 * expected, "all of it was read"


@pytest.mark.fault(13)
def test_a_table_for_a_client_that_left_is_read_no_further(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "AT_ONCE", 5)
    table = UploadFile(io.BytesIO((",".join(["0"] * 784) + "\n").encode() * 30), filename="a.csv")
    asked: list[bool] = []

    async def gone() -> bool:
        asked.append(len(asked) == 1)
        return asked[-1]

    request = tables.TablesOfRequest([table], Choices("none", False, False))
    entry = asyncio.run(request.entry(table, classifier, gone))
    assert asked == [False, True] and len(entry["items"]) == 10


def cpu_soon(process: psutil.Process) -> float:
    """Seconds that a process has computed for, a quarter of a second from now."""
    time.sleep(0.25)
    return sum(process.cpu_times()[:2])


# 14 to 19: pictures


def picture(size: tuple[int, int], kind: str = "PNG", mode: str = "L", colour: int = 255) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, colour).save(file, kind)
    return file.getvalue()


@pytest.mark.fault(14, 15, 16)
@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (picture((13_300, 13_300), mode="1"), 413, "image_too_large"),
        (picture((1, 60_000)), 413, "image_too_large"),
        (b"", 400, "image_empty"),
        (b"<html></html>", 415, "not_an_image"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', 415, "not_an_image"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", 415, "not_an_image"),
        (b"%PDF-1.7", 415, "not_an_image"),
        (picture((28, 28), "ICO"), 415, "not_an_image"),
        (seven_png()[:300], 422, "image_damaged"),
    ],
)
def test_a_picture_that_cannot_be_read(client, content: bytes, status: int, code: str) -> None:
    answer = post(client, content)
    assert (answer.status_code, error(answer)) == (status, code)


@pytest.mark.fault(18)
@pytest.mark.parametrize("colour", [0, 128, 255])
def test_a_blank_picture_shows_no_digit(client: httpx.Client, colour: int) -> None:
    body = post(client, picture((100, 100), colour=colour)).json()
    assert (body["digit"], body["status"]) == (None, "blank")


@pytest.mark.fault(18)
def test_noise_is_never_a_bold_answer(client: httpx.Client) -> None:
    for seed in range(5):
        noise = np.random.default_rng(seed).integers(0, 256, (100, 100)).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(noise).save(file, "PNG")
        assert post(client, file.getvalue()).json()["status"] != "ok"


@pytest.mark.fault(19)
@pytest.mark.parametrize(
    "name", ["../../x", "<script>", "a\nb", "x" * 4096, "\u202e7.png", "C:\\7.png", "7\udcff.png"]
)
def test_a_file_name_means_nothing(client: httpx.Client, name: str) -> None:
    safe = name.encode("utf-8", "surrogateescape").replace(b"\n", b"%0A")
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + safe + b'"\r\n\r\n'
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = client.post("/predict", headers=headers, content=head + seven_png() + b"\r\n--b--\r\n")
    assert answer.json()["digit"] == 7


def test_answers_carry_the_headers_that_seal_them(client: httpx.Client) -> None:
    for answer in (post(client, seven_png()), client.get("/health"), client.get("/runs/x")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.slow
def test_other_origins_are_let_in_by_name(tmp_path: Path) -> None:
    with serve(tmp_path / "log", MNIST_CNN_ORIGINS="http://here.example") as server:
        for origin, let_in in (("http://here.example", True), ("http://there.example", False)):
            asked = httpx.options(
                f"{server.url}/predict",
                headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
            )
            assert ("access-control-allow-origin" in asked.headers) == let_in
            refused = httpx.post(
                f"{server.url}/predict",
                headers={"Origin": origin},
                content=bytes(MAX_FILE_BYTES + 100_000),
            )
            assert refused.status_code == (413 if let_in else 403)
            assert ("access-control-allow-origin" in refused.headers) == let_in


@pytest.mark.slow
def test_it_is_also_started_by_streamlit(tmp_path: Path) -> None:
    with browser.server(tmp_path / "log", PROJECT_FOLDER / "app.py") as server:
        assert httpx.get(f"{server.url}/health").json()["status"] == "ready"
        assert "<html" in httpx.get(server.url).text


def connection(server: Server) -> tuple[str, int]:
    host, port = server.url.removeprefix("http://").split(":")
    return host, int(port)


def raw(server: Server, request: bytes) -> bytes:
    """What comes back for these very bytes, until the server hangs up or falls silent."""
    with socket.create_connection(connection(server), timeout=5) as sock:
        sock.sendall(request)
        answer = b""
        try:
            while block := sock.recv(65536):
                answer += block
                if b"Connection: close" not in request and b"}}" in answer:
                    break
        except TimeoutError:
            pass
        return answer


def test_the_description_tells_of_the_token_and_of_our_own_errors(client: httpx.Client) -> None:
    told = client.get("/openapi.json").json()
    promote = told["paths"]["/runs/{run}/promote"]["post"]
    assert promote["security"] == [{"HTTPBearer": []}]
    assert not any(known["in"] == "header" for known in promote["parameters"])
    assert "HTTPValidationError" not in json.dumps(told)

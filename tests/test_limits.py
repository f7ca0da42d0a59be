"""What stands around dashboard and API: names, origins, room for bodies, heads that do not come."""

import ast
import asyncio
import contextlib
import resource
import socket
import threading
import time
import tomllib
import weakref
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from mnist_cnn.api import limits, start_up
from mnist_cnn.api.errors import add_handlers
from mnist_cnn.api.limits import RequestLimits, UploadLimits
from mnist_cnn.api.prefix import DashboardPath, UnderPrefix, route_path
from mnist_cnn.api.same_origin import SameOrigin, Unframed, known_host
from mnist_cnn.api.websockets import EndsQuietly
from mnist_cnn.settings import MAX_TABLE_UPLOAD_MB, PROJECT_FOLDER
from mnist_cnn.ui import served
from tests.support.api_server import free_port


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that answers anything, and accepts any websocket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})
    else:
        await PlainTextResponse("yes")(scope, receive, send)


KNOWN = [
    *("localhost", "localhost:8501", "LOCALHOST", "a.localhost", "127.0.0.1", "192.0.2.7:80"),
    *("[::1]:8000", "[fe80::1]", "app1:8000", f"{socket.gethostname()}:8501"),
    *("digits.example.org", "digits.example.org.:443", "a.b.school.edu"),
]
FOREIGN = [
    *("example.org", "evil-digits.example.org", "school.edu", "127.0.0.1.nip.io"),
    *("localhost.example.org", "[::1", "2130706433.a"),
]


@pytest.mark.fault(59)
def test_a_server_knows_its_names() -> None:
    named = ("digits.example.org", "*.school.edu")
    assert [host for host in KNOWN if not known_host(host, named)] == []
    assert [host for host in FOREIGN if known_host(host, named)] == []
    assert known_host("example.org", ("*",))


def asked(app: ASGIApp, kind: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    """The first message that a request or a websocket gets back."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    lines = {"host": "localhost:8501"} | headers
    scope = {
        "type": kind,
        "method": method,
        "path": "/",
        "headers": [(name.encode(), value.encode()) for name, value in lines.items()],
    }
    asyncio.run(app(scope, None, send))
    return sent[0]


@pytest.fixture
def around(monkeypatch: pytest.MonkeyPatch) -> ASGIApp:
    monkeypatch.setenv("MNIST_CNN_ORIGINS", "http://friend.example")
    return SameOrigin(Unframed(echo))


@pytest.mark.fault(59)
@pytest.mark.parametrize(
    ("origin", "opens", "status"),
    [
        ("http://localhost:8501", True, 200),
        ("http://friend.example", False, 200),
        ("http://localhost:9999", False, 403),
        ("http://swallowed.example", False, 403),
        ("null", False, 403),
        ("http://[", False, 403),
    ],
)
def test_what_a_foreign_page_sends_is_refused_at_once(
    around: ASGIApp, origin: str, opens: bool, status: int
) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert asked(around, "http", method, origin=origin)["status"] == status
    assert asked(around, "http", origin=origin)["status"] == 200
    answer = asked(around, "websocket", origin=origin)
    assert (answer["type"] == "websocket.accept") == opens
    assert opens or answer["code"] == 1008


@pytest.mark.fault(59)
@pytest.mark.fault(60)
def test_a_foreign_name_is_refused_and_no_site_may_frame_the_dashboard(around: ASGIApp) -> None:
    for kind in ("http", "websocket"):
        assert asked(around, kind, host="rebound.example").get("status", 400) == 400
        assert asked(around, kind)["type"] in ("http.response.start", "websocket.accept")
    headers = dict(asked(around, "http")["headers"])
    assert headers[b"content-security-policy"] == b"frame-ancestors 'self'"
    assert headers[b"x-frame-options"] == b"SAMEORIGIN"


@pytest.mark.parametrize(
    ("root", "base", "path", "api", "dashboard"),
    [
        ("", "", "/predict", "/predict", "/predict"),
        ("/digits", "", "/digits/predict", "/predict", "/predict"),
        ("/digits", "", "/digits/digits/predict", "/predict", "/predict"),
        ("/digits", "", "/digits/digits", "/", "/"),
        ("", "/digits", "/digits/predict", "/predict", "/digits/predict"),
        ("", "/digits", "/predict", "/predict", "/digits/predict"),
        ("", "/digits", "/digitsmore", "/digitsmore", "/digits/digitsmore"),
    ],
)
def test_a_path_has_its_prefix_once(
    root: str, base: str, path: str, api: str, dashboard: str
) -> None:
    seen: list[Scope] = []

    async def note(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    def go(app: ASGIApp) -> Scope:
        scope = {"type": "http", "root_path": root, "path": path}
        asyncio.run(UnderPrefix(app, lambda: base)(scope, None, None))
        return seen[-1]

    assert route_path(go(note)) == api
    shown = go(DashboardPath(note, lambda: base))
    assert (shown["path"], shown.get("root_path", "")) == (dashboard, "")


def receiving(monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    """An API that takes in bodies, of all together 1000 bytes."""
    monkeypatch.setattr(limits, "MAX_REQUESTS_BYTES", 1000)
    app = FastAPI()
    add_handlers(app)
    app.add_middleware(RequestLimits)

    @app.post("/")
    async def take(request: Request) -> int:
        return len(await request.body())

    return app


@pytest.mark.fault(53)
def test_all_bodies_together_have_a_limit_and_give_their_room_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def send_three() -> list[httpx.Response]:
        transport = httpx.ASGITransport(receiving(monkeypatch))
        here = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield bytes(400)
            await here.wait()
            yield b"x"

        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            slow_ones = [asyncio.create_task(client.post("/", content=slow())) for _ in range(2)]
            await asyncio.sleep(0.05)
            refused = await client.post("/", content=bytes(300))
            here.set()
            done = await asyncio.gather(*slow_ones)
            return [refused, *done, await client.post("/", content=bytes(900))]

    refused, first, second, later = asyncio.run(send_three())
    assert refused.status_code == 429 and refused.headers["retry-after"] == "5"
    assert refused.json()["error"]["code"] == "busy"
    assert (first.json(), second.json(), later.json()) == (401, 401, 900)


@pytest.mark.fault(52)
def test_each_uploader_has_a_size_of_its_own_and_the_server_takes_no_more() -> None:
    files = [*PROJECT_FOLDER.glob("*.py"), *(PROJECT_FOLDER / "pages").glob("*.py")]
    files += (PROJECT_FOLDER / "mnist_cnn" / "ui").glob("*.py")
    calls = [
        {option.arg for option in node.keywords}
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("file_uploader")
    ]
    assert len(calls) >= 4 and all("max_upload_size" in options for options in calls)
    configuration = (PROJECT_FOLDER / ".streamlit" / "config.toml").read_text()
    assert tomllib.loads(configuration)["server"]["maxUploadSize"] == MAX_TABLE_UPLOAD_MB


@pytest.mark.fault(52)
def test_the_uploads_of_all_sessions_have_a_limit_with_what_they_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "MAX_UPLOADS_BYTES", 1000)
    app, held = FastAPI(), [900]
    add_handlers(app)
    app.add_middleware(UploadLimits, held=lambda: {"another": held[0]})

    @app.put("/")
    async def take(request: Request) -> int:
        return len(await request.body())

    async def send_twice() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            first = await client.put("/", content=bytes(200))
            held[0] = 0  # the session is gone
            return [first, await client.put("/", content=bytes(200))]

    assert [answer.status_code for answer in asyncio.run(send_twice())] == [429, 200]


@pytest.mark.fault(52)
def test_nobody_takes_the_room_of_all_for_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MAX_UPLOADS_BYTES", 1000), ("FORM_OVERHEAD_BYTES", 100)):
        monkeypatch.setattr(limits, name, value)
    held: dict[str, int] = {}
    app = FastAPI()
    add_handlers(app)

    @app.put("/_stcore/upload_file/{session}/{file}")
    async def take(session: str, request: Request) -> None:
        held[session] = held.get(session, 0) + len(await request.body())

    around = UploadLimits(app, lambda: held)

    async def send(session: str, address: str, size: int) -> int:
        transport = httpx.ASGITransport(around, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            path = f"/_stcore/upload_file/{session}/f"
            return (await client.put(path, content=bytes(size))).status_code

    async def visit() -> list[int]:
        tries = [("a", "1", 400), ("a", "2", 300), ("b", "1", 300), ("b", "2", 300)]
        return [await send(*one) for one in tries]

    assert asyncio.run(visit()) == [200, 429, 429, 200]
    assert held == {"a": 400, "b": 300} and not around._sent
    held.clear()
    assert asyncio.run(send("a", "1", 400)) == 200


@pytest.mark.fault(52)
def test_an_upload_that_finds_no_room_is_refused_and_an_ended_sessions_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(served, "MAX_UPLOADS_BYTES", 1000)
    manager = MemoryUploadedFileManager("/x")
    sessions = [SimpleNamespace(session=SimpleNamespace(id=name)) for name in "abcd"]
    runtime = SimpleNamespace(
        uploaded_file_mgr=manager, _session_mgr=SimpleNamespace(list_sessions=lambda: sessions)
    )
    monkeypatch.setattr(served.st.runtime, "exists", lambda: True)
    monkeypatch.setattr(served.st.runtime, "get_instance", lambda: runtime)
    for _ in range(2):
        served.bound_uploads()

    def add(session: str, size: int) -> None:
        manager.add_file(session, UploadedFileRec(f"{session}{size}", "f", "t", bytes(size)))

    for session, size in (("a", 400), ("b", 400)):
        add(session, size)
    for session, size in (("a", 150), ("c", 300)):  # more than half; more than there is
        with pytest.raises(HTTPException) as refused:
            add(session, size)
        assert refused.value.status_code == 429
    copy = Copy()
    gone = weakref.ref(copy)
    del copy, sessions[0]  # a's tab was closed, and its time is over
    assert served.held_uploads() == {"b": 400} and gone() is None
    add("c", 300)


class Copy:
    """What a page makes of an upload, in a circle as sessions are."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def quick_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port of a server that does not wait long for heads."""
    monkeypatch.setattr(start_up, "HEAD_TIMEOUT_SECONDS", 0.3)
    start_up.harden()
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(echo, port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield port
    server.should_exit = True
    thread.join()


@pytest.mark.fault(56)
@pytest.mark.fault(8)
def test_who_sends_no_whole_head_is_let_go(quick_server: int) -> None:
    begun = b"GET / HTTP/1.1\r\nHost: x\r\nA: "
    whole = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    connections = [socket.create_connection(("127.0.0.1", quick_server)) for _ in range(3)]
    _silent, half, again = connections
    half.sendall(begun)
    again.sendall(whole)
    answer = b""
    while not answer.endswith(b"yes"):
        answer += again.recv(65536)
    again.sendall(begun)  # on a connection that was a good one
    end = time.monotonic() + 5
    for connection in connections:
        connection.settimeout(end - time.monotonic())
        assert connection.recv(65536) == b""
        connection.close()


@pytest.mark.fault(56)
def test_as_many_files_may_be_open_as_the_system_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 524_288))
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: asked.append((which, limits)))
    start_up._raise_limit_of_open_files()
    assert asked == [(resource.RLIMIT_NOFILE, (65_536, 524_288))]


@pytest.mark.fault(56)
@pytest.mark.parametrize("error", [ValueError, PermissionError])
def test_where_the_limit_of_open_files_cannot_be_raised_the_server_starts(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    asked: list[int] = []

    def refuse(_: int, most: tuple[int, int]) -> None:
        asked.append(most[0])
        raise error("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    start_up._raise_limit_of_open_files()
    assert asked == [65_536, 10_240]


@pytest.mark.fault(52)
def test_what_ended_sessions_held_is_looked_at_again_after_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start_up, "SWEEP_SECONDS", 0)
    looks: list[int] = []

    def held() -> int:
        looks.append(1)
        if len(looks) < 3:
            raise RuntimeError("changed size during iteration")
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(start_up.let_go_of_ended_sessions(held))
    assert len(looks) == 3


@pytest.mark.fault(9)
def test_what_is_tried_with_a_visitor_who_left_is_no_error() -> None:
    """The first send fails, as uvicorn's does then; Streamlit goes on and stumbles over it."""

    async def stumbles(scope: Scope, receive: Receive, send: Send) -> None:
        with contextlib.suppress(OSError):
            await send({"type": "websocket.send", "bytes": b""})
        raise TypeError("text frames are not supported")

    async def gone(message: Any) -> None:
        raise OSError

    async def still_there(message: Any) -> None:
        pass

    def visited(send: Any) -> None:
        asyncio.run(EndsQuietly(stumbles)({"type": "websocket"}, None, send))  # type: ignore[arg-type]

    visited(gone)
    with pytest.raises(TypeError):
        visited(still_there)

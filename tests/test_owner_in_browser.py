"""The owner's link in Chromium; and the ways in which others were once taken for the owner."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser
from tests.support.browser import KEY, OWNER, Server, click_button
from tests.support.nginx import WEBSOCKETS, nginx
from tests.support.web_server import WebRequests, serving

pytestmark = [pytest.mark.slow, pytest.mark.browser]

expect.set_options(timeout=30_000)

VISITOR = "You can look around and watch"

FORWARDER = """
import asyncio, sys

async def relay(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()

async def accept(reader, writer):
    there = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    await asyncio.gather(relay(reader, there[1]), relay(there[0], writer), return_exceptions=True)

async def main():
    server = await asyncio.start_server(accept, "0.0.0.0", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
"""What `ssh -R` or a tunnel's program is to the server: a program of the same user that connects
from this machine, for anybody."""

TWO_WORKERS = """
worker_processes 2;
events { worker_connections 64; }
http {
    SETTINGS
    server { listen PORT; location / { proxy_pass http://127.0.0.1:THERE; } }
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Bound to `::`, all addresses of both kinds, as `streamlit run` does it by itself."""
    folder = tmp_path_factory.mktemp("owner")
    with browser.server(folder / "log", PROJECT_FOLDER / "app.py", more=()) as started:
        yield started


@contextmanager
def forwarder(port: str) -> Iterator[str]:
    command = [sys.executable, "-c", FORWARDER, port]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.kill()


def start_buttons(page: Page) -> int:
    return page.get_by_role("button", name="Start", exact=True).count()


@pytest.mark.fault(60)
def test_whichever_way_somebody_comes_only_the_key_lets_them_act(
    server: Server, chromium: Browser, tmp_path: Path
) -> None:
    port = server.url.rpartition(":")[2]
    settings = TWO_WORKERS.replace("SETTINGS", WEBSOCKETS).replace("THERE", port)
    with forwarder(port) as forwarded, nginx(tmp_path / "nginx", settings) as proxied:
        headers = {"Cf-Connecting-Ip": "127.0.0.1", "X-Forwarded-For": "127.0.0.1"}
        ways = {
            "directly": (server.url, {}),
            "the other kind of address": (f"http://[::1]:{port}", {}),
            "forwarder or tunnel": (forwarded, {}),
            "two workers": (proxied, {}),
            "a header": (server.url, headers),
        }
        pages = {}
        for way, (url, extra) in ways.items():
            pages[way] = chromium.new_context(extra_http_headers=extra).new_page()
            pages[way].goto(f"{url}/Train", wait_until="commit")
        for page in pages.values():
            expect(page.get_by_text(VISITOR)).to_be_visible()
            assert start_buttons(page) == 0
        for way in ("two workers", "the other kind of address"):  # and the owner gets in there too
            pages[way].goto(f"{ways[way][0]}/{OWNER}", wait_until="commit")
        for way in ("two workers", "the other kind of address"):
            expect(pages[way].get_by_text("Lock this browser")).to_be_attached()
            assert "key" not in pages[way].url
        for page in pages.values():
            page.context.close()


@pytest.mark.fault(60)
def test_the_key_is_asked_for_once_per_browser(server: Server, chromium: Browser) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{server.url}/Train")
    page.get_by_text("You are the owner?").click()
    page.get_by_label("Key", exact=True).fill(KEY)
    click_button(page, "Unlock")
    start = page.get_by_role("button", name="Start", exact=True)
    expect(start).to_be_visible()
    page.wait_for_function("document.cookie.includes('digits-owner=1')")
    page.reload()
    expect(start).to_be_visible()
    assert KEY not in str(context.storage_state())
    assert [c["value"] for c in context.cookies() if "digits" in c["name"]] == ["1"]  # no secret
    click_button(page, "Lock this browser")
    expect(page.get_by_text(VISITOR)).to_be_visible()
    page.goto(f"{server.url}/Train#key=another")
    expect(page.get_by_text("That link has another key")).to_be_visible()
    assert start_buttons(page) == 0 and "key" not in page.url
    context.close()


@pytest.mark.fault(60)
def test_in_the_frame_of_another_page_nothing_can_be_pressed(
    server: Server, chromium: Browser, tmp_path: Path
) -> None:
    """Refused by the server; and where `streamlit run Home.py` has no say, never unlocked."""
    with browser.server(tmp_path / "log") as plain:
        context = chromium.new_context()
        page = context.new_page()
        for url in (plain.url, server.url):
            page.goto(f"{url}/Train{OWNER}")
            expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
        frames = "".join(f"<iframe src={url}/Train></iframe>" for url in (plain.url, server.url))
        (tmp_path / "around.html").write_text(frames)
        with serving(tmp_path, WebRequests()) as elsewhere:  # to cookies it is the same site
            page.goto(f"{elsewhere}/around.html")
            framed, refused = page.frames[1:]
            expect(framed.get_by_text(VISITOR)).to_be_visible()
            page.wait_for_timeout(500)
            assert framed.get_by_role("button", name="Start", exact=True).count() == 0
            assert refused.url.startswith("chrome-error:")
        context.close()


@pytest.mark.fault(60)
def test_a_new_session_is_shown_the_ticket_and_another_tab_undoes_no_locking(
    chromium: Browser,
) -> None:
    """The module alone, in two tabs of one browser, as Streamlit calls it."""
    script = (PROJECT_FOLDER / "mnist_cnn" / "ui" / "owner.js").read_text()
    call = """async ([data, link]) => {
      const keeper = await import(link);
      window.told ??= [];
      keeper.default({ data, setTriggerValue: (_, value) => window.told.push(value) });
    }"""
    context = chromium.new_context()
    context.route("**/*", lambda route: route.fulfill(body="<p>", content_type="text/html"))
    context.route(
        "**/owner.js", lambda route: route.fulfill(body=script, content_type="text/javascript")
    )
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto("http://digits.test/")

    def run(tab: Page, session: str, ticket: str = "", turn: str = "") -> None:
        data = {"name": "kept", "session": session, "ticket": ticket, "turn": turn}
        tab.evaluate(call, [data, "/owner.js"])

    def kept(tab: Page) -> str | None:
        return tab.evaluate("localStorage.getItem('kept')")

    first, second = tabs
    run(first, "a", "secret", turn="1")
    run(second, "b")
    assert second.evaluate("told") == [{"key": "", "ticket": "secret"}]
    run(second, "b", "secret")
    run(second, "c")  # the server was started again
    assert len(second.evaluate("told")) == 2, "the new session is shown the ticket, too"
    run(second, "c", "secret")
    run(first, "a", turn="2")  # Lock this browser
    second.wait_for_function("told.some(({ locked }) => locked)")
    run(second, "c", "secret")
    assert kept(second) is None and "digits-owner" not in second.evaluate("document.cookie")
    run(second, "c", "new", turn="3")
    run(first, "a", turn="2")
    assert kept(first) == "new"
    context.close()

"""How fast the API answers, beside the one that tutorials teach. Prints Markdown tables.

    python -m benchmarks.api [--seconds 8] [--minutes 10]

Both serve the network in production on this machine, in turn; the clients share its cores. The
second table keeps 32 clients asking for some minutes, with a dashboard in use meanwhile.
"""

import asyncio
import io
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from playwright.sync_api import sync_playwright

from benchmarks.live import strokes_in_turn
from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.runs import store
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser
from tests.support.api_server import serve
from tests.support.drawings import SEVEN


def request(host: str) -> bytes:
    """A drawn seven of 280 × 280 pixels as one HTTP request."""
    file = io.BytesIO()
    ink = (255 * rasterize(SEVEN)).astype(np.uint8)
    Image.fromarray(ink).resize((280, 280)).save(file, "PNG")
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="7.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + file.getvalue() + b"\r\n--b--\r\n"
    )
    head = (
        f"POST /predict HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    return head.encode() + body


async def client(host: str, until: float, times: list[float], errors: list[str]) -> None:
    """Asks again and again over one connection; keeps how long each answer took, in seconds."""
    name, port = host.split(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    asked = request(host)
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        times.append(time.perf_counter() - began)
        if b" 200 " not in head.splitlines()[0] or b'"digit":7' not in body.replace(b" ", b""):
            errors.append(body.decode()[:100])
    writer.close()


def load(url: str, clients: int, seconds: float) -> tuple[list[float], list[str], float]:
    """Times and errors of so many clients, and answers per second."""
    times: list[float] = []
    errors: list[str] = []
    host = url.removeprefix("http://")

    async def all_of_them() -> None:
        until = time.perf_counter() + seconds
        await asyncio.gather(*(client(host, until, times, errors) for _ in range(clients)))

    began = time.perf_counter()
    asyncio.run(all_of_them())
    return times, errors, len(times) / (time.perf_counter() - began)


def side_by_side(folder: Path, seconds: float) -> None:
    model = store.production_run().folder / "model.keras"
    apps = {"ours": "app:app", "naive": "benchmarks.naive_api:app"}
    alone, together, late = {}, {}, {}
    for name, app in apps.items():
        with serve(folder / f"{name}.log", app, NAIVE_MODEL=str(model)) as server:
            load(server.url, 1, 1)
            times, errors, _ = load(server.url, 1, seconds)
            alone[name] = 1000 * statistics.median(times)
            times, more, together[name] = load(server.url, 32, seconds)
            late[name] = 1000 * float(np.percentile(times, 99))
            if name == "ours":
                assert not errors + more, (errors + more)[0]
    print("| medians of one run | this API | the naive one | ratio |\n|---|---|---|---|")
    print(
        f"| `POST /predict`, one client | {alone['ours']:.1f} ms | {alone['naive']:.1f} ms | "
        f"1/{alone['naive'] / alone['ours']:.1f} |"
    )
    print(
        f"| 32 clients at once, answers per second | {together['ours']:.0f} | "
        f"{together['naive']:.0f} | {together['ours'] / together['naive']:.1f} |"
    )
    print(f"| 99 of 100 are answered within | {late['ours']:.0f} ms | {late['naive']:.0f} ms | |")
    print("| errors | 0 | | |")


def dashboard_meanwhile(folder: Path, minutes: float, strokes: int) -> None:
    """A drawing on the dashboard while 32 clients ask, and the memory after each minute."""
    with sync_playwright() as playwright, serve(folder / "load.log") as server:
        chromium = browser.launch(playwright)
        assert chromium
        strokes_in_turn(chromium, {"ours": server.url}, 1)
        idle = statistics.median(strokes_in_turn(chromium, {"ours": server.url}, strokes)["ours"])
        code = f"from benchmarks.api import load; load({server.url!r}, 32, {60 * minutes})"
        process = psutil.Popen([sys.executable, "-c", code], cwd=PROJECT_FOLDER)
        time.sleep(2)
        busy = statistics.median(strokes_in_turn(chromium, {"ours": server.url}, strokes)["ours"])
        chromium.close()
        memory: list[float] = []
        began = time.monotonic()
        while process.poll() is None:
            if time.monotonic() - began >= 30 * (len(memory) + 1):
                memory.append(psutil.Process(server.pid).memory_info().rss / 1e6)
            time.sleep(0.5)
    print("\n| while 32 clients ask | measured | beside it | ratio |\n|---|---|---|---|")
    print(f"| pen-up → bars | {busy:.0f} ms | idle: {idle:.0f} ms | {busy / idle:.2f} |")
    if len(memory) > 2:
        first, most = memory[1], max(memory[1:])
        print(
            f"| memory of the server, at most, after the first minute of {minutes:g} | "
            f"{most:.0f} MB | after that minute: {first:.0f} MB | {most - first:+.0f} MB |"
        )


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--strokes", type=int, default=12)
    options = shortened(parser.parse_args(), seconds=1.5, minutes=0.2, strokes=2)
    with tempfile.TemporaryDirectory() as name:
        side_by_side(Path(name), options.seconds)
        dashboard_meanwhile(Path(name), options.minutes, options.strokes)
    print(f"\n{os.cpu_count()} cores, Python {platform.python_version()}.")


if __name__ == "__main__":
    main()

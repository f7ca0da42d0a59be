"""Whether small machines do: the dashboard with 20 visitors, and trainings, in little memory.

    python -m benchmarks.small_machine [--visitors 20] [--presets quick standard]

Where it may, it puts the server or the training into a control group of Linux with a limit on all
its memory, as a container has; elsewhere it only measures, and says so. Prints what was held of
their own, with what mirrors files, and whether the system ended anybody for want of memory.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from mnist_cnn.runs import store
from mnist_cnn.storage import copy_folder
from tests.support import browser
from tests.support.api_server import serve
from tests.support.commands import COMMAND
from tests.support.memory_group import MemoryGroup, memory_group

SERVER_MB = 690
"""What Community Cloud gives an app."""

PATIENCE_MS = 240_000
"""All browsers share the cores with the server."""

TRAINING_MB = {"quick": 1_000, "standard": 1_500, "best": 1_300}
"""In 10⁶ bytes; a preset that is not named may have 2,000."""


def row(what: str, group: MemoryGroup, outcome: str, began: float) -> None:
    print(
        f"| {what} | {group.limit_mb:,} | {group.own_mb:,} | {group.all_mb:,} | {group.killed} | "
        f"{outcome} | {time.monotonic() - began:.0f} s |",
        flush=True,
    )


def visited(folder: Path, visitors: int) -> None:
    """The dashboard and the API in one server, visitors with a page each drawing at once."""
    began, read = time.monotonic(), 0
    with memory_group(SERVER_MB) as group, ExitStack() as stack, sync_playwright() as playwright:
        with group.inside():
            server = stack.enter_context(serve(folder / "log"))
        chromium = browser.launch(playwright)
        assert chromium, browser.NO_BROWSER
        pages = [chromium.new_page(viewport={"width": 900, "height": 900}) for _ in range(visitors)]
        for page in pages:
            page.goto(server.url, timeout=PATIENCE_MS)
        for page in pages:
            page.locator(browser.CANVAS).wait_for(timeout=PATIENCE_MS)
        for page in pages:
            page.wait_for_timeout(300)  # the canvas takes strokes a moment after it is shown
            browser.draw(page, browser.SEVEN)
            browser.wait_for_answer(page, "7", PATIENCE_MS / 1000)
            read += 1
        chromium.close()
    row(f"dashboard, {visitors} visitors", group, f"{read} of {visitors} read", began)


def trained(preset: str, limit_mb: int, options: Sequence[str]) -> None:
    began = time.monotonic()
    with memory_group(limit_mb) as group:
        with group.inside():
            process = subprocess.Popen(
                [*COMMAND, "train", "--preset", preset, *options],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        process.wait()
    outcome = "a whole run" if process.returncode == 0 else f"ended ({process.returncode})"
    row(f"`{preset}` {' '.join(options)}".strip(), group, outcome, began)


def beside(folder: Path, options: Sequence[str]) -> None:
    """What a container of 1 GB does: the server, and `quick` begun beside it."""
    began = time.monotonic()
    with memory_group(TRAINING_MB["quick"]) as group, ExitStack() as stack:
        with group.inside():
            server = stack.enter_context(serve(folder / "log"))
            process = subprocess.Popen(
                [*COMMAND, "train", "--preset", "quick", *options],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        process.wait()
        alive = Path(f"/proc/{server.pid}").exists()
    outcome = "a whole run" if process.returncode == 0 else f"ended ({process.returncode})"
    lives = "lives" if alive else "died"
    row("dashboard and `quick` together", group, f"{outcome}; the server {lives}", began)


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--presets", nargs="*", default=["quick", "standard"])
    parser.add_argument("--data", default="", help="instead of what the presets learn from")
    options = shortened(parser.parse_args(), visitors=3, presets=["quick"], data="bundled-digits")
    data = ["--data", options.data] if options.data else []
    with tempfile.TemporaryDirectory() as name:
        artifacts = Path(name) / "artifacts"
        copy_folder(store.production_run().folder.parent.parent, artifacts)
        os.environ["MNIST_CNN_ARTIFACTS"] = str(artifacts)
        if options.quick:
            os.environ["MNIST_CNN_DATA"] = str(Path(name) / "no data")
        print(
            "| what | limit (MB) | held of its own | with what mirrors files | ended by the "
            "system | outcome | took |\n|---|---|---|---|---|---|---|"
        )
        visited(Path(name), options.visitors)
        for preset in options.presets:
            trained(preset, TRAINING_MB.get(preset, 2_000), data)
        beside(Path(name), data)
        with memory_group(100) as group:
            print(f"\nMemory was {group.how}; all in 10⁶ bytes.")


if __name__ == "__main__":
    main()

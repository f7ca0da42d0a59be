"""The server for an hour among good clients and bad ones, with trainings, promotions and kills.

    python -m benchmarks.soak --minutes 60 [--no-browser]

Eight clients send pictures, photographs, strokes and archives, whole and damaged, bombs and halves.
A visitor draws in Chromium. Trainings are begun, stopped and killed, runs are promoted to and fro,
and processes that keep corrections are killed. Prints what was asked and answered, the server's
memory over time, and which of these held:

I1 no 5xx and no traceback · I2 memory back within 150 MB of the start · I3 /health answered ·
I4 production names a run that loads and passes the canary · I5 no acknowledged correction lost ·
I6 nothing temporary left after a start
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

import psutil
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import sync_playwright

from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from mnist_cnn.errors import DigitsError
from mnist_cnn.runs import gate, registry, serving, store
from mnist_cnn.settings import artifacts_folder
from mnist_cnn.training import job_processes, jobs
from tests.support import browser, soak_clients
from tests.support.api_server import serve
from tests.support.artifacts import another_run
from tests.support.commands import TRAIN
from tests.support.soak_clients import Counts

GROWN_MB, REST = 150, 120
"""By how much the server's memory may have grown, after at most so many seconds of rest."""

CLIENTS = (True, True, True, True, False, False, False, False)
"""Which of them are good."""


def visit(url: str, done: Event, counts: Counts) -> None:
    """A visitor who draws, corrects and looks around."""
    with sync_playwright() as playwright:
        chromium = browser.launch(playwright)
        if chromium is None:
            counts.add("there is no Chromium")
            return
        page = chromium.new_page(viewport={"width": 1280, "height": 1000})
        while not done.is_set():
            try:
                browser.open_page(page, url)
                browser.draw(page, browser.SEVEN)
                browser.wait_for_answer(page, "7", 60)
                counts.add("visitor: a seven was read")
                for name in ("Train", "Training_runs", "Confusion_matrix", "Batch"):
                    page.goto(f"{url}/{name}")
                    page.wait_for_timeout(1500)
                if page.get_by_text("Traceback").count():
                    counts.breach("I1: a page shows a traceback")
            except (PlaywrightError, AssertionError):
                counts.add("visitor: gave up waiting")
        chromium.close()


def train(done: Event, counts: Counts, rng: random.Random) -> None:
    """Trainings that are stopped, killed, or left to end."""
    while not done.is_set():
        try:
            job = jobs.start([*TRAIN[1:], "--epochs", "40"], "a soak")
        except DigitsError as error:
            counts.add(f"training refused: {type(error).__name__}")
            done.wait(2)
            continue
        done.wait(rng.random() * 40)
        way = rng.choice(("stop", "kill", "end at once"))
        counts.add(f"training: {way}")
        with contextlib.suppress(ProcessLookupError):
            if way == "kill":
                os.kill(job.pid, signal.SIGKILL)
            else:
                job_processes.stop(job, at_once=way != "stop")
        end = time.monotonic() + 120
        while jobs.running() is not None and time.monotonic() < end:
            time.sleep(0.2)
        ended = jobs.find(job.id)
        counts.add(f"training ended: {ended.state if ended else 'unknown'}")
        if jobs.running() is not None:
            counts.breach("I4: a training goes on that was to end")
            job_processes.stop(job, at_once=True)


def promote(done: Event, counts: Counts, runs: tuple[str, str]) -> None:
    while not done.wait(0.5):
        for run_id in runs:
            try:
                registry.promote(run_id, by="a soak")
                counts.add("promotion")
            except DigitsError as error:
                counts.breach(f"I4: a promotion failed: {error}")
            with contextlib.suppress(DigitsError):
                if store.production_id() not in runs:
                    counts.breach("I4: production names neither")


def held_mb(server: browser.Server) -> int:
    """The server's memory, in 10⁶ bytes."""
    return int(psutil.Process(server.pid).memory_info().rss // 10**6)


def check_at_the_end(counts: Counts) -> None:
    """I4, I5 and I6."""
    serving.forget()
    try:
        gate.check(store.production_run(), None)
    except DigitsError as error:
        counts.breach(f"I4: {error}")
    if lost := soak_clients.lost(counts):
        counts.breach(f"I5: {lost} acknowledged corrections are lost")
    jobs.tidy_up()
    if left := list(artifacts_folder().rglob(".tmp-*")):
        counts.breach(f"I6: {len(left)} temporary files are left")


def soak(server: browser.Server, minutes: float, with_browser: bool, counts: Counts) -> None:
    """All at once; prints the memory meanwhile and after a rest."""
    done, rng = Event(), random.Random(1)
    other = another_run().id
    runs = (str(store.production_id()), other)
    tasks: list[Callable[[], None]] = [
        *(
            lambda n=n, good=good: soak_clients.ask(server.url, n, good, done, counts)
            for n, good in enumerate(CLIENTS)
        ),
        lambda: soak_clients.watch_health(server.url, done, counts),
        lambda: soak_clients.correct(done, counts, rng),
        lambda: train(done, counts, rng),
        lambda: promote(done, counts, runs),
    ]
    if with_browser:
        tasks.append(lambda: visit(server.url, done, counts))
    soak_clients.bomb(), soak_clients.photograph()
    threads = [threading.Thread(target=task) for task in tasks]
    start = held_mb(server)
    for thread in threads:
        thread.start()
    timer = threading.Timer(60 * minutes, done.set)
    timer.start()
    print("| minute | memory of the server (MB) |\n|---|---|")
    began = time.monotonic()
    while not done.wait(5 if minutes < 5 else 30):
        print(f"| {(time.monotonic() - began) / 60:.1f} | {held_mb(server)} |", flush=True)
    for thread in threads:
        thread.join(180)
    rested = time.monotonic() + REST
    while (end := held_mb(server)) > start + GROWN_MB and time.monotonic() < rested:
        time.sleep(5)
    print(f"| at rest | {end} |\n\n{start} MB at the start.")
    if end > start + GROWN_MB:
        counts.breach(f"I2: {end - start} MB more than at the start")


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--no-browser", action="store_true", help="without the visitor")
    options = shortened(parser.parse_args(), minutes=0.7)
    counts = Counts()
    with tempfile.TemporaryDirectory() as name:
        source = store.production_run().folder.parent.parent
        artifacts = Path(name) / "artifacts"
        shutil.copytree(source, artifacts)
        os.environ["MNIST_CNN_ARTIFACTS"] = str(artifacts)
        os.environ["MNIST_CNN_DATA"] = str(Path(name) / "no data")
        try:
            with serve(Path(name) / "log") as server:
                soak(server, options.minutes, not options.no_browser, counts)
        except subprocess.TimeoutExpired:
            counts.add("the server took more than 20 seconds to end")
        log = (Path(name) / "log").read_text(errors="replace")
        if "Traceback" in log:
            counts.breach(f"I1: the log has a traceback: {log[log.index('Traceback') :][:3000]}")
        print("\n| what happened | times |\n|---|---|")
        for what, times in sorted(counts.answers.items()):
            print(f"| {what} | {times:,} |")
        print(f"\n{len(counts.kept):,} corrections were acknowledged.", flush=True)
        check_at_the_end(counts)
    print("\n".join(["", *counts.wrong]) if counts.wrong else "\nI1 to I6 held.")
    sys.exit(bool(counts.wrong))


if __name__ == "__main__":
    main()

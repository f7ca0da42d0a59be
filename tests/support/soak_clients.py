"""Who uses a server in a soak: good clients and bad ones, and processes that are killed."""

import contextlib
import io
import json
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Event, Lock
from urllib.parse import urlsplit

import httpx
import numpy as np
from PIL import Image

from mnist_cnn.data import bundled_digits
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support.drawings import SEVEN, seven_png
from tests.support.fuzzing import mutated

CORRECTING = """
import sys, time
import numpy as np
from mnist_cnn.data import corrections
from mnist_cnn.data.corrections import Correction
rng = np.random.default_rng(int(sys.argv[1]))
while True:
    image = rng.integers(0, 256, (28, 28)).astype(np.uint8)
    corrections.add([Correction(int(image[0, 0]) % 10, image)])
    print(image.tobytes().hex(), flush=True)
"""
"""Says of each correction that it is kept, once it is."""


@dataclass
class Counts:
    """What came of it all, counted over threads; `wrong` are breaches of what must hold."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    def add(self, what: str) -> None:
        with self.lock:
            self.answers[what] += 1

    def breach(self, what: str) -> None:
        with self.lock:
            if len(self.wrong) < 50:
                self.wrong.append(what)


@lru_cache
def bomb() -> bytes:
    """21 kB that would be 177 megapixels."""
    file = io.BytesIO()
    Image.new("L", (13_300, 13_300)).save(file, "PNG")
    return file.getvalue()


@lru_cache
def photograph() -> bytes:
    """A seven in a photograph of 12 megapixels."""
    seven = Image.open(io.BytesIO(seven_png())).convert("L").resize((1200, 1600))
    paper = Image.new("L", (4000, 3000), 230)
    paper.paste(40, (1200, 600), seven)
    file = io.BytesIO()
    paper.convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()


def requests(rng: random.Random) -> dict[str, Callable[[httpx.Client], httpx.Response | None]]:
    """By name, what a client sends; the first four are good, and answered by 200."""
    seven, photo = seven_png(), photograph()
    digits = bundled_digits.load_bundled_digits().test.part("a few", slice(0, 20)).images
    table = b"\n".join(b",".join(b"%d" % pixel for pixel in row.ravel()) for row in digits)
    strokes = {"strokes": [stroke.tolist() for stroke in SEVEN]}

    def upload(content: bytes, path: str = "/predict"):
        return lambda client: client.post(path, files={"file": ("a.png", content)})

    def changed(client: httpx.Client, content: bytes, path: str) -> httpx.Response:
        return upload(mutated(content, seven, rng), path)(client)

    return {
        "picture": upload(seven),
        "photograph": upload(photo),
        "strokes": lambda client: client.post("/predict", json=strokes),
        "batch": lambda client: client.post(
            "/predict/batch", files=[("file", ("a.png", seven))] * 10 + [("file", ("b.csv", table))]
        ),
        "changed": lambda client: changed(client, seven, "/predict"),
        "changed table": lambda client: changed(client, table, "/predict/batch"),
        "bomb": upload(bomb()),
        "large": lambda client: _gone_in_the_middle(client, seven, 10**9),
        "no picture": lambda client: client.post("/predict", content=rng.randbytes(500)),
        "odd run": lambda client: client.get("/runs/%2e%2e%2fetc"),
        "no token": lambda client: client.post("/runs/20270101-000001-aaaaaa/promote"),
        "gone": lambda client: _gone_in_the_middle(client, seven, 2 * len(seven)),
    }


GOOD = ("picture", "photograph", "strokes", "batch")


def _gone_in_the_middle(client: httpx.Client, content: bytes, promised: int) -> None:
    """Sends less than it promises and goes."""
    url = urlsplit(str(client.base_url))
    with socket.create_connection((str(url.hostname), url.port or 80), 10) as line:
        head = f"POST /predict HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {promised}\r\n"
        line.sendall(head.encode() + b"Content-Type: image/png\r\n\r\n" + content)


def ask(url: str, number: int, good: bool, done: Event, counts: Counts) -> None:
    """One client, good or bad, until it is told that all is done."""
    rng = random.Random(number)
    sent = {name: send for name, send in requests(rng).items() if (name in GOOD) == good}
    with httpx.Client(base_url=url, timeout=60) as client:
        while not done.is_set():
            name = rng.choice(list(sent))
            try:
                answer = sent[name](client)
            except httpx.TimeoutException:
                counts.add(f"{name}: late")
                continue
            except (httpx.TransportError, OSError) as error:
                counts.add(f"{name}: no answer")
                if good:
                    counts.breach(f"I1: {name} was not answered: {error!r}")
                continue
            if answer is None:
                counts.add(name)
                continue
            counts.add(f"{name}: {answer.status_code}")
            if answer.status_code >= 500 or "Traceback" in answer.text:
                counts.breach(f"I1: {name} was answered {answer.status_code}: {answer.text[:200]}")
            elif good and answer.status_code not in (200, 429):
                counts.breach(f"I1: {name}, which is good, was answered {answer.status_code}")


def watch_health(url: str, done: Event, counts: Counts) -> None:
    """Asks every second how the server is."""
    with httpx.Client(base_url=url, timeout=30) as client:
        while not done.wait(1):
            began = time.monotonic()
            with contextlib.suppress(httpx.TransportError):
                client.get("/health")
            seconds = time.monotonic() - began
            counts.add("health" if seconds < 1 else "health, slow")
            if seconds >= 10:
                counts.breach(f"I3: /health took {seconds:.1f} s")


def correct(done: Event, counts: Counts, rng: random.Random) -> None:
    """Processes that keep corrections and are killed after a moment, one after the other."""
    while not done.is_set():
        process = subprocess.Popen(
            [sys.executable, "-c", CORRECTING, str(rng.randrange(2**31))],
            cwd=PROJECT_FOLDER, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stdout
        first = process.stdout.readline().strip()
        done.wait(rng.random() * 2)
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0].splitlines()
        whole = {line for line in (first, *rest) if len(line) == 2 * 28 * 28}
        with counts.lock:
            counts.kept |= whole
        counts.add("a correcting process was killed")


def lost(counts: Counts) -> int:
    """How many corrections were acknowledged and are not there."""
    from mnist_cnn.data import corrections

    there = {np.asarray(c.image).tobytes().hex() for c in corrections.load()}
    return len(counts.kept - there)


def told(counts: Counts) -> str:
    return json.dumps(dict(sorted(counts.answers.items())))

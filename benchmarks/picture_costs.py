"""What reading a picture costs: milliseconds, and memory in a process of its own."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import papers, pen
from benchmarks.forms import BLACK
from benchmarks.naive_reading import naive_digit
from benchmarks.photos import INKS, WHITE
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.models.pipeline import predict_image
from mnist_cnn.records import FloatArray
from mnist_cnn.settings import PROJECT_FOLDER

PHOTO, DRAWING, SCAN = (
    "time: a photograph of 12 megapixels",
    "time: a clean drawing, 300 × 300",
    "time: a clean scan, 1000 × 1400",
)
COSTS = (PHOTO, DRAWING, SCAN)

IN_A_PROCESS = """
import json, pathlib, statistics, sys, time
from mnist_cnn.models.pipeline import predict_image
from mnist_cnn.runs import serving

def kilobytes(field):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(field)).split()[1])

classifier = serving.production_classifier()
small, large = (pathlib.Path(path).read_bytes() for path in sys.argv[1:])
predict_image(classifier, small)
before = peak = 0
if sys.platform == "linux":
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here on
    before = kilobytes("VmRSS")
spent = []
for _ in range(5):
    began = time.perf_counter()
    predict_image(classifier, large)
    spent.append(1000 * (time.perf_counter() - began))
if sys.platform == "linux":
    peak = kilobytes("VmHWM")
print(json.dumps([statistics.median(spent), (peak - before) / 1024]))
"""
"""`resource.getrusage` would tell the peak of whoever started the process, too."""


def _seven(height: int, width: int, size: float, ink: papers.Colour = BLACK) -> FloatArray:
    paper = papers.plain(height, width, (1, 1, 1))
    seven = pen.test_digits()[7][0]
    pen.write(paper, pen.ink(seven.strokes, size, 0.08 * size), ink, (height / 2, width / 2))
    return paper


def _photo() -> bytes:
    random = np.random.default_rng(0)
    scene = _seven(4032, 3024, 1400, INKS[0]) * np.asarray(WHITE, np.float32)
    return papers.camera(scene, random)


def _alternating(ways: Sequence[Callable[[], object]], times: int = 25) -> list[float]:
    """The median milliseconds of each, one after the other in turn."""
    spent: list[list[float]] = [[] for _ in ways]
    for _ in range(times):
        for own, way in zip(spent, ways, strict=True):
            began = time.perf_counter()
            way()
            own.append(1000 * (time.perf_counter() - began))
    return [statistics.median(own[1:]) for own in spent]


def _in_a_process(small: bytes, large: bytes) -> tuple[float, float]:
    """Milliseconds and extra megabytes at most, of reading the large picture."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "small", Path(folder) / "large"]
        for path, content in zip(paths, (small, large), strict=True):
            path.write_bytes(content)
        command = [sys.executable, "-c", IN_A_PROCESS, *map(str, paths)]
        told = subprocess.run(command, cwd=PROJECT_FOLDER, stdout=subprocess.PIPE, check=True)
    spent, extra = json.loads(told.stdout)
    return spent, extra


def print_costs(names: Sequence[str], classifier: Classifier) -> None:
    """A table of time and memory, the naive way beside it in the same run."""
    if not names:
        return
    print("| time and memory | ms | naive, ms | extra memory at most |\n|---|---|---|---|")
    clean = {DRAWING: (300, 300, 180.0), SCAN: (1400, 1000, 500.0)}
    for name in names:
        memory, content = "", _photo() if name == PHOTO else papers.png(_seven(*clean[name]))
        ways = (
            lambda: predict_image(classifier, content),  # noqa: B023  called at once
            lambda: naive_digit(classifier, content),  # noqa: B023
        )
        ours, naive = _alternating(ways, 6 if name == PHOTO else 25)
        if name == PHOTO:
            ours, extra = _in_a_process(papers.png(_seven(*clean[DRAWING])), content)
            memory = f"{extra:.0f} MB"
        print(f"| {name.removeprefix('time: ')} | {ours:.1f} | {naive:.1f} | {memory} |")
    print()

"""What the network itself learns of people who each gave thirty drawings, and what it forgets.

    python -m benchmarks.teaching [--people 20] [--each 30] [--part train]

Writers of UNIPEN give their drawings as corrections; four in five of these are learned from. They
are those of the test part; a network that has learned from no part may be judged by any. They are
judged on those that were held out and on all else that they wrote. Trains once, in artifacts that
are thrown away. Prints a Markdown table.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from mnist_cnn.data import corrections, unipen
from mnist_cnn.data.corrections import Correction
from mnist_cnn.ink.normalize import normalize_strokes, to_uint8
from mnist_cnn.models.recipe_options import arguments
from mnist_cnn.records import Dataset, Drawing
from mnist_cnn.runs import gate, store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.training import fine_tuning


def as_correction(drawing: Drawing) -> Correction:
    image = to_uint8(normalize_strokes(drawing.strokes))
    return Correction(int(drawing.label or -1), image, drawing.strokes)


def given(people: int, each: int, part: str) -> tuple[list[Correction], list[Correction]]:
    """What so many people give, and what else they wrote."""
    by_writer: dict[str, list[Drawing]] = {}
    for drawing in getattr(unipen.load_unipen("digits"), part):
        by_writer.setdefault(drawing.writer or "", []).append(drawing)
    enough = [name for name in sorted(by_writer) if len(by_writer[name]) >= 1.5 * each]
    random = np.random.default_rng(0)
    gave, rest = [], []
    for name in random.permutation(enough)[:people]:
        drawings = by_writer[str(name)]
        order = random.permutation(len(drawings))
        gave += [as_correction(drawings[row]) for row in order[:each]]
        rest += [as_correction(drawings[row]) for row in order[each:]]
    return gave, rest


def mistakes(run: Run, dataset: Dataset) -> int:
    logits = load_classifier(run).compute_logits(dataset.images.astype(np.float32) / 255)
    return int((logits.argmax(axis=1) != dataset.labels).sum())


def taught(start: Run, epochs: int) -> tuple[Run, float]:
    """The run that goes on from another, and the seconds that took."""
    words = arguments(fine_tuning.recipe_for(start))
    words[words.index("--epochs") + 1] = str(epochs)
    began = time.monotonic()
    answer = subprocess.run(
        [sys.executable, "-m", "mnist_cnn", "train", *words],
        cwd=PROJECT_FOLDER,
        check=True,
        capture_output=True,
        text=True,
    )
    return store.open_run(answer.stdout.split()[-1]), time.monotonic() - began


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--each", type=int, default=30)
    parser.add_argument("--part", choices=("train", "validation", "test"), default="test")
    parser.add_argument("--epochs", type=int, default=fine_tuning.EPOCHS)
    options = shortened(parser.parse_args(), people=3, epochs=1)
    with tempfile.TemporaryDirectory() as folder:
        artifacts = Path(folder) / "artifacts"
        shutil.copytree(PROJECT_FOLDER / "artifacts", artifacts)
        os.environ["MNIST_CNN_ARTIFACTS"] = str(artifacts)
        gave, rest = given(options.people, options.each, options.part)
        corrections.add(gave)
        start = store.production_run()
        run, seconds = taught(start, options.epochs)
        held_out = [correction for correction in gave if correction.held_out]
        print("| mistakes | before | after | |\n|---|---|---|---|")
        for name, some in (("held-out corrections", held_out), ("all else they wrote", rest)):
            dataset = corrections.dataset(some)
            before, after = mistakes(start, dataset), mistakes(run, dataset)
            change = f"{(after - before) / before:+.0%}" if before else ""
            print(f"| {name}, {len(some):,} | {before} | {after} | {change} |")
        for name, scores in start.evaluation["datasets"].items():
            then, now = scores["accuracy"], run.evaluation["datasets"][name]["accuracy"]
            print(f"| {name}, right | {then:.2%} | {now:.2%} | {100 * (now - then):+.2f} points |")
        print(f"\n{seconds:.0f} s; the gate says: {gate.worse_than(run, start.id) or 'it may'}.")
    print(f"From run {start.id}, {os.cpu_count()} cores, Python {platform.python_version()}.")


if __name__ == "__main__":
    main()

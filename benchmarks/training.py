"""What training costs: speed beside plain `model.fit`, the dashboard meanwhile, memory, many runs.

    python -m benchmarks.training [--images N] [--runs N] [--strokes N] [--presets quick best]

Needs MNIST and the pen digits. Prints a Markdown table.
"""

import dataclasses
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import sync_playwright

from benchmarks.live import memory_mb, strokes_in_turn
from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.recipes import Pools
from mnist_cnn.models.tensorflow_loader import load_tensorflow
from mnist_cnn.runs import store
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support import browser


def images_per_second(images: int) -> tuple[float, float]:
    """The median of five turns each: `standard` with augmentation, and plain fit on arrays."""
    load_tensorflow()
    import keras

    from mnist_cnn.models import network
    from mnist_cnn.training import loop
    from mnist_cnn.training.training_data import prepare

    share = images / 95_000
    pools = Pools(*(int(share * n) for n in dataclasses.astuple(PRESETS["standard"].pools)))
    recipe = dataclasses.replace(PRESETS["standard"], pools=pools, epochs=1)
    data = prepare(recipe)
    owners, rows = data.epoch(np.random.default_rng(0))
    _, pixels, known = zip(*data.batch(owners, rows), strict=True)
    labels = np.concatenate(known)
    arrays = np.concatenate(pixels)[..., None].astype(np.float32) / 255
    ours, plain = [], []
    for turn in range(6):
        model = network.build(recipe.architecture)
        seconds = loop.fit(model, recipe, data)
        model = network.build(recipe.architecture)
        model.compile(keras.optimizers.AdamW(1e-3), network.loss, metrics=[network.accuracy])
        began = time.perf_counter()
        model.fit(arrays, labels, batch_size=recipe.batch_size, verbose=0)
        if turn:  # the first turn warms up
            ours.append(len(labels) / seconds)
            plain.append(len(labels) / (time.perf_counter() - began))
    return statistics.median(ours), statistics.median(plain)


def dashboard_meanwhile(folder: Path, strokes: int, preset: str) -> dict[str, float]:
    """Pen-up to bars and memory of the server, idle and while a preset is trained."""
    artifacts = folder / "artifacts"
    shutil.copytree(PROJECT_FOLDER / "artifacts", artifacts)
    os.environ["MNIST_CNN_ARTIFACTS"] = str(artifacts)
    from mnist_cnn.training import job_files, job_processes, jobs

    with (
        sync_playwright() as playwright,
        browser.server(folder / "server.log") as server,
    ):
        chromium = browser.launch(playwright)
        assert chromium
        strokes_in_turn(chromium, {"ours": server.url}, 1)  # the first answers load packages

        def latency() -> float:
            times = strokes_in_turn(chromium, {"ours": server.url}, strokes)
            return statistics.median(times["ours"])

        idle = latency()
        before = memory_mb(server.pid)
        job = jobs.start(["--preset", preset], "a benchmark")
        while jobs.progress(job).phase != "training" or jobs.progress(job).batch < 50:
            time.sleep(0.2)
            assert jobs.running(), job_files.log_tail(job)
        busy = latency()
        after = memory_mb(server.pid)
        child = psutil.Process(job.pid).nice()
        job_processes.stop(job, at_once=True)
        chromium.close()
    return {"idle": idle, "busy": busy, "before": before, "after": after, "nice": child}


def one_epoch(preset: str, folder: Path) -> tuple[float, float]:
    """MB that a whole run with one epoch of a preset takes at its peak, and the epoch's seconds."""
    command = [sys.executable, "-m", "mnist_cnn", "train", "--preset", preset, "--epochs", "1"]
    options = ["--plain-epochs", "0"] if PRESETS[preset].plain_epochs else []
    subprocess.run(
        [*command, *options],
        env=os.environ | {"MNIST_CNN_ARTIFACTS": str(folder / preset)},
        cwd=PROJECT_FOLDER,
        check=True,
        capture_output=True,
    )
    (manifest,) = (folder / preset).glob("runs/*/run.json")
    facts = json.loads(manifest.read_bytes())
    return float(facts["peak_memory_mb"]), float(facts["training_seconds"])


def print_epoch(preset: str, folder: Path) -> None:
    """The two rows of a preset."""
    (peak, seconds), epochs = one_epoch(preset, folder), PRESETS[preset].epochs
    print(f"| peak memory of training `{preset}` | {peak:,.0f} MB | | |")
    print(
        f"| an epoch of `{preset}` | {seconds:.0f} s | "
        f"its {epochs}: {seconds * epochs / 60:.0f} min | |",
        flush=True,
    )


def many_runs(folder: Path, count: int) -> tuple[float, float]:
    """Seconds until the table of so many runs is made: at first, and again."""
    artifacts = folder / "many"
    shutil.copytree(PROJECT_FOLDER / "artifacts", artifacts)
    source = artifacts / "runs" / str(store.production_id())
    for number in range(count - len(store.list_all())):
        target = artifacts / "runs" / f"20260101-{number:06d}-aaaaaa"
        target.mkdir()
        for path in source.iterdir():
            os.link(path, target / path.name)
    code = (
        "import time; from mnist_cnn.ui import runs_table\n"
        "for _ in range(2):\n"
        " began = time.perf_counter(); rows = len(runs_table.all_rows())\n"
        " print(time.perf_counter() - began)\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"MNIST_CNN_ARTIFACTS": str(artifacts)},
        cwd=PROJECT_FOLDER,
        check=True,
        capture_output=True,
        text=True,
    )
    first, again = map(float, answer.stdout.split())
    return first, again


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--strokes", type=int, default=30)
    parser.add_argument("--meanwhile", choices=PRESETS, default="standard")
    parser.add_argument("--presets", nargs="*", choices=PRESETS, default=list(PRESETS))
    options = shortened(
        parser.parse_args(), images=1_000, runs=50, strokes=2, presets=["quick"], meanwhile="quick"
    )
    print("| medians of one run | measured | beside it | ratio |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, again = many_runs(folder, options.runs)
        print(
            f"| table of {options.runs:,} runs, first time | {first:.2f} s | "
            f"again: {again:.2f} s | |"
        )
        now = dashboard_meanwhile(folder, options.strokes, options.meanwhile)
        print(
            f"| pen-up → bars while `{options.meanwhile}` trains | {now['busy']:.0f} ms | "
            f"idle: {now['idle']:.0f} ms | {now['busy'] / now['idle']:.2f} |"
        )
        print(
            f"| memory of the server meanwhile | {now['after']:.0f} MB | "
            f"before: {now['before']:.0f} MB | {now['after'] / now['before']:.2f} |"
        )
        for preset in options.presets:
            print_epoch(preset, folder)
    ours, plain = images_per_second(options.images)
    print(
        f"| `standard`, images per second | {ours:,.0f} | plain fit without augmentation: "
        f"{plain:,.0f} | {ours / plain:.2f} |"
    )
    print(f"\n{psutil.cpu_count()} cores, Python {platform.python_version()}.")


if __name__ == "__main__":
    main()

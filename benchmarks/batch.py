"""How fast batches are read and what memory that takes, with what is aimed at. Prints Markdown.

    python -m benchmarks.batch [--rows 28000] [--many 1000000] [--pictures 10000] [--ray 120000]

The CSV in Kaggle's form is read beside the way that tutorials teach: pandas.read_csv, Keras'
model.predict, to_csv, with the network in production, each a process of its own from its start.
CPU seconds, of all cores, tell what a shared machine hides.
"""

import contextlib
import io
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
from PIL import Image
from pyarrow import dataset, parquet

from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from mnist_cnn.data import local_sets, mnist
from mnist_cnn.runs import serving, store
from mnist_cnn.settings import PROJECT_FOLDER

OURS = [sys.executable, "-m", "mnist_cnn", "batch", "--format", "kaggle", "--output"]
RAY = [sys.executable, "-m", "mnist_cnn", "batch", "--engine", "ray", "--workers"]
NAIVE = """
import sys
import keras, numpy as np, pandas as pd
rows = pd.read_csv(sys.argv[1])
model = keras.models.load_model(sys.argv[3], compile=False)
pixels = rows.values.reshape(-1, 28, 28, 1) / 255.0
answers = model.predict(pixels, batch_size=256, verbose=0).argmax(axis=1)
out = pd.DataFrame({"ImageId": np.arange(1, len(answers) + 1), "Label": answers})
out.to_csv(sys.argv[2], index=False)
"""


@dataclass(frozen=True)
class Cost:
    """Of a process from its start to its end: seconds, those of all cores, peak memory in MB."""

    seconds: float
    cpu: float
    memory: float


def measured(command: list[str]) -> Cost:
    """What a command costs; the CPU seconds of processes that it does not wait for are missing."""
    began = time.perf_counter()
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, cwd=PROJECT_FOLDER, stdout=nowhere, stderr=nowhere)
    of_it, peak, ended = psutil.Process(process.pid), 0, 0
    while not ended:
        with contextlib.suppress(psutil.Error):
            peak = max(peak, of_it.memory_info().rss)
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        time.sleep(0 if ended else 0.01)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return Cost(time.perf_counter() - began, used.ru_utime + used.ru_stime, peak / 1e6)


def row(what: str, mine: str, other: str = "", ratio: str = "", must: str = "") -> None:
    print(f"| {what} | {mine} | {other} | {ratio} | {must} |", flush=True)


def write_csv(images: np.ndarray, path: Path, rows: int) -> None:
    with open(path, "w") as file:
        file.write(",".join(f"pixel{n}" for n in range(784)) + "\n")
        lines = [",".join(map(str, image.ravel())) + "\n" for image in images]
        for number in range(rows):
            file.write(lines[number % len(lines)])


def write_parquet(images: np.ndarray, path: Path, rows: int) -> None:
    pixels = pa.array([image.ravel() for image in images], pa.list_(pa.uint8()))
    part = pa.table({"pixels": pixels})
    with parquet.ParquetWriter(path, part.schema) as file:
        for start in range(0, rows, len(images)):
            file.write_table(part.slice(0, rows - start), row_group_size=1000)


def csv_beside_pandas(folder: Path, images: np.ndarray, rows: int) -> None:
    table, mine_to, naive_to = (folder / name for name in ("test.csv", "mine.csv", "naive.csv"))
    model = store.production_run().folder / "model.keras"
    write_csv(images, table, rows)
    naive = measured([sys.executable, "-c", NAIVE, str(table), str(naive_to), str(model)])
    mine = measured([*OURS, str(mine_to), str(table)])
    answers, others = (
        np.loadtxt(path, delimiter=",", skiprows=1, dtype=int)[:, 1] for path in (mine_to, naive_to)
    )
    for what, name, must in (
        (f"{rows:,} rows of CSV, seconds from start to end", "seconds", "≤ 0.30"),
        ("the same in CPU seconds", "cpu", ""),
        ("peak memory (MB)", "memory", "≤ 0.12"),
    ):
        one, other = getattr(mine, name), getattr(naive, name)
        row(what, f"{one:.1f}", f"{other:.1f}", f"{one / other:.2f}", must)
    row("the same predictions as `model.predict`", f"{(answers == others).mean():.3%}")


def many_rows(folder: Path, images: np.ndarray, rows: int, fewer: int) -> None:
    tables = folder / "fewer.parquet", folder / "many.parquet"
    for table, count in zip(tables, (fewer, rows), strict=True):
        write_parquet(images, table, count)
    less, cost = (measured([*OURS, str(folder / "out.csv"), str(table)]) for table in tables)
    rate = f"{rows / cost.seconds:,.0f}"
    row(f"{rows:,} rows of Parquet, rows per second with start-up", rate, must="≥ 15,000")
    row("the same per two CPU seconds", f"{2 * rows / cost.cpu:,.0f}")
    both = f"{cost.memory:.0f}", f"{fewer:,} rows: {less.memory:.0f}"
    row("peak memory (MB)", *both, f"{cost.memory / less.memory:.2f}", "as of fewer")


def zip_of_png(folder: Path, images: np.ndarray, count: int) -> None:
    archive = folder / "test.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for number, image in enumerate(images[:count]):
            content = io.BytesIO()
            Image.fromarray(image).save(content, "PNG")
            file.writestr(f"{number:05d}.png", content.getvalue())
    costs = [measured([*OURS, str(folder / "out.csv"), str(archive)]) for _ in range(3)]
    count = min(count, len(images))
    rate = count / statistics.median(cost.seconds for cost in costs)
    what = f"{count:,} PNG in a ZIP, images per second with start-up, median of 3"
    row(what, f"{rate:,.0f}", must="≥ 3,500")
    row("the same per two CPU seconds", f"{2 * count / min(cost.cpu for cost in costs):,.0f}")


def ray_scaling(folder: Path, images: np.ndarray, rows: int) -> None:
    """The same rows by one worker and by two; the time of a start is that of a single row."""
    few, many = folder / "few.parquet", folder / "rows.parquet"
    write_parquet(images, few, 1)
    write_parquet(images, many, rows)
    seconds = {}
    for workers in ("1", "2"):
        start, whole = (
            measured([*RAY, workers, "--output", str(folder / path.stem / workers), str(path)])
            for path in (few, many)
        )
        seconds[workers] = whole.seconds, whole.seconds - start.seconds
    musts = ("from start to end", "≥ 1.6"), ("less the start of Ray", "")
    for number, (what, must) in enumerate(musts):
        one, two = seconds["1"][number], seconds["2"][number]
        both = f"{two:.1f}", f"one worker: {one:.1f}", f"{one / two:.2f}"
        row(f"{rows:,} rows by two Ray workers, seconds {what}", *both, must)


def node_that_dies(folder: Path) -> None:
    """The rows that the scaling was measured by, on two nodes of which one is killed."""
    from tests.support.ray_cluster import read_while_a_node_dies, two_nodes

    began, out = time.perf_counter(), folder / "after a death"
    with two_nodes() as cluster:
        answer = read_while_a_node_dies(cluster, folder / "rows.parquet", out)
    rows = dataset.dataset(out, format="parquet").to_table(columns=["item"])
    wanted = parquet.ParquetFile(folder / "rows.parquet").metadata.num_rows
    assert answer.returncode == 0, answer.stderr
    found = len(set(rows["item"].to_pylist()))
    row(
        "rows by two nodes of which one is killed, each once",
        f"{found:,} of {wanted:,}, {len(rows) - found} twice",
        f"in {time.perf_counter() - began:.0f} s",
        must="all",
    )


def same_answers(most: int) -> None:
    """On every test set: what changes where the first branch may answer alone."""
    classifier = serving.production_classifier()
    for found in local_sets.local_test_sets():
        images = found.images[:most].astype(np.float32) / 255
        quick, whole = classifier.predict_batch(images), classifier.predict_many(images, 250)
        pairs = list(zip(quick, whole, strict=True))
        digits = sum(one.digit != other.digit for one, other in pairs)
        verdicts = sum(one.status != other.status for one, other in pairs)
        alone = np.mean([one.probabilities != other.probabilities for one, other in pairs])
        row(
            f"{found.name}: read by the first branch alone",
            f"{alone:.1%} of {len(images):,}",
            f"other digits: {digits}, other verdicts: {verdicts}",
        )


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--rows", type=int, default=28_000)
    parser.add_argument("--many", type=int, default=1_000_000, help="rows of Parquet; 0 for none")
    parser.add_argument("--pictures", type=int, default=10_000)
    parser.add_argument("--ray", type=int, default=120_000, help="rows for Ray; 0 for none")
    parser.add_argument("--compared", type=int, default=10_000, help="digits of each test set")
    options = parser.parse_args()
    options = shortened(options, rows=2000, many=5000, pictures=500, ray=30_000, compared=200)
    images = mnist.load_mnist().test.images
    print("| one run | measured | compared with | ratio | must |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        csv_beside_pandas(folder, images, options.rows)
        if options.many:
            many_rows(folder, images, options.many, options.rows)
        zip_of_png(folder, images, options.pictures)
        same_answers(options.compared)
        if options.ray:
            ray_scaling(folder, images, options.ray)
            node_that_dies(folder)
    print(f"\n{os.cpu_count()} cores, Python {platform.python_version()}.")


if __name__ == "__main__":
    main()

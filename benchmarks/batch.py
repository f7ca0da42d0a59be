"""How fast batches are read and what memory that takes. Prints a Markdown table.

    python -m benchmarks.batch [--rows 28000] [--many 1000000] [--ray 60000]

The CSV in Kaggle's form is read beside the way that tutorials teach: pandas.read_csv, Keras'
model.predict, to_csv, with the network in production, each a process of its own from its start.
"""

import cProfile
import io
import os
import platform
import pstats
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
from PIL import Image
from pyarrow import parquet

from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from mnist_cnn.batch import stream
from mnist_cnn.batch.inputs import files
from mnist_cnn.data import mnist
from mnist_cnn.runs import serving, store
from mnist_cnn.settings import PROJECT_FOLDER

OURS = [sys.executable, "-m", "mnist_cnn", "batch", "--format", "kaggle", "--output"]
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


def measured(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory in MB of a process, from its start to its end."""
    began = time.perf_counter()
    nowhere = subprocess.DEVNULL
    process = psutil.Popen(command, cwd=PROJECT_FOLDER, stdout=nowhere, stderr=nowhere)
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, process.memory_info().rss)
        except psutil.Error:
            break
        time.sleep(0.02)
    assert process.wait() == 0, command
    return time.perf_counter() - began, peak / 1e6


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


def ray_scaling(folder: Path, images: np.ndarray, rows: int) -> None:
    """The same rows by one worker and by two; the time of a start is that of a single row."""
    few, many = folder / "few.parquet", folder / "many.parquet"
    write_parquet(images, few, 1)
    write_parquet(images, many, rows)
    command = [sys.executable, "-m", "mnist_cnn", "batch", "--engine", "ray", "--workers"]
    seconds = {}
    for workers in ("1", "2"):
        start, whole = (
            measured([*command, workers, "--output", str(folder / path.stem / workers), str(path)])
            for path in (few, many)
        )
        seconds[workers] = whole[0], whole[0] - start[0]
    for number, what in enumerate(("from start to end", "less the start of Ray")):
        one, two = seconds["1"][number], seconds["2"][number]
        print(
            f"| {rows:,} rows by two Ray workers, seconds {what} | {two:.1f} | "
            f"one worker: {one:.1f} | {one / two:.2f} |",
            flush=True,
        )


def csv_beside_pandas(folder: Path, images: np.ndarray, rows: int) -> None:
    table, mine_to, naive_to = (folder / name for name in ("test.csv", "mine.csv", "naive.csv"))
    model = store.production_run().folder / "model.keras"
    write_csv(images, table, rows)
    naive = measured([sys.executable, "-c", NAIVE, str(table), str(naive_to), str(model)])
    mine = measured([*OURS, str(mine_to), str(table)])
    answers, others = (
        np.loadtxt(path, delimiter=",", skiprows=1, dtype=int)[:, 1] for path in (mine_to, naive_to)
    )
    print(
        f"| {rows:,} rows of CSV, seconds from start to end | {mine[0]:.1f} | "
        f"{naive[0]:.1f} | {mine[0] / naive[0]:.2f} |"
    )
    print(f"| peak memory (MB) | {mine[1]:.0f} | {naive[1]:.0f} | {mine[1] / naive[1]:.2f} |")
    print(f"| the same answers | {(answers == others).mean():.3%} | | |", flush=True)


def many_rows(folder: Path, images: np.ndarray, rows: int) -> None:
    table = folder / "many.csv"
    write_csv(images, table, rows)
    _, peak = measured([*OURS, str(folder / "out.csv"), str(table)])
    print(f"| peak memory with {rows:,} rows (MB) | {peak:.0f} | | |", flush=True)


def zip_of_png(folder: Path, images: np.ndarray) -> None:
    """How fast, and which share of the time goes into what, in the thread that decodes."""
    archive = folder / "test.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for number, image in enumerate(images):
            content = io.BytesIO()
            Image.fromarray(image).save(content, "PNG")
            file.writestr(f"{number:05d}.png", content.getvalue())
    seconds, _ = measured([*OURS, str(folder / "out.csv"), str(archive)])
    rate = len(images) / seconds
    print(f"| {len(images):,} PNG in a ZIP, images per second with start-up | {rate:,.0f} | | |")
    classifier = serving.production_classifier()
    profiler = cProfile.Profile()
    profiler.runcall(lambda: list(stream.read_all(files.items_of([("", archive)]), classifier)))
    stats = pstats.Stats(profiler).get_stats_profile()
    for name in ("decode_image", "extract_ink", "normalize"):
        share = stats.func_profiles[name].cumtime / stats.total_tt
        print(f"| of the decoding thread's time, in `{name}` | {share:.0%} | | |")


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--rows", type=int, default=28_000)
    parser.add_argument("--many", type=int, default=0, help="rows of a second, larger CSV")
    parser.add_argument("--ray", type=int, default=0, help="rows of Parquet for Ray's workers")
    options = shortened(parser.parse_args(), rows=2_000, many=0, ray=0)
    images = mnist.load_mnist().test.images
    print("| one run | this program | pandas and model.predict | ratio |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        csv_beside_pandas(folder, images, options.rows)
        if options.many:
            many_rows(folder, images, options.many)
        zip_of_png(folder, images)
        if options.ray:
            ray_scaling(folder, images, options.ray)
    print(f"\n{os.cpu_count()} cores, Python {platform.python_version()}.")


if __name__ == "__main__":
    main()

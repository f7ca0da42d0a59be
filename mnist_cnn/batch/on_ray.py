"""Batches on several machines: the same reading as `batch`, spread over a Ray cluster.

    files or row groups of Parquet shards → a task for some of them → a shard of Parquet each

`RAY_ADDRESS` names the cluster; without it Ray starts one on this machine. What a worker or a whole
node was at when it died is read again by another. Every worker opens the inputs and writes its
shards itself, so both lie where all of them find them; the network travels to the workers.
"""

import itertools
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_cnn.batch import stream
from mnist_cnn.batch.inputs import files, parquet_shards
from mnist_cnn.batch.inputs.choices import Choices, Tables
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.results import Result, Summary, top_digit
from mnist_cnn.errors import BadInput
from mnist_cnn.models.calibration import calibration_of
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.runs.loading import branches_of
from mnist_cnn.runs.store import Run
from mnist_cnn.storage import make_folder, remove_leftovers, replacing

if TYPE_CHECKING:
    import pyarrow as pa


AT_ONCE = 16
"""Files or row groups of a task, at most: what is read again when a worker dies."""

TASKS_EACH = 8
"""Tasks for each worker, at least, so that they end together."""

RETRIES = 5
"""Deaths of workers that a task outlives; what kills every worker ends the batch."""

ROWS = 1024
"""Rows that are written at a time."""


@dataclass(frozen=True)
class How:
    """How many workers there are, one for each core of the cluster where it is None, and how they
    read tables."""

    workers: int | None = None
    choices: Choices = field(default_factory=Choices)


@dataclass(frozen=True)
class _Beside:
    """What every task needs: how tables are read, files of labels, and where its shard goes."""

    choices: Choices
    labels: Sequence[files.Source]
    output: Path


def read_all(paths: Sequence[Path], output: Path, run: Run, how: How | None = None) -> Summary:
    """Reads files, folders and Parquet shards into a folder of Parquet shards.

    The columns are those of `Result.row`, and `likeliest`, a digit also where the answer is none.
    Names are those that `inputs.files.items_of` gives; the shards' own names have their order.

    Args:
        paths: where every worker finds them.

    Raises:
        BadInput: Ray is not installed, or there is nothing to read.
    """
    ray, how = _ray(), how or How()
    sources = list(files.files_in(paths))
    labels = files.label_files(sources)
    work = [part for source in sources if source not in labels for part in _parts(*source)]
    if not work:
        raise BadInput("There is no file to read in these inputs.")
    ray.init(log_to_driver=False, include_dashboard=False, logging_level=logging.ERROR)
    try:
        workers = how.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
        network = ray.put((run.read("model.tflite"), run.calibration, run.id, branches_of(run)))
        absolute = [(name, path.absolute()) for name, path in labels]
        beside = ray.put(_Beside(how.choices, absolute, output.absolute()))
        make_folder(output)
        task = ray.remote(num_cpus=1, max_retries=RETRIES, scheduling_strategy="SPREAD")(_shard)
        num_parts = max(1, min(AT_ONCE, math.ceil(len(work) / (TASKS_EACH * workers))))
        tasks = (
            task.remote(number, work[start : start + num_parts], network, beside)
            for number, start in enumerate(range(0, len(work), num_parts))
        )
        return _sum(ray, tasks, workers)
    finally:
        ray.shutdown()
        remove_leftovers(output, lambda process: False)  # of workers that died


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise BadInput(
            "Ray is not installed; please run `pip install -r requirements-ray.txt` first."
        ) from error
    return ray


def _sum(ray: Any, tasks: Iterator[Any], workers: int) -> Summary:
    """What became of all tasks, of which so many run at a time."""
    total = Summary()
    running = list(itertools.islice(tasks, workers))
    while running:
        done, running = ray.wait(running)
        running += itertools.islice(tasks, len(done))
        for part in ray.get(done):
            total.add_all(part)
    return total


def _parts(name: str, path: Path) -> Iterator[dict[str, Any]]:
    """A file; or each row group of a Parquet shard, so that several workers share it."""
    try:
        with open(path, "rb") as file:
            is_shard = file.read(4) == b"PAR1"
    except OSError:  # whoever reads it says so in its row
        is_shard = False
    groups = range(parquet_shards.row_groups(path)) if is_shard else [-1]
    for group in groups:
        yield {"name": name, "path": str(path.absolute()), "group": group}


def _shard(
    number: int,
    work: Sequence[dict[str, Any]],
    network: tuple[bytes, dict[str, Any], str, int],
    beside: _Beside,
) -> Summary:
    """Reads some files or row groups on one core, and writes what they show: one task."""
    from pyarrow import parquet

    model, calibration, run_id, branches = network
    classifier = _classifier(model, tuple(calibration.items()), run_id, branches)
    items = _items(work, Tables(beside.choices), beside.labels)
    results = stream.read_on_one_core(items, classifier)
    summary = Summary()
    path = beside.output / f"part-{number:06}.parquet"
    with replacing(path) as temporary, parquet.ParquetWriter(temporary, _schema()) as shard:
        while chunk := list(itertools.islice(results, ROWS)):
            for result in chunk:
                summary.add(result)
            shard.write_table(_as_table(chunk))
    return summary


@lru_cache(maxsize=1)
def _classifier(
    model: bytes, calibration: tuple[tuple[str, Any], ...], run_id: str, branches: int
) -> Classifier:
    """Loaded once by each worker's process."""
    fitted = calibration_of(dict(calibration), run_id)
    return Classifier(model, fitted, run_id, branches=branches)


def _items(
    work: Sequence[dict[str, Any]], tables: Tables, labels: Sequence[files.Source] = ()
) -> Iterator[Item]:
    for part in work:
        name, path = part["name"], Path(part["path"])
        if part["group"] < 0:
            yield from files.items_of([(name, path)], tables, labels)
        else:
            with open(path, "rb") as file:
                yield from parquet_shards.parquet_items(name, file, [part["group"]], tables)


def _schema() -> "pa.Schema":
    import pyarrow as pa

    words = dict.fromkeys(("item", "status", "error"), pa.string())
    numbers = dict.fromkeys(("digit", "label", "likeliest"), pa.int8())
    kinds = {**words, **numbers, "confidence": pa.float64()}
    order = ("item", "digit", "confidence", "status", "label", "error", "likeliest")
    return pa.schema([(name, kinds[name]) for name in order])


def _as_table(results: Sequence[Result]) -> "pa.Table":
    import pyarrow as pa

    rows = [{**r.row, "likeliest": top_digit(r.prediction)} for r in results]
    return pa.Table.from_pylist(rows, _schema())

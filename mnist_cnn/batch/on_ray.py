"""Batches on several machines: the same reading as `batch`, spread over a Ray cluster.

    files or Parquet shards → Ray Data → a classifier in each worker → Parquet

`RAY_ADDRESS` names the cluster; without it Ray starts one on this machine. A worker that dies is
replaced, and what it was at is read again. Every worker opens the inputs itself, so they lie where
all of them find them; the network travels to the workers.
"""

import itertools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mnist_cnn.batch import stream
from mnist_cnn.batch.inputs import files, parquet_shards
from mnist_cnn.batch.inputs.choices import Choices, Tables
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.results import Result, Summary, top_digit
from mnist_cnn.errors import BadInput
from mnist_cnn.models.calibration import calibration_of
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.runs.store import Run

if TYPE_CHECKING:
    import pyarrow as pa


AT_ONCE = 16
"""Files or row groups that a worker is handed at a time."""

ROWS = 1024
"""Rows of a table that a worker hands on."""

OF_A_CORE = 0.75
"""What a worker asks for, so that those who write have room beside all of them."""


@dataclass(frozen=True)
class How:
    """How many workers there are, one for each core of the cluster where it is None, and how they
    read tables."""

    workers: int | None = None
    choices: Choices = field(default_factory=Choices)


def read_all(paths: Sequence[Path], output: Path, run: Run, how: How | None = None) -> Summary:
    """Reads files, folders and Parquet shards into a folder of Parquet shards.

    The columns are those of `Result.row`, and `likeliest`, a digit also where the answer is none.
    Names are those that `inputs.files.items_of` gives.

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
    _connect(ray)
    workers = how.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
    network = ray.put((run.read("model.tflite"), run.calibration, run.id))
    beside = [(name, path.absolute()) for name, path in labels]
    blocks = min(len(work), max(4 * workers, len(work) // AT_ONCE))
    read = ray.data.from_items(work, override_num_blocks=blocks).map_batches(
        _Worker,
        fn_constructor_args=(network, how.choices, beside),
        batch_size=AT_ONCE,
        batch_format="pyarrow",
        num_cpus=OF_A_CORE,
        compute=ray.data.ActorPoolStrategy(size=workers),
    )
    read.write_parquet(str(output.absolute()), ray_remote_args={"num_cpus": (1 - OF_A_CORE) / 2})
    ray.shutdown()
    return _summary(output)


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise BadInput(
            "Ray is not installed; please run `pip install -r requirements-ray.txt` first."
        ) from error
    return ray


def _connect(ray: Any) -> None:
    """To the cluster, or to one that it starts; quiet, and rows stay in order."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.init(log_to_driver=False, include_dashboard=False, logging_level=logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False


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


class _Worker:
    """Reads what it is handed, on one core, with a classifier that it has loaded once."""

    def __init__(self, network: Any, choices: Choices, labels: Sequence[files.Source]) -> None:
        import ray

        self._choices, self._labels = choices, labels

        model, calibration, run_id = ray.get(network)
        self._classifier = Classifier(model, calibration_of(calibration, run_id), run_id)

    def __call__(self, work: "pa.Table") -> Iterator["pa.Table"]:
        items = _items(work.to_pylist(), Tables(self._choices), self._labels)
        results = stream.read_on_one_core(items, self._classifier)
        while chunk := list(itertools.islice(results, ROWS)):
            yield _as_table(chunk)


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


def _as_table(results: Sequence[Result]) -> "pa.Table":
    import pyarrow as pa

    schema = pa.schema(
        [
            ("item", pa.string()),
            ("digit", pa.int8()),
            ("confidence", pa.float64()),
            ("status", pa.string()),
            ("label", pa.int8()),
            ("error", pa.string()),
            ("likeliest", pa.int8()),
        ]
    )
    rows = [{**r.row, "likeliest": top_digit(r.prediction)} for r in results]
    return pa.Table.from_pylist(rows, schema)


def _summary(output: Path) -> Summary:
    """What became of all rows in a folder of shards."""
    from pyarrow import dataset

    total = Summary()
    for rows in dataset.dataset(str(output), format="parquet").to_batches():
        columns = rows.to_pandas()
        status = columns["status"]
        known = columns["label"].notna() & (status != "error")
        total.items += len(columns)
        total.errors += int((status == "error").sum())
        total.unsure += int((status == "unsure").sum())
        total.not_digits += int(status.isin(["not_a_digit", "blank"]).sum())
        for reason, items in columns["item"].groupby(columns["error"]):
            total.add_reason(str(reason), str(items.iloc[0]), len(items))
        total.labelled += int(known.sum())
        total.right += int(np.sum(columns["label"][known] == columns["digit"][known]))
    return total

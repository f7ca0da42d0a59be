"""`batch` reads thousands of digits."""

import argparse
import contextlib
import itertools
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from mnist_cnn.cli.options import (
    add_command,
    add_hand_option,
    add_run_option,
    chosen_classifier,
    positive,
)
from mnist_cnn.cli.output import say, show_in_place
from mnist_cnn.errors import BadInput, storage_failed
from mnist_cnn.storage import make_folder, remove_file, replacing, write_atomically

if TYPE_CHECKING:
    from mnist_cnn.batch.inputs.choices import Tables
    from mnist_cnn.batch.results import Result, Summary


def add_commands(commands: Any) -> None:
    batch = add_command(
        commands, "batch", _batch, "read thousands of digits", "batch test.csv --output read.csv"
    )
    kinds = "images, ZIP, TAR, CSV, IDX, NumPy, Parquet or strokes, or a folder of them"
    batch.add_argument("inputs", nargs="+", type=Path, metavar="INPUT", help=kinds)
    batch.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="ray: on a cluster, into a folder of Parquet shards",
    )
    batch.add_argument("--workers", type=positive(int), metavar="N", help="of ray; default: cores")
    batch.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    batch.add_argument("--format", choices=("csv", "jsonl", "kaggle"), default="csv")
    batch.add_argument(
        "--annotated", type=Path, metavar="FOLDER", help="for copies of sheets with their answers"
    )
    batch.add_argument(
        "--label",
        default="",
        metavar="first|last|none|NAME",
        help="the label's column in tables; default: found by its name or its values, or asked for",
    )
    batch.add_argument("--inverted", action="store_true", help="tables have dark ink on light")
    batch.add_argument(
        "--transposed", action="store_true", help="tables have columns for rows, as EMNIST's"
    )
    add_hand_option(batch)
    add_run_option(batch)


def _batch(options: argparse.Namespace) -> int:
    from mnist_cnn.batch.inputs import files
    from mnist_cnn.batch.results import write
    from mnist_cnn.batch.stream import read_all
    from mnist_cnn.batch.turned import suggestion

    if options.engine == "ray":
        return _batch_on_ray(options)
    tables = _tables(options)
    classifier = chosen_classifier(options.run_id, options.hand)
    results = read_all(files.items_of(files.files_in(options.inputs), tables), classifier)
    if options.annotated:
        results = _annotating(results, options.inputs, options.annotated)
    if options.output and options.format == "kaggle":
        results = _noting_errors(results, _beside(options.output))
    if options.output is None:
        summary = write(_counted(results), sys.stdout, options.format)
    else:
        with _opened(options.output) as file:
            summary = write(_counted(results), file, options.format)
    (say if options.output is None else print)(json.dumps(summary.as_dict()))
    _tell(summary)
    if better := suggestion(tables.samples, tables.choices, classifier):
        ways = {"--inverted": better.choices.inverted, "--transposed": better.choices.transposed}
        wanted = " ".join(option for option, chosen in ways.items() if chosen) or "neither option"
        say(f"{better.sentence} Please try again with {wanted}.")
    return 2 if summary.errors else 0


def _batch_on_ray(options: argparse.Namespace) -> int:
    from mnist_cnn.batch import on_ray
    from mnist_cnn.runs import store

    if options.hand:
        raise BadInput("A hand is one person's; please leave out --hand or --engine ray.")
    if options.annotated or options.format != "csv":
        raise BadInput("Ray writes Parquet alone; please leave out --annotated and --format.")
    if options.output is None:
        raise BadInput("Please say with --output FOLDER where Ray is to write its Parquet shards.")
    if options.output.exists() and not options.output.is_dir():
        raise BadInput(f"{options.output} is a file; please name a new folder.")
    if options.output.exists() and any(options.output.iterdir()):
        raise BadInput(f"{options.output} is not empty; please name a new folder.")
    run = store.open_run(options.run_id) if options.run_id else store.production_run()
    with contextlib.redirect_stdout(sys.stderr):  # what Ray has to say
        how = on_ray.How(options.workers, _tables(options).choices)
        summary = on_ray.read_all(options.inputs, options.output, run, how)
    print(json.dumps(summary.as_dict()))
    _tell(summary)
    return 2 if summary.errors else 0


def _tables(options: argparse.Namespace) -> "Tables":
    from mnist_cnn.batch.inputs.choices import Choices, Tables

    return Tables(Choices(options.label, options.inverted, options.transposed))


def _tell(summary: "Summary") -> None:
    """Why items could not be read, on standard error."""
    for line in summary.told:
        say(line)


def _annotating(
    results: "Iterator[Result]", paths: Sequence[Path], folder: Path
) -> "Iterator[Result]":
    """The same; at the end a folder holds a copy of each sheet, with its answers."""
    from mnist_cnn.batch.inputs import files
    from mnist_cnn.batch.results import annotated_sheet

    on_sheets: dict[str, list[list[Result]]] = {}
    for result in results:
        if result.item.box:
            name, _, number = result.item.name.rpartition(" #")
            known = on_sheets.setdefault(name, [])
            if number == "1" or not known:  # of the next sheet of that name
                known.append([])
            known[-1].append(result)
        yield result
    make_folder(folder)
    written: set[str] = set()
    for name, path in files.files_in(paths):
        if on_sheets.get(name):
            content = annotated_sheet(path, name, on_sheets[name].pop(0))
            numbered = (f"{path.stem} {number} read.png" for number in itertools.count(2))
            names = itertools.chain([f"{path.stem} read.png"], numbered)
            copy = next(copy for copy in names if copy not in written)
            written.add(copy)
            write_atomically(folder / copy, content)


def _beside(path: Path) -> Path:
    """Where the reasons of Kaggle's file go."""
    return path.with_name(f"{path.stem}.errors.csv")


def _noting_errors(results: "Iterator[Result]", path: Path) -> "Iterator[Result]":
    """The same; a file says why some could not be read, where there are any. That of another batch
    stays until this one has come to its end."""
    from mnist_cnn.batch.results import errors_writer

    put = None
    with contextlib.ExitStack() as stack:
        for number, result in enumerate(results, 1):
            if result.item.error:
                put = put or errors_writer(stack.enter_context(_opened(path)))
                put(number, result)
            yield result
    if put is None:
        remove_file(path)


def _counted(results: "Iterator[Result]") -> "Iterator[Result]":
    """The same, with a line on a terminal that says how many there were."""
    began = time.monotonic()
    for number, result in enumerate(results, 1):
        if number % 500 == 0:
            rate = number / (time.monotonic() - began)
            show_in_place(f"{number:,} read, {rate:,.0f} per second")
        yield result
    show_in_place("")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """A text file that takes its name once it is whole."""
    try:
        with (
            replacing(path) as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as file,
        ):
            yield file
    except OSError as error:
        raise storage_failed(path, error) from error

"""`datasets`: what people corrected and kept here, listed, and taken away as files."""

import argparse
from pathlib import Path
from typing import Any

from mnist_cnn.cli.options import add_command
from mnist_cnn.cli.output import print_json
from mnist_cnn.errors import BadInput

FORMATS = ("imagefolder", "parquet", "strokes")


def add_commands(commands: Any) -> None:
    example = "datasets export corrections --format parquet"
    datasets = add_command(
        commands, "datasets", _datasets, "list or export corrections and kept batches", example
    )
    datasets.add_argument("action", nargs="?", choices=("list", "export"), default="list")
    datasets.add_argument("name", nargs="?", metavar="NAME", help="corrections, or a kept batch")
    datasets.add_argument("--format", choices=FORMATS, default="imagefolder")
    datasets.add_argument(
        "--output", type=Path, metavar="FILE", help="default: the collection's name, here"
    )


def _datasets(options: argparse.Namespace) -> int:
    from mnist_cnn.data import labelled_sets
    from mnist_cnn.data.dataset_files import FORMS
    from mnist_cnn.storage import write_atomically

    if options.action == "list":
        for name in labelled_sets.own():
            digits = labelled_sets.digits_of(name)
            drawn = sum(bool(digit.strokes) for digit in digits)
            print_json({"name": name, "digits": len(digits), "drawn": drawn})
        return 0
    if not options.name:
        raise BadInput("Please say which: `python -m mnist_cnn datasets export NAME`.")
    form = FORMS[options.format]
    path = options.output or Path(f"{options.name}.{form.ending}")
    digits = labelled_sets.digits_of(options.name)
    if options.format == "strokes":
        digits = [digit for digit in digits if digit.strokes]
    content = form.write(digits)
    write_atomically(path, content)
    print_json({"name": options.name, "file": str(path), "digits": len(digits)})
    return 0

"""The command line: JSON on standard output, messages on standard error.

Exit status 0, or 2 with one line that says what was wrong. Heavy packages are imported by the
commands that need them, so that help comes at once.
"""

import argparse
import contextlib
import json
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from mnist_cnn.errors import BadInput, BadStrokes, DigitsError
from mnist_cnn.quiet import native_output_hidden
from mnist_cnn.runs import storage_failed
from mnist_cnn.settings import assigned_run
from mnist_cnn.tensorflow_loader import load_tensorflow

if TYPE_CHECKING:
    from mnist_cnn.batch import Result
    from mnist_cnn.classifier import Classifier
    from mnist_cnn.diary import Progress, Stop
    from mnist_cnn.recipes import Recipe
    from mnist_cnn.records import Drawing, Stroke

ACTIONS = ("list", "show", "delete", "restore")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the process' exit status."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except DigitsError as error:
        _say(str(error))
        return 2
    except KeyboardInterrupt:
        _say("Interrupted; nothing was kept.")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _predict(options: argparse.Namespace) -> int:
    classifier = _classifier(options.run_id)
    return _each(options, lambda source: classifier.read(source).prediction.as_dict())


def _read(options: argparse.Namespace) -> int:
    from mnist_cnn import reader, serving
    from mnist_cnn.images import read_image

    networks = serving.line_networks()

    def answer(source: "Path | tuple[Stroke, ...]") -> dict[str, Any]:
        if isinstance(source, Path):
            return reader.read_ink_line(read_image(source), networks).as_dict()
        return reader.read_strokes_line(source, networks).as_dict()

    return _each(options, answer)


def _each(
    options: argparse.Namespace, answer: "Callable[[Path | tuple[Stroke, ...]], dict[str, Any]]"
) -> int:
    """Prints the answer to every image or drawing; one that cannot be read costs its own line."""
    if bool(options.images) == bool(options.strokes):
        raise BadInput("Please give either images or --strokes FILE.")
    failed = False
    for source in _sources(options):
        try:
            if isinstance(source, BadStrokes):
                raise source
            _print(answer(source))
        except BadInput as error:
            failed = True
            _say(f"{source}: {error}" if isinstance(source, Path) else str(error))
            _print({"error": {"code": error.code, "message": str(error)}})
    return 2 if failed else 0


def _sources(options: argparse.Namespace) -> "Iterator[Path | tuple[Stroke, ...] | BadStrokes]":
    """What is to be read, in the order given; for a line that cannot be, its error."""
    from mnist_cnn.strokes import read_strokes

    yield from options.images
    if options.strokes:
        for row in read_strokes(options.strokes):
            yield row if isinstance(row, BadStrokes) else row.strokes


def _batch(options: argparse.Namespace) -> int:
    from mnist_cnn import batch, inputs

    if options.engine == "ray":
        return _batch_on_ray(options)
    classifier = _classifier(options.run_id)
    results = batch.read_all(inputs.items_of(inputs.files_in(options.inputs)), classifier)
    if options.annotated:
        results = _annotating(results, options.inputs, options.annotated)
    if options.output is None:
        summary = batch.write(_counted(results), sys.stdout, options.format)
    else:
        with _replacing(options.output) as file:
            summary = batch.write(_counted(results), file, options.format)
    (_say if options.output is None else print)(json.dumps(summary.as_dict()))
    return 2 if summary.errors else 0


def _batch_on_ray(options: argparse.Namespace) -> int:
    from mnist_cnn import batch_on_ray, runs

    if options.output is None:
        raise BadInput("Please say with --output FOLDER where Ray is to write its Parquet shards.")
    if options.output.exists() and any(options.output.iterdir()):
        raise BadInput(f"{options.output} is not empty; please name a new folder.")
    run = runs.open_run(options.run_id) if options.run_id else runs.production_run()
    with contextlib.redirect_stdout(sys.stderr):  # what Ray has to say
        summary = batch_on_ray.read_all(options.inputs, options.output, run, options.workers)
    print(json.dumps(summary.as_dict()))
    return 2 if summary.errors else 0


def _annotating(
    results: "Iterator[Result]", paths: Sequence[Path], folder: Path
) -> "Iterator[Result]":
    """The same; at the end a folder holds a copy of each sheet, with its answers."""
    from mnist_cnn import batch, inputs

    on_sheets: dict[str, list[Result]] = {}
    for result in results:
        if result.item.box:
            on_sheets.setdefault(result.item.name.rpartition(" #")[0], []).append(result)
        yield result
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in inputs.files_in(paths):
            if name in on_sheets:
                content = batch.annotated_sheet(path, name, on_sheets[name])
                (folder / f"{path.stem} read.png").write_bytes(content)
    except OSError as error:
        raise storage_failed(folder, error) from error


def _counted(results: "Iterator[Result]") -> "Iterator[Result]":
    """The same, with a line on a terminal that says how many there were."""
    began = time.monotonic()
    for number, result in enumerate(results, 1):
        if number % 500 == 0 and sys.stderr.isatty():
            rate = number / (time.monotonic() - began)
            print(f"\r\x1b[K{number:,} read, {rate:,.0f} per second", end="", file=sys.stderr)
        yield result
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _replacing(path: Path) -> "Iterator[TextIO]":
    """A file that takes its name once it is whole."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        with open(temporary, "w", newline="", encoding="utf-8") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        raise storage_failed(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def _train(options: argparse.Namespace) -> int:
    from mnist_cnn import jobs
    from mnist_cnn.diary import Stop
    from mnist_cnn.runs import NewRun

    recipe = recipe_of(options).check()
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.ask())
    with jobs.entered(["train", *recipe.arguments()], "the command line", assigned_run()) as run_id:
        load_tensorflow()
        with native_output_hidden():
            from mnist_cnn.training import train

        new_run = NewRun(run_id, name=options.name, note=options.note)
        with _interrupts_kept(stop):
            run = train(recipe, new_run, _Progress(), stop)
    _print(run.evaluation["datasets"])
    print(run.id, flush=True)
    return 0


@contextlib.contextmanager
def _interrupts_kept(stop: "Stop") -> "Iterator[None]":
    """Ctrl-C inside native code can come out of it as a SystemError; here it stays an interrupt."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:  # a background job of a shell ignores Ctrl-C
        signal.signal(signal.SIGINT, lambda *_: stop.interrupt())
    try:
        yield
    except SystemError:
        stop.check()
        raise
    finally:
        signal.signal(signal.SIGINT, usual)


def recipe_of(options: argparse.Namespace) -> "Recipe":
    """The preset with whatever was asked for otherwise."""
    from dataclasses import replace

    from mnist_cnn.recipes import PRESETS

    def given(*names: str) -> dict[str, Any]:
        values = {name: getattr(options, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    preset = PRESETS[options.preset]
    network = ("filters", "strides", "padding", "head", "dropout", "branches")
    own = ("data", "seed", "epochs", "calm_epochs", "batch_size", "optimizer", "schedule")
    return replace(
        preset,
        architecture=replace(preset.architecture, **given(*network)),
        augmentation=_changed(preset.augmentation, options.augment, "--augment"),
        pools=_changed(preset.pools, options.pools, "--pools"),
        **given(*own, "learning_rate", "weight_decay"),
    )


def _changed(amounts: Any, text: str | None, option: str) -> Any:
    """A record of numbers with some of them given as `name=number,…`."""
    from dataclasses import asdict, replace

    known = asdict(amounts)
    changes: dict[str, float] = {}
    for pair in text.split(",") if text else []:
        name, _, number = pair.partition("=")
        try:
            changes[name] = type(known[name])(number)
        except (KeyError, ValueError) as error:
            raise BadInput(
                f"{option} cannot take {pair!r}; expected some of {', '.join(known)}, each as "
                "name=number, joined by commas."
            ) from error
    return replace(amounts, **changes)


def _evaluate(options: argparse.Namespace) -> int:
    from mnist_cnn import datasets, runs
    from mnist_cnn.classifier import load_classifier
    from mnist_cnn.evaluation import evaluate
    from mnist_cnn.strokes import PEN_WIDTH

    run = runs.open_run(options.run_id) if options.run_id else runs.production_run()
    if not options.strokes:
        _print({"run": run.id, **run.evaluation})
        return 0
    drawings = _labelled(options.strokes)
    classifier = load_classifier(run)
    for width in options.pen_width or [PEN_WIDTH]:
        dataset = datasets.framed_drawings(options.strokes.name, drawings, width)
        scores = evaluate(classifier, [dataset])
        _print({"run": run.id, "pen_width": width, "datasets": scores})
    return 0


def _labelled(path: Path) -> "list[Drawing]":
    """The drawings of a strokes file that carry a digit as label; the others are named."""
    from mnist_cnn.strokes import read_strokes

    drawings = []
    for number, row in enumerate(read_strokes(path), start=1):
        if isinstance(row, BadStrokes):
            _say(str(row))
        elif row.label is None or row.label not in "0123456789" or len(row.label) != 1:
            _say(f"Drawing {number} was left out: its label {row.label!r} is not a digit.")
        else:
            drawings.append(row)
    if not drawings:
        raise BadStrokes(f"{path} holds no drawing that is labelled with a digit.")
    return drawings


def _runs(options: argparse.Namespace) -> int:
    from mnist_cnn import registry, runs

    if options.action == "list":
        for summary in registry.summaries():
            _print(summary)
    elif options.action == "show":
        run = runs.open_run(_required(options.id, "show"))
        _print({**run.manifest, "config": run.config, "evaluation": run.evaluation})
    elif options.action == "restore":
        _print({"run": registry.restore(_required(options.id, "restore")).id})
    else:
        registry.delete(_required(options.id, "delete"))
        _say(
            f"Run {options.id} is deleted; for {registry.DAYS_IN_TRASH} days "
            f"`python -m mnist_cnn runs restore {options.id}` brings it back."
        )
    return 0


def _required(run_id: str | None, action: str) -> str:
    if not run_id:
        raise BadInput(f"Please say which run: `python -m mnist_cnn runs {action} RUN`.")
    return run_id


def _import(options: argparse.Namespace) -> int:
    from mnist_cnn.importing import import_network

    print(import_network(options.file, options.name), flush=True)
    return 0


def _promote(options: argparse.Namespace) -> int:
    from mnist_cnn import registry

    run = registry.promote(options.id, "the command line", options.reason)
    _print({"run": run.id, "production": True})
    return 0


def _rollback(options: argparse.Namespace) -> int:
    from mnist_cnn import registry

    _print({"run": registry.roll_back("the command line").id, "production": True})
    return 0


def _classifier(run_id: str | None) -> "Classifier":
    from mnist_cnn import runs, serving
    from mnist_cnn.classifier import load_classifier

    if run_id:
        return load_classifier(runs.open_run(run_id))
    classifier = serving.production_classifier()
    if message := serving.stand_in(classifier.run_id):
        _say(message)
    return classifier


class _Progress:
    """A training run's progress as one moving line on a terminal, else a line per epoch."""

    def __init__(self) -> None:
        self._on_terminal = sys.stderr.isatty()
        self._last = ("", 0, False)

    def __call__(self, progress: "Progress") -> None:
        line = f"{progress.phase} {progress.share:4.0%}"
        if progress.epoch:
            line += f"  epoch {progress.epoch}/{progress.epochs}"
        shown = ("loss", "accuracy", "val_accuracy", "images_per_second", "seconds_left")
        for name in shown:
            value = getattr(progress, name)
            line += "" if value is None else f"  {name.replace('_', ' ')} {value:.4g}"
        news = (progress.phase, progress.epoch, 0 < progress.batch == progress.batches)
        if self._on_terminal:
            print(f"\r\x1b[K{line[:110]}", end="", file=sys.stderr, flush=True)
        elif news != self._last:
            _say(line)
        self._last = news


def _print(value: dict[str, Any]) -> None:
    print(json.dumps(value), flush=True)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


def parser() -> argparse.ArgumentParser:
    """Of every command and its options."""
    whole = argparse.ArgumentParser(
        "python -m mnist_cnn", description="Reads handwritten digits, and trains networks that do."
    )
    commands = whole.add_subparsers(required=True, metavar="COMMAND")

    _reading_options(commands)
    _batch_options(commands)
    _train_options(commands)
    _evaluate_options(commands)
    registry = _command(commands, "runs", _runs, "list, show, delete or restore runs", "runs")
    registry.add_argument("action", nargs="?", choices=ACTIONS, default="list")
    registry.add_argument("id", nargs="?", metavar="RUN")

    foreign = _command(commands, "import", _import, "make a run of a Keras file", "import model.h5")
    foreign.add_argument("file", type=Path, metavar="FILE", help="your own .keras or .h5, trusted")
    foreign.add_argument(
        "--name", default="", help="what the run is called; default: the file's name"
    )

    promote = _command(commands, "promote", _promote, "put a run into production", "promote RUN")
    promote.add_argument("id", metavar="RUN")
    promote.add_argument("--reason", default="", help="why, although it is worse")
    _command(commands, "rollback", _rollback, "undo the last promotion", "rollback")
    return whole


def _reading_options(commands: Any) -> None:
    predict = _command(commands, "predict", _predict, "read digits", "predict seven.png")
    predict.add_argument("images", nargs="*", type=Path, metavar="IMAGE")
    predict.add_argument("--strokes", type=Path, metavar="FILE", help="a strokes file instead")
    predict.add_argument(
        "--run", dest="run_id", metavar="RUN", help="default: the one in production"
    )

    read = _command(commands, "read", _read, "read numbers and equations", "read equation.png")
    read.add_argument("images", nargs="*", type=Path, metavar="IMAGE")
    read.add_argument("--strokes", type=Path, metavar="FILE", help="a strokes file instead")


def _evaluate_options(commands: Any) -> None:
    evaluate = _command(commands, "evaluate", _evaluate, "a run's scores", "evaluate")
    evaluate.add_argument("run_id", nargs="?", metavar="RUN", help="default: the one in production")
    evaluate.add_argument("--strokes", type=Path, metavar="FILE", help="labelled pen strokes")
    evaluate.add_argument(
        "--pen-width",
        type=_positive(float),
        nargs="+",
        metavar="SHARE",
        help="of the drawing's longer side, e.g. 0.02 for a hairline and 0.24 for a marker",
    )


def _batch_options(commands: Any) -> None:
    batch = _command(
        commands, "batch", _batch, "read thousands of digits", "batch test.csv --output read.csv"
    )
    batch.add_argument(
        "inputs",
        nargs="+",
        type=Path,
        metavar="INPUT",
        help="images, ZIP, CSV, IDX, Parquet or strokes, or a folder of them",
    )
    batch.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="ray: on a cluster, into a folder of Parquet shards",
    )
    batch.add_argument("--workers", type=_positive(int), metavar="N", help="of ray; default: cores")
    batch.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
    batch.add_argument("--format", choices=("csv", "jsonl", "kaggle"), default="csv")
    batch.add_argument(
        "--annotated", type=Path, metavar="FOLDER", help="for copies of sheets with their answers"
    )
    batch.add_argument("--run", dest="run_id", metavar="RUN", help="default: the one in production")


def _train_options(commands: Any) -> None:
    train = _command(commands, "train", _train, "train a network", "train --preset quick")
    train.add_argument(
        "--preset", choices=("quick", "standard", "best", "symbols"), default="standard"
    )
    train.add_argument("--name", default="", help="what the run is called")
    train.add_argument("--note", default="", help="what it is for")
    own = train.add_argument_group("instead of what the preset says")
    own.add_argument(
        "--data",
        type=_words,
        help="of mnist, pen-digits, bundled-digits, corrections; joined by commas",
    )
    own.add_argument("--seed", type=int, metavar="N")
    own.add_argument("--epochs", type=_positive(int), metavar="N")
    own.add_argument("--calm-epochs", type=int, metavar="N", help="the last, unaugmented")
    own.add_argument("--batch-size", type=_positive(int), metavar="N")
    own.add_argument("--optimizer", metavar="NAME", help="adamw, muon, sgd or rmsprop")
    own.add_argument("--schedule", metavar="NAME", help="one-cycle, cosine or constant")
    own.add_argument("--learning-rate", type=_positive(float), metavar="RATE")
    own.add_argument("--weight-decay", type=float, metavar="RATE")
    own.add_argument(
        "--filters", type=_list_of_numbers, metavar="N,N,…", help="of each convolution"
    )
    own.add_argument("--strides", type=_list_of_numbers, metavar="N,N,…", help="1 or 2 of each")
    own.add_argument("--padding", metavar="NAME", help="of the first convolution: valid or same")
    own.add_argument("--head", metavar="NAME", help="depthwise or flatten")
    own.add_argument("--dropout", type=float, metavar="SHARE")
    own.add_argument(
        "--branches", type=_positive(int), metavar="N", help="side by side, their mean answers"
    )
    own.add_argument("--augment", metavar="NAME=N,…", help="e.g. rotation=10,grain=0")
    own.add_argument("--pools", metavar="NAME=N,…", help="images an epoch, e.g. scanned=20000")


def _command(
    commands: Any, name: str, run: Any, summary: str, example: str
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary, epilog=f"example: python -m mnist_cnn {example}"
    )
    command.set_defaults(run=run)
    return command


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _list_of_numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split(","))


def _positive(kind: Any) -> Any:
    def positive(text: str) -> Any:
        value = kind(text)
        if not 0 < value < 1e6:
            raise ValueError
        return value

    positive.__name__ = f"positive {kind.__name__}"
    return positive

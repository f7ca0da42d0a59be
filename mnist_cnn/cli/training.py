"""`train` makes a run, `evaluate` measures one, `import` makes one of a Keras file."""

import argparse
import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_cnn.cli.options import add_command, add_strokes_option, positive
from mnist_cnn.cli.output import print_json, say, show_in_place
from mnist_cnn.errors import BadStrokes
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.recipe_options import arguments, by_option, check, with_options
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.settings import assigned_run

if TYPE_CHECKING:
    from mnist_cnn.records import Drawing
    from mnist_cnn.training.progress import Stop, TrainingProgress


def add_commands(commands: Any) -> None:
    _add_train(commands)
    evaluate = add_command(commands, "evaluate", _evaluate, "a run's scores", "evaluate")
    evaluate.add_argument("run_id", nargs="?", metavar="RUN", help="default: the one in production")
    add_strokes_option(evaluate, "labelled pen strokes")
    evaluate.add_argument(
        "--pen-width",
        type=positive(float),
        nargs="+",
        metavar="SHARE",
        help="of the drawing's longer side, e.g. 0.02 for a hairline and 0.24 for a marker",
    )
    foreign = add_command(
        commands, "import", _import, "make a run of a Keras file", "import model.h5"
    )
    foreign.add_argument("file", type=Path, metavar="FILE", help="your own .keras or .h5, trusted")
    foreign.add_argument(
        "--name", default="", help="what the run is called; default: the file's name"
    )


def _add_train(commands: Any) -> None:
    train = add_command(commands, "train", _train, "train a network", "train --preset quick")
    train.add_argument("--preset", choices=tuple(PRESETS), default="standard")
    train.add_argument("--name", default="", help="what the run is called")
    train.add_argument("--note", default="", help="what it is for")
    train.add_argument(
        "--log-to",
        metavar="NAME,…",
        help="also log to: mlflow, tensorboard, none; default: mlflow where MLFLOW_TRACKING_URI "
        "is set",
    )
    own = train.add_argument_group("instead of what the preset says")
    for option, settings in by_option().items():
        first = settings[0]
        flags = [option, *([first.former_option] if first.former_option else [])]
        choices = f": {', '.join(first.choices)}" if first.choices else ""
        own.add_argument(
            *flags,
            dest=option,
            metavar="NAME=N,…" if len(settings) > 1 else _METAVARS[first.kind],
            help=(first.help or first.label.lower()) + choices,
        )


_METAVARS = {
    "int": "N",
    "float": "N",
    "ints": "N,N,…",
    "words": "NAME,…",
    "choice": "NAME",
    "text": "RUN",
}


def recipe_of(options: argparse.Namespace) -> Recipe:
    """The preset with whatever was asked for otherwise.

    Raises:
        BadInput: an option's text is not of its form.
    """
    given = {name: text for name, text in vars(options).items() if text is not None}
    return with_options(PRESETS[options.preset], given)


def _train(options: argparse.Namespace) -> int:
    from mnist_cnn.models.tensorflow_loader import load_tensorflow
    from mnist_cnn.native_output import native_output_hidden
    from mnist_cnn.runs import notes
    from mnist_cnn.runs.new_run import NewRun
    from mnist_cnn.runs.registry import promote_if_first
    from mnist_cnn.training import fault_hook, jobs, process_limits, trackers
    from mnist_cnn.training.progress import Stop

    recipe = check(recipe_of(options))
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.ask())
    command = ["train", *arguments(recipe), *(["--name", options.name] if options.name else [])]
    process_limits.first_to_die()
    with jobs.registered(command, "the command line", assigned_run()) as run_id:
        log_to = trackers.chosen(options.log_to, say)
        fault_hook.reached("start")
        load_tensorflow()
        with native_output_hidden():
            from mnist_cnn.training.loop import train

        name = notes.distinct_name(options.name or recipe.preset)
        with _interrupts_kept(stop), trackers.told(log_to, recipe, run_id, name, say):
            new_run = NewRun(run_id, name=name, note=options.note)
            run = train(recipe, new_run, _ProgressPrinter(), stop)
        if refusal := promote_if_first(run):
            say(refusal)
    print_json(run.evaluation["datasets"])
    print(run.id, flush=True)
    return 0


@contextlib.contextmanager
def _interrupts_kept(stop: "Stop") -> Iterator[None]:
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


class _ProgressPrinter:
    """A training run's progress as one moving line on a terminal, else a line per epoch."""

    def __init__(self) -> None:
        self._last = ("", 0, False)

    def __call__(self, progress: "TrainingProgress") -> None:
        import sys

        line = f"{progress.phase} {progress.share:4.0%}"
        if progress.epoch:
            line += f"  epoch {progress.epoch}/{progress.epochs}"
        shown = ("loss", "accuracy", "val_accuracy", "images_per_second", "seconds_left")
        for name in shown:
            value = getattr(progress, name)
            line += "" if value is None else f"  {name.replace('_', ' ')} {value:.4g}"
        news = (progress.phase, progress.epoch, 0 < progress.batch == progress.batches)
        show_in_place(line)
        if news != self._last and not sys.stderr.isatty():
            say(line)
        self._last = news


def _evaluate(options: argparse.Namespace) -> int:
    from mnist_cnn.data.pen_digits import framed_drawings
    from mnist_cnn.evaluation.scores import evaluate
    from mnist_cnn.ink.strokes import PEN_WIDTH
    from mnist_cnn.runs import store
    from mnist_cnn.runs.loading import load_classifier

    run = store.open_run(options.run_id) if options.run_id else store.production_run()
    if not options.strokes:
        print_json({"run": run.id, **run.evaluation})
        return 0
    drawings = _labelled(options.strokes)
    classifier = load_classifier(run)
    for width in options.pen_width or [PEN_WIDTH]:
        dataset = framed_drawings(options.strokes.name, drawings, width)
        scores = evaluate(classifier, [dataset])
        print_json({"run": run.id, "pen_width": width, "datasets": scores})
    return 0


def _labelled(path: Path) -> "list[Drawing]":
    """The drawings of a strokes file that carry a digit as label; the others are named."""
    from mnist_cnn.ink.stroke_files import numbered_strokes

    drawings = []
    for number, row in numbered_strokes(path):
        if isinstance(row, BadStrokes):
            say(str(row))
        elif row.label is None or row.label not in "0123456789" or len(row.label) != 1:
            say(f"Line {number} was left out: its label {row.label!r} is not a digit.")
        else:
            drawings.append(row)
    if not drawings:
        raise BadStrokes(f"{path} holds no drawing that is labelled with a digit.")
    return drawings


def _import(options: argparse.Namespace) -> int:
    from mnist_cnn.training.importing import import_network

    print(import_network(options.file, options.name), flush=True)
    return 0

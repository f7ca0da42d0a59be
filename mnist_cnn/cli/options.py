"""What the parsers of the commands share."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mnist_cnn.models.classifier import Classifier


def add_command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], int], summary: str, example: str
) -> argparse.ArgumentParser:
    """A command's parser, whose options go to `run`."""
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=summary, description=summary, epilog=f"example: python -m mnist_cnn {example}"
    )
    command.set_defaults(run=run)
    return command


def add_run_option(command: argparse.ArgumentParser) -> None:
    """Which network is to answer."""
    command.add_argument(
        "--run", dest="run_id", metavar="RUN", help="default: the one in production"
    )


def add_strokes_option(command: argparse.ArgumentParser, help_text: str) -> None:
    command.add_argument("--strokes", type=Path, metavar="FILE", help=help_text)


def positive(kind: type) -> Callable[[str], Any]:
    """A parser of numbers above zero and below a million."""

    def parse(text: str) -> Any:
        value = kind(text)
        if not 0 < value < 1e6:
            raise ValueError
        return value

    parse.__name__ = f"positive {kind.__name__}"
    return parse


def chosen_classifier(run_id: str | None) -> "Classifier":
    """The classifier of a run; else the one in production, or that which answers for it."""
    from mnist_cnn.cli.output import say
    from mnist_cnn.runs import serving, store
    from mnist_cnn.runs.loading import load_classifier

    if run_id:
        return load_classifier(store.open_run(run_id))
    classifier = serving.production_classifier()
    if message := serving.fallback_message(classifier.run_id):
        say(message)
    return classifier

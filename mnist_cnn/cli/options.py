"""What the parsers of the commands share."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_cnn.errors import BadInput

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


def add_hand_option(command: argparse.ArgumentParser) -> None:
    """Whose handwriting it is."""
    command.add_argument(
        "--hand",
        metavar="HAND",
        help="a my-hand.json, or the name of a hand that is kept here: read that person",
    )


def positive(kind: type) -> Callable[[str], Any]:
    """A parser of numbers above zero and below a million."""

    def parse(text: str) -> Any:
        value = kind(text)
        if not 0 < value < 1e6:
            raise ValueError
        return value

    parse.__name__ = f"positive {kind.__name__}"
    return parse


def chosen_classifier(run_id: str | None, hand: str | None = None) -> "Classifier":
    """The classifier of a run; else the one in production, or that which answers for it. It listens
    to a hand where one is named."""
    network = _network(run_id)
    return with_hand(network, hand) if hand else network


def with_hand(network: "Classifier", hand: str) -> "Classifier":
    """The network as it listens to a hand's file, or to one that is kept here under that name.

    Raises:
        BadInput: there is no such hand, or it cannot be read.
    """
    from mnist_cnn.cli.output import say
    from mnist_cnn.hands import hand_files, kept_hands
    from mnist_cnn.hands.gain import learn

    path = Path(hand)
    try:
        content = path.read_bytes() if path.is_file() else None
    except OSError as error:
        raise BadInput(f"The hand {hand:.80} could not be read: {error.strerror}.") from error
    found = kept_hands.load(hand) if content is None else hand_files.unpacked(content)
    for complaint in found[1]:
        say(complaint)
    listens, gain = learn(network, found[0])
    if gain.worse:
        say(f"The hand {hand} reads its own drawings worse than the network does; it is not used.")
    return listens


def _network(run_id: str | None) -> "Classifier":
    from mnist_cnn.cli.output import say
    from mnist_cnn.runs import serving, store
    from mnist_cnn.runs.loading import load_classifier

    if run_id:
        return load_classifier(store.open_run(run_id))
    classifier = serving.production_classifier()
    if message := serving.fallback_message(classifier.run_id):
        say(message)
    return classifier

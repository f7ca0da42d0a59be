"""`predict` reads digits, `read` numbers and equations."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_cnn.cli.options import (
    add_command,
    add_hand_option,
    add_run_option,
    add_strokes_option,
    chosen_classifier,
    with_hand,
)
from mnist_cnn.cli.output import print_json, say
from mnist_cnn.errors import BadInput, BadStrokes

if TYPE_CHECKING:
    from mnist_cnn.records import Stroke

    DrawingOrFile = Path | tuple[Stroke, ...] | BadStrokes


def add_commands(commands: Any) -> None:
    predict = add_command(commands, "predict", _predict, "read digits", "predict seven.png")
    read = add_command(commands, "read", _read, "read numbers and equations", "read equation.png")
    for command in (predict, read):
        command.add_argument("images", nargs="*", type=Path, metavar="IMAGE")
        add_strokes_option(command, "a strokes file instead")
        add_hand_option(command)
    add_run_option(predict)
    adapt = add_command(
        commands, "adapt", _adapt, "learn a hand", "adapt --strokes mine.jsonl --output hand.json"
    )
    adapt.add_argument("--strokes", type=Path, required=True, metavar="FILE", help="labelled")
    adapt.add_argument("--output", type=Path, required=True, metavar="HAND")
    add_run_option(adapt)


def _predict(options: argparse.Namespace) -> int:
    from mnist_cnn.models.pipeline import predict_image, predict_strokes

    classifier = chosen_classifier(options.run_id, options.hand)

    def result(source: "Path | tuple[Stroke, ...]") -> dict[str, Any]:
        if isinstance(source, Path):
            return predict_image(classifier, source).as_dict()
        return predict_strokes(classifier, source).as_dict()

    return _each(options, result)


def _read(options: argparse.Namespace) -> int:
    from mnist_cnn.expressions import reader
    from mnist_cnn.ink.page import read_image
    from mnist_cnn.runs import serving

    networks = serving.line_networks()
    if options.hand:
        networks = replace(networks, digits=with_hand(networks.digits, options.hand))

    def result(source: "Path | tuple[Stroke, ...]") -> dict[str, Any]:
        if isinstance(source, Path):
            return reader.read_ink_line(read_image(source), networks).as_dict()
        return reader.read_strokes_line(source, networks).as_dict()

    return _each(options, result)


def _each(
    options: argparse.Namespace, result: "Callable[[Path | tuple[Stroke, ...]], dict[str, Any]]"
) -> int:
    """Prints the result for every image or drawing; one that cannot be read costs its own line."""
    if bool(options.images) == bool(options.strokes):
        raise BadInput("Please give either images or --strokes FILE.")
    failed = False
    for origin, source in _sources(options):
        try:
            if isinstance(source, BadStrokes):
                raise source
            print_json({**result(source), **origin, **_by_hand(options)})
        except BadInput as error:
            failed = True
            say(f"{source}: {error}" if isinstance(source, Path) else str(error))
            print_json({"error": {"code": error.code, "message": str(error)}, **origin})
    return 2 if failed else 0


def _sources(options: argparse.Namespace) -> "Iterator[tuple[dict[str, Any], DrawingOrFile]]":
    """What is to be read, in the order given, and where it comes from; for a line that cannot be
    read, its error."""
    from mnist_cnn.ink.stroke_files import numbered_strokes

    for path in options.images:
        yield {"file": str(path)}, path
    if options.strokes:
        for number, row in numbered_strokes(options.strokes):
            yield {"line": number}, row if isinstance(row, BadStrokes) else row.strokes


def _by_hand(options: argparse.Namespace) -> dict[str, str]:
    """Says in the answer by whose hand it was read."""
    return {"hand": options.hand} if options.hand else {}


def _adapt(options: argparse.Namespace) -> int:
    from mnist_cnn.hands import hand_files
    from mnist_cnn.hands.gain import learn
    from mnist_cnn.ink.stroke_files import numbered_strokes
    from mnist_cnn.storage import write_atomically

    drawings, complaints = hand_files.of_drawings(numbered_strokes(options.strokes))
    for complaint in complaints:
        say(complaint)
    if not drawings:
        raise BadInput(
            f"{options.strokes} holds no drawing with a digit as its label, so there is nothing to "
            "learn."
        )
    _, gain = learn(chosen_classifier(options.run_id), drawings)
    write_atomically(options.output, hand_files.packed(drawings))
    print_json(gain.as_dict())
    return 2 if complaints else 0

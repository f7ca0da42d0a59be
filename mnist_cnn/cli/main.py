"""The command line: JSON on standard output, messages on standard error.

Exit status 0, or 2 with one line that says what was wrong. Heavy packages are imported by the
commands that need them, so that help comes at once.
"""

import argparse
import io
import sys
from collections.abc import Sequence

from mnist_cnn.cli import batches, datasets, reading, registry, training
from mnist_cnn.cli.output import say
from mnist_cnn.errors import DigitsError
from mnist_cnn.settings import SHIPPED_RUNS, VERSION, artifacts_folder
from mnist_cnn.storage import copy_folder


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; the process' exit status."""
    options = parser().parse_args(arguments)
    try:
        if SHIPPED_RUNS.exists() and not artifacts_folder().exists():
            copy_folder(SHIPPED_RUNS, artifacts_folder())
        if isinstance(sys.stdout, io.TextIOWrapper):  # and neither closed nor somebody's own
            sys.stdout.reconfigure(errors="backslashreplace")
        status = int(options.run(options))
        if sys.stdout:
            sys.stdout.flush()
        return status
    except DigitsError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        say("Interrupted; nothing was kept.")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except OSError as error:
        say(f"It could not go on: {error}.")
        return 2


def parser() -> argparse.ArgumentParser:
    """Of every command and its options."""
    whole = argparse.ArgumentParser(
        "digits", description="Reads handwritten digits, and trains networks that do."
    )
    whole.add_argument("--version", action="version", version=f"digits {VERSION}")
    commands = whole.add_subparsers(required=True, metavar="COMMAND")
    for group in (reading, batches, training, registry, datasets):
        group.add_commands(commands)
    return whole

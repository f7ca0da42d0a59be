"""What the command line says: JSON on standard output, messages on standard error."""

import json
import sys
from typing import Any


def print_json(value: Any) -> None:
    """A line of results, which a pipe hands on at once."""
    print(json.dumps(value), flush=True)


def say(message: str) -> None:
    """A line for people."""
    print(message, file=sys.stderr, flush=True)


def show_in_place(line: str) -> None:
    """A line that takes the place of the one before it; only where somebody watches."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{line[:110]}", end="", file=sys.stderr, flush=True)

"""Reading JSON that anybody may have written or torn: an object, or a sentence on what it is."""

import json
import math
from pathlib import Path
from typing import Any


def parse_object(content: bytes) -> dict[str, Any]:
    """The object that JSON holds, of numbers that are finite and words that can be written down.

    Raises:
        ValueError: it is no JSON or no object, nested too deeply, or holds what is no number or
            no letter.
    """
    try:
        found = json.loads(content, parse_constant=_no_number, parse_float=_finite)
        if not isinstance(found, dict):
            raise ValueError("it holds no object")
        _check_letters(content, found)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return found


def read_json(path: Path) -> dict[str, Any]:
    """What a JSON file holds; nothing where it is missing, cut short or no object. What is no
    number in it is None."""
    try:
        content = path.read_bytes()
        found = json.loads(content, parse_constant=lambda name: None)
        _check_letters(content, found)
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _check_letters(content: bytes, found: Any) -> None:
    """Half of a surrogate pair, alone, is no letter and cannot be shown."""
    if b"\\u" in content:
        json.dumps(found, ensure_ascii=False).encode()


def _no_number(name: str) -> float:
    raise ValueError(f"it holds {name}, which is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _no_number(digits[:20])

"""Numbers that are written as text, many lines at once."""

import csv
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.data.digit_names import named_digit

LONGEST = 9
"""Digits that a whole number may have to be read in the quick way."""

ZERO, COMMA, LINE_END = b"0,\n"


def number_rows(text: bytes, width: int) -> NDArray[Any] | None:
    """The numbers of lines of plain text, commas between them: (lines, width), or None where not
    every line holds so many numbers.

    Whole numbers come as integers, of a byte each where they fit; all others as float64.
    """
    text = text.translate(None, b"\"'\r ")
    rows = _whole(text, width)
    if rows is None and all(line.count(b",") == width - 1 for line in text.splitlines()):
        try:
            cells = text[:-1].replace(b"\n", b",").split(b",")
            rows = np.array(list(map(float, cells))).reshape(-1, width)
        except ValueError:
            return None
    return rows


def _whole(text: bytes, width: int) -> NDArray[Any] | None:
    """The digits of all numbers are taken together place by place: ones, tens, hundreds …"""
    codes = np.frombuffer(text, np.uint8)
    ends = np.flatnonzero(codes < ZERO)
    if len(ends) % width or not len(ends) or codes.max() > ZERO + 9:
        return None
    marks = codes[ends].reshape(-1, width)
    if (marks[:, -1] != LINE_END).any() or (marks[:, :-1] != COMMA).any():
        return None
    lengths = np.diff(ends, prepend=-1) - 1
    longest = int(lengths.max())
    if lengths.min() < 1 or longest > LONGEST:
        return None
    values = (codes[ends - 1] - ZERO).astype(np.int32)
    for place in range(1, longest):
        some = np.flatnonzero(lengths > place)
        values[some] += 10**place * (codes[ends[some] - 1 - place] - ZERO).astype(np.int32)
    rows: NDArray[Any] = values.reshape(-1, width)
    return rows.astype(np.uint8) if longest <= 3 and values.max() <= 255 else rows


def cells_of(line: bytes, separator: str = ",") -> list[str]:
    """The cells of one line, quoted or not."""
    text = line.decode(errors="replace").strip("\r\n")
    if separator == " ":
        return text.split()
    try:
        return [cell.strip() for cell in next(csv.reader([text], delimiter=separator), [])]
    except csv.Error:
        return text.split(separator)


def number_of(cell: str) -> float:
    """The number that a cell holds, a digit's name included; NaN where it is none."""
    try:
        return float(cell)
    except ValueError:
        digit = named_digit(cell)
        return math.nan if digit is None else float(digit)

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
    rows = _short(text, width)
    rows = _whole(text, width) if rows is None else rows
    if rows is None and all(line.count(b",") == width - 1 for line in text.splitlines()):
        try:
            cells = text[:-1].replace(b"\n", b",").split(b",")
            rows = np.array(list(map(float, cells))).reshape(-1, width)
        except ValueError:
            return None
    return rows


def _short(text: bytes, width: int) -> NDArray[np.uint8] | None:
    """Numbers of a byte each, (lines, width), or None where not all are. No loop and no library's
    reader is nearly as quick as a few sums over all of the text: what each character would be
    worth as the last of its number."""
    codes = np.frombuffer(text, np.uint8)
    digits = codes - ZERO
    is_digit = digits < 10
    ends = np.flatnonzero(~is_digit)
    lines, left = divmod(len(ends), width)
    num_marks = [np.count_nonzero(codes == mark) for mark in (COMMA, LINE_END)]
    if left or num_marks != [lines * (width - 1), lines] or not lines or not is_digit[0]:
        return None
    if (codes[ends[width - 1 :: width]] != LINE_END).any():
        return None
    two, empty = is_digit[1:] & is_digit[:-1], ~(is_digit[1:] | is_digit[:-1])
    if empty.any() or (two[2:] & two[:-2]).any():
        return None
    digits *= is_digit
    values = digits.astype(np.uint16)
    values[1:] += digits[:-1] * np.uint16(10)
    values[2:] += digits[:-2] * is_digit[1:-1] * np.uint16(100)
    cells = values[ends - 1]
    return cells.astype(np.uint8).reshape(lines, width) if cells.max() <= 255 else None


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

"""What a line is: arithmetic, a number, a phone number, a date, a time, a price, per cent.

A value has only what was understood as arithmetic or as a plain number.
"""

import re

from mnist_cnn.models.classes import UNKNOWN

PHONE = "a phone number"

DAY, MONTH = r"(0?[1-9]|[12]\d|3[01])", r"(0?[1-9]|1[0-2])"

KINDS: tuple[tuple[str, str], ...] = (
    (r"\d{3}-\d{4}", PHONE),
    (r"(\+?\d{1,2}[-.]?)?\(?\d{3}\)?[-./]?\d{3}[-.]\d{4}", PHONE),
    (r"\d-\d{3}-\d{4}|\(0?\d{2,4}\)\d{4,9}|\+\d{7,15}|0\d{2,4}[-/]\d{4,9}", PHONE),
    (r"(\d{2}[-.]){4}\d{2}", PHONE),
    (r"0\d{8,10}", PHONE),
    (rf"({DAY}/{MONTH}|{MONTH}/{DAY})/(\d{{2}}|\d{{4}})", "a date"),
    (rf"({DAY}\.{MONTH}|{MONTH}\.{DAY})\.(\d{{2}}|\d{{4}})?", "a date"),
    (rf"({DAY}-{MONTH}|{MONTH}-{DAY})-(\d{{2}}|\d{{4}})|\d{{4}}-{MONTH}-{DAY}", "a date"),
    (r"\d{1,2}:[0-5]\d([+-]\d{1,2}:[0-5]\d)+(=(\d{1,2}:[0-5]\d)?)?", "a sum of times"),
    (r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?", "a time"),
    (r"\d+(\.\d+)?(:\d+(\.\d+)?)+", "a ratio"),
    (r"-?\$-?\d*\.?\d+|\d*\.?\d+\$", "a price"),
    (r"-?\d*\.?\d+%", "per cent"),
    (r"\d{1,3}(\.\d{3}){2,}", "a number in groups of three digits"),
    (r"0\d+", "a number that begins with a zero"),
)
"""By pattern, the first that fits the whole line."""


def kind_of(text: str) -> str:
    """What a line is where it is no arithmetic, such as `a date`; nothing where it may be."""
    if UNKNOWN in text:
        return ""
    return next((kind for pattern, kind in KINDS if re.fullmatch(pattern, text)), "")


def letter_at(text: str) -> int:
    """The place, from 1, of a × that multiplies nothing before it and so is the letter x; or 0."""
    for place, sign in enumerate(text, 1):
        if sign == "×" and text[place - 2 : place - 1] not in (*"0123456789.)%",):
            return place
        if sign == "×" and text[place : place + 1] in (*"+=)",):
            return place
    return 0

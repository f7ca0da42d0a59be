"""What people call a digit, where they name folders or columns by it."""

import re

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def named_digit(name: str) -> int | None:
    """The digit that a name stands for, such as `7`, `7.0`, `seven` or `digit_7`; None where it is
    no digit's name."""
    name = name.strip().lower()
    if name in WORDS:
        return WORDS.index(name)
    found = re.fullmatch(r"(?:(?:digit|class|label|number)s?[ _-]?)?0?([0-9])(?:\.0*)?", name)
    return int(found[1]) if found else None

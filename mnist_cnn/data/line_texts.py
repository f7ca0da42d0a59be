"""What people write on a line: sums, numbers, phone numbers, dates, prices and the like.

In a text `^` raises the digit after it, a space is a wider gap, `·` is a point half-way up, and `?`
stands for a letter.
"""

from collections.abc import Callable

import numpy as np

from mnist_cnn.data.handwriting import Random, one_of


def line_text(random: Random) -> str:
    """A line of symbols as somebody might write it."""
    make = KINDS[random.choice(len(KINDS), p=SHARES)][1]
    text = make(random)
    if random.random() < 0.06:
        at = int(random.integers(len(text) + 1))
        text = text[:at] + "?" + text[at:]
    return text


def _digits(random: Random, least: int, most: int) -> str:
    return "".join(str(d) for d in random.integers(10, size=int(random.integers(least, most + 1))))


def _one_of(random: Random, *texts: str) -> str:
    return one_of(texts, random)


def _number(random: Random) -> str:
    text = _digits(random, 1, int(random.choice([1, 2, 3, 4], p=[0.4, 0.3, 0.2, 0.1])))
    if random.random() < 0.2:
        text += "." + _digits(random, 1, 2)
    return text


def _term(random: Random, depth: int) -> str:
    if depth and random.random() < 0.18:
        return "(" + _sum(random, depth - 1) + ")" + "^2" * (random.random() < 0.1)
    text = "-" * (random.random() < 0.07) + _number(random)
    return text + "^" + _digits(random, 1, 1) if random.random() < 0.05 else text


def _sum(random: Random, depth: int) -> str:
    text = _term(random, depth)
    for _ in range(int(random.choice([0, 1, 2, 3], p=[0.15, 0.5, 0.25, 0.1]))):
        text += _one_of(random, *"++++----××××÷÷//·") + _term(random, depth)
    return text


def expression(random: Random) -> str:
    text = _sum(random, 2)
    if random.random() < 0.45:
        text += "="
        if random.random() < 0.8:
            text += "-" * (random.random() < 0.1) + _number(random)
    return text


def _plain(random: Random) -> str:
    groups = int(random.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))
    return " ".join(_digits(random, 1, 6) for _ in range(groups))


def _phone(random: Random) -> str:
    hyphen = _one_of(random, "-", "-", " ", ".")
    end = _digits(random, 3, 3) + _one_of(random, "-", "-", " ", ".") + _digits(random, 4, 4)
    area = _digits(random, 3, 3)
    return _one_of(
        random,
        end,
        f"({area}) {end}",
        f"{area}{hyphen}{end}",
        f"1-{area}{hyphen}{end}",
        f"({area})",
        "0" + _digits(random, 2, 4) + _one_of(random, "/", " ", "-") + _digits(random, 4, 8),
        " ".join(_digits(random, 2, 2) for _ in range(5)),
        "+" + _digits(random, 2, 2) + " " + _digits(random, 9, 10),
    )


def _date(random: Random) -> str:
    day, month = str(random.integers(1, 32)), str(random.integers(1, 13))
    year = _one_of(random, _digits(random, 2, 2), "20" + _digits(random, 2, 2))
    if random.random() < 0.3:
        day, month = day.zfill(2), month.zfill(2)
    mark = _one_of(random, *"///..-")
    return _one_of(
        random,
        f"{day}{mark}{month}",
        f"{day}{mark}{month}{mark}{year}",
        f"20{_digits(random, 2, 2)}-{month.zfill(2)}-{day.zfill(2)}",
    )


def _amount(random: Random) -> str:
    money = _digits(random, 1, 3) + _one_of(random, "", "." + _digits(random, 2, 2))
    thousands = _digits(random, 1, 3) + "." + _digits(random, 3, 3) + "." + _digits(random, 2, 3)
    share = _number(random) + "%"
    return _one_of(random, "$" + money, money + "$", share, thousands, "." + _digits(random, 1, 3))


def _time(random: Random) -> str:
    clock = f"{random.integers(24)}:{random.integers(60):02d}"
    ratio = _digits(random, 1, 2) + ":" + _digits(random, 1, 2)
    return _one_of(random, clock, clock, ratio, clock + ":" + _digits(random, 2, 2))


def _fraction(random: Random) -> str:
    fraction = _digits(random, 1, 2) + "/" + _digits(random, 1, 2)
    return _one_of(random, fraction, fraction, _digits(random, 1, 1) + " " + fraction)


def _single(random: Random) -> str:
    return _one_of(random, *"0123456789+-×÷=()/%$?")


KINDS: tuple[tuple[float, Callable[[Random], str]], ...] = (
    (0.34, expression),
    (0.28, _plain),
    (0.12, _phone),
    (0.08, _date),
    (0.07, _amount),
    (0.04, _time),
    (0.04, _fraction),
    (0.03, _single),
)
SHARES = np.array([share for share, _ in KINDS])

"""Whom the collections ask to name, and what to read before building on them."""

from collections.abc import Iterable

from mnist_cnn.data import bhmsds, bundled_digits, mnist, pen_digits, swiss_numbers, unipen

CREDITS = {
    "mnist": mnist.SOURCE,
    "pen-digits": pen_digits.SOURCE,
    "unipen": f"{unipen.SOURCE}. {unipen.CONDITIONS}",
    "swiss-numbers": swiss_numbers.SOURCE,
    "bhmsds": bhmsds.SOURCE,
    "bundled-digits": bundled_digits.SOURCE,
}
"""By what the names of their parts begin with."""


def credits_of(names: Iterable[str]) -> list[str]:
    """A line for each collection of which parts are named, as in `unipen-letters`."""
    known = list(names)
    return [
        f"- {collection}: {words}"
        for collection, words in CREDITS.items()
        if any(name.startswith(collection) for name in known)
    ]

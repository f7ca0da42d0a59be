"""What networks tell apart."""

from typing import Literal

UNKNOWN = "?"
"""A letter or another sign that is written where a symbol would be."""

SYMBOLS = "0123456789+-×÷=()./:%$" + UNKNOWN
"""What a reader of numbers and equations knows; a class' number is its place here, so that those
of the digits are the digits."""

CHANNELS = 3
"""Of what is shown of a symbol: itself, as a network of digits sees it; where it stands on its
line; and what else stands there."""

Kind = Literal["digits", "symbols"]

CLASSES: dict[str, int] = {"digits": 10, "symbols": len(SYMBOLS)}
"""How many classes each kind of network tells apart, beside "none of them"."""

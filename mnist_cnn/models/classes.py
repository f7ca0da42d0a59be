"""What networks tell apart."""

from typing import Literal

SYMBOLS = "0123456789+-×÷=()./"
"""What a reader of numbers and equations knows; a class' number is its place here, so that those
of the digits are the digits."""

Kind = Literal["digits", "symbols"]

CLASSES: dict[str, int] = {"digits": 10, "symbols": len(SYMBOLS)}
"""How many classes each kind of network tells apart, beside "none of them"."""

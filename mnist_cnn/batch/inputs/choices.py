"""What a person says about tables of digits, and a sample of what stands in them."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

SAMPLE = 200
"""Images of a table that are kept to look at again."""


@dataclass(frozen=True)
class Choices:
    """What the content of a table may leave open.

    Attributes:
        label: its column: `first`, `last`, `none` or a name; empty where it is to be found.
        inverted: ink is dark on a light ground.
        transposed: rows and columns are exchanged, as EMNIST has them.
    """

    label: str = ""
    inverted: bool = False
    transposed: bool = False


@dataclass
class Tables:
    """How the tables of a batch are read; `samples` are uint8 (n, height, width), as they were
    read, by the name of their file."""

    choices: Choices = Choices()
    samples: dict[str, NDArray[np.uint8]] = field(default_factory=dict)

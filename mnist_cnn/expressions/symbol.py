"""One symbol of a line."""

from dataclasses import dataclass

from mnist_cnn.expressions.pieces import Box


@dataclass(frozen=True)
class Symbol:
    """One symbol as read: `strokes` are the numbers of its strokes or pieces, `alternatives`
    what else it could be, the likeliest first. What stands for a place, such as the `^` before a
    power or the brackets around what is over a bar, has no strokes. A `mark` is what the layout
    says that it is: an end of a line, a fraction's bar and brackets, the bar under a sum."""

    text: str
    confidence: float
    box: Box
    strokes: tuple[int, ...]
    alternatives: tuple[tuple[str, float], ...] = ()
    mark: bool = False

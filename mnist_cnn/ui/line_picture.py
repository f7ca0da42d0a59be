"""A picture of a line as it was read: a box and the symbol over every group, and the answer."""

import html
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.expressions.line import Line
from mnist_cnn.expressions.symbol import Symbol
from mnist_cnn.models.classes import UNKNOWN
from mnist_cnn.records import FloatArray, Stroke
from mnist_cnn.ui import layout

SURE, UNSURE, LOST = "#4cc2ff", "#ffc857", "#ff8fa3"


def drawn(line: Line, written: Sequence[Stroke] | FloatArray, answered: bool = False) -> str:
    """An SVG of the strokes, (points, 2) each, or of a picture's ink, (height, width), with a box
    and the symbol over every group, coloured by confidence. Each group is a button. Behind an
    equals sign stands the answer, where it is not `answered` elsewhere."""
    edges = np.array([symbol.box for symbol in line.written])
    (left, top), (right, bottom) = edges[:, :2].min(axis=0), edges[:, 2:].max(axis=0)
    size = max(bottom - top, 0.15 * (right - left), 1)
    parts = [_ink(written)] if isinstance(written, np.ndarray) else _lines(written, 0.05 * size)
    parts += map(_button, names(line), (_box(symbol, size, edges) for symbol in line.written))
    width = right - left + 0.2 * size
    if line.answer and not answered:
        tall = float(np.quantile(edges[:, 3] - edges[:, 1], 0.7))
        sign = line.written[-1].box
        at = right + 0.3 * tall, (sign[1] + sign[3]) / 2 + 0.5 * tall
        parts.append(_text(at, 1.4 * tall, line.answer))
        width += (0.6 + 0.8 * len(line.answer)) * tall
    view = (left - 0.1 * size, top - 0.5 * size, width, size + bottom - top)
    box = " ".join(f"{number:.1f}" for number in view)
    wide, high = (f"{7 * number / size:.0f}rem" for number in view[2:])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{wide}" '
        f'height="{high}" role="group" aria-label="The symbols as read">{"".join(parts)}</svg>'
    )


def names(line: Line) -> list[str]:
    """What a screen reader says of each group."""
    return [
        f"Symbol {number}: {symbol.text}, {100 * symbol.confidence:.0f} % sure"
        for number, symbol in enumerate(line.written, 1)
    ]


def _button(name: str, content: str) -> str:
    return f'<g role="button" tabindex="0" aria-label="{html.escape(name)}">{content}</g>'


def _box(symbol: Symbol, size: float, edges: NDArray[np.float64]) -> str:
    """A symbol's box with its name above it, or below where another symbol stands above, and no
    name between two; `edges` are all boxes, (symbols, 4)."""
    x, y, to_x, to_y = symbol.box
    pad, colour, letter = 0.06 * size, _colour(symbol), 0.28 * size
    beside = (edges[:, 0] > to_x) | (edges[:, 2] < x)
    above = ~beside & (edges[:, 1] < y) & (edges[:, 3] > y - letter)
    below = ~beside & (edges[:, 3] > to_y) & (edges[:, 1] < to_y + letter)
    at = to_y + 1.2 * pad + 0.8 * letter if above.any() else y - 1.6 * pad
    name = _text(((x + to_x) / 2, at), letter, symbol.text, colour, "middle")
    if above.any() and below.any():
        name = ""
    return (
        f'<rect x="{x - pad:.1f}" y="{y - pad:.1f}" width="{to_x - x + 2 * pad:.1f}" '
        f'height="{to_y - y + 2 * pad:.1f}" rx="{pad:.1f}" fill="none" '
        f'stroke="{colour}" stroke-width="{0.015 * size:.1f}"/>{name}'
    )


def _text(
    at: tuple[float, float], size: float, text: str, colour: str = SURE, anchor: str = "start"
) -> str:
    return (
        f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" text-anchor="{anchor}" font-size="{size:.1f}" '
        f'font-family="sans-serif" fill="{colour}">{html.escape(text)}</text>'
    )


def _lines(strokes: Sequence[Stroke], width: float) -> list[str]:
    return [
        f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in stroke)}" fill="none" '
        f'stroke="#f2f4f8" stroke-width="{width:.1f}" stroke-linecap="round" '
        'stroke-linejoin="round"/>'
        for stroke in strokes
    ]


def _ink(ink: FloatArray) -> str:
    height, width = ink.shape
    link = layout.picture_link((255 * ink).astype(np.uint8))
    return f'<image href="{link}" width="{width}" height="{height}"/>'


def _colour(symbol: Symbol) -> str:
    if symbol.text == UNKNOWN:
        return LOST
    return SURE if symbol.confidence >= 0.9 else UNSURE

"""UNIPEN's own file format: ink in numbered components, and segments that say what they are.

A file of segments includes a file of ink. There `.PEN_DOWN` and `.PEN_UP` are each followed by
lines of x and y, y growing upwards. `.SEGMENT CHARACTER 3-4,7 ? "5"` says that the components 3, 4
and 7 are a 5.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mnist_cnn.records import Stroke

SEGMENT = re.compile(r'^\.SEGMENT[ \t]+\S+[ \t]+([\d,-]+)[ \t]+\S+[ \t]+"((?:\\.|[^"\\])*)"', re.M)
INCLUDE = re.compile(r"^\.INCLUDE[ \t]+(\S+)", re.M)
WRITER = re.compile(r"^\.WRITER_ID[ \t]+(\S.*?)[ \t\r]*$", re.M)
POINT = re.compile(r"^[ \t]*(-?\d+)[ \t]+(-?\d+)", re.M)
KEYWORD = re.compile(r"^\.", re.M)


@dataclass(frozen=True)
class Segment:
    """Which components of the included ink are one thing, and what it is."""

    components: tuple[int, ...]
    label: str


def segments(text: str) -> Iterator[Segment]:
    """Those whose label is known; `\\@` stands for an unknown one."""
    for numbers, written in SEGMENT.findall(text):
        signs = re.findall(r"\\.|[^\\]", written, re.S)
        if "\\@" not in signs:
            label = " ".join("".join(sign[-1] for sign in signs).split())
            yield Segment(tuple(_numbers(numbers)), label)


def includes(text: str) -> list[str]:
    """The files that are included, as paths from the folder `include`."""
    return INCLUDE.findall(text)


def writer_id(text: str) -> str | None:
    """Who wrote it, where the file says; it may be a person's name."""
    found = WRITER.findall(text)
    return found[-1] if found else None


def components(text: str) -> list[str]:
    """The coordinates of each numbered component, as text; empty for a pen in the air.

    Only pen-downs have numbers, except where points are recorded of the pen in the air as well:
    there whatever holds points has one.
    """
    parts = [part.partition("\n") for part in KEYWORD.split(text)]
    pen = [(word.strip(), points) for word, _, points in parts if word.startswith("PEN_")]
    if any(word == "PEN_UP" and points.strip() for word, points in pen):
        pen = [(word, points) for word, points in pen if points.strip()]
    else:
        pen = [(word, points) for word, points in pen if word == "PEN_DOWN"]
    return [points if word == "PEN_DOWN" else "" for word, points in pen]


def strokes(ink: Sequence[str], numbers: Sequence[int]) -> tuple[Stroke, ...]:
    """The strokes of some components, each of shape (points, 2) in the tablet's unit, y growing
    downwards, from 0 on both axes. None where a number is beyond the ink or there is no point."""
    if not numbers or max(numbers) >= len(ink):
        return ()
    found = (_points(ink[number]) for number in numbers)
    paths = [points for points in found if len(points)]
    if not paths:
        return ()
    everything = np.concatenate(paths)
    left, top = everything[:, 0].min(), everything[:, 1].max()
    return tuple(np.stack([path[:, 0] - left, top - path[:, 1]], axis=1) for path in paths)


def _points(text: str) -> Stroke:
    return np.array(POINT.findall(text), np.float64).reshape(-1, 2)


def _numbers(text: str) -> Iterator[int]:
    """Of `3-4,7`; what is neither a number nor two with a dash between them says nothing."""
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first.isdigit() and (last or first).isdigit():
            yield from range(int(first), int(last or first) + 1)

"""Maps, kernels and evidence as pictures: PNG links and SVG."""

import base64
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_cnn.records import FloatArray

UP = ("#0b1018", "#163a58", "#2a86bf", "#7fd4ff", "#fffbe6")
"""From nothing to the strongest."""

BOTH = ("#ffd9a8", "#ffa94d", "#7a4a17", "#0b1018", "#1b5a80", "#4cc2ff", "#c9eeff")
"""From the strongest against, in orange, by nothing to the strongest for, in blue."""

Pixels = NDArray[np.uint8]


def _palette(stops: Sequence[str]) -> Pixels:
    colours = np.array([list(bytes.fromhex(stop[1:])) for stop in stops], float)
    at, places = np.linspace(0, 1, len(stops)), np.linspace(0, 1, 256)
    channels = [np.interp(places, at, channel) for channel in colours.T]
    return np.stack(channels, axis=1).round().astype(np.uint8)


PALETTES = {False: _palette(UP), True: _palette(BOTH)}
"""By whether values of both signs are shown: (256, 3)."""


def shades(values: FloatArray, signed: bool, most: float) -> Pixels:
    """(height, width) values as places in a palette of 256, the brightest being `most`."""
    share = values / max(most, 1e-9)
    return np.asarray(np.clip(127.5 + 127.5 * share if signed else 255 * share, 0, 255)).astype(
        np.uint8
    )


def png(places: Pixels, signed: bool, scale: int = 1) -> bytes:
    """(height, width) places in a palette as a PNG, each so many pixels a side."""
    large = np.repeat(np.repeat(places, scale, axis=0), scale, axis=1)
    image = Image.fromarray(large).convert("P")
    image.putpalette(PALETTES[signed].tobytes())
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=1)
    return file.getvalue()


def link(content: bytes) -> str:
    """A PNG as a link that holds it."""
    return "data:image/png;base64," + base64.b64encode(content).decode()


def sheet(maps: FloatArray, order: Sequence[int], columns: int) -> FloatArray:
    """Maps (height, width, maps) side by side in rows: (rows * height, columns * width)."""
    height, width = maps.shape[:2]
    rows = -(-len(order) // columns)
    laid = np.zeros((rows * columns, height, width), np.float32)
    laid[: len(order)] = maps[..., list(order)].transpose(2, 0, 1)
    return (
        laid.reshape(rows, columns, height, width)
        .transpose(0, 2, 1, 3)
        .reshape(rows * height, columns * width)
    )


def ink_link(image: FloatArray) -> str:
    """A (28, 28) image in [0, 1] as a link, in grey."""
    file = io.BytesIO()
    grey = np.round(255 * np.clip(image, 0, 1)).astype(np.uint8)
    Image.fromarray(grey).save(file, "PNG")
    return link(file.getvalue())


def boxed(image: FloatArray, box: tuple[float, float, float, float] | None, alt: str) -> str:
    """An SVG of a (28, 28) image with an outline around what is looked at, if that is known."""
    outline = ""
    if box:
        left, top, right, bottom = box
        outline = (
            f'<rect x="{left + 0.2:.1f}" y="{top + 0.2:.1f}" width="{right - left - 0.4:.1f}" '
            f'height="{bottom - top - 0.4:.1f}" rx=".6" fill="none" stroke="#ffc857" '
            'stroke-width=".5"/>'
        )
    return (
        f'<svg viewBox="0 0 28 28" role="img" aria-label="{alt}">'
        f'<image href="{ink_link(image)}" width="28" height="28" '
        f'style="image-rendering:pixelated"/>{outline}</svg>'
    )


def over_ink(
    image: FloatArray, places: FloatArray, start: float, step: float, names: Sequence[str]
) -> str:
    """An SVG of a (28, 28) image with a coloured square for each place (height, width) of what
    speaks for, in blue, and against, in orange; a pointer that rests on one is told its number.
    """
    most = float(np.abs(places).max(initial=1e-9))
    parts = []
    for (row, column), value in np.ndenumerate(np.asarray(places, float)):
        x, y = start + 0.5 + (column - 0.5) * step, start + 0.5 + (row - 0.5) * step
        strength = abs(float(value)) / most
        colour = "#4cc2ff" if value > 0 else "#ffa94d"
        parts.append(
            f'<rect x="{x:.2f}" y="{y:.2f}" width="{step:g}" height="{step:g}" '
            f'fill="{colour}" fill-opacity="{0.62 * strength**0.8:.2f}">'
            f"<title>{value:+.2f} {names[int(value <= 0)]}</title></rect>"
        )
    words = f"The drawing; blue speaks {names[0]}, orange {names[1]}"
    return (
        f'<svg viewBox="0 0 28 28" role="img" aria-label="{words}" '
        'style="width:100%;max-width:420px;border-radius:8px;background:#000;display:block">'
        f'<image href="{ink_link(0.9 * image)}" width="28" height="28"/>{"".join(parts)}</svg>'
    )

"""Papers, boards and desks, the camera that sees them, and files of what it saw."""

import io
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage

from mnist_cnn.records import FloatArray

Colour = Sequence[float]
"""Red, green and blue, each 0 to 1."""

Corners = Sequence[tuple[float, float]]
"""Upper left, upper right, lower right, lower left: each x and y in pixels."""

AROUND = 1.35
"""What is photographed is so many times larger than what the photograph shows."""


def plain(height: int, width: int, colour: Colour) -> FloatArray:
    """Paper of one colour: float32 (height, width, 3)."""
    return np.ones((height, width, 1), np.float32) * np.asarray(colour, np.float32)


def near(random: np.random.Generator, colour: Colour, spread: float = 0.05) -> tuple[float, ...]:
    """A colour like this one: as bright or darker or brighter by chance, with a tint."""
    shade = random.uniform(-spread, spread)
    return tuple(
        float(np.clip(part + shade + random.uniform(-spread, spread) / 3, 0, 1)) for part in colour
    )


def one_of(random: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    return near(random, colours[int(random.integers(len(colours)))])


def rule(
    paper: FloatArray, places: Sequence[float], width: float, colour: Colour, axis: int = 0
) -> None:
    """Prints lines onto paper, in place: rows (axis 0) or columns (axis 1).

    Args:
        places: of their middles, and their width, in pixels.
    """
    along = np.arange(paper.shape[axis])
    distance = np.abs(along[:, None] - np.asarray(places)).min(axis=1)
    cover = np.clip(width / 2 + 0.5 - distance, 0, min(1.0, width))
    inked = np.flatnonzero(cover)
    lines = paper[inked] if axis == 0 else paper[:, inked]
    shaped = cover[inked].astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
    lines += shaped * (np.asarray(colour, np.float32) - lines)
    paper[(slice(None),) * axis + (inked,)] = lines


def evenly(random: np.random.Generator, gap: float, length: float) -> Sequence[float]:
    """The places of lines `gap` apart, from a chance start on, in pixels."""
    places: list[float] = np.arange(random.uniform(0, gap), length, gap).tolist()
    return places


def ellipse(
    height: int, width: int, centre: tuple[float, float], radii: tuple[float, float], soft: float
) -> FloatArray:
    """(height, width, 1): 1 inside an ellipse to 0 outside, `soft` being the share of its radius
    over which it fades. `centre` and `radii` are y and x in pixels."""
    y, x = np.ogrid[:height, :width]
    radius = np.hypot((y - centre[0]) / radii[0], (x - centre[1]) / radii[1])
    return np.clip((1 - radius) / soft, 0, 1).astype(np.float32)[..., None]


def coefficients(seen: Corners, shown: Corners) -> list[float]:
    """Of the perspective that brings the corners `seen` to the places `shown`, as PIL wants it."""
    rows, values = [], []
    for (x, y), (u, v) in zip(shown, seen, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    solved: list[float] = np.linalg.solve(np.array(rows, float), np.array(values)).tolist()
    return solved


def seen_askew(
    scene: FloatArray, random: np.random.Generator, degrees: float = 4, tilt: float = 0.03
) -> FloatArray:
    """The middle of a scene, without its surroundings, as a hand-held phone would see it.

    Args:
        scene: (height, width, 3); the photograph is `AROUND` times smaller.
        degrees: it is turned by so much at most.
        tilt: its corners are moved by such a share of its sides at most.
    """
    height, width = (round(side / AROUND) for side in scene.shape[:2])
    shown = rectangle(height, width)
    middle = np.array([scene.shape[1], scene.shape[0]]) / 2
    moved = turned(shown, random.uniform(-degrees, degrees)) - [width / 2, height / 2] + middle
    moved += random.uniform(-tilt, tilt, (4, 2)) * [width, height]
    how = coefficients([(x, y) for x, y in moved.tolist()], shown)
    image = Image.fromarray(to_bytes(scene))
    changed = image.transform(
        (width, height), Image.Transform.PERSPECTIVE, how, Image.Resampling.BILINEAR
    )
    return np.asarray(changed, np.float32) / 255


def lay(desk: FloatArray, note: FloatArray, corners: Corners, shadow: float = 0.35) -> FloatArray:
    """A desk with a note lying on it, its corners at these places, and its shadow beside it."""
    height, width = note.shape[:2]
    how = coefficients(rectangle(height, width), corners)
    size = (desk.shape[1], desk.shape[0])
    kind, smooth = Image.Transform.PERSPECTIVE, Image.Resampling.BILINEAR
    seen = Image.fromarray(to_bytes(note)).transform(size, kind, how, smooth)
    where = Image.new("L", (width, height), 255).transform(size, kind, how, smooth)
    cover = ndimage.gaussian_filter(np.asarray(where, np.float32) / 255, 0.6)[..., None]
    dark = np.roll(ndimage.uniform_filter(cover, (9, 9, 0)), 4, (0, 1))
    below = desk * (1 - shadow * dark)
    return below + cover * (np.asarray(seen, np.float32) / 255 - below)


def rectangle(height: float, width: float) -> Corners:
    return [(0, 0), (width, 0), (width, height), (0, height)]


def turned(corners: Corners, degrees: float) -> FloatArray:
    """Corners (4, 2) turned about their middle."""
    places = np.asarray(corners, float)
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    middle = places.mean(axis=0)
    return (places - middle) @ np.array([[cos, sin], [-sin, cos]]) + middle


def lit(scene: FloatArray, random: np.random.Generator, fall: float = 0.25) -> FloatArray:
    """A scene under a lamp to one side: darker by up to `fall` at the other end, and less in the
    corners."""
    height, width = scene.shape[:2]
    y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle, strength = random.uniform(0, 2 * np.pi), random.uniform(0, fall)
    slope = (1 + np.cos(angle) * y + np.sin(angle) * x) / 2
    corners = random.uniform(0, 0.12) * (y**2 + x**2) / 2
    warm = np.array([1, random.uniform(0.96, 1.0), random.uniform(0.9, 1.0)])
    light = (1 - strength * slope - corners)[..., None].astype(np.float32)
    return scene * light * warm.astype(np.float32)


def camera(
    scene: FloatArray,
    random: np.random.Generator,
    fall: float = 0.25,
    blur: float = 1.2,
    grain: float = 0.02,
) -> bytes:
    """A JPEG of a scene as a phone takes it: under a lamp, a little blurred, with grain.

    Args:
        scene: (height, width, 3), 0 to 1.
        fall: of the lamp's light from one end to the other, at most.
        blur: in pixels, and grain, as a standard deviation: at most.
    """
    light = lit(scene, random, fall)
    width = random.uniform(0.3, max(0.31, blur))
    light = ndimage.gaussian_filter(light, (width, width, 0), truncate=3)
    light += random.uniform(0.003, grain) * random.standard_normal(light.shape, np.float32)
    return jpeg(light, int(random.integers(60, 96)))


def to_bytes(picture: FloatArray) -> np.ndarray:
    return np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)


def jpeg(picture: FloatArray, quality: int) -> bytes:
    """A JPEG of (height, width, 3) or (height, width), 0 to 1."""
    file = io.BytesIO()
    Image.fromarray(to_bytes(picture)).save(file, "JPEG", quality=quality)
    return file.getvalue()


def png(picture: FloatArray) -> bytes:
    """A PNG of (height, width, 3 or 4) or (height, width), 0 to 1."""
    file = io.BytesIO()
    Image.fromarray(to_bytes(picture)).save(file, "PNG")
    return file.getvalue()

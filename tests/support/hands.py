"""Somebody who crosses zeros, gives ones a long foot and curls nines, never twice the same."""

from collections.abc import Callable

import numpy as np
from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as WaitedTooLong

from mnist_cnn.data.glyphs import DIGITS, parsed
from mnist_cnn.records import Stroke
from tests.support import browser

ODD = {
    0: "~4,0 1,2 0,5 1,8 4,10 7,8 8,5 7,2 4,0 | 7,1 1,9 | 1,1 7,9",
    1: "~0,4 2,0 4,1 4,4 | 4,1 4,10 | ~4,10 6,8 8,9",
    9: "~6,2 4,0 1,1 0,3 2,5 5,4 6,2 6,6 4,10 0,10 -1,8 1,7 3,9",
}
"""How this person writes these digits; the others as plain ones."""


def digit(label: int, seed: int = 0, odd: bool = False) -> tuple[Stroke, ...]:
    """A digit as strokes of (points, 2) on a canvas of 280 pixels, a little different each time."""
    random = np.random.default_rng(1000 * label + seed)
    plain = next(template for text, template in DIGITS if text == str(label))
    lean, wide, high = random.normal(0, 0.06), *np.exp(random.normal(0, 0.06, 2))
    strokes = []
    for smooth, points in parsed(ODD[label] if odd and label in ODD else plain):
        path = np.array(points, float)
        path = (path + random.normal(0, 0.12, path.shape)) @ [[wide, 0], [lean, high]]
        strokes.append(_curve(path) if smooth else path)
    return tuple(18 * stroke + [80, 50] for stroke in strokes)


def crossed_zero(seed: int = 0) -> tuple[Stroke, ...]:
    return digit(0, seed, odd=True)


def _curve(points: np.ndarray) -> Stroke:
    """Points on a smooth curve through these (Catmull and Rom, 1974)."""
    ends = np.concatenate([points[:1], points, points[-1:]])
    share = np.linspace(0, 1, 5, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        cubic = 2 * b + (c - a) * share + (2 * a - 5 * b + 4 * c - d) * share**2
        parts.append((cubic + (3 * b - a - 3 * c + d) * share**3) / 2)
    return np.concatenate([*parts, points[-1:]])


def on_screen(label: int, width: float, seed: int = 0) -> list[list[tuple[float, float]]]:
    """The odd digit as points on a canvas of so many pixels."""
    return browser.scaled([stroke.tolist() for stroke in digit(label, seed, odd=True)], width)


def teach(
    page: Page,
    draw: Callable[[Page, list], None],
    digits: int = 10,
    after: Callable[[Page], None] = lambda page: None,
) -> None:
    """Writes the digits that the page asks for, as this person does; `after` sees each of them
    before the next one is asked for."""
    asked = page.get_by_label("Asked for")
    for seed in range(digits):
        label = asked.inner_text()
        for attempt in range(3):
            box = browser.canvas_box(page)
            draw(page, on_screen(int(label), min(box["width"], box["height"]), 50 + seed))
            if attempt == 0:
                after(page)
            if _asked_for_another(page, label):
                break
        else:
            raise AssertionError(f"the {label} was not taken")
        browser.settled(page)


def _asked_for_another(page: Page, label: str) -> bool:
    """Whether a digit was taken; on a busy machine a new canvas may lose the first strokes, and
    people write them again."""
    try:
        page.wait_for_function(
            "was => document.querySelector('[aria-label=\"Asked for\"]')?.innerText !== was",
            arg=label,
            timeout=20_000,
        )
    except WaitedTooLong:
        return False
    return True

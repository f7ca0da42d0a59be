"""A piece of writing in a picture, and pictures that are nothing but one."""

from dataclasses import dataclass

import numpy as np

from mnist_cnn.records import FloatArray

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""

FLAT = 0.02
"""A tone is the same everywhere within such a share of the contrast."""


@dataclass(frozen=True)
class Writing:
    """Pieces of ink that belong together: float32 (height, width) in [0, 1] around their box, and
    that box in pixels of the picture; whether the ink is darker than its paper; how broad the
    strokes are in pixels, 0 where they were not told from what surrounds them, and whether nothing
    does."""

    ink: FloatArray
    box: Box
    dark: bool = True
    breadth: float = 0.0
    is_plain: bool = True

    @property
    def size(self) -> int:
        """The longer side in pixels."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)


def two_levels(grey: FloatArray) -> list[Writing]:
    """A picture (height, width) that is cut to its ink: all that is darker than the middle, and all
    that is lighter; nothing where the rim is bare, or there are no two levels."""
    low, high = np.quantile(grey, (0.05, 0.95))
    if high - low < 0.3:
        return []
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    dark_rim = (rim < (low + high) / 2).mean()
    if not 0.1 < dark_rim < 0.9:
        return []
    light = np.clip((grey - low) / (high - low), 0, 1, dtype=np.float32)
    between = ((light > 0.2) & (light < 0.8)).mean()
    if between > 0.35:
        return []
    box = (0, 0, grey.shape[1], grey.shape[0])
    cut_out = is_flat(grey)
    return [
        Writing(ink, box, dark, is_plain=cut_out)
        for ink, dark in ((1 - light, True), (light, False))
    ]


def is_flat(grey: FloatArray) -> bool:
    """Whether a picture (height, width) has two tones, each the same everywhere, and little but
    soft edges between them: it was made by a program, and shows no desk, lines, light or grain."""
    low, high = float(grey.min()), float(grey.max())
    slack = FLAT * (high - low)
    dark, light = (float((np.abs(grey - tone) <= slack).mean()) for tone in (low, high))
    return 1 - dark - light <= min(dark, light)

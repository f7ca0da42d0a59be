"""What a training run is made of, and the presets: plain values, no TensorFlow."""

from dataclasses import asdict, dataclass, field
from typing import Any

from mnist_cnn.augmentation import Augmentation


@dataclass(frozen=True)
class Architecture:
    """A stack of convolution + batch normalisation + ReLU, then ten logits.

    The first convolution is 5×5, the others 3×3. `head` is how the last feature maps become a
    vector: "flatten" keeps every position, "depthwise" sums each map over its positions with
    learned weights.
    """

    filters: tuple[int, ...] = (32, 48, 64, 96, 96)
    strides: tuple[int, ...] = (1, 2, 1, 2, 1)
    head: str = "depthwise"
    dropout: float = 0.1


@dataclass(frozen=True)
class Pools:
    """How many images of each kind an epoch shows; kinds whose data are not used count as none.

    `scanned` are MNIST's own (or the bundled digits), `rewritten` pen digits with another pen and
    hand, `redrawn` MNIST skeletons with an even pen, `photographed` MNIST on noisy grey paper,
    `not_digits` letters, signs and doodles.
    """

    scanned: int = 55_000
    rewritten: int = 0
    redrawn: int = 0
    photographed: int = 0
    not_digits: int = 0


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out of a training run.

    In the last `calm_epochs` the images are shown as they are, without augmentation.
    """

    preset: str
    epochs: int
    data: tuple[str, ...] = ("mnist", "pen-digits")
    architecture: Architecture = field(default_factory=Architecture)
    pools: Pools = field(default_factory=Pools)
    augmentation: Augmentation = field(default_factory=Augmentation)
    calm_epochs: int = 0
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    seed: int = 0

    def as_dict(self) -> dict[str, Any]:
        """As `config.json` keeps it."""
        return asdict(self)


DATA = ("mnist", "pen-digits", "bundled-digits")


STILL = Augmentation(0, 0, 0, 0, 0, 0, 0)

PRESETS: dict[str, Recipe] = {
    "quick": Recipe(
        "quick",
        epochs=1,
        data=("mnist",),
        architecture=Architecture((16, 32, 48), (2, 1, 2), "flatten", 0.0),
        augmentation=STILL,
        learning_rate=1e-2,
    ),
    "standard": Recipe(
        "standard",
        epochs=6,
        architecture=Architecture((24, 32, 48, 64), (2, 1, 2, 1), "depthwise", 0.1),
        pools=Pools(55_000, 15_000, 5_000, 5_000, 15_000),
        learning_rate=5e-3,
    ),
    "best": Recipe(
        "best",
        epochs=18,
        pools=Pools(55_000, 24_000, 14_000, 6_000, 13_000),
        calm_epochs=2,
        batch_size=64,
    ),
}

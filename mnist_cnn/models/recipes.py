"""What a training run is made of: plain values, no TensorFlow."""

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mnist_cnn.errors import BadInput
from mnist_cnn.models.classes import CHANNELS, CLASSES, Kind

MAX_FILTERS = 512

FORMER_NAMES = {"calm_epochs": "plain_epochs"}
"""What settings were called in the files of older runs."""


@dataclass(frozen=True)
class Architecture:
    """A stack of convolution + batch normalisation + ReLU, then ten logits.

    The first convolution is 5×5, the others 3×3. `padding` is that of the first: "valid" keeps to
    places where its 25 pixels lie inside the frame, whose rim is bare, so that all maps after it
    are a quarter smaller than with "same". `head` is how the last feature maps become a vector:
    "flatten" keeps every position, "depthwise" sums each map over its positions with learned
    weights. `branches` are that many such networks side by side: each learns from images of its
    own, all but the first from none that are redrawn, and the mean of their logits answers.
    """

    filters: tuple[int, ...] = (32, 48, 64, 96, 96)
    strides: tuple[int, ...] = (2, 1, 2, 1, 1)
    head: str = "depthwise"
    dropout: float = 0.1
    outputs: int = 10
    padding: str = "same"
    branches: int = 1

    @property
    def channels(self) -> int:
        """Of what it is shown: one for a digit, and for a symbol what stands around it too."""
        return CHANNELS if self.outputs == CLASSES["symbols"] else 1

    def resized(self, depth: int, width: float) -> "Architecture":
        """The same with so many convolutions, each `width` times as many filters.

        Convolutions that are added are like the last, in steps of one.
        """
        filters = [self.filters[min(i, len(self.filters) - 1)] for i in range(depth)]
        strides = [self.strides[i] if i < len(self.strides) else 1 for i in range(depth)]
        wide = tuple(min(MAX_FILTERS, max(1, round(n * width))) for n in filters)
        return replace(self, filters=wide, strides=tuple(strides))

    @property
    def sides(self) -> list[int]:
        """How many pixels wide and high the maps of each convolution are."""
        sides, side = [], 28 if self.padding == "same" else 28 - 5 + 1
        for stride in self.strides:
            side = math.ceil(side / stride)
            sides.append(side)
        return sides

    @property
    def parameters(self) -> int:
        """As Keras counts them: weights, and four numbers per batch-normalised channel."""
        total, channels = 0, self.channels
        for layer, filters in enumerate(self.filters):
            total += (25 if layer == 0 else 9) * channels * filters + 4 * filters
            channels = filters
        positions = self.sides[-1] ** 2
        if self.head == "depthwise":
            total += channels * positions + 4 * channels
            positions = 1
        return self.branches * (total + self.outputs * (channels * positions + 1))

    @property
    def multiply_adds(self) -> int:
        """What reading one image costs, in multiplications with an addition."""
        total, channels = 0, self.channels
        for layer, (filters, side) in enumerate(zip(self.filters, self.sides, strict=True)):
            total += (25 if layer == 0 else 9) * channels * filters * side**2
            channels = filters
        return self.branches * (total + 11 * channels * self.sides[-1] ** 2)


@dataclass(frozen=True)
class Augmentation:
    """How far images are changed; each image draws its own amounts. All zero changes nothing.

    `rotation` and `slant` are standard deviations in degrees; `scale` is the largest relative
    change of size, and half of it of the aspect; `shift` the largest in pixels; `elastic` the
    standard deviation in pixels of a smooth random warp; `thickness` is the share of images
    whose strokes become thinner or thicker, `grain` the share that get a photograph's blur and
    noise.
    """

    rotation: float = 7.0
    slant: float = 7.0
    scale: float = 0.1
    shift: float = 1.2
    elastic: float = 0.45
    thickness: float = 0.2
    grain: float = 0.05


@dataclass(frozen=True)
class Pools:
    """How many images of each kind an epoch shows; kinds whose data are not used count as none.

    `scanned` are MNIST's own (or the bundled digits), `rewritten` pen digits with another pen and
    hand, `redrawn` MNIST skeletons with an even pen, `photographed` MNIST on noisy grey paper,
    `not_digits` letters, signs and doodles, `sketched` digits and `operators` the signs of
    arithmetic, both drawn from templates; `corrected` is what people put right here, each up to
    ten times with another pen and hand. `rewritten` are UNIPEN's digits too. Of what people wrote
    are also `swiss` (scanned numbers as they are), `letters` (letters and signs of UNIPEN that are
    no digit) and `signs` (of arithmetic, from UNIPEN and BHMSDS); all of these drawn by writer.
    `lines` are what a reader of generated lines asks about, right and wrong, with what stands
    around it.
    """

    scanned: int = 55_000
    rewritten: int = 0
    redrawn: int = 0
    photographed: int = 0
    not_digits: int = 0
    sketched: int = 0
    operators: int = 0
    corrected: int = 5_000
    swiss: int = 0
    letters: int = 0
    signs: int = 0
    lines: int = 0


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out of a training run.

    In the last `plain_epochs` the images are shown as they are, without augmentation.
    `learning_rate` is the highest that the schedule reaches. `start` is the run whose network it
    goes on from, or nothing: fine-tuning. `snapshots` are so many copies that it keeps of the
    network while it learns.
    """

    preset: str
    epochs: int
    data: tuple[str, ...] = ("mnist", "pen-digits")
    architecture: Architecture = field(default_factory=Architecture)
    pools: Pools = field(default_factory=Pools)
    augmentation: Augmentation = field(default_factory=Augmentation)
    plain_epochs: int = 0
    batch_size: int = 128
    optimizer: str = "adamw"
    schedule: str = "one-cycle"
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    seed: int = 0
    start: str = ""
    snapshots: int = 0

    @property
    def kind(self) -> Kind:
        """What its network reads: digits, or the symbols of arithmetic too."""
        return "symbols" if self.architecture.outputs == CLASSES["symbols"] else "digits"

    def as_dict(self) -> dict[str, Any]:
        """As `config.json` keeps it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Recipe":
        """The recipe that `config.json` keeps; what it does not know of is as it was then.

        Raises:
            BadInput: it is none.
        """
        try:
            known = {FORMER_NAMES.get(name, name): value for name, value in values.items()}
            net = known["architecture"]
            lists = {"filters": tuple(net["filters"]), "strides": tuple(net["strides"])}
            parts = {
                "architecture": Architecture(**{**net, **lists}),
                "pools": Pools(**known["pools"]),
                "augmentation": Augmentation(**known["augmentation"]),
                "data": tuple(known["data"]),
            }
            return cls(**{**known, **parts})
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput("The settings of this run cannot be read.") from error

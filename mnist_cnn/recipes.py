"""What a training run is made of, and the presets: plain values, no TensorFlow."""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mnist_cnn.augmentation import Augmentation
from mnist_cnn.errors import BadInput
from mnist_cnn.records import CLASSES, Kind

MOST_FILTERS = 512
MOST_BRANCHES = 8


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

    def resized(self, depth: int, width: float) -> "Architecture":
        """The same with so many convolutions, each `width` times as many filters.

        Convolutions that are added are like the last, in steps of one.
        """
        filters = [self.filters[min(i, len(self.filters) - 1)] for i in range(depth)]
        strides = [self.strides[i] if i < len(self.strides) else 1 for i in range(depth)]
        wide = tuple(min(MOST_FILTERS, max(1, round(n * width))) for n in filters)
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
        total, channels = 0, 1
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
        total, channels = 0, 1
        for layer, (filters, side) in enumerate(zip(self.filters, self.sides, strict=True)):
            total += (25 if layer == 0 else 9) * channels * filters * side**2
            channels = filters
        return self.branches * (total + 11 * channels * self.sides[-1] ** 2)


@dataclass(frozen=True)
class Pools:
    """How many images of each kind an epoch shows; kinds whose data are not used count as none.

    `scanned` are MNIST's own (or the bundled digits), `rewritten` pen digits with another pen and
    hand, `redrawn` MNIST skeletons with an even pen, `photographed` MNIST on noisy grey paper,
    `not_digits` letters, signs and doodles, `sketched` digits and `operators` the signs of
    arithmetic, both drawn from templates; `corrected` is what people put right here, each up to
    ten times with another pen and hand.
    """

    scanned: int = 55_000
    rewritten: int = 0
    redrawn: int = 0
    photographed: int = 0
    not_digits: int = 0
    sketched: int = 0
    operators: int = 0
    corrected: int = 5_000


@dataclass(frozen=True)
class Recipe:
    """All that decides what comes out of a training run.

    In the last `calm_epochs` the images are shown as they are, without augmentation.
    `learning_rate` is the highest that the schedule reaches.
    """

    preset: str
    epochs: int
    data: tuple[str, ...] = ("mnist", "pen-digits")
    architecture: Architecture = field(default_factory=Architecture)
    pools: Pools = field(default_factory=Pools)
    augmentation: Augmentation = field(default_factory=Augmentation)
    calm_epochs: int = 0
    batch_size: int = 128
    optimizer: str = "adamw"
    schedule: str = "one-cycle"
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    seed: int = 0

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
            net = values["architecture"]
            lists = {"filters": tuple(net["filters"]), "strides": tuple(net["strides"])}
            parts = {
                "architecture": Architecture(**{**net, **lists}),
                "pools": Pools(**values["pools"]),
                "augmentation": Augmentation(**values["augmentation"]),
                "data": tuple(values["data"]),
            }
            return cls(**{**values, **parts})
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput("The settings of this run cannot be read.") from error

    def arguments(self) -> list[str]:
        """What to give `train` for this recipe: the preset, and where it departs from it."""
        preset = PRESETS[self.preset]
        given = ["--preset", self.preset]
        for option, text in OPTIONS.items():
            if text(self) != text(preset):
                given += [option, text(self)]
        return given

    def check(self) -> "Recipe":
        """Itself.

        Raises:
            BadInput: it cannot be trained; says which value is out of range.
        """
        for fine, message in _demands(self):
            if not fine:
                raise BadInput(f"This recipe cannot be trained: {message}.")
        return self


DATA = ("mnist", "pen-digits", "bundled-digits", "corrections")
HEADS = ("depthwise", "flatten")
PADDINGS = ("valid", "same")
OPTIMIZERS = ("adamw", "muon", "sgd", "rmsprop")
SCHEDULES = ("one-cycle", "cosine", "constant")


def _joined(values: dict[str, Any]) -> str:
    return ",".join(f"{key}={value:g}" for key, value in values.items())


OPTIONS: dict[str, Callable[[Recipe], str]] = {
    "--data": lambda r: ",".join(r.data),
    "--seed": lambda r: str(r.seed),
    "--epochs": lambda r: str(r.epochs),
    "--calm-epochs": lambda r: str(r.calm_epochs),
    "--batch-size": lambda r: str(r.batch_size),
    "--optimizer": lambda r: r.optimizer,
    "--schedule": lambda r: r.schedule,
    "--learning-rate": lambda r: f"{r.learning_rate:g}",
    "--weight-decay": lambda r: f"{r.weight_decay:g}",
    "--filters": lambda r: ",".join(map(str, r.architecture.filters)),
    "--strides": lambda r: ",".join(map(str, r.architecture.strides)),
    "--padding": lambda r: r.architecture.padding,
    "--head": lambda r: r.architecture.head,
    "--dropout": lambda r: f"{r.architecture.dropout:g}",
    "--branches": lambda r: str(r.architecture.branches),
    "--augment": lambda r: _joined(asdict(r.augmentation)),
    "--pools": lambda r: _joined(asdict(r.pools)),
}
"""The options of `train`, and what each says of a recipe."""


def _demands(recipe: Recipe) -> Iterator[tuple[bool, str]]:
    """Each thing that must hold, and the sentence to say where it does not."""
    net, amounts = recipe.architecture, asdict(recipe.augmentation)
    unknown = set(recipe.data) - set(DATA)
    yield not unknown, f"there is no data set {min(unknown, default='')!r}, only {', '.join(DATA)}"
    both = {"mnist", "bundled-digits"} <= set(recipe.data)
    yield not both, "choose either mnist or bundled-digits; they share one frame"
    yield 1 <= recipe.epochs <= 1000, "epochs must lie between 1 and 1000"
    yield 0 <= recipe.calm_epochs <= recipe.epochs, "there are more calm epochs than epochs"
    yield 1 <= recipe.batch_size <= 4096, "the batch size must lie between 1 and 4096"
    yield recipe.optimizer in OPTIMIZERS, f"the optimizer must be one of {', '.join(OPTIMIZERS)}"
    yield recipe.schedule in SCHEDULES, f"the schedule must be one of {', '.join(SCHEDULES)}"
    yield 0 < recipe.learning_rate < 1e6, "the learning rate must be a positive number"
    yield 0 <= recipe.weight_decay <= 1, "the weight decay must lie between 0 and 1"
    yield 1 <= len(net.filters) <= 8, "there must be one to eight convolutions"
    yield len(net.filters) == len(net.strides), "filters and strides must be as many"
    fits = all(1 <= n <= MOST_FILTERS for n in net.filters)
    yield fits, f"filters must lie between 1 and {MOST_FILTERS}"
    yield set(net.strides) <= {1, 2}, "strides must be 1 or 2"
    fits = net.outputs in CLASSES.values()
    yield fits, f"a network has {' or '.join(map(str, CLASSES.values()))} outputs"
    yield net.padding in PADDINGS, f"the padding must be one of {', '.join(PADDINGS)}"
    yield net.head in HEADS, f"the head must be one of {', '.join(HEADS)}"
    yield 0 <= net.dropout <= 0.9, "dropout must lie between 0 and 0.9"
    yield 1 <= net.branches <= MOST_BRANCHES, f"there must be 1 to {MOST_BRANCHES} branches"
    yield (
        all(0 <= amount <= 90 for amount in amounts.values()),
        "augmentation must lie between 0 and 90",
    )
    yield 0 <= recipe.augmentation.scale < 1, "the change of scale must lie between 0 and 1"
    pools = asdict(recipe.pools).values()
    yield all(0 <= count <= 1_000_000 for count in pools), "pools must hold 0 to 1,000,000 images"


STILL = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)

PRESETS: dict[str, Recipe] = {
    "quick": Recipe(
        "quick",
        epochs=1,
        data=("mnist",),
        architecture=Architecture(
            (16, 32, 64, 64), (2, 2, 1, 1), "depthwise", 0.0, padding="valid"
        ),
        augmentation=STILL,
        optimizer="sgd",
        learning_rate=0.1,
    ),
    "standard": Recipe(
        "standard",
        epochs=6,
        architecture=Architecture(
            (24, 32, 48, 64), (2, 1, 2, 1), "depthwise", 0.1, padding="valid"
        ),
        pools=Pools(55_000, 15_000, 5_000, 5_000, 15_000),
        learning_rate=5e-3,
    ),
    "best": Recipe(
        "best",
        epochs=30,
        architecture=Architecture(
            (16, 32, 32, 64, 64, 64, 64), (1, 2, 1, 2, 1, 1, 1), padding="valid", branches=2
        ),
        pools=Pools(55_000, 24_000, 24_000, 5_000, 12_000, 8_000),
        calm_epochs=2,
        learning_rate=4e-3,
        weight_decay=0.02,
    ),
    "symbols": Recipe(
        "symbols",
        epochs=16,
        architecture=Architecture(
            (32, 48, 64, 80, 80), (2, 1, 2, 1, 1), "depthwise", 0.1, CLASSES["symbols"]
        ),
        pools=Pools(25_000, 30_000, 5_000, 3_000, 20_000, 12_000, 40_000),
        calm_epochs=2,
        batch_size=64,
        optimizer="muon",
        learning_rate=6e-3,
        weight_decay=0.02,
    ),
}

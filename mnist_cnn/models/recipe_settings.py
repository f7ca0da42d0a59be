"""Every setting of a recipe, in one table.

It feeds the options of `train`, the command that is shown for a recipe, the checks, and the form of
the page that trains.
"""

import functools
from dataclasses import dataclass
from typing import Any

from mnist_cnn.models.recipes import Recipe

DATA = (
    *("mnist", "pen-digits", "unipen", "swiss-numbers", "bhmsds"),
    *("bundled-digits", "corrections"),
)

MAX_BRANCHES = 8


@dataclass(frozen=True)
class Setting:
    """One setting: where it lies in a recipe, what it may be, and what people call it.

    `field` is its place, such as "architecture.dropout"; `kind` its type, where "ints" and "words"
    are lists. Settings that share an `option` are given as `name=value`, joined by commas. From
    `low` to `high` it may be trained; the form offers no more than `form_high`, in steps of `step`.
    """

    field: str
    label: str
    kind: str
    help: str = ""
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = 0
    step: float = 0
    form_high: float = 0
    option: str = ""
    former_option: str = ""

    @property
    def name(self) -> str:
        return self.field.rpartition(".")[2]

    @property
    def flag(self) -> str:
        """The option of `train` that gives it."""
        return self.option or f"--{self.name.replace('_', '-')}"

    def value(self, recipe: Recipe) -> Any:
        return functools.reduce(getattr, self.field.split("."), recipe)

    def text(self, recipe: Recipe) -> str:
        """Its value as one writes it on the command line."""
        value = self.value(recipe)
        if self.kind in ("ints", "words"):
            return ",".join(map(str, value))
        return f"{value:g}" if self.kind == "float" else str(value)

    def parsed(self, text: str) -> Any:
        """The value that is meant.

        Raises:
            ValueError: it is none of this kind.
        """
        if self.kind == "ints":
            return tuple(int(number) for number in text.split(","))
        if self.kind == "words":
            return tuple(filter(None, text.split(",")))
        return {"int": int, "float": float}.get(self.kind, str)(text)

    def complaint(self, recipe: Recipe) -> str:
        """What is wrong with its value, or nothing."""
        value = self.value(recipe)
        if self.choices and self.kind != "words" and value not in self.choices:
            return f"{self.label.lower()} must be one of {', '.join(self.choices)}"
        if self.kind in ("int", "float") and not self.low <= value <= self.high:
            return f"{self.label.lower()} must lie between {self.low:g} and {self.high:g}"
        return ""


def _amount(name: str, label: str, form_high: float, step: float, high: float = 90) -> Setting:
    return Setting(
        f"augmentation.{name}",
        label,
        "float",
        high=high,
        step=step,
        form_high=form_high,
        option="--augment",
        help="e.g. rotation=10,grain=0",
    )


def _pool(name: str, label: str) -> Setting:
    return Setting(
        f"pools.{name}",
        label,
        "int",
        high=1_000_000,
        step=1000,
        form_high=60_000,
        option="--pools",
        help="images an epoch, e.g. scanned=20000",
    )


NETWORK = (
    Setting("architecture.filters", "Filters", "ints", "of each convolution"),
    Setting("architecture.strides", "Strides", "ints", "1 or 2 of each"),
    Setting(
        "architecture.dropout", "Dropout (share)", "float", "of the last maps' values that are "
        "left out while it learns", high=0.9, step=0.05,
    ),
    Setting(
        "architecture.head", "Head", "choice",
        "flatten keeps every position of the last maps; depthwise sums each map over its positions "
        "with learned weights, which takes fewer parameters", ("depthwise", "flatten"),
    ),
    Setting(
        "architecture.padding", "Padding of the first convolution", "choice",
        "valid keeps to places that lie inside the frame, whose rim is bare; same looks beyond it "
        "too, and takes a third longer", ("valid", "same"),
    ),
    Setting(
        "architecture.branches", "Branches", "int",
        "networks side by side, each learning from images of its own; their mean answers, mostly "
        "with fewer mistakes, and each takes its own time", low=1, high=MAX_BRANCHES, step=1,
    ),
)  # fmt: skip

LEARNING = (
    Setting("epochs", "Epochs", "int", low=1, high=1000, step=1, form_high=200),
    Setting(
        "plain_epochs", "Last epochs without augmentation", "int", "the last, unaugmented",
        high=1000, step=1, form_high=200, former_option="--calm-epochs",
    ),
    Setting("batch_size", "Batch size", "int", low=1, high=4096, step=1, form_high=2048),
    Setting("learning_rate", "Learning rate, at its highest", "float", low=1e-9, high=1e6,
            step=1e-3, form_high=1),
    Setting("optimizer", "Optimizer", "choice", choices=("adamw", "muon", "sgd", "rmsprop")),
    Setting("schedule", "Schedule", "choice", choices=("one-cycle", "cosine", "constant")),
    Setting("weight_decay", "Weight decay", "float", high=1, step=1e-3),
    Setting("seed", "Seed", "int", high=2**32 - 1, step=1, form_high=2**31 - 1),
    Setting("snapshots", "Snapshots", "int", "small copies of the network that are kept while it "
            "learns, for Look inside", high=64, step=1),
)  # fmt: skip

AUGMENTATION = (
    _amount("rotation", "Rotation, standard deviation (°)", 30, 1),
    _amount("slant", "Slant, standard deviation (°)", 30, 1),
    _amount("scale", "Change of size, at most (share)", 0.5, 0.05, high=0.99),
    _amount("shift", "Shift, at most (pixels)", 6, 0.2),
    _amount("elastic", "Elastic warp (pixels)", 2, 0.05),
    _amount("grain", "Share with a photograph's grain", 1, 0.05, high=1),
    _amount("thickness", "Share with another thickness", 1, 0.05, high=1),
)

POOLS = (
    _pool("scanned", "Scanned digits as they are"),
    _pool("rewritten", "Digits of pen digits and UNIPEN with another pen and hand"),
    _pool("redrawn", "Scanned digits redrawn with an even pen"),
    _pool("photographed", "Scanned digits on noisy grey paper"),
    _pool("not_digits", "What is no digit: letters, signs, doodles"),
    _pool("sketched", "Digits from templates, as different people write them"),
    _pool("operators", "Signs of arithmetic from templates, for a network that knows them"),
    _pool("corrected", "Corrections, each up to ten times"),
    _pool("swiss", "Swiss numbers as they are, by writer"),
    _pool("letters", "What is no digit: letters and signs of UNIPEN's writers"),
    _pool("signs", "Signs of arithmetic that people wrote, for a network that knows them"),
    _pool("lines", "Groups of strokes in generated lines, for a network that knows signs"),
)

SETTINGS = (
    Setting("data", "Data", "words", "joined by commas", DATA),
    Setting("start", "Goes on from run", "text", "whose network has the same architecture"),
    *LEARNING,
    *NETWORK,
    *AUGMENTATION,
    *POOLS,
)

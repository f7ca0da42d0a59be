"""The recipes that have a name."""

from dataclasses import fields

from mnist_cnn.models.classes import CLASSES
from mnist_cnn.models.recipes import Architecture, Augmentation, Pools, Recipe

NO_AUGMENTATION = Augmentation(**{field.name: 0.0 for field in fields(Augmentation)})

PRESETS: dict[str, Recipe] = {
    "quick": Recipe(
        "quick",
        epochs=1,
        data=("mnist",),
        architecture=Architecture(
            (16, 32, 64, 64), (2, 2, 1, 1), "depthwise", 0.0, padding="valid"
        ),
        augmentation=NO_AUGMENTATION,
        optimizer="sgd",
        learning_rate=0.1,
        snapshots=16,
    ),
    "standard": Recipe(
        "standard",
        epochs=6,
        data=("mnist", "pen-digits", "unipen", "swiss-numbers"),
        architecture=Architecture(
            (24, 32, 48, 64), (2, 1, 2, 1), "depthwise", 0.1, padding="valid"
        ),
        pools=Pools(45_000, 20_000, 4_000, 4_000, 7_000, 3_000, swiss=5_000, letters=8_000),
        learning_rate=5e-3,
    ),
    "best": Recipe(
        "best",
        epochs=18,
        data=("mnist", "pen-digits", "unipen", "swiss-numbers"),
        architecture=Architecture(
            (16, 32, 32, 64, 64, 64, 64), (1, 2, 1, 2, 1, 1, 1), padding="valid", branches=2
        ),
        pools=Pools(55_000, 30_000, 12_000, 5_000, 7_000, 6_000, swiss=8_000, letters=14_000),
        plain_epochs=2,
        optimizer="muon",
        learning_rate=6e-3,
        weight_decay=0.02,
    ),
    "symbols": Recipe(
        "symbols",
        epochs=8,
        data=("mnist", "pen-digits", "unipen", "bhmsds"),
        architecture=Architecture(
            (40, 56, 80, 96, 96), (2, 1, 2, 1, 1), "depthwise", 0.1, CLASSES["symbols"]
        ),
        pools=Pools(
            15_000,
            20_000,
            3_000,
            3_000,
            0,
            6_000,
            10_000,
            letters=5_000,
            signs=10_000,
            lines=160_000,
        ),
        plain_epochs=2,
        optimizer="muon",
        learning_rate=6e-3,
        weight_decay=0.02,
    ),
}

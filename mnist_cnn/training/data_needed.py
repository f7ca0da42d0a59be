"""Whether the data that a recipe names are on this machine, and what to learn from without them."""

from collections.abc import Sequence
from dataclasses import replace

from mnist_cnn.data import local_sets
from mnist_cnn.models.presets import NO_AUGMENTATION
from mnist_cnn.models.recipes import Augmentation, Recipe

MEGABYTES = {"mnist": 11, "pen-digits": 5, "unipen": 60, "swiss-numbers": 60, "bhmsds": 12}
"""What is fetched for each, about."""

MIN_EPOCHS = 20
"""The bundled digits are few: below so many passes over them a network has seen too little."""

SKETCHED = 2_000
"""With fewer digits from templates beside the 1,297 bundled ones, plain ones are misread."""


def to_download(recipe: Recipe) -> tuple[str, ...]:
    """The data sets of a recipe that are not on this machine."""
    return local_sets.to_download(recipe.data)


def megabytes(names: Sequence[str]) -> int:
    """How much is downloaded for these data sets, about."""
    return sum(MEGABYTES[name] for name in names)


def without_download(recipe: Recipe) -> Recipe:
    """The same recipe on the bundled digits, which need no download. For they are few, it has more
    epochs, digits from templates and augmentation, unless it learns from generated lines."""
    others = tuple(
        name
        for name in recipe.data
        if name not in local_sets.DOWNLOADED and name != "bundled-digits"
    )
    there = replace(recipe, data=("bundled-digits", *others))
    if recipe.pools.lines:
        return there
    plain = recipe.augmentation == NO_AUGMENTATION
    return replace(
        there,
        epochs=max(recipe.epochs, MIN_EPOCHS),
        pools=replace(recipe.pools, sketched=max(recipe.pools.sketched, SKETCHED)),
        augmentation=Augmentation() if plain else recipe.augmentation,
    )

"""Recipes from the options of `train` and back, and what is wrong with one."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from mnist_cnn.errors import BadInput
from mnist_cnn.models.classes import CLASSES
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.recipe_settings import DATA, SETTINGS, Setting
from mnist_cnn.models.recipes import MAX_FILTERS, Recipe


def by_option() -> dict[str, list[Setting]]:
    """The settings that each option of `train` gives."""
    options: dict[str, list[Setting]] = {}
    for setting in SETTINGS:
        options.setdefault(setting.flag, []).append(setting)
    return options


def changed(recipe: Recipe, values: Mapping[str, Any]) -> Recipe:
    """The recipe with other values, by their settings' fields."""
    for field, value in values.items():
        part, _, name = field.rpartition(".")
        if part:
            recipe = replace(recipe, **{part: replace(getattr(recipe, part), **{name: value})})
        else:
            recipe = replace(recipe, **{name: value})
    return recipe


def with_options(recipe: Recipe, given: Mapping[str, str]) -> Recipe:
    """The recipe with what was given on the command line, by option.

    Raises:
        BadInput: an option's text is not of its form.
    """
    values: dict[str, Any] = {}
    for option, settings in by_option().items():
        if option in given:
            values |= _values(option, settings, given[option])
    return changed(recipe, values)


def _values(option: str, settings: list[Setting], text: str) -> dict[str, Any]:
    """What an option says of its settings, by their fields."""
    if len(settings) == 1:
        try:
            return {settings[0].field: settings[0].parsed(text)}
        except ValueError as error:
            raise BadInput(
                f"{option} cannot take {text!r}; expected {settings[0].kind}."
            ) from error
    known = {setting.name: setting for setting in settings}
    values = {}
    for pair in text.split(","):
        name, _, number = pair.partition("=")
        try:
            values[known[name].field] = known[name].parsed(number)
        except (KeyError, ValueError) as error:
            raise BadInput(
                f"{option} cannot take {pair!r}; expected some of {', '.join(known)}, each as "
                "name=number, joined by commas."
            ) from error
    return values


def arguments(recipe: Recipe) -> list[str]:
    """What to give `train` for this recipe: the preset, and where it departs from it."""
    preset = PRESETS[recipe.preset]
    given = ["--preset", recipe.preset]
    for option, settings in by_option().items():
        texts = [_text(settings, which) for which in (recipe, preset)]
        if texts[0] != texts[1]:
            given += [option, texts[0]]
    return given


def _text(settings: list[Setting], recipe: Recipe) -> str:
    if len(settings) == 1:
        return settings[0].text(recipe)
    return ",".join(f"{setting.name}={setting.text(recipe)}" for setting in settings)


def check(recipe: Recipe) -> Recipe:
    """The recipe itself.

    Raises:
        BadInput: it cannot be trained; says which value is out of range.
    """
    own = (setting.complaint(recipe) for setting in SETTINGS)
    for complaint in (*own, *_complaints(recipe)):
        if complaint:
            raise BadInput(f"This recipe cannot be trained: {complaint}.")
    return recipe


def _complaints(recipe: Recipe) -> Iterator[str]:
    """What no single setting is to blame for."""
    net = recipe.architecture
    if not recipe.data:
        yield f"it names no data set; there are {', '.join(DATA)}"
    if unknown := set(recipe.data) - set(DATA):
        yield f"there is no data set {min(unknown)!r}, only {', '.join(DATA)}"
    if {"mnist", "bundled-digits"} <= set(recipe.data):
        yield "choose either mnist or bundled-digits; they share one frame"
    if recipe.plain_epochs > recipe.epochs:
        yield "there are more epochs without augmentation than epochs"
    if not 1 <= len(net.filters) <= 8:
        yield "there must be one to eight convolutions"
    if len(net.filters) != len(net.strides):
        yield "filters and strides must be as many"
    if not all(1 <= n <= MAX_FILTERS for n in net.filters):
        yield f"filters must lie between 1 and {MAX_FILTERS}"
    if not set(net.strides) <= {1, 2}:
        yield "strides must be 1 or 2"
    if net.outputs not in CLASSES.values():
        yield f"a network has {' or '.join(map(str, CLASSES.values()))} outputs"

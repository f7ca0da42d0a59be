"""Chooses a recipe: a preset, and every setting that may differ from it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from mnist_cnn.data.augmentation import augmented
from mnist_cnn.models.recipe_options import changed
from mnist_cnn.models.recipe_settings import AUGMENTATION, DATA, LEARNING, NETWORK, POOLS, Setting
from mnist_cnn.models.recipes import Architecture, Augmentation, Recipe
from mnist_cnn.records import FloatArray
from mnist_cnn.ui import cache, charts, layout

DATA_NAMES = {
    "mnist": "MNIST, 60,000 scanned digits",
    "pen-digits": "Pen digits, 7,494 drawn by 30 people",
    "unipen": "UNIPEN, digits, letters and signs drawn by 200 people",
    "swiss-numbers": "Swiss numbers, 8,636 digits of 15 people, scanned",
    "bhmsds": "BHMSDS, 6,000 signs of arithmetic, photographed",
    "bundled-digits": "Bundled digits, 1,797 small ones, no download",
    "corrections": "Corrections, what people put right here",
}


def own_settings(base: Recipe, key: str) -> Recipe:
    """Every setting as a control, beginning at `base`; other keys begin anew."""
    network, learning, images, data = st.tabs(["Network", "Learning", "Augmentation", "Data"])
    with network:
        recipe = _network(base, key)
    with learning:
        recipe = _learning(recipe, key)
    with images:
        recipe = changed(recipe, _controls(AUGMENTATION, recipe, key, _pairs()))
        _show_examples(recipe.augmentation)
    with data:
        sets = st.multiselect(
            "Learn from",
            DATA,
            list(base.data),
            format_func=DATA_NAMES.__getitem__,
            key=f"{key} data",
        )
        st.markdown("Images per epoch")
        pools = _controls(POOLS, recipe, key, _one_column())
    return changed(recipe, {"data": tuple(sets), **pools})


def _network(base: Recipe, key: str) -> Recipe:
    places = _pairs()
    net = base.architecture
    depth = next(places).slider("Depth (convolutions)", 1, 8, len(net.filters), key=f"{key} depth")
    width = next(places).slider(
        "Width (times the preset)", 0.25, 3.0, 1.0, 0.25, key=f"{key} width"
    )
    recipe = replace(base, architecture=net.resized(depth, width))
    others = [setting for setting in NETWORK if setting.kind != "ints"]
    return changed(recipe, _controls(others, recipe, key, places))


def _learning(base: Recipe, key: str) -> Recipe:
    values: dict[str, Any] = {}
    for setting, place in zip(LEARNING, _pairs(), strict=False):
        bounded = setting
        if setting.name == "plain_epochs":
            bounded = replace(setting, high=values["epochs"], form_high=0)
            base = replace(base, plain_epochs=min(base.plain_epochs, values["epochs"]))
        values[setting.field] = _number_or_choice(bounded, base, key, place)
    return changed(base, values)


def _controls(
    settings: Sequence[Setting], base: Recipe, key: str, places: Iterator[DeltaGenerator]
) -> dict[str, Any]:
    """A slider for each number and a list for each choice; the values by their fields."""
    values = {}
    for setting, place in zip(settings, places, strict=False):
        if setting.choices:
            values[setting.field] = _number_or_choice(setting, base, key, place)
            continue
        kind = {"int": int, "float": float}[setting.kind]
        value, high = setting.value(base), setting.form_high or setting.high
        values[setting.field] = place.slider(
            setting.label,
            kind(setting.low),
            kind(max(high, value)),
            kind(value),
            kind(setting.step),
            key=f"{key} {setting.name}",
            help=setting.help if setting in NETWORK else None,
        )
    return values


def _number_or_choice(setting: Setting, base: Recipe, key: str, place: DeltaGenerator) -> Any:
    value = setting.value(base)
    if setting.choices:
        return place.selectbox(
            setting.label,
            setting.choices,
            setting.choices.index(value),
            key=f"{key} {setting.name}",
            help=setting.help or None,
        )
    kind = {"int": int, "float": float}[setting.kind]
    high = setting.form_high or setting.high  # an earlier run may lie beyond the form's
    bounds = kind(min(setting.low, value)), kind(max(high, value))
    look: dict[str, Any] = {"format": "%g"} if setting.kind == "float" else {}
    return place.number_input(
        setting.label, *bounds, value, kind(setting.step), key=f"{key} {setting.label}", **look
    )


def _pairs() -> Iterator[DeltaGenerator]:
    """Left and right by turns, row by row: the order in which a phone shows them."""
    while True:
        yield from st.columns(2)


def _one_column() -> Iterator[DeltaGenerator]:
    while True:
        yield st.container()


def network_picture(architecture: Architecture) -> None:
    """What the network is made of, and how large it is."""
    rows = [("image", 28, 1)]
    for number, (side, filters) in enumerate(
        zip(architecture.sides, architecture.filters, strict=True), start=1
    ):
        rows.append((f"conv {number}", side, filters))
    rows.append(("logits", 1, architecture.outputs))
    layers = pd.DataFrame(rows, columns=["layer", "side", "channels"])
    layers["order"] = range(len(rows))
    together = f" in {architecture.branches} branches" if architecture.branches > 1 else ""
    title = "Each branch" if together else "The network"
    st.altair_chart(
        charts.network_drawing(layers, f"{title}, from image to digits"), width="stretch"
    )
    st.caption(
        f"**{architecture.parameters:,} parameters**{together}, "
        f"{architecture.multiply_adds / 1e6:.1f} million multiply-adds per image. "
        "Above each bar: its channels."
    )


def _show_examples(amounts: Augmentation) -> None:
    # Within the page: a picture's file is lost when the run of the script that made it is cut off.
    st.image(layout.picture_link(_examples(amounts)), width="stretch")
    st.caption("Top row: digits as they are. Below: what the network would be shown.")


def _examples(amounts: Augmentation, rows: int = 3) -> NDArray[np.uint8]:
    digits = cache.sample_digits()
    random = np.random.default_rng(0)
    shown: list[FloatArray] = [digits.astype(np.float32) / 255]
    shown += [augmented(digits, amounts, random) for _ in range(rows)]
    picture = np.concatenate([np.concatenate(list(row), axis=1) for row in shown])
    return np.round(255 * picture).astype(np.uint8)

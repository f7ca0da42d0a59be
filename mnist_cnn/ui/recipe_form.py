"""Chooses a recipe: a preset, and every setting that may differ from it."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from mnist_cnn.augmentation import Augmentation, augmented
from mnist_cnn.recipes import (
    DATA,
    HEADS,
    MOST_BRANCHES,
    OPTIMIZERS,
    PADDINGS,
    SCHEDULES,
    Architecture,
    Pools,
    Recipe,
)
from mnist_cnn.records import FloatArray
from mnist_cnn.ui import cache, charts, layout

DATA_NAMES = {
    "mnist": "MNIST, 60,000 scanned digits",
    "pen-digits": "Pen digits, 7,494 drawn by 30 people",
    "bundled-digits": "Bundled digits, 1,797 small ones, no download",
    "corrections": "Corrections, what people put right here",
}
AMOUNTS = {
    "rotation": ("Rotation, standard deviation (°)", 30.0, 1.0),
    "slant": ("Slant, standard deviation (°)", 30.0, 1.0),
    "scale": ("Change of size, at most (share)", 0.5, 0.05),
    "shift": ("Shift, at most (pixels)", 6.0, 0.2),
    "elastic": ("Elastic warp (pixels)", 2.0, 0.05),
    "grain": ("Share with a photograph's grain", 1.0, 0.05),
    "thickness": ("Share with another thickness", 1.0, 0.05),
}
POOLS = {
    "scanned": "Scanned digits as they are",
    "rewritten": "Pen digits with another pen and hand",
    "redrawn": "Scanned digits redrawn with an even pen",
    "photographed": "Scanned digits on noisy grey paper",
    "not_digits": "What is no digit: letters, signs, doodles",
    "sketched": "Digits from templates, as different people write them",
    "operators": "Signs of arithmetic from templates, for a network that knows them",
    "corrected": "Corrections, each up to ten times",
}


def own_settings(base: Recipe, key: str) -> Recipe:
    """Every setting as a control, beginning at `base`; other keys begin anew."""
    network, learning, images, data = st.tabs(["Network", "Learning", "Augmentation", "Data"])
    with network:
        architecture = _architecture(base.architecture, key)
    with learning:
        chosen = _learning(base, key)
    with images:
        augmentation = _augmentation(base.augmentation, key)
    with data:
        sets, pools = _data(base, key)
    return replace(
        base,
        architecture=architecture,
        augmentation=augmentation,
        data=sets,
        pools=pools,
        **chosen,
    )


def network_picture(architecture: Architecture) -> None:
    """What the network is made of, and how large it is."""
    rows = [("image", 28, 1)]
    for number, (side, filters) in enumerate(
        zip(architecture.sides, architecture.filters, strict=True), start=1
    ):
        rows.append((f"conv {number}", side, filters))
    rows.append(("answers", 1, architecture.outputs))
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


def _architecture(base: Architecture, key: str) -> Architecture:
    places = _places()
    depth = next(places).slider("Depth (convolutions)", 1, 8, len(base.filters), key=f"{key} depth")
    width = next(places).slider(
        "Width (times the preset)", 0.25, 3.0, 1.0, 0.25, key=f"{key} width"
    )
    dropout = next(places).slider(
        "Dropout (share)", 0.0, 0.9, base.dropout, 0.05, key=f"{key} dropout"
    )
    head = next(places).selectbox(
        "Head",
        HEADS,
        HEADS.index(base.head),
        key=f"{key} head",
        help="flatten keeps every position of the last maps; depthwise sums each map over its "
        "positions with learned weights, which takes fewer parameters.",
    )
    padding = next(places).selectbox(
        "Padding of the first convolution",
        PADDINGS,
        PADDINGS.index(base.padding),
        key=f"{key} padding",
        help="valid keeps to places that lie inside the frame, whose rim is bare; same looks "
        "beyond it too, and takes a third longer.",
    )
    branches = next(places).slider(
        "Branches",
        1,
        MOST_BRANCHES,
        base.branches,
        key=f"{key} branches",
        help="Networks side by side. Each learns from images of its own, and their mean answers, "
        "mostly with fewer mistakes; each takes its own time and parameters.",
    )
    resized = base.resized(depth, width)
    return replace(resized, padding=padding, head=head, dropout=dropout, branches=branches)


def _places() -> Iterator[DeltaGenerator]:
    """Left and right by turns, row by row: the order in which a phone shows them."""
    while True:
        yield from st.columns(2)


def _learning(base: Recipe, key: str) -> dict[str, Any]:
    places = _places()

    def number(label: str, value: Any, least: Any, most: Any, **look: Any) -> Any:
        bounds = min(least, value), max(most, value)  # an earlier run may lie beyond the form's
        return next(places).number_input(label, *bounds, value, key=f"{key} {label}", **look)

    epochs = number("Epochs", base.epochs, 1, 200)
    return {
        "epochs": epochs,
        "calm_epochs": number(
            "Last epochs without augmentation",
            min(base.calm_epochs, epochs),
            0,
            epochs,
        ),
        "batch_size": number("Batch size", base.batch_size, 8, 2048),
        "learning_rate": number(
            "Learning rate, at its highest",
            base.learning_rate,
            1e-6,
            1.0,
            step=1e-3,
            format="%.5f",
        ),
        "optimizer": next(places).selectbox(
            "Optimizer", OPTIMIZERS, OPTIMIZERS.index(base.optimizer), key=f"{key} optimizer"
        ),
        "schedule": next(places).selectbox(
            "Schedule", SCHEDULES, SCHEDULES.index(base.schedule), key=f"{key} schedule"
        ),
        "weight_decay": number(
            "Weight decay",
            base.weight_decay,
            0.0,
            1.0,
            step=1e-3,
            format="%.4f",
        ),
        "seed": number("Seed", base.seed, 0, 2**31 - 1),
    }


def _augmentation(base: Augmentation, key: str) -> Augmentation:
    values = asdict(base)
    for (name, (label, most, step)), column in zip(AMOUNTS.items(), _places(), strict=False):
        values[name] = column.slider(label, 0.0, most, values[name], step, key=f"{key} {name}")
    amounts = Augmentation(**values)
    # Within the page: a picture's file is lost when the run of the script that made it is cut off.
    st.image(layout.picture_link(_examples(amounts)), width="stretch")
    st.caption("Top row: digits as they are. Below: what the network would be shown.")
    return amounts


def _data(base: Recipe, key: str) -> tuple[tuple[str, ...], Pools]:
    sets = st.multiselect(
        "Learn from", DATA, list(base.data), format_func=DATA_NAMES.__getitem__, key=f"{key} data"
    )
    values = asdict(base.pools)
    st.markdown("Images per epoch")
    for name, label in POOLS.items():
        values[name] = st.slider(label, 0, 60_000, values[name], 1000, key=f"{key} {name}")
    return tuple(sets), Pools(**values)


def _examples(amounts: Augmentation, rows: int = 3) -> NDArray[np.uint8]:
    digits = cache.sample_digits()
    random = np.random.default_rng(0)
    shown: list[FloatArray] = [digits.astype(np.float32) / 255]
    shown += [augmented(digits, amounts, random) for _ in range(rows)]
    picture = np.concatenate([np.concatenate(list(row), axis=1) for row in shown])
    return np.round(255 * picture).astype(np.uint8)

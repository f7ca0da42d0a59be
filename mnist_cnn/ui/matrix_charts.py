"""Charts of what a network gets wrong: pure functions from values to Altair."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import altair as alt
import numpy as np
from numpy.typing import NDArray

from mnist_cnn.records import FloatArray
from mnist_cnn.ui.charts import BAR, SECOND

if TYPE_CHECKING:
    import pandas as pd

PAPER = "#0e1117"
"""The page's background, towards which squares are dimmed."""
LIGHT, DARK, FAINT = "#ffffff", "#000000", "#9aa4b2"
"""Numbers in the cells; the last one where there is nothing to count."""
MISTAKES = ("#1a1f29", "#7a5a1e", "#ffc857")
CHANGES = ("#ffa94d", "#1a1f29", BAR)
"""Colours of squares from the least heat to the most."""
DIMMED = 0.45
"""The opacity of a square that is not the picked one."""


def with_colours(cells: "pd.DataFrame", stops: Sequence[str], least: float = 0.0) -> "pd.DataFrame":
    """Adds to cells with a `heat`, from `least` to 1, the colour of their squares and whether
    numbers on it are dark: `dark`, and `dark_dimmed` for when it is dimmed."""
    colours = _between(cells["heat"].to_numpy(), stops, least)
    dimmed = DIMMED * colours + (1 - DIMMED) * _rgb(PAPER)
    return cells.assign(
        colour=["#" + bytes(np.round(255 * colour).astype(np.uint8)).hex() for colour in colours],
        dark=_better_dark(colours),
        dark_dimmed=_better_dark(dimmed),
    )


def _rgb(colour: str) -> FloatArray:
    return np.array(list(bytes.fromhex(colour[1:]))) / 255


def _between(heat: FloatArray, stops: Sequence[str], least: float) -> FloatArray:
    """(n,) heats as (n, 3) colours."""
    at = np.linspace(least, 1, len(stops))
    channels = np.stack([_rgb(stop) for stop in stops], axis=1)
    return np.stack([np.interp(heat, at, channel) for channel in channels], axis=1)


def _better_dark(colours: FloatArray) -> NDArray[np.bool_]:
    """Whether black has more contrast with (n, 3) colours than white has, by WCAG's formula: the
    better of the two has at least 4.5:1 on any colour."""
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array([0.2126, 0.7152, 0.0722])
    return np.asarray((luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05))


def _matrix(cells: "pd.DataFrame", *facts: alt.Tooltip) -> alt.Chart:
    """The frame of a confusion matrix: true against predicted digits, in the cells' order."""
    axis = alt.Axis(labelAngle=0, orient="top")
    return alt.Chart(cells).encode(
        x=alt.X("predicted:O", title="Predicted digit", axis=axis, sort=None),
        y=alt.Y("true:O", title="True digit", sort=None),
        tooltip=[
            alt.Tooltip("true:O", title="True digit"),
            alt.Tooltip("predicted:O", title="Predicted digit"),
            *facts,
        ],
    )


def confusion_matrix(cells: "pd.DataFrame", title: str = "") -> alt.LayerChart:
    """A heat map with a number in every cell, whose clicks select a cell and dim the others'
    squares.

    Args:
        cells: columns true, predicted, count, share (of its true digits), label (what is written in
            the cell) and heat (its colour, 0 to 1).
    """
    picked = alt.selection_point(name="cell", fields=["true", "predicted"])
    base = _matrix(
        with_colours(cells, MISTAKES),
        alt.Tooltip("count:Q", title="Images"),
        alt.Tooltip("share:Q", title="Of these digits", format=".2%"),
    )
    squares = base.mark_rect(stroke=PAPER, strokeWidth=1, cursor="pointer").encode(
        color=alt.Color("colour:N", scale=None),
        opacity=alt.condition(picked, alt.value(1), alt.value(DIMMED)),
    )
    numbers = base.mark_text(fontSize=12, cursor="pointer").encode(
        text="label:N",
        color=alt.when("datum.count == 0")
        .then(alt.value(FAINT))
        .when(picked, dark=True)
        .then(alt.value(DARK))
        .when(~picked, dark_dimmed=True)
        .then(alt.value(DARK))
        .otherwise(alt.value(LIGHT)),
    )
    layers = alt.layer(squares.add_params(picked), numbers)
    return layers.properties(height=440, **({"title": title} if title else {}))


def reliability(bins: "pd.DataFrame") -> alt.LayerChart:
    """Accuracy against confidence, beside the line on which both agree."""
    percent = alt.Axis(format=".0%")
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("confidence:Q", title="Confidence", scale=scale, axis=percent)
    y = alt.Y("accuracy:Q", title="Accuracy", scale=scale, axis=percent)
    tooltip = [
        alt.Tooltip("confidence:Q", title="Confidence", format=".1%"),
        alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
        alt.Tooltip("images:Q", title="Images"),
    ]
    size = alt.Size("images:Q", scale=alt.Scale(type="sqrt", range=[30, 500]), legend=None)
    points = alt.Chart(bins).mark_circle(color=BAR, opacity=0.9)
    points = points.encode(x=x, y=y, size=size, tooltip=tooltip)
    ends = alt.InlineData([{"confidence": 0, "accuracy": 0}, {"confidence": 1, "accuracy": 1}])
    ideal = (
        alt.Chart(ends)
        .mark_line(strokeDash=[5, 5], color="#8b95a5")
        .encode(x="confidence:Q", y="accuracy:Q")
    )
    return (ideal + points).properties(height=320, title="Reliability: accuracy against confidence")


def accuracy_by_share_kept(rows: "pd.DataFrame", chosen: float) -> alt.LayerChart:
    """Accuracy on what is kept when the least sure are rejected, and where the slider stands."""
    x = alt.X("rejected:Q", title="Rejection rate", axis=alt.Axis(format=".0%"))
    y = alt.Y(
        "accuracy:Q",
        title="Accuracy on the rest",
        scale=alt.Scale(zero=False),
        axis=alt.Axis(format=".2%"),
    )
    tooltip = [
        alt.Tooltip("rejected:Q", title="Rejected", format=".1%"),
        alt.Tooltip("accuracy:Q", title="Accuracy on the rest", format=".2%"),
    ]
    line = alt.Chart(rows).mark_line(color=BAR).encode(x=x, y=y, tooltip=tooltip)
    at = alt.Chart(alt.InlineData([{"rejected": chosen}])).mark_rule(color=SECOND)
    return (line + at.encode(x="rejected:Q")).properties(
        height=320, title="Accuracy against rejection rate"
    )


def matrix_difference(cells: "pd.DataFrame") -> alt.LayerChart:
    """Where B predicts more images so than A (blue) and fewer (orange).

    Columns true, predicted, difference, label (what is written in the cell) and heat, -1 to 1: good
    news positive.
    """
    base = _matrix(
        with_colours(cells, CHANGES, -1),
        alt.Tooltip("difference:Q", title="B less A (images)", format="+d"),
    )
    squares = base.mark_rect(stroke=PAPER, strokeWidth=1).encode(
        color=alt.Color("colour:N", scale=None)
    )
    numbers = base.mark_text(fontSize=12).encode(
        text="label:N", color=alt.when(dark=True).then(alt.value(DARK)).otherwise(alt.value(LIGHT))
    )
    return (squares + numbers).properties(height=460)

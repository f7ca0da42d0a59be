"""Charts: pure functions from values to Altair, each a base with layers on it."""

import functools
from typing import TYPE_CHECKING, Any

import altair as alt
from altair.utils import schemapi

if TYPE_CHECKING:
    import pandas as pd


BAR = "#4cc2ff"

SECOND = "#ffc857"

OTHER_BAR = "#4a5568"

TEXT = "#f2f4f8"

schemapi.disable_debug_mode()
"""Charts are checked once, when they are shown, and not each of their parts when it is made too."""


@functools.cache
def probability_bars() -> dict[str, Any]:
    """Ten bars from 0 to 9 that keep their place and scale, as a Vega-Lite specification.

    For data with the columns digit, probability, label and best. It is made once and stays the
    same, so that a new reading sends the browser ten rows and redraws no axes.
    """
    base = alt.Chart(alt.NamedData("bars")).encode(
        x=alt.X("digit:O", title="Digit", axis=alt.Axis(labelAngle=0, labelFontSize=15)),
        y=alt.Y(
            "probability:Q",
            title="Probability",
            scale=alt.Scale(domain=[0, 1.08]),
            axis=alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1]),
        ),
        tooltip=[
            alt.Tooltip("digit:O", title="Digit"),
            alt.Tooltip("probability:Q", title="Probability", format=".2%"),
        ],
    )
    bars = base.mark_bar(cornerRadiusTopLeft=3, cornerRadiusTopRight=3).encode(
        color=alt.condition("datum.best", alt.value(BAR), alt.value(OTHER_BAR))
    )
    numbers = base.mark_text(dy=-8, color=TEXT, fontSize=12).encode(text="label:N")
    chart = (bars + numbers).properties(height=270, title="How likely is each digit?")
    specification: dict[str, Any] = chart.to_dict()
    del specification["data"]
    return specification


def live_curve(
    curve: "pd.DataFrame", history: "pd.DataFrame", measure: str, title: str, form: str
) -> alt.LayerChart:
    """Loss or accuracy while a network learns.

    Args:
        curve: columns epoch (with its fraction) and `measure`, on what it learns from.
        history: columns epoch and `val_…`, on what it never sees.
        measure: "loss" or "accuracy".
        form: how the values are written, as d3 puts it.
    """
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False), axis=alt.Axis(format=form))
    x = alt.X("epoch:Q", title="Epoch", scale=alt.Scale(domainMin=0))
    tooltip = [
        alt.Tooltip("images:N", title="Images"),
        alt.Tooltip("epoch:Q", title="Epoch", format=".2f"),
        alt.Tooltip("value:Q", title=title, format=form),
    ]
    colour = alt.Color(
        "images:N",
        title=None,
        scale=alt.Scale(domain=["training", "validation"], range=[BAR, SECOND]),
        legend=alt.Legend(orient="bottom"),
    )
    seen = curve.rename(columns={measure: "value"}).assign(images="training")
    unseen = history.rename(columns={f"val_{measure}": "value"}).assign(images="validation")
    columns = ["epoch", "value", "images"]
    lines = alt.Chart(seen.reindex(columns=columns)).mark_line(strokeWidth=2)
    points = alt.Chart(unseen.reindex(columns=columns)).mark_line(
        strokeWidth=2, point=alt.OverlayMarkDef(filled=True, size=50)
    )
    layers = [layer.encode(x=x, y=y, color=colour, tooltip=tooltip) for layer in (lines, points)]
    return alt.layer(*layers).properties(height=340, title=f"{title} while it learns")


def overlaid_curves(table: "pd.DataFrame", x: str, y: str, form: str) -> alt.LayerChart:
    """One line per run: the column Run, and columns that are called as their axes are."""
    base = alt.Chart(table).encode(
        x=alt.X(f"{x}:Q"),
        y=alt.Y(f"{y}:Q", scale=alt.Scale(zero=False), axis=alt.Axis(format=form)),
        color=alt.Color("Run:N", legend=alt.Legend(orient="bottom", columns=1, labelLimit=300)),
        tooltip=["Run:N", alt.Tooltip(f"{x}:Q", format=".4g"), alt.Tooltip(f"{y}:Q", format=form)],
    )
    lines, points = base.mark_line(strokeWidth=2), base.mark_point(filled=True, size=45)
    title = f"{y}, run beside run" if table["Run"].nunique() > 1 else y
    return (lines + points).properties(height=380, title=title)


def network_drawing(layers: "pd.DataFrame", title: str) -> alt.LayerChart:
    """The stack of layers: columns layer, order, side (pixels) and channels."""
    base = alt.Chart(layers).encode(
        x=alt.X("layer:N", title="Layer", sort=alt.SortField("order"), axis=alt.Axis(labelAngle=0)),
        y=alt.Y("side:Q", title="Width and height (pixels)", scale=alt.Scale(domain=[0, 32])),
        tooltip=[
            alt.Tooltip("layer:N", title="Layer"),
            alt.Tooltip("side:Q", title="Width and height (pixels)"),
            alt.Tooltip("channels:Q", title="Channels"),
        ],
    )
    bars = base.mark_bar(cornerRadius=3).encode(
        color=alt.Color(
            "channels:Q",
            title="Channels",
            scale=alt.Scale(range=["#25506b", BAR], domainMin=0),
            legend=None,
        )
    )
    numbers = base.mark_text(dy=-8, color=TEXT).encode(text="channels:Q")
    return (bars + numbers).properties(height=300, title=title)


def _matrix(cells: "pd.DataFrame", *facts: alt.Tooltip) -> alt.Chart:
    """The frame of a confusion matrix: true against predicted digits."""
    return alt.Chart(cells).encode(
        x=alt.X("predicted:O", title="Predicted digit", axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y("true:O", title="True digit"),
        tooltip=[
            alt.Tooltip("true:O", title="True digit"),
            alt.Tooltip("predicted:O", title="Predicted digit"),
            *facts,
        ],
    )


def confusion_matrix(cells: "pd.DataFrame", title: str) -> alt.LayerChart:
    """A heat map with a number in every cell, whose clicks select a cell.

    Args:
        cells: columns true, read, count, share (of its true digits), label (what is written in
            the cell) and heat (its colour, 0 to 1).
    """
    picked = alt.selection_point(name="cell", fields=["true", "predicted"])
    base = _matrix(
        cells,
        alt.Tooltip("count:Q", title="Images"),
        alt.Tooltip("share:Q", title="Of these digits", format=".2%"),
    )
    squares = base.mark_rect(stroke="#0e1117", strokeWidth=1, cursor="pointer").encode(
        color=alt.Color(
            "heat:Q",
            scale=alt.Scale(
                domain=[0, 0.5, 1], range=["#1a1f29", "#7a5a1e", "#ffc857"], interpolate="rgb"
            ),
            legend=None,
        ),
        opacity=alt.condition(picked, alt.value(1), alt.value(0.45)),
    )
    numbers = base.mark_text(fontSize=12).encode(
        text="label:N",
        color=alt.condition("datum.heat > 0.6", alt.value("#0e1117"), alt.value(TEXT)),
        opacity=alt.condition("datum.count == 0", alt.value(0.25), alt.value(1)),
    )
    layers = alt.layer(squares.add_params(picked), numbers)
    return layers.properties(height=480, title=title)


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


def matrix_difference(cells: "pd.DataFrame", title: str) -> alt.LayerChart:
    """Where B reads more images than A (blue) and fewer (orange); columns true, read, difference,
    label (what is written in the cell) and heat, -1 to 1: good news positive."""
    base = _matrix(cells, alt.Tooltip("difference:Q", title="B less A (images)", format="+d"))
    squares = base.mark_rect(stroke="#0e1117", strokeWidth=1).encode(
        color=alt.Color(
            "heat:Q",
            scale=alt.Scale(
                domain=[-1, 0, 1], range=["#ffa94d", "#1a1f29", BAR], interpolate="rgb"
            ),
            legend=None,
        )
    )
    numbers = base.mark_text(fontSize=12).encode(
        text="label:N",
        color=alt.condition("abs(datum.heat) > 0.6", alt.value("#0e1117"), alt.value(TEXT)),
    )
    return (squares + numbers).properties(height=460, title=title)

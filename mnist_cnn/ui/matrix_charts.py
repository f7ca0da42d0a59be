"""Charts of what a network gets wrong: pure functions from values to Altair."""

from typing import TYPE_CHECKING

import altair as alt

from mnist_cnn.ui.charts import BAR, SECOND, TEXT

if TYPE_CHECKING:
    import pandas as pd


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
        cells: columns true, predicted, count, share (of its true digits), label (what is written in
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
    """Where B predicts more images so than A (blue) and fewer (orange).

    Columns true, predicted, difference, label (what is written in the cell) and heat, -1 to 1: good
    news positive.
    """
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

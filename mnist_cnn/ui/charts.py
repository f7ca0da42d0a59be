"""Charts: pure functions from values to Altair, each a base with layers on it."""

import functools
from typing import TYPE_CHECKING, Any

import altair as alt

if TYPE_CHECKING:
    import pandas as pd

BAR = "#4cc2ff"
OTHER_BAR = "#4a5568"
TEXT = "#f2f4f8"


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


def learning_curves(history: "pd.DataFrame") -> alt.LayerChart:
    """Accuracy over epochs, on what the network learns from and on what it never sees."""
    names = {"accuracy": "training", "val_accuracy": "validation"}
    columns = [column for column in names if column in history]
    table = history.melt("epoch", columns, "images", "share").replace({"images": names})
    base = alt.Chart(table).encode(
        x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d")),
        y=alt.Y(
            "share:Q",
            title="Accuracy",
            scale=alt.Scale(zero=False),
            axis=alt.Axis(format=".1%"),
        ),
        color=alt.Color("images:N", title=None, legend=alt.Legend(orient="bottom")),
        tooltip=[
            alt.Tooltip("images:N", title="Images"),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip("share:Q", title="Accuracy", format=".2%"),
        ],
    )
    lines = base.mark_line(strokeWidth=2)
    points = base.mark_point(filled=True, size=45)
    return (lines + points).properties(height=260, title="How it learned")

"""Charts of predictions, networks and learning: pure functions from values to Altair, each a base
with layers on it."""

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
def probability_bars(compact: bool = False) -> dict[str, Any]:
    """Ten bars from 0 to 9 that keep their place and scale, as a Vega-Lite specification.

    For data with the columns digit, probability, label and best. It is made once and stays the
    same, so that a new reading sends the browser ten rows and redraws no axes.
    """
    shares = alt.Axis(format=".0%", values=[0, 0.25, 0.5, 0.75, 1])
    base = alt.Chart(alt.NamedData("bars")).encode(
        x=alt.X(
            "digit:O",
            title=None if compact else "Digit",
            axis=alt.Axis(labelAngle=0, labelFontSize=15),
        ),
        y=alt.Y(
            "probability:Q",
            title=None if compact else "Probability",
            scale=alt.Scale(domain=[0, 1.3 if compact else 1.08]),
            axis=None if compact else shares,
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
    look: dict[str, Any] = {"height": 115}
    if not compact:
        look = {"height": 270, "title": "How likely is each digit?"}
    chart = (bars + numbers).properties(**look)
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


def learned_curve(table: "pd.DataFrame", step: int) -> alt.LayerChart:
    """What a network says of one drawing as it learns: columns step, batch, digit, probability;
    a line marks the step that is shown."""
    base = alt.Chart(table).encode(
        x=alt.X("step:Q", title=None, axis=None),
        y=alt.Y("probability:Q", title=None, axis=alt.Axis(format=".0%", tickCount=3)),
        color=alt.Color(
            "digit:N",
            legend=alt.Legend(orient="bottom", title=None, columns=10, symbolType="stroke"),
        ),
        tooltip=[
            alt.Tooltip("digit:N", title="Digit"),
            alt.Tooltip("batch:Q", title="After batch"),
            alt.Tooltip("probability:Q", title="Probability", format=".1%"),
        ],
    )
    lines = base.mark_line(strokeWidth=2.5, interpolate="monotone")
    now = alt.Chart(alt.InlineData([{"step": step}])).mark_rule(color=TEXT, strokeWidth=2)
    return (lines + now.encode(x="step:Q")).properties(height=150)


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

"""Runs beside each other on the same images and on the same drawing."""

import math
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from mnist_cnn import metrics
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.metrics import Comparison
from mnist_cnn.models.pipeline import predict_strokes
from mnist_cnn.records import Stroke
from mnist_cnn.runs import notes, serving
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import digit_gallery, layout, matrix_charts


def in_words(result: Comparison, a: str, b: str) -> str:
    """What McNemar's test says, for people."""
    if result.p_value >= 0.05:
        return (
            f"**No difference that {result.total:,} images can show**: only {a} reads "
            f"{result.only_a} of them, only {b} {result.only_b} (p = {result.p_value:.2g})."
        )
    better, worse, more, fewer = (
        (b, a, result.only_b, result.only_a)
        if result.only_b > result.only_a
        else (a, b, result.only_a, result.only_b)
    )
    return (
        f"**{better} is better**: it reads {more} digits that {worse} misses and misses {fewer} "
        f"that {worse} reads (p = {result.p_value:.2g})."
    )


def table(chosen: Sequence[Run], predictions: dict[str, LabelledPredictions]) -> None:
    """Accuracy, calibration, size and speed, with the difference from the first run."""
    first = predictions[chosen[0].id]
    rows = []
    for run in chosen:
        own = predictions[run.id]
        low, high = metrics.wilson_interval(int(own.right.sum()), len(own.right))
        result = metrics.compare(first.right, own.right)
        change = "–"
        if run is not chosen[0]:
            below, above = (100 * end for end in result.interval)
            change = f"{100 * result.difference:+.2f} ({below:+.2f} to {above:+.2f})"
        rows.append(
            {
                "Run": title(run),
                "Accuracy": f"{own.right.mean():.2%} ({low:.2%} to {high:.2%})",
                "Difference (points)": change,
                "ECE": f"{metrics.calibration_error(own.confidence, own.right):.2%}",
                "Parameters": f"{run.manifest.get('parameters', 0):,}",
                "Size (MB)": f"{run.size_bytes / 1e6:.2f}",
                "One image (ms)": f"{latency_ms(run):.2f}",
                "Training": layout.duration(float(run.manifest.get("training_seconds", 0))),
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    st.caption("Intervals hold with 95 %; that of a difference counts the images one by one.")


def pair(a: Run, b: Run, predictions: dict[str, LabelledPredictions], name: str) -> None:
    """Two runs: the test, the difference of the matrices, and what they disagree on."""
    first, second = predictions[a.id], predictions[b.id]
    st.markdown(in_words(metrics.compare(first.right, second.right), title(a), title(b)))
    cells = layout.difference_cells(first.matrix, second.matrix)
    chart = matrix_charts.matrix_difference(cells, "From A to B: blue is better, orange worse")
    st.altair_chart(chart, width="stretch")
    changed = cells[cells["difference"] != 0]
    layout.as_table(changed[["true", "predicted", "difference"]], "difference")
    who = st.segmented_control(
        "They disagree, and right is", ["A", "B", "neither"], default="A", required=True
    )
    kinds = {
        "A": first.right & ~second.right,
        "B": second.right & ~first.right,
        "neither": ~first.right & ~second.right & (first.predicted != second.predicted),
    }
    rows = np.flatnonzero(kinds[who])
    shown, other = (first, "A") if who == "B" else (second, "B")
    st.caption(f"{len(rows)} digits. Below each: what it is → what {other} reads, and how surely.")
    digit_gallery.gallery(rows, name, shown, f"disagree {who}")


def one_drawing(chosen: Sequence[Run], strokes: Sequence[Stroke]) -> None:
    """The same drawing, strokes of (points, 2), read by each run."""
    for run, column in zip(chosen, st.columns(len(chosen)), strict=True):
        with column:
            st.caption(title(run))
            reading = predict_strokes(serving.classifier_of(run), strokes) if strokes else None
            if reading:
                st.markdown(layout.in_one_line(reading))
            layout.probability_bars(reading.prediction.probabilities if reading else ())


def title(run: Run) -> str:
    """What a run is called where several are shown."""
    return f"{notes.name_of(run)} {run.id[-6:]}"


def latency_ms(run: Run, times: int = 30) -> float:
    """Milliseconds that one image takes: the least of some, here and now."""
    classifier = serving.classifier_of(run)
    image = np.zeros((1, 28, 28), np.float32)
    least = math.inf
    for _ in range(times):
        began = time.perf_counter()
        classifier.raw_logits(image)
        least = min(least, time.perf_counter() - began)
    return 1000 * least

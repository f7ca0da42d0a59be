"""Runs beside each other on the same images and on the same drawing."""

import math
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from mnist_cnn import metrics
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.models.pipeline import predict_strokes
from mnist_cnn.records import Stroke
from mnist_cnn.runs import serving, store
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import conclusion, digit_gallery, layout, matrix_charts, verdict
from mnist_cnn.ui.conclusion import Contender


def therefore(
    chosen: Sequence[Run],
    titles: dict[str, str],
    predictions: dict[str, LabelledPredictions],
    name: str,
) -> None:
    """What follows, above everything else."""
    live = store.production_id()
    contenders = [
        Contender(titles[r.id], predictions[r.id].right, latency_ms(r), r.id == live)
        for r in chosen
    ]
    st.markdown(conclusion.therefore(contenders, name))


def table(
    chosen: Sequence[Run], titles: dict[str, str], predictions: dict[str, LabelledPredictions]
) -> None:
    """Accuracy, calibration, size and speed, a column per run, with the difference from the
    first."""
    first = predictions[chosen[0].id]
    columns = {}
    for run in chosen:
        own = predictions[run.id]
        low, high = metrics.wilson_interval(int(own.right.sum()), len(own.right))
        ece = metrics.calibration_error(own.confidence, own.right)
        result = metrics.compare(first.right, own.right)
        change = "no image differs" if run is not chosen[0] else "–"
        if result.only_a or result.only_b:
            below, above = (100 * end for end in result.interval)
            change = f"{100 * result.difference:+.2f} ({below:+.2f} to {above:+.2f})"
        columns[titles[run.id]] = {
            "Accuracy": f"{own.right.mean():.2%} ({low:.2%} to {high:.2%})",
            f"Against {titles[chosen[0].id]} (points)": change,
            "Calibration error (ECE)": f"{ece:.2%}",
            "Parameters": f"{run.manifest.get('parameters', 0):,}",
            "Size": f"{run.size_bytes / 1e6:.2f} MB",
            "One image": f"{latency_ms(run):.2f} ms",
            "Training": layout.duration(float(run.manifest.get("training_seconds", 0))),
        }
    st.table(pd.DataFrame(columns))
    st.caption("Intervals hold with 95 %; that of a difference counts the images one by one.")


def of_the_same(predictions: Sequence[LabelledPredictions]) -> bool:
    """Whether all were of the same digits in the same order, as far as their labels tell."""
    first, *others = (own.labels for own in predictions)
    return all(np.array_equal(first, labels) for labels in others)


def pair(
    a: Run, b: Run, titles: dict[str, str], predictions: dict[str, LabelledPredictions], name: str
) -> None:
    """Two runs: what they disagree on, and the difference of their matrices."""
    first, second = predictions[a.id], predictions[b.id]
    one, other = titles[a.id], titles[b.id]
    if np.array_equal(first.predicted, second.predicted):
        st.markdown(f"They read all {len(first.labels):,} images alike.")
        return
    st.markdown(difference_in_words(first, second, one, other))
    left, right = st.columns([3, 2])
    with left:
        _matrix_difference(first, second, f"From {one} to {other}: blue is better, orange worse")
    with right:
        _disagreements(first, second, one, other, name)


def difference_in_words(
    first: LabelledPredictions, second: LabelledPredictions, a: str, b: str
) -> str:
    """How many images each alone reads right, and McNemar's test of that."""
    result = metrics.compare(first.right, second.right)
    if not result.only_a and not result.only_b:
        return "They read the same images right, and take others for different digits."
    p_value = "p < 0.001" if result.p_value < 0.001 else f"p = {result.p_value:.2g}"
    return (
        f"{a} alone reads {result.only_a} of {result.total:,} right, {b} alone {result.only_b} "
        f"(McNemar's test: {p_value})."
    )


def _matrix_difference(first: LabelledPredictions, second: LabelledPredictions, title: str) -> None:
    cells = layout.difference_cells(first.matrix, second.matrix)
    changed = cells[cells["difference"] != 0]
    if changed.empty:
        st.caption("Their confusion matrices are the same.")
        return
    st.caption(title)
    st.altair_chart(matrix_charts.matrix_difference(cells), width="stretch")
    layout.as_table(changed[["true", "predicted", "difference"]], "difference")


def _disagreements(
    first: LabelledPredictions, second: LabelledPredictions, a: str, b: str, name: str
) -> None:
    kinds = {
        f"only {a}": (first.right & ~second.right, second),
        f"only {b}": (second.right & ~first.right, first),
        "neither": (~first.right & ~second.right & (first.predicted != second.predicted), first),
    }
    counted = {f"{who} ({rows.sum()})": who for who, (rows, _) in kinds.items() if rows.any()}
    label = "They disagree, and right is"
    chosen = st.segmented_control(label, list(counted), default=next(iter(counted)), required=True)
    who = counted[chosen]
    rows, wrong = kinds[who]
    misled = b if wrong is second else a
    st.caption(f"Below each: what it is → what {misled} reads, and how surely.")
    digit_gallery.gallery(np.flatnonzero(rows), name, wrong, f"disagree {who}")


def one_drawing(chosen: Sequence[Run], titles: dict[str, str], strokes: Sequence[Stroke]) -> str:
    """The same drawing, strokes of (points, 2), read by each run, in words and bars; the answers in
    a line, for above the canvas, where they stay in sight on a phone."""
    answers = []
    for run, column in zip(chosen, st.columns(len(chosen)), strict=True):
        reading = predict_strokes(serving.classifier_of(run), strokes) if strokes else None
        with column:
            st.caption(titles[run.id])
            st.markdown(verdict.in_one_line(reading) if reading else "–")
            probabilities = reading.prediction.probabilities if reading else ()
            layout.probability_bars(probabilities, compact=True)
        if reading:
            digit = reading.prediction.digit
            answers.append(f"{titles[run.id]}: **{'no digit' if digit is None else digit}**")
    return " · ".join(answers) or "Draw a digit: each of them reads it."


def latency_ms(run: Run) -> float:
    """Milliseconds that one image takes: the least of some, measured once here."""
    return _latency_ms(run.id, str(run.folder))


@st.cache_data(show_spinner=False, max_entries=50)
def _latency_ms(run_id: str, folder: str, times: int = 30) -> float:
    classifier = serving.classifier_of(store.open_run(run_id))
    image = np.zeros((1, 28, 28), np.float32)
    least = math.inf
    for _ in range(times):
        began = time.perf_counter()
        classifier.raw_logits(image)
        least = min(least, time.perf_counter() - began)
    return 1000 * least

"""The frame of every page, and the pieces that several of them show."""

import base64
import html
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from mnist_cnn.records import FloatArray, Prediction, PredictionResult
from mnist_cnn.runs import notes, store
from mnist_cnn.ui import auth


def page(title: str, icon: str, introduction: str = "") -> None:
    """Opens a page: its title in the tab and at the top, and a sentence on what it is for."""
    st.set_page_config(page_title=f"{title} · Digits", page_icon=icon, layout="wide")
    st.header(title)
    if introduction:
        st.caption(introduction)
    auth.account()


def on_a_phone() -> bool:
    """Whether the browser says that it runs on a telephone, where wide canvases do not fit."""
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


def verdict(prediction: Prediction) -> None:
    """The digit, large, and beside it how sure the network is."""
    answer, words = _verdict_words(prediction)
    shown = "–" if prediction.digit is None else str(prediction.digit)
    colour = {"ok": "#4cc2ff", "unsure": "#ffc857"}.get(prediction.status, "#9aa4b2")
    st.html(
        f'<div style="display:flex;align-items:center;gap:1.2rem;min-height:7rem">'
        f'<div role="status" aria-label="Answer" style="font-size:6.5rem;line-height:1;'
        f'font-weight:700;min-width:4.2rem;text-align:center;color:{colour}">{shown}</div>'
        f'<div><div style="font-size:1.25rem;font-weight:600">{html.escape(answer)}</div>'
        f'<div style="opacity:.75">{html.escape(words)}</div></div></div>'
    )


def probability_bars(probabilities: Sequence[float]) -> None:
    """The ten probabilities as bars; all empty where there is nothing to read."""
    from mnist_cnn.ui import charts  # Altair loads while the browser puts up the canvas

    values = list(probabilities) or [0.0] * 10
    table = pd.DataFrame(
        {
            "digit": list(range(10)),
            "probability": values,
            "label": [f"{p:.0%}" if p >= 0.005 else "" for p in values],
            "best": [p == max(values) > 0 for p in values],
        }
    )
    st.vega_lite_chart(table, charts.probability_bars(), width="stretch")


def probability_table(probabilities: Sequence[float]) -> None:
    """What the bars show, for those who cannot see them."""
    with st.expander("The same as a table"):
        cells = {str(digit): [f"{p:.2%}"] for digit, p in enumerate(probabilities)}
        st.table(pd.DataFrame(cells, index=["Probability"]))


def as_table(table: pd.DataFrame, key: str) -> None:
    """What a chart shows, for those who cannot see it or want the numbers; made when opened."""
    with st.expander("The same as a table", key=f"{key} table", on_change="rerun") as expander:
        if expander.open:
            st.dataframe(table, hide_index=True, width="stretch")


def seen_image(image: FloatArray, scale: int = 4) -> None:
    """A (28, 28) image enlarged so that its pixels can be told apart."""
    st.image(np.kron(image, np.ones((scale, scale))), clamp=True, width=28 * scale)


def picture_link(image: NDArray[np.uint8]) -> str:
    """A small grey image, uint8 (height, width), as a link that holds it."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def read_by(run_id: str) -> None:
    """Says which run predicted, and leads to its page."""
    run = store.open_run(run_id)
    run_link(run_id, f"Read by *{notes.name_of(run)}*, {run.day}")


def run_link(run_id: str, label: str) -> None:
    """Leads to the run's page."""
    st.page_link(
        "pages/4_Training_runs.py",
        label=label,
        icon=":material/model_training:",
        query_params={"run": run_id},
    )


def duration(seconds: float) -> str:
    """A time as people say it: 40 s, 12 min, 1 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


MATRIX_VIEWS = ("Counts", "% of row", "% of column", "Errors only")


def matrix_cells(matrix: Sequence[Sequence[int]], view: str = "Counts") -> pd.DataFrame:
    """A confusion matrix as a row per cell, for `charts.confusion_matrix`."""
    counts = np.asarray(matrix)
    true, read = np.indices(counts.shape)
    of_row = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    of_column = counts / np.maximum(counts.sum(axis=0, keepdims=True), 1)
    wrong = np.where(true == read, 0, of_column if view == "% of column" else of_row)
    labels = counts.astype(str).astype(object)
    if view.startswith("%"):
        shares = 100 * (of_row if view == "% of row" else of_column)
        labels = np.array([[f"{share:.2g}" for share in row] for row in shares], object)
    if view == "Errors only":
        labels[true == read] = ""
    columns = {
        "true": true,
        "predicted": read,
        "count": counts,
        "share": of_row,
        "label": labels,
        "heat": np.sqrt(wrong / max(wrong.max(), 1e-9)),
    }
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})


def difference_cells(matrix_a: NDArray[np.int64], matrix_b: NDArray[np.int64]) -> pd.DataFrame:
    """What changes from A's confusion matrix to B's, (10, 10) counts each, for
    `charts.matrix_difference`."""
    difference = matrix_b - matrix_a
    true, read = np.indices(difference.shape)
    good = np.where(true == read, difference, -difference)
    columns: dict[str, Any] = {
        "true": true,
        "predicted": read,
        "difference": difference,
        "label": np.array([[f"{n:+d}" if n else "" for n in row] for row in difference], object),
        "heat": np.sign(good) * np.sqrt(np.abs(good) / max(int(np.abs(good).max()), 1)),
    }
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})


def headline() -> DeltaGenerator:
    """The place above a canvas for what was read: two lines, and the canvas' toolbar below them.
    It is always as high, so that the canvas stays put."""
    return st.container(height=70, border=False)


def in_one_line(reading: PredictionResult) -> str:
    """The verdict in a line, for where it stays in sight beside a finger on a phone."""
    prediction = reading.prediction
    answer, words = _verdict_words(prediction)
    if prediction.status == "ok":
        return f"**{prediction.digit}** · {answer.lower()}, {words}"
    return f"{answer}. {words}" if prediction.status == "blank" else f"**{answer}** · {words}"


def _verdict_words(prediction: Prediction) -> tuple[str, str]:
    if prediction.status == "blank":
        return "Nothing to read yet", "The larger the digit, the better it is read."
    per_cent = f"{prediction.confidence:.1%} confident".replace("100.0%", "over 99.9%")
    first, second = prediction.likeliest[:2]
    if prediction.symbols > 1:
        seen = {2: "two", 3: "three", 4: "four"}.get(prediction.symbols, "several")
        return f"I see {seen} symbols side by side", "use Numbers and equations for them"
    if prediction.status == "not_a_digit":
        return "This does not look like a digit", f"the nearest would be a {first}"
    if prediction.status == "unsure":
        return f"{first}, but it could be a {second}", per_cent
    return "Certain" if prediction.confidence >= 0.999 else "Sure", per_cent

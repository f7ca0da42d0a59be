"""The frame of every page, and the pieces that several of them show."""

import base64
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from mnist_cnn.api import start_up
from mnist_cnn.errors import DigitsError
from mnist_cnn.records import FloatArray
from mnist_cnn.runs import notes, store
from mnist_cnn.ui import auth, navigation, served
from mnist_cnn.ui.canvas_companion import narrow

STYLE = (
    "<style>[class*='st-key-primary'] button:enabled p{color:#0e1117;font-weight:600}"
    ".st-key-headline{min-height:70px}.st-key-owner{position:absolute;width:0}</style>"
)
"""Buttons whose key begins with "primary" have dark words on the accent, where white ones lack
contrast; `verdict.headline` is two lines high; what recognises the owner takes no room."""


ROWS_OF_FIVE = 200
"""Pixels within which ten buttons stand in two even rows."""


def page(title: str, introduction: str = "", small: bool = False) -> None:
    """Opens a page: its title in the tab and at the top, and a sentence on what it is for. A small
    title leaves a phone's screen to what is below it."""
    st.set_page_config(
        page_title=f"{title or 'Draw a digit'} · Digits", page_icon=navigation.MARK, layout="wide"
    )
    start_up.harden()
    served.bound_uploads()
    auth.recognise()
    navigation.menu()
    st.html(STYLE)
    if small:
        st.markdown(f"#### {title}")
    elif title:
        st.header(title)
    if introduction:
        st.caption(introduction)
    auth.account()
    auth.wait_for_ticket()


def side_by_side(width: int) -> tuple[DeltaGenerator, DeltaGenerator]:
    """A place of that many pixels and one beside it; on a phone it is below, close together."""
    phone = bool(narrow())
    with st.container(horizontal=not phone, gap="xxsmall" if phone else "medium"):
        left = st.container(
            width="stretch" if phone else width, gap="xxsmall" if phone else "small"
        )
        right = st.container(width="stretch", gap="xxsmall" if phone else "small")
    return left, right


def open_tab(parts: Mapping[str, Callable[[], None]], key: str) -> None:
    """Tabs of which only the open one is made; the address remembers which it is."""
    tabs = st.tabs(list(parts), key=key, on_change="rerun", bind="query-params")
    for tab, show in zip(tabs, parts.values(), strict=True):
        if tab.open:
            with tab:
                show()


def primary_button(label: str, **options: Any) -> bool:
    """The button that a page is about."""
    return st.button(label, type="primary", key=f"primary {label}", **options)


def probability_bars(probabilities: Sequence[float], compact: bool = False) -> None:
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
    alt = "Probability of each digit: " + ", ".join(f"{d} {p:.0%}" for d, p in enumerate(values))
    st.vega_lite_chart(table, charts.probability_bars(compact), width="stretch", alt=alt)


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


def enlarged(image: NDArray[Any], scale: int) -> NDArray[Any]:
    """An image (height, width) with so many pixels a side for each of its own, so that they can be
    told apart."""
    return np.kron(image, np.ones((scale, scale), image.dtype))


def seen_image(image: FloatArray, scale: int = 4) -> None:
    """A (28, 28) image enlarged so that its pixels can be told apart."""
    st.image(
        enlarged(image, scale),
        clamp=True,
        width=28 * scale,
        alt="What the network saw, 28 by 28 pixels",
    )


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


def number_in(text: str, count: int) -> int | None:
    """The number from 0 on and below `count` that an address says, if it says one."""
    fits = text.isascii() and text.isdigit() and len(text) <= 9 and int(text) < count
    return int(text) if fits else None


def plain(text: str) -> str:
    """A name as it is, whatever it would mean in Markdown."""
    return re.sub(r"([^\w\s/…])", r"\\\1", text)


def duration(seconds: float) -> str:
    """A time as people say it: 40 s, 12 min, 1 h 5 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def tried(change: Callable[[], None]) -> str:
    """What was wrong, in words, or nothing."""
    try:
        change()
    except DigitsError as error:
        return str(error)
    return ""


MATRIX_VIEWS = ("Counts", "% of row", "% of column", "Errors only")


def _two_digits(share: float) -> str:
    return f"{share:.0f}" if share >= 10 else f"{share:.2g}"


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
        labels = np.array([[_two_digits(share) for share in row] for row in shares], object)
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

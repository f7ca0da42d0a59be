"""A batch as a table, whose digits can be put right."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from mnist_cnn.batch.results import Result
from mnist_cnn.data import corrections
from mnist_cnn.data.corrections import Correction
from mnist_cnn.ui import auth, layout
from mnist_cnn.ui.batch_session import Batch
from mnist_cnn.ui.batch_view import tried

PER_PAGE = 50

VIEWS = ("All", "Unsure", "Wrong", "Errors")


def table(done: Batch) -> None:
    """A page of results with thumbnails; the digit can be put right in its cell."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = st.segmented_control("Show", VIEWS, default="All", required=True, key="batch view")
        least = st.toggle("Least sure first", key="batch sort")
    rows = _rows(done, view, least)
    if not rows:
        st.info("There is none like that.", icon=":material/info:")
        return
    pages = -(-len(rows) // PER_PAGE)
    page = 1
    if pages > 1:
        page = int(st.number_input(f"Page, of {pages:,}", 1, pages, key="batch page"))
    shown = rows[PER_PAGE * (page - 1) : PER_PAGE * page]
    edited = st.data_editor(
        pd.DataFrame([_row(done, row) for row in shown]),
        column_config={
            "picture": st.column_config.ImageColumn("", width=48),
            "digit": st.column_config.NumberColumn("digit ✎", min_value=0, max_value=9, step=1),
            "confidence": st.column_config.NumberColumn(format="percent"),
        },
        disabled=["picture", "item", "confidence", "status", "label", "error"],
        hide_index=True,
        width="stretch",
        row_height=40,
        key=f"batch table {view} {least} {page} {done.undone}",
    )
    for row, digit in zip(shown, edited["digit"], strict=True):
        if pd.notna(digit) and int(digit) != shown_digit(done, row):
            done.corrections[row] = int(digit)
            st.rerun()
    _corrected_rows(done)


def _corrected_rows(done: Batch) -> None:
    """What was put right by hand: undo it, or keep it for training."""
    if done.corrections:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{len(done.corrections)} put right by hand; the files below have them.")
            st.button("Undo all of that", icon=":material/undo:", on_click=done.undo)
            if auth.actor():
                st.button(
                    "Keep them for training",
                    icon=":material/school:",
                    on_click=_keep_corrections,
                    args=(done,),
                )
    if done.note:
        st.caption(done.note)


def _keep_corrections(done: Batch) -> None:
    kept = [
        Correction(digit, image, read=read.digit, run_id=done.run_id)
        for row, digit in done.corrections.items()
        if (image := done.results[row].item.image) is not None
        and (read := done.results[row].prediction) is not None
    ]
    done.note = tried(lambda: corrections.add(kept)) or (
        f"{len(kept)} corrections kept; Train can learn from them."
    )


def _rows(done: Batch, view: str, least: bool) -> Sequence[int]:
    def wanted(result: Result) -> bool:
        if view == "Unsure":
            return result.status in ("unsure", "not_a_digit", "blank")
        if view == "Errors":
            return result.status == "error"
        if view == "Wrong":
            label, read = result.item.label, result.prediction
            return label is not None and read is not None and read.digit != label
        return True

    rows = [row for row, result in enumerate(done.results) if wanted(result)]
    if least:
        rows.sort(key=lambda row: _confidence(done.results[row]))
    return rows


def _confidence(result: Result) -> float:
    return result.prediction.confidence if result.prediction else -1.0


def shown_digit(done: Batch, row: int) -> int | None:
    read = done.results[row].prediction
    return done.corrections.get(row, read.digit if read else None)


def _row(done: Batch, row: int) -> dict[str, object]:
    result = done.results[row]
    image = result.item.image
    shown = {"picture": None if image is None else layout.picture_link(image), **result.row}
    shown["digit"] = shown_digit(done, row)
    if row in done.corrections:
        shown |= {"status": "put right", "confidence": 1.0}
    return shown

"""The results of a batch, a page at a time, as a table or as pictures."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from mnist_cnn.data import corrections
from mnist_cnn.data.corrections import Correction
from mnist_cnn.ui import auth, batch_gallery, batch_matrix, batch_table, layout
from mnist_cnn.ui.batch_session import VIEWS, Batch, Cell
from mnist_cnn.ui.batch_view import counted
from mnist_cnn.ui.canvas_companion import narrow

PER_PAGE = {"Table": 50, "Gallery": 24}


def listing(done: Batch, cell: Cell | None) -> None:
    """What is asked for of the results: a view, those of a cell of the matrix, a page."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        form = st.segmented_control(
            "As",
            list(PER_PAGE),
            default="Gallery" if narrow() else "Table",
            required=True,
            key="batch form",
        )
        view = st.pills(
            "Show",
            list(VIEWS),
            default="All",
            required=True,
            key="batch view",
            wrap=True,
            format_func=lambda name: f"{name} ({int(done.columns.view(name).sum()):,})",
        )
        least = st.toggle("Least sure first", key="batch sort")
    if cell:
        batch_matrix.filter_chip(done, cell)
    rows = _rows(done, view, cell, least)
    shown = _page(rows, PER_PAGE[form], (form, view, cell, least))
    done.table = None
    if form == "Gallery":
        batch_gallery.gallery(done, shown)
    elif shown:
        batch_table.table(done, shown)
    if not shown:
        st.info("There is none like that.", icon=":material/info:")
    _corrected_rows(done)


def _rows(done: Batch, view: str, cell: Cell | None, least: bool) -> list[int]:
    columns = done.columns
    wanted = columns.view(view)
    if cell:
        wanted = wanted & columns.in_cell(cell)
    rows = np.flatnonzero(wanted)
    if least:
        rows = rows[np.argsort(columns.confidence[rows], kind="stable")]
    return [int(row) for row in rows]


def _page(rows: Sequence[int], size: int, of: tuple[object, ...]) -> list[int]:
    """The page that is turned to, of a list that `of` tells from others, with the way on."""
    pages = max(1, -(-len(rows) // size))
    known, page = st.session_state.get("batch page", (of, 1))
    page = min(page, pages) if known == of else 1
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            for label, icon, to in (
                ("Previous", "chevron_left", page - 1),
                ("Next", "chevron_right", page + 1),
            ):
                st.button(
                    label,
                    icon=f":material/{icon}:",
                    disabled=not 1 <= to <= pages,
                    on_click=st.session_state.update,
                    args=({"batch page": (of, to)},),
                )
            st.caption(f"Page {page:,} of {pages:,}", width="content")
    return list(rows[size * (page - 1) : size * page])


def _corrected_rows(done: Batch) -> None:
    """What was corrected by hand: undo it, or keep it for training."""
    if done.corrections:
        with st.container(horizontal=True, vertical_alignment="center"):
            count = counted(len(done.corrections), "correction")
            st.caption(f"{count} by hand, also in the numbers above and the files below.")
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
        Correction(digit, image, read=read.digit if read else None, run_id=done.run_id)
        for row, digit in done.corrections.items()
        for read in [done.results[row].prediction]
        if (image := done.results[row].item.image) is not None
    ]
    saved = f"{counted(len(kept), 'correction')} saved; *Train* can learn from what was corrected."
    done.note = layout.tried(lambda: corrections.add(kept)) or saved

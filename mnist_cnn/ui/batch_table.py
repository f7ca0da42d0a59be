"""A batch as a table, whose digits can be corrected."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from mnist_cnn.ui import layout
from mnist_cnn.ui.batch_session import NONE, Batch

FIXED = ["picture", "item", "confidence", "status", "label", "error"]


def table(done: Batch, rows: Sequence[int]) -> None:
    """Some results with thumbnails; the digit can be corrected in its cell.

    The key holds the rows: what was typed belongs to a place in the table, and must not go to
    another row that comes to stand there.
    """
    key = f"batch table {done.generation} {hash(tuple(rows))}"
    st.data_editor(
        _shown(done, rows),
        column_config={
            "picture": st.column_config.ImageColumn("", width=48),
            "digit": st.column_config.NumberColumn("digit ✎", min_value=0, max_value=9, step=1),
            "confidence": st.column_config.NumberColumn(format="percent"),
        },
        disabled=FIXED,
        hide_index=True,
        width="stretch",
        row_height=40,
        placeholder="",
        alt="The results; the column digit can be typed into.",
        key=key,
    )
    done.table = key, rows


def take_edits(done: Batch) -> None:
    """Counts what was typed into the table since it was shown. An emptied cell takes the
    correction back, and the digit that was read comes again."""
    if done.table is None or done.table[0] not in st.session_state:
        return
    key, rows = done.table
    emptied = False
    for place, cells in st.session_state[key]["edited_rows"].items():
        if "digit" not in cells:
            continue
        row, digit = rows[int(place)], cells["digit"]
        if digit is None:
            emptied = True
            done.correct(row, None)
        elif done.corrections.get(row) != int(digit):
            done.correct(row, int(digit))
    if emptied:
        done.renew()


def _shown(done: Batch, rows: Sequence[int]) -> pd.DataFrame:
    """Those rows as the table has them. Its types do not depend on its values: where no digit
    stands in a column, Streamlit would take it for one without a type."""
    table = pd.DataFrame([_row(done, row) for row in rows])
    types = {"digit": "Int64", "confidence": "Float64", "label": "Int64"}
    return table.astype({name: kind for name, kind in types.items() if name in table})


def _row(done: Batch, row: int) -> dict[str, object]:
    result, digit = done.results[row], int(done.columns.digits[row])
    image = result.item.image
    shown = {"picture": None if image is None else layout.picture_link(image), **result.row}
    shown["digit"] = None if digit == NONE else digit
    if row in done.corrections:
        shown |= {"status": "corrected", "confidence": None}
    return shown | {"status": str(shown["status"]).replace("_", " ")}

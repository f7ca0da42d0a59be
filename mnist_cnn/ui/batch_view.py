"""A batch as it is read, and what came of it: table, corrections, scores and files to take away."""

import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import PurePath

import numpy as np
import pandas as pd
import streamlit as st

from mnist_cnn import batch, corrections, metrics, test_sets
from mnist_cnn.batch import Format, Result, Summary
from mnist_cnn.corrections import Correction
from mnist_cnn.errors import DigitsError
from mnist_cnn.ui import charts, guard, layout

PER_PAGE = 50
SHOW_EVERY = 0.25
"""Seconds between two changes of the progress bar."""
VIEWS = ("All", "Unsure", "Wrong", "Errors")
DOWNLOADS: dict[str, tuple[Format, str]] = {
    "CSV": ("csv", "digits.csv"),
    "JSON lines": ("jsonl", "digits.jsonl"),
    "Kaggle submission": ("kaggle", "submission.csv"),
}


@dataclass
class Batch:
    """What one session has read; `corrections` are by row."""

    results: list[Result] = field(default_factory=list)
    corrections: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    whole: bool = False
    run_id: str = ""
    note: str = ""
    undone: int = 0

    def undo(self) -> None:
        self.corrections.clear()
        self.note = ""
        self.undone += 1  # a new table: Streamlit keeps what was typed into the old one

    def corrected(self) -> Iterator[Result]:
        """The results with a person's corrections in them, which count as certain."""
        for row, result in enumerate(self.results):
            digit = self.corrections.get(row)
            if digit is None or result.prediction is None:
                yield result
            else:
                sure = tuple(float(k == digit) for k in range(10))
                changed = replace(
                    result.prediction, status="ok", digit=digit, confidence=1.0, probabilities=sure
                )
                yield replace(result, prediction=changed)


def read(results: Iterator[Result], total: int, into: Batch) -> None:
    """Takes the results as they come, with a bar, a rate and the time left."""
    bar = st.progress(0.0, "Beginning …")
    st.button("Stop", icon=":material/stop:", help="Keeps what was read so far.")
    began = shown = time.monotonic()
    for result in results:
        into.results.append(_small(result))
        now = time.monotonic()
        into.seconds = now - began
        if now - shown > SHOW_EVERY:
            shown = now
            done = len(into.results)
            left = into.seconds * max(total - done, 0) / done
            bar.progress(
                min(done / max(total, done), 1.0),
                f"{done:,} of about {max(total, done):,} · {done / into.seconds:,.0f} per second · "
                f"{layout.duration(left)} left",
            )
    into.whole = True


def _small(result: Result) -> Result:
    """The same with its picture in a quarter of the memory."""
    image = result.item.image
    if image is None:
        return result
    return replace(result, item=replace(result.item, image=(255 * image).astype(np.uint8)))


def summary(done: Batch) -> None:
    """How many there were, and how many of them are right where that is known."""
    total = Summary()
    for result in done.results:
        total.add(result)
    rate = total.items / max(done.seconds, 1e-6)
    with st.container(horizontal=True):
        st.metric("Read", f"{total.items:,}", width=130)
        st.metric("Per second", f"{rate:,.0f}", width=130)
        st.metric("Unsure", f"{total.unsure:,}", width=130)
        st.metric("No digit", f"{total.not_digits:,}", width=130)
        st.metric("Errors", f"{total.errors:,}", width=130)
        if total.labelled:
            st.metric("Accuracy", f"{total.right / total.labelled:.2%}", width=150)
    if not done.whole:
        st.warning("Stopped; this is what was read until then.", icon=":material/stop_circle:")
    if total.labelled:
        low, high = metrics.wilson_interval(total.right, total.labelled)
        st.caption(
            f"{total.right:,} of {total.labelled:,} labelled digits are right; the accuracy lies "
            f"between {low:.2%} and {high:.2%} (95 % interval)."
        )


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
        if pd.notna(digit) and int(digit) != _digit(done, row):
            done.corrections[row] = int(digit)
            st.rerun()
    _put_right(done)


def _put_right(done: Batch) -> None:
    """What was put right by hand: undo it, or keep it for training."""
    if done.corrections:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{len(done.corrections)} put right by hand; the files below have them.")
            st.button("Undo all of that", icon=":material/undo:", on_click=done.undo)
            if guard.actor():
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
    done.note = _tried(lambda: corrections.add(kept)) or (
        f"{len(kept)} corrections kept; Train can learn from them."
    )


def keep_as_test_set(done: Batch) -> None:
    """Where labels came along: keeps the batch as a test set, for the page of confusions."""
    labelled = [
        r.item for r in done.results if r.item.label is not None and r.item.image is not None
    ]
    if not labelled or not guard.actor():
        return
    with (
        st.form("keep batch", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input("Keep it as a test set called", "my batch", max_chars=60)
        asked = st.form_submit_button("Keep", icon=":material/save:")
    if asked:
        images = np.stack([item.image for item in labelled if item.image is not None])
        labels = np.array([item.label for item in labelled], np.int64)
        if trouble := _tried(lambda: test_sets.keep(name.strip(), images, labels)):
            st.error(trouble, icon=":material/error:")
            return
        st.page_link(
            "pages/5_Confusion_matrix.py",
            label=f"{len(labels):,} digits kept: see what any run gets wrong in them",
            icon=":material/grid_on:",
            query_params={"data": name.strip()},
        )


def _tried(change: Callable[[], None]) -> str:
    """What was wrong, in words, or nothing."""
    try:
        change()
    except DigitsError as error:
        return str(error)
    return ""


def downloads(done: Batch, files: Sequence[tuple[str, bytes]] = ()) -> None:
    """The files to take away, made when asked for; sheets among `files` with their answers."""
    on_sheets = {r.item.name.rpartition(" #")[0] for r in done.results if r.item.box}
    with st.container(horizontal=True):
        for label, (form, name) in DOWNLOADS.items():
            st.download_button(
                label,
                partial(_file, done, form),
                file_name=name,
                icon=":material/download:",
                on_click="ignore",
            )
        for name, content in files:
            if name in on_sheets:
                st.download_button(
                    f"{name} with its answers",
                    partial(batch.annotated_sheet, content, name, list(done.corrected())),
                    file_name=f"{PurePath(name).stem} read.png",
                    icon=":material/image:",
                    on_click="ignore",
                )


def confusions(done: Batch) -> None:
    """Where labels came along: what was read as what."""
    known = [
        (result.item.label, result.prediction.likeliest[0])
        for result in done.results
        if result.item.label is not None and result.prediction and result.prediction.likeliest
    ]
    if not known:
        return
    labels, answers = np.array(known).T
    matrix = metrics.confusion_matrix(labels, answers)
    chart = charts.confusion_matrix(layout.matrix_cells(matrix.tolist()), "What was read as what")
    st.altair_chart(chart, width="stretch")


def _file(done: Batch, form: Format) -> str:
    content = io.StringIO()
    batch.write(done.corrected(), content, form)
    return content.getvalue()


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


def _digit(done: Batch, row: int) -> int | None:
    read = done.results[row].prediction
    return done.corrections.get(row, read.digit if read else None)


def _row(done: Batch, row: int) -> dict[str, object]:
    result = done.results[row]
    image = result.item.image
    shown = {"picture": None if image is None else layout.picture_link(image), **result.row}
    shown["digit"] = _digit(done, row)
    if row in done.corrections:
        shown |= {"status": "put right", "confidence": 1.0}
    return shown

"""A batch as it is read, and what came of it: scores and files to take away."""

import io
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePath

import numpy as np
import streamlit as st

from mnist_cnn import metrics
from mnist_cnn.batch import results
from mnist_cnn.batch.results import Format, Result, Summary
from mnist_cnn.data import labelled_sets
from mnist_cnn.errors import DigitsError
from mnist_cnn.ui import auth, layout, matrix_charts
from mnist_cnn.ui.batch_session import Batch

SHOW_EVERY = 0.25
"""Seconds between two changes of the progress bar."""

DOWNLOADS: dict[str, tuple[Format, str]] = {
    "CSV": ("csv", "digits.csv"),
    "JSON lines": ("jsonl", "digits.jsonl"),
    "Kaggle submission": ("kaggle", "submission.csv"),
}


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


def keep_as_test_set(done: Batch) -> None:
    """Where labels came along: keeps the batch as a test set, for the page of confusions."""
    labelled = [
        r.item for r in done.results if r.item.label is not None and r.item.image is not None
    ]
    if not labelled or not auth.actor():
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
        if trouble := tried(lambda: labelled_sets.keep(name.strip(), images, labels)):
            st.error(trouble, icon=":material/error:")
            return
        st.page_link(
            "pages/5_Confusion_matrix.py",
            label=f"{len(labels):,} digits kept: see what any run gets wrong in them",
            icon=":material/grid_on:",
            query_params={"data": name.strip()},
        )


def tried(change: Callable[[], None]) -> str:
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
                    partial(results.annotated_sheet, content, name, list(done.corrected())),
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
    chart = matrix_charts.confusion_matrix(
        layout.matrix_cells(matrix.tolist()), "What was read as what"
    )
    st.altair_chart(chart, width="stretch")


def _file(done: Batch, form: Format) -> str:
    content = io.StringIO()
    results.write(done.corrected(), content, form)
    return content.getvalue()

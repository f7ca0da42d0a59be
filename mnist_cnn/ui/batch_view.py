"""A batch as it is read, and what came of it: scores and files to take away."""

import io
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import PurePath

import numpy as np
import streamlit as st

from mnist_cnn import metrics
from mnist_cnn.batch import results
from mnist_cnn.batch.results import Format, Result
from mnist_cnn.data import labelled_sets
from mnist_cnn.data.corrections import Correction
from mnist_cnn.settings import MAX_ROWS
from mnist_cnn.ui import auth, dataset_downloads, layout
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
        if len(into.results) == MAX_ROWS:
            return
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
    columns, total = done.columns, len(done.results)
    labelled, right = int(columns.labelled.sum()), int(columns.right.sum())
    shown = {"Read": total, "Per second": round(total / max(done.seconds, 1e-6))}
    for name in ("Unsure", "No digit", "Errors"):
        shown[name] = int(columns.view(name).sum())
    if done.corrections:
        shown["Corrected"] = len(done.corrections)
    with st.container(horizontal=True, gap="large"):
        for name, count in shown.items():
            st.metric(name, f"{count:,}", width="content")
        if labelled:
            st.metric("Accuracy", f"{right / labelled:.2%}", width="content")
    if done.hand:
        st.caption(f":material/draw: Read with your hand ({counted(done.hand, 'drawing')}).")
    if not done.whole:
        stopped = "Stopped; this is what was read until then."
        full = f"The first {MAX_ROWS:,} were read; the command line reads any number."
        words = full if total == MAX_ROWS else stopped
        st.warning(words, icon=":material/stop_circle:")
    _reasons(done)
    if labelled:
        low, high = metrics.wilson_interval(right, labelled)
        verb = "is" if labelled == 1 else "are"
        st.caption(
            f"{right:,} of {counted(labelled, 'labelled digit')} {verb} right; the accuracy lies "
            f"between {low:.2%} and {high:.2%} (95 % interval)."
        )


def _reasons(done: Batch) -> None:
    """Why some could not be read: the reasons themselves are in the list and in each file."""
    if told := [result.item for result in done.results if result.item.error]:
        counts = Counter(item.error for item in told)
        names = {item.error: item.name for item in reversed(told)}
        lines = [
            layout.plain(f"{names[why]}: {why}") + (f" ({count:,} like this.)" if count > 1 else "")
            for why, count in counts.most_common(3)
        ]
        more = [f"{len(counts) - 3:,} other reasons stand in the list."] if len(counts) > 3 else []
        st.warning("\n\n".join([*lines, *more]), icon=":material/error:")


def counted(count: int, noun: str) -> str:
    """A number with its noun: 1 correction, 2 corrections."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def keep_as_test_set(done: Batch) -> None:
    """Where labels came along: keeps the batch as a test set, for the page of confusions."""
    rows = np.flatnonzero(done.columns.labelled)
    items = [done.results[row].item for row in rows] if len(rows) and auth.actor() else []
    if not items:
        return
    with (
        st.form("keep batch", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        name = st.text_input("Keep it as a test set called", "my batch", max_chars=60)
        asked = st.form_submit_button("Keep", icon=":material/save:")
    if asked:
        known = [item for item in items if item.image is not None]
        images = np.stack([item.image for item in known if item.image is not None])
        labels = np.array([item.label for item in known], np.int64)
        if trouble := layout.tried(lambda: labelled_sets.keep(name.strip(), images, labels)):
            st.error(trouble, icon=":material/error:")
            return
        st.page_link(
            "pages/5_Confusion_matrix.py",
            label=f"{counted(len(labels), 'digit')} kept: see what any run gets wrong in them",
            icon=":material/grid_on:",
            query_params={"data": name.strip()},
        )


def labelled_digits(done: Batch) -> list[Correction]:
    """What is known of the batch, uint8 (28, 28) each, with the labels that came along and a
    person's corrections."""
    return [
        Correction(label, result.item.image)
        for result in done.corrected()
        if result.item.image is not None
        and (label := result.item.label if result.correction is None else result.correction)
        is not None
    ]


def downloads(done: Batch, files: Sequence[tuple[str, bytes]] = ()) -> None:
    """The files to take away, made when asked for; sheets among `files` with their answers."""
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
            if name in done.sheets:
                st.download_button(
                    f"{name} with its answers",
                    partial(results.annotated_sheet, content, name, list(done.corrected())),
                    file_name=f"{PurePath(name).stem} read.png",
                    icon=":material/image:",
                    on_click="ignore",
                )
        if any(result.item.error for result in done.results):
            st.download_button(
                "Reasons of errors",
                partial(_errors, done),
                file_name="errors.csv",
                icon=":material/error:",
                help="By their numbers in the Kaggle submission, which has no room for reasons.",
                on_click="ignore",
            )
        if done.corrections or done.columns.labelled.any():
            dataset_downloads.popover(partial(labelled_digits, done), "digits")


def _errors(done: Batch) -> str:
    content = io.StringIO()
    put = results.errors_writer(content)
    for number, result in enumerate(done.results, 1):
        put(number, result)
    return content.getvalue()


def _file(done: Batch, form: Format) -> str:
    content = io.StringIO()
    results.write(done.corrected(), content, form)
    return content.getvalue()

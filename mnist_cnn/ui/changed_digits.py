"""The very digits that changed hands between two runs, both ways."""

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_cnn.data import labelled_sets
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import cache, layout

SHOWN = 12
"""Of each kind and set."""


def show(run: Run, live: Run) -> None:
    """Of every test set that both have answered: what only one of them reads, when opened."""
    title = "The digits that changed hands"
    with st.expander(title, key=f"changed {run.id}", on_change="rerun") as expander:
        if not expander.open:
            return
        before, after = cache.predictions(live), cache.predictions(run)
        own = labelled_sets.own() if run.kind == "digits" else []
        names = [name for name in after if name in before] + own
        changed = [_of_set(run, live, name) for name in names]
        if not any(changed):
            st.caption("None: both read the same digits of every test set that is here.")


def _of_set(run: Run, live: Run, name: str) -> bool:
    """Shows those of one test set; whether there are any."""
    a, b = cache.predictions_on(live, name), cache.predictions_on(run, name)
    images = cache.test_images(name)
    if a is None or b is None or images is None or len(a.labels) != len(b.labels):
        return False
    won, lost = np.flatnonzero(b.right & ~a.right), np.flatnonzero(a.right & ~b.right)
    ways = (
        ("read now, and not before", won, a.predicted),
        ("read before, and not now", lost, b.predicted),
    )
    for words, rows, misread in ways:
        if len(rows):
            st.caption(f"**{name.removesuffix('-test')}**: {len(rows)} {words}")
            _strip(images[rows], a.labels[rows], misread[rows])
    return bool(len(won) or len(lost))


def _strip(
    images: NDArray[np.uint8], labels: NDArray[np.int64], misread: NDArray[np.int64]
) -> None:
    with st.container(horizontal=True, gap="small"):
        for image, label, other in list(zip(images, labels, misread, strict=True))[:SHOWN]:
            with st.container(width=64, gap="xxsmall"):
                st.image(layout.enlarged(image, 2), width=56, alt=f"a {label} taken for {other}")
                st.caption(f"{label} → {other}")

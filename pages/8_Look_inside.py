"""Look inside: the network at work on your own drawing."""

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.runs import store
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import cache, inside_view, layout, run_names
from mnist_cnn.ui.canvas_companion import narrow

layout.page(
    "Look inside",
    "" if narrow() else "Draw a digit and see what the network makes of it, stroke by stroke.",
    small=bool(narrow()),
)


def choice() -> Run:
    """The run that is looked into, by default the one that answers; the address remembers it."""
    known = {run.id: run for run in store.list_runs()}
    if not known:
        st.info("No run yet. Train one first: it takes less than a minute.", icon=":material/info:")
        st.page_link("pages/3_Train.py", label="Train a network", icon=":material/school:")
        st.stop()
    live = store.production_id()
    return known[run_names.choose_one(known, live if live in known else next(iter(known)))]


try:
    inside_view.workbench(choice())
except DigitsError as error:
    st.error(str(error), icon=":material/error:")
cache.settle_imports()

"""What the server keeps between reruns, one line each."""

import gc

import streamlit as st

from mnist_cnn import runs
from mnist_cnn.classifier import Classifier, load_classifier


@st.cache_resource(max_entries=8, show_spinner=False)
def _classifier(run_id: str) -> Classifier:
    return load_classifier(runs.open_run(run_id))


@st.cache_resource(show_spinner=False)
def settle_imports() -> None:
    """Once, when all is imported: Streamlit collects garbage after every rerun before it sends
    the page its last changes, and need not search what imports have made each time."""
    gc.collect()
    gc.freeze()


def production_classifier() -> Classifier:
    """The classifier in production now: a promotion counts from the next drawing on.

    Raises:
        RunNotFound, RunDamaged: there is none that can answer.
    """
    return _classifier(runs.production_run().id)

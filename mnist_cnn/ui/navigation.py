"""The menu: every page by its name and icon, and the mark above it."""

from pathlib import Path

import streamlit as st

from mnist_cnn.ui.own_component import component

MARK = str(Path(__file__).with_name("mark.svg"))
WORDMARK = str(Path(__file__).with_name("wordmark.svg"))
PAGES = (
    ("Home.py", "Home", "edit"),
    ("pages/1_Numbers_and_equations.py", "Numbers and equations", "calculate"),
    ("pages/2_Batch.py", "Batch", "stacks"),
    ("pages/3_Train.py", "Train", "school"),
    ("pages/4_Training_runs.py", "Training runs", "view_list"),
    ("pages/5_Confusion_matrix.py", "Confusion matrix", "grid_on"),
    ("pages/6_Compare_models.py", "Compare models", "balance"),
    ("pages/7_My_handwriting.py", "My handwriting", "draw"),
    ("pages/8_Look_inside.py", "Look inside", "visibility"),
)


_closing = component(Path(__file__).with_suffix(".js"))


def menu() -> None:
    """In the sidebar, in place of Streamlit's own, which has no icons."""
    st.logo(WORDMARK, size="large", icon_image=MARK)
    with st.sidebar:
        for page, name, icon in PAGES:
            st.page_link(page, label=name, icon=f":material/{icon}:", width="stretch")
        _closing(key="navigation")

"""What somebody who may only look is told, and what they are not shown."""

import re

import streamlit as st

from mnist_cnn.ui import auth

PATH = re.compile(r"(?<![\w:/\\.~])(?:~|[A-Za-z]:)?[/\\][^\s,;:'\"()<>]+")
"""A file's whole path; addresses of the web and fractions are none."""


def welcome(may: str, owners: str) -> None:
    """In a line what is open to everybody; how the owner does more is folded away.

    Args:
        may: what a visitor may do here.
        owners: what only the owner may do, as in "train".
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/visibility: {may}", width="content")
        auth.log_in()
    auth.explain(owners)


def without_paths(text: str) -> str:
    """A text without the places of this server's files."""
    return PATH.sub("…", text)


def shown_text(text: str, who: str | None) -> str:
    """A text as it is for who may act here; without paths for a stranger, who is None."""
    return text if who else without_paths(text)

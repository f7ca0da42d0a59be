"""Labelled digits to take away as a data set, in the forms that others read."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from mnist_cnn.data.corrections import Correction
from mnist_cnn.data.dataset_files import FORMS, FileForm


def popover(digits: Callable[[], Sequence[Correction]], name: str, drawn: bool = False) -> None:
    """A menu of files, each made when it is asked for.

    Args:
        digits: gives them, uint8 (28, 28) each.
        name: what the files are called.
        drawn: whether there are strokes of some.
    """
    with st.popover("As a data set", icon=":material/dataset:"):
        for kind, form in FORMS.items():
            if kind != "strokes" or drawn:
                st.download_button(
                    form.title,
                    partial(_file, digits, form),
                    file_name=f"{name}.{form.ending}",
                    icon=":material/download:",
                    on_click="ignore",
                    width="stretch",
                )


def _file(digits: Callable[[], Sequence[Correction]], form: FileForm) -> bytes:
    return form.write(digits())

"""Where a batch begins: what can be dropped, and an example to try."""

import streamlit as st

from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.ui.batch_session import Batch

EXAMPLES = [PROJECT_FOLDER / "examples" / "batch" / name for name in ("digits.zip", "sheet.png")]


def files_of_batch() -> list[tuple[str, bytes]]:
    """The names and contents of the files that were dropped, else those of the example where it
    is on the page."""
    files = st.file_uploader(
        "Files", accept_multiple_files=True, label_visibility="collapsed", key="batch files"
    )
    done = st.session_state.get("batch")
    if not files and done and done.example:
        return [(path.name, path.read_bytes()) for path in EXAMPLES]
    return [(file.name, file.getvalue()) for file in files]


def start(files: list[tuple[str, bytes]]) -> None:
    """The buttons that begin, and before the first batch what there is to begin with."""
    with st.container(horizontal=True):
        st.button(
            "Read them",
            type="primary",
            key="primary read" if files else "nothing to read",
            icon=":material/play_arrow:",
            on_click=_begin,
            disabled=not files,
        )
        if not files and all(path.exists() for path in EXAMPLES):
            st.button(
                "Try an example",
                icon=":material/science:",
                on_click=_begin,
                args=(True,),
            )
    if not files and "batch" not in st.session_state:
        _invitation()


def _invitation() -> None:
    left, right = st.columns(2)
    with left.container(border=True):
        st.markdown(
            "**What can be dropped**\n"
            "- images of one digit each, or a ZIP of them\n"
            "- a photographed or scanned sheet full of digits\n"
            "- CSV in Kaggle's form, IDX, Parquet\n"
            "- pen strokes as JSON lines\n\n"
            "What a file is, is told by its content; several at once are fine."
        )
    with right.container(border=True):
        st.markdown(
            "**What counts as a label**\n"
            "- a folder named by a digit inside a ZIP, like `7/photo.png`\n"
            "- a first column `label` in a CSV\n"
            "- an IDX file of labels, dropped with one of images\n\n"
            "With labels there is an accuracy and a confusion matrix. Without, digits are read "
            "all the same."
        )


def _begin(example: bool = False) -> None:
    example = example or (not st.session_state.get("batch files") and _is_example())
    st.session_state["batch"] = Batch(example=example)
    st.session_state["batch asked"] = True


def _is_example() -> bool:
    done = st.session_state.get("batch")
    return bool(done and done.example)

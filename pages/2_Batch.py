"""Drop files with thousands of digits; get a table, scores and files to take away."""

import streamlit as st

from mnist_cnn.batch import stream
from mnist_cnn.batch.inputs.files import expected, items_of
from mnist_cnn.errors import DigitsError
from mnist_cnn.runs import serving
from mnist_cnn.ui import batch_table, batch_view, layout
from mnist_cnn.ui.batch_session import Batch

layout.page(
    "Batch",
    "📚",
    "Thousands of digits at once: images, a ZIP of them, CSV in Kaggle's form, IDX, pen strokes, "
    "or a photographed sheet that is full of digits.",
)


def chosen() -> list[tuple[str, bytes]]:
    """The names and contents of the files that were dropped."""
    files = st.file_uploader(
        "Files", accept_multiple_files=True, label_visibility="collapsed", key="batch files"
    )
    return [(file.name, file.getvalue()) for file in files]


def begin() -> None:
    st.session_state["batch"] = Batch()
    st.session_state["batch asked"] = True


try:
    files = chosen()
    st.button(
        "Read them",
        type="primary",
        icon=":material/play_arrow:",
        on_click=begin,
        disabled=not files,
    )
    if not files and "batch" not in st.session_state:
        st.caption(
            "A folder named by a digit inside a ZIP, a first column in a CSV or an IDX file of "
            "labels beside one of images counts as the right answer."
        )
    if st.session_state.pop("batch asked", False):
        classifier = serving.production_classifier()
        results = stream.read_all(items_of(files), classifier)
        total = sum(expected(content) for _, content in files)
        with st.container():
            st.session_state["batch"].run_id = classifier.run_id
            batch_view.read(results, total, st.session_state["batch"])
        st.rerun()
    done = st.session_state.get("batch")
    if done and done.results:
        batch_view.summary(done)
        batch_table.table(done)
        batch_view.downloads(done, files)
        batch_view.confusions(done)
        batch_view.keep_as_test_set(done)
    elif done:
        st.info("There was nothing to read in these files.", icon=":material/info:")
except DigitsError as error:
    st.error(str(error), icon=":material/error:")

"""Where a batch begins: what can be dropped, and an example to try."""

import streamlit as st

from mnist_cnn.batch.inputs.choices import Choices
from mnist_cnn.settings import MAX_TABLE_UPLOAD_MB, PROJECT_FOLDER
from mnist_cnn.ui.batch_session import Batch

EXAMPLES = [PROJECT_FOLDER / "examples" / "batch" / name for name in ("digits.zip", "sheet.png")]

LABEL_COLUMNS = {"": "found by itself", "first": "the first", "last": "the last", "none": "none"}


def files_of_batch() -> list[tuple[str, bytes]]:
    """The names and contents of the files that were dropped, else those of the example where it
    is on the page."""
    files = st.file_uploader(
        "Files",
        accept_multiple_files=True,
        max_upload_size=MAX_TABLE_UPLOAD_MB,
        label_visibility="collapsed",
        key="batch files",
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


def table_choices() -> Choices:
    """What the visitor says about tables; all is found by itself where nothing is said."""
    with st.popover(
        "Tables", icon=":material/tune:", help="For CSV, Parquet, IDX and NumPy files."
    ):
        label = st.selectbox(
            "Label column",
            list(LABEL_COLUMNS),
            format_func=lambda value: LABEL_COLUMNS.get(value, value),
            accept_new_options=True,
            help="Choose, or type the column's name.",
            key="table label",
        )
        inverted = st.toggle("Dark ink on a light ground", key="table inverted")
        transposed = st.toggle("Turned over, as EMNIST's", key="table transposed")
    return Choices(label or "", inverted, transposed)


def offer(done: Batch, files: list[tuple[str, bytes]]) -> None:
    """Where the tables would make more sense the other way round: a button that reads them so."""
    if better := done.suggestion:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(better.sentence, icon=":material/flip:")
            st.button(
                "Read them so",
                icon=":material/autorenew:",
                on_click=_turn,
                args=(better.choices,),
                disabled=not files,
                help=None if files else "Please choose the files again.",
            )


def _turn(choices: Choices) -> None:
    st.session_state["table inverted"] = choices.inverted
    st.session_state["table transposed"] = choices.transposed
    _begin()


def _invitation() -> None:
    left, right = st.columns(2)
    with left.container(border=True):
        st.markdown(
            "**What can be dropped**\n"
            "- images of one digit each, or a ZIP or TAR of them\n"
            "- a photographed or scanned sheet full of digits\n"
            "- tables: CSV, TSV, ARFF, Parquet, IDX, NPY, NPZ, also in a ZIP\n"
            "- pen strokes as JSON lines\n\n"
            "What a file is, is told by its content; several at once are fine."
        )
    with right.container(border=True):
        st.markdown(
            "**What counts as a label**\n"
            "- a folder named by a digit inside a ZIP, like `7/photo.png`\n"
            "- a column `label` or `class` in a table; one without a name where its values leave "
            "no doubt, else you are asked\n"
            "- an IDX or NPY file of labels, dropped with one of images\n\n"
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

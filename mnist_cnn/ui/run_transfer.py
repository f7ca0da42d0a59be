"""Runs that leave as one ZIP, and come back."""

from pathlib import Path

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.runs.run_zips import OnnxCopy, packed
from mnist_cnn.runs.store import Run
from mnist_cnn.storage import scratch_folder, write_atomically
from mnist_cnn.training.importing import import_run
from mnist_cnn.training.onnx_copy import onnx_copy
from mnist_cnn.ui import auth, run_actions

MAX_MB = 64

FOR_VISITORS = OnnxCopy(why="it is made for the owner of this server, who can log in and export")


def download(run: Run) -> None:
    """The whole run as a ZIP, made when it is asked for; a visitor gets it without ONNX, which
    takes a process of TensorFlow's."""
    is_owner = bool(auth.actor())
    st.download_button(
        "The whole run (ZIP)",
        lambda: packed(run, onnx_copy(run) if is_owner else FOR_VISITORS),
        f"{run.id}.zip",
        "application/zip",
        icon=":material/folder_zip:",
        on_click="ignore",
        help="Every file, a README, a model card, and for the owner the network as ONNX where it "
        "can be made. “Add a run” takes it back, here or elsewhere. It takes some seconds.",
    )


def add_a_run() -> None:
    """For the owner: takes in what `download` gave, here or on another machine."""
    with st.popover("Add a run", icon=":material/upload:"):
        file = st.file_uploader(
            "The ZIP of a run, from “The whole run” or `runs export`",
            type="zip",
            max_upload_size=MAX_MB,
            key="added run",
        )
        st.caption("It is looked through and tried before it is kept, which takes half a minute.")
        if st.button("Add", disabled=file is None, icon=":material/add:") and file:
            try:
                with st.spinner("Trying it …"):
                    run_id = _taken_in(file.name, file.getvalue())
            except DigitsError as error:
                st.error(str(error), icon=":material/block:")
                return
            run_actions.untick()
            st.query_params["run"] = run_id
            st.toast(f"Run {run_id} was added.", icon=":material/check:")
            st.rerun()


def _taken_in(name: str, content: bytes) -> str:
    """The id of the run in a ZIP of that name."""
    with scratch_folder() as folder:
        path = folder / Path(name).name
        try:
            write_atomically(path, content)
            return import_run(path)
        except DigitsError as error:
            raise type(error)(str(error).replace(str(path), name)) from error

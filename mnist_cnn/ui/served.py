"""What Streamlit's server knows of itself."""

import functools
import gc
from typing import Any

import streamlit as st
from starlette.exceptions import HTTPException

from mnist_cnn import native_memory
from mnist_cnn.settings import MAX_UPLOADS_BYTES


def base_path() -> str:
    """Where the dashboard lies by `server.baseUrlPath`, such as `/digits`; empty at the root."""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""


def held_uploads() -> dict[str, int]:
    """How many bytes each session of this server holds in uploads. What ended ones held goes first,
    since Streamlit leaves it until they are collected as garbage."""
    if not st.runtime.exists():
        return {}
    server = st.runtime.get_instance()
    held: Any = server.uploaded_file_mgr
    known = {info.session.id for info in server._session_mgr.list_sessions()}
    ended = set(held.file_storage) - known
    for session_id in ended:
        held.remove_session_files(session_id)
    if ended:
        gc.collect()  # a session and its pages' copies refer to each other
        native_memory.give_back_freed()
    with held._lock:
        return {
            session: sum(len(file.data) for file in files.values())
            for session, files in held.file_storage.items()
        }


def bound_uploads() -> None:
    """From now on an upload is refused that finds no room beside what is held: under `Home.py` too,
    which nothing stands around. Said again it changes nothing."""
    if st.runtime.exists():
        manager: Any = st.runtime.get_instance().uploaded_file_mgr
        _bound(manager)


@functools.cache
def _bound(manager: Any) -> None:
    add = manager.add_file

    def add_file(session_id: str, file: Any) -> None:
        held, size = held_uploads(), len(file.data)
        mine, everybody = held.get(session_id, 0) + size, sum(held.values()) + size
        if mine > MAX_UPLOADS_BYTES // 2 or everybody > MAX_UPLOADS_BYTES:
            raise HTTPException(429, "There is no room for this file; please try again later.")
        add(session_id, file)

    manager.add_file = add_file

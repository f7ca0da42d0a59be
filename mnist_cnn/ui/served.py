"""What Streamlit's server knows of itself."""

from typing import Any

import streamlit as st

FAMILY = "cache_memory_bytes"


def base_path() -> str:
    """Where the dashboard lies by `server.baseUrlPath`, such as `/digits`; empty at the root."""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""


def held_bytes() -> int:
    """How much all sessions of this server hold in uploads. What ended ones held goes first, since
    Streamlit leaves it until they are collected as garbage."""
    if not st.runtime.exists():
        return 0
    server = st.runtime.get_instance()
    held: Any = server.uploaded_file_mgr
    known = {info.session.id for info in server._session_mgr.list_sessions()}
    for session_id in set(held.file_storage) - known:
        held.remove_session_files(session_id)
    return sum(getattr(stat, "byte_length", 0) for stat in held.get_stats([FAMILY]).get(FAMILY, ()))

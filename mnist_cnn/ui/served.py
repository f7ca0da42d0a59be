"""What Streamlit's server knows of itself."""

import streamlit as st

FAMILY = "cache_memory_bytes"


def base_path() -> str:
    """Where the dashboard lies by `server.baseUrlPath`, such as `/digits`; empty at the root."""
    path = str(st.get_option("server.baseUrlPath")).strip("/")
    return f"/{path}" if path else ""


def held_bytes() -> int:
    """How much all sessions of this server hold in uploads; it goes with its page or session.

    Streamlit notices only when it counts its sessions that the time of some is over.
    """
    if not st.runtime.exists():
        return 0
    server = st.runtime.get_instance()
    server._session_mgr.list_sessions()
    held = server.uploaded_file_mgr
    return sum(getattr(stat, "byte_length", 0) for stat in held.get_stats([FAMILY]).get(FAMILY, ()))

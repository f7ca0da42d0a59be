"""A choice that outlives a look at something else: Streamlit forgets what a control says once it is
not shown."""

from typing import Any

import streamlit as st


def chosen(key: str, default: Any) -> Any:
    """What the control of that key says, or said when it was last shown."""
    return st.session_state.get(key, st.session_state.get(f"{key} kept", default))


def begin(key: str, default: Any) -> None:
    """Right before the control of that key, which then needs no default of its own."""
    st.session_state[f"{key} kept"] = st.session_state[key] = chosen(key, default)

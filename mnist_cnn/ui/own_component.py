"""A component of our own: a script, and a style sheet of its name where it has one."""

from pathlib import Path
from typing import Any

import streamlit as st


def component(script: Path) -> Any:
    """What Streamlit mounts of a `.js` file; it shares the page's styles."""
    sheet = script.with_suffix(".css")
    return st.components.v2.component(
        f"digits.{script.stem}",
        js=script.read_text(),
        css=sheet.read_text() if sheet.exists() else None,
        isolate_styles=False,
    )

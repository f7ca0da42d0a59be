"""An address that shows somebody else what one sees: run, section, layer, map, digits, drawing."""

from urllib.parse import urlencode

import streamlit as st

from mnist_cnn.errors import BadStrokes
from mnist_cnn.ink import stroke_links
from mnist_cnn.ui import canvas
from mnist_cnn.ui.looking import CANVAS, Look


def drawn_from_address(width: int, height: int) -> None:
    """Puts the drawing that the address holds on the canvas of that many pixels, once."""
    letters = st.query_params.get("ink", "")
    if not letters or st.session_state.get("ink") == letters:
        return
    st.session_state["ink"] = letters
    try:
        strokes = stroke_links.unpacked(letters)
    except BadStrokes as error:
        st.warning(str(error), icon=":material/link_off:")
        return
    canvas.put(CANVAS, strokes, width, height)


def share(look: Look, section: str) -> None:
    """The address, to be copied."""
    with st.popover("Link to this view", icon=":material/link:"):
        st.caption("Whoever opens it sees this run, this section and this very drawing.")
        st.code(address(look, section), language=None, wrap_lines=True)


def address(look: Look, section: str) -> str:
    """This page with everything that makes the view."""
    kept = {k: v for k, v in st.query_params.items() if k not in ("ink", "see", "run")}
    letters = stroke_links.packed(look.strokes)
    ink = {"ink": letters} if letters else {}
    page = (st.context.url or "Look_inside").partition("?")[0]
    return f"{page}?{urlencode({'run': look.run.id, 'see': section, **kept, **ink})}"

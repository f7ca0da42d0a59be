"""Teach it your handwriting: ten digits, half a minute, and you are read with them."""

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.ui import auth, cache, layout, taught_drawings, teach_network, teaching
from mnist_cnn.ui.canvas_companion import narrow

layout.page(
    "My handwriting",
    ""
    if narrow()
    else "Write each digit once, in half a minute; from then on you are read with "
    "them. The next one comes by itself when you lift the pen.",
    small=bool(narrow()),
)
try:
    left, right = layout.side_by_side(teaching.CANVAS + 60)
    with left:
        teaching.teach()
    with right:
        taught_drawings.gain()
        taught_drawings.look_through()
        taught_drawings.files(auth.actor())
    teach_network.section(auth.actor())
except DigitsError as error:
    st.error(str(error), icon=":material/error:")
cache.settle_imports()

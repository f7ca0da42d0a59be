"""Teach it your handwriting: write ten digits, and you are read with them."""

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.ui import (
    auth,
    cache,
    hand_summary,
    layout,
    look_through,
    my_hand,
    teach_network,
    teaching,
)
from mnist_cnn.ui.canvas_companion import narrow

layout.page(
    "My handwriting",
    ""
    if narrow()
    else "Write each digit once; from then on you are read with "
    "them. The next one comes by itself when you lift the pen.",
    small=bool(narrow()),
)
try:
    left, right = layout.side_by_side(teaching.CANVAS + 60)
    with left:
        teaching.teach()
    with right:
        hand_summary.gain()
        look_through.through(my_hand.of_session(), "hand")
        hand_summary.files(auth.actor())
    if auth.actor():
        look_through.through_corrections()
    teach_network.section(auth.actor())
except DigitsError as error:
    st.error(str(error), icon=":material/error:")
cache.settle_imports()

"""Says in one click what a digit really is: the hand learns it, and it is kept for training."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from mnist_cnn.data import corrections
from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import DigitsError
from mnist_cnn.hands.hand import TaughtDrawing
from mnist_cnn.records import PredictionResult, Stroke
from mnist_cnn.ui import auth, layout, my_hand


def control(reading: PredictionResult, strokes: Sequence[Stroke] = (), typed: str = "") -> None:
    """Ten buttons for what it is. A click keeps the correction, with its strokes (points, 2);
    another takes it back."""
    if strokes:  # as a kept hand would show it, so that it counts once
        drawn = TaughtDrawing.of_strokes(0, strokes)
        image, strokes = drawn.image, drawn.strokes
    else:
        image = np.round(255 * reading.image).astype(np.uint8)
    read = reading.prediction.digit
    key = f"it is {hash(image.tobytes())}"
    kept: dict[str, int] = st.session_state.setdefault("put right", {})
    if typed.isdigit():
        st.session_state[key] = int(typed)
    elif key not in st.session_state and key in kept:  # shown again after something else
        own = my_hand.of_session().drawings.get(image.tobytes())
        if own and own.label == kept[key]:
            st.session_state[key] = kept[key]
        else:  # it was forgotten or relabelled meanwhile
            del kept[key]
    chosen = st.pills("Wrong? Tap what you wrote", range(10), key=key, width=layout.ROWS_OF_FIVE)
    if chosen is None and key not in kept:
        return
    correction = Correction(chosen or 0, image, tuple(strokes), read, reading.run_id)
    try:
        _settle(key, chosen, correction)
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")


def keep(correction: Correction) -> None:
    """The visitor's hand learns it, and the owner's are kept for training."""
    if auth.actor():
        corrections.add([correction])
    drawing = TaughtDrawing(correction.label, correction.image, correction.strokes)
    my_hand.of_session().teach([drawing])


def take_back(correction: Correction) -> None:
    """The visitor's hand forgets it, and so does the file of the owner's."""
    if auth.actor():
        corrections.take_back(correction)
    my_hand.of_session().forget(
        TaughtDrawing(correction.label, correction.image, correction.strokes)
    )


def _settle(key: str, chosen: int | None, correction: Correction) -> None:
    """Brings what is kept, and the visitor's hand, into line with what is chosen, and says so."""
    kept: dict[str, int] = st.session_state["put right"]
    if chosen is None:
        take_back(correction)
        del kept[key]
        st.caption("Taken back.")
        return
    if kept.get(key) != chosen:
        keep(correction)
        kept[key] = chosen
    if auth.actor():
        saved = len(corrections.load())
        st.caption(
            f"Saved as a {chosen} ({saved:,} saved). Your hand has learnt it, *Train* can learn "
            "from it; tap it again to undo."
        )
    else:
        st.caption(
            f"Thank you: your hand has learnt this {chosen}, for you alone and until you leave; "
            "tap it again to undo. Only the owner of this dashboard keeps corrections."
        )
    my_hand.way_in()

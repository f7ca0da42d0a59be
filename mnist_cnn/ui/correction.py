"""Says in one click what a digit really is, and keeps that for training."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from mnist_cnn.data import corrections
from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import DigitsError
from mnist_cnn.records import PredictionResult, Stroke
from mnist_cnn.ui import auth, layout


def control(reading: PredictionResult, strokes: Sequence[Stroke] = (), typed: str = "") -> None:
    """Ten buttons for what it is. A click keeps the correction, with its strokes (points, 2);
    another takes it back."""
    image = np.round(255 * reading.image).astype(np.uint8)
    read = reading.prediction.digit
    key = f"it is {hash(image.tobytes())}"
    if typed.isdigit():
        st.session_state[key] = int(typed)
    chosen = st.pills("Wrong? Tap what you wrote", range(10), key=key, width=layout.ROWS_OF_FIVE)
    if chosen is None and key not in st.session_state.get("put right", {}):
        return
    correction = Correction(chosen or 0, image, tuple(strokes), read, reading.run_id)
    try:
        _settle(key, chosen, correction)
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")


def _settle(key: str, chosen: int | None, correction: Correction) -> None:
    """Brings what is kept into line with what is chosen, and says so."""
    kept: dict[str, int] = st.session_state.setdefault("put right", {})
    if not auth.actor():
        st.caption(
            f"Thank you. It is a {chosen} to you; only the owner of this dashboard keeps "
            "corrections, so it counts until you draw anew."
        )
    elif chosen is None:
        corrections.take_back(correction)
        del kept[key]
        st.caption("Taken back.")
    else:
        if kept.get(key) != chosen:
            corrections.add([correction])
            kept[key] = chosen
        saved = len(corrections.load())
        st.caption(
            f"Saved as a {chosen} ({saved:,} saved). *Train* can learn from it; "
            "tap it again to undo."
        )

"""The layers of a network as rows of small pictures: a tap on one opens what it is, below it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import streamlit as st

from mnist_cnn.evaluation.inside import LayerMaps
from mnist_cnn.ui import inside_pictures as pictures
from mnist_cnn.ui.own_component import component

COLUMNS = 8

KEY = "map sheet"

CLOSE_UP = "pages/5_Confusion_matrix.py"
"""Where a test digit that was tapped is shown."""

Picked = tuple[str, int]
"""A layer's key and the number of a map."""

_sheet = component(Path(__file__).with_suffix(".js"))


def show(
    layers: Sequence[LayerMaps],
    sentences: Sequence[str],
    picked: Picked | None,
    detail: str,
    on_pick: Callable[[Picked | None], None],
) -> None:
    """Every layer with a sentence and its maps, the strongest first, on one scale.

    Args:
        picked: the map that is open, and `detail`, HTML of ours, what is said of it.
        on_pick: told which map was tapped, or None where the open one was.
    """
    told = _sheet(
        key=KEY,
        data={
            "layers": [
                _row(layer, sentence) for layer, sentence in zip(layers, sentences, strict=True)
            ],
            "picked": list(picked) if picked else None,
            "detail": detail,
        },
        on_picked_change=lambda: _told(layers, on_pick),
        on_digit_change=lambda: None,
        height="content",
    )
    if digit := told.get("digit"):
        st.switch_page(CLOSE_UP, query_params=dict(parse_qsl(urlsplit(str(digit)).query)))


def _row(layer: LayerMaps, sentence: str) -> dict[str, Any]:
    order = layer.strongest_first()
    most = float(np.abs(layer.maps).max(initial=0.0))
    signed = bool((layer.maps < 0).any())
    if layer.layer.title.startswith(("Logits", "Mean of")):
        order = list(range(layer.maps.shape[2]))
    places = pictures.shades(pictures.sheet(layer.maps, order, COLUMNS), signed, most)
    return {
        "key": layer.layer.key,
        "title": layer.layer.title,
        "size": layer.size,
        "sentence": sentence,
        "order": order,
        "rows": -(-len(order) // COLUMNS),
        "sprite": pictures.link(pictures.png(places, signed)),
        "peaks": [round(float(layer.maps[(*layer.peak(i), i)]), 2) for i in order],
        "numbers": layer.maps.shape[:2] == (1, 1),
    }


def _told(layers: Sequence[LayerMaps], on_pick: Callable[[Picked | None], None]) -> None:
    told = st.session_state[KEY].get("picked")
    known = {layer.layer.key: layer.maps.shape[2] for layer in layers}
    if isinstance(told, list) and len(told) == 2:
        name, number = told
        if name in known and isinstance(number, int | float) and 0 <= number < known[name]:
            on_pick((str(name), int(number)))
            return
    on_pick(None)

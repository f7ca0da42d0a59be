"""Layer by layer: the maps of the drawing, and what is behind the one that was tapped."""

import contextlib
import html

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.evaluation.inside import LayerMaps
from mnist_cnn.ui import inside_downloads, layout, map_detail, map_sheet, test_digits
from mnist_cnn.ui.looking import Look, branch_choice
from mnist_cnn.ui.map_sheet import Picked


def show(look: Look) -> None:
    """Every layer, in the order of the network."""
    if look.trouble:
        st.info(look.trouble, icon=":material/info:")
        return
    if look.blank:
        st.caption("Draw a digit: every layer of the network shows here what it makes of it.")
        return
    layers, picked = maps(look)
    if picked:
        with contextlib.suppress(DigitsError):  # the map's words say what is wrong
            test_digits.offer_survey(look.run)
    else:
        st.caption(":material/touch_app: Tap a map: its kernel, where it looks, what excites it.")
    inside_downloads.of_maps(look, layers)


def maps(look: Look, exciting: bool = True) -> tuple[list[LayerMaps], Picked | None]:
    """Those of the branch that is chosen, and the one that is open, with the test digits that
    excite it in the whole network, if wanted."""
    layers = look.maps(branch_choice(look))
    picked = picked_of(layers)
    map_sheet.show(
        layers,
        [map_detail.sentence(layer) for layer in layers],
        picked,
        _detail(look, layers, picked, exciting),
        pick,
    )
    return layers, picked


def picked_of(layers: list[LayerMaps]) -> Picked | None:
    """The map that the address asks for, if there is such a one."""
    name, _, number = st.query_params.get("map", "").rpartition(":")
    known = {layer.layer.key: layer.maps.shape[2] for layer in layers}
    asked = layout.number_in(number, known.get(name, 0))
    return None if asked is None else (name, asked)


def pick(picked: Picked | None) -> None:
    """Puts a map into the address, or takes it out."""
    if picked:
        st.query_params["map"] = f"{picked[0]}:{picked[1]}"
    else:
        st.query_params.pop("map", None)


def _detail(look: Look, layers: list[LayerMaps], picked: Picked | None, exciting: bool) -> str:
    if not picked:
        return ""
    layer = next(layer for layer in layers if layer.layer.key == picked[0])
    trouble = ""
    found = None
    try:
        found = test_digits.exciting(look.run, layer.layer, picked[1]) if exciting else None
    except DigitsError as error:
        trouble = f"<p>Which test digits excite it is not known. {html.escape(str(error))}</p>"
    return map_detail.detail(look, layer, picked[1], found) + trouble

"""Pictures and numbers of what is inside, to take along."""

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from mnist_cnn.evaluation.inside import LayerMaps
from mnist_cnn.ui import inside_pictures as pictures
from mnist_cnn.ui.looking import Look


def of_maps(look: Look, layers: Sequence[LayerMaps]) -> None:
    """All maps as pictures, a PNG for each layer, and as numbers; packed when asked for."""
    st.download_button(
        "Pictures and numbers of all maps",
        lambda: packed(look, layers),
        f"maps-{look.run.id}.zip",
        "application/zip",
        icon=":material/download:",
        on_click="ignore",
    )


def packed(look: Look, layers: Sequence[LayerMaps]) -> bytes:
    """A ZIP of a PNG for each layer, the drawing as it was seen, and `maps.npz`."""
    file, arrays = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("00 drawing.png", pictures.png(look.pixels, False, 10))
        for place, layer in enumerate(layers, 1):
            count = layer.maps.shape[2]
            apart = np.pad(layer.maps, ((0, 1), (0, 1), (0, 0)))
            laid = pictures.sheet(apart, range(count), min(8, count))
            most = float(np.abs(layer.maps).max(initial=0.0))
            signed = bool((layer.maps < 0).any())
            shown = pictures.png(pictures.shades(laid, signed, most), signed, 8)
            archive.writestr(f"{place:02d} {layer.layer.title}.png", shown)
        maps: dict[str, Any] = {layer.layer.key.replace("/", "."): layer.maps for layer in layers}
        np.savez_compressed(arrays, drawing=look.image, **maps)
        archive.writestr("maps.npz", arrays.getvalue())
    return file.getvalue()

"""What is said of one map: where it answers most, what it is made of, what excites it most."""

import html
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_cnn.evaluation import inside
from mnist_cnn.evaluation.inside import LayerMaps, Part
from mnist_cnn.records import FloatArray
from mnist_cnn.ui import inside_pictures as pictures
from mnist_cnn.ui.looking import Look

Box = tuple[float, float, float, float] | None

SENTENCES = {
    "DepthwiseConv2D": "Each map of the layer before, weighted place by place and added up.",
    "MaxPooling2D": "Of neighbouring places only the strongest stays.",
    "AveragePooling2D": "Neighbouring places become their mean.",
    "GlobalAveragePooling2D": "Each map becomes its mean: one number.",
    "GlobalMaxPooling2D": "Each map becomes its strongest answer: one number.",
    "Dense": "Each number is a weighted sum of all numbers before it.",
    "Add": "Two layers, added up.",
    "Average": "What the branches say, averaged: this decides.",
    "Concatenate": "The maps of two layers, side by side.",
}


def sentence(layer: LayerMaps) -> str:
    """What a layer does, for those who do not know."""
    if layer.layer.title.startswith("Logits"):
        return "One number for each digit: the greatest wins."
    if layer.layer.kind not in ("Conv2D", "SeparableConv2D"):
        return SENTENCES.get(layer.layer.kind, "It joins what came before.")
    side = layer.layer.source.weights[0].shape[0]
    field = layer.field
    if layer.layer.before is None:
        return f"{side} × {side} kernels slide over the drawing; bright where the ink fits one."
    if layer.sight is None:
        return f"{side} × {side} kernels over what comes before."
    sees = "the whole drawing" if field == 28 else f"{field} × {field} pixels of the drawing"
    return f"{side} × {side} kernels over the maps above; each place sees {sees}."


def detail(
    look: Look,
    layer: LayerMaps,
    number: int,
    exciting: tuple[NDArray[np.uint8], Sequence[str], list[Box]] | None,
) -> str:
    """HTML on one map.

    Args:
        exciting: the test digits that excite it most, uint8 (k, 28, 28), the addresses of their
            close-ups, and where in them, as left, top, right, bottom.
    """
    assert look.network
    parts = inside.parts(look.network, layer, number, look.outputs)
    what = "Number" if layer.maps.shape[:2] == (1, 1) else "Map"
    shown = [f"<p><b>{what} {number} of {html.escape(layer.name)}</b></p>"]
    shown.append(f'<div class="figures">{_itself(look, layer, number)}{_made_of(parts)}</div>')
    if exciting:
        shown.append("<p>The test digits that excite it most, and where they do:</p>")
        shown.append(f'<div class="figures">{_digits(*exciting)}</div>')
    return "".join(shown)


def _itself(look: Look, layer: LayerMaps, number: int) -> str:
    own = layer.maps[..., number]
    value = float(own[layer.peak(number)])
    field = layer.field
    if own.shape == (1, 1):
        return f"<p>It is {value:.2f} for this drawing.</p>"
    if not own.any():
        return "<p>It answers nowhere in this drawing: all of it is below zero before the ReLU.</p>"
    where = (
        f"Its strongest answer, {value:.2f}, looks at these {field} × {field} pixels"
        if field < 28
        else f"Its strongest answer is {value:.2f}; by now each place sees nearly all"
    )
    if layer.sight is None:
        where = f"Its strongest answer is {value:.2f}; where it looks is not known"
    seen = pictures.boxed(look.image, layer.looks_at(number), "Where it answers most")
    return _figure(_picture(own, f"Map {number}"), "The map") + _figure(seen, where)


def _made_of(parts: Sequence[Part]) -> str:
    """What lies under the kernel, the kernel, and what both come to."""
    if not parts:
        return ""
    first = parts[0].kernel.shape
    figures = "".join(
        _figure(
            f"<div>{_picture(part.under, 'what lies there')}×"
            f"{_picture(part.kernel, f'the kernel on map {part.number}')}</div>",
            f"map {part.number}: {part.adds:+.2f}" if len(parts) > 1 else f"{part.adds:+.2f}",
            "part",
        )
        for part in parts
    )
    alone = f"There: what lies under the kernel ({first[0]} × {first[1]}) × the kernel, added up"
    words = "There it is made of (what lies there × kernel):" if len(parts) > 1 else f"{alone}:"
    return f'<div><p>{words}</p><div class="figures">{figures}</div></div>'


def _digits(
    images: NDArray[np.uint8],
    links: Sequence[str],
    boxes: Sequence[Box],
) -> str:
    shown = ""
    for image, address, box in zip(images, links, boxes, strict=True):
        picture = pictures.boxed(image / 255, box, "A test digit")
        inner = f'<a href="{html.escape(address)}" target="_self">{picture}</a>' if address else ""
        shown += _figure(inner or picture, "", "small")
    return shown


def _picture(values: FloatArray, alt: str) -> str:
    signed = bool((values < 0).any())
    places = pictures.shades(values, signed, float(np.abs(values).max(initial=0.0)))
    return f'<img src="{pictures.link(pictures.png(places, signed))}" alt="{html.escape(alt)}">'


def _figure(content: str, caption: str, kind: str = "") -> str:
    words = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure class="{kind}">{content}{words}</figure>'

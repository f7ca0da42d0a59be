"""How a picture became 28 × 28, in three steps."""

import numpy as np
import streamlit as st
from PIL import Image

from mnist_cnn.ink.extract import read_image
from mnist_cnn.ink.normalize import CENTRE, DIGIT, FRAME
from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.records import FloatArray, PredictionResult, Stroke

ZOOM = 6
"""Pixels on the page for each of the frame's."""


def explain(source: tuple[Stroke, ...] | bytes, result: PredictionResult) -> None:
    """On a tap, the way of strokes (points, 2) or an image file to what the network saw."""
    with st.expander("How it became 28 × 28", key="steps", on_change="rerun") as expander:
        if expander.open and result.image.any():
            ink = read_image(source) if isinstance(source, bytes) else rasterize(source)
            _show(ink, result.image)
            st.caption(f"Read in {1000 * result.seconds:.1f} ms.")


def _show(ink: FloatArray, seen: FloatArray) -> None:
    """The ink that was found, (height, width); framed; and as the network sees it, (28, 28)."""
    side = FRAME * ZOOM
    pictures = (
        (_fitted(ink, side), "1. The ink is found"),
        (_framed(ink), "2. Framed: 20 of 28 px, its mass in the middle"),
        (np.kron(seen, np.ones((ZOOM, ZOOM), np.float32)), "3. Seen: 28 × 28 pixels"),
    )
    with st.container(horizontal=True):
        for picture, words in pictures:
            st.image(picture, caption=words, clamp=True, width=side, alt=words)


def _fitted(ink: FloatArray, side: int) -> FloatArray:
    """The ink (height, width) within a square of that many pixels."""
    return _placed(ink, 0.9 * side / max(ink.shape), (side / 2, side / 2), side)


def _framed(ink: FloatArray) -> FloatArray:
    """The ink cropped, its longer side 20 pixels of the frame, its centre of mass in the middle."""
    rows, columns = (np.flatnonzero(ink.max(axis=axis) > 0.15 * ink.max()) for axis in (1, 0))
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = DIGIT * ZOOM / max(crop.shape)
    mass = crop.sum()
    y = float(crop.sum(axis=1) @ np.arange(crop.shape[0])) / mass
    x = float(crop.sum(axis=0) @ np.arange(crop.shape[1])) / mass
    offset = (
        CENTRE * ZOOM + scale * (crop.shape[1] / 2 - x),
        CENTRE * ZOOM + scale * (crop.shape[0] / 2 - y),
    )
    frame = _placed(crop, scale, offset, FRAME * ZOOM)
    edge = (FRAME - DIGIT) // 2 * ZOOM
    for line in (edge, FRAME * ZOOM - edge):
        frame[line, edge:-edge] = np.maximum(frame[line, edge:-edge], 0.35)
        frame[edge:-edge, line] = np.maximum(frame[edge:-edge, line], 0.35)
    return frame


def _placed(ink: FloatArray, scale: float, middle: tuple[float, float], side: int) -> FloatArray:
    """The ink enlarged, with its middle there, in a square of that many pixels."""
    height, width = (max(1, round(scale * length)) for length in ink.shape)
    grey = Image.fromarray(np.round(255 * ink / ink.max()).astype(np.uint8))
    square = Image.new("L", (side, side))
    square.paste(
        grey.resize((width, height)), (round(middle[0] - width / 2), round(middle[1] - height / 2))
    )
    return np.asarray(square, np.float32) / 255

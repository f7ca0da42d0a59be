"""How a picture became 28 × 28, in three steps."""

import numpy as np
import streamlit as st
from PIL import Image, ImageOps

from mnist_cnn.ink.decode import decode_image
from mnist_cnn.ink.extract import extract_ink
from mnist_cnn.ink.normalize import DIGIT, FRAME, normalize
from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.models.pipeline import WHOLE
from mnist_cnn.records import FloatArray, PredictionResult, Stroke
from mnist_cnn.ui import layout

ZOOM = 6
"""Pixels on the page for each of the frame's."""


def explain(source: tuple[Stroke, ...] | bytes, result: PredictionResult) -> None:
    """On a tap, the way of strokes (points, 2) or an image file to what the network saw."""
    with st.expander("How it became 28 × 28", key="steps", on_change="rerun") as expander:
        if expander.open and result.image.any():
            found = _found(source, result) if isinstance(source, bytes) else rasterize(source)
            _show(found, result.image)
            st.caption(f"Read in {1000 * result.seconds:.1f} ms.")


def _found(source: bytes, result: PredictionResult) -> FloatArray:
    """The ink (height, width) in the part of a picture that was read, with a little around it."""
    grey = decode_image(source)
    height, width = grey.shape
    left, top, right, bottom = result.part or WHOLE
    margin = 0.1 * max((right - left) * width, (bottom - top) * height)
    rows = slice(max(0, int(top * height - margin)), int(bottom * height + margin) + 1)
    columns = slice(max(0, int(left * width - margin)), int(right * width + margin) + 1)
    ink = extract_ink(grey[rows, columns])
    return ink if ink.any() else result.image


def _show(ink: FloatArray, seen: FloatArray) -> None:
    """The ink that was found, (height, width); framed; and as the network sees it, (28, 28)."""
    pictures = (
        (_fitted(ink), "1. The ink is found"),
        (_framed(ink), "2. Framed: 20 of 28 px, its mass in the middle"),
        (layout.enlarged(seen, ZOOM), "3. Seen: 28 × 28 pixels"),
    )
    with st.container(horizontal=True):
        for picture, words in pictures:
            st.image(picture, caption=words, clamp=True, width=ZOOM * FRAME, alt=words)


def _fitted(ink: FloatArray) -> FloatArray:
    """The ink (height, width) within a square of the frame's size."""
    grey = Image.fromarray(np.round(255 * ink / ink.max()).astype(np.uint8))
    square = ImageOps.pad(grey, (ZOOM * FRAME, ZOOM * FRAME))
    return np.asarray(square, np.float32) / 255


def _framed(ink: FloatArray) -> FloatArray:
    """The ink (height, width) as it is framed, with lines around the digit's 20 pixels."""
    frame = normalize(ink, ZOOM)
    edge = (FRAME - DIGIT) // 2 * ZOOM
    for line in (edge, FRAME * ZOOM - edge):
        frame[line, edge:-edge] = np.maximum(frame[line, edge:-edge], 0.35)
        frame[edge:-edge, line] = np.maximum(frame[edge:-edge, line], 0.35)
    return frame

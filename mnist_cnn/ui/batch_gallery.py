"""A batch as pictures to click on, and ten buttons that correct one of them."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from mnist_cnn.batch.results import Result, Seen
from mnist_cnn.ui import layout
from mnist_cnn.ui.batch_session import NONE, Batch

OUTLINE = "#4cc2ff"

TILE = 84
"""Pixels: four stand in a row on a phone."""


def gallery(done: Batch, rows: Sequence[int]) -> None:
    """Pictures in a row that wraps, each with its digit; the one that was clicked above them."""
    if done.opened is not None:
        _correct(done, done.opened)
    with st.container(horizontal=True, gap="xsmall"):
        for row in rows:
            with st.container(width=TILE, gap="xxsmall"):
                _tile(done, row)


def _tile(done: Batch, row: int) -> None:
    _picture(done.results[row], 3)
    st.button(
        _words(done, row),
        key=f"batch tile {row}",
        on_click=_open,
        args=(done, row),
        width=TILE,
    )
    st.caption(_short(done.results[row].item.name))


def _correct(done: Batch, row: int) -> None:
    """One digit from close up, with its ten buttons."""
    result, key = done.results[row], f"batch digit {row}"
    st.session_state[key] = done.corrections.get(row)
    with st.container(border=True, horizontal=True):
        if result.seen:
            st.image(_outlined(result.seen), alt=f"Where the digit is in {result.item.name}")
        _picture(result, 4)
        with st.container(width=300, gap="xsmall"):
            st.markdown(f"**{layout.plain(result.item.name)}**: {_verdict(result)}")
            st.pills(
                "Wrong? Tap what it is",
                range(10),
                key=key,
                on_change=_settle,
                args=(done, row),
                width=layout.ROWS_OF_FIVE,
            )
            st.button("Close", icon=":material/close:", on_click=_open, args=(done, None))


def _outlined(seen: Seen) -> Image.Image:
    """The picture with a line around what was read."""
    image = Image.fromarray(seen.grey).convert("RGB")
    left, top, right, bottom = seen.part
    edges = (left * image.width, top * image.height, right * image.width, bottom * image.height)
    ImageDraw.Draw(image).rectangle(edges, outline=OUTLINE, width=2)
    return image


def _picture(result: Result, scale: int) -> None:
    image = result.item.image
    if image is None:
        image = np.zeros((28, 28), np.uint8)
    st.image(layout.enlarged(image, scale), width=28 * scale, alt=result.item.name)


def _words(done: Batch, row: int) -> str:
    """Where there is a label and another digit, both; else the digit."""
    label, digit = int(done.columns.labels[row]), int(done.columns.digits[row])
    shown = "–" if digit == NONE else str(digit)
    return shown if label in (NONE, digit) else f"{label} → {shown}"


def _verdict(result: Result) -> str:
    read, label = result.prediction, result.item.label
    if read is None:
        words = layout.plain(result.item.error)
    elif read.digit is None:
        words = "nothing to read" if read.status == "blank" else "no digit"
    else:
        words = f"predicted {read.digit}, {read.confidence:.1%} confident"
    return words if label is None else f"{words}; its label is {label}"


def _short(name: str) -> str:
    """The end of a name, which tells it from its neighbours'."""
    return layout.plain(name if len(name) <= 12 else f"…{name[-11:]}")


def _open(done: Batch, row: int | None) -> None:
    done.opened = row


def _settle(done: Batch, row: int) -> None:
    done.correct(row, st.session_state[f"batch digit {row}"])

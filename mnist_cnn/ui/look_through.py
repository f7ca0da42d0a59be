"""A look through drawings: every one with its label, to change or to delete."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Protocol

import numpy as np
import streamlit as st

from mnist_cnn.data import corrections, labelled_sets
from mnist_cnn.data.corrections import Correction
from mnist_cnn.data.labelled_sets import CORRECTIONS
from mnist_cnn.hands.hand import TaughtDrawing
from mnist_cnn.ui import cache, dataset_downloads, layout
from mnist_cnn.ui.teaching import in_colour

SHOWN = 200
"""How many drawings are on a page, the last ones first."""

TROUBLE = "corrections trouble"


class Kept(Protocol):
    """What can be looked through: drawings by their images, which can be changed and forgotten."""

    @property
    def drawings(self) -> dict[bytes, TaughtDrawing]: ...

    def teach(self, drawings: Iterable[TaughtDrawing]) -> object: ...

    def forget(self, drawing: TaughtDrawing) -> None: ...


class KeptCorrections:
    """The corrections on this machine, for its owner. What could not be kept is said when the page
    is shown again."""

    @property
    def drawings(self) -> dict[bytes, TaughtDrawing]:
        return {
            c.image.tobytes(): TaughtDrawing(c.label, c.image, c.strokes)
            for c in corrections.load()
        }

    def teach(self, drawings: Iterable[TaughtDrawing]) -> None:
        known = {correction.image.tobytes(): correction for correction in corrections.load()}
        some = [
            replace(known.get(d.image.tobytes(), Correction(0, d.image, d.strokes)), label=d.label)
            for d in drawings
        ]
        self._change(lambda: corrections.add(some))

    def forget(self, drawing: TaughtDrawing) -> None:
        correction = Correction(drawing.label, drawing.image, drawing.strokes)
        self._change(lambda: corrections.take_back(correction))

    def _change(self, change: Callable[[], None]) -> None:
        st.session_state[TROUBLE] = layout.tried(change)


Tile = tuple[TaughtDrawing, int | None]
"""A drawing, and what it is read as without the hand."""


def through_corrections() -> None:
    """What people put right here, for the owner."""
    kept = KeptCorrections()
    if trouble := st.session_state.pop(TROUBLE, ""):
        st.error(trouble, icon=":material/error:")
    if count := len(kept.drawings):
        with st.expander(
            f"Corrections kept on this machine ({count:,})",
            icon=":material/folder:",
            key="corrections kept",
            on_change="rerun",
        ) as expander:
            if expander.open:
                digits = partial(labelled_sets.digits_of, CORRECTIONS)
                drawn = any(correction.strokes for correction in digits())
                dataset_downloads.popover(digits, CORRECTIONS, drawn)
                through(kept, "corrections")


def through(kept: Kept, name: str) -> None:
    """Every drawing, to change or to delete; `name` tells one list's widgets from another's."""
    if not kept.drawings:
        return
    drawings = list(kept.drawings.values())
    present = sorted({d.label for d in drawings})
    chosen = st.pills(
        "Show", ["All", "Misread alone", *present], default="All", key=f"{name} filter"
    )
    alone = cache.digits_alone(drawings)
    if any(read != drawing.label for read, drawing in zip(alone, drawings, strict=True)):
        st.caption("Orange: misread without your hand. Tap a digit to change or delete it.")
    else:
        st.caption("Tap a digit to change or delete it.")
    opened = st.session_state.get(f"{name} opened")
    if opened in kept.drawings:
        _close_up(kept, kept.drawings[opened], name)
    shown = [
        (drawing, read)
        for drawing, read in zip(drawings, alone, strict=True)
        if chosen in (None, "All", drawing.label)
        or (chosen == "Misread alone" and read != drawing.label)
    ]
    with st.container(horizontal=True, gap="xsmall"):
        for drawing, read in _one_page(shown, name):
            _tile(drawing, read, name)


def _one_page(shown: list[Tile], name: str) -> list[Tile]:
    pages = -(-len(shown) // SHOWN)
    page = st.pagination(pages, key=f"{name} page of {pages}") if pages > 1 else 1
    end = len(shown) - (page - 1) * SHOWN
    return shown[max(end - SHOWN, 0) : end]


def _tile(drawing: TaughtDrawing, alone: int | None, name: str) -> None:
    key = drawing.image.tobytes()
    words = "no digit" if alone is None else f"a {alone}"
    with st.container(width=72, gap="xxsmall"):
        st.image(
            layout.enlarged(drawing.image, 2), width=64, alt=f"your {drawing.label}, alone {words}"
        )
        st.button(
            in_colour(drawing.label, alone),
            key=f"{name} {hash(key)}",
            width=64,
            on_click=st.session_state.__setitem__,
            args=(f"{name} opened", key),
            help=None if alone == drawing.label else f"Without your hand it is {words}.",
        )


def _close_up(kept: Kept, drawing: TaughtDrawing, name: str) -> None:
    key = f"{name} label {hash(drawing.image.tobytes())}"
    with st.container(border=True, horizontal=True):
        layout.seen_image(drawing.image.astype(np.float32) / 255)
        with st.container(width=300, gap="xsmall"):
            st.session_state[key] = drawing.label  # also where another one could not be kept
            st.pills(
                "It is a",
                range(10),
                key=key,
                required=True,
                width=layout.ROWS_OF_FIVE,
                on_change=_relabel,
                args=(kept, drawing, key),
            )
            with st.container(horizontal=True):
                st.button(
                    "Delete",
                    key=f"{name} delete",
                    icon=":material/delete:",
                    on_click=kept.forget,
                    args=(drawing,),
                )
                st.button(
                    "Close",
                    key=f"{name} close",
                    icon=":material/close:",
                    on_click=st.session_state.pop,
                    args=(f"{name} opened", None),
                )


def _relabel(kept: Kept, drawing: TaughtDrawing, key: str) -> None:
    kept.teach([TaughtDrawing(st.session_state[key], drawing.image, drawing.strokes)])

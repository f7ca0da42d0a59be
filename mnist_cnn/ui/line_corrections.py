"""What a person puts right in a line; what is a digit that was drawn is learnt too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import DigitsError
from mnist_cnn.expressions.line import Line, Symbol, corrected
from mnist_cnn.expressions.pieces import Box
from mnist_cnn.ink.normalize import normalize_strokes, to_uint8
from mnist_cnn.records import FloatArray, Stroke
from mnist_cnn.ui import correction

Ink = tuple[tuple[int, ...], Box]
"""A symbol by its strokes and where they are: the same while the person writes on."""


@dataclass(frozen=True)
class Change:
    """A symbol that is `text`, says the person, where it stood as `before`."""

    ink: Ink
    text: str
    before: str


def put_right(symbol: Symbol, text: str) -> None:
    """Notes what the person says that a symbol is."""
    _changes().append(Change(_ink(symbol), text, symbol.text))


def mended(line: Line, written: Sequence[Stroke] | FloatArray | None) -> Line:
    """The line with all in it that was put right. The digits among that are learnt, and forgotten
    once they are taken back, where the line was drawn as strokes, (points, 2) each; a picture,
    (height, width), has none to learn from."""
    said = {change.ink: change.text for change in _changes()}
    try:
        _forget(said)
        if isinstance(written, tuple):
            _learn(line, written, said)
    except DigitsError as error:
        st.error(str(error), icon=":material/error:")
    for place, symbol in enumerate(line.symbols):
        if text := said.get(_ink(symbol)):
            line = corrected(line, place, text)
    return line


def take_back_button(line: Line) -> None:
    """Undoes what was last put right in this line; nothing where nothing was."""
    inks, changes = [_ink(symbol) for symbol in line.written], _changes()
    last = next((change for change in reversed(changes) if change.ink in inks), None)
    if last:
        label = f"Take back {last.before} → {last.text}".replace("$", "\\$")
        st.button(label, icon=":material/history:", key="take back", on_click=_undo, args=(last,))


def _undo(change: Change) -> None:
    changes = _changes()
    del changes[len(changes) - 1 - changes[::-1].index(change)]


def _changes() -> list[Change]:
    """All of this session, in turn."""
    changes: list[Change] = st.session_state.setdefault("put right in lines", [])
    return changes


def _ink(symbol: Symbol) -> Ink:
    return symbol.strokes, symbol.box


def _kept() -> dict[Ink, Correction]:
    kept: dict[Ink, Correction] = st.session_state.setdefault("kept of lines", {})
    return kept


def _forget(said: Mapping[Ink, str]) -> None:
    """What was learnt and is no longer said to be a digit."""
    kept = _kept()
    for ink in [ink for ink in kept if not said.get(ink, "").isdigit()]:
        correction.take_back(kept[ink])
        st.toast(f"Your hand has forgotten this {kept.pop(ink).label}.", icon=":material/history:")


def _learn(line: Line, strokes: Sequence[Stroke], said: Mapping[Ink, str]) -> None:
    """The digits in this line that are not learnt yet."""
    kept = _kept()
    for ink in map(_ink, line.written):
        text = said.get(ink, "")
        if not text.isdigit() or (ink in kept and kept[ink].label == int(text)):
            continue
        own = tuple(strokes[number] for number in ink[0])
        new = Correction(int(text), to_uint8(normalize_strokes(own)), own, None, line.run_id)
        correction.keep(new)
        kept[ink] = new
        st.toast(f"Your hand has learnt this {text}.", icon=":material/draw:")

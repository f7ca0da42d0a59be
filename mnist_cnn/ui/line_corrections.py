"""What a person puts right in a line that was drawn: kept for training, and digits are learnt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from mnist_cnn.data import symbol_corrections
from mnist_cnn.data.corrections import Correction
from mnist_cnn.data.symbol_corrections import SymbolCorrection
from mnist_cnn.errors import DigitsError
from mnist_cnn.expressions.layout import run_around
from mnist_cnn.expressions.line import Line, corrected
from mnist_cnn.expressions.pieces import Box, Piece, box_of
from mnist_cnn.expressions.symbol import Symbol
from mnist_cnn.records import FloatArray, Stroke
from mnist_cnn.ui import auth, correction

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
    """The line with all in it that was put right. That is learnt, and forgotten once it is taken
    back, where the line was drawn as strokes, (points, 2) each; a picture, (height, width), has
    none to learn from."""
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
    if change in changes:  # a second click may come before the button has gone
        del changes[len(changes) - 1 - changes[::-1].index(change)]


def _changes() -> list[Change]:
    """All of this session, in turn."""
    changes: list[Change] = st.session_state.setdefault("put right in lines", [])
    return changes


def _ink(symbol: Symbol) -> Ink:
    return symbol.strokes, symbol.box


@dataclass(frozen=True)
class _Learnt:
    """What a symbol that was put right is kept as: for training, and as a digit of the hand."""

    text: str
    symbol: SymbolCorrection
    digit: Correction | None


def _kept() -> dict[Ink, _Learnt]:
    kept: dict[Ink, _Learnt] = st.session_state.setdefault("kept of lines", {})
    return kept


def _forget(said: Mapping[Ink, str]) -> None:
    """What was learnt and is no longer said."""
    kept = _kept()
    for ink in [ink for ink in kept if said.get(ink) != kept[ink].text]:
        learnt = kept[ink]
        if auth.actor():
            symbol_corrections.take_back(learnt.symbol)
        if learnt.digit:
            correction.take_back(learnt.digit)
            told = f"Your hand has forgotten this {learnt.text}."
            st.toast(told, icon=":material/history:")
        del kept[ink]


def _learn(line: Line, strokes: Sequence[Stroke], said: Mapping[Ink, str]) -> None:
    """The symbols in this line that are not learnt yet."""
    kept = _kept()
    for symbol in line.written:
        ink = _ink(symbol)
        if ink not in said or ink in kept:
            continue
        learnt = _learnt(symbol, said[ink], strokes, line.run_id)
        for_training = bool(auth.actor()) and symbol_corrections.add(learnt.symbol)
        if learnt.digit:
            correction.keep(learnt.digit)
        kept[ink] = learnt
        _tell(learnt, for_training)


def _learnt(symbol: Symbol, text: str, strokes: Sequence[Stroke], run_id: str) -> _Learnt:
    pieces = [Piece(box_of(stroke), stroke) for stroke in strokes]
    run = run_around(symbol.strokes, pieces)
    members = tuple(run.members.index(number) for number in symbol.strokes)
    line = tuple(strokes[number] for number in run.members)
    kept = SymbolCorrection(text, line, members, symbol.text, run_id, run.height)
    digit = None
    if text.isdigit():
        digit = Correction(int(text), kept.framed(), kept.own, None, run_id)
    return _Learnt(text, kept, digit)


def _tell(learnt: _Learnt, for_training: bool) -> None:
    if learnt.digit:
        st.toast(f"Your hand has learnt this {learnt.text}.", icon=":material/draw:")
    elif for_training:
        st.toast(f"This {learnt.text} is kept for training.", icon=":material/draw:")

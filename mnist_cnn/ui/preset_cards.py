"""The presets as cards: what each brings and what it takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from mnist_cnn.models.presets import PRESETS
from mnist_cnn.runs import store
from mnist_cnn.runs.store import Run
from mnist_cnn.settings import machine
from mnist_cnn.training import forecast, jobs
from mnist_cnn.ui import layout
from mnist_cnn.ui.canvas_companion import narrow


@dataclass(frozen=True)
class Card:
    """What is said of a preset where no run tells; seconds and 10⁶ bytes as docs/benchmarks.md
    measured them on two cores."""

    brings: str
    learns_from: str
    seconds: float
    memory_mb: int


CARDS = {
    "quick": Card("To watch one learn", "MNIST", 20, 670),
    "standard": Card("Better on real handwriting", "MNIST and 160 more people", 140, 750),
    "best": Card("The best for digits", "MNIST and 160 more people", 2150, 880),
    "symbols": Card("Reads equations too", "digits, signs and generated lines", 1560, 1540),
}


def choose() -> str:
    """The preset in the address; else that of the training that runs; else quick. Each has a card
    with a button that chooses it."""
    chosen = _chosen()
    known = {kind: store.list_runs(kind) for kind in store.POINTERS}
    phone = bool(narrow())
    with st.container(horizontal=True, gap="small"):
        for name in PRESETS:
            with st.container(
                border=True,
                width=170 if phone else "stretch",
                height="stretch",
                gap="xsmall",
            ):
                _card(name, name == chosen, known[PRESETS[name].kind], short=phone)
    if phone:
        card = CARDS[chosen]
        st.caption(f"**{chosen}**: {card.brings}. Learns from {card.learns_from}.")
    return chosen


def _chosen() -> str:
    asked = st.query_params.get("preset")
    if asked not in PRESETS:
        current = jobs.running()
        asked = current.options.get("--preset") if current else None
    return asked if asked in PRESETS else "quick"


def _card(name: str, chosen: bool, known: Sequence[Run], short: bool) -> None:
    card, told = CARDS[name], forecast.forecast(PRESETS[name], known, machine())
    st.button(
        name,
        key=f"{'primary ' if chosen else ''}preset {name}",
        type="primary" if chosen else "secondary",
        icon=":material/check:" if chosen else None,
        on_click=_choose,
        args=(name,),
        width="stretch",
        help=card.brings,
    )
    seconds = told.seconds or card.seconds
    memory = told.memory_mb or card.memory_mb
    takes = f"{layout.duration(seconds)}, {memory / 1000:.1f} GB"
    accuracy = told.accuracy.get("mnist-test")
    if short:
        st.caption(f"{f'{accuracy:.1%} · ' if accuracy else ''}{takes}")
        return
    brings = f"{card.brings}: {accuracy:.2%} of MNIST" if accuracy else card.brings
    st.markdown(f"{brings}.")
    st.caption(f"Learns from {card.learns_from}. Takes {takes}.")


def _choose(name: str) -> None:
    st.query_params["preset"] = name

"""How it learned: the same drawing in the network as it was, from random weights to the end."""

import numpy as np
import pandas as pd
import streamlit as st

from mnist_cnn.metrics import softmax
from mnist_cnn.records import FloatArray
from mnist_cnn.runs import notes, store
from mnist_cnn.runs.snapshots import SNAPSHOTS, Snapshots
from mnist_cnn.ui import cache, charts, inside_link, layer_view, layout
from mnist_cnn.ui.looking import Look

SECTION = "How it learned"
STEP, PLAYING = "snapshot", "snapshots play"
EVERY = 0.8
"""Seconds for which each step is shown where it plays."""


def show(look: Look) -> None:
    """A slider over the copies that the run kept, and what they make of the drawing; and the link
    to that, since the address changes with the slider."""
    kept = _kept(look)
    if kept is None:
        inside_link.share(look, SECTION)
        return
    playing = bool(st.session_state.get(PLAYING))
    st.fragment(_steps, run_every=EVERY if playing else None)(look, kept, playing)


def _kept(look: Look) -> Snapshots | None:
    """The copies, where there are some and a drawing for them; else it is said what is missing."""
    if look.trouble or not look.network:
        st.info(look.trouble, icon=":material/info:")
        return None
    kept = cache.snapshots(look.run.id, str(look.run.folder))
    if kept is None:
        _without()
    elif look.blank:
        st.caption("Draw a digit: the network as it was then reads it, from random weights on.")
        return None
    return kept


def _without() -> None:
    """What one can do where a run kept no snapshots."""
    st.info(
        "This run kept no snapshots while it learned. `quick` keeps 16 by itself, others with "
        "*Snapshots* under Settings on Train, or with `--snapshots 16`.",
        icon=":material/info:",
    )
    if st.session_state.pop("another run", False):
        st.rerun()
    others = [run for run in store.list_runs() if SNAPSHOTS in run.manifest["sha256"]]
    for run in others[:3]:
        st.button(
            f"Look into {notes.name_of(run)}, {run.day}, which kept some",
            key=f"look into {run.id}",
            icon=":material/visibility:",
            on_click=_choose,
            args=(run.id,),
        )
    if not others:
        st.page_link("pages/3_Train.py", label="Train one", icon=":material/school:")


def _choose(run_id: str) -> None:
    st.session_state["run"] = st.query_params["run"] = run_id
    st.session_state["another run"] = True


def _steps(look: Look, kept: Snapshots, playing: bool) -> None:
    last = len(kept.batches) - 1
    if STEP not in st.session_state:
        asked = layout.number_in(st.query_params.get("step", ""), last + 1)
        st.session_state[STEP] = asked or 0
    step = min(int(st.session_state[STEP]), last)
    playing = playing and bool(st.session_state.get(PLAYING))  # or Pause was pressed just now
    if playing:
        step = min(step + 1, last)
        st.query_params["step"] = str(step)
        if step == last:
            st.session_state[PLAYING] = False
    st.session_state[STEP] = step
    _controls(kept, last, playing)
    step = int(st.session_state[STEP])
    told = _probabilities(look, kept)
    st.markdown(_when(look, kept, told))
    st.altair_chart(charts.learned_curve(_curve(kept, told), step), width="stretch")
    then = look.with_network(kept.networks[step])
    layout.probability_bars(told[step].tolist(), compact=True)
    layer_view.maps(then, exciting=False)
    inside_link.share(look, SECTION)
    if playing and step == last:
        st.rerun()


def _controls(kept: Snapshots, last: int, playing: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Pause" if playing else "Play",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            key="play snapshots",
            on_click=_play,
            args=(not playing, last),
        )
        if st.session_state.pop("snapshots begun", False):
            st.rerun()
        st.select_slider(
            "Network as it was",
            list(range(last + 1)),
            format_func=lambda step: _name(kept, step),
            key=STEP,
            on_change=lambda: st.query_params.update(step=str(st.session_state[STEP])),
        )


def _play(on: bool, last: int) -> None:
    st.session_state[PLAYING] = on
    st.session_state["snapshots begun"] = True
    if on and st.session_state.get(STEP, 0) >= last:
        st.session_state[STEP] = 0


def _name(kept: Snapshots, step: int) -> str:
    batch = kept.batches[step]
    return "random weights" if batch == 0 else f"after batch {batch:,} of {kept.total:,}"


def _probabilities(look: Look, kept: Snapshots) -> FloatArray:
    """(steps, 10): what the network of each step says of the drawing."""
    logits = _logits(look.run.id, str(look.run.folder), look.image, kept)
    return np.asarray(softmax(logits, look.classifier.calibration.temperature))


@st.cache_data(show_spinner=False, max_entries=50)
def _logits(run_id: str, folder: str, image: FloatArray, _kept: Snapshots) -> FloatArray:
    return np.array([network.logits(image[None])[0] for network in _kept.networks])


def _when(look: Look, kept: Snapshots, told: FloatArray) -> str:
    """From when on it read the drawing as it does in the end."""
    digit = int(told[-1].argmax())
    same = told.argmax(axis=1) == digit
    others = np.flatnonzero(~same)
    since = int(others[-1]) + 1 if len(others) else 0
    doubts = np.flatnonzero(told[:, digit] < 0.9)
    sure = int(doubts[-1]) + 1 if len(doubts) else 0
    begun = f"It reads your drawing as a **{digit}** from {_at(kept, since)} on"
    if sure < len(told):
        return f"{begun}, and is 90 % sure of it from {_at(kept, sure)} on."
    return f"{begun}, and is not quite sure in the end."


def _at(kept: Snapshots, step: int) -> str:
    batch = kept.batches[step]
    return "the first moment" if batch == 0 else f"batch {batch:,}"


def _curve(kept: Snapshots, told: FloatArray) -> pd.DataFrame:
    """A row for each step and digit."""
    rows = [
        {"step": step, "batch": batch, "digit": str(digit), "probability": float(told[step, digit])}
        for step, batch in enumerate(kept.batches)
        for digit in range(told.shape[1])
    ]
    return pd.DataFrame(rows)

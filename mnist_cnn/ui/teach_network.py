"""For the owner: the network itself learns what was put right and taught, for everybody."""

import streamlit as st

from mnist_cnn.data import corrections
from mnist_cnn.errors import DigitsError
from mnist_cnn.models.recipe_options import arguments
from mnist_cnn.runs import notes, store
from mnist_cnn.training import fine_tuning, jobs
from mnist_cnn.ui import job_panel, my_hand, start_bar

MINE = "my hand"
"""What the owner's drawings are added to."""

MIN_LEARNED = 5
"""With fewer there is nothing to learn from."""


def section(who: str | None, with_panel: bool = True) -> None:
    """How to begin, and how it goes and ended; nothing for who may only look."""
    if not who:
        return
    title = "Teach the network itself, for everybody"
    with st.expander(
        title, icon=":material/school:", key="teach the network", on_change="rerun"
    ) as expander:
        try:
            if expander.open:  # kept hands are read for it
                _begin(who)
        except DigitsError as error:
            st.info(str(error), icon=":material/info:")
    start_bar.trouble()
    job = jobs.latest()
    if with_panel and job and "--start" in job.options:
        job_panel.panel(job, who)


def _begin(who: str) -> None:
    run = store.production_run()
    recipe = fine_tuning.recipe_for(run)
    known = corrections.with_hands()
    learned = sum(not correction.held_out for correction in known)
    st.markdown(
        f"*{notes.name_of(run)}*, which answers now, goes on learning from **{learned}** "
        "corrections and drawings of the hands kept on this machine; "
        f"{len(known) - learned} more are only measured on. It is shown again what it knew, and "
        "takes about a minute and a half. Then before and after stand side by side, and you let "
        "the new one answer or leave it."
    )
    hand = my_hand.of_session()
    if hand.drawings:
        st.button(
            f"Keep my {len(hand.drawings)} drawings here, so that they count",
            icon=":material/save:",
            on_click=_keep,
        )
    current = jobs.running()
    reason = "One training at a time; please wait for this one." if current else None
    if learned < MIN_LEARNED:
        reason = f"Please put some digits right first, or keep a hand here: {MIN_LEARNED} at least."
    st.button(
        "Teach the network",
        icon=":material/school:",
        type="primary",
        key="primary teach the network",
        disabled=reason is not None,
        help=reason,
        on_click=start_bar.begin,
        args=([*arguments(recipe), "--name", _name(notes.name_of(run))], who),
    )


def _name(start: str) -> str:
    """What the new run is called."""
    return start if start.endswith(", taught") else f"{start}, taught"


def _keep() -> None:
    try:
        st.toast(my_hand.keep(MINE))
    except DigitsError as error:
        st.session_state["trouble"] = str(error)

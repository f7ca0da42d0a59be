"""What a hand brings, and the files that it is kept in."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.hands import hand_files, kept_hands
from mnist_cnn.hands.gain import Gain
from mnist_cnn.hands.hand import TaughtDrawing
from mnist_cnn.runs import serving
from mnist_cnn.settings import MAX_HAND_UPLOAD_MB
from mnist_cnn.ui import layout, my_hand

PRIVACY = (
    "Your drawings stay in this session's memory: nobody else is read with them, and they are gone "
    "when you close or reload the page, unless you take the file along."
)


FULL = f"A hand holds {hand_files.MAX_DRAWINGS} drawings"


def gain() -> None:
    """The switch, and what the hand brings, each drawing judged by the others."""
    hand = my_hand.of_session()
    hand.on = st.toggle("Read me with my hand", value=hand.on, disabled=not hand.drawings)
    if not hand.drawings:
        st.caption(PRIVACY)
        return
    found = hand.listening(serving.production_classifier())[1]
    if found.worse:
        st.warning(
            f"Of your drawings {found.right_before} of {found.judged} are read right without the "
            f"hand and {found.right_after} with it, so it is not used. Is there one below with a "
            "wrong label?",
            icon=":material/block:",
        )
    else:
        st.markdown(_brings(found))
    st.caption(PRIVACY)


def _brings(found: Gain) -> str:
    """What the gain is, in a sentence or two."""
    if not found.judged or found.comparison is None:
        return (
            f"You are read with **{found.drawings}** of your drawings. Write each digit a second "
            "time, and you see here how much that brings: each is then judged by the others."
        )
    before, after = found.right_before, found.right_after
    if before == after == found.judged:
        return f"**You are read perfectly already**: all {before}, with and without your hand."
    low, high = (100 * end for end in found.comparison.interval)
    points = 100 * found.comparison.difference
    return (
        f"Without your hand **{before}** of {found.judged} drawings are read right, with it "
        f"**{after}**, each judged by the others: {points:+.0f} points (95 % interval {low:+.0f} "
        f"to {high:+.0f})."
    )


def files(who: str | None) -> None:
    """The hand to take away and to bring back; on one's own machine also kept under a name."""
    hand = my_hand.of_session()
    if len(hand.drawings) >= hand_files.MAX_DRAWINGS:
        st.caption(f"{FULL}: the oldest give way to new ones.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.download_button(
            "Take it along (my-hand.json)",
            partial(hand_files.packed, list(hand.drawings.values())),
            file_name="my-hand.json",
            mime="application/json",
            icon=":material/download:",
            disabled=not hand.drawings,
            on_click="ignore",
        )
        st.button(
            "Forget all of it",
            icon=":material/delete_forever:",
            disabled=not hand.drawings,
            on_click=hand.forget_all,
        )
    words = "Bring a hand back: my-hand.json"
    file = st.file_uploader(words, type="json", max_upload_size=MAX_HAND_UPLOAD_MB)
    if file and st.session_state.get("hand brought") != file.file_id:
        st.session_state["hand brought"] = file.file_id
        _take_in(lambda: hand_files.unpacked(file.getvalue()))
    for message, icon in st.session_state.pop("hand news", []):
        (st.success if icon == "check" else st.warning)(message, icon=f":material/{icon}:")
    if who:
        _kept_here()


def _take_in(load: Callable[[], tuple[list[TaughtDrawing], list[str]]]) -> None:
    """Adds the drawings of a file to the hand, and says what came of it."""
    news = st.session_state.setdefault("hand news", [])
    try:
        drawings, complaints = load()
        given_way = my_hand.of_session().teach(drawings)
        news.append((f"{len(drawings)} drawings were taken in.", "check"))
        if given_way:
            oldest = "the oldest one" if given_way == 1 else f"the {given_way} oldest"
            news.append((f"{FULL}: {oldest} gave way.", "warning"))
        news += [(complaint, "warning") for complaint in complaints[:5]]
        if len(complaints) > 5:
            news.append((f"{len(complaints) - 5} more could not be used.", "warning"))
    except DigitsError as error:
        news.append((str(error), "error"))
    st.rerun()


def _kept_here() -> None:
    """For the owner of this machine: hands under names, in the artifacts folder."""
    with st.expander("Hands kept on this machine", icon=":material/folder:"):
        with (
            st.form("keep hand", border=False),
            st.container(horizontal=True, vertical_alignment="bottom"),
        ):
            name = st.text_input("Keep mine as", "my hand", max_chars=40)
            asked = st.form_submit_button("Keep", icon=":material/save:")
        if asked:
            try:
                kept = my_hand.keep(name.strip())
                st.caption(f"{kept} `--hand` of the command line reads it too.")
            except DigitsError as error:
                st.error(str(error), icon=":material/error:")
        for known in kept_hands.names():
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{known}**", width="content")
                if st.button("Load", key=f"load hand {known}", icon=":material/upload:"):
                    _take_in(partial(kept_hands.load, known))
                st.button(
                    "Delete",
                    key=f"delete hand {known}",
                    icon=":material/delete:",
                    on_click=_delete,
                    args=(known,),
                )


def _delete(name: str) -> None:
    """Runs before the page is shown again, which says what went wrong."""
    if trouble := layout.tried(partial(kept_hands.delete, name)):
        st.session_state["hand news"] = [(trouble, "error")]

"""Where the drawing lies among the test digits, by what the network sees in them last."""

import streamlit as st

from mnist_cnn.evaluation import survey
from mnist_cnn.ui import digit_gallery, digit_plane, layout, test_digits
from mnist_cnn.ui.looking import Look
from mnist_cnn.ui.test_digits import Surveyed

CIRCLED = "circled digits"


def show(look: Look) -> None:
    """The plane, and below it what was picked, or what lies nearest."""
    if look.trouble:
        st.info(look.trouble, icon=":material/info:")
        return
    found = test_digits.computed(look.run)
    if found is None:
        return
    st.caption(
        f"Each dot is one of {len(found.plane.dots):,} test digits, near those in which the "
        "network sees the same; a white ring marks a misread one. The place of your drawing is "
        "that of its likest. Tap a dot, or draw a line around some."
    )
    picked = digit_gallery.picked(found.predictions)
    digit_plane.show(found, _own(look, found), picked, _pick, _circle)
    if picked is not None:
        _one(look, found, picked)
    elif rows := [r for r in st.session_state.get(CIRCLED, []) if r < len(found.plane.dots)]:
        _some(look, found, rows)
    elif not look.blank:
        _likest(look, found)


def _own(look: Look, found: Surveyed) -> dict[str, float | str] | None:
    if look.blank or not look.network:
        return None
    (x, y), *_ = found.plane.place(survey.features(look.network, look.outputs)).tolist()
    digit = look.result.prediction.digit if look.result else None
    return {"x": x, "y": y, "text": "?" if digit is None else str(digit)}


def _one(look: Look, found: Surveyed, row: int) -> None:
    label, read = int(found.predictions.labels[row]), int(found.predictions.predicted[row])
    with st.container(horizontal=True, vertical_alignment="center"):
        st.image(layout.enlarged(found.images[row], 4), width=112, alt=f"Test digit {row}")
        with st.container(gap="xsmall"):
            sure = f"{found.predictions.confidence[row]:.1%}".replace("100.0%", "over 99.9%")
            st.markdown(f"**Test digit #{row}**: a {label}, read as {read}, {sure} sure.")
            st.page_link(
                "pages/5_Confusion_matrix.py",
                label="From close up",
                icon=":material/zoom_in:",
                query_params={"run": look.run.id, "data": found.name, "image": str(row)},
            )
            st.button("Close", icon=":material/close:", on_click=digit_gallery.put_away)


def _some(look: Look, found: Surveyed, rows: list[int]) -> None:
    wrong = sum(not found.predictions.right[row] for row in rows)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{len(rows):,} digits, {wrong} of them misread**, those first")
        st.button("Close", icon=":material/close:", on_click=_circle, args=([],))
    ordered = sorted(rows, key=lambda row: bool(found.predictions.right[row]))
    digit_gallery.gallery(ordered, found.name, found.predictions, "circled")


def _likest(look: Look, found: Surveyed) -> None:
    assert look.network
    own = survey.features(look.network, look.outputs)[0]
    rows = found.plane.nearest(own, found.survey.features)
    images = found.images
    st.caption("The test digits in which the network sees most nearly the same as in yours")
    with st.container(horizontal=True, gap="xsmall"):
        for row in rows:
            label, read = int(found.predictions.labels[row]), int(found.predictions.predicted[row])
            words = f"{label}" if label == read else f"{label} → {read}"
            picture = layout.enlarged(images[row], 2)
            st.image(picture, caption=words, width=56, alt=f"Test digit {row}, a {label}")


def _pick(row: int) -> None:
    st.query_params["image"] = str(row)


def _circle(rows: list[int]) -> None:
    digit_gallery.put_away()
    st.session_state[CIRCLED] = rows

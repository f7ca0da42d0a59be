"""A drawing of ours in HTML or SVG, as it is: `st.html` would take the SVG out."""

import streamlit as st

_figure = st.components.v2.component(
    "digits.figure",
    js="""export default function ({ data, parentElement }) {
  let place = parentElement.querySelector(".figure-of-ours");
  if (!place) {
    place = document.createElement("div");
    place.className = "figure-of-ours";
    parentElement.append(place);
  }
  if (place.shown !== data) { place.innerHTML = data; place.shown = data; }
}""",
    isolate_styles=False,
)


def show(content: str, key: str) -> None:
    """HTML that holds nothing but what this program wrote."""
    _figure(data=content, key=key, height="content")

"""Choose a recipe, start it, and watch the network learn."""

import streamlit as st

from mnist_cnn import settings
from mnist_cnn.errors import DigitsError
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.recipe_options import arguments as arguments_of
from mnist_cnn.models.recipe_options import check
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.runs import store
from mnist_cnn.training import forecast, job_files, jobs
from mnist_cnn.ui import auth, job_panel, layout, recipe_form

PRESET_WORDS = {
    "quick": "about 30 s, learns from MNIST only",
    "standard": "about 2 min, reads real handwriting much better",
    "best": "about 35 min, two larger networks side by side: the recipe of the run that ships",
    "symbols": "about 25 min, digits and the signs of arithmetic, for numbers and equations",
}


def base_recipe() -> tuple[Recipe, str]:
    """A preset, or an earlier run's recipe where a link asked for it; and a key for its widgets."""
    source = st.query_params.get("from")
    if source:
        recipe = Recipe.from_dict(store.open_run(source).config["recipe"])
        st.info(f"Filled in with the settings of run {source}.", icon=":material/replay:")
        if st.button("Begin from a preset instead"):
            del st.query_params["from"]
            st.rerun()
        return recipe, source
    preset = st.segmented_control("Preset", list(PRESETS), default="quick", required=True)
    st.caption(f"**{preset}**: {PRESET_WORDS[preset]}.")
    return PRESETS[preset], preset


def what_to_expect(recipe: Recipe) -> None:
    expected = forecast.forecast(recipe, store.list_runs(recipe.kind), settings.machine())
    seconds = expected.seconds
    with st.container(horizontal=True):
        st.metric("Takes about", layout.duration(seconds) if seconds else "unknown", width=150)
        for name, accuracy in expected.accuracy.items():
            st.metric(name.removesuffix("-test").replace("-", " "), f"{accuracy:.2%}", width=150)
    if expected.accuracy:
        st.caption(f"Time {expected.basis}; accuracy as its last run scored.")
    elif seconds:
        st.caption(f"Time {expected.basis}. Estimated; these exact settings were never trained.")
    else:
        st.caption("These exact settings were never trained, and no run tells how long they take.")


def begin(arguments: list[str], who: str) -> None:
    try:
        jobs.start(arguments, who)
    except DigitsError as error:
        st.session_state["trouble"] = str(error)


layout.page("Train", "🎓", "Train a network here: choose, start, watch. It goes on when you leave.")
try:
    job = jobs.latest()
    who = auth.actor()
    if job:
        job_panel.panel(job, may_stop=who is not None)
    if trouble := st.session_state.pop("trouble", ""):
        st.error(trouble, icon=":material/error:")
    busy = job is not None and job.state == "running"

    base, key = base_recipe()
    recipe = base
    with st.expander("Own settings", icon=":material/tune:", expanded="from" in st.query_params):
        recipe = recipe_form.own_settings(base, key)
    recipe_form.network_picture(recipe.architecture)
    what_to_expect(recipe)
    left, right = st.columns([1, 2])
    name = left.text_input("Name", placeholder=recipe.preset, max_chars=80)
    note = right.text_input("Note", placeholder="what you want to find out", max_chars=500)
    arguments = arguments_of(check(recipe))
    for option, words in (("--name", name.strip()), ("--note", note.strip())):
        arguments += [option, words] if words else []
    st.code(job_files.command_line(["train", *arguments]), language="bash", wrap_lines=True)
    if not who:
        auth.explain("train")
    else:
        st.button(
            "Start",
            type="primary",
            icon=":material/play_arrow:",
            disabled=busy,
            on_click=begin,
            args=(arguments, who),
            help="One training at a time; please wait for this one." if busy else None,
        )
except DigitsError as error:
    st.error(str(error), icon=":material/error:")

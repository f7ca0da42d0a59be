"""Choose a recipe, start it, and watch the network learn."""

from dataclasses import replace

import streamlit as st

from mnist_cnn import settings
from mnist_cnn.errors import DigitsError
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.recipe_options import arguments as arguments_of
from mnist_cnn.models.recipe_options import check
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.runs import notes, store
from mnist_cnn.training import forecast, job_files, jobs
from mnist_cnn.ui import (
    auth,
    job_panel,
    layout,
    preset_cards,
    recipe_form,
    start_bar,
    teach_network,
    visitors,
)


def base_recipe() -> tuple[Recipe, str]:
    """A preset, or an earlier run's recipe where a link asked for it; and a key for its widgets."""
    if not (source := st.query_params.get("from")):
        preset = preset_cards.choose()
        return PRESETS[preset], preset
    run = store.open_run(source)
    recipe = check(Recipe.from_dict(run.config["recipe"]))
    longer = st.query_params.get("epochs", "")
    if epochs := layout.number_in(longer, 1001):
        recipe = replace(recipe, epochs=epochs)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(
            f"The settings of *{notes.name_of(run)}*, run {source}; {recipe.epochs} epochs.",
            icon=":material/replay:",
        )
        st.button("Begin from a preset instead", on_click=from_a_preset)
    return recipe, f"{source} {longer}"


def from_a_preset() -> None:
    for name in ("from", "epochs"):
        st.query_params.pop(name, None)


def command_of(recipe: Recipe) -> tuple[list[str], str]:
    """What to give `train`; and what is wrong with the recipe, or nothing."""
    try:
        return arguments_of(check(recipe)), ""
    except DigitsError as error:
        return arguments_of(recipe), str(error)


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


layout.page("Train", "Train a network here: choose, start, watch. It goes on when you leave.")
try:
    job, who = jobs.latest(), auth.actor()
    if not who:
        visitors.welcome("You can look around and watch; only the owner starts trainings.", "train")
    busy = job is not None and job.state == "running"
    base, key = base_recipe()
    top, below = st.container(), st.container()
    with st.expander("Settings", icon=":material/tune:", expanded="from" in st.query_params):
        note = st.text_input("Note", placeholder="what you want to find out", max_chars=500)
        recipe = recipe_form.own_settings(base, key)
        recipe_form.network_picture(recipe.architecture)
        what_to_expect(recipe)
        command = st.empty()
    arguments, complaint = command_of(recipe)
    with top.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", placeholder=recipe.preset, max_chars=80, width=240)
        words = start_bar.also_log_to()
        for option, text in (("--name", name.strip()), ("--note", note.strip())):
            words += [option, text] if text else []
        if who:
            start_bar.start_button([*arguments, *words], who, busy, bool(complaint))
    command.code(
        job_files.command_line(["train", *arguments, *words]), language="bash", wrap_lines=True
    )
    with below:
        start_bar.trouble(complaint)
        if not busy:
            start_bar.little_memory(recipe)
            start_bar.missing_data(recipe, words, who)
        teach_network.section(who, with_panel=False)
        if job:
            job_panel.panel(job, who)
except DigitsError as error:
    st.error(str(error), icon=":material/error:")
    if "from" in st.query_params:
        st.button("Begin from a preset", on_click=from_a_preset)

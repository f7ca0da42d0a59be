"""How a training is begun: the button, what it lacks, and what went wrong."""

from collections.abc import Sequence

import streamlit as st

from mnist_cnn.errors import BadInput, DigitsError
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.recipe_options import arguments as arguments_of
from mnist_cnn.models.recipe_options import with_options
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.runs import store
from mnist_cnn.settings import machine
from mnist_cnn.training import data_needed, forecast, free_memory, jobs, trackers
from mnist_cnn.training.job_files import Job
from mnist_cnn.ui import layout, preset_cards

HOPELESS = 0.5
"""With less than this share of what a preset held it will hardly become whole."""

INSTEAD = "Train on the bundled digits instead (no download)"

DATA_TITLES = {
    "mnist": "MNIST",
    "pen-digits": "the pen digits",
    "unipen": "UNIPEN",
    "swiss-numbers": "the Swiss numbers",
    "bhmsds": "BHMSDS",
}

TRACKERS = {"mlflow": "MLflow", "tensorboard": "TensorBoard"}


def begin(arguments: Sequence[str], who: str) -> None:
    """Begins a training; why it could not is shown under Start."""
    try:
        jobs.start(arguments, who)
        st.toast("The training has begun; it goes on when you leave.", icon=":material/school:")
    except DigitsError as error:
        st.session_state["trouble"] = str(error)


def start_button(arguments: Sequence[str], who: str, busy: bool, wrong: bool) -> None:
    if busy or wrong:
        reason = "One training at a time; please wait for this one." if busy else None
        st.button("Start", icon=":material/play_arrow:", disabled=True, help=reason)
        return
    layout.primary_button(
        "Start", icon=":material/play_arrow:", on_click=begin, args=(arguments, who)
    )


def also_log_to() -> list[str]:
    """Where else the training is logged, as an option of `train`; asked only where there is a
    tracker to be told."""
    known = trackers.available()
    if not known:
        return []
    usual = [name for name in known if name == "mlflow"]
    chosen = st.pills(
        "Also log to",
        known,
        selection_mode="multi",
        default=usual,
        format_func=TRACKERS.__getitem__,
    )
    return [] if chosen == usual else ["--log-to", ",".join(chosen) or trackers.NONE]


def trouble(complaint: str = "") -> None:
    """What is wrong with a recipe, and what went wrong when Start was pressed."""
    for words in (complaint, st.session_state.pop("trouble", "")):
        if words:
            st.error(words, icon=":material/error:")


def held_mb(recipe: Recipe) -> int:
    """The most that a training of this preset held: by the newest run of it, else as measured."""
    told = forecast.forecast(recipe, store.list_runs(recipe.kind), machine()).memory_mb
    known = preset_cards.CARDS.get(recipe.preset)
    return told or (known.memory_mb if known else 0)


def little_memory(recipe: Recipe) -> None:
    """Says before Start that memory may not do, by numbers, and what to do instead; Start stays,
    since what is free is only estimated."""
    free, needed = free_memory.free_memory_mb(), held_mb(recipe)
    if free >= needed:
        return
    smaller = [
        name
        for name, card in preset_cards.CARDS.items()
        if card.memory_mb < needed and PRESETS[name].kind == recipe.kind
    ]
    instead = f"choose {' or '.join(f'*{name}*' for name in smaller)}, " if smaller else ""
    hopeless = free < HOPELESS * needed
    outcome = (
        "The system will most likely end it soon after Start."
        if hopeless
        else "The system may end it before it is whole; the dashboard goes on."
    )
    (st.error if hopeless else st.warning)(
        f"**Little memory**: {free:,} MB are free, and a training of *{recipe.preset}* held up to "
        f"{needed:,} MB. {outcome} Please {instead}close other programs, or train on another "
        "machine by the command under Settings and copy the run's folder here.",
        icon=":material/memory_alt:",
    )


def missing_data(recipe: Recipe, words: Sequence[str], who: str | None) -> None:
    """Says which data are to be downloaded first, and offers to do without.

    Args:
        words: the name and note, as options of `train`.
    """
    missing = data_needed.to_download(recipe)
    if not missing:
        return
    *others, last = (DATA_TITLES[name] for name in missing)
    names = f"{', '.join(others)} and {last}" if others else last
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f":material/download: **{names[0].upper()}{names[1:]} "
            f"{'is' if len(missing) == 1 else 'are'} not on this machine.** Start downloads "
            f"{data_needed.megabytes(missing)} MB first, which needs the internet.",
            width="stretch",
        )
        if who:
            _instead(recipe, words, who, "start")


def offer_instead(job: Job, who: str | None) -> None:
    """For a training that failed for want of data: the same without a download."""
    if who and job.needs_data:
        recipe = recipe_of(job)
        if recipe:
            words = [
                w for o in ("--name", "--note") if o in job.options for w in (o, job.options[o])
            ]
            _instead(recipe, words, who, job.id, disabled=jobs.running() is not None)


def recipe_of(job: Job) -> Recipe | None:
    """What a job was to train, or None where this program does not know its settings."""
    try:
        return with_options(PRESETS[job.options.get("--preset", "standard")], job.options)
    except (BadInput, KeyError):
        return None


def _instead(
    recipe: Recipe, words: Sequence[str], who: str, key: str, disabled: bool = False
) -> None:
    st.button(
        INSTEAD,
        key=f"instead {key}",
        icon=":material/offline_bolt:",
        disabled=disabled,
        on_click=begin,
        args=([*arguments_of(data_needed.without_download(recipe)), *words], who),
    )

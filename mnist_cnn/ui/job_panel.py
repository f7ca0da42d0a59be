"""A training as everybody sees it: where it is, how it learns, and how to end it."""

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.training import job_files, job_processes, jobs
from mnist_cnn.training.job_files import Job
from mnist_cnn.training.progress import TrainingProgress
from mnist_cnn.ui import end_card, layout, learning_view, phase_bars, start_bar, visitors

STATES = {
    "finished": ("green", "finished"),
    "stopped": ("orange", "stopped"),
    "failed": ("red", "failed"),
    "interrupted": ("red", "interrupted"),
    "running": ("blue", "running"),
}


def panel(job: Job, who: str | None) -> None:
    """The job, renewed every second while it runs."""
    if job.state == "running":
        st.fragment(_panel, run_every=1.0)(job.id, who)
        st.fragment(_until_it_ends, run_every=0.3)(job.id)
    else:
        _panel(job.id, who)


def _panel(job_id: str, who: str | None) -> None:
    job = jobs.find(job_id)
    if job is None:
        st.info("This training is not known any more.")
        return
    with st.container(border=True):
        if job.state == "running":
            _running(job, who)
        else:
            ended(job, who)
        command_and_log(job, who)


def _until_it_ends(job_id: str) -> None:
    """Looks oftener than the panel is renewed, since this takes next to nothing."""
    job = jobs.find(job_id)
    if job is None or job.state != "running":
        st.rerun()


def command_and_log(job: Job, who: str | None) -> None:
    """What was typed for it, and what it printed last."""
    with st.expander("Command and log"):
        st.code(visitors.shown_text(job.shown_command, who), language="bash", wrap_lines=True)
        log = job_files.log_tail(job) or "Nothing was printed yet."
        st.code(visitors.shown_text(log, who), language=None)


def ended(job: Job, who: str | None) -> None:
    """How a training ended: what became of it, or why nothing did."""
    colour, word = STATES[job.state]
    took = layout.duration(job.seconds)
    st.markdown(
        f"**{job.name or 'Run'}** · :{colour}-badge[{word}] after {took}, begun by {job.who} · "
        f"run {job.id}"
    )
    if job.reason:
        say = st.info if job.state == "stopped" else st.error
        icon = "stop_circle" if job.state == "stopped" else "error"
        say(visitors.shown_text(job.reason, who), icon=f":material/{icon}:")
        start_bar.offer_instead(job, who)
    elif job.state in ("finished", "stopped"):
        end_card.show(job.id, who)


def _running(job: Job, who: str | None) -> None:
    progress = jobs.progress(job)
    st.markdown(
        f"**{job.name or 'Run'}** · begun by {job.who} {layout.duration(job.seconds)} ago · "
        f"run {job.id}"
    )
    phase_bars.show(job, progress)
    if job_processes.stalled(job):
        st.warning("It has given no sign for a while; Stop will end it there and then.")
    if who:
        with st.container(horizontal=True):
            if progress.phase != "measuring":  # then it has learnt all
                st.button(
                    "Stop and keep what it learnt",
                    icon=":material/stop:",
                    on_click=_stop,
                    args=(job, False),
                )
            st.button(
                "Cancel, keep nothing", icon=":material/cancel:", on_click=_stop, args=(job, True)
            )
    _facts(progress)
    learning_view.own_drawing(job.id, still=progress.phase != "measuring")
    learning_view.learning(job.id)
    learning_view.still_wrong(job.id)


def _stop(job: Job, at_once: bool) -> None:
    nothing_yet = jobs.progress(job).batch == 0
    try:
        job_processes.stop(job, at_once)
        if at_once or nothing_yet:
            st.toast("It ends now.")
        else:
            st.toast("It ends after this batch and is then measured.")
    except DigitsError as error:
        st.toast(str(error))


def _facts(progress: TrainingProgress) -> None:
    def shown(value: float | None, form: str) -> str:
        return "–" if value is None else f"{value:{form}}"

    if not progress.batch:
        return
    with st.container(horizontal=True):
        for label, value, form in (
            ("Loss", progress.loss, ".3f"),
            ("Accuracy", progress.accuracy, ".2%"),
            ("Validation", progress.val_accuracy, ".2%"),
            ("Learning rate", progress.learning_rate, ".2g"),
            ("Images per second", progress.images_per_second, ",.0f"),
            ("Peak memory (MB)", progress.peak_memory_mb, ",.0f"),
        ):
            st.metric(label, shown(value, form), width=135)

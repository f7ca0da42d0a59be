"""A training as everybody sees it: where it is, how it learns, and how to end it."""

import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.training import job_files, job_processes, jobs, progress_files
from mnist_cnn.training.job_files import Job
from mnist_cnn.training.progress import TrainingProgress
from mnist_cnn.ui import charts, layout, matrix_view

STATES = {
    "finished": ("green", "finished"),
    "stopped": ("orange", "stopped"),
    "failed": ("red", "failed"),
    "interrupted": ("red", "interrupted"),
    "running": ("blue", "running"),
}


def panel(job: Job, may_stop: bool) -> None:
    """The job, renewed every second while it runs."""
    st.fragment(_panel, run_every=1.0 if job.state == "running" else None)(job.id, may_stop)


def _panel(job_id: str, may_stop: bool) -> None:
    job = jobs.find(job_id)
    if job is None:
        st.info("This training is not known any more.")
        return
    if job.state != "running" and st.session_state.get("watching") == job_id:
        st.session_state["watching"] = None
        st.rerun()
    with st.container(border=True):
        if job.state == "running":
            st.session_state["watching"] = job_id
            _running(job, may_stop)
        else:
            _ended(job)
        with st.expander("Command and log"):
            st.code(job.shown_command, language="bash", wrap_lines=True)
            st.code(job_files.log_tail(job) or "Nothing was printed yet.", language=None)


def _running(job: Job, may_stop: bool) -> None:
    progress = jobs.progress(job)
    st.markdown(f"**Run {job.id}** · begun by {job.who} {layout.duration(job.seconds)} ago")
    st.progress(min(1.0, progress.share), text=_where(progress))
    if job_processes.stalled(job):
        st.warning("It has given no sign for a while; Stop will end it there and then.")
    if may_stop:
        with st.container(horizontal=True):
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
    learning(job.id)


def _ended(job: Job) -> None:
    colour, word = STATES[job.state]
    took = layout.duration(job.seconds)
    st.markdown(f"**Run {job.id}** · :{colour}-badge[{word}] after {took}, begun by {job.who}")
    if job.state in ("finished", "stopped") and not job.reason:
        layout.run_link(job.id, f"Run {job.id}")
    if job.reason:
        st.error(job.reason, icon=":material/error:")


def _stop(job: Job, at_once: bool) -> None:
    try:
        job_processes.stop(job, at_once)
        st.toast("It ends now." if at_once else "It ends after this batch and is then measured.")
    except DigitsError as error:
        st.toast(str(error))


def _where(progress: TrainingProgress) -> str:
    if progress.phase != "training":
        return f"{progress.phase.capitalize()} …"
    left = progress.seconds_left
    ends = f" · {layout.duration(left)} left" if left is not None else ""
    return (
        f"Epoch {progress.epoch} of {progress.epochs}, batch {progress.batch:,} of "
        f"{progress.batches:,}{ends}"
    )


def _facts(progress: TrainingProgress) -> None:
    def shown(value: float | None, form: str) -> str:
        return "–" if value is None else f"{value:{form}}"

    with st.container(horizontal=True):
        for label, value, form in (
            ("Loss", progress.loss, ".3f"),
            ("Accuracy", progress.accuracy, ".2%"),
            ("Validation", progress.val_accuracy, ".2%"),
            ("Learning rate", progress.learning_rate, ".5f"),
            ("Images per second", progress.images_per_second, ",.0f"),
            ("Peak memory (MB)", progress.peak_memory_mb, ",.0f"),
        ):
            st.metric(label, shown(value, form), width=135)


def learning(run_id: str) -> None:
    """The curves and the validation matrix that a run has so far."""
    curve, history = progress_files.curve(run_id), progress_files.history(run_id)
    if len(curve):
        loss, accuracy = st.columns(2)
        loss.altair_chart(charts.live_curve(curve, history, "loss", "Loss", ".3f"), width="stretch")
        accuracy.altair_chart(
            charts.live_curve(curve, history, "accuracy", "Accuracy", ".1%"), width="stretch"
        )
    with st.expander("Confusion matrix of the validation digits, per epoch"):
        matrix_view.per_epoch(run_id)

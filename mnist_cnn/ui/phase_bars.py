"""Every phase of a training as a bar, with the time that is left where it can be known."""

from typing import Any

import streamlit as st

from mnist_cnn import settings
from mnist_cnn.runs import store
from mnist_cnn.training import forecast
from mnist_cnn.training.job_files import Job
from mnist_cnn.training.progress import TrainingProgress
from mnist_cnn.ui import layout, start_bar

PHASES = {
    "Preparing": ("starting", "preparing data", "building"),
    "Downloading": ("downloading",),
    "Training": ("training",),
    "Measuring": ("measuring",),
}
"""The bars, and the phases of a run that each stands for."""

STARTING = 5.0
"""Seconds before a training process gives its first sign; no run counts them."""


def show(job: Job, progress: TrainingProgress) -> None:
    """A bar per phase: done, under way, or still to come."""
    usual = _usual(job)
    bars = (bar for bar, phases in PHASES.items() if progress.phase in phases)
    current = next(bars, next(iter(PHASES)))
    spent = {
        bar: sum(progress.phase_seconds.get(phase, 0.0) for phase in phases)
        for bar, phases in PHASES.items()
    }
    spent["Preparing"] = max(0.0, job.seconds - sum(spent.values()) + spent["Preparing"])
    names = list(PHASES)
    for bar, phases in PHASES.items():
        if bar == "Downloading" and bar != current and not spent[bar]:
            continue  # all was here
        if bar == current:
            expected = sum(usual.get(phase, 0.0) for phase in phases)
            if bar == "Preparing" and expected:
                expected += STARTING
            st.progress(*_under_way(bar, progress, spent[bar], expected))
        elif names.index(bar) < names.index(current) or (bar == "Downloading" and spent[bar]):
            st.progress(1.0, text=f":green[✓] {bar} · took {layout.duration(spent[bar])}")
        else:
            st.progress(0.0, text=f":gray[{bar}]")


def _under_way(
    bar: str, progress: TrainingProgress, spent: float, expected: float
) -> tuple[float, str]:
    """How far the current phase is, and that in words."""
    share, left, words = 0.0, None, f"**{bar}**"
    if bar == "Training":
        share, left = progress.share, progress.seconds_left
        words = (
            f"**Training** · epoch {progress.epoch} of {progress.epochs}, batch "
            f"{progress.batch:,} of {progress.batches:,}"
        )
    elif bar == "Downloading":
        share = progress.share
        left = spent * (1 - share) / share if share > 0.02 else None
        words += f" · {share:.0%}"
    elif expected:
        share = min(0.95, spent / expected)
        left = max(1.0, expected - spent)
    ends = f" · {layout.duration(left)} left" if left is not None else f" · {spent:.0f} s so far"
    return min(1.0, share), words + ends


@st.cache_data(show_spinner=False, max_entries=20)
def _usual_of(job_id: str, preset: str, artifacts: str) -> dict[str, float]:
    """The seconds that each phase took in the newest run of a preset on this machine."""
    known = [run for kind in store.POINTERS for run in store.list_runs(kind)]
    same = sorted(known, key=lambda run: run.id, reverse=True)[: forecast.ASKED]
    return forecast.usual_phases(preset, same, settings.machine())


def _usual(job: Job) -> dict[str, Any]:
    recipe = start_bar.recipe_of(job)
    return _usual_of(job.id, recipe.preset, str(settings.artifacts_folder())) if recipe else {}

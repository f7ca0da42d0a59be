"""One run in full, and several side by side."""

import functools
from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

from mnist_cnn.runs import notes, report
from mnist_cnn.runs.loading import load_calibration
from mnist_cnn.runs.store import Run
from mnist_cnn.training.job_files import Job
from mnist_cnn.ui import (
    job_panel,
    layout,
    learning_view,
    run_actions,
    run_differences,
    run_names,
    run_transfer,
)


def one(run: Run) -> None:
    """Scores, curves, settings and files of a run."""
    st.subheader(notes.name_of(run))
    st.caption(f"Run {run.id} · begun {run.created} UTC · {run.manifest.get('status', 'finished')}")
    if note := notes.note_of(run):
        st.markdown(note)
    layout.open_tab(
        {
            "Scores": lambda: _scores(run),
            "How it learnt": lambda: _learning(run),
            "Settings": lambda: _settings(run),
            "Files": lambda: _downloads(run),
        },
        "tab",
    )


def _learning(run: Run) -> None:
    if (run.folder / "curve.csv").exists():
        learning_view.learning(run.id)
    else:
        run_differences.curves([run], run_names.titles([run]))


def _settings(run: Run) -> None:
    st.caption("The command that makes it again")
    st.code(run.config.get("command", ""), language="bash", wrap_lines=True)
    with st.expander("Settings and data"):
        st.json({"recipe": run.config.get("recipe"), "data": run.config.get("data")})
    with st.expander("Environment"):
        facts = ("parameters", "training_seconds", "total_seconds", "peak_memory_mb", "machine")
        st.json(
            {
                "versions": run.config.get("versions"),
                "commit": run.config.get("commit"),
                **{fact: run.manifest.get(fact) for fact in facts},
                "greatest difference from Keras to LiteRT": run.evaluation.get(
                    "keras_litert_difference"
                ),
                "share that the int8 copy reads otherwise": run.evaluation.get(
                    "int8_reads_otherwise"
                ),
            }
        )


def training(job: Job, who: str | None, alone: bool) -> None:
    """A training that never became a run: how it ended, its command and its log.

    Args:
        alone: whether it is the only one in sight, with what may be done with it.
    """
    st.subheader(job.name or job.id)
    with st.container(border=True):
        job_panel.ended(job, who)
        if who and alone:
            run_actions.job_actions(job.id)
        job_panel.command_and_log(job, who)


def several(chosen: Sequence[Run], below_curves: Callable[[], None]) -> None:
    """Curves over each other, what may be done with all of them, and the settings that differ."""
    titles = run_names.titles(chosen)
    st.subheader(f"{len(chosen)} runs side by side")
    run_differences.curves(chosen, titles)
    below_curves()
    run_differences.settings(chosen, titles)


def _scores(run: Run) -> None:
    rows = []
    for name, scores in run.evaluation.get("datasets", {}).items():
        low, high = scores["accuracy_95"]
        rows.append(
            {
                "Test set": name,
                "Images": scores["images"],
                "Accuracy": f"{scores['accuracy']:.2%}",
                "95 % interval": f"{low:.2%} to {high:.2%}",
                "ECE": f"{scores['ece']:.2%}",
                "Rejected": f"{scores['turned_away']:.2%}",
                "Unsure": f"{scores['unsure']:.2%}",
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    values = load_calibration(run)
    st.caption(f"Says “unsure” below {values.min_confidence:.0%} confidence.")
    with st.expander("Details"):
        st.caption(
            f"Logits are divided by {values.temperature:.2f} before the softmax (temperature); an "
            f"image is no digit where the log-odds of one lie below {values.min_evidence:.2f}; "
            f"“unsure” begins at {values.min_confidence:.2%}. All fitted on validation data."
        )


def _downloads(run: Run) -> None:
    kinds = {
        "model.keras": "Keras network",
        "model.tflite": "LiteRT network",
        "model-int8.tflite": "LiteRT network (int8)",
        "history.csv": "History (CSV)",
        "evaluation.json": "Evaluation (JSON)",
    }
    with st.container(horizontal=True):
        run_transfer.download(run)
        for name, label in kinds.items():
            if name in run.manifest["sha256"]:
                st.download_button(
                    label,
                    functools.partial(run.read, name),
                    f"{run.id}-{name}",
                    icon=":material/download:",
                    on_click="ignore",
                )
        st.download_button(
            "Report (HTML)",
            lambda: report.page(run),
            f"{run.id}.html",
            "text/html",
            icon=":material/description:",
            on_click="ignore",
        )

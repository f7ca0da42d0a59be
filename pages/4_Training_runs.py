"""Every training run, and one of them in full."""

import io

import pandas as pd
import streamlit as st

from mnist_cnn import runs
from mnist_cnn.errors import DigitsError
from mnist_cnn.runs import Run
from mnist_cnn.ui import charts, layout


def table(all_runs: list[Run], production: str | None) -> pd.DataFrame:
    rows = []
    for run in all_runs:
        scores = run.evaluation.get("datasets", {})
        rows.append(
            {
                "Run": run.id,
                "Name": run.name,
                "In production": run.id == production,
                "Begun (UTC)": run.created,
                "Parameters": run.manifest.get("parameters"),
                "Trained for (min)": run.manifest.get("training_seconds", 0) / 60,
                **{f"{name} (%)": 100 * score["accuracy"] for name, score in scores.items()},
            }
        )
    return pd.DataFrame(rows)


def details(run: Run) -> None:
    st.subheader(f"Run {run.id}")
    st.code(run.config.get("command", ""), language="bash")
    history = pd.read_csv(io.BytesIO(run.read("history.csv")))
    st.altair_chart(charts.learning_curves(history), width="stretch")
    scores = pd.DataFrame(run.evaluation["datasets"]).T
    shown = scores[["images", "accuracy", "accuracy_95", "ece", "turned_away", "unsure"]]
    st.dataframe(shown, width="stretch")
    st.caption(
        f"Verdicts: unsure below {run.calibration['least_confidence']:.1%} confidence; no digit "
        f"where the log-odds of one lie below {run.calibration['least_evidence']:.2f}; logits "
        f"divided by {run.calibration['temperature']:.2f}. All fitted on validation data."
    )
    with st.expander("Settings, data and versions"):
        st.json(run.config)


layout.page(
    "Training runs",
    "🏋️",
    "Every network that was trained here, what went into it and how well it reads.",
)
try:
    all_runs, production = runs.list_runs(), runs.production_id()
    if not all_runs:
        st.info("No run yet. Train one with `python -m mnist_cnn train --preset quick`.")
        st.stop()
    st.dataframe(table(all_runs, production), hide_index=True, width="stretch")
    ids = [run.id for run in all_runs]
    wanted = st.query_params.get("run", production)
    if wanted not in ids:
        st.warning(f"There is no run {wanted!r} here; this is the newest one instead.")
        wanted = ids[0]
    chosen = st.selectbox("Show", ids, index=ids.index(wanted))
    st.query_params["run"] = chosen
    details(runs.open_run(chosen))
except DigitsError as error:
    st.error(str(error), icon=":material/error:")

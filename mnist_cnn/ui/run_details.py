"""One run in full, several side by side, and what may be done with them."""

import functools
import json
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mnist_cnn import registry, report
from mnist_cnn.errors import DigitsError, RunRefused
from mnist_cnn.runs import Run
from mnist_cnn.ui import charts, job_panel

CURVES = {
    "Validation accuracy": ("val_accuracy", ".1%"),
    "Validation loss": ("val_loss", ".3f"),
    "Training accuracy": ("accuracy", ".1%"),
    "Training loss": ("loss", ".3f"),
}


def one(run: Run) -> None:
    """Scores, curves, settings, environment and files of a run."""
    st.subheader(registry.name_of(run))
    st.caption(f"Run {run.id} · begun {run.created} UTC · {run.manifest.get('status', 'finished')}")
    if note := registry.labels(run.id).note or run.manifest.get("note"):
        st.markdown(note)
    _scores(run)
    if (run.folder / "curve.csv").exists():
        job_panel.learning(run.id)
    else:
        overlaid([run], "Epoch", "Validation accuracy")
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
    _downloads(run)


def several(chosen: Sequence[Run]) -> None:
    """Curves over each other, settings side by side."""
    st.subheader(f"{len(chosen)} runs side by side")
    left, right = st.columns(2)
    measure = left.selectbox("Curve", list(CURVES))
    axis = right.segmented_control("Over", ["Epoch", "Minutes"], default="Epoch", required=True)
    overlaid(chosen, axis, measure)
    settings = pd.DataFrame({_title(run): _flat(run.config.get("recipe", {})) for run in chosen})
    settings = settings.fillna("–").astype(str)
    differs = settings.nunique(axis=1) > 1
    settings.insert(0, "Differs", differs.map({True: "●", False: ""}))
    if st.toggle("Only settings that differ", value=bool(differs.any())):
        settings = settings[differs]
    st.dataframe(settings, width="stretch")


def overlaid(chosen: Sequence[Run], axis: str, measure: str) -> None:
    """One measure of several runs over epochs or minutes."""
    column, form = CURVES[measure]
    tables = []
    for run in chosen:
        history = job_panel.table(run.id, "history.csv")
        if column not in history:
            continue
        minutes = history["seconds"].cumsum() / 60
        tables.append(
            pd.DataFrame(
                {
                    "Run": _title(run),
                    axis: history["epoch"] if axis == "Epoch" else minutes,
                    measure: history[column],
                }
            )
        )
    if tables:
        chart = charts.overlaid_curves(pd.concat(tables), axis, measure, form)
        st.altair_chart(chart, width="stretch")


def actions(run: Run, production: str | None, who: str) -> None:
    """Everything that changes a run or what is said of it."""
    live = run.id == production
    with st.container(horizontal=True):
        _button("Promote", "publish", lambda: _promote(run, who), disabled=live, type="primary")
        labels = registry.labels(run.id)
        _button(
            "Take out of the archive" if labels.archived else "Archive",
            "inventory_2",
            lambda: registry.label(run.id, archived=not labels.archived),
            disabled=live,
        )
        with st.popover("Delete", icon=":material/delete:", disabled=live):
            st.write(f"Delete run {run.id}? It can be brought back for 30 days.")
            _button("Yes, delete it", "delete", lambda: _delete(run))
        st.page_link(
            "pages/3_Train.py",
            label="Train again with changes",
            icon=":material/replay:",
            query_params={"from": run.id},
        )
    if live:
        st.caption("This run is in production, so it can be neither archived nor deleted.")
    _reason_to_override(run, who)
    with st.expander("Name, note and tags"), st.form(f"labels {run.id}", border=False):
        name = st.text_input("Name", registry.name_of(run), max_chars=80)
        note = st.text_area("Note", labels.note or run.manifest.get("note", ""), max_chars=2000)
        tags = st.text_input("Tags, separated by commas", ", ".join(labels.tags), max_chars=200)
        if st.form_submit_button("Save"):
            kept = tuple(tag.strip() for tag in tags.split(",") if tag.strip())
            registry.label(run.id, name=name.strip(), note=note.strip(), tags=kept)
            st.rerun()


def undo_bar(who: str) -> None:
    """Rolls back a promotion, brings deleted runs back."""
    previous, trash = registry.previous_production(), registry.deleted()
    with st.container(horizontal=True):
        if previous:
            _button(
                f"Roll back to {previous}",
                "undo",
                lambda: registry.roll_back(who),
            )
        if trash:
            _button(f"Restore {trash[0]}", "restore_from_trash", lambda: registry.restore(trash[0]))


def promotion_log() -> None:
    """Who promoted what, and when."""
    entries = registry.promotions()
    if entries:
        with st.expander("Promotions"):
            rows = [vars(entry) for entry in reversed(entries)]
            shown = pd.DataFrame(rows).rename(
                columns={"when": "When (UTC)", "before": "From", "after": "To", "by": "By"}
            )
            st.dataframe(shown.rename(columns={"reason": "Reason"}), hide_index=True)


def _promote(run: Run, who: str, reason: str = "") -> None:
    try:
        registry.promote(run.id, who, reason)
        st.session_state.pop("refused", None)
        st.toast(f"Run {run.id} answers from the next drawing on.")
    except RunRefused as error:
        st.session_state["refused"] = (run.id, error)


def _delete(run: Run) -> None:
    registry.delete(run.id)
    st.query_params.pop("run", None)
    st.toast(f"Run {run.id} is deleted; Restore brings it back.")


def _reason_to_override(run: Run, who: str) -> None:
    refused, error = st.session_state.get("refused", (None, None))
    if refused != run.id:
        return
    st.error(str(error), icon=":material/block:")
    if error.reason_helps:
        reason = st.text_input("Reason to promote it all the same", max_chars=300)
        _button(
            "Promote all the same",
            "publish",
            lambda: _promote(run, who, reason),
            disabled=not reason.strip(),
        )


def _button(label: str, icon: str, action: Callable[[], Any], **options: Any) -> None:
    """A button whose failure is a sentence."""

    def act() -> None:
        try:
            action()
        except DigitsError as error:
            st.session_state["trouble"] = str(error)

    st.button(label, icon=f":material/{icon}:", on_click=act, **options)


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
                "Turned away": f"{scores['turned_away']:.2%}",
                "Unsure": f"{scores['unsure']:.2%}",
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch")
    values = run.calibration
    st.caption(
        f"Verdicts: unsure below {values['least_confidence']:.1%} confidence; no digit where the "
        f"log-odds of one lie below {values['least_evidence']:.2f}; logits divided by "
        f"{values['temperature']:.2f}. All fitted on validation data."
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


def _title(run: Run) -> str:
    return f"{registry.name_of(run)} · {run.id}"


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = json.dumps(value)
    return flat

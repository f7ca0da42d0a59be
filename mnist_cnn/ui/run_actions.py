"""What may be done with runs: promote, roll back, archive, delete, restore, name."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from mnist_cnn.errors import DigitsError, RunRefused
from mnist_cnn.runs import notes, registry, trash
from mnist_cnn.runs.store import Run


def actions(run: Run, production: str | None, who: str) -> None:
    """Everything that changes a run or what is said of it."""
    live = run.id == production
    with st.container(horizontal=True):
        _button("Promote", "publish", lambda: _promote(run, who), disabled=live, type="primary")
        labels = notes.notes_of(run.id)
        _button(
            "Take out of the archive" if labels.archived else "Archive",
            "inventory_2",
            lambda: notes.annotate(run.id, archived=not labels.archived),
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
        name = st.text_input("Name", notes.name_of(run), max_chars=80)
        note = st.text_area("Note", labels.note or run.manifest.get("note", ""), max_chars=2000)
        tags = st.text_input("Tags, separated by commas", ", ".join(labels.tags), max_chars=200)
        if st.form_submit_button("Save"):
            kept = tuple(tag.strip() for tag in tags.split(",") if tag.strip())
            notes.annotate(run.id, name=name.strip(), note=note.strip(), tags=kept)
            st.rerun()


def undo_bar(who: str) -> None:
    """Rolls back a promotion, brings deleted runs back."""
    last, deleted = registry.last_promotion(), trash.deleted()
    with st.container(horizontal=True):
        if last and last.before:
            _button(
                f"Roll back {last.kind} to {last.before}",
                "undo",
                lambda: registry.roll_back(who),
            )
        if deleted:
            _button(
                f"Restore {deleted[0]}", "restore_from_trash", lambda: trash.restore(deleted[0])
            )


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
    trash.delete(run.id)
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

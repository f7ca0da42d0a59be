"""What may be done with runs: promote, roll back, archive, delete, restore, name."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mnist_cnn.errors import DigitsError, RunRefused
from mnist_cnn.runs import notes, registry, store, trash
from mnist_cnn.runs.store import Run
from mnist_cnn.ui import layout


def actions(run: Run, production: str | None, who: str) -> None:
    """Everything that changes a run or what is said of it."""
    live = run.id == production
    with st.container(horizontal=True, vertical_alignment="center"):
        promote_button(run, who, "Promote", disabled=live)
        labels = notes.notes_of(run.id)
        button(
            "Take out of the archive" if labels.archived else "Archive",
            "inventory_2",
            lambda: archive([run.id], not labels.archived),
            disabled=live,
        )
        with st.popover("Delete", icon=":material/delete:", disabled=live):
            st.write(f"Delete run {run.id}? It can be brought back for 30 days.")
            button("Yes, delete it", "delete", lambda: delete([run.id]))
        if run.config.get("recipe"):  # none of a network from elsewhere is known
            st.page_link(
                "pages/3_Train.py",
                label="Train again with changes",
                icon=":material/replay:",
                query_params={"from": run.id},
            )
    if live:
        st.caption("This run is in production, so it can be neither archived nor deleted.")
    reason_to_override(run, who)
    with st.expander("Name, note and tags"), st.form(f"labels {run.id}", border=False):
        name = st.text_input("Name", notes.name_of(run), max_chars=80)
        note = st.text_area("Note", notes.note_of(run), max_chars=2000)
        tags = st.text_input("Tags, separated by commas", ", ".join(labels.tags), max_chars=200)
        if st.form_submit_button("Save"):
            kept = tuple(tag.strip() for tag in tags.split(",") if tag.strip())
            notes.annotate(run.id, name=name.strip(), note=note.strip(), tags=kept)
            st.rerun()


def job_actions(run_id: str) -> None:
    """What may be done with a training that never became a run, or with a damaged run."""
    with st.popover("Delete", icon=":material/delete:"):
        st.write("Delete what is left of it? It can be brought back for 30 days.")
        button("Yes, delete it", "delete", lambda: delete([run_id]))


def actions_on_several(ids: Sequence[str]) -> None:
    """Archives or deletes what was ticked, whole runs and failed trainings alike."""
    free = [run_id for run_id in ids if not store.in_production(run_id)]
    if not free:
        return
    with st.container(horizontal=True):
        button(f"Archive {len(free)}", "inventory_2", lambda: archive(free, True))
        with st.popover(f"Delete {len(free)}", icon=":material/delete:"):
            st.write(f"Delete {len(free)} runs? They can be brought back for 30 days.")
            button(f"Yes, delete {len(free)}", "delete", lambda: delete(free))
    if len(free) < len(ids):
        st.caption("What is in production stays.")


def undo_bar(who: str) -> None:
    """Rolls back a promotion, brings deleted runs back."""
    last, deleted = registry.last_promotion(), trash.deleted()
    with st.container(horizontal=True):
        if last and last.before:
            button(
                f"Roll back {last.kind} to {last.before}",
                "undo",
                lambda: _roll_back(who),
            )
        if deleted:
            button(f"Restore {deleted[0]}", "restore_from_trash", lambda: restore([deleted[0]]))
        if len(deleted) > 1:
            with st.popover(f"{len(deleted)} deleted", icon=":material/restore_from_trash:"):
                chosen = st.multiselect("Bring back", deleted, key="restored")
                button(
                    "Bring them back",
                    "restore_from_trash",
                    lambda: restore(chosen),
                    disabled=not chosen,
                )


def _roll_back(who: str) -> None:
    entry = registry.roll_back(who)
    st.toast(f"Rolled back: run {entry.after} answers again.")


def promotion_log() -> None:
    """Who promoted what, and when."""
    entries = registry.promotions()
    if entries:
        with st.expander("Promotions"):
            rows = [vars(entry) for entry in reversed(entries)]
            shown = pd.DataFrame(rows).rename(
                columns={"when": "When (UTC)", "before": "From", "after": "To", "by": "By"}
            )
            shown = shown.drop(columns="undoes").rename(columns={"reason": "Reason"})
            st.dataframe(shown, hide_index=True)


def promote_button(run: Run, who: str, label: str, disabled: bool) -> None:
    """Puts a run into production, if the gate lets it; else `reason_to_override` says why not."""

    def act() -> None:
        _caught(lambda: _promote(run, who))

    if disabled:
        st.button(label, icon=":material/publish:", disabled=True)
    else:
        layout.primary_button(label, icon=":material/publish:", on_click=act)


def reason_to_override(run: Run, who: str) -> None:
    """Where the gate has refused a run: why, and a field for the reason to promote it anyhow."""
    refused, live, error = st.session_state.get("refused", (None, None, None))
    if refused != run.id or live != store.production_id(run.kind):
        return
    st.error(str(error), icon=":material/block:")
    if error.reason_helps:
        reason = st.text_input("Reason to promote it all the same", max_chars=300)
        button(
            "Promote all the same",
            "publish",
            lambda: _promote(run, who, reason),
            disabled=not reason.strip(),
        )


def archive(ids: Sequence[str], archived: bool) -> None:
    """Marks runs as archived or not; trainings that never became runs are left as they are."""
    known = store.list_all()
    for run_id in ids:
        if isinstance(known.get(run_id), Run):
            notes.annotate(run_id, archived=archived)
    untick()


def delete(ids: Sequence[str]) -> None:
    """Moves runs, and trainings that never became one, into the trash."""
    untick()
    known = store.list_all()
    for run_id in ids:
        if run_id in known:
            trash.delete(run_id)
        else:
            trash.delete_job(run_id)
    what = f"Run {ids[0]} is" if len(ids) == 1 else f"{len(ids)} runs are"
    st.toast(f"{what} deleted; Restore brings {'it' if len(ids) == 1 else 'them'} back.")


def restore(ids: Sequence[str]) -> None:
    for run_id in ids:
        trash.restore_any(run_id)
    untick()


def untick() -> None:
    """Ticks are places in the table: after a row has gone they would mean other runs."""
    st.session_state["ticks"] = st.session_state.get("ticks", 0) + 1
    st.query_params.pop("run", None)


def _promote(run: Run, who: str, reason: str = "") -> None:
    try:
        registry.promote(run.id, who, reason)
        st.session_state.pop("refused", None)
        st.toast(f"Run {run.id} answers from the next drawing on.")
    except RunRefused as error:
        st.session_state["refused"] = (run.id, store.production_id(run.kind), error)


def _caught(action: Callable[[], Any]) -> None:
    try:
        action()
    except DigitsError as error:
        st.session_state["trouble"] = str(error)


def button(label: str, icon: str, action: Callable[[], Any], **options: Any) -> None:
    """A button whose failure is a sentence."""
    st.button(label, icon=f":material/{icon}:", on_click=lambda: _caught(action), **options)

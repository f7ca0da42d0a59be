"""Every training run: found, compared, promoted and put away."""

import pandas as pd
import streamlit as st

from mnist_cnn.errors import DigitsError
from mnist_cnn.runs import store
from mnist_cnn.training import jobs
from mnist_cnn.ui import auth, job_panel, layout, run_actions, run_details, runs_table

layout.page(
    "Training runs",
    "🏋️",
    "Every network that was trained here, what went into it and how well it reads.",
)


def chosen_rows(table: pd.DataFrame) -> list[str]:
    """The table with its search and filters, remembered in the address; the rows picked in it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            "Search", key="search", bind="query-params", placeholder="name, note, tag, preset"
        )
        known = sorted({tag for own in table["Tags"] for tag in own})
        tags = st.multiselect("Tags", known, key="tags", bind="query-params") if known else []
        statuses = st.multiselect(
            "Status", runs_table.STATUSES, key="status", bind="query-params", placeholder="all"
        )
        different = st.toggle("Only columns that differ", key="differ", bind="query-params")
        archived = st.toggle("Archived too", key="archived", bind="query-params")
    shown = runs_table.filtered(table, search, tags, statuses, archived)
    if shown.empty:
        st.info("No run is like that; please change the search or the filters.")
        return []
    st.caption("Tick one run to see it in full, several to compare them; click a title to sort.")
    event = st.dataframe(
        shown[runs_table.columns(shown, different)],
        column_config=runs_table.configuration(shown),
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="multi-row",
        key="runs",
    )
    return [str(shown.iloc[row]["Run"]) for row in event.selection.rows if row < len(shown)]


def wanted(picked: list[str], production: str | None) -> list[str]:
    """What was picked; else what the address asks for; else what is in production."""
    if picked:
        st.query_params["run"] = picked
        return picked
    return st.query_params.get_all("run") or ([production] if production else [])


try:
    table = runs_table.all_rows()
    if table.empty:
        st.info("No run yet. Train one: it takes less than a minute.", icon=":material/info:")
        st.page_link("pages/3_Train.py", label="Train a network", icon=":material/school:")
        st.stop()
    who = auth.actor()
    if job := jobs.running():
        job_panel.panel(job, may_stop=who is not None)
    if who:
        run_actions.undo_bar(who)
    if trouble := st.session_state.pop("trouble", ""):
        st.error(trouble, icon=":material/error:")
    production = store.production_id()
    opened = []
    for run_id in wanted(chosen_rows(table), production):
        try:
            opened.append(store.open_run(run_id))
        except DigitsError as error:
            st.warning(str(error))
    if len(opened) > 1:
        run_details.several(opened)
    elif opened:
        if who:
            run_actions.actions(opened[0], store.production_id(opened[0].kind), who)
        else:
            auth.explain("promote, name or delete runs")
        run_details.one(opened[0])
    run_actions.promotion_log()
except DigitsError as error:
    st.error(str(error), icon=":material/error:")

"""The table of runs as people use it: searched, filtered, paged, and ticked."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from mnist_cnn.ui import runs_table, visitors

COLUMNS = (
    *("Status", "Begun (UTC)", "Trained (min)", "Learning", "Preset", "Data", "Parameters"),
    *("Size (MB)", "mnist-test (%)", "mnist-test against the live one", "mnist-test 95 %"),
    *("mnist-test ECE (%)", "pen-digits-test (%)", "pen-digits-test against the live one"),
    *("bundled-digits-test (%)", "bundled-digits-test against the live one", "Note", "Tags"),
)
"""What may be chosen; Live, Name and Run are always there."""

HEIGHT = 283
"""In pixels: so many rows that what is ticked shows below them."""


def ticked(table: pd.DataFrame, who: str | None) -> list[str]:
    """The table with its search and filters, remembered in the address; the runs ticked in it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        found = _asked_for(table)
        with st.popover("Columns and groups", icon=":material/view_column:"):
            different = st.toggle("Only columns that differ", key="differ", bind="query-params")
            chosen = st.multiselect(
                "Columns",
                COLUMNS,
                key="columns",
                bind="query-params",
                placeholder="all that differ" if different else "all that say something",
            )
            group = st.selectbox(
                "Group by", runs_table.GROUPS, index=None, key="group", bind="query-params"
            )
    if found.empty:
        st.info("No run is like that; please change the search or the filters.")
        return []
    if group:
        found = _in_groups(found, group)
    page = _one_page(found)
    detailed = runs_table.with_details(page)
    if who is None:
        detailed["Note"] = detailed["Note"].map(visitors.without_paths)
    ids = [str(run_id) for run_id in detailed["Run"]]
    event = st.dataframe(
        detailed[runs_table.columns(detailed, different, chosen)],
        column_config=runs_table.configuration(detailed),
        hide_index=True,
        width="stretch",
        height=min(35 * (len(detailed) + 1) + 3, HEIGHT),
        on_select="rerun",
        selection_mode="multi-row",
        key=_key(ids),
        placeholder="",
    )
    return [ids[row] for row in event.selection.rows if row < len(ids)]


def _asked_for(table: pd.DataFrame) -> pd.DataFrame:
    search = st.text_input(
        "Search",
        key="search",
        bind="query-params",
        placeholder="name, note, tag, preset",
        width=220,
    )
    known = sorted({tag for own in table["Tags"] for tag in own})
    tags = []
    if known:
        tags = st.multiselect("Tags", known, key="tags", bind="query-params", width=180)
    statuses = st.multiselect(
        "Status",
        runs_table.STATUSES,
        key="status",
        bind="query-params",
        placeholder="all",
        width=180,
    )
    archived = st.toggle("Archived too", key="archived", bind="query-params")
    if "damaged" in statuses:
        table = runs_table.with_details(table)  # only a run's other files may tell
    return runs_table.filtered(table, search, tags, statuses, archived)


def _in_groups(found: pd.DataFrame, group: str) -> pd.DataFrame:
    """Shows a row per group; the runs, group by group."""
    detailed = runs_table.with_details(found)
    if group not in detailed:
        return found
    detailed[group] = detailed[group].fillna("")
    made = runs_table.grouped(detailed, group)
    st.dataframe(
        made,
        hide_index=True,
        width="content",
        column_config=runs_table.configuration(made),
        placeholder="",
    )
    return found.loc[detailed.set_index(found.index)[group].sort_values(kind="stable").index]


def _one_page(found: pd.DataFrame) -> pd.DataFrame:
    words = "Tick one run to see it in full, several to compare them; click a title to sort."
    if len(found) <= runs_table.PAGE:
        st.caption(words)
        return found
    pages = -(-len(found) // runs_table.PAGE)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{len(found):,} runs. {words}")
        number = st.pagination(pages, key=f"page of {pages}")
    return found.iloc[(number - 1) * runs_table.PAGE : number * runs_table.PAGE]


def _key(ids: Sequence[str]) -> str:
    """The table's key. Ticks are places: with other rows in the table they are forgotten."""
    if st.session_state.get("ticked among") not in (None, ids):
        st.session_state["ticks"] = st.session_state.get("ticks", 0) + 1
    st.session_state["ticked among"] = ids
    ticks = st.session_state.get("ticks", 0)
    return f"runs {ticks}" if ticks else "runs"

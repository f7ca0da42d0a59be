"""Every training run: found, compared, promoted and put away."""

import streamlit as st

from mnist_cnn.errors import DigitsError, RunDamaged
from mnist_cnn.runs import store
from mnist_cnn.training import jobs
from mnist_cnn.ui import (
    auth,
    job_panel,
    layout,
    run_actions,
    run_details,
    run_transfer,
    runs_list,
    runs_table,
    visitors,
)

layout.page(
    "Training runs",
    "Every network that was trained here, what went into it and how well it reads.",
)


def wanted(ticked: list[str], production: str | None) -> list[str]:
    """What was ticked; else what the address asks for; else what is in production."""
    if ticked:
        st.query_params["run"] = ticked
        return ticked
    return st.query_params.get_all("run") or ([production] if production else [])


def shown(ids: list[str], who: str | None) -> None:
    """One run or training in full, or several side by side."""
    opened, trainings, damaged = [], [], []
    for run_id in ids:
        try:
            opened.append(store.open_run(run_id))
        except RunDamaged as error:
            st.warning(visitors.shown_text(str(error), who))
            damaged.append(run_id)
        except DigitsError as error:
            if job := jobs.find(run_id):
                trainings.append(job)
            else:
                st.warning(str(error))

    def on_all() -> None:
        if who and len(ids) > 1:
            whole, failed = [run.id for run in opened], [job.id for job in trainings]
            run_actions.actions_on_several([*whole, *failed, *damaged])
        elif who and damaged:
            run_actions.job_actions(damaged[0])

    if len(opened) > 1:
        run_details.several(opened, on_all)
    else:
        on_all()
    if len(opened) == 1:
        if who and len(ids) == 1:
            run_actions.actions(opened[0], store.production_id(opened[0].kind), who)
        run_details.one(opened[0])
    for job in trainings:
        if job.state != "running":
            run_details.training(job, who, alone=len(ids) == 1)


try:
    table = runs_table.all_rows()
    who = auth.actor()
    if not who:
        may = "You can look at every run; only the owner promotes, names and deletes."
        visitors.welcome(may, "promote, name or delete runs")
    if who:
        run_actions.undo_bar(who)
        run_transfer.add_a_run()
    if trouble := st.session_state.pop("trouble", ""):
        st.error(trouble, icon=":material/error:")
    if table.empty:
        st.info("No run yet. Train one: it takes less than a minute.", icon=":material/info:")
        st.page_link("pages/3_Train.py", label="Train a network", icon=":material/school:")
        st.stop()
    if job := jobs.running():
        job_panel.panel(job, who)
    shown(wanted(runs_list.ticked(table, who), store.production_id()), who)
    run_actions.promotion_log()
except DigitsError as error:
    st.error(str(error), icon=":material/error:")

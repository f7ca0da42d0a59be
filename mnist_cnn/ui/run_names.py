"""What runs are called where several are shown, and which of them the address asks for."""

from collections import Counter
from collections.abc import Iterable, Mapping

import streamlit as st

from mnist_cnn.runs import notes, store
from mnist_cnn.runs.store import Run


def titles(runs: Iterable[Run]) -> dict[str, str]:
    """By id: name and day, such as `best, 26 Nov`, and the rest of the id where two are alike."""
    plain = {run.id: f"{notes.name_of(run)}, {run.day}" for run in runs}
    times = Counter(plain.values())
    return {
        run_id: title if times[title] == 1 else f"{title}, {run_id[9:]}"
        for run_id, title in plain.items()
    }


def with_live(runs: Iterable[Run]) -> dict[str, str]:
    """The same, with a mark on the run that answers: what a list to choose from says."""
    live = store.production_id()
    return {
        run_id: f"{title}{' (live)' * (run_id == live)}" for run_id, title in titles(runs).items()
    }


def short(runs: Iterable[Run]) -> dict[str, str]:
    """By id: the name alone where all of them differ in it, for sentences."""
    chosen = list(runs)
    names = {run.id: notes.name_of(run) for run in chosen}
    return names if len(set(names.values())) == len(names) else titles(chosen)


def choose_one(known: Mapping[str, Run], default: str) -> str:
    """A box to choose a run by its title. The address keeps its id, which stays when titles
    change."""
    asked = st.query_params.get("run", "")
    if _is_news("run", asked) and asked in known:
        st.session_state["run"] = asked
    elif st.session_state.get("run") not in known:
        st.session_state["run"] = default
    titles = with_live(known.values())
    return st.selectbox(
        "Run",
        list(known),
        format_func=titles.__getitem__,
        key="run",
        on_change=_remember,
        args=("run",),
        width=200,
    )


def choose_some(known: Mapping[str, Run], default: list[str], most: int) -> list[str]:
    """The same for several."""
    asked = [run_id for run_id in st.query_params.get_all("runs") if run_id in known]
    if _is_news("runs", asked) and asked:
        st.session_state["runs"] = list(dict.fromkeys(asked))[:most]
    elif "runs" not in st.session_state:
        st.session_state["runs"] = default
    st.session_state["runs"] = [own for own in st.session_state["runs"] if own in known]
    titles = with_live(known.values())
    return st.multiselect(
        "Runs",
        list(known),
        format_func=titles.__getitem__,
        max_selections=most,
        key="runs",
        on_change=_remember,
        args=("runs",),
        width=420,
    )


def _is_news(key: str, asked: str | list[str]) -> bool:
    """Whether the address asks for something else than when it was last looked at: a link was
    followed, or the browser went back."""
    before = st.session_state.get(f"{key} in the address")
    st.session_state[f"{key} in the address"] = asked
    return asked != before


def _remember(key: str) -> None:
    st.query_params[key] = st.session_state[key]

"""The page that sets runs against each other, without a browser."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_cnn import metrics
from mnist_cnn.data import canary, corrections
from mnist_cnn.data.corrections import Correction
from mnist_cnn.evaluation.explain import LabelledPredictions
from mnist_cnn.runs import store
from mnist_cnn.runs.predictions import saved_logits
from mnist_cnn.ui import comparison, conclusion, run_differences
from mnist_cnn.ui.conclusion import Contender
from tests.support import pages
from tests.support.artifacts import another_run
from tests.support.drawings import SEVEN, canvas_json
from tests.support.pages import words


def page(**query: str | list[str]) -> AppTest:
    return pages.page("6_Compare_models.py", **query)


def right(count: int, total: int, start: int = 0) -> np.ndarray:
    """(total,): that many are read right, from some place on."""
    places = np.arange(total)
    return (places >= start) & (places < start + count)


def test_the_better_one_is_kept_although_it_is_slower() -> None:
    best = Contender("best", right(9900, 10_000), 0.25, live=True)
    quick = Contender("quick", right(9800, 10_000), 0.05)
    sentence = conclusion.therefore([quick, best], "mnist-test")
    assert sentence == (
        "**best is better** than quick by 1.00 points (0.80 to 1.20) on mnist-test and "
        "5 times slower (0.25 against 0.05 ms): keep best."
    )


def test_a_better_one_could_replace_the_live_one() -> None:
    live = Contender("old", right(900, 1000), 0.2, live=True)
    new = Contender("new", right(950, 1000), 0.2)
    sentence = conclusion.therefore([live, new], "corrections")
    assert "about as fast (0.20 against 0.20 ms): new could replace it." in sentence


def test_few_images_tell_nothing_apart_and_more_are_asked_for() -> None:
    both = [Contender(name, right(21, 21), 0.1) for name in ("best", "quick")]
    assert conclusion.therefore(both, "corrections") == (
        "These 21 images **cannot tell best and quick apart**: both read 21 right. "
        "A difference of up to 14 points could hide in so few; more are needed."
    )


def test_many_images_bound_the_difference_and_speed_decides() -> None:
    a = Contender("a", right(9900, 10_000), 0.1)
    b = Contender("b", right(9901, 10_000), 0.3)
    assert conclusion.therefore([a, b], "mnist-test") == (
        "These 10,000 images **cannot tell b and a apart**: b reads 9,901 of them right, a 9,900, "
        "so the difference is below 0.03 points. b is 3 times slower (0.30 against 0.10 ms)."
    )


def test_of_several_runs_the_two_most_accurate_are_weighed() -> None:
    runs = [Contender(name, right(n, 1000), 0.1) for name, n in (("a", 1), ("b", 990), ("c", 900))]
    sentence = conclusion.therefore(runs, "mnist-test")
    assert sentence.startswith("The two most accurate of 3: **b is better** than c by 9.00 points")


def test_only_settings_that_differ_are_rows() -> None:
    a = {"epochs": 1, "seed": 0, "data": ["mnist"], "augmentation": {"slant": 0.0, "shift": 1.2}}
    b = {"epochs": 12000, "seed": 0, "data": ["mnist", "pen"], "augmentation": {"slant": 7.5}}
    table = run_differences.differing([a, b])
    assert dict(zip(table.index, table.to_numpy().tolist(), strict=True)) == {
        "epochs": ["1", "12,000"],
        "data": ["mnist", "mnist, pen"],
        "augmentation: slant": ["0", "7.5"],
        "augmentation: shift": ["1.2", "–"],
    }
    assert run_differences.differing([a, a]).empty
    renamed = [{"calm_epochs": 2}, {"plain_epochs": 2}]
    assert run_differences.differing(renamed).empty


def test_the_shipped_runs_are_concluded_upon_drawn_for_and_told_apart() -> None:
    app = page()
    quick, best = (
        next(run for run in store.list_runs("digits") if run.manifest["preset"] == preset)
        for preset in ("quick", "best")
    )
    found = metrics.compare(*(saved_logits(run)["mnist-test"].right for run in (best, quick)))
    points = f"{100 * abs(found.difference):.2f}"
    assert app.markdown[0].value.startswith(f"**best is better** than quick by {points} points")
    assert app.markdown[0].value.endswith("keep best.")
    assert "Draw a digit: each of them reads it." in words(app)
    told = f"best alone reads {found.only_a} of 10,000 right, quick alone {found.only_b}"
    assert told in words(app)
    assert list(app.table[0].value.columns) == ["best", "quick"]
    assert len(app.get("vega_lite_chart")) == 3  # a reading each, the difference
    settings = page(tab="Settings that differ").table[1].value
    assert list(settings.columns) == ["best", "quick"]
    assert list(settings.loc["optimizer"]) == ["muon", "sgd"]
    assert len(page(tab="How they learnt").get("vega_lite_chart")) == 3


def test_runs_that_read_all_alike_show_no_empty_matrix(shipped_copy: Path) -> None:
    another_run()
    images = [np.round(255 * image).astype(np.uint8) for image in canary.canary()[0][:21]]
    labels = canary.canary()[1][:21].tolist()
    pairs = zip(images, labels, strict=True)
    corrections.add([Correction(label, image) for image, label in pairs])
    app = page(data="corrections")
    said = words(app)
    assert "They read all 21 images alike." in said and "more are needed" in said
    assert "p = 1" not in said and "There is no such digit" not in said
    assert len(app.get("vega_lite_chart")) == 2  # a reading each
    same = page(data="corrections", tab="Settings that differ")
    assert "Their settings are the same." in words(same)
    assert "no image differs" in app.table[0].value.to_numpy()


def test_less_than_two_runs_are_answered_by_what_to_do(shipped_copy: Path) -> None:
    assert "please train another one" in page().info[0].value
    another_run()
    app = page()
    app.multiselect[0].set_value(app.multiselect[0].value[:1]).run()
    assert app.info[0].value == "Please choose at least two runs."


@pytest.mark.parametrize("who", [0, 1])
def test_the_test_names_who_alone_is_right(who: int) -> None:
    labels = np.zeros(20, np.int64)
    sure, lost = np.eye(10)[np.zeros(20, int)], np.eye(10)[np.ones(20, int)]
    answers = [LabelledPredictions(p, labels) for p in (sure, lost)]
    said = comparison.difference_in_words(answers[who], answers[1 - who], "a", "b")
    assert f"a alone reads {20 * (1 - who)} of 20 right, b alone {20 * who}" in said
    assert "p < 0.001" in said


def test_one_drawing_is_answered_by_all_of_them_in_a_line_and_in_words() -> None:
    app = page()
    drawing = {"raw": canvas_json(*SEVEN), "data": None}
    app.session_state["compare canvas 0 280"] = {"drawing": drawing, "backgroundFit": None}
    app.run()
    assert not app.exception
    said = [text.value for text in app.markdown]
    assert "best: **7** · quick: **7**" in said
    assert sum(text.startswith("**7** · ") for text in said) == 2


def test_the_address_names_runs_by_their_ids(shipped_copy: Path) -> None:
    ids = [another_run(number).id for number in (1, 2)]
    app = page(runs=ids)
    assert app.multiselect[0].value == ids
    app.multiselect[0].set_value([*ids, store.production_id()]).run()
    assert sorted(app.query_params["runs"]) == sorted([*ids, store.production_id()])
    assert app.markdown[0].value.startswith("The two most accurate of 3: these 10,000 images")


def test_answers_to_other_digits_are_not_compared(shipped_copy: Path) -> None:
    own, other = np.arange(10), np.roll(np.arange(10), 1)
    made = [LabelledPredictions(np.eye(10), labels) for labels in (own, own, other)]
    assert comparison.of_the_same(made[:2]) and not comparison.of_the_same(made)

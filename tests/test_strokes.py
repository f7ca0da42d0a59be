import gzip
import json
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_cnn.errors import BadStrokes
from mnist_cnn.ink.stroke_files import read_strokes, strokes_line, write_strokes
from mnist_cnn.ink.strokes import extent, from_canvas, rasterize
from mnist_cnn.records import Drawing
from mnist_cnn.settings import MAX_POINTS, MAX_STROKES
from tests.support.drawings import SEVEN, canvas_json, canvas_path


def test_a_canvas_stroke_passes_through_where_the_pen_went() -> None:
    (stroke,) = from_canvas(canvas_json(*SEVEN))
    assert stroke[0].tolist() == [80, 60]
    assert stroke[-1].tolist() == [135, 235]
    # A quadratic curve stays within the triangle of its control points, so near each raw point.
    for point in SEVEN[0]:
        assert np.hypot(*(stroke - point).T).min() < 20


def test_a_straight_curve_is_flattened_to_its_quarter_points() -> None:
    path = {"path": [["M", 0, 0], ["Q", 3, 0, 6, 0]]}
    (stroke,) = from_canvas({"objects": [path]})
    assert stroke[:, 0].tolist() == pytest.approx([0, 2, 4, 6])


def test_edit_mode_scales_turns_and_moves_a_stroke() -> None:
    line = np.array([[0, 0], [5, 0], [10, 0]], float)
    placed = canvas_path(line) | {"left": 100, "top": 50, "scaleX": 2, "angle": 90}
    (stroke,) = from_canvas({"objects": [placed]})
    assert stroke[0] == pytest.approx([100, 40], abs=1e-6)
    assert stroke[-1] == pytest.approx([100, 60], abs=1e-6)


@pytest.mark.parametrize("drawing", [None, {}, {"objects": []}, {"objects": [{"type": "Path"}]}])
def test_no_drawing_is_no_strokes(drawing: dict | None) -> None:
    assert from_canvas(drawing) == ()


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    "objects",
    [
        [{"path": [["M", 1]]}],
        [{"path": [["M", "x", "y"]]}],
        [{"path": [["M", float("nan"), 1.0], ["L", 2, 2]]}],
        [{"path": [["M", 1, 1], ["L", float("inf"), 2]]}],
        [{"path": [["M", 1, 1], ["L", 1e300, 2]]}],
        [{"path": [[]]}],
        [{"path": [["M", 1, 1]], "left": "here", "top": 3}],
    ],
)
def test_a_broken_drawing_is_refused_in_a_sentence(objects: list) -> None:
    with pytest.raises(BadStrokes, match="clear it and draw again"):
        from_canvas({"objects": objects})


@pytest.mark.fault(20)
@pytest.mark.parametrize(
    "objects",
    [[{"path": [["M", 0, 0], ["L", 9, 9]]}] * 100_000, [{"path": [["L", 1.5, 2.5]] * 1_000_000}]],
    ids=["100,000 strokes", "25 MB of points"],
)
def test_what_is_far_too_large_is_refused_before_it_is_read(objects: list) -> None:
    began = time.perf_counter()
    with pytest.raises(BadStrokes, match="at most"):
        from_canvas({"objects": objects})
    assert time.perf_counter() - began < 1


@pytest.mark.fault(20)
def test_fifty_thousand_points_are_read_and_more_refused() -> None:
    point = ["L", 1.0, 1.0]
    path = [["M", 0.0, 0.0]] + [point] * (MAX_POINTS - 1)
    assert len(from_canvas({"objects": [{"path": path}]})[0]) == MAX_POINTS
    with pytest.raises(BadStrokes, match="50,001 points"):
        from_canvas({"objects": [{"path": [*path, point]}]})
    with pytest.raises(BadStrokes, match=f"{MAX_STROKES + 1:,} strokes"):
        from_canvas({"objects": [{"path": [["M", 0, 0]]}] * (MAX_STROKES + 1)})


@pytest.mark.fault(20)
@pytest.mark.slow
@given(
    st.recursive(
        st.none() | st.floats() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["objects", "path", "left", "top", "scaleX", "angle"]), x
            )
        ),
    )
)
def test_whatever_the_browser_sends_gives_strokes_or_a_sentence(sent: object) -> None:
    try:
        strokes = from_canvas({"objects": sent})
    except BadStrokes:
        return
    assert all(np.isfinite(stroke).all() for stroke in strokes)


def test_neither_the_unit_nor_the_place_changes_the_picture() -> None:
    here = rasterize(SEVEN)
    there = rasterize([stroke * 0.01 - 7 for stroke in SEVEN])
    assert np.abs(here - there).mean() < 0.01


def test_the_pen_is_as_wide_as_asked() -> None:
    line = [np.array([[0, 0], [0, 100]], float)]
    thin, thick = rasterize(line, 0.1), rasterize(line, 0.3)
    assert thick.max(axis=0).sum() / thin.max(axis=0).sum() == pytest.approx(
        (0.3 / 1.3) / (0.1 / 1.1), rel=0.1
    )


@pytest.mark.fault(21)
@pytest.mark.parametrize("strokes", [[], [np.zeros((0, 2))], [np.array([[3.0, 4.0]] * 5)]])
def test_what_has_no_extent_leaves_no_ink(strokes: list) -> None:
    assert extent(strokes) == 0
    assert rasterize(strokes).sum() == 0


@pytest.mark.fault(20, 21)
def test_coordinates_outside_the_canvas_are_ink_like_any_other() -> None:
    (stroke,) = from_canvas(canvas_json(np.array([[-50, -20], [100, 400], [900, 100]], float)))
    assert rasterize([stroke]).sum() > 0


def test_a_strokes_file_comes_back_as_written(tmp_path) -> None:
    path = tmp_path / "two.jsonl.gz"
    write_strokes([Drawing(SEVEN, "7", "me"), Drawing(SEVEN)], path)
    first, second = read_strokes(path)
    assert (first.label, first.writer, second.label) == ("7", "me", None)
    assert first.strokes[0].tolist() == SEVEN[0].tolist()


@pytest.mark.fault(3, 4)
def test_a_broken_line_is_named_and_the_others_are_read(tmp_path) -> None:
    good = json.dumps({"strokes": [[[0, 0], [1, 1]]], "label": "1"})
    lines = [
        good,
        "{",
        '{"strokes": []}',
        '{"strokes": [[[0, 0], [NaN, 1]]]}',
        '{"strokes": [[1, 2, 3]]}',
        '{"strokes": "none"}',
        "[" * 100_000,
        good,
    ]
    path = tmp_path / "some.jsonl"
    path.write_text("\n".join(lines))
    rows = list(read_strokes(path))
    assert isinstance(rows[0], Drawing)
    assert isinstance(rows[-1], Drawing)
    for number, row in enumerate(rows[1:-1], start=2):
        assert isinstance(row, BadStrokes)
        assert str(row).startswith(f"Line {number} was left out: ")


def test_a_file_that_is_cut_short_or_missing_is_said_so(tmp_path) -> None:
    path = tmp_path / "cut.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"strokes": [[[0, 0], [1, 1]]]}\n' * 1000)[:60])
    with pytest.raises(BadStrokes, match="could not be read"):
        list(read_strokes(path))
    with pytest.raises(BadStrokes, match="No such file"):
        list(read_strokes(tmp_path / "none.jsonl"))


def test_strokes_that_come_by_a_pipe_are_all_read(tmp_path: Path) -> None:
    line = strokes_line(Drawing(tuple(SEVEN), "7")) + "\n"
    for content in (line.encode(), gzip.compress(line.encode())):
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        writer = threading.Thread(target=pipe.write_bytes, args=(content,))
        writer.start()
        assert [row.label for row in read_strokes(pipe)] == ["7"]
        writer.join()
        pipe.unlink()

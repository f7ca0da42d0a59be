"""A hand on the command line: learned from a strokes file, heard by every command that reads."""

import csv
import json
from pathlib import Path

import pytest

from mnist_cnn.ink.stroke_files import write_strokes
from mnist_cnn.records import Drawing
from tests.support import hands as written
from tests.support.commands import lines, run


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Three of each digit of somebody who crosses zeros and writes ones with a long foot."""
    path = tmp_path / "mine.jsonl.gz"
    drawings = [
        Drawing(written.digit(label, seed, odd=True), str(label))
        for seed in range(3)
        for label in range(10)
    ]
    write_strokes(drawings, path)
    return path


@pytest.fixture
def hand(mine: Path, tmp_path: Path) -> Path:
    answer = run("adapt", "--strokes", mine, "--output", tmp_path / "hand.json")
    assert answer.returncode == 0, answer.stderr
    return tmp_path / "hand.json"


def test_adapt_says_what_it_gains(mine: Path, tmp_path: Path) -> None:
    (gain,) = lines(run("adapt", "--strokes", mine, "--output", tmp_path / "hand.json"))
    assert (gain["drawings"], gain["judged"], gain["used"]) == (30, 30, True)
    assert gain["before"] < gain["after"] and gain["interval"][0] > 0
    assert json.loads((tmp_path / "hand.json").read_bytes())["version"] == 1


def test_every_command_that_reads_heeds_it(hand: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.jsonl.gz"
    write_strokes([Drawing(written.crossed_zero(77), "0")], new)
    (alone,) = lines(run("predict", "--strokes", new))
    (heard,) = lines(run("predict", "--strokes", new, "--hand", hand))
    assert alone["digit"] != 0 and (heard["digit"], heard["hand"]) == (0, str(hand))
    output = tmp_path / "read.csv"
    run("batch", new, "--output", output, "--hand", hand)
    rows = csv.DictReader(output.read_text().splitlines())
    assert [row["digit"] for row in rows] == ["0"]
    (line,) = lines(run("read", "--strokes", new, "--hand", hand))
    assert line["hand"] == str(hand)


def test_what_is_wrong_with_a_hand_or_its_strokes_is_one_line(mine: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_bytes(b'{"format": "digits-hand", "version": 1, "drawings": [{"label"')
    for given in (broken, "nobody"):
        answer = run("predict", "--strokes", mine, "--hand", given)
        assert answer.returncode == 2 and len(answer.stderr.splitlines()) == 1
    nothing = tmp_path / "nothing.jsonl.gz"
    write_strokes([Drawing(written.digit(7), "x")], nothing)
    answer = run("adapt", "--strokes", nothing, "--output", tmp_path / "none.json")
    assert answer.returncode == 2 and "nothing to learn" in answer.stderr
    assert not (tmp_path / "none.json").exists()

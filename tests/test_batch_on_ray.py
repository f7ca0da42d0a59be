"""The same answers from the nodes of a cluster, also where one of them dies."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image
from pyarrow import dataset, parquet

from mnist_cnn.batch import on_ray
from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.data import bundled_digits
from tests.support.commands import run as run_command

pytestmark = pytest.mark.slow

pytest.importorskip("ray", reason="Ray is optional: pip install -r requirements-ray.txt")

from tests.support.ray_cluster import read_while_a_node_dies, two_nodes  # noqa: E402


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    """Digits as files in folders named by their labels, and as a Parquet shard of some groups."""
    folder = tmp_path_factory.mktemp("inputs")
    digits = bundled_digits.load_bundled_digits()
    for number, (image, label) in enumerate(
        zip(digits.train.images, digits.train.labels, strict=True)
    ):
        (folder / str(label)).mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / str(label) / f"{number:04d}.png")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    rows = {
        "item": [f"row {n}" for n in range(len(digits.test))],
        "pixels": [image.ravel().tolist() for image in digits.test.images],
        "label": digits.test.labels.tolist(),
    }
    parquet.write_table(pa.table(rows), folder / "shard.parquet", row_group_size=50)
    return folder


def locally(inputs: Path, folder: Path) -> list[dict]:
    out = folder / "local.jsonl"
    run_command("batch", str(inputs), "--format", "jsonl", "--output", str(out))
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_one_of_two_nodes_dies_and_the_answers_are_the_same(inputs: Path, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    with two_nodes() as cluster:
        answer = read_while_a_node_dies(cluster, inputs, out)
    assert answer.returncode == 2, answer.stderr  # one file is broken
    assert len(list(out.iterdir())) == len(list(out.glob("part-*.parquet"))) > 10
    table = dataset.dataset(str(out), format="parquet").to_table().to_pylist()
    found = {row["item"]: row for row in table}
    expected = locally(inputs, tmp_path)
    assert len(table) == len(found) == len(expected) == 1297 + 300 + 1
    for row in expected:
        for column, value in row.items():
            close = pytest.approx(value, abs=1e-4) if column == "confidence" else value
            assert found[row["item"]][column] == close
    summary = json.loads(answer.stdout)
    assert summary["right"] == sum(
        r["label"] == r["digit"] for r in table if r["label"] is not None
    )
    assert (summary["items"], summary["errors"], summary["labelled"]) == (1598, 1, 1597)


def test_what_ray_needs_is_said(inputs: Path, tmp_path: Path) -> None:
    answer = run_command("batch", "--engine", "ray", str(inputs))
    assert answer.returncode == 2 and "--output FOLDER" in answer.stderr
    (tmp_path / "x").write_text("")
    answer = run_command("batch", "--engine", "ray", str(inputs), "--output", str(tmp_path))
    assert answer.returncode == 2 and "is not empty" in answer.stderr


def test_a_file_that_is_gone_costs_its_own_row(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(tmp_path / "here.png")
    names = ("gone.png", "here.png")
    work = [part for name in names for part in on_ray._parts(name, tmp_path / name)]
    gone, here = on_ray._items(work, Tables())
    assert "gone.png" in gone.name and gone.error and gone.image is None
    assert here.image is not None


def test_a_parquet_row_that_is_no_image_costs_itself(tmp_path: Path) -> None:
    good = np.zeros(784, np.uint8)
    rows = {"pixels": [good.tolist(), [1, 2], [300] * 784, None], "label": [1, 2, 3, 4]}
    parquet.write_table(pa.table(rows), tmp_path / "rows.parquet")
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "rows.parquet").read_bytes()[:99])
    answer = run_command("batch", str(tmp_path), "--format", "jsonl")
    read = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [row["status"] for row in read] == ["error", "blank", "error", "error", "error"]
    assert "damaged" in read[0]["error"] and "784" in read[2]["error"]

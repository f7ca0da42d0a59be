"""Corrections and kept batches as files: others read them, and so do our own readers."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image

from mnist_cnn.batch.inputs import files
from mnist_cnn.cli.main import main
from mnist_cnn.data import corrections, dataset_files, labelled_sets
from mnist_cnn.data.canary import canary
from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import BadInput
from tests.support.drawings import SEVEN

IMAGES, LABELS = canary()
IMAGES = np.round(255 * IMAGES[:30]).astype(np.uint8)
LABELS = LABELS[:30]

CORRECTED = [
    Correction(int(label), image, SEVEN if label == 1 else ())
    for label, image in zip(LABELS, IMAGES, strict=True)
]


def read_back(name: str, content: bytes) -> tuple[list[int | None], np.ndarray]:
    items = list(files.items_of([(name, content)]))
    assert [item.error for item in items] == [""] * len(items)
    return [item.label for item in items], np.stack([item.image for item in items])


@pytest.mark.parametrize("kind", ["imagefolder", "parquet"])
def test_our_readers_read_what_was_written(kind: str) -> None:
    form = dataset_files.FORMS[kind]
    content = form.write(CORRECTED)
    assert content == form.write(CORRECTED)  # the same digits, the same file
    labels, images = read_back(f"digits.{form.ending}", content)
    assert labels == LABELS.tolist()
    assert np.abs(images - IMAGES / 255).mean() < 0.03  # framed again, as every picture is


def test_strokes_come_back_as_they_were_drawn() -> None:
    content = dataset_files.stroke_lines(CORRECTED)
    labels, _ = read_back("strokes.jsonl", content)
    assert set(labels) == {1} and len(labels) == int((LABELS == 1).sum())
    row = json.loads(content.splitlines()[0])
    assert all((np.array(a) == b).all() for a, b in zip(row["strokes"], SEVEN, strict=True))
    with pytest.raises(BadInput, match="no strokes"):
        dataset_files.stroke_lines([Correction(1, IMAGES[0])])


def test_an_image_folder_names_each_file_and_its_label() -> None:
    with zipfile.ZipFile(io.BytesIO(dataset_files.image_folder(CORRECTED))) as archive:
        lines = archive.read("metadata.csv").decode().splitlines()
        names = archive.namelist()
        pictures = [np.asarray(Image.open(archive.open(name))) for name in names[:-1]]
    assert (np.stack(pictures) == IMAGES).all()
    assert lines[0] == "file_name,label"
    rows = [line.split(",") for line in lines[1:]]
    assert [name for name, _ in rows] == names[:-1]
    assert all(name.startswith(f"{label}/") and name.endswith(".png") for name, label in rows)


def test_parquet_says_what_hugging_face_asks_for() -> None:
    content = dataset_files.parquet_shard(CORRECTED)
    table = pyarrow.parquet.read_table(io.BytesIO(content))
    assert str(table.schema.field("image").type) == "struct<bytes: binary, path: string>"
    said = json.loads(table.schema.metadata[b"huggingface"])["info"]["features"]
    assert said["label"] == {"names": list("0123456789"), "_type": "ClassLabel"}
    assert said["image"] == {"_type": "Image"}
    assert table.column("label").to_pylist() == LABELS.tolist()


def test_the_command_exports_corrections_and_kept_batches(artifacts: Path, tmp_path: Path) -> None:
    corrections.add(CORRECTED[:12])
    labelled_sets.keep("my batch", IMAGES, LABELS)
    listed = {name: labelled_sets.digits_of(name) for name in labelled_sets.own()}
    assert [len(listed["corrections"]), len(listed["my batch"])] == [12, 30]
    path = tmp_path / "out.parquet"
    wanted = ["--format", "parquet", "--output", str(path)]
    assert main(["datasets", "export", "my batch", *wanted]) == 0
    assert path.read_bytes() == dataset_files.parquet_shard(listed["my batch"])
    with pytest.raises(BadInput, match="no collection 'gone'"):
        labelled_sets.digits_of("gone")
    (artifacts / "corrections.jsonl").unlink()
    with pytest.raises(BadInput, match="corrections is empty"):
        labelled_sets.digits_of("corrections")

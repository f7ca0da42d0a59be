"""Tables of digits as people keep them: read where their content leaves no doubt, else asked."""

import gzip
import io
import json
import pickle
import struct
import tarfile

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from mnist_cnn.batch import stream, turned
from mnist_cnn.batch.inputs import files
from mnist_cnn.batch.inputs.choices import Choices, Tables
from mnist_cnn.batch.inputs.columns import find_columns
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.inputs.pixels import framed
from mnist_cnn.batch.results import Summary
from mnist_cnn.data import bundled_digits
from mnist_cnn.data.digit_names import named_digit
from mnist_cnn.errors import BadInput
from mnist_cnn.models.classifier import Classifier
from tests.support.drawings import seven_png
from tests.support.files import zipped

DIGITS = bundled_digits.load_bundled_digits().test.part("a few", slice(0, 30))
IMAGES, LABELS = DIGITS.images, DIGITS.labels
FLAT = IMAGES.reshape(30, 784)
NAMES = [f"pixel{n}" for n in range(784)]
FRAMES = framed(IMAGES)
INDEX = np.arange(30)


def items(*sources: tuple[str, bytes], **choices) -> list[Item]:
    return list(files.items_of(sources, Tables(Choices(**choices))))


def text(rows, header: list[str] | None = None, separator: str = ",", form: str = "{}") -> bytes:
    lines = [header] if header else []
    lines += [[form.format(value) for value in row] for row in rows]
    return "\n".join(map(separator.join, lines)).encode()


def beside(*columns) -> np.ndarray:
    return np.column_stack(columns)


def npy(array: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def idx(array: np.ndarray, code: int = 8) -> bytes:
    head = struct.pack(f">HBB{array.ndim}I", 0, code, array.ndim, *array.shape)
    return head + array.astype({8: "u1", 0xD: ">f4"}[code]).tobytes()


def shard(table: dict) -> bytes:
    file = io.BytesIO()
    parquet.write_table(pa.table(table), file)
    return file.getvalue()


def tar(*members: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def wide(names: list[str], rows: np.ndarray) -> dict:
    return {name: rows[:, n] for n, name in enumerate(names)}


def quoted(rows: np.ndarray) -> bytes:
    return text(rows, ["label", *NAMES], form='"{}"').replace(b"\n", b"\r\n")


def arff(rows: np.ndarray) -> bytes:
    names = "\n".join(f"@ATTRIBUTE {name} real" for name in NAMES)
    return (
        f"% a comment\n@relation d\n{names}\n@attribute 'class' {{0,1}}\n@data\n".encode()
        + text(rows)
    )


SHARES = beside(255 * LABELS, FLAT) / 255

LABELLED = {
    "label first, named": text(beside(LABELS, FLAT), ["label", *NAMES]),
    "label last, named": text(beside(FLAT, LABELS), [*NAMES, "class"]),
    "label in the middle": text(
        beside(FLAT[:, :9], LABELS, FLAT[:, 9:]), [*NAMES[:9], "Target", *NAMES[9:]]
    ),
    "label first, no header": text(beside(LABELS, FLAT)),
    "label last, no header": text(beside(FLAT, LABELS)),
    "an index and a label": text(beside(INDEX, LABELS, FLAT), ["", "label", *NAMES]),
    "an index and a label, no header": text(beside(INDEX + 1, LABELS, FLAT)),
    "pixels in another order": text(
        beside(LABELS, FLAT[:, ::-1]), ["label", *reversed(NAMES)]
    ),
    "a header of numbers": text(beside(LABELS, FLAT), [str(n) for n in range(785)]),
    "one of ten": text(beside(np.eye(10, dtype=int)[LABELS], FLAT)),
    "words": text(
        [[word, *row] for word, row in zip(np.array(["zero", "one", "two", "three", "four",
        "five", "six", "seven", "eight", "nine"])[LABELS], FLAT, strict=True)], ["digit", *NAMES]
    ),
    "floats": text(beside(LABELS, FLAT), ["label", *NAMES], form="{:.1f}"),
    "shares": text(SHARES, ["label", *NAMES], form="{:.4f}"),
    "decimal commas": text(SHARES, ["label", *NAMES], ";", "{:.4f}").replace(b".", b","),
    "tabs": text(beside(LABELS, FLAT), ["label", *NAMES], "\t"),
    "spaces": text(beside(LABELS, FLAT), None, "  "),
    "for a spreadsheet": b"sep=;\n" + text(beside(LABELS, FLAT), ["label", *NAMES], ";"),
    "UTF-16": text(beside(LABELS, FLAT), ["label", *NAMES]).decode().encode("utf-16"),
    "UTF-16 without a mark": text(beside(LABELS, FLAT)).decode().encode("utf-16-le"),
    "quotes": quoted(beside(LABELS, FLAT)),
    "gzip": gzip.compress(text(beside(LABELS, FLAT))),
    "ARFF": arff(beside(FLAT, LABELS)),
    "JSON lines": "\n".join(
        json.dumps({"label": int(label), "pixels": row.tolist()})
        for label, row in zip(LABELS, FLAT, strict=True)
    ).encode(),
    "NPZ": npz(x_train=IMAGES[:20], y_train=LABELS[:20], x_test=FLAT[20:], y_test=LABELS[20:]),
    "NPZ without names": npz(arr_0=IMAGES / 127.5 - 1, arr_1=np.eye(10)[LABELS]),
    "NPY of rows": npy(beside(FLAT, LABELS)),
    "NPY by columns": npy(np.asfortranarray(beside(LABELS, FLAT).astype(np.float32))),
    "wide Parquet": shard(wide(["label", *NAMES], beside(LABELS, FLAT))),
    "Parquet of lists": shard({"digit": LABELS, "pixels": list(FLAT)}),
    "ZIP of a table": zipped(("a/train.csv", text(beside(LABELS, FLAT), ["label", *NAMES]))),
    "ZIP of IDX": zipped(("images", idx(IMAGES)), ("labels", idx(LABELS))),
    "TAR of IDX": tar(("a/images.gz", gzip.compress(idx(IMAGES))), ("a/labels", idx(LABELS))),
}  # fmt: skip


@pytest.mark.parametrize("content", LABELLED.values(), ids=LABELLED)
def test_what_leaves_no_doubt_is_read(content: bytes) -> None:
    read = items(("a", content))
    assert [item.error for item in read] == [""] * 30
    assert [item.label for item in read] == LABELS.tolist()
    images = np.stack([item.image for item in read])
    assert np.abs(images - FRAMES).max() < 0.03


def test_json_lines_tell_their_scale_together() -> None:
    """The first is blank, which is so on any scale."""
    shares = [[0.0] * 784, *(FLAT / 255).round(4).tolist()]
    content = "\n".join(json.dumps({"pixels": row}) for row in shares).encode()
    blank, *read = items(("a.jsonl", content))
    assert blank.image is not None and not blank.image.any()
    assert np.abs(np.stack([item.image for item in read]) - FRAMES).max() < 0.03


def test_images_of_two_sizes_in_one_table_are_read_all_the_same() -> None:
    rows = [[0] * 784, [9] * 64, [0] * 784]
    content = "\n".join(json.dumps({"pixels": row}) for row in rows).encode()
    assert [item.error for item in items(("a.jsonl", content), ("a.jsonl", content))] == [""] * 6


ODD_CELLS = {
    "a power for a label": b'{"label": "\xc2\xb2", "strokes": [[[0, 0], [50, 90]]]}',
    "a long number first": text([["9" * 5_000, *FLAT[0][1:]]]),
    "a long number in a name": text(beside(LABELS, FLAT), ["label", "9" * 5_000, *NAMES[1:]]),
}


@pytest.mark.fault(6)
@pytest.mark.parametrize("content", ODD_CELLS.values(), ids=ODD_CELLS)
def test_an_odd_cell_ends_no_batch(content: bytes) -> None:
    *_, good = items(("odd.csv", content), ("good.csv", text(FLAT[:1], NAMES)))
    assert good.error == "" and good.image is not None


UNLABELLED = {
    "Kaggle's test": text(FLAT, NAMES),
    "ids": text(beside(INDEX + 1, FLAT), ["ImageId", *NAMES]),
    "an index of pandas": text(beside(INDEX, FLAT), ["", *NAMES]),
    "an index, no header": text(beside(INDEX, FLAT)),
    "IDX of colours": idx(np.repeat(IMAGES[..., None], 3, axis=3)),
    "IDX of shares": idx(IMAGES / 255, 0xD),
    "NPY, channels first": npy(IMAGES[:, None]),
}


@pytest.mark.parametrize("content", UNLABELLED.values(), ids=UNLABELLED)
def test_what_only_counts_the_rows_is_no_label(content: bytes) -> None:
    read = items(("a", content))
    assert len(read) == 30 and {(item.label, item.error) for item in read} == {(None, "")}


ASKED = {
    "ten rows in order": beside(INDEX[:10], FLAT[:10]),
    "all of one kind": beside(np.zeros(30, int), FLAT),
    "both ends": beside(LABELS, FLAT[:, :-1], LABELS[::-1]),
    "more classes than digits": beside(LABELS + 30, FLAT),
}


@pytest.mark.parametrize("rows", ASKED.values(), ids=ASKED)
def test_what_leaves_doubt_is_asked(rows: np.ndarray) -> None:
    (asked,) = items(("a.csv", text(rows)))
    assert "please choose it: first, last or none" in asked.error
    named = items(("a.csv", text(rows)), label="first")
    assert [item.label for item in named if not item.error] == [n for n in rows[:, 0] if n <= 9]
    assert {item.label for item in items(("a.csv", text(rows)), label="none")} == {None}


@pytest.mark.fault(25)
@pytest.mark.parametrize(
    ("names", "wanted", "words"),
    [
        (["writer", *NAMES], "", "'writer' beside its 784 pixels"),
        (["label", "class", *NAMES], "", "'label' and 'class' may both"),
        (["label", *NAMES], "digit", "no column 'digit'"),
        (["label", *NAMES[:-1]], "", "784 columns; expected 784 pixels"),
        (None, "digit", "its columns have no names"),
    ],
)
def test_columns_that_have_to_be_named(names, wanted: str, words: str) -> None:
    rows = (
        beside(*[LABELS] * ((len(names) if names else 785) - 784), FLAT)
        if (names is None or len(names) > 784)
        else FLAT
    )
    with pytest.raises(BadInput, match=words):
        find_columns(names, rows, wanted)


def test_a_column_is_chosen_by_its_name() -> None:
    rows = beside(LABELS[::-1], LABELS, FLAT)
    read = items(("a.csv", text(rows, ["label", "second", *NAMES])), label="Second")
    assert [item.label for item in read] == LABELS.tolist()


@pytest.mark.parametrize("names", [("a-images", "b-labels"), ("b-images", "a-labels")])
@pytest.mark.parametrize("make", [idx, npy])
def test_labels_count_whichever_file_comes_first(names, make) -> None:
    both = {names[0]: make(IMAGES), names[1]: make(LABELS)}
    read = items(*sorted(both.items()))
    assert [item.label for item in read] == LABELS.tolist()


def test_labels_find_the_images_of_their_part_or_say_so() -> None:
    sources = [("t10k-labels", idx(LABELS)), ("train-images", idx(IMAGES))]
    *read, said = items(*sources)
    assert {item.label for item in read} == {None}
    assert said.name == "t10k-labels" and "no file of as many images" in said.error
    read = items(*sources, ("test-images", idx(IMAGES)))
    assert [item.label for item in read[30:]] == LABELS.tolist()
    (*_, said) = items(("one", idx(LABELS)), ("two", idx(LABELS)), ("x", idx(IMAGES)))
    assert "no file" in said.error


class Trap:
    opened = False

    def __reduce__(self):
        return setattr, (Trap, "opened", True)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Trap()),
        gzip.compress(pickle.dumps(Trap())),
        npy(np.array([Trap()]), allow_pickle=True),
        zipped(("archive/data.pkl", pickle.dumps(Trap()))),
        zipped(("x.npy", npy(np.array([Trap()]), allow_pickle=True))),
    ],
    ids=["pickle", "gzip", "npy", "torch", "npz"],
)
def test_nothing_is_unpickled(content: bytes) -> None:
    (said,) = items(("a", content))
    assert "np.savez('digits.npz'" in said.error and not Trap.opened


@pytest.mark.fault(5)
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89HDF\r\n\x1a\n" + bytes(600), "HDF5"),
        (b"MATLAB 5.0 MAT-file", "MATLAB"),
        (b'[{"0": 0}]', "JSON list"),
        (b"filename,label\na.png,3\n", "2 columns"),
        (npy(np.zeros((3, 5))), "5 columns"),
        (npy(np.zeros((2, 5, 6, 7))), "2 × 5 × 6 × 7"),
        (npy(IMAGES)[:-1], "promises 30 images and holds 29"),
        (idx(IMAGES[:0]), "The IDX file holds 0 images."),
        (npy(FLAT[:0]), "The NPY file holds 0 images."),
        (idx(LABELS)[:-1], "promises 30 labels and holds 29"),
        (npy(IMAGES.astype(float) * 40), "numbers from 0 to 10200"),
        (shard({"a": [1]}), "this one has a"),
    ],
)
def test_others_are_told_what_is_expected(content: bytes, words: str) -> None:
    assert words in items(("a", content))[-1].error


def test_hugging_face_keeps_image_files() -> None:
    rows = {"image": [{"bytes": seven_png(), "path": None}] * 2, "label": [7, 12]}
    good, bad = items(("a", shard(rows)))
    assert good.label == 7 and good.image is not None and "12 is no digit" in bad.error


def test_coarse_digits_are_enlarged(classifier: Classifier) -> None:
    from sklearn.datasets import load_digits

    small = load_digits()
    rows = beside(small.data[:100].astype(int), small.target[:100])
    results = stream.read_all(items(("a", text(rows))), classifier)
    assert np.mean([result.right for result in results]) > 0.97


@pytest.mark.parametrize("way", [(True, False), (False, True)])
def test_tables_the_other_way_round_are_noticed(way, classifier: Classifier) -> None:
    rows = turned.turned(IMAGES, *way).reshape(30, 784)
    tables = Tables()
    list(files.items_of([("a", text(beside(LABELS, rows)))], tables))
    better = turned.suggestion(tables.samples, tables.choices, classifier)
    assert better and better.choices == Choices("", *way)
    assert "of them are no digits as they stand" in better.sentence
    read = list(files.items_of([("a", text(beside(LABELS, rows)))], Tables(better.choices)))
    assert np.abs(np.stack([item.image for item in read]) - FRAMES).max() < 0.03
    straight = {"a": IMAGES}
    assert turned.suggestion(straight, Choices(), classifier) is None


def test_reasons_are_counted() -> None:
    total = Summary()
    for number in range(3):
        total.add_reason("It is empty.", f"{number}.png")
    assert total.told == ["0.png: It is empty. (3 items like this.)"]


@pytest.mark.parametrize(
    ("name", "digit"),
    [("7", 7), ("07", 7), ("7.0", 7), ("Seven", 7), ("digit_7", 7), ("17", None), ("a7", None)],
)
def test_names_of_digits(name: str, digit: int | None) -> None:
    assert named_digit(name) == digit


@pytest.mark.parametrize("name", ["decimal commas, tabs", "ARFF"])
def test_a_bad_row_costs_itself_alone(name: str) -> None:
    """Where not all rows are numbers they are read one by one, and mean the same."""
    content = {
        "decimal commas, tabs": text(SHARES, None, "\t", "{:.4f}").replace(b".", b","),
        "ARFF": arff(beside(FLAT, LABELS)).replace(b",7\n", b",'7'\n"),
    }[name]
    rows = content.splitlines(keepends=True)
    read = items(("a", b"".join([*rows[:-3], b"1\t2,3\n", *rows[-3:]])))
    assert [item.error != "" for item in read] == [*[False] * 27, True, *[False] * 3]
    assert [item.label for item in read if not item.error] == LABELS.tolist()

"""Batches: every form of input gives the same answers, and one bad item costs one row."""

import csv
import gzip
import io
import json
import os
import struct
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mnist_cnn.batch import stream
from mnist_cnn.batch.inputs import files, item, zip_archives
from mnist_cnn.batch.results import Format, Result, write
from mnist_cnn.cli import batches
from mnist_cnn.data import bundled_digits, mnist
from mnist_cnn.ink import sheet
from mnist_cnn.ink.extract import extract_ink
from mnist_cnn.models import pipeline
from mnist_cnn.models.classifier import THREADS, Classifier
from mnist_cnn.records import BLANK, PredictionResult
from tests.support.artifacts import needs
from tests.support.commands import run as run_command
from tests.support.drawings import SEVEN, seven_png
from tests.support.files import zipped


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    needs("mnist.npz")
    test = mnist.load_mnist().test
    return test.images[:300], test.labels[:300]


def png(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def test_what_was_seen_of_a_small_picture_is_shown_in_its_grey(monkeypatch) -> None:
    image = np.zeros((28, 28), np.float32)
    image[5:20, 12:15] = 1
    read = PredictionResult(BLANK, image, "", 0.0, part=(0.2, 0.2, 0.8, 0.8))
    monkeypatch.setattr(pipeline, "predict_picture", lambda *_: read)
    one = item.Item("small.png", image, is_picture=True)
    (result,) = stream._results(one, BLANK, None)
    assert result.seen is not None and result.seen.grey.dtype == np.uint8
    assert result.seen.grey.max() == 255


def test_the_reasons_of_a_batch_stay_until_the_next_one_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "out.errors.csv"
    path.write_text("of the one before")

    def breaking(error: str) -> Iterator[Result]:
        yield Result(item.Item("a.png", error=error), None)
        raise RuntimeError("the network is gone")

    for error in ("", "It is empty."):
        with pytest.raises(RuntimeError, match="gone"):
            list(batches._noting_errors(breaking(error), path))
        assert path.read_text() == "of the one before"
    assert [file.name for file in tmp_path.iterdir()] == ["out.errors.csv"]


def as_csv(images, labels=None, header=True, separator=",") -> bytes:
    rows = [[*map(int, image.ravel())] for image in images]
    if labels is not None:
        rows = [[int(label), *row] for label, row in zip(labels, rows, strict=True)]
    names = [f"pixel{n}" for n in range(784)]
    lines = [["label", *names] if labels is not None else names] if header else []
    return "\n".join(separator.join(map(str, row)) for row in [*lines, *rows]).encode()


TABLE = b"file_name,label\na.png,7\nb.png,seven\n"


@pytest.mark.parametrize("packed", [False, True])
def test_a_table_beside_pictures_names_their_labels(packed: bool) -> None:
    names = {"3/metadata.csv": TABLE, "3/a.png": seven_png(), "3/b.png": seven_png()}
    sources = [("all.zip", zipped(*names.items()))] if packed else list(names.items())
    items = list(files.items_of(sources))
    assert [(one.name, one.label, one.error) for one in items] == [
        ("3/a.png", 7, ""),
        ("3/b.png", 3, ""),
    ]


def test_a_table_without_its_pictures_does_not_vanish() -> None:
    (alone,) = files.items_of([("metadata.csv", TABLE)])
    assert "as a table it has 2 columns" in alone.error
    names = b"file_name," + b",".join(b"pixel%d" % n for n in range(784))
    row = b"x.png," + b",".join(b"%d" % (n % 200) for n in range(784))
    wide = names + b"\n" + row + b"\n"
    read = list(files.items_of([("pixels.csv", wide), ("x.png", seven_png())]))
    assert len(read) == 2 and all(one.image is not None or one.error for one in read)


def as_zip(images, labels) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            archive.writestr(f"test/{label}/{number:04d}.png", png(image))
    return file.getvalue()


def idx(images, labels) -> list[tuple[str, bytes]]:
    head = struct.pack(">IIII", 0x803, len(images), 28, 28)
    return [
        ("labels", struct.pack(">II", 0x801, len(labels)) + labels.astype(np.uint8).tobytes()),
        ("images.gz", gzip.compress(head + images.tobytes())),
    ]


def read(sources, classifier: Classifier) -> list[Result]:
    return list(stream.read_all(files.items_of(sources), classifier))


def answers(results: list[Result]) -> list[tuple]:
    return [(r.prediction.digit, r.status, r.item.label) for r in results]


def test_every_form_gives_the_same_answers(digits, classifier: Classifier) -> None:
    images, labels = digits
    expected = answers(read([("a.csv", as_csv(images, labels))], classifier))
    assert len(expected) == 300
    assert sum(digit == label for digit, _, label in expected) >= 295
    assert answers(read([("a.zip", as_zip(images, labels))], classifier)) == expected
    assert answers(read(idx(images, labels), classifier)) == expected
    semicolons = b"\xef\xbb\xbf" + as_csv(images, labels, separator=";")
    assert answers(read([("a.txt", semicolons)], classifier)) == expected
    bare = answers(read([("a", as_csv(images, header=False))], classifier))
    assert [row[:2] for row in bare] == [row[:2] for row in expected]


@pytest.mark.slow
def test_a_long_batch_stays_in_order_and_is_not_drawn_ahead(classifier: Classifier) -> None:
    ten = bundled_digits.one_of_each().astype(np.float32) / 255
    drawn = 0

    def items() -> Iterator[item.Item]:
        nonlocal drawn
        for number in range(10 * item.CHUNK):
            drawn += 1
            image = ten[number % 10] if number % 7 else None
            yield item.Item(str(number), image, error="" if number % 7 else "broken")

    results = stream.read_all(items(), classifier)
    first = next(results)
    assert drawn <= (THREADS + 1) * item.CHUNK
    known = [read.digit for read in classifier.predict_many(ten)]
    for number, result in enumerate([first, *results]):
        assert result.item.name == str(number)
        if number % 7:
            assert result.prediction and result.prediction.digit == known[number % 10]
        else:
            assert result.status == "error"
    assert drawn == number + 1


def sheet_png(images: np.ndarray) -> bytes:
    """Rows of twenty digits on grainy paper."""
    paper = np.full((60 * -(-len(images) // 20), 20 * 50), 230, np.float32)
    for number, image in enumerate(images):
        y, x = 60 * (number // 20) + 12, 50 * (number % 20) + 8
        paper[y : y + 28, x : x + 28] -= 200.0 / 255 * image
    noisy = paper + np.random.default_rng(0).normal(0, 4, paper.shape)
    return png(np.clip(noisy, 0, 255).astype(np.uint8))


def test_a_sheet_is_read_in_order(digits, classifier: Classifier) -> None:
    images, labels = digits
    found = read([("sheet.png", sheet_png(images))], classifier)
    assert abs(len(found) - 300) <= 3
    assert [r.item.name for r in found[:2]] == ["sheet.png #1", "sheet.png #2"]
    if len(found) == 300:
        right = [r.prediction.digit == label for r, label in zip(found, labels, strict=True)]
        assert np.mean(right) >= 0.97


def test_a_sloping_line_stays_in_order() -> None:
    paper = np.ones((300, 600), np.float32)
    for number in range(12):
        y, x = 20 + 15 * number, 20 + 45 * number
        paper[y : y + 40, x : x + 20] = 0.1
    boxes = [box for line in sheet.lines_on(extract_ink(paper)) for box in line]
    assert len(boxes) == 12 and [b[0] for b in boxes] == sorted(b[0] for b in boxes)


def test_strokes_and_single_images(classifier: Classifier) -> None:
    line = json.dumps({"strokes": [SEVEN[0].tolist()], "label": "7"})
    results = read(
        [("s.jsonl", f"{line}\n{{}}\n{line}\n".encode()), ("7.png", seven_png())], classifier
    )
    assert [r.status for r in results] == ["ok", "error", "ok", "ok"]
    assert results[1].item.name == "s.jsonl line 2"


@pytest.mark.fault(24)
def test_one_bad_image_among_many_costs_one_row(digits, classifier: Classifier) -> None:
    images, labels = digits
    file = io.BytesIO(as_zip(images, labels))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("test/3/bad.png", b"no image")
    results = read([("a.zip", file.getvalue())], classifier)
    assert len(results) == 301
    (bad,) = [r for r in results if r.status == "error"]
    assert bad is results[-1] and "not an image" in bad.item.error


BAD_PICTURES = {
    "empty": b"",
    "HTML": b"<html>",
    "cut": seven_png()[:300],
    "too large": b"x" * (20 * 2**20 + 1),
    "a bomb": png(np.zeros((1, 20_000), np.uint8)),
    "a flipped byte": seven_png().replace(b"IDAT", b"IDAU"),
    "an SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "zeros": bytes(1000),
}


@pytest.mark.fault(24)
def test_every_kind_of_bad_picture_costs_its_row(classifier: Classifier) -> None:
    members = []
    for name, content in BAD_PICTURES.items():
        members += [("7/good.png " + name, seven_png()), (f"7/{name}.png", content)]
    results = read([("a.zip", zipped(*members))], classifier)
    assert [r.item.name for r in results] == [name for name, _ in members]
    assert [r.status for r in results] == ["ok", "error"] * len(BAD_PICTURES)
    assert all(r.item.error.endswith((".", "again.")) for r in results[1::2])


@pytest.mark.fault(23)
def test_names_that_come_twice_or_are_no_unicode(classifier: Classifier) -> None:
    file = io.BytesIO()
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(file, "w") as archive,
    ):
        for content in (seven_png(), b"x", seven_png()):
            archive.writestr("7/a.png", content)
    first, *others = read([("a.zip", file.getvalue())], classifier)
    assert first.digit == 7 and [r.status for r in others] == ["error"] * 2
    assert "only the first is read" in others[0].item.error
    content = zipped(("7/aXX.png", seven_png())).replace(b"aXX", b"a\xff\x80")
    (result,) = read([("a.zip", content)], classifier)
    assert (result.digit, result.item.label) == (7, 7)
    written([result], "csv").encode()
    marked = bytearray(content)
    marked[7] |= 8  # it says that its name is UTF-8
    marked[content.index(b"PK\x01\x02") + 9] |= 8
    (result,) = read([("a.zip", bytes(marked))], classifier)
    assert "The ZIP is damaged" in result.item.error


@pytest.mark.fault(23)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../seven.png", "leads outside"),
        ("/etc/seven.png", "leads outside"),
        ("C:\\seven.png", "leads outside"),
        ("a/../../seven.png", "leads outside"),
    ],
)
def test_names_that_lead_outside(name: str, words: str, classifier: Classifier) -> None:
    (result,) = read([("a.zip", zipped((name, seven_png())))], classifier)
    assert words in result.item.error


@pytest.mark.fault(22, 23)
def test_bombs_nests_and_other_zips(classifier: Classifier) -> None:
    bomb = zipped(("bomb.png", bytes(200_000_000)))
    assert len(bomb) < 1_000_000
    (result,) = read([("a.zip", bomb)], classifier)
    assert "more than 20 MB" in result.item.error
    (result,) = read([("a.zip", zipped(("inner.zip", bomb)))], classifier)
    assert "not an image" in result.item.error
    assert (
        read([("a.zip", zipped(("__MACOSX/x.png", b"x"), ("d/.DS_Store", b"x")))], classifier) == []
    )
    (result,) = read([("a.zip", bomb[: len(bomb) // 2])], classifier)
    assert "damaged" in result.item.error
    info = zipfile.ZipInfo("link.png")
    info.external_attr = 0o120777 << 16
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    (result,) = read([("a.zip", file.getvalue())], classifier)
    assert "link" in result.item.error
    encrypted = bytearray(zipped(("7.png", seven_png())))
    encrypted[6] |= 1
    encrypted[encrypted.index(b"PK\x01\x02") + 8] |= 1
    (result,) = read([("a.zip", bytes(encrypted))], classifier)
    assert "encrypted" in result.item.error


@pytest.mark.fault(22)
def test_too_many_members(monkeypatch, classifier: Classifier) -> None:
    monkeypatch.setattr(zip_archives, "MAX_ZIP_MEMBERS", 3)
    content = zipped(*((f"{n}.png", b"") for n in range(4)))
    (result,) = read([("a.zip", content)], classifier)
    assert "has 4 members; at most 3" in result.item.error


ROW = ",".join(["0"] * 784)


@pytest.mark.fault(25)
@pytest.mark.parametrize(
    ("line", "words"),
    [
        (ROW + ",0,0", "786 columns"),
        (ROW[:-4], "782 columns"),
        ("3," + ROW, "785 columns where the first row has 784"),
        (ROW[:-1] + "256", "0 to 255"),
        (ROW[:-1] + "-1", "0 to 255"),
        (ROW[:-1] + "nan", "not all numbers"),
        (ROW[:-1] + "\0", "not all numbers"),
        (ROW[:-1], "not all numbers"),
        ("9" * 200_000, "longer than 64 kB"),
    ],
)
def test_a_bad_row_costs_one_row(line: str, words: str, classifier: Classifier) -> None:
    content = f"{ROW}\n{line}\n{ROW}\n".encode()
    first, bad, last = read([("a.csv", content)], classifier)
    assert (first.status, bad.status, last.status) == ("blank", "error", "blank")
    assert words in bad.item.error and bad.item.name == "a.csv row 2"


@pytest.mark.fault(25)
def test_a_label_that_is_no_digit(classifier: Classifier) -> None:
    content = f"label,{ROW}\n11,{ROW}\n7,{ROW}\n".encode()
    bad, good = read([("a.csv", content)], classifier)
    assert "label 11 is no digit" in bad.item.error
    assert good.item.label == 7


@pytest.mark.fault(25)
@settings(max_examples=100)
@given(
    st.binary(max_size=3000),
    st.sampled_from([b"", b"PK\x03\x04", b"\x1f\x8b", b"\0\0\x08\x03", b"{", b"1,2"]),
)
def test_any_content_is_read_or_refused(
    classifier: Classifier, content: bytes, head: bytes
) -> None:
    for result in read([("x", head + content)], classifier):
        assert result.prediction or result.item.error
    files.expected(head + content)


@pytest.mark.fault(26)
def test_exports(classifier: Classifier) -> None:
    seven = seven_png()
    results = read([("=HYPERLINK(1)", seven), ("bad", b""), ("7", seven)], classifier)
    rows = list(csv.DictReader(io.StringIO(written(results, "csv"))))
    assert list(rows[0]) == ["item", "digit", "confidence", "status", "label", "error"]
    assert rows[0]["item"] == "'=HYPERLINK(1)" and rows[0]["digit"] == "7"
    assert rows[0]["error"] == "" and "empty" in rows[1]["error"]
    assert written(results, "kaggle").split() == ["ImageId,Label", "1,7", "2,0", "3,7"]
    first, *_ = map(json.loads, written(results, "jsonl").splitlines())
    assert first["item"] == "=HYPERLINK(1)" and first["status"] == "ok"


@pytest.mark.fault(26)
@pytest.mark.parametrize("first", "=+-@\t\r\n＝＋－＠")
def test_no_cell_begins_as_a_formula_does(first: str, classifier: Classifier) -> None:
    results = read([(f"{first}1", b"")], classifier)
    (row,) = csv.DictReader(io.StringIO(written(results, "csv")))
    assert row["item"] == f"'{first}1"


def written(results: list[Result], form: Format) -> str:
    file = io.StringIO()
    write(results, file, form)
    return file.getvalue()


def test_the_command_writes_a_file_and_a_summary(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(("7/a.png", seven_png()), ("7/b.png", b"")))
    done = run_command("batch", tmp_path / "a.zip", "--output", tmp_path / "out.csv")
    assert done.returncode == 2  # one of them could not be read
    assert json.loads(done.stdout) == {
        "items": 2, "errors": 1, "unsure": 0, "not_digits": 0, "labelled": 1, "right": 1,
        "accuracy": 1.0,
    }  # fmt: skip
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith("7/a.png,7,")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "out.csv"]
    assert done.stderr == "7/b.png: The file is empty (0 bytes); please choose an image.\n"
    kaggle = ("--format", "kaggle", "--output", tmp_path / "out.csv")
    run_command("batch", tmp_path / "a.zip", *kaggle)
    assert (tmp_path / "out.csv").read_text().split() == ["ImageId,Label", "1,7", "2,0"]
    said = list(csv.reader((tmp_path / "out.errors.csv").read_text().splitlines()))
    assert said[0] == ["ImageId", "item", "error"] and said[1][:2] == ["2", "7/b.png"]
    assert "empty" in said[1][2] and len(said) == 2
    (tmp_path / "good.zip").write_bytes(zipped(("7.png", seven_png())))
    run_command("batch", tmp_path / "good.zip", *kaggle)
    assert not (tmp_path / "out.errors.csv").exists()
    done = run_command("batch", tmp_path / "gone.zip")
    assert done.returncode == 2 and "gone.zip,,,error,,It cannot be read" in done.stdout
    (tmp_path / "one.csv").write_text(f"3,{ROW}\n")
    options = ("--label", "last", "--transposed", "--format", "jsonl")
    done = run_command("batch", tmp_path / "one.csv", *options)
    assert done.returncode == 0 and json.loads(done.stdout)["label"] == 0


def test_a_name_that_is_no_utf8_is_told_by_its_bytes(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.png")).write_bytes(seven_png())
    (name,) = (name for name, _ in files.files_in([tmp_path]))
    assert name == "caf\\xe9.png"


def test_sheets_of_one_name_have_a_copy_each(tmp_path: Path, digits) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.png").write_bytes(sheet_png(digits[0][:40]))
    answer = run_command(
        "batch", tmp_path / "x/a.png", tmp_path / "y/a.png", "--annotated", tmp_path / "out"
    )
    assert answer.returncode == 0, answer.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "a 2 read.png",
        "a read.png",
    ]


def test_thousands_of_pieces_are_counted_in_no_time() -> None:
    ink = np.zeros((1024, 1024), np.float32)
    for y in range(4, 1020, 16):
        for x in range(4, 1020, 16):
            ink[y : y + 6, x : x + 3] = 1
    began = time.process_time()
    assert sheet.count_pieces(ink) == 4_096
    ink[800:] = 0
    assert sheet.count_pieces(ink) == 3_200
    assert time.process_time() - began < 4


def test_a_name_in_a_tar_that_is_no_utf_8_costs_no_batch(tmp_path: Path, classifier) -> None:
    with tarfile.open(
        tmp_path / "x.tar", "w", format=tarfile.GNU_FORMAT, encoding="latin-1"
    ) as archive:
        for name in ("café.png", "seven.png"):
            member = tarfile.TarInfo(name)
            member.size = len(seven_png())
            archive.addfile(member, io.BytesIO(seven_png()))
    results = list(stream.read_all(files.items_of([("x.tar", tmp_path / "x.tar")]), classifier))
    assert [result.item.name for result in results] == ["caf\\xe9.png", "seven.png"]
    kept = io.StringIO()
    write(results, kept, "csv")
    kept.getvalue().encode()


def test_hidden_files_of_a_folder_are_passed_over(tmp_path: Path) -> None:
    for name in (".DS_Store", "._seven.png", "seven.png", ".cache/x.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(seven_png())
    assert [name for name, _ in files.files_in([tmp_path])] == ["seven.png"]


def test_labels_of_strokes_may_be_numbers_or_words(tmp_path: Path) -> None:
    strokes = [stroke.tolist() for stroke in SEVEN]
    rows = [{"strokes": strokes, "label": label} for label in ("7", 7.0, "seven", "x", None)]
    path = tmp_path / "s.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    assert [item.label for item in files.items_of([("s", path)])] == [7, 7, 7, None, None]

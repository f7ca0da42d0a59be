"""However little a file is, what comes out of it is bounded: counted, never as the file says."""

import bz2
import gzip
import io
import lzma
import time
import tracemalloc
import zipfile

import numpy as np
import pytest
from PIL import Image

from mnist_cnn.batch import stream
from mnist_cnn.batch.inputs import files, unpacked, zip_archives
from mnist_cnn.ink.decode import decode_image
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.settings import MAX_BLANK_BYTES
from tests.support.drawings import seven_png

CSV_ROW = b",".join([b"0"] * 784) + b"\n"

STROKES = b'{"strokes": [[[0, 0], [5, 5]]], "label": "7"}\n'


def words(content: bytes) -> tuple[list[str], int]:
    """What is said of each item of a file, and how many bytes that took at most."""
    tracemalloc.start()
    try:
        said = [item.error for item in files.items_of([("a", content)])]
        return said, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def lying(how: int, says: int, held: int) -> bytes:
    """A ZIP with a member that says it holds so many bytes and holds others."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        archive.writestr("a.png", bytes(held))
        archive.writestr("7/b.png", seven_png())
    content = bytearray(file.getvalue())
    for head, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = content.index(head) + at
        content[place : place + 4] = says.to_bytes(4, "little")
    return bytes(content)


@pytest.mark.fault(50, 22)
@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_a_member_that_holds_more_than_it_says_costs_one_row(how: int) -> None:
    content = lying(how, 10, 40_000_000)
    said, most = words(content)
    assert said[0] and most < 32e6
    if how == zipfile.ZIP_DEFLATED:
        assert said[1] == ""
    else:
        assert "packed in an unusual way" in said[0] and "packed in" in said[1]


@pytest.mark.fault(22)
def test_members_are_counted_as_they_come_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_archives, "MAX_UNPACKED_BYTES", 1_000_000)
    said, _ = words(lying(zipfile.ZIP_DEFLATED, 3_000_000, 3_000_000))
    assert said == ["It unpacks to more than 4 GB; the rest was left out."]


@pytest.mark.fault(51, 22, 27)
@pytest.mark.parametrize("first", [CSV_ROW, STROKES])
@pytest.mark.parametrize("blank", [b"\n", b" \r\n", b" " * 60_000 + b"\n"])
def test_blank_lines_are_not_read_for_ever(first: bytes, blank: bytes) -> None:
    began = time.perf_counter()
    content = gzip.compress(first + blank * (10_000_000 // len(blank)), 1)
    said, most = words(content)
    assert said[0] == "" and f"More than {MAX_BLANK_BYTES:,} bytes of it are blank" in said[1]
    assert len(said) == 2 and most < 8e6 and time.perf_counter() - began < 20


@pytest.mark.fault(51)
@pytest.mark.parametrize("content", [CSV_ROW * 100, STROKES * 500, b"\x00\x00\x08\x01" * 10**5])
def test_what_a_gzip_holds_is_counted(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(unpacked, "MAX_UNPACKED_BYTES", 1_000)
    *_, last = words(gzip.compress(content))[0]
    assert "unpacks to more than" in last


@pytest.mark.fault(54)
def test_a_line_of_strokes_has_a_longest() -> None:
    line = b'{"strokes": [[' + b"[1, 1], " * 4_000_000 + b"[1, 1]]]}\n"
    said, most = words(gzip.compress(STROKES + line + STROKES, 1))
    assert said == ["", "Line 2 was left out: it is longer than 2 MB.", ""]
    assert most < 16e6


@pytest.mark.fault(54)
@pytest.mark.parametrize("first", [CSV_ROW, STROKES])
def test_a_line_without_an_end_is_not_looked_through_for_ever(first: bytes) -> None:
    said, most = words(gzip.compress(first + b"1" * 100_000_000, 1))
    assert said == ["", "Line 2 is longer than 64 MB; it and the rest were left out."]
    assert most < 16e6


@pytest.mark.fault(22)
@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_other_ways_to_pack_are_no_table(pack) -> None:
    said, _ = words(pack(CSV_ROW * 10))
    assert len(said) == 1 and said[0]


def _npy(header: str, values: bytes = b"") -> bytes:
    head = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + values


def _damaged_npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, x=np.zeros((3, 28, 28), np.uint8))
    content = bytearray(file.getvalue())
    content[len(content) // 2] ^= 255  # within the array: its checksum is wrong
    return bytes(content)


GOOD = "good.png", seven_png()

ROW_OF_SHARES = ",".join(["0.5"] * 784)
BROKEN_FILES = {
    "a row too short, then one too long.csv": (
        f"{ROW_OF_SHARES}\n{ROW_OF_SHARES[4:]}\n{ROW_OF_SHARES},0.5\n".encode()
    ),
    "negative.npy": _npy("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 28, 28)}"),
    "cut.npy": _npy("{'descr': '|u1', 'fortran_order': False, 'shape': (12, 28, 28), ("),
    "deep.npy": _npy("{'descr': '|u1', 'fortran_order': False, 'shape': " + "(" * 300),
    "scalar.npy": _npy("{'descr': '|u1', 'fortran_order': False, 'shape': ()}", b"1"),
    "checksum.npz": _damaged_npz(),
    "huge.jsonl": b'{"pixels": [' + b"9" * 400 + b", 0" * 783 + b"]}\n",
    "nothing.csv": b"sep=,\n",
}


@pytest.mark.fault(5, 25)
@pytest.mark.parametrize("name", BROKEN_FILES)
def test_a_broken_file_is_said_to_be_and_ends_nothing(name: str, classifier: Classifier) -> None:
    content = BROKEN_FILES[name]
    files.expected(content)
    results = list(stream.read_all(files.items_of([(name, content), GOOD]), classifier))
    assert any(result.item.error for result in results)
    assert results[-1].digit == 7


def test_a_picture_of_floats_that_are_no_numbers_is_read_without_them() -> None:
    values = np.full((60, 60), 0.9, np.float32)
    values[20:40, 28:32] = 0.1
    values[0, :4] = np.nan, np.inf, -np.inf, -5
    file = io.BytesIO()
    Image.fromarray(values).save(file, "TIFF")
    grey = decode_image(file.getvalue())
    assert np.isfinite(grey).all() and grey.min() >= 0 and grey.max() <= 1

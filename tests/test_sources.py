"""UNIPEN, the Swiss numbers and BHMSDS: from small archives in their own formats; real ones where
they are."""

import errno
import gzip
import io
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_cnn.data import (
    bhmsds,
    download,
    local_sets,
    swiss_numbers,
    unipen,
    unipen_archive,
    unipen_files,
)
from mnist_cnn.data.bhmsds import load_bhmsds
from mnist_cnn.data.pen_digits import load_pen_digits
from mnist_cnn.data.splits import WriterSplits, writer_part
from mnist_cnn.data.swiss_numbers import load_swiss_numbers
from mnist_cnn.data.unipen import load_unipen
from mnist_cnn.errors import DataMissing, StorageFailed
from mnist_cnn.ink.normalize import normalize, to_uint8
from mnist_cnn.ink.page import read_image
from mnist_cnn.models.classes import SYMBOLS
from tests.support.artifacts import needs
from tests.support.faults import failing_disk

INK = """.WRITER_ID Zoe_Example
.PEN_DOWN
\t10\t100
\t10\t80
.PEN_UP
.DT 20
.PEN_DOWN
\t5\t90
\t15\t90
.PEN_UP
.PEN_DOWN
\t30\t100
\t30\t70
.PEN_UP
"""
"""Three pen-downs, of which the first two are a plus or a 4."""

INK_IN_THE_AIR = """.WRITER_ID Adam Example
.PEN_UP
0 0
.PEN_DOWN
3 9 1
3 5 2
.PEN_UP
4 4
.PEN_UP
.DT 30
.PEN_DOWN
.PEN_DOWN
7 9
9 9
.PEN_UP
8 8
"""
"""The pen in the air has points: components 0 to 4 are up, down, up, down, up."""

ROOT = "CDROM/train_r01_v07"


def segments(ink: str, *lines: str) -> str:
    return "\n".join([".VERSION 1.0", ".INCLUDE x/about.doc", f".INCLUDE {ink}", *lines, ""])


UNIPEN = {
    "data/1a/apa/one.dat": segments("apa/one.dat", '.SEGMENT CHARACTER 0-1 ? "4"'),
    "data/1a/tos/two.dat": segments(
        "tos/two.dat", '.SEGMENT CHARACTER 0-2 OK "1"', '.SEGMENT CHARACTER 3,4 OK "7"'
    ),
    "data/1a/zzz/not_taken.dat": segments("apa/one.dat", '.SEGMENT CHARACTER 0-1 ? "4"'),
    "data/1b/apa/one.dat": segments(
        "apa/one.dat", '.SEGMENT CHARACTER 2 ? "I"', '.SEGMENT CHARACTER 9 ? "Q"'
    ),
    "data/1d/apa/one.dat": segments(
        "apa/one.dat",
        '.SEGMENT CHARACTER 0-1 ? "+"',
        '.SEGMENT CHARACTER 2 ? "\\""',
        '.SEGMENT CHARACTER 2 ? "\\@"',
        '.SEGMENT CHARACTER 2 ? "@"',
    ),
    "data/8/apa/one.dat": segments(
        "apa/one.dat",
        '.SEGMENT TEXT 0-2 ? "41  +\n1"',
        '.SEGMENT TEXT 0-2 ? "41 apples"',
        '.SEGMENT TEXT 2 ? "1"',
    ),
    "include/x/about.doc": ".DATA_CONTACT Name: Somebody\n.COORD X Y\n",
    "include/apa/one.dat": INK,
    "include/tos/two.dat": INK_IN_THE_AIR,
}


def pack_unipen(path: Path, files: dict[str, str]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{ROOT}/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode("latin-1")))


@pytest.fixture
def small_unipen(server, empty_data_folder, monkeypatch) -> str:
    """The address of a small archive of two writers."""
    url, folder = server
    pack_unipen(folder / "unipen.tgz", UNIPEN)
    monkeypatch.setattr(unipen_archive, "DIGITS_BY_DONOR", {"apa": 1, "tos": 2})
    return f"{url}/unipen.tgz"


def drawings(parts: WriterSplits) -> list:
    return sorted(parts.train + parts.validation + parts.test, key=lambda d: (d.writer, d.label))


def test_unipen_is_converted_from_its_archive(small_unipen, empty_data_folder) -> None:
    four, one, seven = drawings(load_unipen("digits", None, small_unipen))
    assert (four.label, four.writer) == ("4", "apa/001")
    assert [s.tolist() for s in four.strokes] == [[[5, 0], [5, 20]], [[0, 10], [10, 10]]]
    assert (one.label, one.writer) == ("1", "tos/001")
    assert [s.tolist() for s in one.strokes] == [[[0, 0], [0, 4]]]
    assert [s.tolist() for s in seven.strokes] == [[[0, 0], [2, 0]]]
    (plus,) = drawings(load_unipen("signs"))
    assert plus.label == "+" and len(plus.strokes) == 2
    assert [d.label for d in drawings(load_unipen("not_digits"))] == ['"', "@", "I"]
    (number,) = drawings(load_unipen("numbers"))
    assert number.label == "41 + 1" and len(number.strokes) == 3


def test_nobody_is_named_in_what_is_kept_of_unipen(small_unipen, empty_data_folder) -> None:
    load_unipen("signs", None, small_unipen)
    kept = [gzip.decompress(p.read_bytes()) for p in empty_data_folder.glob("*.gz")]
    assert len(kept) == 4
    assert not any(name in text for text in kept for name in (b"Zoe", b"Adam", b"Somebody"))


def test_converted_files_are_found_again_and_only_missing_ones_made(
    small_unipen, empty_data_folder, web_requests
) -> None:
    first = load_unipen("digits", None, small_unipen)
    again = load_unipen("digits", None, "http://127.0.0.1:9/none")
    assert again.checksum == first.checksum and len(web_requests.ranges) == 1
    (empty_data_folder / "unipen_signs.jsonl.gz").unlink()
    (empty_data_folder / "unipen_digits.jsonl.gz").write_bytes(b"")
    load_unipen("signs", None, small_unipen)
    assert (empty_data_folder / "unipen_digits.jsonl.gz").read_bytes() == b""
    with pytest.raises(DataMissing, match="please delete it"):
        load_unipen("digits", None, small_unipen)


def test_what_is_converted_as_recorded_needs_no_note(
    small_unipen, empty_data_folder, monkeypatch
) -> None:
    found = load_unipen("digits", None, small_unipen).checksum
    for path in empty_data_folder.iterdir():
        path.unlink()
    monkeypatch.setitem(unipen.UNIPEN_SHA256, "digits", found)
    load_unipen("digits", None, small_unipen)
    notes = {path.name for path in empty_data_folder.glob("*.sha256")}
    assert len(notes) == 3 and "unipen_digits.jsonl.gz.sha256" not in notes


def test_writers_are_numbered_by_name_and_no_letter_of_theirs_floods(monkeypatch) -> None:
    codes = unipen_archive._codes([("apb", "zoe"), ("apb", "adam"), ("apa", "zoe")])
    assert codes == {
        ("apa", "zoe"): "apa/001",
        ("apb", "adam"): "apb/001",
        ("apb", "zoe"): "apb/002",
    }
    monkeypatch.setattr(unipen_archive, "MOST_OF_A_WRITER", 3)
    many = [unipen_archive.Drawing((), str(n), "apb/001") for n in range(10)]
    few = [unipen_archive.Drawing((), "a", "apb/002")]
    some = unipen_archive._some_of_each_writer(many + few)
    assert [d.label for d in some] == ["3", "6", "9", "a"]


def test_digits_that_have_lost_strokes_are_left_out() -> None:
    def digit(height: float, writer: str) -> unipen_archive.Drawing:
        return unipen_archive.Drawing((np.array([[0, 0], [1, height]]),), "1", writer)

    written = [digit(100, "ibm/001")] * 5 + [digit(20, "ibm/001"), digit(20, "apb/001")]
    kept = unipen_archive._without_lost_ink([*written, *[digit(100, "apb/001")] * 5])
    assert Counter((d.writer, d.strokes[0][1, 1]) for d in kept) == {
        ("ibm/001", 100): 5,
        ("apb/001", 20): 1,
        ("apb/001", 100): 5,
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('.SEGMENT CHARACTER 3-5,7 ? "a"', [((3, 4, 5, 7), "a")]),
        ('.SEGMENT WORD 1 OK "say \\"hi\\""', [((1,), 'say "hi"')]),
        ('.SEGMENT CHARACTER 1 ? "\\\\"', [((1,), "\\")]),
        ('.SEGMENT CHARACTER 1 ? "\\@"', []),
        ('.SEGMENT CHARACTER 1:3-2:9 ? "a"', []),
        ('.COMMENT .SEGMENT CHARACTER 1 ? "a"', []),
    ],
)
def test_segments(line: str, expected: list) -> None:
    assert [(s.components, s.label) for s in unipen_files.segments(line)] == expected


def test_components_count_pen_downs_unless_the_air_has_points() -> None:
    assert [bool(points) for points in unipen_files.components(INK)] == [True, True, True]
    assert [bool(points) for points in unipen_files.components(INK_IN_THE_AIR)] == [
        *(False, True, False, True, False)
    ]
    assert unipen_files.strokes(["1 2"], (0, 1)) == (), "beyond the ink"
    assert unipen_files.strokes([" \n"], (0,)) == (), "no point"


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9])
def test_an_archive_that_is_cut_off_is_one_sentence(small_unipen, server, share) -> None:
    path = server[1] / "unipen.tgz"
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(lambda: load_unipen("digits", None, small_unipen), "cut off")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("data/1a/apa/one.dat", segments("apa/one.dat", '.SEGMENT CHARACTER 0 ? "A"')),
        ("data/1a/apa/one.dat", segments("apa/one.dat", '.SEGMENT CHARACTER 0 ? "\\@"')),
        ("data/1a/apa/one.dat", segments("apa/one.dat", '.SEGMENT CHARACTER 0 ? "44"')),
        ("data/1a/apa/one.dat", segments("apa/one.dat", '.SEGMENT CHARACTER 1-2-3 ? "4"')),
        ("include/tos/two.dat", ".WRITER_ID Adam\n"),
        ("include/tos/two.dat", ".WRITER_ID Adam\n" + 6 * ".PEN_DOWN\n1.5 2.5\n.PEN_UP\n"),
        ("data/8/apa/one.dat", ""),
    ],
    ids=["a letter", "unknown", "two", "numbers", "no ink", "fractions", "no whole numbers"],
)
def test_an_archive_of_another_version_is_one_sentence(small_unipen, server, path, text) -> None:
    pack_unipen(server[1] / "unipen.tgz", UNIPEN | {path: text})
    refused(lambda: load_unipen("digits", None, small_unipen), "of another version")


def refused(load, reason: str) -> None:
    """It fails with one sentence that names the reason, and nothing is left."""
    with pytest.raises(DataMissing, match=f"{reason}.*; please put the file there") as caught:
        load()
    assert "\n" not in str(caught.value)
    folder = local_sets.data_folder()
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.mark.parametrize("name", unipen.UNIPEN_FILES)
@pytest.mark.parametrize("content", [b"", b"\x1f\x8bnot zipped", b'{"strokes": 3}', None])
def test_a_file_that_holds_something_else_is_named(empty_data_folder, name, content) -> None:
    row = b'{"strokes": [[[1, 2], [3, 4]]], "label": "?", "writer": "apb/001"}'
    empty_data_folder.mkdir()
    path = empty_data_folder / unipen.UNIPEN_FILES[name]
    path.write_bytes(content if content is not None else gzip.compress(row))
    with pytest.raises(DataMissing, match=f"{path.name} does not hold.*please delete it"):
        load_unipen(name)


def png(picture: np.ndarray) -> bytes:
    packed = io.BytesIO()
    Image.fromarray(picture).save(packed, "PNG")
    return packed.getvalue()


def scan(digit: int, height: int, width: int) -> np.ndarray:
    """Dark strokes on light paper, another for each digit."""
    picture = np.full((height, width), 250, np.uint8)
    picture[20 : 60 - digit, 30 + digit : 34 + digit] = 60
    picture[50:54, 20:50] = 80 + digit
    return picture


@pytest.fixture
def small_swiss(server, empty_data_folder, monkeypatch) -> tuple[str, dict[str, np.ndarray]]:
    """The address of a small archive of two writers, one of them for testing; and its scans."""
    url, folder = server
    monkeypatch.setattr(swiss_numbers, "WRITERS", ("0001_CH4M", "0003_CH3M"))
    monkeypatch.setattr(swiss_numbers, "FEWEST", 20)
    pictures = {
        f"anagnostes-fd24/numbers/{writer}/{digit}/number-{digit}.png": scan(digit, 90 + tall, 79)
        for tall, writer in enumerate(("0003_CH3M", "0001_CH4M", "0021_CH4M"))
        for digit in range(10)
    }
    with zipfile.ZipFile(folder / "swiss.zip", "w") as archive:
        archive.writestr("anagnostes-fd24/doc/number-470.png", b"no picture")
        for name, picture in pictures.items():
            archive.writestr(name, png(picture))
    return f"{url}/swiss.zip", pictures


def test_the_swiss_numbers_are_seen_as_image_files_are(small_swiss, empty_data_folder) -> None:
    url, pictures = small_swiss
    parts = load_swiss_numbers(None, url)
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [10, 0, 10]
    assert parts.test.labels.tolist() == list(range(10))
    assert parts.test.notes == {"writers": ["kensanata/0003_CH3M"] * 10}
    own = [picture for name, picture in pictures.items() if "0003" in name]
    seen = [to_uint8(normalize(read_image(png(picture)))) for picture in own]
    assert (parts.test.images == np.stack(seen)).all()
    scanned, labels, writers = swiss_numbers.scans("test")
    assert all((a == b).all() for a, b in zip(scanned, own, strict=True))
    assert labels.tolist() == list(range(10)) and set(writers) == {"kensanata/0003_CH3M"}


@pytest.mark.parametrize("failing", [0, 1, 3, 4])  # 2 and 5 are a folder's last sync
def test_a_full_disk_leaves_no_half_of_them(
    small_swiss, empty_data_folder, monkeypatch, failing
) -> None:
    with failing_disk(monkeypatch, failing, errno.ENOSPC, ("fsync", "replace")) as disk:
        with pytest.raises(StorageFailed, match="could not be written"):
            load_swiss_numbers(None, small_swiss[0])
        assert disk.met
    assert not list(empty_data_folder.glob("*.npz"))
    assert not list(empty_data_folder.glob(".tmp-*"))
    assert len(load_swiss_numbers(None, small_swiss[0]).test) == 10


def test_swiss_archives_that_are_cut_off_or_others(small_swiss, server, monkeypatch) -> None:
    url, _ = small_swiss
    monkeypatch.setattr(swiss_numbers, "WRITERS", ("0001_CH4M", "0002_CH5M"))
    refused(lambda: load_swiss_numbers(None, url), "of another version")
    monkeypatch.setattr(swiss_numbers, "WRITERS", ("0001_CH4M", "0003_CH3M"))
    monkeypatch.setattr(swiss_numbers, "FEWEST", 21)
    refused(lambda: load_swiss_numbers(None, url), "of another version")
    path = server[1] / "swiss.zip"
    path.write_bytes(path.read_bytes()[:-30])
    refused(lambda: load_swiss_numbers(None, url), "cut off")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not really", b"\x93NUMPY", None])
@pytest.mark.parametrize("load", [load_swiss_numbers, load_bhmsds])
def test_arrays_that_are_others_are_named(empty_data_folder, load, content) -> None:
    module = swiss_numbers if load is load_swiss_numbers else bhmsds
    name = module.SWISS_NUMBERS_FILE if load is load_swiss_numbers else module.BHMSDS_FILE
    empty_data_folder.mkdir()
    if content is None:
        arrays = dict.fromkeys(("images", "shapes", "labels", "writers"), np.zeros(3))
        np.savez(empty_data_folder / name, **arrays)
    else:
        (empty_data_folder / name).write_bytes(content)
    with pytest.raises(DataMissing, match=f"{name} does not hold.*please delete it"):
        load()


def sign(kind: str) -> np.ndarray:
    picture = np.full((28, 28), 255, np.uint8)
    if kind in ("minus", "plus"):
        picture[13:15, 2:26] = 0
    if kind == "plus":
        picture[2:26, 13:15] = 0
    for step in range(24):
        if kind in ("slash", "x"):
            picture[25 - step, 2 + step] = 0
        if kind == "x":
            picture[2 + step, 2 + step] = 0
    return picture


def pack_bhmsds(path: Path, kinds: tuple[str, ...]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for kind in kinds:
            for number in range(2):
                archive.writestr(f"bhmsds-07d2/symbols/{kind}-{number}.png", png(sign(kind)))


def test_bhmsds_is_converted_and_framed(server, empty_data_folder, monkeypatch) -> None:
    url, folder = server
    monkeypatch.setattr(bhmsds, "FEWEST", 2)
    pack_bhmsds(folder / "signs.zip", ("x", "7", "slash", "w", "plus", "minus"))
    found = load_bhmsds(None, f"{url}/signs.zip")
    assert [SYMBOLS[label] for label in found.labels] == list("--++//××")
    assert found.images.shape == (8, 28, 28) and (found.images.max(axis=(1, 2)) == 255).all()
    rows = np.flatnonzero(found.images[0].max(axis=1))
    columns = np.flatnonzero(found.images[0].max(axis=0))
    assert 20 <= len(columns) <= 21 and len(rows) <= 3, "it fills the frame across"
    assert (load_bhmsds(None, "http://127.0.0.1:9/none").images == found.images).all()


def test_bhmsds_archives_that_are_cut_off_or_others(server, empty_data_folder, monkeypatch) -> None:
    url, folder = server
    pack_bhmsds(folder / "signs.zip", ("slash", "plus", "minus", "x"))
    refused(lambda: load_bhmsds(None, f"{url}/signs.zip"), "of another version")
    monkeypatch.setattr(bhmsds, "FEWEST", 2)
    pack_bhmsds(folder / "signs.zip", ("slash", "plus", "minus"))
    refused(lambda: load_bhmsds(None, f"{url}/signs.zip"), "of another version")
    content = bytearray((folder / "signs.zip").read_bytes())
    content[60:90] = bytes(30)
    (folder / "signs.zip").write_bytes(content)
    refused(lambda: load_bhmsds(None, f"{url}/signs.zip"), "cut off or damaged")
    (folder / "signs.zip").write_bytes(b"PK\x03\x04")
    refused(lambda: load_bhmsds(None, f"{url}/signs.zip"), "cut off")


def test_a_broken_off_archive_is_continued(small_unipen, server, web_requests) -> None:
    half = (server[1] / "unipen.tgz").stat().st_size // 2 + 1
    web_requests.break_off_after = half
    seen = []
    load_unipen("digits", lambda done, total: seen.append(done), small_unipen)
    assert web_requests.ranges == [None, f"bytes={half}-"] and seen == sorted(seen)


@pytest.mark.parametrize("place", ["the folder is a file", "the disk fills"])
def test_no_room_for_what_is_fetched_is_no_fault_of_the_network(
    small_unipen, empty_data_folder, web_requests, monkeypatch, place
) -> None:
    """And so it is not fetched again."""
    if place == "the disk fills":
        full = io.FileIO("/dev/full", "wb")
        monkeypatch.setattr(download, "open", lambda *_: full, raising=False)
    else:
        empty_data_folder.write_text("a file where the folder should be")
    with pytest.raises(StorageFailed, match="could not be written"):
        load_unipen("digits", None, small_unipen)
    assert len(web_requests.ranges) == (place == "the disk fills")


def test_unipen_is_there_when_all_that_is_learned_from_is(empty_data_folder) -> None:
    names = ("unipen", "swiss-numbers", "bhmsds", "bundled-digits")
    assert local_sets.to_download(names) == names[:3]
    empty_data_folder.mkdir()
    *first, last = (unipen.UNIPEN_FILES[name] for name in ("digits", "signs", "not_digits"))
    for file in (*first, swiss_numbers.SWISS_NUMBERS_FILE):
        (empty_data_folder / file).touch()
    assert local_sets.to_download(names) == ("unipen", "bhmsds")
    (empty_data_folder / last).touch()
    assert local_sets.to_download(names) == ("bhmsds",)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "counts", "num_writers"),
    [
        ("digits", [8890, 2222, 2393], [131, 22, 51]),
        ("signs", [4275, 701, 1029], [124, 19, 55]),
        ("numbers", [84, 21, 549], [24, 9, 75]),
        ("not_digits", [10856, 1874, 5845], [126, 19, 68]),
    ],
)
def test_the_real_unipen(name, counts, num_writers) -> None:
    needs(unipen.UNIPEN_FILES[name])
    found = load_unipen(name)
    parts = (found.train, found.validation, found.test)
    assert [len(part) for part in parts] == counts
    assert [len({d.writer for d in part}) for part in parts] == num_writers
    assert found.checksum == unipen.UNIPEN_SHA256[name]
    if name == "digits":
        donors = Counter(d.writer.split("/")[0] for part in parts for d in part)
        assert donors == unipen_archive.DIGITS_BY_DONOR | {"ibm": 1571 - 62}


@pytest.mark.data
def test_the_real_swiss_numbers() -> None:
    needs(swiss_numbers.SWISS_NUMBERS_FILE)
    parts = load_swiss_numbers()
    found = (parts.train, parts.validation, parts.test)
    assert [len(part) for part in found] == [5646, 1190, 1800]
    assert [len(set(part.notes["writers"])) for part in found] == [10, 2, 3]
    assert all((part.images.max(axis=(1, 2)) == 255).all() for part in found)
    pictures, labels, _ = swiss_numbers.scans("validation")
    assert (labels == parts.validation.labels).all()
    seen = to_uint8(normalize(read_image(png(pictures[7]))))
    assert (parts.validation.images[7] == seen).all()


@pytest.mark.data
def test_the_real_bhmsds() -> None:
    needs(bhmsds.BHMSDS_FILE)
    found = load_bhmsds()
    assert found.images.shape == (6000, 28, 28)
    assert Counter(SYMBOLS[label] for label in found.labels) == dict.fromkeys("+-/×", 1500)


@pytest.mark.data
def test_nobody_is_on_two_sides_in_any_collection() -> None:
    collections = []
    for file in (*unipen.UNIPEN_FILES.values(), "pen_digits.jsonl.gz", "swiss_numbers.npz"):
        needs(file)
    for name in unipen.UNIPEN_FILES:
        found = load_unipen(name)
        for part in ("train", "validation", "test"):
            collections.append((part, {d.writer for d in getattr(found, part)}))
    pen = load_pen_digits()
    for part in ("train", "validation", "test"):
        collections.append((part, {d.writer for d in getattr(pen, part)}))
        collections.append((part, set(swiss_numbers.scans(part)[2])))
    sides: dict[str, set[str]] = {"train": set(), "validation": set(), "test": set()}
    for part, writers in collections:
        sides[part] |= writers
    assert not sides["train"] & (sides["validation"] | sides["test"])
    assert not sides["validation"] & sides["test"]
    friends = {w for side in sides.values() for w in side if w[:3] in ("apb", "apd", "ape")}
    assert len(friends) > 60 and friends <= sides["test"]
    assert {writer_part(writer) for writer in friends} == {"test"}


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "file", "size"),
    [("unipen-digits-test", "unipen_digits", 2393), ("swiss-numbers-test", "swiss_numbers", 1800)],
)
def test_they_are_test_sets(name, file, size) -> None:
    needs(f"{file}.jsonl.gz" if file.startswith("unipen") else f"{file}.npz")
    found = local_sets.local_test_set(name)
    assert len(found) == size == len(found.notes["writers"])
    assert {writer_part(writer) for writer in found.notes["writers"]} == {"test"}
    assert found.source and found.licence

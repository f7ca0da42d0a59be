"""Real download code against a real local server; real arrays where they are."""

import io
import zipfile
from pathlib import Path

import ncompress
import numpy as np
import pytest

from mnist_cnn.data import bundled_digits, checksums, local_sets, mnist, pen_digits
from mnist_cnn.data.checksums import checksum
from mnist_cnn.data.mnist import load_mnist
from mnist_cnn.data.pen_digits import load_pen_digits
from mnist_cnn.data.splits import writer_part
from mnist_cnn.errors import DataMissing
from mnist_cnn.ink.image_batches import framed_images
from mnist_cnn.ink.normalize import normalize
from mnist_cnn.ink.stroke_files import read_strokes
from tests.support.artifacts import needs

UNIPEN = """.VERSION 1.0
.SEGMENT DIGIT ? "8"
.COMMENT 8 12 3
.PEN_DOWN
 267 333
 266 342
.PEN_UP
.DT 100
.PEN_DOWN
 100 50
 101 60
.PEN_UP
.SEGMENT DIGIT ? "2"
.COMMENT 2 26 4
.PEN_DOWN
 10 500
 20 400
.PEN_UP
"""


def small_mnist(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An mnist.npz with as many images as the real one, and its checksum as the expected one."""
    images, labels = np.zeros((60_000, 28, 28), np.uint8), np.zeros(60_000, np.uint8)
    arrays = {
        "x_train": images,
        "y_train": labels,
        "x_test": images[:10_000],
        "y_test": labels[:10_000],
    }
    np.savez_compressed(folder / "mnist.npz", **arrays)
    monkeypatch.setattr(mnist, "MNIST_SHA256", checksum(*arrays.values()))


def test_mnist_is_downloaded_checked_and_split(empty_data_folder, server, monkeypatch) -> None:
    url, folder = server
    small_mnist(folder, monkeypatch)
    seen = []
    splits = load_mnist(f"{url}/mnist.npz", lambda done, total: seen.append((done, total)))
    assert [len(splits.train), len(splits.validation), len(splits.test)] == [55_000, 5_000, 10_000]
    size = (folder / "mnist.npz").stat().st_size
    assert seen[-1] == (size, size)
    assert [p.name for p in empty_data_folder.iterdir()] == ["mnist.npz"]


def test_a_wrong_download_leaves_nothing_and_says_where_to_put_the_file(
    empty_data_folder, server
) -> None:
    url, folder = server
    np.savez(folder / "mnist.npz", x_train=np.zeros(3))
    with pytest.raises(DataMissing, match="please put the file there, or set MNIST_CNN_DATA"):
        load_mnist(f"{url}/mnist.npz")
    assert list(empty_data_folder.iterdir()) == []


@pytest.mark.parametrize("place", [5, 0.5])
def test_a_damaged_download_is_one_sentence(empty_data_folder, server, place) -> None:
    url, folder = server
    packed = io.BytesIO()
    np.savez_compressed(packed, x_train=np.arange(10_000))
    content = bytearray(packed.getvalue())
    start = int(place * len(content)) if place < 1 else 60
    content[start : start + 9] = b"\xff" * 9
    (folder / "mnist.npz").write_bytes(content)
    with pytest.raises(DataMissing, match="what came is not MNIST") as caught:
        load_mnist(f"{url}/mnist.npz")
    assert "please delete it" not in str(caught.value)


def test_a_download_that_breaks_off_is_continued(
    empty_data_folder, server, monkeypatch, web_requests
) -> None:
    url, folder = server
    small_mnist(folder, monkeypatch)
    size = (folder / "mnist.npz").stat().st_size
    web_requests.break_off_after = third = size // 3 + 1
    seen = []
    load_mnist(f"{url}/mnist.npz", lambda done, total: seen.append((done, total)))
    assert web_requests.ranges == [None, f"bytes={third}-", f"bytes={2 * third}-"]
    assert seen == sorted(seen) and seen[-1] == (size, size)
    assert [p.name for p in empty_data_folder.iterdir()] == ["mnist.npz"]


def test_a_server_that_cannot_continue_begins_anew(
    empty_data_folder, server, monkeypatch, web_requests
) -> None:
    url, folder = server
    small_mnist(folder, monkeypatch)
    web_requests.break_off_after, web_requests.continues = 1000, False
    web_requests.breaks = 1
    assert len(load_mnist(f"{url}/mnist.npz").test) == 10_000
    assert web_requests.ranges == [None, "bytes=1000-"]


def test_a_download_that_breaks_off_for_good_leaves_nothing(
    empty_data_folder, server, monkeypatch, web_requests
) -> None:
    url, folder = server
    small_mnist(folder, monkeypatch)
    web_requests.break_off_after = 1000
    with pytest.raises(DataMissing, match=r"got 3000 of .* please put the file there"):
        load_mnist(f"{url}/mnist.npz")
    assert list(empty_data_folder.iterdir()) == []


def test_offline_is_one_sentence(empty_data_folder) -> None:
    with pytest.raises(DataMissing, match="could not be downloaded") as caught:
        load_mnist("http://127.0.0.1:9/mnist.npz")
    assert str(empty_data_folder) in str(caught.value)


def test_a_damaged_file_is_named(empty_data_folder) -> None:
    empty_data_folder.mkdir()
    (empty_data_folder / "mnist.npz").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(DataMissing, match="please delete it"):
        load_mnist()


@pytest.mark.parametrize(
    "text",
    [
        UNIPEN.replace('? "8"', "? 8"),
        UNIPEN.replace("267", "267.5"),
        UNIPEN.replace("333", "334"),
        None,
    ],
    ids=["no quotes", "fractions", "other ink", "no archive"],
)
def test_another_version_of_the_pen_digits_is_one_sentence(
    empty_data_folder, server, monkeypatch, text
) -> None:
    url, folder = server
    pack_pen_digits(folder, text or "")
    if text is None:
        (folder / "uci.zip").write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(
        DataMissing, match=r"the archive is .*; please put the file there"
    ) as caught:
        load_pen_digits(f"{url}/uci.zip")
    assert ".tmp-" not in str(caught.value) and list(empty_data_folder.iterdir()) == []


def test_a_damaged_file_of_pen_digits_ends_no_training(empty_data_folder, capsys) -> None:
    empty_data_folder.mkdir()
    (empty_data_folder / "pen_digits.jsonl.gz").write_bytes(b"\x1f\x8b cut off")
    with pytest.raises(DataMissing, match="please delete it"):
        load_pen_digits()
    assert local_sets.local_test_set("pen-digits-test") is None
    assert "please delete it" in capsys.readouterr().err


def pack_pen_digits(folder: Path, text: str) -> None:
    with zipfile.ZipFile(folder / "uci.zip", "w") as archive:
        packed = io.BytesIO()
        ncompress.compress(io.BytesIO(text.encode()), packed)
        archive.writestr("pendigits-orig.tra.Z", packed.getvalue())


def test_pen_digits_are_converted_from_unipen(empty_data_folder, server, monkeypatch) -> None:
    url, folder = server
    pack_pen_digits(folder, UNIPEN)
    expected = checksums.drawings_checksum(pen_digits._unipen_drawings(UNIPEN))
    monkeypatch.setattr(pen_digits, "PEN_DIGITS_SHA256", expected)
    parts = load_pen_digits(f"{url}/uci.zip")
    (eight,), (two,) = parts.train, parts.test
    assert (eight.label, eight.writer, len(eight.strokes)) == ("8", "pendigits-12", 2)
    assert eight.strokes[0].tolist() == [[267, 167], [266, 158]]
    assert (two.label, two.strokes[0].tolist()) == ("2", [[10, 0], [20, 100]])
    assert [p.name for p in empty_data_folder.iterdir()] == ["pen_digits.jsonl.gz"]


@pytest.mark.data
def test_the_real_pen_digits_are_split_by_writer() -> None:
    needs("pen_digits.jsonl.gz")
    parts = load_pen_digits()
    assert [len(parts.train), len(parts.validation), len(parts.test)] == [4996, 1000, 1498]
    writers = [{d.writer for d in part} for part in (parts.train, parts.validation, parts.test)]
    assert [len(w) for w in writers] == [20, 4, 6]
    assert not writers[0] & writers[1] and not writers[0] & writers[2]
    assert all(writer_part(w) == "test" for w in writers[2])


@pytest.mark.data
def test_the_unconverted_file_has_the_same_strokes() -> None:
    """The first drawing of the UCI file, known from its documentation."""
    first = next(iter(read_strokes(needs("pen_digits.jsonl.gz"))))
    assert first.strokes[0][0].tolist() == [267, 500 - 333]


def test_the_bundled_digits_need_no_network(empty_data_folder) -> None:
    splits = bundled_digits.load_bundled_digits()
    assert [len(splits.train), len(splits.validation), len(splits.test)] == [1297, 200, 300]
    assert splits.train.images.max() == 255
    assert set(splits.test.labels) == set(range(10))


@pytest.mark.data
def test_quick_framing_is_normalize() -> None:
    images = np.load(needs("mnist.npz"))["x_test"][:500]
    odd = np.roll(images[:100], 3, axis=2)
    faint = images[100:200] // 2
    both = np.concatenate([images, odd, faint])
    slow = np.stack([np.round(normalize(image.astype(np.float32)) * 255) for image in both])
    assert (framed_images(both) == slow).all()

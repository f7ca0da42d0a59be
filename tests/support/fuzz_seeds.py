"""Valid files of every format that is read, and who reads each: what the fuzzer starts from."""

import gzip
import io
import json
import struct
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import h5py
import numpy as np
import pyarrow as pa
from PIL import Image
from pyarrow import parquet

from mnist_cnn.batch import stream
from mnist_cnn.batch.inputs import files
from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.data import bundled_digits
from mnist_cnn.hands import hand_files
from mnist_cnn.ink.strokes import from_canvas
from mnist_cnn.models.calibration import calibration_of
from mnist_cnn.models.classifier import Classifier
from mnist_cnn.models.pipeline import predict_image, predict_strokes
from mnist_cnn.models.recipes import Recipe
from mnist_cnn.runs import run_files, store
from mnist_cnn.training import model_files
from tests.support.drawings import SEVEN, canvas_json, seven_png
from tests.support.files import zipped
from tests.support.heic import SEVEN_HEIC

ROWS = 12
"""Digits in a table: a small file is tried more often."""


@dataclass(frozen=True)
class Seed:
    """A valid file, and who is given what has been made of it; `near` are exceptions that whoever
    is given it may raise beside those of this package, by contract."""

    content: bytes
    use: Callable[[bytes], object]
    near: tuple[type[Exception], ...] = ()


def seeds(classifier: Classifier) -> dict[str, Seed]:
    """By name."""
    image = partial(predict_image, classifier)
    batch = partial(_in_a_batch, classifier)
    found = {name: Seed(content, image) for name, content in _images().items()}
    found |= {name: Seed(content, batch) for name, content in _tables().items()}
    found["canvas"] = Seed(
        json.dumps(canvas_json(*SEVEN)).encode(), partial(_from_canvas, classifier)
    )
    hand = {"format": "digits-hand", "version": 1, "drawings": [_stroke_row()]}
    found["hand"] = Seed(json.dumps(hand).encode(), hand_files.unpacked)
    return found | _run_files() | _model_files()


def _images() -> dict[str, bytes]:
    grey = Image.open(io.BytesIO(seven_png())).convert("L")
    exif = Image.Exif()
    exif[0x0112], exif[0x011A] = 6, 72.0
    deep = Image.fromarray(np.asarray(grey, np.uint16) * 257)
    ways: dict[str, tuple[Image.Image, dict[str, Any]]] = {
        "PNG": (grey, {"format": "PNG", "exif": exif}),
        "PNG, 16 bits": (deep, {"format": "PNG"}),
        "PNG, colours": (grey.convert("RGBA"), {"format": "PNG"}),
        "PNG, palette": (grey.convert("P"), {"format": "PNG", "transparency": 0}),
        "JPEG": (grey, {"format": "JPEG", "exif": exif}),
        "JPEG, progressive": (grey.convert("CMYK"), {"format": "JPEG", "progressive": True}),
        "TIFF": (grey, {"format": "TIFF", "exif": exif}),
        "TIFF, LZW": (grey.convert("RGB"), {"format": "TIFF", "compression": "tiff_lzw"}),
        "TIFF, JPEG": (grey, {"format": "TIFF", "compression": "jpeg"}),
        "GIF": (grey, {"format": "GIF", "save_all": True, "append_images": [grey.rotate(9)]}),
        "BMP": (grey.convert("RGB"), {"format": "BMP"}),
        "WebP": (grey.convert("RGBA"), {"format": "WEBP", "exif": exif}),
        "WebP, lossless": (grey.convert("RGB"), {"format": "WEBP", "lossless": True}),
        "AVIF": (grey, {"format": "AVIF", "speed": 10}),
        "PGM": (grey, {"format": "PPM"}),
    }
    made = {"HEIC": SEVEN_HEIC}
    for name, (picture, how) in ways.items():
        file = io.BytesIO()
        picture.save(file, **how)
        made[name] = file.getvalue()
    return made


def _tables() -> dict[str, bytes]:
    digits = bundled_digits.load_bundled_digits().test.part("a few", slice(0, ROWS))
    rows = np.column_stack([digits.labels, digits.images.reshape(ROWS, -1)])
    names = ["label", *(f"pixel{n}" for n in range(784))]
    lines = [names, *rows.tolist()]
    csv, tsv = ("\n".join(by.join(map(str, line)) for line in lines).encode() for by in ",\t")
    strokes = "\n".join(json.dumps(_stroke_row()) for _ in range(3)).encode()
    pixels = "\n".join(json.dumps({"pixels": row[1:].tolist()}) for row in rows[:3]).encode()
    npy, npz, shard, packed = (io.BytesIO() for _ in range(4))
    np.save(npy, digits.images)
    np.savez(npz, x_test=digits.images, y_test=digits.labels)
    table = {"image": digits.images.reshape(ROWS, -1).tolist(), "label": digits.labels}
    parquet.write_table(pa.table(table), shard)
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in (("7/a.png", seven_png()), ("b.csv", csv)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return {
        "CSV": csv,
        "TSV": tsv,
        "ZIP": zipped(("7/a.png", seven_png()), ("b.csv", csv), ("c.jsonl", strokes)),
        "tar.gz": packed.getvalue(),
        "NPY": npy.getvalue(),
        "NPZ": npz.getvalue(),
        "IDX": struct.pack(">IIII", 0x803, ROWS, 28, 28) + digits.images.tobytes(),
        "IDX, gzipped": gzip.compress(struct.pack(">II", 0x801, ROWS) + bytes(digits.labels)),
        "Parquet": shard.getvalue(),
        "strokes": strokes,
        "strokes, gzipped": gzip.compress(strokes),
        "pixels": pixels,
    }


def _stroke_row() -> dict[str, Any]:
    return {"strokes": [stroke.tolist() for stroke in SEVEN], "label": 7, "writer": "w"}


def _in_a_batch(classifier: Classifier, content: bytes) -> None:
    files.expected(content)
    for result in stream.read_all(files.items_of([("a", content)], Tables()), classifier):
        assert result.prediction or result.item.error


def _from_canvas(classifier: Classifier, content: bytes) -> None:
    try:
        drawing = json.loads(content)
    except (ValueError, RecursionError):
        return  # the dashboard's own parser has refused it
    predict_strokes(classifier, from_canvas(drawing))


def _run_files() -> dict[str, Seed]:
    run = store.production_run()
    found = {}
    for name in ("run.json", "config.json", "evaluation.json", "calibration.json"):
        content = (run.folder / name).read_bytes()
        found[name] = Seed(content, partial(_run_file, name), (ValueError,))
    return found


def _run_file(name: str, content: bytes) -> None:
    known = run_files.parse(name, content)
    if name == "calibration.json":
        calibration_of(known, "a run")
    if name == "config.json" and isinstance(known.get("recipe"), dict):
        Recipe.from_dict(known["recipe"])


def _model_files() -> dict[str, Seed]:
    """A `.keras` file as it is, its two parts that matter, and an `.h5` file."""
    content = store.production_run().read("model.keras")
    parts = {name: _member(content, name) for name in sorted(model_files.MEMBERS)}
    weights = io.BytesIO(parts["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        file.attrs["model_config"] = parts["config.json"].decode()[:60_000]
    check = partial(model_files.check_file, path="a file")

    def inside(name: str, changed: bytes) -> None:
        check(zipped(*{**parts, name: changed}.items()))

    named = {"keras, " + name: Seed(part, partial(inside, name)) for name, part in parts.items()}
    return {**named, "keras": Seed(content, check), "h5": Seed(weights.getvalue(), check)}


def _member(content: bytes, name: str) -> bytes:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)

"""Labelled digits to take away, in the forms that others read."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image

from mnist_cnn.data.corrections import Correction
from mnist_cnn.errors import BadInput
from mnist_cnn.ink.stroke_files import strokes_line
from mnist_cnn.records import Drawing

MADE = (1980, 1, 1, 0, 0, 0)
"""When every member of a ZIP was changed, so that the same digits make the same file."""

METADATA = "metadata.csv"


def image_folder(digits: Sequence[Correction]) -> bytes:
    """A ZIP of PNG images (28, 28) in a folder for each digit, and `metadata.csv` with their
    labels, as Hugging Face's ImageFolder and `keras.utils.image_dataset_from_directory` read it."""
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("file_name", "label"))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, digit in zip(_names(digits), digits, strict=True):
            rows.writerow((name, digit.label))
            archive.writestr(zipfile.ZipInfo(name, MADE), _png(digit))
        archive.writestr(zipfile.ZipInfo(METADATA, MADE), table.getvalue())
    return packed.getvalue()


def parquet_shard(digits: Sequence[Correction]) -> bytes:
    """A Parquet file in Hugging Face's form: `image`, the bytes of a PNG (28, 28) and a path, and
    `label`, a ClassLabel, as its schema says."""
    import pyarrow as pa  # slow to import, and seldom needed
    from pyarrow import parquet

    names = [str(digit) for digit in range(10)]
    features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
    schema = pa.schema(
        [
            ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            ("label", pa.int64()),
        ],
        {"huggingface": json.dumps({"info": {"features": features}})},
    )
    pictures = [
        {"bytes": _png(digit), "path": name}
        for name, digit in zip(_names(digits), digits, strict=True)
    ]
    columns = {"image": pictures, "label": [digit.label for digit in digits]}
    packed = io.BytesIO()
    parquet.write_table(pa.table(columns, schema), packed)
    return packed.getvalue()


def stroke_lines(digits: Sequence[Correction]) -> bytes:
    """A strokes file of those that were drawn, (points, 2) a stroke.

    Raises:
        BadInput: none was.
    """
    drawn = [digit for digit in digits if digit.strokes]
    if not drawn:
        raise BadInput("None of these digits was drawn, so there are no strokes of them.")
    lines = (strokes_line(Drawing(digit.strokes, str(digit.label), None)) for digit in drawn)
    return "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True)
class FileForm:
    """A form of file: what people call it, how its name ends, and what writes it."""

    title: str
    ending: str
    write: Callable[[Sequence[Correction]], bytes]


FORMS = {
    "imagefolder": FileForm("ImageFolder (ZIP)", "zip", image_folder),
    "parquet": FileForm("Parquet (Hugging Face)", "parquet", parquet_shard),
    "strokes": FileForm("Strokes (JSON lines)", "jsonl", stroke_lines),
}


def _names(digits: Sequence[Correction]) -> list[str]:
    return [f"{digit.label}/{number:06d}.png" for number, digit in enumerate(digits, 1)]


def _png(digit: Correction) -> bytes:
    content = io.BytesIO()
    Image.fromarray(digit.image).save(content, "png")
    return content.getvalue()

"""Parquet shards of pixels or image files."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from mnist_cnn.batch.inputs.image_files import image_items
from mnist_cnn.batch.inputs.item import CHUNK, PIXELS, Item
from mnist_cnn.ink.image_batches import framed_images


def row_groups(path: Path) -> int:
    """How many row groups a Parquet shard has; one where it is damaged."""
    from pyarrow import ArrowException, parquet

    try:
        return int(parquet.ParquetFile(path).num_row_groups)
    except (ArrowException, OSError):
        return 1


def parquet_items(
    name: str, file: IO[bytes], groups: Sequence[int] | None = None
) -> Iterator[Item]:
    """The digits of a Parquet shard, or of some of its row groups."""
    from pyarrow import ArrowException, parquet  # slow to import, and seldom needed

    try:
        shard = parquet.ParquetFile(file)
        sizes = [shard.metadata.row_group(n).num_rows for n in range(shard.num_row_groups)]
        for group in range(len(sizes)) if groups is None else groups:
            number = sum(sizes[:group])
            for rows in shard.iter_batches(CHUNK, row_groups=[group]):
                for row in rows.to_pylist():
                    number += 1
                    yield from _parquet_row(row, f"{name} row {number}")
    except (ArrowException, OSError) as error:
        yield Item(name, error=f"The Parquet file is damaged ({error}).")


def _parquet_row(row: dict[str, Any], name: str) -> Iterator[Item]:
    """The digits of a row: `pixels`, 784 of 0 to 255, or `bytes`, an image file; `item` and
    `label` where they are known."""
    name = str(row.get("item") or name)
    label = row.get("label")
    label = label if isinstance(label, int) and 0 <= label <= 9 else None
    if isinstance(content := row.get("bytes"), bytes):
        yield from image_items(name, content, label)
        return
    try:
        pixels = np.asarray(row["pixels"], np.float64).ravel()
        if len(pixels) != PIXELS or not ((pixels >= 0) & (pixels <= 255)).all():
            raise ValueError(f"{len(pixels)} pixels")
    except (KeyError, TypeError, ValueError) as error:
        message = f"A row needs `bytes`, an image, or `pixels`, {PIXELS} of 0 to 255 ({error})."
        yield Item(name, label=label, error=message)
        return
    framed = framed_images(pixels.astype(np.uint8).reshape(1, 28, 28))[0]
    yield Item(name, framed.astype(np.float32) / 255, label)

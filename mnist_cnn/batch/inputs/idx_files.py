"""IDX, the form in which MNIST came: images, and labels in a file of their own."""

import struct
from collections.abc import Iterator
from typing import IO

import numpy as np

from mnist_cnn.batch.inputs.item import CHUNK, Item
from mnist_cnn.errors import BadInput
from mnist_cnn.ink.image_batches import framed_images
from mnist_cnn.ink.normalize import normalize

IDX_IMAGES, IDX_LABELS = 0x00000803, 0x00000801


def idx_labels(file: IO[bytes]) -> list[int]:
    (count,) = struct.unpack(">4xI", file.read(8))
    labels = list(file.read(min(count, 10_000_000)))
    if len(labels) != count:
        raise BadInput(f"The IDX file promises {count:,} labels and holds {len(labels):,}.")
    return labels


def idx_images(name: str, file: IO[bytes], labels: list[int]) -> Iterator[Item]:
    head = file.read(16)
    if len(head) < 16:
        raise BadInput("The IDX file ends within its head.")
    count, height, width = struct.unpack(">4xIII", head)
    if not (1 <= height <= 512 and 1 <= width <= 512):
        raise BadInput(f"The IDX images measure {height} × {width}; expected at most 512 × 512.")
    known = labels if len(labels) == count else []
    for first in range(0, count, CHUNK):
        wanted = min(CHUNK, count - first)
        content = file.read(wanted * height * width)
        whole = len(content) // (height * width)
        images = np.frombuffer(content[: whole * height * width], np.uint8)
        images = images.reshape(whole, height, width)
        if (height, width) == (28, 28):
            framed = framed_images(images).astype(np.float32) / 255
        else:
            framed = np.array([normalize(image.astype(np.float32)) for image in images])
        for number, image in enumerate(framed, first):
            label = known[number] if known and known[number] <= 9 else None
            yield Item(f"{name} #{number}", image, label)
        if whole < wanted:
            held = first + whole
            raise BadInput(f"The IDX file promises {count:,} images and holds {held:,}.")

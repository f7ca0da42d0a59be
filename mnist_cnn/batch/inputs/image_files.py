"""Images of one digit, and sheets of many."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.data.digit_names import named_digit
from mnist_cnn.errors import BadImage
from mnist_cnn.ink import sheet
from mnist_cnn.ink.decode import decode_image
from mnist_cnn.ink.extract import extract_ink
from mnist_cnn.ink.normalize import normalize
from mnist_cnn.ink.picture import Picture


def image_items(name: str, content: bytes, label: int | None = None) -> Iterator[Item]:
    """One digit, labelled by its folder where that is named by a digit; or all those on a sheet."""
    label = folder_label(name) if label is None else label
    try:
        grey = decode_image(content)
    except BadImage as error:
        yield Item(name, label=label, error=str(error))
        return
    ink = extract_ink(grey)
    boxes = sheet.digits_on(ink) if label is None and min(ink.shape) > sheet.SMALLEST else []
    if len(boxes) < sheet.MANY:
        picture = Picture.of(grey, ink)
        yield Item(name, picture.image, label, picture=picture)
        return
    for number, box in enumerate(boxes, 1):
        yield Item(f"{name} #{number}", normalize(sheet.cut(ink, box)), box=box)


def folder_label(path: str) -> int | None:
    """The digit that the folder of a file is named by: `7`, `seven` or `digit_7`."""
    return named_digit(PurePosixPath(path).parent.name)

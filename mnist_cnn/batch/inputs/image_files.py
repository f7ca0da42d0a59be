"""Images of one digit, and sheets of many."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.data.digit_names import named_digit
from mnist_cnn.errors import BadImage
from mnist_cnn.ink.decode import decode_image
from mnist_cnn.ink.extract import extract_ink
from mnist_cnn.ink.framed import framed_digit
from mnist_cnn.ink.normalize import to_uint8


def image_items(name: str, content: bytes, label: int | None = None) -> Iterator[Item]:
    """One digit, labelled by its folder where that is named by a digit; or all those on a sheet."""
    label = folder_label(name) if label is None else label
    try:
        grey = decode_image(content)
    except BadImage as error:
        yield Item(name, label=label, error=str(error))
        return
    if (image := framed_digit(grey)) is not None:
        yield Item(name, image, label, is_picture=True)
        return
    from mnist_cnn.ink import sheet  # scipy, half a second that others need not wait for
    from mnist_cnn.ink.page import page_ink
    from mnist_cnn.ink.picture import Picture

    ink = extract_ink(grey)
    picture = Picture.of(grey, ink)
    page = None
    if label is None and min(ink.shape) > sheet.SMALLEST:
        found = page_ink(grey, ink)
        page = to_uint8(found) if sheet.count_pieces(found) >= sheet.MANY else None
    picture = picture.compact()
    yield Item(name, picture.image, label, picture=picture, sheet=page, is_picture=True)


def folder_label(path: str) -> int | None:
    """The digit that the folder of a file is named by: `7`, `seven` or `digit_7`."""
    return named_digit(PurePosixPath(path).parent.name)

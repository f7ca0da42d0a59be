"""NPZ: arrays of images and of labels in one archive."""

import zipfile
from collections.abc import Iterator

from mnist_cnn.batch.inputs.arrays import array_head, array_items, read_labels
from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.inputs.label_files import LabelFiles
from mnist_cnn.errors import BadInput


def is_npz(archive: zipfile.ZipFile) -> bool:
    """Whether a ZIP is one of NumPy's."""
    names = archive.namelist()
    return bool(names) and all(name.endswith(".npy") and "/" not in name for name in names)


def npz_items(name: str, archive: zipfile.ZipFile, tables: Tables) -> Iterator[Item]:
    """The images of an NPZ file, with those of its arrays that are labels."""
    labels, images = LabelFiles(), {}
    for member in archive.namelist():
        array = f"{name} {member.removesuffix('.npy')}"
        try:
            with archive.open(member) as file:
                head = array_head(file)
                if head.is_labels:
                    labels.add(array, read_labels(head, file))
                elif head.shape:
                    images[member] = array
        except BadInput as error:
            yield Item(array, error=str(error))
        except Exception as error:  # zipfile raises whatever its decompressors do
            yield Item(array, error=f"It is damaged ({error}).")
    for member, array in images.items():
        try:
            with archive.open(member) as file:
                head = array_head(file)
                known = labels.of(array, head.shape[0])
                yield from array_items(array, head, file, known, tables)
        except BadInput as error:
            yield Item(array, error=str(error))
        except Exception as error:
            yield Item(array, error=f"It is damaged ({error}).")
    for array, said in labels.unused():
        yield Item(array, error=said)

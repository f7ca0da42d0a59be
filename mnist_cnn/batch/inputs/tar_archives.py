"""TAR archives of images and tables, packed with gzip or not."""

import contextlib
import os
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.batch.inputs.image_files import image_items
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.inputs.tables import BROKEN, TableFiles
from mnist_cnn.batch.inputs.zip_archives import PICTURES
from mnist_cnn.errors import BadInput
from mnist_cnn.settings import MAX_FILE_BYTES, MAX_UNPACKED_BYTES, MAX_ZIP_MEMBERS


def is_tar(head: bytes) -> bool:
    """Whether a file that begins with these 512 bytes is a TAR archive."""
    return head[257:262] == b"ustar"


def tar_items(file: IO[bytes], tables: Tables) -> Iterator[Item]:
    """The images and tables in a TAR; a folder named by a digit labels what is in it.

    Raises:
        BadInput: it is damaged, or unpacks to too much.
    """
    try:
        with tarfile.open(fileobj=file) as archive:
            members = list(_members(archive))
            inside = TableFiles(tables, (member.name for member in members))
            for member in members:
                if PurePosixPath(member.name).suffix.lower() not in PICTURES:
                    with contextlib.suppress(KeyError), _opened(archive, member) as opened:
                        inside.take_labels(member.name, opened)
            for member in members:
                yield from _member_items(archive, member, inside)
            yield from inside.left_over()
    except (tarfile.TarError, *BROKEN) as error:
        raise BadInput(f"The TAR archive is damaged or cut short ({error}).") from error


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """The files in it, of which only the names and the sizes are read; nothing is extracted."""
    size = 0
    for number, member in enumerate(archive):
        size += member.size
        if number >= MAX_ZIP_MEMBERS or size > MAX_UNPACKED_BYTES:
            raise BadInput(
                f"The TAR archive has more than {MAX_ZIP_MEMBERS:,} members or "
                f"{MAX_UNPACKED_BYTES // 1024**3} GB; at most so much is read."
            )
        member.name = os.fsencode(member.name).decode(errors="backslashreplace")
        if member.isfile() and not PurePosixPath(member.name).name.startswith("."):
            yield member


def _member_items(
    archive: tarfile.TarFile, member: tarfile.TarInfo, inside: TableFiles
) -> Iterator[Item]:
    with _opened(archive, member) as opened:
        if (found := inside.items(member.name, opened)) is not None:
            yield from found
            return
        if member.size > MAX_FILE_BYTES:
            yield Item(member.name, error=f"It has more than {MAX_FILE_BYTES // 2**20} MB.")
            return
        opened.seek(0)
        content = opened.read()
    yield from image_items(member.name, content, inside.label_of(member.name))


def _opened(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = archive.extractfile(member)
    if file is None:
        raise BadInput(f"{member.name} is no file.")
    return file

"""ZIP archives of images; a folder named by a digit labels what is in it."""

import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO

from mnist_cnn.batch.inputs.image_files import image_items
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.inputs.unpacked import too_much
from mnist_cnn.errors import BadInput
from mnist_cnn.settings import MAX_FILE_BYTES, MAX_UNPACKED_BYTES, MAX_ZIP_MEMBERS

PACKED_BY = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""What is unpacked bit by bit; of bzip2 and LZMA a few bytes may become a gigabyte at once."""


def zip_items(name: str, file: IO[bytes]) -> Iterator[Item]:
    """The images in a ZIP; a folder named by a digit labels what is in it."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadInput(f"The ZIP is damaged ({error}).") from error
    with archive:
        members = archive.infolist()
        if len(members) > MAX_ZIP_MEMBERS:
            raise BadInput(
                f"The ZIP has {len(members):,} members; at most {MAX_ZIP_MEMBERS:,} are read."
            )
        left = MAX_UNPACKED_BYTES
        for member in members:
            path = member.filename
            if member.is_dir() or path.startswith("__MACOSX/") or path.endswith(".DS_Store"):
                continue
            if reason := _refused(member):
                yield Item(path, error=reason)
                continue
            try:
                with archive.open(member) as opened:
                    content = opened.read(min(MAX_FILE_BYTES, left) + 1)
            # zipfile raises whatever its decompressors do on damaged data.
            except Exception as error:
                yield Item(path, error=f"It is damaged ({error}).")
                continue
            left -= len(content)
            if left < 0:
                raise too_much()
            yield from image_items(path, content)


def _refused(member: zipfile.ZipInfo) -> str:
    path = PurePosixPath(member.filename)
    if path.is_absolute() or ".." in path.parts or ":" in member.filename[:3]:
        return "Its name leads outside the ZIP."
    if member.flag_bits & 1:
        return "It is encrypted; please send it without a password."
    if (member.external_attr >> 16) & 0o170000 == 0o120000:
        return "It is a link to another file."
    if member.compress_type not in PACKED_BY:
        return "It is packed in an unusual way; please pack it as ZIPs usually are (deflate)."
    if member.file_size > MAX_FILE_BYTES:
        return f"It unpacks to more than {MAX_FILE_BYTES // 2**20} MB."
    return ""

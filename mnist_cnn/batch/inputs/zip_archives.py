"""ZIP archives of images; a folder named by a digit labels what is in it."""

import contextlib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import IO

from mnist_cnn.batch.inputs.choices import Tables
from mnist_cnn.batch.inputs.foreign import PICKLED
from mnist_cnn.batch.inputs.image_files import image_items
from mnist_cnn.batch.inputs.item import Item
from mnist_cnn.batch.inputs.numpy_archives import is_npz, npz_items
from mnist_cnn.batch.inputs.tables import TableFiles
from mnist_cnn.batch.inputs.unpacked import too_much
from mnist_cnn.errors import BadInput
from mnist_cnn.settings import MAX_FILE_BYTES, MAX_UNPACKED_BYTES, MAX_ZIP_MEMBERS

PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff"}
PICTURES |= {".heic", ".heif", ".avif", ".pgm", ".ppm"}
"""Names of members in which no labels are looked for."""

PACKED_BY = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
"""What is unpacked bit by bit; of bzip2 and LZMA a few bytes may become a gigabyte at once."""


def zip_items(name: str, file: IO[bytes], tables: Tables) -> Iterator[Item]:
    """The images and tables in a ZIP; a folder named by a digit labels what is in it."""
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
        if is_npz(archive):
            if reason := next(filter(None, map(_refused, members)), ""):
                raise BadInput(reason)
            if sum(member.file_size for member in members) > MAX_UNPACKED_BYTES:
                raise too_much()
            yield from npz_items(name, archive, tables)
            return
        if any(path.endswith("/data.pkl") for path in archive.namelist()):
            raise BadInput(PICKLED)  # what torch.save writes
        members = [member for member in members if not _is_aside(member)]
        inside = _side_by_side(archive, members, tables)
        left, names = MAX_UNPACKED_BYTES, set[str]()
        for member in members:
            twice = "Its name stands in the ZIP before; only the first is read."
            if reason := _refused(member) or twice * (member.filename in names):
                yield Item(member.filename, error=reason)
                continue
            names.add(member.filename)
            left -= member.file_size
            if left < 0:
                raise too_much()
            yield from _member_items(archive, member, inside)
        yield from inside.left_over()


def _member_items(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, inside: TableFiles
) -> Iterator[Item]:
    path = member.filename
    try:
        with archive.open(member) as opened:
            if (found := inside.items(path, opened)) is not None:
                yield from found
                return
            if member.file_size > MAX_FILE_BYTES:
                yield Item(path, error=f"It unpacks to more than {MAX_FILE_BYTES // 2**20} MB.")
                return
            opened.seek(0)
            content = opened.read(MAX_FILE_BYTES + 1)
    # zipfile raises whatever its decompressors do on damaged data.
    except Exception as error:
        yield Item(path, error=f"It is damaged ({error}).")
        return
    yield from image_items(path, content, inside.label_of(path))


def _side_by_side(
    archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], tables: Tables
) -> TableFiles:
    """What reads the tables among the members, all labels taken."""
    members = list(members)
    inside = TableFiles(tables, (member.filename for member in members))
    for member in members:
        if PurePosixPath(member.filename).suffix.lower() not in PICTURES and not _refused(member):
            with contextlib.suppress(Exception), archive.open(member) as opened:  # told when read
                inside.take_labels(member.filename, opened)
    return inside


def _is_aside(member: zipfile.ZipInfo) -> bool:
    """Whether it is a folder, or what a Mac leaves everywhere."""
    path = member.filename
    return member.is_dir() or path.startswith("__MACOSX/") or path.endswith(".DS_Store")


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
    return ""

"""Files that are known and not read, each with what to save in its place."""

import re

PICKLED = (
    "It holds pickled Python objects, which can run any program when they are opened, so they are "
    "not read; please save the arrays alone: np.savez('digits.npz', x=images, y=labels)."
)

ARRAYS = "please save its arrays as np.savez('digits.npz', x=images, y=labels)"

HEADS = (
    (rb"\x80[\x02-\x05]|\(dp0|cnumpy|ccopy_reg", PICKLED),
    (rb"\x89HDF\r\n", f"It is an HDF5 file, which is not read here; {ARRAYS}."),
    (rb"MATLAB ", f"It is a MATLAB file, which is not read here; {ARRAYS}."),
    (rb"BZh", "It is packed with bzip2; please unpack it, or pack it as ZIP or gzip."),
    (rb"\xfd7zXZ", "It is packed with xz; please unpack it, or pack it as ZIP or gzip."),
    (rb"7z\xbc\xaf", "It is a 7-Zip archive; please unpack it, or pack it as ZIP."),
    (rb"Rar!", "It is a RAR archive; please unpack it, or pack it as ZIP."),
    (rb"\(?\x28\xb5\x2f\xfd", "It is packed with Zstandard; please unpack it, or pack it as gzip."),
    (rb"SQLite", "It is an SQLite database; please save the table as CSV."),
    (rb"ARROW1", "It is an Arrow file; please save the table as Parquet or CSV."),
    (rb"\s*\[", "It is a JSON list; expected JSON lines of pen strokes, or the table as CSV."),
    (rb"\xd0\xcf\x11\xe0", "It is an old Excel or Word file; please save the table as CSV."),
)


def foreign(head: bytes) -> str:
    """Why a file that begins so is not read, and what to do; empty where it is none of these."""
    return next((said for begins, said in HEADS if re.match(begins, head)), "")

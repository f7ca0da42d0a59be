"""A run as one ZIP that explains itself, to take away and to bring back on another machine."""

import csv
import hashlib
import io
import json
import math
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

from mnist_cnn.errors import BadNetwork, RunDamaged
from mnist_cnn.models.calibration import calibration_of
from mnist_cnn.runs import notes, report, run_files, zip_readme
from mnist_cnn.runs.model_card import model_card
from mnist_cnn.runs.snapshots import SNAPSHOTS
from mnist_cnn.runs.store import RUN_ID, Run

NOTES = "notes.json"
"""What people call the run, and say of it."""

NEEDED = {
    *("run.json", "config.json", "calibration.json", "evaluation.json", "predictions.npz"),
    *("model.keras", "model.tflite"),
}
"""What a run must have to be taken in."""

OF_A_RUN = NEEDED | {
    *("model-int8.tflite", "history.csv", "curve.csv", "confusion.json"),
    SNAPSHOTS,
}

BESIDE = {"README.md", "MODEL_CARD.md", "report.html", "model.onnx", NOTES}
"""What the ZIP says of the run; it is made anew by whoever exports again."""

TABLES = {
    "history.csv": {"epoch", "loss", "accuracy", "val_loss", "val_accuracy"},
    "curve.csv": {"epoch", "loss", "accuracy", "learning_rate"},
}
"""The columns, of numbers, that a run's tables must have."""

MAX_BYTES = 64 * 1024 * 1024
"""What all of it may unpack to."""

MAX_MANIFEST = 1024 * 1024
"""What a manifest may unpack to, for its id to be looked up."""

BROKEN = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError),
    *(ValueError, NotImplementedError, RuntimeError),
)
"""A ZIP can be broken in as many ways as zipfile has exceptions for."""


@dataclass(frozen=True)
class OnnxCopy:
    """A run's network as ONNX with the greatest difference of a probability; or why there is
    none."""

    content: bytes = b""
    difference: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class UnpackedRun:
    """A run out of a ZIP: its manifest, the files that this names, what people say of it."""

    manifest: dict[str, Any]
    files: dict[str, bytes]
    notes: dict[str, Any]


def packed(run: Run, onnx: OnnxCopy) -> bytes:
    """The whole run with its model card, a report, and a README that says what each file is.

    Raises:
        RunDamaged: a file is missing or changed.
    """
    files = {name: run.read(name) for name in sorted(run.manifest["sha256"]) if name in OF_A_RUN}
    files["run.json"] = (run.folder / "run.json").read_bytes()
    said = notes.notes_of(run.id)
    words = {"name": notes.name_of(run), "note": notes.note_of(run), "tags": list(said.tags)}
    files[NOTES] = json.dumps(words, indent=1).encode()
    files["MODEL_CARD.md"] = model_card(run).encode()
    files["report.html"] = report.page(run).encode()
    if onnx.content:
        files["model.onnx"] = onnx.content
    readme = zip_readme.readme(run, sorted(files), onnx.difference, onnx.why)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {"README.md": readme.encode(), **files}.items():
            archive.writestr(name, content)
    return packed.getvalue()


def is_run_zip(content: bytes) -> bool:
    """Whether this is a ZIP with a run's manifest in it, which no Keras file has."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "run.json" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def id_in(content: bytes) -> str:
    """The id that the ZIP of a run names; empty where there is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            manifest = _content(archive, "run.json", MAX_MANIFEST)
            found = str(run_files.parse("run.json", manifest).get("id"))
    except (*BROKEN, KeyError):
        return ""
    return found if RUN_ID.fullmatch(found) else ""


def unpacked(content: bytes) -> UnpackedRun:
    """What a ZIP of `packed` holds, each file as its manifest says.

    Raises:
        BadNetwork: it is no such ZIP, or not as it was exported.
    """
    files = _members(content)
    try:
        manifest = run_files.parse("run.json", files["run.json"])
        for name in ("config.json", "calibration.json", "evaluation.json"):
            run_files.parse(name, files[name])
        calibration_of(json.loads(files["calibration.json"]), str(manifest.get("id"))[:22])
        _check_progress(files)
        said = json.loads(files.get(NOTES, b"{}"))
    except (ValueError, TypeError, AttributeError, RecursionError, RunDamaged, csv.Error) as error:
        raise BadNetwork(f"it is no whole run ({error}).") from error
    if manifest.get("schema") != run_files.SCHEMA or not RUN_ID.fullmatch(str(manifest.get("id"))):
        raise BadNetwork("it was exported by another version of this program.")
    of_run = {name: files[name] for name in OF_A_RUN - {"run.json"} if name in files}
    if of_run.keys() != manifest["sha256"].keys():
        raise BadNetwork("its files are not those that its run.json names.")
    for name, kept in of_run.items():
        if hashlib.sha256(kept).hexdigest() != manifest["sha256"][name]:
            raise BadNetwork(f"its {name} is not the file that was exported; please copy it again.")
    return UnpackedRun(manifest, of_run, said if isinstance(said, dict) else {})


def _check_progress(files: dict[str, bytes]) -> None:
    """Whether how it learnt is told as pages read it.

    Raises:
        ValueError: it is not; says of which file.
    """
    for name, columns in TABLES.items():
        rows = csv.DictReader(files[name].decode().splitlines()) if name in files else ()
        for row in rows:
            if not columns <= row.keys() or None in row.values() or None in row:
                raise ValueError(f"{name} lacks columns")
            if not all(math.isfinite(float(value)) for value in row.values()):
                raise ValueError(f"{name} holds what is no number")
    matrices = json.loads(files.get("confusion.json", b"{}")).get("validation", [])
    for matrix in matrices:
        if not all(len(row) == len(matrix) <= 100 for row in matrix) or not all(
            isinstance(count, int) for row in matrix for count in row
        ):
            raise ValueError("confusion.json holds no matrices")


def _members(content: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            if unknown := sorted(set(names) - OF_A_RUN - BESIDE):
                raise BadNetwork(f"it holds {unknown[0]!r:.60}, which no exported run does.")
            if len(set(names)) < len(names) or not set(names) >= NEEDED:
                missing = ", ".join(sorted(NEEDED - set(names))) or "a file of its own for each"
                raise BadNetwork(f"it is no whole run: it lacks {missing}.")
            if sum(member.file_size for member in members) > MAX_BYTES:
                raise BadNetwork(f"it unpacks to more than {MAX_BYTES // 2**20} MB.")
            return {n: _content(archive, n, MAX_BYTES) for n in names if n != "model.onnx"}
    except BROKEN as error:
        raise BadNetwork("it is damaged or cut short; please export or copy it again.") from error


def _content(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """A member, of which no more is unpacked than it claims, and that is at most `most`.

    Raises:
        ValueError: it is packed as no run is, or holds more.
    """
    told = archive.getinfo(name)
    if told.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError("it is packed in an unusual way")
    if told.file_size > most:
        raise ValueError("it unpacks to too much")
    with archive.open(told) as member:
        return member.read(told.file_size + 1)

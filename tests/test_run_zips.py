"""Runs that travel: one ZIP that explains itself, taken in on another machine, or refused there."""

import hashlib
import io
import json
import subprocess
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_cnn.data import canary
from mnist_cnn.errors import BadNetwork
from mnist_cnn.models.surroundings import with_channels
from mnist_cnn.runs import notes, registry, run_zips, store, zip_readme
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.runs.run_zips import OnnxCopy
from mnist_cnn.training import importing, onnx_copy
from tests.support.commands import run as run_command

SMALL = "20261127-232226-c1d2f8"
"""The smallest of the runs that ship."""

SYMBOLS = store.production_run("symbols").folder / "model.keras"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exported() -> bytes:
    """The shipped run of digits, without ONNX."""
    return run_zips.packed(store.production_run(), OnnxCopy(why="this test leaves it out"))


def changed(content: bytes, change: Callable[[dict[str, bytes]], object], sums: bool = True):
    """The ZIP with other files; the manifest names them, unless `sums` is off."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    manifest = json.loads(files["run.json"])
    if sums:
        for name in manifest["sha256"]:
            manifest["sha256"][name] = hashlib.sha256(files.get(name, b"")).hexdigest()
        files["run.json"] = json.dumps(manifest).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, kept in files.items():
            archive.writestr(name, kept)
    return packed.getvalue()


def without_images(files: dict[str, bytes]) -> bytes:
    return files["evaluation.json"].replace(b'"images"', b'"pictures"')


def test_a_run_comes_back_as_it_left(
    exported: bytes, artifacts: Path, only_bundled_digits: None, tmp_path: Path
) -> None:
    path = tmp_path / "run.zip"
    path.write_bytes(exported)
    done = run_command("runs", "import", path, timeout=400)
    assert done.returncode == 0, done.stderr
    run_id = json.loads(done.stdout)["run"]
    ours = store.open_run(run_id)
    with zipfile.ZipFile(path) as archive:
        manifest = json.loads(archive.read("run.json"))
        assert ours.manifest == manifest  # the checksum of every file among it
        assert ours.evaluation == json.loads(archive.read("evaluation.json"))
        assert json.loads(archive.read("notes.json"))["name"] == notes.name_of(ours)
    registry.promote(run_id, by="a test")
    assert store.production_id() == run_id
    with pytest.raises(BadNetwork, match="on this machine already"):
        importing.import_run(path)


def test_the_zip_explains_itself(exported: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        readme, names = archive.read("README.md").decode(), archive.namelist()
        card = archive.read("MODEL_CARD.md").decode()
    assert all(f"| `{name}` |" in readme for name in names if name != "README.md")
    assert "There is no `model.onnx`: this test leaves it out." in readme
    assert "| mnist-test | 10,000 | 99." in card and "UNIPEN" in card and "Data" in card


@pytest.mark.parametrize(("kind", "channels"), [("digits", 1), ("symbols", 3)])
def test_the_printed_code_makes_what_a_network_takes(kind: str, channels: int) -> None:
    images = (canary.canary()[0] * 255).astype(np.uint8)
    names: dict[str, np.ndarray] = {"images": images}
    exec(zip_readme.PREPARED[kind], names)
    expected = with_channels(images.astype(np.float32) / 255, channels)
    assert names["x"].dtype == np.float32 and names["x"] == pytest.approx(expected, abs=1e-6)


def test_onnx_answers_as_keras_does(tmp_path: Path) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    pytest.importorskip("tf2onnx")
    keras = pytest.importorskip("keras")
    run = store.open_run(SMALL)
    model = keras.models.load_model(run.folder / "model.keras", compile=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras' export asks for what NumPy no longer has
        difference = onnx_copy._converted(model, tmp_path / "model.onnx")
    assert difference <= onnx_copy.EXACTLY
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    images, _ = canary.canary()
    (logits,) = session.run(["logits"], {"image": images[..., None]})
    assert logits == pytest.approx(load_classifier(run).raw_logits(images), abs=1e-3)


def test_without_the_packages_the_zip_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_copy, "find_spec", lambda name: None)
    made = onnx_copy.onnx_copy(store.production_run())
    assert not made.content and "pip install -r requirements-onnx.txt" in made.why


def test_a_network_is_converted_once_and_failures_are_tried_again(monkeypatch) -> None:
    run, answers = store.production_run(), [OnnxCopy(why="no memory"), OnnxCopy(b"onnx")]
    monkeypatch.setattr(onnx_copy, "find_spec", lambda name: object())
    monkeypatch.setattr(onnx_copy, "_made", {})
    monkeypatch.setattr(onnx_copy, "_converted_by_a_child", lambda content: answers.pop(0))
    found = [onnx_copy.onnx_copy(run).content for _ in range(4)]
    assert found == [b"", b"onnx", b"onnx", b"onnx"] and answers == []


@pytest.mark.parametrize(
    ("change", "words", "sums"),
    [
        (lambda f: f.update({"../../evil": b"x"}), "'../../evil', which no exported run", True),
        (lambda f: f.update({"x.py": b"x"}), "'x.py', which no", True),
        (lambda f: f.pop("model.keras"), "it lacks model.keras", True),
        (lambda f: f.update({"model.tflite": b"x"}), "model.tflite is not the file", False),
        (lambda f: f.pop("model-int8.tflite"), "not those that its run.json names", True),
        (lambda f: f.update({"config.json": b"[" * 9999}), "no whole run", True),
        (lambda f: f.update({"calibration.json": b"{}"}), "temperature", True),
        (lambda f: f.update({"evaluation.json": without_images(f)}), "are not whole", True),
        (lambda f: f.update({"history.csv": b"epoch,loss\n1,2\n"}), "history.csv lacks", True),
        (lambda f: f.update({"curve.csv": f["curve.csv"] + b"x,1,1,1\n"}), "no whole run", True),
        (lambda f: f.update({"confusion.json": b'{"validation": [[[1, 2]]]}'}), "matrices", True),
        (lambda f: f.update({"confusion.json": b"[]"}), "no whole run", True),
        (lambda f: f.update({"report.html": bytes(80_000_000)}), "unpacks to more", True),
    ],
)
def test_what_is_no_exported_run_is_refused(exported, change, words: str, sums: bool) -> None:
    with pytest.raises(BadNetwork) as error:
        run_zips.unpacked(changed(exported, change, sums))
    assert words in str(error.value)


@pytest.mark.fault(50)
@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_no_more_comes_out_of_a_zip_than_it_claims(exported: bytes, packing: int) -> None:
    """A manifest of 80 MB that is said to have ten bytes."""
    manifest, packed = b"{" + bytes(80_000_000), io.BytesIO()
    with zipfile.ZipFile(packed, "w", packing) as archive:
        archive.writestr("run.json", manifest)
        for name in run_zips.NEEDED - {"run.json"}:
            archive.writestr(name, b"{}")
    size = len(manifest).to_bytes(4, "little")
    content = packed.getvalue().replace(size, (10).to_bytes(4, "little"))
    tracemalloc.start()
    assert run_zips.id_in(content) == ""
    with pytest.raises(BadNetwork):
        run_zips.unpacked(content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8e6


def test_a_torn_zip_and_other_files_are_refused(exported: bytes, tmp_path: Path) -> None:
    torn = bytearray(exported)
    torn[len(torn) // 2] ^= 1
    with pytest.raises(BadNetwork, match="damaged"):
        run_zips.unpacked(bytes(torn))
    (tmp_path / "half.zip").write_bytes(exported[: len(exported) // 2])
    for path in (tmp_path / "half.zip", tmp_path / "gone.zip"):
        with pytest.raises(BadNetwork, match=r"no exported run|cannot be read"):
            importing.import_run(path)


def other_keras(files: dict[str, bytes]) -> None:
    """The network of symbols, under the manifest of digits."""
    files["model.keras"] = SYMBOLS.read_bytes()


def lambda_layer(files: dict[str, bytes]) -> None:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(files["model.keras"])) as old,
        zipfile.ZipFile(packed, "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content.replace(b'"Flatten"', b'"Lambda"'))
    files["model.keras"] = packed.getvalue()


def praised(files: dict[str, bytes]) -> None:
    """Scores that its predictions do not give."""
    said = json.loads(files["evaluation.json"])
    said["datasets"]["mnist-test"]["accuracy"] = 1.0
    files["evaluation.json"] = json.dumps(said).encode()


def of_bundled(files: dict[str, bytes], accuracy: float, change) -> None:
    """Another score on the bundled digits, and other logits and labels."""
    with np.load(io.BytesIO(files["predictions.npz"])) as arrays:
        kept = dict(arrays)
    names = ("bundled-digits-test-logits", "bundled-digits-test-labels")
    kept |= zip(names, change(*(kept[name] for name in names)), strict=True)
    packed = io.BytesIO()
    np.savez_compressed(packed, **kept)
    files["predictions.npz"] = packed.getvalue()
    said = json.loads(files["evaluation.json"])
    said["datasets"]["bundled-digits-test"]["accuracy"] = accuracy
    files["evaluation.json"] = json.dumps(said).encode()


def praised_twice(files: dict[str, bytes]) -> None:
    """Scores and predictions that fit each other, and not the network."""
    logits = np.eye(10, dtype=np.float16)
    of_bundled(files, 0.0, lambda _, labels: (logits[(labels + 1) % 10], labels))


def made_up(files: dict[str, bytes]) -> None:
    """Labels that are what was answered."""
    of_bundled(files, 1.0, lambda logits, _: (logits, logits.argmax(axis=1).astype(np.uint8)))


def fewer(files: dict[str, bytes]) -> None:
    of_bundled(files, 1.0, lambda logits, labels: (logits[labels == 0], labels[labels == 0]))


def narrow(files: dict[str, bytes]) -> None:
    of_bundled(files, 1.0, lambda logits, labels: (logits[:, :3], labels))


def unmeasured(files: dict[str, bytes]) -> None:
    """Predictions on a set that no score is told of."""
    said = json.loads(files["evaluation.json"])
    del said["datasets"]["bundled-digits-test"]
    files["evaluation.json"] = json.dumps(said).encode()


def odd_snapshots(files: dict[str, bytes]) -> None:
    packed = io.BytesIO()
    np.savez_compressed(packed, batches=np.array([0.5]), total=np.array(1))
    files["snapshots.npz"] = packed.getvalue()
    manifest = json.loads(files["run.json"])
    manifest["sha256"]["snapshots.npz"] = ""
    files["run.json"] = json.dumps(manifest).encode()


@pytest.mark.parametrize(
    "case",
    [
        (other_keras, "its network goes from (None, 28, 28, 3)"),
        (lambda_layer, "has a part 'Lambda'"),
        (praised, "its score on mnist-test is not what"),
        (praised_twice, "on bundled-digits-test it answers otherwise"),
        (made_up, "the labels in its predictions.npz are not those of bundled-digits-test"),
        (fewer, "the labels in its predictions.npz are not those of bundled-digits-test"),
        (narrow, "holds for bundled-digits-test other arrays than"),
        (unmeasured, "tell of other test sets"),
        (odd_snapshots, "snapshots.npz cannot be used"),
    ],
)
def test_a_zip_that_is_not_what_it_says_is_refused(
    exported, artifacts: Path, only_bundled_digits, monkeypatch, case
) -> None:
    from mnist_cnn.training import run_import

    change, words = case
    # A process of its own makes these for minutes; here the files are what they were.
    monkeypatch.setattr(run_import, "_litert", lambda model, found: {})
    with pytest.raises(BadNetwork) as error:
        run_import.saved(changed(exported, change))
    assert words in str(error.value)
    assert store.list_all() == {} and list(artifacts.glob("runs/*")) == []


@pytest.mark.parametrize("run", store.list_runs(), ids=lambda run: run.id)
def test_every_run_that_ships_can_travel(
    run: store.Run, artifacts: Path, only_bundled_digits, monkeypatch
) -> None:
    from mnist_cnn.training import run_import

    content = run_zips.packed(run, OnnxCopy(why="this test leaves it out"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        readme, names = archive.read("README.md").decode(), archive.namelist()
    assert all(f"| `{name}` |" in readme for name in names if name != "README.md")
    # A process of its own makes these for minutes; here the files are what they were.
    monkeypatch.setattr(run_import, "_litert", lambda model, found: {})
    taken = store.open_run(run_import.saved(content))
    assert taken.manifest["sha256"] == run.manifest["sha256"]


@pytest.mark.parametrize("ours", [False, True])
def test_an_import_that_is_killed_leaves_nothing_behind(
    exported: bytes, artifacts: Path, tmp_path: Path, monkeypatch, ours: bool
) -> None:
    (tmp_path / "run.zip").write_bytes(exported)
    folder = store.new_folder(run_zips.id_in(exported))

    def killed(*_, **__) -> subprocess.CompletedProcess[bytes]:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.keras").write_bytes(b"half of it")
        return subprocess.CompletedProcess([], -9, b"", b"")

    if ours:  # another process was making it before
        folder.mkdir(parents=True)
    monkeypatch.setattr(importing.subprocess, "run", killed)
    with pytest.raises(BadNetwork, match="brought its process down"):
        importing.import_run(tmp_path / "run.zip")
    assert folder.exists() == ours


def test_foreign_litert_files_are_never_loaded(
    exported, artifacts: Path, only_bundled_digits, monkeypatch
) -> None:
    from mnist_cnn.training import run_import

    made = {}

    def remade(model, weights="float32"):
        made[weights] = True
        with zipfile.ZipFile(io.BytesIO(exported)) as archive:
            return archive.read("model-int8.tflite" if weights == "int8" else "model.tflite")

    monkeypatch.setattr(run_import.export, "export_litert", remade)
    run_id = run_import.saved(changed(exported, lambda f: f.update({"model.tflite": b"evil"})))
    assert set(made) == {"float16", "int8"}
    assert store.open_run(run_id).read("model.tflite") != b"evil"

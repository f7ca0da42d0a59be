"""Networks from elsewhere: those that become runs, and those that are refused and do no harm."""

import io
import json
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from mnist_cnn import metrics, settings
from mnist_cnn.data import canary
from mnist_cnn.errors import BadNetwork
from mnist_cnn.runs import notes, registry, store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.training import importing, model_files
from tests.support.commands import run as run_command

pytestmark = pytest.mark.slow

keras = pytest.importorskip("keras")


def shipped() -> "keras.Model":
    return keras.models.load_model(store.production_run().folder / "model.keras", compile=False)


def with_softmax() -> "keras.Model":
    """The shipped network as people save theirs: with probabilities."""
    model = shipped()
    last = keras.layers.Dense(10, "softmax")
    whole = keras.Model(model.inputs, last(model.outputs[0]))
    last.set_weights([np.eye(10), np.zeros(10)])
    return whole


def test_an_own_network_becomes_a_run_that_may_answer(
    shipped_copy: Path, only_bundled_digits: None, tmp_path: Path
) -> None:
    model = with_softmax()
    model.compile("adam", "sparse_categorical_crossentropy")
    path = tmp_path / "model.h5"
    model.save(path)
    run = store.open_run(importing.import_network(path))
    assert run.name == path.stem
    assert run.evaluation["keras_litert_difference"] < 1e-4
    assert "bundled-digits-test" in run.evaluation["datasets"]
    images, _ = canary.canary()
    ours = load_classifier(store.production_run()).compute_logits(images)
    assert load_classifier(run).compute_logits(images) == pytest.approx(ours, abs=1e-3)
    registry.promote(run.id, by="a test")
    assert store.production_id() == run.id


def test_the_command_prints_the_run(
    shipped_copy: Path, only_bundled_digits: None, tmp_path: Path
) -> None:
    shipped().save(tmp_path / "mine.keras")
    done = run_command("import", str(tmp_path / "mine.keras"), "--name", "Mine")
    assert done.returncode == 0
    assert notes.name_of(store.open_run(done.stdout.strip())) == "Mine"
    done = run_command("import", str(tmp_path / "gone.keras"))
    assert done.returncode == 2 and "No such file" in done.stderr


def test_a_network_of_branches_is_looked_through(tmp_path: Path) -> None:
    from mnist_cnn.models import network
    from mnist_cnn.models.recipes import Architecture

    model = network.build(Architecture(branches=2), L.BatchNormalization)
    for name in ("two.keras", "two.h5"):
        model_files.check_file(saved(tmp_path / name, model).read_bytes(), name)


def simple(*layers: "keras.Layer", shape: tuple[int, ...] = (28, 28, 1)) -> "keras.Model":
    return keras.Sequential([keras.Input(shape), *layers])


def functional(*layers: "keras.Layer") -> "keras.Model":
    found = image = keras.Input((28, 28, 1))
    for layer in layers:
        found = layer(found)
    return keras.Model(image, found)


@pytest.mark.parametrize("outer", [simple, functional, None])
@pytest.mark.parametrize("inner", [simple, functional])
@pytest.mark.parametrize("end", ["an activation", "a layer"])
def test_probabilities_become_logits_also_of_a_network_within_another(inner, outer, end) -> None:
    from mnist_cnn.models import adapting

    layers = [L.Dense(10, "softmax")] if end == "an activation" else [L.Dense(10), L.Softmax()]
    whole = inner(L.Flatten(), L.BatchNormalization(), *layers)
    if outer:
        whole = outer(L.Rescaling(2.0), L.GaussianNoise(0.1), whole)
    images = np.random.default_rng(0).random((5, 28, 28, 1), np.float32)
    expected = np.asarray(whole(images, training=False))
    logits = np.asarray(adapting.adapted(whole)(images, training=False))
    assert logits.min() < 0
    assert np.allclose(metrics.softmax(logits), expected, atol=1e-5)


def saved(path: Path, model: "keras.Model") -> Path:
    model.save(path)
    return path


def changed(path: Path, change, weights: bytes | None = None) -> Path:
    """A `.keras` file with another description, or other weights."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(files["config.json"])
    change(config)
    files["config.json"] = json.dumps(config).encode()
    if weights is not None:
        files["model.weights.h5"] = weights
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


L = keras.layers


def refused(path: Path) -> str:
    before = [run.id for run in store.list_runs()]
    with pytest.raises(BadNetwork) as error:
        importing.import_network(path)
    assert [run.id for run in store.list_runs()] == before
    return str(error.value)


@pytest.mark.fault(29)
def test_code_inside_a_file_is_never_run(shipped_copy: Path, tmp_path: Path) -> None:
    marker = tmp_path / "it ran"
    command = f"open({str(marker)!r}, 'w')"
    evil = L.Lambda(lambda x, c=command: (eval(c), x)[1], output_shape=(10,))
    for name in ("evil.keras", "evil.h5"):
        path = saved(tmp_path / name, simple(L.Flatten(), L.Dense(10), evil))
        marker.unlink(missing_ok=True)
        assert "'Lambda'" in refused(path)
        assert not marker.exists()


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"module": "os", "class_name": "system", "config": "touch x"}, "asks for the module 'os'"),
        ({"module": "builtins", "class_name": "eval", "config": "1"}, "has a part 'eval'"),
        ({"module": "subprocess", "class_name": "Dense", "config": {}}, "asks for the module"),
        ({"class_name": "Dense", "registered_name": "x>y", "config": {}}, "a part of its own"),
        ({"module": "keras.layers", "class_name": "TFSMLayer", "config": {}}, "'TFSMLayer'"),
    ],
)
def test_objects_that_are_no_layers(shipped_copy, tmp_path: Path, where, words: str) -> None:
    path = saved(tmp_path / "x.keras", simple(L.Flatten(), L.Dense(10)))
    assert words in refused(changed(path, lambda c: c["config"]["layers"].append(where)))


@pytest.mark.fault(29)
def test_sizes_that_are_not_meant(shipped_copy: Path, tmp_path: Path) -> None:
    path = saved(tmp_path / "x.keras", simple(L.Flatten(), L.Dense(10)))

    def widen(config: dict) -> None:
        config["config"]["layers"][-1]["config"]["units"] = 10**12

    assert "units; at most 4096" in refused(changed(path, widen))
    large = simple(L.Flatten(), L.Dense(4096), L.Dense(2048), L.Dense(10))
    assert "parameters; at most" in refused(saved(tmp_path / "large.keras", large))


@pytest.mark.fault(29)
def test_bombs_and_links(shipped_copy: Path, tmp_path: Path) -> None:
    path = saved(tmp_path / "bomb.keras", simple(L.Flatten(), L.Dense(10)))
    assert "unpacks to more" in refused(changed(path, lambda c: None, bytes(200_000_000)))
    path = saved(tmp_path / "deep.keras", simple(L.Flatten(), L.Dense(10)))
    nest: dict = {}
    for _ in range(200):
        nest = {"x": nest}
    assert "too deeply" in refused(changed(path, lambda c: c["config"].update(x=nest)))
    path = saved(tmp_path / "bomb.h5", simple(L.Flatten(), L.Dense(10)))
    with h5py.File(path, "a") as file:
        file.create_dataset("zeros", (600_000_000,), "u1", compression="gzip", chunks=(10**6,))
    assert "unpacks to more" in refused(path)
    path = saved(tmp_path / "link.h5", simple(L.Flatten(), L.Dense(10)))
    with h5py.File(path, "a") as file:
        file["out"] = h5py.ExternalLink("/etc/passwd", "/x")
    assert "links to something outside" in refused(path)
    path = saved(tmp_path / "slip.keras", simple(L.Flatten(), L.Dense(10)))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../slip", "x")
    assert "and nothing else" in refused(path)


def with_zeros(path: Path, megabytes: int) -> bytes:
    """The weights of a `.keras` file whose kernel is so many zeros, squeezed to next to nothing."""
    with zipfile.ZipFile(path) as archive:
        weights = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(weights, "r+") as file:
        values = file["layers/dense/vars"]
        del values["0"]
        shape, chunks = (megabytes * 250, 1000), (megabytes * 10, 1000)
        values.create_dataset("0", shape, "f4", compression="gzip", chunks=chunks, fillvalue=0)
        for row in range(0, *shape[:1], chunks[0]):
            values["0"][row : row + chunks[0]] = 0
    return weights.getvalue()


@pytest.mark.fault(70, 29)
def test_a_kernel_of_zeros_is_refused_at_once(shipped_copy: Path, tmp_path: Path) -> None:
    path = saved(tmp_path / "zeros.keras", simple(L.Flatten(), L.Dense(10, name="dense")))
    changed(path, lambda config: None, with_zeros(path, 600))
    assert path.stat().st_size < 100_000
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert "unpacks to more than 64 MB: its weights to 572 MB" in refused(path)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.ru_utime - began.ru_utime < 5, "TensorFlow was not even loaded"


@pytest.mark.fault(70)
def test_what_was_checked_is_what_is_loaded(
    shipped_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "x.keras", simple(L.Flatten(), L.Dense(10)))
    opened = []
    real = model_files.read_file

    def read_and_exchange(path: Path) -> bytes:
        content = real(path)
        opened.append(path)
        path.write_bytes(b"another file by now")
        return content

    monkeypatch.setattr(importing, "read_file", read_and_exchange)
    assert "plainly written digits" in refused(path), "the network that was there was looked at"
    assert opened == [path]


@pytest.mark.fault(70)
def test_a_description_in_h5_that_is_no_text_is_none(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    for described in (10**9, b"\xff\xed\xa0\x80", [1, 2]):
        with h5py.File(path, "w") as file:
            file.attrs["model_config"] = described
        with pytest.raises(BadNetwork, match=r"x\.h5"):
            model_files.check_file(path.read_bytes(), "x.h5")


CONFINED = """
import json, os, socket, subprocess, sys
from pathlib import Path
from mnist_cnn.training import process_limits
process_limits.first_to_die()
process_limits.limit(500, 60)
sealed = process_limits.shut_off_network()
def tried(act):
    try: act()
    except (OSError, MemoryError) as error: return type(error).__name__
    return "done"
print(json.dumps({
    "sealed": sealed,
    "interfaces": Path("/proc/net/route").read_text().splitlines()[1:],
    "socket": tried(lambda: socket.create_connection(("127.0.0.1", 9), 2)),
    "name": tried(lambda: socket.getaddrinfo("localhost", 80)),
    "program": tried(lambda: subprocess.run(["true"])),
    "memory": tried(lambda: bytearray(600 * 2**20)),
    "oom": Path("/proc/self/oom_score_adj").read_text().strip(),
    "environment": sorted(os.environ),
}))
"""


@pytest.mark.fault(70)
@pytest.mark.skipif(sys.platform != "linux", reason="what is asked for is Linux' own")
def test_who_opens_it_has_no_network_no_environment_and_little_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MNIST_CNN_TOKEN", "a secret that is long enough")
    answer = subprocess.run(
        [sys.executable, "-c", CONFINED], cwd=PROJECT_FOLDER, capture_output=True, check=True,
        env=settings.confined_environment(tmp_path),
    )  # fmt: skip
    told = json.loads(answer.stdout)
    assert not told["sealed"] or told["interfaces"] == []
    assert (told["socket"], told["name"], told["program"]) == ("PermissionError",) * 3
    assert (told["memory"], told["oom"]) == ("MemoryError", "1000")
    allowed = {"MNIST_CNN_DATA", "MNIST_CNN_ARTIFACTS", "HOME", "KERAS_HOME", "PYTHONUTF8"}
    allowed |= {"TMPDIR", "LD_LIBRARY_PATH", "LC_CTYPE"}
    assert {n for n in told["environment"] if not n.startswith("TF_NUM_")} <= allowed


@pytest.mark.fault(29)
@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_a_truncated_file(shipped_copy: Path, tmp_path: Path, share: float) -> None:
    for name in ("x.keras", "x.h5"):
        path = saved(tmp_path / name, shipped())
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        assert "damaged" in (said := refused(path)) or "no Keras network" in said


@pytest.mark.fault(29)
def test_other_things_that_are_no_network(shipped_copy: Path, tmp_path: Path) -> None:
    path = saved(tmp_path / "x.keras", shipped())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert "damaged" in refused(path)
    assert "cannot be read" in refused(tmp_path)
    model = shipped()
    model.save_weights(tmp_path / "only.weights.h5")
    assert "save the whole model" in refused(tmp_path / "only.weights.h5")
    model.save(tmp_path / "really.h5")
    (tmp_path / "really.h5").rename(tmp_path / "x2.keras")
    model_files.check_file((tmp_path / "x2.keras").read_bytes(), "x2.keras")
    (tmp_path / "text.h5").write_text("hello")
    assert "no Keras network" in refused(tmp_path / "text.h5")


@pytest.mark.fault(32)
def test_a_file_of_a_newer_keras_says_what_is_unknown(shipped_copy: Path, tmp_path: Path) -> None:
    path = saved(tmp_path / "x.keras", simple(L.Flatten(), L.Dense(10)))
    layer = {"module": "keras.layers", "class_name": "Dense9", "registered_name": None}
    assert "a part 'Dense9'" in refused(
        changed(path, lambda c: c["config"]["layers"].append(layer))
    )
    path = saved(tmp_path / "y.keras", simple(L.Flatten(), L.Dense(10)))
    said = refused(changed(path, lambda c: c["config"]["layers"][-1]["config"].update(news=5)))
    assert "which Keras" in said and "Traceback" not in said


@pytest.mark.fault(29, 30)
def test_networks_that_answer_nonsense(
    shipped_copy: Path, only_bundled_digits: None, tmp_path: Path
) -> None:
    model = shipped()
    model.set_weights([np.full_like(w, np.nan) for w in model.get_weights()])
    assert "no numbers" in refused(saved(tmp_path / "nan.keras", model))
    untrained = simple(L.Flatten(), L.Dense(10, kernel_initializer="zeros"))
    assert "reads 10%" in refused(saved(tmp_path / "untrained.keras", untrained))


def test_a_network_that_learnt_dark_ink_on_bytes_becomes_a_run(
    shipped_copy: Path, only_bundled_digits: None, tmp_path: Path
) -> None:
    dark = simple(L.Rescaling(-1 / 255, 1), shipped(), shape=(28, 28, 1))
    run = store.open_run(importing.import_network(saved(tmp_path / "dark.keras", dark)))
    ours = load_classifier(store.production_run()).compute_logits(canary.canary()[0])
    told = load_classifier(run).compute_logits(canary.canary()[0])
    assert told == pytest.approx(ours, abs=1e-2)

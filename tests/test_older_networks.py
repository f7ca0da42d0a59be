"""Networks as tutorials of several years wrote them: each answers as it did, or is told why not."""

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from mnist_cnn.data import canary
from mnist_cnn.errors import BadNetwork
from mnist_cnn.training import model_files, older_files

pytestmark = pytest.mark.slow

keras = pytest.importorskip("keras")

L = keras.layers

IMAGES, LABELS = canary.canary()


def simple(*layers: "keras.Layer", shape: tuple[int, ...] = (28, 28, 1)) -> "keras.Model":
    return keras.Sequential([keras.Input(shape), *layers])


def convolution(**options) -> "keras.Model":
    layers = [L.Conv2D(4, 3, activation="relu"), L.BatchNormalization(), L.MaxPooling2D()]
    model = simple(*layers, L.Flatten(**options), L.Dense(10))
    weights = np.random.default_rng(0)
    model.layers[1].set_weights([weights.uniform(0.5, 1, 4) for _ in range(4)])
    return model


def saved(path: Path, model: "keras.Model") -> Path:
    model.save(path)
    return path


def described(path: Path, change) -> Path:
    """An `.h5` file with another description."""
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config)
        file.attrs["model_config"] = json.dumps(config)
    return path


def taken_in(path: Path) -> "keras.Model":
    from mnist_cnn.models import untrusted

    content = path.read_bytes()
    model_files.check_file(content, str(path))
    folder = path.parent / "copy"
    folder.mkdir(exist_ok=True)
    return untrusted.load_untrusted(older_files.modern_copy(content, folder), 5_000_000)


def answers(model: "keras.Model", images: np.ndarray = IMAGES[..., None]) -> np.ndarray:
    return np.asarray(model(images, training=False))


def augmentation() -> "keras.Model":
    return keras.Sequential([L.RandomRotation(0.1), L.RandomZoom(0.1), L.GaussianNoise(0.3)])


TAKEN = {
    "flat": simple(L.Dense(10), shape=(784,)),
    "rows and columns": simple(L.Flatten(), L.Dense(10), shape=(28, 28)),
    "channels first": simple(
        L.Permute((2, 3, 1)), L.Conv2D(4, 3), L.Flatten(), L.Dense(10), shape=(1, 28, 28)
    ),
    "three colours": simple(L.Conv2D(4, 3), L.Flatten(), L.Dense(10), shape=(28, 28, 3)),
    "any size": simple(
        L.Resizing(16, 16), L.Conv2D(4, 3), L.GlobalMaxPooling2D(), L.Dense(10),
        shape=(None, None, 1),
    ),
    "augmentation": simple(
        augmentation(), L.Conv2D(4, 3), L.PReLU(), L.GaussianDropout(0.2), L.Flatten(), L.Dense(10)
    ),
    "normalization": simple(L.Normalization(mean=0.13, variance=0.09), L.Flatten(), L.Dense(10)),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_what_a_network_takes_is_made_of_a_picture(name: str, tmp_path: Path) -> None:
    model = TAKEN[name]
    shape = [28 if side is None else side for side in model.input_shape[1:]]
    shown = np.repeat(IMAGES[..., None], 3, -1) if shape[-1] == 3 else IMAGES.reshape(-1, *shape)
    for file in ("x.keras", "x.h5"):
        adapted = taken_in(saved(tmp_path / file, model))
        assert adapted.input_shape == (None, 28, 28, 1)
        assert answers(adapted) == pytest.approx(answers(model, shown), abs=1e-4)


@pytest.mark.parametrize("last", [L.Softmax(), L.Activation("sigmoid"), "softmax", "sigmoid"])
def test_probabilities_become_logits(last, tmp_path: Path) -> None:
    dense = L.Dense(10, activation=last) if isinstance(last, str) else L.Dense(10)
    model = simple(L.Flatten(), dense, *([] if isinstance(last, str) else [last]))
    logits = IMAGES.reshape(60, 784) @ dense.get_weights()[0] + dense.get_weights()[1]
    adapted = taken_in(saved(tmp_path / "x.keras", model))
    assert answers(adapted) == pytest.approx(logits, abs=1e-4)


def test_hdf5_goes_in_whatever_its_name(tmp_path: Path) -> None:
    model = convolution()
    path = saved(tmp_path / "x.h5", model).rename(tmp_path / "x.keras")
    assert answers(taken_in(path)) == pytest.approx(answers(model), abs=1e-5)


@pytest.mark.parametrize("as_list", [True, False])
def test_files_of_keras_2_have_no_input_layer(as_list: bool, tmp_path: Path) -> None:
    def older(config: dict) -> None:
        layers = config["config"]["layers"][1:]
        layers[0]["config"]["batch_input_shape"] = [None, 28, 28, 1]
        layers[1]["config"]["axis"] = [3]
        config["config"] = layers if as_list else {"name": "sequential_1", "layers": layers}

    model = convolution()
    path = described(saved(tmp_path / "x.h5", model), older)
    assert answers(taken_in(path)) == pytest.approx(answers(model), abs=1e-5)


def channels_first(config: dict) -> None:
    layers = config["config"]["layers"][1:]
    layers[0]["config"]["batch_input_shape"] = [None, 1, 28, 28]
    layers[1]["config"]["axis"] = 1
    for layer in (layers[0], layers[2]):
        layer["config"]["data_format"] = "channels_first"
    config["config"] = layers


@pytest.mark.parametrize("flat", ["channels_first", "channels_last"])
def test_channels_that_come_first_go_last(flat: str, tmp_path: Path) -> None:
    """Keras 2.1 flattened them in the order in which they lay, later ones put them last before."""
    model = convolution()
    path = saved(tmp_path / "x.h5", model)

    def first(config: dict) -> None:
        channels_first(config)
        config["config"][3]["config"]["data_format"] = flat

    described(path, first)
    if flat == "channels_last":
        with h5py.File(path, "r+") as file:
            name = model.layers[-1].name
            kernel = file[f"model_weights/{name}/{model.name}/{name}/kernel"]
            kernel[...] = kernel[...].reshape(13, 13, 4, 10).transpose(2, 0, 1, 3).reshape(-1, 10)
    assert answers(taken_in(path)) == pytest.approx(answers(model), abs=1e-5)


def test_theano_turns_kernels_over(tmp_path: Path) -> None:
    model = convolution()
    path = saved(tmp_path / "x.h5", model)
    with h5py.File(path, "r+") as file:
        file.attrs["backend"] = "theano"
        file["model_weights"].visititems(older_files._flip)
    assert answers(taken_in(path)) == pytest.approx(answers(model), abs=1e-5)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (simple(L.Flatten(), L.Dense(47)), "47 outputs, usually the classes of EMNIST Balanced"),
        (simple(L.Flatten(), L.Dense(9)), r"outputs of shape \(None, 9\)"),
        (simple(L.Flatten(), L.Dense(10), shape=(32, 32, 1)), "pictures of 28 × 28"),
        (simple(L.LSTM(4), L.Dense(10), shape=(28, 28)), "a part 'LSTM'"),
    ],
)
def test_others_are_told_why_not(model, words: str, tmp_path: Path) -> None:
    with pytest.raises(BadNetwork, match=words):
        taken_in(saved(tmp_path / "x.keras", model))


def test_channels_first_in_branches_are_told(tmp_path: Path) -> None:
    image = keras.Input((1, 28, 28))
    model = keras.Model(image, L.Dense(10)(L.Flatten()(L.Permute((2, 3, 1))(image))))
    path = saved(tmp_path / "x.keras", model)
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    config = files["config.json"].replace(b"channels_last", b"channels_first")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**files, "config.json": config}.items():
            archive.writestr(name, content)
    with pytest.raises(BadNetwork, match="its channels come first"):
        taken_in(path)


@pytest.mark.parametrize(
    ("scale", "offset", "transposed"), [(1 / 255, 0, False), (-1, 1, False), (1, 0, True)]
)
def test_a_network_is_shown_pictures_as_it_learnt(scale, offset, transposed) -> None:
    """A network that tells the canary's digits by the nearest, and sees them in another way."""
    from mnist_cnn.training import saving

    nearest = L.Dense(10)
    turned = [L.Permute((2, 1, 3))] if transposed else []
    model = simple(L.Rescaling(scale, offset), *turned, L.Flatten(), nearest)
    means = np.stack([IMAGES[n == LABELS].reshape(-1, 784).mean(axis=0) for n in range(10)])
    nearest.set_weights([2 * means.T, -(means**2).sum(axis=1)])
    told = answers(saving._as_it_learnt(model)).argmax(axis=1)
    assert (told == LABELS).mean() > 0.9

"""What is shown of a network's inside is what Keras computes."""

import io
from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_cnn.data import canary
from mnist_cnn.errors import BadNetwork
from mnist_cnn.evaluation import evidence, inside
from mnist_cnn.models import adapting
from mnist_cnn.models import network as keras_networks
from mnist_cnn.models.numpy_network import NumpyNetwork
from mnist_cnn.models.recipes import Architecture
from mnist_cnn.runs import store
from mnist_cnn.storage import scratch_folder
from mnist_cnn.training.snapshot_taker import SnapshotTaker

pytestmark = pytest.mark.slow

L = keras.layers
SHIPPED = [run.id for kind in ("digits", "symbols") for run in store.list_runs(kind)]


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return canary.canary()[0][:3]


def file_of(model: "keras.Model", folder: Path) -> bytes:
    model.save(folder / "x.keras")
    return (folder / "x.keras").read_bytes()


def by_keras(model: "keras.Model", shown: np.ndarray, prefix: str = "") -> dict[str, np.ndarray]:
    """What each layer gives, by the names that this project gives them."""
    found = {}
    layers = [layer for layer in model.layers if not isinstance(layer, L.InputLayer)]
    inner = [layer for layer in layers if isinstance(layer, keras.Model)]
    plain = [layer for layer in layers if layer not in inner]
    whole = keras.Model(model.inputs[0], {layer.name: layer.output for layer in plain})
    for name, out in whole(shown).items():
        found[prefix + name] = np.asarray(out)
    for layer in inner:
        taken = keras.Model(model.inputs[0], layer._inbound_nodes[-1].input_tensors[0])(shown)
        found |= by_keras(layer, taken, f"{prefix}{layer.name}/")
    return found


def assert_same(content: bytes, images: np.ndarray) -> NumpyNetwork:
    network = NumpyNetwork.read(content)
    ours = network.outputs(images)
    theirs = by_keras(load(content), ours["image"])
    assert set(theirs) == set(ours) - {"image"}
    for name, expected in theirs.items():
        assert ours[name] == pytest.approx(expected, rel=1e-4, abs=1e-4), name
    return network


def load(content: bytes) -> "keras.Model":
    with scratch_folder() as folder:
        (folder / "x.keras").write_bytes(content)
        return keras.models.load_model(folder / "x.keras", compile=False)


@pytest.mark.parametrize("run_id", SHIPPED)
def test_the_maps_are_those_of_keras(run_id: str, images: np.ndarray) -> None:
    run = store.open_run(run_id)
    network = assert_same(run.read("model.keras"), images)
    layers = inside.layers_of(network)
    outputs = network.outputs(images[:1])
    assert evidence.is_exact(network, outputs)
    found = evidence.exact_evidence(network, outputs)
    logits = outputs[network.end][0]
    assert found.logits == pytest.approx(logits, abs=1e-4)
    assert found.maps.sum(axis=0) + found.rest == pytest.approx(logits, abs=1e-4)
    places, rest = found.against(3, 8)
    assert places.sum() + rest == pytest.approx(logits[3] - logits[8], abs=1e-4)
    shown = inside.maps_of(network, layers, outputs)
    assert shown[0].layer.title == "Convolution 1" and shown[0].name.endswith("maps")


def every_layer() -> "keras.Model":
    """A network of most kinds of layers that an imported one may have."""
    image = keras.Input((28, 28, 1), name="image")
    x = L.Rescaling(2.0, -1.0)(L.Permute((2, 1, 3))(image))
    x = L.ZeroPadding2D(1)(x)
    x = L.BatchNormalization()(L.Conv2D(6, 3, 2, "same", activation="elu")(x))
    y = L.LeakyReLU(0.1)(L.SeparableConv2D(6, 3, padding="same")(x))
    x = L.Add()([x, y])
    x = L.Concatenate()([L.MaxPooling2D(3, 2, "same")(x), L.AveragePooling2D(3, 2, "same")(x)])
    x = L.PReLU(shared_axes=[1, 2])(L.Conv2D(8, 3, dilation_rate=2, padding="same")(x))
    x = L.DepthwiseConv2D(3, depth_multiplier=2)(L.SpatialDropout2D(0.2)(x))
    x = L.Activation("gelu")(L.Cropping2D(1)(x))
    z = L.Multiply()([L.GlobalAveragePooling2D()(x), L.GlobalMaxPooling2D()(x)])
    inner = keras.Sequential([keras.Input((16,)), L.Dense(12, "tanh"), L.Dense(10)], name="head")
    model = keras.Model(image, inner(z))
    rng = np.random.default_rng(0)
    model.set_weights([np.abs(rng.normal(0.05, 0.15, w.shape)) for w in model.get_weights()])
    return model


def test_a_network_from_elsewhere_too(tmp_path: Path, images: np.ndarray) -> None:
    network = assert_same(file_of(every_layer(), tmp_path), images)
    layers = inside.layers_of(network)
    titles = [layer.title for layer in layers]
    assert titles[:2] == ["Convolution 1", "Separable convolution"] and titles[-1] == "Logits"
    outputs = network.outputs(images[:1])
    assert not evidence.is_exact(network, outputs)
    assert len(inside.maps_of(network, layers, outputs)) == len(layers)


def test_plain_stacks_and_their_evidence(tmp_path: Path, images: np.ndarray) -> None:
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(),
         L.Flatten(), L.Dense(10)]
    )  # fmt: skip
    network = assert_same(file_of(model, tmp_path), images)
    outputs = network.outputs(images[:1])
    found = evidence.exact_evidence(network, outputs)
    assert found.places.shape == (13, 13, 10)
    assert found.logits == pytest.approx(outputs[network.end][0], abs=1e-4)


def test_what_a_map_is_made_of_adds_up(images: np.ndarray) -> None:
    network = NumpyNetwork.read(store.production_run().read("model.keras"))
    outputs = network.outputs(images[:1])
    layer = inside.maps_of(network, inside.layers_of(network), outputs)[1]
    number = layer.strongest_first()[0]
    parts = inside.parts(network, layer, number, outputs, count=1000)
    row, column = layer.peak(number)
    before = outputs[layer.layer.source.name][0, row, column, number]
    assert sum(part.adds for part in parts) == pytest.approx(before, abs=1e-4)
    assert sum((p.kernel * p.under).sum() for p in parts) == pytest.approx(before, abs=1e-4)


def test_what_cannot_be_looked_into_is_said(tmp_path: Path) -> None:
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), L.Resizing(14, 14), L.Flatten(), L.Dense(10)]
    )
    with pytest.raises(BadNetwork, match="Resizing"):
        NumpyNetwork.read(file_of(model, tmp_path))
    for content in (b"", b"PK\x03\x04 torn", store.production_run().read("model.tflite")):
        with pytest.raises(BadNetwork, match="cannot be read"):
            NumpyNetwork.read(content)


def test_copies_are_taken_while_it_learns_and_only_then() -> None:
    model = keras_networks.build(Architecture(filters=(4, 6), strides=(2, 2)), L.BatchNormalization)
    for count, expected in ((0, None), (5, [0, 1, 2, 3, 6])):
        taker = SnapshotTaker(model, count, epochs=2)
        taker.set_params({"steps": 3})
        taker.on_train_begin()
        for batch in (0, 1, 2, 0, 1, 2):
            taker.on_train_batch_end(batch)
        taker.on_train_end()
        content = taker.content()
        if expected is None:
            assert content == b""
        else:
            with np.load(io.BytesIO(content)) as arrays:
                assert arrays["batches"].tolist() == expected and arrays["total"] == 6
                kernel = arrays["w0000"][0] * arrays["w0001"][0]
            assert kernel == pytest.approx(model.get_weights()[0], abs=0.01)


def convolved(shape: tuple[int, ...]) -> "keras.Model":
    """A network that takes pictures in such a shape, and has a convolution."""
    rng = np.random.default_rng(0)
    model = keras.Sequential(
        [keras.Input(shape), L.Reshape((28, 28, 1)), L.Conv2D(4, 3, activation="relu"),
         L.MaxPooling2D(), L.Flatten(), L.Dense(10)]
    )  # fmt: skip
    model.set_weights([rng.normal(0.0, 0.3, w.shape) for w in model.get_weights()])
    return model


def evidence_in(model: "keras.Model", folder: Path, image: np.ndarray) -> tuple:
    """What the places say, and the box of where each first map looks."""
    network = NumpyNetwork.read(file_of(model, folder))
    outputs = network.outputs(image[None])
    assert evidence.is_exact(network, outputs)
    maps = inside.maps_of(network, inside.layers_of(network)[:1], outputs)[0]
    return evidence.exact_evidence(network, outputs), [maps.looks_at(i) for i in range(4)]


@pytest.mark.parametrize("shape", [(784,), (28, 28), (784, 1), (1, 784)])
def test_flat_pictures_have_places_too(
    tmp_path: Path, images: np.ndarray, shape: tuple[int, ...]
) -> None:
    plain, boxes = evidence_in(convolved((28, 28, 1)), tmp_path, images[0])
    found, same = evidence_in(adapting.adapted(convolved(shape)), tmp_path, images[0])
    assert found.places == pytest.approx(plain.places, abs=1e-5) and same == boxes
    assert found.sight == plain.sight


@pytest.mark.parametrize("shape", [(28, 28, 1), (784,)])
def test_columns_for_rows_are_turned_back(
    tmp_path: Path, images: np.ndarray, shape: tuple[int, ...]
) -> None:
    plain, boxes = evidence_in(convolved((28, 28, 1)), tmp_path, images[0].T)
    model = adapting.seen_as(adapting.adapted(convolved(shape)), 1, 0, True)
    found, turned = evidence_in(model, tmp_path, images[0])
    assert found.sight.turned and not plain.sight.turned
    assert found.places == pytest.approx(plain.places.swapaxes(0, 1), abs=1e-5)
    assert turned == [(top, left, bottom, right) for left, top, right, bottom in boxes]


def test_where_places_are_unknown_no_box_is_drawn(tmp_path: Path, images: np.ndarray) -> None:
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), L.Reshape((56, 14, 1)), L.Conv2D(4, 3, activation="relu"),
         L.Flatten(), L.Dense(10)]
    )  # fmt: skip
    network = NumpyNetwork.read(file_of(model, tmp_path))
    outputs = network.outputs(images[:1])
    assert not evidence.is_exact(network, outputs)
    (maps,) = inside.maps_of(network, inside.layers_of(network)[:1], outputs)
    assert maps.sight is None and maps.looks_at(0) is None and maps.field == 28


def test_only_what_is_wanted_is_held(images: np.ndarray) -> None:
    network = NumpyNetwork.read(store.production_run().read("model.keras"))
    first = inside.layers_of(network)[0].node
    every, some = network.outputs(images), network.outputs(images, [first, network.end])
    assert set(some) == {first, network.end}
    assert all((some[name] == every[name]).all() for name in some)

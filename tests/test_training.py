"""What training does under the hood: what it loads, keeps and normalises by, how Muon steps."""

import contextlib
import dataclasses
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_cnn.errors import TrainingFailed
from mnist_cnn.models.classes import SYMBOLS, UNKNOWN
from mnist_cnn.models.presets import PRESETS
from mnist_cnn.models.recipes import Pools
from mnist_cnn.records import Dataset, Drawing
from mnist_cnn.settings import PROJECT_FOLDER
from mnist_cnn.training.progress import Stop, TrainingProgress
from tests.support.drawings import SEVEN

pytestmark = pytest.mark.slow

LOADED = """
import sys
from mnist_cnn.models.tensorflow_loader import load_tensorflow
load_tensorflow()
import keras
assert not {"pandas", "pyarrow", "sklearn"} & set(sys.modules)
from mnist_cnn.data import bundled_digits as datasets
print(len(datasets.load_bundled_digits().train))
"""


def test_what_is_hidden_while_tensorflow_loads_can_be_had_later() -> None:
    command = [sys.executable, "-c", LOADED]
    answer = subprocess.run(
        command, check=False, cwd=PROJECT_FOLDER, capture_output=True, text=True
    )
    assert answer.stdout == "1297\n", answer.stderr


def test_nothing_holds_on_to_the_images_after_training() -> None:
    from mnist_cnn.data.bundled_digits import load_bundled_digits
    from mnist_cnn.models import network
    from mnist_cnn.training import loop
    from mnist_cnn.training.training_data import prepare

    recipe = dataclasses.replace(PRESETS["quick"], data=("bundled-digits",))
    data = prepare(recipe)
    images = weakref.ref(data.pools[0].images)
    loop.fit(network.build(recipe.architecture), recipe, data)
    del data
    load_bundled_digits.cache_clear()
    assert images() is None


def people() -> Any:
    """Ten digits, and some signs and letters, of three people, one in each part."""
    from mnist_cnn.data.splits import Splits, WriterSplits
    from mnist_cnn.training.sources import Sources

    def by(labels: str) -> WriterSplits:
        parts = [[Drawing(SEVEN, label, writer) for label in labels] for writer in "abc"]
        return WriterSplits(*parts, checksum="1")

    digits = by("3" * 10)
    scans = Dataset("n-train", np.ones((10, 28, 28), np.uint8), np.arange(10), "", "MIT", "2")
    parts = [dataclasses.replace(scans, notes={"writers": list(name * 10)}) for name in "abc"]
    dot = Drawing((np.zeros((3, 2)),), ".", "a")
    signs, letters = by("+-/("), by("AoxB")
    signs.train.append(dot)
    swiss = Splits(*parts)
    photographed = dataclasses.replace(scans, name="signs", labels=scans.labels + 5)
    return Sources(None, digits, digits, letters, signs, swiss, photographed)


def test_where_nobody_wrote_lines_are_written_as_the_templates() -> None:
    from mnist_cnn.training import line_pools
    from mnist_cnn.training.sources import Sources

    pool = line_pools.lines_pool(30, Sources(), np.random.default_rng(0))
    assert len(pool.labels) == 30 and pool.images.any()


@pytest.mark.parametrize("kind", ["digits", "symbols"])
def test_what_many_people_wrote_is_shown_and_validated_by(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnist_cnn.training import training_data, writer_pools
    from mnist_cnn.training.forecast import images_per_epoch

    few = np.zeros((1, 28, 28), np.uint8), np.array([10])
    monkeypatch.setattr(training_data, "_operators", lambda count, random: few)
    preset = PRESETS["best" if kind == "digits" else "symbols"]
    data = ("pen-digits", "unipen", "swiss-numbers", "bhmsds")
    pools = Pools(0, 20, swiss=6, letters=8, signs=30 if kind == "symbols" else 0)
    recipe = dataclasses.replace(preset, data=data, pools=pools)
    found = training_data.build(recipe, people())
    shown = {pool.name: pool for pool in found.pools}
    assert (
        found.images_per_epoch
        == images_per_epoch(recipe)
        == sum(found.description["images_per_epoch"].values())
    )
    assert set(shown["pen-digits-train and unipen-digits-train, rewritten"].labels) == {3}
    letters = shown["unipen-letters-train, rewritten"]
    assert set(letters.labels) == {10 if kind == "digits" else SYMBOLS.index(UNKNOWN)}
    assert len(letters.labels) == 16
    none = writer_pools.none_of_these(recipe.kind, people(), "train")
    assert [d.label for d in none] == list("AxB+-" if kind == "digits" else "A")
    assert len(found.validation_letters) == (len(none) if kind == "digits" else 0)
    assert {"pen-digits-validation", "unipen-digits-validation"} <= set(found.validation)
    if kind == "symbols":
        assert set(shown["unipen-signs-train, rewritten"].labels) == {10, 11, 15, 18}
        assert found.validation["unipen-signs-validation"][1].tolist() == [10, 11, 18, 15]
    told = found.description["sets"]
    assert told["unipen-digits"]["validation_writers"] == ["b"]
    assert told["swiss-numbers"]["test_writers"] == ["c"]
    assert {"sha256", "licence", "split"} <= set(told["unipen-letters"]) & set(told["bhmsds"])


def test_branches_after_the_first_are_shown_scans_for_redrawn_digits() -> None:
    from mnist_cnn.training.pools import REDRAWN, Pool, TrainingData

    sizes = {"scans": (12, 10), REDRAWN: (6, 5), "sketched": (8, 4)}
    pools = [
        Pool(name, np.zeros((size, 28, 28), np.uint8), np.zeros(size, int), count)
        for name, (size, count) in sizes.items()
    ]
    data = TrainingData(pools, {}, np.zeros((0, 28, 28), np.uint8), {})
    shown = [data.epoch(np.random.default_rng(0), branch)[0].tolist() for branch in range(3)]
    assert [[owners.count(pool) for pool in range(3)] for owners in shown] == [
        [10, 5, 4],
        [15, 0, 4],
        [15, 0, 4],
    ]


def test_a_fused_batch_normalisation_is_that_of_keras() -> None:
    import keras

    from mnist_cnn.models.network import FusedBatchNormalization

    random = np.random.default_rng(0)
    images = keras.ops.convert_to_tensor(random.normal(2, 3, (16, 6, 6, 4)).astype(np.float32))
    fused = FusedBatchNormalization(momentum=0.9)
    plain = keras.layers.BatchNormalization(momentum=0.9)
    for training, close in ((True, 1e-5), (True, 1e-5), (False, 1e-2)):
        ours, theirs = fused(images, training=training), plain(images, training=training)
        assert np.asarray(ours) == pytest.approx(np.asarray(theirs), abs=close)
    assert fused.get_weights()[2] == pytest.approx(plain.get_weights()[2], rel=1e-4)
    # A sample's variance rather than its population's: 576 / 575 of it.
    assert fused.get_weights()[3] == pytest.approx(plain.get_weights()[3], rel=1 / 575)


@pytest.mark.parametrize("branches", [1, 2])
def test_a_kept_network_answers_as_the_one_that_learned_and_litert_as_it(branches: int) -> None:
    from mnist_cnn.models import export, network
    from mnist_cnn.models.calibration import Calibration
    from mnist_cnn.models.classifier import Classifier
    from mnist_cnn.training import loop
    from mnist_cnn.training.training_data import prepare

    architecture = dataclasses.replace(PRESETS["quick"].architecture, branches=branches)
    recipe = dataclasses.replace(
        PRESETS["quick"], data=("bundled-digits",), epochs=3, architecture=architecture
    )
    data = prepare(recipe)
    images = data.pools[0].images[:100]
    model = network.build(recipe.architecture)
    loop.fit(model, recipe, data)
    several = [network.logits_of(branch, images) for branch in network.branches(model)]
    assert network.logits_of(model, images) == pytest.approx(np.mean(several, axis=0), abs=1e-4)
    assert len({logits.tobytes() for logits in several}) == branches
    kept = export.compact(model, recipe.architecture)
    answers = network.logits_of(kept, images)
    assert answers == pytest.approx(network.logits_of(model, images), abs=0.05)
    classifier = Classifier(export.export_litert(kept, "float16"), Calibration())
    ours = classifier.raw_logits(images.astype(np.float32) / 255)
    assert ours == pytest.approx(answers, abs=1e-4)


def test_weights_beyond_half_precision_end_a_training_in_a_sentence(
    artifacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnist_cnn.runs import new_run
    from mnist_cnn.training import loop

    def grown(model: Any, *_: Any) -> float:
        model.layers[1].set_weights([np.full_like(w, 1e6) for w in model.layers[1].get_weights()])
        return 0.0

    monkeypatch.setattr(loop, "fit", grown)
    recipe = dataclasses.replace(PRESETS["quick"], data=("bundled-digits",))
    with pytest.raises(TrainingFailed, match=r"too large to be kept; .* below 0\.1"):
        loop.train(recipe, new_run.NewRun())
    assert list((artifacts / "runs").iterdir()) == []


@pytest.mark.parametrize("shape", [(3, 3, 8, 16), (5, 5, 1, 16), (7, 7, 16, 1), (16, 10)])
def test_only_kernels_of_many_channels_step_in_all_directions_alike(shape: tuple[int, ...]) -> None:
    import keras

    from mnist_cnn.models.muon import Muon

    random = np.random.default_rng(0)
    weights = keras.Variable(np.zeros(shape, np.float32))
    gradient = random.normal(0, np.geomspace(0.1, 10, shape[-1]), shape).astype(np.float32)
    optimizer = Muon(0.01, weight_decay=0.0, adam_weight_decay=0.0)
    optimizer.build([weights])
    optimizer.apply([keras.ops.convert_to_tensor(gradient)])
    step = keras.ops.convert_to_numpy(weights).reshape(-1, shape[-1])
    if len(shape) == 4 and 1 not in shape[2:]:
        sizes = np.linalg.svd(step, compute_uv=False)
        assert sizes.max() < 2 * sizes.min()
    else:
        assert np.abs(step) == pytest.approx(0.01, rel=0.05)  # as AdamW's first step


@pytest.mark.parametrize("phase", ["building", "training"])
def test_an_interruption_that_python_lost_still_ends_a_training(
    artifacts: Path, phase: str
) -> None:
    from mnist_cnn.runs.new_run import NewRun
    from mnist_cnn.training.loop import train

    stop = Stop()

    def tell(progress: TrainingProgress) -> None:
        if progress.phase == phase:
            with contextlib.suppress(KeyboardInterrupt):
                stop.interrupt()

    recipe = dataclasses.replace(PRESETS["quick"], data=("bundled-digits",))
    with pytest.raises(KeyboardInterrupt):
        train(recipe, NewRun(), tell, stop)
    assert list((artifacts / "runs").iterdir()) == []

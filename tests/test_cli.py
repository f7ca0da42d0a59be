"""The command line as a person runs it: real processes, real training, real signals."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_cnn.ink.stroke_files import write_strokes
from mnist_cnn.ink.strokes import rasterize
from mnist_cnn.records import Drawing
from mnist_cnn.runs import store
from mnist_cnn.settings import PROJECT_FOLDER, VERSION
from mnist_cnn.training import jobs
from tests.support.artifacts import needs
from tests.support.commands import COMMAND, TRAIN, WELL, lines, run, wait_for
from tests.support.drawings import SEVEN


@pytest.fixture
def seven_png(tmp_path: Path) -> Path:
    pixels = np.pad(rasterize(SEVEN), 30)
    Image.fromarray((255 - 255 * pixels).astype(np.uint8)).save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


@pytest.fixture
def strokes_file(tmp_path: Path) -> Path:
    path = tmp_path / "sevens.jsonl.gz"
    write_strokes([Drawing(SEVEN, "7")] * 3, path)
    return path


def test_each_line_says_what_it_is_about(seven_png: Path, strokes_file: Path) -> None:
    answer = run("predict", seven_png, "gone.png")
    first, second = lines(answer)
    assert (first["file"], first["digit"]) == (str(seven_png), 7)
    assert (second["file"], second["error"]["code"]) == ("gone.png", "bad_image")
    assert [row["line"] for row in lines(run("predict", "--strokes", strokes_file))] == [1, 2, 3]
    assert lines(run("read", seven_png))[0]["file"] == str(seven_png)


def test_a_full_disk_is_one_line_on_standard_error(seven_png) -> None:
    for command in (["predict", str(seven_png)], ["runs"], ["batch", "x" * 300]):
        with open("/dev/full", "w") as full:
            answer = subprocess.run(
                [*COMMAND, *command], cwd=PROJECT_FOLDER, stdout=full, stderr=subprocess.PIPE,
                text=True, check=False,
            )  # fmt: skip
        assert answer.returncode == 2 and answer.stderr.count("\n") == 1, command


def test_a_name_that_the_output_cannot_write_is_written_otherwise(tmp_path: Path) -> None:
    (tmp_path / "日本.csv").write_text("no table")
    environment = os.environ | {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    answer = subprocess.run(
        [*COMMAND, "batch", str(tmp_path / "日本.csv")], cwd=PROJECT_FOLDER, env=environment,
        capture_output=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 2 and b"\\u65e5" in answer.stdout


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"digits {VERSION}\n"


def test_help_names_every_command_and_an_example() -> None:
    assert "predict" in run("--help").stdout
    for command in ("predict", "train", "evaluate", "runs", "promote", "rollback"):
        assert f"example: python -m mnist_cnn {command}" in run(command, "--help").stdout


def loaded_by(code: str, *libraries: str) -> set[str]:
    """Which of these a process of its own has loaded that ran some lines."""
    told = f"{code}\nimport sys; print('loaded', *(set({libraries}) & set(sys.modules)))"
    answer = subprocess.run(
        [sys.executable, "-c", told],
        cwd=PROJECT_FOLDER,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    first, *found = answer.stdout.splitlines()[-1].split()
    assert first == "loaded"
    return set(found)


def test_help_imports_nothing_heavy() -> None:
    code = "from mnist_cnn.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    assert loaded_by(code, "numpy", "PIL", "tensorflow", "streamlit", "scipy") == set()


def test_who_draws_waits_for_no_library_that_only_pictures_need() -> None:
    code = (
        "from streamlit.testing.v1 import AppTest\n"
        "from tests.support.drawings import SEVEN\n"
        "assert not AppTest.from_file('Home.py', default_timeout=60).run().exception\n"
        "from mnist_cnn.models.pipeline import predict_strokes\n"
        "from mnist_cnn.runs import serving\n"
        "predict_strokes(serving.production_classifier(), SEVEN)"
    )
    assert loaded_by(code, "tensorflow", "scipy", "sklearn") == set()
    assert loaded_by("import scipy", "scipy") == {"scipy"}


def test_images_and_strokes_are_predicted(seven_png: Path, strokes_file: Path) -> None:
    answer = run("predict", seven_png, seven_png)
    assert answer.returncode == 0
    assert answer.stderr == ""
    first, second = lines(answer)
    assert list(first) == ["digit", "confidence", "probabilities", "status", "part", "file"]
    assert first == second
    assert (first["digit"], first["status"], len(first["probabilities"])) == (7, "ok", 10)
    assert [row["digit"] for row in lines(run("predict", "--strokes", strokes_file))] == [7, 7, 7]


def test_a_bad_image_among_good_ones_costs_one_line(seven_png: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"not an image")
    answer = run("predict", seven_png, bad, tmp_path / "gone.png", seven_png)
    assert answer.returncode == 2
    first, second, third, fourth = lines(answer)
    assert first["digit"] == fourth["digit"] == 7
    assert second["error"]["code"] == "not_an_image"
    assert "No such file" in third["error"]["message"]
    assert len(answer.stderr.splitlines()) == 2
    assert "Traceback" not in answer.stderr


def test_a_bad_line_in_a_strokes_file_is_named(strokes_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    good = json.dumps({"strokes": [stroke.tolist() for stroke in SEVEN]})
    path.write_text(f"{good}\nnonsense\n{good}\n")
    answer = run("predict", "--strokes", path)
    assert answer.returncode == 2
    assert [row.get("digit") for row in lines(answer)] == [7, None, 7]
    assert answer.stderr.startswith("Line 2 was left out: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict"],
        ["predict", "--run", "20200101-000000-abcdef", "x.png"],
        ["predict", "--strokes", "gone.jsonl"],
        ["evaluate", "--strokes", "gone.jsonl"],
        ["runs", "show"],
        ["runs", "show", "../../etc"],
        ["runs", "delete", "gone"],
        ["promote", "gone"],
        ["train", "--data", "imagenet"],
        ["train", "--data", "mnist,bundled-digits"],
        ["train", "--learning-rate", "1e-3", "--weight-decay", "nan"],
        ["train", "--filters", "16,32"],
        ["train", "--augment", "rotation=much"],
        ["train", "--pools", "scanned"],
        ["runs", "restore", "gone"],
        ["rollback"],
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_one_line_and_status_2(arguments: list[str]) -> None:
    answer = run(*arguments)
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.data
@pytest.mark.slow
def test_a_preset_without_its_data_says_what_to_add(artifacts: Path) -> None:
    needs("pen_digits.jsonl.gz")
    answer = run("train", "--preset", "quick", "--data", "pen-digits")
    assert answer.returncode == 2
    assert "please add mnist or bundled-digits" in answer.stderr.splitlines()[-1]
    assert list((artifacts / "runs").iterdir()) == []


def test_nothing_in_production_is_said_so(artifacts: Path, seven_png: Path) -> None:
    answer = run("predict", seven_png)
    assert answer.returncode == 2
    assert answer.stderr.startswith("No run is in production")


def test_evaluate_prints_scores_for_a_strokes_file(strokes_file: Path) -> None:
    thin, thick = lines(run("evaluate", "--strokes", strokes_file, "--pen-width", 0.06, 0.16))
    assert (thin["pen_width"], thick["pen_width"]) == (0.06, 0.16)
    scores = thin["datasets"]["sevens.jsonl.gz"]
    assert (scores["images"], scores["accuracy"]) == (3, 1.0)


@pytest.mark.slow
def test_training_makes_a_whole_run_and_promotes_the_first(
    artifacts: Path, only_bundled_digits: None, seven_png
) -> None:
    answer = run(*TRAIN, *WELL, "--name", "first", "--note", "the first of all")
    assert answer.returncode == 0, answer.stderr
    first = answer.stdout.splitlines()[-1]
    files = {path.name for path in (artifacts / "runs" / first).iterdir()}
    assert files == {
        "run.json",
        "config.json",
        "history.csv",
        "curve.csv",
        "confusion.json",
        "calibration.json",
        "evaluation.json",
        "predictions.npz",
        "model.keras",
        "model.tflite",
        "model-int8.tflite",
        "snapshots.npz",
    }
    made = store.open_run(first)
    assert made.config["command"].startswith("python -m mnist_cnn train --preset quick")
    assert made.config["data"]["sets"]["bundled-digits"]["split"] == [1297, 200, 300]
    assert made.evaluation["datasets"]["bundled-digits-test"]["accuracy"] > 0.5
    assert made.evaluation["keras_litert_difference"] < 1e-4
    assert made.evaluation["int8_reads_otherwise"] < 0.01
    assert store.production_id() == first
    assert lines(run("predict", seven_png))[0]["probabilities"]

    second = run(*TRAIN, *WELL, "--seed", 1).stdout.splitlines()[-1]
    assert store.production_id() == first
    listed = lines(run("runs"))
    assert [(row["run"], row["production"]) for row in listed] == [(second, False), (first, True)]
    assert listed[1]["name"] == "first"
    assert run("runs", "delete", first).returncode == 2
    assert run("promote", second, "--reason", "to try it").returncode == 0
    assert lines(run("rollback"))[0]["run"] == first
    assert run("promote", second, "--reason", "after all").returncode == 0
    assert run("runs", "delete", first).returncode == 0
    assert [row["run"] for row in lines(run("runs"))] == [second]
    assert lines(run("runs", "restore", first))[0]["run"] == first
    shown = lines(run("runs", "show", first))[0]
    assert (shown["config"]["recipe"]["epochs"], shown["note"]) == (14, "the first of all")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are sent as on Unix")
@pytest.mark.parametrize(
    ("phase", "sign"),
    [
        ("config.json", signal.SIGTERM),
        ("config.json", signal.SIGKILL),
        ("curve.csv", signal.SIGINT),
        ("curve.csv", signal.SIGTERM),
        ("model.keras", signal.SIGINT),
        ("model.keras", signal.SIGKILL),
    ],
)
def test_an_interrupted_run_is_nothing_that_is_picked_up(
    artifacts: Path, only_bundled_digits: None, phase: str, sign: signal.Signals
) -> None:
    child, out, err = interrupted(artifacts, phase, sign)
    kept, job = store.list_runs(), jobs.latest()
    assert job is not None
    if sign == signal.SIGTERM and phase != "config.json":
        assert kept, "SIGTERM keeps what was learnt"
    if sign != signal.SIGTERM:
        assert not kept, "nothing else does"
    if kept:  # also where SIGTERM found it between its configuration and its first batch
        assert (child.returncode, job.state) == (0, "stopped")
        assert kept[0].manifest["status"] == "stopped"
        assert out.splitlines()[-1] == kept[0].id
        assert store.production_id() in (None, kept[0].id)  # as the gate found it
    else:
        assert child.returncode == {signal.SIGKILL: -signal.SIGKILL}.get(sign, 130)
        assert job.state == {signal.SIGKILL: "interrupted"}.get(sign, "stopped")
        assert store.production_id() is None
        assert out == ""
        assert sign == signal.SIGKILL or err.splitlines()[-1] == "Interrupted; nothing was kept."
        assert list((artifacts / "runs").iterdir()) == []


def interrupted(
    artifacts: Path, phase: str, sign: signal.Signals
) -> tuple[subprocess.Popen, str, str]:
    """A training that is sent a signal once it has written a file; what it printed."""
    epochs = 1 if phase == "model.keras" else 1000
    with subprocess.Popen(
        [*COMMAND, *TRAIN, "--epochs", str(epochs)],
        cwd=PROJECT_FOLDER,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as child:
        try:
            wait_for(lambda: list(artifacts.glob(f"runs/*/{phase}")))
            child.send_signal(sign)
            out, err = child.communicate(timeout=120)
        finally:
            child.kill()
    return child, out, err


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_the_run_in_a_sentence(artifacts: Path) -> None:
    answer = run(*TRAIN, "--learning-rate", 900_000, "--epochs", 20)
    assert answer.returncode == 2
    assert answer.stderr.splitlines()[-1].startswith("The loss is no number any more")
    job = jobs.latest()
    assert job is not None
    assert (job.state, job.reason) == ("failed", answer.stderr.splitlines()[-1])
    assert list((artifacts / "runs").iterdir()) == []


@pytest.mark.data
def test_the_shipped_command_is_recorded() -> None:
    needs("mnist.npz")
    assert store.production_run().config["command"].startswith("python -m mnist_cnn train --preset")

"""Where things lie and how much is accepted: the only module that reads the environment."""

import hashlib
import os
import platform
import sys
from pathlib import Path

VERSION = "0.2.0"

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
SHIPPED_RUNS = Path(__file__).resolve().parent / "shipped"
"""The runs that an installed package brings along; in a checkout they lie in `artifacts/`."""

MAX_FILE_BYTES = 20 * 1024 * 1024

MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE = 50_000_000, 16_384

MAX_DECODED_BYTES = 100_000_000
"""What a picture may take in memory while it is decoded. A JPEG's decoder scales down while it
reads, so that a 12-megapixel photograph costs no more than a small one; a progressive one is held
whole, at `PROGRESSIVE_BYTES` a pixel."""

PROGRESSIVE_BYTES = 6

ASSIGNED_RUN = "MNIST_CNN_RUN"

MAX_BATCH_FILES = 1000

MAX_BATCH_BYTES = 64 * 1024 * 1024

MAX_ZIP_MEMBERS = 100_000

MAX_UNPACKED_BYTES = 4 * 1024**3
"""What one compressed file may come to, counted while it is unpacked."""

MAX_CSV_LINE = 64 * 1024

MAX_STROKES_LINE = 2 * 1024 * 1024

MAX_BLANK_BYTES = 100_000
"""How much of a text file may be blank lines."""

MAX_SKIPPED_BYTES = 64 * 1024 * 1024
"""How much of a line that is too long is looked through for its end."""

MAX_CORRECTIONS_BYTES = 100 * 1024 * 1024

MIN_TOKEN = 16
"""Characters; a shorter token counts as none."""

MAX_STROKES = 2_000

MAX_POINTS = 50_000


def data_folder() -> Path:
    """`MNIST_CNN_DATA`, or this user's cache folder. It need not exist yet."""
    chosen = os.environ.get("MNIST_CNN_DATA")
    return (
        Path(chosen).expanduser()
        if chosen
        else _user_folder("XDG_CACHE_HOME", ".cache") / "mnist_cnn"
    )


def artifacts_folder() -> Path:
    """`MNIST_CNN_ARTIFACTS`; or `artifacts/` beside the package; or, where that is installed, this
    user's data folder. It need not exist yet."""
    if chosen := os.environ.get("MNIST_CNN_ARTIFACTS"):
        return Path(chosen).expanduser()
    if SHIPPED_RUNS.exists():
        return _user_folder("XDG_DATA_HOME", ".local/share") / "mnist_cnn"
    return PROJECT_FOLDER / "artifacts"


def machine() -> str:
    """A short mark that tells this machine from others without naming it."""
    return hashlib.sha256(f"{platform.node()} {os.cpu_count()}".encode()).hexdigest()[:8]


def assigned_run() -> str | None:
    """The id that whoever started this training has chosen for its run."""
    return os.environ.get(ASSIGNED_RUN)


def child_environment(run_id: str) -> dict[str, str]:
    """For a training process whose run is to have this id."""
    return {**os.environ, ASSIGNED_RUN: run_id}


def api_token() -> str:
    """What a program must show to change anything over HTTP; nothing where that is switched off, or
    could be guessed."""
    token = os.environ.get("MNIST_CNN_TOKEN", "")
    return token if len(token) >= MIN_TOKEN else ""


def api_origins() -> list[str]:
    """Whose web pages may call the API: `MNIST_CNN_ORIGINS`, joined by commas; default none."""
    return [origin for origin in os.environ.get("MNIST_CNN_ORIGINS", "").split(",") if origin]


def set_up_tensorflow() -> None:
    """Lets TensorFlow report errors only and compute by oneDNN, from its import on.

    By itself it takes oneDNN on some processors only; it trains faster on all that were tried.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


def tracking_server() -> str:
    """Where MLflow keeps what trainings tell it, or nothing."""
    return os.environ.get("MLFLOW_TRACKING_URI", "")


def tracking_experiment() -> str:
    """What MLflow files trainings under."""
    return os.environ.get("MLFLOW_EXPERIMENT_NAME", "") or "digits"


def set_up_mlflow() -> None:
    """Lets MLflow's client give up soon where its server is gone, and tell nobody else of it."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


def _user_folder(variable: str, usual: str) -> Path:
    """Where programs of this user keep what the XDG variable is for."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        name = "Caches" if variable == "XDG_CACHE_HOME" else "Application Support"
        return Path.home() / "Library" / name
    return Path(os.environ.get(variable, Path.home() / usual))

"""Where things lie and how much is accepted: the only module that reads the environment."""

import hashlib
import os
import platform
import sys
from pathlib import Path

from mnist_cnn.errors import BadSetting

VERSION = "0.2.0"

PROJECT_FOLDER = Path(__file__).resolve().parent.parent
SHIPPED_RUNS = Path(__file__).resolve().parent / "shipped"
"""The runs that an installed package brings along; in a checkout they lie in `artifacts/`."""

MAX_FILE_MB = 20
MAX_FILE_BYTES = MAX_FILE_MB * 1024 * 1024

MAX_TABLE_UPLOAD_MB, MAX_HAND_UPLOAD_MB = 128, 5
"""What the dashboard's uploaders take beside images. The first is also what Streamlit's server
takes at all, as `maxUploadSize` in `.streamlit/config.toml`."""

MAX_UPLOADS_BYTES = 256 * 1024 * 1024
"""What all sessions of the dashboard together may have uploaded, or be uploading."""

UPLOAD_SECONDS = 600
"""Within which an upload of the dashboard must have arrived."""

MAX_REQUESTS_BYTES = 128 * 1024 * 1024
"""What all requests to the API together may have sent that are not answered yet."""

MAX_CONCURRENT = 64
"""Requests to the API whose bodies are here and that are being read; whoever comes then is asked to
come again."""

BODY_TIMEOUT_SECONDS = 30
"""Within which the whole body of a request to the API must have arrived."""

HEAD_TIMEOUT_SECONDS = 10
"""Within which a connection must have sent the whole head of a request."""

MAX_CONNECTIONS = 65_536
"""Up to which the limit of open files is raised, where the system allows it."""

FORM_OVERHEAD_BYTES = 64 * 1024
"""What a form may have beside its files."""

MAX_IMAGE_PIXELS, MAX_IMAGE_SIDE = 50_000_000, 16_384

MAX_DECODED_BYTES = 100_000_000
"""What a picture may take in memory while it is decoded. A JPEG's decoder scales down while it
reads, so that a 12-megapixel photograph costs no more than a small one; a progressive one is held
whole, at `PROGRESSIVE_BYTES` a pixel."""

PROGRESSIVE_BYTES = 6

ASSIGNED_RUN = "MNIST_CNN_RUN"

MAX_BATCH_FILES = 1000

MAX_BATCH_BYTES = 64 * 1024 * 1024

MAX_ROWS = 100_000
"""Of a table in a request, and of a batch on the page; the command line reads any number."""

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

MIN_SECRET = 16
"""Characters of a token or a key; a shorter one could be guessed."""

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


def fault_at() -> str:
    """At which moment a test wants a training to be killed; usually at none."""
    return os.environ.get("FAULT_AT", "")


def child_environment(run_id: str = "") -> dict[str, str]:
    """For a process of ours in the project's folder; for a training also the id of its run."""
    return {**os.environ, **_folders(), **({ASSIGNED_RUN: run_id} if run_id else {})}


def _folders() -> dict[str, str]:
    """Where data and artifacts lie, for a process that works in another folder."""
    return {
        "MNIST_CNN_DATA": str(data_folder().absolute()),
        "MNIST_CNN_ARTIFACTS": str(artifacts_folder().absolute()),
    }


def confined_environment(home: Path) -> dict[str, str]:
    """For a process that opens what a stranger made: where data and artifacts lie, what a system
    cannot do without, and nothing else; `home` is where it may leave what it likes."""
    needed = ("SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH")
    return {
        **{name: os.environ[name] for name in needed if name in os.environ},
        **_folders(),
        "HOME": str(home),
        "KERAS_HOME": str(home),
        "PYTHONUTF8": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "TF_NUM_INTEROP_THREADS": "1",
    }


def api_token() -> str:
    """What a program must show to change anything over HTTP; nothing where that is switched off.

    Raises:
        BadSetting: it could be guessed.
    """
    return _secret("MNIST_CNN_TOKEN")


def chosen_key() -> str:
    """The owner's key, where whoever started the server chose it.

    Raises:
        BadSetting: it could be guessed.
    """
    return _secret("MNIST_CNN_KEY")


def _secret(name: str) -> str:
    secret = os.environ.get(name, "").strip()
    if secret and len(secret) < MIN_SECRET:
        raise BadSetting(
            f"{name} has {len(secret)} characters and could be guessed; please take "
            f"{MIN_SECRET} or more, such as `python -c "
            '"import secrets; print(secrets.token_urlsafe(32))"` prints.'
        )
    return secret


def api_origins() -> list[str]:
    """Whose web pages may call the API: `MNIST_CNN_ORIGINS`, joined by commas; default none."""
    named = os.environ.get("MNIST_CNN_ORIGINS", "").split(",")
    return [origin.strip().rstrip("/") for origin in named if origin.strip()]


def api_hosts() -> list[str]:
    """The names that this server goes by beside its own: `MNIST_CNN_HOSTS`, joined by commas."""
    named = os.environ.get("MNIST_CNN_HOSTS", "").lower().split(",")
    return [host.strip() for host in named if host.strip()]


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

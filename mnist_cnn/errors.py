"""Everything this package raises on purpose.

    DigitsError                 catch this one
    ├── BadInput                what somebody gave cannot be used
    │   ├── BadImage
    │   ├── BadExpression       written arithmetic that has no value
    │   ├── BadNetwork          a model file that is refused
    │   └── BadStrokes
    ├── BadSetting              an environment variable that cannot be used
    ├── DataMissing             a data set is neither here nor to be had
    ├── RunError                something about a run folder
    │   ├── RunNotFound
    │   ├── RunDamaged
    │   └── RunRefused          it does not pass the gate before promotion
    ├── JobError                a training cannot be started or stopped
    ├── StorageFailed           the disk is full, or may not be written to
    └── TrainingFailed

Each message is one sentence or two that say what happened, what was expected and how to
mend it. `code` is the same thing for programs.
"""

from pathlib import Path


class DigitsError(Exception):
    code = "error"


class BadInput(DigitsError):
    code = "bad_input"


class BadImage(BadInput):
    code = "bad_image"

    def __init__(self, message: str, code: str = "bad_image") -> None:
        super().__init__(message)
        self.code = code


class BadExpression(BadInput):
    code = "bad_expression"


class BadNetwork(BadInput):
    code = "bad_network"


class BadStrokes(BadInput):
    code = "bad_strokes"


class BadSetting(DigitsError):
    code = "bad_setting"


class DataMissing(DigitsError):
    code = "data_missing"


class RunError(DigitsError):
    code = "run_error"


class RunNotFound(RunError):
    code = "run_not_found"


class RunDamaged(RunError):
    code = "run_damaged"


class RunRefused(RunError):
    """`reason_helps` says whether it may be promoted all the same, for a reason."""

    code = "run_refused"

    def __init__(self, message: str, reason_helps: bool = False) -> None:
        super().__init__(message)
        self.reason_helps = reason_helps


class JobError(DigitsError):
    code = "job_error"


class StorageFailed(DigitsError):
    code = "storage_failed"


class TrainingFailed(DigitsError):
    code = "training_failed"


def storage_failed(path: Path, error: OSError) -> StorageFailed:
    """What to raise where a path could not be written."""
    return StorageFailed(
        f"{path} could not be written ({error.strerror or error}); please free some space or "
        "allow writing there. Nothing was changed."
    )

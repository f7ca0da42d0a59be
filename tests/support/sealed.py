"""A root that may only be read, as a container has it, for one command."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

SEAL = """
mount --bind "$1" "$1" || exit 90
mount -t tmpfs tmpfs "$2" && mount -o remount,bind,ro / || exit 90
touch "$3" 2>/dev/null && exit 91
shift 3
exec "$@"
"""


def sealed(writable: Path, temporary: Path, locked: Path) -> Sequence[str]:
    """What to put before a command that may write to one folder and to memory at another; a third
    one shows that the rest is sealed. Without the right to do so the test is skipped."""
    try:
        subprocess.run(["unshare", "-rm", "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("mounts may not be made here (unshare -rm): nothing can be sealed")
    return ["unshare", "-rm", "sh", "-c", SEAL, "sh", str(writable), str(temporary), str(locked)]

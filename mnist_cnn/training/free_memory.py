"""How much memory a training could take now, of this machine's and of what a container may have."""

from collections.abc import Iterator
from pathlib import Path

import psutil

UNLIMITED = 2**60
"""Version 1 of Linux' control groups says no limit as a number beyond any machine."""


def free_memory_mb(groups: Path = Path("/sys/fs/cgroup")) -> int:
    """What is free now, in 10⁶ bytes: what the machine can give, or what the container that this
    runs in may still take, whichever is less. What only mirrors files counts as free."""
    free = psutil.virtual_memory().available
    return min([free, *_left(groups)]) // 10**6


def _left(groups: Path) -> Iterator[int]:
    """Of each limit that is set, how many bytes are left; nothing elsewhere than on Linux."""
    for limit, used, total, folder in (
        ("memory.max", "memory.current", "", groups),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_", groups / "memory"),
    ):
        try:
            most = int((folder / limit).read_text())  # "max" where there is none
            taken = int((folder / used).read_text())
            rows = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            mirrored = (f"{total}{kind}_file" for kind in ("active", "inactive"))
            given_back = sum(int(rows.get(name, 0)) for name in mirrored)
        except (OSError, ValueError):
            continue
        if most < UNLIMITED:
            yield max(0, most - taken + given_back)

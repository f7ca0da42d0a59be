"""What a process that trains, or opens a network from elsewhere, denies itself.

Each is said by the process of itself, early, before it has threads.
"""

import contextlib
import ctypes
import errno
import os
import sys
from pathlib import Path
from typing import Any

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
"""As linux/sched.h numbers them."""

MAX_WRITTEN = 256 * 1024 * 1024
"""Bytes of the largest file that a confined process may write."""

SOCKETS_ALLOWED = {"socket.gethostname"}


def first_to_die() -> None:
    """Where memory runs out, the system ends this process, and not the server beside it."""
    with contextlib.suppress(OSError):  # elsewhere than on Linux
        Path("/proc/self/oom_score_adj").write_text("1000")


def limit(memory_mb: int, seconds: int) -> None:
    """So much memory of its own, so much time of processors, and no large files; on Windows there
    are no such limits.

    Memory that only mirrors a file, such as TensorFlow's code, is not counted: the system takes it
    back whenever it is short.
    """
    with contextlib.suppress(ImportError):
        import resource

        for kind, most in (
            (resource.RLIMIT_DATA, memory_mb * 2**20),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_FSIZE, MAX_WRITTEN),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):  # a lower one is in force already
                resource.setrlimit(kind, (most, most))


def shut_off_network() -> bool:
    """From here on this process reaches no network; whether the system itself sees to that.

    On Linux it goes into a network of its own that has no way out, as far as the system lets a
    process do so; many containers do not. In any case Python's sockets and the start of other
    programs are refused, which native code that takes control could go round.
    """
    sealed = sys.platform == "linux" and _in_a_network_of_its_own()
    sys.addaudithook(_refuse_outside)
    return sealed


def _in_a_network_of_its_own() -> bool:
    user, group = os.getuid(), os.getgid()
    try:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
    except (OSError, AttributeError):
        return False
    if unshare(CLONE_NEWNET) == 0:
        return True
    if unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    with contextlib.suppress(OSError):  # its files keep their owner all the same
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    return True


def _refuse_outside(event: str, _: tuple[Any, ...]) -> None:
    starts = event in ("os.system", "os.exec", "os.posix_spawn", "os.spawn", "subprocess.Popen")
    if starts or (event.startswith("socket.") and event not in SOCKETS_ALLOWED):
        raise PermissionError(errno.EPERM, f"{event} is refused here")

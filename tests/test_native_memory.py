"""What becomes of freed memory."""

import subprocess
import sys
import threading

import pytest

from mnist_cnn import native_memory
from mnist_cnn.native_memory import mirrored
from mnist_cnn.settings import PROJECT_FOLDER

SMAPS = """\
7f0000000000-7f0001000000 r--p 00000000 08:01 11 /x/libtensorflow_cc.so.2
Size:              16384 kB
Rss:                8192 kB
Anonymous:             0 kB
7f0002000000-7f0003000000 r--p 00000000 08:01 11 /x/libtensorflow_cc.so.2
Rss:                8192 kB
Anonymous:          4096 kB
7f0004000000-7f0005000000 rw-p 00000000 08:01 11 /x/libtensorflow_cc.so.2
Rss:                8192 kB
Anonymous:             0 kB
7f0006000000-7f0007000000 r-xp 00000000 08:01 11 /x/small.so
Rss:                  10 kB
Anonymous:             0 kB
7f0008000000-7f0009000000 rw-p 00000000 00:00 0
Rss:                8192 kB
Anonymous:             0 kB
"""


def test_only_what_is_as_it_is_in_its_file_is_let_go() -> None:
    assert list(mirrored(SMAPS)) == [(0x7F0000000000, 0x7F0001000000)]


FREED = """
import sys, time
from mnist_cnn import native_memory
native_memory.EVERY = 0.05
kept, freed = [], []
native_memory.give_back_from_now_on()
for _ in range(20_000):
    freed.append(bytearray(8_000)), kept.append(bytearray(100))
most = native_memory.held()
freed.clear()
time.sleep(1)
print(most - native_memory.held())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's allocator is told")
def test_a_server_gives_back_what_lies_free_among_what_is_used() -> None:
    command = [sys.executable, "-c", FREED]
    answer = subprocess.run(command, cwd=PROJECT_FOLDER, capture_output=True, check=True)
    assert int(answer.stdout) > 100_000_000


def test_one_thread_looks_however_often_it_is_asked() -> None:
    for _ in range(3):
        native_memory.give_back_from_now_on()
    looking = [t for t in threading.enumerate() if t.name == "give memory back"]
    assert len(looking) == 1 and looking[0].daemon


def test_where_all_is_in_use_it_is_gone_through_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    looks, trims = iter(range(48)), list[int]()
    monkeypatch.setattr(native_memory.time, "sleep", lambda _: next(looks))
    monkeypatch.setattr(native_memory, "give_back_freed", lambda: trims.append(1))
    monkeypatch.setattr(native_memory, "let_go_of_mirrored", lambda: None)
    sizes = iter([100 * native_memory.MB])
    monkeypatch.setattr(native_memory, "held", lambda: next(sizes, 200 * native_memory.MB))
    with pytest.raises(StopIteration):
        native_memory._look()
    assert 4 <= len(trims) <= 8

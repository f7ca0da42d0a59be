"""Files that were valid, changed at random until something other than a sentence comes out.

`python -m tests.support.fuzzing SEED SECONDS [NAME …]` is one process that does so; it prints what
it found as JSON, a line each, and at last how often it tried. It may be killed by what it tries,
so the file that is being tried lies in the folder MNIST_CNN_FUZZ.
"""

import faulthandler
import json
import os
import random
import resource
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mnist_cnn.errors import DigitsError
from mnist_cnn.runs import store
from mnist_cnn.runs.loading import load_classifier
from mnist_cnn.settings import PROJECT_FOLDER
from tests.support.fuzz_seeds import Seed, seeds

MAX_SECONDS = 10.0
"""Of a processor, for one file."""

HANGS = 90
"""Seconds by the clock after which a file has hung: machines are shared."""

MAX_MEMORY_MB = 400
"""What a file may take beside what is held anyway."""

NUMBERS = (
    *(b"0", b"-1", b"1e999", b"NaN", b"null", b"2147483648", b"99999999999999999999", b'""'),
    *(b"[]", b"{}", b"true", b'"\\ud800"', b"0.5", b"[[[[[[[[1]]]]]]]]"),
)
"""What stands in place of a word of a text."""

BYTES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\0")


@dataclass(frozen=True)
class Finding:
    """What came out that may not: `kind` tells it from others, `told` is all that is known."""

    name: str
    kind: str
    told: str
    file: str = ""


def mutated(content: bytes, other: bytes, rng: random.Random) -> bytes:
    """A file changed in one to six places; now and then it goes on as another does."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
        at = rng.randrange(len(changed) + 1)
        if rng.random() < 0.4:  # heads are where formats say how large everything is
            at = min(at, rng.randrange(200))
        length = rng.choice((1, 1, 2, 4, 8, 64, 1000))
        way = rng.randrange(9)
        if way == 0 and at < len(changed):
            changed[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            changed[at : at + length] = rng.randbytes(length)
        elif way == 2:
            new = rng.choice(BYTES)
            changed[at : at + len(new)] = new
        elif way == 3:
            del changed[at : at + length]
        elif way == 4:
            changed[at:at] = changed[at : at + length]
        elif way == 5:
            changed[at:at] = changed[:length] * rng.choice((1, 3, 50))
        elif way == 6:
            del changed[at:]
            changed += other[at:]
        else:
            _exchange_word(changed, at, rng)
    return bytes(changed)


def _exchange_word(changed: bytearray, at: int, rng: random.Random) -> None:
    """In place of a number or a word of a text, another value."""
    end = at
    while at > 0 and chr(changed[at - 1]) not in ",:[]{} \n\t":
        at -= 1
    while end < len(changed) and chr(changed[end]) not in ",:[]{} \n\t":
        end += 1
    changed[at:end] = rng.choice(NUMBERS)


def tried(name: str, seed: Seed, content: bytes) -> Finding | None:
    """What is wrong with how a file is answered, if anything."""
    began, held = time.process_time(), _most_mb()
    faulthandler.dump_traceback_later(HANGS, exit=True)
    try:
        seed.use(content)
    except (DigitsError, *seed.near):
        pass
    # Whatever else comes out is what is looked for.
    except BaseException as error:
        return Finding(name, f"{type(error).__name__} in {_where(error)}", traceback.format_exc())
    finally:
        faulthandler.cancel_dump_traceback_later()
    if (seconds := time.process_time() - began) > MAX_SECONDS:
        return Finding(name, "too slow", f"{seconds:.0f} s")
    if (grown := _most_mb() - held) > MAX_MEMORY_MB:
        return Finding(name, "too much memory", f"{grown:.0f} MB")
    return None


def _most_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _where(error: BaseException) -> str:
    """The last place of this package that an error came through."""
    places = traceback.extract_tb(error.__traceback__)
    own = [place for place in places if "mnist_cnn/" in place.filename] or list(places)
    return f"{Path(own[-1].filename).name}, {own[-1].name}"


def main() -> None:
    number, seconds, names = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    folder = Path(os.environ["MNIST_CNN_FUZZ"])
    known = seeds(load_classifier(store.production_run()))
    chosen = names or list(known)
    rng, counts = random.Random(number), dict.fromkeys(chosen, 0)
    for name in chosen:  # the first of each loads packages
        if found := tried(name, known[name], known[name].content):
            print(json.dumps({**vars(found), "kind": f"valid, and yet {found.kind}"}), flush=True)
    end = time.monotonic() + seconds
    told = set()
    while time.monotonic() < end:
        name = rng.choice(chosen)
        content = mutated(known[name].content, known[rng.choice(chosen)].content, rng)
        (folder / "tried").write_bytes(content)
        (folder / "name").write_text(name)
        counts[name] += 1
        found = tried(name, known[name], content)
        if found and (found.kind, name) not in told:
            told.add((found.kind, name))
            kept = folder / f"found-{number}-{len(told)}"
            kept.write_bytes(content)
            print(json.dumps({**vars(found), "file": str(kept)}), flush=True)
    print(json.dumps({"tried": counts}), flush=True)


def fuzz(number: int, seconds: float, folder: Path, *names: str) -> Iterator[Finding | dict]:
    """What one process finds, and last how often it tried each format; where it was killed, by
    which file."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.support.fuzzing", str(number), str(seconds), *names]
    process = subprocess.run(
        command, cwd=PROJECT_FOLDER, env={**os.environ, "MNIST_CNN_FUZZ": str(folder)},
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    for line in process.stdout.splitlines():
        told = json.loads(line)
        yield told["tried"] if "tried" in told else Finding(**told)
    if process.returncode:
        kept = folder / f"killed-{number}"
        (folder / "tried").replace(kept)
        name = (folder / "name").read_text()
        kind = f"the process was ended ({process.returncode})"
        yield Finding(name, kind, process.stderr[-3000:], str(kept))


if __name__ == "__main__":
    main()

"""Valid files of every format, changed at random: nothing but a sentence may come out.

    python -m benchmarks.fuzz --minutes 60 [--seed 5] [--only PNG ZIP …]

Prints how many files were tried of each format and every kind of fault once, with the file that
met it. A fault is an exception that is none of this program's, more than ten seconds of a
processor, more than 400 MB of memory, or a process that is gone.
"""

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.options import parser as quick_parser
from benchmarks.options import shortened
from tests.support.fuzzing import Finding, fuzz

ROUND = 120.0
"""Seconds for which one process tries, each round from a number of its own."""


def main() -> None:
    parser = quick_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", nargs="*", default=[], metavar="FORMAT")
    options = shortened(parser.parse_args(), minutes=1.0)
    counts: Counter[str] = Counter()
    known: set[tuple[str, str]] = set()
    folder = Path(tempfile.mkdtemp(prefix="digits-fuzz-"))
    end, number = time.monotonic() + 60 * options.minutes, options.seed
    while (left := end - time.monotonic()) > 0:
        for found in fuzz(number, min(ROUND, left), folder, *options.only):
            if not isinstance(found, Finding):
                counts.update(found)
            elif (found.name, found.kind) not in known:
                known.add((found.name, found.kind))
                print(f"\n{found.name}: {found.kind} ({found.file})\n{found.told}", flush=True)
        number += 1
    print("| format | files tried |\n|---|---|")
    for name, count in sorted(counts.items()):
        print(f"| {name} | {count:,} |")
    print(f"\n{counts.total():,} files from seed {options.seed}; {len(known)} kinds of fault.")
    sys.exit(bool(known))


if __name__ == "__main__":
    main()

"""Reads digits with httpx:  python examples/predict.py seven.png [more.png …]

The server is http://127.0.0.1:8000, or what DIGITS_URL says. Prints a line per image.
"""

import os
import sys
from pathlib import Path

import httpx


def main() -> int:
    url = os.environ.get("DIGITS_URL", "http://127.0.0.1:8000")
    with httpx.Client(base_url=url, timeout=30) as client:
        for path in map(Path, sys.argv[1:]):
            answer = client.post("/predict", files={"file": (path.name, path.read_bytes())})
            body = answer.json()
            if answer.is_error:
                print(f"{path}: {body['error']['message']}", file=sys.stderr)
            elif body["digit"] is None:
                print(f"{path}: no digit ({body['status']})")
            else:
                print(f"{path}: {body['digit']} ({body['confidence']:.1%}, {body['status']})")
    return 0


if __name__ == "__main__":
    sys.exit(main())

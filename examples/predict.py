"""Reads digits with httpx:  python examples/predict.py [URL] seven.png [more.png …]

The server is URL, else what DIGITS_URL says. Prints a line per image.
"""

import os
import sys
from pathlib import Path

import httpx


def main() -> int:
    given = sys.argv[1:]
    addressed = bool(given) and given[0].startswith(("http://", "https://"))
    url = given.pop(0) if addressed else os.environ.get("DIGITS_URL", "http://127.0.0.1:8000")
    if not given:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with httpx.Client(base_url=url, timeout=30) as client:
            return max([_predict(client, Path(name)) for name in given])
    except httpx.TransportError:
        print(f"No server answers at {url}; please start it or name another.", file=sys.stderr)
    except (ValueError, KeyError, TypeError):
        print(f"What answers at {url} is not Digits.", file=sys.stderr)
    return 1


def _predict(client: httpx.Client, path: Path) -> int:
    """Prints what an image shows; 1 where it could not be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        print(f"{path}: {error.strerror}", file=sys.stderr)
        return 1
    answer = client.post("/predict", files={"file": (path.name, content)})
    body = answer.json()
    if answer.is_error:
        print(f"{path}: {body['error']['message']}", file=sys.stderr)
    elif body["digit"] is None:
        print(f"{path}: no digit ({body['status']})")
    else:
        print(f"{path}: {body['digit']} ({body['confidence']:.1%}, {body['status']})")
    return int(answer.is_error)


if __name__ == "__main__":
    sys.exit(main())

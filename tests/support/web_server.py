"""A web server that breaks off, continues, or does not, as a test wants it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread


@dataclass
class WebRequests:
    """How a server answers, and the `Range` header of each request that it has had.

    `break_off_after` is after how many bytes an answer ends, the first `breaks` times;
    `continues` is whether it heeds ranges.
    """

    break_off_after: int | None = None
    breaks: int = 1000
    continues: bool = True
    ranges: list[str | None] = field(default_factory=list)


class Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args, requests: WebRequests, **kwargs) -> None:
        self.requests = requests
        super().__init__(*args, **kwargs)

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        wanted = self.headers.get("Range")
        self.requests.ranges.append(wanted)
        content = path.read_bytes()
        if wanted and self.requests.continues:
            first = int(wanted.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            content = content[first:]
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        broken = len(self.requests.ranges) <= self.requests.breaks
        self.wfile.write(content[: self.requests.break_off_after] if broken else content)

    def log_message(self, *args) -> None: ...


@contextmanager
def serving(folder: Path, requests: WebRequests) -> Iterator[str]:
    """The address on loopback under which the files of a folder are served."""
    handler = partial(Handler, directory=str(folder), requests=requests)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        Thread(target=httpd.serve_forever).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()

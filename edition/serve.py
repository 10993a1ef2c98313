"""Shows this folder at http://127.0.0.1:8000/ : start it with `python serve.py`. It takes another port as its argument."""

import functools
import http.server
import sys
from pathlib import Path


class Handler(http.server.SimpleHTTPRequestHandler):
    """The kinds of files that a browser asks for, whatever the registry of the system says of them."""

    protocol_version = "HTTP/1.1"
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".json": "application/json",
        ".ipynb": "application/json",
        ".wasm": "application/wasm",
        ".whl": "application/zip",
        ".svg": "image/svg+xml",
    }

    def log_message(self, *_) -> None:
        """Says nothing for each file."""


def server_of(folder: Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """A server of the files in ``folder``, on a free port if none is named."""
    handler = functools.partial(Handler, directory=str(folder))
    return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)


def main() -> None:
    server = server_of(Path(__file__).parent, int(sys.argv[1]) if len(sys.argv) > 1 else 8000)
    print(f"http://127.0.0.1:{server.server_port}/  (to end it, press Ctrl-C)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()


if __name__ == "__main__":
    main()

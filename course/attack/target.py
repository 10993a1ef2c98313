"""A service under attack, on this machine and nowhere else."""

import ipaddress
import socket
from urllib.parse import urlsplit

import requests

PATIENCE = 20  # seconds
ELSEWHERE = (
    "attack() goes to this machine only: an address such as http://127.0.0.1:5000/me. "
    "To attack a service of somebody else is a crime in most countries."
)


class Target:
    """An address that asks for a bearer token.

    Raises:
        ValueError: if it is not an http address of this machine.
    """

    def __init__(self, url: str):
        parts = urlsplit(url) if isinstance(url, str) else None
        if parts is None or parts.scheme not in ("http", "https") or "@" in parts.netloc:
            raise ValueError(ELSEWHERE)
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except (OSError, ValueError, UnicodeError) as error:
            raise ValueError(f"{ELSEWHERE} This one cannot be found: {error}") from error
        if not all(
            ipaddress.ip_address(each[4][0].partition("%")[0]).is_loopback for each in found
        ):
            raise ValueError(ELSEWHERE)
        self.url, self.shown = url, f"{parts.scheme}://{parts.netloc}{parts.path}"
        self.home = f"{parts.scheme}://{parts.netloc}"
        self._session = requests.Session()
        # No proxy and no .netrc of this machine has a say, and no cookie goes along.
        self._session.trust_env = False

    def ask(self, token: str | None, header: str | None = None, query: dict | None = None) -> int:
        """The status that the address answers; 0 if none comes. ``header`` replaces ``Bearer <token>``."""
        headers = {}
        if header is not None or token is not None:
            headers["Authorization"] = header if header is not None else f"Bearer {token}"
        return self._get(self.url, headers, query)[0]

    def read(self, path: str) -> bytes | None:
        """The file at this path of the same service, or None."""
        status, content = self._get(self.home + path, {}, None)
        return content if status == 200 else None

    def _get(self, url: str, headers: dict, query: dict | None) -> tuple[int, bytes]:
        self._session.cookies.clear()
        try:
            answer = self._session.get(
                url, headers={name: value.encode("utf-8", "surrogatepass") for name, value in headers.items()},
                params=query, timeout=PATIENCE, allow_redirects=False,
            )  # fmt: skip
        except requests.RequestException:
            return 0, b""
        return answer.status_code, answer.content

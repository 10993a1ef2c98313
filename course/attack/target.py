"""A service under attack, on this machine and nowhere else."""

import ipaddress
import queue
import re
import shlex
import socket
import threading
from dataclasses import dataclass
from urllib.parse import urlencode

import requests
import urllib3

from course.contract import wire

LATE_ANSWERS = 3  # after which the attack ends: each costs wire.SECONDS
LARGEST_FILE = 100_000  # bytes of a file that is tried as a key
ELSEWHERE = (
    "attack() goes to this machine only: an address such as http://127.0.0.1:5000/me, with 127.0.0.1, localhost or [::1] "
    "written like that. To attack a service of somebody else is a crime in most countries."
)
# What RFC 3986 lets stand there, and nothing that two programs might read in two ways.
_CHARACTERS = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})"
_ADDRESS = re.compile(
    rf"(https?)://(localhost|[0-9.]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{{1,5}})?(/{_CHARACTERS}*)?(\?(?:{_CHARACTERS}|\?)*)?",
    re.IGNORECASE,
)
_PATH = re.compile(rf"/{_CHARACTERS}*")


class Stopped(Exception):
    """To go on would show nothing more; says why."""


@dataclass(frozen=True)
class Try:
    """A request that must be refused. ``label`` says in words what is odd about it.

    ``header`` is that of the name Authorization, in place of ``Bearer <token>``. ``parameter`` is the name under which
    the token goes into the address, and then there is no header. ``doubt`` says why it would be no proof to be let in.
    """

    label: str
    token: str | None
    header: str | None = None
    parameter: str | None = None
    doubt: str = ""

    @property
    def authorization(self) -> str | None:
        """The value of the header Authorization, if it is sent."""
        if self.header is not None or self.token is None or self.parameter:
            return self.header
        return f"Bearer {self.token}"


class Target:
    """An address that asks for a bearer token. ``requests`` counts what it was sent.

    Raises:
        ValueError: if it is not an http address of this machine. Nothing was sent then.
    """

    def __init__(self, url: str, seconds: float | None = None):
        match = _ADDRESS.fullmatch(url) if isinstance(url, str) else None
        if match is None or not is_this_machine(match[2]):
            raise ValueError(ELSEWHERE)
        scheme, host, port, path, query = (each or "" for each in match.groups())
        if port and int(port[1:]) > 65_535:
            raise ValueError(f"{ELSEWHERE} There is no port {port[1:]}.")
        self.home = f"{scheme}://{host}{port}"
        self.shown = f"{self.home}{path or '/'}"
        self.url = f"{self.shown}{query}"
        self.requests = 0
        self._late, self._patience = 0, wire.Patience(seconds)

    def ask(self, trial: Try) -> wire.Answer:
        """The answer to this request. Redirects are not followed. The status is 0 if none comes.

        Raises:
            Stopped: if too many answers were late, or all together take too long.
        """
        if too_long := self._patience.one_more():
            raise Stopped(too_long)
        self.requests += 1
        headers = {}
        if (authorization := trial.authorization) is not None:
            headers["Authorization"] = authorization.encode("utf-8", "surrogatepass")
        try:
            return wire.ask("GET", self._address(trial), headers, None)
        except wire.Late as late:
            self._late += 1
            if self._late >= LATE_ANSWERS:
                raise Stopped(f"{self._late} times there was {late}") from None
            return wire.Answer(0, problem=str(late))

    def read(self, path: str) -> bytes | None:
        """The file at this path of the same service; None if it is not shown to everybody, or is too large.

        Raises:
            ValueError: if this is no path.
        """
        if not isinstance(path, str) or not _PATH.fullmatch(path):
            raise ValueError("`file` is a path of the same service, such as /static/site.css.")
        self.requests += 1
        contents: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

        def work() -> None:
            contents.put(_file(self.home + path))

        # The time limit of a socket begins anew with every byte. A thread can be left alone.
        threading.Thread(target=work, daemon=True).start()
        try:
            return contents.get(timeout=wire.SECONDS)
        except queue.Empty:
            return None

    def curl(self, trial: Try) -> str:
        """The request as a command for a shell, with the token as $TOKEN there."""
        words = ["curl", "-i"]
        if trial.authorization == f"Bearer {trial.token}":
            words.append('-H "Authorization: Bearer $TOKEN"')
        elif trial.header is not None:
            # curl leaves out a header without a value, unless a semicolon stands there.
            line = f"Authorization: {trial.header}" if trial.header else "Authorization;"
            words.append(f"-H {quoted(line)}")
        address = quoted(self.url)
        if trial.parameter is not None:
            address = f'{quoted(self._with(trial.parameter, ""))}"$TOKEN"'
        return " ".join([*words, address])

    def _address(self, trial: Try) -> str:
        return self.url if trial.parameter is None else self._with(trial.parameter, trial.token)

    def _with(self, parameter: str, value: str) -> str:
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode({parameter: value})}"


def _file(url: str) -> bytes | None:
    """What lies at this address, if it is not too large."""
    try:
        with requests.Session() as session:
            # No proxy and no .netrc of this machine has a say.
            session.trust_env = False
            with session.get(
                url, timeout=2 * wire.SECONDS, allow_redirects=False, stream=True
            ) as answer:
                content = answer.raw.read(LARGEST_FILE + 1, decode_content=True)
    except (requests.RequestException, urllib3.exceptions.HTTPError):
        return None
    return content if answer.status_code == 200 and len(content) <= LARGEST_FILE else None


def is_this_machine(host: str) -> bool:
    """Whether this is a loopback address, or the one name that stands for it.

    Other names are refused, whatever they resolve to now: a moment later they may resolve to something else.
    """
    if host.lower() == "localhost":
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except OSError:
            return False
        return all(ipaddress.ip_address(each[4][0].partition("%")[0]).is_loopback for each in found)
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return address.is_loopback and getattr(address, "ipv4_mapped", None) is None


def quoted(text: str) -> str:
    """For a shell; what cannot be seen is spelled out, as bash and zsh read it."""
    if text.isascii() and text.isprintable():
        return shlex.quote(text)
    spelled = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and chr(byte) not in "'\\" else f"\\x{byte:02x}"
        for byte in text.encode("utf-8", "surrogatepass")
    )
    return f"$'{spelled}'"

"""What a shell says that would spoil the lessons: said by ``uv run course``, and made harmless for the notebooks.

Lessons ask 127.0.0.1 by plain ``requests``, as any program does, and requests asks the environment how to go about it.
"""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

OWN_SERVERS = ("127.0.0.1", "localhost")
SPOILING = {
    "FLASK_DEBUG": "apps would raise the errors whose answers, such as a 500, the lessons show",
    "PYTHONSAFEPATH": "programs would not find the modules in their own folder",
    "WEB_CONCURRENCY": "uvicorn would start several processes",
}


@dataclass(frozen=True)
class Spoiler:
    """``text`` says what is there and what it would do, ``cure`` how one is rid of it in other programs, too."""

    text: str
    cure: str


# What this process has found and made harmless.
spoilers: list[Spoiler] = []


def make_harmless() -> None:
    """Change in ``os.environ`` what would spoil lessons. The kernels that are started from here inherit it.

    Nothing is written to a file. What was found is added to ``spoilers``.
    """
    for find in (_proxies, _netrc, _variables, _plots):
        spoilers.extend(find())


def _proxies() -> Iterator[Spoiler]:
    """A proxy does not reach a server on this machine. It answers 502, or with a page of its own."""
    names = [
        name
        for name in os.environ
        if name.lower() in ("http_proxy", "all_proxy") and os.environ[name]
    ]
    # There, programs also ask the settings of the system.
    if not names and sys.platform in ("darwin", "win32"):
        from urllib.request import getproxies

        names = ["The proxy of the system"] if {"http", "all"} & getproxies().keys() else []
    if not names:
        return
    from requests.utils import should_bypass_proxies

    if all(should_bypass_proxies(f"http://{host}", None) for host in OWN_SERVERS):
        return
    # Where a system has both, the lower case counts.
    before = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    hosts = ",".join([before, *OWN_SERVERS] if before else OWN_SERVERS)
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = hosts
    yield Spoiler(
        f"{' and '.join(names)} would take requests that are for this machine",
        f"Set NO_PROXY={hosts} in your shell.",
    )


def _netrc() -> Iterator[Spoiler]:
    """requests sends what .netrc has for a host, in the place of the Bearer token that it was told to send."""
    file = os.environ.get("NETRC") or "~/.netrc"
    if not any(os.path.isfile(os.path.expanduser(place)) for place in (file, "~/_netrc")):
        return
    from requests.utils import get_netrc_auth

    hosts = [host for host in OWN_SERVERS if get_netrc_auth(f"http://{host}")]
    if not hosts:
        return
    # An empty file. A cell with pip has no login from .netrc then: a price for those alone who have such an entry.
    os.environ["NETRC"] = os.devnull
    yield Spoiler(
        f"{file} has a login for {' and '.join(hosts)} (perhaps as `default`), to be sent in place of a token",
        "Take that entry out if you do not need it.",
    )


def _variables() -> Iterator[Spoiler]:
    """Each of these made cells of the lessons fail when it was tried."""
    for name, effect in SPOILING.items():
        if os.environ.pop(name, "").lower() not in ("", "0", "false", "no"):
            yield Spoiler(
                f"{name} is set: {effect}",
                f"Unset {name} before you run an app of the course in a terminal.",
            )


def _plots() -> Iterator[Spoiler]:
    """ipykernel lets plots appear in the notebook, unless the shell has named another place for them."""
    backend = os.environ.get("MPLBACKEND", "")
    if backend and not backend.startswith("module://"):
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        yield Spoiler(
            f"MPLBACKEND is {backend}: plots would not appear in a notebook",
            "Unset MPLBACKEND for other notebooks.",
        )

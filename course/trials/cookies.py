"""Cookies as a browser reads and keeps them (RFC 6265 §5, and the prefixes of RFC 6265bis §4.1.3)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime


class SetCookie:
    """A line of Set-Cookie, taken apart. Attributes are in small letters; the last of two wins."""

    def __init__(self, line: str):
        self.line = line
        pair, *attributes = line.split(";")
        name, self.is_pair, value = (part.strip(" \t") for part in pair.partition("="))
        self.name, self.value = name, value
        self.attributes: dict[str, str] = {}
        for each in attributes:
            name, _, value = each.partition("=")
            self.attributes[name.strip(" \t").lower()] = value.strip(" \t")

    @property
    def path(self) -> str:
        """Where it goes. All addresses of the trials have one level, so they leave it at `/`."""
        path = self.attributes.get("path", "")
        return path if path.startswith("/") else "/"

    @property
    def takes_back(self) -> bool:
        """Whether it is over as soon as it comes: Max-Age has the say, then Expires."""
        age = self.attributes.get("max-age", "")
        if age.removeprefix("-").isdecimal():
            return int(age) <= 0
        try:
            return parsedate_to_datetime(self.attributes.get("expires", "")).timestamp() <= 0
        # What is no date is passed over.
        except (TypeError, ValueError):
            return False

    @property
    def refused(self) -> bool:
        """Whether a browser refuses it for the prefix of its name."""
        name, secure = self.name.lower(), "secure" in self.attributes
        if name.startswith("__host-"):
            whole = self.attributes.get("path") == "/" and "domain" not in self.attributes
            return not (secure and whole)
        return name.startswith("__secure-") and not secure


@dataclass
class Jar:
    """The cookies that a browser has of one host, by name, domain and path."""

    kept: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def take(self, lines: Iterable[str]) -> None:
        """Do what these lines of Set-Cookie say."""
        for line in lines:
            cookie = SetCookie(line)
            if cookie.refused:
                continue
            key = (cookie.name, cookie.attributes.get("domain", ""), cookie.path)
            if cookie.takes_back:
                self.kept.pop(key, None)
            else:
                self.kept[key] = cookie.value

    def names(self) -> set[str]:
        return {name for name, _, _ in self.kept}

    def value(self, name: str) -> str:
        """The value of this cookie, or an empty text."""
        return next((value for (each, _, _), value in self.kept.items() if each == name), "")

    def header(self, address: str) -> dict[str, str]:
        """The header Cookie for a request to this path of the host."""
        sent = [
            f"{name}={value}"
            for (name, _, path), value in self.kept.items()
            if address == path or address.startswith(path.rstrip("/") + "/")
        ]
        return {"Cookie": "; ".join(sent)} if sent else {}

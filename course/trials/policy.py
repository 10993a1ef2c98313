"""A Content Security Policy, read as browsers read it (CSP Level 3, W3C)."""

import re
from dataclasses import dataclass

# Where a directive that is missing looks instead, in this order (CSP3 §6.8.3).
_FALLBACKS = {
    "script-src-elem": ("script-src", "default-src"),
    "script-src-attr": ("script-src", "default-src"),
    "script-src": ("default-src",),
    "style-src-elem": ("style-src", "default-src"),
    "img-src": ("default-src",),
}
KNOWN = {*_FALLBACKS} | {
    "base-uri", "block-all-mixed-content", "child-src", "connect-src", "default-src",
    "fenced-frame-src", "font-src", "form-action", "frame-ancestors", "frame-src", "manifest-src",
    "media-src", "object-src", "report-to", "report-uri", "require-trusted-types-for", "sandbox",
    "style-src", "style-src-attr", "trusted-types", "upgrade-insecure-requests", "worker-src",
}  # fmt: skip
KEYWORDS = {
    "'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'", "'strict-dynamic'",
    "'report-sample'", "'wasm-unsafe-eval'", "'report-sha256'", "'report-sha384'",
    "'report-sha512'", "'trusted-types-eval'", "'inline-speculation-rules'",
}  # fmt: skip
_NONCE = re.compile(r"'nonce-[A-Za-z0-9+/_-]+={0,2}'")
_HASH = re.compile(r"'sha(?:256|384|512)-[A-Za-z0-9+/_-]+={0,2}'", re.IGNORECASE)
# How many of Base64, by the kind of hash: without the padding.
_DIGITS = {"256": 43, "384": 64, "512": 86}
_QUOTED = re.compile("['\"]")
_SPACE = "\t\n\f\r "


@dataclass(frozen=True)
class Sources:
    """What is allowed, and by which directive: ``directive`` is the one that has the say."""

    directive: str
    listed: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join((self.directive, *self.listed))

    def has(self, keyword: str) -> bool:
        """Whether this keyword stands there. Keywords may be written in any case."""
        return keyword in map(str.lower, self.listed)

    @property
    def nonces(self) -> list[str]:
        return [each for each in self.listed if _NONCE.fullmatch(each)]

    @property
    def hashes(self) -> list[str]:
        return [each for each in self.listed if _HASH.fullmatch(each)]

    @property
    def fitting_hashes(self) -> list[str]:
        """Those that a file can have: the Base64 of 32, 48 or 64 bytes. Nothing has another, and browsers do not say so."""
        return [
            each for each in self.hashes
            if len(each.partition("-")[2].rstrip("='")) == _DIGITS[each[4:7]]
        ]  # fmt: skip

    @property
    def odd(self) -> list[str]:
        """What looks like a keyword and is none: browsers pass over it."""
        return [
            each for each in self.listed
            if _QUOTED.search(each) and each.lower() not in KEYWORDS
            and not _NONCE.fullmatch(each) and not _HASH.fullmatch(each)
        ]  # fmt: skip

    @property
    def addresses(self) -> list[str]:
        """Hosts, schemes and the star. `'none'` is none of them, wherever it stands."""
        return [each for each in self.listed if not _QUOTED.search(each)]

    @property
    def allow_inline(self) -> bool:
        """CSP3 §6.7.3.2: a nonce, a hash or 'strict-dynamic' takes the effect of 'unsafe-inline' away."""
        named = self.nonces or self.hashes or self.has("'strict-dynamic'")
        return self.has("'unsafe-inline'") and not named

    @property
    def foreign_scripts(self) -> list[str]:
        """Addresses that scripts may come from: with 'strict-dynamic' none of those that are listed."""
        return [] if self.has("'strict-dynamic'") else self.addresses

    @property
    def allow_own_scripts(self) -> bool:
        """Whether a file of this site may run: by its address, its nonce or its hash."""
        by_address = self.has("'self'") and not self.has("'strict-dynamic'")
        return bool(by_address or self.nonces or self.fitting_hashes)


@dataclass(frozen=True)
class Policy:
    """The directives of one policy, and the names that browsers passed over."""

    directives: dict[str, tuple[str, ...]]
    repeated: tuple[str, ...]

    @property
    def unknown(self) -> list[str]:
        return [name for name in self.directives if name not in KNOWN]

    def sources(self, name: str) -> Sources | None:
        """What ``name`` allows, by itself or by its fallback; None if nothing is said of it."""
        for each in (name, *_FALLBACKS.get(name, ())):
            if each in self.directives:
                return Sources(each, self.directives[each])
        return None


def read_policies(header: str) -> list[Policy]:
    """The policies in the value of a header (CSP3 §2.2.2). A comma ends one; all of them hold."""
    found = [_read_policy(each) for each in header.split(",")]
    return [policy for policy in found if policy.directives]


def _read_policy(text: str) -> Policy:
    directives: dict[str, tuple[str, ...]] = {}
    repeated = []
    for each in text.split(";"):
        # Not str.split(): it takes other white space than browsers do.
        words = [word for word in re.split(f"[{_SPACE}]+", each) if word]
        if not words or not each.isascii():
            continue
        name = words[0].lower()
        # The first of two wins.
        if name in directives:
            repeated.append(name)
        else:
            directives[name] = tuple(words[1:])
    return Policy(directives, tuple(repeated))

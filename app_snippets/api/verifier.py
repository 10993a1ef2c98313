"""Verifying tokens of an issuer that is known by its address alone (lesson 13)."""

import json
import threading
import time
from urllib.parse import urlsplit

import jwt
import requests

ALGORITHMS = ("ES256", "RS256", "EdDSA")
LONGEST_TOKEN = 16_000  # characters
LARGEST_DOCUMENT = 100_000  # bytes
PATIENCE = 3  # seconds that the issuer may take
REQUIRED = ["iss", "aud", "sub", "exp", "iat", "jti"]


class IssuerAway(Exception):
    """The keys cannot be had now. That is no fault of the token."""


class IssuerKeys:
    """The public keys of an issuer, which is given letter by letter as its tokens say it (claim iss).

    They are fetched again after fresh_for seconds. If that fails, they stay good for stale_for seconds. Between two
    fetches there is a pause, however many unknown kids come along.
    """

    def __init__(self, issuer: str, fresh_for=300, stale_for=86_400, pause=5, clock=time.monotonic):
        self.issuer, self.clock = issuer, clock
        self.fresh_for, self.stale_for, self.pause = fresh_for, stale_for, pause
        self.known, self.fetched_at, self.tried_at, self.fetches = {}, None, None, 0
        self.one_fetches = threading.Lock()

    def age(self) -> float:
        return float("inf") if self.fetched_at is None else self.clock() - self.fetched_at

    def key(self, kid: object) -> jwt.PyJWK:
        """The key with this kid. Raises InvalidTokenError if there is none, IssuerAway if nobody knows."""
        if not isinstance(kid, str):
            raise jwt.InvalidTokenError("The token does not name its key.")
        if self.age() > self.fresh_for or kid not in self.known:
            fetch_anew(self)
        if self.age() > self.stale_for:
            raise IssuerAway("The keys of the issuer cannot be had.")
        if kid not in self.known:
            raise jwt.InvalidTokenError("The issuer has no such key.")
        return self.known[kid]


def fetch_anew(keys: IssuerKeys) -> None:
    """Fetch the keys, unless that was tried a moment ago, or somebody else is at it."""
    if not keys.one_fetches.acquire(blocking=not keys.known):
        return
    try:
        if keys.tried_at is not None and keys.clock() - keys.tried_at < keys.pause:
            return
        keys.tried_at = keys.clock()
        keys.fetches += 1
        keys.known, keys.fetched_at = fetch_keys(keys.issuer), keys.clock()
    except (requests.RequestException, ValueError, LookupError, TypeError, jwt.PyJWTError):
        pass  # the old keys stay, as long as they are not too old
    finally:
        keys.one_fetches.release()


def fetch_keys(issuer: str) -> dict[str, jwt.PyJWK]:
    """The keys that the issuer signs with, by kid. Raises an error of some kind if it has none to give."""
    about = get_json(issuer.rstrip("/") + "/.well-known/openid-configuration")
    if about["issuer"] != issuer:
        raise ValueError("This document speaks of another issuer.")
    if urlsplit(about["jwks_uri"]).scheme not in ("https", urlsplit(issuer).scheme):
        raise ValueError("The keys must not come by a weaker way than their address.")
    keys = {}
    for each in get_json(about["jwks_uri"])["keys"]:
        if each.get("use", "sig") == "sig" and each.get("alg") in ALGORITHMS and "kid" in each:
            keys[each["kid"]] = jwt.PyJWK(each)
    if not keys:
        raise ValueError("There is no key in it.")
    return keys


def get_json(url: str) -> dict:
    """A JSON document of limited size; no redirect is followed, no proxy or .netrc of this machine is asked."""
    with requests.Session() as session:
        session.trust_env = False
        with session.get(url, timeout=PATIENCE, allow_redirects=False, stream=True) as answer:
            if answer.status_code != 200:
                raise ValueError(f"{url} answers {answer.status_code}.")
            content = answer.raw.read(LARGEST_DOCUMENT + 1, decode_content=True)
            if len(content) > LARGEST_DOCUMENT:
                raise ValueError(f"{url} is too large.")
            return json.loads(content)


def verify_access_token(token: str, keys: IssuerKeys, audience: str) -> dict:
    """The claims of an access token (RFC 9068) for this audience.

    Raises:
        jwt.InvalidTokenError: for every other token, whatever is wrong with it.
        IssuerAway: if the keys to look at cannot be had.
    """
    if len(token) > LONGEST_TOKEN:
        raise jwt.InvalidTokenError("The token is too long.")
    header = jwt.get_unverified_header(token)
    # An ID token says to a client who has logged in. It opens no door.
    if str(header.get("typ")).lower().removeprefix("application/") != "at+jwt":
        raise jwt.InvalidTokenError("This is not an access token.")
    key = keys.key(header.get("kid"))
    # The key says its algorithm (RFC 8725 §3.1). The token's header has no say.
    return jwt.decode(
        token, key, algorithms=[key.algorithm_name], audience=audience, issuer=keys.issuer,
        options={"require": REQUIRED},
    )  # fmt: skip

"""The six ways of weak_verifier.py, mended (lesson 14). Each cure is a line or two."""

import jwt

from .order_keys import OrderKeys


def by_algorithm(token: str, keys: OrderKeys) -> dict:
    """The service says by which algorithm to verify (RFC 8725 §3.1)."""
    return jwt.decode(token, keys.public_pem, algorithms=["ES256"], audience="orders")


def by_file(token: str, keys: OrderKeys) -> dict:
    """A kid is looked up among the keys that there are. It is no path (RFC 8725 §3.10)."""
    kid = jwt.get_unverified_header(token).get("kid")
    secret = keys.secret_of.get(kid) if isinstance(kid, str) else None
    if secret is None:
        raise jwt.InvalidKeyError("There is no such key.")
    return jwt.decode(token, secret, algorithms=["HS256"], audience="orders")


def by_database(token: str, keys: OrderKeys) -> dict:
    """The kid is a value of the query and no part of its text."""
    kid = jwt.get_unverified_header(token).get("kid")
    secret = keys.secret_in_table("SELECT secret FROM keys WHERE kid = ?", (str(kid),))
    return jwt.decode(token, secret, algorithms=["HS256"], audience="orders")


def by_embedded_key(token: str, keys: OrderKeys) -> dict:
    """A key is trusted because we have it, and not because somebody sends it (RFC 8725 §3.8)."""
    return jwt.decode(token, keys.public_pem, algorithms=["ES256"], audience="orders")


def by_kind(token: str, keys: OrderKeys) -> dict:
    """An access token, for this API (RFC 8725 §3.9, §3.11)."""
    if jwt.get_unverified_header(token).get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("This is not an access token.")
    return jwt.decode(token, keys.public_pem, algorithms=["ES256"], audience="orders")


def signing_secret(keys: OrderKeys) -> str:
    """32 random bytes (RFC 7518 §3.2)."""
    return keys.long_secret


def by_secret(token: str, keys: OrderKeys) -> dict:
    """The same, with a secret that nobody guesses."""
    return jwt.decode(token, signing_secret(keys), algorithms=["HS256"], audience="orders")

"""Six ways to verify a token, each WEAK ON PURPOSE (lesson 14). fixed_verifier.py in fixed_api has the cures."""

import hashlib
import hmac

import jose.jwt
import jwt

from .order_keys import OrderKeys


def by_algorithm(token: str, keys: OrderKeys) -> dict:
    """Obeys the header: it says by which algorithm to verify, and "none" means not at all."""
    algorithm = jwt.get_unverified_header(token)["alg"]
    if algorithm == "none":
        return jwt.decode(token, options={"verify_signature": False})
    if algorithm.startswith("HS"):  # PyJWT refuses a PEM as secret, so this one does it by hand
        return verified_by_hand(token, keys.public_pem)
    return jwt.decode(token, keys.public_pem, algorithms=[algorithm], audience="orders")


def by_file(token: str, keys: OrderKeys) -> dict:
    """Takes the header's kid for the name of a file."""
    kid = jwt.get_unverified_header(token)["kid"]
    secret = (keys.key_folder / kid).read_bytes()
    return jwt.decode(token, secret, algorithms=["HS256"], audience="orders")


def by_database(token: str, keys: OrderKeys) -> dict:
    """Puts the header's kid into the text of a query."""
    kid = jwt.get_unverified_header(token)["kid"]
    secret = keys.secret_in_table(f"SELECT secret FROM keys WHERE kid = '{kid}'")
    return jwt.decode(token, secret, algorithms=["HS256"], audience="orders")


def by_embedded_key(token: str, keys: OrderKeys) -> dict:
    """Verifies with the key that the token brings along."""
    header = jwt.get_unverified_header(token)
    key = jwt.PyJWK(header["jwk"]) if "jwk" in header else keys.public_pem
    return jwt.decode(token, key, algorithms=["ES256"], audience="orders")


def by_kind(token: str, keys: OrderKeys) -> dict:
    """Takes every token of this issuer, whomever it is for."""
    return jwt.decode(token, keys.public_pem, algorithms=["ES256"], options={"verify_aud": False})


def signing_secret(keys: OrderKeys) -> str:
    """Four letters."""
    return keys.short_secret


def by_secret(token: str, keys: OrderKeys) -> dict:
    """Does everything right, with a secret of four letters."""
    try:
        return jose.jwt.decode(token, signing_secret(keys), algorithms=["HS256"], audience="orders")
    except jose.JOSEError as error:
        raise jwt.InvalidTokenError("The token is not valid.") from error


def verified_by_hand(token: str, secret: bytes) -> dict:
    """HMAC with whatever bytes come along, as many services have it."""
    signing_input, _, signature = token.rpartition(".")
    expected = hmac.digest(secret, signing_input.encode(), hashlib.sha256)
    if not hmac.compare_digest(jwt.utils.base64url_decode(signature), expected):
        raise jwt.InvalidSignatureError("The signature is wrong.")
    return jwt.decode(token, options={"verify_signature": False})

"""Small services with a fault each, for those who judge the judge: what they let in, and how tokens for them are made."""

import hashlib
import hmac
import json
import sqlite3
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import jose.jwt
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from flask import Flask, request

from course.token_parts import decode_part

SECRET = "4f7c0f2b9a6d4e1c8b3a5d7e9f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c"
EC, RSA = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65_537, 2_048)
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
Verify = Callable[[str], dict]


def pem_of(key=EC) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.PEM, SPKI)


def der_of(key=EC) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, SPKI)


def claims_of(**changes) -> dict:
    return {"sub": "1", "aud": "shop", "exp": int(time.time()) + 600} | changes


def hs256(secret: str | bytes = SECRET, algorithm: str = "HS256", headers=None, **changes) -> str:
    return jose.jwt.encode(claims_of(**changes), secret, algorithm, headers)


def es256(headers=None, key=EC, algorithm: str = "ES256", **changes) -> str:
    return jwt.encode(claims_of(**changes), key, algorithm, headers)


def header_of(token: str) -> dict:
    return json.loads(decode_part(token.split(".")[0]))


def unverified(token: str) -> dict:
    return json.loads(decode_part(token.split(".")[1]))


def strict(token: str, key=SECRET, algorithms=("HS256",), **options) -> dict:
    return jwt.decode(token, key, list(algorithms), audience="shop", options=options)


def strict_pair(token: str) -> dict:
    return strict(token, pem_of(), ["ES256"])


def by_hand(token: str, secret: bytes) -> dict:
    """HMAC with whatever bytes come along."""
    signing_input, _, signature = token.rpartition(".")
    if not hmac.compare_digest(
        decode_part(signature), hmac.digest(secret, signing_input.encode(), hashlib.sha256)
    ):
        raise ValueError("The signature is wrong.")
    return unverified(token)


def service(verify: Verify, refused: type | tuple = Exception) -> Flask:
    """A service that lets in whom ``verify`` does. An exception that is not ``refused`` ends in a 500."""
    app = Flask("attacked")

    @app.get("/me")
    def me():
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            return {"message": "Log in."}, 401
        try:
            return {"id": verify(token)["sub"]}
        except refused:
            return {"message": "The token is not valid."}, 401

    @app.get("/static/site.css")
    def stylesheet():
        return "body { font-family: sans-serif }\n"

    app.view_functions["static"] = stylesheet
    return app


# --- Services that are weak in one way each ---


def obeys(spelling: object) -> Verify:
    """Takes this `alg` for "not signed"."""

    def verify(token):
        named = header_of(token).get("alg", ...)
        if type(named) is type(spelling) and named == spelling:
            return unverified(token)
        return strict(token)

    return verify


def never_looks(token: str) -> dict:
    return unverified(token)


def never_looks_and_knows_its_claims(token: str) -> dict:
    claims = unverified(token)
    if set(claims) - {"sub", "aud", "exp"}:
        raise ValueError("There are other claims.")
    return claims


def takes_no_signature(token: str) -> dict:
    return strict(token) if token.rpartition(".")[2] else unverified(token)


def compares_as_far_as_it_goes(token: str) -> dict:
    """``zip`` ends with the shorter one."""
    signing_input, _, signature = token.rpartition(".")
    expected = hmac.digest(SECRET.encode(), signing_input.encode(), "sha256")
    if header_of(token)["alg"] != "HS256":
        raise ValueError("alg")
    if any(one != other for one, other in zip(decode_part(signature), expected)):
        raise ValueError("The signature is wrong.")
    return unverified(token)


def confused_by(secret: bytes, key=EC, algorithm: str = "ES256") -> Verify:
    def verify(token):
        if header_of(token)["alg"] == "HS256":
            return by_hand(token, secret)
        return strict(token, pem_of(key), [algorithm])

    return verify


def default_key_is_empty(token: str) -> dict:
    key = {"2026": SECRET}.get(header_of(token).get("kid"), "")
    return jose.jwt.decode(token, key, ["HS256"], audience="shop")


def key_is_empty(token: str) -> dict:
    return jose.jwt.decode(token, "", ["HS256"], audience="shop")


def trusts_jwk(token: str) -> dict:
    header = header_of(token)
    if "jwk" in header:
        return strict(token, jwt.PyJWK(header["jwk"], header["alg"]).key, [header["alg"]])
    return strict_pair(token)


def trusts_a_secret_in_jwk(token: str) -> dict:
    jwk = header_of(token).get("jwk")
    if jwk and jwk["kty"] == "oct":
        return strict(token, decode_part(jwk["k"]), ["HS256"])
    return strict(token)


def trusts_x5c(token: str) -> dict:
    header = header_of(token)
    if "x5c" in header:
        der = __import__("base64").b64decode(header["x5c"][0])
        return strict(token, x509.load_der_x509_certificate(der).public_key(), ["RS256", "ES256"])
    return strict_pair(token)


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read()


def trusts_jku(token: str) -> dict:
    header = header_of(token)
    if "jku" in header:
        (key, *_) = json.loads(fetch(header["jku"]))["keys"]
        return strict(token, jwt.PyJWK(key).key, ["ES256", "RS256"])
    return strict_pair(token)


def looks_for_its_kid_at_jku(token: str) -> dict:
    """Its own keys come first."""
    header = header_of(token)
    if header.get("kid") == "2026":
        return strict_pair(token)
    keys = {key["kid"]: key for key in json.loads(fetch(header["jku"]))["keys"]}
    return strict(token, jwt.PyJWK(keys[header["kid"]]).key, ["ES256"])


def fetches_jku_and_refuses(token: str) -> dict:
    header = header_of(token)
    if "jku" in header:
        fetch(header["jku"])
        raise ValueError("That is not our address.")
    return strict_pair(token)


def trusts_jku_that_begins_well(own: list[str]) -> Verify:
    """``own`` has its address, once it runs."""

    def verify(token):
        header = header_of(token)
        if "jku" not in header:
            return strict_pair(token)
        if not header["jku"].startswith(own[0]):
            raise ValueError("That is not our address.")
        # As requests does, and most others: what stands before @ is a name for logging in.
        parts = urlsplit(header["jku"])
        url = f"{parts.scheme}://{parts.hostname}:{parts.port}{parts.path}"
        (key, *_) = json.loads(fetch(url))["keys"]
        return strict(token, jwt.PyJWK(key).key, ["ES256"])

    return verify


def trusts_x5u(token: str) -> dict:
    header = header_of(token)
    if "x5u" in header:
        certificate = x509.load_pem_x509_certificate(fetch(header["x5u"]))
        return strict(token, certificate.public_key(), ["ES256", "RS256"])
    return strict_pair(token)


def reads_a_file(folder: Path, decode=strict, suffix: str = "", clean=lambda kid: kid) -> Verify:
    """Takes the kid for the name of a file, deep in some folder."""

    def verify(token):
        kid = clean(header_of(token)["kid"])
        return decode(token, Path(f"{folder}/{kid}{suffix}").read_bytes())

    (folder / f"2026{suffix}").write_text(SECRET)
    return verify


def python_jose(token: str, key: str | bytes, algorithm: str = "HS256") -> dict:
    """It takes a short key without a word."""
    key = key.decode() if isinstance(key, bytes) else key
    return jose.jwt.decode(token, key, [algorithm], audience="shop")


def asks_a_table(
    path: Path, columns: str, condition: str, secret: str = SECRET, decode=strict
) -> Verify:
    """Puts the kid into the text of a query; the key is in the last column."""
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE keys (kid TEXT, valid INTEGER, secret TEXT)")
        database.execute("INSERT INTO keys VALUES ('2026', 1, ?)", [secret])

    def verify(token):
        where = condition.replace("KID", str(header_of(token)["kid"]))
        with closing(sqlite3.connect(path)) as database:
            row = database.execute(f"SELECT {columns} FROM keys WHERE {where}").fetchone()
        if row is None:
            raise LookupError("There is no such key.")
        return decode(token, row[-1])

    return verify


def takes_any_audience(token: str) -> dict:
    return jwt.decode(token, pem_of(), ["ES256"], options={"verify_aud": False})


def never_expires(token: str) -> dict:
    return strict(token, verify_exp=False)

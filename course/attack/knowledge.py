"""What an attacker has, read without trust, and the tokens that he makes of it."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from course.attack.own_keys import hashed_by, own_pair
from course.attack.target import Target, Try
from course.token_parts import decode_part, encode_part, read_object

HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
# "Implementers MAY provide for some small leeway, usually no more than a few minutes" (RFC 7519 §4.1.4).
LEEWAY = 300  # seconds


class Token:
    """A signed JWT, taken apart.

    Raises:
        ValueError: if it is none. ``name`` says in words which one is meant.
    """

    def __init__(self, text: object, name: str):
        if not isinstance(text, str):
            raise ValueError(f"{name} must be text, not {type(text).__name__}.")
        self.text = text.strip().removeprefix("Bearer ").strip()
        parts = self.text.split(".")
        if len(parts) == 5:
            raise ValueError(f"{name} is encrypted: it has five parts. This attacks signed JWTs.")
        if len(parts) != 3:
            raise ValueError(f"{name} must be a signed JWT, with three parts. It has {len(parts)}.")
        self.head, self.body, self.signature = parts
        try:
            decode_part(self.signature)
            self.header, self.claims = (
                read_object(decode_part(part).decode("utf-8")) for part in parts[:2]
            )
            self.algorithm = self.header["alg"]
        except (ValueError, KeyError) as error:
            raise ValueError(f"{name} must be a signed JWT. This one is not: {error}") from error
        if not isinstance(self.algorithm, str):
            raise ValueError(f"{name} must be a signed JWT. The `alg` of this one is no text.")

    @property
    def seconds_left(self) -> float | None:
        """Until it expires, by this machine's clock; None if it never does."""
        end = self.claims.get("exp")
        is_date = isinstance(end, int | float) and not isinstance(end, bool)
        return end - time.time() if is_date else None


class Knowledge:
    """What the attacker has. ``found`` is what has got in so far, by the name of its check.

    Raises:
        ValueError: if the good token is not a signed JWT, or something is of another kind.
    """

    def __init__(self, target: Target, token, public_key, other_token, expired_token, file):
        self.target, self.file = target, file
        self.good = Token(token, "The good token")
        self.other = None if other_token is None else Token(other_token, "The other token")
        self.expired = None if expired_token is None else Token(expired_token, "The expired token")
        if self.other and self.other.text == self.good.text:
            raise ValueError("The other token is the good one. Give one of another kind.")
        self.public_key = None if public_key is None else public_key_from(public_key)
        self.pem = public_key.encode() if isinstance(public_key, str) else public_key
        self.file_content = None if file is None else target.read(file)
        self.found: dict[str, Try] = {}

    def headers(self, **changes) -> Iterator[tuple[str, dict]]:
        """The header of the good token with these changes, and the same without members such as ``kid``.

        With each comes what a label must say of it.
        """
        yield "", self.good.header | changes
        rest = [name for name in self.good.header if name not in ("alg", "typ", *changes)]
        if rest:
            bare = {name: each for name, each in self.good.header.items() if name not in rest}
            yield f", without `{'`, `'.join(map(str, rest))}`", bare | changes

    def signing_input(self, header: dict, body: str | None = None) -> str:
        """This header over the claims of the good token, to the letter, or over another body."""
        return f"{encode_part(json.dumps(header).encode())}.{body or self.good.body}"

    def by_secret(self, header: dict, secret: bytes) -> str:
        """The claims of the good token, signed by the HMAC that the header names."""
        signing_input = self.signing_input(header)
        mac = hmac.digest(secret, signing_input.encode(), HASHES[header["alg"]])
        return f"{signing_input}.{encode_part(mac)}"

    def by_pair(self, header: dict) -> str:
        """The claims of the good token, signed by the attacker's own key for the algorithm that the header names."""
        signing_input = self.signing_input(header)
        return f"{signing_input}.{encode_part(own_pair(header['alg']).sign(signing_input))}"

    @property
    def hmac_algorithm(self) -> str:
        """That of the good token, or the usual one."""
        return self.good.algorithm if self.good.algorithm in HASHES else "HS256"

    def is_signed_with_the_public_key(self, token: Token) -> bool:
        """Whether the public key that was given belongs to this token."""
        try:
            algorithm = hashed_by(token.algorithm)
            key = algorithm.prepare_key(self.public_key)
            signing_input = f"{token.head}.{token.body}".encode()
            return algorithm.verify(signing_input, key, decode_part(token.signature))
        except (jwt.PyJWTError, LookupError, TypeError, ValueError):
            return False


def public_key_from(content: object):
    """The key in a PEM, which may be a certificate.

    Raises:
        ValueError: if there is none, in words for people.
    """
    if not isinstance(content, bytes | str):
        raise ValueError(f"The public key must be PEM, not {type(content).__name__}.")
    pem = content.encode() if isinstance(content, str) else content
    if b"PRIVATE KEY-----" in pem:
        raise ValueError("This is a private key. What an attacker has is the public one.")
    try:
        if b"-----BEGIN CERTIFICATE-----" in pem:
            return x509.load_pem_x509_certificate(pem).public_key()
        return serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise ValueError(
            'The public key must be PEM, which begins with "-----BEGIN PUBLIC KEY-----". This cannot be read as one.'
        ) from error

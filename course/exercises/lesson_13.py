"""Exercises of lesson 13, Share trust with public keys. Keys and tokens are real ones."""

import base64
import functools
import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from course.checking import (
    Attempt,
    NotAttempted,
    NotYet,
    describe_error,
    exercise,
    is_a,
    plain,
    same,
    show,
    show_text,
    type_of,
)
from course.token_parts import encode_part, signed
from course.trials.clock import Clock, clock_at

PUBLIC = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
FOR_ALL = ("kty", "kid", "use", "alg")


@functools.cache
def _rsa() -> RSAKey:
    """One for all checks: it costs more than all the others together."""
    return RSAKey.generate_key(2048)


def _private(key, **more) -> dict:
    """The private key as a JWK."""
    return dict(key.as_dict(private=True)) | more


def _random(length: int) -> str:
    return encode_part(secrets.token_bytes(length))


@exercise(
    "13.1",
    "For each kind of key there is a list of what may be seen: a dictionary such as "
    '`{"RSA": ("n", "e"), …}` says it for all kinds.',
    "Build a new dictionary for each key, from the names that may be seen *and* that are there. "
    "Then no secret gets in, whatever it is called.",
    "A kind that is not in your dictionary, `oct` or one that you have never heard of, has "
    "nothing to show: go on to the next key.",
)
def what_may_be_seen(published):
    attempt = Attempt(published, "published", slips={
        KeyError: "Not every key has every member, and not every kind is one that you know.",
        "dictionary changed size": "Do not take members out of what you are given: make new ones.",
        AttributeError: "It gets a list of dictionaries.",
        TypeError: "It gets a list of dictionaries.",
    }, parameters=("keys",), keeps_arguments=True)  # fmt: skip
    for keys in _rings():
        outcome = attempt.answer(keys)
        _judge_published(keys, outcome.value)
    return "A list of what may be seen, and every secret stays at home, also those of tomorrow."


def _rings() -> Iterator[list[dict]]:
    """Lists of keys, as somebody who signs has them."""
    rsa, ec = _private(_rsa()), _private(ECKey.generate_key("P-256"))
    okp, oct_ = _private(OKPKey.generate_key("Ed25519")), _private(OctKey.generate_key(256))
    named = {"kid": "2026-Autumn", "use": "sig"}
    yield [ec | named | {"alg": "ES256"}]
    yield [rsa | named | {"alg": "RS256"}]
    yield [okp | {"kid": "Ed", "alg": "EdDSA"}]
    yield []
    yield [oct_ | {"kid": "shared", "alg": "HS256"}]
    yield [okp, rsa | {"kid": "B"}, oct_ | {"kid": "C"}, ec | {"kid": "A", "use": "sig"}]
    # Neither has a name, and both stay.
    yield [_private(ECKey.generate_key("P-521")), _private(ECKey.generate_key("P-384"))]
    yield [_public(rsa) | named, rsa | named, _public(ec), _public(okp)]
    # RFC 7518 §6.3.2.7: RSA with more than two primes.
    prime = {"r": _random(128), "d": _random(128), "t": _random(128)}
    yield [rsa | {"oth": [prime], "kid": "three primes"}]
    yield [
        ec | {"note": "Bob knows the PIN", "pin": "1234", "created_at": 1795478400, "kid": "E"},
        rsa | {"seed": _random(32), "backup": {"d": rsa["d"]}, "priv": rsa["d"]},
        okp | {"D": okp["d"], "password": "correct horse", "k": _random(32)},
    ]
    yield [_private(OKPKey.generate_key("X25519"), use="enc", kid="for encryption")]
    # What comes after: RFC 7517 §5 has everybody pass over kinds that are unknown.
    unknown = {"kty": "AKP", "alg": "ML-DSA-44", "priv": _random(32), "kid": "quantum"}
    yield [ec | {"kid": "before"}, unknown, rsa | {"kid": "after"}]
    yield [ec | {"kid": f"Key {number}"} for number in range(50)]
    yield [ec | named | {"alg": "ES256"}]


def _public(key: dict) -> dict:
    """What may be seen of a key whose kind is known."""
    allowed = (*FOR_ALL, *PUBLIC[key["kty"]])
    return {name: value for name, value in key.items() if name in allowed}


def _judge_published(keys: list[dict], got: object) -> None:
    said = f"For {_these(keys)}, `published` returned"
    if is_a(got, (list, tuple)):
        raise NotYet(f'{said} a list. A JWKS is a dictionary: `{{"keys": [...]}}`.')
    if is_a(got, str):
        raise NotYet(f"{said} text. Return the dictionary, and leave JSON to whoever sends it.")
    if not is_a(got, dict) or set(got) != {"keys"}:
        raise NotYet(f'{said} `{show(got)}`. Expected one name in it, `{{"keys": [...]}}`.')
    shown = got["keys"]
    # In JSON a tuple is a list, too.
    if not is_a(shown, (list, tuple)):
        raise NotYet(
            f"{said} {type_of(shown)} under `keys`, which JSON cannot write. Make a list of it."
        )
    shown = list(shown)
    for each in shown:
        if not is_a(each, dict):
            raise NotYet(f"{said} `{show(each)}` among the keys. Each key is a dictionary.")
        _judge_secrets(keys, each)
    _judge_order(keys, shown, said)


def _these(keys: list[dict]) -> str:
    if len(keys) > 5:
        return f"{len(keys)} keys"
    return f"keys of the kinds {', '.join(key['kty'] for key in keys)}" if keys else "an empty list"


def _judge_secrets(keys: list[dict], shown: dict) -> None:
    """Is anything in it that must not be seen?"""
    kind = plain(shown.get("kty"))
    if kind == "oct":
        raise NotYet(
            "An `oct` key is in the result. It is one secret and nothing else, and whoever "
            "verifies with it can sign: leave the whole key out."
        )
    known = kind if is_a(kind, str) else ""
    allowed = (*FOR_ALL, *PUBLIC.get(known, ()))
    for name in shown:
        if name in allowed:
            continue
        private = {"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}
        what = "It is a secret." if name in private else "Nobody has said that it may be seen."
        raise NotYet(
            f"Of a key of the kind `{show_text(kind)}`, the result shows `{show_text(name)}`. "
            f"{what} Copy what may be seen, by name, and nothing else."
        )


def _judge_order(keys: list[dict], shown: list[dict], said: str) -> None:
    """Is every key there, in order, with all that may be seen of it?"""
    waiting = list(shown)
    known = [key for key in keys if key["kty"] in PUBLIC]
    for place, key in enumerate(keys, 1):
        if key["kty"] == "oct":
            continue
        if key["kty"] not in PUBLIC:
            # One that shows its name and no more does no harm.
            if waiting and same(waiting[0].get("kty"), key["kty"]):
                waiting.pop(0)
            continue
        got = waiting.pop(0) if waiting else None
        if same(got, _public(key)):
            continue
        which = f"key {place} of {len(keys)}, of the kind `{key['kty']}`"
        if any(same(each, _public(key)) for each in shown):
            raise NotYet(f"{said} the keys in another order. Keep the order of the list.")
        if got is None or any(same(got, _public(each)) for each in known):
            raise NotYet(f"{said} {len(shown)} of them, and {which}, is missing.")
        _judge_members(which, key, got)
    if waiting:
        raise NotYet(f"{said} {len(shown)} keys, more than it was given.")


def _judge_members(which: str, key: dict, got: dict) -> None:
    expected = _public(key)
    for name in got:
        if name not in key:
            raise NotYet(
                f"Of {which}, the result shows `{name}: {show(got[name], 40)}`. This key has no "
                f"`{name}`: leave out what is not there."
            )
    for name in expected:
        if name not in got:
            raise NotYet(f"Of {which}, `{name}` is missing in the result. It may be seen.")
        if not same(got[name], expected[name]):
            raise NotYet(
                f"Of {which}, the result shows `{name}` as `{show(got[name], 40)}`. It was "
                f"`{show(expected[name], 40)}`: leave values as they are."
            )


# RFC 7638 §3.1, and RFC 8037 A.3.
RFC_RSA = {
    "kty": "RSA",
    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
    "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2"
    "QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6W"
    "eZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    "e": "AQAB",
    "alg": "RS256",
    "kid": "2011-04-29",
}
RFC_OKP = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}


@exercise(
    "13.2",
    "Three lists of names, one for each `kty`, and a dictionary of those members alone.",
    '`json.dumps(members, sort_keys=True, separators=(",", ":"))` sorts, and leaves the spaces out.',
    "`hashlib.sha256(text.encode()).digest()` gives bytes; base64url is "
    '`base64.urlsafe_b64encode(…)`, and its padding is `"="` at the end.',
)
def a_name_for_a_key(thumbprint):
    attempt = Attempt(thumbprint, "thumbprint", slips={
        KeyError: "Which members are needed depends on the kind of key, `kty`.",
        "Unicode-objects must be encoded": "SHA-256 takes bytes: `text.encode()`.",
        "Strings must be encoded": "SHA-256 takes bytes: `text.encode()`.",
        "bytes-like object": "SHA-256 and base64 take bytes, and `.decode()` makes text of them.",
        AttributeError: "`.digest()` gives bytes, and `.decode()` makes text of bytes.",
        TypeError: "SHA-256 and base64 take bytes, and `.decode()` makes text of them.",
    }, parameters=("key",), keeps_arguments=True)  # fmt: skip
    for key, expected, because in _keys_with_thumbprints():
        # A copy: what an answer does to it must not last.
        outcome = attempt.answer(dict(key))
        if not same(outcome.value, expected):
            slip = _slip_in_thumbprint(outcome.value, key) or because
            raise NotYet(f"`{outcome.call}` {outcome.said}. Expected: `{expected!r}`. {slip}")
    return "The same name for either half, however it is written down, and with any library."


def _keys_with_thumbprints() -> Iterator[tuple[dict, str, str]]:
    yield (
        RFC_RSA,
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
        "It is the example of RFC 7638 §3.1.",
    )
    yield (
        RFC_OKP,
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        "It is the example of RFC 8037 A.3.",
    )
    more = {"use": "sig", "kid": "Key 1", "a": "first of all", "ext": True, "key_ops": ["verify"]}
    named = "Only the members that make the key are hashed."
    for key in (
        ECKey.generate_key("P-256"), ECKey.generate_key("P-384"), ECKey.generate_key("P-521"),
        OKPKey.generate_key("Ed25519"), OKPKey.generate_key("X25519"), _rsa(),
    ):  # fmt: skip
        # joserfc has its own way to it.
        expected, public = key.thumbprint(), dict(key.as_dict(private=False))
        yield public, expected, "It has its public members only."
        yield public | more, expected, named
        yield dict(reversed(public.items())), expected, "The members are in another order."
        yield more | _private(key), expected, f"It is the private half. {named}"
    large = {"n": _random(1024), "e": "AQAB", "kty": "RSA", "note": "Zoë's key"}
    yield large, RSAKey.import_key(large).thumbprint(), "It is a very long key."
    yield RFC_RSA, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", "The first key, asked once more."


def _slip_in_thumbprint(got: object, key: dict) -> str:
    """What was done in its place, found by doing it; or an empty text."""
    if is_a(got, bytes):
        return "It is text, and not bytes: `.decode()`."
    if type(got) is not str:
        return "It is text."
    needed = {name: key[name] for name in ("kty", *PUBLIC[key["kty"]])}
    text = json.dumps(needed, sort_keys=True, separators=(",", ":"))

    def name_of(text: str, hash_name: str = "sha256") -> str:
        return encode_part(hashlib.new(hash_name, text.encode()).digest())

    digest = hashlib.sha256(text.encode()).digest()
    if got.rstrip("=") == name_of(text) and got.endswith("="):
        return "Base64url without padding has no `=` at its end."
    if got.rstrip("=") == base64.b64encode(digest).decode().rstrip("="):
        return "That is the other base64, with `+` and `/`. A name that stands in URLs has `-` and `_`."
    if got in (digest.hex(), digest.hex().upper()):
        return "Those are hexadecimal digits. The thumbprint is in base64url."
    if got == encode_part(digest.hex().encode()):
        return "The hexadecimal digits were encoded. Take the bytes of the hash, `.digest()`."
    for hash_name in ("sha1", "sha384", "sha512", "md5"):
        if got == name_of(text, hash_name):
            return f"The hash is {hash_name.upper()}. It must be SHA-256."
    if got == name_of(json.dumps(needed, sort_keys=True)):
        return "There are spaces in the JSON: `json.dumps` puts one behind each `,` and `:`."
    for what, members in (
        ("all members, the private ones among them,", key),
        ("the members without `kty`", {k: v for k, v in needed.items() if k != "kty"}),
        ("the members and the `kid`", needed | {"kid": key.get("kid")}),
        ("the members and the `alg`", needed | {"alg": key.get("alg")}),
        ("the members and the `use`", needed | {"use": key.get("use")}),
    ):
        for sort in (True, False):
            for separators in ((",", ":"), None):
                if got == name_of(json.dumps(members, sort_keys=sort, separators=separators)):
                    return (
                        f"You have hashed {what.rstrip(',')}. Only those that make the key count."
                    )
    for members in (needed, {name: value for name, value in key.items() if name in needed}):
        for separators in ((",", ":"), None):
            if got == name_of(json.dumps(members, separators=separators)):
                return "The members are not sorted by their names."
    return ""


ISSUER, AUDIENCE = "https://login.example.com", "shop"


@dataclass
class _Signer:
    """A private key of the issuer, and how it signs."""

    key: object
    alg: str

    def token(self, header: dict | bytes, payload: dict | bytes, alg: str | None = None) -> str:
        """A token with a genuine signature over exactly this header and payload."""
        signing_input = f"{encode_part(header)}.{encode_part(payload)}"
        algorithm = jwt.get_algorithm_by_name(alg or self.alg)
        return f"{signing_input}.{encode_part(algorithm.sign(signing_input.encode(), self.key))}"


@dataclass
class _Issuer:
    """Somebody who signs with several keys, and the keys that everybody may have."""

    name: str = ISSUER
    signers: dict[str, _Signer] = field(default_factory=lambda: {
        "k1": _Signer(ECKey.generate_key("P-256").private_key, "ES256"),
        # Capital letters count, and so does every character.
        "K1": _Signer(ECKey.generate_key("P-256").private_key, "ES256"),
        "k10": _Signer(_rsa().private_key, "RS256"),
        # Whoever allows the algorithms of all keys allows this one for the key above.
        "k11": _Signer(_rsa().private_key, "PS256"),
        "the one of 2026": _Signer(OKPKey.generate_key("Ed25519").private_key, "EdDSA"),
    })  # fmt: skip

    def keys(self) -> dict:
        return {
            kid: {"key": signer.key.public_key(), "alg": signer.alg}
            for kid, signer in self.signers.items()
        }

    def claims(self, **claims) -> dict:
        now = int(time.time())
        usual = {
            "iss": self.name, "sub": "1", "aud": AUDIENCE, "client_id": "shop-page", "iat": now,
            "exp": now + 600, "jti": str(uuid.uuid4()),
        }  # fmt: skip
        return {name: value for name, value in (usual | claims).items() if value is not ...}

    def header(self, by: str = "k1", **members) -> dict:
        usual = {"alg": self.signers[by].alg, "typ": "at+jwt", "kid": by}
        return {name: value for name, value in (usual | members).items() if value is not ...}

    def token(self, by: str = "k1", header: dict | None = None, **claims) -> str:
        """An access token, signed by this key; ``...`` leaves a member or a claim out."""
        return self.signers[by].token(self.header(by, **(header or {})), self.claims(**claims))


@exercise(
    "13.3",
    "`jwt.get_unverified_header(token)` reads the header, and raises a fitting error itself if "
    "there is none to read.",
    "Before you look for the key: is `typ` the right one, is `kid` a text, and is it in `keys`? If "
    "not, `raise jwt.InvalidTokenError(…)` yourself.",
    "`jwt.decode` does the rest, if you name *one* algorithm, that of the key, and hand over "
    '`issuer=`, `audience=` and `options={"require": [...]}`.',
)
def an_access_token_and_nothing_else(verified):
    attempt = Attempt(
        verified,
        "verified",
        parameters=("token", "keys", "issuer", "audience"),
        keeps_arguments=True,
    )
    issuer = _Issuer()
    keys = issuer.keys()
    _judge_good_tokens(attempt, issuer, keys)
    outcomes = [
        (what, attempt.run(token, keys, ISSUER, AUDIENCE), slip)
        for what, token, slip in _bad_tokens(issuer)
    ]
    nobody = attempt.run(issuer.token(), {}, ISSUER, AUDIENCE)
    outcomes.append(
        ("a token, where the issuer has no keys at all", nobody, "Its `kid` is unknown.")
    )
    with clock_at(time.time() + 86_400, verified):
        late = attempt.run(issuer.token(exp=int(time.time()) - 1), keys, ISSUER, AUDIENCE)
    outcomes.append(("a token of yesterday (the clock was set a day ahead)", late, LOOK_AT_TIME))
    # What is accepted is worse than what is refused by another error, so it is told first.
    for what, outcome, slip in outcomes:
        if outcome.error is not None:
            continue
        if outcome.value is None or outcome.value is False or is_a(outcome.value, BaseException):
            raise NotYet(
                f"For {what}, `verified` {outcome.said} and raised nothing. Whoever calls it goes "
                "on: raise `jwt.InvalidTokenError`."
            )
        raise NotYet(f"`verified` accepted {what}: it {outcome.said}. {slip}")
    for what, outcome, slip in outcomes:
        if not is_a(outcome.error, jwt.InvalidTokenError):
            raise NotYet(
                f"For {what}, `verified` {outcome.said}. {_slip_in_error(outcome.error, slip)} "
                "Only `jwt.InvalidTokenError` and its kind may come out: around it stands "
                "`except jwt.InvalidTokenError`, and everything else is a 500."
            )
    _judge_good_tokens(attempt, issuer, keys)
    return "One kind of token, one algorithm for each key, and one kind of error for all the rest."


def _judge_good_tokens(attempt: Attempt, issuer: _Issuer, keys: dict) -> None:
    """Those of each key, each issuer and each audience, as they come."""
    other = _Issuer("https://id.Example.org/realms/Shop/", issuer.signers)
    now = int(time.time())
    good = [
        (issuer, AUDIENCE, issuer.claims(), kid) for kid in issuer.signers
    ] + [
        (issuer, AUDIENCE, issuer.claims(aud=["bank", AUDIENCE]), "k1"),
        (issuer, AUDIENCE, issuer.claims(aud=[AUDIENCE]), "k10"),
        (issuer, AUDIENCE, issuer.claims(exp=now + 600.5, nbf=now - 60, scope="Read Write"), "k1"),
        # All that RFC 9068 §2.2 asks for is in each: an answer may ask for it, too.
        (issuer, AUDIENCE, issuer.claims(sub="Ada Lovelace", auth_time=now), "K1"),
        (issuer, AUDIENCE, issuer.claims(note="Mixed Case " * 300, typ="JWT", kid="x"), "k1"),
        (issuer, "The Shop", issuer.claims(aud="The Shop"), "the one of 2026"),
        (other, "bank", other.claims(aud="bank", sub="Ada Lovelace"), "k10"),
    ]  # fmt: skip
    for who, audience, claims, kid in good:
        token = who.signers[kid].token(who.header(kid), claims)
        outcome = attempt.run(token, keys, who.name, audience)
        what = f"A good token of `{who.name}` for `{audience}`, with the `kid` `{kid}`,"
        if outcome.error is not None:
            slip = ""
            if is_a(outcome.error, KeyError):
                slip = " Each value of `keys` is a dictionary with `key` and `alg`."
            elif is_a(outcome.error, jwt.InvalidAudienceError):
                slip = (
                    f" Its `aud` is `{show(claims['aud'])}`: hand over the `audience` that you are "
                    "given, and leave the rest to `jwt.decode`."
                )
            elif is_a(outcome.error, jwt.InvalidIssuerError):
                slip = " Hand over the `issuer` that you are given."
            elif is_a(outcome.error, (jwt.InvalidAlgorithmError, jwt.InvalidKeyError)):
                slip = f" This key has the algorithm `{keys[kid]['alg']}`: take it from `keys`."
            raise NotYet(f"{what} was refused: `{describe_error(outcome.error)}`.{slip}")
        if not same(outcome.value, claims):
            raise NotYet(
                f"{what} {outcome.said}. Expected its claims, as a dictionary: return what "
                "`jwt.decode` returns."
            )


LOOK_AT_TIME = "Let PyJWT look at the time, at each call, and without leeway."
ONE_ALGORITHM = (
    "The key says which algorithm is right, and no more than that one: `algorithms=[…]` with the "
    "`alg` from `keys`. The header of a token is written by whoever sends it."
)
KIND_OF_TOKEN = "Look at `typ` in the header: it must be `at+jwt`."
REQUIRE = 'Require the claim: `options={"require": [...]}`.'


def _bad_tokens(issuer: _Issuer) -> Iterator[tuple[str, str, str]]:
    yield from _wrong_in_the_header(issuer)
    yield from _wrong_algorithms(issuer)
    yield from _wrong_claims(issuer)
    yield from _no_tokens(issuer)


def _wrong_in_the_header(issuer: _Issuer) -> Iterator[tuple[str, str, str]]:
    look = "Look whether `kid` is a text and in `keys`, before you take the key."
    yield "a token without `kid`", issuer.token(header={"kid": ...}), look
    for kid in (
        "k2", "", "k", "k1 ", "../k1", "__class__", None, 7, 1.5, True, [], ["k1"], {}, {"k1": 1}
    ):  # fmt: skip
        yield f"a token whose `kid` is `{json.dumps(kid)}`", issuer.token(header={"kid": kid}), look
    swapped = issuer.token("k1", header={"kid": "K1"})
    yield "a token of the key `k1` that names `K1`", swapped, "Take the key that it names."
    yield "a token without `typ`", issuer.token(header={"typ": ...}), KIND_OF_TOKEN
    for typ in (
        "JWT", "jwt", "", "at", "jwt+at", "at+jwt+x", "xat+jwt", "rt+jwt", "dpop+jwt", None, 7,
        True, [], ["at+jwt"], {}, {"at+jwt": 1},
    ):  # fmt: skip
        token = issuer.token(header={"typ": typ})
        yield f"a token whose `typ` is `{json.dumps(typ)}`", token, KIND_OF_TOKEN
    identity = issuer.token(header={"typ": "JWT"}, aud="shop-page")
    yield "an ID token of this issuer", identity, KIND_OF_TOKEN
    claimed = issuer.token(header={"typ": "JWT"}, typ="at+jwt")
    yield "an ID token with a claim `typ`", claimed, KIND_OF_TOKEN


def _wrong_algorithms(issuer: _Issuer) -> Iterator[tuple[str, str, str]]:
    claims, stranger = issuer.claims(), ECKey.generate_key("P-256")
    header, payload, signature = issuer.token().split(".")
    verify = "Let PyJWT verify the signature, with the key that `kid` names."
    other = _Signer(stranger.private_key, "ES256")
    yield "a token that somebody else has signed", other.token(issuer.header(), claims), verify
    changed = f"{header}.{encode_part(claims | {'sub': 'admin'})}.{signature}"
    yield "a token with another payload", changed, verify
    yield "a token with half a signature", f"{header}.{payload}.{signature[:43]}", verify
    yield "a token without signature", f"{header}.{payload}.", verify
    with_own_key = issuer.header(jwk=dict(stranger.as_dict(private=False)))
    yield "a token that brings its own key along", other.token(with_own_key, claims), verify
    for alg in ("none", "None", "HS256", ..., None, ["ES256"], "es256"):
        named = issuer.header(alg=alg)
        said = "no `alg`" if alg is ... else f"`alg` `{json.dumps(alg)}`"
        token = f"{encode_part(named)}.{payload}."
        yield f"an unsigned token with {said}", token, ONE_ALGORITHM
    for kid, pair in (("k1", None), ("k10", _rsa())):
        public = issuer.signers[kid].key.public_key()
        pem = (pair or ECKey.import_key(public)).as_pem(private=False).decode()
        for text in (pem, pem.strip()):
            confused = signed(issuer.header(kid, alg="HS256"), claims, text)
            yield "an HS256 token, made with your public key as its secret", confused, ONE_ALGORITHM
    rsa = issuer.signers["k10"]
    for alg in ("RS384", "RS512", "PS256"):
        token = rsa.token(issuer.header("k10", alg=alg), claims, alg)
        yield f"a token of an RS256 key, signed with {alg}", token, ONE_ALGORITHM
    token = rsa.token(issuer.header("k10", alg="ES256"), claims)
    yield "a token of an RS256 key that says ES256", token, ONE_ALGORITHM
    token = issuer.signers["k1"].token(issuer.header("k10", alg="ES256"), claims)
    yield "an ES256 token that names an RS256 key", token, ONE_ALGORITHM
    token = issuer.signers["k1"].token(issuer.header("k1", alg="EdDSA"), claims)
    yield "a token of an ES256 key that says EdDSA", token, ONE_ALGORITHM


def _wrong_claims(issuer: _Issuer) -> Iterator[tuple[str, str, str]]:
    now = int(time.time())
    for name in ("iss", "aud", "exp"):
        yield f"a token without `{name}`", issuer.token(**{name: ...}), REQUIRE
        null = issuer.token(**{name: None})
        yield f"a token whose `{name}` is `null`", null, REQUIRE
    for name, slip, values in (
        ("iss", "Hand over the issuer, and let PyJWT compare the whole.", (
            "https://evil.example", f"{ISSUER}/", f"{ISSUER}.evil.example", ISSUER.upper(), "", 7,
            ISSUER[:-1], True, [ISSUER], {"name": ISSUER},
        )),
        ("aud", "Hand over the audience, and let PyJWT compare the whole.", (
            "bank", "shop-page", "Shop", "shopping", "sho", "", 7, True, [], ["bank"], ["Shop"],
            [AUDIENCE, 7], {AUDIENCE: 1},
        )),
        ("exp", LOOK_AT_TIME, (now - 3600, now - 1, 0, "soon", [now + 600], {})),
        ("nbf", "Let PyJWT look at `nbf`, too: switch nothing off.", (now + 3600, "soon", [])),
    ):  # fmt: skip
        for value in values:
            token = issuer.token(**{name: value})
            yield f"a token whose `{name}` is `{show_text(json.dumps(value))}`", token, slip


def _no_tokens(issuer: _Issuer) -> Iterator[tuple[str, str, str]]:
    slip = "Let PyJWT read it."
    header, payload, signature = issuer.token().split(".")
    for text in ("", "abc", "a.b.c", "é.é.é", "..", ".", "null", "e30.e30.", f"{header}.{payload}"):
        yield f"the text `{show_text(text, 20)}`", text, slip
    yield "a token of four parts", f"{header}.{payload}.{signature}.x", slip
    yield "a token in small letters", f"{header}.{payload}.{signature}".lower(), slip
    yield "a token with the word Bearer before it", f"Bearer {header}.{payload}.{signature}", slip
    for content in (b"[]", b"null", b'"at+jwt"', b"7", b"{", b"\xff\xfe"):
        odd = f"{encode_part(content)}.{payload}.{signature}"
        yield f"a token whose header is `{show(content)[2:-1]}`", odd, "Its header is no object."
    deep = b'{"alg":"ES256","typ":"at+jwt","kid":"k1","x":' + b"[" * 12_000
    for content in (deep, deep + b"]" * 12_000 + b"}"):
        odd = f"{encode_part(content)}.{payload}.{signature}"
        yield "a token whose header is JSON nested thousands of levels deep", odd, slip
    for content in (b"[]", b"null", b'"7"', b"7", b"{"):
        odd = issuer.signers["k1"].token(issuer.header(), content)
        yield f"a token whose payload is `{show(content)[2:-1]}`", odd, slip


def _slip_in_error(error: BaseException, slip: str) -> str:
    """How one comes to raise it; ``slip`` says what the token is about."""
    if slip == ONE_ALGORITHM:
        return slip
    if is_a(error, KeyError):
        return "There is no such name: look before you take it."
    if is_a(error, (AttributeError, TypeError)):
        return "What is in a header may be of any kind: a number, a list, `null`."
    if is_a(error, jwt.PyJWTError):
        return f"`{type(error).__name__}` is no kind of `InvalidTokenError`."
    return slip


STEPS = {
    "P": "publish the new key",
    "C": "wait for the caches",
    "S": "sign with the new key",
    "T": "wait for the old tokens",
    "R": "retire the old key",
}
LIFETIME = 600  # seconds


@exercise(
    "13.4",
    "Ask of each step what must have happened before. A token is refused if the API does not have "
    "the key that it names.",
    "Before a key signs, each API must have it. Two steps see to that, one after the other.",
    "As soon as a key is retired, the tokens that it has signed are worth nothing. When does the "
    "last of them come into being, and when is it over?",
)
def the_right_order(steps):
    letters = _letters(steps)
    now = float(int(time.time()))
    # An API fetches the keys anew whenever its cache is too old: at the latest in step C, and
    # perhaps at any moment.
    for eager in (False, True):
        with clock_at(now, _Rotation.go) as clock:
            _Rotation(clock, eager).go(letters)
    return "At no moment is there a good token whose key an API does not have."


def _letters(steps: object) -> list[str]:
    if is_a(steps, (str, dict, set, frozenset)) or not is_a(steps, (list, tuple)):
        slip = " A set has no order." if is_a(steps, (set, frozenset)) else ""
        raise NotYet(f"`steps` is {type_of(steps)}. Write a list of five letters.{slip}")
    if any(each is ... for each in steps):
        raise NotAttempted
    letters = [plain(each) for each in steps]
    for letter in letters:
        if type(letter) is not str or letter not in STEPS:
            slip = ""
            if type(letter) is str and letter.strip().upper() in STEPS:
                slip = f" Write `{show(letter.strip().upper())}`."
            raise NotYet(
                f"`{show(letter)}` is none of the five letters, `P`, `C`, `S`, `T` and `R`.{slip}"
            )
    for letter in STEPS:
        if letters.count(letter) != 1:
            times = f"{letters.count(letter)} times" if letter in letters else "missing"
            raise NotYet(f"`{letter}` ({STEPS[letter]}) is {times}. Each step happens once.")
    return letters


@dataclass(frozen=True)
class _Issued:
    """A token that the client has. ``when`` says since when, in words."""

    when: str
    token: str
    exp: int


class _Rotation:
    """An issuer with two keys, an API with a cache, and a client that keeps every token it gets."""

    def __init__(self, clock: Clock, eager: bool):
        self.clock, self.eager = clock, eager
        parameters = {"use": "sig", "alg": "ES256"}
        self.old, self.new = (
            ECKey.generate_key("P-256", parameters=parameters, auto_kid=True) for _ in range(2)
        )
        self.signing, self.published = self.old, [self.old]
        self.tokens: list[_Issued] = []
        self.cache: dict[str, jwt.PyJWK] = {}
        self.fetch()

    def go(self, letters: list[str]) -> None:
        """Take the steps. After each of them, does the API refuse a good token?"""
        self.log_in("from before the first step")
        for number, letter in enumerate(letters, 1):
            self.clock.now += 1
            self.take(letter)
            if self.eager:
                self.fetch()
            # The client still has the tokens of before, and gets one of now.
            self.log_in(f"of step {number}, `{letter}`")
            self.look(f"After step {number}, `{letter}` ({STEPS[letter]})")
        # Sooner or later each cache is renewed.
        self.fetch()
        self.look("After all five steps, as soon as its cache was renewed")

    def take(self, letter: str) -> None:
        if letter == "P":
            self.published.append(self.new)
        elif letter == "C":
            self.fetch()
        elif letter == "S":
            self.signing = self.new
        elif letter == "T":
            # The last token that the old key has signed so far is over then.
            self.clock.now += LIFETIME
        else:
            self.published.remove(self.old)

    def fetch(self) -> None:
        """The API fetches what is published. It has no other way to a key."""
        jwks = {"keys": [key.as_dict(private=False) for key in self.published]}
        found = jwt.PyJWKSet.from_dict(jwks).keys if self.published else []
        self.cache = {key.key_id: key for key in found}

    def log_in(self, when: str) -> None:
        exp = int(self.clock.now) + LIFETIME
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "1", "exp": exp}
        header = {"typ": "at+jwt", "kid": self.signing.kid}
        token = jwt.encode(claims, self.signing.private_key, algorithm="ES256", headers=header)
        self.tokens.append(_Issued(when, token, exp))

    def look(self, moment: str) -> None:
        """Send every token that is still good, the newest first."""
        for each in reversed(self.tokens):
            if each.exp <= self.clock.now:
                continue
            try:
                self.verify(each.token)
            except jwt.InvalidTokenError:
                raise NotYet(f"{moment}, {self.what_was_refused(each)}") from None

    def verify(self, token: str) -> None:
        """As the API does. For an unknown `kid` it does not ask again: it pauses between fetches."""
        kid = jwt.get_unverified_header(token)["kid"]
        if kid not in self.cache:
            raise jwt.InvalidTokenError("There is no such key.")
        key = self.cache[kid]
        jwt.decode(token, key, algorithms=["ES256"], audience=AUDIENCE, issuer=ISSUER)

    def what_was_refused(self, issued: _Issued) -> str:
        is_new = jwt.get_unverified_header(issued.token)["kid"] == self.new.kid
        name, key = ("new", self.new) if is_new else ("old", self.old)
        if key in self.published:
            why = "is published, but the API has not fetched it yet"
        else:
            why = "is not published"
            if self.eager:
                why += ", and an API may fetch the keys anew at any moment"
        return (
            f"the API refused a good token, the one {issued.when}. It names the {name} key, which "
            f"{why}."
        )

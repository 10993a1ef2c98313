"""Whether an HMAC signature fits, in words, and a fresh one: what the debugger knows of keys.

python-jose does the work. ``course`` is imported without it.
"""

import json

from course.key_strength import doubts_about
from course.token_in_text import find_token
from course.token_parts import LONGEST_READ, decode_part, encode_part, read_object
from course.token_view import PARTS, is_encrypted

# RFC 7518 §3.2: a key for HMAC has at least as many bytes as the hash.
BYTES_OF_A_GOOD_KEY = {"HS256": 32, "HS384": 48, "HS512": 64}


def verdict_on(pasted: str, key: str) -> tuple[str, str]:
    """Whether the signature of the token in it fits: a colour of ``COLOURS`` and the verdict, a sign and words (RFC 7515 §5.2).

    Dates and claims are not looked at: only the signature is.
    """
    found = find_token(pasted)
    if found.several:
        return "waiting", f"? Cannot be checked: {found.problems[-1]}"
    token = found.token
    if len(token) > LONGEST_READ:
        return "waiting", f"? Cannot be checked: more than {LONGEST_READ:,} characters."
    pieces = token.split(".")
    if is_encrypted(pieces):
        return "waiting", (
            "? Cannot be checked: this token is encrypted (JWE, RFC 7516). "
            "It takes the key of its recipient to open it, and that is not done here."
        )
    if len(pieces) != len(PARTS):
        return "waiting", "? Cannot be checked: this is not three parts with dots between them."
    try:
        header = read_object(decode_part(pieces[0]).decode("utf-8"))
        decode_part(pieces[1])
        signature = decode_part(pieces[2])
    except ValueError as error:
        return "waiting", f"? Cannot be checked: a part cannot be read ({error})."
    algorithm = header.get("alg")
    if isinstance(algorithm, str) and algorithm.lower() == "none":
        return "bad", (
            "✗ Unsigned. The header says alg none: anybody can write such a token, no key can vouch for it, "
            "and a server must refuse it."
        )
    if not isinstance(algorithm, str) or algorithm not in BYTES_OF_A_GOOD_KEY:
        named = json.dumps(algorithm)[:40] if "alg" in header else "missing"
        return "waiting", (
            f"? Cannot be checked: alg is {named}. Only HS256, HS384 and HS512 can be checked here, with a shared key."
        )
    if "crit" in header:
        return "waiting", (
            "? Cannot be checked: crit demands extensions that are not known here (RFC 7515 §4.1.11)."
        )
    if not key:
        return "waiting", "○ Not checked. Type the key that signed it."
    try:
        fits = _hmac(key, algorithm).verify(".".join(pieces[:2]).encode(), signature)
    except ValueError as error:
        return "waiting", f"? Cannot be checked: {error}"
    if not fits:
        return "bad", (
            "✗ Not verified. The signature does not fit: a part was changed, or another key signed it."
        )
    return "good", (
        f"✓ Verified with {algorithm}. Whoever has this key signed exactly this header and payload."
        + doubts_about(key, BYTES_OF_A_GOOD_KEY[algorithm])
    )


def sign(header: dict, payload_piece: str, header_piece: str, key: str) -> tuple[str, str]:
    """A token of these parts with a fresh signature, and what was done in words. ``header`` is ``header_piece``, read.

    An ``alg`` that is not HS256, HS384 or HS512 becomes HS256: that is what a typed key can do.

    Raises:
        ValueError: with the reason, for what cannot be signed with this key.
    """
    if not key:
        raise ValueError("there is no key. Type one first.")
    if "crit" in header:
        raise ValueError("crit demands extensions that are not known here. Remove it first.")
    if not isinstance(header.get("kid", ""), str):
        raise ValueError("kid must be text (RFC 7515 §4.1.4).")
    algorithm = header.get("alg")
    done = f"Signed again with {algorithm}."
    if not isinstance(algorithm, str) or algorithm not in BYTES_OF_A_GOOD_KEY:
        algorithm = "HS256"
        header_piece = encode_part({**header, "alg": algorithm})
        done = "Signed again. The header now says HS256, which is what a typed key can do."
    signed = f"{header_piece}.{payload_piece}"
    return f"{signed}.{encode_part(_hmac(key, algorithm).sign(signed.encode()))}", done


def _hmac(key: str, algorithm: str):
    """python-jose's HMAC, which compares in constant time.

    Raises:
        ValueError: for a key that is no HMAC key, such as a public key in PEM.
    """
    # Here, because `import course` shall not wait for python-jose and cryptography.
    from jose import jwk
    from jose.exceptions import JWKError

    try:
        return jwk.construct(key, algorithm)
    except UnicodeEncodeError as error:
        raise ValueError("the key holds half a character, which has no bytes.") from error
    except JWKError as error:
        raise ValueError("this is a key or certificate of a pair, not a shared key.") from error

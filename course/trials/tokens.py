"""A token that a learner's function has made, read without trust."""

import hmac

from course.checking import NotYet, show, show_text
from course.token_parts import decode_part, encode_part, read_object


def read_token(token: object, made_by: str, slip: str = "") -> tuple[dict, dict]:
    """Header and claims; what is no token is *not yet*. The signature is not looked at.

    ``made_by`` is the call, such as "sign(claims, key)", and ``slip`` what is likely to be wrong.
    """
    said = f"`{made_by}` returned `{show(token)}`, which is not a token"
    if type(token) is not str or token.count(".") != 2:
        raise NotYet(f"{said}. {slip}".rstrip())
    header, payload, signature = token.split(".")
    try:
        decode_part(signature)
        return tuple(read_object(decode_part(part).decode("utf-8")) for part in (header, payload))
    except ValueError as error:
        raise NotYet(f"{said}: {show_text(str(error))}. {slip}".rstrip()) from None


def claims_signed_with(token: object, key: str, made_by: str, slip: str = "") -> dict:
    """The claims of a token that is HS256 and signed with this very key; anything else is *not yet*."""
    header, claims = read_token(token, made_by, slip)
    if header.get("alg") != "HS256":
        raise NotYet(f"`{made_by}` signed with `{show(header.get('alg'))}`. Expected `'HS256'`.")
    signing_input, _, signature = token.rpartition(".")
    mac = hmac.digest(key.encode(), signing_input.encode(), "sha256")
    if signature != encode_part(mac):
        raise NotYet(
            f"The token of `{made_by}` does not verify with the key that was given. "
            f"Sign with the `key` that the function is given."
        )
    return claims

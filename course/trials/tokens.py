"""A token that a learner's function has made, read without trust."""

from course.checking import NotYet, show
from course.token_parts import decode_part, read_object


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
        raise NotYet(f"{said}: {show(str(error))[1:-1]}. {slip}".rstrip()) from None

"""A token that an answer returned, read as exactly as it is written."""

import hmac

from course.checking import NotYet, show
from course.token_parts import decode_part, encode_part, read_object


def claims_of_returned(token: object, key: str, call: str, how: str) -> dict:
    """The claims of a token that is HS256 and signed with this very key; anything else is *not yet*.

    ``call`` is how the answer was asked, ``how`` the sentence on how a token is made.
    """
    if not isinstance(token, str) or token.count(".") != 2:
        raise NotYet(f"`{call}` returned `{show(token)}`, which is not a token. {how}")
    signing_input, _, signature = token.rpartition(".")
    parts = {}
    for name, part in zip(("header", "payload"), signing_input.split(".")):
        try:
            parts[name] = read_object(decode_part(part).decode("utf-8"))
        except ValueError as error:
            raise NotYet(
                f"`{call}` returned `{show(token)}`, which is not a token: its {name} cannot be read, {error}. {how}"
            ) from error
    algorithm = parts["header"].get("alg")
    if algorithm != "HS256":
        raise NotYet(f"`{call}` signed with `{show(algorithm)}`. Expected `'HS256'`.")
    mac = hmac.digest(key.encode(), signing_input.encode(), "sha256")
    if signature != encode_part(mac):
        raise NotYet(
            f"The token of `{call}` does not verify with the key that was given. "
            f"Sign with the `key` that the function is given."
        )
    return parts["payload"]

"""Answers to the exercises of lesson 05: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

_STRICT = """
def strict_pyjwt(token, key, audience):
    return pyjwt.decode(token, {key}, algorithms={algorithms}, audience={audience}, options={options})
"""


def _strict(**changes):
    pieces = {
        "key": "key",
        "algorithms": '["HS256"]',
        "audience": "audience",
        "options": '{"require": ["exp", "sub", "aud"]}',
    }
    return _STRICT.format(**(pieces | changes))


RIGHT = {
    "5.1": [
        'def strip_signature(token):\n    return encode_part(b\'{"alg":"none"}\') + "." + token.split(".")[1] + "."',
    ],
    "5.2": [
        """
def is_meant_for(claims, audience):
    match claims.get("aud"):
        case str(name):
            return name == audience
        case list(names):
            return any(name == audience for name in names)
    return False
"""
    ],
    "5.3": [
        """
def strict_pyjwt(token, key, audience):
    claims = pyjwt.decode(token, key, algorithms=["HS256"], audience=[audience], options={"require": ["exp", "sub"]})
    if "aud" not in claims:
        raise pyjwt.MissingRequiredClaimError("aud")
    return claims
"""
    ],
}

WRONG = {
    "5.1": [
        (
            "def strip_signature(token):\n    return encode_part(b'{\"alg\":\"none\"}') + '.' + token.split('.')[1]",
            "two parts",
        ),
        (
            "def strip_signature(token):\n    return encode_part(b'{\"alg\":\"none\"}') + token[token.index('.'):]",
            "It must be empty",
        ),
        (
            "def strip_signature(token):\n    return token.rpartition('.')[0] + '.'",
            "The header says",
        ),
        (
            "def strip_signature(token):\n    return encode_part(b'{\"alg\":\"None\"}') + '.' + token.split('.')[1] + '.'",
            "The header says",
        ),
        (
            "def strip_signature(token):\n    return '{\"alg\":\"none\"}.' + token.split('.')[1] + '.'",
            "not base64url of JSON",
        ),
        (
            "def strip_signature(token):\n    return encode_part(b'{\"alg\":\"none\"}') + '.' + encode_part(b'{\"sub\":\"admin\"}') + '.'",
            "The payload has changed",
        ),
        (
            'def strip_signature(token):\n    head = base64.urlsafe_b64encode(b\'{"alg":"none"}\').decode()\n'
            "    return head + '.' + token.split('.')[1] + '.'",
            "leaves the padding out",
        ),
    ],
    "5.2": [
        (
            "def is_meant_for(claims, audience):\n    return audience in claims['aud']",
            "`in` finds a piece",
        ),
        (
            "def is_meant_for(claims, audience):\n    return claims['aud'] == audience",
            "one of the list",
        ),
        (
            "def is_meant_for(claims, audience):\n    return claims.get('aud', audience) in (audience, [audience])",
            "one of the list",
        ),
        (
            "def is_meant_for(claims, audience):\n    if 'aud' not in claims:\n        return True\n"
            "    aud = claims['aud']\n    return aud == audience or isinstance(aud, list) and audience in aud",
            "Without `aud` it is meant for nobody",
        ),
        (
            "def is_meant_for(claims, audience):\n    aud = claims['aud']\n    return aud == audience or isinstance(aud, list) and audience in aud",
            "answer `False`",
        ),
        (
            "def is_meant_for(claims, audience):\n    aud = claims.get('aud')\n"
            "    return audience == aud if isinstance(aud, str) else audience in aud",
            "answer `False`",
        ),
        (
            "def is_meant_for(claims, audience):\n    aud = claims.get('aud') or []\n"
            "    return audience == aud if isinstance(aud, str) else isinstance(aud, (list, dict)) and audience in aud",
            "neither a text nor a list",
        ),
    ],
    "5.3": [
        (
            _strict(algorithms='[pyjwt.get_unverified_header(token)["alg"]]'),
            "nothing from the header",
        ),
        (_strict(options="{}"), "Require `exp`"),
        (_strict(options='{"require": ["exp", "aud"]}'), "Require `sub`"),
        (
            _strict(
                audience="None", options='{"require": ["exp", "sub", "aud"], "verify_aud": False}'
            ),
            "Pass the audience on",
        ),
        (_strict(audience='"shop"'), "Use the key and the audience that are given"),
        (_strict(key="KEY"), "Use the key and the audience that are given"),
        (_strict(options='{"verify_signature": False}'), "accepted a token with another key"),
        (_strict().replace("return ", "claims = "), "Expected its claims"),
    ],
}

"""Answers to the exercises of lesson 02: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

_SIGN = """
def sign(claims, key):
    head = encode_part({dumps_header})
    body = encode_part({dumps_claims})
    text = {text}
    mac = {mac}
    return {result}
"""


def _sign(**changes):
    pieces = {
        "dumps_header": """b'{"alg":"HS256","typ":"JWT"}'""",
        "dumps_claims": """json.dumps(claims, separators=(",", ":")).encode()""",
        "text": 'head + "." + body',
        "mac": "hmac.new(key.encode(), text.encode(), 'sha256').digest()",
        "result": 'text + "." + encode_part(mac)',
    }
    return _SIGN.format(**(pieces | changes))


_VERIFY = """
def verify(token, key):
    header, payload, signature = token.split(".")
    expected = encode_part(hmac.digest(key.encode(), f"{{header}}.{{payload}}".encode(), "sha256"))
    if {unequal}:
        raise ValueError("no")
    head, claims = (json.loads(base64.urlsafe_b64decode(each + "==")) for each in (header, payload))
    if {bad_header}:
        raise ValueError("no")
    if {bad_claims}:
        raise ValueError("no")
    return claims
"""


def _verify(
    unequal="expected != signature",
    bad_header="type(head) != dict or head.get('alg') != 'HS256'",
    bad_claims="type(claims) != dict",
):
    return _VERIFY.format(unequal=unequal, bad_header=bad_header, bad_claims=bad_claims)


RIGHT = {
    "2.1": [
        _sign(),
        "def sign(claims, key):\n    return jwt_encode(claims, key)\nfrom jose.jwt import encode as jwt_encode",
    ],
    "2.2": [
        _verify(),
        _verify(unequal="not hmac.compare_digest(expected.encode(), signature.encode())"),
    ],
    "2.3": [
        """
import re
def is_canonical(part):
    if not re.fullmatch("[A-Za-z0-9_-]*", part) or len(part) % 4 == 1:
        return False
    return base64.urlsafe_b64encode(base64.urlsafe_b64decode(part + "==")).rstrip(b"=") == part.encode()
"""
    ],
}

WRONG = {
    "2.1": [
        (
            _sign(mac="hmac.new(key.encode(), text.encode(), 'sha256').hexdigest().encode()"),
            "86 characters",
        ),
        (_sign(dumps_claims="json.dumps(claims).encode()"), "spaces in its JSON"),
        (_sign(text='head + "." + body + "."', result="text + encode_part(mac)"), "a dot too many"),
        (_sign(mac="hashlib.sha256(text.encode()).digest()"), "made without the key"),
        (
            _sign(
                mac="hmac.digest(key.encode(), b'{\"alg\":\"HS256\",\"typ\":\"JWT\"}.' + json.dumps(claims, separators=(',', ':')).encode(), 'sha256')"
            ),
            "the JSON itself",
        ),
        (_sign(mac="hmac.digest(key, text, 'sha256')"), "HMAC works on bytes"),
        (_sign(result="encode_part(mac)"), "1 part(s)"),
        (
            _sign(result="text + '.' + base64.urlsafe_b64encode(mac).decode()"),
            "leaves the padding out",
        ),
        (_sign(mac="hmac.digest(b'secret', text.encode(), 'sha256')"), "the key the `key`"),
        (_sign(dumps_header='b\'{"alg":"HS512"}\''), "Your header is"),
    ],
    "2.2": [
        (_verify(unequal="False"), "accepted a token with a changed payload"),
        (_verify(bad_header="False"), "Check `alg` in the header"),
        (_verify(bad_claims="False"), "Claims are a JSON object"),
        (_verify(unequal="not expected.startswith(signature)"), "an empty signature"),
        (_verify(unequal="not hmac.compare_digest(expected, signature)"), "compare bytes"),
        (
            "def verify(token, key):\n    header, payload, signature = token.split('.')\n"
            "    return json.loads(base64.urlsafe_b64decode(payload + '=='))",
            "accepted",
        ),
        (
            "def verify(token, key):\n    parts = token.split('.')\n"
            "    head = json.loads(base64.urlsafe_b64decode(parts[0] + '=='))\n"
            "    claims = json.loads(base64.urlsafe_b64decode(parts[1] + '=='))\n    if head['alg'] == 'none':\n        return claims\n"
            "    mac = hmac.digest(key.encode(), '.'.join(parts[:2]).encode(), 'sha256')\n"
            "    if encode_part(mac) != parts[2]:\n        raise ValueError('no')\n    return claims",
            "accepted a token with `alg` none",
        ),
        (
            "def verify(token, key):\n    header, payload, signature = token.split('.')\n"
            "    mac = hmac.digest(key.encode(), f'{header}.{payload}'.encode(), 'sha256')\n"
            "    assert encode_part(mac) == signature\n    return json.loads(base64.urlsafe_b64decode(payload + '=='))",
            "It must raise `ValueError`",
        ),
    ],
    "2.3": [
        (
            "import re\ndef is_canonical(part):\n    return bool(re.fullmatch('[A-Za-z0-9_-]*', part))",
            "unused bit",
        ),
        (
            "def is_canonical(part):\n    try:\n        base64.urlsafe_b64decode(part + '==')\n        return True\n"
            "    except ValueError:\n        return False",
            "unused bit",
        ),
        (
            "def is_canonical(part):\n    return encode_part(base64.urlsafe_b64decode(part + '==')) == part",
            "catch the error",
        ),
        ("def is_canonical(part):\n    return '=' not in part", "unused bit"),
        (
            "def is_canonical(part):\n    decoded = base64.urlsafe_b64decode(part + '==')\n"
            "    return base64.urlsafe_b64encode(decoded).decode() == part",
            "This is what encoding some bytes gives",
        ),
    ],
}

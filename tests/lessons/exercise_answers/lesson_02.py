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
        _sign(
            dumps_claims='json.dumps(claims, separators=(",", ":"), ensure_ascii=False).encode()'
        ),
        _sign(dumps_claims='json.dumps(claims, separators=(",", ":"), sort_keys=True).encode()'),
        """
import jwt as _pyjwt
def sign(claims, key):
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        return _pyjwt.encode(claims, key, algorithm='HS256')
""",
        """
def sign(payload, *, secret):
    encode = json.JSONEncoder(separators=(',', ':')).encode
    parts = [encode_part(encode(each).encode()) for each in ({'alg': 'HS256', 'typ': 'JWT'}, payload)]
    mac = hmac.new(secret.encode(), digestmod=hashlib.sha256)
    mac.update('.'.join(parts).encode())
    return '.'.join([*parts, encode_part(mac.digest())])
""",
    ],
    "2.2": [
        _verify(),
        _verify(unequal="not hmac.compare_digest(expected.encode(), signature.encode())"),
        """
from jose import jwt as _jose
def verify(token, key):
    from jose import jwk
    try:
        return _jose.decode(token, jwk.construct(key, 'HS256'), algorithms=['HS256'], options={'verify_sub': False, 'verify_exp': False})
    except Exception as error:
        raise ValueError('no') from error
""",
        """
class Refused(ValueError):
    pass
def verify(token, *, key):
    try:
        head, body, mac = token.split('.')
        right = hmac.new(bytes(key, 'utf-8'), bytes(f'{head}.{body}', 'utf-8'), 'sha256').digest()
        given = base64.b64decode(mac + '=', altchars='-_', validate=True)
        assert hmac.compare_digest(right, given)
        header, claims = (json.loads(base64.urlsafe_b64decode(each + '==')) for each in (head, body))
        assert isinstance(claims, dict) and header['alg'] == 'HS256'
    except Exception as error:
        raise Refused from error
    return claims
""",
    ],
    "2.3": [
        """
import re
def is_canonical(part):
    if not re.fullmatch("[A-Za-z0-9_-]*", part) or len(part) % 4 == 1:
        return False
    return base64.urlsafe_b64encode(base64.urlsafe_b64decode(part + "==")).rstrip(b"=") == part.encode()
""",
        """
def is_canonical(part):
    try:
        return encode_part(base64.b64decode(part + '=' * (-len(part) % 4), '-_', validate=True)) == part
    except Exception:
        return False
""",
        """
import numpy, re
def is_canonical(text):
    good = re.fullmatch('(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?', text)
    return numpy.bool_(good is not None)
""",
    ],
}

WRONG = {
    "2.1": [
        (
            """
import json
def sign(claims, key):
    header = {"alg": "HS256", "typ": "JWT"}
    parts = (json.dumps(each, separators=(",", ":")).encode() for each in (header, claims))
    signing_input = ".".join(encode_part(part) for part in parts)
    signature = hmac.digest(bytes.fromhex(key), signing_input.encode(), hashlib.sha256)
    return f"{signing_input}.{encode_part(signature)}"
""",
            "You decoded the key from hexadecimal",
        ),
        (
            """
import json
def sign(claims, key):
    header = {"alg": "HS256", "typ": "JWT"}
    parts = (json.dumps(each, separators=(",", ":")).encode() for each in (header, claims))
    signing_input = ".".join(encode_part(part) for part in parts)
    return signing_input + "." + hmac.new(key.encode(), signing_input.encode(), hashlib.sha256).hexdigest()
""",
            "written in hexadecimal digits",
        ),
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
        (_sign(dumps_header='b\'{"alg":"HS512"}\''), "Your header"),
        (
            _sign(dumps_claims='json.dumps(claims).replace(" ", "").encode()'),
            "lost spaces inside its values",
        ),
        (
            _sign(dumps_claims='"".join(json.dumps(claims).split()).encode()'),
            "lost spaces inside its values",
        ),
        (
            _sign(dumps_claims='json.dumps(claims, separators=(",", ":")).lower().encode()'),
            "Your payload says",
        ),
        (
            _sign(
                dumps_claims='json.dumps(claims, separators=(",", ":")).encode("latin-1", "ignore")[:4000]'
            ),
            "Your payload",
        ),
        (_sign(dumps_claims='json.dumps(claims, separators=(",", ": ")).encode()'), "Write it"),
        (
            _sign(
                dumps_claims='json.dumps({name: str(value) for name, value in claims.items()}, separators=(",", ":")).encode()'
            ),
            "Your payload says",
        ),
        (
            _sign(mac="hmac.digest(key.strip().encode(), text.encode(), 'sha256')"),
            "white space at its ends",
        ),
        (
            _sign(mac="hmac.digest(key.encode()[:64], text.encode(), 'sha256')"),
            "Your signature differs",
        ),
        (
            _sign(mac="hmac.digest(key.lower().encode(), text.encode(), 'sha256')"),
            "in small letters",
        ),
        (
            _sign(mac="hmac.digest(key.encode('ascii', 'ignore'), text.encode(), 'sha256')"),
            "Your signature differs",
        ),
        (
            _sign(
                dumps_claims='json.dumps(claims, separators=(",", ":")).encode() if claims.setdefault("iat", 1) else b""'
            ),
            "changed the dict",
        ),
        (
            """
class Anything(str):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
def sign(claims, key):
    return Anything('a.b.c')
""",
            "Your header",
        ),
        (
            """
def sign(claims, key):
    return 'a.b.c'
""",
            "Your header",
        ),
        (
            """
def sign(claims, key):
    return b'a.b.c'
""",
            "Expected text",
        ),
    ],
    "2.2": [
        (
            """
def verify(token, key):
    header, payload, *rest = token.split(".")
    signature = rest[0]
    expected = hmac.digest(key.encode(), f"{header}.{payload}".encode(), hashlib.sha256)
    if not hmac.compare_digest(signature.encode(), encode_part(expected).encode()):
        raise ValueError("the signature does not fit")
    read = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (header, payload)]
    if not all(isinstance(part, dict) for part in read) or read[0].get("alg") != "HS256":
        raise ValueError("not an HS256 token")
    return read[1]
""",
            "A token has exactly three",
        ),
        (
            """
def verify(token, key):
    header, payload, *signature = token.split(".")
    expected = hmac.digest(key.encode(), f"{header}.{payload}".encode(), hashlib.sha256)
    if not hmac.compare_digest(signature, encode_part(expected)):
        raise ValueError("the signature does not fit")
    return json.loads(base64.urlsafe_b64decode(payload + "=="))
""",
            "gives three texts",
        ),
        (_verify(unequal="False"), "accepted a token with a changed payload"),
        (
            _verify().replace('raise ValueError("no")', "raise PermissionError"),
            "It must raise `ValueError`",
        ),
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
            "Claims are a JSON object",
        ),
        (_verify(bad_header="head.get('alg').upper() != 'HS256'"), "capital letters count"),
        (_verify(bad_header="head.get('alg', '').casefold() != 'hs256'"), "capital letters count"),
        (_verify(bad_header="not head['alg'].startswith('HS256')"), "Check `alg` in the header"),
        (_verify(bad_header="head['alg'].strip() != 'HS256'"), "Check `alg` in the header"),
        (_verify(bad_header="head['alg'] not in 'HS256'"), "Check `alg` in the header"),
        (_verify(bad_header="'HS256' not in head['alg']"), "Check `alg` in the header"),
        (_verify(bad_header="head['alg'] != 'HS256'"), "It must raise `ValueError`"),
        (_verify(bad_header="head.get('alg') == 'none'"), "Check `alg` in the header"),
        (_verify(unequal="expected.lower() != signature.lower()"), "swapped"),
        (_verify(unequal="expected not in signature"), "accepted a token with a longer signature"),
        (_verify(unequal="not signature.endswith(expected)"), "in front of the signature"),
        (_verify(unequal="any(a != b for a, b in zip(expected, signature))"), "an empty signature"),
        (_verify(unequal="expected[:-4] != signature[:-4]"), "last characters changed"),
        (
            _verify(unequal="len(expected) != len(signature)"),
            "accepted a token with a changed payload",
        ),
        (_verify(bad_claims="isinstance(claims, list)"), "Claims are a JSON object"),
        (_verify(bad_claims="claims and type(claims) != dict"), "Claims are a JSON object"),
        (
            _verify()
            .replace("return claims", "return dict(claims)")
            .replace("type(claims) != dict", "False"),
            "list",
        ),
        (_verify().replace("key.encode()", "key.strip().encode()"), "This token is genuine"),
        (_verify().replace("key.encode()", "key.lower().encode()"), "This token is genuine"),
        (
            """
from jose import jwt as _jose, JWTError
def verify(token, key):
    try:
        return _jose.decode(token, key, options={'verify_sub': False})
    except JWTError as error:
        raise ValueError('no') from error
""",
            "HS512",
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
        (
            """
import re
def is_canonical(part):
    return bool(re.match('(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?$', part))
""",
            "line break",
        ),
        (
            """
def is_canonical(part):
    try:
        return encode_part(base64.urlsafe_b64decode(part + '==')) == part.strip()
    except ValueError:
        return False
""",
            "line break",
        ),
        (
            """
def is_canonical(part):
    try:
        return encode_part(base64.urlsafe_b64decode(part + '==')) == part.rstrip('=')
    except ValueError:
        return False
""",
            "padding",
        ),
        (
            """
def is_canonical(part):
    try:
        return encode_part(base64.urlsafe_b64decode(part + '==')) == part.replace('/', '_').replace('+', '-')
    except ValueError:
        return False
""",
            "other base64",
        ),
        (
            """
def is_canonical(part):
    return all(c.isalnum() or c in '-_' for c in part) and len(part) % 4 != 1 and (len(part) % 4 == 0 or part[-1] in 'AEIMQUYcgkosw048')
""",
            "not ASCII",
        ),
        (
            """
def is_canonical(part):
    if len(part) > 1000:
        return False
    try:
        return encode_part(base64.urlsafe_b64decode(part + '==')) == part
    except ValueError:
        return False
""",
            "encoding some bytes gives",
        ),
        (
            """
def is_canonical(part):
    if not part:
        return False
    try:
        return encode_part(base64.urlsafe_b64decode(part + '==')) == part
    except ValueError:
        return False
""",
            "encoding some bytes gives",
        ),
        (
            """
def is_canonical(part):
    try:
        return part and encode_part(base64.urlsafe_b64decode(part + '==')) == part
    except ValueError:
        return False
""",
            "Expected: `True`",
        ),
    ],
}

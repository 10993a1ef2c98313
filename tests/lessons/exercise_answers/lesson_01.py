"""Answers to the exercises of lesson 01: other right ones, and wrong ones with the words that must explain them."""

RIGHT = {
    "1.1": [
        "number_of_parts = TOKEN.count('.') + 1",
        "number_of_parts = 3",
        """
import numpy
number_of_parts = numpy.int64(3)
""",
        """
import enum
number_of_parts = enum.IntEnum('Parts', {'ALL': 3}).ALL
""",
    ],
    "1.2": [
        'def decode_part(part):\n    return base64.urlsafe_b64decode(part + "==")',
        'def decode_part(part):\n    while len(part) % 4:\n        part += "="\n'
        '    return base64.b64decode(part.encode(), altchars=b"-_", validate=True)',
        """
def decode_part(part):
    return base64.urlsafe_b64decode(part + '=' * (4 - len(part) % 4))
""",
        "decode_part = lambda part: base64.b64decode(part.replace('-', '+').replace('_', '/') + '=' * (-len(part) % 4))",
        """
def decode_part(text):
    if len(text) % 4 == 1:
        raise ValueError('impossible')
    return base64.urlsafe_b64decode(text.ljust(-(-len(text) // 4) * 4, '='))
""",
        """
class Decoder:
    def __call__(self, part):
        return base64.urlsafe_b64decode(part + '==')
decode_part = Decoder()
""",
    ],
    "1.3": [
        """
def claims_of(token):
    parts = token.split(".")
    if len(parts) != 3:
        raise ValueError("not three parts")
    text = base64.urlsafe_b64decode(parts[1] + "==").decode("utf-8")
    claims = json.loads(text)
    if type(claims) is not dict:
        raise ValueError("not an object")
    return claims
""",
        """
from collections import OrderedDict
def claims_of(token, *, encoding="utf-8"):
    header, payload, signature = token.split(".")
    claims = json.loads(decode_part_ok(payload).decode(encoding), object_pairs_hook=OrderedDict)
    if not isinstance(claims, dict):
        raise ValueError("not an object")
    return claims
""",
        """
def claims_of(jwt):
    match jwt.split("."):
        case [_, middle, _]:
            claims = json.loads(str(base64.urlsafe_b64decode(middle + "=="), "utf-8"))
        case _:
            raise ValueError("three parts, please")
    if isinstance(claims, dict):
        return claims
    raise ValueError("an object, please")
""",
    ],
    "1.4": [
        'def is_expired(claims, now):\n    return claims.get("exp", float("inf")) <= now',
        'def is_expired(claims, now):\n    if "exp" not in claims:\n        return False\n    return not now < claims["exp"]',
        """
import numpy
def is_expired(claims, now):
    return numpy.bool_('exp' in claims and now >= claims['exp'])
""",
        """
import math
is_expired = lambda claims, now: claims.get('exp', math.inf) <= now
""",
        """
def is_expired(claims, now):
    try:
        return not claims['exp'] > now
    except KeyError:
        return False
""",
        """
def is_expired(claims, *, now):
    return 'exp' in claims and now >= claims['exp']
""",
        """
from datetime import datetime, timezone
def is_expired(claims, now):
    if 'exp' not in claims:
        return False
    return datetime.fromtimestamp(now, timezone.utc) >= datetime.fromtimestamp(claims['exp'], timezone.utc)
""",
    ],
}

WRONG = {
    "1.1": [
        ("number_of_parts = TOKEN.count('.')", "counted the dots"),
        ("number_of_parts = TOKEN.split('.')", "the parts themselves"),
        ("number_of_parts = len(TOKEN)", "number of characters"),
        ("number_of_parts = '3'", "without quotation marks"),
        ("number_of_parts = 5", "Look for the dots"),
        ("number_of_parts = None", "Expected a whole number"),
        ("number_of_parts = 3.0", "a float"),
        ("number_of_parts = True", "a bool"),
        ("number_of_parts = 'three'", "Expected a whole number"),
        ("number_of_parts = b'3'", "a bytes"),
        ("number_of_parts = tuple(TOKEN.split('.'))", "the parts themselves"),
        (
            """
import numpy
number_of_parts = numpy.array(TOKEN.split('.'))
""",
            "Expected a whole number",
        ),
        (
            """
import numpy
number_of_parts = numpy.int64(2)
""",
            "counted the dots",
        ),
        (
            """
class Anything:
    __eq__ = lambda self, other: True
number_of_parts = Anything()
""",
            "Expected a whole number",
        ),
        (
            """
class Anything(int):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
number_of_parts = Anything(7)
""",
            "Got 7",
        ),
        (
            """
class Shy:
    def __repr__(self):
        raise RuntimeError('no')
number_of_parts = Shy()
""",
            "Expected a whole number",
        ),
        ("number_of_parts = 10**5000", "Look for the dots"),
    ],
    "1.2": [
        ("def decode_part(part):\n    return base64.urlsafe_b64decode(part)", "leaves the `=` out"),
        (
            "def decode_part(part):\n    return base64.urlsafe_b64decode(part + '=')",
            "leaves the `=` out",
        ),
        (
            "def decode_part(part):\n    return base64.b64decode(part + '==')",
            "Use `urlsafe_b64decode`",
        ),
        (
            "def decode_part(part):\n    return base64.urlsafe_b64decode(part + '==').decode('latin-1')",
            "leave out the `.decode()`",
        ),
        (
            "def decode_part(part):\n    return json.loads(base64.urlsafe_b64decode(part + '=='))",
            "parsing the JSON comes later",
        ),
        (
            "def decode_part(part):\n    try:\n        return base64.urlsafe_b64decode(part + '==')\n"
            "    except Exception:\n        return b''",
            "Let the error happen",
        ),
        (
            "def decode_part(part):\n    base64.urlsafe_b64decode(part + '==')",
            "forget the `return`",
        ),
        (
            "def decode_part(part):\n    print(base64.urlsafe_b64decode(part + '=='))",
            "to print is not to return",
        ),
        ("def decode_part(part):\n    return decode_part(part)", "calls itself without end"),
        ("decode_part = base64.urlsafe_b64decode(part + padding)", "the function itself"),
        (
            "def decode_part(part):\n    return base64.urlsafe_b64decode(prat + '==')",
            "spelled right",
        ),
        ("def decode_part(part):\n    raise SystemExit", "ends the program"),
        (
            """
def decode_part(part):
    return base64.b64decode(part + '=' * (-len(part) % 4))
""",
            "Use `urlsafe_b64decode`",
        ),
        (
            """
def decode_part(part):
    return base64.b64decode(part + '=' * (4 - len(part) % 4))
""",
            "Use `urlsafe_b64decode`",
        ),
        (
            """
def decode_part(part):
    return base64.b64decode(part + '=' * (-len(part) % 4), validate=True)
""",
            "Use `urlsafe_b64decode`",
        ),
        (
            """
def decode_part(part):
    return base64.urlsafe_b64decode(part.lower() + '==')
""",
            "Expected: ",
        ),
        (
            """
def decode_part(part):
    usable = len(part) - (len(part) % 4 == 1)
    return base64.urlsafe_b64decode(part[:usable] + '==')
""",
            "cannot be base64url",
        ),
        (
            """
def decode_part(part):
    if len(part) % 4 == 1:
        rase(ValueError)
    return base64.urlsafe_b64decode(part + '==')
""",
            "spelled right",
        ),
        (
            """
def decode_part(part):
    return base64.urlsafe_b64decode(part[:100] + '==')
""",
            "Expected: ",
        ),
        (
            """
def decode_part(part):
    return base64.urlsafe_b64decode(part + '==').strip()
""",
            "Expected: ",
        ),
        (
            """
def decode_part(part):
    return base64.urlsafe_b64decode(part + '==').hex()
""",
            "Expected bytes",
        ),
        (
            """
def decode_part(part):
    if part:
        return base64.urlsafe_b64decode(part + '==')[:0] or None
""",
            "does every way through it reach one",
        ),
        (
            """
async def decode_part(part):
    return base64.urlsafe_b64decode(part + '==')
""",
            "is `async`",
        ),
        (
            """
class Anything(bytes):
    __eq__ = lambda self, other: True
def decode_part(part):
    return Anything(b'?')
""",
            "Expected: ",
        ),
    ],
    "1.3": [
        (
            "def claims_of(token):\n    header, payload, signature = token.split('.')\n"
            "    claims = json.loads(decode_part_ok(payload).decode('utf-8', 'replace'))\n"
            "    if not isinstance(claims, dict):\n        raise ValueError\n    return claims",
            "replaces or drops what it cannot read",
        ),
        (
            "def claims_of(token):\n    return json.loads(decode_part_ok(token.split('.')[0]))",
            "returned the header",
        ),
        (
            "def claims_of(token):\n    return decode_part_ok(token.split('.')[1])",
            "`json.loads` makes one",
        ),
        (
            "def claims_of(token):\n    return json.loads(decode_part_ok(token.split('.')[1]))",
            "it has two parts",
        ),
        (
            "def claims_of(token):\n    header, payload, signature = token.split('.')\n"
            "    return json.loads(decode_part_ok(payload))",
            "Claims are a JSON object",
        ),
        (
            "def claims_of(token):\n    header, payload, signature = token.split('.')\n"
            "    return json.loads(decode_part_ok(payload).decode('latin-1'))",
            "UTF-8",
        ),
        (
            "def claims_of(token):\n    try:\n        h, p, s = token.split('.')\n        return json.loads(decode_part_ok(p))\n"
            "    except ValueError:\n        return {}",
            "it has two parts",
        ),
        (
            "def claims_of(token):\n    header, payload, signature = token.split('.')\n    return header, payload",
            "returned a tuple",
        ),
        (
            "def claims_of(token):\n    h, p, s = token.split('.')\n    return json.loads(base64.urlsafe_b64decode(p))",
            "leaves the `=` out",
        ),
        (
            """
def claims_of(token):
    header, payload, signature = token.split('.')
    return dict(json.loads(decode_part_ok(payload)))
""",
            "JSON list",
        ),
        (
            """
def claims_of(token):
    header, payload, signature = token.split('.')
    return json.loads(decode_part_ok(payload)) or {}
""",
            "It must raise `ValueError`",
        ),
        (
            """
def claims_of(token):
    header, payload, signature = token.split('.')
    claims = json.loads(decode_part_ok(payload))
    if isinstance(claims, list):
        raise ValueError
    return claims
""",
            "a JSON text",
        ),
        (
            """
def claims_of(token):
    header, payload, signature = token.split('.')
    claims = json.loads(decode_part_ok(payload))
    if claims and not isinstance(claims, dict):
        raise ValueError
    return claims
""",
            "an empty JSON list",
        ),
        (
            """
import ast
def claims_of(token):
    header, payload, signature = token.split('.')
    claims = ast.literal_eval(decode_part_ok(payload).decode())
    if type(claims) is not dict:
        raise ValueError
    return claims
""",
            "`json.loads` reads them all",
        ),
        (
            """
def claims_of(token):
    header, payload, signature = token.split('.')
    text = decode_part_ok(payload).decode()
    for json_word, word in (('true', 'True'), ('false', 'False'), ('null', 'None')):
        text = text.replace(json_word, word)
    claims = eval(text)
    if type(claims) is not dict:
        raise ValueError
    return claims
""",
            "What stands inside a text",
        ),
        (
            """
def claims_of(token):
    header, payload, signature = token.split('.')
    claims = json.loads(decode_part_ok(payload).decode().lower())
    if type(claims) is not dict:
        raise ValueError
    return claims
""",
            "København",
        ),
        (
            """
def claims_of(token):
    header, payload, signature = token.split('.')
    claims = json.loads(decode_part_ok(payload))
    assert type(claims) is dict
    return claims
""",
            "It must raise `ValueError`",
        ),
        (
            """
def claims_of(token):
    header, payload, signature = token.split('.')
    claims = json.loads(decode_part_ok(payload), parse_float=int)
    if type(claims) is not dict:
        raise ValueError
    return claims
""",
            "`json.loads` reads them all",
        ),
        (
            """
def claims_of(token):
    header, payload, signature = token.split('.')
    claims = json.loads(decode_part_ok(payload).replace(b' ', b''))
    if type(claims) is not dict:
        raise ValueError
    return claims
""",
            "What stands inside a text",
        ),
        (
            """
class Anything(dict):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
def claims_of(token):
    return Anything()
""",
            "Expected: ",
        ),
        (
            """
def claims_of(token):
    header, payload, signature = token.split('.')
    claims = json.loads(decode_part_ok(payload))
    if type(claims) is not dict:
        raise ValueError
    return {name: str(value) for name, value in claims.items()}
""",
            "with its own type",
        ),
        (
            """
def claims_of(token):
    header, payload, signature = token.split('.')
    claims = json.loads(decode_part_ok(payload))
    if type(claims) is not dict:
        raise ValueError('not an object')
    return claims
""",
            "is UTF-16",
        ),
    ],
    "1.4": [
        ('def is_expired(claims, now):\n    return now > claims.get("exp", 1e20)', "includes it"),
        ('def is_expired(claims, now):\n    return now < claims["exp"]', "wrong way round"),
        ('def is_expired(claims, now):\n    return now >= claims["exp"]', "does not expire"),
        (
            'import time\ndef is_expired(claims, now):\n    return time.time() >= claims["exp"]',
            "the `now` that the function is given",
        ),
        (
            'def is_expired(claims, now):\n    return bool(claims.get("exp")) and now >= claims["exp"]',
            "and not a missing claim",
        ),
        ('def is_expired(claims, now):\n    return claims["exp"]', "Expected: `False`"),
        (
            'def is_expired(claims, now):\n    return now * 1000 >= claims["exp"]',
            "both are in seconds",
        ),
        (
            'def is_expired(claims, now):\n    return datetime.fromtimestamp(claims["exp"]) < now',
            "plain numbers",
        ),
        (
            """
def is_expired(claims, now):
    return 'exp' in claims and round(now) >= claims['exp']
""",
            "without rounding",
        ),
        (
            """
def is_expired(claims, now):
    return 'exp' in claims and int(now) >= claims['exp']
""",
            "without rounding",
        ),
        (
            """
def is_expired(claims, now):
    return 'exp' in claims and now >= int(claims['exp'])
""",
            "without rounding",
        ),
        (
            """
import math
def is_expired(claims, now):
    return 'exp' in claims and math.ceil(now) >= claims['exp']
""",
            "without rounding",
        ),
        (
            """
def is_expired(claims, now):
    return claims.pop('exp', now + 1) <= now
""",
            "changed the dict",
        ),
        (
            """
def is_expired(claims, now):
    claims.setdefault('exp', 10**20)
    return now >= claims['exp']
""",
            "changed the dict",
        ),
        (
            """
def is_expired(claims, now):
    return claims.get('exp') and now >= claims['exp']
""",
            "does not expire",
        ),
        (
            """
def is_expired(claims, now):
    if 'exp' in claims:
        return now >= claims['exp']
""",
            "does not expire",
        ),
        (
            """
def is_expired(claims, now):
    return int('exp' in claims and now >= claims['exp'])
""",
            "Expected: `False`",
        ),
        (
            """
def is_expired(claims, now):
    return now >= claims.get('exp', claims.get('iat', 10**20))
""",
            "Only the claim `exp`",
        ),
        (
            """
def is_expired(claims, now):
    exp = claims.get('exp', 10**20)
    if exp > 10**11:
        exp /= 1000
    return now >= exp
""",
            "far date",
        ),
        (
            """
def is_expired(claims, now):
    return '10000000000' > str(now) >= str(claims.get('exp', 'x'))
""",
            "Expected: ",
        ),
    ],
}

PRELUDE = """
def decode_part_ok(part):
    return base64.urlsafe_b64decode(part + "==")
"""

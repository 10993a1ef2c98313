"""Answers to the exercises of lesson 03: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "3.1": [
        "def new_key():\n    return secrets.token_urlsafe(32)",
        "import os, base64\ndef new_key():\n    return base64.b64encode(os.urandom(48)).decode()",
        "def new_key():\n    return str(secrets.randbits(256))",
    ],
    "3.2": [
        """
def verdict(token, key):
    try:
        jwt.decode(token, key, algorithms="HS256")
        return "valid"
    except JWTError as error:
        names = {"ExpiredSignatureError": "expired", "JWTClaimsError": "claims"}
        return names.get(type(error).__name__, "forged")
"""
    ],
    "3.3": [
        """
import time
def create_access_token(user_id, key, minutes=30):
    now = int(time.time())
    claims = {"sub": f"{user_id}", "iat": now, "exp": now + int(60 * minutes), "jti": secrets.token_hex(8), "iss": "me"}
    return jwt.encode(claims, key)
""",
    ],
}

_TOKEN = """
import time
def create_access_token(user_id, key, minutes=30):
    now = datetime.now(timezone.utc)
    claims = {{"sub": str(user_id), "iat": now, "exp": now + timedelta(minutes=minutes), "jti": str(uuid.uuid4())}}
    {change}
    return jwt.encode(claims, key, algorithm="HS256")
"""

WRONG = {
    "3.1": [
        ("def new_key():\n    return 'a' * 64", "Every call returned the same key"),
        (
            "def new_key():\n    return '9b73f2a1bdd7ae163444473d29a6885ffa22ab26117068f72a5a56a74d12d1fc'",
            "It is public",
        ),
        (
            "def new_key():\n    return str(secrets.SystemRandom().getrandbits(128))",
            "about 128 bits",
        ),
        ("import uuid\ndef new_key():\n    return str(uuid.uuid4())", "is a UUID"),
        (
            "import random\ndef new_key():\n    return ''.join(random.choices('0123456789abcdef', k=64))",
            "predictable",
        ),
        ("def new_key():\n    return secrets.token_hex(16)", "about 128 bits"),
        ("def new_key():\n    return secrets.token_bytes(32)", "Expected text"),
        ("new_key = secrets.token_hex(32)", "the function itself"),
        ("def new_key():\n    print(secrets.token_hex(32))", "to print is not to return"),
    ],
    "3.2": [
        (
            "def verdict(token, key):\n    try:\n        jwt.decode(token, key, algorithms=['HS256'])\n        return 'valid'\n"
            "    except JWTError:\n        return 'forged'\n    except ExpiredSignatureError:\n        return 'expired'",
            "above the special ones",
        ),
        (
            "def verdict(token, key):\n    try:\n        jwt.decode(token, key)\n        return 'valid'\n"
            "    except ExpiredSignatureError:\n        return 'expired'\n    except JWTClaimsError:\n        return 'claims'\n"
            "    except JWTError:\n        return 'forged'",
            "Say which algorithms you accept",
        ),
        (
            "def verdict(token, key):\n    try:\n        claims = jwt.get_unverified_claims(token)\n    except JWTError:\n"
            "        return 'forged'\n    if claims.get('exp', 1e20) < datetime.now(timezone.utc).timestamp():\n        return 'expired'\n"
            "    return 'claims' if 'nbf' in claims or claims['sub'] == 7 else 'valid'",
            "verif",
        ),
        (
            "def verdict(token, key):\n    try:\n        jwt.decode(token, key, algorithms=['HS256'])\n        return 'valid'\n"
            "    except ExpiredSignatureError:\n        return 'expired'",
            "Catch the error and return a text",
        ),
        (
            "def verdict(token, key):\n    try:\n        jwt.decode(token, key, algorithms=['HS256'])\n"
            "    except ExpiredSignatureError:\n        return 'expired'\n    except JWTClaimsError:\n        return 'claims'\n"
            "    except JWTError:\n        return 'forged'",
            "end in a `return`",
        ),
        (
            "def verdict(token, key):\n    try:\n        jwt.decode(token, SECRET_KEY, algorithms=['HS256'])\n        return 'valid'\n"
            "    except ExpiredSignatureError:\n        return 'expired'\n    except JWTClaimsError:\n        return 'claims'\n"
            "    except JWTError:\n        return 'forged'",
            "This token is in order",
        ),
    ],
    "3.3": [
        (_TOKEN.format(change="claims['sub'] = user_id"), "use `str(user_id)`"),
        (
            _TOKEN.format(change="claims['exp'] = datetime.now() + timedelta(minutes=minutes)"),
            "use `datetime.now(timezone.utc)`",
        ),
        (
            _TOKEN.format(change="claims['exp'] = int(1000 * time.time() + 60_000 * minutes)"),
            "in milliseconds",
        ),
        (_TOKEN.format(change="claims['exp'] = now + timedelta(minutes=30)"), "off by"),
        (_TOKEN.format(change="claims['exp'] = now + timedelta(seconds=minutes)"), "off by"),
        (_TOKEN.format(change="del claims['jti']"), "Missing: jti"),
        (_TOKEN.format(change="claims['jti'] = 'one'"), "the same `jti`"),
        (
            _TOKEN.format(change="key = SECRET_KEY"),
            "Sign with the `key` that the function is given",
        ),
        (_TOKEN.format(change="return claims"), "is not a token"),
        (_TOKEN.format(change="return jwt.encode(claims, key, algorithm='HS512')"), "HS512"),
        (_TOKEN.format(change="claims['jti'] = uuid.uuid4()"), "raised"),
        (
            "import calendar\n"
            + _TOKEN.format(
                change="claims['exp'] = calendar.timegm(datetime.now().timetuple()) + 60 * minutes"
            ),
            "use `datetime.now(timezone.utc)`",
        ),
    ],
}

"""Answers to the exercises of lesson 03: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "3.1": [
        "def new_key():\n    return secrets.token_urlsafe(32)",
        "import os, base64\ndef new_key():\n    return base64.b64encode(os.urandom(48)).decode()",
        "def new_key():\n    return str(secrets.randbits(256))",
        """
import string
def new_key():
    return ''.join(secrets.choice(string.ascii_letters + string.digits) for _ in range(43))
""",
        """
import string
def new_key():
    return ''.join(secrets.choice(string.ascii_letters + string.digits + string.punctuation) for _ in range(60))
""",
        """
def new_key(size=32):
    return 'shop-' + secrets.token_hex(size)
""",
        """
def new_key():
    return hex(secrets.randbits(256))
""",
        """
def new_key():
    return f'{secrets.randbits(256):064X}'
""",
        """
import hashlib
def new_key():
    return hashlib.sha256(secrets.token_bytes(32)).hexdigest()
""",
        """
from os import urandom
def new_key():
    return urandom(32).hex()
""",
        """
import random
def new_key():
    return ''.join(random.SystemRandom().choices('0123456789abcdef', k=64))
""",
        """
import uuid
def new_key():
    return ''.join(uuid.uuid4().hex for _ in range(3))
""",
        """
from cryptography.fernet import Fernet
def new_key():
    return Fernet.generate_key().decode()
""",
        """
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
def new_key():
    return AESGCM.generate_key(256).hex()
""",
        """
import ssl
def new_key():
    return ssl.RAND_bytes(32).hex()
""",
        """
import sys
def new_key():
    if sys.platform == 'win32':
        return secrets.token_hex(32)
    with open('/dev/urandom', 'rb') as source:
        return source.read(32).hex()
""",
        """
import functools
new_key = functools.partial(secrets.token_urlsafe, 33)
""",
        "new_key = secrets.token_urlsafe",
        """
import base64
new_key = lambda: base64.b32encode(secrets.token_bytes(32)).decode()
""",
        """
def new_key():
    return '-'.join(secrets.token_hex(8) for _ in range(4))
""",
        """
def new_key():
    return bin(secrets.randbits(256))[2:]
""",
        """
from cryptography.hazmat.primitives.asymmetric import ed25519
def new_key():
    return ed25519.Ed25519PrivateKey.generate().private_bytes_raw().hex()
""",
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
""",
        """
def verdict(token, key):
    try:
        jwt.decode(token, key, algorithms=['HS256'])
    except ExpiredSignatureError:
        word = 'expired'
    except JWTClaimsError:
        word = 'claims'
    except Exception:
        word = 'forged'
    else:
        word = 'valid'
    finally:
        pass
    return word
""",
        """
import enum
class Verdict(enum.StrEnum):
    VALID = 'valid'
    EXPIRED = 'expired'
    CLAIMS = 'claims'
    FORGED = 'forged'
def verdict(token, *, secret):
    try:
        jwt.decode(token, secret, ['HS256'])
        return Verdict.VALID
    except JWTError as error:
        match error:
            case ExpiredSignatureError():
                return Verdict.EXPIRED
            case JWTClaimsError():
                return Verdict.CLAIMS
        return Verdict.FORGED
""",
    ],
    "3.3": [
        """
import time
def create_access_token(user_id, key, minutes=30):
    now = int(time.time())
    claims = {"sub": f"{user_id}", "iat": now, "exp": now + int(60 * minutes), "jti": secrets.token_hex(8), "iss": "me"}
    return jwt.encode(claims, key)
""",
        """
def create_access_token(user_id, key, minutes=30):
    now = datetime.now(timezone.utc)
    claims = {'sub': str(user_id), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'jti': str(uuid.uuid4())}
    return jwt.encode(claims, key, algorithm='HS256')
""",
        """
def create_access_token(user_id, key, minutes=30, *, clock=datetime.now):
    now = clock(timezone.utc)
    claims = {'sub': str(user_id), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'jti': str(uuid.uuid4())}
    return jwt.encode(claims, key, algorithm='HS256')
""",
        """
import time
def create_access_token(user_id, key, *, minutes=30, clock=time.time):
    now = clock()
    return jwt.encode({'jti': uuid.uuid4().hex, 'iat': now, 'exp': now + 60 * minutes, 'sub': str(user_id)}, key)
""",
        """
import calendar, time
def create_access_token(who, secret, lifetime=30):
    now = calendar.timegm(time.gmtime())
    return jwt.encode({'jti': str(uuid.uuid1()), 'iat': now, 'exp': now + round(60 * lifetime), 'sub': f'{who}'}, secret, 'HS256')
""",
        """
from time import time as seconds
def create_access_token(user_id, key, minutes=30):
    now = seconds()
    return jwt.encode({'jti': secrets.token_urlsafe(16), 'iat': now, 'exp': now + 60 * minutes, 'sub': str(user_id)}, key)
""",
        """
from datetime import UTC
import datetime as dates
def create_access_token(user_id, key, minutes=30):
    now = dates.datetime.now(UTC)
    return jwt.encode({'jti': f'{user_id}-{secrets.token_hex(16)}', 'iat': int(now.timestamp()), 'exp': int((now + timedelta(minutes=minutes)).timestamp()), 'sub': str(user_id)}, key)
""",
        """
import jwt as _pyjwt
def create_access_token(user_id, key, minutes=30):
    now = datetime.now().astimezone()
    return _pyjwt.encode({'jti': str(uuid.uuid4()), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'sub': str(user_id)}, key)
""",
        """
import time
def create_access_token(user_id, key, minutes=30):
    now = int(time.time())
    return jwt.encode({'jti': f'{time.time_ns()}-{secrets.token_hex(4)}', 'iat': now, 'exp': now + int(60 * minutes), 'sub': str(user_id)}, key)
""",
        """
import random
def create_access_token(user_id, key, minutes=30):
    now = datetime.now(timezone.utc)
    return jwt.encode({'jti': str(random.randint(0, 10**18)), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'sub': str(user_id)}, key)
""",
        """
def _now(clock=datetime.now):
    return clock(timezone.utc)
def create_access_token(user_id, key, minutes=30):
    now = _now()
    return jwt.encode({'jti': str(uuid.uuid4()), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'sub': str(user_id)}, key)
""",
        """
def _make():
    import time
    tick = time.time
    def create_access_token(user_id, key, minutes=30):
        now = int(tick())
        return jwt.encode({'sub': str(user_id), 'iat': now, 'exp': now + int(minutes * 60), 'jti': secrets.token_hex(16)}, key)
    return create_access_token
create_access_token = _make()
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
        (
            """
def new_key():
    return secrets.token_hex(16) * 2
""",
            "repeats another part",
        ),
        (
            """
def new_key():
    half = secrets.token_hex(16)
    return half + half[::-1]
""",
            "about 128 bits",
        ),
        (
            """
def new_key():
    half = secrets.token_hex(16)
    return half + half.upper() + half.swapcase()
""",
            "about 128 bits",
        ),
        (
            """
def new_key():
    return ''.join(2 * digit for digit in secrets.token_hex(16))
""",
            "about 128 bits",
        ),
        (
            """
def new_key():
    return 'my-very-long-and-secret-service-name-' + secrets.token_hex(8)
""",
            "about 64 bits",
        ),
        (
            """
from datetime import datetime
def new_key():
    return 'my-secret-service-key-for-signing-' + datetime.now().isoformat()
""",
            "made of the time",
        ),
        (
            """
from datetime import date
def new_key():
    return f'my-secret-service-key-for-signing-{date.today()}'
""",
            "made of the time",
        ),
        (
            """
import time
def new_key(now=time.time()):
    return f'my-secret-service-key-for-signing-{now}'
""",
            "Every call returned the same key",
        ),
        (
            """
import hashlib, time
def new_key():
    return hashlib.sha256(str(time.time_ns()).encode()).hexdigest()
""",
            "made of the time",
        ),
        (
            """
import hashlib, uuid
def new_key():
    return hashlib.sha256(uuid.uuid4().bytes).hexdigest()
""",
            "made of 128 random bits",
        ),
        (
            """
import hashlib
def new_key():
    return hashlib.sha512(secrets.token_bytes(8)).hexdigest()
""",
            "made of 64 random bits",
        ),
        (
            """
import hashlib
def new_key():
    return hashlib.sha256(str(secrets.randbelow(10**6)).encode()).hexdigest()
""",
            "random bits",
        ),
        (
            """
import hashlib, itertools
_count = itertools.count()
def new_key():
    return hashlib.sha256(f'secret{next(_count)}'.encode()).hexdigest()
""",
            "left to chance",
        ),
        (
            """
import random
_numbers = random.Random()
def new_key():
    return f'{_numbers.getrandbits(256):064x}'
""",
            "predictable",
        ),
        (
            """
import random, hashlib
def new_key():
    return hashlib.sha256(str(random.random()).encode()).hexdigest()
""",
            "predictable",
        ),
        (
            """
import numpy
def new_key():
    return numpy.random.bytes(32).hex()
""",
            "predictable",
        ),
        (
            """
def new_key():
    return str(secrets.randbits(250))
""",
            "worth about 250 bits",
        ),
        (
            """
def new_key():
    return secrets.token_urlsafe(31)
""",
            "worth about 248 bits",
        ),
        (
            """
def new_key():
    return f'{secrets.randbits(255):064x}'
""",
            "worth about 255 bits",
        ),
        (
            """
def new_key():
    return secrets.token_hex(31) + '00'
""",
            "worth about 248 bits",
        ),
        (
            """
import uuid
def new_key():
    return f'{uuid.uuid4()}{uuid.uuid4()}'
""",
            "about 244 bits",
        ),
        (
            """
import uuid
def new_key():
    return uuid.uuid4().hex * 2
""",
            "about 122 bits",
        ),
        (
            """
import uuid
def new_key():
    return uuid.uuid4().hex.upper()
""",
            "is a UUID",
        ),
        (
            """
def new_key():
    return ''.join(secrets.choice('aaaaaaaaaaaaaab') for _ in range(300))
""",
            "worth about",
        ),
        (
            """
import string
def new_key():
    return ''.join(secrets.choice(string.ascii_letters + string.digits) for _ in range(32))
""",
            "worth about 191 bits",
        ),
        (
            """
def new_key():
    return f'"{secrets.token_hex(32)}"'
""",
            "quotation mark",
        ),
        (
            """
def new_key():
    return f'„{secrets.token_hex(32)}“'
""",
            "quotation mark",
        ),
        (
            """
def new_key():
    return repr(secrets.token_bytes(32).hex())
""",
            "quotation mark",
        ),
        ("def new_key():\n    return secrets.token_hex(32) + '\\n'", "white space at an end"),
        ("def new_key():\n    return '\\ufeff' + secrets.token_hex(32)", "white space at an end"),
        (
            """
import base64, os
def new_key():
    return base64.encodebytes(os.urandom(32)).decode()
""",
            "white space at an end",
        ),
        (
            """
import string
def new_key():
    return ''.join(secrets.choice(string.printable) for _ in range(60))
""",
            "white space at an end",
        ),
        (
            """
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import base64
def new_key():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip()
""",
            "key of a pair",
        ),
        (
            "from cryptography.hazmat.primitives.asymmetric import ec\nfrom cryptography.hazmat.primitives.serialization import Encoding, PublicFormat\nimport base64\ndef new_key():\n    public = ec.generate_private_key(ec.SECP256R1()).public_key()\n    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().strip().replace(chr(10), '\\\\n')",
            "key of a pair",
        ),
        (
            """
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import base64
def new_key():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return ''.join(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode().splitlines()[1:-1])
""",
            "key of a pair",
        ),
        (
            """
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import base64
def new_key():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex().upper()
""",
            "key of a pair",
        ),
        (
            """
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import base64
def new_key():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo).hex(':')
""",
            "key of a pair",
        ),
        (
            """
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import base64
def new_key():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return base64.urlsafe_b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode().rstrip('=')
""",
            "key of a pair",
        ),
        (
            """
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import base64
def new_key():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return base64.b64encode(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)).decode()
""",
            "key of a pair",
        ),
        (
            """
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import base64
def new_key():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
""",
            "key of a pair",
        ),
        (
            """
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import base64
def new_key():
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode().split()[1]
""",
            "key of a pair",
        ),
        (
            """
from joserfc.jwk import OctKey
import json
def new_key():
    return json.dumps(OctKey.generate_key(256).as_dict())
""",
            "JSON object",
        ),
        (
            """
def new_key():
    return secrets.token_hex(32) if secrets.randbelow(2) else None
""",
            "None",
        ),
        (
            """
def new_key():
    return secrets.token_hex(32).decode()
""",
            "leave out `.decode()`",
        ),
        (
            """
def new_key():
    return 'a.b.c'
""",
            "Every call returned the same key",
        ),
        (
            """
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
import base64
def new_key():
    public = ed25519.Ed25519PrivateKey.generate().public_key()
    return base64.b32encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
""",
            "key of a pair",
        ),
        (
            """
import base64
def new_key():
    return base64.b64encode(secrets.token_hex(16).encode()).decode()
""",
            "worth about",
        ),
        (
            """
import uuid
def new_key():
    return str(uuid.uuid1()) + str(uuid.uuid1())
""",
            "worth about",
        ),
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
        (
            """
def verdict(token, key):
    try:
        jwt.decode(token, key, algorithms=['HS256', 'HS512'])
        return 'valid'
    except ExpiredSignatureError:
        return 'expired'
    except JWTClaimsError:
        return 'claims'
    except JWTError:
        return 'forged'
""",
            "Say which algorithms you accept",
        ),
        (
            """
def verdict(token, key):
    try:
        jwt.decode(token, key, algorithms=['HS256', 'HS384'])
        return 'valid'
    except ExpiredSignatureError:
        return 'expired'
    except JWTClaimsError:
        return 'claims'
    except JWTError:
        return 'forged'
""",
            "Say which algorithms you accept",
        ),
        (
            """
def verdict(token, key):
    try:
        jwt.decode(token, key, algorithms=['HS256'], options={'verify_exp': False})
        return 'valid'
    except ExpiredSignatureError:
        return 'expired'
    except JWTClaimsError:
        return 'claims'
    except JWTError:
        return 'forged'
""",
            "Which exception",
        ),
        (
            """
def verdict(token, key):
    try:
        jwt.decode(token, key, algorithms=['HS256'], options={'verify_sub': False})
        return 'valid'
    except ExpiredSignatureError:
        return 'expired'
    except JWTClaimsError:
        return 'claims'
    except JWTError:
        return 'forged'
""",
            "Which exception",
        ),
        (
            """
def verdict(token, key):
    try:
        jwt.decode(token, key, algorithms=['HS256'], options={'verify_aud': False})
        return 'valid'
    except ExpiredSignatureError:
        return 'expired'
    except JWTClaimsError:
        return 'claims'
    except JWTError:
        return 'forged'
""",
            "Which exception",
        ),
        (
            """
def verdict(token, key):
    try:
        jwt.decode(token, key, algorithms=['HS256'], options={'verify_signature': False})
        return 'valid'
    except ExpiredSignatureError:
        return 'expired'
    except JWTClaimsError:
        return 'claims'
    except JWTError:
        return 'forged'
""",
            "Reading the claims is not verifying",
        ),
        (
            """
def verdict(token, key):
    try:
        jwt.decode(token, key, algorithms=['HS256'], options={'leeway': 7200})
        return 'valid'
    except ExpiredSignatureError:
        return 'expired'
    except JWTClaimsError:
        return 'claims'
    except JWTError:
        return 'forged'
""",
            "Which exception",
        ),
        (
            """
def verdict(token, key):
    try:
        jwt.decode(token, key, algorithms=['HS256'])
        return 'Valid'
    except ExpiredSignatureError:
        return 'expired'
    except JWTClaimsError:
        return 'claims'
    except JWTError:
        return 'forged'
""",
            "in small letters",
        ),
        (
            """
def verdict(token, key):
    try:
        jwt.decode(token, key, algorithms=['HS256'])
        print('valid')
    except ExpiredSignatureError:
        print('expired')
    except JWTClaimsError:
        print('claims')
    except JWTError:
        print('forged')
""",
            "to print is not to return",
        ),
        (
            """
import time
def verdict(token, key, now=time.time()):
    try:
        claims = jwt.decode(token, key, algorithms=['HS256'], options={'verify_exp': False})
    except JWTClaimsError:
        return 'claims'
    except JWTError:
        return 'forged'
    exp = claims.get('exp', now + 1)
    if isinstance(exp, str):
        return 'claims'
    return 'expired' if exp < now else 'valid'
""",
            "a day later",
        ),
        (
            """
class Anything(str):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
def verdict(token, key):
    return Anything('?')
""",
            "This token is in order",
        ),
        (
            """
def verdict(token, key):
    return True
""",
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
        (
            _TOKEN.format(change="claims['exp'] = now + timedelta(minutes=30)"),
            "`minutes` is not used",
        ),
        (
            _TOKEN.format(change="claims['exp'] = now + timedelta(seconds=minutes)"),
            "taken for seconds",
        ),
        (_TOKEN.format(change="del claims['jti']"), "Missing: jti"),
        (_TOKEN.format(change="claims['jti'] = 'one'"), "the same `jti`"),
        (
            _TOKEN.format(change="key = SECRET_KEY"),
            "Sign with the `key` that the function is given",
        ),
        (_TOKEN.format(change="return claims"), "is not a token"),
        (_TOKEN.format(change="return jwt.encode(claims, key, algorithm='HS512')"), "HS512"),
        (_TOKEN.format(change="claims['jti'] = uuid.uuid4()"), "use `str(uuid.uuid4())`"),
        (
            "import calendar\n"
            + _TOKEN.format(
                change="claims['exp'] = calendar.timegm(datetime.now().timetuple()) + 60 * minutes"
            ),
            "use `datetime.now(timezone.utc)`",
        ),
        (
            """
def create_access_token(user_id, key, minutes=30, now=datetime.now(timezone.utc)):
    pass
    claims = {'sub': str(user_id), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'jti': str(uuid.uuid4())}
    return jwt.encode(claims, key, algorithm='HS256')
""",
            "when the function is defined",
        ),
        (
            """
def create_access_token(user_id, key, minutes=30, *, now=datetime.now(timezone.utc)):
    pass
    claims = {'sub': str(user_id), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'jti': str(uuid.uuid4())}
    return jwt.encode(claims, key, algorithm='HS256')
""",
            "when the function is defined",
        ),
        (
            """
_NOW = datetime.now(timezone.utc)
def create_access_token(user_id, key, minutes=30):
    now = _NOW
    claims = {'sub': str(user_id), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'jti': str(uuid.uuid4())}
    return jwt.encode(claims, key, algorithm='HS256')
""",
            "when the function is defined",
        ),
        (
            """
import time
_BEGAN = int(time.time())
def create_access_token(user_id, key, minutes=30, exp=None):
    now = int(time.time())
    return jwt.encode({'sub': str(user_id), 'iat': now, 'exp': _BEGAN + int(60 * minutes), 'jti': str(uuid.uuid4())}, key)
""",
            "`exp` was still the same",
        ),
        (
            """
def create_access_token(user_id, key, minutes=30):
    now = datetime.now()
    claims = {'sub': str(user_id), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'jti': str(uuid.uuid4())}
    return jwt.encode(claims, key, algorithm='HS256')
""",
            "time zone",
        ),
        (
            """
def create_access_token(user_id, key, minutes=30):
    now = datetime.now(timezone.utc).astimezone().replace(tzinfo=None)
    claims = {'sub': str(user_id), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'jti': str(uuid.uuid4())}
    return jwt.encode(claims, key, algorithm='HS256')
""",
            "time zone",
        ),
        (_TOKEN.format(change="claims['exp'] = 1800"), "which is a duration"),
        (_TOKEN.format(change="claims['exp'] = int(60 * minutes)"), "which is a duration"),
        (_TOKEN.format(change="claims['exp'] = timedelta(minutes=minutes)"), "a duration"),
        (_TOKEN.format(change="claims['exp'] = now + timedelta(hours=minutes)"), "taken for hours"),
        (_TOKEN.format(change="claims['exp'] = now + timedelta(minutes)"), "taken for days"),
        (
            _TOKEN.format(change="claims['exp'] = now + timedelta(minutes=int(minutes))"),
            "may have a fraction",
        ),
        (
            _TOKEN.format(change="claims['exp'] = now - timedelta(minutes=minutes)"),
            "add the minutes",
        ),
        (
            _TOKEN.format(
                change="claims['exp'] = now + timedelta(seconds=timedelta(minutes=minutes).seconds)"
            ),
            "More than a day",
        ),
        (
            _TOKEN.format(change="claims['iat'] = now + timedelta(minutes=minutes)"),
            "`iat` is off by",
        ),
        (_TOKEN.format(change="claims['iat'] = 0"), "`iat` is 0"),
        (_TOKEN.format(change="claims['iat'] = now.isoformat()"), "a number of seconds"),
        (
            _TOKEN.format(change="claims['jti'] = str(secrets.randbelow(1_000))"),
            "Two tokens have the same `jti`",
        ),
        (
            _TOKEN.format(change="claims['jti'] = f'{secrets.randbelow(1_000):03}'"),
            "Two tokens have the same `jti`",
        ),
        # Chance decides whether two of those that are tried have the same.
        (
            _TOKEN.format(change="claims['jti'] = f'{secrets.randbelow(10_000):04}'"),
            "have the same",
        ),
        (
            _TOKEN.format(change="claims['jti'] = 'shop-token-' + str(secrets.randbelow(10**8))"),
            "is one of about",
        ),
        (
            _TOKEN.format(change="claims['jti'] = secrets.token_hex(4)"),
            "is one of about",
        ),
        (_TOKEN.format(change="claims['jti'] = secrets.token_hex(2) * 8"), "jti"),
        (_TOKEN.format(change="claims['jti'] = str(time.time_ns())"), "made of the time"),
        (
            _TOKEN.format(change="claims['jti'] = f'{user_id}-{now.timestamp()}'"),
            "made of the time",
        ),
        (
            """
import itertools
_numbers = itertools.count(1)
def create_access_token(user_id, key, minutes=30):
    now = datetime.now(timezone.utc)
    claims = {'sub': str(user_id), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'jti': str(next(_numbers))}
    return jwt.encode(claims, key, algorithm='HS256')
""",
            "Your `jti` counts",
        ),
        (
            """
def create_access_token(user_id, key, minutes=30, jti=str(uuid.uuid4())):
    now = datetime.now(timezone.utc)
    claims = {'sub': str(user_id), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'jti': jti}
    return jwt.encode(claims, key, algorithm='HS256')
""",
            "Make it inside the function",
        ),
        (_TOKEN.format(change="claims['jti'] = 7"), "`jti` must be text"),
        (_TOKEN.format(change="claims['sub'] = str(user_id).lower()"), "Expected"),
        (_TOKEN.format(change="claims['sub'] = str(user_id).split()[0]"), "Expected"),
        (_TOKEN.format(change="claims['sub'] = str(user_id or 'nobody')"), "Expected"),
        (
            _TOKEN.format(change="return jwt.encode(claims, key, algorithm='HS256').decode()"),
            "Leave out `.decode()`",
        ),
        (
            _TOKEN.format(
                change="return jwt.encode(claims, key.encode('utf-8').decode('utf-8').upper(), algorithm='HS256')"
            ),
            "Sign with the `key`",
        ),
        (_TOKEN.format(change="return 'a.b.c'"), "is not a token"),
        (_TOKEN.format(change="return b'a.b.c'"), "is not a token"),
        (_TOKEN.format(change="return None"), "`return`"),
        (
            """
def create_access_token(user_id, key, minutes=15):
    now = datetime.now(timezone.utc)
    claims = {'sub': str(user_id), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'jti': str(uuid.uuid4())}
    return jwt.encode(claims, key, algorithm='HS256')
""",
            "Without the third argument",
        ),
        (
            """
import functools
@functools.lru_cache
def _now():
    return datetime.now(timezone.utc)
def create_access_token(user_id, key, minutes=30):
    now = _now()
    return jwt.encode({'jti': str(uuid.uuid4()), 'iat': now, 'exp': now + timedelta(minutes=minutes), 'sub': str(user_id)}, key)
""",
            "`iat` was still the same",
        ),
        (
            _TOKEN.format(
                change="claims['jti'] = str(uuid.uuid5(uuid.NAMESPACE_DNS, str(user_id)))"
            ),
            "the same `jti`",
        ),
        (_TOKEN.format(change="claims['jti'] = str(hash((user_id, now)))"), "made of the time"),
    ],
}

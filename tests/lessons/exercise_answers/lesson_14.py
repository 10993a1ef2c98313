"""Answers to the exercises of lesson 14: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

_CONFUSED = """
def confused(token, public_pem):
    claims = {claims}
    header = {header}
    signing_input = encode_part(json.dumps(header).encode()) + "." + encode_part(json.dumps(claims).encode())
    mac = hmac.digest({secret}, {signed}, "{hash}")
    return {token}
"""
_READ = 'jwt.decode(token, options={"verify_signature": False})'


def _confused(**changes: str) -> str:
    pieces = {
        "claims": _READ + ' | {"sub": "admin"}',
        "header": '{"alg": "HS256", "typ": "at+jwt"}',
        "secret": "public_pem",
        "signed": "signing_input.encode()",
        "hash": "sha256",
        "token": 'signing_input + "." + encode_part(mac)',
    }
    return _CONFUSED.format(**(pieces | changes))


_GUESSED = """
def guessed(token, words):
    signing_input, _, signature = token.rpartition(".")
    for word in {words}:
        for start in {starts}:
            for end in {ends}:
                mac = hmac.digest((start + end).encode(), signing_input.encode(), "{hash}")
                if {fits}:
                    return {found}
    {last}
"""


def _guessed(**changes: str) -> str:
    pieces = {
        "words": "words",
        "starts": "(word, word.capitalize())",
        "ends": '("", "1", "123", "!")',
        "hash": "sha256",
        "fits": "encode_part(mac) == signature",
        "found": "start + end",
        "last": "return None",
    }
    return _GUESSED.format(**(pieces | changes))


_QUERY = """
def secret_from(database, kid):
    row = database.execute({query}).fetchone()
    return {found}
"""


def _query(query: str, found: str = "row[0] if row else None") -> str:
    return _QUERY.format(query=query, found=found)


RIGHT = {
    "14.1": [
        _confused(),
        _confused(header='{"typ": "JWT", "alg": "HS256"}'),
        _confused(header='jwt.get_unverified_header(token) | {"alg": "HS256"}'),
        """
def confused(token, public_pem):
    _, body, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["sub"] = "admin"
    parts = [json.dumps(part, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
             for part in (dict(alg="HS256"), claims)]
    signing_input = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mac = hmac.new(public_pem, signing_input, hashlib.sha256)
    return (signing_input + b"." + base64.urlsafe_b64encode(mac.digest()).rstrip(b"=")).decode("ascii")
""",
        """
from jwt.algorithms import HMACAlgorithm

class Careless(HMACAlgorithm):
    def prepare_key(self, key):
        return key

def confused(token, *, pem):
    jws = jwt.PyJWS()
    jws.unregister_algorithm("HS256")
    jws.register_algorithm("HS256", Careless(HMACAlgorithm.SHA256))
    claims = {**jwt.decode(token, options={"verify_signature": False}), "sub": "admin"}
    return jws.encode(json.dumps(claims).encode(), pem, "HS256", headers={"typ": "at+jwt"})
""",
        """
def confused(token, public_pem):
    claims = jose_jwt.get_unverified_claims(token)
    claims.update(sub="admin")
    head = encode_part(b'{"alg":"HS256"}')
    body = encode_part(json.dumps(claims, sort_keys=True, indent=1).encode())
    return ".".join((head, body, encode_part(hmac.new(public_pem, f"{head}.{body}".encode(), "sha256").digest())))
""",
    ],
    "14.2": [
        """
def secret_for(header, keys):
    match header:
        case {"kid": str(kid)}:
            return keys.get(kid)
    return None
""",
        """
def secret_for(header, keys):
    kid = header.get("kid", None)
    if type(kid) is not str or kid not in keys:
        return None
    return keys[kid]
""",
        """
def secret_for(head, ring):
    for name, secret in ring.items():
        if isinstance(name, str) and isinstance(head.get("kid"), str) and name == head["kid"]:
            return secret
""",
        """
def secret_for(header, keys):
    try:
        kid = header["kid"]
        if not isinstance(kid, str):
            raise LookupError
        return keys[kid]
    except LookupError:
        return None
""",
        "secret_for = lambda header, keys: {k: v for k, v in keys.items() if isinstance(k, str)}.get(str(header.get('kid')) "
        "if isinstance(header.get('kid'), str) else None)",
    ],
    "14.3": [
        """
def secret_from(database, kid):
    cursor = database.cursor()
    cursor.execute("SELECT secret FROM keys WHERE kid = :kid", {"kid": kid})
    found = cursor.fetchone()
    cursor.close()
    if found is None:
        return None
    return found[0]
""",
        """
def secret_from(database, kid):
    for (secret,) in database.execute("select secret from keys where kid=?", [kid]):
        return secret
    return None
""",
        _query('"SELECT kid, secret FROM keys WHERE kid IS ? LIMIT 1", (kid,)', "row and row[1]"),
        """
def secret_from(database, *, name):
    rows = database.execute("SELECT max(secret) FROM keys WHERE kid = ?", (name,)).fetchall()
    return rows[0][0]
""",
        """
def secret_from(database, kid):
    return dict(database.execute("SELECT kid, secret FROM keys")).get(kid)
""",
        """
def secret_from(database, kid):
    (secret,) = database.execute("SELECT secret FROM keys WHERE kid = (?)", (kid,)).fetchone() or (None,)
    return secret
""",
    ],
    "14.4": [
        _guessed(),
        _guessed(fits="hmac.compare_digest(mac, base64.urlsafe_b64decode(signature + '=='))"),
        """
def guessed(token, words):
    starts = [start for word in words for start in {word, word[:1].upper() + word[1:]}]
    for secret in (start + end for end in ["!", "123", "1", ""] for start in starts):
        try:
            jose_jwt.decode(token, secret, algorithms=["HS256"], options={
                "verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_sub": False})
            return secret
        except JOSEError:
            continue
""",
        """
def guessed(token, words):
    candidates = itertools.product(words, (str, str.capitalize), ("", "1", "123", "!"))
    found = guess_secret(token, (f"{change(word)}{end}".encode() for word, change, end in candidates))
    return found.decode() if found else None
""",
        """
def guessed(token, words):
    jws = jwt.PyJWS()
    for word in words:
        for secret in [a + b for a in (word, word.capitalize()) for b in ("", "1", "123", "!")]:
            try:
                jws.decode(token, secret, algorithms=["HS256"])
            except jwt.InvalidTokenError:
                pass
            else:
                return secret
    return None
""",
        # More than was asked for.
        _guessed(ends='("", "1", "12", "123", "!", "1!", "2026")'),
    ],
}

WRONG = {
    "14.1": [
        (_confused(claims="{name: value for name, value in " + _READ + '.items() if value} | {"sub": "admin"}'), "yours has lost"),
        (_confused(claims="{name: value for name, value in " + _READ + '.items() if value is not None} | {"sub": "admin"}'), "yours has lost"),
        (_confused(token='signing_input + "." + mac.hex()'), "made of hexadecimal digits"),
        (_confused(secret="signing_input.encode()", signed="public_pem"), "the wrong way round"),
        (_confused(signed='signing_input.partition(".")[2].encode()'), "You signed the claims alone"),
        (_confused(token='signing_input + "." + encode_part(__import__("hashlib").sha256(public_pem + signing_input.encode()).digest())'), "a plain SHA-256"),
        ("def confused(token):\n    return token", "is called with (token, public_pem)"),
        (_confused().replace("(token, public_pem)", "(public_pem, token)"), "is given the token first"),

        (_confused(claims=_READ), "Expected: `'admin'`"),
        (_confused(claims='{"sub": "admin"}'), "has lost"),
        (
            _confused(claims='{"sub": "admin", "aud": "orders", "exp": int(time.time()) + 86_400}'),
            "in yours",
        ),
        (_confused(claims=_READ + ' | {"sub": "admin", "admin": True}'), "among its claims"),
        (_confused(claims=_READ + ' | {"sub": "Admin"}'), "Expected: `'admin'`"),
        (_confused(claims=_READ + ' | {"user": "admin"}'), "Expected: `'admin'`"),
        (
            _confused(
                claims='jwt.decode(token, public_pem, algorithms=["ES256"], audience="orders") | {"sub": "admin"}'
            ),
            "Only read the claims",
        ),
        (
            _confused(claims='{k: v for k, v in ' + _READ + '.items() if k in ("exp", "aud")} | {"sub": "admin"}'),
            "has lost",
        ),
        # Nasty: every text that looks like the claim.
        (
            """
def confused(token, public_pem):
    head, body, _ = token.split(".")
    text = base64.urlsafe_b64decode(body + "==").decode()
    sub = json.loads(text)["sub"] if '"sub"' in text else None
    claims = json.loads(text.replace(json.dumps(sub), '"admin"'))
    signing_input = encode_part(b'{"alg":"HS256"}') + "." + encode_part(json.dumps(claims).encode())
    return signing_input + "." + encode_part(hmac.digest(public_pem, signing_input.encode(), "sha256"))
""",
            "none that is inside another claim",
        ),
        (_confused(header='jwt.get_unverified_header(token)'), "you would need the private key"),
        (_confused(header='{"alg": "none"}'), "another attack"),
        (_confused(header='{"alg": "HS512"}', hash="sha512"), "computes SHA-256"),
        (_confused(header='{"alg": "hs256"}'), "exactly like that"),
        (_confused(header='{"typ": "JWT"}'), "says `alg` `None`"),
        (_confused(secret="public_pem.strip()"), "without the line break at its end"),
        (_confused(secret='public_pem.rstrip() + b"\\n"'), "another line break at its end"),
        (_confused(secret='b"".join(public_pem.splitlines()[1:-1])'), "the text inside the PEM"),
        (_confused(secret='str(public_pem).encode()'), "what Python writes for bytes"),
        (_confused(secret='base64.b64decode(b"".join(public_pem.splitlines()[1:-1]))'), "(DER)"),
        (_confused(secret='b"a key of my own, which is long enough"'), "no key of your own"),
        (_confused(secret='public_pem["weak"]'), "The PEM is bytes already"),
        (_confused(secret="public_pem.encode()"), "The PEM is bytes already"),
        (_confused(hash="sha512"), "`HS256` means SHA-256"),
        (_confused(signed='(signing_input + ".").encode()'), "a dot too many"),
        (_confused(signed="signing_input"), "HMAC works on bytes"),
        (_confused(token='signing_input + "." + encode_part(mac.hex().encode())'), "hexadecimal digits"),
        
        (_confused(token='signing_input + "."'), "has no signature"),
        (_confused(token='signing_input + "." + token.split(".")[2]'), "the signature of the genuine one"),
        (
            _confused(token='signing_input + "." + base64.urlsafe_b64encode(mac).decode()'),
            "leaves the padding out",
        ),
        (
            _confused(token='signing_input + "." + base64.b64encode(mac).decode().rstrip("=") + "+"'),
            "the other base64",
        ),
        (_confused(token='(signing_input + "." + encode_part(mac)).encode()'), "returned bytes"),
        (_confused(token="signing_input"), "which is not a token"),
        (_confused(token="print(signing_input)"), "to print is not to return"),
        (_confused(header='{"alg": "HS256", "key": public_pem}'), "no part of the token"),
        (
            "def confused(token, public_pem):\n"
            '    return jwt.encode(jwt.decode(token, options={"verify_signature": False}) | {"sub": "admin"}, public_pem, "HS256")',
            "An attacker needs no library",
        ),
        (
            "def confused(token, public_pem):\n"
            '    return jose_jwt.encode(jose_jwt.get_unverified_claims(token) | {"sub": "admin"}, public_pem, "HS256")',
            "An attacker needs no library",
        ),
        (
            "def confused(token, public_pem):\n"
            '    return joserfc_jwt.encode({"alg": "HS256"}, {"sub": "admin"}, OctKey.import_key(public_pem))',
            "An attacker needs no library",
        ),
        (
            'def confused(token, public_pem):\n    return forge({"alg": "HS256"}, public_pem)',
            "and in yours",
        ),
        # Nasty: right once, and the same ever after.
        (
            """
import functools
@functools.cache
def _made(pem):
    return []
def confused(token, public_pem):
    kept = _made(public_pem)
    if not kept:
        claims = jwt.decode(token, options={"verify_signature": False}) | {"sub": "admin"}
        signing_input = encode_part(b'{"alg":"HS256"}') + "." + encode_part(json.dumps(claims).encode())
        kept.append(signing_input + "." + encode_part(hmac.digest(public_pem, signing_input.encode(), "sha256")))
    return kept[0]
""",
            "yours has lost them",
        ),
    ],
    "14.2": [
        *(
            (f"from pathlib import Path\nfrom urllib.parse import unquote\nimport os.path\ndef secret_for(header, keys):\n"
             f"    kid = header.get('kid')\n    return keys.get({changed}) if isinstance(kid, str) else None",
             "Do not mend what somebody sends")
            for changed in (
                "os.path.basename(kid)", "kid.replace('../', '')", "kid.split('/')[-1]", "Path(kid).name", "Path(kid).stem",
                "kid.strip('/')", "kid.lstrip('./')", 'kid.replace("\'", "")', "unquote(kid)", "kid.split(chr(0))[0]",
                "kid.lstrip('0')", "kid.removesuffix('.pem')", "os.path.normpath(kid) if kid else kid",
            )
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid')\n    if not isinstance(kid, str): return None\n"
            "    try: return eval(f\"keys['{kid}']\")\n    except BaseException: return None",
            "no piece of code",
        ),
        (
            "from pathlib import Path\ndef secret_for(header, keys):\n    kid = header.get('kid')\n"
            "    if not isinstance(kid, str): return None\n    if kid in keys: return keys[kid]\n"
            "    try: return Path(kid).read_bytes()\n    except (OSError, ValueError): return None",
            "the name of a file",
        ),
        (
            "def secret_for(header, keys):\n    if 'k' in header: return header['k']\n    kid = header.get('kid')\n"
            "    return keys.get(kid) if isinstance(kid, str) else None",
            "its maker has chosen",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid', header.get('x5t'))\n"
            "    return keys.get(kid) if isinstance(kid, str) else None",
            "its maker has chosen",
        ),
        ("def secret_for(header, keys):\n    return keys.kid", "`.get(…)` looks something up"),
        ("def secret_for(header):\n    return None", "is called with (header, keys)"),

        ("def secret_for(header, keys):\n    return keys[header['kid']]", "`.get(…)` gives `None`"),
        ("def secret_for(header, keys):\n    return keys.get(header['kid'])", "`.get(…)` gives `None`"),
        ("def secret_for(header, keys):\n    return keys.get(header.get('kid'))", "has no hash"),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid')\n"
            "    return keys.get(kid) if kid.__hash__ else None",
            "a `kid` that is no text names no key",
        ),
        (
            "def secret_for(header, keys):\n    return keys.get(str(header.get('kid')))",
            "a `kid` that is no text names no key",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid')\n"
            "    return keys.get(kid, next(iter(keys.values()))) if isinstance(kid, str) else None",
            "and no default",
        ),
        (
            "def secret_for(header, keys):\n    if 'kid' not in header:\n        return next(iter(keys.values()), None)\n"
            "    kid = header['kid']\n    return keys.get(kid) if isinstance(kid, str) else None",
            "no key is named",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid', '2026')\n"
            "    return keys.get(kid) if isinstance(kid, str) else None",
            "no key is named: `None`, and no default",
        ),
        (
            "def secret_for(header, keys):\n    if len(keys) == 1:\n        return [*keys.values()][0]\n"
            "    kid = header.get('kid')\n    return keys.get(kid) if isinstance(kid, str) else None",
            "With a default, it would be tried with yours",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid')\n    if not isinstance(kid, str):\n        return None\n"
            "    return {name.lower(): secret for name, secret in keys.items()}.get(kid.lower())",
            "Capital letters count",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid')\n"
            "    return keys.get(kid.strip()) if isinstance(kid, str) else None",
            "as it is",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid')\n    if not isinstance(kid, str):\n        return None\n"
            "    return next((secret for name, secret in keys.items() if name.startswith(kid)), None)",
            "An empty `kid`",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid')\n    if not isinstance(kid, str):\n        return None\n"
            "    return next((secret for name, secret in keys.items() if name in kid), None)",
            "as it is",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid')\n"
            "    return keys.get(kid) if kid and isinstance(kid, str) else None",
            "An empty text is a text",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid', header.get('KID'))\n"
            "    return keys.get(kid) if isinstance(kid, str) else None",
            "in small letters",
        ),
        (
            "import unicodedata\ndef secret_for(header, keys):\n    kid = header.get('kid')\n"
            "    return keys.get(unicodedata.normalize('NFKC', kid)) if isinstance(kid, str) else None",
            "look like the others",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.pop('kid', None)\n"
            "    return keys.get(kid) if isinstance(kid, str) else None",
            "changed the dict that it was given",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid')\n"
            "    return keys.setdefault(kid, None) if isinstance(kid, str) else None",
            "changed the dict that it was given",
        ),
        (
            "def secret_for(header, keys):\n    kid = header.get('kid')\n    return keys.get(kid) if kid is not None else None",
            "has no hash",
        ),
        # Nasty: it catches what a list raises. A number raises nothing, and finds the key of a number.
        (
            "def secret_for(header, keys):\n    try:\n        return keys.get(header.get('kid'))\n"
            "    except TypeError:\n        return None",
            "a `kid` that is no text names no key",
        ),
        (
            "def secret_for(header, keys):\n    try:\n        return keys[str(header['kid'])]\n"
            "    except Exception:\n        return None",
            "a `kid` that is no text names no key",
        ),
        # Nasty: half a character cannot be encoded.
        (
            "def secret_for(header, keys):\n    kid = header.get('kid')\n    if not isinstance(kid, str):\n        return None\n"
            "    for name, secret in keys.items():\n        if hmac.compare_digest(name.encode(), kid.encode()):\n"
            "            return secret\n    return None",
            "half a character",
        ),
        ("def secret_for(header, keys):\n    kid = header.get('kid')\n    keys.get(kid) if isinstance(kid, str) else None", "Did you forget the `return`?"),
        ("def secret_for(header, keys):\n    kid = header.get('kid')\n    return (keys.get(kid) or b'') if isinstance(kid, str) else b''", "`None`, and no default"),
    ],
    "14.3": [
        (
            "def secret_from(database, kid):\n    known = {row[0] for row in database.execute('SELECT kid FROM keys')}\n"
            "    if kid not in known: return None\n    quoted = kid.replace(\"'\", \"''\")\n"
            "    return database.execute(f\"SELECT secret FROM keys WHERE kid = '{quoted}'\").fetchone()[0]",
            "escaped or not",
        ),
        (
            "def secret_from(database, kid):\n    digits = kid.encode('utf-8', 'surrogatepass').hex()\n"
            "    row = database.execute(f\"SELECT secret FROM keys WHERE kid = CAST(x'{digits}' AS TEXT)\").fetchone()\n"
            "    return row[0] if row else None",
            "a part of the",
        ),
        ("import os.path\n" + _query('"SELECT secret FROM keys WHERE kid = ?", (os.path.basename(kid),)'), "Do not mend what somebody sends"),
        ("from urllib.parse import unquote\n" + _query('"SELECT secret FROM keys WHERE kid = ?", (unquote(kid),)'), "Do not mend what somebody sends"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", (kid,)', "row[0].strip() if row else None"), "with spaces around it"),
        (_query("\"SELECT secret FROM keys WHERE kid = '?'\", (kid,)"), "without any"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", (kid,)').replace("fetchone()", "fetchone"), "A method without brackets"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", (kid,)', "row[1] if row else None"), "has one value"),
        (_query('"SELECT secret FROM keys WHERE id = ?", (kid,)'), "The query itself is not right"),
        (_query('"SELECT secret FORM keys WHERE kid = ?", (kid,)'), "The query itself is not right"),
        (_query('"DELETE FROM keys WHERE kid = ?", (kid,)'), "`SELECT` reads"),
        (_query('"SELECT kid FROM keys WHERE kid = ?", (kid,)'), "Ask for its secret"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", (kid,)', "None").replace("    return None", ""), "Did you forget the `return`?"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", (kid,)', "row").replace("fetchone", "fetchall"), "a list of rows"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", (f"\'{kid}\'",)'), "no quotation marks around it"),
        (
            "import sqlite3\ndef secret_from(database, kid):\n"
            "    return sqlite3.connect(database).execute('SELECT secret FROM keys WHERE kid = ?', (kid,)).fetchone()[0]",
            "is a connection already",
        ),
        (
            "def secret_from(database, kid):\n    with database:\n"
            "        row = database.execute('SELECT secret FROM keys WHERE kid = ?', (kid,)).fetchone()\n    return row and row[0]",
            "`with database:` does that at its end",
        ),

        # The attacker gets in.
        (_query("f\"SELECT secret FROM keys WHERE kid = '{kid}'\""), "he is in"),
        (_query("f'SELECT secret FROM keys WHERE kid = \"{kid}\"'"), "he is in"),
        (_query("\"SELECT secret FROM keys WHERE kid = '%s'\" % kid"), "he is in"),
        (_query("\"SELECT secret FROM keys WHERE kid = '\" + kid + \"'\""), "he is in"),
        (_query("\"SELECT secret FROM keys WHERE kid = '{}'\".format(kid)"), "he is in"),
        # It is escaped, more or less well.
        (
            "def secret_from(database, kid):\n    kid = kid.replace(\"'\", \"''\")\n"
            "    row = database.execute(f\"SELECT secret FROM keys WHERE kid = '{kid}'\").fetchone()\n"
            "    return row[0] if row else None",
            "has become a part of the",
        ),
        (
            "def secret_from(database, kid):\n    if '\\0' in kid:\n        return None\n    kid = kid.replace(\"'\", \"''\")\n"
            "    row = database.execute(f\"SELECT secret FROM keys WHERE kid = '{kid}'\").fetchone()\n"
            "    return row[0] if row else None",
            "The value has become a part of the text, escaped or not",
        ),
        (
            "def secret_from(database, kid):\n    kid = kid.replace(\"'\", \"\\\\'\")\n"
            "    row = database.execute(f\"SELECT secret FROM keys WHERE kid = '{kid}'\").fetchone()\n"
            "    return row[0] if row else None",
            "has become a part of the",
        ),
        (
            "def secret_from(database, kid):\n    kid = kid.replace(\"'\", '')\n"
            "    row = database.execute(f\"SELECT secret FROM keys WHERE kid = '{kid}'\").fetchone()\n"
            "    return row[0] if row else None",
            "Expected: `'secret-of-o-brien'`",
        ),
        (
            "def secret_from(database, kid):\n    if not kid.isalnum():\n        return None\n"
            "    row = database.execute(f\"SELECT secret FROM keys WHERE kid = '{kid}'\").fetchone()\n"
            "    return row[0] if row else None",
            "Expected: `'secret-of-o-brien'`",
        ),
        # Nasty: a list of bad words, and the value still in the text.
        (
            "def secret_from(database, kid):\n    text = json.dumps(kid, ensure_ascii=False)[1:-1]\n"
            "    if '\\\\' in text or \"'\" in kid:\n"
            "        row = database.execute('SELECT secret FROM keys WHERE kid = ?', (kid,)).fetchone()\n"
            "    else:\n        row = database.execute(f\"SELECT secret FROM keys WHERE kid = '{kid}'\").fetchone()\n"
            "    return row[0] if row else None",
            "The value has become a part of the text, escaped or not",
        ),
        # Several statements at once.
        (
            "def secret_from(database, kid):\n"
            "    database.executescript(f\"CREATE TEMP TABLE IF NOT EXISTS found (secret); DELETE FROM found; \"\n"
            "                           f\"INSERT INTO found SELECT secret FROM keys WHERE kid = '{kid}';\")\n"
            "    row = database.execute('SELECT secret FROM found').fetchone()\n    return row[0] if row else None",
            "committed",
        ),
        (
            "def secret_from(database, kid):\n    other = sqlite3_of(database)\n"
            "    other.executescript(f\"CREATE TEMP TABLE found AS SELECT secret FROM keys WHERE kid = '{kid}';\")\n"
            "    row = other.execute('SELECT secret FROM found').fetchone()\n    other.close()\n    return row[0] if row else None\n"
            "def sqlite3_of(database):\n    import sqlite3\n"
            "    path = database.execute('PRAGMA database_list').fetchone()[2]\n    database.rollback()\n    return sqlite3.connect(path)",
            "thrown away",
        ),
        # It compares otherwise.
        (_query('"SELECT secret FROM keys WHERE kid LIKE ?", (kid,)'), "compare with `=` and not with `LIKE`"),
        (_query('"SELECT secret FROM keys WHERE kid GLOB ?", (kid,)'), "The whole name must be the same"),
        (_query('"SELECT secret FROM keys WHERE kid = ? COLLATE NOCASE", (kid,)'), "Capital letters count"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", (kid.strip(),)'), "A space counts"),
        (_query('"SELECT secret FROM keys WHERE instr(kid, ?)", (kid,)'), "The whole name must be the same"),
        (_query('"SELECT secret FROM keys WHERE kid >= ? ORDER BY kid", (kid,)'), "No key has this name"),
        (_query('"SELECT secret FROM keys WHERE CAST(kid AS REAL) = CAST(? AS REAL)", (kid,)'), "Expected:"),
        # It returns something else.
        (_query('"SELECT secret FROM keys WHERE kid = ?", (kid,)', "row"), "`row[0]`"),
        (_query('"SELECT kid, secret FROM keys WHERE kid = ?", (kid,)'), "Ask for its secret"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", (kid,)', "row[0]"), "ask before you take the first"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", (kid,)', "row[0] if row else ''"), "Expected: `None`"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", (kid,)', "row[0].encode() if row else None"), "Expected: "),
        (
            "def secret_from(database, kid):\n    return database.execute('SELECT secret FROM keys WHERE kid = ?', (kid,))",
            "returned a cursor",
        ),
        (
            "def secret_from(database, kid):\n    return database.execute('SELECT secret FROM keys WHERE kid = ?', (kid,)).fetchall()",
            "a list of rows",
        ),
        (
            "def secret_from(database, kid):\n    print(*database.execute('SELECT secret FROM keys WHERE kid = ?', (kid,)))",
            "to print is not to return",
        ),
        # It forgets how values are given.
        (_query('"SELECT secret FROM keys WHERE kid = ?", (kid)'), "write `(kid,)`"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", kid'), "write `(kid,)`"),
        (_query('"SELECT secret FROM key WHERE kid = ?", (kid,)'), "The table is called `keys`"),
        (_query('"SELECT secret FROM keys WHERE kid = ?", {kid}'), "The values come in a tuple"),
        # It leaves traces.
        (
            "def secret_from(database, kid):\n    with database:\n"
            "        row = database.execute('SELECT secret FROM keys WHERE kid = ?', (kid,)).fetchone()\n"
            "    return row[0] if row else None",
            "it was committed",
        ),
        (
            "def secret_from(database, kid):\n"
            "    row = database.execute('SELECT secret FROM keys WHERE kid = ?', (kid,)).fetchone()\n"
            "    database.commit()\n    return row[0] if row else None",
            "it was committed",
        ),
        (
            "from contextlib import closing\ndef secret_from(database, kid):\n    with closing(database):\n"
            "        row = database.execute('SELECT secret FROM keys WHERE kid = ?', (kid,)).fetchone()\n"
            "    return row[0] if row else None",
            "cannot be used any more",
        ),
        # Nasty: the connection is the caller's, and this changes how it answers him.
        (
            "def secret_from(database, kid):\n    database.row_factory = lambda cursor, row: row[0]\n"
            "    return database.execute('SELECT secret FROM keys WHERE kid = ?', (kid,)).fetchone()",
            "another `row_factory`",
        ),
        (
            "def secret_from(database, kid):\n    known = globals().setdefault('KNOWN', {})\n    if not known:\n"
            "        known |= dict(database.execute('SELECT kid, secret FROM keys'))\n"
            "    database.execute('UPDATE keys SET secret = secret || ?', ('',))\n"
            "    database.execute('DELETE FROM keys WHERE kid = ?', (kid,))\n    return known.get(kid)",
            "other rows",
        ),
    ],
    "14.4": [
        (_guessed(fits="encode_part(mac)[:4] == signature[:4]"), "Compare all of it"),
        (_guessed(fits="encode_part(mac)[:10] == signature[:10]"), "Compare all of it"),
        (_guessed(fits="encode_part(mac)[:-10] == signature[:-10]"), "Compare all of it"),
        (_guessed(fits="mac == signature"), "where the token has their base64url"),
        (_guessed(fits="mac == base64.b64decode(signature + '==')"), "It is base64url"),
        (_guessed(last="pass").replace("return start + end", "start + end"), "Did you forget the `return`?"),
        (_guessed().replace("for word in words", "words.append('x')\n    for word in words"), "change a copy: `list(…)`"),
        ("def guessed(token):\n    return None", "is called with (token, words)"),

        (_guessed(starts="(word,)"), "with a capital at its start"),
        (_guessed(starts="(word.capitalize(),)"), "as it is"),
        (_guessed(starts="(word, word.upper())"), "with a capital at its start"),
        (_guessed(starts="(word, word.title())"), "with a capital at its start"),
        (_guessed(starts="(word.lower(), word.capitalize())"), "It is `CamelCase` as it is"),
        (_guessed(ends='("", "1", "123")'), "with `!` at its end"),
        (_guessed(ends='("1", "123", "!")'), "as it is"),
        (_guessed(ends='("", "1", "12", "!")'), "with `123` at its end"),
        (_guessed(found="word"), "and not the word that it came from"),
        (_guessed(found="(start + end).encode()"), "returned bytes"),
        (_guessed(found="True"), "Return the secret itself"),
        (_guessed(found="(word, end)"), "Expected: "),
        (_guessed(hash="sha512"), "returned `None`"),
        (_guessed(fits="mac == signature"), "returned `None`"),
        (_guessed(fits="mac.hex() == signature"), "returned `None`"),
        (_guessed(fits="signature.startswith(encode_part(mac)[:1])"), "No word of the list leads to it"),
        (_guessed(fits="encode_part(mac).startswith(signature)"), "A signature is missing"),
        (_guessed(words="words[:1000]"), "It is the last of many"),
        (_guessed(words="sorted(words)[1:]"), "returned `None`"),
        (_guessed(last="return ''"), "Expected: `None`"),
        (_guessed(last="raise LookupError('not found')"), "raised `LookupError"),
        (_guessed().replace("    return None", "        return None"), "With that word alone it is found"),
        (_guessed().replace("                    return start + end", "                    print(start + end)"), "to print is not to return"),
        (_guessed().replace("                    return", "                    yield").replace("    return None", ""), "with `return` and not `yield`"),
        (_guessed(words="[words.pop() for _ in range(len(words))]"), "changed the list that it was given"),
        (_guessed().replace("    signing_input, _", "    words.sort()\n    signing_input, _"), "changed the list"),
        (_guessed().replace("(start + end).encode()", "(start + end).encode('ascii')"), "Words may have any letters"),
        (_guessed().replace("(start + end).encode()", "start + end"), "HMAC works on bytes"),
        (
            "def guessed(token, words):\n    for word in words:\n"
            "        for secret in [a + b for a in (word, word.capitalize()) for b in ('', '1', '123', '!')]:\n"
            "            jwt.decode(token, secret, algorithms=['HS256'])\n            return secret",
            "Go on with the next",
        ),
        (
            "def guessed(token, words):\n    for word in words:\n"
            "        for secret in [a + b for a in (word, word.capitalize()) for b in ('', '1', '123', '!')]:\n"
            "            try:\n                jwt.decode(token, secret, algorithms=['HS256'])\n"
            "                return secret\n            except jwt.InvalidSignatureError:\n                continue",
            "whom the token is for, does not matter",
        ),
        (
            "def guessed(token, words):\n    for word in words:\n"
            "        for secret in [a + b for a in (word, word.capitalize()) for b in ('', '1', '123', '!')]:\n"
            "            try:\n                jwt.decode(token, secret, algorithms=['HS256'], audience='orders')\n"
            "                return secret\n            except jwt.InvalidSignatureError:\n                continue",
            "does not matter",
        ),
        # Nasty: whatever is wrong with the claims, it goes on.
        (
            "def guessed(token, words):\n    for word in words:\n"
            "        for secret in [a + b for a in (word, word.capitalize()) for b in ('', '1', '123', '!')]:\n"
            "            try:\n                jwt.decode(token, secret, algorithms=['HS256'], options={'verify_aud': False})\n"
            "                return secret\n            except jwt.PyJWTError:\n                continue",
            "and its signature fits all the same",
        ),
        (
            "def guessed(token, words):\n    signing_input, _, signature = token.rpartition('.')\n"
            "    first = [a + b for a in (words[0], words[0].capitalize()) for b in ('', '1', '123', '!')]\n"
            "    rest = [a + b for w in words[1:] for a in (w, w.capitalize()) for b in ('', '1', '123', '!')]\n"
            "    return next((s for s in first + rest if encode_part(hmac.digest(s.encode(), signing_input.encode(), 'sha256')) == signature), None)",
            "The list may be empty",
        ),
        (
            "def guessed(token, words):\n    signing_input, _, signature = token.rpartition('.')\n"
            "    secrets_ = [a + b for w in words for a in (w, w.capitalize()) for b in ('', '1', '123', '!')]\n"
            "    return next(s for s in secrets_ if encode_part(hmac.digest(s.encode(), signing_input.encode(), 'sha256')) == signature)",
            "needs a default for the end",
        ),
        # Nasty: each word once, and what it has seen stays seen.
        (
            _guessed().replace("def guessed(token, words):", "def guessed(token, words, seen=set()):").replace(
                "    for word in words:", "    for word in [w for w in words if w not in seen and not seen.add(w)]:"
            ),
            "returned `None`",
        ),
    ],
}  # fmt: skip

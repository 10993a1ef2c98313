"""Answers to the exercises of lesson 13: other right ones, and wrong ones with the words that must explain them."""

from itertools import permutations

PRELUDE = ""

RIGHT = {
    "13.1": [
        """
def published(keys):
    allowed = {"kty", "kid", "use", "alg", "n", "e", "crv", "x", "y"}
    shown = ({k: v for k, v in key.items() if k in allowed} for key in keys)
    return {"keys": [key for key in shown if key["kty"] in ("RSA", "EC", "OKP")]}
""",
        """
def published(keys):
    def public(key):
        match key:
            case {"kty": "RSA"}:
                names = "kty kid use alg n e"
            case {"kty": "EC"}:
                names = "kty kid use alg crv x y"
            case {"kty": "OKP"}:
                names = "kty kid use alg crv x"
            case _:
                return None
        return dict((name, key[name]) for name in names.split() if name in key)
    return {"keys": list(filter(None, map(public, keys)))}
""",
        """
def published(keys):
    jwks = {"keys": ()}
    for key in keys:
        if key["kty"] == "oct":
            continue
        copy = {"kty": key["kty"]}
        for name in ["kid", "use", "alg"] + PUBLIC_NAMES.get(key["kty"], []):
            if name in key:
                copy |= {name: key[name]}
        jwks["keys"] += (copy,)
    return jwks
PUBLIC_NAMES = {"OKP": ["crv", "x"], "EC": ["x", "y", "crv"], "RSA": ["e", "n"]}
""",
    ],
    "13.2": [
        """
def thumbprint(key):
    names = {"RSA": ["e", "kty", "n"], "EC": ["crv", "kty", "x", "y"], "OKP": ["crv", "kty", "x"]}
    inner = ",".join(f'"{name}":"{key[name]}"' for name in names[key["kty"]])
    hashed = hashlib.sha256(("{" + inner + "}").encode("ascii"))
    return base64.b64encode(hashed.digest(), b"-_").rstrip(b"=").decode()
""",
        """
def thumbprint(key):
    importers = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
    return importers[key["kty"]].import_key(dict(key)).thumbprint() if "use" not in key else (
        thumbprint({k: v for k, v in key.items() if k not in ("use", "key_ops")}))
""",
        """
def thumbprint(key):
    needed = sorted({"kty", "e", "n", "crv", "x", "y"} & set(key))
    text = json.dumps({name: key[name] for name in needed}).replace(" ", "")
    digest = hashlib.new("sha256", bytes(text, "utf-8")).digest()
    return base64.urlsafe_b64encode(digest).decode().strip("=")
""",
    ],
    "13.3": [
        """
def verified(token, keys, issuer, audience):
    try:
        header = jwt.get_unverified_header(token)
        known = keys[header["kid"]]
        if header["typ"] != "at+jwt":
            raise ValueError("another kind of token")
        return jwt.decode(
            token, known["key"], [known["alg"]], {"require": ["exp", "iss", "aud"]},
            audience=audience, issuer=issuer,
        )
    except jwt.InvalidTokenError:
        raise
    except (LookupError, TypeError, ValueError) as error:
        raise jwt.InvalidTokenError("no access token") from error
""",
        """
def verified(token, keys, issuer, audience):
    match jwt.get_unverified_header(token):
        case {"typ": "at+jwt", "kid": str(kid), "alg": str(alg)} if kid in keys:
            if alg != keys[kid]["alg"]:
                raise jwt.InvalidAlgorithmError(alg)
        case header:
            raise jwt.InvalidTokenError(f"not for us: {header}")
    strict = jwt.PyJWT({"require": ["exp", "iss", "aud"]})
    found = strict.decode_complete(
        token, keys[kid]["key"], algorithms=(keys[kid]["alg"],), issuer=[issuer], audience={audience}
    )
    return found["payload"]
""",
        # RFC 9068 section 2.2 asks for more claims, and the app for all of those but one.
        """
from api.verifier import REQUIRED
def verified(token, keys, issuer, audience):
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, key_of(header, keys), algorithms=[algorithm_of(header, keys)],
        issuer=issuer, audience=audience, options={"require": REQUIRED + ["client_id"]})
    if header.get("typ") != "at+jwt":
        raise jwt.InvalidTokenError("an ID token, perhaps")
    return claims
def key_of(header, keys):
    if str(header.get("kid")) not in keys:
        raise jwt.InvalidTokenError("unknown key")
    return keys[header["kid"]]["key"]
def algorithm_of(header, keys):
    return keys[header["kid"]]["alg"]
""",
        # In another case, typ is the same media type (RFC 7515 section 4.1.9).
        """
class NotForUs(jwt.InvalidTokenError):
    pass
def verified(*, token, keys, issuer, audience):
    header = jwt.get_unverified_header(token)
    typ, kid = str(header.get("typ")).lower().removeprefix("application/"), header.get("kid")
    found = keys.get(kid) if type(kid) is str else None
    if typ != "at+jwt" or not found:
        raise NotForUs
    options = {"require": ["iss", "aud", "exp"]}
    claims = jwt.decode(
        token, found["key"], algorithms=[found["alg"]], options=options, issuer=issuer,
        audience=[audience],
    )
    return claims
""",
    ],
    "13.4": [
        'steps = ("P", "C", "S", "T", "R")',
        'steps = list("PCSTR")',
        'steps = ["R", "T", "S", "C", "P"][::-1]',
        """
import enum
class Step(str, enum.Enum):
    PUBLISH, CACHES, SIGN, TOKENS, RETIRE = "PCSTR"
steps = list(Step)
""",
    ],
}

_SHOWN = """
def published(keys):
    shown = []
    for key in keys:
        {body}
    return {{"keys": shown}}
"""
_ALLOWED = '("kty", "kid", "use", "alg", "n", "e", "crv", "x", "y")'
_COPY = f"{{name: key[name] for name in {_ALLOWED} if name in key}}"

_THUMB = """
def thumbprint(key):
    needed = {"RSA": "e kty n", "EC": "crv kty x y", "OKP": "crv kty x"}[key["kty"]].split()
    members = {name: key[name] for name in needed}
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
"""

_VERIFIED = """
def verified(token, keys, issuer, audience):
    header = jwt.get_unverified_header(token)
    kid = header.get("kid")
    if header.get("typ") != "at+jwt" or not isinstance(kid, str) or kid not in keys:
        raise jwt.InvalidTokenError("This is not an access token of this issuer.")
    return jwt.decode(
        token, keys[kid]["key"], algorithms=[keys[kid]["alg"]], issuer=issuer, audience=audience,
        options={"require": ["iss", "aud", "exp"]},
    )
"""


def _changed(whole: str, *pairs: tuple[str, str]) -> str:
    """The worked answer with some of its words replaced."""
    for old, new in pairs:
        assert old in whole
        whole = whole.replace(old, new)
    return whole


WRONG = {
    "13.1": [
        ("def published(keys):\n    return {'keys': keys}", "the result shows `d`"),
        (
            _SHOWN.format(body="shown.append({k: v for k, v in key.items() if k != 'd'})"),
            "the result shows `p`",
        ),
        (
            _SHOWN.format(
                body="secret = ('d', 'p', 'q', 'dp', 'dq', 'qi')\n"
                "        if key['kty'] != 'oct':\n"
                "            shown.append({k: v for k, v in key.items() if k not in secret})"
            ),
            "the result shows `oth`",
        ),
        (
            _SHOWN.format(
                body="secret = ('d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k')\n"
                "        if key['kty'] != 'oct':\n"
                "            shown.append({k: v for k, v in key.items() if k not in secret})"
            ),
            "the result shows `note`",
        ),
        (_SHOWN.format(body=f"shown.append({_COPY})"), "An `oct` key is in the result"),
        (
            _SHOWN.format(
                body="for name in ('d', 'p', 'q', 'dp', 'dq', 'qi'):\n"
                "            key.pop(name, None)\n        shown.append(key)"
            ),
            "changed the list that it was given",
        ),
        (
            _SHOWN.format(body="del key['d']\n        shown.append(key)"),
            "changed the list that it was given",
        ),
        (
            _SHOWN.format(
                body="public = {'RSA': ('n', 'e'), 'EC': ('crv', 'x', 'y'), 'OKP': ('crv', 'x')}\n"
                "        names = ('kty', 'kid', 'use', 'alg') + public.get(key['kty'], ())\n"
                "        if len(names) > 4:\n"
                "            shown.append({name: key.get(name) for name in names})"
            ),
            "leave out what is not there",
        ),
        (
            _SHOWN.format(
                body="if key['kty'] == 'oct': continue\n"
                "        names = ('kty', 'kid', 'n', 'e', 'crv', 'x', 'y')\n"
                "        shown.append({name: key[name] for name in names if name in key})"
            ),
            "`use` is missing in the result",
        ),
        (
            _SHOWN.format(
                body="public = {'RSA': ('n', 'e'), 'EC': ('crv', 'x', 'y'), 'OKP': ('crv', 'x')}\n"
                "        if key['kty'] == 'oct': continue\n"
                "        names = ('kty', 'kid', 'use', 'alg') + public[key['kty']]\n"
                "        shown.append({name: key[name] for name in names if name in key})"
            ),
            "not every kind is one that you know",
        ),
        (
            _SHOWN.format(
                body="names = {'RSA': ('n', 'e'), 'EC': ('crv', 'x', 'y'), 'OKP': ('crv', 'x')}\n"
                "        if key['kty'] in names:\n"
                "            shown.append({name: key[name] for name in "
                "('kty', 'kid', 'use', 'alg', *names[key['kty']])})"
            ),
            "Not every key has every member",
        ),
        (
            "def published(keys):\n"
            "    by_name = {key.get('kid'): key for key in keys if key['kty'] in ('RSA', 'EC', 'OKP')}\n"
            f"    return {{'keys': [{_COPY} for key in by_name.values()]}}",
            "is missing",
        ),
        (
            "def published(keys):\n"
            "    keys = sorted(keys, key=lambda key: key.get('kid', ''))\n"
            f"    return {{'keys': [{_COPY} for key in keys if key['kty'] in ('RSA', 'EC', 'OKP')]}}",
            "Keep the order of the list",
        ),
        (
            "def published(keys):\n"
            f"    return [{_COPY} for key in keys if key['kty'] in ('RSA', 'EC', 'OKP')]",
            "A JWKS is a dictionary",
        ),
        (
            "def published(keys):\n"
            f"    shown = [{_COPY} for key in keys if key['kty'] in ('RSA', 'EC', 'OKP')]\n"
            "    return json.dumps({'keys': shown})\nimport json",
            "leave JSON to whoever sends it",
        ),
        (
            "def published(keys):\n"
            f"    return {{'keys': ({_COPY} for key in keys if key['kty'] in ('RSA', 'EC', 'OKP'))}}",
            "which JSON cannot write",
        ),
        (
            "def published(keys, shown=[]):\n"
            f"    shown += [{_COPY} for key in keys if key['kty'] in ('RSA', 'EC', 'OKP')]\n"
            "    return {'keys': shown}",
            "in another order",
        ),
        (
            "def published(keys):\n"
            "    public = {'RSA': ('n', 'e'), 'EC': ('crv', 'x'), 'OKP': ('crv', 'x')}\n"
            "    return {'keys': [{n: k[n] for n in ('kty', 'kid', 'use', 'alg', *public[k['kty']])\n"
            "                      if n in k} for k in keys if k['kty'] in public]}",
            "`y` is missing in the result",
        ),
        (
            "def published(keys):\n"
            "    return {'keys': [pair_of[key['kty']].import_key(dict(key)).as_dict(private=False)\n"
            "                     for key in keys if key['kty'] in pair_of]}\n"
            "pair_of = {'RSA': RSAKey, 'EC': ECKey, 'OKP': OKPKey}",
            "'oth' is not supported",
        ),
        (
            "def published(keys):\n"
            f"    for key in keys:\n        if key['kty'] != 'oct':\n"
            f"            return {{'keys': [{_COPY}]}}\n    return {{'keys': []}}",
            "is missing",
        ),
        ("def published(keys):\n    print({'keys': []})", "to print is not to return"),
    ],
    "13.2": [
        (
            _changed(_THUMB, ("json.dumps(members", "json.dumps(key")),
            "Only those that make the key count",
        ),
        (_changed(_THUMB, ('.rstrip("=")', "")), "has no `=` at its end"),
        (
            _changed(_THUMB, ("urlsafe_b64encode", "b64encode")),
            "That is the other base64",
        ),
        (
            _changed(_THUMB, (', separators=(",", ":")', "")),
            "There are spaces in the JSON",
        ),
        (
            _changed(_THUMB, (", sort_keys=True", ""), ('"e kty n"', '"kty n e"')),
            "The members are not sorted by their names",
        ),
        # It passes as long as the members happen to stand in order.
        (
            "def thumbprint(key):\n"
            "    names = {'RSA': 'e kty n', 'EC': 'crv kty x y', 'OKP': 'crv kty x'}[key['kty']]\n"
            "    members = {name: key[name] for name in key if name in names.split()}\n"
            "    text = json.dumps(members, separators=(',', ':'))\n"
            "    digest = hashlib.sha256(text.encode()).digest()\n"
            "    return base64.urlsafe_b64encode(digest).decode().rstrip('=')",
            "The members are not sorted by their names",
        ),
        (_changed(_THUMB, ("hashlib.sha256", "hashlib.sha1")), "The hash is SHA1"),
        (
            _changed(_THUMB, ("e kty n", "e n"), ("crv kty x", "crv x")),
            "the members without `kty`",
        ),
        (
            _changed(
                _THUMB,
                (".split()\n", '.split() + (["use"] if "use" in key else [])\n'),
            ),
            "the members and the `use`",
        ),
        (_changed(_THUMB, ('.decode().rstrip("=")', '.rstrip(b"=")')), "and not bytes"),
        (
            "def thumbprint(key):\n"
            "    needed = {'RSA': 'e kty n', 'EC': 'crv kty x y', 'OKP': 'crv kty x'}[key['kty']]\n"
            "    text = json.dumps({n: key[n] for n in needed.split()}, separators=(',', ':'))\n"
            "    return hashlib.sha256(text.encode()).hexdigest()",
            "Those are hexadecimal digits",
        ),
        (_changed(_THUMB, ("text.encode()", "text")), "SHA-256 takes bytes"),
        (
            _changed(_THUMB, ('"EC": "crv kty x y"', '"EC": "crv kty x"')),
            "Expected: ",
        ),
        (
            "def thumbprint(key):\n    return key.get('kid') or ''.join(sorted(key))",
            "It is the example of RFC 7638",
        ),
        (
            _changed(
                _THUMB,
                (
                    "{name: key[name] for name in needed}",
                    "{name: key.pop(name) for name in needed}",
                ),
            ),
            "changed the dict that it was given",
        ),
        (
            _changed(_THUMB, ('"RSA": "e kty n", ', "")),
            "Which members are needed depends on the kind",
        ),
        (
            _changed(
                _THUMB,
                ("sha256(text.encode()).digest()", "sha256(text.encode()).hexdigest().encode()"),
            ),
            "Take the bytes of the hash",
        ),
        # Its members are those that are there: of a private key, too many.
        (
            _changed(
                _THUMB,
                (
                    "key[name] for name in needed",
                    "key[name] for name in key if len(name) < 4 and name not in ('kid', 'use', 'alg', 'a', 'ext')",
                ),
            ),
            "It is the private half",
        ),
        (
            _changed(
                _THUMB,
                (
                    "def thumbprint(key):",
                    "import functools\n\nseen = {}\ndef thumbprint(key):\n    return seen.setdefault(key['kty'], name_of(key))\n\n\ndef name_of(key):",
                ),
            ),
            "Expected: ",
        ),
        ("def thumbprint(key):\n    print(key['kty'])", "to print is not to return"),
    ],
    "13.3": [
        (
            "def verified(token, keys, issuer, audience):\n"
            "    header = jwt.get_unverified_header(token)\n"
            "    known = keys[header['kid']]\n"
            "    return jwt.decode(token, known['key'], algorithms=[known['alg']], issuer=issuer,\n"
            "                      audience=audience, options={'require': ['iss', 'aud', 'exp']})",
            "Look at `typ` in the header",
        ),
        (
            "def verified(token, keys, issuer, audience):\n"
            "    header = jwt.get_unverified_header(token)\n"
            "    if header.get('typ') != 'at+jwt':\n        raise jwt.InvalidTokenError('typ')\n"
            "    known = keys[header['kid']]\n"
            "    return jwt.decode(token, known['key'], algorithms=[known['alg']], issuer=issuer,\n"
            "                      audience=audience, options={'require': ['iss', 'aud', 'exp']})",
            "There is no such name: look before you take it",
        ),
        (
            _changed(_VERIFIED, ('[keys[kid]["alg"]]', '[header["alg"]]')),
            "accepted a token of an RS256 key, signed with RS384",
        ),
        (
            _changed(_VERIFIED, ('[keys[kid]["alg"]]', '[each["alg"] for each in keys.values()]')),
            "accepted a token of an RS256 key, signed with PS256",
        ),
        (
            _changed(
                _VERIFIED,
                ('[keys[kid]["alg"]]', '["ES256", "RS256", "RS384", "RS512", "PS256", "EdDSA"]'),
            ),
            "accepted a token of an RS256 key",
        ),
        (_changed(_VERIFIED, ('[keys[kid]["alg"]]', '["ES256"]')), "take it from `keys`"),
        (
            _changed(_VERIFIED, (" or kid not in keys", "")),
            "There is no such name: look before you take it",
        ),
        (
            _changed(_VERIFIED, ('header.get("typ")', 'header["typ"]')),
            "For a token without `typ`",
        ),
        (
            _changed(_VERIFIED, ('header.get("typ")', 'header.get("typ", "").lower()')),
            "What is in a header may be of any kind",
        ),
        (
            _changed(
                _VERIFIED,
                ('header.get("typ") != "at+jwt"', '"at+jwt" not in str(header.get("typ"))'),
            ),
            'whose `typ` is `"at+jwt+x"`',
        ),
        (
            _changed(
                _VERIFIED,
                ('header.get("typ") != "at+jwt"', 'header.get("typ", "at+jwt") != "at+jwt"'),
            ),
            "accepted a token without `typ`",
        ),
        (
            _changed(
                _VERIFIED, ('header.get("typ") != "at+jwt"', 'header.get("typ") in ("JWT", "jwt")')
            ),
            "accepted a token without `typ`",
        ),
        (
            _changed(
                _VERIFIED,
                (
                    'header.get("typ") != "at+jwt"',
                    'jwt.decode(token, options={"verify_signature": False}).get("typ", header.get("typ")) != "at+jwt"',
                ),
            ),
            "A good token of",
        ),
        (
            _changed(_VERIFIED, ("issuer=issuer, ", "")),
            "accepted a token whose `iss` is",
        ),
        (
            _changed(
                _VERIFIED,
                (" audience=audience,", ' options={"verify_aud": False},'),
                ('        options={"require": ["iss", "aud", "exp"]},\n', ""),
            ),
            "accepted a token without `aud`",
        ),
        (
            _changed(_VERIFIED, ('["iss", "aud", "exp"]', '["iss", "aud"]')),
            "accepted a token without `exp`",
        ),
        # PyJWT asks for iss and aud itself, if it is told which; for exp it does not.
        (
            _changed(_VERIFIED, ('        options={"require": ["iss", "aud", "exp"]},\n', "")),
            "Require the claim",
        ),
        (
            _changed(_VERIFIED, ("        options=", "        leeway=30, options=")),
            "without leeway",
        ),
        (
            _changed(_VERIFIED, ("issuer=issuer", "issuer='https://login.example.com'")),
            "Hand over the `issuer` that you are given",
        ),
        (
            _changed(_VERIFIED, ("audience=audience", "audience='shop'")),
            "hand over the `audience` that you are given",
        ),
        (
            _changed(_VERIFIED, ("return jwt.decode(", "return jwt.decode_complete(")),
            "Expected its claims, as a dictionary",
        ),
        (
            _VERIFIED.replace("    return jwt", "    try:\n        return jwt").replace(
                "        options={", "        options={"
            )
            + "    except jwt.InvalidTokenError:\n        return None\n",
            "and raised nothing",
        ),
        (
            _changed(
                _VERIFIED,
                ('raise jwt.InvalidTokenError("This is not', 'raise jwt.PyJWTError("This is not'),
            ),
            "`PyJWTError` is no kind of `InvalidTokenError`",
        ),
        (
            _changed(_VERIFIED, ("raise jwt.InvalidTokenError", "return jwt.InvalidTokenError")),
            "and raised nothing",
        ),
        (
            _changed(
                _VERIFIED,
                (
                    'raise jwt.InvalidTokenError("This is not an access token of this issuer.")',
                    'raise PermissionError("no")',
                ),
            ),
            "is a 500",
        ),
        (
            _changed(
                _VERIFIED, ('keys[kid]["key"], algo', 'next(iter(keys.values()))["key"], algo')
            ),
            "was refused",
        ),
        # Any key will do, whatever the token names.
        (
            "def verified(token, keys, issuer, audience):\n"
            "    if jwt.get_unverified_header(token).get('typ') != 'at+jwt':\n"
            "        raise jwt.InvalidTokenError('typ')\n"
            "    for known in keys.values():\n"
            "        try:\n"
            "            return jwt.decode(token, known['key'], [known['alg']], issuer=issuer,\n"
            "                audience=audience, options={'require': ['iss', 'aud', 'exp']})\n"
            "        except jwt.InvalidSignatureError:\n            continue\n"
            "        except jwt.InvalidAlgorithmError:\n            continue\n"
            "    raise jwt.InvalidTokenError('no key')",
            "accepted a token without `kid`",
        ),
        (
            _changed(
                _VERIFIED,
                (
                    'kid = header.get("kid")',
                    'kid = header.get("kid")\n    keys = {name.lower(): known for name, known in keys.items()}',
                ),
                ("kid not in keys:", "kid.lower() not in keys:"),
                ("keys[kid]", "keys[kid.lower()]"),
            ),
            "was refused",
        ),
        (
            _changed(
                _VERIFIED,
                ("    return jwt.decode(", "    claims = jwt.decode("),
            )
            + "    if claims['aud'] != audience:\n        raise jwt.InvalidAudienceError('aud')\n"
            + "    return claims\n",
            "was refused",
        ),
        (
            "def verified(token, keys, issuer, audience):\n"
            "    return jwt.decode(token, options={'verify_signature': False})",
            "accepted a token",
        ),
        (
            _changed(
                _VERIFIED, ("return jwt.decode(", "keys['last'] = None\n    return jwt.decode(")
            ),
            "changed the dict that it was given",
        ),
    ],
    "13.4": [
        *(
            (f"steps = {list(order)!r}", "the API refused a good token")
            for order in permutations("PCSTR")
            if "".join(order) != "PCSTR"
        ),
        ('steps = ["S", "P", "C", "T", "R"]', "After step 1, `S` (sign with the new key)"),
        ('steps = ["P", "S", "C", "T", "R"]', "but the API has not fetched it yet"),
        ('steps = ["P", "C", "S", "R", "T"]', "the one of step 2, `C`. It names the old key"),
        ('steps = ["P", "C", "T", "S", "R"]', "the one of step 3, `T`. It names the old key"),
        ('steps = ["P", "C", "S", "T"]', "`R` (retire the old key) is missing"),
        ('steps = ["P", "C", "S", "C", "T", "R"]', "`C` (wait for the caches) is 2 times"),
        ('steps = ["p", "c", "s", "t", "r"]', "Write `'P'`"),
        ('steps = ["P", "C", "S", "T", "X"]', "none of the five letters"),
        ('steps = ["P", "C", "S", "T", None]', "none of the five letters"),
        ('steps = "PCSTR"', "`steps` is a str. Write a list"),
        ('steps = {"P", "C", "S", "T", "R"}', "A set has no order"),
        ('steps = {"P": 1, "C": 2, "S": 3, "T": 4, "R": 5}', "`steps` is a dict"),
        ('steps = ["publish", "wait", "sign", "wait", "retire"]', "none of the five letters"),
        ('steps = lambda: ["P", "C", "S", "T", "R"]', "Write a list"),
        ("steps = []", "is missing"),
    ],
}

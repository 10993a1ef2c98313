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
        """
def strip_signature(jwt_text):
    _, middle, _ = jwt_text.split('.')
    return '.'.join([encode_part(b'{ "alg": "none" }'), middle, ''])
""",
        "import re\nstrip_signature = lambda token: re.sub(r'^[^.]*(\\.[^.]*\\.).*$', encode_part(b'{\"alg\":\"none\"}') + r'\\1', token)",
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
""",
        """
def is_meant_for(claims, audience):
    try:
        aud = claims['aud']
    except KeyError:
        return False
    if type(aud) is list:
        return aud.count(audience) > 0
    return aud == audience
""",
        """
import numpy
def is_meant_for(claims, *, me):
    named = claims.get('aud', [])
    named = [named] if isinstance(named, str) else named
    return numpy.bool_(isinstance(named, list) and me in named)
""",
        """
def is_meant_for(claims, audience):
    match claims:
        case {'aud': str(one)}:
            return one == audience
        case {'aud': [*many]}:
            return audience in frozenset(each for each in many if isinstance(each, str))
        case _:
            return False
""",
    ],
    "5.3": [
        """
def strict_pyjwt(token, key, audience):
    claims = pyjwt.decode(token, key, algorithms=["HS256"], audience=[audience], options={"require": ["exp", "sub"]})
    if "aud" not in claims:
        raise pyjwt.MissingRequiredClaimError("aud")
    return claims
""",
        _strict(options='{"require": {"exp", "sub", "aud"}, "verify_signature": True}'),
        _strict(options='{"require": ("exp", "sub", "aud"), "strict_aud": True}'),
        _strict(algorithms='("HS256",)', audience="{audience}"),
        """
from jwt import decode as _decode
def strict_pyjwt(token, key, *, audience):
    return _decode(token, key, ['HS256'], {'require': ['exp', 'sub', 'aud']}, audience=audience)
""",
        """
def strict_pyjwt(token, key, audience):
    return pyjwt.decode_complete(token, key, algorithms=['HS256'], audience=audience, options={'require': ['exp', 'sub', 'aud']})['payload']
""",
        """
def strict_pyjwt(token, key, audience):
    return pyjwt.PyJWT(options={'require': ['exp', 'sub', 'aud']}).decode(token, key, algorithms=['HS256'], audience=audience)
""",
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
        (
            """
def strip_signature(token):
    header, payload, signature = token.split('.')
    claims = json.loads(base64.urlsafe_b64decode(payload + '=='))
    return encode_part(b'{"alg":"none"}') + '.' + encode_part(json.dumps(claims, separators=(',', ':'), ensure_ascii=False).encode()) + '.'
""",
            "The payload has changed",
        ),
        (
            """
def strip_signature(token):
    return encode_part(b'{"alg":"none","typ":"JWT"}') + '.' + token.split('.')[1] + '.'
""",
            "The header says",
        ),
        (
            """
def strip_signature(token):
    header = json.loads(base64.urlsafe_b64decode(token.split('.')[0] + '=='))
    header['alg'] = 'none'
    return encode_part(json.dumps(header).encode()) + '.' + token.split('.')[1] + '.'
""",
            "The header says",
        ),
        (
            """
def strip_signature(token):
    return encode_part(b'{"alg":null}') + '.' + token.split('.')[1] + '.'
""",
            "The header says",
        ),
        (
            """
def strip_signature(token):
    return encode_part(b'["alg","none"]') + '.' + token.split('.')[1] + '.'
""",
            "not base64url of JSON",
        ),
        (
            """
def strip_signature(token):
    return encode_part(b'[' * 10_000) + '.' + token.split('.')[1] + '.'
""",
            "not base64url of JSON",
        ),
        (
            """
def strip_signature(token):
    return encode_part(b'{"alg":"none"}') + '.' + token.split('.')[1][:500] + '.'
""",
            "The payload has changed",
        ),
        (
            """
def strip_signature(token):
    return (encode_part(b'{"alg":"none"}') + '.' + token.split('.')[1] + '.').encode()
""",
            "as text",
        ),
        (
            """
def strip_signature(token):
    return encode_part('{"alg":"none"}') + '.' + token.split('.')[1] + '.'
""",
            "takes bytes",
        ),
        (
            """
def strip_signature(token):
    return 'a.b.c'
""",
            "It must be empty",
        ),
        (
            """
def strip_signature(token):
    return encode_part(b'{"alg":"none"}') + '.' + token.split('.')[1].lower() + '.'
""",
            "The payload has changed",
        ),
        (
            """
def strip_signature(token):
    return pyjwt_encode(pyjwt_decode(token), None, algorithm='none')
from jwt import encode as pyjwt_encode
def pyjwt_decode(token):
    import jwt
    return jwt.decode(token, options={'verify_signature': False})
""",
            "Expected exactly",
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
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return aud.startswith(audience)
    return isinstance(aud, list) and audience in aud
""",
            "begins like it",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return aud.endswith(audience)
    return isinstance(aud, list) and audience in aud
""",
            "`in` finds a piece",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return audience.startswith(aud)
    return isinstance(aud, list) and audience in aud
""",
            "Expected: `False`",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return aud.lower() == audience.lower()
    return isinstance(aud, list) and audience in aud
""",
            "Capital letters count",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return aud.strip() == audience
    return isinstance(aud, list) and audience in aud
""",
            "A space counts",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return audience in aud.split(',')
    return isinstance(aud, list) and audience in aud
""",
            "with a comma",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return audience in aud.split()
    return isinstance(aud, list) and audience in aud
""",
            "only contains it",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return aud == 'shop'
    return isinstance(aud, list) and 'shop' in aud
""",
            "the audience that is given",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return bool(__import__('re').fullmatch(audience, aud))
    return isinstance(aud, list) and audience in aud
""",
            "no pattern",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return aud == audience
    return isinstance(aud, list) and any(audience in str(each) for each in aud)
""",
            "in a list too",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return aud == audience
    return isinstance(aud, list) and audience == ''.join(map(str, aud))
""",
            "one of the list",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return aud == audience
    return isinstance(aud, list) and audience in str(aud)
""",
            "in a list too",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return aud == audience
    return isinstance(aud, list) and any(each.startswith(audience) for each in aud if isinstance(each, str))
""",
            "in a list too",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, str):
        return aud == audience
    return isinstance(aud, list) and audience in aud[:100]
""",
            "last of a long list",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.pop('aud', None)
    return aud == audience or isinstance(aud, list) and audience in aud
""",
            "changed the dict",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    if isinstance(aud, list):
        aud.sort(key=str)
        return audience in aud
    return aud == audience
""",
            "changed the dict",
        ),
        (
            """
def is_meant_for(claims, audience):
    aud = claims.get('aud')
    return aud and (aud == audience or isinstance(aud, list) and audience in aud)
""",
            "Expected: `False`",
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
        (
            _strict(options='{"require_exp": True, "require_sub": True, "require_aud": True}'),
            "does not know the option `require_exp`",
        ),
        (
            _strict(options='{"require_sub": True, "require": ["exp", "aud"]}'),
            "does not know the option `require_sub`",
        ),
        (_strict(options='{"required": ["exp", "sub", "aud"]}'), "The option is called"),
        (_strict().replace("algorithms=", "algorithm="), "with an s"),
        (
            """
def strict_pyjwt(token, key, audience):
    return pyjwt.decode(token, key, algorithm='HS256', audience=audience, options={'require': ['exp', 'sub', 'aud']})
""",
            "with an s",
        ),
        (_strict(algorithms="None"), "must be told what you accept"),
        (_strict(algorithms='["HS256", "HS384", "HS512"]'), "Say which algorithm"),
        (_strict(algorithms='["HS256", "HS512"]'), "signed with HS512"),
        (_strict(algorithms='["HS256", "none"]'), "Your list of algorithms has"),
        (_strict(algorithms='["hs256"]'), "refused"),
        (
            _strict(options='{"require": ["exp", "sub", "aud"], "verify_exp": False}'),
            "switch a check off",
        ),
        (
            _strict(options='{"require": ["exp", "sub", "aud"], "verify_nbf": False}'),
            "switch a check off",
        ),
        (
            _strict(options='{"require": ["exp", "sub", "aud"], "verify_iat": False}'),
            "switch a check off",
        ),
        (
            _strict(options='{"require": ["exp", "sub", "aud"], "verify_sub": False}'),
            "switch a check off",
        ),
        (_strict(options='{"require": ["exp", "sub", "aud", "iat"]}'), "no other claim"),
        (
            _strict(options='{"require": ["exp", "sub", "aud"]}, leeway=3600'),
            "Let PyJWT look at the time",
        ),
        (_strict(options='{"require": ["exp", "sub", "aud"]}, leeway=30'), "a second ago"),
        (_strict(audience="[audience, audience.capitalize()]"), "capital letter"),
        (
            """
def strict_pyjwt(token, key, audience):
    try:
        return pyjwt.decode(token, key, algorithms=['HS256'], audience=audience, options={'require': ['exp', 'sub', 'aud']})
    except pyjwt.PyJWTError:
        return None
""",
            "Let PyJWT's own exception pass",
        ),
        (
            """
def strict_pyjwt(token, key, audience):
    try:
        return pyjwt.decode(token, key, algorithms=['HS256'], audience=audience, options={'require': ['exp', 'sub', 'aud']})
    except pyjwt.PyJWTError as error:
        raise ValueError('no') from error
""",
            "Let PyJWT's own exception pass",
        ),
        (_strict(options='["exp", "sub", "aud"]'), "`options` is a dictionary"),
        (
            """
import time
def strict_pyjwt(token, key, audience, now=time.time()):
    claims = pyjwt.decode(token, key, algorithms=['HS256'], audience=audience, options={'require': ['exp', 'sub', 'aud'], 'verify_exp': False})
    if claims['exp'] <= now:
        raise pyjwt.ExpiredSignatureError
    return claims
""",
            "the clock was set",
        ),
        (
            """
class Anything(dict):
    __eq__ = lambda self, other: True
    __ne__ = lambda self, other: False
def strict_pyjwt(token, key, audience):
    return Anything()
""",
            "Expected its claims",
        ),
    ],
}

"""Answers to the exercises of lesson 04: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

_TOKEN = """
def create_access_token(user_id, key, lifetime=timedelta(minutes=30), now=None):
    issued = {issued}
    expires = {expires}
    return jwt.encode({{"sub": {sub}, "iat": issued, "exp": expires}}, {key})
"""


def _token(**changes):
    pieces = {
        "issued": "int(time.time() if now is None else now)",
        "expires": "issued + int(lifetime.total_seconds())",
        "sub": "str(user_id)",
        "key": "key",
    }
    return _TOKEN.format(**(pieces | changes))


_CURRENT = """
def is_current(claims, now, leeway=0):
    return {begun} and {alive}
"""


def _current(
    begun="claims.get('nbf', float('-inf')) - leeway <= now",
    alive="now < claims.get('exp', float('inf')) + leeway",
):
    return _CURRENT.format(begun=begun, alive=alive)


_DATES = """
import math
def check_dates(claims):
    for name in {names}:
        if {present}:
            value = claims[name]
            if {bad}:
                raise ValueError(name)
"""


def _dates(
    names='("exp", "nbf", "iat")',
    present="name in claims",
    bad="type(value) not in (int, float) or not 0 <= value <= 253402300799",
):
    return _DATES.format(names=names, present=present, bad=bad)


RIGHT = {
    "4.1": [
        _token(),
        _token(
            issued="datetime.now(timezone.utc) if now is None else datetime.fromtimestamp(now, timezone.utc)",
            expires="issued + lifetime",
        ),
        """
def create_access_token(user_id, key, *, now=None, lifetime=timedelta(minutes=30)):
    now = time.time() if now is None else now
    return jwt.encode({'sub': str(user_id), 'iat': int(now), 'exp': int(now + lifetime.total_seconds())}, key)
""",
        """
def create_access_token(who, secret, life=timedelta(minutes=30), moment=None, clock=time.time):
    if moment is None:
        moment = clock()
    begin = int(moment)
    return jwt.encode({'sub': f'{who}', 'iat': begin, 'exp': begin + life // timedelta(seconds=1), 'jti': 'x'}, secret, 'HS256')
""",
        """
import jwt as _pyjwt
def create_access_token(user_id, key, lifetime=timedelta(minutes=30), now=None):
    begin = datetime.now(tz=timezone.utc) if now is None else datetime.fromtimestamp(now, tz=timezone.utc)
    return _pyjwt.encode({'sub': str(user_id), 'iat': begin, 'exp': begin + lifetime}, key, algorithm='HS256')
""",
        """
import numpy
def create_access_token(user_id, key, lifetime=timedelta(minutes=30), now=None):
    begin = numpy.floor(time.time() if now is None else now)
    return jwt.encode({'sub': str(user_id), 'iat': int(begin), 'exp': int(begin + lifetime.total_seconds())}, key)
""",
    ],
    "4.2": [
        _current(),
        """
def is_current(claims, now, *, leeway=0):
    if 'nbf' in claims and now < claims['nbf'] - leeway:
        return False
    if 'exp' in claims and now >= claims['exp'] + leeway:
        return False
    return True
""",
        """
import math, numpy
def is_current(claims, moment, tolerance=0.0):
    return numpy.bool_(claims.get('nbf', -math.inf) <= moment + tolerance and moment - tolerance < claims.get('exp', math.inf))
""",
    ],
    "4.3": [
        _dates(),
        _dates(
            bad="isinstance(value, bool) or not isinstance(value, (int, float)) or not -1 < value < 253402300800"
        ),
        """
def check_dates(claims):
    for name in ('exp', 'nbf', 'iat'):
        if name not in claims:
            continue
        value = claims[name]
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value or value > 253402300799:
            raise ValueError(name)
""",
        """
import numbers
def check_dates(claims):
    for name in claims.keys() & {'exp', 'nbf', 'iat'}:
        match claims[name]:
            case bool():
                raise ValueError(name)
            case int() | float() as value if value <= 253402300799:
                pass
            case _:
                raise ValueError(name)
""",
        """
class Impossible(ValueError):
    pass
def check_dates(claims):
    for name in frozenset(('exp', 'nbf', 'iat')) & frozenset(claims):
        if type(claims[name]) not in (int, float) or not 0 <= claims[name] < 253402300800:
            raise Impossible(name)
""",
    ],
}

WRONG = {
    "4.1": [
        (_token(issued="int(time.time())"), "Use the `now` that the function is given"),
        (_token(issued="int(now or time.time())"), "`0` counts as false"),
        (
            _token(issued="round(time.time() if now is None else now)"),
            "rounded up, into the future",
        ),
        (
            _token(issued="-int(-(time.time() if now is None else now) // 1)"),
            "rounded up, into the future",
        ),
        (_token(expires="issued + lifetime.seconds"), "use `.total_seconds()`"),
        (_token(expires="issued + 1800"), "use the `lifetime` that the function is given"),
        (_token(issued="time.time() if now is None else now"), "Expected whole seconds"),
        (_token(sub="user_id"), "use `str(user_id)`"),
        (_token(key="'another key'"), "does not verify with the key"),
        (
            _token(
                issued="datetime.now() if now is None else datetime.fromtimestamp(now, timezone.utc)",
                expires="issued + lifetime",
            ),
            "off by",
        ),
        (
            """
def create_access_token(user_id, key, lifetime=timedelta(minutes=30), now=time.time()):
    issued = int(now)
    return jwt.encode({'sub': str(user_id), 'iat': issued, 'exp': issued + int(lifetime.total_seconds())}, key)
""",
            "when the function is defined",
        ),
        (
            """
def create_access_token(user_id, key, lifetime=timedelta(minutes=30), now=datetime.now(timezone.utc)):
    issued = int(now if isinstance(now, (int, float)) else now.timestamp())
    return jwt.encode({'sub': str(user_id), 'iat': issued, 'exp': issued + int(lifetime.total_seconds())}, key)
""",
            "when the function is defined",
        ),
        (
            """
_START = time.time()
def create_access_token(user_id, key, lifetime=timedelta(minutes=30), now=None):
    issued = int(_START if now is None else now)
    return jwt.encode({'sub': str(user_id), 'iat': issued, 'exp': issued + int(lifetime.total_seconds())}, key)
""",
            "when the function is defined",
        ),
        (_token(issued="int(time.time()) if now is None else now"), "Expected whole seconds"),
        (_token(issued="int(datetime.utcnow().timestamp() if now is None else now)"), "time zone"),
        (_token(issued="int(time.mktime(time.gmtime()) if now is None else now)"), "time zone"),
        (_token(issued="int(time.time() * 1000 if now is None else now)"), "in milliseconds"),
        (
            _token(expires="issued + int((lifetime or timedelta(minutes=30)).total_seconds())"),
            "counts as false",
        ),
        (_token(expires="issued + int(lifetime.total_seconds() // 60)"), "counted minutes"),
        (_token(expires="issued + int(lifetime.total_seconds() * 1000)"), "counted milliseconds"),
        (
            _token(expires="issued + int(lifetime.total_seconds() // 60 * 60)"),
            "The seconds of the lifetime are lost",
        ),
        (_token(expires="issued + lifetime.days * 86400"), "lives for"),
        (_token(expires="int(lifetime.total_seconds())"), "lives for"),
        (_token(expires="int(time.time()) + int(lifetime.total_seconds())"), "lives for"),
        (_token(sub="str(user_id).lower()"), "use `str(user_id)`"),
        (_token(sub="str(user_id or '')"), "use `str(user_id)`"),
        (_token(key="key.upper()"), "does not verify with the key"),
        (_token().replace("minutes=30", "minutes=15"), "Without a lifetime"),
        (_token().replace("return jwt", 'return "a.b.c" or jwt'), "is not a token"),
        (_token().replace("return jwt", 'return b"a.b.c" or jwt'), "is not a token"),
        (_token().replace("{key})", "").replace(", key)", ', key, algorithm="HS512")'), "HS512"),
        (_token(expires="lifetime"), "`timedelta` is a duration"),
    ],
    "4.2": [
        (_current(alive="now <= claims.get('exp', float('inf')) + leeway"), "too late"),
        (
            _current(begun="claims.get('nbf', float('-inf')) - leeway < now"),
            "`nbf` itself is allowed",
        ),
        (
            _current(begun="claims.get('nbf', float('-inf')) + leeway <= now"),
            "begin 10 seconds earlier",
        ),
        (_current(alive="now < claims.get('exp', float('inf')) - leeway"), "end 10 seconds later"),
        (_current(alive="now < claims['exp'] + leeway"), "Each of the two claims may be missing"),
        (
            _current(
                begun="claims.get('nbf', 0) - leeway <= now",
                alive="(not claims.get('exp') or now < claims['exp'] + leeway)",
            ),
            "not a missing claim",
        ),
        (_current(begun="True"), "before `nbf`"),
        (
            _current(begun="claims.get('nbf', float('-inf')) <= round(now) + leeway"),
            "without rounding",
        ),
        (_current(alive="int(now) < claims.get('exp', float('inf')) + leeway"), "without rounding"),
        (_current(alive="now < claims.get('exp', float('inf')) + int(leeway)"), "half a second"),
        (_current(begun="claims.pop('nbf', float('-inf')) - leeway <= now"), "changed the dict"),
        (
            _current(begun="claims.get('nbf', claims.get('iat', 0)) - leeway <= now"),
            "Only `nbf` and `exp` count",
        ),
        (
            _current(
                alive="(now - leeway < claims['exp'] if claims.get('exp') else 'exp' not in claims)"
            ),
            "counts as false",
        ),
        (
            """
def is_current(claims, now, leeway=0):
    now = now - leeway
    return claims.get('nbf', float('-inf')) <= now < claims.get('exp', float('inf'))
""",
            "begin 10 seconds earlier",
        ),
        (
            """
def is_current(claims, now, leeway=30):
    return claims.get('nbf', float('-inf')) - leeway <= now < claims.get('exp', float('inf')) + leeway
""",
            "no leeway",
        ),
        (
            """
def is_current(claims, now, leeway=0):
    if 'nbf' in claims and 'exp' in claims:
        return claims['nbf'] - leeway <= now < claims['exp'] + leeway
    return True
""",
            "Expected: `False`",
        ),
        (
            """
def is_current(claims, now, leeway=0):
    if 'nbf' in claims:
        return claims['nbf'] - leeway <= now
    if 'exp' in claims:
        return now < claims['exp'] + leeway
    return True
""",
            "Expected: `False`",
        ),
        (
            _current(begun="claims.get('nbf', float('-inf')) - leeway <= now or None"),
            "Expected: `False`",
        ),
    ],
    "4.3": [
        (_dates(bad="value > 253402300799"), "it is text"),
        (
            _dates(bad="not isinstance(value, (int, float)) or value > 253402300799"),
            "counts `bool` among the numbers",
        ),
        (_dates(bad="type(value) not in (int, float) or value > 253402300799"), "`nan` is no date"),
        (
            _dates(
                bad="type(value) not in (int, float) or not 0 <= value <= 253402300799",
                names='("exp",)',
            ),
            "`nbf`",
        ),
        (_dates(present="claims.get(name) is not None"), "says nothing"),
        (
            _dates(bad="type(value) is not int or not 0 <= value <= 253402300799"),
            "These dates are in order",
        ),
        (_dates().replace("raise ValueError(name)", "return False"), "It must raise `ValueError`"),
        (
            """
def check_dates(claims):
    for name in ('exp', 'nbf', 'iat'):
        value = claims.pop(name, 0)
        if type(value) not in (int, float) or not 0 <= value <= 253402300799:
            raise ValueError(name)
""",
            "changed the dict",
        ),
        (
            """
def check_dates(claims):
    for name in ('exp', 'nbf', 'iat'):
        value = claims.setdefault(name, 0)
        if type(value) not in (int, float) or not 0 <= value <= 253402300799:
            raise ValueError(name)
""",
            "changed the dict",
        ),
        (
            """
def check_dates(claims):
    for name in ('exp', 'nbf', 'iat'):
        if name in claims:
            if type(claims[name]) not in (int, float) or not 0 <= claims[name] <= 253402300799:
                raise ValueError(name)
            return
""",
            "look at each",
        ),
        (
            """
def check_dates(claims):
    for name, value in claims.items():
        if type(value) not in (int, float) or not 0 <= value <= 253402300799:
            raise ValueError(name)
""",
            "Only `exp`, `nbf` and `iat`",
        ),
        (
            """
def check_dates(claims):
    for name in ('exp', 'nbf', 'iat'):
        value = claims.get(name) or 0
        if type(value) not in (int, float) or not 0 <= value <= 253402300799:
            raise ValueError(name)
""",
            "It must raise `ValueError`",
        ),
        (
            """
def check_dates(claims):
    for name in ('exp', 'nbf', 'iat'):
        if name in claims and not 0 <= float(claims[name]) <= 253402300799:
            raise ValueError(name)
""",
            "it is text",
        ),
        (
            """
import math
def check_dates(claims):
    for name in ('exp', 'nbf', 'iat'):
        value = claims.get(name, 0)
        if type(value) not in (int, float) or not math.isfinite(value) or value > 253402300799:
            raise ValueError(name)
""",
            "too large for a `float`",
        ),
        (
            """
def check_dates(claims):
    for name in ('exp', 'nbf', 'iat'):
        value = claims.get(name, 0)
        if value is True or not isinstance(value, (int, float)) or not 0 <= value <= 253402300799:
            raise ValueError(name)
""",
            "`False` is no date",
        ),
        (
            """
def check_dates(claims):
    for name in ('exp', 'nbf', 'iat'):
        value = claims.get(name, 0)
        assert type(value) in (int, float) and 0 <= value <= 253402300799
""",
            "It must raise `ValueError`",
        ),
        (
            """
def check_dates(claims):
    for name in ('exp', 'nbf', 'iat'):
        value = claims.get(name, 0)
        if type(value) not in (int, float) or not 0 < value <= 253402300799:
            raise ValueError(name)
""",
            "These dates are in order",
        ),
        (
            """
def check_dates(claims):
    for name in ('exp', 'nbf', 'iat'):
        value = claims.get(name, 0)
        if type(value) not in (int, float) or not len(str(int(value))) <= 12:
            raise ValueError(name)
""",
            "`exp`",
        ),
    ],
}

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
    ],
    "4.2": [_current()],
    "4.3": [
        _dates(),
        _dates(
            bad="isinstance(value, bool) or not isinstance(value, (int, float)) or not -1 < value < 253402300800"
        ),
    ],
}

WRONG = {
    "4.1": [
        (_token(issued="int(time.time())"), "Use the `now` that the function is given"),
        (_token(issued="int(now or time.time())"), "`0` counts as false"),
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
        (
            _dates(
                bad="type(value) not in (int, float) or not math.isfinite(value) or value > 253402300799"
            ),
            "before 1970",
        ),
        (_dates().replace("raise ValueError(name)", "return False"), "It must raise `ValueError`"),
    ],
}

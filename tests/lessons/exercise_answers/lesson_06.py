"""Answers to the exercises of lesson 06: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "6.1": [
        """
import re
def bearer_token(authorization):
    match = re.fullmatch(r"bearer +(\\S+) *", authorization or "", re.IGNORECASE)
    return match[1] if match else None
""",
        """
def bearer_token(authorization):
    if not authorization:
        return None
    scheme, _, rest = authorization.partition(" ")
    rest = rest.strip()
    print("the header was", authorization)
    return rest if scheme.casefold() == "bearer" and rest and " " not in rest else None
""",
        """
def bearer_token(authorization):
    match (authorization or "").split():
        case [scheme, token] if scheme.upper() == "BEARER":
            return token
""",
        """
def bearer_token(authorization):
    try:
        scheme, token = authorization.split()
    except (AttributeError, ValueError):
        return None
    return token if scheme.lower() == "bearer" else None
""",
    ],
    "6.2": [
        """
def add_seconds_left(app):
    @jwt_required()
    def seconds_left():
        left = get_jwt()["exp"] - datetime.now(timezone.utc).timestamp()
        return {"seconds_left": round(left)}
    app.add_url_rule("/seconds-left", view_func=seconds_left)
    return app
""",
        """
from flask import jsonify
def add_seconds_left(app):
    @app.route("/seconds-left")
    @jwt_required()
    def left():
        end = datetime.fromtimestamp(get_jwt()["exp"], timezone.utc)
        return jsonify(seconds_left=int((end - datetime.now(timezone.utc)).total_seconds())), 200
""",
        """
import calendar, math
def add_seconds_left(app):
    @app.get("/seconds-left")
    @jwt_required()
    def left():
        return {"seconds_left": math.ceil(get_jwt()["exp"] - time.time()), "id": get_jwt_identity()}
""",
        """
def add_seconds_left(app):
    @app.get("/seconds-left")
    @jwt_required()
    def left():
        end, now = datetime.fromtimestamp(get_jwt()["exp"]), datetime.now()
        return {"seconds_left": (end - now) // timedelta(seconds=1)}
""",
    ],
    "6.3": [
        """
from flask import jsonify
def refuse_bad_tokens_with_401(jwt):
    def refuse(reason):
        answer = jsonify(message=f"Bad token: {reason}")
        answer.status_code = 401
        answer.headers["WWW-Authenticate"] = 'Bearer realm="login", error="invalid_token"'
        return answer
    jwt.invalid_token_loader(refuse)
""",
        """
from flask import make_response
def refuse_bad_tokens_with_401(jwt):
    @jwt.invalid_token_loader
    def refuse(reason):
        answer = make_response({"message": reason, "status": 401}, 401)
        answer.headers["www-authenticate"] = 'bearer error_description="see, here", error=invalid_token'
        return answer
""",
        """
def refuse_bad_tokens_with_401(jwt):
    @jwt.unauthorized_loader
    def ask(reason):
        return {"message": reason}, 401, {"WWW-Authenticate": "Bearer"}
    @jwt.invalid_token_loader
    def refuse(reason):
        return {"message": reason}, "401 UNAUTHORIZED", [("WWW-Authenticate", 'Bearer error="invalid_token"')]
""",
    ],
}

_VIEW = """
def add_seconds_left(app):
    {route}
    {guard}
    def seconds_left():
        {body}
"""
_ROUTE, _GUARD = '@app.get("/seconds-left")', "@jwt_required()"
_BODY = 'return {"seconds_left": int(get_jwt()["exp"] - time.time())}'


def _view(route=_ROUTE, guard=_GUARD, body=_BODY):
    return _VIEW.format(route=route, guard=guard, body=body)


_LOADER = """
def refuse_bad_tokens_with_401(jwt):
    @jwt.{loader}
    def refuse({arguments}):
        return {answer}
"""
_ANSWER = """{"message": reason}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}"""


def _loader(loader="invalid_token_loader", arguments="reason", answer=_ANSWER):
    return _LOADER.format(loader=loader, arguments=arguments, answer=answer)


WRONG = {
    "6.1": [
        (
            "def bearer_token(authorization):\n    return authorization.replace('Bearer ', '')",
            "in any case",
        ),
        ("def bearer_token(authorization):\n    return authorization[7:]", "not part of the token"),
        ("def bearer_token(authorization):\n    return authorization.split()[1]", "answer `None`"),
        (
            "def bearer_token(authorization):\n    words = (authorization or '').split()\n"
            "    return words[1] if len(words) == 2 else None",
            "not a bearer token",
        ),
        (
            "def bearer_token(authorization):\n    words = (authorization or '').split()\n"
            "    return words[1] if len(words) > 1 and words[0].lower() == 'bearer' else None",
            "Exactly one token",
        ),
        (
            "def bearer_token(authorization):\n    words = (authorization or '').split()\n"
            "    return words[1] if len(words) == 2 and words[0] == 'Bearer' else None",
            "in any case",
        ),
        (
            "def bearer_token(authorization):\n    words = (authorization or '').split()\n"
            "    if len(words) == 2 and words[0].lower() == 'bearer':\n        print(words[1])",
            "to print is not to return",
        ),
        ("bearer_token = 'abc'", "the function itself"),
        (
            "def bearer_token(authorization):\n    words = (authorization or '').lower().split()\n"
            "    return words[1] if len(words) == 2 and words[0] == 'bearer' else None",
            "A token in other letters is another token",
        ),
        (
            "def bearer_token(authorization):\n    words = (authorization or '').casefold().split()\n"
            "    if len(words) == 2 and words[0] == 'bearer':\n        return words[1].upper()",
            "A token in other letters is another token",
        ),
        (
            "import re\ndef bearer_token(authorization):\n"
            "    words = re.sub('bearer', ' bearer ', authorization or '', flags=re.I).split()\n"
            "    return words[1] if len(words) == 2 and words[0].lower() == 'bearer' else None",
            "only the first word is the scheme",
        ),
        (
            "def bearer_token(authorization):\n    text = (authorization or '').strip()\n"
            "    if not text.lower().startswith('bearer '):\n        return None\n"
            "    return text.lstrip('BEARERbearer ') if len(text.split()) == 2 else None",
            "Return what follows the word",
        ),
        (
            "import re\ndef bearer_token(authorization):\n"
            "    match = re.fullmatch(r'bearer +([\\w.-]{1,500}) *', authorization or '', re.I)\n"
            "    return match and match[1]",
            "A token may be long",
        ),
        (
            "def bearer_token(authorization):\n    words = (authorization or '').split()\n"
            "    return words[1] if len(words) == 2 and words[0].lower() == 'bearer' else ''",
            "An empty text is not `None`",
        ),
        (
            "def bearer_token(authorization):\n    words = (authorization or '').split()\n"
            "    return words[-1] if len(words) > 1 and 'bearer' in authorization.lower() else None",
            "Exactly one token must follow",
        ),
        (
            "def bearer_token(authorization):\n    words = (authorization or '').split()\n"
            "    return words[1] if len(words) == 2 and words[0].lower().startswith('bear') else None",
            "only begins like `Bearer`",
        ),
        (
            "def bearer_token(authorization):\n    words = (authorization or '').split()\n"
            "    return words[1:] if len(words) == 2 and words[0].lower() == 'bearer' else None",
            "not a list of words",
        ),
        (
            "def bearer_token(authorization, seen=[]):\n    words = (authorization or '').split()\n"
            "    seen += words[1:] if len(words) == 2 and words[0].lower() == 'bearer' else []\n"
            "    return seen[0] if len(words) == 2 and words[0].lower() == 'bearer' else None",
            "must come back letter by letter",
        ),
        (
            "async def bearer_token(authorization):\n    return authorization.split()[1]",
            "is `async`",
        ),
    ],
    "6.2": [
        (_view(guard=""), "put `@jwt_required()` between"),
        (_view(guard="@jwt_required"), "without the brackets"),
        (
            _view(route=_GUARD, guard=_ROUTE).replace("get_jwt()", "{'exp': time.time() + 5}"),
            "is not guarded",
        ),
        (_view(body='return {"seconds_left": get_jwt()["exp"]}'), "Subtract the present"),
        (
            _view(body='return {"seconds_left": int(time.time() - get_jwt()["exp"])}'),
            "wrong way round",
        ),
        (
            _view(body='return {"seconds_left": get_jwt()["exp"] - time.time()}'),
            "Expected whole seconds",
        ),
        (
            _view(body='return {"seconds": int(get_jwt()["exp"] - time.time())}'),
            "the name `seconds_left`",
        ),
        (_view(body='return {"seconds_left": 900}'), "the token that was sent"),
        (_view(body='return int(get_jwt()["exp"] - time.time())'), "Return what Flask can send"),
        (_view(route='@app.post("/seconds-left")'), "Use `@app.get"),
        ("def add_seconds_left(app):\n    pass", "has no `GET /seconds-left`"),
        ("def add_seconds_left(app):\n    return app.nonsense", "It must not fail"),
        (
            _view(guard="@jwt_required(verify_type=False)"),
            "`verify_type=False` lets either type in",
        ),
        (_view(guard="@jwt_required(optional=True)"), "`optional=True` lets everybody in"),
        (
            _view(
                guard="@jwt_required(optional=True)",
                body="return {'seconds_left': int(get_jwt().get('exp', 0) - time.time())}",
            ),
            "Without a token",
        ),
        (_view(guard="@jwt_required(refresh=True)"), "Only refresh tokens are allowed"),
        (_view(guard="@jwt_required(fresh=True)"), "Fresh token required"),
        (_view(guard="@jwt_required(skip_revocation_check=True)"), "a token that was revoked"),
        (
            _view(body='return {"seconds_left": get_jwt()["exp"] - get_jwt()["iat"]}'),
            "the whole life of the token",
        ),
        (
            _view(
                body='return {"seconds_left": (datetime.fromtimestamp(get_jwt()["exp"]) '
                "- datetime.utcnow()) // timedelta(seconds=1)}"
            ),
            "Name the zone of both dates",
        ),
        (
            _view(
                body='return {"seconds_left": (datetime.fromtimestamp(get_jwt()["exp"]) - datetime.now()).seconds}'
            ),
            "`.seconds` leaves out the days",
        ),
        (
            "def add_seconds_left(app, now=time.time()):"
            + _view(body='return {"seconds_left": int(get_jwt()["exp"] - now)}').split(":", 1)[1],
            "ask for the time inside the view",
        ),
        (
            "def add_seconds_left(app):\n    now = datetime.now(timezone.utc).timestamp()"
            + _view(body='return {"seconds_left": round(get_jwt()["exp"] - now)}').split(":", 1)[1],
            "ask for the time inside the view",
        ),
        (
            "def add_seconds_left(app, seen={}):"
            + _view(
                body='seen.setdefault("exp", get_jwt()["exp"])\n'
                '        return {"seconds_left": int(seen["exp"] - time.time())}'
            ).split(":", 1)[1],
            "Use the claims of the token that was sent",
        ),
        (
            "import json"
            + _view(
                body='return json.dumps({"seconds_left": int(get_jwt()["exp"] - time.time())})'
            ),
            "Return the dictionary itself",
        ),
        (
            _view(body='return {"seconds_left": str(int(get_jwt()["exp"] - time.time()))}'),
            "Expected a number",
        ),
        (
            "from flask import request"
            + _view(
                guard="",
                body='token = request.headers.get("Authorization", "").partition(" ")[2]\n'
                "        if not token: return {}, 401\n"
                '        return {"seconds_left": int(jwt.get_unverified_claims(token)["exp"] - time.time())}',
            ),
            "Let `@jwt_required()` ",
        ),
        ("async def add_seconds_left(app):\n    pass", "is `async`"),
    ],
    "6.3": [
        (_loader(answer='{"message": reason}, 401'), "It must name the scheme"),
        (_loader(answer='{"message": reason}'), "Return the status along with the body"),
        (
            _loader(answer="""{"message": reason}, 401, {"WWW-Authenticate": "Bearer"}"""),
            "also wants",
        ),
        (_loader(loader="unauthorized_loader"), "register your function"),
        (
            _loader(loader="expired_token_loader", arguments="header, reason"),
            "register your function",
        ),
        (
            _loader(answer="""reason, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}"""),
            "not JSON",
        ),
        (
            _loader(
                answer="""{"msg": reason}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}"""
            ),
            "under the name `message`",
        ),
        (
            _loader(
                answer="""{"message": "no"}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}"""
            ),
            "Pass on the reason",
        ),
        (_loader(arguments=""), "error of your code"),
        ("def refuse_bad_tokens_with_401(jwt):\n    pass", "register your function"),
        *(
            (
                _loader(
                    answer=f"""{{"message": reason}}, 401, {{"WWW-Authenticate": {challenge!r}}}"""
                ),
                words,
            )
            for challenge, words in {
                'Bearererror="invalid_token"': "stands a space",
                'Bearer,error="invalid_token"': "stands a space, and no comma",
                'Bearer: error="invalid_token"': "cannot be read",
                'Bearer realm="x" error="invalid_token"': "with commas between them",
                'Bearer error="invalid_token': "cannot be read",
                "Bearer error='invalid_token'": 'Expected: `WWW-Authenticate: Bearer error="invalid_token"',
                'Bearer error="Invalid token"': 'Expected: `WWW-Authenticate: Bearer error="invalid_token"',
                'Bearer error_description="invalid_token"': "also wants",
                'Basic error="invalid_token"': "It must name the scheme",
                'error="invalid_token"': "no scheme is named",
                'Bearer error="x", error="invalid_token"': "twice",
            }.items()
        ),
        (
            "import uuid"
            + _loader(
                answer="""{"message": str(uuid.uuid4())}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}"""
            ),
            "Pass on the reason",
        ),
        (
            _loader(
                answer="""{"message": reason[:9]}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}"""
            ),
            "Pass on the reason",
        ),
        (
            _loader(
                answer="""{"message": [reason]}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}"""
            ),
            "under the name `message`",
        ),
        (
            "import json"
            + _loader(
                answer="""json.dumps({"message": reason}), 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}"""
            ),
            "which is not JSON",
        ),
        (
            _loader()
            + "    @jwt.expired_token_loader\n    def expired(header, claims):\n        return {}, 403\n",
            "An expired token no longer gets a 401",
        ),
        (
            _loader()
            + "    @jwt.unauthorized_loader\n    def none(reason):\n        return {}, 200\n",
            "A client without a token no longer gets a 401",
        ),
        (
            _loader()
            + "    @jwt.token_in_blocklist_loader\n    def blocked(header, claims):\n        return True\n",
            "A good token is refused as well",
        ),
        (
            _loader()
            + "    @jwt.token_verification_loader\n    def verified(header, claims):\n        return True\n"
            "    @jwt.decode_key_loader\n    def key(header, claims):\n        raise KeyError('kid')\n",
            "an error of your code",
        ),
    ],
}

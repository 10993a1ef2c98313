"""Answers to the exercises of lesson 06: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "6.1": [
        """
import re
def bearer_token(authorization):
    match = re.fullmatch(r"bearer +(\\S+) *", authorization or "", re.IGNORECASE)
    return match[1] if match else None
"""
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
"""
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
"""
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
    ],
}

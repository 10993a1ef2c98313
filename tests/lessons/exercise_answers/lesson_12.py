"""Answers to the exercises of lesson 12: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "12.1": [
        """
def current_user_id(token, key):
    refusal = HTTPException(
        status_code=401, detail="no", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
    )
    try:
        claims = pyjwt.decode(token, key, algorithms=["HS256"], options={"require": ["exp", "sub"]})
    except InvalidTokenError:
        raise refusal
    if not claims["sub"].isdigit():
        raise refusal
    return int(claims["sub"])
""",
    ],
    "12.2": [
        """
def answer_in_one_shape(app):
    async def refuse(request, error):
        return JSONResponse(
            status_code=error.status_code, content={"message": error.detail}, headers=error.headers
        )
    async def explain(request, error):
        wrong = ", ".join(str(each["loc"][-1]) for each in error.errors())
        return JSONResponse(status_code=422, content={"message": "Look at: " + wrong})
    app.add_exception_handler(AnyHTTPException, refuse)
    app.add_exception_handler(RequestValidationError, explain)
""",
    ],
    "12.3": [
        """
from fastapi.concurrency import run_in_threadpool
def add_check(app, slow_check):
    @app.post("/check")
    async def check_password(body: Secret):
        return {"right": await run_in_threadpool(slow_check, body.password)}
""",
        """
import asyncio
def add_check(app, slow_check):
    @app.post("/check")
    async def check_password(body: Secret):
        return {"right": await asyncio.to_thread(slow_check, body.password)}
""",
    ],
    "12.4": [
        """
def require_scopes(security_scopes, claims):
    granted = claims.get("scope", "").split(" ")
    for scope in security_scopes.scopes:
        if scope not in granted:
            wanted = " ".join(reversed(security_scopes.scopes))
            headers = {"www-authenticate": f'Bearer scope="{wanted}", error="insufficient_scope"'}
            raise HTTPException(403, "no", headers)
    return claims
""",
    ],
}

_DECODE = """
def current_user_id(token, key):
    try:
        return int(pyjwt.decode(token, key, {options})["sub"])
    except ({errors}):
        raise HTTPException({refusal})
"""
_GOOD = 'algorithms=["HS256"], options={"require": ["exp", "sub"]}'
_REFUSAL = "401, 'no', {'WWW-Authenticate': 'Bearer error=\"invalid_token\"'}"
_ERRORS = "InvalidTokenError, ValueError"
_CHALLENGE = (
    "{'WWW-Authenticate': f'Bearer error=\"insufficient_scope\", "
    'scope="{security_scopes.scope_str}"\'}'
)
_SCOPES = """
def require_scopes(security_scopes, claims):
    granted = claims.get("scope", "").split()
    if {wrong}:
        raise HTTPException({refusal})
    return claims
"""
_HANDLER = """
def answer_in_one_shape(app):
    @app.exception_handler({kind})
    def refuse(request, error):
        return JSONResponse({body}, error.status_code{headers})
    @app.exception_handler(RequestValidationError)
    def explain(request, error):
        return JSONResponse({{"message": {said}}}, 422)
"""
_EVERY = '" ".join(str(each["loc"][-1]) for each in error.errors())'

WRONG = {
    "12.1": [
        (
            _DECODE.format(options=_GOOD, errors=_ERRORS, refusal=_REFUSAL).replace(
                "raise", "return"
            ),
            "Use `raise`",
        ),
        (
            _DECODE.format(options='algorithms=["HS256"]', errors=_ERRORS, refusal=_REFUSAL),
            "without `exp` was accepted",
        ),
        (
            _DECODE.format(options=_GOOD, errors="InvalidTokenError,", refusal=_REFUSAL),
            "On the server that is a 500",
        ),
        (
            _DECODE.format(options=_GOOD, errors=_ERRORS, refusal="401, 'no'"),
            "WWW-Authenticate: none",
        ),
        (
            _DECODE.format(options=_GOOD, errors=_ERRORS, refusal=_REFUSAL.replace("401", "403")),
            "Expected: 401",
        ),
        (
            _DECODE.format(
                options='algorithms=["HS256", "HS512"], options={"require": ["exp", "sub"]}',
                errors=_ERRORS,
                refusal=_REFUSAL,
            ),
            "HS512 was accepted",
        ),
        (
            _DECODE.format(
                options='options={"verify_signature": False, "verify_exp": True, "require": ["exp", "sub"]}',
                errors=_ERRORS,
                refusal=_REFUSAL,
            ),
            "another key was accepted",
        ),
        (
            "def current_user_id(token, key):\n"
            "    return pyjwt.decode(token, key, algorithms=['HS256'])['sub']",
            "Expected: `7`",
        ),
        (
            "def current_user_id(token, key):\n"
            "    return int(pyjwt.decode(token, key, algorithms=['HS256'])['sub'])",
            "On the server that is a 500",
        ),
        (
            "def current_user_id(token, key):\n    try:\n"
            "        return int(pyjwt.decode(token, key, algorithms=['HS256'])['sub'])\n"
            "    except InvalidTokenError:\n        return None",
            "was accepted",
        ),
    ],
    "12.2": [
        (
            _HANDLER.format(
                kind="HTTPException",
                body='{"message": error.detail}',
                headers=", headers=error.headers",
                said=_EVERY,
            ),
            "register the handler for `AnyHTTPException`",
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException", body='{"message": error.detail}', headers="", said=_EVERY
            ),
            "has lost its header",
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException",
                body='{"msg": error.detail}',
                headers=", headers=error.headers",
                said=_EVERY,
            ),
            '`{"message": "..."}`',
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException",
                body='{"message": error.detail}',
                headers=", headers=error.headers",
                said='"The body is wrong."',
            ),
            "It must name `password`",
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException",
                body='{"message": error.detail}',
                headers=", headers=error.headers",
                said='str(error.errors()[0]["loc"][-1])',
            ),
            "It must name `password`",
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException",
                body='{"message": "Refused."}',
                headers=", headers=error.headers",
                said=_EVERY,
            ),
            "Pass on the exception's `detail`",
        ),
        (
            "def answer_in_one_shape(app):\n    @app.exception_handler(AnyHTTPException)\n"
            "    def refuse(request, error):\n"
            "        return JSONResponse({'message': error.detail}, error.status_code, headers=error.headers)",
            "handler for `RequestValidationError`",
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException",
                body='{"message": error.detail}',
                headers=", headers=error.headers",
                said='"Check username and password."',
            ),
            "Nothing is wrong with `username`",
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException",
                body='{"message": error.detail}',
                headers=", headers=error.headers",
                said='str([each["loc"] for each in error.errors()]) + str(error.body)',
            ),
            "Nothing is wrong with",
        ),
        ("def answer_in_one_shape(app):\n    pass", '`{"message": "..."}`'),
        (
            "def answer_in_one_shape(app):\n    @app.exception_handler(AnyHTTPException)\n"
            "    def refuse(request, error):\n        return {'message': error.detail}",
            "an error of your code",
        ),
    ],
    "12.3": [
        (
            "def add_check(app, slow_check):\n    @app.post('/check')\n"
            "    async def check_password(body: Secret):\n"
            "        return {'right': slow_check(body.password)}",
            "computes on the event loop",
        ),
        (
            "def add_check(app, slow_check):\n    @app.post('/check')\n"
            "    async def check_password(body: Secret):\n"
            "        return {'right': await slow_check(body.password)}",
            "an error of your code",
        ),
        (
            "import asyncio\ndef add_check(app, slow_check):\n    @app.post('/check')\n"
            "    async def check_password(body: Secret):\n        await asyncio.sleep(0)\n"
            "        return {'right': slow_check(body.password)}",
            "computes on the event loop",
        ),
        (
            "def add_check(app, slow_check):\n    @app.post('/check')\n"
            "    def check_password(body: Secret):\n        slow_check(body.password)\n"
            "        return {'right': True}",
            "With the wrong password",
        ),
        (
            "def add_check(app, slow_check):\n    @app.get('/check')\n"
            "    def check_password():\n        return {'right': True}",
            "has no `POST /check`",
        ),
        (
            "def add_check(app, slow_check):\n    @app.post('/check')\n"
            "    def check_password(password: str):\n        return {'right': slow_check(password)}",
            "With the right password",
        ),
        ("def add_check(app, slow_check):\n    pass", "has no `POST /check`"),
    ],
    "12.4": [
        (
            _SCOPES.format(
                wrong="not set(security_scopes.scopes) & set(granted)",
                refusal=f"403, 'no', {_CHALLENGE}",
            ),
            "The view wants `[]`",
        ),
        (
            _SCOPES.format(
                wrong="security_scopes.scopes and not set(security_scopes.scopes) & set(granted)",
                refusal=f"403, 'no', {_CHALLENGE}",
            ),
            "Every",
        ),
        (
            _SCOPES.format(
                wrong="not set(security_scopes.scopes) <= set(granted)",
                refusal=f"401, 'no', {_CHALLENGE}",
            ),
            "Expected: 403",
        ),
        (
            _SCOPES.format(
                wrong="not set(security_scopes.scopes) <= set(granted)", refusal="403, 'no'"
            ),
            "WWW-Authenticate: none",
        ),
        (
            _SCOPES.format(
                wrong="any(each not in claims.get('scope', '') for each in security_scopes.scopes)",
                refusal=f"403, 'no', {_CHALLENGE}",
            ),
            "was let through",
        ),
        (
            _SCOPES.replace('claims.get("scope", "")', 'claims["scope"]').format(
                wrong="not set(security_scopes.scopes) <= set(granted)",
                refusal=f"403, 'no', {_CHALLENGE}",
            ),
            "use `claims.get(…)`",
        ),
        (
            _SCOPES.replace("    return claims", "    return True").format(
                wrong="not set(security_scopes.scopes) <= set(granted)",
                refusal=f"403, 'no', {_CHALLENGE}",
            ),
            "Return the claims",
        ),
    ],
}

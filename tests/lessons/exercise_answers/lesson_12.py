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
        """
from starlette.exceptions import HTTPException as StarletteHTTPException
def current_user_id(token, key):
    challenge = 'bearer realm="users, all", error=invalid_token, error_description="see above"'
    try:
        claims = pyjwt.decode(
            token, key=key, algorithms={"HS256"}, options={"require": ("sub", "exp"), "verify_aud": False}
        )
        return int(claims["sub"])
    except (InvalidTokenError, ValueError) as error:
        raise StarletteHTTPException(401, str(error), {"www-authenticate": challenge})
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
        """
def answer_in_one_shape(app):
    @app.exception_handler(AnyHTTPException)
    async def refuse(request, error):
        return JSONResponse({"message": f"{error.detail}"}, error.status_code, error.headers)
    @app.exception_handler(RequestValidationError)
    async def explain(request, error):
        if any(each["type"] == "json_invalid" for each in error.errors()):
            return JSONResponse({"message": "The body is no JSON."}, status_code=400)
        return JSONResponse({"message": ", ".join(sorted({str(e["loc"][-1]) for e in error.errors()}))}, 422)
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
        """
import asyncio
def add_check(app, slow_check):
    async def check_password(body: Secret) -> dict[str, bool]:
        loop = asyncio.get_running_loop()
        return {"right": await loop.run_in_executor(None, slow_check, body.password)}
    app.add_api_route("/check", check_password, methods=["POST"])
""",
        """
def add_check(app, slow_check):
    @app.post("/check")
    def check_password(body: Secret):
        print("checking")
        return JSONResponse({"right": slow_check(body.password)})
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
        """
def require_scopes(security_scopes, claims):
    granted = claims.get("scope", "").split()
    if not set(security_scopes.scopes) <= set(granted):
        challenge = f'Bearer realm="api", error="insufficient_scope", scope="{security_scopes.scope_str}"'
        raise HTTPException(403, "no", {"WWW-Authenticate": challenge})
    return claims
""",
        """
from fastapi import status
def require_scopes(security_scopes, claims):
    granted = claims.get("scope")
    granted = granted.split() if isinstance(granted, str) else []
    if missing := [each for each in security_scopes.scopes if each not in granted]:
        wanted = " ".join(security_scopes.scopes)
        raise HTTPException(
            status.HTTP_403_FORBIDDEN,
            detail=f"missing: {missing}",
            headers={"WWW-Authenticate": f'Bearer error=insufficient_scope, scope="{wanted}", realm="a, b"'},
        )
    return dict(claims)
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
_SUBSET = "not set(security_scopes.scopes) <= set(granted)"
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
            _DECODE.format(
                options=_GOOD, errors=_ERRORS, refusal=_REFUSAL.replace("401, ", "401, token + ", 1)
            ),
            "leave the token out",
        ),
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
        *(
            (
                _DECODE.format(options=_GOOD, errors=_ERRORS, refusal=_REFUSAL.replace(good, bad)),
                words,
            )
            for good, bad, words in (
                ("Bearer error", "Bearererror", "stands a space"),
                ("Bearer error", "Bearer, error", "and no comma"),
                ("Bearer error", "Bearer: error", "cannot be read"),
                ("Bearer error", "Basic error", "It must name the scheme"),
                ('"invalid_token"', '"expired"', "Expected"),
                ("WWW-Authenticate", "Authenticate", "WWW-Authenticate: none"),
            )
        ),
        (
            _DECODE.format(options=_GOOD + ", leeway=60", errors=_ERRORS, refusal=_REFUSAL),
            "expired a second ago was accepted",
        ),
        (
            _DECODE.format(options=_GOOD, errors=_ERRORS, refusal=_REFUSAL).replace(
                "(token, key,", "(token, KEY,"
            ),
            "Is it verified with the `key` that you are given?",
        ),
        (
            _DECODE.format(options=_GOOD, errors=_ERRORS, refusal=_REFUSAL)
            .replace("int(pyjwt.decode", "int(float(pyjwt.decode")
            .replace('["sub"])\n', '["sub"]))\n'),
            'the subject `"7.5"` was accepted',
        ),
        (
            _DECODE.format(
                options='algorithms=["HS256"], options={"require": ["exp", "sub"], "verify_sub": False}',
                errors=_ERRORS + ", TypeError",
                refusal=_REFUSAL,
            ),
            "`sub` is `7` was accepted",
        ),
        (
            _DECODE.format(
                options='algorithms=["HS256"], options={"require": ["sub"], "verify_exp": False}',
                errors=_ERRORS,
                refusal=_REFUSAL,
            ),
            "an expired token was accepted".replace("an", "An", 1),
        ),
        (
            _DECODE.format(options=_GOOD, errors=_ERRORS, refusal=_REFUSAL).replace(
                "pyjwt.decode(token,", "pyjwt.decode(token.split()[-1] if token else token,"
            ),
            "was accepted",
        ),
        (
            "def current_user_id(token, key, seen={}):\n    if token in seen:\n        return seen[token]"
            + _DECODE.format(options=_GOOD, errors=_ERRORS, refusal=_REFUSAL)
            .replace("\ndef current_user_id(token, key):", "")
            .replace("return int", "seen[token] = int")
            + "    return seen['first'] if 'first' in seen else seen.setdefault('first', seen[token])",
            "was accepted",
        ),
        (
            _DECODE.format(
                options=_GOOD, errors="pyjwt.ExpiredSignatureError, ValueError", refusal=_REFUSAL
            ),
            "On the server that is a 500",
        ),
        (
            _DECODE.format(options=_GOOD, errors=_ERRORS, refusal=_REFUSAL).replace(
                "return int(", "return str("
            ),
            "Expected: `7`",
        ),
        (
            "async"
            + _DECODE.format(options=_GOOD, errors=_ERRORS, refusal=_REFUSAL).replace(
                "\ndef", " def"
            ),
            "is `async`",
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
        *(
            (
                _HANDLER.format(
                    kind="AnyHTTPException",
                    body='{"message": error.detail}',
                    headers=", headers=error.headers",
                    said=said,
                ),
                words,
            )
            for said, words in (
                (
                    '" ".join(each["loc"][-1] for each in error.errors())',
                    "make each a text, `str(…)`",
                ),
                (
                    '" ".join(str(each["loc"][1]) for each in error.errors())',
                    "It must name `email`",
                ),
                ('" ".join(str(each["loc"]) for each in error.errors())', "Nothing is wrong with"),
                (
                    '" ".join(str(each["loc"][-1]) + str(each["input"]) for each in error.errors())',
                    "Nothing is wrong with",
                ),
                (
                    '" ".join(str(each["loc"][-1]) + str(each["input"]) * (each["type"] != "missing") for each in error.errors())',
                    "which may be a password",
                ),
                (
                    _EVERY + ', "errors": [str(each) for each in error.errors()]',
                    "and beside it the answer repeats",
                ),
                (_EVERY + ', "sent": error.body', "and beside it the answer repeats"),
                ("str(error.errors()[0]['loc'][-1])", "It must name `password`"),
                ("[str(each['loc'][-1]) for each in error.errors()]", "under the name `message`"),
                (
                    "\" \".join(f\"{each['loc'][-1].title()} {each['loc'][-1]}\" for each in error.errors())",
                    "make each a text",
                ),
                ("7", "under the name `message`"),
            )
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException",
                body='{"message": error.detail}',
                headers=', headers={"WWW-Authenticate": "Bearer", "Allow": "POST"}',
                said=_EVERY,
            ),
            "A 503 with `Retry-After: 60`",
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException",
                body='{"message": error.detail}',
                headers=", headers=dict(error.headers)",
                said=_EVERY,
            ),
            "an error of your code",
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException",
                body='{"message": error.detail}',
                headers=", headers=error.headers",
                said=_EVERY,
            ).replace("}, 422)", "}, 400)"),
            "Expected: 422",
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException",
                body="error.detail",
                headers=", headers=error.headers",
                said=_EVERY,
            ),
            "under the name `message`",
        ),
        (
            _HANDLER.format(
                kind="AnyHTTPException",
                body='{"message": error.detail.lower()}',
                headers=", headers=error.headers",
                said=_EVERY,
            ),
            "Pass on the exception's `detail`",
        ),
        (
            "def answer_in_one_shape(app):\n    async def fail():\n        raise OSError('no')\n"
            "    app.router.on_startup.append(fail)",
            "cannot start",
        ),
        ("async def answer_in_one_shape(app):\n    pass", "is `async`"),
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
        (
            "import threading\ndef add_check(app, slow_check):\n    @app.post('/check')\n"
            "    async def check_password(body: Secret):\n        answer = []\n"
            "        thread = threading.Thread(target=lambda: answer.append(slow_check(body.password)))\n"
            "        thread.start()\n        thread.join()\n        return {'right': answer[0]}",
            "but waits there",
        ),
        (
            "from concurrent.futures import ThreadPoolExecutor\ndef add_check(app, slow_check):\n"
            "    pool = ThreadPoolExecutor()\n    @app.post('/check')\n"
            "    async def check_password(body: Secret):\n"
            "        return {'right': pool.submit(slow_check, body.password).result()}",
            "but waits there",
        ),
        (
            "import threading\ndef add_check(app, slow_check):\n    lock = threading.Lock()\n"
            "    @app.post('/check')\n    def check_password(body: Secret):\n        with lock:\n"
            "            return {'right': slow_check(body.password)}",
            "only one is checked at a time",
        ),
        (
            "def add_check(app, slow_check):\n    @app.post('/check')\n"
            "    def check_password(body: Secret):\n        return {'right': int(slow_check(body.password))}",
            "With the right password",
        ),
        (
            "def add_check(app, slow_check):\n    @app.post('/check')\n"
            "    def check_password(body: Secret):\n        return {'right': slow_check(body.password.strip())}",
            "With the wrong password",
        ),
        (
            "def add_check(app, slow_check):\n    @app.post('/check')\n"
            "    def check_password(body: Secret):\n        slow_check(body.password)\n"
            "        return {'right': slow_check(body.password)}",
            ", once",
        ),
        (
            "def add_check(app, slow_check):\n    known = {}\n    @app.post('/check')\n"
            "    def check_password(body: Secret):\n        if body.password not in known:\n"
            "            known[body.password] = slow_check(body.password)\n        return {'right': known[body.password]}",
            ", once",
        ),
        (
            "from fastapi import Request\nfrom fastapi.concurrency import run_in_threadpool\n"
            "def add_check(app, slow_check):\n    @app.post('/check')\n"
            "    async def check_password(request: Request):\n        body = await request.json()\n"
            "        return {'right': await run_in_threadpool(slow_check, body['password'])}",
            "Let FastAPI look at it first",
        ),
        (
            "def add_check(app, slow_check):\n    @app.post('/check')\n"
            "    def check_password(body: dict):\n        return {'right': slow_check(body.get('password'))}",
            "Let FastAPI look at it first",
        ),
        (
            "def add_check(app, slow_check):\n    right = slow_check('right')\n    @app.post('/check')\n"
            "    def check_password(body: Secret):\n        return {'right': right}",
            "before anybody has asked",
        ),
        (
            "from fastapi import BackgroundTasks\ndef add_check(app, slow_check):\n    @app.post('/check')\n"
            "    async def check_password(body: Secret, tasks: BackgroundTasks):\n"
            "        tasks.add_task(slow_check, body.password)\n        return {'right': body.password == 'right'}",
            "With the right password",
        ),
        (
            "import asyncio\ndef add_check(app, slow_check):\n    @app.post('/check')\n"
            "    async def check_password(body: Secret):\n        async def check():\n"
            "            return slow_check(body.password)\n        return {'right': await check()}",
            "computes on the event loop",
        ),
        ("async def add_check(app, slow_check):\n    pass", "is `async`"),
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
        *(
            (
                _SCOPES.format(
                    wrong=_SUBSET, refusal=f"403, 'no', {_CHALLENGE.replace(good, bad)}"
                ),
                words,
            )
            for good, bad, words in (
                ("Bearer error", "Bearererror", "stands a space"),
                ('"insufficient_scope", ', '"insufficient_scope" ', "with commas between them"),
                (
                    "insufficient_scope",
                    "invalid_token",
                    'Expected: `WWW-Authenticate: Bearer error="insufficient_scope"',
                ),
                (
                    'scope="{security_scopes.scope_str}"',
                    "scope={security_scopes.scope_str}",
                    "cannot be read",
                ),
                (
                    "{security_scopes.scope_str}",
                    "{security_scopes.scopes[0]}",
                    'scope="users:read users:write"',
                ),
                ("{security_scopes.scope_str}", "{security_scopes.scopes}", 'scope="users:read"'),
            )
        ),
        (
            _SCOPES.format(wrong=_SUBSET, refusal=f"403, 'no', {_CHALLENGE}").replace(
                "return claims", "claims.pop('scope', None)\n    return claims"
            ),
            "changed the dict that it was given",
        ),
        (
            _SCOPES.format(wrong=_SUBSET, refusal=f"403, 'no', {_CHALLENGE}").replace(
                "return claims", "security_scopes.scopes.clear()\n    return claims"
            ),
            "Only read it",
        ),
        (
            _SCOPES.format(wrong=_SUBSET, refusal=f"403, 'no', {_CHALLENGE}").replace(
                ".split()", ".lower().split()"
            ),
            "raised",
        ),
        (
            _SCOPES.format(wrong=_SUBSET, refusal=f"403, 'no', {_CHALLENGE}").replace(
                ".split()", ".replace(',', ' ').split()"
            ),
            "as a whole word",
        ),
        (
            _SCOPES.format(wrong=_SUBSET, refusal=f"403, 'no', {_CHALLENGE}").replace(
                'claims.get("scope", "").split()',
                "claims.get('scope') or ()\n    granted = granted.split() if hasattr(granted, 'split') else granted\n"
                "    granted = granted if hasattr(granted, '__iter__') else ()",
            ),
            "Only a text has scopes",
        ),
        (
            _SCOPES.format(wrong=_SUBSET, refusal=f"403, 'no', {_CHALLENGE}").replace(
                "raise", "return"
            ),
            "Use `raise`",
        ),
        (
            "import fnmatch"
            + _SCOPES.format(
                wrong="not all(any(fnmatch.fnmatchcase(each, one) for one in granted) for each in security_scopes.scopes)",
                refusal=f"403, 'no', {_CHALLENGE}",
            ),
            "as a whole word",
        ),
        (
            _SCOPES.format(wrong=_SUBSET, refusal=f"403, 'no', {_CHALLENGE}").replace(
                "return claims", "return granted"
            ),
            "Return the claims",
        ),
        (
            _SCOPES.format(
                wrong="set(security_scopes.scopes) != set(granted)",
                refusal=f"403, 'no', {_CHALLENGE}",
            ),
            "Everything that the view wants is granted",
        ),
        (
            _SCOPES.format(wrong=_SUBSET, refusal="'403', 'no'"),
            "Expected: 403",
        ),
        ("async def require_scopes(security_scopes, claims):\n    return claims", "is `async`"),
    ],
}

"""Answers to the exercises of lesson 16: services, and addresses of them. The wrong ones have a fault, with the words that
must explain it."""

PRELUDE = r"""
from tests.apps.capstone.faulty import Around, faulty
from starlette.responses import HTMLResponse, RedirectResponse, Response


# The same service, which signs with a key of its own pair: there is no secret to guess, which takes a second.
PAIR = (
    ("import jwt\n", "import jwt\nfrom cryptography.hazmat.primitives.asymmetric import ed25519\n"),
    ("key=secrets.token_urlsafe(32)", "key=ed25519.Ed25519PrivateKey.generate()"),
    ('self.key, algorithm="HS256")', 'self.key, algorithm="EdDSA")'),
    ("self.key,\n                algorithms=", "self.key.public_key(),\n                algorithms="),
    ('algorithms=["HS256"],', 'algorithms=["EdDSA"],'),
)


def nobody():
    '''The address of a server that is no more.'''
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
"""

RIGHT = {
    "16.1": [
        # The second try of the lesson, with what it lacks.
        """
async def me_with_care(request):
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        return INVALID
    return await me(request)

cared_for = [*routes[:2], Route("/me", me_with_care)]
url = serve(Starlette(routes=cared_for, exception_handlers={HTTPException: in_one_shape}), "mine").url
url = " " + url.replace("127.0.0.1", "localhost") + "/ "
""",
        # The server itself.
        "url = faulty()",
        # Below a path of its own.
        """
from starlette.routing import Mount
class Below(Around):
    def __init__(self, app):
        super().__init__(Starlette(routes=[Mount("/shop/v1", app)]))
url = faulty(around=Below).url + "/shop/v1/"
""",
    ],
    "16.2": [
        "my_service = faulty(*PAIR)",
        "my_service = faulty(*PAIR).url.replace('http', 'HTTP').replace('127.0.0.1', 'localhost') + '///'",
        """
import numpy
from starlette.routing import Mount
class Below(Around):
    def __init__(self, app):
        super().__init__(Starlette(routes=[Mount("/v1", app)]))
my_service = numpy.str_(faulty(*PAIR, around=Below).url + "/v1")
""",
    ],
    "16.3": [
        "designs = dict(C='looked up always', B='looked up at refresh', A='opaque ID')",
        "designs['A'], designs['B'], designs['C'] = 'Opaque id', ' looked up  at refresh', 'LOOKED UP ALWAYS\\n'",
        "designs |= zip('ABC', ('opaque ID', 'looked up at refresh', 'looked up always'))",
        "import numpy\ndesigns = dict(zip(numpy.array(list('ABC')), numpy.array(['opaque ID', 'looked up at refresh', 'looked up always'])))",
    ],
}


def _with(old: str, new: str) -> str:
    return f"url = faulty(({old!r}, {new!r})).url"


def _attacked(old: str, new: str, pair: str = "*PAIR, ") -> str:
    return f"my_service = faulty({pair}({old!r}, {new!r})).url"


_HASHES = "        hashed = self.passwords.hash(password)\n"
_LOOKS_FIRST = """\
        with closing(self.connect()) as connection:
            if connection.execute("SELECT 1 FROM users WHERE name = ?", (name,)).fetchone():
                raise HTTPException(409, "That name is taken.")
        time.sleep(0.2)
"""

WRONG = {
    "16.1": [
        ("url = nobody()", "start your service, let it run, and run this cell once more."),
        ("url = faulty().url.removeprefix('http://')", "It begins with `http://`"),
        ("url = faulty().url.replace('http:', 'https:')", "write `http://` in place of `https://`"),
        ("url = faulty().url + '/login'", "is the address of a page"),
        ("url = faulty().url + '/?page=1'", "Give that of the service alone"),
        ("url = faulty().url.replace('127.0.0.1', '0.0.0.0')", "this one is: `http://127.0.0.1:"),
        ("url = 'http://127.0.0.1:500000'", "is its port a number"),
        ("url = 'http://'", "is no address"),
        ("url = 'http://example.com'", "is not on this computer"),
        ("url = 'https://127.0.0.1.nip.io:5000/shop'", "it asks nobody else"),
        ("url = Starlette(routes=routes)", "Let your service run"),
        # The starter as it stands.
        (
            "from course.starter.fastapi_service import app\nurl = serve(app, 'starter').url",
            "got 501 'Not written yet.'. This is not written yet.",
        ),
        # The first try of the lesson.
        ("url = serve(Starlette(routes=ROUTES), 'first').url", "its traceback is where your service runs"),
        # Another program.
        (
            "class Page(Around):\n    def answer(self, scope):\n        return HTMLResponse('<h1>Hello</h1>')\n"
            "url = faulty(around=Page).url",
            "Begin with `POST /register`",
        ),
        (
            "class Slash(Around):\n    def answer(self, scope):\n        if not scope['path'].endswith('/'):\n"
            "            return RedirectResponse(scope['path'] + '/', 308)\nurl = faulty(around=Slash).url",
            "308, Location: /register/",
        ),
        (
            "import threading, time\nclass Dies(Around):\n    def answer(self, scope):\n        if self.asked == 10:\n"
            "            threading.Thread(target=self.server.stop).start()\n        if self.asked >= 10:\n"
            "            time.sleep(0.02)\nurl = faulty(around=Dies).url",
            "Your service has ended: from ",
        ),
        (
            "exception_handlers={HTTPException: http_error, Exception: server_error},", "",
            "One handler for all errors",
        ),
        # The parser itself gives up in some versions of Python, and not in others.
        (
            "data = json.loads(body)",
            "data = json.loads(body) if body.count(b'[') < 1_000 else 1 / 0",
            "python -c 'print(\"[\" * 4000)' | curl",
        ),
        ("if len(body) > MOST_BYTES:", "if False:", "10,000 bytes are the most"),
        ('if media_type != "application/json":', "if False:", "Look at `Content-Type`"),
        ('tuple(unicodedata.normalize("NFC", data[field]) for', "tuple(data[field] for", "in one spelling"),
        ('headers={"WWW-Authenticate": challenge}', "", "Give every 401 this header"),
        ('"access_token": self.token("access", str(user_id)', '"accessToken": self.token("access", str(user_id)', "letter by letter"),
        ('{"id": str(user_id), "username": name}', '{"id": user_id, "username": name}', "id is int and not text"),
        # Near a limit, or in another spelling.
        ('        try:\n            data[field].encode()\n        except UnicodeEncodeError:\n            raise HTTPException(422, f"{field}: half a character.") from None\n', "", "with half a character"),
        ("data = json.loads(body)", 'data = json.loads(body.decode("latin-1"))', "with bytes that are no UTF-8"),
        ('request.headers.get("Content-Type", "").partition(";")[0].strip().lower()', 'request.headers.get("Content-Type", "")', "with application/json; charset=utf-8"),
        ('if media_type != "application/json":', 'if "json" not in request.headers.get("Content-Type", ""):', "with text/plain; x=json"),
        ('if scheme.lower() != "bearer" or not token.strip():', "if not token.strip():", "with the word Token"),
        ("if not 15 <= len(password) <= 1000:", "if not 8 <= len(password) <= 1000:", "with 14 characters"),
        ("if not 15 <= len(password) <= 1000:", "if not 16 <= len(password) <= 1000:", "expected 201"),
        ("if not 15 <= len(password) <= 1000:", "if not 15 <= len(password) <= 1024:", "with 1,001 characters"),
        ("if not 1 <= len(name) <= 64 or", "if not 1 <= len(name) <= 100 or", "with 65 characters"),
        ("if not 1 <= len(name) <= 64 or", "if not 1 <= len(name) <= 63 or", "expected 201"),
        ('any(unicodedata.category(c) == "Cc" for c in name)', '"\\0" in name', "with a line break"),
        ('"username": name}, 201', '"username": name, "password_hash": "x"}, 201', "expected no password"),
        # Two nasty ones: what they break is a single row, and no status tells it.
        ('scheme, _, token = header.partition(" ")', 'scheme, _, token = "Bearer", "", header.removeprefix("Bearer ")', "the token without Bearer"),
        (
            f"url = faulty({('NOT NULL UNIQUE', 'NOT NULL')!r}, {(_HASHES, _LOOKS_FIRST + _HASHES)!r}).url",
            "one name, twice at once",
        ),
    ],
    "16.2": [
        ("my_service = nobody()", "start your service, let it run"),
        ("my_service = 'http://service.example'", "this machine only"),
        ("my_service = 5000", "Expected the address of your service as text"),
        ("from course.starter.fastapi_service import app\nmy_service = serve(app, 'starter').url", "Solve 16.1 first"),
        (_attacked('return jwt.encode(claims, self.key, algorithm="HS256")', "return secrets.token_urlsafe(32)", pair=""), "is no JWT"),
        (
            _attacked('claims = request.app.state.service.claims(request, "access")\n    return JSONResponse({"id": claims["sub"]})', 'return JSONResponse({"id": "1"})'),
            "it guards nothing",
        ),
        (_attacked('options={"require": ["sub", "exp", "use", "login"]}', 'options={"verify_signature": False}'), "*signature not verified* (RFC 8725"),
        (
            _attacked(
                "            claims = jwt.decode(",
                "            text = token.strip()\n            claims = jwt.get_unverified_header(text)\n"
                "            claims = jwt.decode(text, options={'verify_signature': False}) if claims['alg'] == 'none' else jwt.decode(",
            ),
            "*alg none* (RFC 8725",
        ),
        (
            """my_service = faulty(*PAIR, (', "exp": int(time.time()) + seconds}', "}"), ('["sub", "exp", "use"', '["sub", "use"')).url""",
            "has no `exp`",
        ),
        (_attacked("key=secrets.token_urlsafe(32)", "key='a-string-secret-at-least-256-bits-long'", pair=""), "*guessable secret* (RFC 8725"),
        (
            _attacked('header = request.headers.get("Authorization", "")', 'header = request.headers.get("Authorization") or "Bearer " + request.query_params.get("token", "")'),
            "*token in the address* (RFC 6750",
        ),
        (_attacked("except (jwt.PyJWTError, ValueError, RecursionError):", "except jwt.InvalidSignatureError:"), "*crash on odd input*"),
        # Two nasty ones: a genuine token that is not meant for this, and a service that refuses everybody after a while.
        (_attacked('service.claims(request, "access")\n    return JSONResponse({"id"', 'service.claims(request, "access", "refresh")\n    return JSONResponse({"id"'), "*another kind of token* (RFC 8725"),
        (
            "class Tired(Around):\n    def answer(self, scope):\n        if self.asked > 40:\n"
            "            return Response('{\"message\": \"Slow down.\"}', 429)\nmy_service = faulty(*PAIR, around=Tired).url",
            "nothing can be told",
        ),
    ],
    "16.3": [
        ("designs = {'A': 'looked up at refresh', 'B': 'looked up at refresh', 'C': 'looked up always'}", "System A, looked up at refresh: One server"),
        ("designs = {'A': 'looked up always', 'B': 'looked up at refresh', 'C': 'looked up always'}", "Nobody but your own server reads this token"),
        ("designs = {'A': 'opaque ID', 'B': 'opaque ID', 'C': 'looked up always'}", "Forty services would ask one database"),
        ("designs = {'A': 'opaque ID', 'B': 'looked up always', 'C': 'looked up always'}", "so nobody has to"),
        ("designs = {'A': 'opaque ID', 'B': 'looked up at refresh', 'C': 'opaque ID'}", "says nothing to them"),
        ("designs = {'A': 'opaque ID', 'B': 'looked up at refresh', 'C': 'looked up at refresh'}", "the text says: at once"),
        ("designs = {'A': 'opaque ID', 'B': ..., 'C': 'looked up always'}", "System B has no design yet"),
        ("designs = {'A': 'session', 'B': 'looked up at refresh', 'C': 'looked up always'}", "none of the designs. They are: opaque ID"),
        ("designs = {'A': 1, 'B': 2, 'C': 3}", "none of the designs"),
        ("designs = ['opaque ID', 'looked up at refresh', 'looked up always']", "Keep the dictionary"),
        ("designs = {'a': 'opaque ID', 'b': 'looked up at refresh', 'c': 'looked up always'}", "with the keys A, B and C"),
        # Nasty: one more key, and a set, which has no order.
        ("designs = {'A': 'opaque ID', 'B': 'looked up at refresh', 'C': 'looked up always', 'D': 'opaque ID'}", "Keep the dictionary"),
        ("designs = {'A': {'opaque ID'}, 'B': {'looked up at refresh'}, 'C': {'looked up always'}}", "none of the designs"),
    ],
}  # fmt: skip
# A service with one text in place of another.
WRONG["16.1"] = [each if len(each) == 2 else (_with(*each[:2]), each[2]) for each in WRONG["16.1"]]

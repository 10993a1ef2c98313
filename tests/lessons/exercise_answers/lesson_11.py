"""Answers to the exercises of lesson 11: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "11.1": [
        "policy = \"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'\"",
        """
policy = (
    "  Frame-Ancestors 'SELF' ;; BASE-URI 'none';form-action\\t'self';"
    "default-src 'Self' ; object-src 'none'; connect-src 'self' ; "
)
""",
        """
policy = "; ".join(
    f"{name} {value}"
    for name, value in {
        "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:",
        "base-uri": "", "form-action": "'self'", "frame-ancestors": "'self'",
    }.items()
)
""",
        # A nonce or a hash beside one's own files; the second of two has no effect.
        "policy = \"default-src 'self'; script-src 'self' 'nonce-R4nd0m' "
        "'sha256-B2yPHKaXnvFWtRChIbabYmUBFZdVfKKXHbWtWidDVF8='; script-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; frame-ancestors *\"",
        # A browser holds to all policies that the commas make of it.
        "policy = \"default-src 'self', base-uri 'none', form-action 'self', frame-ancestors 'none'\"",
        "policy = \"default-src 'self' 'unsafe-inline'; script-src 'self'; style-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; report-uri /reports; "
        'upgrade-insecure-requests; sandbox allow-scripts allow-forms allow-same-origin"',
    ],
    "11.2": [
        """
def cookie_line(token, seconds):
    parts = ["__Host-access=" + token, "samesite=STRICT", "path=/", "httponly", "secure"]
    return ";".join(parts + [f"max-age={seconds}"])
""",
        """
from werkzeug.http import dump_cookie
def cookie_line(token, seconds):
    return dump_cookie(
        "__Host-access", token, max_age=seconds, path="/", secure=True, httponly=True,
        samesite="Strict", max_size=0,
    )
""",
        """
from http.cookies import SimpleCookie
def cookie_line(token, seconds):
    jar = SimpleCookie()
    jar["__Host-access"] = token
    jar["__Host-access"] |= {
        "max-age": str(seconds), "path": "/", "secure": True, "httponly": True, "samesite": "Strict",
    }
    return jar["__Host-access"].OutputString()
""",
        """
def cookie_line(token, seconds):
    response = Flask("any").response_class()
    response.set_cookie("__Host-access", token, seconds, secure=True, httponly=True, samesite="Strict")
    return response.headers["Set-Cookie"]
""",
        """
def cookie_line(*, seconds, token):
    # An older browser reads Expires, and whoever knows Max-Age goes by that.
    until = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + seconds % 10**9))
    return (
        f"__Host-access={token}; Expires={until}; Max-Age={seconds}; Path=/; Priority=High; "
        "Secure; HttpOnly; SameSite=Strict; "
    )
import time
""",
    ],
    "11.3": [
        """
def is_forged(method, headers, own_origin):
    safe = {"GET", "HEAD", "OPTIONS"}
    match headers:
        case _ if method in safe:
            return False
        case {"Sec-Fetch-Site": "same-origin" | "none"}:
            return False
        case {"Sec-Fetch-Site": _}:
            return True
        case {"Origin": origin}:
            return origin != own_origin
    return False
""",
        """
is_forged = lambda method, headers, own_origin: method.upper() not in ("GET", "HEAD", "OPTIONS") and (
    headers["Sec-Fetch-Site"] not in {"same-origin", "none"} if "Sec-Fetch-Site" in headers
    else "Origin" in headers and headers["Origin"] != own_origin
)
""",
        """
def is_forged(method, headers, own_origin):
    try:
        said, good = headers["Sec-Fetch-Site"], ["same-origin", "none"]
    except KeyError:
        said, good = headers.get("Origin"), [None, own_origin]
    return not (method in ["HEAD", "GET", "OPTIONS"] or said in good)
""",
        """
from urllib.parse import urlsplit
def is_forged(method, headers, own_origin):
    if method in ("GET", "HEAD", "OPTIONS"):
        return False
    if (site := headers.get("Sec-Fetch-Site")) is not None:
        return bool(site != "none" and site != "same-origin")
    if (origin := headers.get("Origin")) is None:
        return False
    there, here = urlsplit(origin), urlsplit(own_origin)
    return (there.scheme, there.netloc) != (here.scheme, here.netloc) or bool(there.query)
""",
    ],
    "11.4": [
        """
from flask import Response
from flask_jwt_extended import get_jwt
def add_logout(app, block):
    @jwt_required()
    def leave():
        answer = Response(status=204)
        unset_jwt_cookies(answer)
        block(get_jwt()["jti"])
        return answer
    app.add_url_rule("/logout", view_func=leave, methods=["POST"])
""",
        """
from flask_jwt_extended import get_jwt, verify_jwt_in_request
def add_logout(app, block):
    @app.route("/logout", methods=("POST",))
    def leave():
        verify_jwt_in_request(locations="cookies")
        block(get_jwt().get("jti"))
        return {}, 204
    @app.after_request
    def forget(response):
        if request.path == "/logout" and response.status_code == 204:
            unset_jwt_cookies(response)
        return response
""",
        """
from flask_jwt_extended import get_jwt, unset_access_cookies, unset_refresh_cookies
def add_logout(app, block):
    @app.post("/logout")
    @jwt_required(skip_revocation_check=True)
    def leave():
        block(get_jwt()["jti"])
        response = make_response()
        response.status_code = 204
        unset_refresh_cookies(response)
        unset_access_cookies(response)
        return response
""",
        """
from flask import Blueprint
from flask_jwt_extended import get_jwt
def add_logout(app, block):
    blueprint = Blueprint("leaving", __name__)
    @blueprint.post("/logout")
    @jwt_required(verify_type=False)
    def leave():
        claims = get_jwt()
        block(claims["jti"])
        response = make_response("", 204)
        names = ("ACCESS_COOKIE", "REFRESH_COOKIE", "ACCESS_CSRF_COOKIE", "REFRESH_CSRF_COOKIE")
        for name in names:
            response.set_cookie(
                app.config[f"JWT_{name}_NAME"], "", max_age=0, path=app.config[f"JWT_{name}_PATH"],
                secure=app.config["JWT_COOKIE_SECURE"],
            )
        return response
    app.register_blueprint(blueprint)
""",
    ],
}

_REST = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

_LOGOUT = """
from flask_jwt_extended import get_jwt, unset_access_cookies, verify_jwt_in_request
def add_logout(app, block):
    {route}
    {guard}
    def logout():
        {before}
        response = make_response("", 204)
        {clear}
        return {answer}
"""


def _logout(**parts) -> str:
    """The worked answer, with one part of it changed."""
    whole = {
        "route": '@app.post("/logout")',
        "guard": "@jwt_required()",
        "before": 'block(get_jwt()["jti"])',
        "clear": "unset_jwt_cookies(response)",
        "answer": "response",
    }
    return _LOGOUT.format(**whole | parts)


def _cookie(attributes: str, pair: str = "__Host-access={token}") -> str:
    return f"def cookie_line(token, seconds):\n    return f{f'{pair}; {attributes}'!r}"


_FORGED = """
def is_forged(method, headers, own_origin):
    if method in ("GET", "HEAD", "OPTIONS"):
        return False
    site = headers.get("Sec-Fetch-Site")
    {then}
"""

WRONG = {
    "11.1": [
        ("policy = \"default-src 'self'\"", "`base-uri` has no fallback"),
        (
            f"policy = \"default-src 'self'; script-src 'sha256-abc='; {_REST}\"",
            "No file has the hash `'sha256-abc='`",
        ),
        (
            "policy = \"default-src 'self'; base-uri 'none'; frame-ancestors 'none'\"",
            "`form-action` is missing",
        ),
        (
            "policy = \"default-src 'self'; base-uri 'none'; form-action 'self'\"",
            "`frame-ancestors` is missing",
        ),
        (
            "policy = \"default-src 'self'; base-uri 'none'; form-action 'self'; frame-src 'none'\"",
            "about frames *in* this page",
        ),
        (
            f"policy = \"default-src 'self' 'unsafe-inline'; {_REST}\"",
            "with `'unsafe-inline'`, a script in the text of the page runs",
        ),
        (
            f"policy = \"default-src 'self'; script-src 'self' 'UNSAFE-INLINE' 'nonce-'; {_REST}\"",
            "Whoever can write into the page can write a script",
        ),
        (
            f"policy = \"default-src 'self'; script-src-attr 'unsafe-inline'; {_REST}\"",
            "an attribute such as `onclick=",
        ),
        (
            f"policy = \"default-src 'self'; script-src 'self' 'unsafe-eval'; {_REST}\"",
            "`eval` makes a script of any text",
        ),
        (f'policy = "default-src *; {_REST}"', "`*` lets scripts of every site in"),
        (
            f"policy = \"default-src 'self'; script-src 'self' https:; {_REST}\"",
            "lets scripts of every site in whose address begins like that",
        ),
        (
            f"policy = \"default-src 'self'; script-src 'self' http:; {_REST}\"",
            "whose address begins like that",
        ),
        (
            f"policy = \"default-src 'self'; script-src 'self' data:; {_REST}\"",
            "stand in the address itself",
        ),
        (
            f"policy = \"default-src 'self'; script-src 'self' cdn.example.com; {_REST}\"",
            "lets scripts of another address in",
        ),
        (
            f"policy = \"default-src 'self'; img-src *; {_REST}\"",
            "This page has pictures of its own",
        ),
        (
            f"policy = \"script-src 'self'; img-src 'self'; {_REST}\"",
            "Neither `style-src` is there nor `default-src`",
        ),
        (f'policy = "{_REST}"', "every script does, also in the text"),
        (f"policy = \"default-src 'none'; {_REST}\"", "blocks the page's own scripts, too"),
        (
            f"policy = \"default-src 'self'; script-src 'strict-dynamic' 'self'; {_REST}\"",
            "neither `'self'` nor an address counts",
        ),
        (
            f"policy = \"default-src 'none'; script-src 'self'; style-src 'self'; {_REST}\"",
            "blocks the page's own pictures",
        ),
        (
            f"policy = \"default-src 'self'; {_REST.replace('self', 'none')}\"",
            "no form can be sent at all",
        ),
        (
            f"policy = \"default-src 'self'; {_REST.replace('none', 'self', 1)}\"",
            'a `<base href="/uploads/">` would still change',
        ),
        (
            f"policy = \"default-src 'self'; {_REST}; sandbox\"",
            "in a sandbox without `allow-scripts`",
        ),
        (
            f'policy = "default-src self; {_REST}"',
            "Without quotes, `self` is the name of a host",
        ),
        (
            "policy = \"default-src 'self'; base-uri none; form-action 'self'; "
            "frame-ancestors 'none'\"",
            "the keyword is `'none'`",
        ),
        (
            f"policy = 'default-src \"self\"; {_REST.replace(chr(39), chr(34))}'",
            "The quotes of a keyword are single ones",
        ),
        (f"policy = \"defaultsrc 'self'; {_REST}\"", "no browser knows `defaultsrc`"),
        (
            f"policy = \"default-src 'unsafe-inline'; default-src 'self'; {_REST}\"",
            "A browser takes the first",
        ),
        (
            f"policy = \"default-src 'self' 'unsafe-inline', {_REST}\"",
            "A comma ends the policy",
        ),
        (
            f"policy = \"default-src 'self';\\n{_REST}\"",
            "There is a line break in it",
        ),
        (
            f"policy = '''\\\n    default-src 'self';\n    {_REST}\n'''",
            "A header is one line",
        ),
        (
            f"policy = \"Content-Security-Policy: default-src 'self'; {_REST}\"",
            "It begins with the name of the header",
        ),
        (f"policy = '\"default-src \\'self\\'; {_REST.replace(chr(39), '')}\"'", "are part of it"),
        (
            'policy = {"default-src": ["\'self\'"], "base-uri": ["\'none\'"]}',
            "A policy is one text, the value of the header",
        ),
        (
            f"policy = [\"default-src 'self'\", *\"{_REST}\".split('; ')]",
            "put `; ` between the directives",
        ),
        (f'policy = "default-src \\u2018self\\u2019; {_REST}"', "which is not ASCII"),
        (f"policy = b\"default-src 'self'; {_REST}\"", "leave out the `b`"),
        (
            "policy = \"<meta http-equiv='Content-Security-Policy' content='default-src self'>\"",
            "`frame-ancestors` has no effect",
        ),
        (
            "policy = \"default-src 'self'; base-uri 'none'; form-action *; frame-ancestors 'none'\"",
            "a form may be sent to `*`",
        ),
        (
            "policy = \"default-src 'self'; base-uri 'none'; form-action 'self'; "
            "frame-ancestors 'self' https://partner.example\"",
            "a page of `https://partner.example` may have this one in a frame",
        ),
        ("policy = ''", "an empty policy forbids nothing"),
        ("policy = lambda: 'x'", "A policy is a text"),
    ],
    "11.2": [
        (_cookie("Max-Age={seconds}; Path=/; Secure; SameSite=Strict"), "A script of the page can"),
        (_cookie("Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict"), "travel without https"),
        (_cookie("Max-Age={seconds}; Path=/; Secure; HttpOnly"), "It does not say `SameSite`"),
        (
            _cookie("Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Lax"),
            "with a link to this one",
        ),
        (
            _cookie("Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=None"),
            "with every request",
        ),
        (
            _cookie("Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=strict; SameSite=Lax"),
            "with a link to this one",
        ),
        (
            _cookie("Max-Age={seconds}; Path=/; Secure; HttpOnly; Same-Site=Strict"),
            "It does not say `SameSite`",
        ),
        (
            _cookie(
                "Max-Age={seconds}; Path=/; Domain=localhost; Secure; HttpOnly; SameSite=Strict"
            ),
            "goes to this very host and to no other",
        ),
        (_cookie("Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict"), "It has no `Path`"),
        (
            _cookie("Max-Age={seconds}; Path=/api; Secure; HttpOnly; SameSite=Strict"),
            "It belongs to all paths",
        ),
        (
            _cookie("Max-Age={seconds}; Path='/'; Secure; HttpOnly; SameSite=Strict"),
            "It belongs to all paths",
        ),
        (_cookie("Path=/; Secure; HttpOnly; SameSite=Strict"), "until the browser is closed"),
        (
            _cookie("Max-Age=900; Path=/; Secure; HttpOnly; SameSite=Strict"),
            "and not the 60 that are asked for",
        ),
        (
            _cookie("Max-Age={seconds / 60}; Path=/; Secure; HttpOnly; SameSite=Strict"),
            "is no whole number in digits",
        ),
        (
            _cookie("Max-Age={seconds or 3600}; Path=/; Secure; HttpOnly; SameSite=Strict"),
            "and not the 0 that are asked for",
        ),
        (
            _cookie("Max-Age={seconds:,}; Path=/; Secure; HttpOnly; SameSite=Strict"),
            "A comma parts nothing here",
        ),
        (
            "import time\ndef cookie_line(token, seconds):\n"
            "    until = time.strftime('%a, %d %b %Y %H:%M:%S GMT', time.gmtime(time.time() + seconds))\n"
            "    return f'__Host-access={token}; Expires={until}; Path=/; Secure; HttpOnly; "
            "SameSite=Strict'",
            "by the clock of the browser's computer",
        ),
        (
            _cookie(
                "Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Strict", "access={token}"
            ),
            "The cookie must be called `__Host-access`",
        ),
        (
            _cookie(
                "Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Strict",
                "__host-access={token}",
            ),
            "letter by letter",
        ),
        (
            _cookie(
                "Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Strict",
                '__Host-access="{token}"',
            ),
            "The quotes are part of the value",
        ),
        (
            _cookie(
                "Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Strict",
                "__Host-access={token.lower()}",
            ),
            "whole, as it is",
        ),
        (
            _cookie(
                "Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Strict",
                "__Host-access={token[:400]}",
            ),
            "the token is another one",
        ),
        (
            _cookie("Max-Age={seconds}; Path=/; Secure; HttpOnly; SameSite=Strict").replace(
                "; ", ", "
            ),
            "up to the first `;`",
        ),
        (
            "def cookie_line(token, seconds):\n"
            "    return f'Set-Cookie: __Host-access={token}; Max-Age={seconds}; Path=/; Secure; "
            "HttpOnly; SameSite=Strict'",
            "return the value alone",
        ),
        (
            "def cookie_line(token, seconds):\n"
            "    return f'__Host-access={token};\\n Max-Age={seconds}; Path=/; Secure; HttpOnly; "
            "SameSite=Strict'",
            "a header is one line",
        ),
        (
            "def cookie_line(token, seconds):\n"
            "    return {'Set-Cookie': f'__Host-access={token}; Path=/'}",
            "Return one text",
        ),
        (
            "def cookie_line(token, seconds):\n"
            "    response = make_response_of(token)\n"
            "    return response\n"
            "def make_response_of(token):\n"
            "    return Flask('any').response_class()",
            "Return the line itself",
        ),
        (
            "def cookie_line(token, seconds):\n    print(f'__Host-access={token}')",
            "to print is not to return",
        ),
        (
            "from http.cookies import SimpleCookie\n"
            "def cookie_line(token, seconds, jar=SimpleCookie()):\n"
            "    if not jar:\n"
            "        jar['__Host-access'] = token\n"
            "    jar['__Host-access'] |= {'max-age': str(seconds), 'path': '/', 'secure': True,\n"
            "                             'httponly': True, 'samesite': 'Strict'}\n"
            "    return jar['__Host-access'].OutputString()",
            "the token is another one",
        ),
    ],
    "11.3": [
        (
            "def is_forged(method, headers, own_origin):\n"
            "    return headers.get('Origin', own_origin) != own_origin",
            "A page of another site has sent it",
        ),
        (
            "def is_forged(method, headers, own_origin):\n"
            "    return headers.get('Sec-Fetch-Site') == 'cross-site'",
            "another port, or a sister domain",
        ),
        (
            "def is_forged(method, headers, own_origin):\n"
            "    return headers['Sec-Fetch-Site'] not in ('same-origin', 'none')",
            "use `headers.get(…)`",
        ),
        (
            _FORGED.format(then="return site not in ('same-origin', 'none')"),
            "Neither header is there",
        ),
        (
            _FORGED.format(
                then="if site:\n        return site not in ('same-origin', 'none')\n"
                "    return headers.get('Origin', own_origin) != own_origin"
            ),
            "The header is there, and empty",
        ),
        (
            _FORGED.format(
                then="if site is not None:\n        return site not in ('same-origin', 'none')\n"
                "    return not headers.get('Origin', own_origin).startswith(own_origin)"
            ),
            "It only begins like this origin",
        ),
        (
            _FORGED.format(
                then="if site is not None:\n        return site not in ('same-origin', 'none')\n"
                "    return own_origin not in headers.get('Origin', own_origin)"
            ),
            "It only begins like this origin",
        ),
        (
            _FORGED.format(
                then="if site is not None:\n        return site not in ('same-origin', 'none')\n"
                "    return headers.get('Origin', own_origin) not in own_origin"
            ),
            "not this origin",
        ),
        (
            _FORGED.format(
                then="from urllib.parse import urlsplit\n"
                "    if site is not None:\n        return site not in ('same-origin', 'none')\n"
                "    origin = headers.get('Origin', own_origin)\n"
                "    return urlsplit(origin).netloc != urlsplit(own_origin).netloc"
            ),
            "https is another scheme",
        ),
        (
            _FORGED.format(
                then="if site is not None and site not in ('same-origin', 'none'):\n"
                "        return True\n"
                "    return headers.get('Origin', own_origin) != own_origin"
            ),
            "`Origin` has no say",
        ),
        (
            _FORGED.format(
                then="if site is not None:\n        return 'same-origin' not in site and site != 'none'\n"
                "    return headers.get('Origin', own_origin) != own_origin"
            ),
            "Compare the whole value",
        ),
        (
            _FORGED.format(
                then="if site is not None:\n        return site in ('same-site', 'cross-site')\n"
                "    return headers.get('Origin', own_origin) != own_origin"
            ),
            "neither `same-origin` nor `none`",
        ),
        (
            _FORGED.format(
                then="if site is not None:\n        return site not in ('same-origin', 'none', '')\n"
                "    return headers.get('Origin') not in (None, '', own_origin)"
            ),
            "The header is there, and empty",
        ),
        (
            _FORGED.format(
                then="if site is not None:\n        return site not in ('same-origin', 'none')\n"
                "    origin = headers.get('Origin')\n"
                "    return bool(origin) and origin != 'null' and origin != own_origin"
            ),
            "`null` is the origin of a page that hides its own",
        ),
        (
            _FORGED.format(
                then="if site is not None:\n        return site not in ('same-origin', 'none')\n"
                "    return headers.get('Origin', 'http://localhost:5000') != 'http://localhost:5000'"
            ),
            "Compare with the `own_origin` that you are given",
        ),
        (
            "def is_forged(method, headers, own_origin):\n"
            "    if method not in ('POST', 'PUT', 'PATCH', 'DELETE'):\n        return False\n"
            "    site = headers.get('Sec-Fetch-Site')\n"
            "    if site is not None:\n        return site not in ('same-origin', 'none')\n"
            "    return headers.get('Origin', own_origin) != own_origin",
            "Only `GET`, `HEAD` and `OPTIONS` are let through",
        ),
        (
            "def is_forged(method, headers, own_origin):\n"
            "    if method == 'GET':\n        return False\n"
            "    site = headers.get('Sec-Fetch-Site')\n"
            "    if site is not None:\n        return site not in ('same-origin', 'none')\n"
            "    return headers.get('Origin', own_origin) != own_origin",
            "`HEAD` changes nothing",
        ),
        (
            _FORGED.format(
                then="site = headers.pop('Sec-Fetch-Site', None)\n"
                "    if site is not None:\n        return site not in ('same-origin', 'none')\n"
                "    return headers.get('Origin', own_origin) != own_origin"
            ),
            "changed the dict that it was given",
        ),
        (
            _FORGED.format(
                then="if site is not None:\n        return site not in ('same-origin', 'none')\n"
                "    source = headers.get('Origin') or headers.get('Referer', own_origin)\n"
                "    return not source.startswith(own_origin)"
            ),
            "not this origin",
        ),
        (
            _FORGED.format(
                then="if site is not None:\n        return site not in ('same-origin', 'none')\n"
                "    return headers.get('Origin') and headers['Origin'] != own_origin"
            ),
            "Expected: `False`",
        ),
        (
            _FORGED.format(
                then="if site is not None:\n        return int(site not in ('same-origin', 'none'))\n"
                "    return int(headers.get('Origin', own_origin) != own_origin)"
            ),
            "Expected: `True`",
        ),
        (
            _FORGED.format(
                then="import re\n"
                "    if site is not None:\n        return site not in ('same-origin', 'none')\n"
                "    return not re.fullmatch(own_origin, headers.get('Origin', own_origin))"
            ),
            "A dot is a dot",
        ),
    ],
    "11.4": [
        (_logout(before="pass"), "no call of block"),
        (_logout(before="block(get_jwt())"), "`block` takes one of them"),
        (_logout(before="block(request.cookies['access_token_cookie'])"), "takes its `jti`"),
        (
            _logout(before="block(get_jwt()['jti'].upper())"),
            "Expected: `block(",
        ),
        (
            _logout(before="block(get_jwt()['jti']); block(get_jwt()['jti'])"),
            "once, the `jti` of the access token",
        ),
        (_logout(clear="pass"), "The answer takes none of them back"),
        (_logout(answer='("", 204)'), "is it the very answer that you return?"),
        (
            _logout(clear="response.delete_cookie('access_token_cookie')"),
            "the browser still has `csrf_access_token`",
        ),
        (
            _logout(clear="response.set_cookie('access_token_cookie', '')"),
            "a cookie is taken back by its age",
        ),
        (
            _logout(
                clear="response.delete_cookie('access_token_cookie'); "
                "response.delete_cookie('csrf_access_token')"
            ),
            "In an app with other names for its cookies, after logging out, the browser still has",
        ),
        # A page under __Host- may be taken back by a Secure line only.
        (
            _logout(
                clear="[response.delete_cookie(app.config[f'JWT_{name}_NAME'], "
                "path=app.config[f'JWT_{name}_PATH']) for name in ('ACCESS_COOKIE', "
                "'REFRESH_COOKIE', 'ACCESS_CSRF_COOKIE', 'REFRESH_CSRF_COOKIE')]"
            ),
            "only by a line that is `Secure`, too",
        ),
        (
            _logout(clear="[response.delete_cookie(name) for name in request.cookies]"),
            "may be of another program on this host",
        ),
        (
            _logout(clear="unset_access_cookies(response)"),
            "the browser still has `__Secure-refresh` and `csrf_refresh_token`",
        ),
        (_logout(answer='{"message": "bye"}'), "Expected: 204"),
        (
            _logout(
                before="block(get_jwt()['jti']); request.view_args = None", answer="response, 200"
            ),
            "Expected: 204",
        ),
        (_logout(guard=""), "No token was sent, and the view was called"),
        (_logout(guard="@jwt_required"), "without the brackets"),
        (
            _logout(guard="@jwt_required(optional=True)"),
            "No token was sent, and the view was called",
        ),
        (
            _logout(
                guard="@jwt_required(optional=True)",
                before="block(get_jwt().get('jti'))",
            ),
            "Without a token, `block` was called",
        ),
        (
            _logout(
                guard="@jwt_required(optional=True)",
                before="get_jwt() and block(get_jwt()['jti'])",
            ),
            "Without a token, `POST /logout` answered 204",
        ),
        (_logout(guard="@jwt_required(fresh=True)"), "with any good access token"),
        (_logout(guard="@jwt_required(refresh=True)"), "with any good access token"),
        (_logout(route="@app.get('/logout')"), "Use `@app.post(…)`"),
        (
            _logout(route="@app.route('/logout', methods=['GET', 'POST'])"),
            "so a picture on any page",
        ),
        (_logout(route="@app.post('/log-out')"), "has no `POST /logout`"),
        (
            "def add_logout(app, block):\n    app.config['JWT_COOKIE_CSRF_PROTECT'] = False\n"
            + _logout()
            .partition("block):\n")[2]
            .replace("get_jwt()", "__import__('flask_jwt_extended').get_jwt()"),
            "a login sets no CSRF token any more",
        ),
        (
            "def add_logout(app, block):\n    app.config['JWT_CSRF_METHODS'] = ['PUT']\n"
            + _logout()
            .partition("block):\n")[2]
            .replace("get_jwt()", "__import__('flask_jwt_extended').get_jwt()"),
            "Leave the CSRF protection on",
        ),
        (
            _logout(
                guard="",
                before="token = request.cookies.get('access_token_cookie')\n"
                "        if not token or not request.headers.get('X-CSRF-TOKEN'):\n"
                "            return {}, 401\n"
                "        block(jwt.get_unverified_claims(token)['jti'])",
            ),
            "a CSRF token that somebody made up",
        ),
        (
            _logout(
                guard="",
                before="token = request.cookies.get('access_token_cookie')\n"
                "        if not token:\n            return {}, 401\n"
                "        claims = jwt.get_unverified_claims(token)\n"
                "        if request.headers.get('X-CSRF-TOKEN') != claims.get('csrf'):\n"
                "            return {}, 401\n"
                "        block(claims['jti'])",
            ),
            "A forged token logged somebody out",
        ),
        (
            _logout(
                before="try:\n            block(get_jwt()['jti'])\n"
                "        except Exception:\n            pass"
            ),
            "`block` failed, nobody was logged out",
        ),
        (
            _logout(before="block(get_jwt()['jti'])").replace(
                "def add_logout(app, block):\n",
                "def add_logout(app, block):\n"
                "    manager = app.extensions['flask-jwt-extended']\n"
                "    gone = set()\n"
                "    manager.token_in_blocklist_loader(lambda header, claims: claims['jti'] in gone)\n",
            ),
            "somebody with a copy of the cookie is served as before",
        ),
        (
            _logout(before="block(get_jwt()['jti'])").replace(
                "def add_logout(app, block):\n",
                "bank2 = Flask('mine')\ndef add_logout(other, block, app=bank2):\n",
            ),
            "for the `app` that it is given",
        ),
        ("def add_logout(app, block):\n    block('5b1f')", "before anybody has logged out"),
        (_logout(before="block(...)"), "Expected: `block("),
    ],
}

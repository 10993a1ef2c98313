"""The contract can fail: each deliberately broken app is found out, by the name of the broken request."""

import subprocess
import sys

import pytest
from flask import Flask

from course import serve
from course.contract import LEVELS, hold
from course.contract.service import BROKEN, NOT_REACHED
from tests.apps.broken import ROWS, ROWS_BY_COOKIE, add_ada, broken_app
from tests.apps.running import APPS, PASSWORD

pytestmark = pytest.mark.usefixtures("fresh_database")

# What is broken: the app, its level, what to replace (each stands in the app exactly once), and the
# requests that the table must name as broken.
BROKEN_APPS = {
    "accepts any password": (
        "smorest_users", "users",
        [("    if not correct:\n", "    if False:\n")],
        ["POST /login  wrong password", "POST /login  the password is still the first one"],
    ),
    "accepts any password, by hand": (
        "jose_login", "login",
        [("not is_password_of(password_hash, password, nobody) or user_id is None", "user_id is None")],
        ["POST /login  wrong password"],
    ),
    "says that a user is unknown": (
        "smorest_users", "users",
        [('passwords.dummy_verify()  # as much work as a real one, so that names cannot be found out\n'
          '        abort(401, message="Invalid credentials.")', 'abort(401, message="No such user.")')],
        ["POST /login  unknown user"],
    ),
    "subject is an int": (
        "smorest_users", "users",
        [("identity=str(user.id)", "identity=user.id")],
        ["GET /me  with the access token"],
    ),
    "errors are HTML": (
        "extended_login", "login",
        [("    answer_errors_as_json(app)\n    read", "    read")],
        ["POST /login  wrong password", "POST /login  half of the JSON", "GET /no-such-page  there is no such page"],
    ),
    "500 on bad JSON": (
        "extended_login", "login",
        [("body = request.get_json()", "body = json.loads(request.get_data())")],
        ["POST /login  half of the JSON", "POST /login  no JSON at all", "POST /login  as text/plain, which a form of another site can send"],
    ),
    "422 for a forged token": (
        "extended_login", "login",
        [("    refuse_bad_tokens_with_401(jwt)\n", "")],
        ["GET /me  payload changed", "GET /me  alg none", "GET /me  abc"],
    ),
    "no signature checked": (
        "jose_login", "login",
        [("        check_with_python_jose(token, key, audience, issuer)\n", "")],
        ["GET /me  payload changed", "GET /me  signature changed", "GET /me  signature left out"],
    ),
    "no WWW-Authenticate": (
        "smorest_users", "users",
        [('response.headers.setdefault("WWW-Authenticate", "Bearer")', "pass")],
        ["GET /me  no Authorization header", "POST /login  wrong password"],
    ),
    "a token that may be cached": (
        "smorest_users", "users",
        [('200, {"Cache-Control": "no-store"}', "200")],
        ["POST /login  right name and password"],
    ),
    "bodies of any size": (
        "smorest_users", "users",
        [('        "MAX_CONTENT_LENGTH": 10_000,  # bytes\n', "")],
        ["POST /login  12,000 bytes, where 10,000 are the most", "POST /register  1 MB, where 10,000 bytes are the most"],
    ),
    "a name may be taken twice": (
        "smorest_users", "users",
        [("mapped_column(unique=True)", "mapped_column()")],
        ["POST /register  a name that is taken", "POST /register  one name, twice at once"],
    ),
    "asks whether a name is taken, then writes": (
        "smorest_users", "users",
        [("        db.session.add(user)\n        try:", "        if user_named(user.username):\n"
          '            abort(409, message="Taken.")\n        import time; time.sleep(0.2)\n'
          "        db.session.add(user)\n        try:"),
         ("except IntegrityError:", "except ZeroDivisionError:")],
        ["POST /register  one name, twice at once"],
    ),
    "names as they come": (
        "smorest_users", "users",
        [("name = username_case_mapped.enforce(text)", "name = text")],
        ["POST /register  the same with é as two"],
    ),
    "repeats the password": (
        "smorest_users", "users",
        [("    password = Password(\n        required=True, load_only=True, validate=validate.Length(max=LONGEST_PASSWORD)\n    )",
          "    password = fields.String(required=True)")],
        ["POST /register  does not repeat the password"],
    ),
    "short passwords": (
        "smorest_users", "users",
        [("validate.Length(SHORTEST_PASSWORD, LONGEST_PASSWORD)", "validate.Length(1)")],
        ["POST /register  a password of 3 characters, where 15 are the least",
         "POST /register  a password of 5,000 characters, where 1,000 are the most"],
    ),
    "logout forgets the refresh token": (
        "refresh_logout", "refresh",
        [("block(refresh_jti_of(get_jwt()))", 'block(get_jwt()["jti"])'),
         ("BlockedToken.jti == refresh_jti_of(claims)", 'BlockedToken.jti == claims["jti"]')],
        ["POST /refresh  logged out", "GET /me  logged out, the older access token"],
    ),
    "blocklist by raw token": (
        "refresh_logout", "refresh",
        [("block(refresh_jti_of(get_jwt()))", "block(request.headers['Authorization'])"),
         ("BlockedToken.jti == refresh_jti_of(claims)", "BlockedToken.jti == request.headers['Authorization']"),
         ("from flask import Flask\nfrom flask.views", "from flask import Flask, request\nfrom flask.views")],
        ["GET /me  logged out, = appended", "POST /refresh  logged out"],
    ),
    "logout does nothing": (
        "refresh_logout", "refresh",
        [("        block(refresh_jti_of(get_jwt()))\n", "")],
        ["GET /me  logged out", "POST /refresh  logged out"],
    ),
    "logout ends every login": (
        "refresh_logout", "refresh",
        [("BlockedToken.jti == refresh_jti_of(claims)", "BlockedToken.jti != ''")],
        ["GET /me  logged out elsewhere"],
    ),
    "a refresh token opens everything": (
        "refresh_logout", "refresh",
        [("    @jwt_required()\n    @blp.response(200, UserIdSchema)\n", "    @jwt_required(verify_type=False)\n    @blp.response(200, UserIdSchema)\n")],
        ["GET /me  with the refresh token"],
    ),
    "an access token renews itself": (
        "refresh_logout", "refresh",
        [("@jwt_required(refresh=True)", "@jwt_required(verify_type=False)")],
        ["POST /refresh  with an access token"],
    ),
    "two parallel refreshes both win": (
        "rotate_refresh", "rotate",
        [("    expires_at = db.session.scalar(\n", "    session = db.session.get(SessionModel, claims['sid'])\n"
          "    if session.refresh_jti != claims['jti']:\n        return None\n    time.sleep(0.2)\n"
          "    expires_at = db.session.scalar(\n"),
         (', SessionModel.refresh_jti == claims["jti"]', "")],
        ["POST /refresh  one token, twice at once"],
    ),
    "refresh tokens for ever": (
        "rotate_refresh", "rotate",
        [(', SessionModel.refresh_jti == claims["jti"]', "")],
        ["POST /refresh  one that was used before"],
    ),
    "a replay is refused, and nothing else": (
        "rotate_refresh", "rotate",
        [('        if end_sessions(SessionModel.id == claims["sid"]):', "        if True:")],
        ["POST /refresh  the newest, after a replay", "GET /me  after a replay"],
    ),
    "everywhere means here": (
        "rotate_refresh", "rotate",
        [("SessionModel.user_id == int(get_jwt_identity())", 'SessionModel.id == get_jwt()["sid"]')],
        ["GET /me  logged out everywhere: elsewhere"],
    ),
    "everywhere means everybody": (
        "rotate_refresh", "rotate",
        [("SessionModel.user_id == int(get_jwt_identity())", "SessionModel.id != ''")],
        ["GET /me  another user, meanwhile"],
    ),
    "everybody may read": (
        "roles", "roles",
        [('@requires("users:read")', "@jwt_required()")],
        ["GET /users  a member", "GET /users  registered with role=admin", "GET /users  demoted, after a refresh"],
    ),
    "who registers chooses the role": (
        "roles", "roles",
        [("    username = Username(", "    role = fields.String(load_only=True)\n    scope = fields.String()\n    username = Username("),
         ('username=user_data["username"], password=password_hash', 'username=user_data["username"], '
          'password=password_hash, role=user_data.get("role", "member")')],
        ["GET /users  registered with role=admin"],
    ),
    "a demoted admin goes on": (
        "roles", "roles",
        [(", ask_database=True", "")],
        ["PUT /users/ID/role  demoted, with the token of before"],
    ),
    "dangerous actions with any token": (
        "roles", "roles",
        [("fresh=True, ", "")],
        ["PUT /users/ID/role  an admin whose login is not fresh"],
    ),
    "tells a stranger what the body must be": (
        "roles", "roles",
        [('    @requires("users:write", fresh=True, ask_database=True)\n    @blp.arguments(RoleSchema)\n',
          '    @blp.arguments(RoleSchema)\n    @requires("users:write", fresh=True, ask_database=True)\n')],
        ["PUT /users/ID/role  no token, odd body"],
    ),
    "logging out clears the cookies and nothing else": (
        "browser_login", "rotate",
        [('        end_sessions(SessionModel.id == str(get_jwt().get("sid")))\n        return without', "        return without")],
        ["GET /me  logged out", "GET /me  logged out, the older access token", "POST /refresh  logged out"],
    ),
    "logging out clears no cookie": (
        "browser_login", "rotate",
        [("    unset_jwt_cookies(response)\n", "")],
        ["POST /logout  takes back every cookie of a login", "POST /logout-everywhere  takes back every cookie of a login"],
    ),
    "logging out clears the refresh cookie of another path": (
        "browser_login", "rotate",
        [("    unset_jwt_cookies(response)\n", "    unset_jwt_cookies(response)\n    response.headers = "
          "type(response.headers)((k, v.replace('Path=/refresh', 'Path=/')) for k, v in response.headers)\n")],
        ["POST /logout  takes back every cookie of a login"],
    ),
    "the refresh cookie goes everywhere": (
        "browser_login", "rotate",
        [('        "JWT_REFRESH_COOKIE_PATH": "/refresh",\n', "")],
        ["POST /login  the refresh cookie: Path", "POST /refresh  the next refresh cookie"],
    ),
    "no CSRF protection": (
        "browser_login", "rotate",
        [('        "JWT_COOKIE_SECURE": True,\n', '        "JWT_COOKIE_SECURE": True,\n        "JWT_COOKIE_CSRF_PROTECT": False,\n')],
        ["POST /logout  without the CSRF token", "POST /logout  with the CSRF token of another login",
         "POST /refresh  without the CSRF token", "POST /refresh  with the CSRF token of another login"],
    ),
    "a CSRF token that another host can set": (
        "browser_login", "rotate",
        [('"__Host-csrf-refresh"', '"csrf-refresh"')],
        ["POST /login  the CSRF cookie: name"],
    ),
    "no SameSite": (
        "browser_login", "rotate",
        [('        "JWT_COOKIE_SAMESITE": "Strict",\n', "")],
        ["POST /login  the access cookie: SameSite", "POST /login  the refresh cookie: SameSite",
         "POST /refresh  the next access cookie"],
    ),
    "SameSite=None": (
        "browser_login", "rotate",
        [('"JWT_COOKIE_SAMESITE": "Strict"', '"JWT_COOKIE_SAMESITE": "None"')],
        ["POST /login  the access cookie: SameSite", "POST /login  the refresh cookie: SameSite"],
    ),
    "cookies by http": (
        "browser_login", "rotate",
        [('"JWT_COOKIE_SECURE": True', '"JWT_COOKIE_SECURE": False')],
        ["POST /login  the access cookie: Secure", "POST /login  the refresh cookie: Secure"],
    ),
    "cookies that scripts read": (
        "browser_login", "rotate",
        [('        set_cookies(response, token, max_age=claims["exp"] - claims["iat"])\n',
          '        set_cookies(response, token, max_age=claims["exp"] - claims["iat"])\n'
          "    response.headers = "
          "type(response.headers)((k, v.replace('HttpOnly; ', '')) for k, v in response.headers)\n")],
        ["POST /login  the access cookie: HttpOnly", "POST /login  the refresh cookie: HttpOnly",
         "POST /refresh  the next access cookie", "POST /refresh  the next refresh cookie"],
    ),
    "cookies for the whole domain": (
        "browser_login", "rotate",
        [('"JWT_ACCESS_COOKIE_NAME": "__Host-access"', '"JWT_ACCESS_COOKIE_NAME": "access"'),
         ('        "JWT_COOKIE_SECURE": True,\n', '        "JWT_COOKIE_SECURE": True,\n        "JWT_COOKIE_DOMAIN": "127.0.0.1",\n')],
        ["POST /login  the access cookie: name", "POST /login  the refresh cookie: name"],
    ),
    "the next cookies are worse": (
        "browser_login", "rotate",
        [("        return in_cookies(renew(get_jwt()))\n", "        response = in_cookies(renew(get_jwt()))\n        response.headers = "
          "type(response.headers)((k, v.replace('HttpOnly; ', '')) for k, v in response.headers)\n        return response\n")],
        ["POST /refresh  the next access cookie", "POST /refresh  the next refresh cookie"],
    ),
    "tokens in the body, too": (
        "browser_login", "rotate",
        [('jsonify(id=decode_token(tokens["access_token"])["sub"])', 'jsonify(id="1", token=tokens["access_token"])')],
        ["POST /login  a token in the body, where scripts read it"],
    ),
    "a token too large for a cookie": (
        "browser_login", "rotate",
        [('claims = {"sid": session_id}', 'claims = {"sid": session_id, "padding": "x" * 3_000}')],
        ["POST /login  the access cookie: bytes", "POST /login  the refresh cookie: bytes"],
    ),
    "any page may log in": (
        "browser_login", "rotate",
        [('        if site not in (None, "same-origin", "none"):\n', "        if False:\n")],
        ["POST /login  from a page of another site", "POST /login  from another port of this host",
         "POST /login  from a page without an origin", "POST /login  from a page of another site, in an older browser",
         "POST /logout  with the CSRF token, from another port of this host"],
    ),
    "any port of the host may log in": (
        "browser_login", "rotate",
        [('(None, "same-origin", "none")', '(None, "same-origin", "same-site", "none")')],
        ["POST /login  from another port of this host"],
    ),
    "older browsers may do anything": (
        "browser_login", "rotate",
        [("        if site is None and origin is not None:  # an older browser\n", "        if False:\n")],
        ["POST /login  from a page of another site, in an older browser"],
    ),
    "every token has every scope": (
        "roles", "roles",
        [('"scope": SCOPES.get(role, "")}', '"scope": SCOPES["admin"]}')],
        ["GET /users  a member", "GET /users  demoted, after a refresh"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", BROKEN_APPS)
def test_broken_app_is_found_out(fault, tmp_path):
    name, level, replacements, named = BROKEN_APPS[fault]
    module = broken_app(name, replacements, tmp_path)
    app = module.create_app()
    add_ada(module, app)
    by_cookie = APPS[name].by_cookie
    rows = hold(serve(app, "broken").url, level, "ada", PASSWORD, by_cookie)
    assert len(rows) == (ROWS_BY_COOKIE if by_cookie else ROWS)[level]
    broken = {row.request: row.got for row in rows if row.verdict == BROKEN}
    assert set(named) <= set(broken), broken
    assert len(broken) <= len(rows) * 2 / 3  # a fault is named by what it breaks, not by everything


@pytest.mark.parametrize("name", ["smorest_users", "roles", "browser_login"])
def test_unbroken_app_is_not(name, tmp_path):
    """The same way of running it finds nothing in an app that was left as it is."""
    module = broken_app(name, [], tmp_path)
    app = module.create_app()
    add_ada(module, app)
    level, by_cookie = APPS[name].level, APPS[name].by_cookie
    rows = hold(serve(app).url, level, "ada", PASSWORD, by_cookie)
    assert [row for row in rows if not row.kept] == []
    count = (ROWS_BY_COOKIE if by_cookie else ROWS)[level]
    assert len({row.request for row in rows}) == len(rows) == count


def test_by_cookie_every_row_by_header_is_there_or_has_another_in_its_place():
    """Those that are gone are the ones that speak of the header, and of the refresh token at another address."""
    by_header, by_cookie = (
        {row.request for row in hold("http://127.0.0.1:9", "roles", "a", "b", kind)}
        for kind in (False, True)
    )
    assert by_header - by_cookie == {
        "GET /me  no Authorization header",
        "GET /me  Basic in place of Bearer",
        "GET /me  the token without Bearer",
        "GET /me  Bearer without a token",
        "POST /logout  with the refresh token",
        "GET /me  logged out by the refresh token",
        "POST /refresh  logged out by the refresh token",
    }
    assert len(by_cookie - by_header) == ROWS_BY_COOKIE["roles"] - ROWS["roles"] + 7


@pytest.mark.parametrize("by_cookie", [False, True])
def test_service_that_is_not_there_is_asked_once_and_every_row_says_so(by_cookie):
    rows = hold("http://127.0.0.1:9", "roles", "ada", PASSWORD, by_cookie)
    assert {row.verdict for row in rows} == {NOT_REACHED}
    assert {row.level for row in rows} == set(LEVELS)
    (reason,) = {row.got for row in rows}
    assert reason == "no answer: nothing listens there. Is it running at http://127.0.0.1:9?"


@pytest.mark.parametrize("answer", [
    ("hello", 200), ("", 200), ("[]", 200, {"Content-Type": "application/json"}),
    ("null", 201, {"Content-Type": "application/json"}), ("{", 200, {"Content-Type": "application/json"}),
    ('{"access_token": 7}', 200, {"Content-Type": "application/json"}),
    ('{"access_token": "a", "refresh_token": "b", "id": "1", "username": "x", "message": "y"}', 201,
     {"Content-Type": "application/json"}),
    ('{"access_token": "a", "refresh_token": "b", "id": "1", "username": "x", "message": "y"}', 200,
     {"Content-Type": "application/json", "Cache-Control": "no-store"}),
    ("", 302, {"Location": "/elsewhere"}), ("", 500),
], ids=lambda answer: str(answer[:2]))  # fmt: skip
@pytest.mark.parametrize("by_cookie", [False, True])
def test_service_that_always_says_the_same_is_found_out_and_never_crashes_the_judge(
    answer, by_cookie
):
    app = Flask("parrot")

    @app.before_request
    def say_it():
        return answer

    rows = hold(serve(app, "parrot").url, "roles", "ada", PASSWORD, by_cookie)
    assert any(not row.kept for row in rows if row.level == "login")
    assert len(rows) == (ROWS_BY_COOKIE if by_cookie else ROWS)["roles"]


def test_level_that_needs_a_user_says_so():
    for level in ("login", "roles"):
        with pytest.raises(ValueError, match=f"The level {level} needs the name and password"):
            hold("http://127.0.0.1:9", level)
    with pytest.raises(ValueError, match="There is no level 'admin', only login, users"):
        hold("http://127.0.0.1:9", "admin")


def course_contract(*arguments: str) -> subprocess.CompletedProcess:
    code = "from course.cli import main; main(prog_name='course')"
    command = [sys.executable, "-c", code, "contract", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=60)


def test_command_prints_the_table_and_ends_with_0_or_1(tmp_path):
    module = broken_app("smorest_users", [], tmp_path)
    good = course_contract(serve(module.create_app()).url, "--level", "users")
    assert good.returncode == 0, good.stderr
    first, ruler, *rows = good.stdout.splitlines()
    assert first.split() == ["level", "request", "expected", "got", "verdict"]
    assert rows[-1].endswith(" kept.") and "BROKEN" not in good.stdout
    bad = course_contract("http://127.0.0.1:9", "--level", "users")
    assert bad.returncode == 1 and "Is it running at http://127.0.0.1:9?" in bad.stdout
    assert bad.stdout.splitlines()[-1] == "0 of 43 kept, 0 broken, 43 not reached."
    assert len(bad.stdout.splitlines()) == 6 and not bad.stderr


def test_command_judges_by_cookie_too(tmp_path):
    module = broken_app("browser_login", [], tmp_path)
    url = serve(module.create_app()).url
    good = course_contract(url, "--level", "rotate", "--by-cookie")
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.splitlines()[-1] == f"{ROWS_BY_COOKIE['rotate']} of 103 kept."
    # By header it has no token, and the table says where one was looked for.
    bad = course_contract(url, "--level", "users")
    assert bad.returncode == 1 and "access_token is missing (there are: id)" in bad.stdout


def test_tokens_in_the_body_are_none_by_cookie(tmp_path):
    module = broken_app("rotate_refresh", [], tmp_path)
    bad = course_contract(serve(module.create_app()).url, "--level", "users", "--by-cookie")
    said = "access_token is missing (no cookie is a JWT whose claim type says so; cookies: none)"
    assert bad.returncode == 1 and said in bad.stdout


@pytest.mark.parametrize(("arguments", "said"), [
    (["127.0.0.1:5000"], "It begins with http:// or https://"),
    (["http://127.0.0.1:9"], "needs the name and password of a user"),
    (["http://127.0.0.1:9", "--level", "roles"], "needs the name and password of an admin"),
    (["http://127.0.0.1:9", "--level", "emperor"], "'emperor' is not one of 'login', 'users'"),
    (["http://[", "--level", "users"], "this is not an address"),
    (["--help"], "a body has at most 10,000 bytes, a password 15 to 1,000 characters, a name 1 to 64"),
])  # fmt: skip
def test_wrong_use_of_the_command_is_explained(arguments, said):
    done = course_contract(*arguments)
    assert done.returncode in (1, 2) or "--help" in arguments
    assert "Traceback" not in done.stderr and said in " ".join((done.stderr + done.stdout).split())

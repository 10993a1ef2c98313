"""A login service with Flask and python-jose, the token handling by hand (lesson 06).

Keeps the contract: login. A copy of this file runs alone, also under another name: put yours in place of jose_login.

In the folder that holds it (in PowerShell, the second line is $env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"):

    pip install click flask "python-jose[cryptography]" werkzeug
    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    flask --app jose_login add-user ada
    flask --app jose_login run

In the course, the packages are there: cd app_snippets, and uv run flask --app jose_login run

POST /login  {"username": "ada", "password": "..."}  answers  {"access_token": "..."}
GET  /me     Authorization: Bearer <access token>    answers  {"id": "1"}

Every refusal is JSON: {"message": "..."}. The users live in a SQLite file, USERS_DATABASE or users.db.
"""

import base64
import json
import os
import re
import secrets
import sqlite3
import time
import uuid
from contextlib import closing, suppress
from datetime import datetime, timedelta, timezone
from functools import wraps

import click
from flask import Flask, abort, current_app, g, request
from jose import jwk, jwt
from werkzeug.exceptions import HTTPException
from werkzeug.security import check_password_hash, generate_password_hash

ALGORITHM = "HS256"
ACCESS_TOKEN_EXPIRE_MINUTES = 30
MIN_KEY_LENGTH = 32  # RFC 7518 §3.2: 256 bits for HS256
MAX_TOKEN_LENGTH = 16_000  # characters
LAST_DATE = 253402300799  # the last second of the year 9999; more than that is milliseconds
QUOTES = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"


def key_from_environment() -> bytes:
    """The signing key: 32 bytes or more (RFC 7518 §3.2). Nothing starts without a good one."""
    key = os.fsencode(os.environ.get("JWT_SECRET_KEY", ""))
    fault = fault_of_key(key)
    if fault:
        raise click.ClickException(
            f"JWT_SECRET_KEY {fault}\n"
            'Make one with: python -c "import secrets; print(secrets.token_hex(32))"\n'
            "and put it into the environment."
        )
    return key


def fault_of_key(key: bytes) -> str | None:
    """What makes this no key for HS256, in words, or None. A public key is no secret (RFC 8725 §2.1)."""
    text = key.decode("utf-8", "replace")
    if len(key) < 32:
        return f"has {len(key)} bytes, and HS256 needs at least 32."
    if text != text.strip("\ufeff \t\r\n\f\v\u00a0"):
        return "has white space at an end, such as the line break of a file."
    if text[0] in QUOTES or text[-1] in QUOTES:
        return "stands in quotation marks, and they would be a part of it."
    if text[0] in "{[":
        return "is JSON, such as a JWK, and HS256 takes the bytes of a secret."
    if is_of_a_pair(key):
        return "is a certificate or a key of a pair, and HS256 needs a secret."
    return None


def is_of_a_pair(key: bytes) -> bool:
    """Whether this is a certificate or a key of RSA, EC or the like: PEM, DER, OpenSSH; in base64; in hexadecimal."""
    digits = re.sub(r"\s|\\[nr]|=", "", key.decode("latin-1")).translate({45: "+", 95: "/"})
    spellings = [key]
    for decode, padding in ((bytes.fromhex, ""), (base64.b64decode, "=" * (-len(digits) % 4))):
        with suppress(ValueError):
            spellings.append(decode(digits + padding))
    return any(
        re.search(rb"BEGIN [A-Z0-9 ]*(KEY|CERTIFICATE)", each, re.IGNORECASE)
        or re.match(rb"\s*(\0\0\0.)?(sk-)?(ssh|ecdsa)-|openssh-key-v1", each, re.DOTALL)
        or is_der(each)
        for each in spellings
    )


def is_der(content: bytes) -> bool:
    """Whether these bytes are one DER sequence, as keys and certificates are (X.690 §8.9)."""
    if len(content) < 40 or content[0] != 0x30:
        return False
    start = 2 + (content[1] & 0x7F if content[1] > 0x7F else 0)
    length = int.from_bytes(content[2:start] or content[1:2], "big")
    return start + length == len(content) and content[start] in (0x02, 0x30)


def users_database() -> sqlite3.Connection:
    """The SQLite file with the users."""
    database = sqlite3.connect(os.environ.get("USERS_DATABASE", "users.db"))
    database.execute(
        "CREATE TABLE IF NOT EXISTS users"
        " (id INTEGER PRIMARY KEY, username TEXT UNIQUE, password_hash TEXT)"
    )
    return database


def add_user(username: str, password: str) -> None:
    """Store a user and a hash of the password. Raises IntegrityError if the name is taken."""
    with closing(users_database()) as database, database:
        values = (username, generate_password_hash(password))
        database.execute("INSERT INTO users (username, password_hash) VALUES (?, ?)", values)


def find_user(username: str) -> tuple[int, str] | None:
    """Id and password hash of this user, or None."""
    with closing(users_database()) as database:
        query = "SELECT id, password_hash FROM users WHERE username = ?"
        return database.execute(query, (username,)).fetchone()


def is_password_of(password_hash: str, password: str, nobody: str) -> bool:
    """Whether this password has this hash. A refusal is as much work as with the hash of nobody."""
    password.encode()  # half a character ends the request here, whoever is meant
    try:
        correct = check_password_hash(password_hash, password)
    except ValueError:  # the hash of another library
        correct = False
    # A hash of another kind may have been less work: make up for it.
    if not correct and password_hash.split("$")[0] != nobody.split("$")[0]:
        check_password_hash(nobody, password)
    return correct


def read_credentials() -> tuple[str, str]:
    """Username and password from the JSON body of the request."""
    body = request.get_json()  # answers 415 for another content type, 400 for what is not JSON
    for field in ("username", "password"):
        if not isinstance(body, dict) or not isinstance(body.get(field), str):
            abort(422, f"Send a JSON object in which {field} is text.")
    return body["username"], body["password"]


def sign_access_token(user_id: int, key: str) -> str:
    """An access token for this user."""
    now = datetime.now(timezone.utc)
    claims = {
        "sub": str(user_id),
        "iat": now,
        "exp": now + timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES),
        "jti": str(uuid.uuid4()),
    }
    return jwt.encode(claims, key, algorithm=ALGORITHM)


class InvalidToken(Exception):
    """The token must not be trusted."""


def decode_part(part: str) -> bytes:
    """The bytes of a part that is spelled in the one correct way (RFC 7515 §2)."""
    decoded = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if base64.urlsafe_b64encode(decoded).decode().rstrip("=") != part:
        raise InvalidToken("a part is not spelled as base64url must be")
    return decoded


def read_object(part: str) -> dict:
    """The JSON object in a part, if every reader must read it in the same way."""

    def without_repeats(pairs):
        if len(dict(pairs)) < len(pairs):
            raise InvalidToken("a name stands there twice")
        return dict(pairs)

    def refuse(constant):
        raise InvalidToken(f"{constant} is not JSON")

    text = decode_part(part).decode("utf-8")
    found = json.loads(text, object_pairs_hook=without_repeats, parse_constant=refuse)
    if not isinstance(found, dict):
        raise InvalidToken("a part is not a JSON object")
    return found


def check_dates(claims: dict, now: float, leeway: float) -> None:
    """The token must have begun and not have ended; times and leeway are in seconds."""
    if "exp" not in claims:
        raise InvalidToken("it would never expire")
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name, 0)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not 0 <= value <= LAST_DATE:
            raise InvalidToken(f"{name} is not a date in seconds")
    if now >= claims["exp"] + leeway:
        raise InvalidToken("it has expired")
    if now < max(claims.get("nbf", 0), claims.get("iat", 0)) - leeway:
        raise InvalidToken("it is not valid yet")


def check_with_python_jose(
    token: str, key: str | bytes, audience: str | None, issuer: str | None
) -> None:
    """What python-jose checks well: the signature, and the types of sub, aud, iss and jti."""
    options = {
        "require_sub": True,
        "require_aud": audience is not None,
        "require_iss": issuer is not None,
        # check_dates does these, with leeway and a clock that can be set
        "verify_exp": False,
        "verify_nbf": False,
        "verify_iat": False,
        "verify_at_hash": False,  # a claim about another token
    }
    # A key as text or bytes, python-jose would read as JSON first, and lose quotation marks.
    exactly_this_key = jwk.construct(key, ALGORITHM)
    jwt.decode(token, exactly_this_key, [ALGORITHM], options, audience=audience, issuer=issuer)


def verify_token(
    token: str,
    key: str | bytes,
    *,
    audience: str | None = None,
    issuer: str | None = None,
    leeway: float = 0,
    now: float | None = None,
) -> dict:
    """The claims of a token that may be trusted. Raises InvalidToken, and nothing else."""
    try:
        if len(token) > MAX_TOKEN_LENGTH or len(key) < MIN_KEY_LENGTH:
            raise InvalidToken("the token is too long, or the key too short")
        header, payload, signature = token.split(".")
        decode_part(signature)
        parameters = read_object(header)
        if parameters.get("alg") != ALGORITHM or "crit" in parameters:
            raise InvalidToken("the header asks for what this service does not do")
        check_with_python_jose(token, key, audience, issuer)
        claims = read_object(payload)
        if not isinstance(claims.get("iss", ""), str):
            raise InvalidToken("the issuer is not text")
        check_dates(claims, time.time() if now is None else now, leeway)
    except InvalidToken:
        raise
    except Exception as error:  # whatever else a hostile token provokes, it is refused
        raise InvalidToken(str(error)) from error
    return claims


def login_required(view):
    """Let only calls with a valid token through to the view, which finds the claims in g.claims."""

    @wraps(view)
    def guarded_view(*args, **kwargs):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or "," in token:
            abort(401, "Send one Authorization header, with the word Bearer: Bearer <token>")
        try:
            g.claims = verify_token(token.strip(), current_app.config["JWT_SECRET_KEY"])
        except InvalidToken:
            message = "The token is invalid or has expired. Log in again."
            return {"message": message}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        return view(*args, **kwargs)

    return guarded_view


def answer_errors_as_json(app: Flask) -> None:
    """Every refusal is JSON, and every 401 names the way to log in (RFC 6750 §3)."""

    @app.errorhandler(HTTPException)
    def describe(error):
        response = error.get_response()
        response.data = json.dumps({"message": error.description})
        response.content_type = "application/json"
        return response

    @app.errorhandler(RecursionError)  # JSON nested thousands of levels deep
    @app.errorhandler(UnicodeEncodeError)  # half a character, in JSON "\ud800"
    def refuse(error):
        return {"message": "The body cannot be read."}, 400

    @app.errorhandler(sqlite3.OperationalError)  # a database that is locked, full or gone
    def apologise(error):
        app.logger.error("The database does not answer: %s", error)
        return {"message": "The database is busy or away. Try again."}, 503, {"Retry-After": "1"}

    @app.after_request
    def name_the_scheme(response):
        if response.status_code == 401:
            response.headers.setdefault("WWW-Authenticate", "Bearer")
        return response


def read_the_body_first(app: Flask) -> None:
    """The whole body, before anything else, also one in chunks, which does not say how long it is."""

    @app.before_request
    def read_the_body():
        request.get_data()
        # Werkzeug cuts a body in chunks at MAX_CONTENT_LENGTH: is there more?
        if request.environ.get("wsgi.input_terminated") and request.environ["wsgi.input"].read(1):
            abort(413)


def add_commands(app: Flask) -> None:
    """Give the app a command of its own: flask --app ... add-user NAME."""

    @app.cli.command("add-user")
    @click.argument("username")
    @click.password_option(help="Asked for, if you leave it out.")
    def add_user_command(username, password):
        """Store a user who may log in."""
        try:
            add_user(username, password)
        except sqlite3.IntegrityError:
            raise click.ClickException(f"There is a user {username} already.") from None
        click.echo(f"Stored {username}.")


def create_app() -> Flask:
    """The app: /login hands out tokens, /me asks for one."""
    app = Flask(__name__)
    app.config["JWT_SECRET_KEY"] = key_from_environment()
    app.config["MAX_CONTENT_LENGTH"] = 10_000  # bytes
    answer_errors_as_json(app)
    read_the_body_first(app)
    # An unknown name is checked against this hash, so that it takes as long as a known one.
    nobody = generate_password_hash(secrets.token_hex(32))

    @app.post("/login")
    def login():
        username, password = read_credentials()
        user_id, password_hash = find_user(username) or (None, nobody)
        if not is_password_of(password_hash, password, nobody) or user_id is None:
            abort(401, "Invalid credentials.")
        token = sign_access_token(user_id, app.config["JWT_SECRET_KEY"])
        return {"access_token": token}, 200, {"Cache-Control": "no-store"}

    @app.get("/me")
    @login_required
    def me():
        return {"id": g.claims["sub"]}

    add_commands(app)
    return app

"""A login service with Flask and Flask-JWT-Extended (lesson 06): jose_login.py in fewer lines.

Keeps the contract: login. A copy of this file runs alone, also under another name: put yours in place of extended_login.

In the folder that holds it (in PowerShell, the second line is $env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"):

    pip install click flask flask-jwt-extended pyjwt werkzeug
    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    flask --app extended_login add-user ada
    flask --app extended_login run

In the course, the packages are there: cd app_snippets, and uv run flask --app extended_login run

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
from contextlib import closing, suppress
from datetime import timedelta

import click
from flask import Flask, abort, current_app, request
from flask_jwt_extended import JWTManager, create_access_token, get_jwt_identity, jwt_required
from jwt import InvalidTokenError
from werkzeug.exceptions import HTTPException
from werkzeug.security import check_password_hash, generate_password_hash

QUOTES = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"
INVALID_TOKEN = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


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


def refuse_bad_tokens_with_401(jwt: JWTManager) -> None:
    """Answer 401 where the extension answers 422 (RFC 6750 §3.1)."""

    @jwt.invalid_token_loader
    def refuse(reason):
        return {"message": reason}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def refuse_dead_tokens_alike(jwt: JWTManager) -> None:
    """A token that has expired or was revoked is as invalid as a forged one (RFC 6750 §3.1)."""

    @jwt.expired_token_loader
    def refuse_expired(header, claims):
        return {"message": "Token has expired"}, 401, INVALID_TOKEN

    @jwt.revoked_token_loader
    def refuse_revoked(header, claims):
        return {"message": "Token has been revoked"}, 401, INVALID_TOKEN


def say_what_is_missing(jwt: JWTManager) -> None:
    """The header, or the word Bearer in it."""

    @jwt.unauthorized_loader
    def ask_for_a_token(reason):
        if request.environ.get("odd_authorization"):
            reason = "Send one Authorization header, with the word Bearer: Bearer <token>"
        return {"message": reason}, 401


def accept_only_our_kind_of_token(jwt: JWTManager) -> None:
    """Refuse what this service never writes, also under a genuine signature.

    The extension asks for the key before it verifies. So these claims are not trusted yet, only refused.
    """

    @jwt.decode_key_loader
    def key_for(header, claims):
        if "exp" not in claims:
            raise InvalidTokenError("A token needs exp.")
        if "aud" in claims:
            raise InvalidTokenError("This token is meant for another audience.")
        return current_app.config["JWT_SECRET_KEY"]


def tidy_the_authorization_header(app: Flask) -> None:
    """Leave the extension "Bearer <token>" or nothing: on "Authorization: , ," it fails with a 500."""

    @app.before_request
    def tidy():
        sent = request.environ.pop("HTTP_AUTHORIZATION", None)
        scheme, _, token = (sent or "").strip().partition(" ")
        # The scheme may stand in any case (RFC 9110 §11.1); two headers arrive as one with a comma.
        if scheme.lower() == "bearer" and token.strip() and "," not in token:
            request.environ["HTTP_AUTHORIZATION"] = f"Bearer {token.strip()}"
        else:
            request.environ["odd_authorization"] = sent


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
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(minutes=30)
    app.config["JWT_ERROR_MESSAGE_KEY"] = "message"
    app.config["MAX_CONTENT_LENGTH"] = 10_000  # bytes
    jwt = JWTManager(app)
    refuse_bad_tokens_with_401(jwt)
    refuse_dead_tokens_alike(jwt)
    say_what_is_missing(jwt)
    accept_only_our_kind_of_token(jwt)
    tidy_the_authorization_header(app)
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
        token = create_access_token(identity=str(user_id))  # an int is refused at the next call
        return {"access_token": token}, 200, {"Cache-Control": "no-store"}

    @app.get("/me")
    @jwt_required()
    def me():
        return {"id": get_jwt_identity()}

    add_commands(app)
    return app

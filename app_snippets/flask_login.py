"""A login service with Flask and Flask-JWT-Extended (lesson 06): jose_login.py in fewer lines.

Make a key and a user, then start the app. In PowerShell the first line is
$env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"

    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    uv run flask --app app_snippets/flask_login add-user ada
    uv run flask --app app_snippets/flask_login run

POST /login  {"username": "ada", "password": "..."}  answers  {"access_token": "..."}
GET  /me     Authorization: Bearer <access token>    answers  {"id": "1"}

Every refusal is JSON: {"message": "..."}. The users live in a SQLite file, USERS_DATABASE or users.db.
"""

import json
import os
import secrets
import sqlite3
from contextlib import closing
from datetime import timedelta

import click
from flask import Flask, abort, request
from flask_jwt_extended import JWTManager, create_access_token, get_jwt_identity, jwt_required
from werkzeug.exceptions import HTTPException
from werkzeug.security import check_password_hash, generate_password_hash


def key_from_environment() -> bytes:
    """The signing key. Nothing starts without one, or with one below 32 bytes (RFC 7518 §3.2)."""
    key = os.fsencode(os.environ.get("JWT_SECRET_KEY", ""))
    if len(key) < 32:
        raise click.ClickException(
            f"JWT_SECRET_KEY has {len(key)} bytes, and HS256 needs at least 32.\n"
            'Make one with: python -c "import secrets; print(secrets.token_hex(32))"\n'
            "and put it into the environment."
        )
    return key


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


def tidy_the_authorization_header(app: Flask) -> None:
    """Leave the extension "Bearer <token>" or nothing: on "Authorization: , ," it fails with a 500."""

    @app.before_request
    def tidy():
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and "," not in token:  # in any case (RFC 9110 §11.1)
            request.environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        else:
            request.environ.pop("HTTP_AUTHORIZATION", None)


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

    @app.after_request
    def name_the_scheme(response):
        if response.status_code == 401:
            response.headers.setdefault("WWW-Authenticate", "Bearer")
        return response


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
    refuse_bad_tokens_with_401(JWTManager(app))
    tidy_the_authorization_header(app)
    answer_errors_as_json(app)
    # An unknown name is checked against this hash, so that it takes as long as a known one.
    nobody = generate_password_hash(secrets.token_hex(32))

    @app.post("/login")
    def login():
        username, password = read_credentials()
        user_id, password_hash = find_user(username) or (None, nobody)
        if not check_password_hash(password_hash, password) or user_id is None:
            abort(401, "Invalid credentials.")
        token = create_access_token(identity=str(user_id))  # an int is refused at the next call
        return {"access_token": token}, 200, {"Cache-Control": "no-store"}

    @app.get("/me")
    @jwt_required()
    def me():
        return {"id": get_jwt_identity()}

    add_commands(app)
    return app

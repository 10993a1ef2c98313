"""The household of a small service in plain Flask: users in a SQLite file, refusals in one shape."""

import json
import os
import sqlite3
from contextlib import closing

import click
from flask import Flask, abort, request
from werkzeug.exceptions import HTTPException
from werkzeug.security import check_password_hash, generate_password_hash


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

"""Roles, scopes and fresh tokens (lesson 10).

scopes.py is what lesson 10 is about. The other files are those of rotate_refresh, to the letter.
Keeps the contract: roles. A copy of this folder runs alone, also under another name: put yours in place of roles.

In the folder that holds it (in PowerShell, the second line is $env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"):

    pip install click flask flask-jwt-extended flask-smorest flask-sqlalchemy "libpass[argon2]" marshmallow precis-i18n pyjwt sqlalchemy swagger-ui-bundle webargs werkzeug
    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    flask --app roles run
    flask --app roles set-role ada admin

In the course, the packages are there: cd app_snippets, and uv run flask --app roles run

What rotate_refresh answers, and:
GET  /users            needs the scope users:read              answers  [{"id": "1", "username": "ada", "role": "admin"}]
PUT  /users/<id>/role  {"role": "member"}                      answers  {"id": "1", "username": "ada", "role": "member"}
     needs the scope users:write, a login within the last five minutes, and asks the database

Every refusal is JSON: {"message": "..."}. Users and sessions live in the SQLite file roles.db, or in the database
that DATABASE_URL names, e.g. postgresql+psycopg://user@localhost/roles (install psycopg for it).
"""

from datetime import timedelta

from flask import Flask
from flask_jwt_extended import JWTManager

from .house import furnish
from .scopes import add_role_command, ask_for_a_new_login, blp, tell_the_role
from .sessions import blp as session_blp
from .sessions import refuse_tokens_of_ended_sessions


def create_app() -> Flask:
    """The app, with its tables made if they are missing."""
    app, jwt = Flask(__name__), JWTManager()
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(minutes=15)
    refuse_tokens_of_ended_sessions(jwt)
    tell_the_role(jwt)
    ask_for_a_new_login(jwt)
    add_role_command(app)
    furnish(app, jwt, blp, session_blp)
    return app

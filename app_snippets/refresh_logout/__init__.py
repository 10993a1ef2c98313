"""Refresh tokens and logging out (lesson 08).

blocklist.py is what lesson 08 adds. The other files are those of smorest_users, to the letter.
Keeps the contract: refresh. A copy of this folder runs alone, also under another name: put yours in place of refresh_logout.

In the folder that holds it (in PowerShell, the second line is $env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"):

    pip install click flask flask-jwt-extended flask-smorest flask-sqlalchemy "libpass[argon2]" marshmallow precis-i18n pyjwt sqlalchemy swagger-ui-bundle webargs werkzeug
    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    flask --app refresh_logout run
    flask --app refresh_logout prune

In the course, the packages are there: cd app_snippets, and uv run flask --app refresh_logout run

POST /register  {"username": "ada", "password": "..."}  answers  {"id": "1", "username": "ada"}
POST /login     the same                                answers  {"access_token": "...", "refresh_token": "..."}
POST /refresh   Authorization: Bearer <refresh token>   answers  {"access_token": "..."}
POST /logout    Authorization: Bearer <either token>    answers  204, and both tokens are dead
GET  /me        Authorization: Bearer <access token>    answers  {"id": "1"}
GET  /docs      the OpenAPI page, made from /openapi.json

prune throws away what is no longer needed. Run it now and then, on a machine whose clock is right.

Every refusal is JSON: {"message": "..."}. Users and blocked tokens live in the SQLite file refresh_logout.db, or in the database
that DATABASE_URL names, e.g. postgresql+psycopg://user@localhost/refresh_logout (install psycopg for it).
"""

from datetime import timedelta

from flask import Flask
from flask_jwt_extended import JWTManager

from .blocklist import REFRESH_TOKEN_LIFETIME, add_prune_command, blp, refuse_blocked_tokens
from .house import furnish


def create_app() -> Flask:
    """The app, with its tables made if they are missing."""
    app, jwt = Flask(__name__), JWTManager()
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(minutes=15)
    app.config["JWT_REFRESH_TOKEN_EXPIRES"] = REFRESH_TOKEN_LIFETIME
    refuse_blocked_tokens(jwt)
    add_prune_command(app)
    furnish(app, jwt, blp)
    return app

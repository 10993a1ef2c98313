"""Refresh tokens that work once, and logging out everywhere (lesson 09).

sessions.py is what lesson 09 is about. The other files are those of smorest_users, to the letter.
Keeps the contract: rotate. A copy of this folder runs alone, also under another name: put yours in place of rotate_refresh.

In the folder that holds it (in PowerShell, the second line is $env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"):

    pip install click flask flask-jwt-extended flask-smorest flask-sqlalchemy "libpass[argon2]" marshmallow precis-i18n pyjwt sqlalchemy swagger-ui-bundle webargs werkzeug
    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    flask --app rotate_refresh run

In the course, the packages are there: cd app_snippets, and uv run flask --app rotate_refresh run

POST /register           {"username": "ada", "password": "..."}  answers  {"id": "1", "username": "ada"}
POST /login              the same                                answers  a pair of tokens:
                                               {"access_token": "...", "refresh_token": "..."}
POST /refresh            Authorization: Bearer <refresh token>   answers  a new pair; the old one is used up
POST /logout             Authorization: Bearer <either token>    answers  204, and this login is over
POST /logout-everywhere  Authorization: Bearer <access token>    answers  204, and so are all others
GET  /me                 Authorization: Bearer <access token>    answers  {"id": "1"}
GET  /docs               the OpenAPI page, made from /openapi.json

Every refusal is JSON: {"message": "..."}. Users and sessions live in the SQLite file rotate_refresh.db, or in the database
that DATABASE_URL names, e.g. postgresql+psycopg://user@localhost/rotate_refresh (install psycopg for it).
"""

from datetime import timedelta

from flask import Flask
from flask_jwt_extended import JWTManager

from .house import furnish
from .sessions import blp, refuse_tokens_of_ended_sessions
from .users import blp as user_blp


def create_app() -> Flask:
    """The app, with its tables made if they are missing."""
    app, jwt = Flask(__name__), JWTManager()
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(minutes=15)
    refuse_tokens_of_ended_sessions(jwt)
    furnish(app, jwt, user_blp, blp)
    return app

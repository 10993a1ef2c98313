"""A login page whose tokens travel in cookies that no script can read (lesson 11).

cookies.py is what lesson 11 is about, page/ is what people see. The other files are those of rotate_refresh, to the letter.
Keeps the contract: rotate, by cookie. A copy of this folder runs alone, also under another name: put yours in place of browser_login.

In the folder that holds it (in PowerShell, the second line is $env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"):

    pip install click flask flask-jwt-extended flask-smorest flask-sqlalchemy "libpass[argon2]" marshmallow precis-i18n pyjwt sqlalchemy swagger-ui-bundle webargs werkzeug
    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    flask --app browser_login run

In the course, the packages are there: cd app_snippets, and uv run flask --app browser_login run

Open http://localhost:5000 in Chrome, Edge or Firefox. Safari takes its cookies by https only, and so should everybody
outside this machine.

GET  /                   the login page
POST /register           {"username": "ada", "password": "..."}  answers  {"id": "1", "username": "ada"}
POST /login              the same                                answers  {"id": "1"}, and sets the cookies
POST /refresh            by the refresh cookie                   answers  {"id": "1"}, and sets the next ones
POST /logout             by the access cookie                    answers  204, and clears them: this login is over
POST /logout-everywhere  by the access cookie                    answers  204, and so are all others
GET  /me                 by the access cookie                    answers  {"id": "1"}
GET  /docs               the OpenAPI page, made from /openapi.json

A request that is no GET needs the header X-CSRF-TOKEN, with the value of the cookie __Host-csrf-access (for /refresh:
__Host-csrf-refresh). Every refusal is JSON: {"message": "..."}. Users and sessions live in the SQLite file browser_login.db,
or in the database that DATABASE_URL names, e.g. postgresql+psycopg://user@localhost/browser_login (install psycopg for it).
"""

from datetime import timedelta

from flask import Flask
from flask_jwt_extended import JWTManager

from .cookies import (
    blp,
    carry_tokens_in_cookies,
    harden_every_answer,
    refuse_requests_of_other_sites,
)
from .house import furnish
from .sessions import refuse_tokens_of_ended_sessions
from .users import blp as user_blp


def create_app() -> Flask:
    """The app, with its tables made if they are missing."""
    app, jwt = Flask(__name__, static_folder="page"), JWTManager()
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(minutes=15)
    refuse_requests_of_other_sites(app)
    carry_tokens_in_cookies(app)
    harden_every_answer(app)
    refuse_tokens_of_ended_sessions(jwt)
    furnish(app, jwt, user_blp, blp)
    return app

"""Users, passwords and a login with Flask-Smorest and SQLAlchemy (lesson 07).

users.py is what lesson 07 is about. names.py, house.py and start.py are what every service needs, whatever it is about.
Keeps the contract: users. A copy of this folder runs alone, also under another name: put yours in place of smorest_users.

In the folder that holds it (in PowerShell, the second line is $env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"):

    pip install click flask flask-jwt-extended flask-smorest flask-sqlalchemy "libpass[argon2]" marshmallow precis-i18n pyjwt sqlalchemy swagger-ui-bundle webargs werkzeug
    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    flask --app smorest_users run

In the course, the packages are there: cd app_snippets, and uv run flask --app smorest_users run

POST /register  {"username": "ada", "password": "..."}  answers  {"id": "1", "username": "ada"}
POST /login     {"username": "ada", "password": "..."}  answers  {"access_token": "..."}
GET  /me        Authorization: Bearer <access token>    answers  {"id": "1"}
GET  /docs      the OpenAPI page, made from /openapi.json

Every refusal is JSON: {"message": "..."}. The users live in the SQLite file smorest_users.db, or in the database
that DATABASE_URL names, e.g. postgresql+psycopg://user@localhost/smorest_users (install psycopg for it).
"""

from datetime import timedelta

from flask import Flask
from flask.views import MethodView
from flask_jwt_extended import JWTManager, create_access_token
from marshmallow import Schema, fields

from .house import furnish
from .users import UserSchema, blp, log_in


class TokenSchema(Schema):
    """What a login gives."""

    access_token = fields.String(required=True)


@blp.route("/login")
class UserLogin(MethodView):
    @blp.arguments(UserSchema)
    @blp.response(200, TokenSchema)
    def post(self, user_data):
        """Exchange name and password for an access token."""
        user = log_in(user_data["username"], user_data["password"])
        access_token = create_access_token(identity=str(user.id))
        return {"access_token": access_token}, 200, {"Cache-Control": "no-store"}


def create_app() -> Flask:
    """The app, with its tables made if they are missing."""
    app = Flask(__name__)
    app.config["JWT_ACCESS_TOKEN_EXPIRES"] = timedelta(minutes=30)
    furnish(app, JWTManager(), blp)
    return app

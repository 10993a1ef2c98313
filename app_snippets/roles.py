"""Roles, scopes and fresh tokens, on top of rotate_refresh.py (lesson 10).

Make a key, start the app, register and appoint an admin. In PowerShell the first line is
$env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"

    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    uv run flask --app app_snippets/roles run
    uv run flask --app app_snippets/roles set-role ada admin

What rotate_refresh.py answers, and:
GET  /users            needs the scope users:read              answers  [{"id": "1", "username": "ada", "role": "admin"}]
PUT  /users/<id>/role  {"role": "member"}                      answers  {"id": "1", "username": "ada", "role": "member"}
     needs the scope users:write, a login within the last five minutes, and asks the database

Every refusal is JSON: {"message": "..."}. Users and sessions live in the SQLite file roles.db, or in the
database that DATABASE_URL names, e.g. postgresql+psycopg://user@localhost/roles (install psycopg for it).
"""

import os
import time
import unicodedata
import uuid
from datetime import timedelta
from functools import wraps

import click
from flask import Flask, current_app, request, send_from_directory
from flask.views import MethodView
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)
from flask_smorest import Api, Blueprint, abort
from flask_sqlalchemy import SQLAlchemy
from marshmallow import Schema, fields, validate
from passlib.context import CryptContext
from sqlalchemy import ForeignKey, String, cast, delete, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from swagger_ui_bundle import swagger_ui_path
from webargs.flaskparser import FlaskParser

db = SQLAlchemy()
passwords = CryptContext(schemes=["argon2", "pbkdf2_sha256"], deprecated=["pbkdf2_sha256"])
SESSION_LIFETIME = timedelta(days=30)
FRESH_FOR = timedelta(minutes=5)
SCOPES = {"member": "", "admin": "users:read users:write"}  # of each role, as in the claim


class UserModel(db.Model):
    """A user. The name is stored normalised (NFC), the password as a hash."""

    __tablename__ = "users"
    __table_args__ = {"sqlite_autoincrement": True}  # no id is ever given to a second user
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]
    role: Mapped[str] = mapped_column(default="member")


class SessionModel(db.Model):
    """One login and its family of refresh tokens, of which one is current. No row: logged out.

    expires_at: seconds since 1970, when the user must log in again.
    """

    __tablename__ = "sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    refresh_jti: Mapped[str]
    expires_at: Mapped[int]


# (?!\n): the $ of Python's regular expressions also matches before a line break at the end.
visible = validate.Regexp(
    r"^[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+(?!\n)$",
    error="Use visible characters, and no spaces.",
)


class Text(fields.String):
    """Compared as people read it, and not as their keyboards encode it (RFC 8265)."""

    def _deserialize(self, *args, **kwargs):
        text = super()._deserialize(*args, **kwargs)
        text.encode()  # half a character ends the request here, whether or not a user has this name
        return unicodedata.normalize("NFC", text)


class UserIdSchema(Schema):
    """A user in public."""

    id = fields.String(dump_only=True)


class UserSchema(UserIdSchema):
    """The credentials that a client sends, and the user that it gets: never the password."""

    username = Text(required=True, validate=[validate.Length(1, 64), visible])
    password = Text(required=True, load_only=True, validate=validate.Length(max=1000))


class NewUserSchema(UserSchema):
    """A new password must be long enough to be worth something (NIST SP 800-63B-4 §3.1.1)."""

    password = Text(required=True, load_only=True, validate=validate.Length(15, 1000))


class RoleSchema(Schema):
    """A role that a user may have."""

    role = fields.String(required=True, validate=validate.OneOf(list(SCOPES)))


class UserWithRoleSchema(UserIdSchema):
    """A user, as admins see one."""

    username = fields.String()
    role = fields.String()


class TokenPairSchema(Schema):
    """What a login gives, and every refresh."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)


class ErrorSchema(Schema):
    """The one shape of every refusal."""

    message = fields.String(required=True)


class JsonParser(FlaskParser):
    """Reads the body as Flask does: 415 for another content type, 400 for what is not JSON."""

    def load_json(self, request, schema):
        return request.get_json()


blp = Blueprint("users", __name__, description="Users and tokens")
blp.ARGUMENTS_PARSER = JsonParser()


def user_named(username: str) -> UserModel | None:
    """The user with this name, which is normalised already."""
    return db.session.scalar(select(UserModel).where(UserModel.username == username))


def log_in(username: str, password: str) -> UserModel:
    """The user with this name and password. Anything else ends the request with 401."""
    user = user_named(username)
    if user is None:
        passwords.dummy_verify()  # takes as long as a real one, so that names cannot be found out
        abort(401, message="Invalid credentials.")
    correct, better_hash = passwords.verify_and_update(password, user.password)
    if not correct:
        abort(401, message="Invalid credentials.")
    if better_hash:  # the stored one was made with an older scheme
        user.password = better_hash
        db.session.commit()
    return user


def create_token_pair(
    user: UserModel, session_id: str, refresh_jti: str, expires_at: int, fresh: timedelta | bool
) -> dict:
    """The tokens of a session (claim sid). The access token has the scopes of the user's role now."""
    claims = {"sid": session_id}
    return {
        "access_token": create_access_token(
            str(user.id),
            fresh=fresh,
            additional_claims=claims | {"role": user.role, "scope": SCOPES[user.role]},
        ),
        "refresh_token": create_refresh_token(
            str(user.id),
            additional_claims=claims | {"jti": refresh_jti, "exp": expires_at},
        ),
    }


def begin_session(user: UserModel) -> dict:
    """Store a session for this user, and return its first tokens."""
    now = int(time.time())
    db.session.execute(delete(SessionModel).where(SessionModel.expires_at <= now))
    session = SessionModel(
        id=str(uuid.uuid4()),
        user_id=user.id,
        refresh_jti=str(uuid.uuid4()),
        expires_at=now + int(SESSION_LIFETIME.total_seconds()),
    )
    db.session.add(session)
    db.session.commit()
    return create_token_pair(
        user, session.id, session.refresh_jti, session.expires_at, fresh=FRESH_FOR
    )


def rotate(claims: dict) -> dict | None:
    """Use up this refresh token and return the next pair, or None if it was used before.

    One UPDATE both asks and answers whether the token is current, so of two at once one wins.
    """
    next_jti = str(uuid.uuid4())
    expires_at = db.session.scalar(
        update(SessionModel)
        .where(SessionModel.id == claims["sid"], SessionModel.refresh_jti == claims["jti"])
        .values(refresh_jti=next_jti)
        .returning(SessionModel.expires_at)
    )
    db.session.commit()
    if expires_at is None:
        return None
    user = db.session.get(UserModel, int(claims["sub"]))
    return create_token_pair(user, claims["sid"], next_jti, expires_at, fresh=False)


def end_sessions(condition) -> int:
    """Delete the sessions that fulfil this and count them. Their tokens are refused from now on."""
    ended = db.session.execute(delete(SessionModel).where(condition))
    db.session.commit()
    return ended.rowcount


def is_over(claims: dict) -> bool:
    """Whether the session of this token has ended, or its user is gone."""
    query = exists().where(
        SessionModel.id == str(claims.get("sid")),
        SessionModel.expires_at > int(time.time()),
        SessionModel.user_id == UserModel.id,
        cast(UserModel.id, String) == claims["sub"],  # as text: a token may say anything
    )
    return not db.session.scalar(select(query))


def requires(scope: str, fresh: bool = False, ask_database: bool = False):
    """Let only access tokens with this scope through to the view (RFC 6750 §3.1).

    A fresh token comes straight from a login. The scope is the one that the token was given
    when it was made, or, from the database, the one that its owner's role has right now.
    """

    def decorate(view):
        @wraps(view)
        @jwt_required(fresh=fresh)
        def guarded_view(*args, **kwargs):
            granted = get_jwt().get("scope", "")
            if ask_database:
                granted = SCOPES[db.session.get(UserModel, int(get_jwt_identity())).role]
            if scope in str(granted).split():
                return view(*args, **kwargs)
            challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
            message = f"This needs the scope {scope}."
            return {"message": message}, 403, {"WWW-Authenticate": challenge}

        return guarded_view

    return decorate


@blp.route("/register")
class UserRegister(MethodView):
    @blp.arguments(NewUserSchema)
    @blp.response(201, UserSchema)
    def post(self, user_data):
        """Store a user who may log in."""
        password_hash = passwords.hash(user_data["password"])
        user = UserModel(username=user_data["username"], password=password_hash)
        db.session.add(user)
        try:
            db.session.commit()
        except IntegrityError:  # the database decides, also between two requests at once
            db.session.rollback()
            abort(409, message="There is a user with this name already.")
        return user


@blp.route("/login")
class UserLogin(MethodView):
    @blp.arguments(UserSchema)
    @blp.response(200, TokenPairSchema)
    def post(self, user_data):
        """Exchange name and password for an access token and a refresh token."""
        user = log_in(user_data["username"], user_data["password"])
        return begin_session(user), 200, {"Cache-Control": "no-store"}


@blp.route("/refresh")
class Refresh(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @jwt_required(refresh=True)
    @blp.response(200, TokenPairSchema)
    def post(self):
        """Exchange the refresh token for a new pair. Used twice, it ends the session."""
        claims = get_jwt()
        tokens = rotate(claims)
        if tokens is None:  # the owner and a thief both have it, and nobody can tell who is who
            if end_sessions(SessionModel.id == claims["sid"]):
                current_app.logger.warning("Refresh token of user %s used twice", claims["sub"])
            abort(401, message="This refresh token was used before. Log in again.")
        return tokens, 200, {"Cache-Control": "no-store"}


@blp.route("/logout")
class Logout(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @jwt_required(verify_type=False)  # whichever token the client still has
    @blp.response(204)
    def post(self):
        """End this session."""
        end_sessions(SessionModel.id == get_jwt()["sid"])


@blp.route("/logout-everywhere")
class LogoutEverywhere(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @jwt_required()
    @blp.response(204)
    def post(self):
        """End every session of this user."""
        end_sessions(SessionModel.user_id == int(get_jwt_identity()))


@blp.route("/me")
class Me(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @jwt_required()
    @blp.response(200, UserIdSchema)
    def get(self):
        """Who is the owner of the access token?"""
        return {"id": get_jwt_identity()}


@blp.route("/users")
class Users(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @requires("users:read")
    @blp.response(200, UserWithRoleSchema(many=True))
    def get(self):
        """Every user. Believes the token: who was demoted reads on until it expires."""
        return db.session.scalars(select(UserModel).order_by(UserModel.id)).all()


@blp.route("/users/<int(max=2147483647):user_id>/role")
class UserRole(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @requires("users:write", fresh=True, ask_database=True)
    @blp.arguments(RoleSchema)
    @blp.response(200, UserWithRoleSchema)
    def put(self, new, user_id):
        """Change a role. Dangerous, so it needs a fresh token and the database's word."""
        user = db.session.get(UserModel, user_id)
        if user is None:
            abort(404, message="There is no such user.")
        user.role = new["role"]
        db.session.commit()
        return user


class OneShapeApi(Api):
    """Flask-Smorest's Api, with every refusal in the one shape, and in the document."""

    ERROR_SCHEMA = ErrorSchema

    def handle_http_exception(self, error):
        """Answer {"message": ...}; what is wrong with a body is said field by field."""
        details = getattr(error, "data", {})
        lines = [details.get("message", error.description)]
        if "messages" in details:
            problems = details["messages"]["json"].items()
            lines = [f"{field}: {' '.join(texts)}" for field, texts in problems]
            lines = [line.replace("_schema:", "body:") for line in lines]
        headers = {"Allow": ", ".join(error.valid_methods)} if error.code == 405 else {}
        return {"message": " ".join(lines)}, error.code, headers


def refuse_bad_tokens_with_401(jwt: JWTManager) -> None:
    """Answer 401 where the extension answers 422 (RFC 6750 §3.1)."""

    @jwt.invalid_token_loader
    def refuse(reason):
        return {"message": reason}, 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def refuse_tokens_of_ended_sessions(jwt: JWTManager) -> None:
    """Look the session of every token up."""

    @jwt.token_in_blocklist_loader
    def look_up(header, claims):
        return is_over(claims)


def ask_for_a_new_login(jwt: JWTManager) -> None:
    """A token that is too old for a dangerous action is refused as RFC 9470 §3 says."""

    @jwt.needs_fresh_token_loader
    def refuse(header, claims):
        max_age = int(FRESH_FOR.total_seconds())
        challenge = f'Bearer error="insufficient_user_authentication", max_age="{max_age}"'
        message = "Log in again: this needs a login within the last minutes."
        return {"message": message}, 401, {"WWW-Authenticate": challenge}


def add_role_command(app: Flask) -> None:
    """Give the app a command of its own: flask --app ... set-role NAME ROLE."""

    @app.cli.command("set-role")
    @click.argument("username")
    @click.argument("role", type=click.Choice(list(SCOPES)))
    def set_role_command(username, role):
        """Give a user a role; how the first admin is made."""
        user = user_named(unicodedata.normalize("NFC", username))
        if user is None:
            raise click.ClickException(f"There is no user {username}.")
        user.role = role
        db.session.commit()
        click.echo(f"{username} has the role {role}.")


def tidy_the_authorization_header(app: Flask) -> None:
    """Leave the extension "Bearer <token>" or nothing: on "Authorization: , ," it fails with a 500."""

    @app.before_request
    def tidy():
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and "," not in token:  # in any case (RFC 9110 §11.1)
            request.environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        else:
            request.environ.pop("HTTP_AUTHORIZATION", None)


def answer_the_rest(app: Flask) -> None:
    """What is neither a view's nor the extension's business: odd bodies, headers, the page."""

    @app.before_request
    def read_the_body():
        """Whole, before anything is looked up: a slow client must not act on an answer of before."""
        request.get_data()

    @app.errorhandler(RecursionError)  # JSON nested thousands of levels deep
    @app.errorhandler(UnicodeEncodeError)  # half a character, in JSON "\ud800"
    def refuse(error):
        return {"message": "The body cannot be read."}, 400

    @app.after_request
    def name_the_scheme(response):
        if response.status_code == 401:
            sent_a_token = "Authorization" in request.headers
            challenge = 'Bearer error="invalid_token"' if sent_a_token else "Bearer"
            response.headers.setdefault("WWW-Authenticate", challenge)
        return response

    @app.get("/docs/assets/<path:name>")
    def page_asset(name):
        return send_from_directory(swagger_ui_path, name)


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


def create_app() -> Flask:
    """The app, with its tables made if they are missing."""
    app = Flask(__name__)
    app.config |= {
        "API_TITLE": "Users",
        "API_VERSION": "1",
        "OPENAPI_VERSION": "3.0.3",  # the page of swagger-ui-bundle cannot read 3.1
        "OPENAPI_URL_PREFIX": "/",
        "OPENAPI_SWAGGER_UI_PATH": "docs",
        "OPENAPI_SWAGGER_UI_URL": "/docs/assets/",  # from a package, so that it works offline
        "JWT_SECRET_KEY": key_from_environment(),
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(minutes=15),
        "JWT_ERROR_MESSAGE_KEY": "message",
        "MAX_CONTENT_LENGTH": 10_000,  # bytes
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True},  # no hashes in the log
        "SQLALCHEMY_DATABASE_URI": os.environ.get(
            "DATABASE_URL", f"sqlite:///{os.path.abspath('roles.db')}"
        ),
    }
    jwt = JWTManager(app)
    refuse_bad_tokens_with_401(jwt)
    refuse_tokens_of_ended_sessions(jwt)
    ask_for_a_new_login(jwt)
    tidy_the_authorization_header(app)
    answer_the_rest(app)
    db.init_app(app)
    with app.app_context():
        db.create_all()
    api = OneShapeApi(app)
    api.spec.components.security_scheme("bearerAuth", {"type": "http", "scheme": "bearer"})
    api.register_blueprint(blp)
    add_role_command(app)
    return app

"""The household of a service, whatever it is about: one shape for every refusal, one kind of token, a page."""

import re
from contextlib import suppress

from flask import Flask, current_app, request, send_from_directory
from flask_jwt_extended import JWTManager
from flask_smorest import Api, Blueprint
from flask_sqlalchemy import SQLAlchemy
from jwt import InvalidTokenError
from marshmallow import Schema, fields
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from swagger_ui_bundle import swagger_ui_path
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge

from .start import create_tables, database_url, engine_options, key_from_environment

db = SQLAlchemy()
INVALID_TOKEN = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


class ErrorSchema(Schema):
    """The one shape of every refusal."""

    message = fields.String(required=True)


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
        return {"message": " ".join(lines)}, error.code, headers | (details.get("headers") or {})


class JsonParser(FlaskParser):
    """Reads the body as Flask does: 415 for another content type, 400 for what is not JSON."""

    def load_json(self, request, schema):
        return request.get_json()


class StrictBlueprint(Blueprint):
    """A blueprint whose bodies are read by JsonParser."""

    ARGUMENTS_PARSER = JsonParser()


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
    """Refuse what this service never writes, also under a genuine signature; it might reach the database.

    The extension asks for the key before it verifies. So these claims are not trusted yet, only refused.
    """

    @jwt.decode_key_loader
    def key_for(header, claims):
        if not re.fullmatch("[0-9]{1,9}", str(claims.get("sub")), re.ASCII):
            raise InvalidTokenError("The subject is not one of this service.")
        for name in ("jti", "sid", "refresh_jti"):
            value = claims.get(name, "left-out")
            if not isinstance(value, str) or not re.fullmatch(r"[\w-]{1,64}", value, re.ASCII):
                raise InvalidTokenError(f"The claim {name} is not one of this service.")
        if "exp" not in claims or "jti" not in claims:
            raise InvalidTokenError("A token needs exp and jti.")
        if "aud" in claims:
            raise InvalidTokenError("This token is meant for another audience.")
        if not isinstance(claims.get("fresh", False), bool | int | float):
            raise InvalidTokenError("The claim fresh is not one of this service.")
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


def read_the_body_first(app: Flask) -> None:
    """The whole body, before anything is looked up: a slow client must not act on an answer of before."""

    @app.before_request
    def read_the_body():
        request.get_data()
        # A body in chunks does not say how long it is, and Werkzeug cuts it at MAX_CONTENT_LENGTH.
        if request.environ.get("wsgi.input_terminated") and request.environ["wsgi.input"].read(1):
            raise RequestEntityTooLarge


def answer_what_cannot_be_read(app: Flask) -> None:
    """400 for JSON that is nested thousands of levels deep, or has half a character ("\\ud800") in it."""

    @app.errorhandler(RecursionError)
    @app.errorhandler(UnicodeEncodeError)
    def refuse(error):
        return {"message": "The body cannot be read."}, 400


def answer_503_without_a_database(app: Flask) -> None:
    """A database that is locked, full or gone is no fault of the request: it may be sent again."""

    @app.errorhandler(OperationalError)
    @app.errorhandler(NoConnectionFree)
    def apologise(error):
        app.logger.error("The database does not answer: %s", getattr(error, "orig", error))
        return {"message": "The database is busy or away. Try again."}, 503, {"Retry-After": "1"}


def let_an_answer_stand(app: Flask) -> None:
    """What a view has changed, it has committed: so the answer is true, also if the connection is lost by now."""

    # Flask-SQLAlchemy rolls back what is open when the answer is made already, and would fail in place of this. The server
    # would send a bare 500 then, and the session would never be thrown away.
    @app.teardown_appcontext
    def roll_back(error):
        with suppress(DBAPIError):
            db.session.rollback()


def name_the_scheme(app: Flask) -> None:
    """Every 401 says how to log in (RFC 6750 §3)."""

    @app.after_request
    def name_it(response):
        if response.status_code == 401:
            response.headers.setdefault("WWW-Authenticate", "Bearer")
        return response


def serve_page_assets(app: Flask) -> None:
    """What the page /docs is made of, from a package, so that it works offline."""

    @app.get("/docs/assets/<path:name>")
    def page_asset(name):
        return send_from_directory(swagger_ui_path, name)


def furnish(app: Flask, jwt: JWTManager, *blueprints: Blueprint) -> None:
    """Give the app all of the above, its views, and its tables if they are missing."""
    # What create_app has set already stays, such as secrets that were read from files.
    url = app.config.get("SQLALCHEMY_DATABASE_URI") or database_url(app.name)
    app.config |= {
        "API_TITLE": "Users",
        "API_VERSION": "1",
        # The page of swagger-ui-bundle cannot read 3.1.
        "OPENAPI_VERSION": "3.0.3",
        "OPENAPI_URL_PREFIX": "/",
        "OPENAPI_SWAGGER_UI_PATH": "docs",
        "OPENAPI_SWAGGER_UI_URL": "/docs/assets/",
        "JWT_SECRET_KEY": app.config.get("JWT_SECRET_KEY") or key_from_environment(),
        "JWT_ERROR_MESSAGE_KEY": "message",
        "MAX_CONTENT_LENGTH": 10_000,  # bytes
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(url),
        "SQLALCHEMY_DATABASE_URI": url,
    }
    jwt.init_app(app)
    refuse_bad_tokens_with_401(jwt)
    refuse_dead_tokens_alike(jwt)
    say_what_is_missing(jwt)
    accept_only_our_kind_of_token(jwt)
    tidy_the_authorization_header(app)
    read_the_body_first(app)
    answer_what_cannot_be_read(app)
    answer_503_without_a_database(app)
    name_the_scheme(app)
    serve_page_assets(app)
    db.init_app(app)
    # Behind init_app: of two such functions, the later one comes first.
    let_an_answer_stand(app)
    with app.app_context():
        create_tables(db.metadata, db.engine)
    api = OneShapeApi(app)
    scheme = app.config.get("SECURITY_SCHEME", {"type": "http", "scheme": "bearer"})
    api.spec.components.security_scheme("bearerAuth", scheme)
    for blueprint in blueprints:
        api.register_blueprint(blueprint)

"""An API that verifies tokens of an issuer, and cannot sign any (lesson 13).

verifier.py is what lesson 13 is about. Its counterpart is the app issuer; any other OpenID Connect provider will do.
Keeps no level of the contract: nobody logs in here.
A copy of this folder runs alone, also under another name: put yours in place of api.

In the folder that holds it (in PowerShell, a line such as $env:ISSUER = "http://127.0.0.1:5000" in place of export):

    pip install click flask pyjwt[crypto] requests werkzeug
    export ISSUER=http://127.0.0.1:5000
    export AUDIENCE=shop
    flask --app api run

In the course, the packages are there: cd app_snippets, and uv run flask --app api run

GET  /me  Authorization: Bearer <access token>  answers  {"id": "1"}

With the issuer on the same machine, add --port 5001. ISSUER is the address of the issuer, letter by letter as its tokens say it, and AUDIENCE the name of this API there.
The keys are found from that address. Every refusal is JSON: {"message": "..."}.
"""

import os
from functools import wraps

import click
import jwt
from flask import Flask, abort, g, request

from .plain_house import answer_errors_as_json, read_the_body_first
from .verifier import IssuerAway, IssuerKeys, verify_access_token


def from_environment(name: str, what: str) -> str:
    """The value of this variable. Nothing starts without it."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise click.ClickException(f"{name} is missing: {what}. Put it into the environment.")
    return value


def bearer_token() -> str:
    """The token in the header Authorization, or the request ends with 401."""
    scheme, _, token = request.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip() or "," in token:
        abort(401, "Send one Authorization header, with the word Bearer: Bearer <token>")
    return token.strip()


def requires_token(keys: IssuerKeys, audience: str):
    """A decorator: the view runs with g.claims, or the request ends with 401, or with 503 without the issuer."""

    def decorate(view):
        @wraps(view)
        def guarded(*args, **kwargs):
            try:
                g.claims = verify_access_token(bearer_token(), keys, audience)
            except jwt.InvalidTokenError:
                challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
                return {"message": "The token is not valid."}, 401, challenge
            except IssuerAway as reason:
                return {"message": str(reason)}, 503, {"Retry-After": "5"}
            return view(*args, **kwargs)

        return guarded

    return decorate


def create_app() -> Flask:
    """The app: /me asks for a token of the issuer."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 10_000  # bytes
    issuer = from_environment("ISSUER", "the address of the issuer, as its tokens say it")
    audience = from_environment("AUDIENCE", "the name of this API, as the tokens say it")
    app.issuer_keys = keys = IssuerKeys(issuer)
    answer_errors_as_json(app)
    read_the_body_first(app)

    @app.get("/me")
    @requires_token(keys, audience)
    def me():
        return {"id": g.claims["sub"]}

    return app

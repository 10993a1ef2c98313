"""An issuer: it knows the users, signs their tokens and publishes the keys to verify them with (lesson 13).

keys.py is what lesson 13 is about. Its counterpart is the app api, which verifies and cannot sign.
Keeps no level of the contract: it hands out tokens, and other services answer to them.
A copy of this folder runs alone, also under another name: put yours in place of issuer.

In the folder that holds it (in PowerShell, a line such as $env:ISSUER = "http://127.0.0.1:5000" in place of export):

    pip install click flask joserfc werkzeug
    export ISSUER=http://127.0.0.1:5000
    flask --app issuer add-user ada
    flask --app issuer run

In the course, the packages are there: cd app_snippets, and uv run flask --app issuer run

GET  /.well-known/openid-configuration                        answers  where everything is (OpenID Connect Discovery)
GET  /jwks.json                                               answers  the public keys
POST /login  {"username": "ada", "password": "..."}           answers  {"access_token": "...", "id_token": "..."}

The access token is for the service that AUDIENCE names (shop), the ID token for the client that CLIENT_ID names
(shop-page). Every refusal is JSON: {"message": "..."}. Users live in users.db (USERS_DATABASE), keys in issuer_keys.json
(ISSUER_KEYS). To change the key, with the waiting times that lesson 13 explains:

    flask --app issuer publish-key
    flask --app issuer sign-with KID
    flask --app issuer retire-key KID
"""

import os
import secrets
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import Flask, abort
from werkzeug.security import generate_password_hash

from .keys import ALGORITHM, KeyRing
from .plain_house import (
    add_commands,
    answer_errors_as_json,
    find_user,
    is_password_of,
    read_credentials,
    read_the_body_first,
)

ACCESS_TOKEN_LIFETIME = 600  # seconds
ID_TOKEN_LIFETIME = 300  # seconds; it is read once, right after the login


def issuer_from_environment() -> str:
    """The address of this service, as it stands in every token. A request must not be able to say it."""
    issuer = os.environ.get("ISSUER", "")
    parts = urlsplit(issuer)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise click.ClickException(
            "ISSUER must be the address of this service, such as http://127.0.0.1:5000\n"
            "It stands in every token (claim iss), and whoever verifies compares it letter by letter."
        )
    return issuer


def add_key_commands(app: Flask, ring: KeyRing) -> None:
    """Give the app the commands to change its keys."""

    @app.cli.command("publish-key")
    def publish_key():
        """Make and publish a key that signs nothing yet."""
        click.echo(f"Published {ring.publish()}. Wait until every API has fetched it.")

    @app.cli.command("sign-with")
    @click.argument("kid")
    def sign_with(kid):
        """Sign with KID from now on."""
        change(ring.sign_with, kid)
        click.echo(f"{kid} signs. Wait until the last token of the old key has expired.")

    @app.cli.command("retire-key")
    @click.argument("kid")
    def retire_key(kid):
        """Publish KID no longer."""
        change(ring.retire, kid)
        click.echo(f"{kid} is retired.")

    def change(step, kid: str) -> None:
        try:
            step(kid)
        except LookupError as error:
            raise click.ClickException(str(error)) from None


def create_app() -> Flask:
    """The app: /login signs, the two documents say how to verify."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 10_000  # bytes
    issuer = issuer_from_environment()
    audience = os.environ.get("AUDIENCE", "shop")
    client_id = os.environ.get("CLIENT_ID", "shop-page")
    app.key_ring = ring = KeyRing(Path(os.environ.get("ISSUER_KEYS", "issuer_keys.json")))
    answer_errors_as_json(app)
    read_the_body_first(app)
    add_commands(app)
    add_key_commands(app, ring)
    # An unknown name is checked against this hash, so that it takes as long as a known one.
    nobody = generate_password_hash(secrets.token_hex(32))

    @app.get("/.well-known/openid-configuration")
    def discovery():
        return {
            "issuer": issuer,
            "jwks_uri": f"{issuer.rstrip('/')}/jwks.json",
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "subject_types_supported": ["public"],
        }

    @app.get("/jwks.json")
    def jwks():
        return ring.jwks(), 200, {"Cache-Control": "max-age=300"}

    @app.post("/login")
    def login():
        username, password = read_credentials()
        user_id, password_hash = find_user(username) or (None, nobody)
        if not is_password_of(password_hash, password, nobody) or user_id is None:
            abort(401, "Invalid credentials.")
        user = {"iss": issuer, "sub": str(user_id)}
        access = user | {"aud": audience, "client_id": client_id, "jti": str(uuid.uuid4())}
        tokens = {
            # RFC 9068: the type tells an access token from an ID token of the same issuer.
            "access_token": ring.sign(access, "at+jwt", ACCESS_TOKEN_LIFETIME),
            "id_token": ring.sign(user | {"aud": client_id}, "JWT", ID_TOKEN_LIFETIME),
        }
        return tokens, 200, {"Cache-Control": "no-store"}

    return app

"""The API of weak_api, mended (lesson 14).

fixed_verifier.py is what lesson 14 is about: six functions, each with the line that makes the difference.
Keeps no level of the contract: nobody's orders are in it, it is there to be attacked.
A copy of this folder runs alone, also under another name: put yours in place of fixed_api.

In the folder that holds it:

    pip install click cryptography flask pyjwt "python-jose[cryptography]" werkzeug
    flask --app fixed_api run

In the course, the packages are there: cd app_snippets, and uv run flask --app fixed_api run

POST /login                       answers  {"access_token": "...", "id_token": "...", "session_token": "..."}, for whoever asks
GET  /public-key                  answers  the public key, as PEM
GET  /static/site.css             answers  a file that everybody has
GET  /orders/by-kind  Authorization: Bearer <token>  answers  {"orders of": "1"}, or 401

In place of by-kind: by-algorithm, by-file, by-database, by-embedded-key or by-secret. It answers this machine only, whatever
the network. Keys are made at the start and forgotten at the end.
"""

import jwt
from flask import Flask, abort, request, send_from_directory

from . import fixed_verifier
from .order_keys import OrderKeys
from .plain_house import answer_errors_as_json, read_the_body_first

WAYS = ("algorithm", "file", "database", "embedded_key", "kind", "secret")


def create_app() -> Flask:
    """The app, with keys of its own."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 10_000  # bytes
    app.order_keys = keys = OrderKeys()
    answer_errors_as_json(app)
    read_the_body_first(app)

    @app.before_request
    def answer_this_machine_only():
        if request.remote_addr not in ("127.0.0.1", "::1"):
            abort(403, "This API answers the machine it runs on, and no other.")

    @app.post("/login")
    def login():
        return keys.tokens(fixed_verifier.signing_secret(keys)), 200, {"Cache-Control": "no-store"}

    @app.get("/public-key")
    def public_key():
        return keys.public_pem, 200, {"Content-Type": "application/x-pem-file"}

    @app.get("/static/<name>")
    def static_file(name):
        return send_from_directory(keys.static_folder, name)

    def orders(verify):
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            claims = verify(token, keys)
        except (jwt.PyJWTError, LookupError, OSError, ValueError, TypeError):
            return (
                {"message": "The token is not valid."},
                401,
                {"WWW-Authenticate": 'Bearer error="invalid_token"'},
            )
        return {"orders of": claims.get("sub")}

    for way in WAYS:
        verify = getattr(fixed_verifier, f"by_{way}")
        path = f"/orders/by-{way.replace('_', '-')}"
        app.add_url_rule(path, way, lambda verify=verify: orders(verify))
    return app

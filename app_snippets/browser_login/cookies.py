"""Tokens in cookies: out of reach for scripts, and of no use to other sites (lesson 11)."""

from flask import Flask, Response, jsonify, request
from flask.views import MethodView
from flask_jwt_extended import (
    decode_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
)
from flask_smorest import abort

from .house import StrictBlueprint
from .sessions import SessionModel, begin_session, end_sessions, renew
from .users import UserIdSchema, UserSchema, log_in

blp = StrictBlueprint("cookies", __name__, description="Logging in and out, by cookie")
CSRF_HEADER = {"in": "header", "name": "X-CSRF-TOKEN", "schema": {"type": "string"}}

# Only files of this service run, and nothing frames it. The page /docs brings a script in its own text.
POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
POLICY_OF_DOCS = (
    f"{POLICY}; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Browsers heed it by https only.
    "Strict-Transport-Security": "max-age=31536000",
}


def carry_tokens_in_cookies(app: Flask) -> None:
    """Where the tokens are, and what a browser may do with them.

    Strict: never sent with a request that another site begins. By the name __Host- the browser
    insists on Secure, on the path / and on this very host (RFC 6265bis §4.1.3). No cookie knows
    ports: whatever else is served on this host is sent the tokens, too (RFC 6265 §8.5).
    """
    app.config |= {
        "JWT_TOKEN_LOCATION": ["cookies"],
        "JWT_COOKIE_SECURE": True,
        "JWT_COOKIE_SAMESITE": "Strict",
        "JWT_ACCESS_COOKIE_NAME": "__Host-access",
        "JWT_ACCESS_CSRF_COOKIE_NAME": "__Host-csrf-access",
        # The long-lived one goes to this one address, so it cannot be __Host-. Another host of
        # the domain could set its own, but not the CSRF token that belongs to it.
        "JWT_REFRESH_COOKIE_NAME": "__Secure-refresh",
        "JWT_REFRESH_COOKIE_PATH": "/refresh",
        "JWT_REFRESH_CSRF_COOKIE_NAME": "__Host-csrf-refresh",
        # For the page /docs.
        "SECURITY_SCHEME": {"type": "apiKey", "in": "cookie", "name": "__Host-access"},
    }


def refuse_requests_of_other_sites(app: Flask) -> None:
    """What changes something must come from a page of this service, as far as the browser tells.

    SameSite is not enough: to a browser, every port of a host is the same site. A program
    sends neither header. A proxy in front must pass Host on, or older browsers are refused.
    """

    @app.before_request
    def refuse():
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if site is None and origin is not None:  # an older browser
            site = "same-origin" if origin.partition("://")[2] == request.host else "cross-site"
        if site not in (None, "same-origin", "none"):
            abort(403, message="This request comes from a page of another site.")


def harden_every_answer(app: Flask) -> None:
    """The headers that limit what a page may do; what is about a person is kept nowhere."""

    @app.get("/")
    def page():
        return app.send_static_file("index.html")

    @app.after_request
    def harden(response: Response) -> Response:
        policy = POLICY_OF_DOCS if request.path == "/docs" else POLICY
        response.headers["Content-Security-Policy"] = policy
        for name, value in HEADERS.items():
            response.headers[name] = value
        if response.is_json:
            response.headers["Cache-Control"] = "no-store"
        return response


def in_cookies(tokens: dict) -> Response:
    """An answer that says whose the tokens are, and carries them where no script can read them."""
    response = jsonify(id=decode_token(tokens["access_token"])["sub"])
    for set_cookies, token in (
        (set_access_cookies, tokens["access_token"]),
        (set_refresh_cookies, tokens["refresh_token"]),
    ):
        # It has been signed a moment ago: what it lives for is what is left of it.
        claims = decode_token(token)
        set_cookies(response, token, max_age=claims["exp"] - claims["iat"])
    return response


def without_cookies() -> Response:
    """An answer that takes the cookies back. It ends nothing: whoever has a copy keeps it."""
    response = Response(status=204)
    unset_jwt_cookies(response)
    return response


@blp.route("/login")
class UserLogin(MethodView):
    @blp.arguments(UserSchema)
    @blp.response(200, UserIdSchema)
    def post(self, user_data):
        """Exchange name and password for the cookies."""
        user = log_in(user_data["username"], user_data["password"])
        return in_cookies(begin_session(user))


@blp.route("/refresh")
class Refresh(MethodView):
    @blp.doc(parameters=[CSRF_HEADER])
    @jwt_required(refresh=True)
    @blp.response(200, UserIdSchema)
    def post(self):
        """Exchange the refresh cookie for new cookies. Used twice, it ends the session."""
        return in_cookies(renew(get_jwt()))


@blp.route("/logout")
class Logout(MethodView):
    @blp.doc(security=[{"bearerAuth": []}], parameters=[CSRF_HEADER])
    # Also a second time (RFC 7009 section 2.2).
    @jwt_required(verify_type=False, skip_revocation_check=True)
    @blp.response(204)
    def post(self):
        """End this session, and take the cookies back."""
        end_sessions(SessionModel.id == str(get_jwt().get("sid")))
        return without_cookies()


@blp.route("/logout-everywhere")
class LogoutEverywhere(MethodView):
    @blp.doc(security=[{"bearerAuth": []}], parameters=[CSRF_HEADER])
    @jwt_required()
    @blp.response(204)
    def post(self):
        """End every session of this user, and take the cookies back."""
        end_sessions(SessionModel.user_id == int(get_jwt_identity()))
        return without_cookies()

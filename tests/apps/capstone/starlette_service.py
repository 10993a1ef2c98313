"""A login service on Starlette, written from the words of course/starter/CONTRACT.md. Level: refresh.

Start it::

    uvicorn --factory tests.apps.capstone.starlette_service:create_app
"""

import json
import secrets
import sqlite3
import time
import unicodedata
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import jwt
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

MOST_BYTES = 10_000
NO_STORE = {"Cache-Control": "no-store"}
TABLES = """
    CREATE TABLE IF NOT EXISTS users (
        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password_hash TEXT NOT NULL
    );
    CREATE TABLE IF NOT EXISTS logins (id TEXT PRIMARY KEY, user_id INTEGER NOT NULL);
"""


@dataclass
class Service:
    """What the endpoints share: the key, the hashes and the database."""

    key: str
    passwords: PasswordHash
    database: Path

    def __post_init__(self) -> None:
        # Somebody has to be looked up when nobody is there: an unknown name costs a hash, too.
        self.nobody = self.passwords.hash(secrets.token_urlsafe())
        with closing(self.connect()) as connection:
            connection.executescript(TABLES)

    def connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.database, isolation_level=None)

    def register(self, name: str, password: str) -> int:
        hashed = self.passwords.hash(password)
        try:
            with closing(self.connect()) as connection:
                return connection.execute(
                    "INSERT INTO users (name, password_hash) VALUES (?, ?)", (name, hashed)
                ).lastrowid
        except sqlite3.IntegrityError:
            raise HTTPException(409, "That name is taken.") from None

    def log_in(self, name: str, password: str) -> dict:
        with closing(self.connect()) as connection:
            found = connection.execute(
                "SELECT id, password_hash FROM users WHERE name = ?", (name,)
            ).fetchone()
            user_id, hashed = found or (None, self.nobody)
            if not self.passwords.verify(password, hashed) or user_id is None:
                raise unauthorized("Wrong username or password.")
            login = secrets.token_urlsafe()
            connection.execute("INSERT INTO logins VALUES (?, ?)", (login, user_id))
        return {
            "access_token": self.token("access", str(user_id), login, 15 * 60),
            "refresh_token": self.token("refresh", str(user_id), login, 30 * 24 * 3600),
        }

    def token(self, kind: str, user_id: str, login: str, seconds: int) -> str:
        claims = {"sub": user_id, "use": kind, "login": login, "exp": int(time.time()) + seconds}
        return jwt.encode(claims, self.key, algorithm="HS256")

    def claims(self, request: Request, *kinds: str) -> dict:
        """The claims of the request's bearer token.

        Raises:
            HTTPException: 401, if there is no token, or none that lives and is of these kinds.
        """
        header = request.headers.get("Authorization", "")
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise unauthorized("Send a token: Authorization: Bearer <token>")
        try:
            claims = jwt.decode(
                token.strip(),
                self.key,
                algorithms=["HS256"],
                options={"require": ["sub", "exp", "use", "login"]},
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise unauthorized("The token is not valid.", bad_token=True) from None
        if claims["use"] not in kinds or not self.is_open(claims["login"]):
            raise unauthorized("The token is not valid.", bad_token=True)
        return claims

    def is_open(self, login: str) -> bool:
        with closing(self.connect()) as connection:
            rows = connection.execute("SELECT 1 FROM logins WHERE id = ?", (login,))
            return rows.fetchone() is not None

    def log_out(self, login: str) -> None:
        with closing(self.connect()) as connection:
            connection.execute("DELETE FROM logins WHERE id = ?", (login,))


def unauthorized(message: str, *, bad_token: bool = False) -> HTTPException:
    challenge = 'Bearer error="invalid_token"' if bad_token else "Bearer"
    return HTTPException(401, message, headers={"WWW-Authenticate": challenge})


async def credentials(request: Request) -> tuple[str, str]:
    """Username and password of the body.

    Raises:
        HTTPException: 400, 413, 415 or 422, if the body is not what it must be.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise HTTPException(413, f"Send at most {MOST_BYTES} bytes.")
    media_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(415, "Send JSON: Content-Type: application/json")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise HTTPException(400, "That is no JSON.") from None
    if not isinstance(data, dict):
        raise HTTPException(422, "Send a JSON object.")
    for field in ("username", "password"):
        if not isinstance(data.get(field), str):
            raise HTTPException(422, f"{field}: a text is missing.")
        try:
            data[field].encode()
        except UnicodeEncodeError:
            raise HTTPException(422, f"{field}: half a character.") from None
    return tuple(unicodedata.normalize("NFC", data[field]) for field in ("username", "password"))


async def register(request: Request) -> Response:
    name, password = await credentials(request)
    if not 1 <= len(name) <= 64 or any(unicodedata.category(c) == "Cc" for c in name):
        raise HTTPException(422, "username: 1 to 64 characters, no control characters.")
    if not 15 <= len(password) <= 1000:
        raise HTTPException(422, "password: 15 to 1,000 characters.")
    service = request.app.state.service
    user_id = await run_in_threadpool(service.register, name, password)
    return JSONResponse({"id": str(user_id), "username": name}, 201)


async def login(request: Request) -> Response:
    name, password = await credentials(request)
    tokens = await run_in_threadpool(request.app.state.service.log_in, name, password)
    return JSONResponse(tokens, headers=NO_STORE)


def me(request: Request) -> Response:
    claims = request.app.state.service.claims(request, "access")
    return JSONResponse({"id": claims["sub"]})


def refresh(request: Request) -> Response:
    service = request.app.state.service
    claims = service.claims(request, "refresh")
    token = service.token("access", claims["sub"], claims["login"], 15 * 60)
    return JSONResponse({"access_token": token}, headers=NO_STORE)


def logout(request: Request) -> Response:
    service = request.app.state.service
    claims = service.claims(request, "access", "refresh")
    service.log_out(claims["login"])
    return Response(status_code=204)


def http_error(request: Request, error: HTTPException) -> Response:
    return JSONResponse({"message": error.detail}, error.status_code, headers=error.headers)


def server_error(request: Request, error: Exception) -> Response:
    return JSONResponse({"message": "Something went wrong here."}, 500)


def create_app(database: Path, passwords: PasswordHash | None = None) -> Starlette:
    app = Starlette(
        routes=[
            Route("/register", register, methods=["POST"]),
            Route("/login", login, methods=["POST"]),
            Route("/me", me),
            Route("/refresh", refresh, methods=["POST"]),
            Route("/logout", logout, methods=["POST"]),
        ],
        exception_handlers={HTTPException: http_error, Exception: server_error},
    )
    app.state.service = Service(
        key=secrets.token_urlsafe(32),
        passwords=passwords or PasswordHash((Argon2Hasher(),)),
        database=database,
    )
    return app

"""A login service on Litestar, written from the words of course/starter/CONTRACT.md. Level: users.

Users live in memory. Start it::

    uvicorn --factory tests.apps.capstone.litestar_service:create_app
"""

import secrets
import threading
import time
import unicodedata
from dataclasses import dataclass, field

import jwt
import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import HTTPException, NotAuthorizedException, ValidationException
from litestar.params import JSONBody
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

SECONDS = 15 * 60


class Credentials(msgspec.Struct):
    """The body of /login and /register."""

    username: str
    password: str

    def __post_init__(self) -> None:
        # é may come as one character or as two.
        self.username = unicodedata.normalize("NFC", self.username)
        self.password = unicodedata.normalize("NFC", self.password)


@dataclass
class User:
    id: str
    password_hash: str


@dataclass
class Users:
    """All users, in memory."""

    passwords: PasswordHash
    by_name: dict[str, User] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        # What an unknown name is compared with, so that it takes as long as a known one.
        self.nobody = self.passwords.hash(secrets.token_urlsafe())

    def add(self, name: str, password: str) -> User | None:
        """The new user; None, if the name is taken."""
        hashed = self.passwords.hash(password)
        with self.lock:
            if name in self.by_name:
                return None
            user = self.by_name[name] = User(str(len(self.by_name) + 1), hashed)
        return user

    def find(self, name: str, password: str) -> User | None:
        """The user of that name, if the password is theirs."""
        user = self.by_name.get(name)
        right = self.passwords.verify(password, user.password_hash if user else self.nobody)
        return user if right else None


def sends_json(request: Request, _) -> None:
    """A guard: refuse everything that a form of another site can send."""
    media_type, _ = request.content_type
    if media_type.lower() != "application/json":
        raise HTTPException("Send JSON: Content-Type: application/json", status_code=415)


def caller(request: Request, state: State) -> str:
    """The id of whoever sends a token that lives."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise NotAuthorizedException(
            "Send a token: Authorization: Bearer <token>", headers={"WWW-Authenticate": "Bearer"}
        )
    try:
        claims = jwt.decode(
            token, state.key, algorithms=["HS256"], options={"require": ["sub", "exp"]}
        )
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise NotAuthorizedException(
            "The token is not valid.", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}
        ) from None
    return claims["sub"]


@post("/register", guards=[sends_json], sync_to_thread=True)
def register(data: JSONBody[Credentials], state: State) -> dict[str, str]:
    if not 1 <= len(data.username) <= 64:
        raise ValidationException("username: 1 to 64 characters")
    if any(unicodedata.category(character) == "Cc" for character in data.username):
        raise ValidationException("username: no control characters")
    if not 15 <= len(data.password) <= 1000:
        raise ValidationException("password: 15 to 1,000 characters")
    user = state.users.add(data.username, data.password)
    if user is None:
        raise HTTPException("That name is taken.", status_code=409)
    return {"id": user.id, "username": data.username}


@post("/login", status_code=200, guards=[sends_json], sync_to_thread=True)
def login(data: JSONBody[Credentials], state: State) -> Response[dict[str, str]]:
    user = state.users.find(data.username, data.password)
    if user is None:
        raise NotAuthorizedException(
            "Wrong username or password.", headers={"WWW-Authenticate": "Bearer"}
        )
    claims = {"sub": user.id, "exp": int(time.time()) + SECONDS}
    token = jwt.encode(claims, state.key, algorithm="HS256")
    return Response({"access_token": token}, headers={"Cache-Control": "no-store"})


@get("/me", dependencies={"user_id": Provide(caller, sync_to_thread=False)}, sync_to_thread=False)
def me(user_id: NamedDependency[str]) -> dict[str, str]:
    return {"id": user_id}


def refuse(_: Request, error: HTTPException) -> Response:
    """Every error in one shape."""
    status = 422 if isinstance(error, ValidationException) else error.status_code
    return Response({"message": error.detail}, status_code=status, headers=error.headers)


def no_json(_: Request, error: Exception) -> Response:
    """What msgspec says of lists in lists in lists, and of bytes that are no UTF-8."""
    return Response({"message": "That is no JSON that can be read."}, status_code=400)


def fault(_: Request, error: Exception) -> Response:
    return Response({"message": "Something went wrong here."}, status_code=500)


def create_app(passwords: PasswordHash | None = None) -> Litestar:
    return Litestar(
        [register, login, me],
        state=State(
            {
                "key": secrets.token_urlsafe(32),
                "users": Users(passwords or PasswordHash((Argon2Hasher(),))),
            }
        ),
        request_max_body_size=10_000,
        exception_handlers={
            HTTPException: refuse,
            RecursionError: no_json,
            UnicodeDecodeError: no_json,
            Exception: fault,
        },
        openapi_config=None,
    )

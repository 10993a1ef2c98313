"""The login service for new work: FastAPI, PyJWT, pwdlib and SQLAlchemy (lesson 12).

Make a key, then start the app. In PowerShell the first line is
$env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"

    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    uv run uvicorn --app-dir app_snippets --factory fastapi_login:create_app

POST /register  {"username": "ada", "password": "..."}  answers  {"id": "1", "username": "ada"}
POST /login     the same                                answers  {"access_token": "...", "refresh_token": "..."}
POST /token     the same as an OAuth2 form              answers  the same and {"token_type": "bearer"}
POST /refresh   Authorization: Bearer <refresh token>   answers  {"access_token": "..."}
POST /logout    Authorization: Bearer <either token>    answers  204, and both tokens are dead
GET  /me        Authorization: Bearer <access token>    answers  {"id": "1"}
GET  /docs      the OpenAPI page, made from /openapi.json; its button Authorize asks /token

Every refusal is JSON: {"message": "..."}. Users and blocked tokens live in the SQLite file
fastapi_login.db, or in the database that DATABASE_URL names, e.g. postgresql+psycopg://user@localhost/fastapi_login
(install psycopg for it).
"""

import json
import os
import secrets
import time
import unicodedata
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Annotated, Literal

import click
import jwt
from fastapi import APIRouter, Depends, FastAPI, Form, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import OAuth2PasswordBearer
from fastapi.staticfiles import StaticFiles
from pwdlib import PasswordHash
from pydantic import AfterValidator, BaseModel, Field, ValidationError
from sqlalchemy import create_engine, delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect
from swagger_ui_bundle import swagger_ui_path

ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
REFRESH_TOKEN_LIFETIME = timedelta(days=30)
MAX_BODY_SIZE = 10_000  # bytes
VISIBLE = r"^[^\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]+$"

passwords = PasswordHash.recommended()  # argon2id
DUMMY_HASH = passwords.hash(secrets.token_hex())  # of a password that nobody has


class Base(DeclarativeBase):
    """Knows the tables."""


class User(Base):
    """A user. The name is stored normalised (NFC), the password as a hash."""

    __tablename__ = "users"
    __table_args__ = {"sqlite_autoincrement": True}  # no id is ever given to a second user
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]


class BlockedLogin(Base):
    """The jti of a refresh token that was logged out. expires_at: seconds since 1970, when the row may go."""

    __tablename__ = "blocked_tokens"
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[int]


def normalised(text: str) -> str:
    """Compare what people read, and not how their keyboards encode it (RFC 8265)."""
    return unicodedata.normalize("NFC", text)


Name = Annotated[
    str, Field(min_length=1, max_length=64, pattern=VISIBLE), AfterValidator(normalised)
]
Password = Annotated[str, Field(max_length=1000), AfterValidator(normalised)]
# A new password must be long enough to be worth something (NIST SP 800-63B-4 §3.1.1).
NewPassword = Annotated[str, Field(min_length=15, max_length=1000), AfterValidator(normalised)]


class NewUser(BaseModel):
    """What registering takes."""

    username: Name
    password: NewPassword


class Credentials(BaseModel):
    """What a login takes."""

    username: Name
    password: Password


class LoginForm(Credentials):
    """The same as a form, with the field that OAuth2 asks for (RFC 6749 §4.3.2)."""

    password: Annotated[
        Password, Field(min_length=1)
    ]  # FastAPI takes an empty field for a missing one
    grant_type: Annotated[str, Field(pattern="^password$")]


class UserId(BaseModel):
    """A user in public."""

    id: str


class PublicUser(UserId):
    """The same with the name, and never with the password."""

    username: str


class AccessToken(BaseModel):
    """What a refresh gives."""

    access_token: str


class TokenPair(AccessToken):
    """What a login gives."""

    refresh_token: str


class OAuth2TokenPair(TokenPair):
    """What a login by form gives (RFC 6749 §5.1)."""

    token_type: str = "bearer"


class Refusal(BaseModel):
    """The one shape of every refusal."""

    message: str


class Claims(BaseModel):
    """The claims of our tokens. PyJWT looks at the standard ones, and knows nothing of the others."""

    sub: Annotated[str, Field(pattern="^[0-9]{1,9}$")]
    jti: uuid.UUID
    type: Literal["access", "refresh"]
    refresh_jti: uuid.UUID | None = None  # in an access token: the refresh token it depends on

    @property
    def login_id(self) -> str:
        """The jti of the refresh token that this token is, or depends on."""
        return str(self.refresh_jti or self.jti)


class StrictBodyRoute(APIRoute):
    """Looks at a body before FastAPI does, which answers 422 to whatever is wrong with it."""

    def get_route_handler(self):
        handle = super().get_route_handler()
        wanted = "application/json"
        if self.body_field and isinstance(self.body_field.field_info, type(Form())):
            wanted = "application/x-www-form-urlencoded"

        async def look_then_handle(request: Request) -> Response:
            if self.body_field:
                request = Request(request.scope, at_most(MAX_BODY_SIZE, request.receive))
                kind = request.headers.get("Content-Type", "").split(";")[0].strip().lower()
                if kind != wanted:
                    raise HTTPException(415, f"Send the body as {wanted}.")
                if wanted == "application/json":
                    await refuse_unreadable_json(request)
            return await handle(request)

        return look_then_handle


def at_most(size: int, receive):
    """The same receive, with 413 after so many bytes. FastAPI's own max_body_size answers in plain text."""
    received = 0

    async def receive_and_count():
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > size:
            raise HTTPException(413, f"The body is over {size} bytes.")
        return message

    return receive_and_count


async def refuse_unreadable_json(request: Request) -> None:
    """400 for what is not JSON, is nested too deep or has half a character in it ("\\ud800")."""
    try:
        json.dumps(await request.json(), ensure_ascii=False).encode()
    except (ValueError, RecursionError, ClientDisconnect):
        raise HTTPException(400, "The body cannot be read.") from None


router = APIRouter(route_class=StrictBodyRoute)
bearer_token = OAuth2PasswordBearer(tokenUrl="token")


def refusals(*statuses: int) -> dict:
    """The refusals of a view, for the OpenAPI document."""
    return {status: {"model": Refusal} for status in statuses}


def unauthorized(message: str, challenge: str = "Bearer") -> HTTPException:
    """A 401, which must name the scheme (RFC 6750 §3)."""
    return HTTPException(401, message, headers={"WWW-Authenticate": challenge})


def database_session(request: Request) -> Iterator[Session]:
    """A session of the database, for one request."""
    with Session(request.app.state.engine) as session:
        yield session


Database = Annotated[Session, Depends(database_session)]


def never_stored(response: Response) -> None:
    """An answer with a token is kept in no cache (RFC 6749 §5.1)."""
    response.headers["Cache-Control"] = "no-store"


def create_token(key: bytes, lifetime: timedelta, **claims: str) -> str:
    """A signed token with these claims."""
    now = datetime.now(timezone.utc)
    claims = {"jti": str(uuid.uuid4()), **claims, "iat": now, "exp": now + lifetime}
    return jwt.encode(claims, key, algorithm="HS256")


def access_token_for(key: bytes, user_id: str, refresh_jti: str) -> str:
    """An access token that names the refresh token it depends on."""
    claims = {"sub": user_id, "type": "access", "refresh_jti": refresh_jti}
    return create_token(key, ACCESS_TOKEN_LIFETIME, **claims)


def live_token(
    request: Request, database: Database, token: Annotated[str, Depends(bearer_token)]
) -> Claims:
    """The claims of the token that came with the request. All else ends the request with 401."""
    invalid = 'Bearer error="invalid_token"'
    try:
        claims = Claims.model_validate(
            jwt.decode(
                token,
                request.app.state.key,
                algorithms=["HS256"],
                options={"require": ["exp", "iat", "jti", "sub"]},
            )
        )
    except jwt.ExpiredSignatureError:
        raise unauthorized("The token has expired.", invalid) from None
    except (jwt.InvalidTokenError, ValidationError):
        raise unauthorized("The token is not valid.", invalid) from None
    if database.get(BlockedLogin, claims.login_id):
        raise unauthorized("The token was logged out.", invalid)
    return claims


LiveToken = Annotated[Claims, Depends(live_token)]


def live_access_token(claims: LiveToken) -> Claims:
    """The same, of an access token only."""
    if claims.type != "access":
        raise unauthorized("This takes an access token.", 'Bearer error="invalid_token"')
    return claims


def live_refresh_token(claims: LiveToken, database: Database) -> Claims:
    """The same, of a refresh token only, whose user still exists."""
    if claims.type != "refresh" or database.get(User, int(claims.sub)) is None:
        raise unauthorized("This takes a refresh token.", 'Bearer error="invalid_token"')
    return claims


# The views are def and not async def. FastAPI runs a def in a thread; a password hash in an async def
# would stop the one thread that serves every other request.


@router.post("/register", status_code=201, responses=refusals(400, 409, 413, 415, 422))
def register(new: NewUser, database: Database) -> PublicUser:
    """Store a user who may log in."""
    user = User(username=new.username, password=passwords.hash(new.password))
    database.add(user)
    try:
        database.commit()
    except IntegrityError:  # the database decides, also between two requests at once
        raise HTTPException(409, "There is a user with this name already.") from None
    return PublicUser(id=str(user.id), username=user.username)


def token_pair(request: Request, database: Session, credentials: Credentials) -> dict:
    """The tokens of a new login. Wrong credentials end the request with 401."""
    user = database.scalar(select(User).where(User.username == credentials.username))
    # Without a user it takes as long as with one, so that names cannot be found out.
    stored = user.password if user else DUMMY_HASH
    correct, better_hash = passwords.verify_and_update(credentials.password, stored)
    if not (user and correct):
        raise unauthorized("Invalid credentials.")
    if better_hash:  # the stored one was made with weaker parameters
        user.password = better_hash
        database.commit()
    key, user_id, refresh_jti = request.app.state.key, str(user.id), str(uuid.uuid4())
    claims = {"sub": user_id, "type": "refresh", "jti": refresh_jti}
    return {
        "access_token": access_token_for(key, user_id, refresh_jti),
        "refresh_token": create_token(key, REFRESH_TOKEN_LIFETIME, **claims),
    }


@router.post(
    "/login", dependencies=[Depends(never_stored)], responses=refusals(400, 401, 413, 415, 422)
)
def login(credentials: Credentials, request: Request, database: Database) -> TokenPair:
    """Exchange name and password for an access token and a refresh token."""
    return TokenPair(**token_pair(request, database, credentials))


@router.post(
    "/token", dependencies=[Depends(never_stored)], responses=refusals(400, 401, 413, 415, 422)
)
def login_by_form(
    form: Annotated[LoginForm, Form()], request: Request, database: Database
) -> OAuth2TokenPair:
    """The same for OAuth2 clients, such as the button Authorize of this page."""
    return OAuth2TokenPair(**token_pair(request, database, form))


@router.post("/refresh", dependencies=[Depends(never_stored)], responses=refusals(401))
def refresh(
    claims: Annotated[Claims, Depends(live_refresh_token)], request: Request
) -> AccessToken:
    """Exchange the refresh token for a new access token."""
    token = access_token_for(request.app.state.key, claims.sub, claims.login_id)
    return AccessToken(access_token=token)


@router.post("/logout", status_code=204, responses=refusals(401))
def logout(claims: LiveToken, database: Database) -> None:
    """End this login: the refresh token, and every access token that came from it."""
    now = int(time.time())
    database.execute(delete(BlockedLogin).where(BlockedLogin.expires_at <= now))
    expires_at = now + int(REFRESH_TOKEN_LIFETIME.total_seconds())
    database.add(BlockedLogin(jti=claims.login_id, expires_at=expires_at))
    try:
        database.commit()
    except IntegrityError:
        database.rollback()  # another request has logged it out in the meantime


@router.get("/me", responses=refusals(401))
def me(claims: Annotated[Claims, Depends(live_access_token)]) -> UserId:
    """Who is the owner of the access token?"""
    return UserId(id=claims.sub)


def answer_in_one_shape(app: FastAPI) -> None:
    """Answer {"message": ...} where FastAPI answers {"detail": ...} or plain text."""

    @app.exception_handler(StarletteHTTPException)
    def refuse(request: Request, error: StarletteHTTPException):
        return JSONResponse({"message": error.detail}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    def say_what_is_wrong(request: Request, error: RequestValidationError):
        return JSONResponse({"message": " ".join(map(describe, error.errors()))}, 422)

    @app.exception_handler(Exception)
    def apologise(request: Request, error: Exception):
        return JSONResponse({"message": "Internal server error."}, 500)


def describe(problem: dict) -> str:
    """What is wrong with which field. Never the value: it may be a password."""
    text = f"{problem['msg']}."
    if problem["type"] == "string_pattern_mismatch" and problem["loc"][-1] == "username":
        text = "Use visible characters, and no spaces."
    return f"{problem['loc'][-1]}: {text}"


def serve_docs_page(app: FastAPI) -> None:
    """The page /docs with its scripts from a package, so that it works offline."""
    assets = "/docs/assets"
    app.mount(assets, StaticFiles(directory=swagger_ui_path))

    @app.get("/docs", include_in_schema=False)
    def docs_page():
        return get_swagger_ui_html(
            openapi_url=app.openapi_url,
            title=app.title,
            swagger_js_url=f"{assets}/swagger-ui-bundle.js",
            swagger_css_url=f"{assets}/swagger-ui.css",
            swagger_favicon_url=f"{assets}/favicon-32x32.png",
        )


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


def create_app() -> FastAPI:
    """The app, with its tables made if they are missing."""
    key = key_from_environment()
    app = FastAPI(
        title="Users",
        version="1",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.openapi_version = "3.0.3"  # swagger-ui-bundle's page cannot read 3.1
    app.state.key = key
    url = os.environ.get("DATABASE_URL", f"sqlite:///{os.path.abspath('fastapi_login.db')}")
    app.state.engine = create_engine(url, hide_parameters=True)  # no hashes in the log
    Base.metadata.create_all(app.state.engine)
    answer_in_one_shape(app)
    serve_docs_page(app)
    app.include_router(router)
    return app

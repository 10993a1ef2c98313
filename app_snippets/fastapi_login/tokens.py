"""Tokens on FastAPI with PyJWT: made, verified by a dependency, refreshed, logged out (lesson 12)."""

import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Annotated, Literal

import jwt
from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from .accounts import (
    Base,
    Credentials,
    LoginForm,
    NewUser,
    PublicUser,
    User,
    UserId,
    find_user,
    passwords,
)
from .asgi_house import StrictBodyRoute, never_stored, refusals, unauthorized

ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
REFRESH_TOKEN_LIFETIME = timedelta(days=30)
INVALID_TOKEN = 'Bearer error="invalid_token"'


class BlockedLogin(Base):
    """The jti of a refresh token that was logged out. expires_at: seconds since 1970, when the row may go."""

    __tablename__ = "blocked_tokens"
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[int]


class AccessToken(BaseModel):
    """What a refresh gives."""

    access_token: str


class TokenPair(AccessToken):
    """What a login gives."""

    refresh_token: str


class OAuth2TokenPair(TokenPair):
    """What a login by form gives (RFC 6749 §5.1)."""

    token_type: str = "bearer"


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


router = APIRouter(route_class=StrictBodyRoute)
oauth2 = OAuth2PasswordBearer(tokenUrl="token", auto_error=False)


def bearer_token(request: Request, token: Annotated[str | None, Depends(oauth2)]) -> str:
    """The token of the one Authorization header. All else ends the request with 401."""
    sent = request.headers.getlist("Authorization")
    if len(sent) > 1 or (sent and not token) or "," in (token or ""):
        raise unauthorized("Send one Authorization header, with the word Bearer: Bearer <token>")
    if not token:
        raise unauthorized("Missing Authorization Header")
    return token


def database_session(request: Request) -> Iterator[Session]:
    """A session of the database, for one request."""
    with Session(request.app.state.engine) as session:
        yield session


Database = Annotated[Session, Depends(database_session)]


def create_token(key: bytes, lifetime: timedelta, **claims: str) -> str:
    """A signed token with these claims."""
    now = datetime.now(timezone.utc)
    claims = {"jti": str(uuid.uuid4()), **claims, "iat": now, "exp": now + lifetime}
    return jwt.encode(claims, key, algorithm="HS256")


def access_token_for(key: bytes, user_id: str, refresh_jti: str) -> str:
    """An access token that names the refresh token it depends on."""
    claims = {"sub": user_id, "type": "access", "refresh_jti": refresh_jti}
    return create_token(key, ACCESS_TOKEN_LIFETIME, **claims)


def genuine_token(request: Request, token: Annotated[str, Depends(bearer_token)]) -> Claims:
    """The claims of the token that came with the request. All else ends the request with 401."""
    try:
        decoded = jwt.decode(
            token,
            request.app.state.key,
            algorithms=["HS256"],
            options={"require": ["exp", "iat", "jti", "sub"]},
        )
        if "aud" in decoded:
            raise jwt.InvalidAudienceError("It is meant for somebody else.")
        claims = Claims.model_validate(decoded)
    except jwt.ExpiredSignatureError:
        raise unauthorized("The token has expired.", INVALID_TOKEN) from None
    except (jwt.InvalidTokenError, ValidationError):
        raise unauthorized("The token is not valid.", INVALID_TOKEN) from None
    return claims


GenuineToken = Annotated[Claims, Depends(genuine_token)]


def live_token(claims: GenuineToken, database: Database) -> Claims:
    """The same, of a token that was not logged out."""
    if database.get(BlockedLogin, claims.login_id):
        raise unauthorized("The token was logged out.", INVALID_TOKEN)
    return claims


LiveToken = Annotated[Claims, Depends(live_token)]


def live_access_token(claims: LiveToken) -> Claims:
    """The same, of an access token only."""
    if claims.type != "access":
        raise unauthorized("This takes an access token.", INVALID_TOKEN)
    return claims


def live_refresh_token(claims: LiveToken, database: Database) -> Claims:
    """The same, of a refresh token only, whose user still exists."""
    if claims.type != "refresh" or database.get(User, int(claims.sub)) is None:
        raise unauthorized("This takes a refresh token.", INVALID_TOKEN)
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
    user = find_user(database, credentials)
    if user is None:
        raise unauthorized("Invalid credentials.")
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
def logout(claims: GenuineToken, database: Database) -> None:
    """End this login, also a second time: the refresh token, and all access tokens from it."""
    expires_at = int(time.time() + REFRESH_TOKEN_LIFETIME.total_seconds())
    database.add(BlockedLogin(jti=claims.login_id, expires_at=expires_at))
    try:
        database.commit()
    except IntegrityError:
        database.rollback()  # another request has logged it out in the meantime


@router.get("/me", responses=refusals(401))
def me(claims: Annotated[Claims, Depends(live_access_token)]) -> UserId:
    """Who is the owner of the access token?"""
    return UserId(id=claims.sub)

"""Sessions: refresh tokens that work once, and logging out everywhere (lesson 09)."""

import time
import uuid
from datetime import timedelta

from flask import current_app
from flask.views import MethodView
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt,
    get_jwt_identity,
    jwt_required,
)
from flask_smorest import abort
from marshmallow import Schema, fields
from sqlalchemy import ForeignKey, String, cast, delete, exists, select, update
from sqlalchemy.orm import Mapped, mapped_column

from .house import INVALID_TOKEN, StrictBlueprint, db
from .users import UserModel, UserSchema, log_in

blp = StrictBlueprint("sessions", __name__, description="Logging in and out")

# However busy, a session ends after this time; and earlier, if it is idle for that time.
SESSION_LIFETIME = timedelta(days=30)
IDLE_LIFETIME = timedelta(days=7)
FRESH_FOR = timedelta(minutes=5)  # after a login with the password; lesson 10 asks for it


class SessionModel(db.Model):
    """One login and its family of refresh tokens, of which one is current. No row: logged out.

    expires_at: seconds since 1970, when the user must log in again.
    """

    __tablename__ = "sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    refresh_jti: Mapped[str]
    expires_at: Mapped[int]


class TokenPairSchema(Schema):
    """What a login gives, and every refresh."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)


def create_token_pair(
    user_id: str, session_id: str, refresh_jti: str, expires_at: int, fresh: timedelta | bool
) -> dict:
    """The tokens of a session (claim sid), which ends at expires_at, in seconds since 1970."""
    claims = {"sid": session_id}
    idle_at = int(time.time() + IDLE_LIFETIME.total_seconds())
    return {
        "access_token": create_access_token(user_id, fresh=fresh, additional_claims=claims),
        "refresh_token": create_refresh_token(
            user_id,
            additional_claims=claims | {"jti": refresh_jti, "exp": min(expires_at, idle_at)},
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
        str(user.id), session.id, session.refresh_jti, session.expires_at, fresh=FRESH_FOR
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
    return create_token_pair(claims["sub"], claims["sid"], next_jti, expires_at, fresh=False)


def renew(claims: dict) -> dict:
    """The next pair for this refresh token. Used twice, it ends its session: 401."""
    tokens = rotate(claims)
    if tokens is None:  # the owner and a thief both have it, and nobody can tell who is who
        if end_sessions(SessionModel.id == claims["sid"]):
            current_app.logger.warning("Refresh token of user %s used twice", claims["sub"])
        message = "This refresh token was used before. Log in again."
        abort(401, message=message, headers=INVALID_TOKEN)
    return tokens


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


def refuse_tokens_of_ended_sessions(jwt: JWTManager) -> None:
    """Look the session of every token up."""

    @jwt.token_in_blocklist_loader
    def look_up(header, claims):
        return is_over(claims)


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
        return renew(get_jwt()), 200, {"Cache-Control": "no-store"}


@blp.route("/logout")
class Logout(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    # Whichever token the client still has, and also a second time (RFC 7009 section 2.2).
    @jwt_required(verify_type=False, skip_revocation_check=True)
    @blp.response(204)
    def post(self):
        """End this session."""
        end_sessions(SessionModel.id == str(get_jwt().get("sid")))


@blp.route("/logout-everywhere")
class LogoutEverywhere(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @jwt_required()
    @blp.response(204)
    def post(self):
        """End every session of this user."""
        end_sessions(SessionModel.user_id == int(get_jwt_identity()))

"""Logging out for real: a blocklist of refresh tokens, which every access token names (lesson 08)."""

import time
import uuid
from datetime import timedelta

import click
from flask import Flask
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
from sqlalchemy import String, cast, delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from .house import INVALID_TOKEN, db
from .users import UserModel, UserSchema, blp, log_in

REFRESH_TOKEN_LIFETIME = timedelta(days=30)


class BlockedToken(db.Model):
    """A refresh token that was logged out. expires_at: seconds since 1970, when the row may go."""

    __tablename__ = "blocked_tokens"
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[int]


class AccessTokenSchema(Schema):
    """What a refresh gives."""

    access_token = fields.String(required=True)


class TokenPairSchema(AccessTokenSchema):
    """What a login gives."""

    refresh_token = fields.String(required=True)


def access_token_of(user_id: str, refresh_jti: str) -> str:
    """An access token that names the refresh token it depends on."""
    return create_access_token(user_id, additional_claims={"refresh_jti": refresh_jti})


def create_token_pair(user_id: str) -> dict:
    """A refresh token and the first access token that depends on it."""
    refresh_jti = str(uuid.uuid4())
    refresh_token = create_refresh_token(user_id, additional_claims={"jti": refresh_jti})
    return {
        "access_token": access_token_of(user_id, refresh_jti),
        "refresh_token": refresh_token,
    }


def refresh_jti_of(claims: dict) -> str:
    """The jti of the refresh token that this token is, or depends on."""
    return str(claims.get("refresh_jti", claims["jti"]))


def is_blocked(claims: dict) -> bool:
    """Whether this token, or the refresh token it depends on, was logged out."""
    query = select(exists().where(BlockedToken.jti == refresh_jti_of(claims)))
    return db.session.scalar(query)


def block(refresh_jti: str) -> None:
    """Refuse this refresh token and its access tokens until they have expired anyway."""
    expires_at = int(time.time() + REFRESH_TOKEN_LIFETIME.total_seconds())
    db.session.add(BlockedToken(jti=refresh_jti, expires_at=expires_at))
    try:
        db.session.commit()
    except IntegrityError:  # another request has blocked it at the same instant
        db.session.rollback()


def prune(session, model, now: int) -> int:
    """Delete the rows of tokens that have expired, and count them."""
    deleted = session.execute(delete(model).where(model.expires_at <= now))
    session.commit()
    return deleted.rowcount


def user_exists(user_id: str) -> bool:
    """Whether a user has this id, which is compared as text: a genuine token may say anything."""
    return db.session.scalar(select(exists().where(cast(UserModel.id, String) == user_id)))


@blp.route("/login")
class UserLogin(MethodView):
    @blp.arguments(UserSchema)
    @blp.response(200, TokenPairSchema)
    def post(self, user_data):
        """Exchange name and password for an access token and a refresh token."""
        user = log_in(user_data["username"], user_data["password"])
        tokens = create_token_pair(str(user.id))
        return tokens, 200, {"Cache-Control": "no-store"}


@blp.route("/refresh")
class Refresh(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @jwt_required(refresh=True)
    @blp.response(200, AccessTokenSchema)
    def post(self):
        """Exchange the refresh token for a new access token."""
        if not user_exists(get_jwt_identity()):
            abort(401, message="There is no such user.", headers=INVALID_TOKEN)
        access_token = access_token_of(get_jwt_identity(), get_jwt()["jti"])
        return {"access_token": access_token}, 200, {"Cache-Control": "no-store"}


@blp.route("/logout")
class Logout(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    # Whichever token the client still has, and also a second time (RFC 7009 section 2.2).
    @jwt_required(verify_type=False, skip_revocation_check=True)
    @blp.response(204)
    def post(self):
        """End this login: the refresh token, and every access token that came from it."""
        block(refresh_jti_of(get_jwt()))


def refuse_blocked_tokens(jwt: JWTManager) -> None:
    """Look every token up in the blocklist."""

    @jwt.token_in_blocklist_loader
    def look_up(header, claims):
        return is_blocked(claims)


def add_prune_command(app: Flask) -> None:
    """Give the app a command of its own: flask --app ... prune.

    Not at each logout: a clock that jumps ahead for a minute would revive everybody who has logged out.
    """

    @app.cli.command("prune")
    def prune_command():
        """Throw away the rows of tokens that have expired. Is the clock of this machine right?"""
        click.echo(f"{prune(db.session, BlockedToken, int(time.time()))} rows deleted.")

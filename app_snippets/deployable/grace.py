"""A refresh token may be used once more for a few seconds, because an answer can get lost (lessons 09 and 15)."""

import time
import uuid

from flask import Flask, current_app
from flask.views import MethodView
from flask_jwt_extended import get_jwt, jwt_required
from sqlalchemy import Integer, String, and_, case, or_, update
from sqlalchemy.orm import mapped_column

from .house import StrictBlueprint, db
from .sessions import (
    Logout,
    LogoutEverywhere,
    SessionModel,
    TokenPairSchema,
    create_token_pair,
    renew,
)
from .settings import number_from_environment
from .watching import count

blp = StrictBlueprint("grace", __name__, description="Staying logged in, and logging out")

SessionModel.previous_jti = mapped_column(String)  # of the token before, until it is forgiven
SessionModel.used_at = mapped_column(Integer)  # when that one was used; seconds since 1970


def allow_grace(app: Flask) -> None:
    """REFRESH_GRACE, in seconds. 0 by default: the contract asks that of two at once one wins, and forgives nobody."""
    app.config["REFRESH_GRACE"] = number_from_environment("REFRESH_GRACE", 0, 60)


def rotate_with_grace(claims: dict) -> dict | None:
    """Use up this refresh token and return the next pair; None if it can be used no more.

    It can be while it is the current one, and once more within the grace after that. One UPDATE both asks and answers,
    so of many at once one is the first, one is forgiven, and no other gets tokens.
    """
    now, jti, next_jti = int(time.time()), claims["jti"], str(uuid.uuid4())
    is_current = SessionModel.refresh_jti == jti
    is_forgiven = and_(
        SessionModel.previous_jti == jti,
        SessionModel.used_at > now - current_app.config["REFRESH_GRACE"],
    )
    changed = db.session.execute(
        update(SessionModel)
        .where(SessionModel.id == claims["sid"], or_(is_current, is_forgiven))
        # Who was forgiven leaves no token to forgive.
        .values(refresh_jti=next_jti, previous_jti=case((is_current, jti)), used_at=now)
        .returning(SessionModel.expires_at, SessionModel.previous_jti),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    db.session.commit()
    if changed is None:
        return None
    if changed.previous_jti is None:
        count("refresh_forgiven_total")
    return create_token_pair(
        claims["sub"], claims["sid"], next_jti, changed.expires_at, fresh=False
    )


@blp.route("/refresh")
class Refresh(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @jwt_required(refresh=True)
    @blp.response(200, TokenPairSchema)
    def post(self):
        """Exchange the refresh token for a new pair. Used again, and too late or too often, it ends the session."""
        tokens = rotate_with_grace(get_jwt())
        if tokens is None:
            count("refresh_reused_total")
            # Lesson 09's: a token that was used up stays so. It ends the session, and this request.
            tokens = renew(get_jwt())
        return tokens, 200, {"Cache-Control": "no-store"}


# The ways out are those of lesson 09.
blp.route("/logout")(Logout)
blp.route("/logout-everywhere")(LogoutEverywhere)

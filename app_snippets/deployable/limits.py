"""A limit on failed logins that holds for all processes together, and needs nothing but the database (lesson 15)."""

import time
from ipaddress import ip_network

from flask import Flask, current_app
from flask.views import MethodView
from flask_smorest import abort
from sqlalchemy import text
from sqlalchemy.orm import Mapped, mapped_column

from .behind_proxies import client_address
from .house import StrictBlueprint, db
from .sessions import TokenPairSchema, begin_session
from .settings import number_from_environment
from .users import UserSchema, log_in

blp = StrictBlueprint("limits", __name__, description="Logging in, a few times")

WINDOW = 60  # seconds
# An account is tried with many passwords. Ten wrong ones a minute are more than any owner types.
PER_ACCOUNT = 10
# One password is tried on many accounts. A whole office may share an address, so here the limit is wider.
PER_ADDRESS = 100


class AttemptModel(db.Model):
    """How often somebody has failed in a minute (since 1970). who: an account or an address."""

    __tablename__ = "attempts"
    minute: Mapped[int] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(primary_key=True)
    n: Mapped[int]


# One statement counts and answers. Asked first and counted later, many at once would all be told "not yet".
COUNT = text(
    "insert into attempts (minute, who, n) values (:minute, :who, 1)"
    " on conflict (minute, who) do update set n = attempts.n + 1 returning n"
)
TAKE_BACK = text("update attempts set n = n - 1 where minute = :minute and who = :who")
THROW_AWAY = text("delete from attempts where minute < :minute - 1")


def limit_logins(app: Flask) -> None:
    """Read the limits: LOGINS_PER_ACCOUNT, LOGINS_PER_ADDRESS."""
    app.config["LOGIN_LIMITS"] = {
        "account": number_from_environment("LOGINS_PER_ACCOUNT", PER_ACCOUNT, 10_000),
        "address": number_from_environment("LOGINS_PER_ADDRESS", PER_ADDRESS, 10_000),
    }


def counted_address() -> str:
    """The address of the client. A household has 2 ** 64 addresses of IPv6: they count as one."""
    address = client_address()
    if address and address.version == 6:
        return str(ip_network((address, 64), strict=False))
    return str(address)


def count_attempt(whom: dict[str, str], minute: int) -> None:
    """Count this attempt before the password is looked at. One too many ends the request with 429.

    Also the right password is refused then: else a guesser would go on and learn which one it is. Anybody can so keep
    an owner out, a minute at a time, who then cannot log in anew; sessions go on.
    """
    limits = current_app.config["LOGIN_LIMITS"]
    counted = {
        kind: db.session.scalar(COUNT, {"minute": minute, "who": f"{kind} {name}"})
        for kind, name in whom.items()
    }
    db.session.commit()
    if 1 in counted.values():
        throw_old_ones_away(minute)
    if any(counted[kind] > limits[kind] for kind in counted):
        seconds = int((minute + 1) * WINDOW - time.time()) + 1
        message = "Too many logins have failed. Try again in a minute."
        abort(429, message=message, headers={"Retry-After": str(max(seconds, 1))})


def take_attempt_back(whom: dict[str, str], minute: int) -> None:
    """A login that succeeds has not failed: it is not counted, neither against its owner nor against its address."""
    for kind, name in whom.items():
        db.session.execute(TAKE_BACK, {"minute": minute, "who": f"{kind} {name}"})
    db.session.commit()


def throw_old_ones_away(minute: int) -> None:
    """Once a minute, by whichever process is the first to come here."""
    first = db.session.scalar(COUNT, {"minute": minute, "who": "thrown away"}) == 1
    if first:
        db.session.execute(THROW_AWAY, {"minute": minute})
    db.session.commit()


@blp.route("/login")
class UserLogin(MethodView):
    @blp.arguments(UserSchema)
    @blp.response(200, TokenPairSchema)
    def post(self, user_data):
        """Exchange name and password for tokens. After too many failures in a minute: 429."""
        name, password = user_data["username"], user_data["password"]
        # A name that nobody has is counted as well: a limit must not tell who has an account.
        whom = {"account": name, "address": counted_address()}
        minute = int(time.time()) // WINDOW
        count_attempt(whom, minute)
        user = log_in(name, password)
        take_attempt_back(whom, minute)
        return begin_session(user), 200, {"Cache-Control": "no-store"}

"""Who may do what: a role for each user, scopes for each role, and a guard for views (lesson 10)."""

from functools import wraps

import click
from flask import Flask
from flask.views import MethodView
from flask_jwt_extended import JWTManager, get_jwt, get_jwt_identity, jwt_required
from flask_smorest import abort
from marshmallow import Schema, fields, validate
from sqlalchemy import String, func, select, update
from sqlalchemy.orm import mapped_column

from .house import db
from .names import as_username
from .sessions import FRESH_FOR
from .users import UserIdSchema, UserModel, blp, user_named

SCOPES = {"member": "", "admin": "users:read users:write"}  # of each role, as in the claim

UserModel.role = mapped_column(String, nullable=False, default="member")


class RoleSchema(Schema):
    """A role that a user may have."""

    role = fields.String(required=True, validate=validate.OneOf(list(SCOPES)))


class UserWithRoleSchema(UserIdSchema):
    """A user, as admins see one."""

    username = fields.String()
    role = fields.String()


def role_of(user_id: str) -> str | None:
    """The role that the database has for this user now; None if there is no such user."""
    return db.session.scalar(select(UserModel.role).where(UserModel.id == int(user_id)))


def tell_the_role(jwt: JWTManager) -> None:
    """Put the role that a user has now, and its scopes, into every new token."""

    @jwt.additional_claims_loader
    def claims_of(user_id):
        role = role_of(user_id)
        return {"role": role, "scope": SCOPES.get(role, "")}


def wait_for_other_changes_of_roles() -> None:
    """Until this transaction ends, nobody else changes a role: whoever tries waits at this row, as here.

    An UPDATE that changes nothing locks the row on PostgreSQL, and the file on SQLite.
    """
    first = select(func.min(UserModel.id)).scalar_subquery()
    db.session.execute(update(UserModel).where(UserModel.id == first).values(role=UserModel.role))


def requires(scope: str, fresh: bool = False, ask_database: bool = False):
    """Let only access tokens with this scope through to the view (RFC 6750 §3.1).

    A fresh token comes straight from a login. The scope is the one that the token was given
    when it was made, or, from the database, the one that its owner's role has right now, and
    will have until the view commits.
    """

    def decorate(view):
        @wraps(view)
        @jwt_required(fresh=fresh)
        def guarded_view(*args, **kwargs):
            granted = get_jwt().get("scope", "")
            if ask_database:
                wait_for_other_changes_of_roles()
                granted = SCOPES.get(role_of(get_jwt_identity()), "")
            if scope in str(granted).split():
                return view(*args, **kwargs)
            challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
            message = f"This needs the scope {scope}."
            return {"message": message}, 403, {"WWW-Authenticate": challenge}

        return guarded_view

    return decorate


def there_is_another_admin(user: UserModel) -> bool:
    """Whether somebody else could still appoint an admin."""
    query = select(UserModel.id).where(UserModel.role == "admin", UserModel.id != user.id)
    return db.session.scalar(query.limit(1)) is not None


@blp.route("/users")
class Users(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @requires("users:read")
    @blp.response(200, UserWithRoleSchema(many=True))
    def get(self):
        """Every user. Believes the token: who was demoted reads on until it expires."""
        return db.session.scalars(select(UserModel).order_by(UserModel.id)).all()


@blp.route("/users/<int(max=2147483647):user_id>/role")
class UserRole(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @requires("users:write", fresh=True, ask_database=True)
    @blp.arguments(RoleSchema)
    @blp.response(200, UserWithRoleSchema)
    def put(self, new, user_id):
        """Change a role. Dangerous, so it needs a fresh token and the database's word."""
        user = db.session.get(UserModel, user_id)
        if user is None:
            abort(404, message="There is no such user.")
        if user.role == "admin" != new["role"] and not there_is_another_admin(user):
            abort(409, message="This is the last admin. Appoint another one first.")
        user.role = new["role"]
        db.session.commit()
        return user


def ask_for_a_new_login(jwt: JWTManager) -> None:
    """A token that is too old for a dangerous action is refused as RFC 9470 §3 says."""

    @jwt.needs_fresh_token_loader
    def refuse(header, claims):
        max_age = int(FRESH_FOR.total_seconds())
        challenge = f'Bearer error="insufficient_user_authentication", max_age="{max_age}"'
        message = "Log in again: this needs a login within the last minutes."
        return {"message": message}, 401, {"WWW-Authenticate": challenge}


def add_role_command(app: Flask) -> None:
    """Give the app a command of its own: flask --app ... set-role NAME ROLE."""

    @app.cli.command("set-role")
    @click.argument("username")
    @click.argument("role", type=click.Choice(list(SCOPES)))
    def set_role_command(username, role):
        """Give a user a role; how the first admin is made."""
        wait_for_other_changes_of_roles()
        try:
            user = user_named(as_username(username))
        except ValueError:
            user = None
        if user is None:
            raise click.ClickException(f"There is no user {username}.")
        user.role = role
        db.session.commit()
        click.echo(f"{username} has the role {role}.")

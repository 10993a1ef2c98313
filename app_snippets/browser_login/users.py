"""Users: names that are compared as people read them, and passwords that are kept as hashes (lesson 07)."""

from flask.views import MethodView
from flask_jwt_extended import get_jwt_identity, jwt_required
from flask_smorest import abort
from marshmallow import Schema, ValidationError, fields, validate
from passlib.context import CryptContext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from .house import StrictBlueprint, db
from .names import LONGEST_NAME, LONGEST_PASSWORD, SHORTEST_PASSWORD, as_password, as_username

blp = StrictBlueprint("users", __name__, description="Users and tokens")
passwords = CryptContext(schemes=["argon2", "pbkdf2_sha256"], deprecated=["pbkdf2_sha256"])
# Now: of several threads that load it at their first hash, in the same instant, one may fail.
passwords.handler("argon2").get_backend()


class UserModel(db.Model):
    """A user. The name is stored in one form (RFC 8265), the password as a hash."""

    __tablename__ = "users"
    __table_args__ = {"sqlite_autoincrement": True}  # no id is ever given to a second user
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]


class Username(fields.String):
    """A name in the one form that is stored."""

    def _deserialize(self, *args, **kwargs):
        text = super()._deserialize(*args, **kwargs)
        try:
            return as_username(text)
        # Half a character is not a name that is unfit: it ends the request with 400, as everywhere.
        except UnicodeEncodeError:
            raise
        except ValueError as reason:
            raise ValidationError(str(reason)) from reason


class Password(fields.String):
    """A password in the one form that is hashed."""

    def _deserialize(self, *args, **kwargs):
        return as_password(super()._deserialize(*args, **kwargs))


class UserIdSchema(Schema):
    """A user in public."""

    id = fields.String(dump_only=True)


class UserSchema(UserIdSchema):
    """The credentials that a client sends, and the user that it gets: never the password."""

    # In the document; as_username decides.
    username = Username(required=True, metadata={"minLength": 1, "maxLength": LONGEST_NAME})
    password = Password(
        required=True, load_only=True, validate=validate.Length(max=LONGEST_PASSWORD)
    )


class NewUserSchema(UserSchema):
    """A new password must be long enough to be worth something (NIST SP 800-63B-4 §3.1.1)."""

    password = Password(
        required=True,
        load_only=True,
        validate=validate.Length(SHORTEST_PASSWORD, LONGEST_PASSWORD),
    )


def user_named(username: str) -> UserModel | None:
    """The user with this name, which is in the one form already."""
    return db.session.scalar(select(UserModel).where(UserModel.username == username))


def log_in(username: str, password: str) -> UserModel:
    """The user with this name and password. Anything else ends the request with 401."""
    user = user_named(username)
    if user is None:
        passwords.dummy_verify()  # as much work as a real one, so that names cannot be found out
        abort(401, message="Invalid credentials.")
    correct, better_hash = passwords.verify_and_update(password, user.password)
    if not correct:
        if passwords.needs_update(user.password):  # an older hash was less work: make up for it
            passwords.dummy_verify()
        abort(401, message="Invalid credentials.")
    if better_hash:  # the stored one was made with an older scheme
        user.password = better_hash
        db.session.commit()
    return user


@blp.route("/register")
class UserRegister(MethodView):
    @blp.arguments(NewUserSchema)
    @blp.response(201, UserSchema)
    def post(self, user_data):
        """Store a user who may log in."""
        password_hash = passwords.hash(user_data["password"])
        user = UserModel(username=user_data["username"], password=password_hash)
        db.session.add(user)
        try:
            db.session.commit()
        except IntegrityError:  # the database decides, also between two requests at once
            db.session.rollback()
            abort(409, message="There is a user with this name already.")
        return user


@blp.route("/me")
class Me(MethodView):
    @blp.doc(security=[{"bearerAuth": []}])
    @jwt_required()
    @blp.response(200, UserIdSchema)
    def get(self):
        """Who is the owner of the access token?"""
        return {"id": get_jwt_identity()}

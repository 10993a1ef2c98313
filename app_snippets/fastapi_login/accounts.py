"""Users: tables, and what a client sends and gets. Passwords are kept as hashes."""

import secrets
from typing import Annotated

from pwdlib import PasswordHash
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from .names import LONGEST_NAME, LONGEST_PASSWORD, SHORTEST_PASSWORD, as_password, as_username

passwords = PasswordHash.recommended()  # argon2id
DUMMY_HASH = passwords.hash(secrets.token_hex())  # of a password that nobody has


class Base(DeclarativeBase):
    """Knows the tables."""


class User(Base):
    """A user. The name is stored in one form (RFC 8265), the password as a hash."""

    __tablename__ = "users"
    __table_args__ = {"sqlite_autoincrement": True}  # no id is ever given to a second user
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]


# pydantic measures a text after it was brought into its one form.
Name = Annotated[str, AfterValidator(as_username), Field(min_length=1, max_length=LONGEST_NAME)]
Password = Annotated[str, AfterValidator(as_password), Field(max_length=LONGEST_PASSWORD)]
# A new password must be long enough to be worth something (NIST SP 800-63B-4 §3.1.1).
NewPassword = Annotated[
    str,
    AfterValidator(as_password),
    Field(min_length=SHORTEST_PASSWORD, max_length=LONGEST_PASSWORD),
]


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

    # FastAPI takes an empty field for a missing one.
    password: Annotated[Password, Field(min_length=1)]
    grant_type: Annotated[str, Field(pattern="^password$")]


class UserId(BaseModel):
    """A user in public."""

    id: str


class PublicUser(UserId):
    """The same with the name, and never with the password."""

    username: str


def find_user(database: Session, credentials: Credentials) -> User | None:
    """The user with this name and password. Every refusal is as much work as a success."""
    user = database.scalar(select(User).where(User.username == credentials.username))
    stored = user.password if user else DUMMY_HASH
    correct, better_hash = passwords.verify_and_update(credentials.password, stored)
    if user and correct:
        if better_hash:  # the stored one was made with weaker parameters
            user.password = better_hash
            database.commit()
        return user
    if passwords.current_hasher.check_needs_rehash(stored):  # it was less work: make up for it
        passwords.verify(credentials.password, DUMMY_HASH)
    return None

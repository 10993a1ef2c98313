"""What the environment says: numbers, and secrets that stand in files (lesson 15)."""

import os
from pathlib import Path

import click
from sqlalchemy.engine import make_url


def number_from_environment(name: str, default: int, most: int) -> int:
    """The whole number in this variable, from 0 to most."""
    text = os.environ.get(name, "").strip() or str(default)
    if not (text.isascii() and text.isdigit() and int(text) <= most):
        raise click.ClickException(f"{name} must be a whole number from 0 to {most:,}.")
    return int(text)


def secret_from_file(name: str) -> str | None:
    """What stands in the file that the variable NAME_FILE names; None if there is no such variable.

    A variable is inherited by every child process, and shown by `docker inspect`; a file is neither. Editors end the
    last line of a file with a line break. It is no part of the secret.
    """
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return None
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{name}_FILE: {path} cannot be read: {error}") from None


def database_url_with_password() -> str | None:
    """DATABASE_URL with the password that DATABASE_PASSWORD_FILE holds; None if that is not set."""
    password = secret_from_file("DATABASE_PASSWORD")
    if password is None:
        return None
    if not password or not os.environ.get("DATABASE_URL"):
        raise click.ClickException(
            "DATABASE_PASSWORD_FILE needs a password in the file, and a DATABASE_URL that it belongs to."
        )
    url = make_url(os.environ["DATABASE_URL"])
    return url.set(password=password).render_as_string(hide_password=False)

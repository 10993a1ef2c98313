"""Level *users* (lesson 07): who registers can log in, one name is one user, odd names and passwords are refused."""

import secrets

from course.contract.service import Service, credentials


def who_registers_can_log_in(service: Service) -> None:
    name, password = f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18)
    user = service.expect(
        "a new name", "POST", "/register", 201,
        texts=("id", "username"), body=credentials(name, password),
    )  # fmt: skip
    told = any(password in str(told) for told in user.values())
    told = told or any("password" in name.lower() for name in user)
    service.note(
        "POST /register  does not repeat the password",
        "no password",
        f"there are: {', '.join(sorted(user))}",
        kept=not told,
        cause="the answer to POST /register has the password in it",
    )
    token = service.log_in(name, password)["access_token"]
    me = service.expect("after registering", "GET", "/me", 200, texts=("id",), token=token)
    service.note(
        "GET /me  is the user who registered",
        "the same id",
        "the same id" if me["id"] == user["id"] else "another id",
        kept=me["id"] == user["id"],
        cause="GET /me gives another id than POST /register did",
    )
    service.expect(
        "a name that is taken", "POST", "/register", 409, body=credentials(name, password + "!")
    )
    service.expect(
        "the password is still the first one", "POST", "/login", 401, error="",
        body=credentials(name, password + "!"),
    )  # fmt: skip


def odd_registrations_are_refused(service: Service) -> None:
    name, password = f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18)
    # Each with a twin as near to the limit as can be.
    cases = [
        (
            "a password of 3 characters, where 15 are the least", 422, credentials(name, "abc"),
            ("14 characters", {"body": credentials(name, password[:14])}),
        ),
        ("no name", 422, {"password": password}),
        ("an empty name", 422, credentials("", password)),
        (
            "a name with a NUL in it", 422, credentials(name + "\0", password),
            ("a line break", {"body": credentials(name + "\n", password)}),
        ),
        (
            "a name of 1,000 characters, where 64 are the most", 422, credentials("x" * 1_000, password),
            ("65 characters", {"body": credentials("x" * 65, password)}),
        ),
        (
            "a password of 5,000 characters, where 1,000 are the most", 422, credentials(name, "x" * 5_000),
            ("1,001 characters", {"body": credentials(name, "x" * 1_001)}),
        ),
        ("1 MB, where 10,000 bytes are the most", 413, credentials(name, "x" * 1_000_000)),
    ]  # fmt: skip
    for what, status, body, *twins in cases:
        service.also(what, "POST", "/register", status, body=body, twins=twins)


def one_name_is_one_user_however_it_is_encoded(service: Service) -> None:
    # 64 characters and 15, once they are in one spelling: neither too long nor too short.
    suffix, password = secrets.token_hex(30), "\u00e9" + secrets.token_urlsafe(18)[:14]
    service.expect(
        "a name with \u00e9 as one character", "POST", "/register", 201,
        texts=("id",), body=credentials(f"ren\u00e9{suffix}", password),
    )  # fmt: skip
    service.expect(
        "the same with \u00e9 as two", "POST", "/register", 409,
        body=credentials(f"rene\u0301{suffix}", password),
    )  # fmt: skip
    service.expect(
        "name and password with \u00e9 as two", "POST", "/login", 200, texts=("access_token",),
        body=credentials(f"rene\u0301{suffix}", password.replace("\u00e9", "e\u0301")),
    )  # fmt: skip


def of_two_who_register_one_name_at_once_one_wins(service: Service) -> None:
    body = credentials(f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18))
    service.twice_at_once("one name, twice at once", "/register", 201, 409, body=body)


CHAPTERS = (
    who_registers_can_log_in,
    odd_registrations_are_refused,
    one_name_is_one_user_however_it_is_encoded,
    of_two_who_register_one_name_at_once_one_wins,
)

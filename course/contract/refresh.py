"""Level *refresh* (lesson 08): refresh tokens give access tokens, and logging out ends every token of a login."""

from course.contract.service import Service, credentials


def a_refresh_token_gives_access_tokens_and_nothing_else(service: Service) -> None:
    name, password = service.new_user()
    tokens = service.expect(
        "gives a refresh token, too", "POST", "/login", 200,
        texts=("access_token", "refresh_token"), body=credentials(name, password),
    )  # fmt: skip
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    service.expect("with the refresh token", "GET", "/me", 401, token=refresh)
    service.expect("with an access token", "POST", "/refresh", 401, token=access)
    service.expect("no token", "POST", "/refresh", 401)
    new = service.expect(
        "with the refresh token", "POST", "/refresh", 200, texts=("access_token",), token=refresh
    )
    service.expect(
        "with the new access token", "GET", "/me", 200, texts=("id",), token=new["access_token"]
    )


def logging_out_ends_every_token_of_this_login(service: Service) -> None:
    name, password = service.new_user()
    first = service.log_in(name, password, "access_token", "refresh_token")
    other = service.log_in(name, password, "access_token", "refresh_token")
    new = service.expect(
        "before logging out", "POST", "/refresh", 200,
        texts=("access_token",), token=first["refresh_token"],
    )  # fmt: skip
    refresh = new.get("refresh_token", first["refresh_token"])
    service.expect("no token", "POST", "/logout", 401)
    service.expect("with the access token", "POST", "/logout", 204, token=new["access_token"])
    dead = [
        ("logged out", "GET", "/me", new["access_token"]),
        ("logged out, the older access token", "GET", "/me", first["access_token"]),
        ("logged out, = appended", "GET", "/me", new["access_token"] + "="),
        ("logged out", "POST", "/refresh", refresh),
        ("logged out, = appended", "POST", "/refresh", refresh + "="),
    ]
    for what, method, path, token in dead:
        service.also(what, method, path, 401, token=token)
    # RFC 7009 section 2.2: a token that is no longer valid is no error to who wants to be rid of it.
    service.also("logged out already", "POST", "/logout", (204, 401), token=new["access_token"])
    service.expect(
        "logged out elsewhere", "GET", "/me", 200, texts=("id",), token=other["access_token"]
    )


def logging_out_works_with_the_refresh_token_too(service: Service) -> None:
    name, password = service.new_user()
    tokens = service.log_in(name, password, "access_token", "refresh_token")
    service.expect("with the refresh token", "POST", "/logout", 204, token=tokens["refresh_token"])
    service.expect(
        "logged out by the refresh token", "GET", "/me", 401, token=tokens["access_token"]
    )
    service.expect(
        "logged out by the refresh token", "POST", "/refresh", 401, token=tokens["refresh_token"]
    )


CHAPTERS = (
    a_refresh_token_gives_access_tokens_and_nothing_else,
    logging_out_ends_every_token_of_this_login,
    logging_out_works_with_the_refresh_token_too,
)

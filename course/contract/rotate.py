"""Level *rotate* (lesson 09): a refresh token works once, a replay ends the session, and so does logging out everywhere."""

from course.contract.service import Service, credentials


def a_refresh_token_works_once(service: Service) -> None:
    name, password = service.new_user()
    first = service.log_in(name, password, "access_token", "refresh_token")
    other = service.log_in(name, password, "access_token", "refresh_token")
    second = service.expect(
        "the first time", "POST", "/refresh", 200,
        texts=("access_token", "refresh_token"), token=first["refresh_token"],
    )  # fmt: skip
    third = service.expect(
        "the next one", "POST", "/refresh", 200,
        texts=("access_token", "refresh_token"), token=second["refresh_token"],
    )  # fmt: skip
    service.expect(
        "one that was used before", "POST", "/refresh", 401, token=first["refresh_token"]
    )
    for what, method, path, token in [
        ("the newest, after a replay", "POST", "/refresh", third["refresh_token"]),
        ("after a replay", "GET", "/me", third["access_token"]),
    ]:
        service.also(what, method, path, 401, token=token)
    service.expect(
        "another login, after the replay", "GET", "/me", 200,
        texts=("id",), token=other["access_token"],
    )  # fmt: skip


def of_two_refreshes_at_once_one_wins(service: Service) -> None:
    name, password = service.new_user()
    tokens = service.log_in(name, password, "access_token", "refresh_token")
    service.twice_at_once(
        "one token, twice at once", "/refresh", 200, 401, token=tokens["refresh_token"]
    )


def logging_out_everywhere_ends_every_login(service: Service) -> None:
    name, password = service.new_user()
    here = service.log_in(name, password, "access_token", "refresh_token")
    there = service.log_in(name, password, "access_token", "refresh_token")
    stranger = service.log_in(*service.new_user(), "access_token", "refresh_token")
    service.expect("no token", "POST", "/logout-everywhere", 401)
    service.expect(
        "with the access token", "POST", "/logout-everywhere", 204, token=here["access_token"]
    )
    for what, tokens in (("here", here), ("elsewhere", there)):
        what = f"logged out everywhere: {what}"
        service.also(what, "GET", "/me", 401, token=tokens["access_token"])
        service.also(what, "POST", "/refresh", 401, token=tokens["refresh_token"])
    service.expect(
        "another user, meanwhile", "GET", "/me", 200, texts=("id",), token=stranger["access_token"]
    )
    service.expect(
        "after logging out everywhere", "POST", "/login", 200,
        texts=("access_token", "refresh_token"), body=credentials(name, password),
    )  # fmt: skip


CHAPTERS = (
    a_refresh_token_works_once,
    of_two_refreshes_at_once_one_wins,
    logging_out_everywhere_ends_every_login,
)

"""What the contract asks of cookies (lesson 11): who can read them, who can send them, and what ends with them."""

import json
import re
from contextlib import suppress

from course.contract import login, refresh
from course.contract.by_cookie import (
    LARGEST_COOKIE,
    REFRESH,
    Cookie,
    cookies_in,
    csrf_cookie_for,
    token_cookie,
)
from course.contract.service import CSRF_HEADER, Broken, Service, credentials
from course.contract.wire import Answer

REFUSED = (401, 403)
TOKEN = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
NO_COOKIE = "there is no such cookie"
# What a browser says of a page that is not the service's own; the one that is too old for Sec-Fetch-Site, by Origin alone.
OTHER_PAGES = {
    "from a page of another site": ("https://elsewhere.example", "cross-site"),
    "from another port of this host": ("http://localhost:1", "same-site"),
    "from a page without an origin": ("null", "cross-site"),
    "from a page of another site, in an older browser": ("https://elsewhere.example", None),
}


def odd_cookies_are_refused(service: Service) -> None:
    """In place of the odd headers. That the token is no use in another header is not asked: a service may take both."""
    token = service.log_in(*service.new_user())["access_token"]
    service.also("no cookie", "GET", "/me", 401)
    service.also("an empty cookie", "GET", "/me", 401, token="")
    service.also(
        "the token in a cookie of another name", "GET", "/me", 401, headers={"Cookie": f"x={token}"}
    )


def no_script_and_no_other_host_gets_the_access_token(service: Service) -> None:
    name, password = service.new_user()
    answer = service.exchange("POST", "/login", body=credentials(name, password))
    there = TOKEN.search(json.dumps(answer.body))
    got = "one" if there else "none"
    _judge(
        service, "POST /login  a token in the body, where scripts read it", "none", got, not there
    )
    _judge_the_cookie(service, answer, "access", "/")


def a_page_of_another_site_cannot_log_anybody_in(service: Service) -> None:
    """Else it could log somebody in as somebody else, who then reads what is written there (login CSRF)."""
    name, password = service.new_user()
    body = credentials(name, password)
    for what, (origin, site) in OTHER_PAGES.items():
        headers = {"Origin": origin, "Sec-Fetch-Site": site}
        service.also(what, "POST", "/login", 403, body=body, headers=headers)
    service.expect(
        "from a page of its own", "POST", "/login", 200, texts=("access_token",), body=body,
        headers={"Origin": origin_of(service.url), "Sec-Fetch-Site": "same-origin"},
    )  # fmt: skip


def no_script_and_no_other_address_gets_the_refresh_token(service: Service) -> None:
    name, password = service.new_user()
    answer = service.exchange("POST", "/login", body=credentials(name, password))
    _judge_the_cookie(service, answer, "refresh", REFRESH)
    # Its path keeps __Host- from the refresh cookie, so another host of the domain can set one. Without the CSRF token
    # that goes with it, it is of no use.
    refresh_cookie = token_cookie(answer, "refresh")
    csrf_cookie = refresh_cookie and csrf_cookie_for(refresh_cookie, cookies_in(answer))
    _judge(
        service, "POST /login  the CSRF cookie: name", "__Host-..., or no such cookie",
        csrf_cookie.name if csrf_cookie else NO_COOKIE,
        csrf_cookie is None or csrf_cookie.name.startswith("__Host-"),
    )  # fmt: skip


def nothing_changes_without_the_csrf_token(service: Service) -> None:
    """A page of another port is the same site to a browser, so its requests bring the cookies; but it cannot add the header."""
    name, password = service.new_user()
    of_another_login = service.log_in(name, password, "access_token", "refresh_token")
    for path, kind in (("/logout", "access_token"), (REFRESH, "refresh_token")):
        for what, csrf_token in (
            ("without the CSRF token", None),
            (
                "with the CSRF token of another login",
                _csrf_token_of(service, of_another_login[kind]),
            ),
        ):
            # A login each: the one that succeeds would end what the next one tries.
            tokens = service.log_in(name, password, "access_token", "refresh_token")
            service.also(
                what, "POST", path, REFUSED, token=tokens[kind], headers={CSRF_HEADER: csrf_token}
            )
    service.also(
        "with the CSRF token, from another port of this host", "POST", "/logout", 403,
        token=tokens["access_token"],
        headers={"Origin": "http://localhost:1", "Sec-Fetch-Site": "same-site"},
    )  # fmt: skip
    service.also(
        "after such requests, still logged in", "GET", "/me", 200, texts=("id",),
        token=tokens["access_token"],
    )  # fmt: skip
    service.also(
        "after such requests, still good", "POST", REFRESH, 200, texts=("access_token",),
        token=tokens["refresh_token"],
    )  # fmt: skip


def logging_out_takes_the_cookies_back(service: Service) -> None:
    """In place of logging out with the refresh token: its cookie goes to one address, and that is another one."""
    _judge_the_end(service, "/logout")


def the_next_cookies_are_as_good_as_the_first(service: Service) -> None:
    tokens = service.log_in(*service.new_user(), "access_token", "refresh_token")
    answer = service.exchange("POST", REFRESH, tokens["refresh_token"])
    for kind, path in (("access", "/"), ("refresh", REFRESH)):
        cookie = token_cookie(answer, kind)
        faults = [what for what, _, _, sound in traits_of(cookie, path) if not sound]
        got = "" if not faults else f"not in: {', '.join(faults)}" if cookie else NO_COOKIE
        _judge(
            service, f"POST {REFRESH}  the next {kind} cookie", "like the one of a login",
            got or "like it", not faults,
        )  # fmt: skip


def logging_out_everywhere_takes_the_cookies_back(service: Service) -> None:
    _judge_the_end(service, "/logout-everywhere")


def origin_of(url: str) -> str:
    return "/".join(url.split("/")[:3])


def traits_of(cookie: Cookie | None, path: str) -> list[tuple[str, str, str, bool]]:
    """What matters in a cookie with a token: the trait, what it should be, what it is, and whether that will do."""
    if cookie is None:
        cookie = Cookie("", "", {})
    of, size = cookie.attributes, len(cookie.name) + len(cookie.value)
    # RFC 6265bis §4.1.3: no other host of the domain can set a __Host- cookie, but its path must be /.
    prefix = "__Host-" if path == "/" else "__Secure-"
    domain = of.get("domain")
    whose = cookie.name + (f", Domain={domain}" if domain else "")
    same_site = of.get("samesite", "left out")
    return [
        ("HttpOnly", "yes", "yes" if cookie.http_only else "no", cookie.http_only),
        ("Secure", "yes", "yes" if "secure" in of else "no", "secure" in of),
        ("SameSite", "Strict or Lax", same_site, same_site.lower() in ("strict", "lax")),
        ("Path", path, of.get("path", "left out"), of.get("path") == path),
        ("name", f"{prefix}..., no Domain", whose, whose.startswith(prefix) and not domain),
        ("bytes", f"{LARGEST_COOKIE:,} at most", f"{size:,}", 0 < size <= LARGEST_COOKIE),
    ]


def _judge_the_cookie(service: Service, answer: Answer, kind: str, path: str) -> None:
    cookie = token_cookie(answer, kind)
    for what, expected, got, sound in traits_of(cookie, path):
        request = f"POST /login  the {kind} cookie: {what}"
        _judge(service, request, expected, got if cookie else NO_COOKIE, sound)


def _judge_the_end(service: Service, path: str) -> None:
    """Every cookie of a login is taken back, by its own name, path and domain (RFC 6265 §5.3)."""
    name, password = service.new_user()
    came = service.exchange("POST", "/login", body=credentials(name, password))
    token = service.log_in(name, password)["access_token"]
    answer = service.exchange("POST", path, token)
    taken_back = {_place(each) for each in cookies_in(answer) if each.is_taken_back}
    left = [each.name for each in cookies_in(came) if _place(each) not in taken_back]
    got = f"{answer.status}, left: {', '.join(left)}" if left else f"{answer.status}, all"
    _judge(
        service, f"POST {path}  takes back every cookie of a login", "204, all", got,
        answer.status == 204 and not left,
    )  # fmt: skip


def _place(cookie: Cookie) -> tuple[str, str | None, str | None]:
    return cookie.name, cookie.attributes.get("path"), cookie.attributes.get("domain")


def _csrf_token_of(service: Service, token: str) -> str | None:
    return service.carry("POST", "/me", token).get(CSRF_HEADER)


def _judge(service: Service, name: str, expected: str, got: object, kept: bool) -> None:
    """As ``note``, for a trait on which nothing else depends."""
    with suppress(Broken):
        service.note(name, expected, str(got), kept)


# In place of a chapter that makes no sense by cookie: the reason is in the one that takes its place.
IN_PLACE = {
    login.odd_authorization_headers_are_refused: odd_cookies_are_refused,
    refresh.logging_out_works_with_the_refresh_token_too: logging_out_takes_the_cookies_back,
}
# What comes on top, by level.
MORE = {
    "login": (
        no_script_and_no_other_host_gets_the_access_token,
        a_page_of_another_site_cannot_log_anybody_in,
    ),
    "refresh": (
        no_script_and_no_other_address_gets_the_refresh_token,
        nothing_changes_without_the_csrf_token,
    ),
    "rotate": (
        the_next_cookies_are_as_good_as_the_first,
        logging_out_everywhere_takes_the_cookies_back,
    ),
}

"""Level *roles* (lesson 10): what members may not and admins may, and how a role comes and goes."""

import secrets
from urllib.parse import quote

from course.contract.service import Service, credentials


def members_may_not_what_admins_may(service: Service) -> None:
    member = service.log_in(*service.new_user())["access_token"]
    admin = service.log_in(service.username, service.password)["access_token"]
    own_id = service.expect("a member", "GET", "/me", 200, texts=("id",), token=member)["id"]
    service.also("no token", "GET", "/users", 401)
    service.also(
        "a member", "GET", "/users", 403,
        token=member, error="insufficient_scope",
    )  # fmt: skip
    answer = service.send("GET", "/users", token=admin)
    users = answer.body if isinstance(answer.body, list) else []
    listed = [
        set(user) >= {"id", "username", "role"} and "password" not in user
        for user in users
        if isinstance(user, dict)
    ]
    service.note(
        "GET /users  an admin",
        "200 [{id, username, role}, ...]",
        f"{answer.status}, {len(users)} users",
        kept=answer.status == 200 and bool(listed) and all(listed),
    )
    role = _role_of(own_id)
    service.also("no token, odd body", "PUT", status=401, **role, body={"role": 1})
    service.also(
        "a member, for itself", "PUT", status=403, **role, token=member, body={"role": "admin"}
    )
    service.also("no such role", "PUT", status=422, **role, token=admin, body={"role": "emperor"})
    service.also(
        "no such user", "PUT", "/users/2000000000/role", 404, token=admin, body={"role": "admin"}
    )


def _role_of(user_id: str) -> dict[str, str]:
    """The address of a user's role, and how the table names it."""
    return {
        "path": f"/users/{quote(user_id, safe='', errors='replace')}/role",
        "shown": "/users/ID/role",
    }


def nobody_makes_himself_an_admin_by_registering(service: Service) -> None:
    name, password = f"user-{secrets.token_hex(6)}", secrets.token_urlsafe(18)
    wish = credentials(name, password) | {"role": "admin", "scope": "users:read users:write"}
    service.send("POST", "/register", body=wish)
    service.send("POST", "/register", body=credentials(name, password))
    token = service.log_in(name, password)["access_token"]
    service.expect("registered with role=admin", "GET", "/users", 403, token=token)


def roles_come_and_go(service: Service) -> None:
    name, password = service.new_user()
    old = service.log_in(name, password, "access_token", "refresh_token")
    user_id = service.expect(
        "who is to be promoted", "GET", "/me", 200, texts=("id",), token=old["access_token"]
    )["id"]
    admin = service.log_in(service.username, service.password, "access_token", "refresh_token")
    role = _role_of(user_id)

    renewed = service.expect(
        "an admin", "POST", "/refresh", 200,
        texts=("access_token", "refresh_token"), token=admin["refresh_token"],
    )  # fmt: skip
    service.also(
        "an admin whose login is not fresh", "PUT", status=401, **role,
        token=renewed["access_token"], body={"role": "admin"},
        error="insufficient_user_authentication",
    )  # fmt: skip
    service.expect(
        "promote a member", "PUT", status=200, **role, texts=("id", "role"),
        token=admin["access_token"], body={"role": "admin"},
    )  # fmt: skip
    new = service.log_in(name, password, "access_token", "refresh_token")
    service.expect("promoted, after a new login", "GET", "/users", 200, token=new["access_token"])
    service.send("PUT", role["path"], token=admin["access_token"], body={"role": "member"})
    service.also(
        "demoted, with the token of before", "PUT", status=403, **role,
        token=new["access_token"], body={"role": "admin"},
    )  # fmt: skip
    refreshed = service.expect(
        "demoted", "POST", "/refresh", 200, texts=("access_token",), token=new["refresh_token"]
    )
    service.expect(
        "demoted, after a refresh", "GET", "/users", 403, token=refreshed["access_token"]
    )


CHAPTERS = (
    members_may_not_what_admins_may,
    nobody_makes_himself_an_admin_by_registering,
    roles_come_and_go,
)

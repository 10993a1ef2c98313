"""weak_api falls to the seven attacks of lesson 14, fixed_api to none; and neither is of any use to a stranger."""

import base64
import gc
import hmac
import itertools
import json
import re
import string
import time

import jwt
import pytest
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import ECKey

from course.paths import Course
from course.token_parts import decode_part, encode_part
from tests.apps.snippets import load

HOUSES = ("weak_api", "fixed_api")
WAYS = ("by-algorithm", "by-file", "by-database", "by-embedded-key", "by-kind", "by-secret")


class House:
    """An app with the eyes of a visitor: what anybody can fetch."""

    def __init__(self, name: str):
        self.app = load(name).create_app()
        self.client = self.app.test_client()
        self.tokens = self.client.post("/login").json
        self.public_pem = self.client.get("/public-key").data
        with self.client.get("/static/site.css") as file:
            self.stylesheet = file.data

    def get(self, way: str, token: str | bytes, **options):
        """The answer to a request with this token."""
        token = token.encode() if isinstance(token, str) else token
        header = {"Authorization": f"Bearer {token.decode('latin-1')}"}
        return self.client.get(f"/orders/{way}", headers=header, **options)


@pytest.fixture(scope="module")
def houses():
    return {name: House(name) for name in HOUSES}


def forge(header: dict, secret: bytes | None) -> str:
    claims = {"sub": "admin", "aud": "orders", "exp": int(time.time()) + 600}
    # json.dumps also writes what UTF-8 cannot.
    signing_input = f"{encode_part(json.dumps(header).encode())}.{encode_part(claims)}"
    if secret is None:
        return signing_input + "."
    mac = hmac.digest(secret, signing_input.encode(), "sha256")
    return f"{signing_input}.{encode_part(mac)}"


def alg_none(house):
    return "by-algorithm", forge({"alg": "none"}, None)


def public_key_as_secret(house):
    return "by-algorithm", forge({"alg": "HS256"}, house.public_pem)


def kid_is_a_file(house):
    return "by-file", forge({"alg": "HS256", "kid": "../static/site.css"}, house.stylesheet)


def kid_is_a_query(house):
    mine = "a key of my own, which is long enough"
    return "by-database", forge({"alg": "HS256", "kid": f"' UNION SELECT '{mine}"}, mine.encode())


def own_key_in_the_header(house):
    own = ECKey.generate_key("P-256")
    claims = {"sub": "admin", "aud": "orders", "exp": int(time.time()) + 600}
    token = joserfc_jwt.encode({"alg": "ES256", "jwk": own.as_dict()}, claims, own)
    return "by-embedded-key", token


def id_token_as_access_token(house):
    return "by-kind", house.tokens["id_token"]


def guessed_secret(house):
    signing_input, _, signature = house.tokens["session_token"].rpartition(".")
    signed, wanted = signing_input.encode(), decode_part(signature)
    words = map(bytes, itertools.product(string.ascii_lowercase.encode(), repeat=4))
    found = (word for word in words if hmac.digest(word, signed, "sha256") == wanted)
    return "by-secret", forge({"alg": "HS256"}, next(found, b"not found, and tried all the same"))


ATTACKS = (
    alg_none, public_key_as_secret, kid_is_a_file, kid_is_a_query, own_key_in_the_header, id_token_as_access_token,
    guessed_secret,
)  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
@pytest.mark.parametrize(("name", "status"), [("weak_api", 200), ("fixed_api", 401)])
def test_table_of_lesson_14(houses, attack, name, status):
    house = houses[name]
    way, token = attack(house)
    answer = house.get(way, token)
    assert answer.status_code == status
    if status == 200:
        whose = "1" if attack is id_token_as_access_token else "admin"
        assert answer.json == {"orders of": whose}
    else:
        assert answer.json == {"message": "The token is not valid."}
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def genuine(house) -> dict[str, str]:
    """A good token for each way, made with the keys of the house."""
    keys = house.app.order_keys
    claims = {"sub": "1", "aud": "orders", "exp": int(time.time()) + 600}
    table = keys.secret_in_table("SELECT secret FROM keys")
    kid = {"kid": "2026"}
    return dict.fromkeys(WAYS, house.tokens["access_token"]) | {
        "by-file": jwt.encode(claims, keys.secret_of["2026"], "HS256", kid),
        "by-database": jwt.encode(claims, table, "HS256", kid),
        "by-secret": house.tokens["session_token"],
    }


@pytest.mark.parametrize("name", HOUSES)
def test_good_token_is_let_in_each_way(houses, name):
    """So that a refusal in the table above says something."""
    house = houses[name]
    routes = {rule.rule for rule in house.app.url_map.iter_rules() if "/orders/" in rule.rule}
    assert routes == {f"/orders/{way}" for way in WAYS}
    for way, token in genuine(house).items():
        answer = house.get(way, token)
        assert (answer.status_code, answer.json) == (200, {"orders of": "1"}), way


@pytest.mark.parametrize("name", HOUSES)
@pytest.mark.parametrize(
    "path", ["/login", "/public-key", "/static/site.css", "/orders/by-kind", "/no-such"]
)
def test_it_answers_this_machine_only(houses, name, path):
    method = "POST" if path == "/login" else "GET"
    client, good = houses[name].client, houses[name].tokens["access_token"]

    def status(address: str, **headers: str) -> int:
        headers |= {"Authorization": f"Bearer {good}"}
        environment = {"REMOTE_ADDR": address}
        with client.open(path, method=method, headers=headers, environ_base=environment) as answer:
            if answer.status_code == 403:
                message = "This API answers the machine it runs on, and no other."
                assert answer.json == {"message": message}
            return answer.status_code

    here = 404 if path == "/no-such" else 200
    assert {status(address) for address in ("127.0.0.1", "::1")} == {here}
    for address in (
        "10.0.0.7",
        "192.168.1.7",
        "8.8.8.8",
        "0.0.0.0",
        "2001:db8::1",
        "::ffff:10.0.0.7",
        "",
        "localhost",
    ):
        assert status(address) == 403, address
        # What a client says of himself is not believed.
        for header in ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Client-Ip", "True-Client-Ip"):
            for said in ("127.0.0.1", "for=127.0.0.1", "::1"):
                assert status(address, **{header: said}) == 403, (address, header)
        assert status(address, Host="127.0.0.1:5000") == 403


def odd_tokens(good: str) -> dict[str, bytes]:
    head, body, signature = good.split(".")
    alg = json.loads(decode_part(head))["alg"]
    odd: dict[str, str | bytes] = {
        "empty": "", "one letter": "x", "dots": "..", "two parts": f"{head}.{body}", "four parts": f"{good}.x",
        "five parts": f"{good}..x", "no base64": "%%%.%%%.%%%", "not ASCII": "é.é.é".encode(), "zero byte": "\0",
        "no signature": f"{head}.{body}.", "spaces": f"{head} .{body}. {signature}", "twice": f"{good}, Bearer {good}",
        "long": f"{head}.{body * 200}.{signature}",
    }  # fmt: skip
    values = (
        None,
        [],
        ["2026"],
        {},
        7,
        2026,
        1.5,
        True,
        "",
        " ",
        "\0",
        "\ud800",
        "x" * 5_000,
        "'",
        '"',
        "..",
        "/",
        "2026 ",
    )
    for value in values:
        odd[f"kid {value!r:.20}"] = forge({"alg": alg, "kid": value}, b"x")
        odd[f"alg {value!r:.20}"] = forge({"alg": value}, b"x")
        odd[f"typ {value!r:.20}"] = forge({"alg": alg, "typ": value}, b"x")
        odd[f"jwk {value!r:.20}"] = forge({"alg": alg, "jwk": value}, b"x")
    for what, text in (
        ("list", b"[]"), ("text", b'"alg"'), ("null", b"null"), ("number", b"7"), ("no JSON", b"{"), ("no UTF-8", b"\xff"),
        ("nothing", b""), ("deep", b'{"alg":' + b"[" * 5_000), ("deep and whole", b'{"alg":' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
    ):  # fmt: skip
        odd[f"header is {what}"] = f"{encode_part(text)}.{body}.{signature}"
        odd[f"payload is {what}"] = f"{head}.{encode_part(text)}.{signature}"
    return {what: each if isinstance(each, bytes) else each.encode() for what, each in odd.items()}


@pytest.mark.parametrize("way", WAYS)
def test_fixed_api_refuses_whatever_is_odd(houses, way):
    house = houses["fixed_api"]
    for what, token in odd_tokens(genuine(house)[way]).items():
        assert house.get(way, token).status_code == 401, what
    for header in ("", "Bearer", "Bearer ", ", ,", "Basic YTpi", "\x01", "bearer"):
        answer = house.client.get(f"/orders/{way}", headers={"Authorization": header})
        assert answer.status_code == 401, header
    assert house.client.get(f"/orders/{way}").status_code == 401


@pytest.mark.parametrize("way", WAYS)
def test_signed_but_odd_claims_are_refused_by_fixed_api(houses, way):
    """Tokens of the issuer itself, with one thing wrong: as it might make them after a careless change."""
    house = houses["fixed_api"]
    good = genuine(house)[way]
    header, claims = (json.loads(decode_part(part)) for part in good.split(".")[:2])
    keys = house.app.order_keys
    key = {
        "by-file": keys.secret_of["2026"], "by-database": keys.secret_in_table("SELECT secret FROM keys"),
        "by-secret": keys.long_secret,
    }.get(way, keys.private_key)  # fmt: skip

    def sign(changes: dict) -> str:
        return jwt.PyJWS().encode(json.dumps(claims | changes).encode(), key, header["alg"], header)

    assert house.get(way, sign({})).status_code == 200
    for changes in (
        {"exp": 1}, {"exp": "x"}, {"exp": None}, {"exp": []}, {"nbf": time.time() + 600}, {"aud": "shop-page"}, {"aud": None},
        {"aud": []}, {"aud": 7}, {"sub": 7}, {"sub": []},
    ):  # fmt: skip
        assert house.get(way, sign(changes)).status_code == 401, changes


def test_no_working_secret_stands_in_a_file(houses):
    """Every key is made at the start. Two starts have none in common."""
    folders = [Course().snippets / name for name in HOUSES]
    texts = [path.read_bytes() for folder in folders for path in folder.glob("*.py")]
    assert len(texts) >= 8
    again = {name: House(name).app.order_keys for name in HOUSES}
    seen = set()
    for keys in [*(house.app.order_keys for house in houses.values()), *again.values()]:
        private = keys.private_key.private_numbers().private_value.to_bytes(32, "big")
        table = keys.secret_in_table("SELECT secret FROM keys").encode()
        file = (keys.key_folder / "2026").read_bytes()
        for secret in (keys.secret_of["2026"], table, keys.long_secret.encode(), private):
            assert len(secret) >= 32 and secret not in seen
            spellings = (secret, base64.b64encode(secret), secret.hex().encode())
            assert not any(each in text for each in spellings for text in texts)
            seen.add(secret)
        assert file == keys.secret_of["2026"]
        assert re.fullmatch("[a-z]{4}", keys.short_secret)
    # The word that is guessed is another one each time, too.
    assert (
        len(
            {house.app.order_keys.short_secret for house in houses.values()}
            | {k.short_secret for k in again.values()}
        )
        > 1
    )


def test_keys_are_gone_with_the_app():
    keys = load("weak_api").OrderKeys()
    folder = keys.key_folder.parent
    assert folder.exists()
    del keys
    gc.collect()
    assert not folder.exists()


def test_the_two_differ_in_their_verifier_alone():
    weak, fixed = (Course().snippets / name for name in HOUSES)
    for name in ("order_keys.py", "plain_house.py"):
        assert (weak / name).read_bytes() == (fixed / name).read_bytes()
    code = {
        folder.name: (folder / "__init__.py").read_text("utf-8").partition('"""\n\nimport jwt')[2]
        for folder in (weak, fixed)
    }
    assert code["weak_api"].replace("weak", "fixed") == code["fixed_api"] != ""

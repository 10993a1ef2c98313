"""Exercises of lesson 11, Keep a token in the browser. Apps are tried on a real server on 127.0.0.1."""

import secrets
import time
import uuid
from dataclasses import dataclass, field

import requests
from flask import Flask, jsonify
from flask_jwt_extended import (
    JWTManager,
    create_access_token,
    create_refresh_token,
    get_jwt_identity,
    jwt_required,
    set_access_cookies,
    set_refresh_cookies,
)

from course.checking import Attempt, NotYet, exercise, is_a, plain, same, show, show_text, type_of
from course.token_parts import HEADER, decode_part, encode_part, read_object, signed
from course.trials.cookies import Jar, SetCookie
from course.trials.policy import KEYWORDS, Policy, Sources, read_policies
from course.trials.server import TrialServer, ask, refused, trial_server

HEADER_NAME = "Content-Security-Policy"


@exercise(
    "11.1",
    "Directives stand one behind another with `;` between them: `name value; name value`. "
    "One of them, `default-src`, covers whatever a page loads, scripts and styles and pictures.",
    "Where forms go, who frames the page and what `<base>` says are no loads: each has a "
    "directive of its own, `form-action`, `frame-ancestors` and `base-uri`.",
    "`'self'`, with its quotes, is for what only this site may, and `'none'` for what nobody may. "
    "Ask yourself which of the two each of the four directives needs.",
)
def a_policy_for_the_bank(policy):
    text = _policy_text(policy)
    policies = read_policies(text)
    if not policies:
        raise NotYet(
            f"There is no directive in `{show(text)}`. A directive is a name and what it allows, "
            "such as `img-src 'self'`."
        )
    for judge in (
        _scripts_in_the_text, _scripts_of_others, _scripts_by_eval, _styles_of_others,
        _pictures_of_others, _another_base, _forms_to_others, _frames_of_others,
    ):  # fmt: skip
        # Each policy holds: what one of them forbids is forbidden.
        problems = [judge(each) for each in policies]
        if all(problems):
            raise NotYet(f"{problems[0]}{_slip_in_writing(text, policies)}")
    for each in policies:
        if problem := _own_files_blocked(each):
            raise NotYet(f"{problem}{_slip_in_writing(text, policies)}")
    return " ".join(
        ("Scripts, styles and pictures of this site, and no others.", *_odd_but_right(policies))
    )


def _policy_text(policy: object) -> str:
    """The value of the header, if this can be one."""
    policy = plain(policy)
    if is_a(policy, dict):
        raise NotYet(
            "This is a dictionary. A policy is one text, the value of the header: directives with "
            "`;` between them."
        )
    if is_a(policy, bytes):
        raise NotYet("These are bytes. A policy is text: leave out the `b` or the `.encode()`.")
    if is_a(policy, (list, tuple, set)):
        raise NotYet(
            f"This is {type_of(policy)}. A policy is one text: put `; ` between the directives."
        )
    if type(policy) is not str:
        raise NotYet(f"This is {type_of(policy)}: `{show(policy)}`. A policy is a text.")
    stripped = policy.strip()
    if not stripped:
        raise NotYet("The text is empty, and an empty policy forbids nothing.")
    if stripped.lower().startswith(HEADER_NAME.lower()):
        raise NotYet(
            f"It begins with the name of the header. `policy` is the value alone, what stands "
            f"behind `{HEADER_NAME}:`. (With the name in it, the browser takes the name for a "
            "directive that it does not know.)"
        )
    if stripped[0] in "\"'`" and stripped[-1] == stripped[0]:
        raise NotYet(
            f"The text begins and ends with `{stripped[0].replace('`', 'a backtick')}`: these "
            "quotes are part of it, and a browser takes the first for part of a name. Only "
            "keywords such as `'self'` have quotes, single ones."
        )
    if stripped.startswith("<"):
        raise NotYet(
            "This is HTML. `policy` is the value of a header (in a `<meta>`, `frame-ancestors` has "
            "no effect)."
        )
    if len(stripped.splitlines()) > 1 or "\n" in stripped or "\r" in stripped:
        raise NotYet(
            "There is a line break in it. A header is one line, and Flask refuses to send another: "
            "join the lines, with spaces."
        )
    if not stripped.isascii() or "\0" in stripped:
        odd = next(each for each in stripped if not each.isascii() or each == "\0")
        raise NotYet(
            f"It contains `{show_text(odd)}`, which is not ASCII: a browser passes over that "
            "directive. Is it a quotation mark from a text editor? Write the straight one, `'`."
        )
    return stripped


def _of(limits: Sources) -> str:
    return f"`{show_text(str(limits), 150)}`"


def _scripts_in_the_text(policy: Policy) -> str:
    for name, what in (
        ("script-src-elem", "`<script>…</script>`"),
        ("script-src-attr", 'an attribute such as `onclick="…"`'),
    ):
        limits = policy.sources(name)
        if limits is None:
            return (
                "Nothing says which scripts may run, so every script does, also in the text. "
                f"No `script-src` is there, and no `default-src`{_but_not(policy)}."
            )
        if limits.allow_inline:
            return (
                f"{_of(limits)}: with `'unsafe-inline'`, a script in the text of the page runs, "
                f"in {what}. Whoever can write into the page can write a script."
            )
    return ""


def _scripts_of_others(policy: Policy) -> str:
    for name in ("script-src-elem", "script-src"):
        limits = policy.sources(name)
        if limits and (foreign := limits.foreign_scripts):
            return (
                f"{_of(limits)}: `{foreign[0]}` {_who(foreign[0], 'scripts')}. This page has "
                f"scripts of its own, and no others.{_lost_quotes(foreign[0])}"
            )
    return ""


def _scripts_by_eval(policy: Policy) -> str:
    limits = policy.sources("script-src")
    if limits is None:
        return (
            "Nothing says whether `eval` may make a script of a text. `script-src` does, or "
            "`default-src`."
        )
    if limits.has("'unsafe-eval'"):
        return (
            f"{_of(limits)}: with `'unsafe-eval'`, `eval` makes a script of any text. No file of "
            "this page needs that."
        )
    return ""


def _styles_of_others(policy: Policy) -> str:
    return _loads_of_others(policy, "style-src-elem", "style-src", "styles")


def _pictures_of_others(policy: Policy) -> str:
    return _loads_of_others(policy, "img-src", "img-src", "pictures")


def _loads_of_others(policy: Policy, name: str, known_as: str, what: str) -> str:
    limits = policy.sources(name)
    if limits is None:
        return (
            f"Nothing says where {what} may come from, so they come from anywhere. Neither "
            f"`{known_as}` is there nor `default-src`{_but_not(policy)}."
        )
    # What stands in the address itself comes from nobody.
    within = ("data:", "blob:", "filesystem:")
    foreign = [each for each in limits.addresses if each.lower() not in within]
    if foreign:
        return (
            f"{_of(limits)}: `{foreign[0]}` {_who(foreign[0], what)}. This page has {what} of its "
            "own, and an address of another site can carry something away."
            f"{_lost_quotes(foreign[0])}"
        )
    return ""


def _another_base(policy: Policy) -> str:
    limits = policy.sources("base-uri")
    if limits is None:
        return (
            "Nothing is said of `<base>`: somebody who can write into the page writes "
            '`<base href="https://evil.example/">`, and every relative address leads there. '
            "`base-uri` has no fallback."
        )
    if limits.has("'self'"):
        return (
            f'{_of(limits)}: a `<base href="/uploads/">` would still change where relative '
            "addresses lead, within this site. Nobody may."
        )
    if foreign := limits.addresses:
        return (
            f"{_of(limits)}: a `<base>` may lead to `{foreign[0]}`. Nobody may change it."
            f"{_lost_quotes(foreign[0])}"
        )
    return ""


def _forms_to_others(policy: Policy) -> str:
    limits = policy.sources("form-action")
    if limits is None:
        return (
            "Nothing says where forms may go, so they go anywhere, with what was typed into them. "
            "`form-action` is missing: `default-src` is for what a page loads, and a form is no "
            "load."
        )
    if foreign := limits.addresses:
        return (
            f"{_of(limits)}: a form may be sent to `{foreign[0]}`. It must go to this site only."
            f"{_lost_quotes(foreign[0])}"
        )
    return ""


def _frames_of_others(policy: Policy) -> str:
    limits = policy.sources("frame-ancestors")
    if limits is None:
        return (
            "Nothing says who may put this page into a frame, so everybody may. `frame-ancestors` "
            "is missing, and it has no fallback (`frame-src` is about frames *in* this page)."
        )
    if foreign := limits.addresses:
        return (
            f"{_of(limits)}: a page of `{show_text(foreign[0], 60)}` may have this one in a frame. No other site "
            f"may.{_lost_quotes(foreign[0])}"
        )
    return ""


def _own_files_blocked(policy: Policy) -> str:
    """What this page needs and this policy forbids, or an empty text."""
    scripts = policy.sources("script-src-elem")
    if scripts and not scripts.allow_own_scripts:
        slip = ""
        if scripts.has("'strict-dynamic'"):
            slip = " (With `'strict-dynamic'`, neither `'self'` nor an address counts.)"
        return f"{_of(scripts)} blocks the page's own scripts, too.{slip}{_odd(scripts)}"
    for name, what in (("style-src-elem", "styles"), ("img-src", "pictures")):
        limits = policy.sources(name)
        by_nonce = name != "img-src" and limits and (limits.nonces or limits.fitting_hashes)
        if limits and not limits.has("'self'") and not by_nonce:
            return f"{_of(limits)} blocks the page's own {what}, too.{_odd(limits)}"
    forms = policy.sources("form-action")
    if forms and not forms.has("'self'"):
        return (
            f"{_of(forms)}: so no form can be sent at all. This page has forms, and they go to "
            f"its own site.{_odd(forms)}"
        )
    sandbox = policy.sources("sandbox")
    for word, what in (("allow-scripts", "run its scripts"), ("allow-forms", "send its forms")):
        if sandbox and not sandbox.has(word):
            return f"{_of(sandbox)}: in a sandbox without `{word}` the page cannot {what}."
    return ""


def _who(address: str, what: str) -> str:
    """What an address in a list lets in."""
    if address == "*":
        return f"lets {what} of every site in"
    if address.lower() in ("http:", "https:"):
        return f"lets {what} of every site in whose address begins like that"
    if address.endswith(":"):
        return f"lets {what} in that stand in the address itself, and anybody can write one"
    return f"lets {what} of another address in"


def _lost_quotes(address: str) -> str:
    """A sentence, if this is a keyword that has lost its quotes, or an empty text."""
    if f"'{address.lower()}'" not in KEYWORDS:
        return ""
    return f" Without quotes, `{address}` is the name of a host: the keyword is `'{address}'`."


def _odd(limits: Sources) -> str:
    """A sentence on what a browser passes over in this list, or an empty text."""
    if too_short := set(limits.hashes) - set(limits.fitting_hashes):
        return f" No file has the hash `{show_text(min(too_short), 60)}`: it has another length."
    if not limits.odd:
        return ""
    slip = f" No browser knows `{show_text(limits.odd[0])}`."
    if limits.odd[0].startswith('"'):
        slip += " The quotes of a keyword are single ones."
    return slip


def _but_not(policy: Policy) -> str:
    return f" (no browser knows `{show_text(policy.unknown[0], 40)}`)" if policy.unknown else ""


def _slip_in_writing(text: str, policies: list[Policy]) -> str:
    """What may lie behind it, by the way the text is written."""
    for each in policies:
        if each.repeated:
            return (
                f" (`{show_text(each.repeated[0], 40)}` stands there twice. A browser takes the first, and passes "
                "over the second.)"
            )
    if "," in text:
        return " (A comma ends the policy and begins another. Between directives stands `;`.)"
    unknown = [name for each in policies for name in each.unknown]
    if unknown:
        return f" (No browser knows a directive `{show_text(unknown[0], 40)}`.)"
    return ""


def _odd_but_right(policies: list[Policy]) -> list[str]:
    """What can be said of a policy that does what it must."""
    said = []
    scripts = [each.sources("script-src-elem") for each in policies]
    if any(each and each.nonces for each in scripts):
        said.append("A nonce protects only if it is another one in each answer.")
    if any(each and each.has("'unsafe-inline'") for each in scripts):
        said.append("Browsers of today pass over that `'unsafe-inline'`: leave it out.")
    if not any("default-src" in each.directives for each in policies):
        said.append("Without `default-src`, whatever you have not named comes from anywhere.")
    if any(each.repeated for each in policies):
        said.append("A directive stands there twice, and the second has no effect.")
    if any(each.unknown for each in policies):
        said.append("No browser knows one of these directives.")
    if len(policies) > 1:
        said.append("Your commas make several policies of it; browsers hold to all of them.")
    return said


COOKIE = "__Host-access"


@exercise(
    "11.2",
    "The form is `name=value; Attribute; Attribute=value`. The order of the attributes is free.",
    "For requests and not for scripts: `HttpOnly`. By https only: `Secure`. To all paths: a `Path`. "
    "And no `Domain`, by the rule of the prefix.",
    "`Max-Age` takes the seconds as a number. Of the three values of `SameSite`, only one holds "
    "the cookie back from *every* request that another site begins, a link included.",
)
def a_cookie_with_all_it_needs(cookie_line):
    attempt = Attempt(cookie_line, "cookie_line", parameters=("token", "seconds"))
    long = signed(HEADER, {"sub": "1", "note": "Mixed Case " * 200}, secrets.token_hex(32))
    for token, seconds in (
        (_real_token(), 900),
        (_real_token(), 60),
        ("aB.cD.eF", 31_536_000),
        (long, 1),
        (_real_token().swapcase(), 0),
        (_real_token(), 4_294_967_296),
        ("-_-.__-.-_0", 900),
    ):
        got = attempt.answer(token, seconds)
        _judge_cookie(_Line(got.call, SetCookie(_line_of(got))), token, seconds)
    return "Secure, out of reach for scripts, for this very host, and for no longer than it must."


def _real_token() -> str:
    """As Flask-JWT-Extended makes one for a cookie."""
    now = int(time.time())
    claims = {
        "fresh": False, "iat": now, "jti": str(uuid.uuid4()), "type": "access", "sub": "1",
        "nbf": now, "csrf": str(uuid.uuid4()), "exp": now + 900,
    }  # fmt: skip
    return signed(HEADER, claims, secrets.token_hex(32))


def _line_of(got) -> str:
    line = got.value
    if type(line) is not str:
        slip = "Return the line itself, as text."
        if is_a(line, dict):
            slip = "Return one text: the cookie, and its attributes behind it, each after a `;`."
        raise NotYet(f"`{got.call}` returned {type_of(line)}, `{show(line)}`. {slip}")
    if line.lower().startswith("set-cookie"):
        raise NotYet(
            f"`{got.call}` returned `{show(line)}`. That is the name of the header as well: return "
            "the value alone, what stands behind `Set-Cookie:`."
        )
    if "\n" in line or "\r" in line or "\0" in line:
        raise NotYet(
            f"`{got.call}` returned `{show(line)}`. There is a line break in it: a header is one "
            "line."
        )
    return line


@dataclass
class _Line:
    """What a call returned, as a browser reads it."""

    call: str
    cookie: SetCookie

    def must_have(self, fits: object, why: str) -> None:
        if fits:
            return
        line, value = self.cookie.line, self.cookie.value
        # What matters stands behind the token.
        if len(value) > 40:
            line = line.replace(value, f"{value[:12]}…", 1)
        raise NotYet(f"`{self.call}` returned `{show(line, 160)}`. {why}")


def _judge_cookie(line: _Line, token: str, seconds: int) -> None:
    cookie, attributes = line.cookie, line.cookie.attributes
    line.must_have(
        cookie.name == COOKIE and cookie.is_pair,
        f"The cookie must be called `{COOKIE}`, letter by letter, and here it is "
        f"`{show_text(cookie.name, 40)}`: the form is `name=value`.",
    )
    quoted = " The quotes are part of the value." if cookie.value.startswith('"') else ""
    line.must_have(
        cookie.value == token,
        f"Its value is `{show_text(cookie.value, 60)}`, and the token is another one: the value "
        f"is the token, whole, as it is, up to the first `;`.{quoted}",
    )
    with_commas = next((each for each in attributes.values() if "," in each), None)
    if with_commas and "expires" not in attributes:
        line.must_have(False, "A comma parts nothing here: between attributes stands `;`.")
    line.must_have(
        "httponly" in attributes,
        "A script of the page can read it: the attribute that keeps scripts away is missing.",
    )
    line.must_have(
        "secure" in attributes,
        "It would travel without https, too, and the browser refuses a `__Host-` cookie that is "
        "not `Secure`.",
    )
    line.must_have(
        "domain" not in attributes,
        f"It names a `Domain`, `{show_text(attributes.get('domain'))}`. A browser refuses a "
        "`__Host-` cookie with one: without it, the cookie goes to this very host and to no other.",
    )
    path = attributes.get("path")
    line.must_have(
        path == "/",
        "It has no `Path`, and the browser refuses a `__Host-` cookie without `Path=/`."
        if path is None
        else f"Its path is `{show_text(path)}`. It belongs to all paths, and the prefix asks for "
        "exactly `/`.",
    )
    _judge_site(line, attributes.get("samesite"))
    _judge_age(line, attributes, seconds)


def _judge_site(line: _Line, same_site: str | None) -> None:
    slips = {
        None: "It does not say `SameSite`: then each browser has a default of its own.",
        "lax": "`SameSite=Lax` still sends it when another site begins: with a link to this one.",
        "none": "`SameSite=None` sends it with every request, whoever begins.",
    }
    known = None if same_site is None else same_site.lower()
    line.must_have(
        known == "strict",
        slips.get(known, f"No browser knows `SameSite={show_text(same_site)}`."),
    )


def _judge_age(line: _Line, attributes: dict[str, str], seconds: int) -> None:
    age = attributes.get("max-age")
    if age is None and "expires" in attributes:
        line.must_have(
            False,
            "`Expires` is a moment by the clock of the browser's computer, which may be wrong by "
            "hours. Say how long it lasts: `Max-Age`.",
        )
    line.must_have(
        age is not None,
        "It does not say how long it lasts, so it lasts until the browser is closed: `Max-Age` is "
        "missing.",
    )
    number = age[1:] if age[:1] == "-" else age
    line.must_have(
        number.isascii() and number.isdigit(),
        f"`Max-Age={show_text(age)}` is no whole number in digits, and a browser passes over it.",
    )
    line.must_have(
        int(age) == seconds, f"It lasts {age} seconds, and not the {seconds} that are asked for."
    )


OWN = "http://localhost:5000"
SECOND = "https://shop.example.com"


@exercise(
    "11.3",
    "First the method: for three of them the answer is `False`, whatever the headers say.",
    'Then `headers.get("Sec-Fetch-Site")`. If it is not `None`, it alone decides: two values are '
    "harmless, and every other one is not.",
    "Only if it is missing, look at `Origin`, and compare the whole of it. Without either header "
    "the answer is `False`.",
)
def who_sent_this_form(is_forged):
    attempt = Attempt(is_forged, "is_forged", slips={
        KeyError: "A request may come without this header: use `headers.get(…)`.",
        AttributeError: "A request may come without this header, and `None` has no text methods.",
        TypeError: "A request may come without this header, and `None` is no text.",
    }, parameters=("method", "headers", "own_origin"), keeps_arguments=True)  # fmt: skip
    for expected, method, headers, own, because in _requests():
        attempt.must_return(expected, method, headers, own, because=because)
    return "One header that no page can change, an older one in its place, and no guess."


def _requests() -> list[tuple]:
    """Requests, and whether each is forged."""
    evil = "https://evil.example"
    decides = "`Sec-Fetch-Site` is there, so `Origin` has no say."
    whole = "Compare the whole origin."
    cases = [
        (True, "POST", {"Sec-Fetch-Site": "cross-site"}, OWN, "A page of another site has sent it."),
        (True, "POST", {"Sec-Fetch-Site": "same-site"}, OWN, "`same-site` is another port, or a sister domain: another origin."),
        (False, "POST", {"Sec-Fetch-Site": "same-origin"}, OWN, "A page of this origin has sent it."),
        (False, "POST", {"Sec-Fetch-Site": "none"}, OWN, "No page has sent it, but somebody at the address bar."),
        (False, "POST", {}, OWN, "Neither header is there: this is no browser of today."),
        (False, "POST", {"Origin": OWN}, OWN, "It is this very origin."),
        (True, "POST", {"Origin": evil}, OWN, "It is another origin."),
        (True, "POST", {"Origin": "null"}, OWN, "`null` is the origin of a page that hides its own: a sandboxed frame, for example."),
    ]  # fmt: skip
    for method in ("GET", "HEAD", "OPTIONS"):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": evil}, {}):
            cases.append((False, method, headers, OWN, f"`{method}` changes nothing."))
    # Methods are case-sensitive (RFC 9110 §9.1), and there are more than four that write.
    for method in ("PUT", "PATCH", "DELETE", "MKCOL", "QUERY", "post"):
        because = "Only `GET`, `HEAD` and `OPTIONS` are let through, whatever the headers say."
        cases += [
            (True, method, {"Sec-Fetch-Site": "cross-site"}, OWN, because),
            (True, method, {"Origin": evil}, OWN, because),
            (False, method, {"Origin": OWN}, OWN, "It is this very origin."),
        ]
    cases += [
        (False, "POST", {"Sec-Fetch-Site": "same-origin", "Origin": evil}, OWN, decides),
        (False, "POST", {"Sec-Fetch-Site": "none", "Origin": "null"}, OWN, decides),
        (True, "POST", {"Sec-Fetch-Site": "cross-site", "Origin": OWN}, OWN, decides),
        (True, "POST", {"Origin": OWN, "Sec-Fetch-Site": "same-site"}, OWN, decides),
        (True, "POST", {"Sec-Fetch-Site": ""}, OWN, "The header is there, and empty: neither `same-origin` nor `none`."),
        (True, "POST", {"Sec-Fetch-Site": "", "Origin": OWN}, OWN, "The header is there, and empty: neither `same-origin` nor `none`."),
        (True, "POST", {"Sec-Fetch-Site": "same"}, OWN, "Compare the whole value: this is neither of the two."),
        (True, "POST", {"Sec-Fetch-Site": "not-same-origin"}, OWN, "Compare the whole value: this is neither of the two."),
        (True, "POST", {"Sec-Fetch-Site": "same-origin, cross-site"}, OWN, "Compare the whole value: this is neither of the two."),
        (True, "POST", {"Sec-Fetch-Site": "martian"}, OWN, "A value that you do not know is neither of the two."),
        (True, "POST", {"Origin": ""}, OWN, "The header is there, and it is not this origin."),
        (True, "POST", {"Origin": f"{OWN}.evil.example"}, OWN, f"It only begins like this origin. {whole}"),
        (True, "POST", {"Origin": f"{OWN}0"}, OWN, f"It only begins like this origin: another port. {whole}"),
        (True, "POST", {"Origin": "http://localhost"}, OWN, f"It is only the beginning of it: another port. {whole}"),
        (True, "POST", {"Origin": f"https://evil.example/?{OWN}"}, OWN, f"It only ends like this origin. {whole}"),
        (True, "POST", {"Origin": "https://localhost:5000"}, OWN, f"https is another scheme. {whole}"),
        (True, "POST", {"Origin": "http://localhost:5001"}, OWN, f"It is another port. {whole}"),
        (True, "POST", {"Origin": "http://127.0.0.1:5000"}, OWN, "A browser takes this name for another site."),
        (True, "POST", {"Origin": "http"}, OWN, f"It is a piece of this origin. {whole}"),
        (False, "POST", {"Origin": SECOND}, SECOND, "Compare with the `own_origin` that you are given."),
        (True, "POST", {"Origin": OWN}, SECOND, "Compare with the `own_origin` that you are given."),
        (True, "POST", {"Origin": "https://evil-shop.example.com"}, SECOND, f"It only ends alike. {whole}"),
        (True, "POST", {"Origin": "https://shop-example.com"}, SECOND, "A dot is a dot, and no pattern."),
        (True, "POST", {"Origin": "https://blog.shop.example.com"}, SECOND, "It is a sister domain, and another origin."),
        (False, "POST", {"Referer": f"{evil}/cats", "Host": "localhost:5000", "Cookie": "a=b"}, OWN, "Only two headers count, and neither is there."),
        (True, "POST", {"Origin": evil, "Host": "evil.example", "Referer": f"{OWN}/"}, OWN, "Only two headers count. `Referer` and `Host` are others."),
        (False, "POST", {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, OWN, "Only two headers count, and neither is there."),
        (True, "POST", {"Sec-Fetch-Site": "cross-site"}, OWN, "The first request, asked once more."),
    ]  # fmt: skip
    return cases


@dataclass
class _Blocklist:
    """What `block` was called with: the app refuses these tokens. It can be out of order."""

    calls: list[object] = field(default_factory=list)
    out_of_order: bool = False

    def block(self, jti: object) -> None:
        if self.out_of_order:
            raise ConnectionError("the database does not answer")
        self.calls.append(jti)

    def has(self, jti: str) -> bool:
        return any(same(each, jti) for each in self.calls)


# An app may call its cookies, and the header beside them, what it likes.
OTHER_NAMES = {
    "JWT_COOKIE_SECURE": True,
    "JWT_COOKIE_SAMESITE": "Strict",
    "JWT_ACCESS_COOKIE_NAME": "__Host-access",
    "JWT_REFRESH_COOKIE_NAME": "__Secure-refresh",
    "JWT_REFRESH_COOKIE_PATH": "/refresh",
    "JWT_ACCESS_CSRF_COOKIE_NAME": "xsrf",
    "JWT_ACCESS_CSRF_HEADER_NAME": "X-XSRF-TOKEN",
}


@exercise(
    "11.4",
    'Inside `add_logout`, write a view: `@app.post("/logout")` on top, `@jwt_required()` below it, '
    "with nothing in the brackets. That is the 401, and the protection against forms.",
    '`get_jwt()["jti"]` is what `block` wants.',
    'Make the answer first, `response = make_response("", 204)`; `unset_jwt_cookies(response)` '
    "changes that very answer, and then it must be returned.",
)
def a_logout_for_the_browser(add_logout):
    attempt = Attempt(add_logout, "add_logout")
    for what, settings in (("", {}), ("In an app with other names for its cookies, ", OTHER_NAMES)):
        blocked = _Blocklist()
        app = _app_with_cookies(blocked, settings)
        names = _Names(app)
        attempt.prepare(app, blocked.block)
        if blocked.calls:
            raise NotYet(
                "`block` was called before anybody has logged out. Call it inside the view."
            )
        with trial_server(app) as server:
            trial = _LogoutTrial(server, blocked, names, what)
            trial.judge_way_in()
            trial.judge_other_sites()
            trial.judge_strangers()
            trial.judge_logout()
            trial.judge_block_that_fails()
    return "The browser forgets, the server remembers, and no other site can do it for her."


def _app_with_cookies(blocked: _Blocklist, settings: dict) -> Flask:
    app = Flask("trial")
    app.config |= {"JWT_SECRET_KEY": secrets.token_hex(32), "JWT_TOKEN_LOCATION": ["cookies"]}
    app.config |= settings
    manager = JWTManager(app)

    @manager.token_in_blocklist_loader
    def is_blocked(header, claims):
        return blocked.has(claims["jti"])

    @app.get("/enter")
    def enter():
        response = jsonify(entered=True)
        set_access_cookies(response, create_access_token("1"))
        # The bank of the lesson has no refresh token.
        if settings:
            set_refresh_cookies(response, create_refresh_token("1"))
        # Cookies belong to a host: this one is of another program.
        response.set_cookie("theme", "dark")
        return response

    @app.post("/transfer")
    @jwt_required()
    def transfer():
        return {"transferred by": get_jwt_identity()}

    return app


class _Names:
    """What an app calls its things, before a learner's function has been at it."""

    def __init__(self, app: Flask):
        self.key = app.config["JWT_SECRET_KEY"]
        self.access = app.config["JWT_ACCESS_COOKIE_NAME"]
        self.csrf_cookie = app.config["JWT_ACCESS_CSRF_COOKIE_NAME"]
        self.csrf_header = app.config["JWT_ACCESS_CSRF_HEADER_NAME"]
        self.refresh = app.config["JWT_REFRESH_COOKIE_NAME"]


GUARD = (
    "Put `@jwt_required()` between `@app.post(…)` and the function, with nothing in the brackets."
)


@dataclass
class _LogoutTrial:
    """A server with the learner's view, and browsers that are logged in there."""

    server: TrialServer
    blocked: _Blocklist
    names: _Names
    case: str

    def said(self, text: str) -> str:
        """A message, with the app that it is about."""
        return f"{self.case}{text}" if self.case else text[:1].upper() + text[1:]

    def log_in(self) -> Jar:
        jar = Jar()
        jar.take(_lines(self.server.call("GET", "/enter")))
        if not jar.value(self.names.csrf_cookie):
            raise NotYet(
                "After your function has run, a login sets no CSRF token any more, and a form of "
                "another site can log Ada out. Leave the CSRF protection on: only add a view, and "
                "change no setting."
            )
        if jar.value(self.names.access).count(".") != 2:
            raise NotYet(
                f"After your function has run, a login sets no cookie `{self.names.access}` any "
                "more. Only add a view, and change no setting."
            )
        return jar

    def send(self, path: str, jar: Jar, csrf: object = ..., slip: str = "", method: str = "POST"):
        """The answer to a request with these cookies, and with the CSRF token, unless it is None."""
        value = jar.value(self.names.csrf_cookie) if csrf is ... else csrf
        headers = jar.header(path) | ({self.names.csrf_header: value} if value else {})
        return self.server.call(method, path, slip=slip, headers=headers)

    def judge_way_in(self) -> None:
        self.log_in()
        uninvited = f"No token was sent, and the view was called. {GUARD}"
        answer = self.server.call("POST", "/logout", slip=uninvited)
        if answer.status_code == 404:
            raise NotYet(
                "The app has no `POST /logout`. Write a view inside the function, with "
                '`@app.post("/logout")`, for the `app` that it is given.'
            )
        if answer.status_code == 405:
            raise NotYet("`/logout` does not answer to POST. Use `@app.post(…)`.")
        if self.blocked.calls:
            raise NotYet(f"Without a token, `block` was called. {GUARD}")
        if answer.status_code != 401:
            raise NotYet(
                self.said(
                    f"without a token, `POST /logout` answered {answer.status_code}. Expected: 401. "
                    f"{GUARD}"
                )
            )

    def judge_other_sites(self) -> None:
        """What a page of another site can make a browser send: the cookies, and no header."""
        ada, bob = self.log_in(), self.log_in()
        answer = self.send("/logout", ada, csrf=None, method="GET")
        if self.blocked.calls or answer.status_code < 400:
            raise NotYet(
                f"`GET /logout`, sent with Ada's cookies, answered {answer.status_code}"
                f"{self._and_logged_out()}. A GET needs no CSRF token, so a picture on any page, "
                '`<img src="…/logout">`, does it. Answer to POST alone.'
            )
        for what, csrf in (
            ("no CSRF token", None),
            ("a CSRF token that somebody made up", str(uuid.uuid4())),
            ("the CSRF token of another login", bob.value(self.names.csrf_cookie)),
        ):
            answer = self.send("/logout", ada, csrf=csrf)
            if self.blocked.calls or not refused(answer):
                raise NotYet(
                    self.said(
                        f"`POST /logout` with Ada's cookies and {what} answered "
                        f"{answer.status_code}{self._and_logged_out()}. That is what a form of "
                        "another site sends. Leave the CSRF protection on, and let "
                        "`@jwt_required()` look at it before anything else happens."
                    )
                )
        answer = self.send("/transfer", ada, csrf=None)
        if not refused(answer):
            raise NotYet(
                f"`POST /transfer`, another view of the app, answers {answer.status_code} without a "
                "CSRF token now. Only add a view, and change no setting."
            )
        if self.send("/transfer", ada).status_code != 200:
            raise NotYet(
                "`POST /transfer`, another view of the app, refuses a good token now. Only add a "
                "view, and change no setting."
            )

    def _and_logged_out(self) -> str:
        return ", and logged her out" if self.blocked.calls else ""

    def judge_strangers(self) -> None:
        """Nobody is logged out by a token that does not count."""
        ada = self.log_in()
        header, payload, signature = ada.value(self.names.access).split(".")
        claims = read_object(decode_part(payload).decode())
        expired = claims | {"exp": int(time.time()) - 60}
        for what, token in (
            ("A forged token", f"{header}.{payload}.{signature[::-1]}"),
            ("An unsigned token", f"{encode_part({'alg': 'none'})}.{payload}."),
            ("A token signed with another key", signed(HEADER, claims, secrets.token_hex(32))),
            ("A token that has expired", signed(HEADER, expired, self.names.key)),
            ("A text that is no token", "abc"),
        ):
            jar = Jar(dict(ada.kept))
            jar.kept[self.names.access, "", "/"] = token
            answer = self.send("/logout", jar, slip=f"{what} was let in. {GUARD}")
            if self.blocked.calls:
                raise NotYet(
                    f"{what} logged somebody out: `block` was called, and the answer was "
                    f"{answer.status_code}. Let `@jwt_required()` verify it, before anything else "
                    "happens."
                )
            if not refused(answer):
                raise NotYet(
                    f"{what} got {answer.status_code}. Expected: 401 or 422. Let `@jwt_required()` "
                    "verify it."
                )

    def judge_logout(self) -> None:
        ada, phone = self.log_in(), self.log_in()
        # The browser forgets; somebody has a copy.
        copy = Jar(dict(ada.kept))
        answer = self.send("/logout", ada)
        if answer.status_code in (401, 403, 422):
            raise NotYet(
                self.said(
                    f"with the cookies and the CSRF token in `{self.names.csrf_header}`, "
                    f"`POST /logout` answered {answer.status_code}: `{show(answer.text.strip())}`. "
                    "Ada is logged in: let her out, with any good access token."
                )
            )
        self._judge_calls(copy)
        if answer.status_code != 204:
            raise NotYet(
                f"`POST /logout` answered {answer.status_code} `{show(answer.text.strip())}`. "
                "Expected: 204, which says that there is nothing to read."
            )
        ada.take(_lines(answer))
        self._judge_cookies(ada, copy, _lines(answer))
        answer = self.send("/transfer", copy)
        if answer.ok:
            raise NotYet(
                "`block` was called, and somebody with a copy of the cookie is served as before: "
                f"`POST /transfer` answered {answer.status_code}. The app asks its blocklist at "
                "each call: leave that as it is."
            )
        answer = self.send("/transfer", phone)
        if not answer.ok:
            raise NotYet(
                "Ada logged out on her computer, and on her phone, which has a token of its own, "
                f"`POST /transfer` answers {answer.status_code} now. Block one token, and no other."
            )

    def _judge_calls(self, copy: Jar) -> None:
        jti = _jti_of(copy.value(self.names.access))
        calls = list(self.blocked.calls)
        if len(calls) == 1 and same(calls[0], jti):
            return
        said = ", ".join(f"block({show(each)})" for each in calls) or "no call of block"
        slip = ""
        if not calls:
            slip = " The browser forgets, and whoever has a copy keeps it."
        elif self.names.refresh in copy.names() and same(
            calls[0], _jti_of(copy.value(self.names.refresh))
        ):
            slip = " That is the refresh token; the access token lives on."
        elif is_a(calls[0], dict):
            slip = " Those are all the claims. `block` takes one of them."
        elif is_a(calls[0], str) and calls[0].count(".") == 2:
            slip = " That is the token itself. `block` takes its `jti`."
        raise NotYet(
            self.said(
                f"with a good token, `POST /logout` made `{said}`. Expected: `block({show(jti)})`, "
                f"once, the `jti` of the access token.{slip}"
            )
        )

    def _judge_cookies(self, ada: Jar, copy: Jar, lines: list[str]) -> None:
        if lost := {"theme"} - ada.names():
            raise NotYet(
                f"After logging out, the browser has lost the cookie `{lost.pop()}`, which is no "
                "token, and may be of another program on this host. Take back the cookies of the "
                "tokens, and no others."
            )
        left = sorted(ada.names() - {"theme"})
        if not left:
            return
        slip = "The answer takes none of them back: is it the very answer that you return?"
        emptied = [name for name in left if not ada.value(name)]
        if emptied:
            slip = f"`{emptied[0]}` is empty, and still there: a cookie is taken back by its age."
        elif lines:
            slip = (
                "A cookie is taken back under its own name and path, and what begins with "
                "`__Host-` or `__Secure-` only by a line that is `Secure`, too. The extension "
                "knows what the app calls them."
            )
        raise NotYet(
            self.said(
                f"after logging out, the browser still has {' and '.join(f'`{n}`' for n in left)}. "
                f"{slip}"
            )
        )

    def judge_block_that_fails(self) -> None:
        self.blocked.out_of_order = True
        ada = self.log_in()
        headers = ada.header("/logout")
        headers[self.names.csrf_header] = ada.value(self.names.csrf_cookie)
        answer = ask("POST", self.server.url + "/logout", headers=headers)
        if answer.ok:
            raise NotYet(
                "`block` failed, nobody was logged out, and the answer was "
                f"{answer.status_code}. Let the error through, and call `block` before you answer."
            )


def _lines(answer: requests.Response) -> list[str]:
    """The lines of Set-Cookie, each for itself."""
    return answer.raw.headers.getlist("Set-Cookie")


def _jti_of(token: str) -> str:
    return read_object(decode_part(token.split(".")[1]).decode())["jti"]

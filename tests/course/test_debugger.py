"""The debugger: no text breaks it, no text is lost, and what it says of a signature is what the libraries say."""

import json
import re
import subprocess
import sys

import jwt
import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jose import jwk, jws
from jupyter_client.manager import start_new_kernel

from course import debugger, show_token
from course.build import build
from course.paths import ROOT, Course
from course.token_parts import ARTICLE_TOKEN, encode_part, unsigned

KEY = "a practice key with more than 32 bytes"
VERIFIED, BROKEN = "✓ Verified", "✗ Not verified"

any_text = st.text(st.characters(), max_size=60)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
objects = st.dictionaries(st.text(max_size=8), json_values, max_size=4)
keys = st.text(min_size=1, max_size=80)


def words(html_widget) -> str:
    return re.sub(r"<[^>]+>", "", html_widget.value)


def signed(header: dict, payload: dict, key: str = KEY):
    form = debugger(ARTICLE_TOKEN, key)
    form.header.value = json.dumps(header)
    form.payload.value = json.dumps(payload)
    form.sign_again.click()
    return form


def test_it_starts_with_the_token_of_the_lessons_and_no_key():
    form = debugger()
    assert form.token.value == ARTICLE_TOKEN and form.key.value == ""
    assert words(form.verdict).startswith("○ Not checked.")
    assert json.loads(form.payload.value) == {"sub": "your-username", "exp": 1666720490}
    drawn = show_token(ARTICLE_TOKEN).html.replace(", not checked here: that takes a key", "")
    assert form.drawing.value == drawn


def test_key_turns_the_verdict_tampering_breaks_it_and_signing_mends_it():
    token = jws.sign({"sub": "ada"}, KEY, algorithm="HS512")
    form = debugger(token)
    form.key.value = "another key"
    assert words(form.verdict).startswith(BROKEN)
    form.key.value = KEY
    assert words(form.verdict).startswith("✓ Verified with HS512.")
    assert "38 of at least 64 bytes" in words(form.verdict)
    original = form.payload.value
    form.payload.value = original.replace("ada", "admin")
    assert form.token.value != token and words(form.verdict).startswith(BROKEN)
    assert '"admin"' in show_token(form.token.value).text
    form.payload.value = original
    assert form.token.value == token and words(form.verdict).startswith(VERIFIED)
    form.payload.value = original.replace("ada", "admin")
    form.sign_again.click()
    assert words(form.verdict).startswith(VERIFIED) and "Signed again with HS512" in words(
        form.note
    )
    form.start_again.click()
    assert form.token.value == token and words(form.note) == "" and form.key.value == ""
    assert words(form.verdict).startswith("○ Not checked.")


def test_start_again_is_the_beginning_with_the_key_of_the_cell_and_no_other():
    form = debugger(ARTICLE_TOKEN, "the key in the cell")
    form.key.value = form.token.value = "typed"
    form.start_again.click()
    assert (form.token.value, form.key.value) == (ARTICLE_TOKEN, "the key in the cell")


@pytest.mark.parametrize("field", ["header", "payload"])
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"sub": ', "not JSON, see line 1"),
        ("[1]", "not an object"),
        ('{"n": NaN}', "not JSON: NaN"),
        ('{"n": 1e999}', "not JSON"),
        ('{"a": 1, "a": 2}', '"a" stands twice'),
        (r'{"a": "\ud800"}', "half a character"),
        ("[" * 100_000, "nested too deeply"),
        ("", "not JSON"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_read_is_said_and_nothing_is_lost(field, text, reason):
    form = debugger(key=KEY)
    getattr(form, field).value = text
    assert reason in words(form.note).replace("&quot;", '"')
    assert form.token.value == ARTICLE_TOKEN and getattr(form, field).value == text
    form.sign_again.click()
    assert "Not signed" in words(form.note)
    assert form.token.value == ARTICLE_TOKEN and getattr(form, field).value == text


@pytest.mark.parametrize(
    ("header", "verdict"),
    [
        ({"alg": "none"}, "✗ Unsigned."),
        ({"alg": "NoNe"}, "✗ Unsigned."),
        ({"alg": "RS256"}, "? Cannot be checked: alg is &quot;RS256&quot;."),
        ({"alg": ["HS256"]}, "? Cannot be checked: alg is"),
        ({}, "? Cannot be checked: alg is missing."),
        ({"alg": "HS256", "crit": ["exp"]}, "? Cannot be checked: crit"),
    ],
    ids=str,
)
def test_what_a_shared_key_cannot_judge_is_not_called_wrong(header, verdict):
    form = debugger(f"{encode_part(header)}.{encode_part({'sub': 'ada'})}.AAAA", KEY)
    assert words(form.verdict).startswith(verdict)
    form.sign_again.click()
    if "crit" in header:
        assert "Not signed: crit" in words(form.note)
    else:
        assert words(form.verdict).startswith("✓ Verified with HS256.")
        assert "The header now says HS256" in words(form.note)


@pytest.mark.parametrize(
    "token", ["", "abc", "a.b", "a.b.c", "a.b.c.d.e", "é.é.é", "x" * 1_000_000]
)
def test_what_is_no_token_cannot_be_checked(token):
    assert words(debugger(token, KEY).verdict).startswith("? Cannot be checked")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("", "there is no key"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "key or certificate of a pair"),
    ],
    ids=["none", "pem"],
)  # fmt: skip
def test_signing_without_a_shared_key_is_refused(key, reason):
    form = debugger(key=key)
    form.sign_again.click()
    assert reason in words(form.note) and form.token.value == ARTICLE_TOKEN


HALF = "\ud800"
IN_A_KERNEL = """
from course import debugger

form = debugger("\\ud800.\\udfff.a", "\\ud800")
form.header.value = form.payload.value = '{"a": "\\ud800"}'
form.sign_again.click()
form
"""


def test_half_a_character_is_spelled_out_in_every_field():
    form = debugger(f"{HALF}.{HALF}.{HALF}", HALF)
    for field in (form.token, form.key, form.header, form.payload):
        field.value = HALF
        assert field.value == r"\ud800"
    form.sign_again.click()
    form.start_again.click()
    assert form.token.value == r"\ud800.\ud800.\ud800"


def test_half_a_character_breaks_no_message_between_kernel_and_browser():
    """No message can carry one: the kernel's own sending would raise, in a cell or, worse, behind it."""
    manager, client = start_new_kernel(kernel_name="python3")
    messages: list[dict] = []

    def run(source: str) -> str:
        """What the cell came to."""
        reply = client.execute_interactive(source, timeout=60, output_hook=messages.append)
        assert reply["content"]["status"] == "ok", reply["content"]
        (said,) = [m for m in messages if m["msg_type"] == "execute_result"][-1:]
        return said["content"]["data"]["text/plain"]

    try:
        run(IN_A_KERNEL)
        for label, field in (("Token", "token"), ("Key", "key"), ("Payload (JSON)", "payload")):
            (model,) = [
                m["content"]["comm_id"]
                for m in messages
                if m["msg_type"] == "comm_open"
                and m["content"]["data"]["state"].get("description") == label
            ]
            update = {"method": "update", "state": {"value": HALF}, "buffer_paths": []}
            message = client.session.msg("comm_msg", {"comm_id": model, "data": update})
            # A browser spells it out in JSON, where the packer of this client would give up.
            client.session.pack = lambda it: json.dumps(it, default=str).encode()
            client.shell_channel.send(message)
            assert run(f"form.{field}.value") == repr(r"\ud800")
        assert [m for m in messages if m["msg_type"] in ("error", "stream")] == []
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_short_key_signs_with_a_warning():
    form = signed({"alg": "HS256"}, {}, key="secret")
    assert "⚠ But the key is short: 6 of at least 32 bytes" in words(form.verdict)


def test_a_random_key_that_is_short_is_not_said_to_be_guessed():
    key = "mZ4#kq!9vT0@xW7^bR2&nL5*cJ8(dH1)fG3-sA"
    form = signed({"alg": "HS512"}, {}, key=key)
    assert words(form.verdict).endswith(
        "⚠ But the key is short: 38 of at least 64 bytes (RFC 7518 §3.2)."
    )


def test_copied_wrapping_is_read_through():
    token = jwt.encode({"sub": "ada"}, KEY)
    for text in (
        f'Bearer "{token}"\n',
        f"Authorization: Bearer {token}",
        f"access_token_cookie={token}; Path=/; HttpOnly",
        json.dumps({"access_token": token, "token_type": "bearer"}),
        repr(token.encode()),
        f"\ufeff{token[:40]}\n{token[40:]}",
    ):
        form = debugger(text, KEY)
        assert words(form.verdict).startswith(VERIFIED), text
        assert json.loads(form.payload.value) == {"sub": "ada"}
        form.payload.value = '{"sub": "eve"}'
        assert words(form.verdict).startswith(BROKEN)
        form.sign_again.click()
        assert jwt.decode(form.token.value, KEY, ["HS256"]) == {"sub": "eve"}


def test_an_encrypted_token_shows_its_header_and_is_not_signed():
    header = {"alg": "dir", "enc": "A256GCM"}
    token = ".".join(encode_part(part) for part in (header, b"", b"i" * 12, b"c" * 63, b"t" * 16))
    form = debugger(token, KEY)
    assert words(form.verdict).startswith(
        "? Cannot be checked: this token is encrypted (JWE, RFC 7516)."
    )
    assert json.loads(form.header.value) == header and form.payload.value == ""
    form.sign_again.click()
    assert "✗ Not signed. This token is encrypted" in words(form.note) and form.token.value == token
    form.payload.value = '{"sub": "eve"}'
    assert "✗ Payload not used. This token is encrypted" in words(form.note)
    assert form.token.value == token


def test_nan_in_a_payload_is_shown_and_not_signed():
    form = debugger(unsigned(b'{"exp": NaN}'), KEY)
    assert "The payload says NaN." in form.drawing.value and "NaN" in form.payload.value
    form.sign_again.click()
    assert "not JSON: NaN is Python" in words(form.note)


def test_claims_are_attackers_input():
    script = "</textarea><script>alert(1)</script><img src=x onerror=alert(1)>"
    form = debugger(unsigned({script: script, "sub": "ad\u202ea"}), script)
    form.header.value = '{"' + script + '": 1, "' + script + '": 1}'
    form.sign_again.click()
    said = form.verdict.value + form.note.value + form.drawing.value
    assert "<script" not in said and "<img" not in said
    assert "\u202e" not in form.payload.value and "\\u202e" in form.payload.value
    assert json.loads(form.payload.value)["sub"] == "ad\u202ea"


@given(st.lists(st.tuples(st.sampled_from(["token", "key", "header", "payload", "sign", "start"]), any_text | objects.map(json.dumps)), max_size=6))  # fmt: skip
@settings(max_examples=150, deadline=None, derandomize=True)
def test_nothing_typed_raises_or_is_lost(steps):
    form = debugger()
    for field, text in steps:
        if field in ("sign", "start"):
            (form.sign_again if field == "sign" else form.start_again).click()
        else:
            getattr(form, field).value = text
            spelled_out = text.encode("utf-8", "backslashreplace").decode("utf-8")
            assert getattr(form, field).value == spelled_out
        assert words(form.verdict)[0] in "✓✗?○"


# Without what the debugger refuses to sign, and says why.
headers = objects.map(lambda header: {k: v for k, v in header.items() if k not in ("crit", "kid")})


@given(st.sampled_from(["HS256", "HS384", "HS512", "none", "RS256"]), headers, objects, keys)
@settings(max_examples=100, deadline=None, derandomize=True)
@pytest.mark.filterwarnings("ignore:The HMAC key is")  # short keys are typed on purpose
def test_what_is_signed_verifies_with_python_jose_and_pyjwt(algorithm, header, payload, key):
    form = signed({**header, "alg": algorithm}, payload, key)
    assert words(form.verdict).startswith(VERIFIED)
    algorithm = algorithm if algorithm in ("HS256", "HS384", "HS512") else "HS256"
    # Wrapped, because python-jose reads a bare key as JSON first: "null" or "[]" would not be a key to it.
    wrapped = jwk.construct(key, algorithm)
    assert json.loads(jws.verify(form.token.value, wrapped, [algorithm])) == payload
    assert json.loads(jwt.PyJWS().decode(form.token.value, key, [algorithm])) == payload


@given(objects, objects)
@settings(max_examples=100, deadline=None, derandomize=True)
def test_tampering_with_any_payload_breaks_the_signature(before, after):
    form = signed({"alg": "HS256"}, before)
    token = form.token.value
    form.payload.value = json.dumps(after)
    same = encode_part(before) == encode_part(after)
    assert (form.token.value == token) == same
    assert words(form.verdict).startswith(VERIFIED if same else BROKEN)


def test_outside_a_notebook_it_is_a_picture_in_text():
    text = repr(debugger())
    assert "○ Not checked." in text and "2022-10-25 17:54:50 UTC, expired" in text
    assert "Run the cell in JupyterLab" in text


def test_the_course_is_imported_without_widgets():
    code = "import sys, course; print(sorted({'ipywidgets', 'jose', 'cryptography'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


LESSON = f"""\
---
course: {{reading: 1, exercises: 1, discussion: 2, gives: a picture}}
kernelspec: {{display_name: Python 3 (ipykernel), language: python, name: python3}}
---

# A tiny lesson

- **Minutes**: {{{{ minutes }}}}

```{{code-cell}}
from course import debugger

debugger("{ARTICLE_TOKEN}", key="{KEY}")
```
"""


def test_lesson_stores_a_still_picture_builds_alike_twice_and_passes_nbval(tmp_path):
    course = Course(tmp_path)
    course.lessons.mkdir()
    course.snippets.mkdir()
    (course.lessons / "09_tiny.md").write_text(LESSON, encoding="utf-8")
    written = []
    for _ in range(2):
        build(course, say=lambda line: None, execute_all=True)
        written.append([path.read_bytes() for path in sorted(tmp_path.rglob("*.ipynb"))])
    assert len(written[0]) == 2 and written[0] == written[1]
    notebook = nbformat.read(course.notebooks / "09_tiny.ipynb", 4)
    assert "widget" not in str(notebook)
    (output,) = notebook.cells[-1].outputs
    assert set(output.data) == {"text/plain", "text/html"} and "✗ Not verified" in str(output)

    command = [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
               str(course.notebooks)]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and "1 passed" in done.stdout, done.stdout + done.stderr

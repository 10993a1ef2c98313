"""``show_exchange``: one HTTP request and its answer, as they went over the wire."""

import html
import re
from http.client import responses as reason_phrases

from course.shown import Shown, box, printable, shorten, style

# Header lines that a lesson may talk about. The others (Host, Date, Server, User-Agent …) say nothing
# about tokens and change from run to run; they are counted, and full=True shows them.
TELLING_HEADERS = {
    "authorization", "cache-control", "content-type", "cookie", "location", "origin", "retry-after",
    "set-cookie", "www-authenticate", "x-csrf-token",
}  # fmt: skip
JWT_IN_TEXT = re.compile(r"\b(eyJ[\w-]+)\.(eyJ[\w-]*)\.([\w-]*)")
LARGEST_BODY = 2_000  # characters


def show_exchange(response, full: bool = False) -> Shown:
    """Draw what a ``requests.Response`` stands for: the request that was sent and the answer that came.

    A token's payload and signature are replaced by their lengths, because they differ at every run;
    ``full=True`` shows them, and every header line.

    Raises:
        TypeError: if ``response`` is not a ``requests.Response``.
    """
    if not hasattr(response, "request") or not hasattr(response, "status_code"):
        raise TypeError(
            f"show_exchange takes the response that requests.get() or requests.post() returned, "
            f"not {type(response).__name__}."
        )
    exchanges = [*response.history, response]
    texts, htmls = zip(*(_draw(each, full) for each in exchanges))
    return Shown("\n\n".join(texts), "".join(htmls))


def _draw(response, full: bool) -> tuple[str, str]:
    request = response.request
    asked = [f"{request.method} {request.path_url} HTTP/1.1"]
    asked += _head_and_body(request.headers, _body_text(request.body), full)
    reason = response.reason or reason_phrases.get(response.status_code, "")
    answered = [f"HTTP/1.1 {response.status_code} {reason}".rstrip()]
    answered += _head_and_body(response.headers, response.text, full)

    text = "\n".join(["REQUEST", *(f"> {line}".rstrip() for line in asked),
                      "ANSWER", *(f"< {line}".rstrip() for line in answered)])  # fmt: skip
    panels = "".join(
        f'<div style="flex:1 1 24em;min-width:0"><b>{title}</b>{box("wire", _as_pre(lines))}</div>'
        for title, lines in (("Request", asked), ("Answer", answered))
    )
    return text, f'<div style="display:flex;flex-wrap:wrap;gap:0.8em;max-width:72em">{panels}</div>'


def _body_text(body: bytes | str | None) -> str:
    if body is None:
        return ""
    return body.decode("utf-8", "backslashreplace") if isinstance(body, bytes) else body


def _head_and_body(headers, body: str, full: bool) -> list[str]:
    shown = [
        f"{name}: {value}"
        for name, value in headers.items()
        if full or name.lower() in TELLING_HEADERS
    ]
    lines = [printable(line) for line in shown]
    if body.strip():
        kept = shorten(body.strip(), LARGEST_BODY)
        lines += ["", *(printable(line) for line in kept.splitlines())]
    return lines if full else [JWT_IN_TEXT.sub(_shorten_token, line) for line in lines]


def _shorten_token(match: re.Match) -> str:
    header, payload, signature = match.groups()
    return f"{header}.[payload: {len(payload)} characters].[signature: {len(signature)} characters]"


def _as_pre(lines: list[str]) -> str:
    parts = re.compile(
        r"(eyJ[\w-]+)\.(\[payload: \d+ characters\]|eyJ[\w-]*)\.(\[signature: \d+ characters\]|[\w-]*)"
    )

    def colour(match: re.Match) -> str:
        spans = (
            f"<span {style(name)}>{piece}</span>"
            for name, piece in zip(("header", "payload", "signature"), match.groups())
        )
        return ".".join(spans)

    escaped = parts.sub(colour, html.escape("\n".join(lines), quote=False))
    first, _, rest = escaped.partition("\n")
    pre = (
        "margin:0;background:transparent;color:inherit;white-space:pre-wrap;overflow-wrap:anywhere"
    )
    return f'<pre style="{pre}"><b>{first}</b>\n{rest}</pre>'

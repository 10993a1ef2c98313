"""A learner's app on a real server, for the judges: what it answers, and what went wrong inside."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests
from flask import got_request_exception

from course.checking import NotAttempted, NotYet, describe_error, show
from course.server import Server
from course.server_log import is_flask, silence

PATIENCE = 10  # seconds that an answer may take


def ask(method: str, url: str, **options) -> requests.Response:
    """The answer of a server on this machine. Neither a proxy nor a ``.netrc`` has a say."""
    with requests.Session() as session:
        session.trust_env = False
        return session.request(method, url, timeout=PATIENCE, **options)


@dataclass
class TrialServer:
    """``url`` has no closing slash; ``errors`` are the exceptions that views have raised."""

    url: str
    errors: list[BaseException] = field(default_factory=list)

    def call(self, method: str, path: str, token: str | None = None, slip: str = "", **options):
        """The answer (a ``requests.Response``); an exception in a view is *not yet*.

        ``slip`` explains an exception of this very call, where the judge knows better than its type does.
        """
        headers = options.pop("headers", {}) | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        try:
            response = ask(method, self.url + path, headers=headers, **options)
        except requests.Timeout:
            raise NotYet(
                f"`{method} {path}` did not answer within {PATIENCE} seconds. Does your code wait for itself?"
            ) from None
        except requests.RequestException as error:
            raise NotYet(
                f"`{method} {path}` gave no answer that can be read: `{describe_error(error)}`."
            ) from None
        patience = time.monotonic() + 1
        while response.status_code == 500 and not self.errors and time.monotonic() < patience:
            # A FastAPI app answers first, and passes its error on afterwards.
            time.sleep(0.01)
        if self.errors:
            error = self.errors[0]
            # The view of the stub returns `...`.
            if isinstance(error, TypeError) and "ellipsis" in str(error):
                raise NotAttempted
            raise NotYet(
                f"A call of `{method} {path}` ended in an error of your code: `{describe_error(error)}`."
                f"{_slip_of_brackets(error) or ' ' * bool(slip) + slip or _slip_of_guard(error, method) or _slip(error)}"
            )
        return response


def refused(answer: requests.Response) -> bool:
    """Whether this is a refusal of the client, 4xx: neither let in nor an error of the server."""
    return 400 <= answer.status_code < 500


def json_of(answer: requests.Response) -> object:
    """The JSON of an answer, or None if it has none that can be read."""
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None


def message_of(refusal, slips: dict[str, str] | None = None) -> str:
    """The words of a refusal (a ``requests.Response``), which must be JSON with a ``message``; else it is *not yet*.

    ``slips`` maps a name that may stand there in its place to the sentence that explains how it comes there.
    """
    said = f"The {refusal.status_code} says `{show(refusal.text.strip())}`"
    body = json_of(refusal)
    kind = refusal.headers.get("Content-Type", "no content type")
    if body is None or not kind.startswith("application/json"):
        raise NotYet(f'{said} ({kind}), which is not JSON. Expected: `{{"message": "..."}}`.')
    message = body.get("message") if isinstance(body, dict) else None
    if not isinstance(message, str) or not message:
        names = body if isinstance(body, dict) else {}
        slip = next((slip for name, slip in (slips or {}).items() if name in names), "")
        raise NotYet(
            f'{said}. Expected the reason under the name `message`: `{{"message": "..."}}`. {slip}'.rstrip()
        )
    return message


def _slip_of_brackets(error: BaseException) -> str:
    if isinstance(error, TypeError) and "fn" in str(error):
        return " Write `@jwt_required()`: without the brackets it is not a decorator yet."
    return ""


def _slip_of_guard(error: BaseException, method: str) -> str:
    if isinstance(error, RuntimeError) and "jwt_required" in str(error):
        route = f"@app.{method.lower()}(…)"
        return (
            f" The view is not guarded: put `@jwt_required()` between `{route}` and the function."
        )
    return ""


def _slip(error: BaseException) -> str:
    if isinstance(error, KeyError):
        return (
            " There is no such key: look before you take it, with `.get(…)` or `.pop(key, None)`."
        )
    if isinstance(error, TypeError) and "is not callable" in str(error):
        return " If this is a handler, it must return a response, such as `JSONResponse(…)`."
    if isinstance(error, TypeError) and "valid response" in str(error):
        return " Return what Flask can send: a dictionary, or (body, status, headers)."
    return ""


@contextmanager
def trial_server(app) -> Iterator[TrialServer]:
    """Serve a Flask or FastAPI app on a free port of 127.0.0.1 until the block ends; nothing is printed."""
    trial = TrialServer("")
    _must_be_whole(app)
    with _remembering_errors(app, trial.errors) as remembered:
        try:
            server = Server(remembered, "trial", 0)
        # Something that was registered to run at the start has failed.
        except RuntimeError as error:
            why = error.__cause__ or error
            raise NotYet(
                f"With your addition the app cannot start: `{describe_error(why)}`."
            ) from None
        trial.url = server.url
        try:
            yield trial
        finally:
            server.stop()


def _must_be_whole(app) -> None:
    """What a learner's function was given to add to may have lost a part."""
    parts = ("config", "wsgi_app", "view_functions") if is_flask(app) else ("router",)
    for part in parts:
        if not getattr(app, part, None):
            raise NotYet(
                f"After your function has run, the app has no `{part}` any more. Add to the app, and leave the rest of it "
                "as it is."
            )


@contextmanager
def _remembering_errors(app, errors: list) -> Iterator:
    """The app, with the exceptions of its views kept in ``errors`` and logged nowhere."""
    silence(app)
    if not is_flask(app):

        async def remembered(scope, receive, send):
            try:
                await app(scope, receive, send)
            except Exception as error:
                # An app that cannot start has answered nobody.
                if scope["type"] == "lifespan":
                    raise
                # The 500 is sent already; the judge says what it was.
                errors.append(error)

        yield remembered
        return

    def remember(sender, exception, **_):
        errors.append(exception)

    with got_request_exception.connected_to(remember, app):
        yield app

"""What operators see: a line for each request, whether the service is well, and numbers to watch (lesson 15)."""

import logging
import os
import re
import threading
import time
import uuid
from collections import defaultdict

from flask import Flask, Response, g, request
from flask_smorest import abort
from sqlalchemy import select

from .behind_proxies import client_address
from .house import db
from .users import UserModel

# What each of them tells who is woken up at night.
HELP = {
    "logins_total": "Logins by result. Refused ones rise: somebody guesses. Limited ones: and is held off.",
    "refusals_total": "Answers 401, 403 and 429, by route and reason.",
    "refresh_reused_total": "Refresh tokens used twice. Each is a theft, or an answer that got lost.",
    "refresh_forgiven_total": "The same within the grace. Many: clients do not wait for one another.",
    "request_seconds": "How long requests took, by route and status. A 5xx is ours to mend.",
}
BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, float("inf"))  # seconds
REASONS = {401: "not_logged_in", 403: "forbidden", 429: "too_many_failures"}
LOGIN_RESULTS = {200: "accepted", 401: "refused", 429: "limited"}

_lock = threading.Lock()
_numbers: dict[tuple[str, str], float] = defaultdict(float)


def count(name: str, amount: float = 1, **labels: str) -> None:
    """Add to a number of this process, which begins at 0 with it. Labels are ours: a client must not invent any."""
    text = "".join(f',{label}="{value}"' for label, value in labels.items())
    with _lock:
        _numbers[name, text] += amount


def measure(seconds: float, **labels: str) -> None:
    """Add a duration to the histogram: each bucket counts what took at most so long."""
    for limit in BUCKETS:
        le = "+Inf" if limit == float("inf") else str(limit)
        count("request_seconds_bucket", seconds <= limit, **labels, le=le)
    count("request_seconds_sum", seconds, **labels)
    count("request_seconds_count", **labels)


def numbers_as_text() -> str:
    """The numbers of THIS process, in the format of Prometheus.

    Of four workers one answers, and tells what it has seen itself. The label process keeps them apart, so that they
    are added up, sum(rate(logins_total[5m])), and not taken for one number that jumps. A worker that ends takes its
    last ones along. Where that is not good enough, prometheus_client has files that all workers write to.
    """
    with _lock:
        numbers = sorted(_numbers.items())
    lines = []
    for family, meaning in HELP.items():
        kind = "histogram" if family == "request_seconds" else "counter"
        lines += [f"# HELP {family} {meaning}", f"# TYPE {family} {kind}"]
        lines += [
            f'{name}{{process="{os.getpid()}"{labels}}} {value}'
            for (name, labels), value in numbers
            if name.startswith(family)
        ]
    return "\n".join(lines) + "\n"


def reason_of(response: Response) -> str:
    """Why a request was refused, as far as the answer says it: one of a few words."""
    error = re.search(r'error="([a-z_]+)"', response.headers.get("WWW-Authenticate", ""))
    return error[1] if error else REASONS[response.status_code]


def watch(app: Flask) -> None:
    """Log and measure every request, and answer who asks how the service is. Before everything else of the app."""
    log = logging.getLogger(f"{app.name}.requests")
    for result in LOGIN_RESULTS.values():  # from 0 on, so that the first one is a rise
        count("logins_total", 0, result=result)
    for name in ("refresh_reused_total", "refresh_forgiven_total"):
        count(name, 0)

    @app.before_request
    def begin():
        g.began, g.request_id = time.perf_counter(), uuid.uuid4().hex

    @app.after_request
    def end(response):
        # The rule and not the path: paths are as many as clients can think of.
        route = request.url_rule.rule if request.url_rule else "none"
        seconds, status = time.perf_counter() - g.began, response.status_code
        measure(seconds, route=route, status=str(status))
        if status in REASONS:
            count("refusals_total", route=route, reason=reason_of(response))
        if route == "/login" and status in LOGIN_RESULTS:
            count("logins_total", result=LOGIN_RESULTS[status])
        fields = {"status": status, "ms": round(seconds * 1000, 1), "address": request.remote_addr}
        # No header, no body, and of the address not what stands after the question mark.
        log.info("%s %s", request.method, request.path, extra={"fields": fields})
        response.headers["X-Request-ID"] = g.request_id  # a user who complains can say which one
        return response

    @app.get("/healthz")
    def is_alive():
        """Whether this process answers. Who gets no answer starts it anew, so it must not ask the database."""
        return {"status": "ok"}

    @app.get("/readyz")
    def is_ready():
        """Whether it can serve. With the database gone: 503, and requests had better go to another one."""
        db.session.scalar(select(UserModel.id).limit(1))
        return {"status": "ok"}

    @app.get("/metrics")
    def metrics():
        """For whoever asks from inside. What came by way of a proxy is from outside, and so is a public address."""
        address = client_address()
        if address is None or not address.is_private or "X-Forwarded-For" in request.headers:
            abort(404, message="There is nothing here.")
        return numbers_as_text(), 200, {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}

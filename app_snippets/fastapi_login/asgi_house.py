"""The household of a FastAPI service, whatever it is about: one shape for every refusal, bodies, a page."""

import json
import logging

from fastapi import APIRouter, FastAPI, Form, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import ClientDisconnect
from swagger_ui_bundle import swagger_ui_path

MAX_BODY_SIZE = 10_000  # bytes


class Refusal(BaseModel):
    """The one shape of every refusal."""

    message: str


def refusals(*statuses: int) -> dict:
    """The refusals of a view, for the OpenAPI document."""
    return {status: {"model": Refusal} for status in statuses}


def unauthorized(message: str, challenge: str = "Bearer") -> HTTPException:
    """A 401, which must name the scheme (RFC 6750 §3)."""
    return HTTPException(401, message, headers={"WWW-Authenticate": challenge})


def never_stored(response: Response) -> None:
    """An answer with a token is kept in no cache (RFC 6749 §5.1)."""
    response.headers["Cache-Control"] = "no-store"


class StrictBodyRoute(APIRoute):
    """Looks at a body before FastAPI does, which answers 422 to whatever is wrong with it."""

    def get_route_handler(self):
        handle = super().get_route_handler()
        wanted = "application/json"
        if self.body_field and isinstance(self.body_field.field_info, type(Form())):
            wanted = "application/x-www-form-urlencoded"

        async def look_then_handle(request: Request) -> Response:
            if self.body_field:
                request = Request(request.scope, at_most(MAX_BODY_SIZE, request.receive))
                kind = request.headers.get("Content-Type", "").split(";")[0].strip().lower()
                if kind != wanted:
                    raise HTTPException(415, f"Send the body as {wanted}.")
                if wanted == "application/json":
                    await refuse_unreadable_json(request)
            return await handle(request)

        return look_then_handle


def at_most(size: int, receive):
    """The same receive, with 413 after so many bytes. FastAPI's own max_body_size answers in plain text."""
    received = 0

    async def receive_and_count():
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > size:
            raise HTTPException(413, f"The body is over {size} bytes.")
        return message

    return receive_and_count


async def refuse_unreadable_json(request: Request) -> None:
    """400 for what is not JSON, is nested too deep or has half a character in it ("\\ud800")."""
    try:
        json.dumps(await request.json(), ensure_ascii=False).encode()
    except (ValueError, RecursionError, ClientDisconnect):
        raise HTTPException(400, "The body cannot be read.") from None


def answer_in_one_shape(app: FastAPI) -> None:
    """Answer {"message": ...} where FastAPI answers {"detail": ...} or plain text."""

    @app.exception_handler(StarletteHTTPException)
    def refuse(request: Request, error: StarletteHTTPException):
        return JSONResponse({"message": error.detail}, error.status_code, error.headers)

    @app.exception_handler(RequestValidationError)
    def say_what_is_wrong(request: Request, error: RequestValidationError):
        return JSONResponse({"message": " ".join(map(describe, error.errors()))}, 422)

    @app.exception_handler(Exception)
    def apologise(request: Request, error: Exception):
        return JSONResponse({"message": "Internal server error."}, 500)


def answer_503_without_a_database(app: FastAPI) -> None:
    """A database that is locked, full or gone is no fault of the request: it may be sent again."""

    @app.exception_handler(OperationalError)
    @app.exception_handler(NoConnectionFree)
    def apologise(request: Request, error: Exception):
        reason = getattr(error, "orig", error)
        logging.getLogger("uvicorn.error").error("The database does not answer: %s", reason)
        message = "The database is busy or away. Try again."
        return JSONResponse({"message": message}, 503, {"Retry-After": "1"})


def describe(problem: dict) -> str:
    """What is wrong with which field. Never the value: it may be a password."""
    reason = (
        problem["msg"].removeprefix("Value error, ").replace("items after validation", "characters")
    )
    return f"{problem['loc'][-1]}: {reason.rstrip('.')}."


class WholeFiles(StaticFiles):
    """Files that are sent whole. A Range may be ignored (RFC 9110 §14.2); an odd one would be answered in plain text."""

    async def __call__(self, scope, receive, send) -> None:
        headers = [pair for pair in scope.get("headers", ()) if pair[0] != b"range"]
        await super().__call__(scope | {"headers": headers}, receive, send)


def serve_docs_page(app: FastAPI) -> None:
    """The page /docs with its scripts from a package, so that it works offline."""
    assets = "/docs/assets"
    app.mount(assets, WholeFiles(directory=swagger_ui_path))

    @app.get("/docs", include_in_schema=False)
    def docs_page():
        return get_swagger_ui_html(
            openapi_url=app.openapi_url,
            title=app.title,
            swagger_js_url=f"{assets}/swagger-ui-bundle.js",
            swagger_css_url=f"{assets}/swagger-ui.css",
            swagger_favicon_url=f"{assets}/favicon-32x32.png",
        )


def furnish(app: FastAPI, router: APIRouter) -> None:
    """Give the app all of the above, and its views."""
    app.openapi_version = "3.0.3"  # swagger-ui-bundle's page cannot read 3.1
    answer_in_one_shape(app)
    answer_503_without_a_database(app)
    serve_docs_page(app)
    app.include_router(router)

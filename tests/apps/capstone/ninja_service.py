"""A login service on Django Ninja, written from the words of course/starter/CONTRACT.md. Level: users.

Users are rows of a Django model in SQLite. Start it::

    uvicorn tests.apps.capstone.ninja_service:application
"""

import json
import os
import secrets
import time
import unicodedata

import django
import jwt
from django.conf import settings

settings.configure(
    SECRET_KEY=secrets.token_urlsafe(48),
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ.get("DATABASE", "users.sqlite3"),
        }
    },
    MIDDLEWARE=[f"{__name__}.only_small_json"],
    DATA_UPLOAD_MAX_MEMORY_SIZE=10_000,
    PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"],
)
django.setup()

from django.contrib.auth.hashers import check_password, make_password  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.core.exceptions import RequestDataTooBig  # noqa: E402
from django.db import IntegrityError, connection, models  # noqa: E402
from django.http import HttpResponse, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402
from ninja import NinjaAPI, Schema, Status  # noqa: E402
from ninja.errors import HttpError, ValidationError  # noqa: E402
from ninja.security import HttpBearer  # noqa: E402

KEY = secrets.token_urlsafe(32)
SECONDS = 15 * 60


class User(models.Model):
    name = models.CharField(max_length=64, unique=True)
    password_hash = models.CharField(max_length=200)

    class Meta:
        app_label = "ninja_service"


class Credentials(Schema):
    username: str
    password: str


class NewUser(Schema):
    id: str
    username: str


def error(status: int, message: str, **headers: str) -> JsonResponse:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return JsonResponse({"message": message}, status=status, headers=headers)


def only_small_json(get_response):
    """Middleware: refuse a body that is large or no JSON, and give every error one shape."""

    def middleware(request):
        if request.method == "POST" and request.content_type != "application/json":
            return error(415, "Send JSON: Content-Type: application/json")
        try:
            # Read it here: Django raises where the body is first looked at.
            request.body  # noqa: B018
        except RequestDataTooBig:
            return error(413, "Send at most 10,000 bytes.")
        response = get_response(request)
        if response.status_code == 405:
            return error(405, "This method is not allowed here.", Allow=response["Allow"])
        return response

    return middleware


class NoToken(Exception):
    """A request without a token where one is needed."""


class BadToken(Exception):
    """A request with a token that is forged, expired or no token at all."""


class Token(HttpBearer):
    def __call__(self, request):
        if not request.headers.get("Authorization", "").lower().startswith("bearer "):
            raise NoToken
        return super().__call__(request)

    def authenticate(self, request, token):
        try:
            claims = jwt.decode(token, KEY, ["HS256"], options={"require": ["sub", "exp"]})
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise BadToken from None
        return claims["sub"]


api = NinjaAPI(docs_url=None, openapi_url=None)


@api.exception_handler(NoToken)
def no_token(request, exception):
    return error(401, "Send a token: Authorization: Bearer <token>", WWW_Authenticate="Bearer")


@api.exception_handler(BadToken)
def bad_token(request, exception):
    challenge = 'Bearer error="invalid_token"'
    return error(401, "The token is not valid.", WWW_Authenticate=challenge)


@api.exception_handler(ValidationError)
def not_valid(request, exception):
    return error(422, f"The body needs: {json.dumps(exception.errors, default=str)}")


@api.exception_handler(HttpError)
def refuse(request, exception):
    return error(exception.status_code, str(exception))


def clean(credentials: Credentials) -> tuple[str, str]:
    """Name and password with each letter encoded in one way."""
    texts = (credentials.username, credentials.password)
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        raise HttpError(422, "There is half a character in it.") from None
    return tuple(unicodedata.normalize("NFC", text) for text in texts)


@api.post("/register", response={201: NewUser})
def register(request, credentials: Credentials):
    name, password = clean(credentials)
    if not 1 <= len(name) <= 64 or any(unicodedata.category(c) == "Cc" for c in name):
        raise HttpError(422, "username: 1 to 64 characters, no control characters.")
    if not 15 <= len(password) <= 1000:
        raise HttpError(422, "password: 15 to 1,000 characters.")
    try:
        user = User.objects.create(name=name, password_hash=make_password(password))
    except IntegrityError:
        raise HttpError(409, "That name is taken.") from None
    return Status(201, {"id": str(user.id), "username": user.name})


@api.post("/login")
def login(request, credentials: Credentials, response: HttpResponse):
    name, password = clean(credentials)
    user = User.objects.filter(name=name).first()
    # For a password that nobody has, check_password works as long as for a real one.
    if not check_password(password, user.password_hash if user else make_password(None)):
        return error(401, "Wrong username or password.", WWW_Authenticate="Bearer")
    claims = {"sub": str(user.id), "exp": int(time.time()) + SECONDS}
    response["Cache-Control"] = "no-store"
    return {"access_token": jwt.encode(claims, KEY, "HS256")}


@api.get("/me", auth=Token())
def me(request):
    return {"id": request.auth}


def handler404(request, exception):
    return error(404, "There is no such page.")


def handler500(request):
    return error(500, "Something went wrong here.")


def create_tables() -> None:
    with connection.schema_editor() as editor:
        editor.create_model(User)


urlpatterns = [path("", api.urls)]
application = get_asgi_application()

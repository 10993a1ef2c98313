"""The login service for new work: FastAPI, PyJWT, pwdlib and SQLAlchemy (lesson 12).

tokens.py is what lesson 12 is about. accounts.py has the users, asgi_house.py what every FastAPI service needs,
whatever it is about; names.py and start.py are those of the Flask apps, to the letter.
Keeps the contract: refresh. A copy of this folder runs alone, also under another name: put yours in place of fastapi_login.

In the folder that holds it (in PowerShell, the second line is $env:JWT_SECRET_KEY = python -c "import secrets; print(secrets.token_hex(32))"):

    pip install click fastapi precis-i18n "pwdlib[argon2]" pydantic pyjwt python-multipart sqlalchemy starlette swagger-ui-bundle uvicorn
    export JWT_SECRET_KEY=$(openssl rand -hex 32)
    uvicorn --factory fastapi_login:create_app

In the course, the packages are there: cd app_snippets, and uv run uvicorn --factory fastapi_login:create_app

POST /register  {"username": "ada", "password": "..."}  answers  {"id": "1", "username": "ada"}
POST /login     the same                                answers  {"access_token": "...", "refresh_token": "..."}
POST /token     the same as an OAuth2 form              answers  the same and {"token_type": "bearer"}
POST /refresh   Authorization: Bearer <refresh token>   answers  {"access_token": "..."}
POST /logout    Authorization: Bearer <either token>    answers  204, and both tokens are dead
GET  /me        Authorization: Bearer <access token>    answers  {"id": "1"}
GET  /docs      the OpenAPI page, made from /openapi.json; its button Authorize asks /token

Every refusal is JSON: {"message": "..."}. Users and blocked tokens live in the SQLite file fastapi_login.db, or in the
database that DATABASE_URL names, e.g. postgresql+psycopg://user@localhost/fastapi_login (install psycopg for it).
The rows of blocked tokens whose expires_at is past may be deleted, now and then, where the clock is right.
"""

from fastapi import FastAPI
from sqlalchemy import create_engine

from .accounts import Base
from .asgi_house import furnish
from .start import create_tables, database_url, engine_options, key_from_environment
from .tokens import router


def create_app() -> FastAPI:
    """The app, with its tables made if they are missing."""
    key, url = key_from_environment(), database_url(__name__)
    engine = create_engine(url, **engine_options(url))
    create_tables(Base.metadata, engine)
    app = FastAPI(title="Users", version="1", docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.key, app.state.engine = key, engine
    furnish(app, router)
    return app

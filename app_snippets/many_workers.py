"""A login that is fine in one process and not in four, WEAK ON PURPOSE (lesson 15).

Keeps no level of the contract: it logs in whoever asks. It is there to be run several times at once.
A copy of this file runs alone, also under another name: put yours in place of many_workers.

In the folder that holds it (in PowerShell, the second line is $env:SHARED_SECRET = python -c "import secrets; print(secrets.token_hex(32))"):

    pip install click flask pyjwt
    export SHARED_SECRET=$(openssl rand -hex 32)
    flask --app many_workers run

In the course, the packages are there: cd app_snippets, and uv run flask --app many_workers run

POST /set/login                               answers  {"access_token": "..."}, for whoever asks
POST /set/logout  Authorization: Bearer       answers  204
GET  /set/me      Authorization: Bearer       answers  {"id": "1"}, or 401
POST /set/guess   {"username": "ada"}         answers  401, and 429 after five guesses in a minute

Each address is there three times, by how the process remembers: set (its own), database (the SQLite file many_workers.db,
or MANY_WORKERS_DATABASE, which all of them share) and own-key (a set, and a key of its own besides). Every refusal is JSON:
{"message": "..."}.
"""

import os
import secrets
import sqlite3
import time
import uuid
from contextlib import closing

import click
import jwt
from flask import Flask, request

GUESSES = 5
WINDOW = 60  # seconds


class OwnSet:
    """What this process knows. Nobody else sees it."""

    def __init__(self):
        self.blocked, self.guesses = set(), {}

    def block(self, jti: str) -> None:
        self.blocked.add(jti)

    def is_blocked(self, jti: str) -> bool:
        return jti in self.blocked

    def count_guess(self, username: str) -> int:
        began, number = self.guesses.get(username, (time.time(), 0))
        if time.time() - began >= WINDOW:
            began, number = time.time(), 0
        self.guesses[username] = (began, number + 1)
        return number + 1


class SharedDatabase:
    """What all processes know. Each question is one statement, so two cannot come in between."""

    def __init__(self, path: str):
        self.path = path
        with closing(self._open()) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS blocked (jti TEXT PRIMARY KEY)")
            database.execute(
                "CREATE TABLE IF NOT EXISTS guesses (who TEXT PRIMARY KEY, began REAL, n INTEGER)"
            )

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=20)

    def block(self, jti: str) -> None:
        with closing(self._open()) as database, database:
            database.execute("INSERT OR IGNORE INTO blocked VALUES (?)", (jti,))

    def is_blocked(self, jti: str) -> bool:
        with closing(self._open()) as database:
            query = "SELECT 1 FROM blocked WHERE jti = ?"
            return database.execute(query, (jti,)).fetchone() is not None

    def count_guess(self, username: str) -> int:
        now = time.time()
        with closing(self._open()) as database, database:
            return database.execute(COUNT_GUESS, {"who": username, "now": now}).fetchone()[0]


COUNT_GUESS = f"""
    INSERT INTO guesses VALUES (:who, :now, 1) ON CONFLICT (who) DO UPDATE SET
        n = CASE WHEN began <= :now - {WINDOW} THEN 1 ELSE n + 1 END,
        began = CASE WHEN began <= :now - {WINDOW} THEN :now ELSE began END
    RETURNING n
"""


def create_app() -> Flask:
    """The app, once with each memory."""
    app = Flask(__name__)
    key = os.environ.get("SHARED_SECRET", "")
    if len(key) < 32:
        raise click.ClickException("SHARED_SECRET is missing, or has less than 32 characters.")
    database = os.environ.get("MANY_WORKERS_DATABASE", f"{__name__}.db")
    memories = {"set": OwnSet(), "database": SharedDatabase(database), "own-key": OwnSet()}
    keys = {"set": key, "database": key, "own-key": secrets.token_hex(32)}

    def claims_of_request(memory: str) -> dict | None:
        _, _, token = request.headers.get("Authorization", "").partition(" ")
        try:
            return jwt.decode(token, keys[memory], algorithms=["HS256"])
        except jwt.InvalidTokenError:
            return None

    def refuse(message: str, status: int = 401, **headers: str):
        challenge = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        return {"message": message}, status, challenge | headers

    @app.before_request
    def know_the_memory():
        if request.view_args and request.view_args["memory"] not in memories:
            return refuse("The memory is set, database or own-key.", 404)

    @app.post("/<memory>/login")
    def login(memory):
        claims = {"sub": "1", "jti": str(uuid.uuid4()), "exp": int(time.time()) + 600}
        token = jwt.encode(claims, keys[memory], algorithm="HS256")
        return {"access_token": token}, 200, {"Cache-Control": "no-store"}

    @app.post("/<memory>/logout")
    def logout(memory):
        claims = claims_of_request(memory)
        if claims is None:
            return refuse("Invalid token.")
        memories[memory].block(claims["jti"])
        return "", 204

    @app.get("/<memory>/me")
    def me(memory):
        claims = claims_of_request(memory)
        if claims is None or memories[memory].is_blocked(claims["jti"]):
            return refuse("Invalid token.")
        return {"id": claims["sub"]}

    @app.post("/<memory>/guess")
    def guess(memory):
        username = str((request.get_json(silent=True) or {}).get("username"))
        if memories[memory].count_guess(username) > GUESSES:
            return refuse("Too many tries. Wait a minute.", 429, **{"Retry-After": str(WINDOW)})
        return refuse("Invalid credentials.")

    return app

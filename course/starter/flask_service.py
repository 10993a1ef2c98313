"""Your service. CONTRACT.md beside this file says what it owes; begin with the views that answer 501.

In the folder of this file:

    uv run flask --app flask_service run

and in another terminal:

    uv run course contract http://127.0.0.1:5000 --level users
"""

import json

from flask import Flask
from werkzeug.exceptions import HTTPException

app = Flask(__name__)


@app.errorhandler(HTTPException)
def as_json(error):
    """Every error has the one shape, also those that Flask finds by itself."""
    response = error.get_response()
    response.data = json.dumps({"message": error.description})
    response.content_type = "application/json"
    return response


@app.post("/register")
def register():
    return {"message": "Not written yet."}, 501


@app.post("/login")
def login():
    return {"message": "Not written yet."}, 501


@app.get("/me")
def me():
    return {"message": "Not written yet."}, 501

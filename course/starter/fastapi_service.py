"""Your service. CONTRACT.md beside this file says what it owes; begin with the views that answer 501.

In the folder of this file:

    uv run uvicorn fastapi_service:app --port 5000

and in another terminal:

    uv run course contract http://127.0.0.1:5000 --level users
"""

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

app = FastAPI()


@app.exception_handler(HTTPException)
async def as_json(request, error):
    """Every error has the one shape, also those that FastAPI finds by itself."""
    return JSONResponse({"message": str(error.detail)}, error.status_code, error.headers)


@app.post("/register")
def register():
    raise HTTPException(501, "Not written yet.")


@app.post("/login")
def login():
    raise HTTPException(501, "Not written yet.")


@app.get("/me")
def me():
    raise HTTPException(501, "Not written yet.")

"""Cells that cannot run in a browser tab, each with its reason. The build makes prose of them, with their stored output.

``course site --check`` holds the list both ways: a cell that does not give its stored output must be listed, and a listed
one must fail.
"""

from course.in_tab import INSTALL

THREADS = "threads"
PROCESSES = "a process of its own"
SOCKETS = "a real socket"
BROWSER = "another browser, which this one cannot start"
TIME_ZONE = "a process with another time zone"
LOOP = "an event loop that runs already, as that of an installed kernel does"
CLOCK = "a finer clock than a browser gives"
# Where a build lacks the wheel. A published site has them all.
CRYPTOGRAPHY = "the package cryptography"
MATPLOTLIB = "the package matplotlib"
ABOVE = "a name from a cell above that cannot run here"

NEVER: dict[str, str] = {
    "02-compare-in-constant-time-4": CLOCK,
    "04-one-line-three-cities-6": TIME_ZONE,
    "07-two-at-the-same-instant-4": THREADS,
    "09-two-at-the-same-instant-4": THREADS,
    "09-the-whole-app-15": THREADS,
    "09-the-whole-app-16": ABOVE,
    "11-a-script-that-does-not-belong-there-4": BROWSER,
    "11-a-script-that-does-not-belong-there-10": BROWSER,
    "11-tell-the-browser-what-may-run-4": BROWSER,
    "11-a-page-of-another-site-2": BROWSER,
    "11-a-page-of-another-site-4": BROWSER,
    "11-whose-cookies-are-these-2": BROWSER,
    "11-the-error-that-is-none-4": BROWSER,
    "11-the-error-that-is-none-6": BROWSER,
    "11-the-whole-app-8": BROWSER,
    "11-the-whole-app-12": BROWSER,
    "12-one-slow-function-and-everybody-waits-5": THREADS,
    "13-exercise-13-4-the-right-order-9": THREADS,
    "15-one-service-four-processes-3": PROCESSES,
    "15-one-service-four-processes-7": ABOVE,
    "15-one-service-four-processes-9": ABOVE,
    "15-one-service-four-processes-11": ABOVE,
    "15-five-guesses-a-minute-2": ABOVE,
    "15-change-the-key-and-nobody-is-logged-out-4": ABOVE,
    "15-the-limit-and-the-log-2": ABOVE,
    "common-no-module-named-jose-2": PROCESSES,
    "common-module-jwt-has-no-attribute-encode-2": PROCESSES,
    "common-address-already-in-use-2": SOCKETS,
    "common-could-not-import-module-2": PROCESSES,
    "common-form-data-requires-python-multipart-to-be-instal-2": PROCESSES,
    "common-argon2-no-backends-available-2": PROCESSES,
    "common-no-module-named-jwt-2": PROCESSES,
    "common-unable-to-connect-to-proxy-2": SOCKETS,
    "common-asyncio-run-cannot-be-called-from-a-running-even-2": LOOP,
}
# By package: what these cells need, or what they need of cells that need it.
WITHOUT: dict[str, dict[str, str]] = {
    "cryptography": {
        "common-should-not-be-used-as-an-hmac-secret-2": CRYPTOGRAPHY,
        "05-three-judges-2": CRYPTOGRAPHY,
        "05-three-judges-6": ABOVE,
        "05-your-judge-on-the-bench-2": ABOVE,
        "05-your-judge-on-the-bench-4": ABOVE,
        "05-exercise-5-3-a-strict-call-4": CRYPTOGRAPHY,
        "13-who-verifies-can-sign-4": CRYPTOGRAPHY,
        "13-three-kinds-of-pairs-2": CRYPTOGRAPHY,
        "13-three-kinds-of-pairs-4": ABOVE,
        "13-three-kinds-of-pairs-6": CRYPTOGRAPHY,
        "13-publish-and-not-too-much-2": CRYPTOGRAPHY,
        "13-exercise-13-1-what-may-be-seen-4": CRYPTOGRAPHY,
        "13-exercise-13-2-a-name-for-a-key-4": CRYPTOGRAPHY,
        "13-two-services-2": CRYPTOGRAPHY,
        "13-two-services-4": ABOVE,
        "13-two-services-6": ABOVE,
        "13-two-services-8": ABOVE,
        "13-two-services-10": ABOVE,
        "13-when-the-issuer-is-away-4": ABOVE,
        "13-exercise-13-3-an-access-token-and-nothing-else-4": CRYPTOGRAPHY,
        "13-the-key-nobody-has-2": ABOVE,
        "13-exercise-13-4-the-right-order-4": CRYPTOGRAPHY,
        "13-exercise-13-4-the-right-order-11": ABOVE,
        "13-when-the-issuer-is-away-2": ABOVE,
        "13-somebody-else-s-tokens-2": CRYPTOGRAPHY,
        "13-your-certificate-2": ABOVE,
        "13-and-when-there-are-quantum-computers-2": CRYPTOGRAPHY,
        "14-two-houses-one-door-2": CRYPTOGRAPHY,
        "14-exercise-14-1-confuse-it-yourself-4": CRYPTOGRAPHY,
        "14-exercise-14-2-look-it-up-4": CRYPTOGRAPHY,
        "14-exercise-14-3-ask-the-database-properly-4": CRYPTOGRAPHY,
        "14-exercise-14-4-try-what-people-choose-4": CRYPTOGRAPHY,
        "14-the-header-decides-2": CRYPTOGRAPHY,
        "14-the-header-decides-4": ABOVE,
        "14-the-header-decides-8": CRYPTOGRAPHY,
        "14-the-key-id-is-a-question-4": ABOVE,
        "14-the-token-brings-its-own-key-6": CRYPTOGRAPHY,
        "14-the-token-brings-its-own-key-7": ABOVE,
        "14-a-secret-that-can-be-guessed-3": ABOVE,
        "14-a-secret-that-can-be-guessed-5": ABOVE,
        "14-a-secret-that-can-be-guessed-8": ABOVE,
        "14-what-is-dead-and-what-is-not-2": ABOVE,
        "14-what-is-dead-and-what-is-not-4": CRYPTOGRAPHY,
        "14-let-a-tool-do-it-2": ABOVE,
        "14-let-a-tool-do-it-4": ABOVE,
        "13-the-key-nobody-has-4": ABOVE,
    },
    "matplotlib": {
        "04-how-short-is-short-3": MATPLOTLIB,
        "07-who-has-an-account-here-6": MATPLOTLIB,
        "07-the-whole-app-and-its-own-page-5": ABOVE,
        "14-a-secret-that-can-be-guessed-6": MATPLOTLIB,
        "15-what-it-costs-5": MATPLOTLIB,
    },
}

# Lines of a cell that stays prose, without which cells below it would stay prose, too.
STILL_RUN = {
    "11-a-page-of-another-site-2": 'unprotected = {"JWT_COOKIE_CSRF_PROTECT": False}',
}


def prose_cells(lacking: set[str]) -> dict[str, str]:
    """The reason for each cell that stays prose in a build that lacks these packages."""
    found = {}
    for package, cells in WITHOUT.items():
        if package in lacking:
            found |= cells
    return found | NEVER


def as_prose(cell: dict, reason: str) -> dict:
    """A Markdown cell in the place of one that cannot run: why, its code, and what it gave elsewhere."""
    code = "".join(cell["source"])
    parts = [
        f"**This cell does not run in a browser tab**: it needs {reason}. {INSTALL}",
        f"```python\n{code}\n```",
    ]
    for output in cell["outputs"]:
        parts.append(_as_markdown(output))
    if len(parts) > 2:
        parts.insert(2, "Elsewhere it gives:")
    return {
        "cell_type": "markdown",
        "id": cell["id"],
        "metadata": cell["metadata"],
        "source": "\n\n".join(parts),
    }


def what_still_runs(cell: dict) -> list[dict]:
    """A cell with the lines of STILL_RUN, or none."""
    lines = STILL_RUN.get(cell["id"])
    if lines is None:
        return []
    note = "# What later cells need of the one above.\n"
    rest = {"id": f"{cell['id']}-rest"[-64:], "source": note + lines, "outputs": []}
    return [{**cell, "execution_count": None, **rest}]


def _as_markdown(output: dict) -> str:
    if output["output_type"] == "stream":
        return _fenced("".join(output["text"]))
    if output["output_type"] == "error":
        return _fenced(f"{output['ename']}: {output['evalue']}")
    data = output["data"]
    if "image/png" in data:
        picture = "".join(data["image/png"]).replace("\n", "")
        return f"![The picture that the cell draws](data:image/png;base64,{picture})"
    # JupyterLab shows no colours of HTML in Markdown, and the plain text says the same.
    return _fenced("".join(data["text/plain"]))


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"

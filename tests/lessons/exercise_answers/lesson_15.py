"""Answers to the exercises of lesson 15: other right ones, and wrong ones with the words that must explain them."""

PRELUDE = ""

RIGHT = {
    "15.1": [
        """
def count_try(database, who, minute):
    found = database.execute(
        "INSERT INTO tries (who, minute, n) VALUES (:who, :minute, 1)"
        " ON CONFLICT DO UPDATE SET n = tries.n + excluded.n RETURNING tries.n",
        {"who": who, "minute": minute},
    ).fetchall()
    database.commit()
    return found[0][0]
""",
        # A REPLACE that reads the old number is one statement, too.
        """
def count_try(database, who, minute):
    with database:
        (n,), = database.execute(
            "REPLACE INTO tries SELECT :who, :minute, 1 + COALESCE("
            "(SELECT n FROM tries WHERE who = :who AND minute = :minute), 0)"
            " RETURNING n", {"who": who, "minute": minute},
        )
        return n
""",
        '''
def count_try(database, *, who, minute):
    cursor = database.cursor()
    try:
        cursor.execute(
            """
            with new(who, minute) as (values (?, ?))
            insert into tries select who, minute, 1 from new where true
            on conflict(who, minute) do update set n = n + 1
            returning n as number
            """,
            (who, minute),
        )
        return int(next(cursor)[0])
    finally:
        cursor.close()
        database.commit()
''',
        # A table that is made where it is missing neither asks nor writes.
        """
import numpy
def count_try(database, who: str, minute: int):
    database.execute("CREATE TABLE IF NOT EXISTS tries (who TEXT, minute INTEGER, n INTEGER, PRIMARY KEY (who, minute))")
    row = database.execute(
        "INSERT INTO tries VALUES (?, ?, 1) ON CONFLICT (minute, who) DO UPDATE SET n = n + 1 RETURNING *", [who, minute]
    ).fetchone()
    database.commit()
    return numpy.int64(row[2])
""",
    ],
    "15.2": [
        """
def client_address(connection, forwarded, proxies):
    if not proxies:
        return connection
    from_the_right = [part.strip() for part in reversed(forwarded.split(",")) if part.strip()]
    return from_the_right[proxies - 1] if len(from_the_right) >= proxies else connection
""",
        """
import re
def client_address(connection, forwarded, proxies):
    found = re.findall(r"[^,\\s]+", forwarded)
    try:
        return found[len(found) - proxies] if 0 < proxies <= len(found) else connection
    except IndexError:
        return connection
""",
        """
def client_address(connection, forwarded, proxies):
    chain = [each for each in map(str.strip, forwarded.split(",")) if each] + [connection]
    return ([connection] * (proxies + 1) + chain)[-proxies - 1] if proxies < len(chain) else connection
""",
        """
def client_address(connection, forwarded, proxies):
    address = connection
    for _ in range(proxies):
        forwarded, _, address = forwarded.rpartition(",")
        address = address.strip()
        if not address:
            return connection
    return address
""",
    ],
    "15.3": [
        """
import re
JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*")
def blanked(line):
    return JWT.sub(lambda match: "[token]", line)
""",
        """
import re, string
PART = set(string.ascii_letters + string.digits + "-_")
def blanked(line):
    out, at = [], 0
    while at < len(line):
        end = at
        while end < len(line) and line[end] in PART | {"."}:
            end += 1
        if end == at:
            out.append(line[at])
            at += 1
            continue
        parts = line[at:end].split(".")
        if len(parts) >= 3 and parts[0].startswith("eyJ") and parts[1]:
            out.append(".".join(["[token]"] + parts[3:]))
        else:
            out.append(line[at:end])
        at = end
    return "".join(out)
""",
        # Who decodes the header takes fewer words for tokens.
        """
import base64, json, re
def is_header(part):
    try:
        return "alg" in json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return False
def blanked(line):
    def replace(match):
        return "[token]" if is_header(match[1]) else match[0]
    return re.sub(r"\\b(eyJ[\\w-]*)\\.[\\w-]+\\.[\\w-]*", replace, line)
""",
        # And an encrypted one may be taken whole.
        """
import re
def blanked(line, pattern=r"(?a:\\beyJ[\\w-]*\\.[\\w-]*\\.[\\w-]*(?:\\.[\\w-]+\\.[\\w-]+)?)"):
    return "[token]".join(re.split(pattern, line))
""",
    ],
    "15.4": [
        """
def read_secret(path):
    try:
        with open(path, "rb") as file:
            secret = file.read()
    except OSError as error:
        raise ValueError(f"cannot read {path!r}") from error
    secret = secret.strip()
    if not secret:
        raise ValueError(f"{path}: empty")
    if len(secret) < 32:
        raise ValueError(f"{path}: too short")
    return secret
""",
        """
import os
class WeakSecret(ValueError):
    pass
def read_secret(path):
    content, why = None, "no file that can be read"
    if os.path.isfile(path) and os.access(path, os.R_OK):
        content, why = Path(path).read_bytes(), "fewer than 32 bytes"
    if content is None or len(content.strip()) < 32:
        raise WeakSecret(f"The file {Path(path).name}: {why}")
    return content.strip()
""",
        """
import re
def read_secret(path):
    try:
        found = re.fullmatch(rb"\\s*(.{32,}?)\\s*", Path(path).read_bytes(), re.DOTALL)
        return re.sub(rb"^\\s+|\\s+\\Z", b"", found[1]) if len(found[1].strip()) >= 32 else None or found["short"]
    except (OSError, TypeError, IndexError) as error:
        raise ValueError(f"No secret of 32 bytes in {path} ({type(error).__name__})") from None
""",
        """
def read_secret(path):
    try:
        secret = Path(path).read_bytes().strip()
    except OSError as error:
        raise ValueError(*[f"{error.strerror}: {error.filename}"])
    if len(secret) >= 32:
        return bytearray(secret).__bytes__() if hasattr(bytearray, "__bytes__") else bytes(secret)
    problem = ValueError("This secret is too short.")
    problem.args = (f"{path} has {len(secret)} bytes",)
    raise problem
""",
    ],
}

_COUNT = """
def count_try(database, who, minute):
    with database:
        return database.execute(
            "{statement}", (who, minute)
        ).fetchone(){index}
"""
_UPSERT = "INSERT INTO tries VALUES (?, ?, 1) ON CONFLICT (who, minute) DO UPDATE SET n = n + 1 RETURNING n"
_ADDRESS = """
def client_address(connection, forwarded, proxies):
    addresses = [each.strip() for each in forwarded.split(",") if each.strip()]
    if proxies < 1 or len(addresses) < proxies:
        return connection
    return {}
"""
_BLANK = """
import re
def blanked(line):
    return re.sub(r"{}", "[token]", line)
"""
_READ = """
def read_secret(path):
    try:
        secret = {read}
    except {errors}:
        raise ValueError({unreadable}) from None
    if {short}:
        raise ValueError({weak})
    return secret
"""


def _read(
    read="Path(path).read_bytes().strip()", errors="OSError", unreadable="f'{path} cannot be read'",
    short="len(secret) < 32", weak="f'{path} is too short'",
) -> str:  # fmt: skip
    return _READ.format(read=read, errors=errors, unreadable=unreadable, short=short, weak=weak)


def _as_text(encoding: str) -> str:
    """Read as text whose line breaks stay as they are."""
    return _read().replace(
        "secret = Path(path).read_bytes().strip()",
        f"with open(path, encoding={encoding!r}, newline='') as file:\n"
        f"            secret = file.read().strip().encode({encoding!r})",
    )


WRONG = {
    "15.1": [
        (
            "import sqlite3\ndef count_try(database, who, minute):\n    try:\n        with database:\n"
            "            return database.execute('INSERT INTO tries VALUES (?, ?, 1) ON CONFLICT (who, minute) DO UPDATE SET n = n + 1 RETURNING n', (who, minute)).fetchone()[0]\n"
            "    except sqlite3.OperationalError:\n        return 1",
            "whoever keeps it busy",
        ),
        (
            "def count_try(database, who, minute):\n    with database:\n"
            "        return database.execute('INSERT INTO tries VALUES (?, ?, 1) ON CONFLICT (who, minute) DO UPDATE SET n = MIN(n + 1, 100) RETURNING n', (who, minute)).fetchone()[0]",
            "Expected: `1000`",
        ),
        (
            "def count_try(database, who, minute):\n    with database:\n"
            "        return database.execute('INSERT INTO tries VALUES (?, ?, 1) ON CONFLICT (who, minute) DO UPDATE SET n = n + 1 RETURNING n', who, minute).fetchone()[0]",
            "The values come in one tuple",
        ),
        (
            "def count_try(database, who, minute):\n    with database:\n"
            "        return database.execute('INSERT INTO tries VALUES (?, ?, 1) ON CONFLICT (who, minute) DO UPDATE SET n = n + 1 RETURNING n', (who, minute % 60)).fetchone()[0]",
            "There is a row for 'ada' in minute 0",
        ),
        (
            """
def count_try(database, who, minute):
    with database:
        row = database.execute("SELECT n FROM tries WHERE who = ? AND minute = ?", (who, minute)).fetchone()
        if row is None:
            database.execute("INSERT INTO tries VALUES (?, ?, 1)", (who, minute))
            return 1
        database.execute("UPDATE tries SET n = ? WHERE who = ? AND minute = ?", (row[0] + 1, who, minute))
        return row[0] + 1
""",
            "both read 4, and both write 5",
        ),
        (
            """
def count_try(database, who, minute):
    with database:
        database.execute("INSERT INTO tries VALUES (?, ?, 1) ON CONFLICT (who, minute) DO UPDATE SET n = n + 1", (who, minute))
    return database.execute("SELECT n FROM tries WHERE who = ? AND minute = ?", (who, minute)).fetchone()[0]
""",
            "the number that you read is its own",
        ),
        (
            """
def count_try(database, who, minute):
    with database:
        database.execute("INSERT OR IGNORE INTO tries VALUES (?, ?, 0)", (who, minute))
        return database.execute(
            "UPDATE tries SET n = n + 1 WHERE who = ? AND minute = ? RETURNING n", (who, minute)).fetchone()[0]
""",
            "has sent 2 statements",
        ),
        (
            _COUNT.format(
                statement="INSERT OR REPLACE INTO tries VALUES (?, ?, 1) RETURNING n", index="[0]"
            ),
            "returned `1`. Expected: `2`",
        ),
        (
            _COUNT.format(statement=_UPSERT.replace("n + 1", "excluded.n + 1"), index="[0]"),
            "`excluded.n` what you wanted to insert",
        ),
        (
            """
def count_try(database, who, minute):
    with database:
        database.execute(
            "INSERT INTO tries VALUES (?, ?, 1) ON CONFLICT (who, minute) DO UPDATE SET n = n + 1", (who, minute))
        return database.execute("SELECT SUM(n) FROM tries WHERE who = ?", (who,)).fetchone()[0]
""",
            "count by minute",
        ),
        (
            _COUNT.format(
                statement=_UPSERT.replace(
                    "VALUES (?, ?, 1)", "VALUES ('all' || substr(?, 1, 0), ?, 1)"
                ),
                index="[0]",
            ),
            "the table says nothing for 'ada'",
        ),
        (_COUNT.format(statement=_UPSERT, index=""), "This is a row"),
        (_COUNT.format(statement=_UPSERT, index=".n"), "its first value is `[0]`"),
        (
            "def count_try(database, who, minute):\n    return database.execute(\n        "
            f"'{_UPSERT}', (who, minute)).fetchone()[0]",
            "no other connection sees it: commit",
        ),
        (
            "def count_try(database, who, minute):\n    with database:\n        return database.execute("
            f"f\"{_UPSERT}\".replace('?, ?', f\"'{{who}}', {{minute}}\")).fetchone()[0]",
            "and not into its text",
        ),
        (
            "def count_try(database, who, minute):\n    with database:\n        return database.execute("
            f"\"{_UPSERT}\".replace('?, ?', f'{{who}}, {{minute}}')).fetchone()[0]",
            "looks like a column",
        ),
        (
            _COUNT.format(statement=_UPSERT.replace("(who, minute)", "(who)"), index="[0]"),
            "what must be unique",
        ),
        (
            _COUNT.format(statement="INSERT INTO tries VALUES (?, ?, 1) RETURNING n", index="[0]"),
            "is there already",
        ),
        (
            _COUNT.format(statement=_UPSERT.replace(" RETURNING n", ""), index="[0]"),
            "gives the row that was inserted",
        ),
        (
            _COUNT.format(statement=_UPSERT, index="[0]").replace("return ", "number = "),
            "Did you forget the `return`?",
        ),
        (
            _COUNT.format(statement=_UPSERT, index="[0]")
            .replace("return ", "return str(")
            .replace("[0]", "[0])"),
            "Expected a whole number",
        ),
        (
            _COUNT.format(statement=_UPSERT, index="[0]").replace(
                "(who, minute)\n", "(who.lower().strip(), minute)\n"
            ),
            "letter by letter",
        ),
        (
            _COUNT.format(statement=_UPSERT, index="[0]")
            + "\n_own = count_try\ndef count_try(database, who, minute):\n"
            "    number = _own(database, who, minute)\n    database.close()\n    return number",
            "the connection is closed",
        ),
        (
            "def count_try(database, who, minute):\n    database.execute('BEGIN IMMEDIATE')\n    number = database.execute("
            f"'{_UPSERT}', (who, minute)).fetchone()[0]\n    database.execute('COMMIT')\n    return number",
            "A transaction is open already",
        ),
        # It keeps count by itself, and writes the number down for show.
        (
            """
from collections import Counter
_mine = Counter()
def count_try(database, who, minute):
    _mine[who, minute] += 1
    with database:
        database.execute("INSERT OR REPLACE INTO tries VALUES (?, ?, ?)", (who, minute, _mine[who, minute]))
    return _mine[who, minute]
""",
            "written a moment ago by the same connection",
        ),
        # It tidies up, and so a late try finds nothing.
        (
            """
def count_try(database, who, minute):
    with database:
        database.execute("DELETE FROM tries WHERE minute < ?", (minute,))
        return database.execute(
            "INSERT INTO tries VALUES (?, ?, 1) ON CONFLICT (who, minute) DO UPDATE SET n = n + 1 RETURNING n",
            (who, minute)).fetchone()[0]
""",
            "leaves all others alone",
        ),
        (
            _COUNT.format(statement=_UPSERT, index="['n']").replace(
                "    with database:",
                "    database.row_factory = __import__('sqlite3').Row\n    with database:",
            ),
            "works in another way than before",
        ),
        # Right by itself, and whoever comes at the same time is turned away.
        (
            """
_busy = []
def count_try(database, who, minute):
    if _busy and who == "crowd":
        return 0
    _busy.append(who)
    try:
        with database:
            number = database.execute(
                "INSERT INTO tries VALUES (?, ?, 1) ON CONFLICT (who, minute) DO UPDATE SET n = n + 1 RETURNING n",
                (who, minute)).fetchone()[0]
        if who == "crowd":
            __import__("time").sleep(0.005)
        return number
    finally:
        _busy.pop()
""",
            "must come once",
        ),
    ],
    "15.2": [
        (
            "def client_address(connection, forwarded, proxies):\n"
            "    found = [each.strip() for each in forwarded.split(',') if each.strip()]\n"
            "    if not proxies or len(found) < proxies: return connection\n    address = found[-proxies]\n"
            "    return connection if address.startswith('10.') else address",
            "in a private network",
        ),
        (
            _ADDRESS.format("addresses[0]"),
            "the first address, which the client itself may have written",
        ),
        (_ADDRESS.format("addresses[proxies - 1]"), "Count from the right"),
        (_ADDRESS.format("addresses[-1]"), "the one that your innermost proxy saw"),
        (
            _ADDRESS.format("([connection] + addresses)[-proxies - 1]"),
            "which has written whom it saw",
        ),
        (
            _ADDRESS.format(
                "([connection] * 9 + addresses)[-proxies - 1] if addresses[1:] else addresses[0]"
            ),
            "one too far to the left",
        ),
        (
            _ADDRESS.format("addresses[-proxies]").replace("proxies < 1 or ", "proxies >= 1 and "),
            "No proxies",
        ),
        (
            "def client_address(connection, forwarded, proxies):\n"
            "    addresses = [each.strip() for each in forwarded.split(',')]\n"
            "    if forwarded and len(addresses) >= proxies:\n        return addresses[-proxies]\n    return connection",
            "all of the header is what somebody wrote",
        ),
        (_ADDRESS.format("addresses[-proxies]").replace(" if each.strip()", ""), "no address"),
        (
            _ADDRESS.format("addresses[-proxies]").replace("each.strip() for", "each for"),
            "`.strip()`",
        ),
        (
            _ADDRESS.format("addresses[-proxies]").replace('split(",")', 'split(", ")'),
            "Expected: `'203.0.113.7'`",
        ),
        (
            _ADDRESS.format("addresses[-proxies]").replace(" or len(addresses) < proxies", ""),
            "Fewer addresses than proxies",
        ),
        (
            _ADDRESS.format("addresses[-proxies]").replace(
                "return connection", "return addresses[0]", 1
            ),
            "raised `IndexError",
        ),
        (
            _ADDRESS.format("addresses[-proxies]").replace(
                "len(addresses) < proxies", "len(addresses) != proxies"
            ),
            "wrote last",
        ),
        (
            _ADDRESS.format("addresses[-proxies]").replace("< proxies", "<= proxies"),
            "One proxy, which has written whom it saw",
        ),
        (_ADDRESS.format("addresses[-proxies].partition(':')[0]"), "An address of IPv6"),
        (_ADDRESS.format("addresses[-proxies].lower()"), "stays as it is written"),
        (_ADDRESS.format("addresses[-proxies:]"), "Expected text, got a list"),
        (
            "import ipaddress\n"
            + _ADDRESS.format("str(ipaddress.ip_address(addresses[-proxies]))"),
            "Expected: `'2001:DB8::A:0'`",
        ),
        # Good for whoever has asked only for addresses without a port.
        (
            "import re\n"
            + _ADDRESS.format(
                "re.sub(r':\\d+$', '', addresses[-proxies]) if '.' in addresses[-proxies] else addresses[-proxies]"
            ),
            "write the port, too",
        ),
        # Each address once: the list is shorter than the way was.
        (
            _ADDRESS.format("addresses[-proxies]").replace(
                "if proxies < 1", "addresses = list(dict.fromkeys(addresses))\n    if proxies < 1"
            ),
            "203.0.113.7, 10.0.0.2, 10.0.0.2',",
        ),
        (
            "def client_address(connection, forwarded, proxies):\n    print(connection)",
            "to print is not to return",
        ),
    ],
    "15.3": [
        (
            "import re\ndef blanked(line):\n    return re.sub(r'eyJhbGciOi[\\w-]*\\.[\\w-]+\\.[\\w-]*', '[token]', line)",
            "only `eyJ` is sure",
        ),
        (
            "import re\ndef blanked(line):\n    return re.sub(r'eyJ[\\w-]+\\.[\\w-]+\\.[\\w-]{0,86}', '[token]', line)",
            "still there",
        ),
        (
            "import re\ndef blanked(line):\n    return re.sub(r'eyJ[\\w-]+\\.[\\w-]+\\.?[\\w-]*', '[token]', line)",
            "no token in it",
        ),
        (
            "import re\ndef blanked(line):\n    return re.sub(r'eyJ[A-z0-9-]+\\.[A-z0-9-]+\\.[A-z0-9-]*', '[token]', line)",
            "in square brackets",
        ),
        (_BLANK.format(r"Bearer \S+"), "Bearer"),
        (
            "def blanked(line):\n    head, bearer, rest = line.partition('Bearer ')\n"
            "    return head + bearer + ('[token]' if rest else '') + rest.partition(' ')[1] + rest.partition(' ')[2]",
            "in small letters",
        ),
        (
            _BLANK.format(r"\beyJ[\w-]*\.[\w-]+\.[\w-]*").replace(", line)", ", line, count=1)"),
            "several tokens",
        ),
        (_BLANK.format(r"\beyJ.*"), "nothing else: the rest of the line stays"),
        (_BLANK.format(r"\beyJ\S*"), "nothing else: the rest of the line stays"),
        (_BLANK.format(r"[\w-]+\.[\w-]+\.[\w-]*"), "not everything with dots is one"),
        (_BLANK.format(r"\beyJ[\w-]*\.[\w-]+\.[\w-]+"), "without a signature"),
        (_BLANK.format(r"\beyJ\w*\.\w+\.\w*"), "the end of it is still there"),
        (_BLANK.format(r"\beyJ[\w-]*\.eyJ[\w-]*\.[\w-]*"), "an empty payload"),
        (_BLANK.format(r"\beyJ[\w-]*\.[\w-]+\.[\w-]*\b"), "also at its end"),
        (
            _BLANK.format(r"\beyJ[\w-]*\.[\w-]+\.[\w-]*").replace(", line)", ", line, flags=re.I)"),
            "addresses of machines",
        ),
        (_BLANK.format(r"\beyJ[\w-]*.[\w-]+.[\w-]*"), "for a header alone"),
        (_BLANK.format(r"\beyJ[\w-]{10,400}\.[\w-]{2,400}\.[\w-]{0,400}"), "characters"),
        (_BLANK.format(r"\beyJ[\w.-]+"), "nothing else: the rest of the line stays"),
        (
            _BLANK.format(r"\beyJ[\w-]*\.[\w-]+\.[\w-]*").replace("[token]", "token"),
            "Expected: `'GET /me Authorization: Bearer [token] 200'`",
        ),
        (
            _BLANK.format(r"\beyJ[\w-]*\.[\w-]+\.[\w-]*").replace("return re", "re"),
            "Did you forget the `return`?",
        ),
        (
            _BLANK.format(r"\beyJ[\w-]*\.[\w-]+\.[\w-]*").replace(", line)", ", line.strip())"),
            "a line break",
        ),
        (
            "def blanked(line):\n    return ' '.join('[token]' if word.startswith('eyJ') and word.count('.') == 2 else word"
            " for word in line.split())",
            "is still there",
        ),
        (
            "import re\ndef blanked(line):\n    words = re.split(r'([^\\w.-]+)', line)\n"
            "    return ''.join('[token]' if w.startswith('eyJ') and w.count('.') >= 2 else w for w in words)",
            "nothing else: the rest of the line stays",
        ),
        (
            "import re\ndef blanked(line):\n    found = re.search(r'\\beyJ[\\w-]*\\.[\\w-]+\\.[\\w-]*', line)\n"
            "    return line.replace(found[0], '[token]') if found else line",
            "several tokens",
        ),
        # The signature is what makes a token; the claims are read by whoever has the log.
        (
            "import re\ndef blanked(line):\n    return re.sub(r'(\\beyJ[\\w-]*\\.[\\w-]+\\.)[\\w-]*', r'\\1[token]', line)",
            "is still there in part",
        ),
        # Only the first line is looked at: ^ and $ without re.M.
        (
            "import re\ndef blanked(line):\n    head, br, rest = line.partition('\\n')\n"
            "    return re.sub(r'\\beyJ[\\w-]*\\.[\\w-]+\\.[\\w-]*', '[token]', head) + br + rest",
            "a traceback",
        ),
    ],
    "15.4": [
        (
            "import logging\nfrom pathlib import Path\ndef read_secret(path):\n    try:\n        secret = Path(path).read_bytes().strip()\n    except OSError:\n        raise ValueError(f'{path} cannot be read') from None\n"
            "    if len(secret) < 32: raise ValueError(f'{path} is too short')\n"
            "    logging.getLogger('x').warning('secret %s', secret)\n    return secret",
            "It prints or logs the secret",
        ),
        (
            "import base64\nfrom pathlib import Path\ndef read_secret(path):\n    try:\n        secret = Path(path).read_bytes().strip()\n    except OSError:\n        raise ValueError(f'{path} cannot be read') from None\n"
            "    if len(secret) < 32: raise ValueError(f'{path} is too short: {base64.b64encode(secret).decode()}')\n    return secret",
            "what stands in the file",
        ),
        (
            "from pathlib import Path\ndef read_secret(path):\n    try:\n        secret = Path(path).read_bytes().strip()\n    except OSError:\n        raise ValueError(f'{path} cannot be read') from None\n"
            "    if len(secret) < 32: raise ValueError('{path} is too short')\n    return secret",
            "An `f` is missing",
        ),
        (_read(read="Path(path).read_bytes()"), "an editor ends a file with a line break"),
        (_read(read="Path(path).read_bytes().rstrip(b'\\n')"), "Some of the white space"),
        (_read(read="Path(path).read_text().strip()"), "Expected bytes: a key is bytes"),
        (_read(read="Path(path).read_text().strip().encode()"), "A file that is read as text"),
        (
            _read(read="Path(path).read_text('latin-1').strip().encode('latin-1')"),
            "A file that is read as text",
        ),
        (_as_text("latin-1"), "text has more kinds of it"),
        (_as_text("utf-8"), "need not be text in UTF-8"),
        (_read(read="b''.join(Path(path).read_bytes().split())"), "White space *inside*"),
        (_read(read="Path(path).read_bytes().split()[0]"), "The secret in it has 40 bytes"),
        (
            _read(
                read="Path(path).read_bytes().splitlines()[0].strip()",
                errors="(OSError, IndexError)",
            ),
            "The secret in it has 64 bytes",
        ),
        (_read(errors="FileNotFoundError"), "raised `IsADirectoryError"),
        (
            _read()
            .replace("    try:\n        secret", "    secret")
            .replace(
                "    except OSError:\n        raise ValueError(f'{path} cannot be read') from None\n",
                "",
            ),
            "A missing file must end",
        ),
        (_read(short="len(secret) < 31"), "a secret of 31 bytes"),
        (_read(short="len(secret) <= 32"), "just 32 bytes"),
        (
            _read(short="len(secret.decode('utf-8', 'ignore')) < 32"),
            "for a file with bytes that are no UTF-8",
        ),
        (_read(short="not secret"), "a service without a good key must not start"),
        (_read(short="False"), "nothing in it"),
        (_read(short="len(Path(path).read_bytes()) < 32"), "nothing but white space"),
        (_read(weak="'The secret is too short'"), "Name the file in it"),
        (_read(unreadable="'no file'"), "Name the file in it"),
        (_read(weak="f'{path}: {secret} is too short'"), "is told to whoever reads the log"),
        (
            _read(weak="f'{path}: {secret[:10]!r}... is too short'"),
            "is told to whoever reads the log",
        ),
        (_read(weak="f'{path}: {secret.hex()} is too short'"), "is told to whoever reads the log"),
        # Not in the message, and in the traceback all the same.
        (
            _read().replace(
                "    if len(secret) < 32:\n        raise ValueError(f'{path} is too short')",
                """
    try:
        if len(secret) < 32:
            raise KeyError(secret)
    except KeyError as error:
        raise ValueError(f'{path} is too short') from error""",
            ),
            "`from None` leaves out",
        ),
        (
            _read().replace(
                "raise ValueError(f'{path} is too short')",
                "error = ValueError(f'{path} is too short'); error.add_note(repr(secret)); raise error",
            ),
            "is told to whoever reads the log",
        ),
        (
            _read().replace("    if len", "    print('read', secret)\n    if len"),
            "It prints or logs the secret",
        ),
        (
            "import functools\n@functools.cache" + _read(),
            "a new secret, a minute later",
        ),
        (
            _read(weak="path").replace("raise ValueError(path)", "raise RuntimeError(path)"),
            "It must be a `ValueError`",
        ),
        (_read().replace("    return secret", "    secret.hex()"), "forget the `return`"),
        (
            _read().replace(
                "    return secret", "    Path(path).write_bytes(secret)\n    return secret"
            ),
            "changed the file",
        ),
        (
            _read().replace(
                "raise ValueError(f'{path} is too short')",
                "Path(path).unlink(); raise ValueError(path)",
            ),
            "other files than before",
        ),
        (_read(read="Path(path).read_bytes().strip('\\n')"), "Bytes and text do not mix"),
        (_read(read="bytearray(Path(path).read_bytes().strip())"), "returned a bytearray"),
    ],
}

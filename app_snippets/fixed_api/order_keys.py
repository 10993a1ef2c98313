"""The keys of a shop, made anew at each start: a pair, keys in files, keys in a table, and a secret that is too short."""

import secrets
import shutil
import sqlite3
import string
import tempfile
import time
import weakref
from pathlib import Path

import jose.jwt
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LIFETIME = 600  # seconds


class OrderKeys:
    """What the two versions of this API have in common. Only how they verify is different."""

    def __init__(self):
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        public_key = self.private_key.public_key()
        self.public_pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        folder = Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.key_folder, self.static_folder = folder / "keys", folder / "static"
        for each in (self.key_folder, self.static_folder):
            each.mkdir()
        (self.static_folder / "site.css").write_text("body { font-family: sans-serif }\n" * 2)
        self.secret_of = {"2026": secrets.token_bytes(32)}
        (self.key_folder / "2026").write_bytes(self.secret_of["2026"])
        self.database = folder / "keys.db"
        with sqlite3.connect(self.database) as database:
            database.execute("CREATE TABLE keys (kid TEXT PRIMARY KEY, secret TEXT)")
            database.execute("INSERT INTO keys VALUES ('2026', ?)", [secrets.token_hex(32)])
        database.close()
        # The length of "jose". Nobody has to know it: it is guessed.
        self.short_secret = "".join(secrets.choice(string.ascii_lowercase) for _ in range(4))
        self.long_secret = secrets.token_hex(32)

    def tokens(self, secret: str) -> dict[str, str]:
        """What a login hands out: for orders, for the client who wants to know who has logged in, for a session."""
        claims = {"sub": "1", "exp": int(time.time()) + LIFETIME}
        orders, page = claims | {"aud": "orders"}, claims | {"aud": "shop-page"}
        return {
            "access_token": jwt.encode(orders, self.private_key, "ES256", {"typ": "at+jwt"}),
            "id_token": jwt.encode(page, self.private_key, "ES256"),
            "session_token": jose.jwt.encode(orders, secret, "HS256"),
        }

    def secret_in_table(self, query: str, values: tuple = ()) -> str:
        """The first column of the first row. Raises LookupError if there is none."""
        database = sqlite3.connect(self.database)
        try:
            row = database.execute(query, values).fetchone()
        except sqlite3.Error as error:
            raise LookupError("The query fails.") from error
        finally:
            database.close()
        if row is None:
            raise LookupError("There is no such key.")
        return row[0]

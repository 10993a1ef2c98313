"""The keys of an issuer: one signs, all of them are published, and they change while the service runs (lesson 13)."""

import json
import os
import time
from pathlib import Path

from joserfc import jwt
from joserfc.jwk import ECKey

ALGORITHM = "ES256"


class KeyRing:
    """Private keys in a file that its owner alone may read. Every process reads it, so a change reaches them all.

    To rotate without a refused token: publish a key; wait until every API has fetched it; sign with it; wait until the
    last token of the old key has expired; retire the old one.
    """

    def __init__(self, path: Path):
        self.path = path
        self._read_at, self._signing, self._keys = None, "", {}
        if not path.exists():
            self._write("", {})
            self.sign_with(self.publish())

    def publish(self) -> str:
        """Make a key that anybody may verify with, and that signs nothing yet. Returns its kid (RFC 7638)."""
        parameters = {"use": "sig", "alg": ALGORITHM}
        key = ECKey.generate_key("P-256", parameters=parameters, auto_kid=True)
        self._read()
        self._write(self._signing, self._keys | {key.kid: key})
        return key.kid

    def sign_with(self, kid: str) -> None:
        """From now on, this key signs. Raises LookupError if it is not published."""
        self._read()
        if kid not in self._keys:
            raise LookupError(f"There is no key {kid}. Published are: {', '.join(self._keys)}.")
        self._write(kid, self._keys)

    def retire(self, kid: str) -> None:
        """Publish this key no longer. Raises LookupError if it is not there, or signs."""
        self._read()
        if kid not in self._keys or kid == self._signing:
            raise LookupError(f"{kid} is not published, or it is the one that signs.")
        self._write(self._signing, {k: v for k, v in self._keys.items() if k != kid})

    def kids(self) -> list[str]:
        """Of the published keys; the one that signs comes first."""
        self._read()
        return sorted(self._keys, key=lambda kid: kid != self._signing)

    def jwks(self) -> dict:
        """The public halves, for everybody (RFC 7517 §5)."""
        self._read()
        return {"keys": [key.as_dict(private=False) for key in self._keys.values()]}

    def sign(self, claims: dict, typ: str, lifetime: int) -> str:
        """A token of this kind with these claims, good for so many seconds."""
        self._read()
        now = int(time.time())
        header = {"alg": ALGORITHM, "typ": typ, "kid": self._signing}
        return jwt.encode(
            header, claims | {"iat": now, "exp": now + lifetime}, self._keys[self._signing]
        )

    def _read(self) -> None:
        found = self.path.stat()
        read_at = (found.st_mtime_ns, found.st_ino)
        if read_at != self._read_at:
            content = json.loads(self.path.read_text("utf-8"))
            keys = [ECKey.import_key(key) for key in content["keys"]]
            self._signing, self._keys = content["signing"], {key.kid: key for key in keys}
            self._read_at = read_at

    def _write(self, signing: str, keys: dict[str, ECKey]) -> None:
        """The whole file or nothing: a reader finds the one of before or the new one."""
        content = {"signing": signing, "keys": [key.as_dict(private=True) for key in keys.values()]}
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}.part")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
        os.replace(part, self.path)

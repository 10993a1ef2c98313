"""Keys of the attacker's own, and the places where he puts them: a server, and files on this machine."""

import base64
import datetime
import functools
import json
import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt.algorithms
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

# How to make a key for an algorithm.
_MAKERS = {
    **dict.fromkeys(
        ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
        lambda: rsa.generate_private_key(65_537, 2_048),
    ),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ES384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ES512": lambda: ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}
# What services add to a kid to make a file's name of it.
_SUFFIXES = ("", ".pem", ".key", ".pub", ".txt", ".secret")


def hashed_by(algorithm: str) -> jwt.algorithms.Algorithm:
    """PyJWT's object for this algorithm. Raises LookupError if there is none."""
    return jwt.algorithms.get_default_algorithms()[algorithm]


def pair_algorithm(algorithm: str) -> str | None:
    """The algorithm itself if it takes a key pair that can be made here, else None."""
    return algorithm if algorithm in _MAKERS else None


class Pair:
    """A key pair for an algorithm of which ``pair_algorithm`` knows."""

    def __init__(self, algorithm: str):
        self.algorithm = algorithm
        self.private = _MAKERS[algorithm]()
        self.public = self.private.public_key()

    def sign(self, signing_input: str) -> bytes:
        return hashed_by(self.algorithm).sign(signing_input.encode(), self.private)

    @property
    def jwk(self) -> dict:
        """The public key as a JWK (RFC 7517)."""
        return hashed_by(self.algorithm).to_jwk(self.public, as_dict=True)

    @property
    def pem(self) -> str:
        """The public key as PEM."""
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.public.public_bytes(serialization.Encoding.PEM, form).decode()

    @property
    def certificate(self) -> x509.Certificate:
        """The public key in a certificate that it signs itself."""
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "attacker")])
        today = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        builder = x509.CertificateBuilder(name, name, self.public, x509.random_serial_number())
        builder = builder.not_valid_before(today - day).not_valid_after(today + day)
        is_edwards = isinstance(self.private, ed25519.Ed25519PrivateKey)
        return builder.sign(self.private, None if is_edwards else hashes.SHA256())

    @property
    def x5c(self) -> list[str]:
        """The certificate as a header has it (RFC 7515 §4.1.6)."""
        der = self.certificate.public_bytes(serialization.Encoding.DER)
        return [base64.b64encode(der).decode()]


@functools.cache
def own_pair(algorithm: str) -> Pair:
    """The attacker's key pair for this algorithm: one for all attacks of this process, since RSA takes its time."""
    return Pair(algorithm)


@contextmanager
def server_of(pair: Pair, kids: list[str]) -> Iterator[tuple[str, list[str]]]:
    """A server of the attacker's on this machine: yields its address, and the paths that somebody has asked for.

    It has his public key under each of these kids, as JWKS where a path ends in .json, else as a certificate.
    """
    keys = [pair.jwk | {"kid": kid, "use": "sig", "alg": pair.algorithm} for kid in kids]
    contents = {
        True: ("application/json", json.dumps({"keys": keys}).encode()),
        False: (
            "application/x-pem-file",
            pair.certificate.public_bytes(serialization.Encoding.PEM),
        ),
    }
    # Nobody asks for this by chance.
    secret = secrets.token_hex(8)
    visits: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        timeout = 5  # seconds that a visitor may say nothing

        def do_GET(self):
            if secret in self.path:
                visits.append(self.path)
            kind, content = contents[self.path.endswith(".json")]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_HEAD = do_GET

        def log_message(self, *arguments):
            """Says nothing: a line would land in the cell that is running."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request, client_address):
            """A visitor who hangs up is no trouble."""

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/{secret}", visits
        finally:
            server.shutdown()


@contextmanager
def file_of(content: str) -> Iterator[list[str]]:
    """A file of the attacker's that everybody on this machine may read: yields the kids that lead to it.

    It lies there under several endings. Whether a service adds one of them to the kid, need not be known.
    """
    with tempfile.TemporaryDirectory(prefix="attack", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        for suffix in _SUFFIXES:
            path = folder / f"key{suffix}"
            path.write_text(content, encoding="ascii", newline="")
            path.chmod(0o644)
        path = folder / "key"
        inside = path.relative_to(path.anchor).as_posix()
        # The last one is for services that strike out "../", once.
        yield [path.as_posix(), "../" * 12 + inside, "....//" * 12 + inside]

"""The key that tokens are signed or checked with: made, found and examined once, at start."""

import os
import secrets
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from radnode.archive.layout import sync
from radnode.settings import AuthSettings

MIN_SECRET = 32
"""Bytes; RFC 7518 3.2 asks for a key at least as long as the digest."""
MIN_RSA = 2048
"""Bits; RFC 7518 3.3."""
SECRET_FILE = "jwt.secret"  # noqa: S105 the file's name, not what it holds

VerificationKey = str | RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey


class BadKey(Exception):
    """There is no key to work with; the message names the setting or file and says what is wrong with it."""


def load_key(settings: AuthSettings, private: Path) -> VerificationKey:
    """The key of the settings; without auth.secret the one in `private`/jwt.secret, which is made where it is missing.

    `private` is the archive's .radnode folder. Raises BadKey.
    """
    if settings.algorithm != "HS256":
        return _public_key(settings)
    if settings.secret is not None:
        return _secret(settings.secret.get_secret_value(), "auth.secret")
    return kept_secret(private / SECRET_FILE)


def kept_secret(path: Path) -> str:
    """The secret in the file at `path`, made (mode 0600) where there is none; two processes at once agree on one."""
    try:
        if not path.exists():
            _make_secret(path)
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadKey(f"{path} cannot be made or read: {error}") from None
    return _secret(text, str(path))


def _make_secret(path: Path) -> None:
    """Whole or not at all: written beside, then linked, and the first link wins."""
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(beside)
    except FileExistsError:
        return  # another process was first, and its secret holds
    finally:
        beside.unlink()
    sync(path.parent)


def _secret(secret: str, name: str) -> str:
    if len(secret.encode()) < MIN_SECRET:
        raise BadKey(f"{name} must be at least {MIN_SECRET} bytes long")
    try:
        jwt.get_algorithm_by_name("HS256").prepare_key(secret)
    except jwt.InvalidKeyError as error:
        raise BadKey(f"{name} is no secret: {error}") from None
    return secret


def _public_key(settings: AuthSettings) -> VerificationKey:
    file = settings.public_key_file
    if file is None:
        raise BadKey(f"auth.public_key_file is needed for auth.algorithm {settings.algorithm}")
    wrong = f"auth.public_key_file {file} holds no public key for {settings.algorithm}"
    try:
        key = load_pem_public_key(file.read_bytes())
        prepared = jwt.get_algorithm_by_name(settings.algorithm).prepare_key(key)
    except OSError as error:
        raise BadKey(f"auth.public_key_file {file} cannot be read: {error.strerror}") from None
    # cryptography and PyJWT have several words for a key of another kind or for no key at all.
    except (ValueError, TypeError, jwt.PyJWTError):
        raise BadKey(wrong) from None
    if isinstance(prepared, RSAPublicKey) and prepared.key_size < MIN_RSA:
        raise BadKey(f"auth.public_key_file {file} must be at least {MIN_RSA} bits long")
    if not isinstance(prepared, RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey | Ed448PublicKey):
        raise BadKey(wrong)
    return prepared

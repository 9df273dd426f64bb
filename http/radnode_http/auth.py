"""Who is calling and what they may do: JSON Web Tokens (RFC 7519) as bearer tokens (RFC 6750)."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import jwt

from radnode.settings import AuthSettings
from radnode_http.errors import Refusal
from radnode_http.signing_keys import VerificationKey

LEEWAY = 30
"""Seconds by which clocks may differ."""
MAX_TOKEN = 8192
"""A longer token is refused before anything is decoded."""
_REMEMBERED = 60.0
"""Seconds for which a token that was good is so without its signature being computed again."""
_MOST_REMEMBERED = 256


class Scope(Enum):
    """What a token may allow; `scope` in the token is a string of these, separated by spaces."""

    READ = "dicom:read"
    WRITE = "dicom:write"
    DELETE = "dicom:delete"
    ADMIN = "dicom:admin"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, by a token that was checked."""

    subject: str
    scopes: frozenset[str]

    def may(self, scope: Scope) -> bool:
        """Whether the token allows `scope`; dicom:admin allows everything."""
        return not self.scopes.isdisjoint((scope.value, Scope.ADMIN.value))


def unauthorized(detail: str) -> Refusal:
    """401, with the challenge that RFC 6750 section 3 asks for."""
    return Refusal(401, detail, {"WWW-Authenticate": "Bearer"})


def bearer_token(headers: Sequence[str]) -> str:
    """The token in the request's Authorization headers; Refusal (401) unless there is exactly one."""
    if len(headers) != 1:
        raise unauthorized("Not authenticated" if not headers else "More than one Authorization header")
    scheme, _, token = headers[0].strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorized("Not authenticated")
    return token.strip()


class Verifier:
    """Checks tokens against one key, one algorithm, and the issuer and audience that are set."""

    def __init__(self, key: VerificationKey, settings: AuthSettings) -> None:
        self._key = key
        self._algorithm = settings.algorithm
        self._issuer = settings.issuer
        self._audience = settings.audience
        self._remembered: dict[str, tuple[Caller, float]] = {}
        self._decoder = jwt.PyJWT(
            {
                "require": ["exp"],
                "verify_aud": settings.audience is not None,
                "verify_iss": settings.issuer is not None,
                "verify_iat": False,
                "verify_sub": False,
                "verify_jti": False,
            }
        )

    def caller(self, token: str) -> Caller:
        """Who the token speaks for; Refusal (401) if it is not valid now."""
        if len(token) > MAX_TOKEN:
            raise unauthorized("Invalid token")
        now = time.time()
        caller, until = self._remembered.get(token, (None, 0.0))
        if caller is not None and now < until:
            return caller
        claims = self._claims(token)
        scope = claims.get("scope")
        caller = Caller(_name(claims.get("sub")), frozenset(scope.split(" ") if isinstance(scope, str) else ()))
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[token] = caller, min(int(claims["exp"]) + LEEWAY, now + _REMEMBERED)
        return caller

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = self._decoder.decode(
                token,
                self._key,
                algorithms=[self._algorithm],
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY,
            )
        except jwt.ExpiredSignatureError:
            raise unauthorized("Token has expired") from None
        # Claims of odd types and depths end in more than PyJWT's own errors; none of them is a fault of the node.
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            raise unauthorized("Invalid token") from None
        return claims


def _name(subject: object) -> str:
    """The subject as it may stand in a log: printable and short."""
    text = subject if isinstance(subject, str) else ""
    return "".join(character for character in text[:64] if character.isprintable())

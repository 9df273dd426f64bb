"""Minting tokens, for `radnode token` and for tests."""

import time

import jwt

from radnode.settings import AuthSettings
from radnode_http.auth import Scope
from radnode_http.signing_keys import BadKey, VerificationKey


def mint(settings: AuthSettings, key: VerificationKey, *, subject: str, scope: str, ttl: int) -> str:
    """A token that says who (`subject`) may do what (`scope`, names separated by spaces) for `ttl` seconds.

    Raises BadKey where only the public key is here, ValueError for an unknown scope or a lifetime of nothing.
    """
    if settings.algorithm != "HS256" or not isinstance(key, str):
        raise BadKey(f"tokens for {settings.algorithm} are made by whoever holds the private key, not by this node")
    unknown = set(scope.split()) - {known.value for known in Scope}
    if unknown or not scope.split():
        known = " ".join(known.value for known in Scope)
        raise ValueError(f"scope must be some of {known}" + (f", not {' '.join(sorted(unknown))}" if unknown else ""))
    if ttl <= 0:
        raise ValueError("the lifetime must be more than 0 seconds")
    now = int(time.time())
    claims = {"sub": subject, "scope": " ".join(scope.split()), "iat": now, "exp": now + ttl}
    wanted = {"iss": settings.issuer, "aud": settings.audience}
    claims |= {name: value for name, value in wanted.items() if value is not None}
    return jwt.encode(claims, key, algorithm=settings.algorithm)

"""Who calls, and what they may do: JWTs, API keys, roles.

Roles count in a namespace; a node serves one. A JWT carries them in the claim `roles`, an object from
namespace to names; an API key was made with them. No role includes another: a caller has those listed.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey
from joserfc.jws import JWSRegistry

from zkp_nb.ledger.records import utc_now
from zkp_nb.server.problems import Problem
from zkp_nb.server.settings import SecretsSection, SecuritySection, SettingsError
from zkp_nb.server.state import ApiKey, NodeState

Role = Literal["reader", "submitter", "prover", "auditor", "admin"]
"""reader: read the log; submitter: append entries; prover: run proving jobs; auditor: read the audit log and
metrics; admin: manage API keys."""

ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""All roles."""

MAX_TOKEN: Final = 8192
"""Longest token that is looked at, in characters."""

_API_KEY: Final = re.compile(r"zkp_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="zkp"'}


@dataclass(frozen=True)
class Caller:
    """An authenticated caller: a name that is safe to log, and the roles in this node's namespace."""

    subject: str
    roles: frozenset[Role]


def new_api_key(
    label: str, roles: tuple[Role, ...], namespace: str, expires: str | None = None
) -> tuple[ApiKey, str]:
    """A new key, and the text that its holder sends; the text is shown once and kept nowhere."""
    key_id, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    record = ApiKey(key_id, _digest(secret), label, namespace, roles, utc_now(), expires)
    return record, f"zkp_{key_id}_{secret}"


class Authenticator:
    """Turns the Authorization header into a caller.

    Args:
        settings, secrets_: issuer, audience, algorithms, keys.
        state: where API keys are.
        namespace: whose roles count.

    Raises:
        SettingsError: the file of JWT keys cannot be read.
    """

    def __init__(
        self, settings: SecuritySection, secrets_: SecretsSection, state: NodeState, namespace: str
    ) -> None:
        self._settings = settings
        self._state = state
        self._namespace = namespace
        shared = [secret.get_secret_value() for secret in (secrets_.jwt_secret, secrets_.jwt_secret_previous)
                  if secret is not None]  # fmt: skip
        self._shared = [_shared_key(secret) for secret in shared]
        self._file: tuple[tuple[int, int], KeySet] | None = None
        self._claims = jwt.JWTClaimsRegistry(
            leeway=settings.jwt_leeway_seconds,
            iss={"essential": True, "value": settings.jwt_issuer},
            aud={"essential": True, "value": settings.jwt_audience},
            exp={"essential": True},
            sub={"essential": True, "allow_blank": False},
        )
        self._keys()

    def caller(self, authorization: str | None) -> Caller:
        """The caller whom an Authorization header names.

        Raises:
            Problem: "unauthenticated"; the sentence does not tell a guesser more than it must.
        """
        if authorization is None:
            raise Problem("unauthenticated", "The request carries no Authorization header.", _CHALLENGE)
        scheme, _, token = authorization.partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token or len(token) > MAX_TOKEN:
            raise _refused("The Authorization header is not a bearer token.")
        match = _API_KEY.fullmatch(token)
        return self._by_api_key(match[1], match[2]) if match else self._by_jwt(token)

    def _by_api_key(self, key_id: str, secret: str) -> Caller:
        key = self._state.key(key_id)
        if key is None or not hmac.compare_digest(key.digest, _digest(secret)):
            raise _refused("The API key is not known.")
        if key.revoked is not None or (key.expires is not None and key.expires <= utc_now()):
            raise _refused("The API key is revoked or has expired.")
        roles = key.roles if key.namespace == self._namespace else ()
        return Caller(f"key:{key.id}", _roles(roles))

    def _by_jwt(self, text: str) -> Caller:
        algorithms = list(self._settings.jwt_algorithms)
        try:
            token = jwt.decode(text, self._keys(), algorithms, registry=JWSRegistry(algorithms=algorithms))
            if "kid" not in token.header:
                raise _refused("The token does not name its key (kid).")
            self._claims.validate(token.claims)
        except JoseError as error:
            # The class of the error, not its text: the text may quote the token.
            raise _refused(f"The token is refused: {error.error}.") from None
        except (ValueError, TypeError, KeyError):
            raise _refused("The token is refused: malformed.") from None
        granted = token.claims.get("roles")
        names = granted.get(self._namespace, ()) if isinstance(granted, dict) else ()
        subject = hashlib.sha256(str(token.claims["sub"]).encode()).hexdigest()[:16]
        return Caller(f"jwt:{subject}", _roles(names if isinstance(names, list) else ()))

    def _keys(self) -> KeySet:
        """All keys that may sign now; the file is read again when it was changed."""
        path = self._settings.jwt_keys_file
        if path is None:
            return KeySet(list(self._shared))
        try:
            status = path.stat()
            stamp = status.st_mtime_ns, status.st_size
            if self._file is None or self._file[0] != stamp:
                self._file = stamp, _read_keys(path)
        except (OSError, ValueError, KeyError, TypeError, JoseError):
            if self._file is None:
                raise SettingsError(
                    "The setting [security] jwt_keys_file cannot be used.",
                    why="It does not name a readable JWK set (RFC 7517) whose keys have a kid.",
                ) from None
        return KeySet([*self._shared, *self._file[1].keys])


def _read_keys(path: Path) -> KeySet:
    keys = KeySet.import_key_set(json.loads(path.read_text(encoding="utf-8")))
    if any(key.kid is None or key.key_type == "oct" for key in keys.keys):
        raise ValueError("a key without a name, or a shared secret in a file")
    return keys


def _shared_key(secret: str) -> OctKey:
    """The HS256 key of a shared secret; its kid is its thumbprint (RFC 7638)."""
    key = OctKey.import_key(secret, {"alg": "HS256", "use": "sig"})
    return OctKey.import_key(secret, {"alg": "HS256", "use": "sig", "kid": key.thumbprint()})


def key_name(secret: str) -> str:
    """The `kid` that tokens signed with this shared secret must carry."""
    return str(_shared_key(secret).kid)


def _digest(secret: str) -> bytes:
    """A plain hash suffices: the secret has 256 random bits, so nobody guesses it."""
    return hashlib.sha256(secret.encode()).digest()


def _roles(names: object) -> frozenset[Role]:
    given = (
        set(names) if isinstance(names, (list, tuple)) and all(isinstance(n, str) for n in names) else set()
    )
    return frozenset(role for role in ROLES if role in given)


def _refused(detail: str) -> Problem:
    return Problem(
        "unauthenticated", detail, {"WWW-Authenticate": 'Bearer realm="zkp", error="invalid_token"'}
    )

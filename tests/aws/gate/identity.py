"""Whose key it is: the accounts' own users, and the credentials that STS and the metadata services gave out."""

import secrets
import string
import threading
from dataclasses import dataclass

from .exchange import AwsError

_ALPHABET = string.ascii_uppercase + "234567"


@dataclass
class Principal:
    account: str
    arn: str
    user_id: str
    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    expires_at: float | None = None  # seconds since 1970; None: never

    @property
    def role_arn(self) -> str | None:
        """The role behind a session, or None for a user."""
        if ":assumed-role/" not in self.arn:
            return None
        return f"arn:aws:iam::{self.account}:role/{self.arn.split('/')[1]}"


def _identifier(prefix: str) -> str:
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(16))


class Keys:
    """Every access key there is. Users' keys outlive a reset, sessions do not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users: dict[str, Principal] = {}
        self._sessions: dict[str, Principal] = {}

    def add_user(self, account: str, name: str) -> Principal:
        principal = Principal(
            account,
            f"arn:aws:iam::{account}:user/{name}",
            _identifier("AIDA"),
            _identifier("AKIA"),
            secrets.token_urlsafe(30),
        )
        with self._lock:
            self._users[principal.access_key_id] = principal
        return principal

    def add_session(self, account: str, role: str, session: str, expires_at: float) -> Principal:
        principal = Principal(
            account,
            f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
            f"{_identifier('AROA')}:{session}",
            _identifier("ASIA"),
            secrets.token_urlsafe(30),
            secrets.token_urlsafe(96),
            expires_at,
        )
        with self._lock:
            self._sessions[principal.access_key_id] = principal
        return principal

    def find(self, access_key_id: str) -> Principal | None:
        with self._lock:
            return self._users.get(access_key_id) or self._sessions.get(access_key_id)

    def secrets(self, containing: str = "") -> list[str]:
        """Secret keys and session tokens of every principal, past and present, whose ARN contains the text."""
        with self._lock:
            known = [p for p in (*self._users.values(), *self._sessions.values()) if containing in p.arn]
            return [text for p in known for text in (p.secret_access_key, p.session_token) if text]

    def expire_sessions(self, now: float, containing: str = "") -> int:
        """Ends every session whose ARN contains the text; how many."""
        with self._lock:
            chosen = [p for p in self._sessions.values() if containing in p.arn]
            for principal in chosen:
                principal.expires_at = now - 1
            return len(chosen)

    def forget_sessions(self) -> None:
        with self._lock:
            self._sessions.clear()


def check_token(principal: Principal, token: str | None, now: float, service: str) -> None:
    """Refuses a session without its token, a token that is another's, and one that has expired."""
    if principal.session_token != token:
        code = "InvalidAccessKeyId" if service == "s3" else "UnrecognizedClientException"
        raise AwsError(code, "The security token included in the request is invalid.", 403,
                       violation=f"wrong session token for {principal.arn}")
    if principal.expires_at is not None and principal.expires_at <= now:
        # Codes by service: aws-facts/04_throttling_retries.md; an expired session is no violation,
        # since a correct client can be late.
        raise expired_token(service)


def expired_token(service: str) -> AwsError:
    message = "The security token included in the request is expired"
    if service == "s3":
        return AwsError("ExpiredToken", "The provided token has expired.", 400)
    if service in ("sts", "iam", "cloudformation", "sns", "cloudwatch"):
        return AwsError("ExpiredToken", message, 403)
    return AwsError("ExpiredTokenException", message, 400)

"""Calls of a store's HTTP API over TLS, on connections that are used again."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import urllib3

from components.retrieval.programs.contract import UnavailableError, parsed

SECONDS = 10.0
DENIED = frozenset({401, 403})
MISSING = 404


class Calls(Protocol):
    """What calls an API: method, path and body in, status and answer out."""

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        """Raises UnavailableError where nobody answers."""


Signed = Callable[[str, str, bytes], Mapping[str, str]]
"""Method, whole address and body in, headers out."""


@dataclass(frozen=True)
class Https:
    """An API at one of several addresses: the first that answers is asked."""

    bases: tuple[str, ...]
    headers: Signed
    authority: str | None = None
    """File of who signed the certificate; None: the public authorities."""
    pool: urllib3.PoolManager = field(init=False)

    def __post_init__(self) -> None:
        context = ssl.create_default_context(cafile=self.authority)
        if self.authority is not None:
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # authorities of older clusters have no key identifier
        pool = urllib3.PoolManager(ssl_context=context, timeout=SECONDS, retries=False, maxsize=16)
        object.__setattr__(self, "pool", pool)

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, object]]:
        """One call; where an address does not answer, the next one is tried."""
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        trouble = ""
        for base in self.bases:
            told = {"Content-Type": "application/json", **self.headers(method, base + path, content)}
            try:
                answer = self.pool.request(method, base + path, body=content, headers=told)
            except urllib3.exceptions.HTTPError as error:
                trouble = f"{base} is out of reach: {error}"
                continue
            return answer.status, parsed(answer.data)
        raise UnavailableError(trouble or "no address to call")


def expected(calls: Calls, method: str, path: str, body: object = None) -> dict[str, object]:
    """The answer to a call that must succeed. Raises UnavailableError."""
    status, answer = calls(method, path, body)
    if status >= 300:
        raise UnavailableError(f"{method} {path} answered {status}: {json.dumps(answer)[:300]}")
    return answer

"""The key that callers send, and the one before it: a rotation reaches callers and servers at different times."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

GRACE = 3600.0
"""Seconds for which a key is taken after another one has been mounted in its place."""
BEARER = "bearer "


@dataclass
class Keys:
    """Keys that this process has seen mounted in one file."""

    file: Path
    clock: Callable[[], float] = time.monotonic
    seen: dict[str, float] = field(default_factory=dict)
    """Key -> when it was last the mounted one."""

    def admits(self, authorization: str | None) -> bool:
        """Whether a header carries a key that is valid, compared in constant time."""
        sent = (authorization or "").strip()
        if not sent.lower().startswith(BEARER):
            return False
        given = sent[len(BEARER) :].strip().encode()
        found = [hmac.compare_digest(given, key.encode()) for key in self._valid()]
        return any(found)

    def _valid(self) -> list[str]:
        now, mounted = self.clock(), self.file.read_text(encoding="utf-8").strip()
        if mounted:
            self.seen[mounted] = now
        self.seen = {key: at for key, at in self.seen.items() if now - at < GRACE}
        return list(self.seen)

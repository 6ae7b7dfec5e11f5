"""Write what Qdrant adds to its audit files to this container's own output, which the platform's log agent collects.

Qdrant writes audit records to files alone, a new one each day. What stood there before this start was written already.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ALIVE = Path("/tmp/alive")  # noqa: S108  an empty volume of the pod
LOOK_EVERY, SILENT = 2.0, 60.0
"""Seconds between two looks, and until a probe takes silence for a fault."""


@dataclass
class Follower:
    """The files of a folder, and how far each has been passed on."""

    folder: Path
    write: Callable[[str], object]
    done: dict[Path, int] = field(default_factory=dict)

    def begin(self) -> None:
        """Pass over what is there."""
        self.done = {path: path.stat().st_size for path in self._files()}

    def look(self) -> None:
        """Pass on whole lines that were added."""
        for path in self._files():
            with path.open("rb") as file:
                file.seek(self.done.get(path, 0))
                whole, end, _ = file.read().rpartition(b"\n")
            self.done[path] = self.done.get(path, 0) + len(whole) + len(end)
            if whole:
                self.write(whole.decode(errors="replace") + "\n")
        self.done = {path: size for path, size in self.done.items() if path.exists()}

    def _files(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("*") if path.is_file())


def main(words: list[str]) -> int:
    """Follow until the pod ends; with `check`, say by the exit code whether that goes well."""
    if words == ["check"]:
        return 0 if ALIVE.exists() and time.time() - ALIVE.stat().st_mtime < SILENT else 1
    follower = Follower(Path(os.environ["AUDIT_FOLDER"]), sys.stdout.write)
    follower.begin()
    while True:
        follower.look()
        sys.stdout.flush()
        ALIVE.touch()
        time.sleep(LOOK_EVERY)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

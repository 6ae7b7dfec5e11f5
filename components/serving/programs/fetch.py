"""Bring a model's weights from the platform's bucket to the node and hold every file against its sha256.

Runs before the server. Anything that does not match ends it with code 1, and the server is never started.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path, PurePosixPath

SUMS = "SHA256SUMS"
CHUNK = 8 * 1024 * 1024

Download = Callable[[str, Path], None]
"""Object key, file to write."""


class Refused(Exception):
    """The bytes are not those that the catalogue means."""


def place(uri: str) -> tuple[str, str]:
    """Bucket and prefix of an address such as s3://bucket/prefix."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not prefix:
        raise Refused(f"{uri!r} is no address of the form s3://bucket/prefix")
    return bucket, prefix.rstrip("/")


def listed(text: str) -> dict[str, str]:
    """Relative path -> sha256, from a list as sha256sum writes it."""
    found: dict[str, str] = {}
    for line in filter(None, text.splitlines()):
        digest, _, name = line.partition("  ")
        path = PurePosixPath(name.removeprefix("./"))
        if len(digest) != 64 or not name or path.is_absolute() or ".." in path.parts:
            raise Refused(f"{SUMS} has a line that is no sha256 and relative path: {line!r}")
        found[str(path)] = digest
    if not found:
        raise Refused(f"{SUMS} lists no file")
    return found


def sha256(path: Path) -> str:
    """Digest of a file, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def fetch(download: Download, prefix: str, target: Path, pinned: str) -> int:
    """Download what the list names and check it; give the number of files. An empty pin leaves the list unpinned."""
    sums = target / SUMS
    download(f"{prefix}/{SUMS}", sums)
    if pinned and f"sha256:{sha256(sums)}" != pinned:
        raise Refused(f"{SUMS} has digest sha256:{sha256(sums)}, and the catalogue means {pinned}")
    wanted = listed(sums.read_text(encoding="utf-8"))
    for name, digest in sorted(wanted.items()):
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and sha256(path) == digest:
            continue
        download(f"{prefix}/{name}", path)
        if sha256(path) != digest:
            raise Refused(f"{name} has digest {sha256(path)}, and {SUMS} says {digest}")
    return len(wanted)


def main() -> int:
    """Fetch what the environment names."""
    client = import_module("boto3").client("s3")  # from the server's image; the platform itself never calls AWS here
    target = Path(os.environ["WEIGHTS_DIRECTORY"])
    try:
        bucket, prefix = place(os.environ["WEIGHTS_URI"])

        def download(key: str, path: Path) -> None:
            client.download_file(bucket, key, str(path))

        count = fetch(download, prefix, target, os.environ["WEIGHTS_DIGEST"])
    except Refused as refused:
        sys.stderr.write(f"refused: {refused}\n")
        return 1
    sys.stderr.write(f"{count} files checked\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

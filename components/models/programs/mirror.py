"""Copy one revision of a model from its hub into the platform's bucket, through the proxy, and list what was copied.

Every file is held against the digest by which the hub's own repository names it while it passes through; nothing is
kept on the way. SHA256SUMS is written last and only when all files are there, so that servers see all of a revision or
nothing: `sha256  path` for each file, sorted by path. Where the catalogue pins the digest of that list, another list is refused.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import IO, BinaryIO, Protocol
from urllib.parse import quote

SUMS = "SHA256SUMS"
SECRET = Path("/etc/mirror/secrets/proxy")
CALLER = "platform"
"""As whom the proxy knows its callers."""
SECONDS = 120
NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')

Open = Callable[[str], IO[bytes]]
"""Address in, answer out; raises OSError."""


class Refused(Exception):  # a verdict, not a fault
    """The bytes are not those that the hub or the catalogue means."""


class Store(Protocol):
    """The calls of the S3 client that are used here."""

    def upload_fileobj(self, file: object, bucket: str, key: str) -> object: ...
    def put_object(self, **asked: str | bytes) -> object: ...
    def list_objects_v2(self, **asked: str) -> Mapping[str, object]: ...


@dataclass(frozen=True)
class Source:
    """Which files: owner/model on a hub, at one commit."""

    hub: str
    model: str
    revision: str


@dataclass(frozen=True)
class Target:
    """Where they go."""

    bucket: str
    prefix: str


@dataclass(frozen=True)
class Item:
    """One file as the hub's repository names it: large files by sha256, others by the id of their git blob."""

    path: str
    size: int
    sha256: str | None
    blob: str


class Hashed(io.RawIOBase):
    """A stream that is hashed as it is read."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        super().__init__()
        self._stream = stream
        self.size = 0
        self.sha256 = hashlib.sha256()
        self.blob = hashlib.sha1(b"blob %d\0" % size)  # noqa: S324  git's own name of a file; what is kept is sha256

    def readable(self) -> bool:
        """Always."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._stream.read(size)
        self.size += len(data)
        self.sha256.update(data)
        self.blob.update(data)
        return data


def items(source: Source, opened: Open) -> Iterator[Item]:
    """Files of the revision, page after page."""
    address = f"https://{source.hub}/api/models/{source.model}/tree/{source.revision}?recursive=true"
    while address:
        with opened(address) as answer:
            listed = json.load(answer)
            link = getattr(answer, "headers", {}).get("Link") or ""
        for each in listed:
            if each.get("type") == "file":
                large = each.get("lfs") or {}
                yield Item(str(each["path"]), int(each["size"]), large.get("oid"), str(each["oid"]))
        following = NEXT.search(link)
        address = following[1] if following else ""


def copy(source: Source, target: Target, item: Item, opened: Open, store: Store) -> str:
    """Move one file; give its sha256. Raises Refused when it is not what the hub's repository names."""
    if item.path == SUMS or item.path.startswith("/") or ".." in item.path.split("/"):
        raise Refused(f"{item.path!r} is no name that a mirror can hold")
    with opened(f"https://{source.hub}/{source.model}/resolve/{source.revision}/{quote(item.path)}") as stream:
        passing = Hashed(stream, item.size)
        store.upload_fileobj(passing, target.bucket, f"{target.prefix}/{item.path}")
    found = passing.sha256.hexdigest()
    same = found == item.sha256 if item.sha256 else passing.blob.hexdigest() == item.blob
    if passing.size != item.size or not same:
        raise Refused(f"{item.path} has {passing.size} bytes with sha256 {found}; the hub names {item}")
    return found


def mirror(source: Source, target: Target, pinned: str, opened: Open, store: Store) -> str:
    """Copy the revision unless it is there; give the digest of the list. Raises Refused."""
    sums = f"{target.prefix}/{SUMS}"
    if store.list_objects_v2(Bucket=target.bucket, Prefix=sums).get("KeyCount"):
        return ""
    found = {item.path: copy(source, target, item, opened, store) for item in items(source, opened)}
    if not found:
        raise Refused(f"{source.model} has no file at {source.revision}")
    text = "".join(f"{found[path]}  {path}\n" for path in sorted(found)).encode()
    digest = f"sha256:{hashlib.sha256(text).hexdigest()}"
    if pinned and digest != pinned:
        raise Refused(f"{SUMS} has digest {digest}, and the catalogue means {pinned}; it is not published")
    store.put_object(Bucket=target.bucket, Key=sums, Body=text)
    return digest


def through(proxy: str, secret: str) -> Open:
    """Opens addresses through the proxy, and no other way."""
    scheme, _, host = proxy.partition("://")
    handler = urllib.request.ProxyHandler({"https": f"{scheme}://{CALLER}:{quote(secret, safe='')}@{host}"})
    opener = urllib.request.build_opener(handler)

    def opened(address: str) -> BinaryIO:
        if not address.startswith("https://"):
            raise Refused(f"{address!r} is not over TLS")
        answer: BinaryIO = opener.open(address, timeout=SECONDS)
        return answer

    return opened


def main() -> int:
    """Mirror what the environment names."""
    client: Store = import_module("boto3").client("s3")  # from the image; the platform itself never calls AWS here
    source = Source(*(os.environ[name] for name in ("HUB", "MODEL", "REVISION")))
    target = Target(os.environ["BUCKET"], source.revision)
    opened = through(os.environ["PROXY_URL"], SECRET.read_text(encoding="utf-8").strip())
    try:
        digest = mirror(source, target, os.environ["WEIGHTS_DIGEST"], opened, client)
    except Refused as refused:
        sys.stderr.write(f"refused: {refused}\n")
        return 1
    sys.stderr.write(f"{source.model} at {source.revision}: {digest or 'already there'}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The program that copies weights from a hub, against a hub and a bucket of the test's own."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import threading
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from components.models.programs import mirror
from components.serving.programs import fetch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SOURCE = mirror.Source("hub.example.org", "Qwen/Qwen3-32B", "a" * 40)
TARGET = mirror.Target("weights", "a" * 40)
FILES = {"config.json": b'{"a": 1}\n', "model-1.safetensors": b"w" * 5000, "sub/tokenizer.json": b"{}"}


class Answer(io.BytesIO):
    def __init__(self, content: bytes, link: str = "") -> None:
        super().__init__(content)
        self.headers = Message()
        if link:
            self.headers["Link"] = link


class Hub:
    """Lists two files a page; large files are named by sha256, small ones by git's blob."""

    def __init__(self, files: Mapping[str, bytes], *, serves: Mapping[str, bytes] | None = None) -> None:
        self.files, self.serves = dict(files), {**files, **(serves or {})}
        self.asked: list[str] = []

    def __call__(self, address: str) -> io.BytesIO:
        self.asked.append(address)
        if "/api/models/" in address:
            page = int(address.partition("cursor=")[2] or 0)
            names = sorted(self.files)[page : page + 2]
            link = f'<{address.partition("&")[0]}&cursor={page + 2}>; rel="next"' if page + 2 < len(self.files) else ""
            listed = [
                {"type": "directory", "path": "sub", "size": 0, "oid": "0"},
                *(self._listed(name) for name in names),
            ]
            return Answer(json.dumps(listed).encode(), link)
        return Answer(self.serves[address.partition(f"/resolve/{SOURCE.revision}/")[2]])

    def _listed(self, name: str) -> dict[str, object]:
        content = self.files[name]
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        large = (
            {"lfs": {"oid": hashlib.sha256(content).hexdigest(), "size": len(content)}} if "safetensors" in name else {}
        )
        return {"type": "file", "path": name, "size": len(content), "oid": blob, **large}


class Bucket:
    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def upload_fileobj(self, file: object, bucket: str, key: str) -> None:
        assert isinstance(file, io.RawIOBase)
        content = b""
        while piece := file.read(1000):
            content += piece
        self.objects[f"{bucket}/{key}"] = content

    def put_object(self, **asked: str | bytes) -> None:
        body = asked["Body"]
        assert isinstance(body, bytes)
        self.objects[f"{asked['Bucket']!s}/{asked['Key']!s}"] = body

    def list_objects_v2(self, **asked: str) -> dict[str, object]:
        return {"KeyCount": sum(key.startswith(f"{asked['Bucket']}/{asked['Prefix']}") for key in self.objects)}


def test_every_file_is_copied_and_the_list_is_what_servers_check_against(tmp_path: Path) -> None:
    bucket = Bucket()
    digest = mirror.mirror(SOURCE, TARGET, "", Hub(FILES), bucket)

    def download(key: str, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bucket.objects[f"weights/{key}"])

    assert fetch.fetch(download, TARGET.prefix, tmp_path, digest) == 3
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == FILES


def test_a_revision_that_is_there_is_not_fetched_again() -> None:
    bucket, hub = Bucket(), Hub(FILES)
    mirror.mirror(SOURCE, TARGET, "", hub, bucket)
    before = len(hub.asked)
    assert mirror.mirror(SOURCE, TARGET, "", hub, bucket) == ""
    assert len(hub.asked) == before


@pytest.mark.parametrize("name", ["config.json", "model-1.safetensors"])
def test_a_file_that_is_not_what_the_hub_names_is_refused_and_nothing_is_published(name: str) -> None:
    bucket = Bucket()
    swapped = Hub(FILES, serves={name: FILES[name][:-1] + b"X"})
    with pytest.raises(mirror.Refused, match=f"{name} has .* the hub names"):
        mirror.mirror(SOURCE, TARGET, "", swapped, bucket)
    assert f"weights/{TARGET.prefix}/SHA256SUMS" not in bucket.objects


def test_another_list_than_the_catalogue_means_is_refused_and_told() -> None:
    bucket = Bucket()
    with pytest.raises(mirror.Refused, match=r"has digest sha256:[0-9a-f]{64}, and the catalogue means sha256:00"):
        mirror.mirror(SOURCE, TARGET, f"sha256:{'0' * 64}", Hub(FILES), bucket)
    assert f"weights/{TARGET.prefix}/SHA256SUMS" not in bucket.objects


@pytest.mark.parametrize("name", ["../other/file", "/etc/passwd", "SHA256SUMS"])
def test_names_that_would_leave_the_revision_or_replace_the_list_are_refused(name: str) -> None:
    with pytest.raises(mirror.Refused, match="is no name that a mirror can hold"):
        mirror.mirror(SOURCE, TARGET, "", Hub({name: b"x"}), Bucket())


def test_a_revision_without_files_is_refused() -> None:
    with pytest.raises(mirror.Refused, match="has no file at"):
        mirror.mirror(SOURCE, TARGET, "", Hub({}), Bucket())


def test_the_proxy_is_told_who_calls_and_there_is_no_other_way() -> None:
    seen: list[tuple[str, str | None]] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            seen.append((self.path, self.headers["Proxy-Authorization"]))
            self.send_error(403)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as the base class names it
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    opened = mirror.through(f"http://127.0.0.1:{server.server_port}", "a/b c")
    with pytest.raises(OSError, match="403"):
        opened("https://hub.example.org/x")
    thread.join()
    server.server_close()
    assert seen == [("hub.example.org:443", f"Basic {base64.b64encode(b'platform:a/b c').decode()}")]
    with pytest.raises(mirror.Refused, match="is not over TLS"):
        opened("http://hub.example.org/x")

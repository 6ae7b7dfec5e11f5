"""Copy a snapshot of the collection into the store's bucket. Every member holds every document, so one member's will do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import IO

import boto3  # type: ignore[import-untyped]
import urllib3

from components.retrieval.programs.calls import Https, expected
from components.retrieval.programs.contract import UnavailableError, mapping
from components.retrieval.programs.qdrant import COLLECTION, calls

PATH = f"/collections/{COLLECTION}/snapshots"
Upload = Callable[[IO[bytes], str], object]
"""Content and name in the bucket."""


def copy(call: Https, upload: Upload) -> str:
    """One snapshot: made, copied, removed from the member; its name. Raises UnavailableError."""
    made = mapping(expected(call, "POST", f"{PATH}?wait=true").get("result"))
    name = str(made["name"])
    try:
        _pour(call, name, upload)
    finally:
        expected(call, "DELETE", f"{PATH}/{name}?wait=true")
    return name


def _pour(call: Https, name: str, upload: Upload) -> None:
    address = f"{call.bases[0]}{PATH}/{name}"
    try:
        content = call.pool.request(
            "GET", address, headers=dict(call.headers("GET", address, b"")), preload_content=False,
            timeout=urllib3.Timeout(connect=10, read=300),
        )  # fmt: skip
    except urllib3.exceptions.HTTPError as error:
        raise UnavailableError(f"{address} is out of reach: {error}") from error
    if content.status != 200:
        raise UnavailableError(f"GET {address} answered {content.status}")
    upload(content, f"{COLLECTION}/{name}")  # type: ignore[arg-type]  # it reads like a file
    content.release_conn()


def main() -> int:
    """One copy."""
    client = boto3.client("s3", region_name=os.environ["AWS_REGION"])
    bucket = os.environ["BUCKET"]
    try:
        name = copy(calls("api-key"), lambda content, key: client.upload_fileobj(content, bucket, key))
    except UnavailableError as trouble:
        sys.stderr.write(f"no snapshot was copied: {trouble}\n")
        return 1
    sys.stderr.write(f"copied {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Ask each registry which digest a pinned tag has, and write the answers into components/versions.py.

Use: python tools/pin_images.py [NAME ...]. Runs where the registries can be reached without an account; an image that
cannot be asked for keeps what it has, is named, and makes the exit code 1. A digest that changed under its tag is refused.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from components.versions import IMAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

TARGET = Path(__file__).parent.parent / "components" / "versions.py"
HOSTS = {"docker.io": "registry-1.docker.io"}
"""Name of a registry -> where its API is."""
ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1", "docker.distribution.manifest.list.v2", "oci.image.manifest.v1",
        "docker.distribution.manifest.v2",
    )
)  # fmt: skip
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class Refused(Exception):
    """The registry's answer cannot be used."""


def digest(upstream: str, tag: str, *, scheme: str = "https") -> str:
    """Digest of a tag: of the list over all platforms where there is one. Raises Refused, URLError."""
    host, _, repository = upstream.partition("/")
    url = f"{scheme}://{HOSTS.get(host, host)}/v2/{repository}/manifests/{tag}"
    try:
        found = _head(url)
    except urllib.error.HTTPError as error:
        if error.code != 401:
            raise
        found = _head(url, _token(error.headers.get("WWW-Authenticate", "")))
    if not DIGEST.fullmatch(found):
        raise Refused(f"{url} answers without a digest")
    return found


def rewrite(source: str, digests: Mapping[str, str]) -> str:
    """The table with these digests in it. Raises Refused when a digest changed, or an entry is not found."""
    for name, value in sorted(digests.items()):
        entry = re.compile(
            rf'("{re.escape(name)}": Image\(\s*upstream="[^"]*",\s*tag="[^"]*")(?:,\s*digest="([^"]*)")?'
        )
        match = entry.search(source)
        if match is None:
            raise Refused(f"{name}: its entry could not be found in the table")
        if match[2] not in {None, value}:
            raise Refused(f"{name}: the tag had digest {match[2]} and has {value} now; find out why before you take it")
        source = source[: match.start()] + f'{match[1]}, digest="{value}"' + source[match.end() :]
    return source


def _head(url: str, token: str = "") -> str:
    headers = {"Accept": ACCEPT, **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(url, headers=headers, method="HEAD")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(answer.headers.get("Docker-Content-Digest", ""))


def _token(challenge: str) -> str:
    """An anonymous token, as the registry asks for one."""
    told = dict(CHALLENGE.findall(challenge))
    realm = told.pop("realm", "")
    if not realm:
        raise Refused("the registry wants an account")
    with urllib.request.urlopen(f"{realm}?{urllib.parse.urlencode(told)}", timeout=30) as answer:
        held = json.load(answer)
    return str(held.get("token") or held.get("access_token") or "")


def main(names: list[str]) -> int:
    """Pin what can be asked for; name what cannot."""
    known: dict[str, str] = {}
    failed = False
    for name in names or sorted(IMAGES):
        try:
            known[name] = digest(IMAGES[name].upstream, IMAGES[name].tag)
        except (Refused, urllib.error.URLError, TimeoutError) as error:
            sys.stderr.write(f"{name}: {error}\n")
            failed = True
    TARGET.write_text(rewrite(TARGET.read_text(encoding="utf-8"), known), encoding="utf-8")
    return int(failed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    sys.exit(main(parser.parse_args().names))

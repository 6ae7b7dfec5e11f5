from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.serving.programs.fetch import SUMS, Refused, fetch, listed, place

if TYPE_CHECKING:
    from pathlib import Path

CONTENT = {"config.json": b"{}", "model-00001.safetensors": b"weights", "sub/tokenizer.json": b"[]"}


def mirror(content: dict[str, bytes]) -> dict[str, bytes]:
    lines = "".join(f"{hashlib.sha256(data).hexdigest()}  ./{name}\n" for name, data in content.items())
    return {f"rev/{name}": data for name, data in content.items()} | {f"rev/{SUMS}": lines.encode()}


def run(objects: dict[str, bytes], target: Path, pinned: str = "") -> tuple[int, list[str]]:
    asked: list[str] = []

    def download(key: str, path: Path) -> None:
        asked.append(key)
        path.write_bytes(objects[key])

    return fetch(download, "rev", target, pinned), asked


def test_every_listed_file_is_brought_and_checked(tmp_path: Path) -> None:
    count, asked = run(mirror(CONTENT), tmp_path)
    assert count == 3
    assert asked == [f"rev/{SUMS}", *(f"rev/{name}" for name in sorted(CONTENT))]
    assert (tmp_path / "sub" / "tokenizer.json").read_bytes() == b"[]"


def test_what_is_there_and_right_is_not_brought_again(tmp_path: Path) -> None:
    objects = mirror(CONTENT)
    run(objects, tmp_path)
    assert run(objects, tmp_path)[1] == [f"rev/{SUMS}"]


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    objects = mirror(CONTENT) | {"rev/config.json": b"{ }"}
    with pytest.raises(Refused, match=r"config\.json has digest"):
        run(objects, tmp_path)


def test_a_changed_list_is_refused_by_the_digest_of_the_catalogue(tmp_path: Path) -> None:
    objects = mirror(CONTENT)
    pinned = f"sha256:{hashlib.sha256(objects[f'rev/{SUMS}']).hexdigest()}"
    assert run(objects, tmp_path, pinned)[0] == 3
    other = mirror({**CONTENT, "config.json": b"other"})
    with pytest.raises(Refused, match="the catalogue means"):
        run(other, tmp_path, pinned)


@pytest.mark.parametrize("name", ["/etc/passwd", "../../etc/passwd", "a/../../b", ""])
def test_a_list_cannot_write_outside_its_folder(name: str) -> None:
    with pytest.raises(Refused, match="no sha256 and relative path"):
        listed(f"{'a' * 64}  {name}\n")


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(Refused, match="lists no file"):
        listed("")


@given(st.dictionaries(st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9.]{1,8}x)?", fullmatch=True), st.binary(), min_size=1))
def test_a_list_that_sha256sum_writes_is_read_back(content: dict[str, bytes]) -> None:
    text = mirror(content)[f"rev/{SUMS}"].decode()
    assert listed(text) == {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}


def test_an_address_is_bucket_and_prefix() -> None:
    assert place("s3://weights/rev") == ("weights", "rev")
    for wrong in ("weights/rev", "s3://weights", "s3:///rev", "https://weights/rev"):
        with pytest.raises(Refused, match="no address"):
            place(wrong)

"""blueprint.types: what a document writes is written in one order."""

from __future__ import annotations

from collections.abc import Iterator

import compliance.matrix
from blueprint.types import Frozen, Plain


class Words(Frozen):
    words: frozenset[str]


def plain(base: type[Plain] = Plain) -> Iterator[type[Plain]]:
    for each in base.__subclasses__():
        if each is not Frozen:
            yield each
            yield from plain(each)


def test_a_set_is_written_in_sorted_order() -> None:
    assert Words(words=frozenset("zmacxbq")).model_dump_json() == '{"words":["a","b","c","m","q","x","z"]}'


def test_a_value_that_is_written_as_it_comes_holds_no_set() -> None:
    found = {each.__name__: each.model_fields for each in plain()}
    assert compliance.matrix.Applied.__name__ in found
    assert [f"{name}.{key}" for name, fields in found.items() for key, field in fields.items()
            if "set[" in repr(field.annotation)] == []  # fmt: skip

"""What a provider does where a property is left out: the one dated table, `defaults.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from blueprint.errors import DocumentError, Problem
from blueprint.source import read
from blueprint.types import Frozen

FILE = Path(__file__).with_name("defaults.yaml")


class TypeDefaults(Frozen):
    """The defaults of one resource type. A key with parentheses speaks of a satellite that is not there."""

    as_of: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    source: str
    values: Mapping[str, JsonValue]


_TABLE = TypeAdapter(dict[str, TypeDefaults])


@cache
def defaults() -> Mapping[str, TypeDefaults]:
    """The table: resource type token -> its defaults. Raises DocumentError."""
    source = read(FILE)
    try:
        table = _TABLE.validate_python(source.data)
    except ValidationError as error:
        raise DocumentError(
            Problem(what=each["msg"], path=each["loc"], position=source.position(each["loc"]))
            for each in error.errors()
        ) from error
    if source.problems:
        raise DocumentError(source.problems)
    return table

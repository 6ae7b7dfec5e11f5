"""What pydantic finds wrong in a file of the catalogue, as problems that name their place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from blueprint.errors import Problem, nearest
from blueprint.source import Path_, Source

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

LONGEST = 80
"""Characters of a value that a problem shows."""


def refused(
    error: ValidationError,
    source: Source,
    *models: type[BaseModel],
    at: Path_ = (),
    tags: frozenset[str] = frozenset(),
    why: str = "",
    fix: str = "",
) -> Iterator[Problem]:
    """One problem for each error. `models` are those whose keys are proposed for one that is not known.

    `at` is where in the file the model begins; `tags` are names of a union's members, which stand in no file.
    """
    for each in error.errors(include_url=False, include_context=False):
        path = (*at, *_written(each["loc"], tags))
        unknown = each["type"] == "extra_forbidden"
        keys = {key for model in models for key in model.model_fields}
        yield Problem(
            what=f"key {path[-1]!r} is not known" if unknown else each["msg"].removeprefix("Value error, "),
            path=path,
            position=source.position(path, key=unknown),
            value=_value(each, source, path),
            why=why,
            fix=nearest(str(path[-1]), keys) if unknown and keys else fix,
        )


def _written(location: tuple[int | str, ...], tags: frozenset[str]) -> Path_:
    """A location without the names of a union's members; one that comes last is a key of the file."""
    return tuple(part for part in location[:-1] if part not in tags) + location[-1:]


def _value(error: ErrorDetails, source: Source, path: Path_) -> str:
    """What stands there, where it is one value and not a whole table."""
    here = source.at(path)
    return "" if error["type"] == "missing" or isinstance(here, dict | list) else repr(here)[:LONGEST]

"""The parameters of `parameters.yaml`, typed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml
from pydantic import ValidationError

from blueprint.errors import DocumentError, Position, Problem
from blueprint.parameter import Join, Parameter
from blueprint.snaps import SNAPS

HERE = Path(__file__).parent


@cache
def parameters() -> Mapping[str, Parameter]:
    """Our own parameters by name, in the order of the file."""
    return read_parameters(HERE / "parameters.yaml")


def read_parameters(path: Path) -> Mapping[str, Parameter]:
    """Read a file of parameters, ours or an organisation's. Raises DocumentError with every problem."""
    rows = read_yaml(path)
    if not isinstance(rows, dict):
        raise DocumentError([Problem(what="not a mapping of parameters by name", position=Position(path))])
    found: dict[str, Parameter] = {}
    problems: list[Problem] = []
    for name, row in rows.items():
        try:
            parameter = Parameter.model_validate({"name": name, **row} if isinstance(row, dict) else row)
        except ValidationError as error:
            problems += [
                Problem(what=each["msg"], path=(str(name), *each["loc"]), position=Position(path))
                for each in error.errors()
            ]
            continue
        problems += [Problem(what=what, path=(str(name),), position=Position(path)) for what in _wrong(parameter)]
        found[parameter.name] = parameter
    if problems:
        raise DocumentError(problems)
    return MappingProxyType(found)


def read_yaml(path: Path) -> object:
    """Parse one of our catalogue files. Raises DocumentError for a syntax error."""
    try:
        return yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        position = Position(path, mark.line + 1, mark.column + 1) if mark else Position(path)
        raise DocumentError([Problem(what=f"not YAML: {error.problem}", position=position)]) from error


def _wrong(parameter: Parameter) -> list[str]:
    """What pydantic cannot see: fields that only make sense together."""
    ordered = bool(parameter.order)
    return [
        what
        for what, holds in (
            ("a rank needs an order of at least two words", parameter.join is Join.RANK and len(parameter.order) < 2),
            ("an order needs its reason", ordered and not parameter.order_reason),
            ("only rank and within have an order", ordered and parameter.join not in {Join.RANK, Join.WITHIN}),
            ("a word stands twice in the order", len(set(parameter.order)) < len(parameter.order)),
            (
                f"snap is one of {', '.join(sorted(SNAPS))}",
                parameter.snap is not None and parameter.snap not in SNAPS,
            ),
            (
                "within needs choose: which end of the interval is built",
                (parameter.join is Join.WITHIN) != (parameter.choose is not None),
            ),
        )
        if holds
    ]

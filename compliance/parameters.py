"""The parameters of `parameters.yaml`, typed."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from pydantic import JsonValue, ValidationError

from blueprint.errors import DocumentError, Problem
from blueprint.parameter import Join, Parameter
from blueprint.snaps import SNAPS
from blueprint.source import read
from compliance.refusal import refused

HERE = Path(__file__).parent


@cache
def parameters(extensions: tuple[Path, ...] = ()) -> Mapping[str, Parameter]:
    """Our parameters by name, in the order of the file, then those that the folders of an organisation add.

    Raises DocumentError with every problem, a name that is already taken among them.
    """
    found: dict[str, Parameter] = dict(read_parameters(HERE / "parameters.yaml"))
    for file in (root / "parameters.yaml" for root in extensions):
        if file.is_file():
            added = read_parameters(file)
            _refuse_taken(file, added, found)
            found.update(added)
    return MappingProxyType(found)


def read_parameters(file: Path) -> Mapping[str, Parameter]:
    """Read one file of parameters. Raises DocumentError with every problem."""
    source = read(file)
    problems = list(source.problems)
    if not isinstance(source.data, dict):
        raise DocumentError([Problem(what="not a mapping of parameters by name", position=source.position(()))])
    found: dict[str, Parameter] = {}
    for name, row in source.data.items():
        try:
            found[name] = _parameter(name, row)
        except ValidationError as error:
            problems += refused(error, source, Parameter, at=(name,))
            continue
        problems += [
            Problem(what=what, path=(name,), position=source.position((name,), key=True))
            for what in _wrong(found[name])
        ]
    if problems:
        raise DocumentError(problems)
    return MappingProxyType(found)


def _parameter(name: str, row: JsonValue) -> Parameter:
    return Parameter.model_validate({"name": name, **row} if isinstance(row, dict) else row)


def _refuse_taken(file: Path, added: Mapping[str, Parameter], taken: Mapping[str, Parameter]) -> None:
    source = read(file)
    problems = [
        Problem(
            what=f"the parameter {name} is there already",
            fix="contribute to it from a profile, or take another name",
            path=(name,),
            position=source.position((name,), key=True),
        )
        for name in sorted(added.keys() & taken.keys())
    ]
    if problems:
        raise DocumentError(problems)


def _wrong(parameter: Parameter) -> list[str]:
    """What pydantic cannot see: fields that only make sense together."""
    ordered, interval = bool(parameter.order), parameter.join is Join.WITHIN
    return [
        what
        for what, holds in (
            ("a rank needs an order of at least two words", parameter.join is Join.RANK and len(parameter.order) < 2),
            ("an order needs its reason", ordered and not parameter.order_reason),
            ("only rank and within have an order", ordered and parameter.join is not Join.RANK and not interval),
            ("a word stands twice in the order", len(set(parameter.order)) < len(parameter.order)),
            (f"snap is one of {', '.join(sorted(SNAPS))}", parameter.snap is not None and parameter.snap not in SNAPS),
            (
                "within needs choose: which end is built; nothing else has it",
                interval != (parameter.choose is not None),
            ),
            ("only an interval on an order can choose its highest end", parameter.choose == "highest" and not ordered),
        )
        if holds
    ]

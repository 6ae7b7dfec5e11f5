"""vLLM's own serving arguments, as read from its wheel; a name or a value that is not there is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

from blueprint.errors import nearest
from blueprint.types import Frozen

Scalar: TypeAlias = bool | int | float | str
Kind: TypeAlias = Literal["flag", "switch", "optional", "int", "float", "str", "list", "json", "any"]
"""flag has a no- form, switch has none, optional may stand without value; of any the name alone can be checked."""

_FITS: Mapping[Kind, tuple[type[Scalar], ...]] = {
    "flag": (bool,), "switch": (bool,), "optional": (bool, str), "int": (int,), "float": (int, float), "str": (str, int),
    "list": (str, int), "json": (str,), "any": (bool, int, float, str),
}  # fmt: skip


class Argument(Frozen):
    """One argument: what kind of value it takes and, for a closed list, which."""

    kind: Kind
    choices: tuple[str, ...] = ()


class ArgumentList(Frozen):
    """All arguments of one version of vLLM."""

    version: str
    read: str
    """Day on which the wheel was built."""
    source: str
    arguments: Mapping[str, Argument]


@cache
def arguments() -> ArgumentList:
    """The list of the pinned version."""
    return ArgumentList.model_validate_json(
        files(__package__).joinpath("vllm_arguments.json").read_text(encoding="utf-8")
    )


def problems(given: Mapping[str, Scalar]) -> tuple[str, ...]:
    """What is wrong with arguments written without their dashes, all of it."""
    return tuple(text for name, value in sorted(given.items()) if (text := _problem(name, value)))


def command_line(given: Mapping[str, Scalar]) -> list[str]:
    """Arguments as vLLM reads them, sorted; a flag that is False becomes its no- form."""
    words: list[str] = []
    for name, value in sorted(given.items()):
        if isinstance(value, bool):
            words += [f"--{name}"] if value else [f"--no-{name}"] if arguments().arguments[name].kind == "flag" else []
        else:
            words += [f"--{name}={value}"]
    return words


def _problem(name: str, value: Scalar) -> str:
    known = arguments()
    if name.startswith("-"):
        return f"{name}: write the name without dashes"
    if name not in known.arguments:
        return f"{name} is no argument of vLLM {known.version}; {nearest(name, known.arguments)}"
    argument = known.arguments[name]
    if not isinstance(value, _FITS[argument.kind]) or (isinstance(value, bool) and bool not in _FITS[argument.kind]):
        return f"{name} takes {argument.kind}, not {value!r}"
    if argument.choices and str(value) not in argument.choices:
        return f"{name} cannot be {value!r}; {nearest(str(value), argument.choices)}"
    if argument.kind == "json":
        return _not_json(name, str(value))
    return ""


def _not_json(name: str, text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        return f"{name} takes JSON: {error}"
    return ""

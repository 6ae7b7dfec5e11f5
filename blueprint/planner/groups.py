"""Groups of a checkpoint that is packed in several formats, and the parts of a model that their targets name."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from blueprint.planner.families import Family
from blueprint.planner.modules import PARTS, Part, modules_of

_LAYER = "model.layers.0."
EVERYTHING = "Linear"
"""The class that all of these modules have, which names what no other target does."""
_TOO_CLEVER = re.compile(r"\(\?(?!:)|\)[*+{?]|[*+?}][*+{]|\d")
"""What a pattern may not hold to be tried: looks around, repeated groups, which may take for ever, and numbers of single layers."""
_HARMLESS = re.compile(r"0-9|w[123]")
"""Digits that number no layer."""
MOST_REPEATS = 4


class Group(NamedTuple):
    """A format, and the names or patterns of what is in it."""

    format: str
    targets: tuple[str, ...]


def formats_of(groups: Iterable[Group], family: Family) -> tuple[Mapping[Part, str], tuple[str, ...]]:
    """The format of each part, and what cannot be told: a pattern that is not understood, or a part in several formats."""
    named = [(target, group.format) for group in groups for target in group.targets]
    modules = [module for part in PARTS for module in _modules(part, family)]
    untold = [
        f"has a target that is not understood: {target[:60]}" for target, _ in named if not _understood(target, modules)
    ]
    if untold:
        return {}, tuple(untold)
    by_part = {part: {_format(module, named) for module in _modules(part, family)} for part in PARTS}
    mixed = [f"gives {part} several formats" for part, forms in by_part.items() if len(forms) > 1]
    return {part: min(forms) for part, forms in by_part.items()}, tuple(mixed)


def _modules(part: Part, family: Family) -> Iterable[str]:
    return (f"{_LAYER}{module}" for module in modules_of(part, family).usual)


def _understood(target: str, modules: Iterable[str]) -> bool:
    """Whether a target is the class of all modules, or names some of them, in no time and in every layer alike."""
    if target == EVERYTHING:
        return True
    pattern = target.removeprefix("re:")
    simple = not _TOO_CLEVER.search(_HARMLESS.sub("", pattern)) and len(re.findall(r"[*+{]", pattern)) <= MOST_REPEATS
    return simple and compiles(pattern) and any(_names(target, module) for module in modules)


def compiles(pattern: str) -> bool:
    """Whether Python reads it as a regular expression, and without a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError, Warning):
            return False
    return True


def _format(module: str, named: Iterable[tuple[str, str]]) -> str:
    """Of the target that names a module, before that of the class; 16 bits where none does (find_matched_target of vLLM 0.33.0)."""
    by_name = [form for target, form in named if target != EVERYTHING and _names(target, module)]
    by_class = [form for target, form in named if target == EVERYTHING]
    return next(iter((*by_name, *by_class)), "bf16")


def _names(target: str, module: str) -> bool:
    pattern = target.removeprefix("re:")
    return bool(re.match(pattern, module)) if pattern != target else target == module.rpartition(".")[2]

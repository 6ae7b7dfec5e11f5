"""The properties of a Pulumi type as its SDK declares them, found by the names that scanners use."""

from __future__ import annotations

import importlib
import json
import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, get_args, get_origin

from pulumi._types import input_type_py_to_pulumi_names, input_type_types, is_input_type


class Names(TypedDict):
    """Where Terraform's names do not follow from the SDK's: types by token, attributes by "type.path"."""

    types: dict[str, str]
    names: dict[str, str]


NAMES: Names = json.loads((Path(__file__).parent / "terraform_names.json").read_text())


@dataclass(frozen=True)
class Tree:
    """A type's properties. `terraform`: its name in Terraform's words; None: the scanner says Pulumi's own."""

    args: type
    terraform: str | None = None
    above: str = ""

    def find(self, path: tuple[str, ...]) -> str | None:
        """Pulumi's path of what a scanner calls `path`: "rules.*.status". None: the type has no such property.

        Below a text or a list of texts a path ends: what a scanner reads inside a policy is the policy.
        """
        declared_as = input_type_types(self.args)
        for name, ours in input_type_py_to_pulumi_names(self.args).items():
            declared = declared_as[ours]
            where = f"{self.above}.{name}" if self.above else name
            inner = _inner(declared)
            outside = (
                ours
                if self.terraform is None
                else self._in_terraform(where, name, many=inner is not None and _is_list(declared))
            )
            if path[0] != outside:
                continue
            if inner is None and get_origin(declared) is Mapping and len(path) == 2:
                return f"{ours}.{path[1]}"
            if inner is None or len(path) == 1:
                return ours
            below = Tree(inner, self.terraform, where).find(path[1:])
            return f"{ours}.*.{below}" if below and _is_list(declared) else below and f"{ours}.{below}"
        return None

    def _in_terraform(self, where: str, name: str, *, many: bool) -> str:
        return NAMES["names"].get(f"{self.terraform}.{where}", _singular(name) if many else name)


def tree_of(token: str) -> Tree | None:
    """The tree of a type token; None where the SDK has no such class."""
    package, module, kind = token.split(":")
    folder = module.partition("/")[0]
    folder = f"{folder}_" if keyword.iskeyword(folder) else folder
    if package == "kubernetes":
        group, _, edition = module.partition("/")
        folder = f"{group.removesuffix('.k8s.io').partition('.')[0]}.{edition}"
    try:
        home = importlib.import_module(f"pulumi_{package}.{folder}")
    except ImportError:
        return None
    args = getattr(home, f"{kind}InitArgs", None) or getattr(home, f"{kind}Args", None)
    if args is None:
        return None
    return Tree(args, terraform_type(token) if package == "aws" else None)


def terraform_type(token: str) -> str:
    """The name of a type in Terraform: by rule, or from the table of exceptions."""
    _, module, kind = token.split(":")
    folder = module.partition("/")[0]
    snake = "".join(f"_{each.lower()}" if each.isupper() else each for each in kind).lstrip("_")
    return NAMES["types"].get(token, f"aws_{snake}" if folder == "ec2" else f"aws_{folder}_{snake}")


def _inner(declared: object) -> type | None:
    """The nested type of a property, through lists and inputs."""
    for each in _unwrapped(declared):
        if isinstance(each, type) and is_input_type(each):
            return None if each.__name__.startswith("PolicyDocument") else each
    return None


def _is_list(declared: object) -> bool:
    return get_origin(declared) is Sequence


def _unwrapped(declared: object) -> list[object]:
    found: list[object] = [declared]
    for each in get_args(declared):
        found.extend(_unwrapped(each))
    return found


def _singular(name: str) -> str:
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("ches", "shes", "xes", "sses")):
        return name[:-2]
    return name if name.endswith("ss") else name.removesuffix("s")


def trimmed(names: Mapping[str, Mapping[str, str]], tokens: frozenset[str]) -> Names:
    """The part of a table of names that some types need."""
    kept = {token: name for token, name in names["types"].items() if token in tokens}
    own = {terraform_type(token) for token in tokens if token.startswith("aws:")} | set(kept.values())
    return {"types": kept, "names": {key: name for key, name in names["names"].items() if key.partition(".")[0] in own}}

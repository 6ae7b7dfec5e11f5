"""Say which attributes each check of Checkov reads, by reading the checks themselves. Runs in Checkov's own environment.

python3.11 -m venv VENV && VENV/bin/pip install checkov==3.3.30
VENV/bin/python tools/outside/checkov_reads.py > reads.json

A check is followed as a program: from its configuration argument through subscripts, `get`, loops and calls of its own
methods. Nothing of a check's text is kept: identifiers and attribute names only.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from pathlib import Path as File
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str, ...]
Paths: TypeAlias = frozenset[Path]
Found: TypeAlias = dict[str, dict[Path, set[str]]]

NOTHING: Paths = frozenset()
HERE: Paths = frozenset({()})
ENTRIES = ("scan_container_conf", "scan_spec_conf", "scan_resource_conf")
LISTS_OF_KEYS = ("get_inspected_key", "get_excluded_key", "get_evaluated_keys")


class Reads(ast.NodeVisitor):
    """Follows one function. Paths of a value are where in the configuration it may come from."""

    def __init__(self, functions: Mapping[str, ast.FunctionDef], found: set[Path], depth: int = 0) -> None:
        self.functions, self.found, self.depth = functions, found, depth
        self.values: dict[str, Paths] = {}
        self.words: dict[str, frozenset[str]] = {}
        self.returned = NOTHING

    def follow(self, function: ast.FunctionDef, arguments: list[Paths], named: Mapping[str, Paths]) -> Paths:
        """Where its answer may come from. The body is walked twice: what a loop binds at its end may be read at its start."""
        names = [each.arg for each in function.args.args if each.arg not in {"self", "cls"}]
        self.values.update({**dict(zip(names, arguments, strict=False)), **named})
        for _ in range(2):
            for statement in function.body:
                self.visit(statement)
        return self.returned

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.returned |= self.paths(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        paths = self.paths(node.value)
        for target in node.targets:
            self.bind(target, paths)
            if isinstance(target, ast.Name):
                self.words[target.id] = frozenset(_words(node.value))
            if isinstance(target, ast.Attribute) and target.attr in {"evaluated_keys", "evaluated_container_keys"}:
                self.found |= {_split(word) for word in _words(node.value)}

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.paths(node.value))

    def visit_For(self, node: ast.For) -> None:
        self.bind(node.target, self.paths(node.iter))
        if isinstance(node.target, ast.Name):
            known = self.words.get(node.iter.id, frozenset()) if isinstance(node.iter, ast.Name) else frozenset()
            self.words[node.target.id] = known | frozenset(_words(node.iter))
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def generic_visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.expr):
            self.paths(node)
        else:
            super().generic_visit(node)

    def bind(self, target: ast.expr, paths: Paths) -> None:
        """Give a value to the names of a target."""
        for each in ast.walk(target):
            if isinstance(each, ast.Name):
                self.values[each.id] = self.values.get(each.id, NOTHING) | paths

    def paths(self, node: ast.expr) -> Paths:
        """Where a value may come from; every key that is asked for on the way is noted."""
        match node:
            case ast.Name(id=name):
                return self.values.get(name, NOTHING)
            case ast.Subscript(value=value, slice=key):
                return self.into(self.paths(value), key)
            case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()], comparators=[right]):
                self.into(self.paths(right), left)
                return self.paths(left)
            case ast.Call():
                return self.called(node)
            case ast.NamedExpr(target=target, value=value):
                paths = self.paths(value)
                self.bind(target, paths)
                return paths
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                for clause in node.generators:
                    self.bind(clause.target, self.paths(clause.iter))
        return self.all(child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr))

    def all(self, nodes: Iterable[ast.expr]) -> Paths:
        """Where any of several values may come from."""
        return NOTHING.union(*[self.paths(node) for node in nodes])

    def into(self, paths: Paths, key: ast.expr) -> Paths:
        """One step down; a number, or a key that is not known, stays where it is."""
        words = set(_words(key)) | (self.words.get(key.id, frozenset()) if isinstance(key, ast.Name) else set())
        if not words:
            self.paths(key)
            return paths
        deeper = frozenset((*path, *_split(word)) for path in paths for word in words)
        self.found |= deeper
        return deeper

    def called(self, node: ast.Call) -> Paths:
        """A step by `get` or by a path, a call of the check's own method, or any other function of its arguments."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name == "get" and isinstance(node.func, ast.Attribute) and node.args:
            if getattr(node.func.value, "id", "") == "dpath" and len(node.args) > 1:
                return self.into(self.paths(node.args[0]), node.args[1])
            return self.into(self.paths(node.func.value), node.args[0]) | self.all(node.args[1:])
        if name in {"find_in_dict", "search"} and (node.args or node.keywords):
            given = [*node.args, *(each.value for each in node.keywords)]
            return self.into(self.paths(given[0]), given[1]) if len(given) > 1 else self.all(given)
        arguments = [self.paths(each) for each in node.args]
        named = {each.arg: self.paths(each.value) for each in node.keywords if each.arg}
        own = self.functions.get(name)
        if own is not None and self.depth < 6:
            return Reads(self.functions, self.found, self.depth + 1).follow(own, arguments, named)
        inside = self.paths(node.func.value) if isinstance(node.func, ast.Attribute) else NOTHING
        return inside.union(*arguments, *named.values())


def _words(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(word)):
            yield word
        case ast.List(elts=members) | ast.Tuple(elts=members) | ast.Set(elts=members):
            for member in members:
                yield from _words(member)


def _split(key: str) -> Path:
    parts = (part.strip("[]") for part in re.split(r"[/.]", key))
    return tuple(part for part in parts if part and part not in {"*", "**"} and not part.isdigit())


def _functions(check: object) -> dict[str, ast.FunctionDef]:
    """Functions of the check's module and of those of its bases, the nearest first."""
    found: dict[str, ast.FunctionDef] = {}
    for owner in type(check).__mro__:
        if owner.__module__.startswith("checkov.") and owner.__name__ not in {
            "BaseCheck",
            "BaseResourceCheck",
            "BaseK8Check",
        }:
            source = textwrap.dedent(inspect.getsource(sys.modules[owner.__module__]))
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.FunctionDef):
                    found.setdefault(node.name, node)
    return found


def reads_of(check: Any, kind: str) -> set[Path]:
    """Every path that a check asks for in a resource of that kind."""
    check.entity_type = kind
    functions, found = _functions(check), set[Path]()
    function = next((functions[entry] for entry in ENTRIES if entry in functions), None)
    if function is not None:
        names = [each.arg for each in function.args.args]
        Reads(functions, found).follow(function, [], {name: HERE for name in names if name == "conf"})
    for name in LISTS_OF_KEYS:
        keys = getattr(check, name, lambda: None)() or ()
        found |= {_split(key) for key in ([keys] if isinstance(keys, str) else keys)}
    found.discard(())
    return found


def terraform() -> Found:
    """Checks of one AWS resource, by Terraform type."""
    import checkov.terraform.checks.resource.aws  # noqa: F401  registers them
    from checkov.terraform.checks.resource.registry import resource_registry

    found: Found = defaultdict(lambda: defaultdict(set))
    for kind, checks in resource_registry.checks.items():
        for check in checks if kind.startswith("aws_") else ():
            for path in reads_of(check, kind) or {("?",)}:
                found[kind][path].add(check.id)
    return found


def kubernetes() -> Found:
    """Checks of one Kubernetes object, by kind; `containers` stands before what a container check reads."""
    import checkov.kubernetes.checks.resource.k8s  # noqa: F401  registers them
    from checkov.kubernetes.checks.resource.registry import registry

    found: Found = defaultdict(lambda: defaultdict(set))
    for kind, checks in registry.checks.items():
        for check in checks:
            inside = ("containers",) if hasattr(check, "scan_container_conf") else ()
            for path in reads_of(check, kind) or {("?",)}:
                found[kind][(*inside, *path)].add(check.id)
    return found


def graph_checks(folder: File, skip: str) -> tuple[Found, Found]:
    """Attributes, and connections, that checks over several resources ask for."""
    attributes: Found = defaultdict(lambda: defaultdict(set))
    links: Found = defaultdict(lambda: defaultdict(set))
    for file in sorted([*folder.rglob("*.json"), *folder.rglob("*.yaml")]):
        document = json.loads(file.read_text()) if file.suffix == ".json" else {}
        identifier = document.get("metadata", {}).get("id", "")
        for node in _conditions(document.get("definition", {})):
            kinds = node.get("resource_types") or ()
            kinds = [kinds] if isinstance(kinds, str) else kinds
            for kind in kinds:
                if node.get("cond_type") == "attribute" and kind != skip:
                    attributes[kind][_split(node["attribute"])].add(identifier)
                for other in node.get("connected_resource_types") or ():
                    links[kind][(other,)].add(identifier)
    return attributes, links


def _conditions(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "cond_type" in node:
            yield node
        for child in node.values():
            yield from _conditions(child)
    elif isinstance(node, list):
        for child in node:
            yield from _conditions(child)


def _longest(found: Found) -> dict[str, dict[str, list[str]]]:
    """A check that asks for a.b is not said to ask for a."""
    kept: dict[str, dict[str, list[str]]] = {}
    for kind, paths in found.items():
        for path, checks in paths.items():
            alone = {
                each for each in checks if not any(_below(path, other) and each in paths[other] for other in paths)
            }
            if alone:
                kept.setdefault(kind, {})["/".join(path)] = sorted(alone)
    return kept


def _below(path: Path, other: Path) -> bool:
    return len(other) > len(path) and other[: len(path)] == path


def _merged(*several: Found) -> Found:
    whole: Found = defaultdict(lambda: defaultdict(set))
    for found in several:
        for kind, paths in found.items():
            for path, checks in paths.items():
                whole[kind][path] |= checks
    return whole


def main() -> None:
    """Print everything as JSON."""
    import checkov

    base = File(str(checkov.__file__)).parent
    attributes, links = graph_checks(base / "terraform" / "checks" / "graph_checks" / "aws", "aws_foo")
    objects, near = graph_checks(base / "kubernetes" / "checks" / "graph_checks", "")
    document = {
        "scanner": f"checkov {version('checkov')}",
        "terraform": _longest(_merged(terraform(), attributes)),
        "terraform_links": _longest(links),
        "kubernetes": _longest(_merged(kubernetes(), objects)),
        "kubernetes_links": _longest(near),
    }
    sys.stdout.write(json.dumps(document, indent=1, sort_keys=True))


if __name__ == "__main__":
    main()

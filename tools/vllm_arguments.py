"""Read the serving arguments out of a vLLM wheel and write components/serving/vllm_arguments.json.

Use: python tools/vllm_arguments.py vllm-0.33.0-*.whl. The wheel is read as text with ast and never imported.
"""

from __future__ import annotations

import argparse
import ast
import json
import zipfile
from pathlib import Path

ENGINE = "vllm/engine/arg_utils.py"
FRONTEND = "vllm/entrypoints/common/cli_args.py"
SERVED_BY = {"BaseFrontendArgs", "FrontendArgs"}
TARGET = Path(__file__).parent.parent / "components" / "serving" / "vllm_arguments.json"
PLAIN = {"int": "int", "float": "float", "str": "str", "dict": "json", "list": "list", "set": "list", "tuple": "list"}

Aliases = dict[str, ast.expr]


def read(wheel: Path) -> dict[str, object]:
    """The table: argument name without dashes -> its kind and, for a closed list, its choices.

    Kind "any" means that the wheel decides the value's form in code: the name is checked, the value is not.
    """
    with zipfile.ZipFile(wheel) as archive:
        sources = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".py")}
        built = max(info.date_time for info in archive.infolist())
    trees = {
        n: ast.parse(text) for n, text in sources.items() if n.startswith("vllm/config/") or n in {ENGINE, FRONTEND}
    }
    aliases = {name: value for tree in trees.values() for name, value in _aliases(tree)}
    fields = {name: found for tree in trees.values() for name, found in _fields(tree)}
    arguments: dict[str, dict[str, object]] = {}
    for path in (ENGINE, FRONTEND):
        arguments |= dict(_declared(trees[path], fields, aliases))
    for (owner, name), annotation in fields.items():
        if owner in SERVED_BY:
            arguments[name.replace("_", "-")] = _kind(annotation, aliases)
    return {
        "version": wheel.name.split("-")[1],
        "read": f"{built[0]}-{built[1]:02}-{built[2]:02}",
        "source": f"wheel {wheel.name}: {ENGINE}, {FRONTEND}, vllm/config/*.py",
        "arguments": dict(sorted(arguments.items())),
    }


def _aliases(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    found: list[tuple[str, ast.expr]] = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.append((node.targets[0].id, node.value))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found.append((node.target.id, node.value))
    return found


def _fields(tree: ast.Module) -> list[tuple[tuple[str, str], ast.expr]]:
    return [
        ((owner.name, node.target.id), node.annotation)
        for owner in tree.body
        if isinstance(owner, ast.ClassDef)
        for node in owner.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    ]


def _declared(
    tree: ast.Module, fields: dict[tuple[str, str], ast.expr], aliases: Aliases
) -> list[tuple[str, dict[str, object]]]:
    """Every add_argument call whose name is written out, with the kind of the configuration field it stands for."""
    owners: dict[str, str] = {}
    single: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        name, value = node.targets[0].id, node.value
        if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "get_kwargs":
            owners[name] = ast.unparse(value.args[0])
        elif isinstance(value, ast.Subscript):
            base = ast.unparse(value.value)
            owner = owners.get(base) or base.removeprefix("get_kwargs(").removesuffix(")")
            single[name] = (owner, ast.unparse(value.slice).strip("'"))
    found: list[tuple[str, dict[str, object]]] = []
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_argument"
        ):
            continue
        names = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        kind = _of_call(node, owners, single, fields, aliases)
        found.extend((name.removeprefix("--"), kind) for name in names if name.startswith("--"))
    return found


def _of_call(
    call: ast.Call,
    owners: dict[str, str],
    single: dict[str, tuple[str, str]],
    fields: dict[tuple[str, str], ast.expr],
    aliases: Aliases,
) -> dict[str, object]:
    for keyword in call.keywords:
        if keyword.arg is None:
            text = keyword.value
            if isinstance(text, ast.Dict):
                text = text.values[0]
            if isinstance(text, ast.Subscript):
                key = (owners.get(ast.unparse(text.value), ""), ast.unparse(text.slice).strip("'"))
            else:
                key = single.get(ast.unparse(text), ("", ""))
            if key in fields:
                return _kind(fields[key], aliases)
        elif keyword.arg == "action":
            action = ast.unparse(keyword.value)
            return {"kind": "switch" if "store_true" in action else "flag"}
        elif keyword.arg == "choices" and isinstance(keyword.value, ast.List):
            return {"kind": "str", "choices": sorted(ast.literal_eval(keyword.value))}
        elif keyword.arg == "type" and isinstance(keyword.value, ast.Name) and keyword.value.id in PLAIN:
            return {"kind": PLAIN[keyword.value.id]}
    return {"kind": "any"}


def _kind(annotation: ast.expr, aliases: Aliases) -> dict[str, object]:
    """What vLLM's own argument parser makes of a type: bool wins, then a closed list, collections, numbers, text."""
    parts = _parts(annotation, aliases)
    names = {ast.unparse(part.value if isinstance(part, ast.Subscript) else part) for part in parts}
    literals = [p for p in parts if isinstance(p, ast.Subscript) and ast.unparse(p.value) == "Literal"]
    if "bool" in names:
        return {"kind": "optional"} if "str" in names else {"kind": "flag"}
    if literals:
        choices = sorted({str(value) for literal in literals for value in _choices(literal, aliases)})
        return {"kind": "str"} if "str" in names else {"kind": "str", "choices": choices}
    for name in ("list", "set", "tuple", "int", "float", "str", "dict"):
        if name in names and not (name == "str" and "dict" in names):
            return {"kind": PLAIN[name]}
    return {"kind": "json" if all(name.endswith("Config") or name == "None" for name in names) else "any"}


def _parts(node: ast.expr, aliases: Aliases) -> list[ast.expr]:
    if isinstance(node, ast.BinOp):
        return _parts(node.left, aliases) + _parts(node.right, aliases)
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) in {"Annotated", "SkipValidation"}:
        inner = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) else node.slice
        return _parts(inner, aliases)
    if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Union" and isinstance(node.slice, ast.Tuple):
        return [part for element in node.slice.elts for part in _parts(element, aliases)]
    if isinstance(node, ast.Name) and node.id in aliases:
        return _parts(aliases[node.id], aliases)
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _parts(ast.parse(node.value, mode="eval").body, aliases)
    return [node]


def _choices(node: ast.expr, aliases: Aliases) -> list[object]:
    if isinstance(node, ast.Subscript):
        elements = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        return [value for element in elements for value in _choices(element, aliases)]
    return _choices(aliases[node.id], aliases) if isinstance(node, ast.Name) else [ast.literal_eval(node)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=Path)
    TARGET.write_text(json.dumps(read(parser.parse_args().wheel), indent=1, sort_keys=True) + "\n")

"""Write the generated reference, or with --check say what has drifted.

python -m tools.docs            writes docs/reference and blueprint/posture_accessors.py
python -m tools.docs --check    exit 1 when a file differs from what the code says, or a link leads nowhere
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from click.testing import CliRunner

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
NOTE = "<!-- Written by `make docs` from the code; change the code. -->\n\n"
_LINK = re.compile(r"\[[^\]]+\]\((?!https?:|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


def pages() -> Mapping[Path, str]:
    """Every generated file and what it should hold."""
    from blueprint.schemas import SCHEMAS
    from compliance.parameters import parameters
    from tools.generate_accessors import TARGET, always_set, render

    found = {
        REFERENCE / f"{name}.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
        for name, schema in SCHEMAS.items()
    }
    return {
        **found,
        TARGET: render(parameters(), always_set()),
        REFERENCE / "cli.md": NOTE + "\n".join(_cli()),
        REFERENCE / "stack.md": NOTE + "\n".join(_stack()),
        REFERENCE / "rules.md": NOTE + "\n".join(_rules()),
        REFERENCE / "controls.md": NOTE + "\n".join(_controls()),
        REFERENCE / "parameters.md": NOTE + "\n".join(_parameters()),
        REFERENCE / "subjects.md": NOTE + "\n".join(_subjects()),
    }


def broken_links() -> Iterator[str]:
    """Relative links of Markdown files that lead to no file."""
    for page in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]):
        for target in _LINK.findall(page.read_text(encoding="utf-8")):
            if not (page.parent / target).exists():
                yield f"{page.relative_to(ROOT)}: {target} is not there"


def _cli() -> Iterator[str]:
    from blueprint.cli import COMMANDS, group

    yield "# Commands\n"
    runner = CliRunner()
    for name in ("", *COMMANDS):
        words = [name] if name else []
        yield from _help(runner, words)
        command = group.get_command(click.Context(group), name) if name else None
        if isinstance(command, click.Group):
            for inner in sorted(command.commands):
                yield from _help(runner, [*words, inner])


def _help(runner: CliRunner, words: list[str]) -> Iterator[str]:
    from blueprint.cli import group

    shown = runner.invoke(group, [*words, "--help"], prog_name="blueprint", terminal_width=100, env={"NO_COLOR": "1"})
    yield f"## blueprint {' '.join(words)}".rstrip() + "\n\n```text\n" + shown.output.rstrip() + "\n```\n"


def _stack() -> Iterator[str]:
    from blueprint.document import Compliance, Head, platform_spec
    from blueprint.slots import FUTURE, slots, spec_of

    yield "# The stack document\n\nBelow `config: blueprint:platform:` in `stacks/Pulumi.<stack>.yaml`.\n"
    yield from _fields("The platform as a whole", Head)
    yield from _fields("compliance", Compliance)
    for name, slot in slots().items():
        many = "a list, each with a name" if slot.many else "one"
        filled = "filled with its defaults when it is left out" if slot.always else "empty when it is left out"
        yield f"## {name}\n\nLayer {slot.layer}; {many}; {filled}. {platform_spec().model_fields[name].description}\n"
        if slot.requires:
            yield f"Needs {', '.join(sorted(slot.requires))} in the same document.\n"
        for kind in slot.kinds:
            yield from _fields(f"{name}: kind {kind}", spec_of(name, kind), level=3)
    yield "## Not yet built\n\n" + "\n".join(f"- `{name}`: {what}" for name, what in FUTURE.items()) + "\n"


def _fields(title: str, model: type, *, level: int = 2) -> Iterator[str]:
    from pydantic import BaseModel

    assert issubclass(model, BaseModel)
    intent = (model.__doc__ or "").strip()
    yield f"{'#' * level} {title}\n\n{intent}\n\n| setting | | what it says |\n| --- | --- | --- |"
    for name, field in model.model_fields.items():
        yield f"| `{name}` | {'required' if field.is_required() else ''} | {_cell(field.description or '')} |"
    yield ""


def _rules() -> Iterator[str]:
    from compliance.catalogue import load

    rules = load().rules
    yield f"# Rules\n\n{len(rules)} rules. Each is a file under `compliance/rules` with its own truth table.\n"
    for rule in sorted(rules, key=lambda each: each.id):
        yield (
            f"## {rule.id}\n\n{rule.title[:1].upper()}{rule.title[1:]}. Subject `{rule.subject}`, severity {rule.severity}, "
            f"controls {', '.join(rule.controls)}"
            + (f", meets {', '.join(f'`{name}`' for name in sorted(rule.parameters))}" if rule.parameters else "")
            + f".\n\nWhy: {rule.why}.\n\nRemedy: {rule.remedy}.\n"
        )


def _controls() -> Iterator[str]:
    from compliance.catalogue import load

    catalogue = load()
    yield f"# Controls\n\n{len(catalogue.controls)} controls of our own, between requirements and rules.\n"
    yield "| control | statement | layers | proof | requirements |\n| --- | --- | --- | --- | --- |"
    for name, control in catalogue.controls.items():
        proof = (
            f"people: {control.by_people}"
            if control.by_people
            else ", ".join(f"`{rule}`" for rule in catalogue.proofs[name])
        )
        yield f"| {name} | {_cell(control.statement)} | {', '.join(control.layers)} | {_cell(proof)} | {len(catalogue.served[name])} |"
    yield ""


def _parameters() -> Iterator[str]:
    from compliance.parameters import parameters

    known = parameters()
    yield f"# Parameters\n\n{len(known)} parameters on which frameworks differ, and how the strictest value is found.\n"
    yield "| parameter | what it is | join | unit or order | enforced by | applied at |\n| --- | --- | --- | --- | --- | --- |"
    for name, each in known.items():
        order = " < ".join(each.order) or each.unit
        yield f"| `{name}` | {_cell(each.title)} | {each.join} | {_cell(order)} | {each.enforceable} | {', '.join(each.applied_at) or 'people'} |"
    yield ""


def _subjects() -> Iterator[str]:
    from compliance.facts import registry

    yield f"# Subjects\n\n{len(registry.kinds())} fact models: what rules may read, the same from every source.\n"
    for name, kind in registry.kinds().items():
        yield f"## {name}\n\n{(kind.__doc__ or '').strip()}\n\n| leaf | type |\n| --- | --- |"
        for leaf, shape in registry.leaves(kind).items():
            words = f": {' < '.join(shape.words)}" if shape.words else ""
            yield f"| `{leaf}` | {shape.type}{words}{', or none' if shape.nullable else ''} |"
        yield ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(arguments: list[str]) -> int:
    """Write or check; the exit code says whether anything was wrong."""
    check = "--check" in arguments
    wrong = [f"{path.relative_to(ROOT)} differs from the code; run `make docs`" for path, text in pages().items()
             if check and (not path.exists() or path.read_text(encoding="utf-8") != text)]  # fmt: skip
    if not check:
        for path, text in pages().items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    wrong += broken_links()
    for line in wrong:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

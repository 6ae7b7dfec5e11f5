"""blueprint check"""

from __future__ import annotations

import datetime as dt
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from blueprint.cli.exits import Exit
from blueprint.cli.inputs import fail_on_option, judgement_of, severity, source_options, stack_options
from blueprint.cli.outputs import as_json, coloured, output_option, write_all

if TYPE_CHECKING:
    from blueprint.judgement import Judgement

SHOWN_ALWAYS = ("fail", "unknown")


@click.command(name="check")
@stack_options
@source_options
@fail_on_option
@click.option("--rule", "rules", multiple=True, help="Show these rules only; repeatable.")
@click.option("--status", "statuses", multiple=True, default=SHOWN_ALWAYS, show_default=True,
              type=click.Choice(["pass", "fail", "unknown", "not_applicable", "excepted"]), help="Show these verdicts; repeatable.")  # fmt: skip
@output_option("table", "json")
def command(
    stack: str, root: Path | None, as_of: dt.date | None, graph: Path | None, preview: Path | None, state: Path | None,
    fail_on: str, rules: tuple[str, ...], statuses: tuple[str, ...], outputs: tuple[tuple[str, Path | None], ...],
) -> None:  # fmt: skip
    """Hold a stack's resources against its posture, rule by rule.

    blueprint check -s regulated
    blueprint check -s regulated --preview preview.json -o json=findings.json
    """
    judgement = judgement_of(stack, root, as_of, graph, preview, state)
    for name in rules:
        judgement.catalogue.rule(name)
    from blueprint.findings_document import findings_document  # noqa: PLC0415  only the JSON form needs it

    write_all(outputs, {
        "table": lambda: _text(judgement, rules, statuses, severity(fail_on)),
        "json": lambda: as_json(findings_document(judgement)),
    })  # fmt: skip
    for name in judgement.idle_exceptions:
        click.echo(f"exception {name} covers no finding: remove it, or correct its rule and subject", err=True)
    if judgement.crashed:
        click.echo(f"{len(judgement.crashed)} rules crashed; their verdicts are UNKNOWN", err=True)
        sys.exit(Exit.UNEXPECTED)
    if judgement.violations(severity(fail_on)):
        sys.exit(Exit.VIOLATION)


def _text(judgement: Judgement, rules: tuple[str, ...], statuses: tuple[str, ...], fail_on: object) -> str:
    words = {
        finding.id: "excepted" if finding.exception else finding.verdict.outcome.value for finding in judgement.findings
    }
    shown = [each for each in judgement.findings if words[each.id] in statuses and (not rules or each.rule in rules)]
    lines = []
    for finding in sorted(shown, key=lambda each: (each.rule, each.subject)):
        lines.append(f"{coloured(words[finding.id])}  {finding.severity}  {finding.rule}  {finding.subject}")
        lines.append(f"    {finding.verdict.because}")
        if words[finding.id] == "fail":
            lines.append(f"    fix: {judgement.catalogue.rule(finding.rule).remedy}")
    count = Counter(words.values())
    total = ", ".join(
        f"{count[word]} {word.replace('_', ' ')}" for word in ("pass", "fail", "unknown", "not_applicable", "excepted")
    )
    end = "5: a rule FAILs" if judgement.violations(fail_on) else "0: nothing FAILs at or above --fail-on"  # type: ignore[arg-type]
    return "\n".join(
        [*lines, "" if lines else "nothing to show", f"{len(judgement.findings)} findings: {total}; exit code {end}"]
    ).lstrip("\n")

"""The table of what the platform can be made of, measured under the joined posture of the regulated stack.

    python -m tools.systems            writes docs/reference/systems.md
    python -m tools.systems --check    exit 1 when the file differs from what the code does

A kind that the regulated stack does not use takes the place of the one it does; tools/swaps.yaml says how.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml
from pydantic import JsonValue

from blueprint.assembly import assemble
from blueprint.judgement import Judgement, judge_plan
from blueprint.slots import slots
from blueprint.types import Noun
from compliance.findings import Outcome
from tools.swaps import ROOT, Document, planned, swaps

PAGE = ROOT / "docs" / "reference" / "systems.md"
OPAQUE = frozenset({"kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart"})
"""Types whose resources are made elsewhere, from a template that nobody here looks into."""


@dataclass(frozen=True)
class System:
    """One kind of one slot, as it stands in a document."""

    slot: str
    kind: str
    said: JsonValue
    resources: int
    verdicts: Mapping[Outcome, int]
    opaque: tuple[str, ...]

    @property
    def name(self) -> str:
        """As a heading and a link call it."""
        return f"{self.slot}: {self.kind}"


def judged(changes: Document) -> Judgement:
    """Regulated with some keys of its document replaced, synthesised and judged."""
    plan = planned(changes)
    return judge_plan(plan, assemble(plan, project="ai-platform"), ROOT)


def systems() -> Iterator[System]:
    """Every kind of every slot that some document uses, in the order of the slots."""
    others = swaps()
    base = judged({})
    for slot, filled in slots().items():
        for kind in filled.kinds:
            other = others.get(slot, {}).get(kind)
            found = measured(slot, kind, judged(other) if other else base)
            if found is not None:
                yield found


def measured(slot: str, kind: str, judgement: Judgement) -> System | None:
    """What one kind of one slot makes, and how it is judged; None when the document does not use it."""
    plan, graph = judgement.plan, judgement.graph
    nouns: list[Noun] = [
        noun for noun, (place, spec) in plan.specs.items()
        if place == slot and getattr(spec, "kind", next(iter(slots()[slot].kinds))) == kind
    ]  # fmt: skip
    if not nouns:
        return None
    mine = {urn: each for noun in nouns for urn, each in graph.component(noun).items()}
    verdicts = Counter(
        each.verdict.outcome for each in judgement.findings if each.urns and not mine.keys().isdisjoint(each.urns)
    )
    data = plan.file.source.data
    assert isinstance(data, dict)
    return System(
        slot, kind, data.get(slot, {}), len(mine), verdicts,
        tuple(sorted(each.name for each in mine.values() if each.type in OPAQUE)),
    )  # fmt: skip


def page() -> Iterator[str]:
    """The page, paragraph by paragraph."""
    found = list(systems())
    total = Counter[Outcome]()
    for each in found:
        total.update(each.verdicts)
    yield "<!-- Written by `python -m tools.systems` from the code; change the code. -->\n"
    yield "# Systems\n"
    yield (
        "Each kind of each slot, in the regulated stack or in the place of the kind that stands there, under the joined posture of "
        "HIPAA, PCI DSS and FedRAMP Moderate. Resources are those below the component. A verdict is one rule on one subject; a "
        "subject that two components make counts for both. Opaque: charts whose objects are not looked into.\n"
    )
    yield "| layer | system | resources | pass | fail | unknown | not applicable | opaque |\n| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |"
    for each in found:
        figures = " | ".join(str(each.verdicts.get(outcome, 0)) for outcome in Outcome)
        anchor = each.name.replace(": ", "-")
        yield (
            f"| {slots()[each.slot].layer} | [{each.name}](#{anchor}) | {each.resources} | {figures} "
            f"| {', '.join(each.opaque) or '–'} |"
        )
    yield f"| | all | | {' | '.join(str(total.get(outcome, 0)) for outcome in Outcome)} | |\n"
    for each in found:
        said = yaml.safe_dump({each.slot: each.said}, sort_keys=False, width=110)
        yield f"## {each.name}\n\n```yaml\n{said.rstrip()}\n```\n"


def main() -> int:
    """Write the page, or compare it."""
    text = "\n".join(page())
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        return 0
    same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == text
    if not same:
        print(f"{PAGE.relative_to(ROOT)} has drifted; run python -m tools.systems", file=sys.stderr)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())

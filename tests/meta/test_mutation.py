"""Weakenings drawn at random from what outside scanners read: each turns a finding FAIL, or stands in the list of equivalents."""

from __future__ import annotations

import random
from collections import Counter
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from pydantic import Field, JsonValue

from blueprint.graph import as_ref
from blueprint.types import Frozen
from compliance.findings import Outcome
from tests.meta.outside import listed
from tools.outside.edits import unread
from tools.outside.experiment import Bench
from tools.outside.weakening import Weakening, draw

pytestmark = pytest.mark.xdist_group("experiments")

SEED = 4711
"""The draw was made after the rules were frozen. Rules were written against others (20261120, 1120 and 42420)."""
WHOLE, SAMPLE = 200, 6
KILLED, EQUIVALENT = 0.9, 0.05
"""The least that must FAIL, and the most that may be listed as equivalent."""

TOLD_BY_PROVIDER = frozenset({"account", "region"})
"""Read from where a resource is registered; an input of that name says it again."""


class Equivalent(Frozen):
    """A weakening that changes nothing, and why. `type` and `property` may hold shell wildcards."""

    type: str
    property: str
    how: str
    reason: str = Field(min_length=20)

    def covers(self, weakening: Weakening) -> bool:
        """Whether it is about a weakening."""
        return (
            fnmatchcase(weakening.token, self.type)
            and fnmatchcase(weakening.path, self.property)
            and weakening.how.startswith(self.how)
        )


EQUIVALENTS = tuple(
    Equivalent.model_validate(each) for each in yaml.safe_load((Path(__file__).parent / "equivalents.yaml").read_text())
)


def test_a_sample_of_weakenings_fails(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    failing, equivalent = _hold(bench, _drawn(bench, SAMPLE), capsys)
    assert failing + equivalent >= KILLED


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_hundred_weakenings_fail(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    failing, equivalent = _hold(bench, _drawn(bench, WHOLE), capsys)
    assert failing >= KILLED
    assert equivalent <= EQUIVALENT


def test_the_draw_repeats(bench: Bench) -> None:
    assert _drawn(bench, SAMPLE) == _drawn(bench, SAMPLE)
    assert len(set(_drawn(bench, WHOLE))) == WHOLE


def test_a_sample_of_values_made_unknown_passes_nothing(bench: Bench) -> None:
    chosen = random.Random(SEED).sample(_read_places(bench), 6)
    assert [line for place in chosen for line in _passing_on_nothing(bench, place)] == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_value_made_unknown_passes(bench: Bench) -> None:
    assert [line for place in _read_places(bench) for line in _passing_on_nothing(bench, place)] == []


def test_a_value_inside_a_document_is_hidden_with_the_document() -> None:
    inputs: dict[str, JsonValue] = {
        "data": {"config.yaml": "a: 1"}, "metadata": {"labels": {"example.com/level": "high"}}, "rules": [{"on": True}],
    }  # fmt: skip
    told = {
        path: _parts(inputs, path)
        for path in ("data.config.yaml.a", "metadata.labels[example.com/level]", "rules.0.on", "rules.0.off.x")
    }
    assert list(told.values()) == [
        ("data", "config.yaml"), ("metadata", "labels", "example.com/level"), ("rules", "0", "on"), ("rules", "0", "off", "x"),
    ]  # fmt: skip


class _Read(NamedTuple):
    """What a finding read, and the place that has to be hidden for it to be unknown."""

    urn: str
    path: str
    parts: tuple[str, ...]


def _read_places(bench: Bench) -> list[_Read]:
    """Where findings that PASS read what decided them, once for each type and path. A path in brackets is no property."""
    found: dict[tuple[str, str], _Read] = {}
    for finding in bench.before.values():
        for read in finding.verdict.reads if finding.verdict.outcome is Outcome.PASS else ():
            resource = bench.graph.by_urn.get(read.urn)
            if (
                resource
                and resource.custom
                and read.decides
                and not read.path.startswith("(")
                and read.path not in TOLD_BY_PROVIDER
            ):
                place = _Read(read.urn, read.path, _parts(dict(resource.inputs), read.path))
                found.setdefault((resource.type, read.path), place)
    return sorted(found.values())


def _parts(inputs: JsonValue, path: str) -> tuple[str, ...]:
    """Keys that lead to a path, as far as it is written; the rest of it is made. A key may hold points."""
    here, rest, parts = inputs, path.replace("[", ".").rstrip("]"), list[str]()
    while rest and isinstance(here, dict | list) and as_ref(here) is None:
        keys = list(here) if isinstance(here, dict) else list(map(str, range(len(here))))
        key = max((each for each in keys if f"{rest}.".startswith(f"{each}.")), key=len, default=None)
        if key is None:
            return (*parts, *(rest.split(".") if isinstance(here, dict) else ()))
        here, rest = here[key] if isinstance(here, dict) else here[int(key)], rest[len(key) + 1 :]
        parts.append(key)
    return tuple(parts)


def _passing_on_nothing(bench: Bench, place: _Read) -> list[str]:
    """Findings that still PASS and say that they read a value where none can be read."""
    return [
        f"{each.rule} on {each.subject} reads {place.path}"
        for each in bench.findings(unread(bench.graph, [place.urn], place.parts)).values()
        if each.verdict.outcome is Outcome.PASS
        and any(
            _told(read.value) and (read.urn, read.path) == place[:2] and read.decides for read in each.verdict.reads
        )
    ]


def _told(value: object) -> bool:
    return not (isinstance(value, dict) and "$unknown" in value)


def _drawn(bench: Bench, count: int) -> list[Weakening]:
    return draw(bench.graph, listed().types, seed=SEED, count=count)


def _hold(bench: Bench, drawn: list[Weakening], capsys: pytest.CaptureFixture[str]) -> tuple[float, float]:
    """The shares that FAIL and that are equivalent; survivors are printed."""
    told = {each: _outcome(bench, each) for each in drawn}
    equivalent = [each for each, outcome in told.items() if outcome != "fail" and _listed(each)]
    survivors = [each for each, outcome in told.items() if outcome != "fail" and not _listed(each)]
    count = Counter(told.values())
    with capsys.disabled():
        print(
            f"\n{len(drawn)} weakenings (seed {SEED}): {count['fail']} FAIL, {len(equivalent)} equivalent, "
            f"{len(survivors)} survive ({sum(told[each] == 'unknown' for each in survivors)} of them UNKNOWN)"
        )
        print("".join(f"  {told[each]}: {each}\n" for each in survivors), end="")
    return count["fail"] / len(drawn), len(equivalent) / len(drawn)


def _outcome(bench: Bench, weakening: Weakening) -> str:
    """fail: a finding FAILs that did not. unknown: none does, and one that was PASS is UNKNOWN."""
    before, after = bench.before, bench.findings(weakening.applied(bench.graph))
    new = [each.verdict.outcome for key, each in after.items() if _was(bench, key) is not each.verdict.outcome]
    if Outcome.FAIL in new:
        return "fail"
    turned = [key for key in before if before[key].verdict.outcome is Outcome.PASS and key in after]
    return "unknown" if any(after[key].verdict.outcome is Outcome.UNKNOWN for key in turned) else "nothing"


def _was(bench: Bench, key: str) -> Outcome | None:
    finding = bench.before.get(key)
    return finding.verdict.outcome if finding else None


def _listed(weakening: Weakening) -> bool:
    return any(each.covers(weakening) for each in EQUIVALENTS)

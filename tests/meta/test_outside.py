"""What outside scanners read of the types that we create: our rules read it too, or a person wrote down why not."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable

import pytest

from compliance.catalogue import load
from tests.meta.outside import Pair, listed, pairs, reasons
from tools.outside.experiment import Bench, benches

pytestmark = pytest.mark.xdist_group("experiments")

PAIRS = tuple(pairs())
REASONS = reasons()
UNREAD = tuple(pair for pair in PAIRS if not pair.rules)
SEED = 20261120
_RULE = re.compile(r"\b[a-z0-9]+(?:_[a-z0-9]+){2,}\b")


def test_every_pair_has_a_rule_or_a_written_reason(capsys: pytest.CaptureFixture[str]) -> None:
    covered = {pair for pair in UNREAD for reason in REASONS if reason.covers(pair)}
    gaps = [pair for pair in UNREAD if pair not in covered]
    with capsys.disabled():
        print(f"\n{listed().scanner} of {listed().read_on}: {_totals(covered, gaps)}")
    assert not gaps, "outside scanners read these and we say nothing:\n" + "\n".join(map(str, gaps))


def test_every_reason_is_about_a_pair_that_no_rule_reads() -> None:
    idle = [each for each in REASONS if not any(each.covers(pair) for pair in UNREAD)]
    assert idle == []


def test_every_pattern_of_a_reason_is_needed() -> None:
    idle = [
        f"{each.type} {pattern}"
        for each in REASONS
        for pattern in each.properties
        if not any(each.model_copy(update={"properties": (pattern,)}).covers(pair) for pair in UNREAD)
    ]
    assert idle == []


def test_every_rule_that_list_and_reasons_name_exists() -> None:
    known = {rule.id for rule in load(()).rules}
    named = {rule for pair in PAIRS for rule in pair.rules}
    told = {word for each in REASONS for word in _RULE.findall(each.reason)}
    assert named - known == set(), "run: python -m tools.outside.derive"
    assert told - known == set()


def test_the_list_knows_every_type_of_the_regulated_stack(bench: Bench) -> None:
    clouds = {each.type for each in bench.graph.resources if each.type.startswith(("aws:", "kubernetes:"))}
    assert clouds - listed().types.keys() - set(listed().unread) == set(), "run: python -m tools.outside.derive"


def test_rules_of_a_sample_are_those_that_an_experiment_finds(bench: Bench) -> None:
    own = [pair for pair in PAIRS if bench.of(pair.token) and pair.rules and not pair.name.startswith("(")]
    sample = random.Random(SEED).sample(own, 2)
    missed = {str(pair): sorted(set(pair.rules) - bench.readers(pair.token, pair.name)) for pair in sample}
    assert {pair: rules for pair, rules in missed.items() if rules} == {}, "run: python -m tools.outside.derive"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_list_knows_every_type_of_every_stack_and_its_rules() -> None:
    stacks = benches()
    made = {each.type for bench in stacks.values() for each in bench.graph.resources}
    known = listed().types.keys() | set(listed().unread)
    assert {token for token in made if token.startswith(("aws:", "kubernetes:"))} == known


def _totals(covered: Iterable[Pair], gaps: list[Pair]) -> str:
    kinds = Counter("satellites" if pair.name.startswith("(") else "properties" for pair in PAIRS)
    ruled = len(PAIRS) - len(UNREAD)
    reasoned = len(set(covered))
    return (
        f"{len(PAIRS)} pairs ({kinds['properties']} properties, {kinds['satellites']} satellites) of {len(listed().types)} types; "
        f"{ruled} read by a rule ({ruled / len(PAIRS):.0%}), {reasoned} with a written reason, {len(gaps)} gaps; "
        f"{len(listed().unread)} more types of ours that no check reads"
    )

"""Every rule gives the verdicts that its own truth table states."""

import pytest

from compliance.rule import Case, Rule, load_rules
from compliance.truth_table import run

CASES = [pytest.param(rule, case, id=f"{rule.id}-{name}") for rule in load_rules() for name, case in rule.cases.items()]


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_a_case_gets_the_verdict_that_it_states(rule: Rule, case: Case) -> None:
    verdict = run(rule, case)
    assert (verdict.outcome.value, verdict.crashed) == (case.verdict, False), verdict.because

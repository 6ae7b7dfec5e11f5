"""Each parameter that the platform enforces is moved by one step: a resource changes, or what is constant fails when weakened."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from pydantic import Field, JsonValue

from blueprint.graph import Resource, ResourceGraph
from blueprint.parameter import Parameter
from blueprint.types import Frozen
from compliance.findings import Finding, Outcome
from compliance.parameters import parameters
from tests.meta.perturbation import Perturbation
from tools.outside.edits import GONE, at, places, put
from tools.outside.experiment import Bench, benches

pytestmark = pytest.mark.xdist_group("experiments")

SEED = 20261120
BESIDE_INPUTS = {"(type)": "type", "(region)": "region", "(account)": "account"}


class Constant(Frozen):
    """A property that is always the strictest, and what would be weaker."""

    type: str
    path: str
    rule: str
    reason: str = Field(min_length=20)
    holds: str = ""
    weaker: JsonValue = None
    gone: bool = False
    swap: tuple[str, str] | None = None
    named: str = ""
    stack: str = "regulated"

    def of(self, graph: ResourceGraph) -> list[Resource]:
        """The resources whose property holds the words, or where nothing is set."""
        own = [each for each in graph.of(self.type) if not each.external and each.urn.endswith(self.named)]
        if not self.holds:
            return [each for each in own if not places(each.inputs, self.path)]
        return [each for each in own if self.holds in json.dumps(self._now(each), sort_keys=True)]

    def weakened(self, resource: Resource) -> Resource | None:
        """A resource after the change for the worse; None when nothing of it is left."""
        if self.path == "(resource)":
            return None
        match self.path:
            case "(type)":
                return replace(resource, type=str(self.weaker))
            case "(region)":
                return replace(resource, region=str(self.weaker))
            case "(account)":
                return replace(resource, account=str(self.weaker))
        value = GONE if self.gone else self.weaker if self.swap is None else self._swapped(resource)
        return replace(resource, inputs=put(resource.inputs, self.path, value))

    def _now(self, resource: Resource) -> JsonValue:
        if self.path in BESIDE_INPUTS:
            return str(getattr(resource, BESIDE_INPUTS[self.path]))
        found: list[JsonValue] = [at(resource.inputs, each) for each in places(resource.inputs, self.path)]
        return found[0] if len(found) == 1 else found

    def _swapped(self, resource: Resource) -> JsonValue:
        old, new = self.swap or ("", "")
        swapped: JsonValue = json.loads(json.dumps(self._now(resource)).replace(old, new))
        return swapped


CONSTANTS: Mapping[str, Constant] = {
    name: Constant.model_validate(row)
    for name, row in yaml.safe_load((Path(__file__).parent / "constants.yaml").read_text()).items()
}
UNDECIDED = {
    "time_sync": "user data of an image of one's own holds the endpoint of the cluster, which only the cloud decides"
}
"""Parameters of which a plan shows neither a change nor a constant, and why. The rule is UNKNOWN then, never PASS."""
ENFORCED = tuple(each for each in parameters().values() if each.enforceable == "platform")
OTHERS = [each.name for each in ENFORCED if each.name not in CONSTANTS]
HERE = [name for name, each in CONSTANTS.items() if each.stack == "regulated"]


def moved(bench: Bench, parameter: Parameter) -> Perturbation:
    """One parameter of a stack, to be moved."""
    return Perturbation(bench.plan, bench.graph, parameter)


def test_what_is_listed_as_constant_is_a_parameter_that_the_platform_enforces(bench: Bench) -> None:
    assert sorted(CONSTANTS.keys() - {each.name for each in ENFORCED}) == []
    rules = {rule.id: rule for rule in bench.catalogue.rules}
    apart = [
        name
        for name, constant in CONSTANTS.items()
        if not {control for rule in rules.values() if name in rule.parameters for control in rule.controls}
        & set(rules[constant.rule].controls)
    ]
    assert apart == [], "the rule proves none of the controls that the parameter is about"


@pytest.mark.parametrize("name", random.Random(SEED).sample(HERE, 2))
def test_weakening_what_is_constant_fails(bench: Bench, name: str) -> None:
    assert _fails(bench, CONSTANTS[name])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_weakening_anything_constant_fails(bench: Bench) -> None:
    assert [name for name in HERE if not _fails(bench, CONSTANTS[name])] == []


@pytest.mark.parametrize("parameter", random.Random(SEED).sample(OTHERS, 1), ids=str)
def test_moving_a_parameter_that_is_not_constant_changes_a_resource(bench: Bench, parameter: str) -> None:
    assert moved(bench, parameters()[parameter]).outcome is not None


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_parameter_changes_a_resource_or_is_constant(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    told = {each.name: (each, moved(bench, each)) for each in ENFORCED}
    changes = [name for name, (_, found) in told.items() if found.outcome is not None]
    with capsys.disabled():
        print(f"\n{len(changes)} of {len(told)} parameters change a resource ({len(changes) / len(told):.0%})")
        print(*(_line(parameter, found) for parameter, found in told.values()), sep="\n")
    assert sorted(told.keys() - set(changes)) == sorted(CONSTANTS.keys() | UNDECIDED.keys())


@pytest.mark.parametrize("name", UNDECIDED)
def test_what_only_the_cloud_decides_passes_nowhere(bench: Bench, name: str) -> None:
    rules = {rule.id for rule in bench.catalogue.rules if name in rule.parameters}
    found = {each.verdict.outcome for each in bench.before.values() if each.rule in rules}
    assert found == {Outcome.UNKNOWN}


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, each in CONSTANTS.items() if each.stack != "regulated"])
def test_weakening_what_is_constant_in_another_stack_fails(name: str) -> None:
    assert _fails(benches((CONSTANTS[name].stack,))[CONSTANTS[name].stack], CONSTANTS[name])


def _fails(bench: Bench, constant: Constant) -> bool:
    """Whether a rule FAILs on the weakened property that did not FAIL before."""
    weaker = {each.urn: constant.weakened(each) for each in constant.of(bench.graph)}
    assert weaker, f"no {constant.type} holds {constant.holds} at {constant.path}"
    left = (weaker.get(each.urn, each) for each in bench.graph.resources)
    graph = replace(bench.graph, resources=tuple(each for each in left if each is not None))
    return _failing(bench.findings(graph), constant.rule) > _failing(bench.before, constant.rule)


def _failing(findings: Mapping[str, Finding], rule: str) -> int:
    return sum(each.rule == rule and each.verdict.outcome is Outcome.FAIL for each in findings.values())


def _line(parameter: Parameter, found: Perturbation) -> str:
    stands = "not set" if found.value is None else parameter.show(found.value)
    if found.outcome is not None:
        to, names = found.outcome
        return f"{parameter.name}: {stands} -> {parameter.show(to)}: {len(names)} resources, {names[0]} among them"
    constant = CONSTANTS.get(parameter.name)
    if constant is None:
        return f"{parameter.name}: {stands}: {UNDECIDED.get(parameter.name, 'NOTHING CHANGES')}"
    return f"{parameter.name}: {stands}: constant, {constant.type.rpartition(':')[2]} {constant.path}; {constant.rule} holds it"

"""What holds for everything that a stack document may say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Annotated, Any, get_args, get_origin

import pytest
from annotated_types import Predicate
from pydantic import AfterValidator, BaseModel, StringConstraints
from pydantic.fields import FieldInfo

from blueprint.document import Head, platform_spec
from blueprint.slots import slots, spec_of
from blueprint.spec import Spec
from tests.conftest import ROOT, STACKS, plan_of

FREE_TEXT = {
    ("Compliance", "extensions"): "folders; the loader says what it does not find",
    ("Compliance", "frameworks"): "names with an edition; the catalogue says which there are",
    ("ExistingNetworkSpec", "endpoints"): "keyed by AWS service name; what a document may name is open",
    ("GpuPoolSpec", "instance"): "held against the table of instances, which names the nearest",
    ("OpenWeightsSpec", "licence"): "an SPDX expression or the name of a licence of its own; only emptiness is refused",
    ("Route", "task"): "what people call the work that a route is for",
    ("SecretStoreSpec", "rotators"): "keyed by noun/secret; held against the needs of the components",
    ("VllmSpec", "extra_arguments"): "keyed by argument; held against the list of vLLM's own",
}
"""Fields whose text has no pattern of its own, and what holds it instead."""


def models() -> tuple[type[BaseModel], ...]:
    """The document, every Spec of every kind, and all that they are made of."""
    found: dict[type[BaseModel], None] = {}
    ahead: list[type[BaseModel]] = [platform_spec(), *specs()]
    while ahead:
        model = ahead.pop()
        if model not in found:
            found[model] = None
            ahead += chain.from_iterable(_models(field.annotation) for field in model.model_fields.values())
    return tuple(sorted(found, key=lambda model: model.__name__))


@cache
def specs() -> tuple[type[Spec], ...]:
    return tuple(spec_of(slot, kind) for slot, filled in slots().items() for kind in filled.kinds)


def fields() -> Iterator[tuple[str, str, FieldInfo]]:
    for model in models():
        for name, field in model.model_fields.items():
            yield model.__name__, name, field


def test_the_models_are_found() -> None:
    names = {model.__name__ for model in models()}
    assert {"PlatformSpec", "NetworkSpec", "ExistingSubnet", "VllmSpec", "LiteLlmSpec", "Team", "SystemNodes"} <= names


def test_every_field_says_what_it_is_and_what_happens_when_it_is_left_out() -> None:
    silent = [
        f"{model}.{name}: {field.description}"
        for model, name, field in fields()
        if name != "kind" and not (
            field.description and (field.is_required() or "left out" in field.description.lower())
        )
    ]  # fmt: skip
    assert not silent


def test_text_has_a_pattern_or_a_reason() -> None:
    bare = {(model, name) for model, name, field in fields() if name != "kind" and _is_bare(_whole(field))}
    assert bare == FREE_TEXT.keys()


def test_every_model_is_frozen_and_refuses_what_it_does_not_know() -> None:
    loose = [
        model.__name__
        for model in models() if not (model.model_config.get("frozen") and model.model_config.get("extra") == "forbid")
    ]  # fmt: skip
    assert not loose


@pytest.mark.parametrize("spec", specs(), ids=lambda spec: spec.__name__)
def test_kind_comes_first_then_the_name(spec: type[Spec]) -> None:
    names = list(spec.model_fields)
    assert names[0] == "kind"
    assert "name" not in names[2:]


@pytest.mark.parametrize(("slot", "kind"), [(slot, kind) for slot, filled in slots().items() for kind in filled.kinds])
def test_a_spec_is_of_its_kind(slot: str, kind: str) -> None:
    spec = spec_of(slot, kind)
    assert spec.model_fields["kind"].default == kind
    assert ("name" in spec.model_fields) == slots()[slot].many


def test_no_field_of_the_head_is_a_slot_as_well() -> None:
    assert not Head.model_fields.keys() & slots().keys()


@pytest.mark.parametrize("stack", STACKS)
def test_a_spec_answers_the_same_whenever_it_is_asked(stack: str) -> None:
    for noun, (_, spec) in plan_of(stack).specs.items():
        before = spec.model_dump_json()
        assert spec.needs() == spec.needs() == plan_of(stack).wiring.needs[noun]
        assert spec.model_copy(deep=True).needs() == spec.needs()
        assert spec.model_dump_json() == before


def test_no_spec_loads_an_sdk() -> None:
    modules = sorted({spec.__module__ for spec in specs()})
    program = (
        "import importlib, sys\n"
        f"[importlib.import_module(name) for name in {modules!r}]\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & "
        "{'pulumi', 'pulumi_aws', 'pulumi_kubernetes', 'boto3', 'botocore', 'kubernetes'}))"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "[]"
    assert len(modules) > 15


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


def _whole(field: FieldInfo) -> object:
    """The annotation with what the field adds to it, as it was written."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def _is_bare(annotation: Any) -> bool:
    """Whether any text is accepted somewhere in a type."""
    if annotation is str:
        return True
    if get_origin(annotation) is Annotated:
        inner, *about = get_args(annotation)
        return _is_bare(inner) and not any(_narrows(each) for each in about)
    return any(_is_bare(part) for part in get_args(annotation))


def _narrows(about: object) -> bool:
    if isinstance(about, StringConstraints):
        return about.pattern is not None or about.max_length is not None
    return isinstance(about, AfterValidator | Predicate) or getattr(about, "pattern", None) is not None

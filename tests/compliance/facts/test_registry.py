"""Fact models are found by name, and say what each leaf can hold."""

import pytest

from blueprint.errors import NotFound
from compliance.facts.logs import LogGroup
from compliance.facts.registry import Shape, kind, kinds, leaves
from compliance.facts.storage import Bucket


def test_a_model_is_found_by_its_name() -> None:
    assert kind("LogGroup") is LogGroup
    with pytest.raises(NotFound, match="did you mean LogGroup"):
        kind("LogGrup")


def test_the_shape_of_a_leaf_is_read_from_its_type() -> None:
    assert dict(leaves(LogGroup)) == {
        "retention": Shape("retention", words=("forever",)),
        "key": Shape("ref", nullable=True),
        "audit_relevant": Shape("boolean"),
    }
    assert leaves(Bucket)["lock_mode"] == Shape("rank", words=("none", "versioned", "governance", "compliance"))
    assert leaves(Bucket)["lifecycle_days"] == Shape("integer", nullable=True)


def test_every_leaf_of_every_model_has_a_shape() -> None:
    assert {name for name, model in kinds().items() if not leaves(model)} == set()

"""Documents that are wrong by construction are refused where they are wrong, and nothing else ever happens."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from blueprint.config import StackFile, load
from blueprint.document import platform_spec
from blueprint.errors import DocumentError
from blueprint.plan import make_plan
from tests.blueprint.mutations import Mutation, mutate

ROOT = Path(__file__).parents[2]
STACKS = ("regulated", "seed", "dev", "prod", "brownfield", "staging")


def _documents() -> Mapping[str, tuple[object, object]]:
    """Stack → its document with the preset merged in, and the model that it makes."""
    found: dict[str, tuple[object, object]] = {}
    for stack in STACKS:
        loaded = load(ROOT / "stacks" / f"Pulumi.{stack}.yaml", stack)
        assert isinstance(loaded.source.data, dict)
        data = {key: value for key, value in loaded.source.data.items() if key != "preset"}
        found[stack] = (data, platform_spec().model_validate(data))
    return found


def _run(count: int, seed: int, folder: Path) -> tuple[Counter[str], list[str]]:
    draw = random.Random(seed)
    documents = _documents()
    outcome: Counter[str] = Counter()
    wrong: list[str] = []
    file = folder / "Pulumi.fuzz.yaml"
    for number in range(count):
        stack = draw.choice(STACKS)
        data, model = documents[stack]
        mutation = mutate(data, draw)
        file.write_text(
            yaml.safe_dump({"config": {"aws:region": "us-east-1", "blueprint:platform": mutation.data}}),
            encoding="utf-8",
        )
        try:
            plan = make_plan(load(file, "fuzz"), folder)
        except DocumentError as error:
            near = [each for each in error.problems if _near(each.path, mutation.path)]
            outcome["refused in place" if near else "refused elsewhere"] += 1
            if not near:
                wrong.append(
                    f"{number} {stack} {mutation.kind} at {mutation.path}: {[each.path for each in error.problems]}"
                )
            continue
        same = _equivalent(mutation, plan.file, model)
        outcome["equivalent" if same else "accepted"] += 1
        if not same:
            wrong.append(
                f"{number} {stack} {mutation.kind} at {mutation.path}: accepted {json.dumps(_at(mutation))[:80]}"
            )
    return outcome, wrong


def _near(problem: tuple[str | int, ...], mutated: tuple[str | int, ...]) -> bool:
    """At the mutated place, at its parent, or inside what was put there."""
    path = tuple(part for part in problem if part not in {"config", "blueprint:platform"})
    return path in {mutated, mutated[:-1]} or path[: len(mutated)] == mutated


def _equivalent(mutation: Mutation, file: StackFile, model: object) -> bool:
    """Whether the document still says the same, or says `nothing` where nothing may be said."""
    if mutation.kind == "null":
        assert isinstance(file.source.data, dict)
        return _at(mutation) is None
    return platform_spec().model_validate(mutation.data) == model


def _at(mutation: Mutation) -> object:
    here: object = mutation.data
    for part in mutation.path:
        here = here[part]  # type: ignore[index]
    return here


def test_400_mutated_documents_are_refused_where_they_are_wrong(tmp_path: Path) -> None:
    outcome, wrong = _run(400, seed=20261120, folder=tmp_path)
    assert wrong == []
    assert outcome["refused in place"] > 360


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_2000_mutated_documents_are_refused_where_they_are_wrong(tmp_path: Path) -> None:
    outcome, wrong = _run(2_000, seed=1120, folder=tmp_path)
    assert wrong == []
    assert outcome["refused in place"] > 1_800


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_20000_mutated_documents_are_refused_where_they_are_wrong(tmp_path: Path) -> None:
    outcome, wrong = _run(20_000, seed=7, folder=tmp_path)
    print(dict(outcome))
    assert wrong == []

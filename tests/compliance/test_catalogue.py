"""The join of frameworks, controls and rules, and every way in which it is refused."""

from __future__ import annotations

import gc
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprint.errors import DocumentError, NotFound
from blueprint.source import Source
from blueprint.types import Layer, Mode
from compliance import catalogue
from compliance.catalogue import Catalogue, Entry, join, load
from compliance.parameters import parameters
from compliance.requirements import Control, Framework, Kind, Standing
from compliance.resolve import available, contributions, profiles, resolve
from compliance.rule import Rule

NOWHERE = Source(Path("house.yaml"), None)
RETENTION = "cloudwatch_log_group_retention_long_enough"


def requirement(
    name: str, *controls: str, extent: str = "part", kind: str = "technical", **more: object
) -> dict[str, object]:
    mapping = {"controls": controls, "extent": extent, "remainder": "what is left" if extent == "part" else ""}
    return {
        "id": name, "title": "Something holds", "kind": kind, "obligation": "required", "responsibility": "shared",
        "duty": "Do what is left to do", **({"mapping": mapping} if controls else {}), **more,
    }  # fmt: skip


def framework(*rows: dict[str, object], name: str = "house") -> Entry[Framework]:
    kinds = [str(row["kind"]) for row in rows]
    head = {
        "name": name,
        "edition": "1",
        "title": "House rules",
        "totals": {kind.value: kinds.count(kind.value) for kind in Kind},
    }
    source = {"citation": "the house rules", "retrieved": "2026-11-20"}
    return Entry(Framework.model_validate({**head, "source": source, "requirements": rows}), NOWHERE)


def control(name: str, **more: object) -> Entry[Control]:
    return Entry(
        Control.model_validate({"id": name, "statement": "something holds", "layers": ["foundation"], **more}), NOWHERE
    )


def rule(name: str, *controls: str) -> Entry[Rule]:
    said = {
        "title": "it holds",
        "subject": "LogGroup",
        "severity": "high",
        "why": "because",
        "remedy": "mend it",
        "cases": {},
    }
    return Entry(Rule.model_validate({"id": name, "controls": controls, **said}), NOWHERE)


def refused(frameworks: list[Entry[Framework]], controls: list[Entry[Control]], rules: list[Entry[Rule]]) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        join(frameworks, controls, rules)
    return [problem.what for problem in caught.value.problems]


@pytest.fixture
def house() -> Catalogue:
    rows = [
        requirement("1", "LOG-01", "LOG-02"),
        requirement("2", "LOG-02", kind="mixed"),
        requirement("3", "IDN-01", kind="mixed"),
        requirement("4", mapping={"unmappable": "this house has no doors"}),
        requirement("5"),
        requirement("6", kind="process"),
        requirement("7", kind="provider", layers=["compute"]),
        requirement("8", kind="provider"),
    ]
    controls = [
        control("LOG-02", layers=["observability", "compute"]),
        control("LOG-01"),
        control("IDN-01", by_people="people do it"),
    ]
    return join(
        [framework(*rows)], controls, [rule("z_log_kept", "LOG-02"), rule("a_log_made", "LOG-01", "LOG-02")], "abc"
    )


def test_a_requirement_leads_to_its_rules_each_once_and_by_id(house: Catalogue) -> None:
    by_id = {row.id: row for _, row in house.rows(["house@1"])}
    assert [each.id for each in house.rules_of(by_id["1"])] == ["a_log_made", "z_log_kept"]
    assert house.rules_of(by_id["5"]) == ()


def test_a_control_leads_to_its_rules_and_to_its_requirements(house: Catalogue) -> None:
    assert house.proofs == {"IDN-01": (), "LOG-01": ("a_log_made",), "LOG-02": ("a_log_made", "z_log_kept")}
    assert house.served["LOG-02"] == (("house@1", "1"), ("house@1", "2"))


def test_mapped_not_yet_unmappable_and_by_people_are_told_apart(house: Catalogue) -> None:
    assert {row.id: house.standing(row) for _, row in house.rows(["house@1"])} == {
        "1": Standing.MAPPED,
        "2": Standing.MAPPED,
        "3": Standing.BY_PEOPLE,
        "4": Standing.UNMAPPABLE,
        "5": Standing.NOT_YET,
        "6": Standing.BY_PEOPLE,
        "7": Standing.BY_PEOPLE,
        "8": Standing.BY_PEOPLE,
    }


def test_layers_come_from_the_row_else_from_its_controls_else_from_its_kind(house: Catalogue) -> None:
    layers = {row.id: house.layers_of(row) for _, row in house.rows(["house@1"])}
    assert layers["1"] == (Layer.FOUNDATION, Layer.COMPUTE, Layer.OBSERVABILITY)
    assert layers["6"] == (Layer.GOVERNANCE,)
    assert layers["7"] == (Layer.COMPUTE,)
    assert layers["8"] == (Layer.FOUNDATION,)


def test_what_is_not_there_is_told_with_the_nearest_name(house: Catalogue) -> None:
    with pytest.raises(NotFound, match="did you mean house@1"):
        house.framework("house@2")
    with pytest.raises(NotFound, match="did you mean LOG-0"):
        house.control("LOG-3")
    with pytest.raises(NotFound, match="did you mean a_log_made"):
        house.rule("a_log_mad")


SOUND = ([framework(requirement("1", "LOG-01"))], [control("LOG-01")], [rule("a_log_made", "LOG-01")])


def test_what_fits_together_is_joined() -> None:
    assert [each.id for each in join(*SOUND).rules] == ["a_log_made"]


def test_a_framework_that_stands_twice_is_refused() -> None:
    frameworks, controls, rules = SOUND
    assert refused([*frameworks, framework(requirement("2", "LOG-01"))], controls, rules) == [
        "framework house@1 stands twice"
    ]


def test_a_control_that_stands_twice_is_refused() -> None:
    frameworks, controls, rules = SOUND
    assert refused(frameworks, [*controls, control("LOG-01")], rules) == ["control LOG-01 stands twice"]


def test_a_rule_that_stands_twice_is_refused() -> None:
    frameworks, controls, rules = SOUND
    assert refused(frameworks, controls, [*rules, rule("a_log_made", "LOG-01")]) == ["rule a_log_made stands twice"]


def test_a_requirement_that_names_no_control_of_ours_is_refused() -> None:
    _, controls, rules = SOUND
    frameworks = [framework(requirement("1", "LOG-01", "LOG-10"))]
    with pytest.raises(DocumentError) as caught:
        join(frameworks, controls, rules)
    assert [(problem.what, problem.fix) for problem in caught.value.problems] == [
        ("house@1 1 names control LOG-10, which does not exist", "did you mean LOG-01?")
    ]


def test_a_rule_that_names_no_control_of_ours_is_refused() -> None:
    frameworks, controls, _ = SOUND
    assert refused(frameworks, controls, [rule("a_log_made", "LOG-01", "LOG-11")]) == [
        "rule a_log_made names control LOG-11, which does not exist"
    ]


def test_a_control_without_rule_and_without_reason_is_refused() -> None:
    frameworks, _, rules = SOUND
    assert refused(
        [framework(requirement("1", "LOG-01", "LOG-02"))], [control("LOG-01"), control("LOG-02")], rules
    ) == ["no rule proves control LOG-02"]
    assert frameworks


def test_a_control_that_people_keep_needs_no_rule() -> None:
    _, _, rules = SOUND
    controls = [control("LOG-01"), control("LOG-02", by_people="people read them")]
    joined = join([framework(requirement("1", "LOG-01", "LOG-02"))], controls, rules)
    assert joined.proofs["LOG-02"] == ()


def test_a_control_said_to_be_kept_by_people_and_proven_by_a_rule_is_refused() -> None:
    frameworks, _, rules = SOUND
    assert refused(frameworks, [control("LOG-01", by_people="people read them")], rules) == [
        "control LOG-01 is said to be kept by people only, and rules prove it"
    ]


def test_a_row_answered_in_full_by_what_only_people_can_do_is_refused() -> None:
    _, _, rules = SOUND
    controls = [control("LOG-01"), control("LOG-02", by_people="people read them")]
    assert refused([framework(requirement("1", "LOG-01", "LOG-02", extent="full"))], controls, rules) == [
        "house@1 1 is answered in full by what only people can do"
    ]


def test_a_control_that_answers_nothing_is_refused_with_the_rule_that_proves_nothing_else() -> None:
    frameworks, controls, rules = SOUND
    assert refused(frameworks, [*controls, control("CST-01")], [*rules, rule("a_budget_set", "CST-01")]) == [
        "no requirement is answered by control CST-01",
        "rule a_budget_set is used by no requirement",
    ]


def test_a_control_of_our_own_practice_needs_no_requirement() -> None:
    frameworks, controls, rules = SOUND
    practice = control("CST-01", practice="cost is a duty of our own")
    assert join(frameworks, [*controls, practice], [*rules, rule("a_budget_set", "CST-01")]).served["CST-01"] == ()


def test_everything_that_does_not_fit_is_told_at_once() -> None:
    frameworks = [framework(requirement("1", "LOG-01", "LOG-09"))]
    controls = [control("LOG-01"), control("LOG-01"), control("NET-01")]
    assert refused(frameworks, controls, [rule("a_log_made", "LOG-08")]) == [
        "control LOG-01 stands twice",
        "house@1 1 names control LOG-09, which does not exist",
        "rule a_log_made names control LOG-08, which does not exist",
        "no rule proves control LOG-01",
        "no rule proves control NET-01",
        "no requirement is answered by control NET-01",
        "rule a_log_made is used by no requirement",
    ]


# --- from files: a folder of an organisation stands beside ours

OWN_FRAMEWORK = """\
name: house
edition: "1"
title: House rules
source: {citation: "the house rules, first edition", retrieved: "2026-11-20"}
totals: {technical: 1, mixed: 0, process: 0, provider: 0}
requirements:
  - {id: "1", title: Logs are kept, kind: technical, obligation: required, responsibility: platform,
     duty: Keep what other systems log, mapping: {controls: [HSE-01], extent: full}}
"""
OWN_CONTROL = "- {id: HSE-01, statement: logs of the house are kept, layers: [observability]}\n"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of an organisation that is sound, and nothing of ours beside it: ours is tested as a whole below."""
    ours = tmp_path / "ours"
    ours.mkdir()
    monkeypatch.setattr(catalogue, "HERE", ours)
    folder = tmp_path / "organisation"
    text = next((Path(catalogue.__file__).parent / "rules").rglob(f"{RETENTION}.yaml")).read_text()
    lines = ["controls: [HSE-01]" if line.startswith("controls:") else line for line in text.splitlines()]
    files = {
        "frameworks/house@1.yaml": OWN_FRAMEWORK,
        "profiles/house@1.yaml": "[]\n",
        "controls/house.yaml": OWN_CONTROL,
        f"rules/logs/{RETENTION}.yaml": "\n".join(lines) + "\n",
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    load.cache_clear()
    yield folder
    load.cache_clear()


def test_an_organisation_adds_a_framework_a_control_and_a_rule_without_python(own: Path) -> None:
    found = load((own,))
    ((reference, row),) = tuple(found.rows(["house@1"]))
    assert (reference, row.id) == ("house@1", "1")
    assert [each.id for each in found.rules_of(row)] == [RETENTION]
    assert found.standing(row) is Standing.MAPPED


def test_the_digest_changes_with_any_file_and_not_with_the_place(own: Path, tmp_path: Path) -> None:
    first = load((own,)).digest
    moved = tmp_path / "elsewhere"
    own.rename(moved)
    assert load((moved,)).digest == first
    (moved / "controls/house.yaml").write_text("# a comment\n" + OWN_CONTROL)
    load.cache_clear()
    assert load((moved,)).digest != first


HOW_TO = Path(__file__).parents[2] / "docs/how-to/add-a-framework.md"


@pytest.fixture
def house_of_the_page(tmp_path: Path) -> Iterator[Path]:
    """The folder that the how-to page describes: each block of YAML under the name that stands above it."""
    blocks = re.findall(r"^`house/(\S+)`\n\n```yaml\n(.*?)^```", HOW_TO.read_text(), flags=re.MULTILINE | re.DOTALL)
    for name, content in blocks:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    load.cache_clear()
    yield tmp_path
    load.cache_clear()


def test_the_how_to_page_adds_a_framework_as_it_is_written(house_of_the_page: Path) -> None:
    found = load((house_of_the_page,))
    rows = {row.id: row for _, row in found.rows(["house-rules@1"])}
    assert {name: found.standing(row).value for name, row in rows.items()} == {
        "1.1": "mapped",
        "1.2": "unmappable",
        "2.1": "by-people",
        "2.2": "by-people",
    }
    assert [each.id for each in found.rules_of(rows["1.1"])] == ["door_records_kept_two_years"]
    assert "hipaa@2013" in found.frameworks


def test_the_framework_of_the_how_to_page_takes_part_in_the_join(house_of_the_page: Path) -> None:
    posture = resolve(["house-rules"], Mode.LITERAL, extensions=(house_of_the_page,))
    entry = posture.of("audit_log_retention_days")
    assert entry is not None
    assert (entry.value, entry.snapped) == (730, 731)


def problems_of(folder: Path) -> list[str]:
    load.cache_clear()
    with pytest.raises(DocumentError) as caught:
        load((folder,))
    return [
        f"{problem.position.file.name}:{problem.position.line}: {problem.what}"
        for problem in caught.value.problems
        if problem.position
    ]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert problems_of(tmp_path / "nowhere")[0] == "nowhere:1: no such folder of extensions"


def test_a_framework_without_profile_is_refused(own: Path) -> None:
    (own / "profiles/house@1.yaml").unlink()
    assert problems_of(own) == ["house@1.yaml:1: house@1 has no profile"]


def test_a_profile_without_framework_is_refused(own: Path) -> None:
    (own / "profiles/garden@2.yaml").write_text("[]\n")
    assert problems_of(own) == ["garden@2.yaml:1: garden@2 has no list of requirements"]


def test_problems_of_several_files_are_told_at_once(own: Path) -> None:
    framework, control = own / "frameworks/house@1.yaml", own / "controls/house.yaml"
    framework.write_text(OWN_FRAMEWORK.replace("technical: 1", "technical: 2"))
    control.write_text(OWN_CONTROL.replace("HSE-01", "house one"))
    (own / "rules/logs" / f"{RETENTION}.yaml").write_text("id: [\n")
    assert [line.partition(" ")[0] for line in problems_of(own)] == [
        "house@1.yaml:5:",
        "house.yaml:1:",
        f"{RETENTION}.yaml:2:",
    ]


def test_a_control_that_does_not_exist_is_refused_where_it_is_named(own: Path) -> None:
    (own / "controls/house.yaml").write_text(OWN_CONTROL.replace("HSE-01", "HSE-02"))
    lines = problems_of(own)
    assert "house@1.yaml:8: house@1 1 names control HSE-01, which does not exist" in lines
    assert f"{RETENTION}.yaml:1: rule {RETENTION} names control HSE-01, which does not exist" in lines


# --- ours, as a whole

MOST_SERVED = 25
"""A control that answers more requirements than this says nothing in particular about any of them."""
OUTSIDE = frozenset({"OMB M-21-31", "OMB M-26-14", "164.404", "164.410"})
"""Cited texts that are not requirements of the framework that points to them: memoranda, and the breach notification rule."""

UNMET = {
    "patch_moderate_days": "a node that is renewed within the window for high severity is renewed within this one",
    "patch_low_days": "the same",
    "change_by_pipeline_only": "an alarm sees a change by hand; no property of a resource says that there is none",
}
"""Parameters that people and platform share and that no leaf is held against, with the reason."""


@pytest.fixture(scope="module")
def ours() -> Catalogue:
    return load()


def cited() -> Iterator[tuple[str, str, str]]:
    """Framework, citation and parameter of everything that a profile contributes."""
    for reference in available():
        for parameter, contribution in contributions(profiles()[reference]):
            for citation in contribution.citation.split(", "):
                if citation not in OUTSIDE:
                    yield reference, citation, parameter


def test_671_rows_are_told_apart(ours: Catalogue) -> None:
    standings = Counter(ours.standing(row).value for _, row in ours.rows(ours.frameworks))
    assert standings == {"mapped": 354, "by-people": 281, "unmappable": 36}


def test_193_of_the_200_technical_rows_are_mapped_and_the_others_say_why_not(ours: Catalogue) -> None:
    technical = [row for _, row in ours.rows(ours.frameworks) if row.kind is Kind.TECHNICAL]
    assert Counter("mapped" if row.controls else ours.standing(row).value for row in technical) == {
        "mapped": 193,
        "unmappable": 7,
    }


def test_no_control_of_ours_answers_more_than_25_requirements(ours: Catalogue) -> None:
    assert {control: len(rows) for control, rows in ours.served.items() if len(rows) > MOST_SERVED} == {}


def test_every_citation_of_a_profile_has_a_row(ours: Catalogue) -> None:
    rows = {(reference, row.id) for reference, row in ours.rows(ours.frameworks)}
    assert sorted({(reference, citation) for reference, citation, _ in cited()} - rows) == []


def test_every_parameter_that_the_platform_can_enforce_is_met_by_a_rule_of_the_row_that_cites_it(
    ours: Catalogue,
) -> None:
    rows = {(reference, row.id): row for reference, row in ours.rows(ours.frameworks)}
    met = {key: {name for rule in ours.rules_of(row) for name in rule.parameters} for key, row in rows.items()}
    gaps = {
        (parameter, reference, citation): rows[reference, citation].controls
        for reference, citation, parameter in cited()
        if parameters()[parameter].enforceable != "people" and parameter not in met[reference, citation]
    }
    assert {key: controls for key, controls in gaps.items() if key[0] not in UNMET} == {}
    assert {parameter for parameter, _, _ in gaps} == set(UNMET), "a rule meets it now: take it off the list"


def test_loading_ours_takes_less_than_a_second(ours: Catalogue) -> None:
    """Without the collector, which would walk over everything that other tests hold."""
    load.cache_clear()
    gc.disable()
    try:
        start = time.process_time()
        assert load().digest == ours.digest
        assert time.process_time() - start < 1
    finally:
        gc.enable()

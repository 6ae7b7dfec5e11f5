"""Framework and control files: what they hold, and every way in which they are refused."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprint.errors import DocumentError, Problem
from compliance.parameters import HERE
from compliance.requirements import Extent, Framework, Kind, Mapped, Obligation, read_controls, read_framework

FRAMEWORKS = {path.stem: path for path in sorted((HERE / "frameworks").glob("*.yaml"))}

HEAD = """\
name: house
edition: "1"
title: House rules
source: {citation: "the house rules, first edition", retrieved: "2026-11-20"}
totals: {technical: 1, mixed: 0, process: 1, provider: 0}
requirements:
"""
DOOR = '  - {id: "1", title: Doors are locked, kind: technical, obligation: required, responsibility: shared, duty: Lock your own door, mapping: %s}\n'
KEYS = '  - {id: "2", title: Keys are returned, kind: process, obligation: required, responsibility: customer, duty: Give the keys back}\n'
ANSWERED = "{controls: [NET-01], extent: part, remainder: windows stay with you}"


def written(tmp_path: Path, text: str, name: str = "house@1.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def refusal(path: Path) -> list[str]:
    """Each problem as line: what."""
    with pytest.raises(DocumentError) as caught:
        read_framework(path)
    return [f"{problem.position.line}: {problem.what}" for problem in caught.value.problems if problem.position]


@pytest.fixture(scope="module")
def frameworks() -> dict[str, Framework]:
    return {name: read_framework(path)[0] for name, path in FRAMEWORKS.items()}


def test_the_three_frameworks_have_every_row(frameworks: dict[str, Framework]) -> None:
    assert {name: len(framework.requirements) for name, framework in frameworks.items()} == {
        "fedramp-moderate@2.1.0": 323,
        "hipaa@2013": 69,
        "pci-dss@4.0.1": 279,
    }


def test_rows_by_kind_add_up_to_the_known_totals(frameworks: dict[str, Framework]) -> None:
    counted = {
        name: Counter(row.kind.value for row in framework.requirements) for name, framework in frameworks.items()
    }
    assert counted == {
        "fedramp-moderate@2.1.0": {"technical": 50, "mixed": 98, "process": 149, "provider": 26},
        "hipaa@2013": {"technical": 24, "mixed": 13, "process": 24, "provider": 8},
        "pci-dss@4.0.1": {"technical": 126, "mixed": 45, "process": 79, "provider": 29},
    }


def test_hipaa_keeps_standard_required_and_addressable_apart(frameworks: dict[str, Framework]) -> None:
    rows = {row.id: row.obligation for row in frameworks["hipaa@2013"].requirements}
    assert rows["164.312(b)"] is Obligation.STANDARD
    assert rows["164.312(a)(2)(i)"] is Obligation.REQUIRED
    assert rows["164.312(a)(2)(iv)"] is Obligation.ADDRESSABLE


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_every_technical_row_is_mapped_or_says_why_not(name: str, frameworks: dict[str, Framework]) -> None:
    assert [row.id for row in frameworks[name].requirements if row.kind is Kind.TECHNICAL and row.mapping is None] == []


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_no_two_rows_of_a_framework_carry_the_same_duty(name: str, frameworks: dict[str, Framework]) -> None:
    """A duty that fits two rows fits neither; what AWS attests for its sites is the exception."""
    duties = Counter(row.duty for row in frameworks[name].requirements)
    assert [duty for duty, times in duties.items() if times > 1] == []


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_row_that_only_people_or_aws_can_satisfy_is_never_answered_in_full(
    name: str, frameworks: dict[str, Framework]
) -> None:
    apart = {Kind.PROCESS, Kind.PROVIDER}
    assert [row.id for row in frameworks[name].requirements if row.kind in apart and row.extent is Extent.FULL] == []


def test_ids_keep_the_frameworks_own_order(frameworks: dict[str, Framework]) -> None:
    pci = [row.id for row in frameworks["pci-dss@4.0.1"].requirements]
    assert pci[:3] == ["1.1.1", "1.1.2", "1.2.1"]
    assert pci.index("9.5.1.2.1") < pci.index("10.1.1") < pci.index("A1.1.1")


def test_the_position_of_a_row_is_known() -> None:
    framework, source = read_framework(FRAMEWORKS["pci-dss@4.0.1"])
    index = [row.id for row in framework.requirements].index("10.5.1")
    line = source.position(("requirements", index)).line
    assert '"10.5.1"' in FRAMEWORKS["pci-dss@4.0.1"].read_text().splitlines()[line - 1]


def test_a_sound_file_is_read(tmp_path: Path) -> None:
    framework, _ = read_framework(written(tmp_path, HEAD + DOOR % ANSWERED + KEYS))
    door, keys = framework.requirements
    assert door.mapping == Mapped(controls=("NET-01",), extent=Extent.PART, remainder="windows stay with you")
    assert (door.controls, door.remainder) == (("NET-01",), "windows stay with you")
    assert (keys.mapping, keys.controls, keys.extent, keys.remainder) == (None, (), None, "")


def test_an_unmappable_row_gives_its_reason(tmp_path: Path) -> None:
    framework, _ = read_framework(written(tmp_path, HEAD + DOOR % "{unmappable: this house has no doors}" + KEYS))
    assert framework.requirements[0].remainder == "this house has no doors"
    assert framework.requirements[0].controls == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HEAD + DOOR % ANSWERED, ["5: totals say 1 process rows, the file has 0"]),
        (HEAD + DOOR % ANSWERED + KEYS.replace('"2"', '"1"'), ["8: requirement 1 stands twice"]),
        (HEAD.replace('"1"', '"2"') + DOOR % ANSWERED + KEYS, ["1: the file is called house@1 and holds house@2"]),
        (
            HEAD + DOOR % "{controls: [NET-01], extent: part}" + KEYS,
            ["7: 1 is answered in part and does not say what is left"],
        ),
        (
            HEAD + DOOR % "{controls: [NET-01], extent: full, remainder: windows}" + KEYS,
            ["7: 1 is answered in full and yet leaves a remainder"],
        ),
        (HEAD + DOOR % "{controls: [NET-01, NET-01], extent: full}" + KEYS, ["7: 1 names NET-01 twice"]),
        (
            HEAD + DOOR % "{controls: [], extent: full}" + KEYS,
            ["7: Tuple should have at least 1 item after validation, not 0"],
        ),
        (
            HEAD + DOOR % "{controls: [NET-01], extend: full}" + KEYS,
            ["7: Field required", "7: key 'extend' is not known"],
        ),
        (HEAD + DOOR % "{unmappable: no}" + KEYS, ["7: String should have at least 10 characters"]),
        (
            HEAD + DOOR % ANSWERED + KEYS.replace("process", "paperwork"),
            ["8: Input should be 'technical', 'mixed', 'process' or 'provider'"],
        ),
        (HEAD + DOOR % ANSWERED + KEYS.replace("duty", "deed"), ["8: Field required", "8: key 'deed' is not known"]),
        (HEAD.replace('"2026-11-20"', "2026-11-20") + DOOR % ANSWERED + KEYS, ["4: an unquoted date"]),
        ("[]\n", ["1: Input should be a valid dictionary or instance of Framework"]),
    ],
)
def test_a_file_that_is_wrong_is_refused_at_its_line(tmp_path: Path, text: str, expected: list[str]) -> None:
    assert refusal(written(tmp_path, text)) == expected


def test_all_problems_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = (
        HEAD.replace("process: 1", "process: 7")
        + DOOR % "{controls: [A, A], extent: part}"
        + KEYS.replace('"2"', '"1"')
    )
    assert refusal(written(tmp_path, text)) == [
        "5: totals say 7 process rows, the file has 1",
        "7: 1 is answered in part and does not say what is left",
        "7: 1 names A twice",
        "8: requirement 1 stands twice",
    ]


def test_an_unknown_key_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        read_framework(written(tmp_path, HEAD + DOOR % "{controls: [NET-01], extend: full}" + KEYS))
    assert [problem.fix for problem in caught.value.problems if "not known" in problem.what] == ["did you mean extent?"]


def test_our_controls_have_ids_of_their_own() -> None:
    ids = [control.id for path in sorted((HERE / "controls").glob("*.yaml")) for control in read_controls(path)[0]]
    assert sorted(set(ids)) == sorted(ids)
    assert {"LOG-04", "NET-01", "CRY-02", "GOV-05"} <= set(ids)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{id: log-4, statement: logs are kept, layers: [foundation]}", "String should match pattern"),
        ("{id: LOG-04, statement: logs are kept, layers: [basement, foundation]}", "Input should be 'foundation'"),
        ("{id: LOG-04, statement: logs are kept, layers: []}", "Tuple should have at least 1 item"),
        (
            "{id: LOG-04, statement: logs are kept, layers: [foundation], by_peopel: they do}",
            "key 'by_peopel' is not known",
        ),
    ],
)
def test_a_control_that_is_wrong_is_refused(tmp_path: Path, row: str, expected: str) -> None:
    path = written(tmp_path, f"# one control\n- {row}\n", "logging.yaml")
    with pytest.raises(DocumentError) as caught:
        read_controls(path)
    assert [
        (problem.position.line, problem.what[: len(expected)]) for problem in caught.value.problems if problem.position
    ] == [(2, expected)]


def test_a_key_that_stands_twice_in_a_control_is_refused(tmp_path: Path) -> None:
    path = written(
        tmp_path, "- {id: LOG-04, id: LOG-05, statement: logs are kept, layers: [foundation]}\n", "logging.yaml"
    )
    with pytest.raises(DocumentError, match="key 'id' stands twice"):
        read_controls(path)


SOUND = yaml.safe_load(HEAD + DOOR % ANSWERED + KEYS)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every path of a document below its root."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*path, key)
        yield from places(member, (*path, key))


@given(
    place=st.sampled_from(sorted(places(SOUND), key=str)),
    other=st.sampled_from([None, "", "other", 0, -1, 2.5, True, [], ["other"], {}, {"other": "key"}, "remove"]),
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_other_value_anywhere_is_accepted_or_refused_at_its_place(
    tmp_path: Path, place: tuple[str | int, ...], other: object
) -> None:
    document = copy.deepcopy(SOUND)
    parent = document
    for part in place[:-1]:
        parent = parent[part]
    if other == "remove":
        del parent[place[-1]]
    else:
        parent[place[-1]] = other
    problems = found_in(written(tmp_path, yaml.safe_dump(document, sort_keys=False)))
    assert all(problem.position and problem.position.file.name == "house@1.yaml" for problem in problems)
    assert [problem.key for problem in problems if not points_at(problem.path, place)] == []


def found_in(path: Path) -> tuple[Problem, ...]:
    try:
        read_framework(path)
    except DocumentError as error:
        return error.problems
    return ()


def points_at(path: tuple[str | int, ...], place: tuple[str | int, ...]) -> bool:
    """At the place, above or below it; or at what is counted or called after it."""
    together = {("requirements", "totals"), ("edition", "name")}
    return path == place[: len(path)] or place == path[: len(place)] or (place[0], path[0]) in together

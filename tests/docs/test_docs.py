"""What README and docs promise: every command that a page types is typed here, and shows what the page says."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
import yaml

from blueprint import assembly, document, judgement, slots
from blueprint.assembly import assemble
from blueprint.cli import COMMANDS, group
from blueprint.cli.exits import Exit
from blueprint.config import load
from blueprint.gate import Question, judged
from blueprint.graph import ResourceGraph
from blueprint.judgement import document_digest
from blueprint.plan import Plan, make_plan
from blueprint.types import Severity
from compliance.engine import judge
from compliance.matrix import Assessment, Depth, Status
from compliance.reports.columns import COLUMNS
from compliance.sources.planned.source import subjects
from tests.docs.walkthrough import ROOT, Block, Edit, Terminal, blocks, commands, pages, shows, steps
from tools.docs import broken_links

pytestmark = pytest.mark.xdist_group("docs")

TUTORIAL = ROOT / "docs" / "tutorial.md"
HOW_TO = ROOT / "docs" / "how-to"
EXPLANATION = ROOT / "docs" / "explanation"
CLAIMS = "stacks/Pulumi.claims.yaml"
OTHER_TESTS = {"add-a-framework.md", "add-a-rule.md"}
"""Pages whose blocks are read by a test of their own."""
WALKED = [page for page in pages() if page.name not in OTHER_TESTS and blocks(page, "console")]
PULUMI = {"login", "stack init", "stack export", "preview", "up"}
"""What pages type of pulumi; `make test-engine` drives them for real."""


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


class Once:
    """A function that is called once for each first argument; what follows it must be the same then."""

    def __init__(self, function: Callable[..., object]) -> None:
        self.function = function
        self.known: dict[int, tuple[object, object]] = {}

    def __call__(self, first: object, *rest: object) -> object:
        if id(first) not in self.known:
            self.known[id(first)] = (first, self.function(first, *rest))
        return self.known[id(first)][1]


@pytest.fixture(scope="session")
def made() -> dict[str, ResourceGraph]:
    """Resources by document, for all pages: most of them look at the same few stacks."""
    return {}


@pytest.fixture(scope="session")
def judging() -> dict[str, Once]:
    """The dear steps of a judgement that depend on the resources alone; exceptions and dates come after them."""
    return {"subjects": Once(subjects), "judge": Once(judge)}


@pytest.fixture
def project(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: dict[str, ResourceGraph],
    judging: dict[str, Once],
    planned: Callable[[str], Plan],
    synthesised: Callable[[str], ResourceGraph],
) -> Path:
    """A copy of the project in which a person sits."""
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    own = {path.name.split(".")[1] for path in (ROOT / "stacks").glob("Pulumi.*.yaml")}

    def remembered(plan: Plan, *, project: str) -> ResourceGraph:
        if plan.stack in own and document_digest(plan) == document_digest(planned(plan.stack)):
            return synthesised(plan.stack)
        key = document_digest(plan)
        if key not in made:
            made[key] = assemble(plan, project=project)
        return made[key]

    monkeypatch.setattr(assembly, "assemble", remembered)
    for step, once in judging.items():
        monkeypatch.setattr(judgement, step, once)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path


@pytest.fixture
def terminal(project: Path) -> Terminal:
    return Terminal(project)


@pytest.fixture
def installed(request: pytest.FixtureRequest, project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The entry points that a page shows, as if its package were installed."""
    page: Path = request.getfixturevalue("page")
    shown = [tomllib.loads(block.text) for block in blocks(page, "toml")]
    ours = [
        EntryPoint(name, value, slots.ENTRY_POINTS)
        for text in shown
        for name, value in text["project"]["entry-points"][slots.ENTRY_POINTS].items()
    ]
    caches = (slots.slots, slots.spec_of, document.slot_adapter, document.platform_spec)
    if ours:
        monkeypatch.setattr(slots, "entry_points", lambda group: [*entry_points(group=group), *ours])
        monkeypatch.syspath_prepend(str(project))
        for cached in caches:
            cached.cache_clear()
    yield
    if ours:
        monkeypatch.undo()
        for cached in caches:
            cached.cache_clear()


def claims(terminal: Terminal) -> None:
    """The stack as the tutorial leaves it; the other pages go on from there."""
    for step in steps(TUTORIAL):
        if isinstance(step, Edit):
            terminal.edit(step)
        elif step.file == CLAIMS:
            terminal.write(CLAIMS, step.text)


@pytest.mark.parametrize("page", WALKED, ids=named)
def test_every_command_of_a_page_shows_what_the_page_says(page: Path, terminal: Terminal, installed: None) -> None:
    if page.parent.name == "how-to":
        claims(terminal)
    wrong: list[str] = []
    ran = 0
    for command, output in terminal.follow(page):
        ran += 1
        if not command.output.strip():
            assert terminal.code == 0, f"$ {command.line}\n{output}"
        elif not shows(output, command.output):
            wrong.append(f"$ {command.line}\n--- the page\n{command.output}--- the command\n{output[:4000]}")
    assert ran > 0
    assert not wrong, "\n".join(wrong)


def test_a_page_is_read_by_one_convention_only() -> None:
    for page in pages():
        if page.name not in OTHER_TESTS:
            unknown = [block.text for block in blocks(page, "bash", "shell", "")]
            assert unknown == [], f"{named(page)}: fences without a language that is known here"
        for block in blocks(page, "console"):
            assert block.text.startswith("$ "), f"{named(page)}: a console block starts with a command"


def test_make_targets_and_pulumi_commands_that_pages_name_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    typed: set[str] = set()
    for page in pages():
        text = page.read_text(encoding="utf-8")
        wanted = set(re.findall(r"`make ([a-z-]+)`", text))
        for line in _sh_lines(page):
            wanted |= set(re.findall(r"^make ([a-z-]+)", line))
            typed |= {found[1] for found in re.finditer(r"^pulumi ((?:stack )?[a-z]+)", line)}
        assert wanted <= targets, f"{named(page)} names {sorted(wanted - targets)}"
    assert typed == PULUMI


def test_options_of_commands_that_are_shown_and_not_run_exist() -> None:
    checked = 0
    for page in pages():
        for line in _sh_lines(page):
            match line.partition("#")[0].split():
                case ["blueprint", name, *words]:
                    assert name in COMMANDS, f"{named(page)}: {line}"
                    command = group.get_command(None, name)  # type: ignore[arg-type]
                    assert command is not None
                    known = {option for parameter in command.params for option in parameter.opts}
                    assert {word for word in words if word.startswith("-")} <= known, f"{named(page)}: {line}"
                    checked += 1
    assert checked > 0


def test_every_stack_document_of_a_page_is_valid_after_its_edits(terminal: Terminal) -> None:
    seen: list[str] = []
    for page in (ROOT / "README.md", TUTORIAL):
        for step in steps(page):
            if isinstance(step, Edit):
                terminal.edit(step)
            elif step.file is not None:
                terminal.write(step.file, step.text)
        for block in blocks(page, "yaml"):
            if block.file is not None:
                stack = Path(block.file).name.split(".")[1]
                plan = make_plan(load(terminal.project / block.file, stack), terminal.project)
                seen.append(plan.document.name)
    assert seen == ["claims", "claims"]


def test_yaml_json_toml_and_python_of_every_page_can_be_read() -> None:
    for page in pages():
        for block in blocks(page, "yaml"):
            assert yaml.safe_load(block.text) is not None, named(page)
        for block in blocks(page, "json"):
            json.loads(block.text)
        for block in blocks(page, "toml"):
            tomllib.loads(block.text)
        for block in blocks(page, "python") if page.name not in OTHER_TESTS else ():
            compile(block.text, named(page), "exec")


def test_no_link_of_a_page_leads_nowhere() -> None:
    assert list(broken_links()) == []


def test_the_picture_of_the_wiring_is_the_wiring_of_the_tutorial(terminal: Terminal) -> None:
    claims(terminal)
    plan = make_plan(load(terminal.project / CLAIMS, "claims"), terminal.project)
    (picture,) = (block.text for block in blocks(EXPLANATION / "wiring.md", "mermaid"))
    drawn = re.findall(r'\["([^"]+)"\] -- "([^"]+)" --> \w+\["([^"]+)"\]', picture)
    assert set(drawn) == {(edge.consumer, edge.offer.dialect.value, edge.provider) for edge in plan.wiring.edges}
    used = re.findall(r'\["([^"]+)"\] -\. "uses" \.-> \w+\["([^"]+)"\]', picture)
    assert set(used) == {(noun, other) for noun, needs in plan.wiring.needs.items() for other in needs.uses}


def test_the_swap_of_the_page_adds_one_aws_service_and_takes_two_edges(terminal: Terminal) -> None:
    claims(terminal)
    file = terminal.project / CLAIMS
    before = make_plan(load(file, "claims"), terminal.project).wiring
    (swap,) = (step for step in steps(HOW_TO / "swap-an-implementation.md") if isinstance(step, Edit))
    terminal.edit(swap)
    after = make_plan(load(file, "claims"), terminal.project).wiring
    assert after.services - before.services == {"bedrock-runtime"}
    gone = {(edge.consumer, edge.want.name, edge.provider) for edge in before.edges} - {
        (edge.consumer, edge.want.name, edge.provider) for edge in after.edges
    }
    assert gone == {("serving/chat", "weights", "models/qwen3-32b"), ("serving/chat", "otlp", "observability")}


def test_the_gate_refuses_the_stack_of_the_tutorial_in_the_words_of_its_page(terminal: Terminal) -> None:
    claims(terminal)
    written = yaml.safe_load((terminal.project / CLAIMS).read_text(encoding="utf-8"))["config"]
    question = Question(
        nonce="1", root=terminal.project, project="ai-platform", stack="claims", fail_on=Severity.HIGH, engine=written
    )
    (page,) = blocks(EXPLANATION / "gate.md", "text")
    assert shows("error: " + "\n\n".join(judged(question).reasons), page.text)


def test_the_table_of_dialects_says_who_offers_them() -> None:
    rows = re.findall(
        r"^\| `([\w-]+)` \| `(\w+)` \|", (EXPLANATION / "wiring.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert len(rows) == 5
    assert all(slots.SLOTS[slot].offers == dialect for dialect, slot in rows)


def test_exit_codes_of_the_page_are_those_of_the_code() -> None:
    text = (HOW_TO / "check-in-ci.md").read_text(encoding="utf-8")
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)} == set(Exit)


def test_words_and_columns_of_the_matrix_are_those_of_the_code() -> None:
    text = (HOW_TO / "read-the-matrix.md").read_text(encoding="utf-8")
    titles = {title for title, _ in COLUMNS}
    table = text.partition("## The columns")[2].partition("\n## ")[0]
    shown = {
        word for cell in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for word in re.findall(r"`([^`]+)`", cell)
    }
    assert shown == titles - {"framework", "requirement", "title", "obligation", "layers", "verdicts"}
    assert set(
        re.findall(r"\| `([a-z-]+)` \|$", text.partition("## Assessment")[2].partition("\n## ")[0], re.MULTILINE)
    ) == set(Assessment)
    assert set(
        re.findall(r"\| `([a-z-]+)` \|$", text.partition("## Status")[2].partition("\n## ")[0], re.MULTILINE)
    ) == set(Status)
    assert set(
        re.findall(r"^\| `([a-z]+)` \|", text.partition("## Depth")[2].partition("\n## ")[0], re.MULTILINE)
    ) == set(Depth)


def test_every_page_is_reached_from_the_index() -> None:
    docs = ROOT / "docs"
    index = (docs / "index.md").read_text(encoding="utf-8")
    reached = {docs / target for target in re.findall(r"\]\(([^)#]+)", index)}
    decisions = {
        docs / "adr" / target for target in re.findall(r"\]\(([^)#]+)", (docs / "adr" / "index.md").read_text())
    }
    missing = set(docs.rglob("*.md")) - reached - decisions - {docs / "index.md"}
    assert sorted(map(named, missing)) == []


def test_every_decision_says_its_status_context_decision_and_consequences() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        headings = re.findall(r"^## (.+)$", record.read_text(encoding="utf-8"), re.MULTILINE)
        assert headings == ["Status", "Context", "Decision", "Consequences"], record.name


def test_the_changelog_has_a_place_for_what_is_next() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert any(version in heading for heading in headings)


def test_no_page_calls_anything_compliant() -> None:
    for page in pages():
        found = re.findall(r"[^.\n]*\bcompliant\b[^.\n]*", page.read_text(encoding="utf-8"), re.IGNORECASE)
        assert found == [], named(page)


def _sh_lines(page: Path) -> Iterator[str]:
    for block in blocks(page, "sh"):
        yield from (line for line in block.text.splitlines() if line and not line.startswith("#"))


@pytest.mark.parametrize(
    ("output", "page", "same"),
    [
        ("one\ntwo\n", "one\ntwo\n", True),
        ("one\ntwo\n", "one\n", False),
        ("one\ntwo\nthree\n", "one\n…\n", True),
        ("one\nthree\n", "one\n…\nthree\n", True),
        ("12 findings\n", "… findings\n", True),
        ("12\nfindings\n", "… findings\n", False),
        ("a.b\n", "aXb\n", False),
    ],
)
def test_output_is_compared_line_by_line(output: str, page: str, same: bool) -> None:
    assert shows(output, page) is same


def test_commands_and_their_output_are_told_apart() -> None:
    block = Block("console", "$ blueprint check \\\n    -s a\nfail\n$ echo $?\n5\n")
    assert [(each.line, each.output) for each in commands(block)] == [
        ("blueprint check -s a", "fail\n"),
        ("echo $?", "5\n"),
    ]

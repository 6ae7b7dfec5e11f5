"""The first page: its two commands, its figures, its lists."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from blueprint import assembly
from blueprint.graph import ResourceGraph
from blueprint.plan import Plan
from blueprint.slots import FUTURE
from tests.docs.walkthrough import ROOT, Terminal, blocks, shows

pytestmark = pytest.mark.xdist_group("docs")

README = ROOT / "README.md"
TEXT = README.read_text(encoding="utf-8")
PROSE = " ".join(TEXT.split())


def test_make_demo_writes_what_the_readme_says_and_prints_the_totals_that_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, synthesised: Callable[[str], ResourceGraph]
) -> None:
    def remembered(plan: Plan, *, project: str) -> ResourceGraph:
        assert project == "ai-platform"
        return synthesised(plan.stack)

    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(assembly, "assemble", remembered)
    terminal = Terminal(tmp_path)
    shown = [terminal.run(line) for line in recipe("demo")]
    assert "On this stack no rule FAILs." in PROSE
    assert re.search(r" 0 fail, .* exit code 0: ", shown[2]), shown[2]
    (expected,) = blocks(README, "text")
    assert shows(shown[-1][shown[-1].index("regulated: ") :], expected.text + "…\n")
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"regulated.graph.json", "regulated.findings.json"} | {
        f"regulated.matrix.{suffix}" for suffix in ("html", "csv", "md", "json")
    }


def recipe(target: str) -> list[str]:
    """Commands of a Makefile target that call blueprint, with its variables filled in."""
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    body = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert body is not None
    lines = [line.strip().lstrip("-@") for line in body[1].splitlines() if "$(BIN)/blueprint" in line]
    filled = [line.replace("$(BIN)/", "").replace("$(STACK)", "regulated").replace("$(OUT)", "out") for line in lines]
    return [shlex.join(shlex.split(line.partition(";")[0].partition("||")[0])) for line in filled]


def test_the_readme_says_what_it_is_in_five_lines() -> None:
    assert len(re.findall(r"^- ", TEXT.partition("![")[0], re.MULTILINE)) == 5


def test_the_picture_is_there_and_every_picture_is_small() -> None:
    assert re.findall(r"!\[[^\]]+\]\(([^)]+)\)", TEXT) == ["docs/images/matrix.png"]
    for picture in (ROOT / "docs" / "images").iterdir():
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG"), picture.name
        assert len(data) < 200_000, picture.name


def test_every_stack_of_the_project_is_in_the_table_and_no_other() -> None:
    table = TEXT.partition("## The stacks that come with it")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE)) == {
        path.name.split(".")[1] for path in (ROOT / "stacks").glob("Pulumi.*.yaml")
    }


def test_every_layer_without_code_is_named_as_missing() -> None:
    missing = TEXT.partition("## What is not there yet")[2].partition("- **A live account")[0]
    assert set(re.findall(r"`([a-z_]+)`", missing)) == set(FUTURE)


def test_the_readme_says_that_no_account_was_used() -> None:
    assert "The AWS and Kubernetes providers are simulated there" in PROSE
    assert "No stack has been deployed to an AWS account yet." in PROSE

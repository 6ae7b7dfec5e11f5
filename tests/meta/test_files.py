"""What holds for every file of the repository."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCES = ("blueprint", "components", "compliance", "stacks", "tools")
ALL = (*SOURCES, "tests", "docs", "requirements", ".ci")
MADE = {"__pycache__", "bin", "node_modules"}
LONGEST = 400

IN_PODS = re.compile(r"^components/\w+/(programs|rotator)/")
"""Programs that run elsewhere than the blueprint: their own process, their own environment."""

SPEAKS = re.compile(r"^(blueprint/(cli/.*|gate\.py)|tools/.*)$")
"""Who may print or end the process; see the front door and the gate in the design."""

READS_THE_SURROUNDINGS = {
    "blueprint/cli/__init__.py": "whether a traceback is asked for",
    "blueprint/gate.py": "what the engine hands to the program, and the environment of its child",
    "blueprint/synth.py": "sets the configuration of a synth to nothing",
    "tools/engine/harness.py": "starts processes",
    "tools/engine/language_host.py": "starts processes",
    "tools/litellm/accepts.py": "sets what LiteLLM reads at import",
}

CATCHES_EVERYTHING = {
    "blueprint/cli/__init__.py": "a defect of the tool is told as one, and exits as one",
    "blueprint/gate.py": "a crash of the gate is an answer, and never a deployment",
    "blueprint/synth.py": "carries what a program raised to the caller's thread",
    "compliance/engine.py": "a rule that crashes is UNKNOWN with its reason",
}

UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "NotImplemented" + "Error")) + r")\b")
PLACES = re.compile(
    r"(pypi|pythonhosted|npmjs|crates|rubygems)\.(org|com|io)\b|proxy\.golang|artifactory|--(extra-)?index-url"
    r"|(?<![\w.$}])/(work|root|Users|home/[a-z]+)/"
)
"""Where packages came from on somebody's machine, and where its files lie."""


@cache
def texts() -> dict[str, str]:
    """Every text file that people write, by its path."""
    found = {}
    for path in sorted(_files()):
        try:
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            assert path.suffix in {".png", ".svgz", ".xlsx"}, path
    return found


def _files() -> Iterator[Path]:
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.suffix in {".md", ".toml", ".yaml", ".lock"})
    yield ROOT / "Makefile"
    for folder in ALL:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and not MADE & set(path.relative_to(ROOT).parts):
                yield path


@cache
def trees() -> dict[str, ast.Module]:
    """Every Python source as its tree, tests apart."""
    return {
        path: ast.parse(text) for path, text in texts().items() if path.endswith(".py") and path.startswith(SOURCES)
    }


def test_the_files_are_found() -> None:
    assert {"Makefile", "blueprint/synth.py", "stacks/Pulumi.regulated.yaml", "tests/conftest.py"} <= texts().keys()
    assert len(trees()) > 200


def test_no_source_is_longer_than_anybody_reads_at_once() -> None:
    assert not {path: lines for path in trees() if (lines := texts()[path].count("\n")) > LONGEST}


def test_nothing_is_left_for_later() -> None:
    assert not [path for path, text in texts().items() if UNFINISHED.search(text)]


def test_only_the_front_door_prints_or_ends_the_process() -> None:
    speaking = {path for path, tree in trees().items() if not IN_PODS.match(path) and _calls(tree) & ENDING}
    assert not {path for path in speaking if not SPEAKS.match(path)}


def test_only_few_places_read_what_stands_around_the_process() -> None:
    reading = {path for path, tree in trees().items() if not IN_PODS.match(path) and _names(tree) & SURROUNDINGS}
    assert reading == READS_THE_SURROUNDINGS.keys()


def test_only_few_places_catch_everything() -> None:
    catching = {
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node)
    }
    assert catching == CATCHES_EVERYTHING.keys()


def test_every_test_stands_where_it_is_collected() -> None:
    strays = [
        f"{path}: {node.name}"
        for path, text in texts().items()
        if path.endswith(".py") and not Path(path).name.startswith("test_")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert not strays


def test_no_two_tests_of_a_file_have_one_name() -> None:
    """The second would replace the first, which then never runs."""
    twice = []
    for path, text in texts().items():
        if path.startswith("tests/") and path.endswith(".py"):
            names = [
                node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            ]
            twice += [f"{path}: {name}" for name in set(names) if names.count(name) > 1]
    assert not twice


def test_no_file_names_a_package_registry_or_a_place_on_a_machine() -> None:
    found = {
        f"{path}: {match[0]}"
        for path, text in texts().items()
        if path not in NAMED_ON_PURPOSE
        for match in PLACES.finditer(text)
    }
    assert not found


@pytest.mark.parametrize(
    "text", ["https://py" + "pi.org/simple", "/wo" + "rk/somewhere", "pip --index" + "-url x", "/home/ada/.venv"]
)
def test_such_a_name_would_be_found(text: str) -> None:
    assert PLACES.search(text)


NAMED_ON_PURPOSE = {"tests/meta/test_files.py"}
ENDING = {"print", "sys.exit", "os._exit", "exit", "quit"}
SURROUNDINGS = {"os.environ", "os.getenv", "pulumi.Config", "set_config", "set_all_config"}


def _calls(tree: ast.Module) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def _names(tree: ast.Module) -> set[str]:
    return {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)}


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(each is None or ast.unparse(each) in {"Exception", "BaseException"} for each in caught)

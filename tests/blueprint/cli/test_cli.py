"""The command line as people and programs use it: streams, formats, exit codes, and no traceback ever."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from blueprint.cli import COMMANDS, main
from blueprint.cli.exits import Exit
from blueprint.schemas import SCHEMAS

ROOT = Path(__file__).parents[3]


pytestmark = pytest.mark.xdist_group("stacks")


class Ran:
    """What one call printed, and how it ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *words: str) -> None:
        self.code: object = 0
        try:
            main(list(words))
        except SystemExit as ended:
            self.code = ended.code
        self.out, self.err = capsys.readouterr()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.chdir(ROOT)
    return lambda *words: Ran(capsys, *words)


def schema(name: str) -> dict[str, object]:
    return dict(json.loads((ROOT / "docs" / "reference" / f"{name}.schema.json").read_text()))


def test_help_lists_every_command_and_loads_none_of_them() -> None:
    code = "import sys; from blueprint.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "print([m for m in sys.modules if m.startswith(('pulumi', 'boto', 'pydantic', 'yaml', 'compliance'))], file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert all(name in ended.stdout for name in COMMANDS)
    assert all(f" {each:d} " in " ".join(ended.stdout.split()) for each in Exit)
    assert ended.stderr.strip() == "[]"


@pytest.mark.parametrize(
    "words", [("validate", "-s", "regulated"), ("list", "rules"), ("explain", "audit_log_retention_days")]
)
def test_commands_that_only_read_documents_load_neither_pulumi_nor_boto3(words: tuple[str, ...]) -> None:
    code = f"import sys; from blueprint.cli import main\ntry: main({list(words)!r})\nexcept SystemExit: pass\n"
    code += "print([m for m in sys.modules if m in ('pulumi', 'boto3', 'pulumi_aws')], file=sys.stderr)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ended.stderr.strip() == "[]"


def test_a_valid_stack_says_what_it_holds(run) -> None:  # type: ignore[no-untyped-def]
    ran = run("validate", "-s", "regulated")
    assert ran.code == 0
    assert "valid; 29 components" in ran.out


def test_an_unknown_stack_ends_with_6_and_the_nearest_name(run) -> None:  # type: ignore[no-untyped-def]
    ran = run("validate", "-s", "regulatd")
    assert (ran.code, ran.out) == (6, "")
    assert "did you mean regulated?" in ran.err


def test_a_document_with_mistakes_ends_with_2_and_a_count(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "Pulumi.bad.yaml"
    file.write_text("config:\n  aws:region: us-east-1\n  blueprint:platform:\n    name: x1\n    gatway: {}\n")
    ran = run("validate", "-s", str(file))
    assert ran.code == 2
    assert f"{file}:5:5: gatway: unknown key" in ran.err
    assert ran.err.rstrip().splitlines()[-1].endswith(("problem", "problems"))
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("option", ["--graph", "--preview", "--state"])
@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"steps": 3}', b"not json"])
def test_a_file_that_is_not_what_it_is_said_to_be_ends_with_2(run, tmp_path: Path, option: str, content: bytes) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "x.json"
    file.write_bytes(content)
    ran = run("check", "-s", "regulated", option, str(file))
    assert ran.code == 2
    assert str(file) in ran.err
    assert "Traceback" not in ran.err


def test_a_file_that_is_not_there_ends_with_2(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert run("check", "-s", "regulated", "--graph", str(tmp_path / "none.json")).code == 2


def test_resources_come_from_one_place(run) -> None:  # type: ignore[no-untyped-def]
    assert run("check", "-s", "regulated", "--graph", "a", "--state", "b").code == 2


def test_a_misspelt_command_names_the_nearest(run) -> None:  # type: ignore[no-untyped-def]
    ran = run("chekc")
    assert ran.code == 2
    assert "did you mean check?" in ran.err


def test_an_unknown_rule_ends_with_6(run, graph_file: Path) -> None:  # type: ignore[no-untyped-def]
    assert run("check", "-s", "prod", "--graph", str(graph_file), "--rule", "nope_nope_nope").code == 6


def test_findings_fit_their_schema_and_are_the_same_from_the_graph_file(run, graph_file: Path) -> None:  # type: ignore[no-untyped-def]
    ran = run(
        "check",
        "-s",
        "prod",
        "--graph",
        str(graph_file),
        "--as-of",
        "2026-11-20",
        "--fail-on",
        "never",
        "-o",
        "json",
    )
    document = json.loads(ran.out)
    jsonschema.validate(document, schema("findings"))
    assert sum(document["summary"].values()) == len(document["findings"])
    assert len({finding["id"] for finding in document["findings"]}) == len(document["findings"])


def test_the_matrix_fits_its_schema_and_has_every_row(run, graph_file: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    out = tmp_path / "m"
    words = [word for name in ("json", "csv", "md", "html") for word in ("-o", f"{name}={out}.{name}")]
    ran = run("matrix", "-s", "prod", "--graph", str(graph_file), "--fail-on", "never", *words, "-o", "table")
    assert ran.code == 0
    assert "69 requirements" in ran.out
    document = json.loads(Path(f"{out}.json").read_text())
    jsonschema.validate(document, schema("matrix"))
    assert len(document["rows"]) == 69
    assert len(list(csv.reader(io.StringIO(Path(f"{out}.csv").read_bytes().decode())))) == 70
    assert "http://" not in Path(f"{out}.html").read_text().replace("http://www.w3.org", "")
    rendered = run("report", f"{out}.json", "-o", f"html={out}.again.html")
    assert rendered.code == 0
    assert Path(f"{out}.again.html").read_text() == Path(f"{out}.html").read_text()


def test_the_graph_fits_its_schema(graph_file: Path) -> None:
    jsonschema.validate(json.loads(graph_file.read_text()), schema("graph"))


@pytest.mark.parametrize("stack", ["brownfield", "dev", "prod", "regulated", "seed", "staging"])
def test_every_stack_file_fits_the_schema_that_editors_use(stack: str) -> None:
    import yaml

    jsonschema.validate(yaml.safe_load((ROOT / "stacks" / f"Pulumi.{stack}.yaml").read_text()), schema("stack"))


@pytest.mark.parametrize("preset", ["growth", "regulated", "seed", "training-heavy"])
def test_a_new_stack_validates_as_it_is_and_is_never_overwritten(run, tmp_path: Path, preset: str) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
    words = ("new", "stack", "mine", "--preset", preset, "--root", str(tmp_path))
    assert run(*words).code == 0
    assert run("validate", "-s", "mine", "--root", str(tmp_path)).code == 0
    before = (tmp_path / "stacks" / "Pulumi.mine.yaml").read_bytes()
    again = run(*words)
    assert again.code == 2
    assert "left as it is" in again.err
    assert (tmp_path / "stacks" / "Pulumi.mine.yaml").read_bytes() == before


def test_a_new_component_is_one_file_that_compiles(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    ran = run("new", "component", "Triton", "--slot", "serving", "--kind", "triton", "--into", str(tmp_path / "acme"))
    assert ran.code == 0
    source = (tmp_path / "acme" / "triton.py").read_text()
    compile(source, "triton.py", "exec")
    assert "serving:triton" in source


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("audit_log_retention_days", ["join", "applied at"]),
        ("LOG-04", ["layers", "answers"]),
        ("10.5.1", ["pci-dss@4.0.1 10.5.1", "your duty"]),
        ("serving:vllm", ["kind: vllm", "concurrency"]),
        ("network.zones", ["kind: managed"]),
    ],
)
def test_anything_that_has_a_name_can_be_explained(run, name: str, words: list[str]) -> None:  # type: ignore[no-untyped-def]
    ran = run("explain", name)
    assert ran.code == 0
    assert all(word in ran.out for word in words)


def test_an_explained_parameter_shows_who_asked_and_who_won(run) -> None:  # type: ignore[no-untyped-def]
    ran = run("explain", "audit_log_retention_days", "-s", "regulated")
    assert "* hipaa@2013 164.316(b)(2)(i)" in ran.out


def test_effective_settings_say_where_each_came_from(run) -> None:  # type: ignore[no-untyped-def]
    ran = run("explain", "-s", "regulated", "--effective")
    lines = dict(line.split(" = ", 1) for line in ran.out.splitlines())
    assert "preset" in lines["network.cidr"]
    assert "stacks/Pulumi.regulated.yaml" in lines["owner"].replace("\\", "/")
    assert lines["network.keep"].endswith("(default)")


def test_what_nobody_knows_is_answered_with_the_nearest_name(run) -> None:  # type: ignore[no-untyped-def]
    ran = run("explain", "audit_log_retention")
    assert ran.code == 6
    assert "audit_log_retention_days" in ran.err


@pytest.mark.parametrize(
    "what", ["stacks", "presets", "kinds", "frameworks", "parameters", "controls", "rules", "subjects"]
)
def test_everything_can_be_listed_for_people_and_for_programs(run, what: str) -> None:  # type: ignore[no-untyped-def]
    listed = json.loads(run("list", what, "-o", "json").out)
    assert len(listed) >= 2
    assert run("list", what).out.rstrip().endswith(f"{len(listed)} {what}")


def test_every_schema_can_be_printed_and_is_checked_in(run) -> None:  # type: ignore[no-untyped-def]
    for name in SCHEMAS:
        assert json.loads(run("schema", name).out) == schema(name)

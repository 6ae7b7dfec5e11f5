"""Reads a page as a person at a terminal would: writes its files, makes its edits, types its commands, compares what comes.

What a page may say, and what it means here:

    `path` alone on a line, then a fenced block     the file has this text
    In `path`, replace `this` by `that`.            an edit; `this` stands there once
    ```console                                      "$ " starts a command, the lines below it are its output
    … in that output                                any text; alone on a line: any lines
    ```sh                                           for a terminal with make, pulumi or an account; looked at, not run
"""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from blueprint.cli import main

ROOT = Path(__file__).parents[2]
ANY = "…"

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_FILE = re.compile(r"^`([^`\s]+)`$")
_EDIT = re.compile(r"^(?:- )?In `([^`\s]+)`, replace `([^`]+)` by `([^`]+)`\.?$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, its text, and the file that the page says it is."""

    language: str
    text: str
    file: str | None = None


@dataclass(frozen=True)
class Edit:
    """One change of a file."""

    file: str
    this: str
    that: str


@dataclass(frozen=True)
class Command:
    """One command of a console block and the output that the page shows."""

    line: str
    output: str


def pages() -> tuple[Path, ...]:
    """Every page that people wrote; the reference is generated and tested as such."""
    written = (page for page in (ROOT / "docs").rglob("*.md") if page.parent.name != "reference")
    return (*sorted(ROOT.glob("*.md")), *sorted(written))


def steps(page: Path) -> Iterator[Block | Edit]:
    """Blocks and edits of a page, in the order in which they are read."""
    text = page.read_text(encoding="utf-8")
    end = 0
    for found in _FENCE.finditer(text):
        prose = text[end : found.start()]
        yield from (Edit(*edit.groups()) for edit in _EDIT.finditer(prose))
        last = prose.strip().rpartition("\n")[2]
        named = _FILE.match(last)
        yield Block(found[1], found[2], named[1] if named else None)
        end = found.end()
    yield from (Edit(*edit.groups()) for edit in _EDIT.finditer(text[end:]))


def blocks(page: Path, *languages: str) -> tuple[Block, ...]:
    """Blocks of a page in some languages."""
    return tuple(step for step in steps(page) if isinstance(step, Block) and step.language in languages)


def commands(block: Block) -> tuple[Command, ...]:
    """Commands of a console block."""
    found: list[Command] = []
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        while line.endswith("\\"):
            more, _, output = output.partition("\n")
            line = f"{line[:-1].rstrip()} {more.strip()}"
        found.append(Command(line, output))
    return tuple(found)


class Terminal:
    """A shell that knows the commands of our pages, in a project folder that is also the working directory."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.code = 0

    def follow(self, page: Path) -> Iterator[tuple[Command, str]]:
        """Do what a page says; every command with what it printed."""
        for step in steps(page):
            if isinstance(step, Edit):
                self.edit(step)
            elif step.language == "console":
                for command in commands(step):
                    yield command, self.run(command.line)
            elif step.file is not None:
                self.write(step.file, step.text)

    def write(self, file: str, text: str) -> None:
        """Write a file of the project."""
        path = self.project / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def edit(self, edit: Edit) -> None:
        """Change a file of the project."""
        path = self.project / edit.file
        text = path.read_text(encoding="utf-8")
        assert text.count(edit.this) == 1, f"{edit.this!r} stands {text.count(edit.this)} times in {edit.file}"
        path.write_text(text.replace(edit.this, edit.that), encoding="utf-8")

    def run(self, line: str) -> str:
        """Run one command and return all that a terminal would show."""
        words = shlex.split(line)
        match words:
            case ["echo", "$?"]:
                return f"{self.code}\n"
            case ["cat", file]:
                return (self.project / file).read_text(encoding="utf-8")
            case ["blueprint", *arguments]:
                return self._blueprint(arguments)
        raise AssertionError(f"a page types {line!r}, which nobody runs; use a `sh` block for it")

    def _blueprint(self, arguments: list[str]) -> str:
        shown = io.StringIO()
        self.code = 0
        with redirect_stdout(shown), redirect_stderr(shown):
            try:
                main(arguments)
            except SystemExit as ended:
                self.code = int(ended.code or 0)
        return shown.getvalue()


def shows(output: str, expected: str) -> bool:
    """Whether output is what a page says, blanks at the ends of lines and of the whole apart."""
    return re.fullmatch(_pattern(_tidy(expected)), _tidy(output)) is not None


def _pattern(expected: str) -> str:
    return "".join("(?:[^\n]*\n)*?" if line.strip() == ANY else _line(line) + "\n" for line in expected.splitlines())


def _line(line: str) -> str:
    return "[^\n]*".join(re.escape(part) for part in line.split(ANY))


def _tidy(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").split("\n")) + "\n"

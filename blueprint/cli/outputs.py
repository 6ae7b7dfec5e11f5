"""Where results go: machine and report formats to stdout or a file, everything else to stderr."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import JsonValue

F = TypeVar("F", bound=Callable[..., Any])


def output_option(*formats: str) -> Callable[[F], F]:
    """-o FORMAT[=PATH], repeatable; the first format is the one meant when none is named."""

    def check(
        _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
    ) -> tuple[tuple[str, Path | None], ...]:
        chosen = []
        for value in values or (formats[0],):
            name, _, path = value.partition("=")
            if name not in formats:
                raise click.BadParameter(f"{name!r} is not a format here; known: {', '.join(formats)}")
            chosen.append((name, Path(path) if path else None))
        if sum(path is None for _, path in chosen) > 1:
            raise click.BadParameter(
                "only one format can go to stdout; name a file for the others: -o html=matrix.html"
            )
        return tuple(chosen)

    return click.option("-o", "--output", "outputs", multiple=True, metavar="FORMAT[=PATH]", callback=check,
                        help=f"{', '.join(formats)}; repeatable; without a path to stdout.")  # fmt: skip


def write_all(outputs: Sequence[tuple[str, Path | None]], render: Mapping[str, Callable[[], str]]) -> None:
    """Render each wanted format, files first: a reader who closes the pipe early still gets every file, whole."""
    for name, path in sorted(outputs, key=lambda output: output[1] is None):
        text = render[name]()
        if path is None:
            click.echo(text, nl=not text.endswith("\n"))
            continue
        write(path, text)
        click.echo(f"wrote {path}", err=True)


def write(path: Path, text: str) -> None:
    """Write a file whole: an interrupted run leaves the old one."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False, newline="") as draft:
            draft.write(text)
        Path(draft.name).chmod(0o644)
        os.replace(draft.name, path)  # noqa: PTH105  Path.replace does the same; this one says what it is for
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from error


def as_json(value: JsonValue) -> str:
    """JSON in the house form: indented, keys as they come, text as it is."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


VERDICT_COLOURS = {
    "pass": "green",
    "fail": "red",
    "unknown": "yellow",
    "not_applicable": "bright_black",
    "excepted": "cyan",
}


def coloured(word: str) -> str:
    """A verdict in its colour; click drops colours where nobody looks at them."""
    return click.style(word, fg=VERDICT_COLOURS.get(word))

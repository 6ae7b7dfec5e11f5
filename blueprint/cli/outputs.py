"""Where results go: machine and report formats to stdout or a file, everything else to stderr."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from pydantic import JsonValue

from blueprint.columns import terminal_width

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
        bare = [name for name, path in chosen if path is None]
        if len(bare) > 1:
            raise click.BadParameter(
                f"only one format can go to stdout; name a file for the others: -o {bare[1]}=FILE.{bare[1]}"
            )
        return tuple(chosen)

    return click.option("-o", "--output", "outputs", multiple=True, metavar="FORMAT[=PATH]", callback=check,
                        help=f"{', '.join(formats)}; repeatable; without a path to stdout.")  # fmt: skip


def write_all(outputs: Sequence[tuple[str, Path | None]], render: Mapping[str, Callable[[], str]]) -> None:
    """Render each wanted format, files first: a reader who closes the pipe early still gets every file, whole."""
    for name, path in sorted(outputs, key=lambda output: output[1] is None):
        text = render[name]()
        if path is not None:
            click.echo(f"wrote {path}{write(path, text)}", err=True)
            continue
        with _told("standard output"):
            click.echo(text, nl=not text.endswith("\n"))


def write(path: Path, text: str) -> str:
    """Write a file whole, and say what else was made: an interrupted run leaves the old one.

    A device, a pipe and the file behind a link are written through, as a shell would. A file keeps its mode. One
    missing folder is made; more than one is a slip of the pen.
    """
    with _told(str(path)):
        made = _folder(path.parent)
        if path.is_symlink() or (path.exists() and not path.is_file()):
            with path.open("w", encoding="utf-8", newline="") as target:
                target.write(text)
            return made
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with draft.open("x", encoding="utf-8", newline="") as target:
                target.write(text)
            if path.exists():
                draft.chmod(stat.S_IMODE(path.stat().st_mode))
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return made


def _folder(folder: Path) -> str:
    """Make the folder of a file if it alone is missing."""
    if folder.exists():
        return ""
    if not folder.parent.exists():
        raise click.ClickException(f"cannot write into {folder}: {folder.parent} is not there either; make it first")
    folder.mkdir()
    return f" in the new folder {folder}"


@contextmanager
def _told(target: str) -> Iterator[None]:
    """What a disk refuses is no bug of ours; a reader who has gone is told by `main`."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise click.ClickException(f"cannot write {target}: {error.strerror}") from error


def width_of(outputs: Sequence[tuple[str, Path | None]]) -> int | None:
    """Characters that a table may take; a file has no edge."""
    return terminal_width() if any(path is None for _, path in outputs) else None


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

"""The command `blueprint`. Each command is loaded when it is called, so that help and validation stay quick."""

from __future__ import annotations

import os
import sys
import traceback
from importlib import import_module
from typing import NoReturn

import click

from blueprint.cli.exits import Exit
from blueprint.errors import BlueprintError, DocumentError, NotFound
from blueprint.garbage import leave_garbage

COMMANDS = {
    "new": "start a stack document, a component, a rule or a framework",
    "validate": "find every mistake of a stack document",
    "synth": "print every resource of a stack, without engine, network or credentials",
    "check": "hold a stack against its posture",
    "matrix": "requirement by requirement: what answers it, and how well",
    "report": "render saved results again, without computing anything",
    "explain": "tell all about a rule, control, requirement, parameter, kind, setting, model or instance type",
    "list": "list stacks, frameworks, parameters, controls, rules, kinds, presets, models or instance types",
    "plan-capacity": "say whether a model fits, how much it serves, and what it costs",
    "schema": "print the JSON Schema of a document or an output",
}


class _Late(click.Group):
    """Knows its commands by name and loads one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"blueprint.cli.{cmd_name.replace('-', '_')}_command")
        command = module.command
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            from blueprint.errors import nearest  # noqa: PLC0415  only a misspelt command pays for it

            ctx.fail(f"no such command {args[0]!r}; {nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Late, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="ai-platform-blueprint", prog_name="blueprint")
def group() -> None:
    """Declarative blueprint for an enterprise AI platform: one typed document per stack, judged before it is deployed.

    Deploying is `pulumi up`. Exit codes: 0 done, 1 a bug or a crashed rule, 2 usage or document, 5 a rule FAILs,
    6 no such name, 8 interrupted.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with a code of `Exit`."""
    words = sys.argv[1:] if arguments is None else arguments
    if arguments is None:
        leave_garbage()
    try:
        group.main(args=words, prog_name="blueprint", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        _leave(Exit.USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(Exit.CANCELLED)
    except BrokenPipeError:
        _leave(Exit.DONE)
    except NotFound as error:
        click.echo(str(error), err=True)
        sys.exit(Exit.NOT_FOUND)
    except DocumentError as error:
        click.echo(str(error), err=True)
        count = len(error.problems)
        click.echo(f"\n{count} problem{'s' if count != 1 else ''}", err=True)
        sys.exit(Exit.USAGE)
    except BlueprintError as error:
        click.echo(str(error), err=True)
        sys.exit(Exit.USAGE)
    except Exception as error:  # noqa: BLE001  a traceback shown to a user is a bug, and so is this one
        click.echo(f"a bug in blueprint: {type(error).__name__}: {error}", err=True)
        click.echo("run again with BLUEPRINT_TRACEBACK=1 and send us what it prints", err=True)
        if _wants_traceback():
            traceback.print_exc()
        sys.exit(Exit.UNEXPECTED)


def _leave(code: Exit) -> NoReturn:
    """Exit, and let nothing be told once more of what standard output could not take."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _wants_traceback() -> bool:
    return os.environ.get("BLUEPRINT_TRACEBACK") == "1"

"""How commands are declared: plain help with an example, the nearest name for a mistyped one."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from runfleet.cli.command_line import HELP_NAMES
from runfleet.cli.failures import WrongUsageError
from runfleet.cli.study_names import could_be_name
from runfleet.nearest_word import nearest

_HELP_OPTIONS = {"help_option_names": [*HELP_NAMES]}


class DeferredCommand(TyperCommand):
    """
    A command, or a group of commands, whose module is imported when it is called.

    Parameters
    ----------
    name
        As it is typed.
    summary
        The first line of its help.
    module
        Where its `app` is.
    """

    def __init__(self, name: str, summary: str, module: str) -> None:
        super().__init__(name=name, help=summary, callback=None)
        self.module = module

    def load(self) -> Any:
        """Import its module and make the command itself."""
        return typer.main.get_command(import_module(self.module).app)


class CommandGroup(TyperGroup):
    """A group of commands; on its own it shows its help, and a mistyped command the nearest."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take no arguments at all as a call for help."""
        wants_help = not args and not ctx.resilient_parsing
        return super().parse_args(ctx, ["--help"] if wants_help else args)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that is called, and import it if need be."""
        name = args[0]
        is_unknown = name not in self.commands and not name.startswith("-")
        if is_unknown and not ctx.resilient_parsing:
            raise _unknown_command(ctx.command_path, name, self.commands)
        found, command, rest = super().resolve_command(ctx, args)
        if isinstance(command, DeferredCommand):
            command = command.load()
        return found, command, rest


def new_app(summary: str | None = None) -> typer.Typer:
    """Make an app for one command, or with a summary for a group of them."""
    return typer.Typer(
        cls=CommandGroup,
        help=summary,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=_HELP_OPTIONS,
    )


def example(*lines: str) -> str:
    """The end of a command's help: what to type, line by line, as it stands."""
    # The first character keeps the help formatter from filling the lines.
    return "\n".join(["\b", "Example:", *(f"  $ {line}" for line in lines)])


def _unknown_command(path: str, name: str, known: Iterable[str]) -> WrongUsageError:
    meant = _meant_command(name, list(known))
    hint = f"did you mean `{path} {meant}`?" if meant else f"`{path} --help` lists them all"
    return WrongUsageError(f"there is no command `{path} {name}`", hint=hint)


def _meant_command(name: str, known: Sequence[str]) -> str | None:
    if "run" in known and not could_be_name(name):
        return f"run {shlex.quote(name)}"
    return nearest(name, known)

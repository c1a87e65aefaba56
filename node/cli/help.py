"""Help pages in the language of the run: until `translate` ran, each text in the command tree is a catalogue's key."""

import shutil
import textwrap
from typing import TYPE_CHECKING, Final

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from node.cli.words import Words

if TYPE_CHECKING:
    from typer._click import Command, Context

MIN_WIDTH, MAX_WIDTH = 50, 100  # columns between which a line of help is readable
COLUMN: Final = 26


class AsTyped:
    """Takes what was typed as it is: our parameters are texts and flags.

    The framework would load a validation library for them, at a quarter of the time that a verdict may take.
    """

    def coerce(self, value: object, param: object, ctx: object) -> object:
        """The value as it came from the command line."""
        del param, ctx
        return value


AS_TYPED: Final = AsTyped()


class WordedCommand(TyperCommand):
    """A command whose help page speaks the language of the run."""

    words: Words

    def get_help(self, ctx: "Context") -> str:
        """The help page."""
        return page(self, ctx, self.words)

    def get_help_option(self, ctx: "Context") -> TyperOption | None:
        """The option --help."""
        return _as_typed(super().get_help_option(ctx))


class WordedGroup(TyperGroup):
    """A group of commands, likewise."""

    words: Words

    def get_help(self, ctx: "Context") -> str:
        """The help page."""
        return page(self, ctx, self.words)

    def get_help_option(self, ctx: "Context") -> TyperOption | None:
        """The option --help."""
        return _as_typed(super().get_help_option(ctx))


TEXTS_AND_FLAGS: Final = (str, bool, list[str])


def translate(command: "Command", words: Words) -> None:
    """Replace the keys in a command tree by the words they stand for, in place, and have values taken as typed."""
    if isinstance(command, WordedCommand | WordedGroup):
        command.words = words
    command.help = words(f"help.{command.help}") if command.help else None
    for parameter in command.params:
        if isinstance(parameter, TyperOption | TyperArgument):
            _prepare(parameter, words)
    if isinstance(command, TyperGroup):
        for child in command.commands.values():
            translate(child, words)


def _prepare(parameter: TyperOption | TyperArgument, words: Words) -> None:
    parameter.help = words(f"help.{parameter.help}")
    if parameter.metavar:
        parameter.metavar = words(f"metavar.{parameter.metavar}")
    if parameter.type_descriptor.annotation not in TEXTS_AND_FLAGS:
        raise TypeError(f"{parameter.name} is neither a text nor a flag, and its conversion is switched off")
    _as_typed(parameter)


def _as_typed[P: (TyperOption | None, TyperOption | TyperArgument)](parameter: P) -> P:
    if parameter is not None:
        parameter.get_runtime_param = lambda: AS_TYPED  # type: ignore[method-assign,assignment,return-value]  # the seam
    return parameter


def page(command: "Command", ctx: "Context", words: Words) -> str:
    """Usage, what the command does, its arguments, options and commands, and the exit statuses at the root."""
    width = max(MIN_WIDTH, min(shutil.get_terminal_size().columns, MAX_WIDTH))
    arguments = [p for p in command.params if isinstance(p, TyperArgument)]
    options = [*_options(command), *(_everywhere(ctx) if ctx.parent else [])]
    children = command.commands if isinstance(command, TyperGroup) else {}

    usage = [ctx.command_path, *(_argument(p) for p in arguments)]
    usage += [f"[{words('help.options')}]"] + ([words("help.command")] if children else [])
    lines = [f"{words('help.usage')}: {' '.join(usage)}", ""]
    lines += textwrap.wrap(command.help or "", width, break_on_hyphens=False)
    sections = (
        ("help.arguments", [(_argument(p), p.help or "") for p in arguments]),
        ("help.commands", [(name, child.help or "") for name, child in children.items()]),
        ("help.options_title", [*[(_option(p), p.help or "") for p in options], ("--help", words("help.help"))]),
    )
    for title, rows in sections:
        if rows:
            lines += ["", f"{words(title)}:"]
            lines += [line for left, right in rows for line in _row(left, right, width)]
    if ctx.parent is None:
        lines += ["", *textwrap.wrap(words("help.statuses"), width, break_on_hyphens=False)]
    return "\n".join(lines)


def _options(command: "Command") -> list[TyperOption]:
    return [p for p in command.params if isinstance(p, TyperOption) and not p.hidden]


def _everywhere(ctx: "Context") -> list[TyperOption]:
    """The options of the whole program that any command takes; an eager one answers in the command's place."""
    return [option for option in _options(ctx.find_root().command) if not option.is_eager]


def _row(left: str, right: str, width: int) -> list[str]:
    wrapped = textwrap.wrap(right, width - COLUMN - 2, break_on_hyphens=False) or [""]
    if len(left) > COLUMN - 2:
        return [f"  {left}", *(f"{'':{COLUMN + 2}}{line}" for line in wrapped)]
    return [f"  {left:{COLUMN}}{wrapped[0]}", *(f"{'':{COLUMN + 2}}{line}" for line in wrapped[1:])]


def _argument(parameter: TyperArgument) -> str:
    name = f"{parameter.metavar or (parameter.name or '').upper()}{'…' if parameter.nargs != 1 else ''}"
    return name if parameter.required else f"[{name}]"


def _option(parameter: TyperOption) -> str:
    value = "" if parameter.is_flag else f" {parameter.metavar or ''}"
    return ", ".join(parameter.opts) + value

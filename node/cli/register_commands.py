"""The commands of `glejt register`: what may be typed, and what each hands to its module."""

from typing import Annotated

import typer

from node.cli.help import WordedCommand, WordedGroup

register = typer.Typer(cls=WordedGroup, help="register", rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="json")]
Trust = Annotated[str | None, typer.Option("--trust", help="trust", metavar="file")]


@register.command("mirror", cls=WordedCommand, help="register_mirror")
def _mirror(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="register_url", metavar="url")],
    folder: Annotated[str, typer.Argument(help="register_folder", metavar="folder")],
    *,
    trust: Trust = None,
    json: Json = False,
) -> int:
    from node.cli.register import mirror  # noqa: PLC0415 -- each command loads what it needs

    return mirror(context.obj, url, folder, trust=trust, as_json=json)


@register.command("check", cls=WordedCommand, help="register_check")
def _check(
    context: typer.Context,
    folder: Annotated[str, typer.Argument(help="register_folder", metavar="folder")],
    *,
    trust: Trust = None,
    json: Json = False,
) -> int:
    from node.cli.register import check  # noqa: PLC0415 -- as above

    return check(context.obj, folder, trust=trust, as_json=json)

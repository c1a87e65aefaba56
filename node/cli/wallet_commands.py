"""The commands of `glejt wallet`: what may be typed, and what each hands to its module."""

from typing import Annotated

import typer

from node.cli.help import WordedCommand, WordedGroup

wallet = typer.Typer(cls=WordedGroup, help="wallet", rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="json")]
Passphrase = Annotated[str | None, typer.Option("--passphrase-file", help="passphrase_file", metavar="file")]
File = Annotated[str | None, typer.Option("--wallet", help="wallet_file", metavar="file")]
Trust = Annotated[str | None, typer.Option("--trust", help="trust", metavar="file")]
Invitation = Annotated[str, typer.Argument(help="wallet_invitation", metavar="invitation")]
Yes = Annotated[bool, typer.Option("--yes", help="wallet_yes")]
Decline = Annotated[bool, typer.Option("--decline", help="wallet_decline")]


@wallet.command("init", cls=WordedCommand, help="wallet_init")
def _init(
    context: typer.Context,
    *,
    mediator: Annotated[str | None, typer.Option("--mediator", help="wallet_mediator", metavar="invitation")] = None,
    file: File = None,
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> int:
    from node.cli.wallet import Place, init  # noqa: PLC0415 -- each command loads what it needs

    return init(context.obj, Place(file, passphrase_file), mediator=mediator, as_json=json)


@wallet.command("accept", cls=WordedCommand, help="wallet_accept")
def _accept(  # noqa: PLR0913 -- one parameter per option
    context: typer.Context,
    invitation: Invitation,
    *,
    yes: Yes = False,
    decline: Decline = False,
    key: Annotated[str | None, typer.Option("--key", help="wallet_key", metavar="file")] = None,
    key_type: Annotated[str | None, typer.Option("--key-type", help="wallet_key_type", metavar="holder_key")] = None,
    mediator: Annotated[str | None, typer.Option("--mediator", help="wallet_mediator", metavar="invitation")] = None,
    trust: Trust = None,
    file: File = None,
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> int:
    from node.cli.wallet import Place  # noqa: PLC0415 -- as above
    from node.cli.wallet_accept import Accepting, accept  # noqa: PLC0415 -- as above

    asked = Accepting(invitation=invitation, yes=yes, decline=decline, key=key, key_type=key_type, mediator=mediator)
    return accept(context.obj, Place(file, passphrase_file, trust), asked, as_json=json)


@wallet.command("list", cls=WordedCommand, help="wallet_list")
def _list(context: typer.Context, *, file: File = None, passphrase_file: Passphrase = None, json: Json = False) -> int:
    from node.cli.wallet import Place, list_held  # noqa: PLC0415 -- as above

    return list_held(context.obj, Place(file, passphrase_file), as_json=json)


@wallet.command("show", cls=WordedCommand, help="wallet_show")
def _show(  # noqa: PLR0913 -- as above
    context: typer.Context,
    credential: Annotated[str, typer.Argument(help="wallet_credential", metavar="number")],
    *,
    trust: Trust = None,
    file: File = None,
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> int:
    from node.cli.wallet import Place, show  # noqa: PLC0415 -- as above

    return show(context.obj, Place(file, passphrase_file, trust), credential, as_json=json)


@wallet.command("present", cls=WordedCommand, help="wallet_present")
def _present(  # noqa: PLR0913 -- as above
    context: typer.Context,
    invitation: Invitation,
    *,
    credential: Annotated[
        str | None, typer.Option("--credential", help="wallet_credential_choice", metavar="number")
    ] = None,
    more: Annotated[list[str] | None, typer.Option("--show", help="wallet_more", metavar="pointer")] = None,
    yes: Yes = False,
    decline: Decline = False,
    trust: Trust = None,
    file: File = None,
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> int:
    from node.cli.wallet import Place  # noqa: PLC0415 -- as above
    from node.cli.wallet_present import Presenting, present  # noqa: PLC0415 -- as above

    asked = Presenting(invitation=invitation, credential=credential, more=tuple(more or ()), yes=yes, decline=decline)
    return present(context.obj, Place(file, passphrase_file, trust), asked, as_json=json)


@wallet.command("receive", cls=WordedCommand, help="wallet_receive")
def _receive(
    context: typer.Context, *, file: File = None, passphrase_file: Passphrase = None, json: Json = False
) -> int:
    from node.cli.wallet import Place, receive  # noqa: PLC0415 -- as above

    return receive(context.obj, Place(file, passphrase_file), as_json=json)


@wallet.command("export", cls=WordedCommand, help="wallet_export")
def _export(
    context: typer.Context,
    folder: Annotated[str, typer.Argument(help="wallet_folder", metavar="folder")],
    *,
    file: File = None,
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> int:
    from node.cli.wallet import Place, export  # noqa: PLC0415 -- as above

    return export(context.obj, Place(file, passphrase_file), folder, as_json=json)


@wallet.command("backup", cls=WordedCommand, help="wallet_backup")
def _backup(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="wallet_backup_file", metavar="file")],
    *,
    file: File = None,
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> int:
    from node.cli.wallet import Place, backup  # noqa: PLC0415 -- as above

    return backup(context.obj, Place(file, passphrase_file), target, as_json=json)


@wallet.command("restore", cls=WordedCommand, help="wallet_restore")
def _restore(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="wallet_backup_source", metavar="file")],
    *,
    file: File = None,
    passphrase_file: Passphrase = None,
    json: Json = False,
) -> int:
    from node.cli.wallet import Place, restore  # noqa: PLC0415 -- as above

    return restore(context.obj, Place(file, passphrase_file), source, as_json=json)

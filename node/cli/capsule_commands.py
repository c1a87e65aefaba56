"""The commands of `glejt capsule` and `glejt checkpoint`: what may be typed, and what each hands to its module."""

from typing import Annotated

import typer

from node.cli.help import WordedCommand, WordedGroup

capsule = typer.Typer(cls=WordedGroup, help="capsule", rich_markup_mode=None, no_args_is_help=True)
checkpoint = typer.Typer(cls=WordedGroup, help="checkpoint", rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="json")]
Force = Annotated[bool, typer.Option("--force", help="force")]
Embedded = Annotated[str | None, typer.Option("--embedded", help="own_embedded", metavar="folder")]
Trust = Annotated[str | None, typer.Option("--trust", help="trust", metavar="file")]


@capsule.command("make", cls=WordedCommand, help="capsule_make")
def _capsule_make(  # noqa: PLR0913 -- one parameter per option
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(help="capsule_files", metavar="file_or_stdin")],
    *,
    receipt: Annotated[list[str] | None, typer.Option("--receipt", help="capsule_receipt", metavar="file")] = None,
    checkpoint: Annotated[
        list[str] | None, typer.Option("--checkpoint", help="capsule_checkpoint", metavar="file")
    ] = None,
    status: Annotated[list[str] | None, typer.Option("--status", help="capsule_status", metavar="file")] = None,
    label: Annotated[list[str] | None, typer.Option("--label", help="capsule_label", metavar="file")] = None,
    accreditation: Annotated[
        list[str] | None, typer.Option("--accreditation", help="capsule_accreditation", metavar="file")
    ] = None,
    did_document: Annotated[
        list[str] | None, typer.Option("--did-document", help="capsule_did_document", metavar="file")
    ] = None,
    trust: Trust = None,
    offline: Annotated[bool, typer.Option("--offline", help="offline")] = False,
    embedded: Embedded = None,
    out: Annotated[str | None, typer.Option("--out", help="capsule_out", metavar="file")] = None,
    force: Force = False,
    json: Json = False,
) -> int:
    from node.cli.capsule import Given, make  # noqa: PLC0415 -- each command loads what it needs

    given = Given(
        trust=trust,
        offline=offline,
        receipts=tuple(receipt or ()),
        checkpoints=tuple(checkpoint or ()),
        lists=tuple(status or ()),
        labels=tuple(label or ()),
        accreditations=tuple(accreditation or ()),
        documents=tuple(did_document or ()),
        embedded=embedded,
    )
    return make(context.obj, files, given, out=out, force=force, as_json=json)


@capsule.command("show", cls=WordedCommand, help="capsule_show")
def _capsule_show(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="capsule_file", metavar="file_or_stdin")],
    *,
    json: Annotated[bool, typer.Option("--json", help="capsule_json")] = False,
) -> int:
    from node.cli.capsule import show  # noqa: PLC0415 -- as above

    return show(context.obj, file, as_json=json)


@checkpoint.command("make", cls=WordedCommand, help="checkpoint_make")
def _checkpoint_make(  # noqa: PLR0913 -- as above
    context: typer.Context,
    chain: Annotated[str | None, typer.Argument(help="checkpoint_chain", metavar="network_name")] = None,
    *,
    out: Annotated[str, typer.Option("--out", help="checkpoint_out", metavar="file")],
    block: Annotated[str | None, typer.Option("--block", help="checkpoint_block", metavar="number")] = None,
    days: Annotated[str | None, typer.Option("--days", help="checkpoint_days", metavar="number")] = None,
    embedded: Annotated[str | None, typer.Option("--embedded", help="checkpoint_embedded", metavar="folder")] = None,
    trust: Trust = None,
    force: Force = False,
) -> int:
    from node.cli.checkpoint import NewCheckpoint, make  # noqa: PLC0415 -- as above

    return make(context.obj, NewCheckpoint(chain, trust, block, days, embedded), out=out, force=force)


@checkpoint.command("sign", cls=WordedCommand, help="checkpoint_sign")
def _checkpoint_sign(  # noqa: PLR0913 -- as above
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(help="checkpoint_files", metavar="file")],
    *,
    out: Annotated[str, typer.Option("--out", help="checkpoint_out", metavar="file")],
    key: Annotated[str | None, typer.Option("--key", help="checkpoint_key", metavar="file")] = None,
    passphrase_file: Annotated[str | None, typer.Option(help="passphrase_file", metavar="file")] = None,
    trust: Trust = None,
    offline: Annotated[bool, typer.Option("--offline", help="checkpoint_offline")] = False,
    force: Force = False,
) -> int:
    from node.cli.checkpoint import sign  # noqa: PLC0415 -- as above

    return sign(
        context.obj,
        files,
        key=key,
        passphrase_file=passphrase_file,
        trust=trust,
        offline=offline,
        out=out,
        force=force,
    )


@checkpoint.command("show", cls=WordedCommand, help="checkpoint_show")
def _checkpoint_show(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="checkpoint_file_shown", metavar="file")],
    *,
    trust: Trust = None,
    json: Json = False,
) -> int:
    from node.cli.checkpoint import show  # noqa: PLC0415 -- as above

    return show(context.obj, file, trust=trust, as_json=json)

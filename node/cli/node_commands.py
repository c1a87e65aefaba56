"""The commands of whoever runs a node: what may be typed, and what each hands to its module."""

from typing import Annotated

import typer

from node.cli.help import WordedCommand, WordedGroup

node = typer.Typer(cls=WordedGroup, help="node", rich_markup_mode=None, no_args_is_help=True)

audit = typer.Typer(cls=WordedGroup, help="audit", rich_markup_mode=None, no_args_is_help=True)

Data = Annotated[str | None, typer.Option("--data", help="data", metavar="folder")]
Json = Annotated[bool, typer.Option("--json", help="json")]
NewPassphrase = Annotated[str | None, typer.Option("--new-passphrase-file", help="new_passphrase_file", metavar="file")]


def _serve(  # noqa: PLR0913, PLR0917 -- one parameter per option
    context: typer.Context,
    host: Annotated[str | None, typer.Option("--host", help="serve_host", metavar="host")] = None,
    port: Annotated[str | None, typer.Option("--port", help="serve_port", metavar="number")] = None,
    data: Data = None,
    profile: Annotated[str | None, typer.Option("--profile", help="serve_profile", metavar="profile")] = None,
    json: Json = False,
) -> int:
    from node.cli.serve import serve  # noqa: PLC0415 -- each command loads what it needs

    flags = {"host": host, "port": port, "data": data, "profile": profile}
    return serve(context.obj, flags, as_json=json)


def _backup(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="backup_file", metavar="file")],
    *,
    check: Annotated[bool, typer.Option("--check", help="backup_check")] = False,
    data: Data = None,
    json: Json = False,
) -> int:
    from node.cli.keeping import backup  # noqa: PLC0415 -- as above

    return backup(context.obj, file, data=data, check=check, as_json=json)


def _restore(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="restore_file", metavar="file")],
    *,
    moving: Annotated[bool, typer.Option("--moving", help="restore_moving")] = False,
    data: Data = None,
    json: Json = False,
) -> int:
    from node.cli.keeping import restore  # noqa: PLC0415 -- as above

    return restore(context.obj, file, data=data, moving=moving, as_json=json)


def add_to(app: typer.Typer) -> None:
    """Add them to the program."""
    app.command("serve", cls=WordedCommand, help="serve")(_serve)
    app.command("backup", cls=WordedCommand, help="backup")(_backup)
    app.command("restore", cls=WordedCommand, help="restore")(_restore)
    app.add_typer(node, name="node")
    app.add_typer(audit, name="audit")


@audit.command("check", cls=WordedCommand, help="audit_check")
def _audit_check(  # noqa: PLR0913 -- one parameter per option
    context: typer.Context,
    export: Annotated[str, typer.Argument(help="audit_export", metavar="file")],
    *,
    head: Annotated[list[str], typer.Option("--head", help="audit_head", metavar="file")],
    issuer: Annotated[str, typer.Option("--issuer", help="audit_issuer", metavar="did")],
    document: Annotated[str | None, typer.Option("--document", help="audit_document", metavar="file")] = None,
    trust: Annotated[str | None, typer.Option("--trust", help="trust", metavar="file")] = None,
    offline: Annotated[bool, typer.Option("--offline", help="offline")] = False,
    json: Json = False,
) -> int:
    from node.cli.audit import check  # noqa: PLC0415 -- as above

    return check(
        context.obj, export, head, issuer=issuer, document=document, trust=trust, offline=offline, as_json=json
    )


@node.command("key", cls=WordedCommand, help="node_key")
def _key(
    context: typer.Context,
    *,
    organisation: Annotated[
        str | None, typer.Option("--organisation", help="node_organisation_id", metavar="text")
    ] = None,
    days: Annotated[str | None, typer.Option("--days", help="node_key_days", metavar="number")] = None,
    data: Data = None,
    json: Json = False,
) -> int:
    from node.cli.node_errands import key  # noqa: PLC0415 -- as above

    return key(context.obj, organisation, days, data=data, as_json=json)


@node.command("organisation", cls=WordedCommand, help="node_organisation")
def _organisation(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="node_organisation_name", metavar="text")],
    *,
    data: Data = None,
    json: Json = False,
) -> int:
    from node.cli.node_errands import organisation  # noqa: PLC0415 -- as above

    return organisation(context.obj, name, data=data, as_json=json)


@node.command("rotate-master-key", cls=WordedCommand, help="node_rotate")
def _rotate(context: typer.Context, *, passphrase: NewPassphrase = None, data: Data = None, json: Json = False) -> int:
    from node.cli.node_errands import rotate  # noqa: PLC0415 -- as above

    return rotate(context.obj, passphrase, data=data, as_json=json)


@node.command("change-passphrase", cls=WordedCommand, help="node_passphrase")
def _change(context: typer.Context, *, passphrase: NewPassphrase = None, data: Data = None, json: Json = False) -> int:
    from node.cli.node_errands import change_passphrase  # noqa: PLC0415 -- as above

    return change_passphrase(context.obj, passphrase, data=data, as_json=json)

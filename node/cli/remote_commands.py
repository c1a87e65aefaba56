"""The commands that work against a node alone, and the options of those that can: what may be typed."""

from typing import Annotated

import typer

from node.cli.help import WordedCommand, WordedGroup

award = typer.Typer(cls=WordedGroup, help="award", rich_markup_mode=None, no_args_is_help=True)

Node = Annotated[str | None, typer.Option("--node", help="node_url", metavar="url")]
NodeKeyFile = Annotated[str | None, typer.Option("--node-key-file", help="node_key_file", metavar="file")]
Approval = Annotated[str | None, typer.Option("--approval", help="node_approval", metavar="text")]
Profile = Annotated[str | None, typer.Option("--profile", help="node_profile", metavar="text")]
Json = Annotated[bool, typer.Option("--json", help="json")]
Force = Annotated[bool, typer.Option("--force", help="force")]


def _revoke(  # noqa: PLR0913 -- one parameter per option
    context: typer.Context,
    credential: Annotated[str, typer.Argument(help="revoke_credential", metavar="credential_id")],
    *,
    suspend: Annotated[bool, typer.Option("--suspend", help="revoke_suspend")] = False,
    lift: Annotated[bool, typer.Option("--lift", help="revoke_lift")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="revoke_reason", metavar="text")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="agreed")] = False,
    node: Node = None,
    node_key_file: NodeKeyFile = None,
    approval: Approval = None,
    json: Json = False,
) -> int:
    from node.cli.remote import Remote  # noqa: PLC0415 -- each command loads what it needs
    from node.cli.remote_desk import Withdrawal, revoke  # noqa: PLC0415 -- as above

    asked = Withdrawal(credential, suspend, lift, reason, yes)
    return revoke(context.obj, asked, Remote(node, node_key_file, approval), as_json=json)


def _achievements(
    context: typer.Context, *, node: Node = None, node_key_file: NodeKeyFile = None, json: Json = False
) -> int:
    from node.cli.remote import Remote  # noqa: PLC0415 -- as above
    from node.cli.remote_desk import achievements  # noqa: PLC0415 -- as above

    return achievements(context.obj, Remote(node, node_key_file), as_json=json)


def _publish(  # noqa: PLR0913 -- as above
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="publish_file", metavar="file_or_stdin")],
    *,
    achievement: Annotated[str | None, typer.Option("--id", help="publish_id", metavar="text")] = None,
    draft: Annotated[bool, typer.Option("--draft", help="publish_draft")] = False,
    node: Node = None,
    node_key_file: NodeKeyFile = None,
    approval: Approval = None,
    json: Json = False,
) -> int:
    from node.cli.remote import Remote  # noqa: PLC0415 -- as above
    from node.cli.remote_desk import publish  # noqa: PLC0415 -- as above

    remote = Remote(node, node_key_file, approval)
    return publish(context.obj, file, remote, achievement=achievement, draft=draft, as_json=json)


@award.command("list", cls=WordedCommand, help="award_list")
def _awards(  # noqa: PLR0913 -- as above
    context: typer.Context,
    words: Annotated[str | None, typer.Argument(help="award_words", metavar="text")] = None,
    *,
    achievement: Annotated[str | None, typer.Option("--achievement", help="award_achievement", metavar="text")] = None,
    state: Annotated[str | None, typer.Option("--state", help="award_state", metavar="award_state")] = None,
    standing: Annotated[str | None, typer.Option("--standing", help="award_standing", metavar="award_standing")] = None,
    ends_before: Annotated[str | None, typer.Option("--ends-before", help="award_ends_before", metavar="time")] = None,
    run: Annotated[str | None, typer.Option("--run", help="award_run", metavar="text")] = None,
    node: Node = None,
    node_key_file: NodeKeyFile = None,
    json: Json = False,
) -> int:
    from node.cli.remote import Remote  # noqa: PLC0415 -- as above
    from node.cli.remote_desk import Search, awards  # noqa: PLC0415 -- as above

    search = Search(words, achievement, state, standing, ends_before, run)
    return awards(context.obj, search, Remote(node, node_key_file), as_json=json)


@award.command("fetch", cls=WordedCommand, help="award_fetch")
def _fetch(  # noqa: PLR0913 -- as above
    context: typer.Context,
    award: Annotated[str, typer.Argument(help="award_id", metavar="text")],
    *,
    out: Annotated[str, typer.Option("--out", help="award_out", metavar="file")],
    what: Annotated[str, typer.Option("--what", help="award_what", metavar="award_part")] = "credential",
    form: Annotated[str | None, typer.Option("--form", help="award_form", metavar="text")] = None,
    node: Node = None,
    node_key_file: NodeKeyFile = None,
    force: Force = False,
) -> int:
    from node.cli.remote import Remote  # noqa: PLC0415 -- as above
    from node.cli.remote_desk import fetch  # noqa: PLC0415 -- as above

    return fetch(context.obj, award, Remote(node, node_key_file), what=what, out=out, form=form, force=force)


@award.command("withdraw", cls=WordedCommand, help="award_withdraw")
def _withdraw(  # noqa: PLR0913 -- as above
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="award_ids", metavar="file_or_stdin")],
    *,
    reason: Annotated[str, typer.Option("--reason", help="award_reason", metavar="award_reason")],
    words: Annotated[str, typer.Option("--words", help="award_reason_words", metavar="text")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="award_dry_run")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="agreed")] = False,
    node: Node = None,
    node_key_file: NodeKeyFile = None,
    approval: Approval = None,
    json: Json = False,
) -> int:
    from node.cli.remote import Remote  # noqa: PLC0415 -- as above
    from node.cli.remote_withdrawal import ManyAwards, withdraw  # noqa: PLC0415 -- as above

    asked = ManyAwards(file, reason, words, dry_run, yes)
    return withdraw(context.obj, asked, Remote(node, node_key_file, approval), as_json=json)


def add_to(app: typer.Typer, achievement: typer.Typer) -> None:
    """Add them to the program, and to what it has for achievements."""
    app.command("revoke", cls=WordedCommand, help="revoke")(_revoke)
    achievement.command("list", cls=WordedCommand, help="achievement_list")(_achievements)
    achievement.command("publish", cls=WordedCommand, help="achievement_publish")(_publish)
    app.add_typer(award, name="award")

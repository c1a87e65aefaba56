"""The command line of glejt: what may be typed, and what each command hands to its module.

A run:
1. Options of the whole program are understood anywhere on the line.
2. Settings are read: flags, GLEJT_… variables, ./glejt.toml, the user's file.
3. The command tree is given words in the language of the run.
4. The command runs and says its status; whatever it refuses is told with code and remedy.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.exceptions import Exit, TyperException

from node import config
from node.cli.anchor_commands import anchor
from node.cli.capsule_commands import capsule, checkpoint
from node.cli.did_commands import did
from node.cli.errors import CliError, Coded, describe, describe_usage, file_of, status_of
from node.cli.help import WordedCommand, WordedGroup, translate
from node.cli.invocation import Invocation
from node.cli.node_commands import Data
from node.cli.node_commands import add_to as add_node_commands
from node.cli.output import Output, widen
from node.cli.register_commands import register
from node.cli.remote_commands import Approval, Node, NodeKeyFile, Profile
from node.cli.remote_commands import add_to as add_remote_commands
from node.cli.wallet_commands import wallet
from node.cli.words import spoken, words_in

BAD_USAGE: Final = 2

app = typer.Typer(cls=WordedGroup, help="glejt", add_completion=False, rich_markup_mode=None, no_args_is_help=True)
achievement = typer.Typer(cls=WordedGroup, help="achievement", rich_markup_mode=None, no_args_is_help=True)
status = typer.Typer(cls=WordedGroup, help="status", rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="json")]
Passphrase = Annotated[str | None, typer.Option(help="passphrase_file", metavar="file")]
Force = Annotated[bool, typer.Option("--force", help="force")]
KeyFile = Annotated[str | None, typer.Option("--key", help="key", metavar="file")]
StatusList = Annotated[str, typer.Argument(help="status_list", metavar="file")]
Indexes = Annotated[list[str] | None, typer.Argument(help="status_indexes", metavar="index")]
Hours = Annotated[str | None, typer.Option(help="hours", metavar="number")]
Agreed = Annotated[bool, typer.Option("--yes", help="agreed")]


def run(argv: Sequence[str]) -> int:
    """Run one command line and return its exit status."""
    widen()
    flags, line = _program_options(argv)  # 1
    lang, quiet = flags.get("lang"), flags.get("quiet")
    out = Output(words_in(spoken(str(lang), os.environ)), quiet=bool(quiet))
    try:
        settings = _settings(flags, line)  # 2
        out = Output(words_in(spoken(settings.lang, os.environ)), quiet=settings.quiet)
        if Path(config.FILE_NAME) in settings.files:  # it may have come with the files to be judged
            out.remark("remark.settings", files=config.FILE_NAME)
        command = typer.main.get_command(app)
        translate(command, out.words)  # 3
        with command.make_context("glejt", line) as context:
            context.obj = Invocation(settings, out)
            return int(command.invoke(context) or 0)  # 4
    except Exit as ending:  # --help and --version
        return ending.exit_code
    except TyperException as error:
        out.error(describe_usage(error, out.words))
        return BAD_USAGE
    except Exception as error:
        if not isinstance(error, CliError | Coded):
            raise
        out.error(describe(error, out.words), file=file_of(error))
        return status_of(error)


def _settings(flags: dict[str, str | bool], line: list[str]) -> config.Settings:
    """What is set; where that cannot be read, the doctor still runs, and says so."""
    try:
        return config.load(flags, os.environ, folder=Path(), user_file=config.user_file())
    except config.ConfigError:
        if line[:1] != ["doctor"]:
            raise
        return config.load(flags, {}, folder=None, user_file=None)


def _program_options(argv: Sequence[str]) -> tuple[dict[str, str | bool], list[str]]:
    """The options of the whole program, and the line without them."""
    flags: dict[str, str | bool] = {}
    line: list[str] = []
    pending = list(argv)
    while pending:
        argument = pending.pop(0)
        if argument == "--":
            return flags, [*line, argument, *pending]
        if argument in {"--quiet", "-q"}:
            flags["quiet"] = True
        elif argument == "--lang" and pending:
            flags["lang"] = pending.pop(0)
        elif argument.startswith("--lang="):
            flags["lang"] = argument.partition("=")[2]
        else:
            line.append(argument)
    return flags, line


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 -- slow, and only here

        typer.echo(f"glejt {version('glejt')}")
        raise Exit


@app.callback()
def _program(
    *,
    lang: Annotated[str | None, typer.Option("--lang", help="lang", metavar="lang")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="quiet")] = False,
    version: Annotated[bool, typer.Option("--version", help="version", callback=_tell_version, is_eager=True)] = False,
) -> None:
    del lang, quiet, version  # here for the help page: they were taken off the line, or answered, before


@app.command("verify", cls=WordedCommand, help="verify")
def _verify(  # noqa: PLR0913 -- one parameter per option
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(help="verify_files", metavar="file_or_stdin")],
    *,
    offline: Annotated[bool, typer.Option("--offline", help="offline")] = False,
    policy: Annotated[str | None, typer.Option(help="policy", metavar="policy")] = None,
    trust: Annotated[str | None, typer.Option(help="trust", metavar="file")] = None,
    at: Annotated[str | None, typer.Option(help="at", metavar="time")] = None,
    challenge: Annotated[str | None, typer.Option(help="challenge", metavar="text")] = None,
    domain: Annotated[str | None, typer.Option(help="domain", metavar="text")] = None,
    status: Annotated[list[str] | None, typer.Option("--status", help="status_file", metavar="file")] = None,
    label: Annotated[list[str] | None, typer.Option("--label", help="label_file", metavar="file")] = None,
    receipt: Annotated[list[str] | None, typer.Option("--receipt", help="receipt_file", metavar="file")] = None,
    checkpoint: Annotated[
        list[str] | None, typer.Option("--checkpoint", help="checkpoint_file", metavar="file")
    ] = None,
    expect: Annotated[str | None, typer.Option(help="expect", metavar="text")] = None,
    jobs: Annotated[str | None, typer.Option(help="jobs", metavar="number")] = None,
    accreditation: Annotated[
        list[str] | None, typer.Option("--accreditation", help="accreditation_file", metavar="file")
    ] = None,
    embedded: Annotated[str | None, typer.Option(help="own_embedded", metavar="folder")] = None,
    no_memory: Annotated[bool, typer.Option("--no-memory", help="no_memory")] = False,
    node: Node = None,
    node_key_file: NodeKeyFile = None,
    json: Json = False,
) -> int:
    from node.cli.verify import Question, verify_files  # noqa: PLC0415 -- each command loads what it needs

    question = Question(
        policy=policy,
        trust=trust,
        at=at,
        challenge=challenge,
        domain=domain,
        offline=offline,
        status=tuple(status or ()),
        label=tuple(label or ()),
        jobs=jobs,
        expect=expect,
        receipt=tuple(receipt or ()),
        checkpoint=tuple(checkpoint or ()),
        no_memory=no_memory,
        accreditation=tuple(accreditation or ()),
        embedded=embedded,
    )
    if node is not None or node_key_file is not None:
        from node.cli.remote import Remote  # noqa: PLC0415 -- as above
        from node.cli.remote_verify import verify_remotely  # noqa: PLC0415 -- as above

        return verify_remotely(context.obj, files, question, Remote(node, node_key_file), as_json=json)
    return verify_files(context.obj, files, question, as_json=json)


@app.command("inspect", cls=WordedCommand, help="inspect")
def _inspect(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="inspect_file", metavar="file_or_stdin")],
    *,
    json: Json = False,
) -> int:
    from node.cli.contents import inspect  # noqa: PLC0415 -- as above

    return inspect(context.obj, file, as_json=json)


@app.command("bake", cls=WordedCommand, help="bake")
def _bake(  # noqa: PLR0913 -- as above
    context: typer.Context,
    picture: Annotated[str, typer.Argument(help="bake_picture", metavar="picture")],
    credential: Annotated[str, typer.Argument(help="bake_credential", metavar="file_or_stdin")],
    *,
    out: Annotated[str, typer.Option(help="bake_out", metavar="file")],
    replace: Annotated[bool, typer.Option("--replace", help="replace")] = False,
    force: Force = False,
) -> int:
    from node.cli.pictures import bake_file  # noqa: PLC0415 -- as above

    return bake_file(context.obj, picture, credential, out=out, replace=replace, force=force)


@app.command("unbake", cls=WordedCommand, help="unbake")
def _unbake(
    context: typer.Context,
    picture: Annotated[str, typer.Argument(help="unbake_picture", metavar="picture")],
    *,
    out: Annotated[str | None, typer.Option(help="unbake_out", metavar="file")] = None,
    force: Force = False,
) -> int:
    from node.cli.pictures import unbake_file  # noqa: PLC0415 -- as above

    return unbake_file(context.obj, picture, out=out, force=force)


@app.command("print", cls=WordedCommand, help="print")
def _print(
    context: typer.Context,
    credential: Annotated[str, typer.Argument(help="print_credential", metavar="file_or_stdin")],
    *,
    out: Annotated[str, typer.Option(help="print_out", metavar="file")],
    url: Annotated[str | None, typer.Option(help="print_url", metavar="url")] = None,
    force: Force = False,
) -> int:
    from node.cli.paper import print_file  # noqa: PLC0415 -- as above

    return print_file(context.obj, credential, out=out, url=url, force=force)


@app.command("issue", cls=WordedCommand, help="issue")
def _issue(  # noqa: PLR0913 -- as above
    context: typer.Context,
    file: Annotated[str | None, typer.Argument(help="issue_file", metavar="file_or_stdin")] = None,
    *,
    achievement: Annotated[str | None, typer.Option(help="issue_achievement", metavar="file")] = None,
    award: Annotated[str | None, typer.Option(help="issue_award", metavar="file")] = None,
    endorsement: Annotated[str | None, typer.Option(help="issue_endorsement", metavar="file")] = None,
    accreditation: Annotated[str | None, typer.Option(help="issue_accreditation", metavar="file")] = None,
    parent: Annotated[str | None, typer.Option(help="issue_parent", metavar="file")] = None,
    csv: Annotated[str | None, typer.Option(help="issue_csv", metavar="file")] = None,
    column: Annotated[list[str] | None, typer.Option("--column", help="issue_column", metavar="text")] = None,
    encoding: Annotated[str | None, typer.Option(help="issue_encoding", metavar="text")] = None,
    status_list: Annotated[str | None, typer.Option("--status", help="issue_status", metavar="file")] = None,
    rejects: Annotated[str | None, typer.Option(help="issue_rejects", metavar="file")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="issue_strict")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="issue_dry_run")] = False,
    key: Annotated[str | None, typer.Option(help="key", metavar="file")] = None,
    passphrase_file: Passphrase = None,
    form: Annotated[str | None, typer.Option(help="form", metavar="form")] = None,
    mandatory: Annotated[list[str] | None, typer.Option("--mandatory", help="mandatory", metavar="pointer")] = None,
    hidable_date: Annotated[bool, typer.Option("--hidable-date", help="hidable_date")] = False,
    vct: Annotated[str | None, typer.Option(help="vct", metavar="vct")] = None,
    token_status: Annotated[str | None, typer.Option(help="token_status", metavar="token_status")] = None,
    anchor: Annotated[list[str] | None, typer.Option("--anchor", help="anchor_record", metavar="record")] = None,
    suite: Annotated[str | None, typer.Option(help="suite", metavar="suite")] = None,
    created: Annotated[str | None, typer.Option(help="created", metavar="time")] = None,
    proof_array: Annotated[bool, typer.Option("--proof-array", help="proof_array")] = False,
    out: Annotated[str | None, typer.Option(help="issue_out", metavar="file")] = None,
    force: Force = False,
    node: Node = None,
    node_key_file: NodeKeyFile = None,
    profile: Profile = None,
    approval: Approval = None,
) -> int:
    from node.cli.issue import Input, Order, TableOrder, issue_file, require_no_table  # noqa: PLC0415 -- as above

    order = Order(
        key=key,
        passphrase_file=passphrase_file,
        suite=suite,
        created=created,
        proof_array=proof_array,
        form=form,
        mandatory=tuple(mandatory or ()),
        awarded_date=not hidable_date,
        vct=vct,
        token_status=token_status,
        anchors=tuple(anchor or ()),
    )
    source = Input(
        file=file,
        achievement=achievement,
        award=award,
        endorsement=endorsement,
        accreditation=accreditation,
        parent=parent,
    )
    asked = TableOrder(
        csv=csv,
        out=out,
        force=force,
        columns=tuple(column or ()),
        encoding=encoding,
        status=status_list,
        rejects=rejects,
        strict=strict,
        dry_run=dry_run,
    )
    if csv is None:
        require_no_table(asked, order)
    if (node, node_key_file, profile, approval) != (None, None, None, None):
        from node.cli.remote import Remote  # noqa: PLC0415 -- as above
        from node.cli.remote_issue import issue_by_node  # noqa: PLC0415 -- as above

        return issue_by_node(context.obj, source, order, asked, Remote(node, node_key_file, approval, profile))
    if csv is None:
        return issue_file(context.obj, source, order, asked)
    from node.cli.issue_table import issue_table  # noqa: PLC0415 -- as above

    return issue_table(context.obj, source, order, asked)


@app.command("derive", cls=WordedCommand, help="derive")
def _derive(  # noqa: PLR0913 -- as above
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="derive_file", metavar="file_or_stdin")],
    *,
    show: Annotated[list[str] | None, typer.Option("--show", help="show", metavar="pointer")] = None,
    request: Annotated[str | None, typer.Option(help="show_request", metavar="request")] = None,
    challenge: Annotated[str | None, typer.Option(help="derive_challenge", metavar="text")] = None,
    domain: Annotated[str | None, typer.Option(help="derive_domain", metavar="text")] = None,
    trust: Annotated[str | None, typer.Option(help="trust", metavar="file")] = None,
    out: Annotated[str | None, typer.Option(help="derive_out", metavar="file")] = None,
    force: Force = False,
) -> int:
    from node.cli.disclose import Choice, derive_file  # noqa: PLC0415 -- as above

    choice = Choice(tuple(show or ()), request, challenge, domain, trust)
    return derive_file(context.obj, file, choice, out=out, force=force)


@app.command("present", cls=WordedCommand, help="present")
def _present(  # noqa: PLR0913 -- as above
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="derive_file", metavar="file_or_stdin")],
    *,
    challenge: Annotated[str, typer.Option(help="present_challenge", metavar="text")],
    domain: Annotated[str, typer.Option(help="present_domain", metavar="text")],
    show: Annotated[list[str] | None, typer.Option("--show", help="show", metavar="pointer")] = None,
    request: Annotated[str | None, typer.Option(help="show_request", metavar="request")] = None,
    key: Annotated[str | None, typer.Option(help="holder_key", metavar="file")] = None,
    passphrase_file: Passphrase = None,
    trust: Annotated[str | None, typer.Option(help="trust", metavar="file")] = None,
    out: Annotated[str | None, typer.Option(help="derive_out", metavar="file")] = None,
    force: Force = False,
) -> int:
    from node.cli.disclose import Choice, present_file  # noqa: PLC0415 -- as above

    choice = Choice(tuple(show or ()), request, challenge, domain, trust)
    return present_file(context.obj, file, choice, key=key, passphrase_file=passphrase_file, out=out, force=force)


@achievement.command("check", cls=WordedCommand, help="achievement_check")
def _achievement_check(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="achievement_file", metavar="file_or_stdin")],
    *,
    json: Json = False,
) -> int:
    from node.cli.achievement import check  # noqa: PLC0415 -- as above

    return check(context.obj, file, as_json=json)


@achievement.command("label", cls=WordedCommand, help="achievement_label")
def _achievement_label(  # noqa: PLR0913 -- as above
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="label_of", metavar="file_or_stdin")],
    *,
    key: KeyFile = None,
    passphrase_file: Passphrase = None,
    form: Annotated[str | None, typer.Option(help="label_form", metavar="status_form")] = None,
    out: Annotated[str | None, typer.Option(help="label_out", metavar="file")] = None,
    force: Force = False,
) -> int:
    from node.cli.label import label_file  # noqa: PLC0415 -- as above

    return label_file(context.obj, file, key=key, passphrase_file=passphrase_file, form=form, out=out, force=force)


@status.command("create", cls=WordedCommand, help="status_create")
def _status_create(  # noqa: PLR0913 -- as above
    context: typer.Context,
    *,
    url: Annotated[str, typer.Option(help="status_url", metavar="url")],
    out: Annotated[str, typer.Option(help="status_out", metavar="file")],
    key: KeyFile = None,
    passphrase_file: Passphrase = None,
    purpose: Annotated[str, typer.Option(help="status_purpose", metavar="purpose")] = "revocation",
    size: Annotated[str | None, typer.Option(help="status_size", metavar="number")] = None,
    hours: Hours = None,
    form: Annotated[str | None, typer.Option(help="status_form", metavar="status_form")] = None,
    kind: Annotated[str, typer.Option(help="status_kind", metavar="status_kind")] = "bitstring",
    force: Force = False,
) -> int:
    from node.cli.status import Key, NewList, create  # noqa: PLC0415 -- as above

    new = NewList(url=url, purpose=purpose, size=size, hours=hours, form=form, kind=kind)
    return create(context.obj, new, Key(key, passphrase_file), out=out, force=force)


@status.command("set", cls=WordedCommand, help="status_set")
def _status_set(  # noqa: PLR0913 -- as above
    context: typer.Context,
    file: StatusList,
    indexes: Indexes = None,
    *,
    value: Annotated[str | None, typer.Option(help="status_value", metavar="number")] = None,
    lift: Annotated[bool, typer.Option("--lift", help="lift")] = False,
    key: KeyFile = None,
    passphrase_file: Passphrase = None,
    hours: Hours = None,
    yes: Agreed = False,
) -> int:
    from node.cli.status import Change, Key, change  # noqa: PLC0415 -- as above

    asked = Change(indexes=indexes or (), value=value, lift=lift, hours=hours, yes=yes)
    return change(context.obj, file, asked, Key(key, passphrase_file))


@status.command("show", cls=WordedCommand, help="status_show")
def _status_show(context: typer.Context, file: StatusList, indexes: Indexes = None, *, json: Json = False) -> int:
    from node.cli.status import show  # noqa: PLC0415 -- as above

    return show(context.obj, file, indexes or (), as_json=json)


@status.command("seal", cls=WordedCommand, help="status_seal")
def _status_seal(
    context: typer.Context,
    file: StatusList,
    *,
    key: KeyFile = None,
    passphrase_file: Passphrase = None,
    yes: Agreed = False,
) -> int:
    from node.cli.status import Change, Key, change  # noqa: PLC0415 -- as above

    return change(context.obj, file, Change(seal=True, yes=yes), Key(key, passphrase_file))


@app.command("doctor", cls=WordedCommand, help="doctor")
def _doctor(context: typer.Context, *, data: Data = None, json: Json = False) -> int:
    from node.cli.doctor import examine  # noqa: PLC0415 -- as above

    return examine(context.obj, data=data, as_json=json)


@app.command("demo", cls=WordedCommand, help="demo")
def _demo(
    context: typer.Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="yes")] = False,
    folder: Annotated[str, typer.Option("--dir", help="dir", metavar="folder")] = "demo-files",
) -> int:
    from node.cli.demo import tell  # noqa: PLC0415 -- as above

    return tell(context.obj, folder, wait=not yes)


add_node_commands(app)
add_remote_commands(app, achievement)
app.add_typer(achievement, name="achievement")
app.add_typer(anchor, name="anchor")
app.add_typer(capsule, name="capsule")
app.add_typer(checkpoint, name="checkpoint")
app.add_typer(did, name="did")
app.add_typer(register, name="register")
app.add_typer(status, name="status")
app.add_typer(wallet, name="wallet")

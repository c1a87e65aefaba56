"""The commands of `glejt anchor`: what may be typed, and what each hands to its module."""

from typing import TYPE_CHECKING, Annotated

import typer

from node.cli.help import WordedCommand, WordedGroup

if TYPE_CHECKING:
    from node.cli.anchor_chain import Authority, ChainOptions
    from node.cli.anchor_records import Writing

anchor = typer.Typer(cls=WordedGroup, help="anchor", rich_markup_mode=None, no_args_is_help=True)
namespace = typer.Typer(cls=WordedGroup, help="anchor_namespace", rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="json")]
Yes = Annotated[bool, typer.Option("--yes", help="agreed")]
Chain = Annotated[str | None, typer.Option("--chain", help="anchor_chain", metavar="network_name")]
Embedded = Annotated[str | None, typer.Option("--embedded", help="anchor_embedded", metavar="folder")]
Trust = Annotated[str | None, typer.Option("--trust", help="anchor_trust", metavar="file")]
Journal = Annotated[str | None, typer.Option("--journal", help="anchor_journal", metavar="folder")]
Gas = Annotated[str | None, typer.Option("--gas", help="anchor_gas", metavar="file")]
GasPassphrase = Annotated[
    str | None, typer.Option("--gas-passphrase-file", help="anchor_gas_passphrase_file", metavar="file")
]
Web3Signer = Annotated[str | None, typer.Option("--web3signer", help="anchor_web3signer", metavar="url")]
GasAddress = Annotated[str | None, typer.Option("--gas-address", help="anchor_gas_address", metavar="address")]
FeeCap = Annotated[str | None, typer.Option("--fee-cap", help="anchor_fee_cap", metavar="number")]
NamespaceName = Annotated[str | None, typer.Option("--namespace", help="anchor_namespace_name", metavar="namespace")]
Key = Annotated[str | None, typer.Option("--authority", help="anchor_authority", metavar="file")]
Passphrase = Annotated[str | None, typer.Option("--passphrase-file", help="passphrase_file", metavar="file")]
Wait = Annotated[bool, typer.Option("--wait", help="anchor_wait")]
Offline = Annotated[bool, typer.Option("--offline", help="anchor_offline")]
Out = Annotated[str | None, typer.Option("--out", help="anchor_receipts_out", metavar="folder")]


def _paid(  # noqa: PLR0913, PLR0917 -- one parameter per option
    chain: str | None,
    embedded: str | None,
    trust: str | None,
    journal: str | None,
    gas: str | None,
    gas_passphrase_file: str | None,
    web3signer: str | None,
    gas_address: str | None,
    fee_cap: str | None,
) -> "ChainOptions":
    from node.cli.anchor_chain import ChainOptions  # noqa: PLC0415 -- each command loads what it needs

    return ChainOptions(chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)


def _read(chain: str | None, embedded: str | None, trust: str | None, journal: str | None = None) -> "ChainOptions":
    from node.cli.anchor_chain import ChainOptions  # noqa: PLC0415 -- as above

    return ChainOptions(chain, embedded, trust, journal)


def _authority(file: str | None, passphrase_file: str | None) -> "Authority":
    from node.cli.anchor_chain import Authority  # noqa: PLC0415 -- as above

    return Authority(file, passphrase_file)


def _writing(name: str | None, file: str | None, passphrase_file: str | None, *, wait: bool) -> "Writing":
    from node.cli.anchor_records import Writing  # noqa: PLC0415 -- as above

    return Writing(name, _authority(file, passphrase_file), wait)


@anchor.command("deploy", cls=WordedCommand, help="anchor_deploy")
def _deploy(  # noqa: PLR0913 -- as above
    context: typer.Context,
    *,
    registry: Annotated[bool, typer.Option("--registry", help="anchor_registry")] = False,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    journal: Journal = None,
    gas: Gas = None,
    gas_passphrase_file: GasPassphrase = None,
    web3signer: Web3Signer = None,
    gas_address: GasAddress = None,
    fee_cap: FeeCap = None,
    yes: Yes = False,
    json: Json = False,
) -> int:
    from node.cli.anchor_namespace import deploy  # noqa: PLC0415 -- as above

    options = _paid(chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)
    return deploy(context.obj, options, registry=registry, yes=yes, as_json=json)


@anchor.command("key", cls=WordedCommand, help="anchor_key")
def _key(  # noqa: PLR0913 -- as above
    context: typer.Context,
    *,
    out: Annotated[str, typer.Option("--out", help="anchor_key_out", metavar="file")],
    kind: Annotated[str, typer.Option("--for", help="anchor_key_for", metavar="key_purpose")] = "authority",
    passphrase_file: Passphrase = None,
    no_passphrase: Annotated[bool, typer.Option("--no-passphrase", help="no_passphrase")] = False,
    json: Json = False,
) -> int:
    from node.cli.anchor_namespace import key  # noqa: PLC0415 -- as above

    return key(context.obj, out, kind=kind, passphrase_file=passphrase_file, protected=not no_passphrase, as_json=json)


@namespace.command("create", cls=WordedCommand, help="anchor_namespace_create")
def _namespace_create(  # noqa: PLR0913 -- as above
    context: typer.Context,
    *,
    out: Annotated[str, typer.Option("--out", help="anchor_namespace_out", metavar="file")],
    authority: Annotated[str, typer.Option("--authority", help="anchor_authority_new", metavar="file")],
    recovery: Annotated[str, typer.Option("--recovery", help="anchor_recovery_new", metavar="file")],
    passphrase_file: Passphrase = None,
    recovery_passphrase_file: Annotated[
        str | None, typer.Option("--recovery-passphrase-file", help="anchor_recovery_passphrase_file", metavar="file")
    ] = None,
    no_passphrase: Annotated[bool, typer.Option("--no-passphrase", help="anchor_no_passphrase")] = False,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    journal: Journal = None,
    gas: Gas = None,
    gas_passphrase_file: GasPassphrase = None,
    web3signer: Web3Signer = None,
    gas_address: GasAddress = None,
    fee_cap: FeeCap = None,
    wait: Wait = False,
    json: Json = False,
) -> int:
    from node.cli.anchor_namespace import create  # noqa: PLC0415 -- as above

    options = _paid(chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)
    return create(
        context.obj,
        options,
        out=out,
        authority=authority,
        recovery=recovery,
        passphrase_file=passphrase_file,
        recovery_passphrase_file=recovery_passphrase_file,
        protected=not no_passphrase,
        wait=wait,
        as_json=json,
    )


@namespace.command("show", cls=WordedCommand, help="anchor_namespace_show")
def _namespace_show(  # noqa: PLR0913 -- as above
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="anchor_namespace_name", metavar="namespace")],
    *,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    journal: Journal = None,
    json: Json = False,
) -> int:
    from node.cli.anchor_namespace import show  # noqa: PLC0415 -- as above

    return show(context.obj, _read(chain, embedded, trust, journal), name, as_json=json)


@anchor.command("run", cls=WordedCommand, help="anchor_run")
def _run(  # noqa: PLR0913 -- as above
    context: typer.Context,
    files: Annotated[list[str] | None, typer.Argument(help="anchor_files", metavar="file")] = None,
    *,
    name: NamespaceName = None,
    authority: Key = None,
    passphrase_file: Passphrase = None,
    out: Out = None,
    wait: Wait = False,
    offline: Offline = False,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    journal: Journal = None,
    gas: Gas = None,
    gas_passphrase_file: GasPassphrase = None,
    web3signer: Web3Signer = None,
    gas_address: GasAddress = None,
    fee_cap: FeeCap = None,
    json: Json = False,
) -> int:
    from node.cli.anchor_run import Run, run  # noqa: PLC0415 -- as above

    options = _paid(chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)
    asked = Run(files or (), name, _authority(authority, passphrase_file), out, offline, wait)
    return run(context.obj, options, asked, as_json=json)


@anchor.command("status", cls=WordedCommand, help="anchor_status")
def _status(  # noqa: PLR0913 -- as above
    context: typer.Context,
    *,
    name: NamespaceName = None,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    journal: Journal = None,
    json: Json = False,
) -> int:
    from node.cli.anchor_show import status  # noqa: PLC0415 -- as above

    return status(context.obj, _read(chain, embedded, trust, journal), name, as_json=json)


@anchor.command("receipt", cls=WordedCommand, help="anchor_receipt")
def _receipt(  # noqa: PLR0913 -- as above
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(help="anchor_files", metavar="file")],
    *,
    name: NamespaceName = None,
    out: Out = None,
    offline: Offline = False,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    journal: Journal = None,
    json: Json = False,
) -> int:
    from node.cli.anchor_show import receipts  # noqa: PLC0415 -- as above

    options = _read(chain, embedded, trust, journal)
    return receipts(context.obj, options, files, name, out=out, offline=offline, as_json=json)


@anchor.command("refresh", cls=WordedCommand, help="anchor_refresh")
def _refresh(  # noqa: PLR0913 -- as above
    context: typer.Context,
    files: Annotated[list[str], typer.Argument(help="anchor_receipt_files", metavar="file")],
    *,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    json: Json = False,
) -> int:
    from node.cli.anchor_show import refresh  # noqa: PLC0415 -- as above

    return refresh(context.obj, _read(chain, embedded, trust), files, as_json=json)


@anchor.command("verify", cls=WordedCommand, help="anchor_verify")
def _verify(  # noqa: PLR0913 -- as above
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="anchor_verify_file", metavar="file")],
    *,
    receipt: Annotated[
        list[str] | None, typer.Option("--receipt", help="anchor_verify_receipt", metavar="file")
    ] = None,
    checkpoint: Annotated[
        list[str] | None, typer.Option("--checkpoint", help="checkpoint_file", metavar="file")
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="offline")] = False,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Annotated[str | None, typer.Option("--trust", help="trust", metavar="file")] = None,
    json: Json = False,
) -> int:
    from node.cli.anchor_show import verify_anchor  # noqa: PLC0415 -- as above

    options = _read(chain, embedded, trust)
    return verify_anchor(context.obj, options, file, receipt or (), checkpoint or (), offline=offline, as_json=json)


@anchor.command("head", cls=WordedCommand, help="anchor_head")
def _head(  # noqa: PLR0913 -- as above
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="anchor_head_file", metavar="file")],
    *,
    name: NamespaceName = None,
    authority: Key = None,
    passphrase_file: Passphrase = None,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    journal: Journal = None,
    gas: Gas = None,
    gas_passphrase_file: GasPassphrase = None,
    web3signer: Web3Signer = None,
    gas_address: GasAddress = None,
    fee_cap: FeeCap = None,
    wait: Wait = False,
    json: Json = False,
) -> int:
    from node.cli.anchor_records import head  # noqa: PLC0415 -- as above

    options = _paid(chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)
    return head(context.obj, options, _writing(name, authority, passphrase_file, wait=wait), file, as_json=json)


@anchor.command("accredit", cls=WordedCommand, help="anchor_accredit")
def _accredit(  # noqa: PLR0913 -- as above
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="anchor_accreditation_file", metavar="file")],
    *,
    name: NamespaceName = None,
    authority: Key = None,
    passphrase_file: Passphrase = None,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    journal: Journal = None,
    gas: Gas = None,
    gas_passphrase_file: GasPassphrase = None,
    web3signer: Web3Signer = None,
    gas_address: GasAddress = None,
    fee_cap: FeeCap = None,
    wait: Wait = False,
    json: Json = False,
) -> int:
    from node.cli.anchor_records import accredit  # noqa: PLC0415 -- as above

    options = _paid(chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)
    return accredit(context.obj, options, _writing(name, authority, passphrase_file, wait=wait), file, as_json=json)


@anchor.command("withdraw", cls=WordedCommand, help="anchor_withdraw")
def _withdraw(  # noqa: PLR0913 -- as above
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="anchor_accreditation_file", metavar="file")],
    *,
    name: NamespaceName = None,
    authority: Key = None,
    passphrase_file: Passphrase = None,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    journal: Journal = None,
    gas: Gas = None,
    gas_passphrase_file: GasPassphrase = None,
    web3signer: Web3Signer = None,
    gas_address: GasAddress = None,
    fee_cap: FeeCap = None,
    wait: Wait = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    from node.cli.anchor_records import withdraw  # noqa: PLC0415 -- as above

    options = _paid(chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)
    writing = _writing(name, authority, passphrase_file, wait=wait)
    return withdraw(context.obj, options, writing, file, yes=yes, as_json=json)


@anchor.command("rotate", cls=WordedCommand, help="anchor_rotate")
def _rotate(  # noqa: PLR0913 -- as above
    context: typer.Context,
    *,
    successor: Annotated[str, typer.Option("--successor", help="anchor_successor", metavar="file")],
    successor_passphrase_file: Annotated[
        str | None, typer.Option("--successor-passphrase-file", help="anchor_successor_passphrase_file", metavar="file")
    ] = None,
    name: NamespaceName = None,
    authority: Key = None,
    passphrase_file: Passphrase = None,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    journal: Journal = None,
    gas: Gas = None,
    gas_passphrase_file: GasPassphrase = None,
    web3signer: Web3Signer = None,
    gas_address: GasAddress = None,
    fee_cap: FeeCap = None,
    wait: Wait = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    from node.cli.anchor_records import rotate  # noqa: PLC0415 -- as above

    options = _paid(chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)
    writing = _writing(name, authority, passphrase_file, wait=wait)
    following = _authority(successor, successor_passphrase_file)
    return rotate(context.obj, options, writing, following, yes=yes, as_json=json)


@anchor.command("recover", cls=WordedCommand, help="anchor_recover")
def _recover(  # noqa: PLR0913 -- as above
    context: typer.Context,
    action: Annotated[str, typer.Argument(help="anchor_recover_action", metavar="recovery_action")],
    *,
    name: NamespaceName = None,
    recovery: Annotated[str | None, typer.Option("--recovery", help="anchor_recovery", metavar="file")] = None,
    recovery_passphrase_file: Annotated[
        str | None, typer.Option("--recovery-passphrase-file", help="anchor_recovery_passphrase_file", metavar="file")
    ] = None,
    successor: Annotated[str | None, typer.Option("--successor", help="anchor_successor", metavar="file")] = None,
    successor_passphrase_file: Annotated[
        str | None, typer.Option("--successor-passphrase-file", help="anchor_successor_passphrase_file", metavar="file")
    ] = None,
    next_recovery: Annotated[
        str | None, typer.Option("--next-recovery", help="anchor_next_recovery", metavar="file")
    ] = None,
    next_recovery_passphrase_file: Annotated[
        str | None,
        typer.Option("--next-recovery-passphrase-file", help="anchor_next_recovery_passphrase_file", metavar="file"),
    ] = None,
    chain: Chain = None,
    embedded: Embedded = None,
    trust: Trust = None,
    journal: Journal = None,
    gas: Gas = None,
    gas_passphrase_file: GasPassphrase = None,
    web3signer: Web3Signer = None,
    gas_address: GasAddress = None,
    fee_cap: FeeCap = None,
    wait: Wait = False,
    yes: Yes = False,
    json: Json = False,
) -> int:
    from node.cli.anchor_records import Recovering, recover  # noqa: PLC0415 -- as above

    options = _paid(chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)
    asked = Recovering(
        recovery,
        recovery_passphrase_file,
        _authority(successor, successor_passphrase_file),
        next_recovery,
        next_recovery_passphrase_file,
    )
    return recover(context.obj, options, name, action, asked, wait=wait, yes=yes, as_json=json)


anchor.add_typer(namespace, name="namespace")

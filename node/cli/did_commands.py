"""The commands of `glejt did`: what may be typed, and what each command hands to its module."""

from typing import Annotated

import typer

from node.cli.errors import CliError
from node.cli.help import WordedCommand, WordedGroup
from node.cli.remote_commands import Node, NodeKeyFile

did = typer.Typer(cls=WordedGroup, help="did", rich_markup_mode=None, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="json")]
Passphrase = Annotated[str | None, typer.Option(help="passphrase_file", metavar="file")]
Agreed = Annotated[bool, typer.Option("--yes", help="agreed")]
DidLog = Annotated[str, typer.Argument(help="did_log_file", metavar="file")]
LogOrDid = Annotated[str, typer.Argument(help="did_log_or_did", metavar="file_or_did")]
UpdateKey = Annotated[str, typer.Option("--update-key", help="did_update_key", metavar="file")]
OwnerKey = Annotated[str | None, typer.Option("--update-key", help="did_update_key", metavar="file")]
Wait = Annotated[bool, typer.Option("--wait", help="anchor_wait")]
Chain = Annotated[str | None, typer.Option("--chain", help="anchor_chain", metavar="network_name")]
Embedded = Annotated[str | None, typer.Option("--embedded", help="did_embedded", metavar="folder")]
Trust = Annotated[str | None, typer.Option("--trust", help="anchor_trust", metavar="file")]
Journal = Annotated[str | None, typer.Option("--journal", help="anchor_journal", metavar="folder")]
Gas = Annotated[str | None, typer.Option("--gas", help="anchor_gas", metavar="file")]
GasPassphrase = Annotated[
    str | None, typer.Option("--gas-passphrase-file", help="anchor_gas_passphrase_file", metavar="file")
]
Web3Signer = Annotated[str | None, typer.Option("--web3signer", help="anchor_web3signer", metavar="url")]
GasAddress = Annotated[str | None, typer.Option("--gas-address", help="anchor_gas_address", metavar="address")]
FeeCap = Annotated[str | None, typer.Option("--fee-cap", help="anchor_fee_cap", metavar="number")]
NextKey = Annotated[str | None, typer.Option("--next-key", help="did_next_key", metavar="file")]
NoPassphrase = Annotated[bool, typer.Option("--no-passphrase", help="no_passphrase")]
Ttl = Annotated[str | None, typer.Option("--ttl", help="did_ttl", metavar="number")]
NO_PEER = ("0", (), None, None)
"""A did:peer of which nothing was asked: one key."""
ON_A_CHAIN = "did:ethr:"
ParallelWeb = Annotated[str | None, typer.Option("--web", help="did_web", metavar="file")]


@did.command("create", cls=WordedCommand, help="did_create")
def _did_create(  # noqa: PLR0913 -- as above
    context: typer.Context,
    *,
    out: Annotated[str, typer.Option(help="did_out", metavar="file")],
    method: Annotated[str, typer.Option(help="method", metavar="method")] = "key",
    key_type: Annotated[str | None, typer.Option("--type", help="key_type", metavar="key_type")] = None,
    network: Annotated[str | None, typer.Option(help="did_network", metavar="network")] = None,
    domain: Annotated[str | None, typer.Option(help="did_domain", metavar="text")] = None,
    document: Annotated[str, typer.Option(help="did_document", metavar="file")] = "did.json",
    signs: Annotated[str | None, typer.Option("--for", help="key_signs", metavar="text")] = None,
    epoch: Annotated[str | None, typer.Option(help="key_epoch", metavar="time")] = None,
    log: Annotated[str, typer.Option(help="did_log", metavar="file")] = "did.jsonl",
    update_key: Annotated[str, typer.Option(help="did_update_key_new", metavar="file")] = "update-key.json",
    next_key: NextKey = None,
    portable: Annotated[bool, typer.Option("--portable", help="did_portable")] = False,
    witness: Annotated[list[str] | None, typer.Option("--witness", help="did_witness_new", metavar="did")] = None,
    threshold: Annotated[str | None, typer.Option(help="did_threshold", metavar="number")] = None,
    watcher: Annotated[list[str] | None, typer.Option("--watcher", help="did_watcher", metavar="url")] = None,
    ttl: Ttl = None,
    numalgo: Annotated[str, typer.Option(help="did_numalgo", metavar="numalgo")] = "0",
    service: Annotated[list[str] | None, typer.Option("--service", help="did_service", metavar="url")] = None,
    encryption_key: Annotated[str | None, typer.Option(help="did_encryption_key", metavar="file")] = None,
    authentication_key: Annotated[str | None, typer.Option(help="did_authentication_key", metavar="file")] = None,
    passphrase_file: Passphrase = None,
    no_passphrase: NoPassphrase = False,
) -> int:
    from node.cli.did import NewKey, create  # noqa: PLC0415 -- as above
    from node.cli.did_log import METHOD, NOTHING_ASKED, NewLog, create_log  # noqa: PLC0415 -- as above

    new = NewKey(
        method=method,
        key_type=key_type or ("secp256k1" if method == "ethr" else "ed25519"),
        domain=domain,
        passphrase_file=passphrase_file,
        protected=not no_passphrase,
        signs=signs,
        epoch=epoch,
    )
    asked = NewLog(log, update_key, next_key, portable, tuple(witness or ()), threshold, tuple(watcher or ()), ttl)
    held = (numalgo, tuple(service or ()), encryption_key, authentication_key)
    if held != NO_PEER and method != "peer":
        raise CliError("usage.peer")
    if network is not None and method != "ethr":
        raise CliError("usage.network")
    if method == METHOD:
        return create_log(context.obj, new, asked, out=out, document=document)
    if asked != NOTHING_ASKED:
        raise CliError("usage.log")
    if method == "ethr":
        from node.cli.did_ethr import create_ethr  # noqa: PLC0415 -- as above

        return create_ethr(context.obj, new, network, out=out)
    if held != NO_PEER:
        from node.cli.did_peer import NewPeer, create_peer  # noqa: PLC0415 -- as above

        return create_peer(context.obj, new, NewPeer(*held), out=out)
    return create(context.obj, new, out=out, document=document)


@did.command("resolve", cls=WordedCommand, help="did_resolve")
def _did_resolve(  # noqa: PLR0913 -- as above
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="did_name", metavar="did")],
    *,
    version_id: Annotated[str | None, typer.Option(help="version_id", metavar="text")] = None,
    version_time: Annotated[str | None, typer.Option(help="version_time", metavar="time")] = None,
    version_number: Annotated[str | None, typer.Option(help="version_number", metavar="number")] = None,
    accept: Annotated[str | None, typer.Option(help="did_accept", metavar="text")] = None,
    trust: Annotated[str | None, typer.Option(help="trust", metavar="file")] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="did_fetch")] = False,
    embedded: Embedded = None,
    out: Annotated[str | None, typer.Option(help="did_fetch_out", metavar="file")] = None,
    force: Annotated[bool, typer.Option("--force", help="force")] = False,
    node: Node = None,
    node_key_file: NodeKeyFile = None,
    json: Json = False,
) -> int:
    from node.cli.did import part_asked_for, resolve  # noqa: PLC0415 -- as above

    versions = {"versionId": version_id, "versionTime": version_time, "versionNumber": version_number}
    if node is not None or node_key_file is not None:
        from node.cli.remote import Remote, require_node, require_none  # noqa: PLC0415 -- as above
        from node.cli.remote_desk import resolve as resolve_remotely  # noqa: PLC0415 -- as above

        remote = Remote(node, node_key_file)
        require_node(remote)
        require_none(trust=trust, fetch=fetch, out=out, embedded=embedded)
        return resolve_remotely(context.obj, name, remote, versions=versions, accept=accept, as_json=json)
    if embedded is not None:
        from node.cli.did_chain import resolve_embedded  # noqa: PLC0415 -- as above

        if fetch or out is not None:
            raise CliError("usage.fetch")
        return resolve_embedded(context.obj, name, embedded, as_json=json, versions=versions, accept=accept)
    part = part_asked_for(name)
    if part is not None:
        from node.cli.did_url import Fetching, dereference_url  # noqa: PLC0415 -- as above

        as_json = json or accept is not None
        return dereference_url(context.obj, part, Fetching(fetch, out, force), as_json=as_json, versions=versions)
    if fetch or out is not None:
        raise CliError("usage.fetch")
    return resolve(context.obj, name, as_json=json, versions=versions, accept=accept, trust=trust)


@did.command("history", cls=WordedCommand, help="did_history")
def _did_history(  # noqa: PLR0913 -- as above
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="did_name", metavar="did")],
    *,
    at: Annotated[str | None, typer.Option(help="did_at", metavar="time")] = None,
    watchers: Annotated[bool, typer.Option("--watchers", help="did_watchers")] = False,
    trust: Annotated[str | None, typer.Option(help="trust", metavar="file")] = None,
    json: Json = False,
) -> int:
    from node.cli.did_history import tell_history  # noqa: PLC0415 -- as above

    return tell_history(context.obj, name, at=at, as_json=json, watchers=watchers, trust=trust)


@did.command("update", cls=WordedCommand, help="did_update")
def _did_update(  # noqa: PLR0913 -- as above
    context: typer.Context,
    log: LogOrDid,
    *,
    update_key: OwnerKey = None,
    document: Annotated[str | None, typer.Option(help="did_document_new", metavar="file")] = None,
    witness: Annotated[list[str] | None, typer.Option("--witness", help="did_witness_other", metavar="did")] = None,
    no_witness: Annotated[bool, typer.Option("--no-witness", help="did_no_witness")] = False,
    threshold: Annotated[str | None, typer.Option(help="did_threshold", metavar="number")] = None,
    watcher: Annotated[list[str] | None, typer.Option("--watcher", help="did_watcher_other", metavar="url")] = None,
    no_watcher: Annotated[bool, typer.Option("--no-watcher", help="did_no_watcher")] = False,
    ttl: Ttl = None,
    next_key: NextKey = None,
    web: ParallelWeb = None,
    add_key: Annotated[list[str] | None, typer.Option("--add-key", help="did_add_key", metavar="listed_key")] = None,
    remove_key: Annotated[
        list[str] | None, typer.Option("--remove-key", help="did_remove_key", metavar="listed_key")
    ] = None,
    service: Annotated[
        list[str] | None, typer.Option("--service", help="did_add_service", metavar="listed_service")
    ] = None,
    remove_service: Annotated[
        list[str] | None, typer.Option("--remove-service", help="did_remove_service", metavar="listed_service")
    ] = None,
    passphrase_file: Passphrase = None,
    no_passphrase: NoPassphrase = False,
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
    from node.cli.did_log import NOTHING_CHANGED, Changes, Writer, update_log  # noqa: PLC0415 -- as above

    changes = Changes(tuple(witness or ()), no_witness, threshold, tuple(watcher or ()), no_watcher, ttl)
    entries = [tuple(each or ()) for each in (add_key, remove_key, service, remove_service)]
    paid = (chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)
    if log.startswith(ON_A_CHAIN):
        from node.cli.anchor_chain import ChainOptions  # noqa: PLC0415 -- as above
        from node.cli.did_chain import Entries, Owner, update_identity  # noqa: PLC0415 -- as above

        if (document, changes, next_key, web, no_passphrase) != (None, NOTHING_CHANGED, None, None, False):
            raise CliError("usage.not_on_a_chain")
        owner = Owner(update_key, passphrase_file, wait, json)
        return update_identity(context.obj, log, ChainOptions(*paid), owner, Entries(*entries))
    _require_log(paid, *entries, asked=wait or json)
    writer = Writer(log, _needed(update_key), passphrase_file, next_key, not no_passphrase, web)
    return update_log(context.obj, writer, changes, document=document)


@did.command("rotate", cls=WordedCommand, help="did_rotate")
def _did_rotate(  # noqa: PLR0913 -- as above
    context: typer.Context,
    log: LogOrDid,
    *,
    out: Annotated[str, typer.Option(help="did_out", metavar="file")],
    update_key: UpdateKey,
    next_key: NextKey = None,
    web: ParallelWeb = None,
    passphrase_file: Passphrase = None,
    no_passphrase: NoPassphrase = False,
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
    from node.cli.did_log import Writer, rotate_log  # noqa: PLC0415 -- as above

    paid = (chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)
    if log.startswith(ON_A_CHAIN):
        from node.cli.anchor_chain import ChainOptions  # noqa: PLC0415 -- as above
        from node.cli.did_chain import Owner, rotate_identity  # noqa: PLC0415 -- as above

        if (next_key, web) != (None, None):
            raise CliError("usage.not_on_a_chain")
        owner = Owner(update_key, passphrase_file, wait, json, not no_passphrase)
        return rotate_identity(context.obj, log, ChainOptions(*paid), owner, out=out)
    _require_log(paid, asked=wait or json)
    writer = Writer(log, update_key, passphrase_file, next_key, not no_passphrase, web)
    return rotate_log(context.obj, writer, out=out)


@did.command("deactivate", cls=WordedCommand, help="did_deactivate")
def _did_deactivate(  # noqa: PLR0913 -- as above
    context: typer.Context,
    log: LogOrDid,
    *,
    update_key: UpdateKey,
    web: ParallelWeb = None,
    passphrase_file: Passphrase = None,
    agreed: Agreed = False,
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
    from node.cli.did_log import Writer, deactivate_log  # noqa: PLC0415 -- as above

    paid = (chain, embedded, trust, journal, gas, gas_passphrase_file, web3signer, gas_address, fee_cap)
    if log.startswith(ON_A_CHAIN):
        from node.cli.anchor_chain import ChainOptions  # noqa: PLC0415 -- as above
        from node.cli.did_chain import Owner, deactivate_identity  # noqa: PLC0415 -- as above

        if web is not None:
            raise CliError("usage.not_on_a_chain")
        owner = Owner(update_key, passphrase_file, wait, json)
        return deactivate_identity(context.obj, log, ChainOptions(*paid), owner, agreed=agreed)
    _require_log(paid, asked=wait or json)
    return deactivate_log(context.obj, Writer(log, update_key, passphrase_file, web=web), agreed=agreed)


def _require_log(*given: tuple[str | None, ...], asked: bool) -> None:
    """Refuse options that only an identifier on a chain has."""
    if asked or any(value is not None for each in given for value in each):
        raise CliError("usage.on_a_chain")


def _needed(update_key: str | None) -> str:
    if update_key is None:
        raise CliError("usage.missing", name="--update-key")
    return update_key


@did.command("witness", cls=WordedCommand, help="did_witness")
def _did_witness(
    context: typer.Context,
    log: DidLog,
    *,
    key: Annotated[str, typer.Option(help="did_witness_key", metavar="file")],
    out: Annotated[str, typer.Option(help="did_witness_out", metavar="file")] = "did-witness.json",
    passphrase_file: Passphrase = None,
) -> int:
    from node.cli.did_log import witness_log  # noqa: PLC0415 -- as above

    return witness_log(context.obj, log, key=key, passphrase_file=passphrase_file, out=out)

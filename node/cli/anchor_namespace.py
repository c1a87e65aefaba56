"""`glejt anchor deploy`, `namespace` and `key`: the contract on a chain, a record of one's own in it, and its keys."""

import os
from collections.abc import Sequence
from pathlib import Path
from secrets import token_bytes
from typing import Final

from anchoring.deployments import REGISTRY, TRUST_ANCHOR
from anchoring.facts import NamespaceState
from anchoring.founding import RecoveryKey
from anchoring.operations import OpenNamespace
from anchoring.signing_key import SigningKey
from anchoring.transactions.deployment import Deployer, Missing
from anchoring.transactions.fees import GWEI
from node.adapters.authority_key import (
    read_authority_key,
    read_recovery_key,
    write_authority_key,
    write_recovery_key,
)
from node.cli.anchor_chain import ChainOptions, Office, carry_out, namespace_named, run_on_chain, state_status
from node.cli.did import new_passphrase
from node.cli.errors import CliError, Refused
from node.cli.files import write_whole
from node.cli.invocation import Invocation
from node.cli.output import visible
from node.cli.status import confirm
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.issuance.namespaces import Namespace
from node.verification.records import moment

COIN: Final = 10**18


def deploy(invocation: Invocation, options: ChainOptions, *, registry: bool, yes: bool, as_json: bool) -> int:
    """Put the contract onto a chain where it is missing: what it costs is said first."""
    names = [TRUST_ANCHOR, *([REGISTRY] if registry else [])]

    async def work(opened: Office) -> int:
        return await _deploy(opened, names, yes=yes, as_json=as_json)

    return run_on_chain(invocation, options, work)


async def _deploy(opened: Office, names: Sequence[str], *, yes: bool, as_json: bool) -> int:
    access, out, words = opened.access, opened.invocation.out, opened.invocation.words
    if access.gas is None:
        raise CliError("usage.gas")
    done: list[str] = []
    async with access.nodes[0]() as endpoint:
        if await endpoint.chain() != access.chain.chain:
            raise CliError("anchor.other_chain", chain=access.chain.name)
        deployer = Deployer(endpoint, access.gas, access.chain.chain.id, opened.caps, opened.pause)
        missing = await deployer.missing(names)
        if missing.names:
            out.remark("anchor.deploy_cost", names=", ".join(missing.names), cost=coins(missing.cost))
            _require_funds(opened, missing)
            confirm(opened.invocation, "anchor.confirm_deploy", yes=yes, chain=access.chain.name)
            await deployer.deploy(names, done.append)
    if as_json:
        out.answer_json(
            {"network": opened.network(), "deployed": done, "contract": _address(opened), "wanted": [*names]}
        )
    else:
        out.answer(words("anchor.deployed" if done else "anchor.deployed_before", address=_address(opened)))
    return 0


def _require_funds(opened: Office, missing: Missing) -> None:
    if missing.balance < missing.cost and opened.access.gas is not None:
        address = f"0x{opened.access.gas.address.hex()}"
        raise Refused("anchor.funds", address=address, has=coins(missing.balance), cost=coins(missing.cost))


def create(  # noqa: PLR0913 -- what was typed
    invocation: Invocation,
    options: ChainOptions,
    *,
    out: str,
    authority: str,
    recovery: str,
    passphrase_file: str | None,
    recovery_passphrase_file: str | None,
    protected: bool,
    wait: bool,
    as_json: bool,
) -> int:
    """Found a namespace: two keys in two files, its name in a third, and then it is opened on the chain.

    What is there already is taken as it is, so that a run that was cut off is simply run again.
    """
    paths = [Path(name).expanduser() for name in (authority, recovery, out)]
    if len(set(paths)) < len(paths):
        raise CliError("usage.same_file")
    if paths[2].exists():  # a new key would be no key of it
        for path in paths[:2]:
            if not path.exists():
                raise Refused("anchor.key_missing", name=paths[2], file=path)
    founder = _authority(invocation, paths[0], passphrase_file, protected=protected)
    commitment = _recovery(invocation, paths[1], founder, recovery_passphrase_file)

    async def work(opened: Office) -> int:
        founded = _founded(opened, paths[2], founder, commitment)
        opened.require(founded.name)
        call = await carry_out(opened, _opening(founded), None, wait=wait)
        _tell(opened, founded, await opened.desk.state_of(founded.name.namespace), as_json=as_json)
        return 0 if call is None else state_status(opened, (call,))

    return run_on_chain(invocation, options, work)


def show(invocation: Invocation, options: ChainOptions, name: str | None, *, as_json: bool) -> int:
    """Say how a namespace stands, and how verifiers learn whose it is."""
    namespace = namespace_named(name)

    async def work(opened: Office) -> int:
        opened.require(namespace.name)
        state = await opened.desk.state_of(namespace.name.namespace)
        _tell(opened, namespace, state, as_json=as_json)
        return 0 if state is not None else Refused.status

    return run_on_chain(invocation, options, work, name=namespace.name, write=False)


def key(  # noqa: PLR0913 -- what was typed
    invocation: Invocation, out: str, *, kind: str, passphrase_file: str | None, protected: bool, as_json: bool
) -> int:
    """Make the key of an authority, or of the account that pays for gas; its address is the answer."""
    if kind not in {"authority", "gas"}:
        raise CliError("usage.choice", option="--for", value=kind, known="authority, gas")
    path = Path(out).expanduser()
    if os.path.lexists(path):  # before a passphrase is asked for
        raise CliError("key_file.exists")
    if kind == "gas":
        if not protected:
            raise CliError("usage.gas_protected")
        from node.adapters.gas_signers import make_keystore  # noqa: PLC0415 -- loads what only senders need
        from node.adapters.secret_file import write_secret_file  # noqa: PLC0415 -- as above

        keystore, address = make_keystore(new_passphrase(invocation, passphrase_file))
        write_secret_file(path, keystore)
    else:
        address = _authority(invocation, path, passphrase_file, protected=protected)
    told = f"0x{address.hex()}"
    if as_json:
        invocation.out.answer_json({"address": told, "for": kind})
    else:
        invocation.out.answer(told)
    return 0


def coins(wei: int) -> str:
    """An amount as people count it: in the chain's coin."""
    return f"{wei / COIN:.6f}".rstrip("0").rstrip(".") if wei >= GWEI * 1000 or not wei else f"{wei / COIN:.2e}"


def trust_snippet(opened: Office, namespace: Namespace) -> str:
    """What a verifier writes into a trust file, beside the issuer's DID, name and domain."""
    chain = opened.chain
    lines = [
        f'namespaces = ["{namespace.name}"]',
        "",
        "[[chains]]",
        f'name = "{visible(chain.name)}"',
        f"id = {chain.chain.id}",
        f'genesis = "0x{chain.chain.genesis.hex()}"',
        f'kind = "{chain.kind.value}"',
    ]
    return "\n".join(lines)


def _authority(invocation: Invocation, path: Path, passphrase_file: str | None, *, protected: bool) -> bytes:
    """The address of the authority's key, which is made where it is not there."""
    if path.exists():
        return read_authority_key(path).address
    passphrase = new_passphrase(invocation, passphrase_file) if protected else None
    _, secret = SigningKey.generate()
    written = write_authority_key(path, secret, passphrase=passphrase)
    invocation.out.remark("remark.key_protected" if protected else "remark.key_unprotected", name=path)
    return written.address


def _recovery(invocation: Invocation, path: Path, founder: bytes, passphrase_file: str | None) -> bytes:
    """The commitment to the recovery key, which is made where it is not there, and never without a passphrase."""
    if path.exists():
        return read_recovery_key(path).commitment
    made = RecoveryKey.generate()
    while made.signer.address == founder:
        made = RecoveryKey.generate()
    invocation.out.remark("anchor.recovery_passphrase")
    written = write_recovery_key(path, made, passphrase=new_passphrase(invocation, passphrase_file))
    invocation.out.remark("anchor.recovery_written", name=path)
    return written.commitment


def _founded(opened: Office, path: Path, founder: bytes, commitment: bytes) -> Namespace:
    """The namespace in its file, which is written before anything is sent."""
    if path.exists():
        found = namespace_named(str(path))
        opening = _opening(found)
        if (opening.authority, opening.recovery) != (founder, commitment):
            raise Refused("anchor.other_namespace", name=path)
        return found
    opening = OpenNamespace(founder, commitment, token_bytes(32))
    founded = Namespace.founded(opening, opened.chain.chain, opened.chain.contract.address)
    write_whole(path, founded.encode(), force=False)
    opened.invocation.out.remark("anchor.namespace_written", name=path)
    return founded


def _opening(namespace: Namespace) -> OpenNamespace:
    if namespace.opening is None:
        raise CliError("anchor.no_founding")
    return namespace.opening


def _tell(opened: Office, namespace: Namespace, state: NamespaceState | None, *, as_json: bool) -> None:
    out, words = opened.invocation.out, opened.invocation.words
    service = namespace.service
    if as_json:
        told: JsonObject = {"network": opened.network(), "namespace": str(namespace.name), "service": service}
        out.answer_json({**told, "trust": trust_snippet(opened, namespace), "state": _state_json(state)})
        return
    out.answer(str(namespace.name))
    if state is not None:
        out.answer(words("anchor.authority_is", address=f"0x{state.authority.hex()}", era=state.era))
        if state.pending is not None:
            until = format_timestamp(moment(state.pending.ready_at))
            out.answer(words("anchor.pending", address=f"0x{state.pending.successor.hex()}", time=until), "amber")
    out.remark("anchor.how_to_publish")
    _indented(opened, out_json(service))
    out.remark("anchor.how_to_trust")
    _indented(opened, trust_snippet(opened, namespace))


def _indented(opened: Office, text: str) -> None:
    """Lines to be copied, as they are."""
    if not opened.invocation.out.quiet:
        for line in text.splitlines():
            opened.invocation.out.say(f"  {line}".rstrip())


def out_json(value: JsonObject) -> str:
    """A small object as one line of JSON."""
    import json  # noqa: PLC0415 -- once, at the end

    return json.dumps(value)


def _state_json(state: NamespaceState | None) -> JsonObject | None:
    if state is None:
        return None
    pending = state.pending
    return {
        "authority": f"0x{state.authority.hex()}",
        "era": state.era,
        "authorities": state.authorities,
        "lastBlock": state.last_block,
        "recovery": None
        if pending is None
        else {"successor": f"0x{pending.successor.hex()}", "readyAt": format_timestamp(moment(pending.ready_at))},
    }


def _address(opened: Office) -> str:
    return f"0x{opened.chain.contract.address.hex()}"

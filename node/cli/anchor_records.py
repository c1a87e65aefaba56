"""`glejt anchor head`, `accredit`, `withdraw`, `rotate`, `recover`: what else is written in a namespace."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from anchoring.calls import LIFETIME, AuthoritySigner, accepted
from anchoring.facts import HeadOf, NamespaceState, StatusHead
from anchoring.founding import RecoveryKey
from anchoring.heads import cid_of, digest_of, list_id
from anchoring.operations import (
    Acceptance,
    CancelRecovery,
    CompleteRecovery,
    Operation,
    RequestRecovery,
    RotateAuthority,
)
from node.adapters.authority_key import read_recovery_key, write_recovery_key
from node.cli.anchor_chain import (
    Authority,
    ChainOptions,
    Office,
    answer_call,
    authority_of,
    call_json,
    call_text,
    carry_out,
    follow,
    namespace_named,
    passphrase_for,
    run_on_chain,
    state_status,
)
from node.cli.did import new_passphrase
from node.cli.errors import CliError
from node.cli.files import read_input
from node.cli.invocation import Invocation
from node.cli.output import visible
from node.cli.status import confirm
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject
from node.issuance.accrediting import SignedAccreditation
from node.issuance.anchor import accredited, require_authority
from node.issuance.errors import NotAnchorableError
from node.issuance.namespaces import Namespace
from node.issuance.status_heads import address_of, following_version, head_of

ACTIONS: Final = ("request", "cancel", "complete")


@dataclass(frozen=True, slots=True)
class Writing:
    """What was typed about the namespace that is written in, and by whom."""

    namespace: str | None
    authority: Authority
    wait: bool = False


def head(invocation: Invocation, options: ChainOptions, writing: Writing, file: str, *, as_json: bool) -> int:
    """Set the head of a status list: these bytes are the list that counts, to the last one."""
    published = read_input(str(Path(file).expanduser()), limit=MAX_CREDENTIAL_BYTES)
    url = address_of(published)
    namespace, signer = namespace_named(writing.namespace), authority_of(invocation, writing.authority)

    async def work(opened: Office) -> int:
        record, era = await _open(opened, namespace, signer)
        found = await opened.desk.fact(HeadOf(record, list_id(url)))
        current = found if isinstance(found, StatusHead) and found.era == era else None
        digest = digest_of(published)
        told: JsonObject = {"list": url, "digest": f"0x{digest.hex()}", "cid": cid_of(digest)}
        if current is not None and current.digest == digest:
            return answer_call(opened, None, {**told, "version": current.version}, as_json=as_json)
        version = following_version(current, era)
        operation = head_of(published, url, namespace=record, version=version, era=era)
        call = await carry_out(opened, operation, signer, wait=writing.wait)
        return answer_call(opened, call, {**told, "version": version}, as_json=as_json)

    return run_on_chain(invocation, options, work, name=namespace.name)


def rotate(  # noqa: PLR0913 -- what was typed
    invocation: Invocation, options: ChainOptions, writing: Writing, successor: Authority, *, yes: bool, as_json: bool
) -> int:
    """Hand a namespace on to another key, which says that it agrees."""
    namespace, signer = namespace_named(writing.namespace), authority_of(invocation, writing.authority)
    following = authority_of(invocation, successor)

    async def work(opened: Office) -> int:
        opened.require(namespace.name)
        record = namespace.name.namespace
        state = await _required(opened, record)
        if state.authority == following.address:
            return answer_call(opened, None, _names(namespace, following), as_json=as_json)
        await require_authority(opened.desk, record, signer)
        confirm(invocation, "anchor.confirm_rotate", yes=yes, address=f"0x{following.address.hex()}")
        operation = RotateAuthority(
            record, state.authorities, following.address, await _consent(opened, record, following)
        )
        call = await carry_out(opened, operation, signer, wait=writing.wait)
        return answer_call(opened, call, _names(namespace, following), as_json=as_json)

    return run_on_chain(invocation, options, work, name=namespace.name)


@dataclass(frozen=True, slots=True)
class Recovering:
    """What was typed about a recovery."""

    recovery: str | None
    recovery_passphrase_file: str | None
    successor: Authority
    next_recovery: str | None
    next_passphrase_file: str | None


def recover(  # noqa: PLR0913 -- what was typed
    invocation: Invocation,
    options: ChainOptions,
    namespace_file: str | None,
    action: str,
    asked: Recovering,
    *,
    wait: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Take a namespace back from whoever has its authority: request it, wait a week in the open, complete it."""
    if action not in ACTIONS:
        raise CliError("usage.choice", option="ACTION", value=action, known=", ".join(ACTIONS))
    namespace = namespace_named(namespace_file)
    key = None if action == "complete" else _recovery_key(invocation, asked)
    following = authority_of(invocation, asked.successor) if action == "request" else None
    commitment = _next_recovery(invocation, asked) if action == "request" else b""

    async def work(opened: Office) -> int:
        opened.require(namespace.name)
        record = namespace.name.namespace
        state = await _required(opened, record)
        if action != "request" and state.pending is None:
            raise NotAnchorableError(
                "nobody has asked for a recovery of this namespace",
                code="anchoring.recovery",
                remedy="Look how it stands: glejt anchor namespace show",
            )
        operation: Operation
        signer: AuthoritySigner | None = None
        if following is not None and key is not None:
            confirm(invocation, "anchor.confirm_recover", yes=yes, address=f"0x{following.address.hex()}")
            consent = await _consent(opened, record, following)
            sequence = state.recovery_requests + 1
            if state.pending is not None and (state.pending.successor, state.pending.next_commitment) == (
                following.address,
                commitment,
            ):
                sequence = state.recovery_requests
            operation = RequestRecovery(
                record, sequence, following.address, commitment, key.salt, consent, key.signer.address
            )
            signer = key.signer
        elif key is not None:
            operation = CancelRecovery(record, state.recovery_requests, key.salt, key.signer.address, state.era)
            signer = key.signer
        else:
            operation = CompleteRecovery(record, state.era + 1)
        call = await carry_out(opened, operation, signer, wait=wait)
        return answer_call(opened, call, {"namespace": str(namespace.name), "action": action}, as_json=as_json)

    return run_on_chain(invocation, options, work, name=namespace.name)


def accredit(invocation: Invocation, options: ChainOptions, writing: Writing, file: str, *, as_json: bool) -> int:
    """Record a signed accreditation, each of its scopes by itself."""
    return _accreditation(invocation, options, writing, file, withdraw=False, yes=True, as_json=as_json)


def withdraw(  # noqa: PLR0913 -- what was typed
    invocation: Invocation, options: ChainOptions, writing: Writing, file: str, *, yes: bool, as_json: bool
) -> int:
    """Withdraw an accreditation, as of the block that takes it; this cannot be taken back."""
    return _accreditation(invocation, options, writing, file, withdraw=True, yes=yes, as_json=as_json)


def _accreditation(  # noqa: PLR0913 -- what was typed
    invocation: Invocation,
    options: ChainOptions,
    writing: Writing,
    file: str,
    *,
    withdraw: bool,
    yes: bool,
    as_json: bool,
) -> int:
    signed = SignedAccreditation.read(read_input(str(Path(file).expanduser()), limit=MAX_CREDENTIAL_BYTES))
    namespace, signer = namespace_named(writing.namespace), authority_of(invocation, writing.authority)

    async def work(opened: Office) -> int:
        await _open(opened, namespace, signer)
        known = await accredited(opened.desk, signed, namespace.name)
        if withdraw:
            confirm(invocation, "anchor.confirm_withdraw", yes=yes, subject=signed.accreditation.subject)
            operations: Sequence[Operation] = signed.withdraw(namespace.name, known.written)
            if not operations:
                raise NotAnchorableError(
                    "the record does not hold this accreditation",
                    code="anchoring.accreditation",
                    remedy="Give the file that was recorded, to the last byte.",
                )
        else:
            operations = [
                each
                for each in signed.accredit(namespace.name, known.following)
                if each.scope not in known.scopes_written
            ]
        return await _all(opened, operations, signer, writing, as_json=as_json)

    return run_on_chain(invocation, options, work, name=namespace.name)


async def _all(
    opened: Office, operations: Sequence[Operation], signer: AuthoritySigner, writing: Writing, *, as_json: bool
) -> int:
    """Order several operations, and follow them together."""
    ids = [each for each in [await opened.desk.order(one, signer) for one in operations] if each is not None]
    calls = (await follow(opened, ids, wait=writing.wait)).calls
    if as_json:
        told: list[JsonObject] = [call_json(call) for call in calls]
        opened.invocation.out.answer_json(
            {"network": opened.network(), "written": len(calls), "before": len(operations) - len(calls), "calls": told}
        )
    else:
        for call in calls or [None]:
            opened.invocation.out.answer(visible(call_text(opened, call)))
    return state_status(opened, calls)


async def _open(opened: Office, namespace: Namespace, signer: AuthoritySigner) -> tuple[bytes, int]:
    """The namespace's id and era; one that is not open yet is opened first, and the wrong key is refused."""
    opened.require(namespace.name)
    record = namespace.name.namespace
    state = await require_authority(opened.desk, record, signer)
    if state is None and namespace.opening is not None:
        await opened.desk.order(namespace.opening)
    return record, 0 if state is None else state.era


async def _required(opened: Office, record: bytes) -> NamespaceState:
    state = await opened.desk.state_of(record)
    if state is None:
        raise NotAnchorableError(
            f"the namespace 0x{record.hex()} is not open on {opened.chain.name}, or not for good yet",
            code="anchoring.namespace",
            remedy="Open it with glejt anchor namespace create, or wait until that is final.",
        )
    return state


async def _consent(opened: Office, record: bytes, following: AuthoritySigner) -> Acceptance:
    """The successor's word that it will be the authority."""
    return await accepted(
        record,
        following,
        chain_id=opened.chain.chain.id,
        contract=opened.chain.contract.address,
        deadline=int(opened.desk.now()) + LIFETIME,
    )


def _recovery_key(invocation: Invocation, asked: Recovering) -> RecoveryKey:
    if asked.recovery is None:
        raise CliError("usage.missing", name="--recovery")
    path = Path(asked.recovery).expanduser()
    return read_recovery_key(path).unlock(passphrase_for(invocation, path, asked.recovery_passphrase_file))


def _next_recovery(invocation: Invocation, asked: Recovering) -> bytes:
    """The commitment to the recovery key of the era to come, which is made where it is not there."""
    if asked.next_recovery is None:
        raise CliError("usage.missing", name="--next-recovery")
    path = Path(asked.next_recovery).expanduser()
    if path.exists():
        return read_recovery_key(path).commitment
    invocation.out.remark("anchor.recovery_passphrase")
    passphrase = new_passphrase(invocation, asked.next_passphrase_file)
    written = write_recovery_key(path, RecoveryKey.generate(), passphrase=passphrase)
    invocation.out.remark("anchor.recovery_written", name=path)
    return written.commitment


def _names(namespace: Namespace, following: AuthoritySigner) -> JsonObject:
    return {"namespace": str(namespace.name), "authority": f"0x{following.address.hex()}"}

"""Where the caller's organisation anchors, and who pays: its namespaces and accounts for gas."""

from typing import Annotated, Final

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from did_methods.multibase import to_base64url
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.granted import ASKED, Granted, told
from node.http.idempotency import idempotency_of
from node.http.problems import ProblemError
from node.http.services import Services
from node.issuance.issuing import Once
from node.issuance.organisation.chain_records import ChainRecordsDesk, FoundedNamespace
from node.ports.organisations import ChainRecord
from node.ports.oversight import Approval

_CONTRACT: Final = "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
_NAMESPACE: Final[JsonObject] = {
    "id": f"{_CONTRACT}#0x" + "0a" * 32,
    "key": "eip155:31337:0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "createdAt": "2026-09-01T12:00:00Z",
}
_ACCOUNT: Final[JsonObject] = {
    "id": "eip155:31337:0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "key": "eip155:31337:0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "createdAt": "2026-09-01T12:00:00Z",
}
_SHOWN_BEFORE: Final[JsonObject] = {
    "code": "namespace.recovery_shown",
    "message": "The namespace was founded by the same request before; its recovery key was in that answer, and is not "
    "kept.",
    "remedy": "If that answer was lost, nobody can take this namespace back from a thief of its authority: found "
    "another one, with a new Idempotency-Key and the commitment to a recovery key of your own, and name it in the "
    "profiles.",
}
_CHANGING: Final = (400, 409)


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NamespaceToFound(_Sent):
    """A namespace that is to be, or one that was opened elsewhere."""

    contract: Annotated[str | None, Field(max_length=128, description="Found one here: eip155:CHAIN:0x….")] = None
    recovery: Annotated[
        str | None,
        Field(
            pattern=r"^(0x)?[0-9a-f]{64}$",
            description="The commitment to a recovery key in a safe; without one, a key is made and shown once.",
        ),
    ] = None
    id: Annotated[
        str | None, Field(max_length=256, description="Take up one that was opened elsewhere: eip155:CHAIN:0x…#0x….")
    ] = None


class AccountToAdd(_Sent):
    """An account that pays."""

    id: Annotated[
        str, Field(max_length=128, description="eip155:CHAIN for a new one, eip155:CHAIN:0x… for one held elsewhere.")
    ]


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Anchoring")
    desk = ChainRecordsDesk(services.store, services.vault, services.now)

    @door.get(
        "/organisation/namespaces",
        access=Scope.ORGANISATION_READ,
        answers=[Answer(200, "All of them.", {"namespaces": [_NAMESPACE]})],
    )
    async def namespaces(caller: Calling) -> Response:
        """The namespaces in which the organisation anchors."""
        return JSONResponse({"namespaces": [shown(each) for each in await desk.namespaces(caller)]})

    @door.post(
        "/organisation/namespaces",
        access=Scope.ORGANISATION_MANAGE,
        answers=[
            Answer(201, "The namespace, which is being opened.", {**_NAMESPACE, "recoveryKey": None, "remark": None}),
            ASKED,
        ],
        body=Body({"contract": _CONTRACT, "recovery": "0x" + "0b" * 32}),
        problems=_CHANGING,
        once=True,
    )
    async def found(sent: NamespaceToFound, request: Request, caller: Calling, granted: Granted = None) -> Response:
        """Found a namespace and have it opened on its chain, or take up one that was opened elsewhere.

        The authority's key is made here. A recovery key is not: give the commitment to one that lies in a safe. Where
        none is given, one is made and shown this once, key and salt in base64url; write it down, and keep it apart.
        Send an `Idempotency-Key`: the same request once more founds nothing, and is answered with the same namespace.
        A recovery key is not kept for that: `remark` says then what to do if the first answer was lost.
        """
        key = idempotency_of(request, caller, await request.body())
        once = None if key is None else Once(key.key, key.digest)
        if (sent.contract is None) is (sent.id is None) or (sent.id is not None and sent.recovery is not None):
            raise ProblemError(
                400,
                "request.invalid",
                "a namespace is founded in a contract, or taken up by its id",
                "Give contract, and recovery if you have one; or id alone.",
            )
        if sent.id is not None:
            added = await desk.add_namespace(caller, sent.id, granted, once=once)
            return told(added if isinstance(added, Approval) else shown(added), status=201)
        recovery = None if sent.recovery is None else bytes.fromhex(sent.recovery.removeprefix("0x"))
        founded = await desk.found(caller, sent.contract or "", recovery, granted, once=once)
        services.work.wake()
        return told(founded if isinstance(founded, Approval) else _shown_founded(founded), status=201)

    @door.get(
        "/organisation/gas-accounts",
        access=Scope.ORGANISATION_READ,
        answers=[Answer(200, "All of them.", {"gasAccounts": [_ACCOUNT]})],
    )
    async def accounts(caller: Calling) -> Response:
        """The accounts that pay for what the organisation anchors."""
        return JSONResponse({"gasAccounts": [shown(each) for each in await desk.gas_accounts(caller)]})

    @door.post(
        "/organisation/gas-accounts",
        access=Scope.ORGANISATION_MANAGE,
        answers=[Answer(201, "The account; fund it before it pays.", _ACCOUNT), ASKED],
        body=Body({"id": "eip155:31337"}),
        problems=_CHANGING,
    )
    async def add_account(sent: AccountToAdd, caller: Calling, granted: Granted = None) -> Response:
        """Make an account that pays on a chain, or name one that is held elsewhere. It has no say in any namespace."""
        added = await desk.add_gas_account(caller, sent.id, granted)
        return told(added if isinstance(added, Approval) else shown(added), status=201)

    return door


def shown(record: ChainRecord) -> JsonObject:
    """A namespace or an account; `key` is null for one whose key is elsewhere."""
    return {"id": record.id, "key": record.key, "createdAt": format_timestamp(record.created_at)}


def _shown_founded(founded: FoundedNamespace) -> JsonObject:
    recovery = None if founded.recovery is None else to_base64url(founded.recovery.reveal())
    return {**shown(founded.record), "recoveryKey": recovery, "remark": _SHOWN_BEFORE if founded.was_shown else None}

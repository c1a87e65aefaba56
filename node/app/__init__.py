"""The composition root: where the parts that know nothing of one another are put together."""

import os
import secrets
import time
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from did_methods import ethr, jwk, key, peer, pkh, web, webvh_log
from did_methods.cache import RememberedMethod
from did_methods.errors import AbsentError, UnavailableError
from did_methods.ethr import EthrMethod
from did_methods.jwk import JwkMethod
from did_methods.key import KeyMethod
from did_methods.peer import PeerMethod
from did_methods.pkh import PkhMethod
from did_methods.resolution import Method, Resolution, resolve
from did_methods.web import WebMethod
from did_methods.webvh import WebvhMethod
from did_methods.webvh_moves import for_judging
from node.adapters.fetch import GuardedFetch
from node.adapters.registry_reader import registry_readers
from node.adapters.remembered_fetch import FAILED_SECONDS, KEPT_SECONDS, RememberedFetch
from node.adapters.web_url import Rules
from node.documents import parse_object
from node.verification.did_logs import LOG_TOOLS
from node.verification.errors import FetchError, TrustError
from node.verification.ethr_evidence import read_json
from node.verification.sources import Fetch, FindLedger, Sources, no_fetch, no_ledger
from node.verification.trust import NO_TRUST, Trust

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from anchoring.ledger import LedgerReader
    from anchoring.transactions.fees import FeeCaps
    from node.adapters.chain_access import ChainAccess
    from node.issuance.anchor import Desk
    from node.verification.seen import SeenBlock

MAX_WEB_DOCUMENTS: Final = 256
"""Documents of did:web that are remembered, of at most 128 kB each."""
MAX_LOGS: Final = 32
"""Logs of did:webvh that are remembered, of at most 1 MiB each, with as much of witnesses."""
MAX_IDENTITIES: Final = 8
"""Documents of did:ethr that are remembered, each with at most 16 MiB of receipts."""
ABSENT: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


def methods(
    *, online: bool = False, loopback: bool = False, remember: bool = False, trust: Trust = NO_TRUST
) -> Mapping[str, Method]:
    """The DID methods of this program: did:web and did:webvh ask their host, if at all; the others read the identifier.

    did:ethr asks the nodes of its chain that `trust` names, and no others.

    A document has its host for its authority, so a host that leads elsewhere is not followed. What is remembered is the
    present document alone: `remember` is not for those who ask for versions.
    """
    reader = document_reader(online=online, loopback=loopback)
    asked: Method = WebMethod(reader, parse_object, loopback=loopback)
    if remember:
        asked = RememberedMethod(asked, KEPT_SECONDS, FAILED_SECONDS, MAX_WEB_DOCUMENTS)
    logs: Method = WebvhMethod(reader, LOG_TOOLS, _now, loopback=loopback)
    if remember:
        logs = RememberedMethod(logs, KEPT_SECONDS, FAILED_SECONDS, MAX_LOGS)
    identities: Method = EthrMethod(
        registry_readers(trust.chains if online else ()), read_json, lambda: int(_now().timestamp())
    )
    if remember:
        identities = RememberedMethod(identities, KEPT_SECONDS, FAILED_SECONDS, MAX_IDENTITIES)
    return MappingProxyType(
        {
            key.METHOD: RememberedMethod(KeyMethod()),
            jwk.METHOD: RememberedMethod(JwkMethod()),
            peer.METHOD: RememberedMethod(PeerMethod()),
            pkh.METHOD: RememberedMethod(PkhMethod()),
            web.METHOD: asked,
            webvh_log.METHOD: logs,
            ethr.METHOD: identities,
        }
    )


def sources(  # noqa: PLR0913 -- whom to ask, and what is known
    *,
    online: bool = False,
    loopback: bool = False,
    remember: bool = False,
    trust: Trust = NO_TRUST,
    seen: "Iterable[SeenBlock]" = (),
    own: "LedgerReader | None" = None,
) -> Sources:
    """What gathering asks of the outside: DIDs, addresses and the machine's clock; offline, nobody is asked anything.

    `loopback` opens this machine's own addresses to what strangers name, for tests and development. `remember` asks
    nobody twice for the same thing within minutes, for runs over many documents in one event loop. `trust` names the
    nodes of chains; TrustError where those cannot be asked. `seen` are blocks that were final before; no chain goes
    back behind them. `own` answers for its chain, online and offline: it is in a folder, and no network is needed.
    """
    known = methods(online=online, loopback=loopback, remember=remember, trust=trust)
    return Sources(
        resolve=lambda did: _resolve(did, known),
        now=_now,
        fetch=_fetch(online=online, loopback=loopback, remember=remember),
        ledger=_with_own(own, _ledgers(trust, seen, remember=remember) if online else no_ledger, remember=remember),
    )


def _with_own(own: "LedgerReader | None", others: FindLedger, *, remember: bool) -> FindLedger:
    if own is None:
        return others
    from node.adapters.remembered_ledger import RememberedLedger  # noqa: PLC0415 -- few verifiers have a chain

    place, reader = own.chain, RememberedLedger(own) if remember else own
    return lambda chain: reader if chain.chain == place else others(chain)


def _ledgers(trust: Trust, seen: "Iterable[SeenBlock]", *, remember: bool) -> FindLedger:
    """Readers of the chains that the trust file lists with nodes. Whom it names is asked, wherever that is."""
    listed = [chain for chain in trust.chains if chain.rpc]
    if not listed:
        return no_ledger
    from anchoring.checkpoint import TrustedBlock  # noqa: PLC0415 -- few verifiers ask nodes of chains
    from node.adapters.json_rpc.client import JsonRpc  # noqa: PLC0415 -- as above
    from node.adapters.json_rpc.errors import RpcConfigError  # noqa: PLC0415 -- as above
    from node.adapters.json_rpc.reader import JsonRpcReader  # noqa: PLC0415 -- as above
    from node.adapters.remembered_ledger import RememberedLedger  # noqa: PLC0415 -- as above

    readers: dict[int, LedgerReader] = {}
    before = {block.place: block for block in seen}
    for chain in listed:
        try:
            nodes = [JsonRpc(url) for url in chain.rpc]
            known = before.get((chain.chain.id, chain.chain.genesis))
            final = TrustedBlock(chain.chain, known.number, known.hash) if known is not None else None
            reader = JsonRpcReader(
                chain.chain, chain.contract, nodes, chain.quorum, seen=final, light=chain.light_client
            )
        except RpcConfigError as error:
            raise TrustError(
                f"the nodes of “{chain.name}” cannot be asked: {error}", code=error.code, remedy=error.remedy
            ) from error
        readers[chain.chain.id] = RememberedLedger(reader) if remember else reader
    return lambda chain: readers.get(chain.chain.id)


async def _resolve(did: str, known: Mapping[str, Method]) -> Resolution:
    return for_judging(await resolve(did, known), did)


def document_reader(*, online: bool = False, loopback: bool = False) -> "DocumentReader":
    """The reader of files whose authority is their address: a host that leads elsewhere is not followed."""
    return DocumentReader(_fetch(online=online, loopback=loopback, remember=False, same_host=True))


def _now() -> datetime:
    return datetime.now(UTC)


def _fetch(*, online: bool, loopback: bool, remember: bool, same_host: bool = False) -> Fetch:
    if not online:
        return no_fetch
    guarded = GuardedFetch(Rules(loopback=loopback), same_host=same_host)
    return RememberedFetch(guarded) if remember else guarded


class DocumentReader:
    """A Fetch as did:web asks for it: bytes alone, and the errors of that room."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    async def __call__(self, url: str, *, accept: str, max_bytes: int) -> bytes:
        """The bytes that the address answers with."""
        try:
            return (await self._fetch(url, accept=accept, max_bytes=max_bytes)).body
        except FetchError as error:
            kind = AbsentError if error.status in ABSENT else UnavailableError
            raise kind(str(error), code=error.code, remedy=error.remedy) from error


@asynccontextmanager
async def anchoring_desk(access: "ChainAccess", folder: Path, caps: "FeeCaps") -> "AsyncIterator[Desk]":
    """What writes to the contract on a chain, with the journal in a folder; nobody else's process gets in its way.

    The account is leased for no time at all: the journal's lock keeps others out, and is free once its holder dies.
    """
    from anchoring.transactions.machine import Limits, Transactions  # noqa: PLC0415 -- few programs write to chains
    from node.adapters.journal import Journal  # noqa: PLC0415 -- as above
    from node.issuance.anchor import Desk, ReadOnly  # noqa: PLC0415 -- as above
    from node.verification.chains import ChainKind  # noqa: PLC0415 -- as above

    with Journal(folder, access.chain.chain, access.chain.contract) as journal:
        if access.gas is None:
            yield Desk(access.reader, journal, ReadOnly(), time.time)
            return
        limits = Limits(caps=caps, lease_seconds=0.0)
        if access.chain.kind is ChainKind.LOCAL:  # it makes a block when there is something to put into it
            limits = replace(limits, halted_after=0.0)
        holder = f"{os.getpid()}-{secrets.token_hex(4)}"
        sender = Transactions(access.reader, access.nodes, journal.calls, access.gas, holder, limits)
        yield Desk(access.reader, journal, sender, time.time)

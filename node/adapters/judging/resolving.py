"""The DID methods and chains of a task: read out of what is brought for it, and remembered by the bytes it was read of.

What was made of a did:web or did:webvh is kept with the digests of all that was read for it. Where the same bytes are
brought again, the same follows; how old they are is told by whoever brings them.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from did_methods import ethr, jwk, key, peer, pkh, web, webvh_log
from did_methods.cache import RETRIEVED, TTL, RememberedMethod
from did_methods.did import DidUrl, parse_did_url
from did_methods.errors import AbsentError, DidMethodsError, InvalidDidUrlError, UnavailableError
from did_methods.ethr import EthrMethod
from did_methods.jwk import JwkMethod
from did_methods.key import KeyMethod
from did_methods.peer import PeerMethod
from did_methods.pkh import PkhMethod
from did_methods.resolution import Method, Problem, Resolution
from did_methods.resolution import resolve as resolve_did
from did_methods.versions import VersionedMethod, VersionQuery
from did_methods.web import WebMethod
from did_methods.webvh import WebvhMethod
from did_methods.webvh_moves import for_judging
from node.adapters.judging.outside import Outside
from node.adapters.judging.own_registry import OwnRegistry
from node.adapters.judging.protocol import SetUp
from node.adapters.registry_reader import RegistryReader, registry_readers
from node.documents import parse_object
from node.verification.did_logs import LOG_TOOLS
from node.verification.errors import FetchError
from node.verification.ethr_evidence import read_json
from node.verification.sources import Sources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from anchoring.checkpoint import Chain, TrustedBlock
    from anchoring.facts import Fact, Question
    from anchoring.ledger import LedgerReader
    from anchoring.storage_proof import Contract, StorageProof
    from node.adapters.json_rpc.client import JsonRpc
    from node.verification.chains import TrustedChain
    from node.verification.seen import Seen

MAX_KEPT: Final = 256
"""Documents that a process keeps what it read of."""
MAX_KEPT_BYTES: Final = 16 * 1024 * 1024
"""What they were read of; in memory it is some five times as much."""
ABSENT: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
COMPUTED: Final[Mapping[str, Method]] = MappingProxyType(
    {
        key.METHOD: RememberedMethod(KeyMethod()),
        jwk.METHOD: RememberedMethod(JwkMethod()),
        peer.METHOD: RememberedMethod(PeerMethod()),
        pkh.METHOD: RememberedMethod(PkhMethod()),
    }
)
"""Methods whose documents follow from the identifier."""
_KEPT_METHODS: Final = frozenset({web.METHOD, webvh_log.METHOD})


@dataclass(frozen=True, slots=True)
class _Page:
    """One thing that was read, and its digest."""

    url: str
    accept: str
    max_bytes: int
    digest: bytes
    size: int


@dataclass(slots=True)
class _Reading:
    """A reader for one resolution, which notes what it read."""

    outside: Outside
    max_age: int | None = None
    pages: list[_Page] = field(default_factory=list)
    oldest: datetime | None = None
    whole: bool = True
    """Whether everything that was asked for was there."""

    async def __call__(self, url: str, *, accept: str, max_bytes: int) -> bytes:
        """The bytes that the address answers with, as did:web asks for them."""
        try:
            fetched = await self.outside.fetch(
                url, accept=accept, max_bytes=max_bytes, same_host=True, max_age=self.max_age
            )
        except FetchError as error:
            self.whole = False
            kind = AbsentError if error.status in ABSENT else UnavailableError
            raise kind(str(error), code=error.code, remedy=error.remedy) from error
        body = fetched.body
        self.pages.append(_Page(url, accept, max_bytes, hashlib.sha256(body).digest(), len(body)))
        self.oldest = fetched.at if self.oldest is None else min(self.oldest, fetched.at)
        return body


class Library:
    """What a process keeps from one task to the next of the documents that it read."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[tuple[_Page, ...], Resolution]] = OrderedDict()
        self._bytes = 0

    def find(self, did: str) -> tuple[tuple[_Page, ...], Resolution] | None:
        """What was made of which pages."""
        found = self._kept.get(did)
        if found is not None:
            self._kept.move_to_end(did)
        return found

    def keep(self, did: str, pages: tuple[_Page, ...], resolution: Resolution) -> None:
        """Keep it, in the place of what was kept longest."""
        self._forget(did)
        self._kept[did] = pages, resolution
        self._bytes += _size(pages)
        while len(self._kept) > MAX_KEPT or self._bytes > MAX_KEPT_BYTES:
            self._forget(next(iter(self._kept)))

    def _forget(self, did: str) -> None:
        if (known := self._kept.pop(did, None)) is not None:
            self._bytes -= _size(known[0])


def _size(pages: "Iterable[_Page]") -> int:
    return sum(page.size for page in pages)


class Resolver:
    """The DIDs of one task."""

    def __init__(self, outside: Outside, set_up: SetUp, library: Library) -> None:
        self._outside = outside
        self._set_up = set_up
        self._library = library

    def sources(self, seen: "Seen") -> Sources:
        """What gathering asks."""
        return Sources(
            resolve=self.for_judging,
            now=self._outside.now,
            fetch=self._outside.fetch,
            ledger=_Ledgers(self._outside, self._set_up, seen),
        )

    async def for_judging(self, did: str) -> Resolution:
        """The document that a verdict is given by."""
        return for_judging(await self.resolve(did), did)

    async def resolve(self, did: str) -> Resolution:
        """What a DID stands for now, or did when it was asked about last, if its controller lets that count."""
        answer, oldest = await self._resolve(did, None)
        ttl = answer.document_metadata.get(TTL)
        age = (self._outside.now() - oldest).total_seconds() if oldest is not None else 0.0
        if isinstance(ttl, str) and ttl.isascii() and ttl.isdigit() and float(ttl) < age:
            answer, oldest = await self._resolve(did, int(ttl))
        if oldest is None or answer.document is None:
            return answer
        stamp = oldest.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return replace(answer, resolution_metadata={**answer.resolution_metadata, RETRIEVED: stamp})

    async def resolve_version(self, text: str, version: Mapping[str, str]) -> Resolution:
        """What a DID, or a DID URL that asks for a version, stands for."""
        if not version and "?" not in text:
            return await self.resolve(text)
        try:
            url, query = _asked(text, version)
        except DidMethodsError as error:
            return Resolution.failed(Problem.INVALID_DID_URL, f"{error}. {error.remedy}")
        method = self._methods(_Reading(self._outside)).get(url.did.method)
        if query.is_present or method is None:  # `present` as of now, not as of another version
            return await self.resolve(str(url.did))
        if not isinstance(method, VersionedMethod):
            detail = f"the DID method {url.did.method} keeps no versions that can be asked for."
            return Resolution.failed(Problem.FEATURE_NOT_SUPPORTED, detail)
        return await method.resolve_version(url.did, query)

    async def _resolve(self, did: str, max_age: int | None) -> tuple[Resolution, datetime | None]:
        """The resolution, and when the oldest was had of what it was read of."""
        if (known := self._library.find(did)) is not None:
            again = _Reading(self._outside, max_age)
            try:
                for page in known[0]:
                    await again(page.url, accept=page.accept, max_bytes=page.max_bytes)
            except DidMethodsError:
                pass  # told by resolving it anew
            else:
                if tuple(again.pages) == known[0]:
                    return known[1], again.oldest
        reading = _Reading(self._outside, max_age)
        answer = await resolve_did(did, self._methods(reading))
        if reading.whole and reading.pages and answer.document is not None and did.split(":")[1] in _KEPT_METHODS:
            self._library.keep(did, tuple(reading.pages), answer)
        return answer, reading.oldest

    def _methods(self, reading: _Reading) -> Mapping[str, Method]:
        now, loopback = self._outside.now, self._set_up.loopback
        return {
            **COMPUTED,
            web.METHOD: WebMethod(reading, parse_object, loopback=loopback),
            webvh_log.METHOD: WebvhMethod(reading, LOG_TOOLS, now, loopback=loopback),
            ethr.METHOD: EthrMethod(self._registry, read_json, lambda: int(now().timestamp())),
        }

    def _registry(self, chain_id: int) -> "RegistryReader | None":
        """Who reads the registry of a chain: for our own, out of what it shows; for others, what their nodes show."""
        trust, own = self._set_up.trust, self._set_up.own
        if own is not None and own[0].id == chain_id:
            known = trust.chain(chain_id)
            if known is None or known.registry is None:
                return None
            return RegistryReader(OwnRegistry(self._outside, own[0]), known.registry)
        return registry_readers(trust.chains, self._reach)(chain_id)

    def _reach(self, chain: "TrustedChain", name: str) -> "JsonRpc":
        return reached(self._outside, chain, name)


def reached(outside: Outside, chain: "TrustedChain", name: str) -> "JsonRpc":
    """A node of a chain, whose messages the pool carries."""
    from node.adapters.json_rpc.client import JsonRpc  # noqa: PLC0415 -- few tasks need a chain

    async def carry(message: bytes, max_bytes: int) -> bytes:
        return await outside.post(chain.chain.id, name, message, max_bytes)

    return JsonRpc(name, carry=carry)


def _asked(text: str, version: Mapping[str, str]) -> tuple[DidUrl, VersionQuery]:
    """Of what which version is asked for; raises DidMethodsError where that is not one of a DID."""
    url = parse_did_url(text)
    if url.path or url.fragment is not None or (version and url.query is not None) or len(version) > 1:
        raise InvalidDidUrlError(
            "a version is asked for of a DID, and in one way",
            code="did_url.version",
            remedy="Ask for a DID by one of versionId, versionTime and versionNumber.",
        )
    for name, value in version.items():
        return url, VersionQuery.read(name, value)
    return url, VersionQuery.of(url)


class _Ledgers:
    """Who answers for each chain."""

    def __init__(self, outside: Outside, set_up: SetUp, seen: "Seen") -> None:
        self._outside = outside
        self._own = set_up.own
        self._seen = seen
        self._readers: dict[int, LedgerReader] = {}

    def __call__(self, chain: "TrustedChain") -> "LedgerReader | None":
        """A reader, or None where nobody is to be asked."""
        if self._own is not None and self._own[0] == chain.chain:
            return _OwnChain(self._outside, *self._own)
        if not chain.rpc:
            return None
        if chain.chain.id not in self._readers:
            self._readers[chain.chain.id] = self._reader(chain)
        return self._readers[chain.chain.id]

    def _reader(self, chain: "TrustedChain") -> "LedgerReader":
        from anchoring.checkpoint import TrustedBlock  # noqa: PLC0415 -- few tasks need a chain
        from node.adapters.json_rpc.reader import JsonRpcReader  # noqa: PLC0415 -- as above

        place = (chain.chain.id, chain.chain.genesis)
        known = next((block for block in self._seen.blocks if block.place == place), None)
        final = TrustedBlock(chain.chain, known.number, known.hash) if known is not None else None
        nodes = [reached(self._outside, chain, name) for name in chain.rpc]
        return JsonRpcReader(
            chain.chain,
            chain.contract,
            nodes,
            chain.quorum,
            seen=final,
            light=chain.light_client,
            now=self._outside.now,
        )


@dataclass(frozen=True, slots=True)
class _OwnChain:
    """A LedgerReader for our own chain, which the pool asks."""

    outside: Outside
    chain: "Chain"
    contract: "Contract"

    async def final_block(self) -> "TrustedBlock":
        """Its last block."""
        from anchoring.checkpoint import TrustedBlock  # noqa: PLC0415 -- few tasks need a chain

        return TrustedBlock(self.chain, *await self.outside.own_block(self.chain.id))

    async def answer(self, question: "Question", block: "TrustedBlock") -> "Fact | None":
        """What the contract said at the end of a block."""
        from anchoring.layout import proven_facts  # noqa: PLC0415 -- as above

        proof = await self.prove([question], block)
        told = proven_facts(proof, block_hash=block.hash, contract=self.contract, questions=[question])
        return told.facts[question]

    async def prove(self, questions: "Iterable[Question]", block: "TrustedBlock") -> "StorageProof":
        """One proof of the answers to all of these questions."""
        from anchoring.layout import slots_of  # noqa: PLC0415 -- as above
        from anchoring.storage_proof import StorageProof  # noqa: PLC0415 -- as above

        slots = dict.fromkeys(slot for question in questions for slot in slots_of(question))
        proof = await self.outside.own_storage(self.chain.id, (block.number, block.hash), self.contract, tuple(slots))
        return StorageProof.decode(proof)

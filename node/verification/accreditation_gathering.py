"""Gathering of accreditations: whom bodies that the verifier believes accredited, among the issuers of a subject.

1. Fetch what the trust file names, and what an issuer's own document names. After these comes what is held already, and
   last what came with the subject: strangers bring as many as they like.
2. Follow each that is about an issuer to the parent that it names, and fetch that where its id is an address.
3. Keep those that lead to a body which the verifier believes; of all others nobody is asked anything.
4. Resolve the identifiers of who signed them.
5. Ask the chains on which they say that they stand, from the first number on until there is none.
6. Leave out what came with the subject where a chain answers and there was too much to ask: proofs that came along
   could be of a time before a withdrawal.

Nothing is judged: whether an accreditation is what it says, and was in force, is for `accreditations`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain as chain_of
from typing import Final

from anchoring.accreditations import evidence_of, scope_id, subject_id
from anchoring.checkpoint import TrustedBlock
from anchoring.errors import AnchoringError
from anchoring.facts import AccreditationOf
from anchoring.layout import proven_facts
from anchoring.ledger import LedgerReader
from node.credentials.credential import Credential
from node.documents import MAX_CREDENTIAL_BYTES, JsonValue
from node.verification.accreditation_standing import MAX_NUMBERS, Link, read_links
from node.verification.accreditations import MAX_LINKS
from node.verification.chains import TrustedChain, is_test_network
from node.verification.errors import FetchError
from node.verification.ledger_gathering import ASK_SECONDS
from node.verification.ledger_material import FactProof, LedgerMaterial, QuorumBlock
from node.verification.material import Origin, ResolutionFailure, ResourceCopy, VerificationMaterial
from node.verification.namespaces import MAX_SERVICES
from node.verification.published import MAX_AT_ONCE
from node.verification.sources import Sources
from node.verification.subject import Handed, read_subject
from node.verification.trust import Trust

SERVICE: Final = "Accreditation"
"""The type of the service by which an issuer's document says where its accreditations are published, one at each."""
MAX_FETCHED: Final = 16
"""Addresses that are asked for one subject."""
FETCH_SECONDS: Final = 10.0
"""All of them; each has the fetcher's own limit."""
ACCEPT: Final = "application/vc, application/vc+jwt, application/ld+json;q=0.9, application/json;q=0.8"
WEB: Final = "https://"
NUMBERS_AT_ONCE: Final = 8
"""Numbers of one scope that are asked for together: more than most have."""
QUESTIONS_AT_ONCE: Final = 64
"""As many as one proof shows: each takes two slots."""
MAX_PROOFS: Final = 8
"""Proofs of one chain for one subject."""

type GatherFor = Callable[[JsonValue], Awaitable[VerificationMaterial]]
"""What is gathered for a document by itself: the identifiers behind its signature."""

type _Place = tuple[bytes, bytes, bytes]


@dataclass(slots=True)
class _Chain:
    """A chain, whoever answers for it, and what is asked: body, subject and scope."""

    chain: TrustedChain
    reader: LedgerReader
    places: dict[_Place, set[bytes]]
    """With the digests of those that are said to stand there."""


async def gather_accreditations(  # noqa: PLR0913 -- what there is, and whom to ask for more
    subject: Handed,
    material: VerificationMaterial,
    sources: Sources,
    trust: Trust,
    *,
    held: Sequence[ResourceCopy],
    brought: Sequence[ResourceCopy],
    gather_for: GatherFor,
) -> VerificationMaterial:
    """The material with the accreditations of the subject's issuers, and what is needed to judge them. Never raises.

    `held` are the verifier's own, and `brought` those that came with the subject.
    """
    issuers = set(_issuers(subject))
    named = [*(address for body in trust.bodies.values() for address in body.addresses)]
    named += [address for issuer in issuers for address in _published(material, issuer)]
    asked = dict.fromkeys(named[:MAX_FETCHED])
    fetched = await _fetched(asked, sources)  # 1.
    for _ in range(MAX_LINKS - 1):  # 2.
        missing = [one for one in _missing(_each_once(fetched, held, brought), issuers, trust) if one not in asked]
        missing = missing[: MAX_FETCHED - len(asked)]
        if not missing:
            break
        asked |= dict.fromkeys(missing)
        fetched += await _fetched(missing, sources)
    copies = _each_once(fetched, held, brought)
    links = {link.digest: link for link in read_links(copies)}
    leading = [one for link in links.values() if link.accreditation.subject in issuers for one in _way(link, links)]
    kept = {link.digest: link for link in leading if _leads(link, links, trust)}  # 3.
    gathered = await asyncio.gather(*(gather_for(link.received.whole) for link in kept.values()))  # 4.
    for each in gathered:
        material = replace(
            material,
            documents={**each.documents, **material.documents},
            failures={**each.failures, **material.failures},
        )
    ledgers, unasked = await _ask_all(_chains(kept.values(), sources, trust), sources, material.ledgers)  # 5.
    found = [copy for copy in fetched if evidence_of(copy.content) in kept]
    asked_about = [copy for copy in brought if (digest := evidence_of(copy.content)) in links and digest not in unasked]
    return replace(material, ledgers=ledgers, accreditations=tuple(_each_once(found, held, asked_about)))  # 6.


def _each_once(*copies: Iterable[ResourceCopy]) -> list[ResourceCopy]:
    """The copies, of each content the first."""
    found: dict[bytes, ResourceCopy] = {}
    for copy in chain_of(*copies):
        found.setdefault(copy.content, copy)
    return list(found.values())


def _issuers(subject: Handed) -> Iterator[str]:
    for part in read_subject(subject).parts:
        if part.typed:
            from node.verification.sd_jwt_vc.issuer_key import issuer_in  # noqa: PLC0415 -- few subjects need it

            issuer = issuer_in(part)
        else:
            issuer = Credential(part.value).issuer if isinstance(part.value, dict) else None
        if issuer is not None:
            yield issuer


def _published(material: VerificationMaterial, issuer: str) -> Iterator[str]:
    """The addresses of accreditations that an issuer's document names."""
    item = material.documents.get(issuer)
    services = item.document.get("service") if item is not None else None
    for service in (services if isinstance(services, list) else [])[:MAX_SERVICES]:
        kinds = service.get("type") if isinstance(service, dict) else None
        if isinstance(service, dict) and SERVICE in (kinds if isinstance(kinds, list) else [kinds]):
            ends = service.get("serviceEndpoint")
            for end in (ends if isinstance(ends, list) else [ends])[:MAX_FETCHED]:
                if isinstance(end, str) and end.startswith(WEB):
                    yield end


async def _fetched(urls: Iterable[str], sources: Sources) -> list[ResourceCopy]:
    gate = asyncio.Semaphore(MAX_AT_ONCE)
    end = asyncio.get_running_loop().time() + FETCH_SECONDS
    found = await asyncio.gather(*(_fetch(url, sources, gate, end) for url in dict.fromkeys(urls)))
    return [copy for copy in found if copy is not None]


async def _fetch(url: str, sources: Sources, gate: asyncio.Semaphore, end: float) -> ResourceCopy | None:
    try:
        async with asyncio.timeout_at(end), gate:
            fetched = await sources.fetch(url, accept=ACCEPT, max_bytes=MAX_CREDENTIAL_BYTES)
    except (FetchError, TimeoutError):
        return None  # what was not had cannot count
    return ResourceCopy(url, fetched.body, Origin.LIVE, fetched.at)


def _missing(copies: Sequence[ResourceCopy], issuers: set[str], trust: Trust) -> list[str]:
    """The addresses of parents that nobody has brought."""
    links = {link.digest: link for link in read_links(copies)}
    found: dict[str, None] = {}
    for link in links.values():
        if link.accreditation.subject in issuers:
            last = _way(link, links)[-1].accreditation
            if last.body not in trust.bodies and last.parent is not None and last.parent.id.startswith(WEB):
                found[last.parent.id] = None
    return list(found)


def _way(link: Link, links: Mapping[bytes, Link]) -> list[Link]:
    """An accreditation and those above it, as far as they are at hand."""
    way = [link]
    while len(way) < MAX_LINKS and (parent := way[-1].accreditation.parent) is not None and parent.digest in links:
        way.append(links[parent.digest])
    return way


def _leads(link: Link, links: Mapping[bytes, Link], trust: Trust) -> bool:
    return any(one.accreditation.body in trust.bodies for one in _way(link, links))


def _chains(links: Iterable[Link], sources: Sources, trust: Trust) -> list[_Chain]:
    """The chains to ask, and what: only in the contract that the verifier expects there."""
    found: dict[int, _Chain] = {}
    for link in links:
        accreditation = link.accreditation
        for name in link.names:
            chain = trust.chain(name.chain_id)
            if chain is None or is_test_network(name.chain_id, chain.kind) or name.contract != chain.contract.address:
                continue
            each = found.get(name.chain_id)
            if each is None and (reader := sources.ledger(chain)) is not None:
                each = found[name.chain_id] = _Chain(chain, reader, {})
            if each is not None:
                for scope in accreditation.scopes:
                    place = name.namespace, subject_id(accreditation.subject), scope_id(scope.canonical())
                    each.places.setdefault(place, set()).add(link.digest)
    return list(found.values())


async def _ask_all(
    chains: Sequence[_Chain], sources: Sources, known: LedgerMaterial | None
) -> tuple[LedgerMaterial | None, set[bytes]]:
    """What is known of chains then, and the digests of accreditations of which not all could be asked."""
    given, unasked = known or LedgerMaterial(), set[bytes]()
    answers = await asyncio.gather(*(_ask(each, sources) for each in chains))
    for each, answer in zip(chains, answers, strict=True):
        if isinstance(answer, ResolutionFailure):
            given = replace(given, failures={**given.failures, each.chain.caip: answer})
        else:
            block, facts, left = answer
            unasked |= left
            given = replace(given, blocks=(*given.blocks, block), facts=(*facts, *given.facts))
    return given or None, unasked


async def _ask(
    asked: _Chain, sources: Sources
) -> tuple[QuorumBlock, tuple[FactProof, ...], set[bytes]] | ResolutionFailure:
    """The last final block, proofs of what the records say at the end of it, and of which nothing was asked."""
    try:
        async with asyncio.timeout(ASK_SECONDS):
            block = await asked.reader.final_block()
            facts, unasked = await _proofs(asked, block)
    except TimeoutError:
        return ResolutionFailure("TIMEOUT", "the nodes of the chain took too long", sources.now())
    except AnchoringError as error:
        return ResolutionFailure(error.code, str(error), sources.now())
    shown = QuorumBlock(block.chain.id, block.chain.genesis, block.number, block.hash, Origin.LIVE)
    return shown, facts, unasked


async def _proofs(asked: _Chain, block: TrustedBlock) -> tuple[tuple[FactProof, ...], set[bytes]]:
    """Proofs of all numbers of each place, up to the first under which there is none; they have no gaps.

    With them, the digests of those at places that were left over.
    """
    chain, found = asked.chain, list[FactProof]()
    pending = [(place, 0) for place in asked.places]
    while pending and len(found) < MAX_PROOFS:
        batch = pending[: QUESTIONS_AT_ONCE // NUMBERS_AT_ONCE]
        pending = pending[len(batch) :]
        questions = tuple(
            AccreditationOf(*place, number)
            for place, first in batch
            for number in range(first, first + NUMBERS_AT_ONCE)
        )
        proof = await asked.reader.prove(questions, block)
        found.append(FactProof(chain.chain.id, chain.contract.address, questions, proof.encode(), Origin.LIVE))
        shown = proven_facts(proof, block_hash=block.hash, contract=chain.contract, questions=questions).facts
        for place, first in batch:
            following = first + NUMBERS_AT_ONCE
            if shown[AccreditationOf(*place, following - 1)] is not None and following < MAX_NUMBERS:
                pending.append((place, following))
    return tuple(found), {digest for place, _ in pending for digest in asked.places[place]}

"""Gathering: all input and output of a verification, bounded in number and time, before anything is judged.

1. Name the identifiers whose documents the judgement may need: each issuer, and each key's controller. Those whose
   document follows from the identifier are left out: the judge computes it, whatever anybody hands over.
2. Take the documents that the verifier pinned.
3. Resolve the others side by side. A problem, or time running out, is noted as data.
4. Meanwhile, gather the status lists that the credentials name (`status_gathering`), and what domains say of their
   identifiers where a list of the verifier wants to know (`domain_gathering`).
5. Gather what the hosts of badges of Open Badges 2 publish, one object leading to the next (`open_badges_2`).
6. Gather what issuers of SD-JWT VCs publish of their keys (`sd_jwt_vc`).
7. Ask chains about the receipts that came with the subject, and about promised heads (`ledger_gathering`).
8. Look for lists that heads name, and nobody has brought, at the verifier's mirrors (`mirror_gathering`).
9. Gather the accreditations of issuers, where the verifier believes any bodies (`accreditation_gathering`).

Gathering decides nothing: it does not even look whether the identifiers belong together.
"""

import asyncio
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from did_methods.cache import retrieved_at
from did_methods.did import parse_did_url
from did_methods.errors import DidMethodsError
from node.documents import JsonValue
from node.verification.domain_gathering import asked_domains, gather_configurations
from node.verification.keys import is_computed
from node.verification.material import (
    BadgeObjectCopy,
    MetadataCopy,
    Origin,
    ResolutionFailure,
    ResolvedDocument,
    StatusListCopy,
    VerificationMaterial,
)
from node.verification.policy import KeyEvidence
from node.verification.received import Received
from node.verification.sources import Sources
from node.verification.status_gathering import gather_status_lists, named_lists
from node.verification.subject import Handed, read_subject
from node.verification.trust import Trust

if TYPE_CHECKING:
    from node.verification.ledger_material import LedgerMaterial
    from node.verification.material import ResourceCopy

MAX_IDENTIFIERS: Final = 128
"""Identifiers resolved for one subject: a presentation of 100 credentials by as many issuers, and its holder."""
MAX_AT_ONCE: Final = 8
"""Resolutions under way together: enough to hide slow answers, too few to make a subject a weapon against others."""
RESOLVE_SECONDS: Final = 5.0
"""One resolution."""
GATHER_SECONDS: Final = 15.0
"""All of them: people wait for the answer."""
MAX_PROOFS_READ: Final = 8
"""Proofs of one document whose keys are looked for; a document with more is refused as malformed."""
HTTPS: Final = "https://"


async def gather(  # noqa: PLR0913 -- a subject, whom to ask, and what is held of each kind
    subject: Handed,
    sources: Sources,
    trust: Trust,
    *,
    lists: Sequence[StatusListCopy] = (),
    beside: Sequence[JsonValue] = (),
    ledgers: "LedgerMaterial | None" = None,
    accreditations: "Sequence[ResourceCopy]" = (),
    brought: "Sequence[ResourceCopy]" = (),
) -> VerificationMaterial:
    """The material for judging this subject. Never raises for what the subject says.

    `lists` are copies of status lists that are held already; those that the subject names become part of the material.
    `beside` are documents that were handed over with the subject; only their keys are looked for. `ledgers` is what is
    held of chains already, such as receipts and checkpoints; `accreditations` are documents of that kind, and `brought`
    those of them that came with the subject.
    """
    subject = read_subject(subject)
    around = _gather(subject, sources, trust, lists, beside)
    asks = ledgers or trust.chains
    material = await (_with_ledgers(around, subject, sources, trust, ledgers) if asks else around)
    if not (accreditations or trust.bodies):
        return replace(material, accreditations=tuple(brought)) if brought else material
    from node.verification.accreditation_gathering import gather_accreditations  # noqa: PLC0415 -- few know bodies

    async def gather_for(document: JsonValue) -> VerificationMaterial:
        return await _gather(document, sources, trust, (), ())

    return await gather_accreditations(  # 9.
        subject, material, sources, trust, held=accreditations, brought=brought, gather_for=gather_for
    )


async def _with_ledgers(
    around: Coroutine[None, None, VerificationMaterial],
    subject: Handed,
    sources: Sources,
    trust: Trust,
    ledgers: "LedgerMaterial | None",
) -> VerificationMaterial:
    from node.verification.ledger_gathering import gather_ledgers  # noqa: PLC0415 -- few subjects need it

    material, known = await asyncio.gather(around, gather_ledgers(subject, sources, trust, ledgers))
    if known is None:
        return material
    material = replace(material, ledgers=known)
    if not any(chain.mirrors for chain in trust.chains):
        return material
    from node.verification.mirror_gathering import gather_mirrored  # noqa: PLC0415 -- few verifiers name mirrors

    return await gather_mirrored(subject, material, sources, trust)  # 8.


async def _gather(
    subject: Handed,
    sources: Sources,
    trust: Trust,
    lists: Sequence[StatusListCopy],
    beside: Sequence[JsonValue],
) -> VerificationMaterial:
    wanted = list(dict.fromkeys(name for each in (subject, *beside) for name in _identifiers(each)))  # 1.
    now = sources.now()
    documents = {  # 2.
        identifier: ResolvedDocument(trust.documents[identifier], KeyEvidence.NOW_ONLY, Origin.PINNED, now)
        for identifier in wanted
        if identifier in trust.documents
    }
    failures = {
        identifier: ResolutionFailure("NOT_A_DID", "documents at https addresses are not fetched, only pinned", now)
        for identifier in wanted
        if identifier not in documents and identifier.startswith(HTTPS)
    }
    resolvable = [identifier for identifier in wanted if identifier not in documents and identifier not in failures]
    failures |= {
        identifier: ResolutionFailure(
            "TOO_MANY", f"more than {MAX_IDENTIFIERS} identifiers are in one subject; this one was left out", now
        )
        for identifier in resolvable[MAX_IDENTIFIERS:]
    }
    chosen, named, domains = resolvable[:MAX_IDENTIFIERS], named_lists(subject), asked_domains(subject, trust)
    parts = read_subject(subject).parts
    badges = [part.badge for part in parts if part.badge is not None]
    typed = [part for part in parts if part.typed]
    if not (chosen or named or domains or badges or typed):
        return VerificationMaterial(documents, failures)
    end = asyncio.get_running_loop().time() + GATHER_SECONDS
    gate = asyncio.Semaphore(MAX_AT_ONCE)
    found, (copies, unread), (configurations, unsaid) = await asyncio.gather(
        asyncio.gather(*(_resolve(identifier, sources, gate, end) for identifier in chosen)),  # 3.
        gather_status_lists(named, sources, lists),  # 4.
        gather_configurations(domains, sources),
    )
    for identifier, item in zip(chosen, found, strict=True):
        if isinstance(item, ResolvedDocument):
            documents[identifier] = item
        else:
            failures[identifier] = item
    published: tuple[BadgeObjectCopy, ...] = ()
    if badges:
        from node.verification.open_badges_2.gathering import gather_badges  # noqa: PLC0415 -- few subjects need it

        published, unpublished = await gather_badges(badges, sources)  # 5.
        failures |= unpublished
    metadata: tuple[MetadataCopy, ...] = ()
    if typed:
        from node.verification.sd_jwt_vc.gathering import gather_metadata, publishing_issuers  # noqa: PLC0415 -- as above

        metadata, unsaid_of_keys = await gather_metadata(publishing_issuers(typed, trust), sources)  # 6.
        failures |= unsaid_of_keys
    return VerificationMaterial(
        documents, failures | unsaid, copies, unread, configurations, published, metadata=metadata
    )


async def _resolve(
    did: str, sources: Sources, gate: asyncio.Semaphore, end: float
) -> ResolvedDocument | ResolutionFailure:
    try:
        async with asyncio.timeout_at(end), gate, asyncio.timeout(RESOLVE_SECONDS):
            resolution = await sources.resolve(did)
    except TimeoutError:
        return ResolutionFailure("TIMEOUT", "the resolution took too long and was given up", sources.now())
    now = retrieved_at(resolution) or sources.now()
    if resolution.document is None:
        problem = resolution.problem
        code = problem.rpartition("#")[2] if problem else "NOT_FOUND"
        return ResolutionFailure(code, resolution.detail or "no document was found", now)
    if resolution.deactivated and not resolution.files:  # files tell what it was before
        return ResolutionFailure("DEACTIVATED", "its controller has given the identifier up", now)
    return ResolvedDocument(resolution.document, KeyEvidence.NOW_ONLY, Origin.LIVE, now, resolution.files)


def _identifiers(subject: Handed) -> Iterator[str]:
    """The identifiers that matter, as often as they occur: the holder's first, so that they are never left out."""
    read = read_subject(subject)
    if read.presentation is not None:
        yield from _controllers(read.presentation)
    for part in read.parts:
        if part.typed:
            from node.verification.sd_jwt_vc.gathering import identifiers_of  # noqa: PLC0415 -- few subjects need it

            for name in identifiers_of(part):
                yield from _identifier(name)
        elif isinstance(part.value, dict):
            issuer = part.value.get("issuer")
            yield from _identifier(issuer.get("id") if isinstance(issuer, dict) else issuer)
            yield from _controllers(part)


def _controllers(part: Received) -> Iterator[str]:
    if part.envelope is not None:
        yield from _identifier(part.envelope.verification_method)
    proofs = part.value.get("proof") if isinstance(part.value, dict) else None
    for proof in (proofs if isinstance(proofs, list) else [proofs])[:MAX_PROOFS_READ]:
        if isinstance(proof, dict):
            yield from _identifier(proof.get("verificationMethod"))


def _identifier(value: JsonValue) -> Iterator[str]:
    """The DID in a DID or DID URL unless its document is computed, or an https URL without its fragment."""
    if not isinstance(value, str):
        return
    if value.startswith(HTTPS):
        yield value.partition("#")[0]
        return
    try:
        did = parse_did_url(value).did
    except DidMethodsError:
        return  # no identifier: the judgement says so
    if not is_computed(did):
        yield str(did)

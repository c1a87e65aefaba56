"""`glejt capsule`: put documents into one file with all it takes to check them later; say what is in one."""

import asyncio
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from anchoring.checkpoint import Checkpoint, SignedCheckpoint
from anchoring.errors import AnchoringError
from anchoring.ledger import LedgerReader
from node.app import sources
from node.cli.errors import CliError
from node.cli.files import STDIN, require_free, write_whole
from node.cli.inputs import read_credential, read_file, trust_for
from node.cli.invocation import Invocation
from node.cli.ledger_inputs import read_ledgers
from node.cli.output import json_text, visible
from node.cli.verify import status_list
from node.config import allows_loopback
from node.credentials.record_name import RecordName
from node.credentials.timestamps import format_timestamp
from node.documents import MAX_CREDENTIAL_BYTES, MAX_PRESENTATION_BYTES, JsonObject, JsonValue, parse_object
from node.verification.capsule import Capsule
from node.verification.capsule_cbor import encode
from node.verification.capsule_making import (
    Lack,
    NeededBlock,
    lacks_in,
    make_capsule,
    needed_blocks,
    proven_under_checkpoints,
    rehearse,
)
from node.verification.gather import gather
from node.verification.ledger_material import LedgerMaterial
from node.verification.linked_gathering import gather_resources, wanted_resources
from node.verification.material import EMPTY, Origin, ResolvedDocument, ResourceCopy, VerificationMaterial
from node.verification.opened_capsule import compared_contexts, opened
from node.verification.policy import KeyEvidence, built_in
from node.verification.received import subject_of
from node.verification.records import decoded_receipts, moment
from node.verification.sources import Sources
from node.verification.trust import Trust
from node.verification.verify import verify
from node.verification.vocabulary import vocabulary

JSON_NAME: Final = ".json"
"""How the name of a file ends that gets the form for people."""
UNTOLD: Final = 20
"""The status where something is missing."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was handed over for a capsule, each a file, as typed."""

    trust: str | None
    offline: bool
    receipts: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    accreditations: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    """Documents of DIDs."""
    embedded: str | None = None


def make(  # noqa: PLR0913 -- what goes in, and how it is told
    invocation: Invocation, names: Sequence[str], given: Given, *, out: str | None, force: bool, as_json: bool
) -> int:
    """Put documents into a capsule, with what is given and what can be gathered; say what is missing, with status 20.

    A capsule among the files is opened, and what is in it goes into the new one.
    """
    handed = [
        *names,
        *given.receipts,
        *given.checkpoints,
        *given.lists,
        *given.labels,
        *given.accreditations,
        *given.documents,
    ]
    if handed.count(STDIN) > 1:
        raise CliError("usage.stdin_twice")
    path = None if out is None else Path(out).expanduser()
    if path is not None:
        require_free(path, force=force)
    trust = trust_for(invocation, given.trust)
    at = datetime.now(UTC).replace(microsecond=0)
    former = _held(invocation, names)
    held = _with_given(invocation, former, given, at)
    online = not (given.offline or invocation.settings.offline)

    async def gathered(trust: Trust, own: LedgerReader | None = None) -> tuple[Trust, VerificationMaterial]:
        outside = sources(online=online, loopback=allows_loopback(os.environ), trust=trust, own=own)
        return trust, await _gathered(held, outside, trust, at)

    if given.embedded is None:
        trust, material = asyncio.run(gathered(trust))
    else:
        from node.cli.embedded import with_embedded  # noqa: PLC0415 -- few have a chain

        trust, material = asyncio.run(with_embedded(invocation, trust, given.embedded, gathered))
    capsule = make_capsule(held.documents, material, made=at, beside=held.beside, trust=trust)
    lacks = list(lacks_in(rehearse(capsule, trust, at, blocks=material.ledgers)))
    blocks = [(block, _covered(block, capsule)) for block in needed_blocks(capsule)]
    data = capsule.json_text() if path is None or path.suffix == JSON_NAME else encode(capsule)
    if path is None:
        invocation.out.answer(data.decode().rstrip("\n"))
    else:
        write_whole(path, data, force=force)
        if as_json:
            invocation.out.answer_json(_made(path, data, capsule, lacks, blocks))
        else:
            invocation.out.answer(invocation.words("capsule.made", name=visible(out), size=str(len(data))))
    _tell(invocation, trust, lacks, blocks)
    return UNTOLD if lacks else 0


def show(invocation: Invocation, name: str, *, as_json: bool) -> int:
    """Say what is in a capsule, without checking any of it; as JSON, the capsule in its form for people."""
    found = opened(read_file(invocation, name))
    if found is None:
        raise CliError("input.no_capsule", name=name)
    return show_capsule(invocation, name, found.capsule, as_json=as_json)


def show_capsule(invocation: Invocation, name: str, capsule: Capsule, *, as_json: bool) -> int:
    """The same of one that was read."""
    out = invocation.out
    if as_json:
        out.answer(capsule.json_text().decode().rstrip("\n"))
        return 0
    out.answer(invocation.words("capsule.of", name=visible(name), time=format_timestamp(capsule.made)), "bold")
    lines = _lines(capsule, invocation)
    width = max(len(label) for label, _ in lines) + 2
    for label, value in lines:
        out.answer(f"  {label:{width}}{visible(value)}")
    out.remark("inspect.unchecked", name=name)
    return 0


def _held(invocation: Invocation, names: Sequence[str]) -> Capsule:
    """The documents in the files, and what the capsules among these have beside them."""
    documents: list[bytes] = []
    beside: list[bytes] = []
    material = EMPTY
    for name in names:
        data = read_file(invocation, name) if name != STDIN else None
        found = opened(data) if data is not None else None
        if found is None:
            documents.append(read_credential(invocation, name, limit=MAX_PRESENTATION_BYTES))
            continue
        documents += found.capsule.documents
        beside += found.capsule.beside
        joined = found.within(material)
        material = replace(
            joined, status_lists=(*joined.status_lists, *found.lists), ledgers=found.ledgers(joined.ledgers)
        )
    return Capsule.of(documents, material, made=datetime.now(UTC), beside=beside)


def _with_given(invocation: Invocation, held: Capsule, given: Given, at: datetime) -> Capsule:
    material = held.material
    known = material.ledgers or LedgerMaterial()
    ledgers = read_ledgers(given.receipts, given.checkpoints)
    documents = {
        did: ResolvedDocument(document, KeyEvidence.NOW_ONLY, Origin.FILE, at)
        for did, document in (_did_document(invocation, name) for name in given.documents)
    }
    lists = tuple(status_list(invocation, name) for name in given.lists)
    statements = [read_credential(invocation, name, limit=MAX_CREDENTIAL_BYTES) for name in given.labels]
    return replace(
        held,
        beside=tuple(dict.fromkeys((*statements, *held.beside))),
        material=replace(
            material,
            documents={**material.documents, **documents},
            status_lists=(*lists, *material.status_lists),
            accreditations=(
                *(_accreditation(invocation, name, at) for name in given.accreditations),
                *material.accreditations,
            ),
            ledgers=replace(
                known,
                receipts=(*ledgers.receipts, *known.receipts),
                checkpoints=(*ledgers.checkpoints, *known.checkpoints),
            )
            or None,
        ),
    )


def _did_document(invocation: Invocation, name: str) -> tuple[str, JsonObject]:
    document = parse_object(read_credential(invocation, name, limit=MAX_CREDENTIAL_BYTES))
    identifier = document.get("id")
    if not isinstance(identifier, str) or not identifier.startswith("did:"):
        raise CliError("input.no_did_document", name=name)
    return identifier, document


def _accreditation(invocation: Invocation, name: str, at: datetime) -> ResourceCopy:
    """A signed accreditation, to the byte."""
    data = read_credential(invocation, name, limit=MAX_CREDENTIAL_BYTES)
    value = subject_of(data)
    identifier = value.get("id") if isinstance(value, dict) else None
    return ResourceCopy(identifier if isinstance(identifier, str) else "", data, Origin.FILE, at)


async def _gathered(held: Capsule, outside: Sources, trust: Trust, at: datetime) -> VerificationMaterial:
    """What is held, and what can be had now: documents that were handed over stay, as they may be the ones of then."""
    subject = subject_of(held.subject_bytes)
    given = held.material
    found = await gather(
        subject, outside, trust, lists=given.status_lists, beside=held.beside_values, ledgers=given.ledgers
    )
    known = {did: item for did, item in found.documents.items() if item.origin is not Origin.PINNED}
    material = replace(
        found,
        documents={**found.documents, **given.documents, **{did: item for did, item in known.items() if item.files}},
        resources=given.resources,
        accreditations=tuple(dict.fromkeys((*given.accreditations, *found.accreditations))),
    )
    report = verify(subject, material, built_in(), at, trust=trust, beside=held.beside_values)
    if wanted_resources(report):
        material = await gather_resources(report, material, outside)
    return await proven_under_checkpoints(material, trust, outside.ledger, at)


def _covered(block: NeededBlock, capsule: Capsule) -> bool:
    """Whether a checkpoint of a block is in the capsule itself."""
    for data in (capsule.material.ledgers or LedgerMaterial()).checkpoints:
        try:
            checkpoint = Checkpoint.decode(SignedCheckpoint.decode(data).signed)
        except AnchoringError:
            continue
        if (checkpoint.chain.id, checkpoint.hash) == (block.chain_id, block.hash):
            return True
    return False


def _tell(
    invocation: Invocation, trust: Trust, lacks: Sequence[Lack], blocks: Sequence[tuple[NeededBlock, bool]]
) -> None:
    for lack in lacks:
        check = invocation.words(f"capsule.check.{lack.check}")
        invocation.out.remark("remark.capsule_lacks", place=lack.place, check=check, reason=lack.message)
    chains = {block.chain_id for block, _ in blocks} - {block.chain_id for block, covered in blocks if covered}
    for chain_id in sorted(chains):
        newest = next(block for block, _ in blocks if block.chain_id == chain_id)
        chain = trust.chain(chain_id)
        network = f"eip155:{chain_id}" if chain is None else chain.name
        invocation.out.remark("remark.capsule_block", network=network, block=newest.number)


def _made(
    path: Path,
    data: bytes,
    capsule: Capsule,
    lacks: Sequence[Lack],
    blocks: Sequence[tuple[NeededBlock, bool]],
) -> JsonObject:
    return {
        "file": str(path),
        "bytes": len(data),
        "documents": len(capsule.documents),
        "contexts": dict(capsule.contexts),
        "missing": [
            {"document": lack.place, "check": lack.check.value, "code": lack.code, "message": lack.message}
            for lack in lacks
        ],
        "blocks": [
            {"chain": block.chain_id, "block": block.number, "hash": f"0x{block.hash.hex()}", "checkpoint": covered}
            for block, covered in blocks
        ],
    }


def _lines(capsule: Capsule, invocation: Invocation) -> list[tuple[str, str]]:
    """What is in a capsule, one line for each item: its kind, and what it says of itself."""
    words, ledgers = invocation.words, capsule.material.ledgers or LedgerMaterial()
    lines = [(words("capsule.label.document"), _named(document)) for document in capsule.documents]
    lines += [(words("capsule.label.statement"), _named(statement)) for statement in capsule.beside]
    for did, item in capsule.material.documents.items():
        files = f" ({', '.join(item.files)})" if item.files else ""
        lines.append((words("capsule.label.did"), f"{did}, {format_timestamp(item.resolved_at)}{files}"))
    lines += [
        (words("capsule.label.list"), f"{copy.url}, {format_timestamp(copy.obtained_at)}")
        for copy in capsule.material.status_lists
    ]
    lines += [(words("capsule.label.resource"), copy.url) for copy in capsule.material.resources]
    lines += [(words("capsule.label.accreditation"), copy.url) for copy in capsule.material.accreditations]
    for receipt in decoded_receipts(ledgers.receipts):
        name = RecordName(receipt.site.chain_id, receipt.site.contract, receipt.site.namespace)
        lines.append((words("capsule.label.receipt"), f"{receipt.state}, {name}"))
    for data in ledgers.checkpoints:
        try:
            checkpoint = Checkpoint.decode(SignedCheckpoint.decode(data).signed)
        except AnchoringError:
            continue
        told = f"eip155:{checkpoint.chain.id}, {checkpoint.number}, {format_timestamp(moment(checkpoint.timestamp))}"
        lines.append((words("capsule.label.checkpoint"), told))
    lines += [
        (words("capsule.label.block"), f"eip155:{block.chain_id}, {block.number}") for block in needed_blocks(capsule)
    ]
    states = compared_contexts(capsule, vocabulary(()).contexts)
    lines += [
        (words("capsule.label.context"), f"{url}: {words(f'capsule.context.{state}')}") for url, state in states.items()
    ]
    return lines


def _named(document: bytes) -> str:
    """A document by its id, or by how it begins."""
    try:
        value: JsonValue = subject_of(document)
    except ValueError:
        value = None
    identifier = value.get("id") if isinstance(value, dict) else None
    if isinstance(identifier, str):
        return identifier
    return f"{json_text(document.decode()[:48])}…" if len(document) > 48 else json.dumps(document.decode())  # noqa: PLR2004

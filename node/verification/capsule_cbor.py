"""The CBOR form of a capsule, which is the shorter one and has one spelling: arrays of numbers and byte strings.

    [tag, made, documents, beside, [did, document, resolved, [name, file]…]…, [url, list, obtained]…,
     [url, resource, obtained]…, [url, accreditation, obtained]…, receipts, checkpoints,
     [chain, contract, [kind, member…]…, proof]…, [chain, number, proof]…, [url, digest]…]

Texts are their UTF-8. Documents of DIDs are in RFC 8785 form, by which they are also anchored; times are seconds since
1970. Documents of DIDs, their files, and contexts stand in the order of their names; nothing is there twice.
"""

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from anchoring import cbor, facts
from anchoring.errors import CborError
from node.documents import DocumentError, parse_object
from node.proofs.canonicalize.jcs import jcs
from node.verification.capsule import FORMAT, MAX_BYTES, Capsule, too_large
from node.verification.errors import CapsuleError
from node.verification.ledger_material import BridgeProof, FactProof, LedgerMaterial
from node.verification.material import (
    Origin,
    ResolvedDocument,
    ResourceCopy,
    StatusListCopy,
    VerificationMaterial,
)
from node.verification.policy import KeyEvidence

TAG: Final = FORMAT.encode("ascii")
KINDS: Final = MappingProxyType(
    {
        1: facts.AnchorOf,
        2: facts.HeadOf,
        3: facts.AuthorityAt,
        4: facts.AccreditationOf,
        5: facts.HistoryEntry,
        6: facts.StateOf,
    }
)
"""The kinds of questions by their numbers; a number is never given again."""
_NUMBERS: Final = {kind: number for number, kind in KINDS.items()}
_ITEMS: Final = 12
_LAST: Final = 253_402_300_799
"""The last second of the year 9999."""


def encode(capsule: Capsule) -> bytes:
    """The capsule as CBOR; raises CapsuleError where it would be too long."""
    material, ledgers = capsule.material, capsule.material.ledgers or LedgerMaterial()
    data = cbor.encode(
        [
            TAG,
            _seconds(capsule.made),
            list(capsule.documents),
            list(capsule.beside),
            [
                [did.encode(), jcs(item.document), _seconds(item.resolved_at), _pairs(item.files.items())]
                for did, item in material.documents.items()
            ],
            [[copy.url.encode(), copy.content.encode(), _seconds(copy.obtained_at)] for copy in material.status_lists],
            _resource_values(material.resources),
            _resource_values(material.accreditations),
            list(ledgers.receipts),
            list(ledgers.checkpoints),
            [
                [fact.chain_id, fact.contract, [_question_value(asked) for asked in fact.questions], fact.proof]
                for fact in ledgers.facts
            ],
            [[bridge.chain_id, bridge.number, bridge.proof] for bridge in ledgers.bridges],
            [[url.encode(), bytes.fromhex(digest)] for url, digest in capsule.contexts.items()],
        ]
    )
    if len(data) > MAX_BYTES:
        raise too_large(len(data))
    return data


def decode(data: bytes) -> Capsule:
    """The capsule that `encode` wrote; raises CapsuleError for any other bytes."""
    try:
        items = cbor.tagged(data, TAG, _ITEMS, max_bytes=MAX_BYTES)
        capsule = _capsule(items)
        again = encode(capsule)
    except (CborError, DocumentError, UnicodeDecodeError) as error:
        raise _wrong(str(error)) from error
    if again != data:
        raise _wrong("its items are not in their one order, or twice there")
    return capsule


def _capsule(items: list[cbor.Value]) -> Capsule:
    made, documents, beside, dids, lists, resources, accredited, receipts, checkpoints, proofs, bridges, contexts = (
        items
    )
    material = VerificationMaterial(
        dict(map(_document, cbor.as_list(dids))),
        status_lists=tuple(
            [
                StatusListCopy(_text(url), cbor.as_bytes(content).decode(), Origin.FILE, _moment(obtained))
                for url, content, obtained in _rows(lists, 3)
            ]
        ),
        resources=_resources(resources),
        accreditations=_resources(accredited),
        ledgers=LedgerMaterial(
            _all_bytes(receipts),
            _all_bytes(checkpoints),
            tuple(
                [
                    FactProof(
                        cbor.as_integer(chain),
                        cbor.as_bytes(contract),
                        tuple(map(_question, cbor.as_list(asked))),
                        cbor.as_bytes(proof),
                        Origin.FILE,
                    )
                    for chain, contract, asked, proof in _rows(proofs, 4)
                ]
            ),
            bridges=tuple(
                [
                    BridgeProof(cbor.as_integer(chain), cbor.as_integer(number), cbor.as_bytes(proof))
                    for chain, number, proof in _rows(bridges, 3)
                ]
            ),
        ),
    )
    return Capsule.of(
        _all_bytes(documents),
        material,
        made=_moment(made),
        beside=_all_bytes(beside),
        contexts={_text(url): cbor.as_bytes(digest).hex() for url, digest in _rows(contexts, 2)},
    )


def _resource_values(copies: Iterable[ResourceCopy]) -> cbor.Value:
    return [[copy.url.encode(), copy.content, _seconds(copy.obtained_at)] for copy in copies]


def _resources(value: cbor.Value) -> tuple[ResourceCopy, ...]:
    return tuple(
        [
            ResourceCopy(_text(url), cbor.as_bytes(content), Origin.FILE, _moment(obtained))
            for url, content, obtained in _rows(value, 3)
        ]
    )


def _document(value: cbor.Value) -> tuple[str, ResolvedDocument]:
    did, document, resolved, files = cbor.as_list(value, 4)
    return _text(did), ResolvedDocument(
        parse_object(cbor.as_bytes(document)),
        KeyEvidence.NOW_ONLY,
        Origin.FILE,
        _moment(resolved),
        {_text(name): cbor.as_bytes(content) for name, content in _rows(files, 2)},
    )


def _question_value(question: facts.Question) -> cbor.Value:
    return [_NUMBERS[type(question)], *(getattr(question, member.name) for member in fields(question))]


def _question(value: cbor.Value) -> facts.Question:
    listed = cbor.as_list(value)
    number, members = listed[:1], listed[1:]
    kind: Any = KINDS.get(cbor.as_integer(number[0])) if number else None
    if kind is None or len(fields(kind)) != len(members):
        raise _wrong("a question that is not known here")
    question: facts.Question = kind(
        *(
            cbor.as_bytes(given) if member.type is bytes else cbor.as_integer(given)
            for member, given in zip(fields(kind), members, strict=True)
        )
    )
    return question


def _rows(value: cbor.Value, length: int) -> list[list[cbor.Value]]:
    return [cbor.as_list(row, length) for row in cbor.as_list(value)]


def _pairs(items: Iterable[tuple[str, bytes]]) -> list[cbor.Value]:
    return [[name.encode(), content] for name, content in items]


def _all_bytes(value: cbor.Value) -> tuple[bytes, ...]:
    return tuple(map(cbor.as_bytes, cbor.as_list(value)))


def _text(value: cbor.Value) -> str:
    return cbor.as_bytes(value).decode()


def _seconds(moment: datetime) -> int:
    return max(0, int(moment.timestamp()))


def _moment(value: cbor.Value) -> datetime:
    seconds = cbor.as_integer(value)
    if seconds > _LAST:
        raise _wrong("a time beyond the year 9999")
    return datetime.fromtimestamp(seconds, UTC)


def _wrong(message: str) -> CapsuleError:
    return CapsuleError(
        f"the capsule cannot be read: {message}"[:300],
        code="capsule.invalid",
        remedy="Ask whoever handed it over for it again, as it was made.",
    )

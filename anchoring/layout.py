"""Where in the contract's storage each answer stands, and how it is packed there.

The numbers are those of `contracts/src/TrustAnchor.sol`; they change only with its code, whose hash every proof pins.

Spec: https://docs.soliditylang.org/en/v0.8.37/internals/layout_in_storage.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from anchoring.errors import FactError, UnprovenError, shown
from anchoring.facts import (
    ENDLESS,
    Accreditation,
    AccreditationOf,
    Anchor,
    AnchorOf,
    Authority,
    AuthorityAt,
    Fact,
    HeadOf,
    HistoryEntry,
    NamespaceState,
    Question,
    Recovery,
    Standing,
    StandingOf,
    StateOf,
    StatusHead,
)
from anchoring.header import Header
from anchoring.keccak import keccak256
from anchoring.storage_proof import ABSENT, ADDRESS_BYTES, WORD_BYTES, Contract, StorageProof, proven

NAMESPACE_TAG: Final = b"glejt/namespace/v1"
"""Keccak-256: tag, first authority (20 bytes), recovery commitment (32 bytes), salt (32 bytes)."""
RECOVERY_TAG: Final = b"glejt/recovery/v1"
"""Keccak-256: tag, recovery key's address (20 bytes), salt (32 bytes)."""
_NAMESPACES, _AUTHORITIES, _ANCHORS, _HEADS, _ACCREDITATIONS = (number.to_bytes(WORD_BYTES) for number in range(5))
_OWNERS, _NONCES = (number.to_bytes(WORD_BYTES) for number in (0, 3))
"""Of the registry of identities, like those that `anchoring.identity_registry` reads."""
_MAX_INDEX: Final = 2**32 - 1
_SPACE: Final = 2**256


def namespace_id(authority: bytes, recovery: bytes, salt: bytes) -> bytes:
    """The id of the namespace that this address opens; it commits to who may take it back after theft or loss."""
    return _id(NAMESPACE_TAG, authority, recovery, salt)


def recovery_commitment(recovery_key: bytes, salt: bytes) -> bytes:
    """What a namespace says about its recovery key, by address, before the key is ever used."""
    return _id(RECOVERY_TAG, recovery_key, salt)


def slots_of(question: Question) -> tuple[bytes, ...]:  # noqa: PLR0911 - one for each question
    """The slots in which the answer stands."""
    match question:
        case AnchorOf(namespace, value):
            return (_at(value, _at(namespace, _ANCHORS)),)
        case HeadOf(namespace, list_id):
            base = _at(list_id, _at(namespace, _HEADS))
            return base, _next(base)
        case AuthorityAt(namespace, _, index):
            history = _at(namespace, _AUTHORITIES)
            return _at(_number(index), history), _at(_number(index + 1), history)
        case AccreditationOf(body, subject, scope, sequence):
            by_subject = _at(subject, _at(body, _ACCREDITATIONS))
            base = _at(_number(sequence), _at(scope, by_subject))
            return base, _next(base)
        case HistoryEntry(namespace, index):
            return (_at(_number(index), _at(namespace, _AUTHORITIES)),)
        case StateOf(namespace):
            base = _at(namespace, _NAMESPACES)
            return base, _next(base), _next(base, 2), _next(base, 3)
        case StandingOf(identity, signer):
            return _at(_word(identity), _OWNERS), _at(_word(signer), _NONCES)


def read(question: Question, words: Mapping[bytes, bytes]) -> Fact | None:
    """The answer out of the words in its slots, or None where there is none.

    Raises FactError for words that the contract cannot have written, or for a history's index that leads nowhere.
    """
    return _read(question, [words[slot] for slot in slots_of(question)])


@dataclass(frozen=True, slots=True)
class ProvenFacts:
    """The answers at the end of this block."""

    header: Header
    facts: Mapping[Question, Fact | None]


def proven_facts(
    proof: StorageProof, *, block_hash: bytes, contract: Contract, questions: Iterable[Question]
) -> ProvenFacts:
    """The answers to these questions at the end of the trusted block with this hash.

    The proof has to be exactly the one of these questions. Raises the errors of storage proofs; FactError as `read`;
    and UnprovenError where a question is about a block behind the proven one.
    """
    slots = {question: slots_of(question) for question in questions}
    storage = proven(
        proof, block_hash=block_hash, contract=contract, slots=[slot for each in slots.values() for slot in each]
    )
    facts = {}
    for question, each in slots.items():
        if isinstance(question, AuthorityAt) and question.block > storage.header.number:
            raise UnprovenError(
                f"who could write at block {question.block} cannot be seen at block {storage.header.number}",
                code="fact.later",
                remedy="Fetch the proof again, under a block that is not before the one in question.",
            )
        facts[question] = _read(question, [storage.words[slot] for slot in each])
    return ProvenFacts(storage.header, facts)


def _read(question: Question, words: list[bytes]) -> Fact | None:  # noqa: PLR0911 - one for each question
    match question:
        case AnchorOf():
            return _anchor(*words)
        case HeadOf():
            return _head(*words)
        case AuthorityAt():
            return _authority(question, *words)
        case AccreditationOf():
            return _accreditation(*words)
        case HistoryEntry():
            return None if words[0] == ABSENT else _entry(words[0])
        case StateOf():
            return _state(*words)
        case StandingOf():
            return _standing(question, *words)


def _anchor(word: bytes) -> Anchor | None:
    if word == ABSENT:
        return None
    block, time, authority, era = _fields(word, 48, 48, 32, 16)
    if not block or not time:
        _impossible(word)
    return Anchor(block, time, authority, era)


def _head(digest: bytes, word: bytes) -> StatusHead | None:
    if digest == ABSENT:
        return None if word == ABSENT else _impossible(word)
    version, time, valid_until, authority, era, sealed = _fields(word, 64, 48, 48, 32, 16, 8)
    if not version or not time < valid_until <= ENDLESS or sealed != (valid_until == ENDLESS):
        _impossible(word)
    return StatusHead(digest, version, time, valid_until, authority, era, bool(sealed))


def _authority(question: AuthorityAt, word: bytes, following: bytes) -> Authority | None:
    if word == ABSENT:
        # Entry 0 is written when the namespace is opened; with any other index missing, the one that holds is earlier.
        return None if question.index == 0 and following == ABSENT else _misled(question)
    entry = _entry(word)
    # The last entry of a block is the one that holds at its end.
    if following != ABSENT and _entry(following).since_block <= question.block:
        _misled(question)
    if entry.since_block > question.block:
        return None if question.index == 0 else _misled(question)
    return entry


def _entry(word: bytes) -> Authority:
    address, block, time = _fields(word, 160, 48, 48)
    if not address or not block or not time:
        _impossible(word)
    return Authority(address.to_bytes(ADDRESS_BYTES), block, time)


def _accreditation(word: bytes, evidence: bytes) -> Accreditation | None:
    if word == ABSENT:
        return None if evidence == ABSENT else _impossible(evidence)
    valid_from, valid_until, recorded, revoked, authority, revoked_by = _fields(word, 48, 48, 48, 48, 32, 32)
    if not recorded or not valid_from < valid_until <= ENDLESS or (not revoked and revoked_by):
        _impossible(word)
    if evidence == ABSENT:
        _impossible(evidence)
    return Accreditation(
        valid_from, valid_until, recorded, revoked or None, authority, revoked_by if revoked else None, evidence
    )


def _state(word: bytes, commitment: bytes, request: bytes, next_commitment: bytes) -> NamespaceState | None:
    authority, last_block, era, authorities = _fields(word, 160, 48, 16, 32)
    successor, ready_at, requests = _fields(request, 160, 48, 48)
    if word == ABSENT:
        return None if commitment == request == next_commitment == ABSENT else _impossible(request)
    if not authority or not last_block or era >= authorities or commitment == ABSENT or era > requests:
        _impossible(word)
    pending = None
    if ready_at:
        if not successor or not requests or next_commitment == ABSENT:
            _impossible(request)
        pending = Recovery(successor.to_bytes(ADDRESS_BYTES), ready_at, next_commitment)
    elif successor or next_commitment != ABSENT:
        _impossible(request)
    return NamespaceState(
        authority.to_bytes(ADDRESS_BYTES), last_block, era, authorities, commitment, requests, pending
    )


def _standing(question: StandingOf, owner: bytes, calls: bytes) -> Standing:
    (address,) = _fields(owner, 160)
    return Standing(address.to_bytes(ADDRESS_BYTES) if address else question.identity, int.from_bytes(calls))


def _fields(word: bytes, *widths: int) -> tuple[int, ...]:
    """The numbers that are packed into a word from its lowest bit on; above them it is empty."""
    rest = int.from_bytes(word)
    numbers = []
    for width in widths:
        numbers.append(rest & ((1 << width) - 1))
        rest >>= width
    if rest:
        _impossible(word)
    return tuple(numbers)


def _impossible(word: bytes) -> NoReturn:
    raise FactError(
        f"{shown(word)} is nothing that the contract writes",
        code="fact.value",
        remedy="Check which contract the code hash belongs to: its storage is laid out in another way.",
    )


def _misled(question: AuthorityAt) -> NoReturn:
    raise FactError(
        f"entry {question.index} of the history does not tell who could write at block {question.block}",
        code="fact.index",
        remedy="Fetch the proof again, with the last entry of the history that is not later than the block.",
    )


def _at(key: bytes, mapping: bytes) -> bytes:
    """The slot of a key in a mapping."""
    if len(key) != WORD_BYTES:
        raise FactError(
            f"{shown(key)} is no key of {WORD_BYTES} bytes",
            code="fact.value",
            remedy="Give ids and digests as their 32 bytes.",
        )
    return keccak256(key + mapping)


def _word(address: bytes) -> bytes:
    if len(address) != ADDRESS_BYTES:
        raise FactError(f"{shown(address)} is no address", code="fact.value", remedy="Give addresses as 20 bytes.")
    return address.rjust(WORD_BYTES, b"\0")


def _number(index: int) -> bytes:
    if not 0 <= index <= _MAX_INDEX:
        raise FactError(
            f"{index} is no place in a history",
            code="fact.index",
            remedy=f"Give a number from 0 to {_MAX_INDEX}.",
        )
    return index.to_bytes(WORD_BYTES)


def _next(slot: bytes, by: int = 1) -> bytes:
    return ((int.from_bytes(slot) + by) % _SPACE).to_bytes(WORD_BYTES)


def _id(tag: bytes, address: bytes, *words: bytes) -> bytes:
    if len(address) != ADDRESS_BYTES or any(len(word) != WORD_BYTES for word in words):
        raise FactError(
            f"{shown(address)} is no address, or what follows it is not of {WORD_BYTES} bytes",
            code="fact.value",
            remedy="Give the address as 20 bytes, commitments and salts as 32.",
        )
    return keccak256(tag + address + b"".join(words))

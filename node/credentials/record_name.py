"""How a credential names the record that it is to be found in: chain, contract and namespace, in one identifier.

An entry of the evidence whose id is such a name promises that the signed credential is anchored there, that its status
lists have heads there, or that the accreditation which it is stands there. What else stands in the entry is for people.
Identifiers of accounts that end without a namespace are other people's, and promise nothing.

Spec: https://chainagnostic.org/CAIPs/caip-10, https://www.w3.org/TR/vc-data-model-2.0/#evidence
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Self

from node.credentials.errors import RecordNameError, shown
from node.documents import JsonObject, JsonValue

EVM_ACCOUNT: Final = "eip155:"
"""How the identifier of an account on an EVM chain begins."""
MAX_RECORDS: Final = 8
"""Records that one credential names: an anchor and heads, each on a chain or two."""
_MAX_CHAIN: Final = 2**64 - 1
"""As much as the receipts of anchors hold."""
_NAME: Final = re.compile(
    r"eip155:(?P<chain>[1-9][0-9]{0,19}):0x(?P<contract>[0-9a-f]{40})#0x(?P<namespace>[0-9a-f]{64})(?P<part>/[a-z]+)?",
    re.ASCII,
)
_MEANT: Final = re.compile(r"eip155:[^#]*#0x", re.ASCII | re.IGNORECASE)
"""What only somebody writes who means a record."""


class Promise(StrEnum):
    """What the record holds, as the issuer promises by naming it."""

    ANCHOR = "anchor"
    """The anchor of the signed credential."""
    HEADS = "heads"
    """A head for each status list of the credential."""
    ACCREDITATIONS = "accreditations"
    """The accreditation that the credential is, for each of its scopes."""


_TITLES: Final = {
    Promise.ANCHOR: "Time record",
    Promise.HEADS: "Withdrawal record",
    Promise.ACCREDITATIONS: "Accreditation record",
}
_PARTS: Final = {Promise.ANCHOR: "", Promise.HEADS: "/heads", Promise.ACCREDITATIONS: "/accreditations"}
_PROMISES: Final = {part: promise for promise, part in _PARTS.items()}


@dataclass(frozen=True, slots=True)
class RecordName:
    """A namespace of a contract on a chain, and what is promised to be there."""

    chain_id: int
    contract: bytes
    namespace: bytes
    promise: Promise = Promise.ANCHOR

    @classmethod
    def parse(cls, text: str) -> Self:
        """The name in a text, in lower case and nothing added; raises RecordNameError."""
        matched = _NAME.fullmatch(text)
        promise = None if matched is None else _PROMISES.get(matched["part"] or "")
        if matched is None or promise is None or (chain := int(matched["chain"])) > _MAX_CHAIN:
            raise RecordNameError(f"{shown(text)} names no record on a chain")
        return cls(
            chain,
            bytes.fromhex(matched["contract"]),
            bytes.fromhex(matched["namespace"]),
            promise,
        )

    def __str__(self) -> str:
        return f"{self.network}:0x{self.contract.hex()}#0x{self.namespace.hex()}{_PARTS[self.promise]}"

    @property
    def record(self) -> Self:
        """The namespace itself, whatever is promised to be there."""
        return replace(self, promise=Promise.ANCHOR)

    @property
    def network(self) -> str:
        """The chain, as CAIP-2 writes it."""
        return f"{EVM_ACCOUNT}{self.chain_id}"

    def entry(self) -> JsonObject:
        """The entry of the evidence that makes the promise."""
        return {"id": str(self), "type": ["Evidence"], "name": _TITLES[self.promise]}


@dataclass(frozen=True, slots=True)
class NamedRecords:
    """The records that a credential names, each once, and identifiers that were meant to name one and do not."""

    names: tuple[RecordName, ...] = ()
    malformed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.names or self.malformed)

    def promising(self, promise: Promise) -> tuple[RecordName, ...]:
        """Those of which this is promised."""
        return tuple([name for name in self.names if name.promise is promise])


NO_RECORDS: Final = NamedRecords()


def named_records(entries: Iterable[JsonObject]) -> NamedRecords:
    """The records that entries of the evidence name; of more than MAX_RECORDS the others are not read."""
    names: dict[RecordName, None] = {}
    malformed: list[str] = []
    for entry in entries:
        text: JsonValue = entry.get("id")
        if not isinstance(text, str) or not _MEANT.match(text):
            continue
        try:
            names[RecordName.parse(text)] = None
        except RecordNameError:
            malformed.append(text)
        if len(names) + len(malformed) == MAX_RECORDS:
            break
    return NamedRecords(tuple(names), tuple(malformed)) if names or malformed else NO_RECORDS


def with_records(document: JsonObject, names: Iterable[RecordName]) -> JsonObject:
    """The document with an entry for each of these records among its evidence; one that is there is not added."""
    added = [name.entry() for name in names]
    if not added:
        return document
    stated = document.get("evidence", [])
    entries = [*stated] if isinstance(stated, list) else [stated]
    known = {entry.get("id") for entry in entries if isinstance(entry, dict)}
    return {**document, "evidence": [*entries, *(entry for entry in added if entry["id"] not in known)]}
